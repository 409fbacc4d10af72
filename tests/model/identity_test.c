/* Records in one spelling, shares in one spelling, what is sealed, and each rule of the statements about them. */
#include "model/identity.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

#define HEAD "groundwork/identity/v1\nperson P-0001\n"
static const char *const RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

static int typed(const char *text, struct buf *to, struct err *e)
{
    buf_drop(to);
    assert_non_null(buf_more(to, 4 * IDENTITY_RECORD_MAX));
    buf_clear(to);
    const uint8_t *at = to->p;
    int rc = identity_record_typed(bytes_text(text), "P-0001", to, e);
    assert_ptr_equal(to->p, at); /* it stayed in the room that was held */
    return rc;
}

static void what_is_typed_becomes_a_record(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf b = {0};
    struct identity_record r;
    struct err e;
    assert_int_equal(typed("  contact:  +82 2 000 \r\n\n name romanisation=mr: Kim Ch'\xc3\xb6lsu\nbirth: about 1970\n"
                           "name kind=birth script=Hang: \xe1\x84\x80\xe1\x85\xb5\xe1\x86\xb7\ndocument: pass 7",
                           &b, &e), 0);
    assert_string_equal(buf_text(&b), HEAD "name romanisation=mr: Kim Ch'\xc3\xb6lsu\nname kind=birth script=Hang: "
                                           "\xea\xb9\x80\nbirth: about 1970\ncontact: +82 2 000\ndocument: pass 7\n");
    assert_int_equal(identity_record_read(buf_bytes(&b), &r, &e), 0);
    assert_int_equal(r.names, 2);
    assert_true(bytes_equal(r.person, bytes_text("P-0001")));
    assert_true(bytes_equal(r.name[0].romanisation, bytes_text("mr")) && r.name[0].kind.n == 0);
    assert_true(bytes_equal(r.name[1].script, bytes_text("Hang")) && bytes_equal(r.name[1].kind, bytes_text("birth")));
    assert_true(bytes_equal(r.birth, bytes_text("about 1970")));
    assert_int_equal(r.contacts, 1);
    assert_int_equal(r.documents, 1);
}

static void what_cannot_be_typed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *words;
    } cases[] = {
        {"", "has no name"},
        {"birth: 1970", "has no name"},
        {"Kim Example", "line 1 is not"},
        {"name: A\nnickname: B", "line 2 is not"},
        {"name: A\nname:", "line 2 is not"},
        {"name:   ", "line 1 is not"},
        {"name colour=red: A", "line 1 is not"},
        {"name kind=: A", "line 1 is not"},
        {"name kind=royal: A", "line 1 is not"},
        {"name script=hang: A", "line 1 is not"},
        {"name script=Hangul: A", "line 1 is not"},
        {"name romanisation=x: A", "line 1 is not"},
        {"name script=Hang kind=birth: A", "line 1 is not"},
        {"name kind=birth kind=birth: A", "line 1 is not"},
        {"birth kind=x: 1970", "line 1 is not"},
        {"name: a\x01z", "line 1 is not"},
        {"name: a\xff", "line 1 is not"},
        {"name: A\nbirth: 1\nbirth: 2", "line 3 is not"},
    };
    OWN(buf_drop) struct buf b = {0};
    struct err e;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(typed(cases[i].text, &b, &e), ERR_USAGE);
        assert_int_equal(e.code, ERR_USAGE);
        if (strstr(e.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].text, e.text);
    }
}

static void a_record_has_one_spelling(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "groundwork/identity/v1\n", "groundwork/identity/v1\nperson P-0001", HEAD, HEAD "name: A",
        "groundwork/identity/v2\nperson P-0001\nname: A\n", "groundwork/identity/v1\nperson Kim\nname: A\n",
        HEAD "name:A\n", HEAD "name:  A\n", HEAD "name: A \n", HEAD " name: A\n", HEAD "name : A\n", HEAD "name: \n",
        HEAD "name: A\n\n", HEAD "birth: 1\nname: A\n", HEAD "name: A\ncontact: c\nbirth: 1\n",
        HEAD "name: A\ndocument: d\ncontact: c\n", HEAD "name: e\xcc\x81\n", HEAD "name: A\r\n",
        HEAD "name: a\xe2\x80\xae\n",
    };
    struct identity_record r;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (identity_record_read(bytes_text(bad[i]), &r, NULL) != ERR_DAMAGED)
            fail_msg("%s", bad[i]);
    const char *good = HEAD "name: A: b\n";
    assert_int_equal(identity_record_read(bytes_text(good), &r, NULL), 0);
    assert_true(bytes_equal(r.name[0].text, bytes_text("A: b")));
    assert_int_equal(identity_record_read(bytes_of(good, strlen(good) - 1), &r, NULL), ERR_DAMAGED);
}

