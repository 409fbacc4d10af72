/*
 * Inside the keyring: byte layouts (FORMAT 2.3-2.5) and the helpers its files share.
 *
 * Every sealed file begins with a head of 64 bytes:
 *     0   8  magic: "GWTABLE\n", "GWWRAPS\n", "GWLOGKY\n", "GWSEGMT\n", "GWEVENT\n" or "GWRECVS\n"
 *     8   4  u32 version, 1
 *    12   4  u32 features that must be understood: of a table 1 with pack keys that followed, 2 with a name, 4 with
 *            segments that were rewritten; else 0
 *    16  16  compartment (zeros for the log key)
 *    32   8  u64 number: table version, epoch, log key number, segment number
 *    40   8  u64 epoch (table), how often it was rewritten (segment), else 0
 *    48   4  key id of the member it is for (wrap, log key), else 0
 *    52   4  u32 length of the sealed body (0 in a segment)
 *    56   8  zero
 * Table:    head, salt 32, body (AES-256-GCM under HKDF(epoch key, salt); additional data pin || head), then
 * Wrap, log key: head, body (a box; context pin || head), then
 *    signer's key id 4, Ed25519 signature 64 over all bytes before it, purpose "groundwork/keyring/v1".
 * Segment:  head, then blocks:
 *     0   8  u64 first leaf
 *     8   4  u32 count
 *    12   4  zero
 *    16  32  salt
 *    48      32 * count secrets and tag (AES-256-GCM under HKDF(segment key, salt); additional data pin || the 16)
 * Event:    head (number of the key event; in the epoch's place its leaf), then the statement as it was signed.
 * A journal's secrets section repeats for each block: compartment 16, u64 segment number, then the block.
 */
#ifndef KEYRING_KEYRING_INTERNAL_H
#define KEYRING_KEYRING_INTERNAL_H

#include "base/file.h"
#include "keyring/keyring.h"

enum {
    HEAD_BYTES = 64,
    SIGNED_TAIL = 4 + CRYPT_SIGNATURE,
    BLOCK_HEAD = 48,
    BLOCK_PREFIX = KEYRING_ID + 8,
    SEGMENTS_MAX = 300000, /* their keys fill a table of KEYRING_FILE_MAX */
    FORMAT_VERSION = 1,
    FEATURE_TURNS = 1, /* a table that names pack keys that followed */
    FEATURE_CALLED = 2, /* a table that names the compartment */
    FEATURE_REWRITTEN = 4, /* a table that names segments out of which secrets were erased */
    TURNS_MAX = 4096,
    COPIES = 2,
};
#define COPY_NAME(i) ("ab"[i])

struct head {
    const char *magic;
    uint8_t compartment[KEYRING_ID];
    uint64_t number, epoch;
    uint8_t member[4];
    uint32_t body;
    uint32_t features;
};
void keyring_head_write(const struct head *h, uint8_t to[HEAD_BYTES]);
int keyring_head_read(const uint8_t from[HEAD_BYTES], const char *magic, struct head *ret, struct err *e);
bool keyring_head_is(const uint8_t from[HEAD_BYTES], const struct head *expected);

/* Keys that do not concern the world: table content in memory. */
struct segment {
    uint64_t number, first_leaf;
    uint64_t rewritten; /* how often; then it takes no further leaves, and its blocks in the journal are dead */
    struct key key;
};
struct keyring {
    char root[FILE_PATH_MAX];
    struct hash pin;
    struct note_key member; /* signs tables, wraps and the log key's boxes */
    struct note_key reader; /* for whom the boxes are that were opened: the member, or the recovery sheets */
    struct key sign;
    uint8_t compartment[KEYRING_ID];
    uint64_t epoch, version;
    struct hash table_sha256;
    struct note_key *signers; /* whose signature counts */
    size_t signer_count;
    struct key epoch_key, log_seed;
    uint64_t log_number;
    bool log_known; /* log_seed is */
    struct key index, pack, chunk;
    struct keyring_turn *turns; /* pack keys that followed */
    size_t turn_count;
    char called[KEYRING_CALLED_MAX + 1]; /* the compartment's name */
    struct segment *segments;
    size_t segment_count, segment_room;
    uint32_t in_last; /* secrets already in the last segment */
    bool in_last_known;
    struct keyring_file *changes;
    size_t change_count, change_room;
    /* The segment file last read, and the block last opened: neighbours are asked for one after another. */
    uint64_t held_segment;
    int held_copy;
    struct buf held;
    struct buf opened;
    uint64_t opened_first;
    uint32_t opened_count;
    struct buf behind; /* blocks that the segments may lack, as a journal has them */
    struct buf elsewhere; /* names of other compartments' segments that were written anew, each behind a newline */
    bool elsewhere_known;
};

