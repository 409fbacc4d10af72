/* Openings: made of a leaf, read without its secret, and in one form only. */
#include "model/opening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct key SEED = {{1}}, SECRET = {{7}};
static struct note_key member;

static int start(void **state)
{
    uint8_t public_key[CRYPT_PUBLIC];
    if (crypt_start(NULL) != 0)
        return -1;
    crypt_sign_public(&SEED, public_key);
    return note_key_make("example.org/m/7f3a09c1", public_key, &member, NULL);
}

struct made {
    struct buf note, values, opening;
};

static void made_drop(struct made *m)
{
    buf_drop(&m->note);
    buf_drop(&m->values);
    buf_drop(&m->opening);
}

static void make(const struct statement *st, struct made *m)
{
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(statement_make(st, &SECRET, &text, &m->values, NULL), 0);
    assert_int_equal(statement_finish(st->kind, buf_bytes(&text), &member, &SEED, &m->note, NULL), 0);
    assert_int_equal(opening_make(42, &SECRET, buf_bytes(&m->note), buf_bytes(&m->values), &m->opening, NULL), 0);
}

static const struct statement ITEM = {
    .kind = STATEMENT_RECEIVED,
    .received = {.deposit = 3, .seq = 2, .path = {(const uint8_t *)"a/\"b\" \xff", 7}, .mode = 0644, .bytes = 9}};
static const struct statement NOTE = {.kind = STATEMENT_NOTE, .note = {.text = "words"}};

static int read_it(struct bytes text, const struct note_key *keys, size_t count, struct statement *ret)
{
    OWN(buf_drop) struct buf values = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct opening o;
    int rc = opening_parse(text, &o, NULL);
    return rc == 0 ? opening_read(&o, keys, count, &values, &held, ret, NULL) : rc;
}

static void read_without_the_secret(void **state)
{
    const struct statement *const all[] = {&ITEM, &NOTE};
    for (size_t i = 0; i < COUNT(all); i++) {
        OWN(made_drop) struct made m = {.note = {0}};
        struct opening o;
        struct statement read;
        uint8_t entry[LEAF_ENTRY], again[LEAF_ENTRY];
        make(all[i], &m);
        assert_int_equal(opening_parse(buf_bytes(&m.opening), &o, NULL), 0);
        assert_true(o.leaf == 42 && bytes_equal(o.statement, buf_bytes(&m.note)));
        leaf_entry_hidden(&SECRET, buf_bytes(&m.note), entry);
        opening_entry(&o, again);
        assert_memory_equal(entry, again, LEAF_ENTRY);
        assert_int_equal(read_it(buf_bytes(&m.opening), &member, 1, &read), 0);
        assert_int_equal(read.kind, all[i]->kind);
    }
}

/* The secret itself, and what else hangs on it, is nowhere in it. */
static void the_secret_is_not_in_it(void **state)
{
    OWN(made_drop) struct made m = {.note = {0}};
    char hex[2 * CRYPT_KEY + 1];
    struct key manifest;
    make(&ITEM, &m);
    leaf_manifest_key(&SECRET, &manifest);
    hex_put(hex, SECRET.b, CRYPT_KEY);
    assert_null(strstr(buf_text(&m.opening), hex));
    hex_put(hex, manifest.b, CRYPT_KEY);
    assert_null(strstr(buf_text(&m.opening), hex));
}

static void who_signed(void **state)
{
    OWN(made_drop) struct made m = {.note = {0}};
    struct note_key other = member;
    struct statement read;
    make(&NOTE, &m);
    other.public_key[3] ^= 1;
    assert_int_equal(read_it(buf_bytes(&m.opening), &other, 1, &read), ERR_DAMAGED);
    assert_int_equal(read_it(buf_bytes(&m.opening), &member, 0, &read), ERR_DAMAGED);
    assert_int_equal(read_it(buf_bytes(&m.opening), NULL, 0, &read), 0); /* not asked */
    OWN(made_drop) struct made item = {.note = {0}};
    make(&ITEM, &item);
    buf_put_text(&item.opening, "\xe2\x80\x94 a AAAA\n");
    assert_int_equal(read_it(buf_bytes(&item.opening), NULL, 0, &read), ERR_DAMAGED);
}

