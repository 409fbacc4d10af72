#include "authority.h"

#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <stdio.h>

enum { BETWEEN_MAX = 8, SERIAL_OWN = 7 };
#define YEAR_2000 INT64_C(946684800)
#define YEAR_2100 INT64_C(4102444800)

struct authority {
    EVP_PKEY *key;
    X509 *own;
    X509 *above[BETWEEN_MAX + 1]; /* the root is the last */
    EVP_PKEY *above_key[BETWEEN_MAX + 1];
    size_t above_count;
};

static void good(bool what)
{
    if (!what)
        abort();
}

static EVP_PKEY *key_new(unsigned rsa_bits)
{
    EVP_PKEY *key = rsa_bits != 0 ? EVP_RSA_gen(rsa_bits) : EVP_EC_gen("P-256");
    good(key != NULL);
    return key;
}

static void add_extension(X509 *x, int nid, const char *value)
{
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, NULL, nid, value);
    good(e != NULL && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

struct draft {
    const char *name;
    long serial;
    int64_t from, until;
    EVP_PKEY *key;
    const X509 *issuer; /* NULL: itself */
    EVP_PKEY *issuer_key;
    const char *usage; /* of its key beyond that; NULL: none */
    bool is_root_or_between;
    const EVP_MD *digest;
};

static X509 *certificate(const struct draft *d)
{
    X509 *x = X509_new();
    X509_NAME *name = X509_NAME_new();
    good(x != NULL && name != NULL && X509_set_version(x, X509_VERSION_3) == 1);
    good(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)d->name, -1, -1, 0) == 1);
    good(X509_set_subject_name(x, name) == 1 &&
         X509_set_issuer_name(x, d->issuer != NULL ? X509_get_subject_name(d->issuer) : name) == 1);
    good(ASN1_INTEGER_set(X509_get_serialNumber(x), d->serial) == 1 && X509_set_pubkey(x, d->key) == 1);
    good(ASN1_TIME_set(X509_getm_notBefore(x), d->from) != NULL &&
         ASN1_TIME_set(X509_getm_notAfter(x), d->until) != NULL);
    add_extension(x, NID_basic_constraints, d->is_root_or_between ? "critical,CA:TRUE" : "critical,CA:FALSE");
    add_extension(x, NID_key_usage, d->is_root_or_between ? "critical,keyCertSign" : "critical,digitalSignature");
    if (d->usage != NULL)
        add_extension(x, NID_ext_key_usage, d->usage);
    good(X509_sign(x, d->issuer_key, d->digest) > 0);
    X509_NAME_free(name);
    return x;
}

static X509 *own_certificate(const struct authority *a, const struct authority_wish *wish, const char *usage)
{
    bool when = wish->from_unix_s != 0 || wish->until_unix_s != 0;
    struct draft d = {.name = "Stamps \xea\xb0\x80",
                      .serial = SERIAL_OWN,
                      .from = when ? wish->from_unix_s : YEAR_2000,
                      .until = when ? wish->until_unix_s : YEAR_2100,
                      .key = a->key,
                      .issuer = a->above[0],
                      .issuer_key = a->above_key[0],
                      .usage = usage,
                      .digest = wish->sha1_under_certificate ? EVP_sha1() : EVP_sha256()};
    return certificate(&d);
}

struct authority *authority_new(const struct authority_wish *wish)
{
    struct authority *a = calloc(1, sizeof *a);
    good(a != NULL && wish->between <= BETWEEN_MAX);
    a->above_count = wish->between + 1;
    a->key = key_new(wish->rsa_bits);
    for (size_t i = a->above_count; i-- > 0;) {
        char name[64];
        bool root = i + 1 == a->above_count;
        (void)snprintf(name, sizeof name, root ? "%s" : "%s, between %zu", wish->name, i);
        a->above_key[i] = key_new(0);
        struct draft d = {.name = name,
                          .serial = 1 + (long)i,
                          .from = YEAR_2000,
                          .until = YEAR_2100,
                          .key = a->above_key[i],
                          .issuer = root ? NULL : a->above[i + 1],
                          .issuer_key = root ? a->above_key[i] : a->above_key[i + 1],
                          .is_root_or_between = true,
                          .digest = EVP_sha256()};
        a->above[i] = certificate(&d);
    }
    a->own = own_certificate(a, wish, "critical,timeStamping");
    return a;
}

