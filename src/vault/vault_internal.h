/*
 * The inside of the vault: its format as tables, and what its files lend each other.
 *
 * FORMAT 4.  All integers are big-endian.  Every length below is exact: what is longer, shorter or not zero where zero
 * is written is damage.
 *
 * Pack file: sectors of VAULT_SECTOR bytes.  A run is a row of sectors written under one fresh key:
 *     first sector     0  32  salt, random, in the clear
 *                     32  16336  ciphertext
 *                  16368  16  tag
 *     other sectors    0  16368  ciphertext
 *                  16368  16  tag
 *     key    HKDF(salt, pack key, "groundwork/pack/v1")
 *     nonce  index of the sector in the pack
 *     AAD    pin (32), compartment (16), pack number (u64)
 * A sealed pack is whole runs up to exactly pack_sectors sectors.
 *
 * The run's plaintext, the sectors' plaintexts joined:
 *     records, back to back, numbered on from first_record; then the directory record; zeros;
 *     in the last 16 bytes the footer: u32 offset of the directory record, u32 records, u64 first_record
 * Record:
 *      0  1  type: 1 frame, 2 manifest part, 3 directory
 *      1  1  codec: 0 as it is, 1 one zstd frame (type 1 only)
 *      2  2  zero
 *      4  4  bytes of the plaintext
 *      8  4  bytes that follow: ciphertext and tag
 *     12  8  record number; of a directory: first_record
 *     20  n  AES-256-GCM; AAD: these 20 bytes, pin (32), compartment (16)
 *     frame: own random key, nonce 0.  manifest part: manifest key, nonce = number of the part.
 *     directory: key HKDF-Expand(run key, "groundwork/directory/v1"), nonce 0; its plaintext is the u32 offset of
 *     every record in the run's plaintext, at most RUN_RECORDS_MAX.
 *
 * Manifest, part 0:
 *      0   1  version: 1
 *      1   1  form: 1 one frame, 2 a list
 *      2   8  bytes of the object, at most OBJECT_BYTES_MAX
 *     10  32  SHA-256 of the object
 *   form 1: the frame is the whole object
 *     42   1  flags: 0 own, 1 shared
 *     43   8  record number
 *     51  32  frame key
 *     83   8  leaf of the holder; only when shared
 *   form 2:
 *     42   4  frames
 *     46   4  frames in each part but the last; 0 when there is one part
 *     50   4  parts, this one counted
 *     54      one part: the frame references; more: u64 record number of each further part, which holds references only
 * Frame reference:
 *      0   8  record number
 *      8   4  bytes of the plaintext
 *     12   1  flags: 0 own, 1 shared
 *     13   8  leaf of the holder; zero when own
 *     21  32  frame key
 *     53  32  SHA-256 of the plaintext
 * A frame that the same object has used before is shared, and its holder is the object's own leaf.
 */
#ifndef VAULT_VAULT_INTERNAL_H
#define VAULT_VAULT_INTERNAL_H

#include "vault/vault.h"

#include "base/file.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/* ---- sizes ---- */

enum {
    SECTOR_FIRST = VAULT_SECTOR - CRYPT_SALT - CRYPT_TAG, /* plaintext bytes in a run's first sector */
    SECTOR_REST = VAULT_SECTOR - CRYPT_TAG,               /* and in every other */
    RECORD_HEAD = 20,
    RECORD_AAD = RECORD_HEAD + CRYPT_HASH + VAULT_COMPARTMENT,
    SECTOR_AAD = CRYPT_HASH + VAULT_COMPARTMENT + 8,
    FOOTER = 16,
    RUN_RECORDS_MAX = 1 << 18, /* then the run ends: a directory is never longer than 1 MiB */
    DIRECTORY_MAX = RUN_RECORDS_MAX * 4,
    MANIFEST_FIXED = 42,
    MANIFEST_LIST = 54,
    MANIFEST_PART_MAX = 1 << 20,
    FRAME_REF = 85,
    OBJECT_ONE_FRAME = 256 << 10, /* objects up to this long are one frame; the smallest pack holds four such */
    GRAIN_BYTES = 64 << 10,       /* of an object's beginning, by which its grain is chosen */
    VAULT_THREADS_MAX = 8,
};
#define OBJECT_BYTES_MAX ((uint64_t)1 << 56)

enum record_type { RECORD_FRAME = 1, RECORD_MANIFEST = 2, RECORD_DIRECTORY = 3 };
enum record_codec { CODEC_RAW = 0, CODEC_ZSTD = 1 };

/* ---- vault_format.c: the tables above, as code; pure ---- */

