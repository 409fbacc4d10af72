/*
 * The ledger's own: formats, the state behind the door, and what its files lend each other.
 *
 * FORMAT 3.1  Journal header.  Its layout is the same in every version, so that an older program can say "newer".
 *
 *     offset  size  meaning
 *          0     8  "GWJOURN\n"
 *          8     4  version, 1
 *         12     4  features a reader may ignore, 0
 *         16     4  features a reader must refuse when it does not know them, 0
 *         20     4  copy: 0 in a/journal, 1 in b/journal
 *         24     8  zero
 *         32    32  SHA-256 over the first 32 bytes
 *
 * FORMAT 3.2  Record.  Records follow the header and each other without a gap.
 *
 *     offset  size  meaning
 *          0     8  "GWRECORD"
 *          8     8  total length, trailer included
 *         16     8  number, from 0
 *         24     8  first leaf: leaves of all records before
 *         32     4  hidden leaves
 *         36     4  public leaves; at least one leaf of either kind
 *         40    32  SHA-256 over all bytes of the previous record; zeros in record 0
 *         72        sections 1 to 6, each exactly once and in this order
 *     end-80    64  Ed25519 by the log key, purpose "groundwork/journal/v1", over SHA-256 of all bytes before it
 *     end-16     8  total length again: the last record is found from the end
 *      end-8     8  "GWRECEND"
 *
 * FORMAT 3.3  Section: u32 type, u32 zero, u64 length, bytes.
 *
 *     type  name        bytes
 *        1  entries     33 per leaf: kind (1 hidden, 2 public) and SHA-256; the hidden ones first
 *        2  hidden      per hidden leaf: u32 length, sealed statement
 *        3  open        per public leaf: u32 length, statement as signed
 *        4  secrets     sealed leaf secrets; keyring's own
 *        5  extents     runs of packs; store's own
 *        6  checkpoint  C2SP signed note by the log key: origin, size after this record, root
 *
 * FORMAT 3.4  Crash states and the tail rule: open.c.
 *
 * FORMAT 3.5  Public log: C2SP tlog-tiles under log/: `checkpoint`, `tile/<L>/<N>[.p/<W>]` of 32-byte hashes,
 *     `tile/entries/<N>[.p/<W>]` of (u16 33, entry).  Full tiles hold 256.  Of a partial tile only the newest width
 *     stays.  `log/new-<number>` is a file under way, renamed when it is whole; a first full tile is written in its
 *     place.
 */
#ifndef LEDGER_LEDGER_INTERNAL_H
#define LEDGER_LEDGER_INTERNAL_H

#include "base/file.h"
#include "ledger/ledger.h"

enum {
    LEDGER_HEADER = 64,
    LEDGER_HEAD = 72,          /* of a record */
    LEDGER_SECTIONS = 6,
    LEDGER_SECTION_HEAD = 16,
    LEDGER_TRAILER = 16,
    LEDGER_SIGNED_END = CRYPT_SIGNATURE + LEDGER_TRAILER, /* bytes of a record behind what is signed */
    LEDGER_RECORD_MIN = LEDGER_HEAD + LEDGER_SECTIONS * LEDGER_SECTION_HEAD + LEDGER_SIGNED_END + LEDGER_ENTRY,
    LEDGER_LEVELS = 8,         /* of tiles: 256^8 leaves */
    LEDGER_BUNDLED = 2 + LEDGER_ENTRY,
    LEDGER_BUNDLE_MAX = TREE_TILE_WIDTH * LEDGER_BUNDLED,
    LEDGER_TILE_BYTES = TREE_TILE_WIDTH * CRYPT_HASH,
    LEDGER_SETTLE_RECORDS = 64, /* the first publication of a process looks at the tiles of so many records again, */
    LEDGER_SETTLE_LEAVES = 1 << 18, /* or of the fewer that hold so many leaves */
    LEDGER_COPY_BLOCK = 1 << 20,
};
_Static_assert(sizeof(struct hash) == CRYPT_HASH, "a tile is an array of hashes");
_Static_assert((int)LEDGER_SETTLE_RECORDS > (int)LEDGER_BEHIND_MAX, "a log that is behind is gone on with, not anew");
_Static_assert((int)LEDGER_HEADER == (int)LEDGER_FIRST, "record 0 follows the header");
/* For %llu: the keys of the text catalogue must not depend on what the machine calls its uint64_t. */
#define LLU(number) ((unsigned long long)(number))
#define LEDGER_LEAF_MAX ((uint64_t)1 << 53) /* leaf numbers are integers of JSON statements */
#define LEDGER_PURPOSE "groundwork/journal/v1"
#define LEDGER_TILE_ENTRIES (-1) /* the level that stands for the entries themselves */

/* ---- record.c: bytes and nothing else ---- */

