/* Names that a mirror gives go when they are not needed; whatever has another name is somebody's. */
#include "fixture_mirror.h"

#include <sys/stat.h>
#include <unistd.h>

static int take_record(void *context, const struct ledger_record *r, struct err *e)
{
    return store_bound_take(context, r, e);
}

static void put(struct fixture *f, const char *name)
{
    struct file_path path;
    char below[200];
    (void)snprintf(below, sizeof below, "mirror/%s", name);
    fixture_path(f, below, &path);
    char *slash = strrchr(path.s, '/');
    *slash = 0;
    assert_int_equal(file_make_folders(path.s, &f->e), 0);
    fixture_put(f, below, bytes_text("x"));
}

static bool there(struct fixture *f, const char *name)
{
    char below[200];
    (void)snprintf(below, sizeof below, "mirror/%s", name);
    return fixture_there(f, below);
}

#define HEX_16 "0123456789abcdef"
#define COMPARTMENT HEX_16 HEX_16

static void test_by_names(void **state)
{
    struct fixture *f = *state;
    static const char *const go[] = {"commits/000000001.checkpoint",
                                     "commits/123456789012.checkpoint",
                                     "commits/000000002.checkpoint.part",
                                     "open/000000-00001.pack",
                                     "open/000001-00001.pack",
                                     "open/000000-00001.pack.part",
                                     "keys/log/1-89abcdef." HEX_16,
                                     "keys/history/12." HEX_16,
                                     "keys/" COMPARTMENT "/table-7." HEX_16,
                                     "keys/receiving/12-89abcdef." HEX_16,
                                     "keys/" COMPARTMENT "/wrap-1-89abcdef." HEX_16,
                                     "keys/" COMPARTMENT "/wrap-1-89abcdef-12." HEX_16,
                                     "keys/" COMPARTMENT "/segment-1-2." HEX_16,
                                     "vault/000/000000.pack.part",
                                     "journal/000/000000000-000000001.part"};
    static const char *const stay[] = {"commits/1.checkpoint",
                                       "commits/letters.txt",
                                       "open/000000-1.pack",
                                       "open/notes",
                                       "open/deep/000000-00001.pack",
                                       "keys/log/1-89abcdef",
                                       "keys/log/1-89ABCDEF." HEX_16,
                                       "keys/" COMPARTMENT "/segment-1." HEX_16,
                                       "vault/000/000077.pack",
                                       "vault/000/000077.pack.part2",
                                       "journal/000/000000500-000000600",
                                       "letters.part",
                                       ".hidden"};
    fixture_fill(f);
    fixture_mirror_whole(f);
    for (size_t i = 0; i < COUNT(go); i++)
        put(f, go[i]);
    for (size_t i = 0; i < COUNT(stay); i++)
        put(f, stay[i]);
    struct file_path folder, link;
    fixture_path(f, "mirror", &folder);
    fixture_path(f, "mirror/open/000000-00002.pack", &link);
    assert_int_equal(symlink("/nowhere", link.s), 0);
    struct store *s = fixture_open(f, STORE_PUBLIC);
    struct store_facts facts;
    OWN(store_bound_drop) struct store_bound *bound = NULL;
    store_facts(s, &facts);
    assert_int_equal(store_bound_new(facts.founded, &bound, &f->e), 0);
    assert_int_equal(ledger_walk(store_ledger(s), -1, LEDGER_FIRST, 0, take_record, bound, &f->e), 0);
    bool lacking[64] = {false};
    const size_t count = store_bound_count(bound);
    assert_true(count > 0 && count <= COUNT(lacking));
    lacking[count - 1] = true; /* the open pack: all that there is of it stays */
    assert_int_equal(mirror_sweep(folder.s, bound, lacking, facts.position.records, &f->e), 0);
    assert_true(there(f, "open/000000-00001.pack"));
    assert_false(there(f, "open/000001-00001.pack"));
    lacking[count - 1] = false;
    assert_int_equal(mirror_sweep(folder.s, bound, lacking, facts.position.records, &f->e), 0);
    store_close(s);
    for (size_t i = 0; i < COUNT(go); i++)
        if (there(f, go[i]))
            fail_msg("%s is there still", go[i]);
    for (size_t i = 0; i < COUNT(stay); i++)
        if (!there(f, stay[i]))
            fail_msg("%s is gone", stay[i]);
    assert_true(file_exists(link.s));
    assert_int_equal(fixture_mirror_verify(f, true), 0); /* and nothing that it needs */
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(test_by_names)};
    return FIXTURE_RUN(tests);
}