struct record_head {
    uint8_t type;
    uint8_t codec;
    uint32_t plain;  /* bytes before */
    uint32_t stored; /* and after compression and sealing */
    uint64_t number;
};
struct run_footer {
    uint32_t directory; /* offset of the directory record in the run's plaintext */
    uint32_t records;
    uint64_t first_record;
};
struct frame_ref {
    uint64_t record;
    uint32_t size_bytes;
    bool shared;
    uint64_t holder; /* leaf; 0 when own */
    struct key key;
    struct hash digest;
};
struct manifest {
    struct vault_digest digest;
    uint32_t frames;
    uint32_t frames_per_part; /* 0: everything is in part 0 */
    uint32_t parts;
    struct bytes refs;         /* in part 0, borrowed from the plaintext; empty for form 1 and for more parts */
    struct bytes part_records; /* borrowed: u64 each */
    struct frame_ref only;     /* form 1 */
    bool one;                  /* form 1 */
};

uint64_t vault_run_room(uint32_t sectors);                  /* plaintext bytes of a run that long */
uint32_t vault_run_sectors(uint64_t plain_bytes);           /* sectors that hold as many */
uint32_t vault_sector_room(uint32_t sector_of_run);         /* plaintext bytes of one sector */
uint64_t vault_sector_offset(uint32_t sector_of_run);       /* where its plaintext begins in the run's */
uint32_t vault_chunk_max(uint32_t pack_sectors);            /* longest frame */
uint32_t vault_part_max(uint32_t pack_sectors);             /* longest plaintext of a manifest part */
uint64_t vault_object_bytes_max(uint32_t pack_sectors);     /* what one manifest can name for certain */
uint32_t vault_part_frames(uint32_t pack_sectors);          /* references in a full part */

void vault_head_put(uint8_t to[RECORD_HEAD], const struct record_head *h);
int vault_head_get(const uint8_t from[RECORD_HEAD], struct record_head *ret, struct err *e);
void vault_footer_put(uint8_t to[FOOTER], const struct run_footer *f);
/* vault_footer_get: ${plain_bytes}: of the whole run.  ERR_DAMAGED when the numbers cannot be. */
int vault_footer_get(const uint8_t from[FOOTER], uint64_t plain_bytes, struct run_footer *ret, struct err *e);
/* vault_directory_get: offsets ascend from 0, each leaves room for a record, the last before the directory itself. */
int vault_directory_get(struct bytes plain, const struct run_footer *footer, uint32_t *ret_offsets, struct err *e);
void vault_ref_put(uint8_t to[FRAME_REF], const struct frame_ref *r);
int vault_ref_get(const uint8_t from[FRAME_REF], struct frame_ref *ret, struct err *e);
/* vault_manifest_get: part 0; *ret borrows ${plain}.  ERR_NEWER for a version or form it does not know. */
int vault_manifest_get(struct bytes plain, struct manifest *ret, struct err *e);
/* vault_manifest_part_frames: how many references part ${part} (1..) must hold. */
uint32_t vault_manifest_part_frames(const struct manifest *m, uint32_t part);

/* ---- vault_merkle.c: RFC 6962 root, leaf by leaf ---- */

enum { MERKLE_LEVELS = 40 };
struct merkle {
    uint64_t count;
    struct hash level[MERKLE_LEVELS]; /* perfect subtrees; level i is filled when bit i of count is set */
};
void vault_merkle_add(struct merkle *m, const struct hash *leaf);
void vault_merkle_root(const struct merkle *m, struct hash *ret);

/* ---- vault_shelf.c: many small things that never move ---- */

enum { SHELF_ITEMS = 1024 };
struct shelf {
    size_t item_bytes;
    size_t count;
    void **boards; /* of SHELF_ITEMS items each */
    size_t board_count;
};
void *vault_shelf_add(struct shelf *s); /* zeroed; NULL when memory is out */
static inline void *vault_shelf_at(const struct shelf *s, size_t index)
{
    assert(index < s->count);
    return (uint8_t *)s->boards[index / SHELF_ITEMS] + index % SHELF_ITEMS * s->item_bytes;
}
void vault_shelf_clear(struct shelf *s); /* wipes and frees all items */

/* ---- vault_chunk.c: where objects are cut ---- */

struct gear {
    uint64_t table[256];
    uint64_t doubled[256]; /* each shifted by one, for the first byte of a pair */
};
struct grain {
    size_t min, max;
    uint64_t mask;
};
void vault_gear_make(const struct key *chunk_key, struct gear *ret);
/* vault_grain: by the entropy of the object's first bytes, at least GRAIN_BYTES of them when it has as many. */
struct grain vault_grain(struct bytes first, uint32_t chunk_max);
/*
 * vault_cut(g, grain, p, n, from, last): the length of the chunk that begins at ${p}, or 0 when the ${n} bytes do not
 * decide it.  ${from}: bytes known to hold no cut.  ${last}: the object ends after ${n}: never 0 then.
 */
size_t vault_cut(const struct gear *g, const struct grain *grain, const uint8_t *p, size_t n, size_t from, bool last);

/* ---- vault_squeeze.c: zstd or not ---- */

struct squeezer;
struct squeezer *vault_squeezer_new(void); /* NULL when memory is out */
void vault_squeezer_free(struct squeezer *s);
bool vault_looks_random(struct bytes x); /* by the histogram of three places */
/*
 * vault_squeeze: ${plain} compressed into ${to}, *ret_n bytes; *ret_n is 0 when it is better kept as it is.  What is
 * returned has been decompressed into ${check} and compared.  ${to}, ${check}: as long as ${plain}.
 */