static void lines_put(struct buf *to, const char *line, size_t count)
{
    for (size_t i = 0; i < count; i++)
        buf_put_text(to, line);
}

/* Each limit at it, and one past it. */
static void every_limit(void **state)
{
    (void)state;
    struct identity_record r;
    for (size_t more = 0; more < 2; more++) {
        int rc = more == 0 ? 0 : ERR_DAMAGED;
        OWN(buf_drop) struct buf names = {0}, contacts = {0}, documents = {0}, longest = {0}, whole = {0};
        buf_put_text(&names, HEAD);
        lines_put(&names, "name: A\n", IDENTITY_NAMES_MAX + more);
        assert_int_equal(identity_record_read(buf_bytes(&names), &r, NULL), rc);
        buf_put_text(&contacts, HEAD "name: A\n");
        lines_put(&contacts, "contact: c\n", IDENTITY_LINES_MAX + more);
        assert_int_equal(identity_record_read(buf_bytes(&contacts), &r, NULL), rc);
        buf_put_text(&documents, HEAD "name: A\n");
        lines_put(&documents, "document: c\n", IDENTITY_LINES_MAX + more);
        assert_int_equal(identity_record_read(buf_bytes(&documents), &r, NULL), rc);
        buf_put_text(&longest, HEAD "name: ");
        lines_put(&longest, "x", IDENTITY_LINE_MAX + more);
        buf_put_u8(&longest, '\n');
        assert_int_equal(identity_record_read(buf_bytes(&longest), &r, NULL), rc);
        buf_put_text(&whole, HEAD "name: A\n");
        while (whole.n + 1024 < IDENTITY_RECORD_MAX) {
            buf_put_text(&whole, "contact: ");
            lines_put(&whole, "x", 500);
            buf_put_u8(&whole, '\n');
        }
        buf_put_text(&whole, "contact: ");
        while (whole.n + 1 < IDENTITY_RECORD_MAX + more)
            buf_put_u8(&whole, 'y');
        buf_put_u8(&whole, '\n');
        assert_int_equal(whole.n, IDENTITY_RECORD_MAX + more);
        assert_int_equal(identity_record_read(buf_bytes(&whole), &r, NULL), rc);
    }
}

static void what_is_sealed_opens_by_its_key_alone(void **state)
{
    (void)state;
    const struct hash pin = {{7}}, other = {{8}};
    const struct key a = {{1}}, wrong = {{2}};
    const uint8_t b[CRYPT_KEY] = {3}, no[CRYPT_KEY] = {4};
    struct key key, third;
    struct hash check, another;
    static char text[IDENTITY_RECORD_MAX];
    identity_key(&a, b, &key);
    identity_check(&key, &check);
    identity_key(&wrong, b, &third);
    identity_check(&third, &another);
    assert_false(hash_equal(&check, &another));
    identity_key(&a, no, &third);
    identity_check(&third, &another);
    assert_false(hash_equal(&check, &another));
    memset(text, 'x', sizeof text);
    const size_t sizes[] = {1, 100, IDENTITY_PAD - 1, IDENTITY_PAD, IDENTITY_PAD + 1, IDENTITY_RECORD_MAX};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWN(buf_drop) struct buf sealed = {0}, back = {0};
        assert_int_equal(identity_seal(&key, &pin, "P-0001", bytes_of(text, sizes[i]), &sealed, NULL), 0);
        assert_int_equal((sealed.n - CRYPT_TAG) % IDENTITY_PAD, 0); /* how long it is says little */
        assert_true(sealed.n <= IDENTITY_SEALED_MAX);
        assert_non_null(buf_more(&back, IDENTITY_SEALED_MAX));
        buf_clear(&back);
        assert_int_equal(identity_open(&key, &pin, "P-0001", buf_bytes(&sealed), &back), 0);
        assert_true(bytes_equal(buf_bytes(&back), bytes_of(text, sizes[i])));
        buf_clear(&back);
        assert_int_equal(identity_open(&third, &pin, "P-0001", buf_bytes(&sealed), &back), ERR_DAMAGED);
        assert_int_equal(identity_open(&key, &other, "P-0001", buf_bytes(&sealed), &back), ERR_DAMAGED);
        assert_int_equal(identity_open(&key, &pin, "P-0002", buf_bytes(&sealed), &back), ERR_DAMAGED);
        assert_int_equal(identity_open(&key, &pin, "P-0001", bytes_of(sealed.p, sealed.n - 1), &back), ERR_DAMAGED);
        assert_int_equal(identity_open(&key, &pin, "P-0001", bytes_of(sealed.p, CRYPT_TAG), &back), ERR_DAMAGED);
        assert_int_equal(back.n, 0);
        sealed.p[sealed.n / 2] ^= 1;
        assert_int_equal(identity_open(&key, &pin, "P-0001", buf_bytes(&sealed), &back), ERR_DAMAGED);
    }
}