void authority_drop(struct authority **a)
{
    if (*a == NULL)
        return;
    for (size_t i = 0; i < (*a)->above_count; i++) {
        X509_free((*a)->above[i]);
        EVP_PKEY_free((*a)->above_key[i]);
    }
    X509_free((*a)->own);
    EVP_PKEY_free((*a)->key);
    free(*a);
    *a = NULL;
}

static void put_pem(X509 *x, struct buf *to)
{
    BIO *b = BIO_new(BIO_s_mem());
    const char *text = NULL;
    good(b != NULL && PEM_write_bio_X509(b, x) == 1);
    long n = BIO_get_mem_data(b, &text);
    buf_put(to, text, (size_t)n);
    BIO_free(b);
}

void authority_chain(const struct authority *a, struct buf *to)
{
    for (size_t i = 0; i < a->above_count; i++)
        put_pem(a->above[i], to);
}

void authority_own(const struct authority *a, struct buf *to)
{
    put_pem(a->own, to);
}

void authority_twin(const struct authority *a, enum authority_usage usage, struct buf *to)
{
    static const char *const usages[] = {
        [USAGE_STAMPS] = "critical,timeStamping",
        [USAGE_NOT_CRITICAL] = "timeStamping",
        [USAGE_TWO] = "critical,timeStamping,emailProtection",
        [USAGE_OTHER] = "critical,emailProtection",
        [USAGE_NONE] = NULL,
    };
    const struct authority_wish wish = {.from_unix_s = YEAR_2000 + 1, .until_unix_s = YEAR_2100};
    X509 *x = own_certificate(a, &wish, usages[usage]);
    put_pem(x, to);
    X509_free(x);
}

/* ---- asking ---- */

static X509_EXTENSION *extension_new(bool critical)
{
    static const uint8_t null[] = {0x05, 0x00};
    ASN1_OBJECT *object = OBJ_txt2obj("1.3.6.1.4.1.54321.2", 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    good(object != NULL && value != NULL && ASN1_OCTET_STRING_set(value, null, sizeof null) == 1);
    X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, object, critical, value);
    good(e != NULL);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
    return e;
}

void authority_asked(const struct authority_asked *asked, struct buf *to)
{
    TS_REQ *r = TS_REQ_new();
    TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
    X509_ALGOR *algorithm = X509_ALGOR_new();
    ASN1_INTEGER *nonce = ASN1_INTEGER_new();
    OWN(buf_drop) struct buf imprint = {0};
    buf_put_bytes(&imprint, asked->imprint);
    good(r != NULL && m != NULL && algorithm != NULL && nonce != NULL &&
         X509_ALGOR_set0(algorithm, OBJ_txt2obj(asked->digest, 0), V_ASN1_NULL, NULL) == 1);
    good(TS_MSG_IMPRINT_set_algo(m, algorithm) == 1 && TS_MSG_IMPRINT_set_msg(m, imprint.p, (int)imprint.n) == 1);
    good(ASN1_INTEGER_set_uint64(nonce, asked->nonce) == 1 && TS_REQ_set_version(r, 1) == 1);
    good(TS_REQ_set_msg_imprint(r, m) == 1 && (asked->no_nonce || TS_REQ_set_nonce(r, nonce) == 1));
    good(TS_REQ_set_cert_req(r, !asked->no_certificate) == 1);
    X509_EXTENSION *e = extension_new(false);
    good(!asked->extended || TS_REQ_add_ext(r, e, -1) == 1);
    X509_EXTENSION_free(e);
    uint8_t *der = NULL;
    int n = i2d_TS_REQ(r, &der);
    good(n > 0);
    buf_put(to, der, (size_t)n);
    OPENSSL_free(der);
    ASN1_INTEGER_free(nonce);
    X509_ALGOR_free(algorithm);
    TS_MSG_IMPRINT_free(m);
    TS_REQ_free(r);
}

