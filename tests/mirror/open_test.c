/* Whose mirror it is and how far it goes: by its head, its journal, its commits. */
#include "fixture_mirror.h"

static int open_it(struct fixture *f, struct mirror **ret)
{
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    f->e = (struct err){0};
    return mirror_open(folder.s, ret, &f->e);
}

static void test_a_whole_one(void **state)
{
    struct fixture *f = *state;
    OWN(mirror_drop) struct mirror *m = NULL;
    fixture_fill(f);
    fixture_says(f, open_it(f, &m), ERR_ABSENT, "is no mirror: groundwork mirror DEST makes one", NULL);
    fixture_mirror_whole(f);
    assert_int_equal(open_it(f, &m), 0);
    assert_true(m->has_head && m->has_founded && m->has_commit);
    assert_true(hash_equal(&m->pin, &f->pin));
    assert_int_equal(m->records, fixture_last.made.records);
    assert_int_equal(m->commit.size, fixture_last.made.leaves);
}

/* Head or first record alone say whose it is; without both nothing does. */
static void test_halves(void **state)
{
    struct fixture *f = *state;
    struct mirror *m = NULL;
    struct file_path piece;
    fixture_mirror_whole(f);
    fixture_flip(f, "mirror/mirror", 50);
    assert_int_equal(open_it(f, &m), 0);
    assert_true(!m->has_head && m->head_fault.code != 0 && hash_equal(&m->pin, &f->pin));
    mirror_drop(&m);
    fixture_first(f, "mirror/journal/000", "", &piece);
    fixture_flip(f, piece.s, 4);
    fixture_says(f, open_it(f, &m), ERR_DAMAGED, "neither its head nor the first record", NULL);
    fixture_flip(f, "mirror/mirror", 50);
    assert_int_equal(open_it(f, &m), 0);
    assert_true(m->has_head && !m->has_founded && !m->has_commit && hash_equal(&m->pin, &f->pin));
    mirror_drop(&m);
    fixture_flip(f, "mirror/mirror", 50);
    fixture_remove(f, "mirror/journal");
    fixture_says(f, open_it(f, &m), ERR_DAMAGED, "and there is nothing else: empty this folder", NULL);
}

/* Of several commits the newest good one counts. */
static void test_the_newest_commit(void **state)
{
    struct fixture *f = *state;
    struct mirror *m = NULL;
    struct file_path older, newer;
    fixture_mirror_whole(f);
    fixture_first(f, "mirror/commits", "", &older);
    fixture_copy(f, older.s, "mirror-older");
    fixture_fill(f);
    fixture_mirror_whole(f);
    fixture_first(f, "mirror/commits", "", &newer);
    fixture_copy(f, "mirror-older", older.s);
    fixture_remove(f, "mirror-older");
    assert_int_equal(open_it(f, &m), 0);
    assert_int_equal(m->records, fixture_last.made.records);
    mirror_drop(&m);
    fixture_cut(f, newer.s, 10);
    assert_int_equal(open_it(f, &m), 0);
    assert_int_equal(m->records, 2);
    assert_int_equal(m->bad_commits, 1);
    mirror_drop(&m);
}

