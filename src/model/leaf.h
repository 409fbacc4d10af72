/*
 * A leaf: what its 32 random bytes lock, and the 33 bytes that the log shows of it.  Pure.  FORMAT 5.
 */
#ifndef MODEL_LEAF_H
#define MODEL_LEAF_H

#include "crypt/crypt.h"

enum {
    LEAF_ENTRY = 33,
    LEAF_HIDDEN = 0x01,
    LEAF_PUBLIC = 0x02,
    LEAF_CLAIM_SALT = 16,
    LEAF_STATEMENT_MAX = 15 << 20, /* note and values together */
};
#define LEAF_NO_MANIFEST UINT64_MAX

/* Everything that hangs on a leaf secret, each by its own purpose (HKDF-Expand). */
void leaf_salt(const struct key *secret, uint8_t ret[CRYPT_SALT]);
/* leaf_salts: of ${count} secrets, side by side. */
void leaf_salts(const struct key *secrets, size_t count, uint8_t (*ret)[CRYPT_SALT]);
void leaf_manifest_key(const struct key *secret, struct key *ret);
void leaf_claim_salt(const struct key *secret, const char *claim, uint8_t ret[LEAF_CLAIM_SALT]);

/* leaf_entry_hidden: 0x01 || SHA-256("groundwork/commit/v1\n" || salt || u64be length || statement). */
void leaf_entry_hidden(const struct key *secret, struct bytes statement, uint8_t ret[LEAF_ENTRY]);
/* leaf_entries_hidden: of ${count} leaves, side by side. */
void leaf_entries_hidden(const struct key *secrets, const struct bytes *statements, size_t count,
                         uint8_t (*ret)[LEAF_ENTRY]);
/* leaf_entry_opened: the same by the salt alone. */
void leaf_entry_opened(const uint8_t salt[CRYPT_SALT], struct bytes statement, uint8_t ret[LEAF_ENTRY]);
/* leaf_entry_public: 0x02 || SHA-256("groundwork/commit/v1\n" || u64be length || statement). */
void leaf_entry_public(struct bytes statement, uint8_t ret[LEAF_ENTRY]);
/* leaf_claim_digest: SHA-256("groundwork/claim/v1\n" || salt16 || JSON [name, value]). */
void leaf_claim_digest(const uint8_t salt[LEAF_CLAIM_SALT], struct bytes claim_json, struct hash *ret);

/* What is stored of a hidden leaf. */
struct leaf_envelope {
    uint64_t manifest_record; /* LEAF_NO_MANIFEST when the leaf has no bytes */
    struct bytes statement;   /* the note as committed */
    struct bytes values;      /* JSON array of the claims, each as it was digested; may be empty */
    struct bytes fields;      /* in place of both, of a received statement: see statement_compact; read, with padding */
};
/* leaf_padded: the size class of ${n} plaintext bytes: a multiple of 64 up to 512, above that of an eighth of the
 * largest power of two not above n, and at least 128. */
size_t leaf_padded(size_t n);
size_t leaf_compact_padded(size_t n); /* bytes that fields of ${n} bytes take in their envelope, padding included */
/*
 * leaf_seal: append the envelope, padded to its size class, under the leaf's statement key; bound to ${pin} and
 * ${leaf}.  leaf_open: decrypt into ${held}, from which ${ret} borrows.  ERR_DAMAGED without words.
 * leaf_statement_keys, leaf_seal_under: the same by keys that were derived for many of them at once.
 */
void leaf_statement_keys(const struct key *secrets, size_t count, struct key *ret);
int leaf_seal_under(const struct key *statement_key, const struct hash *pin, uint64_t leaf,
                    const struct leaf_envelope *envelope, struct buf *to);
int leaf_seal(const struct key *secret, const struct hash *pin, uint64_t leaf, const struct leaf_envelope *envelope,
              struct buf *to);
int leaf_open(const struct key *secret, const struct hash *pin, uint64_t leaf, struct bytes sealed, struct buf *held,
              struct leaf_envelope *ret);

#endif
