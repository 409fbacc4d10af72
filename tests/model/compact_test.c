/* Received statements by their fields: the same bytes come back, and nothing else is taken for fields. */
#include "model/statement.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

static struct chance chance = {20261127};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

struct made {
    struct key secret;
    struct buf text, values, statement, fields;
    bool compact;
};

static void made_drop(struct made *m)
{
    buf_drop(&m->text);
    buf_drop(&m->values);
    buf_drop(&m->statement);
    buf_drop(&m->fields);
}

static void make(struct made *m, const struct statement_received *r)
{
    struct statement s = {.kind = STATEMENT_RECEIVED, .received = *r};
    chance_fill(&chance, m->secret.b, CRYPT_KEY);
    assert_int_equal(statement_make(&s, &m->secret, &m->text, &m->values, NULL), 0);
    assert_int_equal(statement_finish(s.kind, buf_bytes(&m->text), NULL, NULL, &m->statement, NULL), 0);
    m->compact = statement_compact(&s, buf_bytes(&m->values), &m->fields);
    assert_true(m->compact || m->fields.n == 0);
}

static int expand(struct made *m, struct bytes fields, struct statement *ret, struct err *e)
{
    OWN(buf_drop) struct buf statement = {0};
    OWN(buf_drop) struct buf values = {0};
    int rc = statement_expand(fields, &m->secret, &statement, &values, ret, e);
    if (rc == 0) {
        assert_true(bytes_equal(buf_bytes(&statement), buf_bytes(&m->statement)));
        assert_true(bytes_equal(buf_bytes(&values), buf_bytes(&m->values)));
    }
    return rc;
}

/* Through an envelope, as it is stored. */
static void there_and_back(const struct statement_received *r)
{
    static const struct hash pin = {{3}};
    OWN(made_drop) struct made m = {0};
    OWN(buf_drop) struct buf sealed = {0};
    OWN(buf_drop) struct buf held = {0};
    struct leaf_envelope opened;
    struct statement s;
    make(&m, r);
    assert_true(m.compact);
    struct leaf_envelope envelope = {.manifest_record = 9, .fields = buf_bytes(&m.fields)};
    assert_int_equal(leaf_seal(&m.secret, &pin, 5, &envelope, &sealed), 0);
    assert_int_equal(sealed.n, leaf_padded(12 + m.fields.n) + CRYPT_TAG);
    assert_int_equal(leaf_open(&m.secret, &pin, 5, buf_bytes(&sealed), &held, &opened), 0);
    assert_true(opened.manifest_record == 9 && opened.statement.n == 0 && opened.values.n == 0);
    assert_int_equal(expand(&m, opened.fields, &s, NULL), 0);
    assert_int_equal(s.kind, STATEMENT_RECEIVED);
    assert_true(s.received.deposit == r->deposit && s.received.seq == r->seq);
    assert_true(bytes_equal(s.received.path, r->path));
    assert_int_equal(s.received.further_name, r->further_name);
    if (r->further_name)
        assert_true(s.received.of == r->of);
    else
        assert_true(s.received.type == r->type && s.received.mode == r->mode && s.received.mtime.s == r->mtime.s &&
                    s.received.mtime.ns == r->mtime.ns && bytes_equal(s.received.target, r->target));
    if (!r->further_name && r->type == STATEMENT_FILE)
        assert_true(s.received.bytes == r->bytes && hash_equal(&s.received.sha256, &r->sha256));
}

/* Paths of every length up to some size classes on, so that the last one ends at a class's edge and beside it. */
static void every_kind(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, (UINT64_C(1) << 53) - 1, UINT64_C(1) << 53, UINT64_MAX};
    uint8_t path[700];
    memset(path, 'p', sizeof path);
    for (size_t n = 1; n <= sizeof path; n++) {
        struct statement_received r = {.deposit = numbers[n % 5],
                                       .seq = numbers[n % 3],
                                       .of = numbers[(n + 1) % 5],
                                       .path = bytes_of(path, n),
                                       .mode = n % 2 == 0 ? 07777 : 0,
                                       .mtime = {n % 7 == 0 ? INT64_MIN : -(int64_t)n, n % 2 == 0 ? 999999999 : 0},
                                       .bytes = numbers[n % 3]};
        chance_fill(&chance, r.sha256.b, CRYPT_HASH);
        there_and_back(&r);
        r.type = STATEMENT_FOLDER;
        there_and_back(&r);
        r.type = STATEMENT_LINK;
        r.target = bytes_of(path, sizeof path - n + 1);
        there_and_back(&r);
        r.target = bytes_text("../\xEC\xA6\x9D\xEC\x96\xB8"); /* text in normal form C is its own text */
        there_and_back(&r);
        r = (struct statement_received){.further_name = true, .of = numbers[n % 5], .path = bytes_of(path, n)};
        there_and_back(&r);
    }
}

