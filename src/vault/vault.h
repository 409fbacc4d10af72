/*
 * The vault: bytes in, encrypted and deduplicated packs out, and the same bytes back or a loud failure.
 *
 * It knows objects (one file's bytes), frames (one chunk of one object), records (a frame or a manifest part as it
 * lies in a pack) and packs.  It knows no statements, no names and no leaves but as numbers that its callers give.
 * FORMAT 4.  Calls of other rooms: store/ only.
 *
 * After a crash: nothing exists that a journal record does not name.  vault_open is told the committed runs; what lies
 * beyond them is cut or removed by the next writer (vault_writer_open), never read.
 *
 * Files, under the repository:
 *     vault/NNN/NNNNNN.pack      copy a of every pack from its first sector on; sealed packs have exactly pack_sectors
 *     b/open/NNNNNN.pack         copy b of the open pack, until the commit that seals it
 *     parity/NNN/NNNNNN-CC.pJ    parity file J of a stripe, over its first CC packs
 */
#ifndef VAULT_VAULT_H
#define VAULT_VAULT_H

#include "crypt/crypt.h"

#include <stdatomic.h>

enum {
    VAULT_SECTOR = 16384,            /* bytes of ciphertext and tag; FORMAT 4.1 */
    VAULT_PACK_MIB_MIN = 1,
    VAULT_PACK_MIB_MAX = 1024,
    VAULT_PACK_MIB_DEFAULT = 64,
    VAULT_CHUNK_MAX = 4 << 20,       /* the longest chunk; at most a quarter of a pack */
    VAULT_COMPARTMENT = 16,
};

struct vault_keys {
    uint8_t compartment[VAULT_COMPARTMENT]; /* random id, public inside the compartment */
    struct key pack;                        /* outer layer: sectors */
    struct key chunk;                       /* seeds the gear table */
    const struct vault_turn *turns;         /* pack keys that followed, ascending; copied */
    size_t turn_count;
};
struct vault_turn { /* the key of runs that begin there or behind it */
    uint64_t pack;
    uint32_t sector;
    struct key key;
};

/*
 * A run: consecutive sectors that one flush added to one pack, under one key.  The journal names pack, first_sector and
 * sectors.  A run may hold no record (it only fills a pack up), and one flush may add several runs to a pack.
 */
struct vault_run {
    uint64_t pack;
    uint32_t first_sector;
    uint32_t sectors;
    uint64_t first_record; /* from the run's own encrypted footer */
    uint32_t records;
};

/* What the log says of a pack: enough to check it without any key. */
struct vault_pack {
    uint64_t pack;
    uint32_t sectors; /* committed; a sealed pack has all */
    bool sealed;
    struct hash root; /* Merkle root (RFC 6962) over the committed ciphertext sectors */
};

/*
 * Parity: Reed-Solomon over sealed packs in the order of their numbers.  ${packs} of them and ${files} parity files are
 * a stripe, of which any ${files} may be lost; packs that a stripe does not have yet count as zeros.  Both zero: none.
 * FORMAT 4.6.  It is made of ciphertext, so everything that is done by it needs no key.
 */
enum { VAULT_STRIPE_PACKS_MAX = 32, VAULT_PARITY_MAX = 4 };
struct vault_parity {
    uint32_t packs, files;
};
/* What the log says of a stripe. */
struct vault_stripe {
    uint64_t stripe;
    uint32_t packs;                      /* covered so far: its first ones */
    struct hash roots[VAULT_PARITY_MAX]; /* of each file: over its parity sectors */
    struct hash trailer;                 /* over the sectors behind them, which are the same in each file */
};

/*
 * Packs first to end - 1: those of one compartment, whose stripes are made of them alone.  ${first} is a multiple of
 * the packs of a stripe.  Nothing outside is written or removed.
 */
struct vault_span {
    uint64_t first, end;
};
#define VAULT_ALL_PACKS ((struct vault_span){0, UINT64_MAX})
struct vault_setup {
    const char *root;           /* repository folder; kept until close */
    struct hash pin;            /* SHA-256 of leaf 0: binds every sector to this repository */
    uint32_t pack_sectors;
    struct vault_parity parity;
    struct vault_span span;     /* end 0: all packs */
    const struct vault_keys *keys; /* copied; NULL: only keyless functions may be called */
    unsigned threads;           /* workers of a writer; 0 is one more than there are processors */
};