/* What the first 72 bytes say. */
struct ledger_head {
    uint64_t bytes;
    uint64_t number;
    uint64_t first_leaf;
    uint32_t hidden_count, public_count;
    struct hash previous;
};
struct ledger_parsed {
    struct ledger_record record; /* borrows from the bytes */
    struct hash previous;
    struct hash root; /* filled by ledger_record_verify */
    struct bytes all;
};
void ledger_header_make(unsigned copy, uint8_t to[LEDGER_HEADER]);
int ledger_header_check(const uint8_t from[LEDGER_HEADER], unsigned copy, struct err *e); /* ERR_DAMAGED, ERR_NEWER */
/* ledger_head_parse: false when these cannot be the first bytes of a record. */
bool ledger_head_parse(const uint8_t from[LEDGER_HEAD], struct ledger_head *ret);
/* ledger_trailer_parse: the total length it names, or 0. */
uint64_t ledger_trailer_parse(const uint8_t from[LEDGER_TRAILER]);
/* ledger_record_parse: the form of a whole record, without cryptography.  ERR_DAMAGED with a reason. */
int ledger_record_parse(struct bytes all, struct ledger_parsed *ret, struct err *e);
/*
 * ledger_record_verify: signature and checkpoint, each by the log key of its leaves; fills record.hash and root.  A
 * record that names a log key which is not known here yet is believed by the key before.
 */
int ledger_record_verify(struct ledger_parsed *p, const struct history_logs *logs, struct err *e);
/* ledger_record_follows: does it extend a journal that stands at ${before}? */
int ledger_record_follows(const struct ledger_parsed *p, const struct ledger_position *before, struct err *e);
/* ledger_record_check: everything a draft can get wrong, and so everything a parsed record must not. */
int ledger_record_check(const struct ledger_record *r, int code, struct err *e);
/* ledger_record_length: bytes of the record this draft with its checkpoint becomes.  ERR_USAGE: too many. */
int ledger_record_length(const struct ledger_record *draft, uint64_t *ret_bytes, struct err *e);
/* ledger_record_build: the draft with its checkpoint as a record, signed, and its hash.  ${ret}: empty before. */
struct ledger_built {
    struct buf bytes;
    struct hash hash;
};
int ledger_record_build(const struct ledger_record *draft, const struct hash *previous, const struct key *seed,
                        struct ledger_built *ret, struct err *e);
/* ledger_position_after: where a journal stands behind this record. */
void ledger_position_after(const struct ledger_parsed *p, uint64_t at, struct ledger_position *ret);
void ledger_position_begin(struct ledger_position *ret);

/* ---- tiles.c: the public log as a stream of tiles ---- */

/* A tree that grows, with the unfinished tile of each level. */
struct ledger_tiles {
    uint64_t size;
    struct tree_edge edge;
    struct hash hash[LEDGER_LEVELS][TREE_TILE_WIDTH];
    uint8_t entries[LEDGER_BUNDLE_MAX];
};
/* Receives each tile once: full ones as they fill, partial ones at the end. */
struct ledger_tile_sink {
    int (*tile)(void *context, int level, uint64_t n, unsigned width, struct bytes content, struct err *e);
    void *context;
};
void ledger_tiles_begin(struct ledger_tiles *t);
/* ledger_tiles_add: entries of LEDGER_ENTRY behind each other.  ${sink} may be NULL. */
int ledger_tiles_add(struct ledger_tiles *t, struct bytes entries, const struct ledger_tile_sink *sink, struct err *e);
int ledger_tiles_end(const struct ledger_tiles *t, const struct ledger_tile_sink *sink, struct err *e);
/* ledger_tiles_load: the state at ${size} from the files under root, held to ${expect}.  ERR_ABSENT, ERR_DAMAGED. */
int ledger_tiles_load(const char *root, uint64_t size, const struct hash *expect, struct ledger_tiles *ret,
                      struct err *e);
/* ledger_tile_width: how many hashes the tile (level, n) has in a tree of ${size}. */
unsigned ledger_tile_width(int level, uint64_t n, uint64_t size);
/* ledger_tile_read: the first ${width} hashes or entries (with their length) of a tile, from any file that has them. */
int ledger_tile_read(const char *root, int level, uint64_t n, unsigned width, uint8_t *to, struct err *e);
/* ledger_tile_check: the form of a tile or bundle of this width. */
int ledger_tile_check(int level, unsigned width, struct bytes content, struct err *e);
/* ledger_tile_name_parse: "tile/..." back to its parts; false unless it is the one form of that name. */
bool ledger_tile_name_parse(const char *name, int *ret_level, uint64_t *ret_n, unsigned *ret_width);
size_t ledger_tile_bytes(int level, unsigned width);

/* ---- the open ledger ---- */