/* However many there are, and whatever their names claim: a commit counts where its record bears it out. */
static void test_a_crowded_folder(void **state)
{
    struct fixture *f = *state;
    struct mirror *m = NULL;
    struct file_path older, newer, piece; /* the last piece */
    char name[MIRROR_COMMIT_NAME];
    fixture_mirror_whole(f);
    fixture_first(f, "mirror/commits", "", &older);
    fixture_copy(f, older.s, "mirror-older");
    fixture_fill(f);
    fixture_mirror_whole(f);
    const uint64_t records = fixture_last.made.records;
    fixture_first(f, "mirror/commits", "", &newer);
    OWN(buf_drop) struct buf content = {0};
    fixture_get(f, newer.s, &content);
    for (unsigned i = 0; i < 200; i++) {
        struct file_path to;
        mirror_commit_name(records + 1 + i, name);
        assert_int_equal(file_path(&to, NULL, "mirror/%s", name), 0);
        fixture_put(f, to.s, i % 2 == 0 ? bytes_text("nothing") : buf_bytes(&content));
    }
    assert_int_equal(open_it(f, &m), 0);
    assert_int_equal(m->records, records);
    assert_int_equal(m->bad_commits, 200);
    mirror_drop(&m);
    /* Nor does a piece whose name claims those records help them. */
    char forged[LEDGER_PIECE_NAME_MAX];
    struct file_path to;
    ledger_piece_name(&(struct ledger_piece){0, records + 500}, forged);
    assert_int_equal(file_path(&to, NULL, "mirror/%s", forged), 0);
    fixture_first(f, "mirror/journal/000", "000000002-", &piece);
    fixture_copy(f, piece.s, to.s);
    assert_int_equal(open_it(f, &m), 0);
    assert_int_equal(m->records, records);
    mirror_drop(&m);
    fixture_remove(f, to.s);
    /* An older one under a newer one's name is none. */
    fixture_copy(f, "mirror-older", newer.s);
    assert_int_equal(open_it(f, &m), 0);
    assert_false(m->has_commit && m->records == records);
    mirror_drop(&m);
    /* Where its record cannot be read it still says how far the mirror went, by the lowest of its names. */
    fixture_put(f, newer.s, buf_bytes(&content));
    fixture_remove(f, older.s);
    fixture_remove(f, "mirror-older");
    OWN(buf_drop) struct buf first = {0};
    fixture_get(f, piece.s, &first);
    fixture_flip(f, piece.s, -100);
    assert_int_equal(open_it(f, &m), 0);
    assert_true(m->has_commit);
    assert_int_equal(m->records, records);
    assert_int_equal(m->commit.size, fixture_last.made.leaves);
    mirror_drop(&m);
    fixture_put(f, piece.s, buf_bytes(&first));
}

static void test_heads(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf head = {0};
    struct hash pin;
    uint8_t id[MIRROR_ID], is[MIRROR_ID];
    memset(id, 9, sizeof id);
    mirror_head(&f->pin, id, &head);
    assert_int_equal(mirror_head_parse(buf_bytes(&head), &pin, is, NULL), 0);
    assert_true(hash_equal(&pin, &f->pin));
    assert_memory_equal(id, is, sizeof id);
    for (size_t i = 0; i < head.n; i++) {
        assert_int_equal(mirror_head_parse(bytes_of(head.p, i), &pin, is, NULL), ERR_DAMAGED);
        head.p[i] ^= 1;
        int rc = mirror_head_parse(buf_bytes(&head), &pin, is, NULL);
        assert_true(rc != 0 || !hash_equal(&pin, &f->pin) || memcmp(id, is, sizeof id) != 0);
        assert_true(rc == 0 || rc == ERR_DAMAGED || rc == ERR_NEWER);
        head.p[i] ^= 1;
    }
    buf_put_u8(&head, '\n');
    assert_int_equal(mirror_head_parse(buf_bytes(&head), &pin, is, NULL), ERR_DAMAGED);
    assert_int_equal(mirror_head_parse(bytes_text("groundwork/mirror/v2\n"), &pin, is, NULL), ERR_NEWER);
}

static void test_names_of_commits(void **state)
{
    (void)state;
    uint64_t n;
    char name[MIRROR_COMMIT_NAME];
    assert_true(mirror_commit_parse("000000007.checkpoint", &n) && n == 7);
    assert_true(mirror_commit_parse("1234567890.checkpoint", &n) && n == 1234567890);
    mirror_commit_name(7, name);
    assert_string_equal(name, "commits/000000007.checkpoint");
    static const char *const bad[] = {
        "7.checkpoint",         "0000000007.checkpoint", "000000007.checkpoint.part",   "000000007",
        "00000000a.checkpoint", ".checkpoint",           "11112222333344445.checkpoint"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(mirror_commit_parse(bad[i], &n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_a_whole_one), FIXTURE_TEST(test_halves),           FIXTURE_TEST(test_the_newest_commit),
        FIXTURE_TEST(test_heads),       FIXTURE_TEST(test_names_of_commits), FIXTURE_TEST(test_a_crowded_folder),
    };
    return FIXTURE_RUN(tests);
}