struct vault;
int vault_open(const struct vault_setup *setup, struct vault **ret, struct err *e);
void vault_close(struct vault *v);
void vault_drop(struct vault **v);
/* Runs become readable by being told, in journal order.  vault_run_read fills first_record and records from disk. */
int vault_run_add(struct vault *v, const struct vault_run *run, struct err *e);
int vault_run_read(struct vault *v, struct vault_run *run, struct err *e);
/* vault_second_reads: how often copy b had to stand in for copy a since vault_open; a reason to warn and to repair. */
uint64_t vault_second_reads(const struct vault *v);

/* ---- writing ---- */

/* Where a chunk already lies: frame ${frame} of the object whose manifest the holder's leaf opens. */
struct vault_known {
    uint64_t leaf;
    uint32_t frame;
};
/*
 * The caller's memory of what the vault holds, as of the last commit.  Called by worker threads, one call at a time,
 * and while the calling thread is in vault_put, vault_keep or anywhere between them: what both touch, the caller
 * guards.
 * find: 0 and *ret, or ERR_ABSENT.  holder: the manifest key and manifest record of a living leaf; ERR_ABSENT when
 * it is erased.  Where *ret names a frame that is not there, is damaged or is itself shared, the chunk is stored anew.
 */
struct vault_memory {
    int (*find)(void *context, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret, struct err *e);
    int (*holder)(void *context, uint64_t leaf, struct key *ret_manifest_key, uint64_t *ret_manifest_record,
                  struct err *e);
    void *context;
};

struct vault_source {
    /* up to ${n} bytes; *ret_n == 0 is the end, and is asked once.  An error ends the object, not the writer. */
    int (*read)(void *context, void *to, size_t n, size_t *ret_n, struct err *e);
    void *context;
    const struct hash *digest; /* SHA-256 of all that it gives, made of the same memory; NULL: it is made here */
};

struct vault_digest {
    struct hash sha256; /* of the whole object, what sha256sum prints */
    uint64_t bytes;
};

struct vault_writer;
/*
 * One writer at a time, held by the caller's lock; its calls come from one thread.
 *
 * vault_writer_open(v, open_pack, next_pack, next_record, memory, ret, e):
 * Cut what lies beyond the last commit, re-read the open pack and hold it to its logged root, start the workers.
 * ${open_pack}: as the log says, or NULL when every pack is sealed; damaged copy a is an error that names `repair`.
 * ${next_pack}, ${next_record}: the first unused numbers.  *ret_cut_bytes: what an unfinished intake had left.
 */
int vault_writer_open(struct vault *v, const struct vault_pack *open_pack, uint64_t next_pack, uint64_t next_record,
                      const struct vault_memory *memory, struct vault_writer **ret, uint64_t *ret_cut_bytes,
                      struct err *e);
void vault_writer_close(struct vault_writer *w); /* abandons what is not flushed */
void vault_writer_drop(struct vault_writer **w);

/*
 * vault_writer_stripes(w, end, e): where the parity stands, said once before the first flush of a vault with parity.
 * Parity files that the log does not name are removed.
 */
struct vault_parity_end {
    const struct vault_stripe *stripes; /* of the last commit that made any, ascending: the last one is extended */
    size_t stripe_count;
    const struct vault_pack *packs; /* the sealed packs of the last one, and those that none covers yet */
    size_t pack_count;
};
int vault_writer_stripes(struct vault_writer *w, const struct vault_parity_end *end, struct err *e);

