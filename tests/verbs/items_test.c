/* The list of items, one of them, and its proof. */
#include "fixture.h"

#include <time.h>

/* A link, an odd name, a further name, a duplicate: on receipts 1 and 2. */
static int begin(void **state)
{
    int rc = fixture_begin(state);
    struct fixture *f = *state;
    scratch_mkdir("papers");
    scratch_text("papers/a letter", "dear sirs");
    assert_int_equal(link("papers/a letter", "papers/again"), 0);
    scratch_text("papers/copy", "dear sirs");
    assert_int_equal(symlink("to\xff", "papers/link"), 0);
    scratch_text("papers/\xea\xb0\x80\xff", "odd");
    assert_int_equal(chmod("papers/copy", 0640), 0);
    scratch_time("papers/copy", -3, 999999999);
    assert_int_equal(fixture_run(f, "intake", "papers", NULL), 0);
    scratch_text("single", "later");
    assert_int_equal(fixture_run(f, "intake", "single", NULL), 0);
    return rc;
}

static const struct json_node *item_named(const struct fixture *f, const char *name)
{
    const struct json_node *items = json_get(json_root(f->json), "items");
    for (size_t i = 0; i < json_count(items); i++)
        if (strcmp(json_text(json_get(json_at(items, i), "name")), name) == 0)
            return json_at(items, i);
    fail_msg("%s is not in the document", name);
    return NULL;
}

static uint64_t number(const struct json_node *item, const char *key)
{
    uint64_t v = 0;
    assert_true(json_get_u64(json_get(item, key), &v));
    return v;
}

static void the_list_as_a_document(void **state)
{
    struct fixture *f = *state;
    struct hash h;
    char hex[2 * CRYPT_HASH + 1];
    assert_int_equal(fixture_json(f, "items", NULL), 0);
    assert_int_equal(json_count(json_get(json_root(f->json), "items")), 7);
    const struct json_node *letter = item_named(f, "papers/a letter"), *again = item_named(f, "papers/again");
    const struct json_node *copy = item_named(f, "papers/copy"), *linked = item_named(f, "papers/link");
    crypt_sha256(bytes_text("dear sirs"), &h);
    hex_put(hex, h.b, CRYPT_HASH);
    assert_string_equal(json_text(json_get(letter, "sha256")), hex);
    assert_int_equal(number(letter, "bytes"), 9);
    assert_string_equal(json_text(json_get(letter, "type")), "file");
    assert_null(json_get(letter, "duplicate_of"));
    assert_null(json_get(letter, "name_hex")); /* it is a text */
    assert_int_equal(number(again, "further_name_of"), number(letter, "item"));
    assert_null(json_get(again, "sha256"));
    assert_int_equal(number(copy, "duplicate_of"), number(letter, "item"));
    assert_int_equal(number(copy, "mode"), 0640);
    int64_t seconds = 0;
    assert_true(json_get_i64(json_at(json_get(copy, "mtime"), 0), &seconds));
    assert_int_equal(seconds, -3);
    assert_string_equal(json_text(json_get(linked, "target")), "to\\xff");
    assert_string_equal(json_text(json_get(linked, "target_hex")), "746fff");
    const struct json_node *odd = item_named(f, "papers/\xea\xb0\x80\\xff");
    assert_string_equal(json_text(json_get(odd, "name_hex")), "7061706572732feab080ff");
    assert_string_equal(json_text(json_get(item_named(f, "papers"), "type")), "folder");
    assert_int_equal(number(item_named(f, "single"), "receipt"), 2);
}

static void the_list_in_lines(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    fixture_said(f, " folder              0 -");
    fixture_said(f, " name                0 -");
    fixture_said(f, " link                0 -");
    fixture_said(f, " papers/a letter\n");
    fixture_said(f, " papers/\xea\xb0\x80\\xff\n");
    assert_int_equal(fixture_run(f, "items", "--receipt", "2", NULL), 0);
    fixture_said(f, " single\n");
    fixture_not_said(f, "papers");
    assert_int_equal(fixture_json(f, "items", "--receipt", "latest", NULL), 0);
    assert_int_equal(json_count(json_get(json_root(f->json), "items")), 1);
    assert_int_equal(fixture_run(f, "items", "--receipt", "3", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "there is no receipt 3: the newest is 2");
}

/* ---- one item ---- */

static void an_item_is_found_by_number_path_and_digest(void **state)
{
    struct fixture *f = *state;
    struct hash h;
    char hex[2 * CRYPT_HASH + 1], words[64];
    crypt_sha256(bytes_text("later"), &h);
    hex_put(hex, h.b, CRYPT_HASH);
    assert_int_equal(fixture_json(f, "show", "single", NULL), 0);
    uint64_t leaf = fixture_number(f, "item.item");
    const char *first = NULL;
    char by_number[24], by_mark[24], eight[9];
    (void)snprintf(by_number, sizeof by_number, "%u", (unsigned)leaf);
    (void)snprintf(by_mark, sizeof by_mark, "#%u", (unsigned)leaf);
    (void)snprintf(eight, sizeof eight, "%.8s", hex);
    const char *const ways[] = {by_number, by_mark, "single", eight, hex};
    OWN(mem_drop) char *expected = NULL;
    for (size_t i = 0; i < COUNT(ways); i++) {
        assert_int_equal(fixture_run(f, "show", ways[i], NULL), 0);
        first = buf_text(&f->said);
        if (expected == NULL)
            expected = strdup(first);
        assert_string_equal(first, expected);
    }
    (void)snprintf(words, sizeof words, "Item %u (leaf %u of the log), on receipt 2\n", (unsigned)leaf, (unsigned)leaf);
    fixture_said(f, words);
    fixture_said(f, "  Name: single\n");
    fixture_said(f, "  Kind: file\n");
    fixture_said(f, "  Size: 5 bytes\n");
    fixture_said(f, hex);
    fixture_said(f, ", mode 0644\n");
}

static void what_is_particular_of_an_item_is_shown(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "show", "papers/link", NULL), 0);
    fixture_said(f, "  Kind: link\n");
    fixture_said(f, "  Target: to\\xff\n");
    assert_int_equal(fixture_run(f, "show", "papers/again", NULL), 0);
    fixture_said(f, "  A further name (hard link) of item ");
    assert_int_equal(fixture_run(f, "show", "papers/copy", NULL), 0);
    fixture_said(f, "  The same bytes as item ");
    fixture_said(f, "  Changed: 1969-12-31T23:59:57Z ");
    fixture_said(f, "(999999999 ns), mode 0640");
    assert_int_equal(fixture_run(f, "show", "papers", NULL), 0);
    fixture_said(f, "  Kind: folder\n");
}