static void a_share_has_one_spelling(void **state)
{
    (void)state;
    struct identity_share s = {.pin = {{1}}, .set = {2}, .person = "P-0001", .needed = 3, .count = 16, .index = 16};
    struct identity_share back;
    OWN(buf_drop) struct buf b = {0};
    crypt_random(s.value.b, CRYPT_KEY);
    identity_share_put(&s, &b);
    assert_true(b.n <= IDENTITY_SHARE_MAX);
    assert_int_equal(identity_share_read(buf_bytes(&b), &back, NULL), 0);
    assert_memory_equal(&back, &s, sizeof s);
    for (size_t n = 0; n < b.n; n++)
        assert_int_equal(identity_share_read(bytes_of(b.p, n), &back, NULL), ERR_DAMAGED);
    buf_put_u8(&b, '\n');
    assert_int_equal(identity_share_read(buf_bytes(&b), &back, NULL), ERR_DAMAGED);
    buf_clear(&b); /* nor does a code end where a zero byte stands */
    s.person[6] = 'x';
    identity_share_put(&s, &b);
    *(char *)memchr(b.p, 'x', b.n) = 0;
    assert_int_equal(identity_share_read(buf_bytes(&b), &back, NULL), ERR_DAMAGED);
    s.person[6] = 0;
    static const uint8_t numbers[][3] = {{4, 3, 1}, {3, 3, 4}, {17, 17, 1}, {0, 1, 1}, {1, 1, 0}};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        s.needed = numbers[i][0];
        s.count = numbers[i][1];
        s.index = numbers[i][2];
        buf_clear(&b);
        identity_share_put(&s, &b);
        assert_int_equal(identity_share_read(buf_bytes(&b), &back, NULL), ERR_DAMAGED);
    }
}

/* ---- the rules ---- */

static void refused(struct statement st, const char *rule)
{
    struct err e = {0};
    assert_int_equal(identity_rule(&st, ERR_REFUSED, &e), ERR_REFUSED);
    if (strstr(e.text, rule) == NULL)
        fail_msg("%s: %s", rule, e.text);
    assert_int_equal(identity_rule(&st, ERR_DAMAGED, &e), ERR_DAMAGED);
}

