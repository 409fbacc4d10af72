/* Many objects checked together: the same answers as one by one, in their order, whatever was seen before. */
#include "fixture.h"
#include "vault/vault_internal.h"

#include <fcntl.h>
#include <stdio.h>

enum { OBJECTS = 12 };
static const size_t lengths[OBJECTS] = {0, 1, 3000, 3000, 65536, 65537, 400000, 400000, 5000, 3000, 1500000, 5000};
static const unsigned seeds[OBJECTS] = {1, 2, 3, 3, 4, 5, 6, 6, 7, 3, 8, 7}; /* alike: the same bytes */

struct heard {
    const struct fixture *f;
    size_t next;
    int rc[OBJECTS];
    char words[OBJECTS][ERR_TEXT_MAX];
    uint64_t progress;
    size_t end_at;
};

static int hear(void *context, size_t index, int rc, const struct vault_digest *digest, const struct err *why,
                struct err *e)
{
    struct heard *h = context;
    assert_int_equal(index, h->next);
    h->rc[index] = rc;
    h->words[index][0] = 0;
    if (rc != 0)
        (void)snprintf(h->words[index], sizeof h->words[index], "%s", why->text);
    else
        assert_int_equal(digest->bytes, lengths[index]);
    return ++h->next == h->end_at ? err_set(e, ERR_STOPPED, "that is enough") : 0;
}

static int progress(void *context, struct bytes piece, struct err *e)
{
    (void)e;
    ((struct heard *)context)->progress += piece.n;
    return 0;
}

static int check(struct fixture *f, struct vault_seen *seen, struct heard *h, struct err *e)
{
    struct vault_object_name names[OBJECTS];
    for (size_t i = 0; i < OBJECTS; i++)
        names[i] = (struct vault_object_name){f->leaves[i].key, f->leaves[i].record};
    const struct vault_check all = {names, OBJECTS, hear, h, {progress, h}};
    h->f = f;
    h->next = 0;
    h->progress = 0;
    return vault_check(f->v, seen, &all, e);
}

static void fill(struct fixture *f, unsigned threads)
{
    fixture_begin(f, 1, threads);
    for (size_t i = 0; i < OBJECTS; i++) {
        OWN(mem_drop) uint8_t *p = fixture_bytes("rt"[seeds[i] % 2], lengths[i], seeds[i]);
        (void)fixture_put(f, bytes_of(p, lengths[i]));
        if (i == 5)
            fixture_commit(f, NULL);
    }
    fixture_commit(f, NULL);
}

static void whole_and_nothing_twice(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 2; threads++) {
        struct fixture f;
        struct heard h = {0};
        struct err e = {0};
        OWN(vault_seen_drop) struct vault_seen *seen = NULL;
        fill(&f, threads);
        assert_int_equal(vault_seen_new(f.v, &seen, &e), 0);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(check(&f, seen, &h, &e), 0);
            assert_int_equal(h.next, OBJECTS);
            for (size_t i = 0; i < OBJECTS; i++)
                assert_int_equal(h.rc[i], 0);
            /* Objects of several frames are read once; the second time, none. */
            assert_int_equal(h.progress, again ? 0 : 400000 + 1500000); /* the others are one frame */
        }
        h.end_at = 4;
        assert_int_equal(check(&f, seen, &h, &e), ERR_STOPPED);
        assert_string_equal(e.text, "that is enough");
        assert_int_equal(h.next, 4);
        fixture_end(&f);
    }
}

static void flip(struct fixture *f, uint64_t sector)
{
    for (char copy = 'a'; copy <= 'b'; copy++) {
        char path[256];
        uint8_t byte = 0;
        fixture_pack_path(f, 0, copy, path);
        OWN(fd_drop) int fd = open(path, O_RDWR);
        if (fd < 0)
            continue;
        off_t at = (off_t)(sector * VAULT_SECTOR + 4000);
        assert_int_equal(pread(fd, &byte, 1, at), 1);
        byte ^= 16;
        assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    }
}

/* Whichever sector is bad: told of the same objects, in the same words, as when each is read by itself. */
static void damage_is_told_of_every_object_that_has_it(void **state)
{
    struct fixture f;
    (void)state;
    fill(&f, 1);
    size_t several = 0;
    for (uint64_t sector = 0; sector < f.packs[0].sectors; sector++) {
        struct heard h = {0};
        struct err e = {0};
        OWN(vault_seen_drop) struct vault_seen *seen = NULL;
        size_t bad = 0;
        flip(&f, sector);
        fixture_close(&f);
        fixture_open(&f);
        assert_int_equal(vault_seen_new(f.v, &seen, &e), 0);
        assert_int_equal(check(&f, seen, &h, &e), 0);
        for (size_t i = 0; i < OBJECTS; i++) {
            struct err one = {0};
            int rc = vault_get(f.v, &f.leaves[i].key, f.leaves[i].record, NULL, NULL, &one);
            assert_int_equal(h.rc[i], rc);
            if (rc != 0)
                assert_string_equal(h.words[i], one.text);
            bad += rc != 0;
        }
        several += bad > 1;
        flip(&f, sector);
    }
    assert_true(several > 0);
    fixture_end(&f);
}

/* A reference that says otherwise of a frame that was seen is another reference. */
static void marks_hold_all_that_a_reference_says(void **state)
{
    struct fixture f;
    struct err e = {0};
    OWN(vault_seen_drop) struct vault_seen *seen = NULL;
    (void)state;
    fill(&f, 1);
    assert_int_equal(vault_seen_new(f.v, &seen, &e), 0);
    struct frame_ref ref = {.record = 3, .size_bytes = 77};
    uint64_t mark = vault_seen_mark(seen, &ref);
    assert_false(vault_seen_has(seen, 3, mark));
    vault_seen_put(seen, 3, mark);
    assert_true(vault_seen_has(seen, 3, mark));
    assert_false(vault_seen_has(seen, UINT64_MAX, mark));
    vault_seen_put(seen, UINT64_MAX, mark); /* of a record that there is not: forgotten */
    for (int i = 0; i < 4; i++) {
        struct frame_ref other = ref;
        other.record += i == 0;
        other.size_bytes += i == 1;
        other.key.b[31] ^= i == 2;
        other.digest.b[31] ^= i == 3;
        assert_true(vault_seen_mark(seen, &other) != mark);
    }
    assert_true(vault_seen_join(seen, 1, 2) != vault_seen_join(seen, 2, 1));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_and_nothing_twice),
        cmocka_unit_test(damage_is_told_of_every_object_that_has_it),
        cmocka_unit_test(marks_hold_all_that_a_reference_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