static void a_name_that_fits_none_or_several_is_refused(void **state)
{
    struct fixture *f = *state;
    struct hash h;
    char hex[2 * CRYPT_HASH + 1], words[128];
    static const char *const none[] = {
        "nothing", "4711", "#4711",   "0",      "1", "deadbeef", "18446744073709551615", "18446744073709551616",
        "#",       "",     "papers/", "9b9b9b9"};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_int_equal(fixture_run(f, "show", none[i], NULL), VERBS_ENVIRONMENT);
        (void)snprintf(words, sizeof words, "no item is called %s: groundwork items lists them", none[i]);
        fixture_failed(f, ERR_ABSENT, words);
    }
    crypt_sha256(bytes_text("dear sirs"), &h);
    hex_put(hex, h.b, CRYPT_HASH);
    assert_int_equal(fixture_run(f, "show", hex, NULL), VERBS_USAGE);
    (void)snprintf(words, sizeof words, "2 items are called %s: give the number of one", hex);
    fixture_failed(f, ERR_USAGE, words);
    scratch_time("single", 7, 0);
    assert_int_equal(fixture_run(f, "intake", "single", NULL), 0);
    assert_int_equal(fixture_run(f, "show", "single", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "2 items are called single");
}

/* A name of digits alone is a number first; where there is no such item it is a path. */
static void a_path_of_digits(void **state)
{
    struct fixture *f = *state;
    scratch_text("99999", "digits");
    assert_int_equal(fixture_run(f, "intake", "99999", NULL), 0);
    assert_int_equal(fixture_run(f, "show", "99999", NULL), 0);
    fixture_said(f, "  Name: 99999\n");
}

static void an_item_of_a_receipt_that_was_set_aside_says_so(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "set-aside", "latest", "--reason", "wrong", NULL), 0);
    assert_int_equal(fixture_run(f, "show", "99999", NULL), 0);
    fixture_said(f, "  Its receipt was set aside.");
    assert_int_equal(fixture_json(f, "show", "99999", NULL), 0);
    assert_non_null(strstr(buf_text(&f->document), "\"set_aside\":true"));
    assert_int_equal(fixture_run(f, "items", NULL), 0);
    fixture_said(f, " SET ASIDE 99999\n");
    fixture_said(f, " papers/copy\n");
}

static void a_proof_is_written_once(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf proof = {0};
    OWN(buf_drop) struct buf checkpoint = {0};
    assert_int_equal(fixture_run(f, "show", "papers/copy", "--proof", "copy.proof", NULL), 0);
    fixture_said(f, "  Name: papers/copy");
    assert_int_equal(file_read_all("copy.proof", 1 << 20, &proof, NULL), 0);
    assert_int_equal(file_read_all("archive/log/checkpoint", 1 << 20, &checkpoint, NULL), 0);
    assert_int_equal(memcmp(proof.p, "c2sp.org/tlog-proof@v1\n", 23), 0);
    assert_non_null(memmem(proof.p, proof.n, checkpoint.p, checkpoint.n));
    assert_int_equal(fixture_run(f, "show", "papers/copy", "--proof", "copy.proof", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "copy.proof is there already: name another file");
    fixture_run(f, "show", "papers/copy", "--proof", "nowhere/copy.proof", NULL);
    fixture_failed(f, ERR_IO, "nowhere/copy.proof");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_as_a_document),
        cmocka_unit_test(the_list_in_lines),
        cmocka_unit_test(an_item_is_found_by_number_path_and_digest),
        cmocka_unit_test(what_is_particular_of_an_item_is_shown),
        cmocka_unit_test(a_name_that_fits_none_or_several_is_refused),
        cmocka_unit_test(a_path_of_digits),
        cmocka_unit_test(an_item_of_a_receipt_that_was_set_aside_says_so),
        cmocka_unit_test(a_proof_is_written_once),
    };
    return cmocka_run_group_tests(tests, begin, fixture_end);
}