int vault_squeeze(struct squeezer *s, struct bytes plain, uint8_t *to, uint8_t *check, size_t *ret_n, struct err *e);
/* vault_unsqueeze: exactly ${n} bytes come out, or ERR_DAMAGED without words. */
int vault_unsqueeze(struct squeezer *s, struct bytes squeezed, uint8_t *to, size_t n);

/* ---- vault.c ---- */

struct reader;
struct open_run;
enum { VAULT_RUN_BUCKETS = 4096 };
struct vault {
    char *root;
    struct hash pin;
    uint32_t pack_sectors;
    struct vault_parity parity;
    struct vault_span span;
    uint32_t chunk_max;
    uint64_t object_bytes_max;
    unsigned threads;
    bool keyed;
    struct vault_keys keys;
    struct vault_turn *turns; /* keys.turns */
    struct gear gear;
    pthread_rwlock_t runs_lock;
    struct vault_run *runs; /* ascending by first_record */
    size_t run_count, run_room;
    pthread_mutex_t pool_lock; /* over the two below */
    struct reader *pool;       /* readers at rest */
    struct open_run *opened[VAULT_RUN_BUCKETS];
    atomic_uint_fast64_t second_reads;
    uint64_t *suspects; /* packs that something happened to, ascending */
    size_t suspect_count;
    void (*on_read)(void *context, uint64_t bytes); /* NULL: nobody is told */
    void *on_read_context;
    void (*on_damage)(void *context, uint64_t pack); /* NULL: nobody hears of it */
    void *on_damage_context;
};
void vault_sector_aad(const struct vault *v, uint64_t pack, uint8_t to[SECTOR_AAD]);
void vault_record_aad(const struct vault *v, const uint8_t head[RECORD_HEAD], uint8_t to[RECORD_AAD]);
/* Of a run that begins at this sector of this pack. */
void vault_run_key(const struct vault *v, uint64_t pack, uint32_t sector, const uint8_t salt[CRYPT_SALT],
                   struct key *ret);
void vault_directory_key(const struct key *run_key, struct key *ret);

/* ---- vault_pack.c: pack files, by number and copy ---- */

int vault_pack_path(const char *root, uint64_t pack, char copy, struct file_path *to, struct err *e);
int vault_pack_folder(const char *root, uint64_t pack, char copy, struct file_path *to, struct err *e);
int vault_check_sectors(uint32_t pack_sectors, struct err *e);
bool vault_is_among(const uint64_t *packs, size_t count, uint64_t pack); /* ascending ones */
/* vault_pack_number: in "NNNNNN.pack", with ${suffix} ".pack"; false for every other name. */
bool vault_pack_number(const char *name, const char *suffix, uint64_t *ret);
/*
 * vault_pack_open: for writing, past the page cache where the file system can (packs are large, written once, and must
 * be on the disk before the commit anyway).  ${flags}: O_CREAT, O_EXCL.
 * vault_pack_write: whole sectors; ${p} is aligned to PACK_ALIGN for the sake of the former.  Not synced.
 */
enum { PACK_ALIGN = 4096 };
int vault_pack_open(const char *path, int flags, int *ret_fd, struct err *e);
int vault_pack_write(int fd, const uint8_t *p, size_t n, uint64_t offset, const char *name, struct err *e);
/*
 * vault_pack_copy: sectors from..to of ${source} to the same place of ${target}, both called ${name}.  Not synced.
 * ${leaves}: of all sectors; ERR_IO when one does not hash to its own.
 */
int vault_pack_copy(int source, int target, uint32_t from, uint32_t to, const struct hash *leaves, const char *name,
                    struct err *e);
#define COPY_B_FRESH ".new" /* behind the name of a copy b that is being made anew */
/* vault_pack_cut: remove what no commit names; see vault_writer_open. */
struct vault_cut {
    const char *root;
    struct vault_span span;
    const struct vault_pack *open_pack; /* NULL: none */
    uint64_t next_pack;
};
int vault_pack_cut(const struct vault_cut *c, uint64_t *ret_cut_bytes, struct err *e);

/*
 * vault_parity.c: parity files (FORMAT 4.6).
 *
 * Parity file: pack_sectors sectors, sector i of file j the sum over the stripe's packs p of coefficient(p, j) times
 * sector i of pack p, in GF(2^8) modulo 0x11d.  Behind them the trailer, the same in all files of the stripe.  Members
 * are the packs covered, then the parity files:
 *      piece roots   32 bytes for each PARITY_PIECE leaves of each member, its last piece perhaps shorter; zeros up to
 *                    the sector's end
 *      leaves        32 bytes for each of the pack_sectors sectors of each member; zeros up to the sector's end
 * A member's leaves, and its piece roots, each hash to its logged root: so any piece found anywhere can be trusted.
 */
