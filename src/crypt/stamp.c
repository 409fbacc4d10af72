/*
 * Time-stamps.  All ASN.1 here is read by libcrypto; this file decides what is asked of it, and turns what an authority
 * said into plain fields.  Whatever is not checked here is not handed out.
 */
#include "crypt/crypt_internal.h"

#include "base/text.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <time.h>

enum {
    CERTIFICATES_GIVEN_MAX = 64, /* in one file, and in one token */
    CHAIN_BETWEEN_MAX = CRYPT_STAMP_CERTIFICATES_MAX - 2, /* certificates between the authority's and the root */
    STRENGTH_LEVEL = 2, /* libcrypto's: 112 bits, so no SHA-1 under a certificate and no RSA below 2048 */
    DIGEST_MIN = 32,
    THOUSAND = 1000,
};
#define SECONDS_MAX (INT64_C(1) << 31)

/* What OWN calls for each of libcrypto's types. */
#define DROP(name, type, free_it)                                                                                      \
    static void name##_drop(type **x) /* NOLINT(bugprone-macro-parentheses): a type has none */                        \
    {                                                                                                                  \
        free_it(*x);                                                                                                   \
    }
DROP(request, TS_REQ, TS_REQ_free)
DROP(imprint, TS_MSG_IMPRINT, TS_MSG_IMPRINT_free)
DROP(algorithm, X509_ALGOR, X509_ALGOR_free)
DROP(integer, ASN1_INTEGER, ASN1_INTEGER_free)
DROP(response, TS_RESP, TS_RESP_free)
DROP(context, X509_STORE_CTX, X509_STORE_CTX_free)
DROP(verify, TS_VERIFY_CTX, TS_VERIFY_CTX_free)
DROP(bio, BIO, BIO_free_all)
DROP(usage, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)
DROP(borrowed, STACK_OF(X509), sk_X509_free)

static void list_drop(STACK_OF(X509) **l)
{
    sk_X509_pop_free(*l, X509_free);
}

/* Why libcrypto refused; its queue is left empty. */
static const char *reason(void)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    ERR_clear_error();
    return words != NULL ? words : text_tr("no reason is given");
}

/* ---- the request ---- */

