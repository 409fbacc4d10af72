/* Holes: the same bytes, in whatever pieces they come, and less on the disk. */
#include "fixture.h"

#include <errno.h>
#include <fcntl.h>

enum { KIB = 1024, BLOCK = 64 * KIB };

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
        size_t n = chance_below(&chance, 12 * BLOCK);
        OWN(mem_drop) uint8_t *content = calloc(n + 1, 1);
        for (size_t spots = chance_below(&chance, 12); spots > 0 && n > 0; spots--) {
            size_t at = chance_below(&chance, n), k = chance_below(&chance, n - at) >> chance_below(&chance, 12);
            chance_fill(&chance, content + at, k);
        }
        OWN(fd_drop) int fd = open("content", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        struct verbs_holes h = {.fd = fd, .sparse = round % 4 != 0};
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
        struct verbs_holes h = {.fd = fd, .sparse = sparse};
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
    h.sparse = true;
    assert_int_equal(verbs_holes_end(&h), EINVAL); /* a descriptor for reading gives no length */
    fd_drop(&h.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_content_in_any_pieces),
        cmocka_unit_test(whole_blocks_of_zeros_take_no_room),
        cmocka_unit_test(a_disk_that_takes_no_more_is_told),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