enum {
    PARITY_PIECE = 512, /* leaves in a sector of the trailer */
    PARITY_MEMBERS_MAX = VAULT_STRIPE_PACKS_MAX + VAULT_PARITY_MAX,
};
struct trailer { /* where its parts lie, in bytes from its beginning */
    uint32_t members;
    uint32_t leaves_each; /* pack_sectors */
    uint32_t pieces_each;
    uint64_t leaves_at;
    uint32_t sectors;
};
void vault_trailer_shape(uint32_t pack_sectors, uint32_t members, struct trailer *ret);
uint64_t vault_trailer_piece_at(const struct trailer *t, uint32_t member, uint32_t piece);
uint64_t vault_trailer_leaf_at(const struct trailer *t, uint32_t member, uint32_t leaf);
/* vault_trailer_fill: the whole trailer, t->sectors sectors, from the leaves of all members, one after another. */
void vault_trailer_fill(const struct trailer *t, const struct hash *leaves, uint8_t *to);
/*
 * vault_trailer_sift: the leaves of one member out of what copies of the trailer say: ${pieces}[c] are its piece roots
 * in copy c and ${leaves}[c] its leaves, either NULL where it cannot be read.  Nothing is taken that does not hash to
 * ${root}.  ${known}: for each piece whether its leaves are in ${ret}.
 */
void vault_trailer_sift(const struct trailer *t, const struct hash *root, const struct hash *const *pieces,
                        const struct hash *const *leaves, size_t copies, struct hash *ret, bool *known);
void vault_parity_root(const struct hash *leaves, size_t count, struct hash *ret);
int vault_parity_path(const char *root, const struct vault_stripe *stripe, unsigned file, struct file_path *to,
                      struct err *e);
/* vault_parity_cut: files of stripes between these that ${end} does not name are removed. */
int vault_parity_cut(const char *root, const struct vault_parity_end *end, const struct vault_span *stripes,
                     struct err *e);
uint8_t vault_parity_coefficient(const struct vault_parity *p, uint32_t pack, uint32_t file);

/*
 * vault_parity_check.c: sectors of a file, or of none (${fd} -1), one by one where they cannot be read together.
 * ${ret_there}: for each sector whether the disk gave it; zeros stand for those that it did not.
 */
void vault_sectors_read(int fd, uint64_t first, uint32_t count, uint8_t *to, bool *ret_there);
int vault_sectors_hash(int fd, uint64_t first, uint32_t count, struct hash *ret_leaves, bool *ret_there,
                       const struct vault_watch *watch, uint64_t *done, struct err *e);
int vault_set_aside(const char *root, const char *path, struct err *e); /* a second name in quarantine/, or a new one */
int vault_stripe_check(const struct vault_stripe_of *s, struct err *e); /* what the log says of it can be */

/*
 * vault_parity_write.c: parity over sealed packs, into new files.  One thread at a time: the syncer's while packs are
 * being filled, whenever a stripe is full; the caller's while the syncer rests and no sector is being sealed.
 */
struct bare { /* a sealed and synced pack that no parity covers yet */
    struct bare *next;
    struct vault_pack pack;
    struct hash *leaves; /* as in a pack_out; NULL: it was sealed by an earlier writer */
    bool inherited;
};
struct parity_out {
    bool known;                                      /* where it stands was said */
    struct vault_stripe stripe;                      /* the last one.  packs 0: none */
    struct vault_pack packs[VAULT_STRIPE_PACKS_MAX]; /* under it */
    struct vault_stripe replaced;                    /* the last one as it was logged, when it was extended since */
    struct vault_stripe *made;                       /* begun or extended since the last flush, ascending */
    size_t made_count, made_room;
    struct bare *bare, **bare_last; /* under append.lock */
    uint32_t bare_count;
    bool summing;       /* under append.lock: somebody is at it */
    atomic_bool hurry;  /* a flush waits, or sums: what can be done ahead is not begun */
    struct err blocked; /* a pack of an earlier writer is damaged: no more is made.  code 0: none is */
};
void vault_parity_init(struct parity_out *p);
void vault_parity_release(struct parity_out *p);
/* vault_parity_bare: under append.lock; one more that waits.  ${leaves} is taken over, or NULL. */
int vault_parity_bare(struct vault_writer *w, const struct vault_pack *pack, struct hash **leaves, bool inherited,
                      struct err *e);
/* Under append.lock: what is bare fills a stripe; or some of it was committed before this intake began. */
bool vault_parity_full(const struct vault_writer *w);
bool vault_parity_urgent(const struct vault_writer *w);
/* vault_parity_fill: what is bare under the last stripe, or under a new one, as much as it takes; by ${threads}. */
int vault_parity_fill(struct vault_writer *w, unsigned threads, struct err *e);
/* vault_parity_trailer: that of ${stripe}, ${t->sectors} sectors, from whichever file has it whole.  ERR_DAMAGED. */
int vault_parity_trailer(const struct vault *v, const struct vault_stripe *stripe, const struct trailer *t, uint8_t *to,
                         struct err *e);