/* ---- answering ---- */

static int clock_of(struct TS_resp_ctx *c, void *context, long *ret_s, long *ret_us)
{
    const struct authority_answer *as = context;
    (void)c;
    *ret_s = (long)as->at_unix_s;
    *ret_us = as->at_us;
    return 1;
}

static bool strange; /* of the answer at hand: libcrypto 3.0 gives this callback no context */

/* Called when the request has one; the answer has one then, which may be critical. */
static int extension_of(struct TS_resp_ctx *c, X509_EXTENSION *asked, void *context)
{
    X509_EXTENSION *e = extension_new(strange);
    (void)asked, (void)context;
    good(TS_TST_INFO_add_ext(TS_RESP_CTX_get_tst_info(c), e, -1) == 1);
    X509_EXTENSION_free(e);
    return 1;
}

static TS_RESP_CTX *context_new(const struct authority *a, const struct authority_answer *as)
{
    TS_RESP_CTX *c = TS_RESP_CTX_new();
    ASN1_OBJECT *policy = OBJ_txt2obj(as->policy != NULL ? as->policy : "1.3.6.1.4.1.54321.1", 1);
    good(c != NULL && policy != NULL && TS_RESP_CTX_set_signer_cert(c, a->own) == 1);
    good(TS_RESP_CTX_set_signer_key(c, a->key) == 1 && TS_RESP_CTX_set_def_policy(c, policy) == 1);
    good(TS_RESP_CTX_set_signer_digest(c, as->digest_sha1 ? EVP_sha1() : EVP_sha256()) == 1);
    good(TS_RESP_CTX_set_ess_cert_id_digest(c, as->ess_sha1 ? EVP_sha1() : EVP_sha256()) == 1);
    good(TS_RESP_CTX_add_md(c, EVP_sha256()) == 1 && TS_RESP_CTX_add_md(c, EVP_sha1()) == 1);
    good(TS_RESP_CTX_set_accuracy(c, (int)as->accuracy_s, (int)as->accuracy_ms, (int)as->accuracy_us) == 1);
    good(as->at_us == 0 || TS_RESP_CTX_set_clock_precision_digits(c, 6) == 1);
    TS_RESP_CTX_set_time_cb(c, clock_of, (void *)(uintptr_t)as);
    TS_RESP_CTX_set_extension_cb(c, extension_of, NULL);
    strange = as->strange;
    ASN1_OBJECT_free(policy);
    return c;
}

/* In the place of the status that it was given: libcrypto would leave out the time-stamp of what is not granted. */
static void status_of(TS_RESP *r, const struct authority_answer *as)
{
    TS_STATUS_INFO *status = TS_STATUS_INFO_new();
    good(status != NULL && TS_STATUS_INFO_set_status(status, as->status) == 1);
    good(TS_RESP_set_status_info(r, status) == 1);
    TS_STATUS_INFO_free(status);
}

void authority_answer(const struct authority *a, struct bytes request, const struct authority_answer *as,
                      struct buf *to)
{
    TS_RESP_CTX *c = context_new(a, as);
    BIO *b = BIO_new_mem_buf(request.p, (int)request.n);
    good(b != NULL);
    TS_RESP *r = TS_RESP_create_response(c, b);
    good(r != NULL);
    if (as->status != 0)
        status_of(r, as);
    uint8_t *der = NULL;
    int n = i2d_TS_RESP(r, &der);
    good(n > 0);
    buf_put(to, der, (size_t)n);
    OPENSSL_free(der);
    TS_RESP_free(r);
    BIO_free(b);
    TS_RESP_CTX_free(c);
}