/*
 * vault_put(w, source, ret, e): read one object to its end; its SHA-256 is made in the calling thread while chunks go
 * to the workers.  Then exactly one of:
 *   vault_keep(w, manifest_key, cookie): it becomes an object; its manifest is sealed under ${manifest_key} (used for
 *     this manifest only).  Its manifest record is known after vault_flush under ${cookie}.  ${cookie} is the number of
 *     its leaf: manifests of other objects that share its frames name it as their holder.
 *   vault_forget(w): it does not (already here); frames it may have added are never named.
 * A failing source forgets by itself: vault_put returns its code, or ERR_REFUSED for an object that is too long, and
 * neither of the two is called.  A failing disk spoils the writer: every later call fails with the same line.
 * Memory: about 100 MiB, and until the commit about 100 bytes for each distinct chunk.
 */
int vault_put(struct vault_writer *w, const struct vault_source *source, struct vault_digest *ret, struct err *e);
int vault_keep(struct vault_writer *w, const struct key *manifest_key, uint64_t cookie, struct err *e);
void vault_forget(struct vault_writer *w);

struct vault_object {
    uint64_t cookie;
    uint64_t manifest_record;
};
struct vault_frame { /* for the caller's memory: this chunk first lies in this object */
    struct hash digest;
    uint64_t cookie;
    uint32_t size_bytes;
    uint32_t frame;
};
struct vault_flushed {
    struct vault_object *objects; /* ascending by cookie when cookies were given ascending */
    size_t object_count;
    struct vault_frame *frames;
    size_t frame_count;
    struct vault_run *runs; /* of this flush, by pack */
    size_t run_count;
    struct vault_pack *packs; /* every pack touched: sealed ones, then the open one if any */
    size_t pack_count;
    struct vault_stripe *stripes; /* every stripe that was begun or extended, ascending */
    size_t stripe_count;
    uint64_t next_pack, next_record;
    uint64_t stored_bytes; /* sectors written by this flush, in bytes */
    struct err parity_blocked; /* code 0; or the line by which some parity is owed, to be told */
};
void vault_flushed_release(struct vault_flushed *f);
/*
 * vault_flush(w, ret, e): wait for all objects, end the run with its directory and pad to a sector edge; packs, copy b
 * of the open pack, the parity over all sealed packs, and their folders are fsynced.  When 0 is returned everything in
 * *ret is durable; the caller then commits it.  Without new objects the lists are empty, but for owed stripes.
 * vault_flush_part: the same in the middle of an intake, which can be taken in again: copy b of the open pack, and
 * parity over a stripe that is not full, are left to the next vault_flush, whichever writer does it.
 * vault_committed(w): the commit is durable: the new runs become readable, copies b of sealed packs and parity that was
 * replaced are removed.
 */
int vault_flush(struct vault_writer *w, struct vault_flushed *ret, struct err *e);
int vault_flush_part(struct vault_writer *w, struct vault_flushed *ret, struct err *e);
int vault_committed(struct vault_writer *w, const struct vault_flushed *f, struct err *e);

/* ---- reading ---- */

struct vault_sink {
    int (*write)(void *context, struct bytes piece, struct err *e);
    void *context;
};
/*
 * vault_get: the object's bytes in order into ${sink} (NULL: only checked).  Every frame is authenticated, decompressed
 * and re-hashed, and the whole digest compared with the manifest's before 0 is returned: a sink that was given bytes
 * must not show them as whole before that.  ERR_DAMAGED names pack, sector and record.
 * Safe from several threads at once.  Memory: some 10 MiB for each, and frames of large objects that were read lately,
 * at most 128 MiB for all of them, until vault_close.
 */
int vault_get(struct vault *v, const struct key *manifest_key, uint64_t manifest_record, const struct vault_sink *sink,
              struct vault_digest *ret, struct err *e);
/*
 * vault_check: ${names}, each read and held to its digest as by vault_get, and told to ${each} in their order: 0 or an
 * error with its words, and the digest that its manifest gives (nothing of use after an error).  What ${each} returns,
 * unless it is 0, ends the check with it.  ${progress} is given the bytes of large objects meanwhile, and may end it.
 * What ${seen} holds is not shown again: a frame that was opened and held to its digest is not hashed a second time,
 * and not read for an object that is this frame alone; an object of the same frames and the same digest as one that
 * was found right is not read.  A reference that says otherwise of its frame is always followed.
 * vault_seen_new: nothing is seen.  Eight bytes for each record of the runs told so far.  It may be shared by threads.
 */