/*
 * vault_parity_ahead.c: what the old files of a stripe say that is to be extended, added to its sum while packs are
 * still being filled.  vault_parity_waits: under append.lock; there is something to add.  vault_parity_ahead: by the
 * syncer, until all is added or somebody is in a hurry; what cannot be read, or is damaged, is left to
 * vault_parity_fill, which meets it again.
 */
bool vault_parity_waits(struct vault_writer *w);
void vault_parity_ahead(struct vault_writer *w);
int vault_parity_told(struct vault_writer *w, struct vault_flushed *f, struct err *e); /* what was made, in ${f} */
int vault_parity_committed(struct vault_writer *w, struct err *e); /* what was replaced goes */

/* ---- vault_read.c: records out of packs ---- */

struct reader *vault_reader_take(struct vault *v, struct err *e); /* from the pool; NULL when memory is out */
void vault_reader_give(struct reader **r);                        /* back into it; NULL is fine */
void vault_reader_free_all(struct vault *v);
void vault_runs_forget(struct vault *v); /* readers and opened runs; nobody may be reading */
/*
 * vault_record_read: open one record of ${type} under ${key} and ${nonce}.  *ret borrows the reader's buffer until its
 * next record.
 */
int vault_record_read(struct reader *r, uint64_t record, enum record_type type, const struct key *key, uint64_t nonce,
                      struct bytes *ret, struct err *e);
/*
 * vault_frame_read: the frame's bytes, as many as ${ref} says, to ${to}.  Its digest is the caller's to check.
 * vault_frame_borrow: the same, out of the reader's own buffer, until its next record.
 */
int vault_frame_read(struct reader *r, const struct frame_ref *ref, uint8_t *to, struct err *e);
int vault_frame_borrow(struct reader *r, const struct frame_ref *ref, struct bytes *ret, struct err *e);
struct warm;
int vault_reader_warm(struct reader *r, struct warm **ret, struct err *e); /* its own, made when first asked for */
unsigned vault_reader_threads(const struct reader *r); /* how many there may be in all */

int vault_record_pack(struct reader *r, uint64_t record, uint64_t *ret_pack, struct err *e); /* where it lies */

/* ---- vault_manifest.c: manifests out of records ---- */

struct opened { /* a manifest with its part 0 and at most one further part in memory */
    struct key key;
    uint64_t record;
    struct buf root;
    struct manifest m;
    struct buf part;
    uint32_t part_number; /* 0: none */
};
int vault_opened_init(struct reader *r, const struct key *key, uint64_t record, struct opened *ret, struct err *e);
/* vault_opened_load: another manifest into what was initialized or is zeros; after an error it is to be loaded again or
 * released. */
int vault_opened_load(struct reader *r, const struct key *key, uint64_t record, struct opened *o, struct err *e);
void vault_opened_release(struct opened *o); /* wipes */
int vault_opened_frame(struct reader *r, struct opened *o, uint32_t frame, struct frame_ref *ret, struct err *e);

/* ---- vault_warm.c: frames' bytes on their way, and for a while after ---- */

struct warm *vault_warm_new(size_t room); /* bytes; NULL when memory is out */
void vault_warm_free(struct warm *w);     /* wipes */
size_t vault_warm_room(const struct warm *w);
/*
 * Positions count on without end.  vault_warm_next: where a frame of ${n} bytes can lie in one piece.
 * vault_warm_put: ${ref} lies ${at} such a place now.  Whoever puts it holds it to its digest, or forgets all.
 * vault_warm_get: does it lie there, and will it when ${ahead} further bytes are put?
 */
uint64_t vault_warm_next(const struct warm *w, size_t n);
uint8_t *vault_warm_place(const struct warm *w, uint64_t at);
void vault_warm_put(struct warm *w, const struct frame_ref *ref, uint64_t at);
bool vault_warm_get(struct warm *w, const struct frame_ref *ref, size_t ahead, uint64_t *ret_at);
void vault_warm_forget(struct warm *w);

/* ---- vault_step.c: objects out of their frames ---- */

enum { STRANDS = 3 };
struct strand { /* one of the objects that are read in step */
    struct opened *o;
    const struct vault_sink *sink; /* NULL: only checked */
    int rc;                        /* what became of it, */
    struct err why;                /* in words */
    uint64_t joined;               /* what its frames are; only with ${seen} */
    /* What follows begins as zeros. */
    struct crypt_sha256 *whole;
    uint64_t handed;      /* bytes that were hashed */
    uint64_t bytes;       /* and those that were gathered */
    uint32_t next;        /* frame */
    bool known;           /* what it is: */
    struct frame_ref ref;
    atomic_bool failed;
};
struct vault_reading {
    struct reader *r;
    struct vault_seen *seen; /* NULL: every frame is held to its digest */
    struct strand *strand;
    size_t count; /* at most STRANDS */
};
/* vault_objects_read: ERR_IO when memory is out; all else is said of each object. */
int vault_objects_read(const struct vault_reading *reading, struct err *e);