enum copy_state { COPY_GOOD, COPY_MISSING, COPY_BAD, COPY_UNREADABLE };
/* One copy held to what the journal says of it; content stays in ${content}.  ERR_IO: no memory, a path too long. */
int keyring_copy_look(const char *root, char copy, const struct keyring_file *f, struct buf *content,
                      enum copy_state *ret, struct err *e);

void keyring_comp_text(const uint8_t compartment[KEYRING_ID], char to[2 * KEYRING_ID + 1]);
/* Durable in both copies under a/keys and b/keys, and noted as a change. */
int keyring_keys_write(struct keyring *k, const char *name, struct bytes content, struct err *e);
/* The first copy that ${good} accepts; ERR_ABSENT when there is none at all; the line tells what is wrong with each. */
int keyring_keys_read(const char *root, const char *name,
                      int (*good)(void *context, struct bytes content, struct err *e), void *context, struct buf *ret,
                      struct err *e);
int keyring_change_add(struct keyring *k, const struct keyring_file *f, struct err *e);
int keyring_signed_finish(struct buf *b, const struct note_key *member, const struct key *seed, struct err *e);
int keyring_signed_check(struct bytes file, const struct note_key *signers, size_t count, struct bytes *ret_unsigned,
                         struct err *e);

/* The name of a segment's file; and of a block for it, without what a journal puts before it. */
void keyring_segment_name(const uint8_t compartment[KEYRING_ID], uint64_t number, uint64_t rewritten,
                          char to[KEYRING_NAME_MAX]);
int keyring_block_put(const struct keyring *k, const struct segment *s, uint64_t first, const struct key *secrets,
                      uint32_t count, struct buf *to, struct err *e);
/* Each block of a segment, decrypted, in order, out of a copy all of whose blocks open.  ERR_ABSENT: it has no file. */
int keyring_segment_each(struct keyring *k, const struct segment *s,
                         int (*each)(void *context, uint64_t first, uint32_t count, const struct key *secrets,
                                     struct err *e),
                         void *context, struct err *e);
/* What is held of files and blocks is forgotten: they were written anew. */
void keyring_forget_held(struct keyring *k);
/* A segment under a fresh key, for the secrets of this leaf and those behind it; a table must follow. */
int keyring_segment_begin(struct keyring *k, uint64_t first_leaf, struct err *e);
int keyring_table_write(struct keyring *k, struct err *e);
int keyring_table_read(struct keyring *k, uint64_t table_max, struct err *e);
/* Without trust the member's own signature alone counts, and the log key is the first. */
int keyring_new(const struct keyring_place *place, const struct keyring_identity *id, struct keyring **ret,
                struct err *e);
/* Boxes and the newest table that is at most ${table_max} and that they open. */
int keyring_unlock(struct keyring *k, const struct keyring_identity *id, uint64_t table_max, struct err *e);
enum { KEYRING_NUMBERS_MAX = 64 };
/* Boxes of epoch keys to a reader, the newest first, in either copy. */
int keyring_boxes(const struct keyring *k, const struct note_key *reader, struct keyring_box list[KEYRING_NUMBERS_MAX],
                  size_t *ret_count, struct err *e);
/* The boxes of a reader, of whichever key it has one; and that they are to go. */
int keyring_wrap_write(struct keyring *k, const struct keyring_reader *reader, struct err *e);
int keyring_wrap_remove(struct keyring *k, const struct keyring_reader *reader, struct err *e);
/* The same of the epoch key's box alone: the log key stays. */
int keyring_epoch_wrap_write(struct keyring *k, const struct keyring_reader *reader, struct err *e);
int keyring_epoch_wrap_remove(struct keyring *k, const struct note_key *reader, struct err *e);
/* strays.c: segments that were written anew, of whatever compartment, by the names that lie there; as above. */
int keyring_rewritten_names(const char *root, struct buf *to, struct err *e);
/* members.c: one more pack key, of runs from there on. */
int keyring_turn_add(struct keyring *k, uint64_t pack, uint32_t sector, struct err *e);
/* The compartment's own holding, or the first one, which receives for those that have none. */
const struct keyring_holding *keyring_identity_holding(const struct keyring_identity *id,
                                                       const uint8_t compartment[KEYRING_ID]);
/* The epoch key in ${box}.  ERR_ABSENT: it is not there.  The log key, of its number. */
int keyring_wrap_read(struct keyring *k, const struct keyring_identity *id, const struct keyring_box *box,
                      struct err *e);
int keyring_log_read(struct keyring *k, const struct keyring_identity *id, struct err *e);

#endif