struct vault_seen;
int vault_seen_new(struct vault *v, struct vault_seen **ret, struct err *e);
void vault_seen_free(struct vault_seen *s);
void vault_seen_drop(struct vault_seen **s);
struct vault_object_name {
    struct key manifest_key;
    uint64_t manifest_record;
};
struct vault_check {
    const struct vault_object_name *names;
    size_t count;
    int (*each)(void *context, size_t index, int rc, const struct vault_digest *digest, const struct err *why,
                struct err *e);
    void *context;
    struct vault_sink progress;
};
int vault_check(struct vault *v, struct vault_seen *seen, const struct vault_check *check, struct err *e);
/* vault_on_read: ${told} hears of all bytes that are read from packs from now on, in whatever thread reads; it may take
 * its time.  NULL: nobody. */
void vault_on_read(struct vault *v, void (*told)(void *context, uint64_t bytes), void *context);
/* vault_on_damage: ${told} hears of each pack of which a record did not open, in whatever thread reads.  NULL: none. */
void vault_on_damage(struct vault *v, void (*told)(void *context, uint64_t pack), void *context);
/* vault_pack_of: where a record lies; false when it lies in no committed run. */
bool vault_pack_of(struct vault *v, uint64_t record, uint64_t *ret_pack);
/* vault_look: digest and size from the manifest alone. */
int vault_look(struct vault *v, const struct key *manifest_key, uint64_t manifest_record, struct vault_digest *ret,
               struct err *e);
/* vault_list: the frames that the object itself holds, for rebuilding the caller's memory. */
int vault_list(struct vault *v, const struct key *manifest_key, uint64_t manifest_record,
               int (*each)(void *context, uint32_t frame, const struct hash *digest, uint32_t size_bytes,
                           struct err *e),
               void *context, struct err *e);

/*
 * vault_lacks: which bytes of an object cannot be had.  Only frames that lie in one of ${packs} are read; what is found
 * is told in order, neighbours as one.  ERR_DAMAGED: its manifest cannot be read, so none of its bytes can be had.
 */
struct vault_range {
    uint64_t first, bytes;
};
struct vault_lacks {
    const uint64_t *packs; /* ascending */
    size_t pack_count;
    int (*each)(void *context, const struct vault_range *lost, struct err *e);
    void *context;
};
int vault_lacks(struct vault *v, const struct key *manifest_key, uint64_t manifest_record,
                const struct vault_lacks *wish, struct err *e);

/*
 * Packs that something happened to, ascending.  vault_suspect: ${packs} is taken over, NULL for none; no chunk that
 * lies in one of them is shared, it is stored anew.  vault_suspected: borrowed.  Before a writer is opened.
 */
void vault_suspect(struct vault *v, uint64_t *packs, size_t count);
void vault_suspected(const struct vault *v, const uint64_t **ret, size_t *ret_count);

/* ---- checking without keys ---- */

struct vault_finding {
    uint64_t pack;     /* of a parity file: its stripe */
    char copy;         /* 'a' or 'b'; of a parity file its number, '0' on */
    const char *what;  /* catalogue text: "is missing", "is shorter than logged", "does not have its logged root" ... */
    bool behind;       /* no damage: a second copy that a part of an intake left to the next vault_flush */
};
struct vault_watch {
    void (*finding)(void *context, const struct vault_finding *f);
    int (*progress)(void *context, uint64_t bytes); /* bytes hashed so far; non-zero stops with ERR_STOPPED */
    void *context;
};
/*
 * vault_audit_pack: hash the ciphertext of one pack (both copies of an open one) against ${logged}.  Never writes.
 * 0 when whole; ERR_DAMAGED after telling ${watch}; bytes beyond the committed sectors are no damage but those of a
 * sealed pack are.  A copy b that is not there or ends early is told, and no damage either: see vault_flush_part.
 */
int vault_audit_pack(const char *root, uint32_t pack_sectors, const struct vault_pack *logged,
                     const struct vault_watch *watch, struct err *e);
