/* Time-stamps: what is asked for, what is read, and every way in which an answer is not what it must be. */
#include "authority.h"

#include <openssl/ts.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "../base/chance.h"

#define NONCE UINT64_C(0x8123456789abcdef)
#define IN_2001 INT64_C(1000000000)
#define IN_2002 INT64_C(1020000000)
enum { US_OF_A_SECOND = 1000000 };

static struct hash imprint;
static struct authority *plain; /* used by most */
static struct buf plain_chain;

static int begin(void **state)
{
    (void)state;
    int rc = crypt_start(NULL);
    crypt_sha256(bytes_text("a checkpoint"), &imprint);
    plain = authority_new(&(struct authority_wish){.name = "A root"});
    authority_chain(plain, &plain_chain);
    return rc;
}

static int end(void **state)
{
    (void)state;
    authority_drop(&plain);
    buf_drop(&plain_chain);
    return 0;
}

static struct bytes as_bytes(const struct hash *h)
{
    return bytes_of(h->b, CRYPT_HASH);
}

/* ---- asking ---- */

static void what_is_asked(void **state)
{
    OWN(buf_drop) struct buf der = {0};
    assert_int_equal(crypt_stamp_request(&imprint, NONCE, &der, NULL), 0);
    const uint8_t *p = der.p;
    TS_REQ *r = d2i_TS_REQ(NULL, &p, (long)der.n);
    uint64_t nonce = 0;
    assert_non_null(r);
    assert_ptr_equal(p, der.p + der.n);
    assert_int_equal(TS_REQ_get_version(r), 1);
    assert_int_equal(ASN1_INTEGER_get_uint64(&nonce, TS_REQ_get_nonce(r)), 1);
    assert_true(nonce == NONCE && TS_REQ_get_cert_req(r) && TS_REQ_get_policy_id(r) == NULL);
    assert_int_equal(TS_REQ_get_ext_count(r), 0);
    TS_REQ_free(r);
    /* Byte for byte what libcrypto's other half asks for. */
    OWN(buf_drop) struct buf other = {0};
    authority_asked(&(struct authority_asked){.digest = "SHA256", .imprint = as_bytes(&imprint), .nonce = NONCE},
                    &other);
    assert_true(bytes_equal(buf_bytes(&der), buf_bytes(&other)));
}

/* ---- reading ---- */

static void answered(const struct authority *a, const struct authority_asked *asked, const struct authority_answer *as,
                     struct buf *to)
{
    OWN(buf_drop) struct buf der = {0};
    authority_asked(asked, &der);
    authority_answer(a, buf_bytes(&der), as, to);
}

static void stamped(const struct authority *a, const struct authority_answer *as, struct buf *to)
{
    OWN(buf_drop) struct buf der = {0};
    assert_int_equal(crypt_stamp_request(&imprint, NONCE, &der, NULL), 0);
    authority_answer(a, buf_bytes(&der), as, to);
}

static int again(struct bytes response, struct bytes chain, struct crypt_stamp *ret, struct buf *ret_chain)
{
    struct err e = {0};
    int rc = crypt_stamp_read(response, chain, ret, ret_chain, &e);
    if (rc != 0)
        fail_msg("%s", e.text);
    return rc;
}

static void assert_same(const struct crypt_stamp *a, const struct crypt_stamp *b)
{
    assert_true(a->at_unix_s == b->at_unix_s && a->accuracy_us == b->accuracy_us && a->nonce == b->nonce);
    assert_true(a->until_unix_s == b->until_unix_s && hash_equal(&a->imprint, &b->imprint));
    assert_true(hash_equal(&a->authority, &b->authority) && hash_equal(&a->root, &b->root));
    assert_string_equal(a->policy, b->policy);
    assert_string_equal(a->name, b->name);
}

/* What is kept proves the same by itself, and gives itself. */
static void reads(const struct authority *a, const struct authority_answer *as, struct crypt_stamp *ret)
{
    OWN(buf_drop) struct buf response = {0}, chain = {0}, kept = {0}, kept_again = {0};
    struct crypt_stamp second;
    stamped(a, as, &response);
    authority_chain(a, &chain);
    again(buf_bytes(&response), buf_bytes(&chain), ret, &kept);
    again(buf_bytes(&response), buf_bytes(&kept), &second, &kept_again);
    assert_same(ret, &second);
    assert_true(bytes_equal(buf_bytes(&kept), buf_bytes(&kept_again)));
    assert_true(ret->nonce == NONCE && hash_equal(&ret->imprint, &imprint));
}

