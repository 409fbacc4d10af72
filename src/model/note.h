/*
 * Signed notes (C2SP signed-note v1) and the keys that sign them.  Pure.
 *
 * A note is text, an empty line, and signature lines "— name base64(keyid[4] || signature)\n".  Ours are parsed
 * strictly: every signature line must be by a known key and verify; a foreign note may carry lines we do not know.
 */
#ifndef MODEL_NOTE_H
#define MODEL_NOTE_H

#include "crypt/crypt.h"

enum {
    NOTE_NAME_MAX = 255,
    NOTE_SIGNATURES_MAX = 16,
    NOTE_BYTES_MAX = 1 << 20,
    NOTE_VKEY_MAX = NOTE_NAME_MAX + 64,
};

/* What a key signs: the text of a note (Ed25519), or a cosigner's time and the text (C2SP tlog-cosignature). */
enum note_type { NOTE_ED25519 = 0x01, NOTE_COSIGNATURE = 0x04 };

/* A verification key. */
struct note_key {
    char name[NOTE_NAME_MAX + 1];
    uint8_t public_key[CRYPT_PUBLIC];
    uint8_t id[4]; /* SHA-256(name || 0x0A || type || public key), first four bytes */
    uint8_t type;  /* enum note_type */
};

/* note_name_check: not empty, no white space, no '+', no control characters, valid UTF-8, at most NOTE_NAME_MAX.
 * ERR_USAGE. */
int note_name_check(const char *name, struct err *e);
int note_key_make(const char *name, const uint8_t public_key[CRYPT_PUBLIC], struct note_key *ret, struct err *e);
int note_cosigner_make(const char *name, const uint8_t public_key[CRYPT_PUBLIC], struct note_key *ret, struct err *e);
/* "name+hex8(id)+base64(type || public key)".  note_key_parse takes type 1 alone, note_cosigner_parse type 4 alone, so
 * that no key is taken for one of the other use.  ERR_DAMAGED. */
void note_key_text(const struct note_key *key, char to[NOTE_VKEY_MAX]);
int note_key_parse(struct bytes text, struct note_key *ret, struct err *e);
int note_cosigner_parse(struct bytes text, struct note_key *ret, struct err *e);

/*
 * note_sign: append ${text} (UTF-8, ends with a newline, no other control characters) and one signature to ${to}.
 * ERR_USAGE: a text that is not so, or makes the note longer than NOTE_BYTES_MAX.  ERR_KEY: ${seed} is not the seed of
 * ${key}.  Nothing is appended then.  ERR_IO: no memory.
 * note_sign_by: the same for who signs often.
 * note_sign_later: the same, but in the signature's place is nothing yet, which no one takes for one; note_sign_now
 * puts it there, over the text as it is by then: of the same length, and still one that note_sign takes.
 */
int note_sign_later(struct bytes text, const struct note_key *key, const struct crypt_signer *signer, struct buf *to,
                    struct err *e);
void note_sign_now(uint8_t *note, size_t n, const struct note_key *key, const struct crypt_signer *signer);
int note_sign_by(struct bytes text, const struct note_key *key, const struct crypt_signer *signer, struct buf *to,
                 struct err *e);
int note_sign(struct bytes text, const struct note_key *key, const struct key *seed, struct buf *to, struct err *e);

struct note_line {
    struct bytes name; /* borrowed from the note */
    uint8_t id[4];
    struct bytes signature; /* decoded, held by the note */
};
struct note {
    struct bytes text; /* with its final newline, borrowed */
    struct note_line line[NOTE_SIGNATURES_MAX];
    size_t lines;
    struct buf decoded;
};
void note_drop(struct note *n);
/*
 * note_parse: ERR_DAMAGED with a reason.  ${bytes} must outlive ${ret}, which is written on success only.
 * The text ends at the last empty line; within it C2SP forbids the characters below U+0020 other than newline.
 */
int note_parse(struct bytes bytes, struct note *ret, struct err *e);
/*
 * note_check: verify against ${keys}.  Strict: every line must be by one of the keys and verify, no key twice, and at
 * least one line.  Otherwise: lines by unknown keys are passed over, a known key that fails spoils the note, and at
 * least one known key must have signed.  Two different keys with one name and id are refused.  ERR_DAMAGED.
 */
enum note_manner { NOTE_STRICT, NOTE_FOREIGN };
int note_check(const struct note *n, const struct note_key *keys, size_t count, enum note_manner manner,
               struct err *e);
/*
 * note_check_later: as note_check strictly by the one key, which signs notes, but for the signature itself, which is
 * owed: nothing of the note may be used before note_owed_good has said that it is.  For who checks many in a row, which
 * the processor does faster than with other work between them.
 */
struct note_owed {
    struct bytes text; /* borrowed from the note */
    uint8_t public_key[CRYPT_PUBLIC], signature[CRYPT_SIGNATURE];
};
int note_check_later(const struct note *n, const struct note_key *key, struct note_owed *ret, struct err *e);
bool note_owed_good(const struct note_owed *o);

/*
 * Cosignatures (C2SP tlog-cosignature, cosignature/v1): u64be time || Ed25519 over "cosignature/v1\ntime <time>\n" and
 * the checkpoint's text.  The time is a claim of the cosigner, seconds since 1970, at most 2^63 - 1.
 * note_cosign: append one signature line over ${text}.  Errors as note_sign.
 * note_cosigned: the line by this cosigner's key; *ret_at_unix_s is its time.  ERR_ABSENT without words: there is none.
 * ERR_DAMAGED: it does not fit the note.
 */
int note_cosign(struct bytes text, const struct note_key *key, const struct key *seed, uint64_t at_unix_s,
                struct buf *to, struct err *e);
int note_cosigned(const struct note *n, const struct note_key *key, uint64_t *ret_at_unix_s, struct err *e);
/* note_line_put: one signature line, as it was parsed, appended. */
void note_line_put(const struct note_line *l, struct buf *to);

#endif