/* vault_pack_ahead: the kernel is asked to read what was committed of copy a into the page cache, until *stop; nobody
 * waits for it, and what cannot be read is met by whoever reads it. */
void vault_pack_ahead(const char *root, const struct vault_pack *p, const atomic_bool *stop);
/* vault_pack_place: where a copy of a pack lies below the repository; ${copy} is 'a' or 'b'. */
enum { VAULT_PLACE_MAX = 64 };
void vault_pack_place(uint64_t pack, char copy, char to[VAULT_PLACE_MAX]);
/*
 * vault_repair_pack: an open pack's bad copy from its good one, into a new verified file; ERR_DAMAGED when neither is
 * good.  A sealed pack heals only while its copy b is still there, or by its stripe's parity.
 */
int vault_repair_pack(const char *root, uint32_t pack_sectors, const struct vault_pack *logged, bool *ret_healed,
                      struct err *e);

/* Where a stripe lies, and what the log says of it and of the packs under it: ${logged}->packs of them. */
struct vault_stripe_of {
    const char *root;
    uint32_t pack_sectors;
    struct vault_parity parity;
    const struct vault_stripe *logged;
    const struct vault_pack *packs;
    const char *elsewhere; /* to repair: a folder in which these packs may lie too, as in a mirror, whatever they are
                            * worth; or NULL */
};
/* vault_parity_known: a shape that this program makes and reads; both zero are none, and known. */
bool vault_parity_known(const struct vault_parity *p);
/* vault_parity_name: the name of a parity file below the repository. */
enum { VAULT_PARITY_NAME_MAX = 64 };
void vault_parity_name(const struct vault_stripe *stripe, unsigned file, char to[VAULT_PARITY_NAME_MAX]);
/* vault_audit_parity: as vault_audit_pack, of one parity file. */
int vault_audit_parity(const struct vault_stripe_of *s, unsigned file, const struct vault_watch *watch, struct err *e);
uint64_t vault_parity_bytes(const struct vault_stripe_of *s); /* length of each parity file */

/*
 * vault_glance: of what the log names, which packs are here, and of how many stripes every file is here in its full
 * length: by names and sizes alone.  Beside a writer at work the newest stripe may be on its way.
 */
struct vault_glanced {
    const char *root;
    uint32_t pack_sectors;
    struct vault_parity parity;
    uint64_t first;   /* a multiple of the packs of a stripe */
    uint64_t packs;   /* first to first + packs - 1 */
    bool open;        /* the last of them is not sealed */
    uint64_t covered; /* packs under parity: the first ones */
};
struct vault_glance {
    uint64_t packs_here, stripes, whole;
};
void vault_glance(const struct vault_glanced *of, struct vault_glance *ret);
/* vault_suspects: those that are not here in full length, of which a file was set aside, or that are marked as lost in
 * part; freed by the caller.  ERR_IO.  vault_lost_mark: or, unless ${lost}, that they are not any more. */
int vault_lost_mark(const char *root, uint64_t pack, bool lost, struct err *e);
bool vault_lost_marked(const char *root, uint64_t pack);
int vault_suspects(const struct vault_glanced *of, uint64_t **ret, size_t *ret_count, struct err *e);

/* What became of one file of a stripe that was not whole. */
struct vault_mended {
    bool parity;      /* a parity file: ${number} of the stripe; else the pack of this number */
    uint64_t number;
    uint32_t healed;  /* sectors that came back */
    uint32_t lost;    /* sectors that no parity brings back: what was readable of them was left as it was */
    uint32_t brought; /* of those that came back: from the pack elsewhere */
};
/*
 * vault_repair_stripe: packs and parity files of one stripe by what is good of it, and of the packs elsewhere.  What is
 * healed is a new file, read again and held to its logged root before it takes the name; the damaged one goes to
 * quarantine/.  A file of which only some sectors come back is exchanged too; what it lacks is damaged as before, and
 * never made up.  ${mended} is told of each file that was not whole.  ERR_DAMAGED when sectors of packs are lost for
 * good.
 */
int vault_repair_stripe(const struct vault_stripe_of *s, void (*mended)(void *context, const struct vault_mended *m),
                        void *context, struct err *e);

#endif
