/*
 * Cryptography: the only room that knows libcrypto and libsodium.
 *
 * Everything has one purpose: keys are derived with a purpose string each (HKDF-SHA256, RFC 5869), signatures are
 * made over a purpose string unless a foreign format (C2SP signed notes) fixes the message, and every AES-256-GCM key
 * encrypts with distinct nonces only.  FORMAT 2.
 *
 * crypt_start must have returned 0 before anything else is called.  Afterwards all functions are thread-safe.
 * Operations on memory cannot fail for reasons of the world: a libcrypto that refuses AES or SHA-256 is a broken
 * installation and is found by crypt_start's known-answer tests; later refusals abort.
 */
#ifndef CRYPT_CRYPT_H
#define CRYPT_CRYPT_H

#include "base/bytes.h"

enum {
    CRYPT_HASH = 32,
    CRYPT_KEY = 32,
    CRYPT_SALT = 32,
    CRYPT_TAG = 16,
    CRYPT_SIGNATURE = 64,
    CRYPT_PUBLIC = 32,
    CRYPT_BOX_OVERHEAD = 48 + 32, /* sealed box, and the hash that binds its context */
    CRYPT_PASSES_MIN = 1,
    CRYPT_PASSES_MAX = 16,
    CRYPT_MEMORY_KIB_MIN = 8 * 1024,
    CRYPT_MEMORY_KIB_MAX = 1024 * 1024,
    CRYPT_PASSPHRASE_MAX = 4096,
    CRYPT_SHARES_MAX = 16,
    CRYPT_STAMP_BYTES_MAX = 1 << 16,  /* of a time-stamp response */
    CRYPT_STAMP_CHAIN_MAX = 1 << 16,  /* of its certificates, as text */
    CRYPT_STAMP_CERTIFICATES_MAX = 8, /* from the authority's to the root's */
    CRYPT_STAMP_POLICY_MAX = 128,
    CRYPT_STAMP_NAME_MAX = 512,
    CRYPT_AGE_RECIPIENT = 62 + 1,      /* of age, as text with its zero byte: age1... */
    CRYPT_AGE_IDENTITY = 74 + 1,       /* AGE-SECRET-KEY-1... */
    CRYPT_AGE_RECIPIENTS_MAX = 16,     /* of one file that we write */
    CRYPT_AGE_STANZAS_MAX = 256,       /* of one that we read */
    CRYPT_AGE_HEADER_MAX = 1 << 16,    /* its bytes up to the payload */
    CRYPT_AGE_PLAIN_MAX = 1 << 20,     /* what one holds */
    CRYPT_AGE_FILE_MAX = CRYPT_AGE_PLAIN_MAX + CRYPT_AGE_HEADER_MAX + 16 + 16 * 17,
};

/* crypt_start(e): once, before threads.  Known-answer tests of SHA-256, AES-256-GCM, HKDF, Ed25519.  ERR_IO. */
int crypt_start(struct err *e);

struct hash {
    uint8_t b[CRYPT_HASH];
};
/* A secret of 32 bytes.  Its drop wipes it; it never appears in an error line. */
struct key {
    uint8_t b[CRYPT_KEY];
};
void key_drop(struct key *k);
/*
 * crypt_secret_new: ${n} zeroed bytes for keys that live longer than a function: in locked memory where the system
 * allows it (ulimit -l), and never in a core dump.  NULL: no memory.  crypt_secret_free wipes; NULL is fine.
 * crypt_secret_locked: can it not be written to swap?
 */
void *crypt_secret_new(size_t n);
void crypt_secret_free(void *p);
bool crypt_secret_locked(const void *p, size_t n);
void crypt_wipe(void *p, size_t n);
bool crypt_equal(const void *a, const void *b, size_t n); /* constant time */
static inline bool hash_equal(const struct hash *a, const struct hash *b)
{
    return memcmp(a->b, b->b, CRYPT_HASH) == 0; /* hashes compared here are public */
}

void crypt_random(void *to, size_t n);      /* system randomness, for keys and salts */
void crypt_random_fast(void *to, size_t n); /* the same, buffered per thread for many small draws; wiped as drawn */