/* Whatever byte is changed: it is no opening, or another leaf's, or its claims do not fit. */
static void every_changed_byte(void **state)
{
    const struct statement *const all[] = {&ITEM, &NOTE};
    for (size_t i = 0; i < COUNT(all); i++) {
        OWN(made_drop) struct made m = {.note = {0}};
        uint8_t entry[LEAF_ENTRY], again[LEAF_ENTRY];
        make(all[i], &m);
        leaf_entry_hidden(&SECRET, buf_bytes(&m.note), entry);
        for (size_t at = 0; at < m.opening.n; at++) {
            struct opening o;
            struct statement read;
            uint8_t was = m.opening.p[at];
            m.opening.p[at] ^= (uint8_t)(1 + at % 255);
            if (opening_parse(buf_bytes(&m.opening), &o, NULL) == 0 && o.leaf == 42) {
                opening_entry(&o, again);
                assert_true(memcmp(entry, again, LEAF_ENTRY) != 0 ||
                            read_it(buf_bytes(&m.opening), &member, 1, &read) == ERR_DAMAGED);
            }
            m.opening.p[at] = was;
        }
    }
}

static void refuses(const char *text, const char *words)
{
    struct opening o;
    struct err e = {0};
    assert_int_equal(opening_parse(bytes_text(text), &o, &e), ERR_DAMAGED);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" expected, \"%s\" came", words, e.text);
}

#define SALT "0000000000000000000000000000000000000000000000000000000000000000"
#define CLAIM "claim 00000000000000000000000000000000 [\"a\",1]\n"
#define HEAD "groundwork/opening/v1\nleaf 1\nsalt " SALT "\n"

static void the_form(void **state)
{
    struct opening o;
    assert_int_equal(opening_parse(bytes_text(HEAD CLAIM "\nx"), &o, NULL), 0);
    assert_int_equal(opening_parse(bytes_text(HEAD "\nx"), &o, NULL), 0);
    assert_int_equal(o.claims, 0);
    refuses("", "does not begin with");
    refuses("groundwork/opening/v2\n", "does not begin with");
    refuses("groundwork/opening/v1\nleaf 01\n", "second line");
    refuses("groundwork/opening/v1\nleaf 1 \n", "second line");
    refuses("groundwork/opening/v1\nleaf -1\n", "second line");
    refuses("groundwork/opening/v1\nleaf 1\nsalt 00\n", "third line");
    refuses("groundwork/opening/v1\nleaf 1\n", "third line");
    refuses(HEAD "claim 0 [1]\n\nx", "line 4");
    refuses(HEAD CLAIM "claims\n\nx", "line 5");
    refuses(HEAD "claim 00000000000000000000000000000000 \n\nx", "line 4");
    refuses(HEAD "claim 0000000000000000000000000000000g x\n\nx", "line 4");
    refuses(HEAD CLAIM, "no empty line");
    refuses(HEAD CLAIM "\n", "no statement");
    const char *most = HEAD CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM "\nx";
    assert_int_equal(opening_parse(bytes_text(most), &o, NULL), 0);
    assert_int_equal(o.claims, OPENING_CLAIMS_MAX);
    refuses(HEAD CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM CLAIM "\nx", "more than 8 claims");
}

static void the_longest(void **state)
{
    OWN(buf_drop) struct buf text = {0};
    struct opening o;
    struct err e = {0};
    buf_put_text(&text, HEAD "\n");
    uint8_t *rest = buf_more(&text, OPENING_BYTES_MAX - text.n + 1);
    assert_non_null(rest);
    memset(rest, 'x', (size_t)(text.p + text.n - rest));
    assert_int_equal(opening_parse(bytes_of(text.p, OPENING_BYTES_MAX), &o, NULL), 0);
    assert_int_equal(opening_parse(buf_bytes(&text), &o, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "at most"));
}

static void values_that_are_none(void **state)
{
    OWN(buf_drop) struct buf to = {0};
    const char *const bad[] = {"", "{}", "[]", "[[1,2]]", "[7]",
                               "[[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1],[\"a\",1],"
                               "[\"a\",1]]"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(opening_make(1, &SECRET, bytes_text("x"), bytes_text(bad[i]), &to, NULL), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(read_without_the_secret),
        cmocka_unit_test(the_secret_is_not_in_it),
        cmocka_unit_test(who_signed),
        cmocka_unit_test(every_changed_byte),
        cmocka_unit_test(the_form),
        cmocka_unit_test(the_longest),
        cmocka_unit_test(values_that_are_none),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