/* ---- vault_check.c: what was seen of frames ---- */

uint64_t vault_seen_mark(const struct vault_seen *s, const struct frame_ref *ref); /* never 0 */
bool vault_seen_has(const struct vault_seen *s, uint64_t record, uint64_t mark);
void vault_seen_put(struct vault_seen *s, uint64_t record, uint64_t mark);
uint64_t vault_seen_join(const struct vault_seen *s, uint64_t joined, uint64_t mark); /* joined: 0 to begin with */

/* ---- vault_book.c: chunks seen since the last commit ---- */

enum owner_state { OWNER_OPEN, OWNER_KEPT, OWNER_FORGOTTEN };
struct owner { /* what must be remembered of an object until its commit */
    uint64_t cookie;
    uint64_t manifest_record;
    enum owner_state state;
};
struct entry;
struct book {
    struct vault *v;
    struct vault_memory memory;
    pthread_mutex_t lock; /* over all below, and over the caller's memory */
    pthread_cond_t stored;
    struct shelf owners;
    struct shelf entries;
    uint32_t *buckets; /* index of an entry plus one */
    size_t bucket_count;
    struct holder *holders; /* manifests opened lately */
    uint64_t holder_clock;
};
int vault_book_init(struct book *b, struct vault *v, const struct vault_memory *memory, struct err *e);
void vault_book_release(struct book *b);
void vault_book_clear(struct book *b);
void vault_book_age(struct book *b); /* instead, between two parts: some chunks stay known */
struct owner *vault_book_owner(struct book *b); /* a new object; NULL when memory is out */
void vault_book_resolve(struct book *b, struct owner *o, enum owner_state state, uint64_t cookie);
/*
 * vault_book_see: frame ${frame} of ${owner} is this chunk.  *ret_entry stands for it from now on; when *ret_fresh the
 * caller must store it and say so by vault_book_stored.
 */
int vault_book_see(struct book *b, struct owner *owner, uint32_t frame, const struct hash *digest, uint32_t size_bytes,
                   uint32_t *ret_entry, bool *ret_fresh, struct err *e);
void vault_book_stored(struct book *b, uint32_t entry, uint64_t record, const struct key *key);
/* vault_book_ref: the reference to write in the manifest of ${owner}; waits until the chunk is stored. */
int vault_book_ref(struct book *b, uint32_t entry, struct owner *owner, uint32_t frame, const atomic_bool *stop,
                   struct frame_ref *ret);
void vault_book_wake(struct book *b); /* after *stop was set */
int vault_book_lists(struct book *b, struct vault_flushed *f, struct err *e); /* objects and frames of kept owners */

/* ---- vault_sum.c: parity of the packs that are being filled ---- */

enum {
    SUM_PIECE = 8, /* sectors that one thread at a time adds to */
    SUM_SCRATCH = SUM_PIECE * VAULT_SECTOR * VAULT_PARITY_MAX,
};
struct sum { /* of one stripe */
    bool used;
    uint64_t stripe;
    uint64_t members;            /* a bit for each of its packs that is in it */
    int fds[VAULT_PARITY_MAX];   /* memory, pack_sectors long: what the parity files will say, so far */
    atomic_bool broken;          /* memory is out: it is of no use */
    uint32_t old_packs;          /* so many packs the parity covers that was added ahead; 0: none was */
    uint32_t old_rows;           /* and so far: vault_parity_ahead.c */
    bool old_failed;             /* nothing more of it is added */
    pthread_mutex_t region[16];
};
struct sealed { /* sectors of a pack, as they will lie on the disk */
    uint64_t pack;
    uint32_t first, count;
    const uint8_t *sectors;
};
struct sums { /* the stripe that is being filled, and the one before while it is written */
    const struct vault *v;
    struct sum sum[2];
};
void vault_sums_init(struct sums *s, const struct vault *v);
void vault_sums_release(struct sums *s); /* zeros are fine */
/* Under append.lock.  vault_sum_join: for a pack that is begun; NULL: it is to be read back. */
struct sum *vault_sum_join(struct sums *s, uint64_t pack);
struct sum *vault_sum_of(struct sums *s, uint64_t stripe); /* NULL: there is none */
void vault_sum_end(struct sum *s);                         /* its place is free */
/* vault_sum_has: all sectors that were sealed of this pack of the stripe are in it.  ${s} may be NULL. */
bool vault_sum_has(const struct sum *s, uint32_t member);
/* vault_sum_add: by whoever seals them; adding them again takes them out. */
void vault_sum_add(struct sum *s, const struct vault *v, const struct sealed *x, uint8_t scratch[SUM_SCRATCH]);

/* vault_sum_sectors: of pack ${member} of a stripe, added to what each of its parity files says. */
void vault_sum_sectors(const struct vault_parity *p, uint32_t member, struct bytes sectors, uint8_t **to);
/* vault_sum_mix: sectors of an old parity file, or of what is to be one, to what that file will say. */
void vault_sum_mix(struct sum *s, uint32_t file, uint32_t first, struct bytes sectors, uint8_t scratch[SUM_SCRATCH]);

