/* What can be made again without keys is made again as it was. */
#include "fixture.h"

#include <sys/stat.h>

static const struct thing large[] = {
    {"a.bin", 'r', 700000, 20}, {"b.bin", 'r', 600000, 21}, {"c.bin", 'r', 800000, 22}};

static void fill(struct fixture *f)
{
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* Segments, parity, and the public log away. */
static void strip(struct fixture *f)
{
    char comp[2 * KEYRING_ID + 1], folder[64];
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (char copy = 'a'; copy <= 'b'; copy++) {
        struct file_path name;
        (void)snprintf(folder, sizeof folder, "%c/keys/%s", copy, comp);
        fixture_first(f, folder, "segment-", &name);
        fixture_remove(f, name.s);
    }
    fixture_remove(f, "parity");
    fixture_remove(f, "log");
    struct file_path log;
    fixture_path(f, "log", &log);
    assert_int_equal(mkdir(log.s, 0700), 0);
}

static void test_the_same_again(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fill(f);
    assert_true(fixture_count(f, "parity/000", "") > 0);
    fixture_print(f, &before);
    strip(f);
    assert_int_equal(store_derive(f->root.s, &f->e), 0);
    assert_int_equal(fixture_count(f, "quarantine", ""), 0);
    fixture_remove(f, "quarantine");
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    fixture_whole(f);
}

/* A pack that is not there takes the parity of its stripe with it, and nothing else. */
static void test_without_a_pack(void **state)
{
    struct fixture *f = *state;
    fill(f);
    fixture_keep(f, "good");
    strip(f);
    fixture_remove(f, "vault/000/000000.pack");
    assert_int_equal(store_derive(f->root.s, &f->e), 0);
    assert_false(fixture_there(f, "parity/000"));
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    fixture_copy(f, "kept-good/repo/vault/000/000000.pack", "vault/000/000000.pack");
    assert_int_equal(fixture_repair(f), 0);
    fixture_whole(f);
    struct file_path nowhere;
    fixture_path(f, "kept-nowhere", &nowhere);
    fixture_says(f, store_derive(nowhere.s, &f->e), ERR_ABSENT, "no repository", NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_the_same_again),
        FIXTURE_TEST(test_without_a_pack),
    };
    return FIXTURE_RUN(tests);
}