/* SHA-256 (FIPS 180-4).  crypt_sha256_many: of ${count} messages, faster than one after another where they are long. */
void crypt_sha256(struct bytes x, struct hash *ret);
void crypt_sha256_many(const struct bytes *x, size_t count, struct hash *ret);
struct crypt_sha256; /* an incremental hash */
struct crypt_sha256 *crypt_sha256_new(void); /* NULL when memory is out */
void crypt_sha256_begin(struct crypt_sha256 *c);
void crypt_sha256_add(struct crypt_sha256 *c, struct bytes x);
void crypt_sha256_so_far(const struct crypt_sha256 *c, struct hash *ret); /* it goes on */
void crypt_sha256_end(struct crypt_sha256 *c, struct hash *ret); /* begin again before further use */
void crypt_sha256_free(struct crypt_sha256 *c); /* wipes */
void crypt_sha256_drop(struct crypt_sha256 **c);
/*
 * crypt_sha256_together(grown, grown_count, x, count, ret): to each incremental hash its pieces, as by crypt_sha256_add
 * in their order, and of the messages ${x} their hashes, as by crypt_sha256_many: all of it side by side.
 */
struct crypt_growth {
    struct crypt_sha256 *to; /* each once only */
    const struct bytes *pieces;
    size_t count;
};
void crypt_sha256_together(const struct crypt_growth *grown, size_t grown_count, const struct bytes *x, size_t count,
                           struct hash *ret);

/* Merkle tree hashing of RFC 6962 section 2.1: 0x00 before a leaf, 0x01 before a node, SHA-256("") for nothing. */
void crypt_leaf_hash(struct bytes entry, struct hash *ret);
void crypt_leaf_hash_many(const struct bytes *entries, size_t count, struct hash *ret);
void crypt_node_hash(const struct hash *left, const struct hash *right, struct hash *ret);
/*
 * Many at once: of entries of ${bytes}, at most CRYPT_LEAF_SHORT, one every ${apart} bytes; and of ${count} pairs that
 * lie behind each other.  ${ret} of the latter may be ${pairs}.
 */
enum { CRYPT_LEAF_SHORT = 54 };
void crypt_leaf_hash_each(const uint8_t *entries, size_t bytes, size_t apart, size_t count, struct hash *ret);
void crypt_node_hash_each(const struct hash *pairs, size_t count, struct hash *ret);

/*
 * Keys from keys (HKDF-SHA256, RFC 5869; L = 32).  A purpose is a C string; a zero byte parts it from what follows.
 * crypt_derive: HKDF-Expand(PRK = ${key}, info = purpose || 0x00 || context).  ${key} is uniformly random already.
 */
void crypt_derive(const struct key *key, const char *purpose, struct bytes context, struct key *ret);
/* crypt_derive_salted: PRK = HKDF-Extract(salt, IKM = ${key}), then HKDF-Expand(PRK, info = purpose || 0x00). */
void crypt_derive_salted(const struct key *key, const uint8_t salt[CRYPT_SALT], const char *purpose, struct key *ret);
/* The same for each of ${count} keys without a context, or salts, side by side.  ${purpose}: at most 53 bytes. */
void crypt_derive_each(const struct key *keys, size_t count, const char *purpose, struct key *ret);
void crypt_derive_salted_each(const struct key *key, const uint8_t (*salts)[CRYPT_SALT], size_t count,
                              const char *purpose, struct key *ret);

/*
 * AES-256-GCM (NIST SP 800-38D).  The nonce is 4 zero bytes and ${nonce} as u64be.  ${to} receives n bytes and the
 * tag (CRYPT_TAG more); it may be the plaintext's own place.  crypt_open: ${sealed} includes the tag; ${to} receives
 * n - CRYPT_TAG bytes and is zeroed on failure; returns 0 or ERR_DAMAGED without words.
 */
void crypt_seal(const struct key *key, uint64_t nonce, struct bytes aad, struct bytes plain, uint8_t *to);
int crypt_open(const struct key *key, uint64_t nonce, struct bytes aad, struct bytes sealed, uint8_t *to);
/*
 * Between the two, what this thread seals and opens by crypt_seal and crypt_open may leave its key where the next one
 * takes its place, which saves wiping between them; the release wipes the last.  By one thread, never one in another.
 */
