/*
 * Inside crypt/: what its files share.
 */
#ifndef CRYPT_CRYPT_INTERNAL_H
#define CRYPT_CRYPT_INTERNAL_H

#include "crypt/crypt.h"

#include <openssl/evp.h>
#include <openssl/sha.h>

/* Fetched once by crypt_start and kept to the end of the program: a fetch costs more than a small hash. */
extern EVP_CIPHER *crypt_gcm_method;

/* What each file prepares for itself.  0, or ERR_IO. */
int crypt_aead_start(struct err *e);
int crypt_random_start(struct err *e);
bool crypt_share_start(void); /* false: libgfshare computes wrong results */
bool crypt_lanes_start(void); /* false: the processor's SHA instructions compute wrong results */
bool crypt_derive_start(void); /* false: so do those that derive many keys at once, */
bool crypt_merkle_start(void); /* or hash many leaves and nodes */

/*
 * An incremental hash: h has the state, as words, up to the last whole block; num bytes of the next one wait in it.
 * crypt_sha256_edge: adds of ${x} what fills a block that was begun; *ret is what is left of ${x}.
 * crypt_sha256_blocks: ${blocks} whole blocks were done elsewhere, and h is the state behind them.
 */
struct crypt_sha256 {
    SHA256_CTX context;
};
struct bytes crypt_sha256_edge(struct crypt_sha256 *c, struct bytes x);
void crypt_sha256_blocks(struct crypt_sha256 *c, size_t blocks);

/*
 * crypt_wide_blocks: the next ${blocks} blocks of 64 bytes of each of sixteen messages; state[i][m] is word i of the
 * state of message m.  Only where crypt_wide_supported.  crypt_wide_begin: the state before the first block;
 * crypt_wide_digest: the hash of message ${m}, behind its last.
 */
enum { CRYPT_WIDE = 16 };
bool crypt_wide_supported(void);
void crypt_wide_begin(uint32_t state[8][CRYPT_WIDE]);
void crypt_wide_digest(uint32_t state[8][CRYPT_WIDE], size_t m, uint8_t to[CRYPT_HASH]);
void crypt_wide_blocks(uint32_t state[8][CRYPT_WIDE], const uint8_t *const p[CRYPT_WIDE], size_t blocks);

/* HMAC-SHA256 (RFC 2104) over a || b || c: the parts spare the callers a buffer. */
void crypt_hmac(struct bytes key, struct bytes a, struct bytes b, struct bytes c, uint8_t ret[CRYPT_HASH]);
/* HKDF-SHA256 (RFC 5869), the expansion to 32 bytes with info = label || context. */
void crypt_hkdf_extract(struct bytes salt, struct bytes input, struct key *ret);
void crypt_hkdf_expand(const struct key *prk, struct bytes label, struct bytes context, struct key *ret);

/* A libcrypto that passed crypt_start and then refuses an operation cannot be trusted with anything; that it had no
 * memory is the one good reason. */
static inline void crypt_must(int openssl_result)
{
    if (openssl_result != 1)
        err_memory_end();
}

#endif
