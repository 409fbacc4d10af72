#include "fixture.h"

struct picked {
    struct index_item item;
    bool found;
    const char *path;
    struct buf bytes;
};

static int pick(void *context, const struct index_item *item, struct err *e)
{
    struct picked *p = context;
    if (!bytes_equal(item->path, bytes_text(p->path)))
        return 0;
    p->item = *item;
    p->found = true;
    return 0;
}

static void find(struct fixture *f, struct store *s, struct picked *p, const char *path)
{
    *p = (struct picked){.path = path};
    assert_int_equal(index_items(store_index(s), UINT64_MAX, 0, pick, p, &f->e), 0);
    assert_true(p->found);
}

static int collect(void *context, struct bytes piece, struct err *e)
{
    struct picked *p = context;
    buf_put_bytes(&p->bytes, piece);
    return 0;
}

static int refuse_piece(void *context, struct bytes piece, struct err *e)
{
    return err_set(e, ERR_IO, "the stick is full");
}

static void test_bytes_come_back(void **state)
{
    struct fixture *f = *state;
    static const struct thing things[] = {{"papers/statement 1.txt", 't', 3000, 1},
                                          {"papers/photo.jpg", 'r', 90000, 2},
                                          {"papers/empty", 't', 0, 3},
                                          {"again/statement 1.txt", 't', 3000, 1},
                                          {"again/map.png", 'r', 20000, 4}};
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    for (size_t i = 0; i < COUNT(things); i++) {
        OWN(buf_drop) struct buf expected = {0};
        struct picked p;
        find(f, s, &p, things[i].name);
        struct vault_sink sink = {collect, &p};
        assert_int_equal(store_get(s, &p.item, &sink, &f->e), 0);
        assert_int_equal(store_get(s, &p.item, NULL, &f->e), 0);
        fixture_bytes(&things[i], &expected);
        assert_true(bytes_equal(buf_bytes(&p.bytes), buf_bytes(&expected)));
        buf_drop(&p.bytes);
    }
}

static void test_bytes_are_held_to_the_statement(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct picked p;
    find(f, s, &p, "papers/photo.jpg");
    p.item.sha256.b[31] ^= 1;
    fixture_says(f, store_get(s, &p.item, NULL, &f->e), ERR_DAMAGED, "item ", "digest that its statement gives", NULL);
    p.item.sha256.b[31] ^= 1;
    p.item.bytes++;
    assert_int_equal(store_get(s, &p.item, NULL, &f->e), ERR_DAMAGED);
    p.item.bytes--;
    struct vault_sink sink = {refuse_piece, NULL};
    fixture_says(f, store_get(s, &p.item, &sink, &f->e), ERR_IO, "item ", "the stick is full", NULL);
    p.item.leaf = 0; /* a public leaf has no secret */
    fixture_says(f, store_get(s, &p.item, NULL, &f->e), ERR_ABSENT, "item 0", NULL);
}

/* Copy a of the open pack is damaged: copy b serves, and it is counted as a reason to repair. */
static void test_second_copy_serves(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    uint64_t sectors = fixture_size(f, "vault/000/000000.pack") / VAULT_SECTOR;
    for (uint64_t i = 0; i < sectors; i++)
        fixture_flip(f, "vault/000/000000.pack", (int64_t)(i * VAULT_SECTOR + 1000));
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct picked p;
    find(f, s, &p, "papers/photo.jpg");
    assert_int_equal(store_get(s, &p.item, NULL, &f->e), 0);
    assert_true(vault_second_reads(store_vault(s)) > 0);
    for (uint64_t i = 0; i < sectors; i++)
        fixture_flip(f, "b/open/000000.pack", (int64_t)(i * VAULT_SECTOR + 1001));
    store_close(TAKE(s));
    s = fixture_open(f, STORE_READ);
    fixture_says(f, store_get(s, &p.item, NULL, &f->e), ERR_DAMAGED, "item ", "pack 0", NULL);
}

static int check_row(void *context, const struct index_statement_row *row, struct err *e)
{
    struct store *s = context;
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    int rc = store_statement(s, row->leaf, &held, &st, e);
    if (rc == 0)
        assert_int_equal(st.kind, row->kind);
    return rc;
}