struct crypt_batch {
    struct crypt_aead *of;
};
void crypt_batch_init(struct crypt_batch *b);
void crypt_batch_release(struct crypt_batch *b);
/* A cipher with its key set up once, for many sectors under one key.  Not shared between threads. */
struct crypt_aead;
struct crypt_aead *crypt_aead_new(void); /* NULL when memory is out */
void crypt_aead_key(struct crypt_aead *c, const struct key *key);
void crypt_aead_seal(struct crypt_aead *c, uint64_t nonce, struct bytes aad, struct bytes plain, uint8_t *to);
int crypt_aead_open(struct crypt_aead *c, uint64_t nonce, struct bytes aad, struct bytes sealed, uint8_t *to);
void crypt_aead_free(struct crypt_aead *c);
void crypt_aead_drop(struct crypt_aead **c);

/* Ed25519 (RFC 8032).  A signing key is its 32-byte seed. */
void crypt_sign_public(const struct key *seed, uint8_t ret_public[CRYPT_PUBLIC]);
/* Over exactly these bytes: only for formats whose own text names the purpose (signed notes). */
void crypt_sign_raw(const struct key *seed, struct bytes message, uint8_t ret[CRYPT_SIGNATURE]);
/* The same with the key set up once, for many: making it costs as much as a signature.  crypt_signer_drop wipes. */
struct crypt_signer {
    uint8_t secret[CRYPT_KEY + CRYPT_PUBLIC]; /* the seed, and the public key that it makes */
};
void crypt_signer_make(const struct key *seed, struct crypt_signer *ret);
void crypt_signer_drop(struct crypt_signer *s);
const uint8_t *crypt_signer_public(const struct crypt_signer *s);
void crypt_signer_sign(const struct crypt_signer *s, struct bytes message, uint8_t ret[CRYPT_SIGNATURE]);
bool crypt_verify_raw(const uint8_t key[CRYPT_PUBLIC], struct bytes message, const uint8_t signature[CRYPT_SIGNATURE]);
/* Over ${purpose} || 0x00 || message.  ERR_IO when memory is out; crypt_verify, which must not call a good signature
 * forged, aborts then. */
int crypt_sign(const struct key *seed, const char *purpose, struct bytes message, uint8_t ret[CRYPT_SIGNATURE],
               struct err *e);
bool crypt_verify(const uint8_t key[CRYPT_PUBLIC], const char *purpose, struct bytes message,
                  const uint8_t signature[CRYPT_SIGNATURE]);

/*
 * Boxes to a receiving key (X25519; libsodium's sealed box).  ${context} binds what the box is for: it is hashed
 * into the sealed text (box of SHA-256(context) || plain) and must be given again.  Keys come from the seed as in
 * crypto_box_seed_keypair.  Both append to ${to}; without words: ERR_KEY (a receiver that is no key; a box that does
 * not open, or is for another context), ERR_IO no memory.  Nothing is appended then.
 * A box of n bytes is n + CRYPT_BOX_OVERHEAD bytes long.
 */
void crypt_box_public(const struct key *seed, uint8_t ret_public[CRYPT_PUBLIC]);
int crypt_box_seal(const uint8_t receiver[CRYPT_PUBLIC], struct bytes context, struct bytes plain, struct buf *to);
int crypt_box_open(const struct key *seed, struct bytes context, struct bytes box, struct buf *to);

/*
 * A secret in shares, of which any ${needed} give it back and fewer tell nothing (A. Shamir, 1979), byte by byte over
 * GF(2^8) with the polynomial 11d: share x of a byte is the value at x of a polynomial of degree needed - 1 whose value
 * at 0 is the byte.  FORMAT 2.6.
 * crypt_share_split: shares 1 to ${count} into ret_shares[0..]; 1 <= needed <= count <= CRYPT_SHARES_MAX.  ERR_IO: no
 * memory.
 * crypt_share_join: from ${count} shares with the numbers ${index}, all different and none zero; a wrong share, or one
 * too few, gives another secret: the caller holds the result to something.
 */
int crypt_share_split(const struct key *secret, unsigned needed, unsigned count, struct key *ret_shares, struct err *e);
int crypt_share_join(const uint8_t *index, const struct key *shares, unsigned count, struct key *ret, struct err *e);