/* ---- vault_append.c: records into runs; vault_seal.c: runs into packs ---- */

enum {
    RING = 16 << 20,    /* plaintext on its way to the sectors; more than twice the longest record */
    CLAIM_SECTORS = 64, /* sealed and written at once */
    LANE_BYTES_MIN = DIRECTORY_MAX,
};

struct pack_out { /* a pack that this flush writes to */
    struct pack_out *next;
    uint64_t number;
    int fd;
    bool fresh;            /* the file was created since the last flush */
    bool sealed;           /* its last run ends at its last sector */
    uint32_t first_sector; /* committed before this flush */
    uint32_t sectors;      /* and with all runs that have ended */
    uint32_t written;      /* sectors written by this flush */
    bool synced;           /* all of a sealed pack is durable, but for its name in the folder */
    struct merkle tree;    /* over the sectors before first_sector */
    struct hash *leaves;   /* of all its sectors */
    bool inherited;        /* an earlier writer committed the first of them */
    struct sum *sum;       /* what its sectors are added to when they are sealed; NULL: nothing */
    struct hash root;
};
struct run_out {
    struct run_out *next;
    struct pack_out *pack;
    uint8_t salt[CRYPT_SALT];
    struct key key;
    uint64_t base;         /* ring position of the first plaintext byte */
    uint64_t used;         /* plaintext bytes taken */
    uint64_t first_record;
    uint32_t first_sector;
    uint32_t records;
    uint32_t directory;    /* its offset, once ended */
    uint32_t sectors;      /* once ended */
    uint32_t claimed;
    uint32_t written;
    bool ended;
};
/* A thread's own tools. */
struct lane {
    struct squeezer *squeezer;
    struct crypt_aead *sector;
    uint8_t *squeezed;    /* chunk_max */
    uint8_t *check;       /* chunk_max or DIRECTORY_MAX, with head and tag; also for records that wrap round the ring */
    uint8_t *sealed;      /* CLAIM_SECTORS sectors */
    uint8_t plain[VAULT_SECTOR];
    uint64_t fill;        /* ring position being filled; UINT64_MAX: none */
    uint64_t claim;       /* ring position being sealed; UINT64_MAX: none */
};
struct append {
    struct vault *v;
    const atomic_bool *stop;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    uint8_t *ring;
    uint64_t pos; /* next ring position to give; the byte is ring[pos % RING] */
    bool ending;  /* a run is being ended: others wait */
    struct lane *lanes;
    unsigned lane_count;
    struct run_out *runs, *run;     /* oldest not wholly written; the one that takes records, or NULL */
    struct pack_out *packs, *pack;  /* of this flush in order; the one that is not full, or NULL */
    uint32_t *offsets;              /* of the records in run */
    struct vault_run *done;         /* ended runs of this flush */
    size_t done_count, done_room;
    uint64_t next_pack, next_record;
    uint64_t written_bytes;
    struct sums sums;
};
int vault_append_init(struct append *a, struct vault *v, const atomic_bool *stop, unsigned lanes, struct err *e);
void vault_append_release(struct append *a);
/* vault_append_record: seal ${payload} under ${key} as the next record. */
int vault_append_record(struct append *a, struct lane *lane, struct record_head *head, struct bytes payload,
                        const struct key *key, uint64_t nonce, struct err *e);
/* vault_append_end: end the run at a sector edge, or at the pack's end when little would be left; write all of it. */
int vault_append_end(struct append *a, struct lane *lane, struct err *e);
void vault_append_wake(struct append *a);

struct claim {
    struct run_out *run;
    uint32_t first; /* sector of the run */
    uint32_t count;
    uint64_t used;    /* plaintext bytes of the run when the claim was taken; zeros behind them */
    uint32_t sectors; /* of the run once it has ended, else 0 */
};
/* vault_seal: encrypt, hash and write the sectors of a claim. */
int vault_seal(struct append *a, struct lane *lane, const struct claim *c, struct err *e);
int vault_pack_begin(struct append *a, struct pack_out **ret, struct err *e);
struct pack_out *vault_pack_out_new(uint64_t number, uint32_t pack_sectors); /* NULL when memory is out */
void vault_pack_out_free(struct pack_out *p);
/* vault_pack_finish: fdatasync what was written and make the root over it. */
int vault_pack_finish(struct append *a, struct pack_out *p, struct err *e);
/*
 * vault_pack_sample: of a sealed pack that was synced, the first and the last sector that this writer wrote and two
 * more by lot, read back.  So a disk that has less room than it says is met here.  ERR_IO.
 */
int vault_pack_sample(const struct append *a, const struct pack_out *p, struct err *e);

/* ---- the writer: vault_writer.c, vault_put.c, vault_digest.c, vault_work.c, vault_object.c, vault_flush.c ---- */