static void what_is_read(void **state)
{
    const struct authority_answer as = {
        .at_unix_s = IN_2001, .accuracy_s = 2, .accuracy_ms = 30, .accuracy_us = 4, .at_us = 1};
    OWN(authority_drop) struct authority *a =
        authority_new(&(struct authority_wish){.name = "Root", .until_unix_s = IN_2002, .from_unix_s = IN_2001 - 1});
    struct crypt_stamp s;
    reads(a, &as, &s);
    assert_int_equal(s.at_unix_s, IN_2001 + 1); /* a second that has begun */
    assert_int_equal(s.accuracy_us, 2 * US_OF_A_SECOND + 30004);
    assert_int_equal(s.until_unix_s, IN_2002); /* long ago: it was good when it stamped */
    assert_string_equal(s.policy, "1.3.6.1.4.1.54321.1");
    assert_string_equal(s.name, "CN=Stamps \xea\xb0\x80");
    assert_false(hash_equal(&s.authority, &s.root));
    reads(plain, &(struct authority_answer){.at_unix_s = IN_2001}, &s);
    assert_int_equal(s.at_unix_s, IN_2001);
    assert_int_equal(s.accuracy_us, 0);
}

static void kinds_of_authorities(void **state)
{
    static const struct authority_wish wishes[] = {
        {.name = "Elliptic"},
        {.name = "RSA", .rsa_bits = 2048},
        {.name = "Between", .between = 1},
        {.name = "As many as can be", .between = CRYPT_STAMP_CERTIFICATES_MAX - 2},
    };
    for (size_t i = 0; i < COUNT(wishes); i++)
        for (int old = 0; old < 2; old++) {
            OWN(authority_drop) struct authority *a = authority_new(&wishes[i]);
            struct crypt_stamp s;
            reads(a, &(struct authority_answer){.at_unix_s = IN_2001, .ess_sha1 = old != 0}, &s);
        }
}

/* Of several roots the one is pinned to which the chain leads; the authority's own certificate may come with them. */
static void more_than_is_needed(void **state)
{
    OWN(authority_drop) struct authority *other = authority_new(&(struct authority_wish){.name = "Other"});
    OWN(buf_drop) struct buf response = {0}, bare = {0}, many = {0}, kept = {0}, alone = {0}, own = {0}, same = {0};
    const struct authority_answer as = {.at_unix_s = IN_2001};
    struct crypt_stamp a, b;
    stamped(plain, &as, &response);
    buf_put_text(&many, "What stands around them is no matter.\n");
    authority_chain(other, &many);
    buf_put_bytes(&many, buf_bytes(&plain_chain));
    again(buf_bytes(&response), buf_bytes(&plain_chain), &a, &alone);
    again(buf_bytes(&response), buf_bytes(&many), &b, &kept);
    assert_same(&a, &b);
    assert_true(bytes_equal(buf_bytes(&alone), buf_bytes(&kept)));
    answered(plain,
             &(struct authority_asked){
                 .digest = "SHA256", .imprint = as_bytes(&imprint), .nonce = NONCE, .no_certificate = true},
             &as, &bare);
    authority_own(plain, &own);
    buf_put_bytes(&own, buf_bytes(&plain_chain));
    again(buf_bytes(&bare), buf_bytes(&own), &b, &same);
    assert_same(&a, &b);
    assert_true(bytes_equal(buf_bytes(&alone), buf_bytes(&same)));
}

/* ---- refused ---- */

static void refused(struct bytes response, struct bytes chain, const char *words)
{
    OWN(buf_drop) struct buf kept = {0};
    struct crypt_stamp s = {.at_unix_s = -1};
    struct err e = {0};
    assert_int_equal(crypt_stamp_read(response, chain, &s, &kept, &e), ERR_DAMAGED);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
    assert_true(s.at_unix_s == -1 && kept.n == 0);
}

static void refused_of(const struct authority *a, const struct authority_answer *as, const char *words)
{
    OWN(buf_drop) struct buf response = {0}, chain = {0};
    stamped(a, as, &response);
    authority_chain(a, &chain);
    refused(buf_bytes(&response), buf_bytes(&chain), words);
}

