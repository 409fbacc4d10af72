/* Writing large files: the same bytes, in whatever pieces they come, and less on the disk. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>

enum { KIB = 1024, BLOCK = 64 * KIB };

static uint8_t *piece;

static void wrote(struct verbs_holes *h, const uint8_t *p, size_t n, struct chance *chance, size_t piece_max)
{
    for (size_t at = 0, k; at < n; at += k) {
        k = 1 + chance_below(chance, piece_max);
        k = k < n - at ? k : n - at;
        assert_int_equal(verbs_holes_put(h, bytes_of(p + at, k)), 0);
    }
    assert_int_equal(verbs_holes_end(h), 0);
}

static void same(const char *path, const uint8_t *p, size_t n)
{
    OWN(buf_drop) struct buf got = {0};
    assert_int_equal(file_read_all(path, SIZE_MAX, &got, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&got), bytes_of(p, n)));
}

static void any_content_in_any_pieces(void **state)
{
    struct chance chance = {8};
    for (unsigned round = 0; round < 120; round++) {
        size_t n = chance_below(&chance, round % 8 == 1 ? 3 * VERBS_PIECE : 12 * BLOCK);
        OWN(mem_drop) uint8_t *content = calloc(n + 1, 1);
        for (size_t spots = chance_below(&chance, 12); spots > 0 && n > 0; spots--) {
            size_t at = chance_below(&chance, n), k = chance_below(&chance, n - at) >> chance_below(&chance, 12);
            chance_fill(&chance, content + at, k);
        }
        OWN(fd_drop) int fd = open("content", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        uint8_t *askew = piece + 1; /* which a disk that takes pieces directly does not take */
        struct verbs_holes h = {.fd = fd, .piece = round % 4 == 0 ? NULL : round % 16 == 1 ? askew : piece};
        wrote(&h, content, n, &chance, round % 3 == 0 ? 1000 : 5 * BLOCK);
        same("content", content, n);
    }
}

static uint64_t on_disk(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_blocks * 512;
}

static void whole_blocks_of_zeros_take_no_room(void **state)
{
    struct chance chance = {9};
    size_t n = 64 * BLOCK;
    OWN(mem_drop) uint8_t *content = calloc(n, 1);
    content[10 * BLOCK + 5] = 1;
    content[20 * BLOCK] = 1;
    content[31 * BLOCK - 1] = 1;
    for (unsigned sparse = 0; sparse < 2; sparse++) {
        OWN(fd_drop) int fd = open("zeros", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct verbs_holes h = {.fd = fd, .piece = sparse ? piece : NULL};
        wrote(&h, content, n, &chance, 50000);
        same("zeros", content, n);
        if (sparse)
            assert_in_range(on_disk("zeros"), 3 * 4096, 3 * BLOCK);
        else
            assert_in_range(on_disk("zeros"), n, 2 * n);
    }
}

static void a_disk_that_takes_no_more_is_told(void **state)
{
    uint8_t byte = 1;
    struct verbs_holes h = {.fd = open("/dev/full", O_WRONLY | O_CLOEXEC)};
    assert_int_equal(verbs_holes_put(&h, bytes_of(&byte, 1)), ENOSPC);
    fd_drop(&h.fd);
    h.fd = open("zeros", O_RDONLY | O_CLOEXEC);
    assert_int_equal(verbs_holes_put(&h, bytes_of(&byte, 1)), EBADF);
    h = (struct verbs_holes){.fd = h.fd, .piece = piece};
    assert_int_equal(verbs_holes_end(&h), EINVAL); /* a descriptor for reading gives no length */
    fd_drop(&h.fd);
    h = (struct verbs_holes){.fd = open("/dev/full", O_WRONLY | O_CLOEXEC), .piece = piece};
    assert_int_equal(verbs_holes_put(&h, bytes_of(&byte, 1)), 0); /* gathered */
    assert_int_equal(verbs_holes_end(&h), ENOSPC);
    fd_drop(&h.fd);
}

/* Whatever was put, up to a piece's end and one byte further, the file is as long. */
static void lengths_about_a_piece(void **state)
{
    OWN(mem_drop) uint8_t *content = calloc(2 * VERBS_PIECE + 1, 1);
    (void)state;
    for (unsigned filled = 0; filled < 2; filled++) {
        memset(content, filled ? 7 : 0, 2 * VERBS_PIECE + 1);
        for (int more = -1; more <= 1; more++) {
            size_t n = (size_t)(VERBS_PIECE * (1 + (int)filled) + more);
            OWN(fd_drop) int fd = open("length", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
            struct verbs_holes h = {.fd = fd, .piece = piece};
            assert_int_equal(verbs_holes_put(&h, bytes_of(content, n)), 0);
            assert_int_equal(verbs_holes_end(&h), 0);
            same("length", content, n);
        }
    }
}

static int begin(void **state)
{
    piece = aligned_alloc(VERBS_ALIGN, VERBS_PIECE + VERBS_ALIGN); /* and one byte for what lies askew */
    return piece == NULL ? -1 : fixture_begin(state);
}

static int end(void **state)
{
    free(piece);
    return fixture_end(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_content_in_any_pieces),
        cmocka_unit_test(whole_blocks_of_zeros_take_no_room),
        cmocka_unit_test(a_disk_that_takes_no_more_is_told),
        cmocka_unit_test(lengths_about_a_piece),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