/*
 * Files of age, version 1 (c2sp.org/age), to X25519 recipients: who has Debian's `age` needs nothing of ours to open
 * them.  Whole in memory, in the binary form.
 * crypt_age_seal: ${plain}, at most CRYPT_AGE_PLAIN_MAX, for each of 1 to CRYPT_AGE_RECIPIENTS_MAX; appended.
 * ERR_DAMAGED: a recipient is of small order.  ERR_IO: no memory.
 * crypt_age_open: by one identity; appended to ${to}, which the caller wipes; on failure as it was.  Stanzas of other
 * kinds are passed over.  ERR_KEY: it is for somebody else; ERR_USAGE: it is armored; ERR_DAMAGED.
 * crypt_age_recipient, crypt_age_identity: from their one spelling.  ERR_DAMAGED.
 */
void crypt_age_public(const struct key *identity, uint8_t ret[CRYPT_PUBLIC]);
void crypt_age_recipient_text(const uint8_t recipient[CRYPT_PUBLIC], char ret[CRYPT_AGE_RECIPIENT]);
int crypt_age_recipient(struct bytes text, uint8_t ret[CRYPT_PUBLIC], struct err *e);
void crypt_age_identity_text(const struct key *identity, char ret[CRYPT_AGE_IDENTITY]); /* the caller wipes it */
int crypt_age_identity(struct bytes text, struct key *ret, struct err *e);
int crypt_age_seal(const uint8_t (*recipients)[CRYPT_PUBLIC], size_t count, struct bytes plain, struct buf *to,
                   struct err *e);
int crypt_age_open(const struct key *identity, struct bytes file, struct buf *to, struct err *e);

/*
 * Memory for what must reach no disk: locked against swapping, left out of core dumps, wiped when it is dropped.
 * crypt_hold: an empty buffer with room for ${room} bytes, all of it held so; whoever fills it stays within the room,
 * for a buffer that grows is another one.  ERR_IO: memory cannot be locked here (ulimit -l).
 * crypt_hold_drop: of such a buffer, and of a zeroed one.
 */
int crypt_hold(struct buf *b, size_t room, struct err *e);
void crypt_hold_drop(struct buf *b);

/*
 * crypt_passphrase: Argon2id (RFC 9106) with ${passes} over ${memory_kib}.  Bounds are checked before memory is
 * touched: passes 1..16, memory 8 MiB .. 1 GiB.  ERR_DAMAGED out of bounds, ERR_USAGE a passphrase longer than
 * CRYPT_PASSPHRASE_MAX, ERR_IO no memory.
 */
int crypt_passphrase(struct bytes passphrase, const uint8_t salt[16], uint32_t passes, uint32_t memory_kib,
                     struct key *ret, struct err *e);

/*
 * Time-stamps of an outside authority (RFC 3161, with RFC 5816).  What it signed is read by libcrypto and by nothing
 * else; plain fields come out.
 *
 * crypt_stamp_request: the request for a stamp over the SHA-256 ${imprint}, in DER, appended; its certificate is asked
 * for.  ${nonce}: unforeseeable, kept by the caller, who holds the answer to it.  ERR_IO: no memory.
 *
 * crypt_stamp_read: the response, in DER, held to the certificates ${chain} (PEM): it was granted; it is over a SHA-256
 * with a nonce; one authority signed it, whose certificate ESSCertID or ESSCertIDv2 names, is for time-stamping alone
 * (critical), and leads to a root in ${chain}, all of them valid at the moment of the stamp, whatever the time is now.
 * Signatures of less than 112 bits of strength count for nothing; whether a certificate was revoked is not known here.
 * ${ret_chain} is appended: the certificates from the authority's to the root's, in the one form that is kept; together
 * with the response it proves the same again, and gives itself.
 * ERR_DAMAGED says which of these it fails; both inputs have a largest size.  *ret is written on success only.
 */
struct crypt_stamp {
    int64_t at_unix_s;    /* when it was stamped; a second that has begun counts whole */
    uint64_t accuracy_us; /* by so much it may have been later; 0: the authority says nothing of it */
    int64_t until_unix_s; /* when the first of the certificates expires */
    uint64_t nonce;
    struct hash imprint;
    struct hash authority, root; /* SHA-256 of certificates */
    char policy[CRYPT_STAMP_POLICY_MAX]; /* an object identifier, dotted */
    char name[CRYPT_STAMP_NAME_MAX];     /* of the authority, by its certificate; from outside: escape before showing */
};
int crypt_stamp_request(const struct hash *imprint, uint64_t nonce, struct buf *to, struct err *e);
int crypt_stamp_read(struct bytes response, struct bytes chain, struct crypt_stamp *ret, struct buf *ret_chain,
                     struct err *e);

#endif