/* A quote, or the very letters of the mark, in a text do not make it one of bytes. */
static void texts_stay_texts(void **state)
{
    (void)state;
    static const char *const names[] = {"\"bytes\":\"", "a\"bytes\":\"x", "bytes",
                                        "{\"bytes\":\"YQ==\"}", "a b\"", "\""};
    for (size_t i = 0; i < COUNT(names); i++)
        there_and_back(&(struct statement_received){.path = bytes_text(names[i])});
}

static void others_are_stored_whole(void **state)
{
    (void)state;
    static const char *const names[] = {"\xff", "a\nb", "a\\b\xC2\x85", "e\xCC\x81", "\xE2\x80\xAE",
                                        "\xCD\xB8 is not assigned"};
    for (size_t i = 0; i < COUNT(names); i++) {
        OWN(made_drop) struct made path = {0};
        OWN(made_drop) struct made target = {0};
        make(&path, &(struct statement_received){.path = bytes_text(names[i])});
        make(&target, &(struct statement_received){.type = STATEMENT_LINK,
                                                   .path = bytes_text("link"),
                                                   .target = bytes_text(names[i])});
        assert_false(path.compact);
        assert_false(target.compact);
    }
    OWN(made_drop) struct made huge = {0};
    make(&huge, &(struct statement_received){.path = bytes_text("a"), .bytes = UINT64_C(1) << 53});
    assert_false(huge.compact);
    struct statement note = {.kind = STATEMENT_NOTE, .note = {.text = "n"}};
    OWN(buf_drop) struct buf fields = {0};
    assert_false(statement_compact(&note, bytes_text("[[\"text\",\"n\"]]"), &fields));
    assert_int_equal(fields.n, 0);
}

/* What was stored, padded to its class; then one byte changed, or at another length. */
static void stored_otherwise(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t is;
    } changes[] = {
        {16, 4},                                  /* no such type */
        {17, 0x10},                               /* a mode with further bits */
        {27, 0x3c},                               /* more nanoseconds than a second has */
        {31, '/'}, {31, 0}, {33, '/'}, {33, 0},   /* no path, or not to its end */
        {31, '\n'}, {31, 0xff}, {35, 0x80},       /* names that are not their own text */
        {34, 'x'}, {35, 0},                       /* no target */
        {36, 1}, {40, 1}, {51, 1},                /* no padding */
    };
    struct statement_received r = {
        .deposit = 1, .path = bytes_text("a/b"), .type = STATEMENT_LINK, .target = bytes_text("c")};
    OWN(made_drop) struct made m = {0};
    struct statement s = {.at_unix_s = 77};
    make(&m, &r);
    size_t all = leaf_compact_padded(m.fields.n), more = 200;
    assert_int_equal(m.fields.n, 36);
    memset(buf_more(&m.fields, more), 0, more);
    for (size_t n = 0; n < 36 + more; n++) {
        struct err e = {0};
        assert_int_equal(expand(&m, bytes_of(m.fields.p, n), &s, &e), n == all ? 0 : ERR_DAMAGED);
        assert_true(n == all || e.text[0] != 0);
    }
    s.at_unix_s = 77;
    for (size_t i = 0; i < COUNT(changes); i++) {
        struct err e = {0};
        uint8_t was = m.fields.p[changes[i].at];
        m.fields.p[changes[i].at] = changes[i].is;
        assert_int_equal(expand(&m, bytes_of(m.fields.p, all), &s, &e), ERR_DAMAGED);
        assert_true(e.text[0] != 0 && s.at_unix_s == 77);
        m.fields.p[changes[i].at] = was;
    }
    assert_int_equal(expand(&m, bytes_of(m.fields.p, all), &s, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(others_are_stored_whole),
        cmocka_unit_test(stored_otherwise),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