struct ledger_copy {
    int fd; /* -1: not there, or not to be opened */
    int number; /* errno of what kept it from being opened, or its header from being read; 0: nothing did */
    enum ledger_copy_state state;
    bool header_bad;
    uint64_t size; /* of the file */
    uint64_t good; /* so far it is the journal, as far as opening looked */
};
/* A border between records. */
struct ledger_mark {
    uint64_t at;
    uint64_t records;
    uint64_t leaves;
};
struct ledger {
    const char *root;
    struct history_logs logs;
    struct key seed; /* of the last one */
    bool turns;      /* to this log key, with the next record */
    struct history_log turn;
    struct key turn_seed;
    bool writes;
    bool spoiled; /* an error of a commit: nothing may follow in this process */
    struct ledger_copy copy[2];
    struct ledger_position position;
    bool healed[2];   /* written again from the other copy since it was opened */
    uint64_t settled; /* a copy that lacks bytes before this is damaged; behind it, a write was interrupted */
    bool committed_known; /* there was an outside state to open it by */
    bool pending;     /* the outside state knew of a record being written */
    struct buf note;  /* checkpoint of the last record; empty when there is none */

    struct tree_edge edge; /* at position, when known */
    bool edge_known;
    struct ledger_tiles *tiles; /* at published, NULL until the first publication */
    struct ledger_mark published;

    struct ledger_shelf *shelf; /* tiles that proofs have read; NULL until the first */

    struct buf prepared; /* the record between prepare and commit */
    struct buf prepared_note;
    struct ledger_position next;
    struct tree_edge next_edge;
};

/* open.c */
char ledger_copy_letter(int copy);
int ledger_copy_path(const struct ledger *l, int copy, struct file_path *to, struct err *e);
/* ledger_record_load: read, parse and verify the record at ${at} of one copy.  ERR_IO: the disk does not give it, or
 * memory is lacking (err_is_scarce). */
int ledger_record_load(const struct ledger *l, int copy, uint64_t at, struct buf *bytes, struct ledger_parsed *ret,
                       struct err *e);
/* ledger_record_good: the same from whichever copy has it; ${before} NULL asks for the number alone. */
int ledger_record_good(const struct ledger *l, uint64_t at, uint64_t number, const struct ledger_position *before,
                       struct buf *bytes, struct ledger_parsed *ret, struct err *e);
/* ledger_frame_at: head and trailer of a record in one copy fit each other; false for anything else. */
bool ledger_frame_at(const struct ledger *l, int copy, uint64_t at, struct ledger_head *ret);
int ledger_prefer(const struct ledger *l); /* the copy to read first */

/* mend.c */
int ledger_remake(struct ledger *l, int copy, struct buf *ret_words, struct err *e);
/*
 * ledger_set_aside: this file goes to quarantine/; one that cannot be opened and lies on another disk is given another
 * name there.  Bytes that cannot be read are zeros in what is kept; a line in ${words} says so.
 */
int ledger_set_aside(struct ledger *l, const char *path, const char *name, struct file_path *ret, struct buf *words,
                     struct err *e);

/* publish.c */
int ledger_edge_need(struct ledger *l, struct err *e);
/* ledger_rebuild: tiles and checkpoint from record 0; *ret_anew (or NULL): files that were not as they must be. */
int ledger_rebuild(struct ledger *l, uint64_t *ret_anew, struct err *e);
/* ledger_mark_back: the border before this one.  false when the copies' frames do not show it. */
bool ledger_mark_back(const struct ledger *l, struct ledger_mark *m);

/* place.c */
enum { LEDGER_PLACED_TOGETHER = 128 };
#define LEDGER_COSIGNED "cosigned" /* below log/ */
#define LEDGER_DRAFT "new-" /* and a number below LEDGER_PLACED_TOGETHER: a file of log/ before it has its name */
struct ledger_placing {
    const char *root;
    bool goes_on;    /* what lies there this process has put there, for a tree of */
    uint64_t before; /* so many leaves */
    uint64_t shown;  /* leaves of a checkpoint that was shown before: what it covers is durable */
    uint64_t anew;   /* files that were not there as given */
    size_t count;
    struct ledger_placed {
        int fd; /* -1 when nothing is to be synced any more */
        bool in_place; /* a full tile, and none was there: it is written without a draft */
        bool begun;    /* it is a tile, and narrower ones may be there */
        bool durable;  /* if it is there */
        char name[TREE_TILE_PATH_MAX];
    } file[LEDGER_PLACED_TOGETHER];
};
/*
 * ledger_place: this content under log/ by this name, once ledger_place_all has returned 0; nothing is done where it
 * is there already.  Earlier ones may be placed on the way.
 * ledger_place_all: what was given is durable under its names, and the narrower widths of its tiles are gone.
 * ledger_placing_drop: gives up what is not in its place.
 * ledger_drafts_sweep: removes what a killed publication left.
 */
int ledger_place(struct ledger_placing *p, const char *name, struct bytes content, struct err *e);
int ledger_place_all(struct ledger_placing *p, struct err *e);
void ledger_placing_drop(struct ledger_placing *p);
int ledger_drafts_sweep(const char *root, struct err *e);
bool ledger_is_draft(const char *name);

/* check.c */
/* ledger_strays: each file of log/ and each journal* of a/ and b/ that must not be there, by full path. */
int ledger_strays(struct ledger *l, uint64_t published, int (*each)(void *context, const char *path, struct err *e),
                  void *context, struct err *e);

#endif