enum {
    PIECE = 4 << 20, /* bytes read at once */
    PIECES = 8,
    GATHER_BYTES = 512 << 10,   /* small objects handed to a worker together */
    GATHER_OBJECTS = 128,
    GATHER_ROOM_MIN = 256 << 10, /* with less room, the next object begins in another piece */
    MANIFESTS_TOGETHER = 1024,  /* written side by side, so that looking through them is one sweep */
};

struct piece { /* an arena buffer: room for a chunk begun before it, and what was read */
    struct piece *next;
    uint8_t *memory;
    uint8_t *data; /* PIECE bytes; chunk_max bytes before it are its own too */
    uint8_t *low;  /* the first byte that ever held anything; NULL: none did.  What was not touched need not be wiped */
    unsigned refs;
};
struct object { /* from vault_put until its manifest is written */
    struct object *next;
    struct owner *owner;
    struct key manifest_key;
    struct vault_digest digest;
    const uint8_t *data; /* the whole object, unless streamed */
    uint32_t *frames;    /* entries of the book */
    uint32_t frame_count, frame_room;
    bool streamed;
    /* Streamed: under w->lock. */
    unsigned tasks; /* pieces not yet done */
    bool resolved;  /* kept or forgotten */
    bool kept;
    uint64_t turn;  /* the piece that may be cut now; its thread alone uses what follows */
    struct grain grain;
    struct piece *carry; /* what the piece before left uncut */
    const uint8_t *carry_data;
    size_t carry_n;
};
enum task_kind { TASK_GATHER, TASK_STREAM, TASK_MANIFESTS };
struct task {
    struct task *next;
    enum task_kind kind;
    struct piece *piece;
    struct object *objects; /* gathered or for manifests: a chain; streamed: the one */
    uint64_t turn;          /* streamed: which piece of the object, its bytes, and whether it is the last */
    size_t n;
    bool last;
};
struct worker {
    struct vault_writer *w;
    struct lane *lane;
    pthread_t thread;
};
struct digester { /* under the writer's lock, but for ${whole} */
    struct crypt_sha256 *whole; /* the thread's while a part waits or is at hand, else the calling thread's */
    struct digest_part {
        struct piece *piece;
        size_t n;
    } part[PIECES]; /* a ring; the first stays in it until it is hashed */
    size_t first, count;
    bool ending;
    pthread_cond_t more, done;
    pthread_t thread; /* from the first object that is streamed on */
    bool running;
};
struct vault_writer {
    struct vault *v;
    atomic_bool stop; /* failed or closing: threads leave their work */
    struct book book;
    struct append append;

    pthread_mutex_t lock; /* over all below, but for what only the calling thread uses */
    pthread_cond_t work, room, idle, turned;
    bool closing;
    int failed; /* the first failure; ${failure} is its line */
    struct err failure;
    struct task *first, **last;
    unsigned busy;
    struct piece pieces[PIECES];
    struct piece *free_pieces;
    struct object *ready; /* kept, all chunks seen: manifests to write */
    unsigned ready_count;

    /* The calling thread's own. */
    struct worker workers[VAULT_THREADS_MAX];
    unsigned worker_count;
    pthread_t syncer;
    bool syncing;
    struct lane *lane;
    struct piece *gather;
    size_t gather_used, gather_sent; /* bytes in it; and of those, handed over */
    struct object *gathered, **gathered_last;
    unsigned gathered_count;
    struct object *current; /* put, not resolved */
    struct digester digester;
    uint64_t next_pack, next_record; /* as of the last flush */
    struct parity_out parity;
    bool flushed;                    /* and not yet committed */
    bool owes;                       /* a second copy or parity may be behind: see vault_flush_part */
};
/* vault_writer_fail: remember the first failure with its line, stop everybody; returns ${rc}. */
int vault_writer_fail(struct vault_writer *w, int rc, const struct err *e);
int vault_writer_failed(struct vault_writer *w, struct err *e); /* 0, or the failure with its line again */
void *vault_worker(void *worker);
void *vault_syncer(void *writer);
/* Under w->lock. */
int vault_task_add(struct vault_writer *w, const struct task *t, struct err *e);
void vault_piece_release(struct vault_writer *w, struct piece *p);
int vault_object_ready(struct vault_writer *w, struct object *o, struct err *e);
int vault_manifests_send(struct vault_writer *w, struct err *e);
int vault_object_end(struct vault_writer *w, struct object *o, struct err *e); /* streamed: when all is known of it */
void vault_object_free(struct vault_writer *w, struct object *o);
/* Not under it. */
int vault_digest_init(struct vault_writer *w, struct err *e);
void vault_digest_release(struct vault_writer *w); /* ends its thread */
void vault_digest_begin(struct vault_writer *w);
void vault_digest_add(struct vault_writer *w, struct piece *p, size_t n); /* the piece is held until it is hashed */
void vault_digest_end(struct vault_writer *w, struct hash *ret);          /* waits for all that was added */
int vault_gather_send(struct vault_writer *w, struct err *e);
int vault_manifest_write(struct vault_writer *w, struct lane *lane, struct object *o, struct err *e);

#endif
