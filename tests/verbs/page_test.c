/* Pages for paper: what stands on them, in both languages, and what must not. */
#include "fixture.h"

static int setup(void **state)
{
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    assert_int_equal(file_make_folders("papers", NULL), 0);
    scratch_text("papers/secret <name> & more", "1");
    scratch_text("papers/two", "22");
    assert_int_equal(fixture_run(f, "intake", "papers", "--from", "Giver Somebody", "--note", "a remark", NULL), 0);
    return 0;
}

/* One A4 page: counted in lines of 80 columns, as the narrowest that a row may need. */
static void good_page(const char *path, struct buf *ret)
{
    buf_clear(ret);
    assert_int_equal(file_read_all(path, 1 << 20, ret, NULL), 0);
    const char *page = buf_text(ret);
    assert_non_null(strstr(page, "<!DOCTYPE html>"));
    assert_non_null(strstr(page, "size:A4"));
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "src="));
    assert_null(strstr(page, "http"));
    assert_null(strstr(page, "url("));
    unsigned rows = 0;
    for (const char *at = page; (at = strstr(at, "<tr>")) != NULL; at++)
        rows++;
    assert_true(rows < 40);
}

static void the_givers_receipt(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf page = {0};
    char digest[2 * CRYPT_HASH + 1];
    assert_int_equal(fixture_run(f, "receipt", "latest", "--page", "r.html", "--language", "en", NULL), 0);
    fixture_said(f, "Written to r.html: a page for A4.\n");
    fixture_not_said(f, "Giver");
    good_page("r.html", &page);
    const char *text = buf_text(&page);
    assert_non_null(strstr(text, "<h1>Receipt 1</h1>"));
    static const char *const hidden[] = {"Giver", "Somebody", "secret", "remark", "papers", "two<"};
    for (size_t i = 0; i < COUNT(hidden); i++)
        assert_null(strstr(text, hidden[i]));
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_non_null(strstr(text, fixture_word(f, "root")));
    assert_non_null(strstr(text, fixture_word(f, "pin")));
    assert_non_null(strstr(text, fixture_word(f, "origin")));
    /* Of one part: the root of its one cover, hashed as a leaf. */
    struct store *s = NULL;
    struct store_place place = {
        .root = f->repository, .state_folder = "state", .config_folder = "config", .identity = &f->identity};
    struct index_statement_row row;
    struct store_held *held = NULL;
    struct statement st;
    struct hash leaf;
    assert_int_equal(store_open(&place, STORE_READ, &s, NULL), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_COVER, &row, NULL), 0);
    assert_int_equal(store_statement(s, row.leaf, &held, &st, NULL), 0);
    crypt_leaf_hash(bytes_of(st.cover.root.b, CRYPT_HASH), &leaf);
    store_held_drop(&held);
    store_close(s);
    hex_put(digest, leaf.b, CRYPT_HASH);
    assert_non_null(strstr(text, digest));
    /* And the words are those of the checkpoint. */
    const char *words = strstr(text, "<pre>") + 5;
    OWN(mem_drop) char *six = strndup(words, (size_t)(strstr(words, "</pre>") - words));
    scratch_text("words", six);
    assert_int_equal(fixture_run(f, "verify", "--against", "words", NULL), 0);
    fixture_said(f, "VERIFIED");
}

static void in_korean(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf page = {0};
    assert_int_equal(fixture_run(f, "receipt", "1", "--page", "k.html", "--language", "ko", NULL), 0);
    good_page("k.html", &page);
    assert_non_null(strstr(buf_text(&page), "<html lang=\"ko\">"));
    assert_non_null(strstr(buf_text(&page), "접수증 1"));
    assert_null(strstr(buf_text(&page), "taken in"));
    const char *words = strstr(buf_text(&page), "<pre>") + 5;
    OWN(mem_drop) char *six = strndup(words, (size_t)(strstr(words, "</pre>") - words));
    scratch_text("words-ko", six);
    assert_int_equal(fixture_run(f, "verify", "--against", "words-ko", NULL), 0);
}

static void the_chain(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf page = {0};
    assert_int_equal(fixture_run(f, "custody", "add", "transferred", "--receipt", "1", "--to", "the <archive>",
                                 "--date", "2026-11-20", NULL), 0);
    for (int i = 0; i < 11; i++)
        assert_int_equal(fixture_run(f, "show", "papers/two", "--why", i == 10 ? "the last" : "a view", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "takes them along", NULL), 0);
    assert_int_equal(fixture_run(f, "custody", "show", "papers/two", "--page", "c.html", NULL), 0);
    good_page("c.html", &page);
    const char *text = buf_text(&page);
    assert_non_null(strstr(text, "papers/two"));
    assert_non_null(strstr(text, "785f3ec7eb32f30b90cd0fcf3657d388b5ff4297f2f9716ff66e9b69c05ddd09"));
    assert_non_null(strstr(text, "Giver Somebody"));
    assert_non_null(strstr(text, "the &lt;archive&gt;"));
    assert_non_null(strstr(text, "2026-11-20"));
    assert_non_null(strstr(text, "the last"));
    assert_non_null(strstr(text, "<code>11</code>")); /* accesses */
    assert_non_null(strstr(text, "<code>3</code>"));  /* of which not on the page */
    assert_int_equal(fixture_run(f, "custody", "show", "--receipt", "1", "--page", "cr.html", "--language", "ko", NULL),
                     0);
    good_page("cr.html", &page);
    assert_null(strstr(buf_text(&page), "papers/two"));
    assert_int_equal(fixture_run(f, "custody", "show", "papers/two", NULL), 0);
    fixture_said(f, "Accesses on the log: 11");
    fixture_said(f, "  ... and 1 earlier ones; --json lists all");
    fixture_said(f, "why: the last");
    assert_int_equal(fixture_json(f, "custody", "show", "papers/two", NULL), 0);
    assert_int_equal(json_count(json_get(json_root(f->json), "accesses")), 11);
    assert_int_equal(fixture_run(f, "custody", "show", "papers/secret <name> & more", NULL), 0);
    fixture_not_said(f, "Accesses");
}

static void refused(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "receipt", "--page", "x.html", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--page is of one receipt");
    assert_int_equal(fixture_run(f, "receipt", "1", "--page", "x.html", "--language", "fr", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--language fr: en or ko");
    assert_int_equal(fixture_run(f, "receipt", "1", "--page", "archive/x.html", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "lies in the repository");
    assert_int_equal(fixture_run(f, "receipt", "1", "--page", "r.html", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "r.html is there already");
    assert_int_equal(fixture_run(f, "custody", "show", "papers/two", "--page", "c.html", NULL), VERBS_REFUSED);
    assert_false(file_exists("x.html"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_givers_receipt),
        cmocka_unit_test(in_korean),
        cmocka_unit_test(the_chain),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, setup, fixture_end);
}