static void codes_are_no_names(void **state)
{
    (void)state;
    static const char *const good[] = {"P-0001", "TJ-W-2041", "K-01"};
    static const char *const bad[] = {"", "Kim", "P", "P-", "P-1", "p-0001", "P 0001", "P-0001-", "-P-0001", "0-0001",
                                      "KIM-CHOLSU", "P--01", "\xea\xb9\x80-0001", "ABCDEFGHI-01"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(identity_rule(&(struct statement){.kind = STATEMENT_KEYHOLDER_SAID,
                                                           .keyholder = {.code = good[i], .recipient = RECIPIENT}},
                                       ERR_REFUSED, NULL), 0);
    for (size_t i = 0; i < COUNT(bad); i++)
        refused((struct statement){.kind = STATEMENT_KEYHOLDER_SAID,
                                   .keyholder = {.code = bad[i], .recipient = RECIPIENT}}, "rule identity-code");
}

static void what_may_not_be_said(void **state)
{
    (void)state;
    static uint8_t sealed[IDENTITY_SEALED_MAX + IDENTITY_PAD];
    const char *record = HEAD "name: A\n";
    refused((struct statement){.kind = STATEMENT_IDENTITY, .identity = {"Kim", record}}, "rule identity-code");
    refused((struct statement){.kind = STATEMENT_IDENTITY, .identity = {"P-0001", NULL}}, "rule identity-record");
    refused((struct statement){.kind = STATEMENT_IDENTITY, .identity = {"P-0001", HEAD}}, "rule identity-record");
    refused((struct statement){.kind = STATEMENT_IDENTITY, .identity = {"P-0002", record}}, "another person");
    refused((struct statement){.kind = STATEMENT_KEYHOLDER_SAID, .keyholder = {"K-01", "age1x", NULL, NULL}},
            "rule keyholder-recipient");
    refused((struct statement){.kind = STATEMENT_KEYHOLDER_SAID, .keyholder = {"K-01", NULL, NULL, NULL}},
            "rule text-length");
    refused((struct statement){.kind = STATEMENT_KEYHOLDER_SAID, .keyholder = {"K-01", RECIPIENT, "", NULL}},
            "rule text-length");
    refused((struct statement){.kind = STATEMENT_KEYHOLDER_SAID, .keyholder = {"K-01", RECIPIENT, "e\xcc\x81", NULL}},
            "rule text-form");
    const size_t wrong[] = {0, CRYPT_TAG, IDENTITY_PAD, IDENTITY_PAD + CRYPT_TAG + 1, sizeof sealed};
    for (size_t i = 0; i < COUNT(wrong); i++)
        refused((struct statement){.kind = STATEMENT_IDENTITY_SEALED,
                                   .identity_sealed = {.person = "P-0001", .text = bytes_of(sealed, wrong[i])}},
                "rule identity-sealed");
    assert_int_equal(identity_rule(&(struct statement){.kind = STATEMENT_IDENTITY_SEALED,
                                                       .identity_sealed = {.person = "P-0001",
                                                                           .text = bytes_of(sealed,
                                                                                            IDENTITY_SEALED_MAX)}},
                                   ERR_REFUSED, NULL), 0);
    struct statement st = {.kind = STATEMENT_IDENTITY_ACCESS,
                           .identity_access = {.step = STATEMENT_OPENED, .person = "P-0001", .why = "w"}};
    assert_int_equal(identity_rule(&st, ERR_REFUSED, NULL), 0);
    st.identity_access.why = NULL;
    refused(st, "rule text-length");
    st.identity_access.why = "w";
    st.identity_access.step = STATEMENT_SHARE_RETURNED;
    refused(st, "rule identity-code");
    st.identity_access.step = (enum statement_step)(STATEMENT_STEP_LAST + 1);
    refused(st, "rule identity-step");
}

static void shares_are_for_different_keyholders(void **state)
{
    (void)state;
    static struct statement_share_holder holder[CRYPT_SHARES_MAX + 1];
    static char code[CRYPT_SHARES_MAX + 1][8], word[CRYPT_SHARES_MAX + 1][CRYPT_AGE_RECIPIENT];
    for (size_t i = 0; i <= CRYPT_SHARES_MAX; i++) {
        struct key secret;
        uint8_t recipient[CRYPT_PUBLIC];
        crypt_random(secret.b, CRYPT_KEY);
        crypt_age_public(&secret, recipient);
        crypt_age_recipient_text(recipient, word[i]);
        (void)snprintf(code[i], sizeof code[i], "K-%02u", (unsigned)i);
        holder[i] = (struct statement_share_holder){.code = code[i], .recipient = word[i]};
    }
    struct statement st = {.kind = STATEMENT_IDENTITY_SHARES,
                           .identity_shares = {.person = "P-0001", .needed = CRYPT_SHARES_MAX, .holders = holder,
                                               .holder_count = CRYPT_SHARES_MAX}};
    assert_int_equal(identity_rule(&st, ERR_REFUSED, NULL), 0);
    st.identity_shares.needed++;
    refused(st, "rule identity-shares");
    st.identity_shares.holder_count++;
    refused(st, "rule identity-shares");
    st.identity_shares.holder_count = 3;
    st.identity_shares.needed = 0;
    refused(st, "rule identity-shares");
    st.identity_shares.needed = 2;
    holder[2].code = "K-00";
    refused(st, "rule identity-holders");
    holder[2].code = code[2];
    holder[2].recipient = word[0];
    refused(st, "rule identity-holders");
    holder[2].recipient = word[2];
    st.identity_shares.follows = true;
    refused(st, "rule text-length");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_typed_becomes_a_record), cmocka_unit_test(what_cannot_be_typed),
        cmocka_unit_test(a_record_has_one_spelling),      cmocka_unit_test(every_limit),
        cmocka_unit_test(what_is_sealed_opens_by_its_key_alone),
        cmocka_unit_test(a_share_has_one_spelling),       cmocka_unit_test(codes_are_no_names),
        cmocka_unit_test(what_may_not_be_said),           cmocka_unit_test(shares_are_for_different_keyholders),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