static void not_granted(void **state)
{
    static const char *const words[] = {"(grantedWithMods)", "(rejection)", "(waiting)", "(revocationWarning)",
                                        "(revocationNotification)", "status 6 (?)"};
    uint8_t bare[] = {0x30, 0x05, 0x30, 0x03, 0x02, 0x01, 0x00};
    refused(bytes_of(bare, sizeof bare), buf_bytes(&plain_chain), "or a damaged one"); /* granted, and nothing there */
    for (size_t i = 0; i < COUNT(words); i++) {
        bare[sizeof bare - 1] = (uint8_t)(i + 1);
        if (i > 0)
            refused(bytes_of(bare, sizeof bare), buf_bytes(&plain_chain), words[i]);
        refused_of(plain, &(struct authority_answer){.at_unix_s = IN_2001, .status = (int)i + 1},
                   i == 0 ? words[i] : "or a damaged one"); /* a time-stamp all the same */
    }
    /* As authorities refuse. */
    OWN(buf_drop) struct buf response = {0};
    uint8_t longer[64] = {0};
    answered(plain, &(struct authority_asked){.digest = "SHA512", .imprint = bytes_of(longer, 64), .nonce = NONCE},
             &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    refused(buf_bytes(&response), buf_bytes(&plain_chain), "(rejection)");
}

static void something_else_stamped(void **state)
{
    OWN(buf_drop) struct buf sha1 = {0}, bare = {0};
    const struct authority_answer as = {.at_unix_s = IN_2001};
    answered(plain, &(struct authority_asked){.digest = "SHA1", .imprint = bytes_of(imprint.b, 20), .nonce = NONCE},
             &as, &sha1);
    refused(buf_bytes(&sha1), buf_bytes(&plain_chain), "what is stamped is no SHA-256");
    answered(plain, &(struct authority_asked){.digest = "SHA256", .imprint = as_bytes(&imprint), .no_nonce = true},
             &as, &bare);
    refused(buf_bytes(&bare), buf_bytes(&plain_chain), "has no nonce");
    refused_of(plain, &(struct authority_answer){.at_unix_s = IN_2001, .digest_sha1 = true}, "too short");
}

static void policies_and_extensions(void **state)
{
    char oid[CRYPT_STAMP_POLICY_MAX + 1] = "1.3";
    OWN(buf_drop) struct buf known = {0}, strange = {0}, kept = {0};
    const struct authority_asked asked = {
        .digest = "SHA256", .imprint = as_bytes(&imprint), .nonce = NONCE, .extended = true};
    struct crypt_stamp s;
    while (strlen(oid) + 2 < CRYPT_STAMP_POLICY_MAX - 1)
        strcat(oid, ".7");
    strcat(oid, strlen(oid) + 2 == CRYPT_STAMP_POLICY_MAX - 1 ? ".7" : "7");
    assert_int_equal(strlen(oid), CRYPT_STAMP_POLICY_MAX - 1);
    reads(plain, &(struct authority_answer){.at_unix_s = IN_2001, .policy = oid}, &s);
    assert_string_equal(s.policy, oid);
    strcat(oid, "7");
    refused_of(plain, &(struct authority_answer){.at_unix_s = IN_2001, .policy = oid}, "no policy that can be written");
    answered(plain, &asked, &(struct authority_answer){.at_unix_s = IN_2001}, &known);
    again(buf_bytes(&known), buf_bytes(&plain_chain), &s, &kept);
    answered(plain, &asked, &(struct authority_answer){.at_unix_s = IN_2001, .strange = true}, &strange);
    refused(buf_bytes(&strange), buf_bytes(&plain_chain), "an extension that must be understood");
}

static void certificates_of_another_time(void **state)
{
    OWN(authority_drop) struct authority *a = authority_new(
        &(struct authority_wish){.name = "Short", .from_unix_s = IN_2001, .until_unix_s = IN_2002});
    struct crypt_stamp s;
    reads(a, &(struct authority_answer){.at_unix_s = IN_2001}, &s);
    reads(a, &(struct authority_answer){.at_unix_s = IN_2002 - 1}, &s);
    refused_of(a, &(struct authority_answer){.at_unix_s = IN_2001 - 1}, "was not good when it stamped");
    refused_of(a, &(struct authority_answer){.at_unix_s = IN_2002 + 1}, "was not good when it stamped");
}

static void weak_or_too_many(void **state)
{
    static const struct authority_wish wishes[] = {
        {.name = "Weak", .rsa_bits = 1024},
        {.name = "SHA-1", .sha1_under_certificate = true},
        {.name = "Deep", .between = CRYPT_STAMP_CERTIFICATES_MAX - 1},
    };
    for (size_t i = 0; i < COUNT(wishes); i++) {
        OWN(authority_drop) struct authority *a = authority_new(&wishes[i]);
        refused_of(a, &(struct authority_answer){.at_unix_s = IN_2001}, "was not good when it stamped");
    }
}

/* The certificate's twin has its name, number and key, and says something else. */
static void not_for_stamps(void **state)
{
    OWN(buf_drop) struct buf response = {0};
    answered(plain,
             &(struct authority_asked){
                 .digest = "SHA256", .imprint = as_bytes(&imprint), .nonce = NONCE, .no_certificate = true},
             &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    refused(buf_bytes(&response), buf_bytes(&plain_chain), "neither in the response nor in the chain");
    for (enum authority_usage u = USAGE_STAMPS; u <= USAGE_NONE; u++) {
        OWN(buf_drop) struct buf chain = {0};
        authority_twin(plain, u, &chain);
        buf_put_bytes(&chain, buf_bytes(&plain_chain));
        refused(buf_bytes(&response), buf_bytes(&chain),
                u == USAGE_STAMPS ? "is not what its authority signed" : "not for time-stamping alone");
    }
}

static void foreign_chains(void **state)
{
    OWN(authority_drop) struct authority *other = authority_new(&(struct authority_wish){.name = "A root"});
    OWN(authority_drop) struct authority *between =
        authority_new(&(struct authority_wish){.name = "Deeper", .between = 1});
    OWN(buf_drop) struct buf response = {0}, foreign = {0}, own = {0}, whole = {0};
    stamped(plain, &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    authority_chain(other, &foreign); /* of the same name */
    refused(buf_bytes(&response), buf_bytes(&foreign), "was not good when it stamped");
    authority_own(plain, &own);
    refused(buf_bytes(&response), buf_bytes(&own), "the root must be among them");
    refused(buf_bytes(&response), bytes_text("no certificates\n"), "the root must be among them");
    buf_clear(&response);
    stamped(between, &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    authority_chain(between, &whole);
    const uint8_t *second = memmem(whole.p + 1, whole.n - 1, "-----BEGIN", 10);
    refused(buf_bytes(&response), bytes_of(second, (size_t)(whole.p + whole.n - second)),
            "was not good when it stamped");
    refused(buf_bytes(&response), bytes_of(whole.p, (size_t)(second - whole.p)), "the root must be among them");
    buf_clear(&whole);
    buf_put_bytes(&whole, buf_bytes(&plain_chain));
    whole.p[100] = '!';
    refused(buf_bytes(&response), buf_bytes(&whole), "certificate 1 of the chain is damaged");
    buf_clear(&whole);
    for (int i = 0; i <= 64; i++)
        buf_put_bytes(&whole, buf_bytes(&plain_chain));
    refused(buf_bytes(&response), buf_bytes(&whole), "more than 64 certificates");
}

/* ---- hostile bytes ---- */

/* A status with so many letters of words; all lengths in three bytes. */
static void with_words(struct bytes response, size_t letters, struct buf *to)
{
    enum { OUTER = 4, STATUS = 5 };
    struct bytes token = bytes_of(response.p + OUTER + STATUS, response.n - OUTER - STATUS);
    const uint8_t status[] = {0x02, 0x01, 0x00};
    const size_t length[] = {3 + 12 + letters + token.n, 3 + 8 + letters, 4 + letters, letters};
    const uint8_t tag[] = {0x30, 0x30, 0x30, 0x0c};
    assert_int_equal(response.p[1], 0x82);
    for (size_t i = 0; i < COUNT(tag); i++) {
        buf_put_u8(to, tag[i]);
        buf_put_u8(to, 0x82);
        buf_put_u16(to, (uint16_t)length[i]);
        if (i == 1)
            buf_put(to, status, sizeof status);
    }
    for (size_t i = 0; i < letters; i++)
        buf_put_u8(to, 'w');
    buf_put_bytes(to, token);
}

static void sizes(void **state)
{
    OWN(buf_drop) struct buf response = {0}, most = {0}, over = {0}, chain = {0}, kept = {0};
    struct crypt_stamp s;
    stamped(plain, &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    with_words(buf_bytes(&response), 1000, &most);
    size_t more = most.n - 1000;
    buf_clear(&most);
    with_words(buf_bytes(&response), CRYPT_STAMP_BYTES_MAX - more, &over);
    assert_int_equal(over.n, CRYPT_STAMP_BYTES_MAX);
    again(buf_bytes(&over), buf_bytes(&plain_chain), &s, &kept);
    with_words(buf_bytes(&response), CRYPT_STAMP_BYTES_MAX - more + 1, &most);
    refused(buf_bytes(&most), buf_bytes(&plain_chain), "has 1 to 65536 bytes");
    refused(bytes_of("", 0), buf_bytes(&plain_chain), "has 1 to 65536 bytes");
    buf_put_bytes(&chain, buf_bytes(&plain_chain));
    while (chain.n < CRYPT_STAMP_CHAIN_MAX)
        buf_put_u8(&chain, '\n');
    buf_clear(&kept);
    again(buf_bytes(&response), buf_bytes(&chain), &s, &kept);
    buf_put_u8(&chain, '\n');
    refused(buf_bytes(&response), buf_bytes(&chain), "a chain of certificates has 1 to 65536 bytes");
    refused(buf_bytes(&response), bytes_of("", 0), "a chain of certificates has 1 to 65536 bytes");
}

static void cut_off(void **state)
{
    OWN(buf_drop) struct buf response = {0};
    stamped(plain, &(struct authority_answer){.at_unix_s = IN_2001}, &response);
    for (size_t n = 1; n < response.n; n++) {
        OWN(mem_drop) uint8_t *exact = malloc(n);
        memcpy(exact, response.p, n);
        refused(bytes_of(exact, n), buf_bytes(&plain_chain), "or a damaged one");
    }
    buf_put_u8(&response, 0);
    refused(buf_bytes(&response), buf_bytes(&plain_chain), "or a damaged one");
}

/* One bit of each byte: it is refused, or says the same; nothing else comes of it. */
static void flipped(struct bytes what, bool is_response, struct bytes other, const struct crypt_stamp *expect)
{
    struct chance chance = {.state = 7};
    OWN(buf_drop) struct buf changed = {0};
    buf_put_bytes(&changed, what);
    for (size_t i = 0; i < what.n; i++) {
        OWN(buf_drop) struct buf kept = {0};
        struct crypt_stamp s;
        changed.p[i] ^= (uint8_t)(1u << (chance_below(&chance, 8)));
        int rc = is_response ? crypt_stamp_read(buf_bytes(&changed), other, &s, &kept, NULL)
                             : crypt_stamp_read(other, buf_bytes(&changed), &s, &kept, NULL);
        assert_true(rc == 0 || rc == ERR_DAMAGED);
        if (rc == 0)
            assert_same(&s, expect);
        changed.p[i] = what.p[i];
    }
}

static void flips(void **state)
{
    OWN(buf_drop) struct buf response = {0}, kept = {0};
    struct crypt_stamp s;
    stamped(plain, &(struct authority_answer){.at_unix_s = IN_2001, .accuracy_s = 1}, &response);
    again(buf_bytes(&response), buf_bytes(&plain_chain), &s, &kept);
    flipped(buf_bytes(&response), true, buf_bytes(&plain_chain), &s);
    flipped(buf_bytes(&plain_chain), false, buf_bytes(&response), &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_asked),
        cmocka_unit_test(what_is_read),
        cmocka_unit_test(kinds_of_authorities),
        cmocka_unit_test(more_than_is_needed),
        cmocka_unit_test(not_granted),
        cmocka_unit_test(something_else_stamped),
        cmocka_unit_test(policies_and_extensions),
        cmocka_unit_test(certificates_of_another_time),
        cmocka_unit_test(weak_or_too_many),
        cmocka_unit_test(not_for_stamps),
        cmocka_unit_test(foreign_chains),
        cmocka_unit_test(sizes),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(flips),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
