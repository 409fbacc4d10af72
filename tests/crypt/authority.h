/*
 * A time-stamp authority of the tests, with a clock and with mistakes of our choosing: made by libcrypto's other half,
 * the one that stamps.
 */
#ifndef TESTS_CRYPT_AUTHORITY_H
#define TESTS_CRYPT_AUTHORITY_H

#include "crypt/crypt.h"

enum authority_usage { USAGE_STAMPS, USAGE_NOT_CRITICAL, USAGE_TWO, USAGE_OTHER, USAGE_NONE };
struct authority_wish {
    const char *name;                   /* of its root */
    int64_t from_unix_s, until_unix_s;  /* its own certificate; both 0: from 2000 to 2100 as its root's */
    unsigned between;                   /* certificates between its own and its root's */
    unsigned rsa_bits;                  /* 0: P-256 */
    bool sha1_under_certificate;        /* its certificate is signed over SHA-1 */
};
struct authority;
struct authority *authority_new(const struct authority_wish *wish);
void authority_drop(struct authority **a);
/* The root and what is between, as a person would be given them; its own certificate. */
void authority_chain(const struct authority *a, struct buf *to);
void authority_own(const struct authority *a, struct buf *to);
/* Another certificate with the same name, number and key, for ${usage}. */
void authority_twin(const struct authority *a, enum authority_usage usage, struct buf *to);

struct authority_asked {
    const char *digest; /* "SHA256" */
    struct bytes imprint;
    uint64_t nonce;
    bool no_nonce, no_certificate, extended;
};
void authority_asked(const struct authority_asked *asked, struct buf *to);

struct authority_answer {
    int64_t at_unix_s;
    unsigned at_us; /* of a second; written when it is not 0 */
    unsigned accuracy_s, accuracy_ms, accuracy_us;
    int status;         /* 0 is granted */
    const char *policy; /* NULL: a short one */
    bool ess_sha1;      /* ESSCertID instead of ESSCertIDv2 */
    bool digest_sha1;   /* what is signed is digested so */
    bool strange;       /* with an extension that nobody knows and that must be understood */
};
/* The response to a request; what it does not grant has no time-stamp. */
void authority_answer(const struct authority *a, struct bytes request, const struct authority_answer *as,
                      struct buf *to);

#endif