/* Every leaf opens, from either copy of the journal alone, also when it is damaged behind our back. */
static void test_every_statement_opens(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_keep(f, "good");
    for (int copy = 0; copy < 3; copy++) {
        fixture_back(f, "good");
        OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
        for (int64_t at = 200; copy < 2 && at < (int64_t)fixture_size(f, "a/journal"); at += 97) {
            /* in place: the store holds the file open */
            struct file_path path;
            fixture_path(f, copy == 0 ? "a/journal" : "b/journal", &path);
            FILE *file = fopen(path.s, "r+b");
            assert_int_equal(fseek(file, at, SEEK_SET), 0);
            assert_int_equal(fputc(0x5a, file), 0x5a);
            assert_int_equal(fclose(file), 0);
        }
        if (index_statements(store_index(s), 0, 0, check_row, s, &f->e) != 0)
            fail_msg("%d: %s", copy, f->e.text);
    }
}

static void test_held_is_used_again(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    OWN(store_held_drop) struct store_held *held = NULL;
    struct statement st;
    uint64_t leaves = fixture_where(f, STORE_PUBLIC).leaves;
    for (int round = 0; round < 60; round++)
        assert_int_equal(store_statement(s, chance_below(&f->chance, leaves), &held, &st, &f->e), 0);
    assert_int_equal(store_statement(s, leaves, &held, &st, &f->e), ERR_ABSENT);
    assert_int_equal(store_statement(s, UINT64_MAX, &held, &st, &f->e), ERR_ABSENT);
    assert_int_equal(store_statement(s, 0, &held, &st, &f->e), 0);
    assert_int_equal(st.kind, STATEMENT_FOUNDED);
}

static void test_sealed_for_its_leaf_alone(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    OWN(store_held_drop) struct store_held *held = NULL;
    OWN(store_held_drop) struct store_held *other = NULL;
    OWN(buf_drop) struct buf sealed = {0};
    struct statement st;
    assert_int_equal(store_statement(s, 2, &held, &st, &f->e), 0);
    buf_put_bytes(&sealed, buf_bytes(&held->sealed));
    assert_int_equal(store_open_leaf(s, 2, buf_bytes(&sealed), &other, &st, &f->e), 0);
    for (uint64_t leaf = 0; leaf < fixture_where(f, STORE_PUBLIC).leaves; leaf++)
        if (leaf != 2) {
            int rc = store_open_leaf(s, leaf, buf_bytes(&sealed), &other, &st, &f->e);
            assert_true(rc == ERR_DAMAGED || rc == ERR_ABSENT);
            assert_non_null(strstr(f->e.text, "leaf "));
        }
    sealed.p[sealed.n / 2] ^= 1;
    fixture_says(f, store_open_leaf(s, 2, buf_bytes(&sealed), &other, &st, &f->e), ERR_DAMAGED, "leaf 2",
                 "does not open", NULL);
}

static void test_already_here(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct index_twin twin;
    struct statement_received r = {.type = STATEMENT_FILE,
                                   .path = bytes_text("papers/photo.jpg"),
                                   .mode = 0644,
                                   .mtime = {1488758400, 5}};
    assert_int_equal(store_already(s, "a giver", &r, &twin, &f->e), 0);
    assert_int_equal(twin.receipt, 1);
    assert_int_equal(store_already(s, "another", &r, &twin, NULL), ERR_ABSENT);
    assert_int_equal(store_already(s, NULL, &r, &twin, NULL), ERR_ABSENT);
    r.mtime.ns++;
    assert_int_equal(store_already(s, "a giver", &r, &twin, NULL), ERR_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_bytes_come_back),
        FIXTURE_TEST(test_bytes_are_held_to_the_statement),
        FIXTURE_TEST(test_second_copy_serves),
        FIXTURE_TEST(test_every_statement_opens),
        FIXTURE_TEST(test_held_is_used_again),
        FIXTURE_TEST(test_sealed_for_its_leaf_alone),
        FIXTURE_TEST(test_already_here),
    };
    return FIXTURE_RUN(tests);
}