static bool request_fill(TS_REQ *r, const struct hash *imprint, uint64_t nonce)
{
    OWN(imprint_drop) TS_MSG_IMPRINT *m = TS_MSG_IMPRINT_new();
    OWN(algorithm_drop) X509_ALGOR *a = X509_ALGOR_new();
    OWN(integer_drop) ASN1_INTEGER *n = ASN1_INTEGER_new();
    struct hash digest = *imprint;
    return r != NULL && m != NULL && a != NULL && n != NULL &&
           X509_ALGOR_set0(a, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1 && TS_MSG_IMPRINT_set_algo(m, a) == 1 &&
           TS_MSG_IMPRINT_set_msg(m, digest.b, CRYPT_HASH) == 1 && ASN1_INTEGER_set_uint64(n, nonce) == 1 &&
           TS_REQ_set_version(r, 1) == 1 && TS_REQ_set_msg_imprint(r, m) == 1 && TS_REQ_set_nonce(r, n) == 1 &&
           TS_REQ_set_cert_req(r, 1) == 1;
}

int crypt_stamp_request(const struct hash *imprint, uint64_t nonce, struct buf *to, struct err *e)
{
    OWN(request_drop) TS_REQ *r = TS_REQ_new();
    int n = request_fill(r, imprint, nonce) ? i2d_TS_REQ(r, NULL) : -1;
    ERR_clear_error();
    if (n <= 0)
        return err_memory(e);
    uint8_t *p = buf_more(to, (size_t)n);
    if (p == NULL)
        return err_memory(e);
    crypt_must(i2d_TS_REQ(r, &p) == n);
    return 0;
}

/* ---- times and numbers ---- */

static bool unix_time(const ASN1_TIME *t, int64_t *ret)
{
    struct tm tm;
    if (ASN1_TIME_to_tm(t, &tm) != 1)
        return false;
    *ret = (int64_t)timegm(&tm);
    return true;
}

/* A second that has begun counts whole: what is proven is "no later than". */
static bool generated(const ASN1_GENERALIZEDTIME *t, int64_t *ret_floor, int64_t *ret_ceiling)
{
    if (t == NULL || !unix_time(t, ret_floor))
        return false;
    const uint8_t *p = ASN1_STRING_get0_data(t);
    int n = ASN1_STRING_length(t);
    *ret_ceiling = *ret_floor + (memchr(p, '.', (size_t)n) != NULL);
    return p[n - 1] == 'Z';
}

static bool small_number(const ASN1_INTEGER *n, int64_t most, uint64_t *ret)
{
    int64_t v = 0;
    *ret = 0;
    if (n == NULL)
        return true;
    if (ASN1_INTEGER_get_int64(&v, n) != 1 || v < 0 || v > most)
        return false;
    *ret = (uint64_t)v;
    return true;
}

static bool accuracy_of(TS_TST_INFO *info, uint64_t *ret_us)
{
    TS_ACCURACY *a = TS_TST_INFO_get_accuracy(info);
    uint64_t s = 0, ms = 0, us = 0;
    *ret_us = 0;
    if (a == NULL)
        return true;
    bool good = small_number(TS_ACCURACY_get_seconds(a), SECONDS_MAX, &s) &&
                small_number(TS_ACCURACY_get_millis(a), THOUSAND - 1, &ms) &&
                small_number(TS_ACCURACY_get_micros(a), THOUSAND - 1, &us);
    *ret_us = (s * THOUSAND + ms) * THOUSAND + us;
    return good;
}

/* ---- what is stamped ---- */

static int status_granted(TS_RESP *r, struct err *e)
{
    static const char *const words[] = {"granted", "grantedWithMods", "rejection", "waiting", "revocationWarning",
                                        "revocationNotification"};
    int64_t v = -1;
    if (ASN1_INTEGER_get_int64(&v, TS_STATUS_INFO_get0_status(TS_RESP_get_status_info(r))) == 1 && v == 0)
        return 0;
    return err_set(e, ERR_DAMAGED, "the authority did not grant a time-stamp: it answered with status %lld (%s)",
                   (long long)v, v >= 0 && v < (int64_t)COUNT(words) ? words[v] : "?");
}

static int imprint_of(TS_TST_INFO *info, struct hash *ret, struct err *e)
{
    TS_MSG_IMPRINT *m = TS_TST_INFO_get_msg_imprint(info);
    const ASN1_OBJECT *algorithm = NULL;
    int parameter = V_ASN1_UNDEF;
    X509_ALGOR_get0(&algorithm, &parameter, NULL, TS_MSG_IMPRINT_get_algo(m));
    const ASN1_OCTET_STRING *digest = TS_MSG_IMPRINT_get_msg(m);
    if (OBJ_obj2nid(algorithm) != NID_sha256 || (parameter != V_ASN1_UNDEF && parameter != V_ASN1_NULL) ||
        ASN1_STRING_length(digest) != CRYPT_HASH)
        return err_set(e, ERR_DAMAGED, "what is stamped is no SHA-256: only that was asked for");
    memcpy(ret->b, ASN1_STRING_get0_data(digest), CRYPT_HASH);
    return 0;
}

static int info_read(TS_TST_INFO *info, struct crypt_stamp *ret, int64_t *ret_floor, struct err *e)
{
    int rc = imprint_of(info, &ret->imprint, e);
    if (rc != 0)
        return rc;
    if (!generated(TS_TST_INFO_get_time(info), ret_floor, &ret->at_unix_s) || !accuracy_of(info, &ret->accuracy_us))
        return err_set(e, ERR_DAMAGED, "the time in the time-stamp, or its accuracy, is not in the form of RFC 3161");
    if (TS_TST_INFO_get_nonce(info) == NULL || ASN1_INTEGER_get_uint64(&ret->nonce, TS_TST_INFO_get_nonce(info)) != 1)
        return err_set(e, ERR_DAMAGED, "the time-stamp has no nonce, or another one than was asked with");
    int n = OBJ_obj2txt(ret->policy, sizeof ret->policy, TS_TST_INFO_get_policy_id(info), 1);
    if (n <= 0 || (size_t)n >= sizeof ret->policy)
        return err_set(e, ERR_DAMAGED, "the time-stamp has no policy that can be written down");
    if (TS_TST_INFO_get_ext_by_critical(info, 1, -1) >= 0)
        return err_set(e, ERR_DAMAGED, "the time-stamp has an extension that must be understood and is not");
    return 0;
}

/* ---- certificates ---- */

struct trust {
    X509_STORE *roots;       /* certificates that sign themselves, from the file and from nowhere else */
    STACK_OF(X509) *between; /* all others of the file */
};

static void trust_release(struct trust *t)
{
    X509_STORE_free(t->roots);
    sk_X509_pop_free(t->between, X509_free);
}

/* Nobody is asked for the passphrase of something that is no certificate. */
static int no_passphrase(char *to, int room, int writing, void *context)
{
    (void)to, (void)room, (void)writing, (void)context;
    return -1;
}

static int trust_add(struct trust *t, X509 *x, unsigned *roots, struct err *e)
{
    bool root = X509_self_signed(x, 1) == 1;
    bool added = root ? X509_STORE_add_cert(t->roots, x) == 1
                      : X509_add_cert(t->between, x, X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP) == 1;
    *roots += root;
    return added ? 0 : err_memory(e);
}

static int trust_read(struct trust *t, struct bytes pem, struct err *e)
{
    OWN(bio_drop) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    unsigned count = 0, roots = 0;
    int rc = 0;
    t->roots = X509_STORE_new();
    t->between = sk_X509_new_null();
    if (b == NULL || t->roots == NULL || t->between == NULL)
        return err_memory(e);
    for (X509 *x; rc == 0 && count <= CERTIFICATES_GIVEN_MAX && (x = PEM_read_bio_X509(b, NULL, no_passphrase, NULL));
         count++) {
        rc = trust_add(t, x, &roots, e);
        X509_free(x);
    }
    bool ended = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    if (rc == 0 && count > CERTIFICATES_GIVEN_MAX)
        rc = err_set(e, ERR_DAMAGED, "more than %d certificates: give the authority's chain alone",
                     CERTIFICATES_GIVEN_MAX);
    if (rc == 0 && !ended)
        rc = err_set(e, ERR_DAMAGED, "certificate %u of the chain is damaged, or is none", count + 1);
    if (rc == 0 && roots == 0)
        rc = err_set(e, ERR_DAMAGED, "no certificate of the chain signs itself: the root must be among them");
    return rc;
}

/* At this moment, whenever that was: the authority has to be trusted only while it stamps. */
static void trust_at(struct trust *t, int64_t at_unix_s)
{
    X509_VERIFY_PARAM *p = X509_STORE_get0_param(t->roots);
    X509_VERIFY_PARAM_set_time(p, (time_t)at_unix_s);
    X509_VERIFY_PARAM_set_auth_level(p, STRENGTH_LEVEL);
    X509_VERIFY_PARAM_set_depth(p, CHAIN_BETWEEN_MAX);
}

static int signer_of(PKCS7 *token, const struct trust *t, X509 **ret, struct err *e)
{
    if (!PKCS7_type_is_signed(token) || sk_PKCS7_SIGNER_INFO_num(PKCS7_get_signer_info(token)) != 1 ||
        sk_X509_num(token->d.sign->cert) > CERTIFICATES_GIVEN_MAX)
        return err_set(e, ERR_DAMAGED, "the time-stamp is not signed by just one authority");
    OWN(borrowed_drop) STACK_OF(X509) *signers = PKCS7_get0_signers(token, t->between, 0);
    if (sk_X509_num(signers) != 1)
        return err_set(e, ERR_DAMAGED, "the certificate of who signed is neither in the response nor in the chain");
    *ret = sk_X509_value(signers, 0);
    const PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(PKCS7_get_signer_info(token), 0);
    const EVP_MD *digest = EVP_get_digestbyobj(si->digest_alg->algorithm);
    if (digest == NULL || EVP_MD_get_size(digest) < DIGEST_MIN)
        return err_set(e, ERR_DAMAGED, "the time-stamp is signed over a digest that is too short");
    return 0;
}

/* RFC 3161, 2.3: stamping alone, and who does not know that must refuse the certificate. */
static int stamps_alone(X509 *x, struct err *e)
{
    int critical = -1;
    OWN(usage_drop) EXTENDED_KEY_USAGE *u = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
    if (u != NULL && critical == 1 && sk_ASN1_OBJECT_num(u) == 1 &&
        OBJ_obj2nid(sk_ASN1_OBJECT_value(u, 0)) == NID_time_stamp)
        return 0;
    return err_set(e, ERR_DAMAGED,
                   "the certificate of who signed is not for time-stamping alone (extended key usage, critical)");
}

static bool untrusted_all(PKCS7 *token, const struct trust *t, STACK_OF(X509) *to)
{
    const int flags = X509_ADD_FLAG_UP_REF | X509_ADD_FLAG_NO_DUP;
    return X509_add_certs(to, t->between, flags) == 1 &&
           (token->d.sign->cert == NULL || X509_add_certs(to, token->d.sign->cert, flags) == 1);
}

static void certificate_hash(const X509 *x, struct hash *ret)
{
    unsigned n = 0;
    crypt_must(X509_digest(x, EVP_sha256(), ret->b, &n));
}

static int name_of(const X509 *x, char to[CRYPT_STAMP_NAME_MAX], struct err *e)
{
    OWN(bio_drop) BIO *b = BIO_new(BIO_s_mem());
    const char *text = NULL;
    if (b == NULL ||
        X509_NAME_print_ex(b, X509_get_subject_name(x), 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) < 0)
        return err_memory(e);
    long n = BIO_get_mem_data(b, &text);
    (void)snprintf(to, CRYPT_STAMP_NAME_MAX, "%.*s", (int)n, n > 0 ? text : "");
    return 0;
}

static int certificate_put(X509 *x, struct buf *to, struct err *e)
{
    OWN(bio_drop) BIO *b = BIO_new(BIO_s_mem());
    const char *text = NULL;
    if (b == NULL || PEM_write_bio_X509(b, x) != 1)
        return err_memory(e);
    long n = BIO_get_mem_data(b, &text);
    buf_put(to, text, (size_t)n);
    return buf_check(to, e);
}

static int chain_take(STACK_OF(X509) *chain, struct crypt_stamp *ret, struct buf *ret_chain, struct err *e)
{
    int count = sk_X509_num(chain);
    int rc = name_of(sk_X509_value(chain, 0), ret->name, e);
    certificate_hash(sk_X509_value(chain, 0), &ret->authority);
    certificate_hash(sk_X509_value(chain, count - 1), &ret->root);
    ret->until_unix_s = INT64_MAX;
    for (int i = 0; rc == 0 && i < count; i++) {
        X509 *x = sk_X509_value(chain, i);
        int64_t until = 0;
        if (!unix_time(X509_get0_notAfter(x), &until))
            return err_set(e, ERR_DAMAGED, "a certificate of the chain does not say until when it is valid");
        ret->until_unix_s = until < ret->until_unix_s ? until : ret->until_unix_s;
        rc = certificate_put(x, ret_chain, e);
    }
    return rc;
}

static int chain_check(PKCS7 *token, const struct trust *t, X509 *signer, struct crypt_stamp *ret,
                       struct buf *ret_chain, struct err *e)
{
    OWN(list_drop) STACK_OF(X509) *untrusted = sk_X509_new_null();
    OWN(context_drop) X509_STORE_CTX *c = X509_STORE_CTX_new();
    if (untrusted == NULL || c == NULL || !untrusted_all(token, t, untrusted) ||
        X509_STORE_CTX_init(c, t->roots, signer, untrusted) != 1 ||
        X509_STORE_CTX_set_purpose(c, X509_PURPOSE_TIMESTAMP_SIGN) != 1)
        return err_memory(e);
    if (X509_verify_cert(c) != 1)
        return err_set(e, ERR_DAMAGED, "the certificate of who signed was not good when it stamped: %s",
                       X509_verify_cert_error_string(X509_STORE_CTX_get_error(c)));
    return chain_take(X509_STORE_CTX_get0_chain(c), ret, ret_chain, e);
}

/* Signature, ESSCertID or ESSCertIDv2, version, and the authority's name where it says one. */
static int token_verify(TS_RESP *r, const struct trust *t, struct err *e)
{
    OWN(verify_drop) TS_VERIFY_CTX *c = TS_VERIFY_CTX_new();
    STACK_OF(X509) *between = X509_chain_up_ref(t->between);
    if (c == NULL || between == NULL || X509_STORE_up_ref(t->roots) != 1) {
        sk_X509_pop_free(between, X509_free);
        return err_memory(e);
    }
    (void)TS_VERIFY_CTX_set_flags(c, TS_VFY_SIGNATURE | TS_VFY_VERSION | TS_VFY_SIGNER);
    (void)TS_VERIFY_CTX_set_store(c, t->roots);
    (void)TS_VERIFY_CTX_set_certs(c, between);
    if (TS_RESP_verify_response(c, r) == 1)
        return 0;
    return err_set(e, ERR_DAMAGED, "the time-stamp is not what its authority signed: %s", reason());
}

/* ---- all of it ---- */

static int response_parse(struct bytes response, TS_RESP **ret, struct err *e)
{
    const uint8_t *p = response.p;
    if (response.n == 0 || response.n > CRYPT_STAMP_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "a time-stamp response has 1 to %d bytes", CRYPT_STAMP_BYTES_MAX);
    *ret = d2i_TS_RESP(NULL, &p, (long)response.n);
    if (*ret == NULL || p != response.p + response.n)
        return err_set(e, ERR_DAMAGED, "it is no time-stamp response (RFC 3161), or a damaged one");
    int rc = status_granted(*ret, e);
    if (rc == 0 && (TS_RESP_get_token(*ret) == NULL || TS_RESP_get_tst_info(*ret) == NULL))
        rc = err_set(e, ERR_DAMAGED, "the response holds no time-stamp");
    return rc;
}

static int stamp_read(struct bytes response, struct bytes chain, struct crypt_stamp *ret, struct buf *ret_chain,
                      struct err *e)
{
    OWN(response_drop) TS_RESP *r = NULL;
    OWN(trust_release) struct trust t = {0};
    X509 *signer = NULL;
    int64_t at = 0;
    if (chain.n == 0 || chain.n > CRYPT_STAMP_CHAIN_MAX)
        return err_set(e, ERR_DAMAGED, "a chain of certificates has 1 to %d bytes", CRYPT_STAMP_CHAIN_MAX);
    int rc = response_parse(response, &r, e);
    if (rc == 0)
        rc = info_read(TS_RESP_get_tst_info(r), ret, &at, e);
    if (rc == 0)
        rc = trust_read(&t, chain, e);
    if (rc != 0)
        return rc;
    trust_at(&t, at);
    rc = signer_of(TS_RESP_get_token(r), &t, &signer, e);
    if (rc == 0)
        rc = stamps_alone(signer, e);
    if (rc == 0)
        rc = chain_check(TS_RESP_get_token(r), &t, signer, ret, ret_chain, e);
    return rc == 0 ? token_verify(r, &t, e) : rc;
}

int crypt_stamp_read(struct bytes response, struct bytes chain, struct crypt_stamp *ret, struct buf *ret_chain,
                     struct err *e)
{
    OWN(buf_drop) struct buf built = {0}, again = {0};
    struct crypt_stamp stamp = {0}, second = {0};
    ERR_clear_error();
    int rc = stamp_read(response, chain, &stamp, &built, e);
    /* What is kept must prove the same by itself. */
    if (rc == 0 && !bytes_equal(buf_bytes(&built), chain))
        rc = stamp_read(response, buf_bytes(&built), &second, &again, e);
    if (rc == 0 && again.n != 0 && !bytes_equal(buf_bytes(&built), buf_bytes(&again)))
        rc = err_set(e, ERR_DAMAGED, "several chains lead from the authority to a root: give one of them");
    ERR_clear_error();
    if (rc != 0)
        return rc;
    *ret = stamp;
    buf_put_bytes(ret_chain, buf_bytes(&built));
    return buf_check(ret_chain, e);
}
