/*
 * The store: the only place where vault, ledger, keyring and index meet, and the one commit.
 *
 * A write: bytes durable in packs; `pending` noted outside; one journal record in both copies, synced (that is the
 * commit); then segments, tiles, checkpoint and index are brought up to it; outside says `committed`.  FORMAT 7 is the
 * table of all states a crash can leave, and what the next opening does with each.
 *
 * A writer holds the lock (an open file description lock on DIR/lock: it dies with the process).  Readers take none.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "base/file.h"
#include "index/index.h"
#include "keyring/keyring.h"
#include "ledger/ledger.h"
#include "model/history.h"
#include "model/identity.h"
#include "vault/vault.h"

struct store;

enum store_manner {
    STORE_PUBLIC, /* no keys: what anyone can see */
    STORE_CHECK,  /* unlocked, to verify and to audit: writes nothing, and does without an index that is of no use */
    STORE_READ,   /* unlocked; heals nothing but the index */
    STORE_WRITE,  /* unlocked, with the lock; finishes what a crash interrupted */
    STORE_SAY,    /* STORE_WRITE, or STORE_READ when another writer is at work: store_writes tells */
};

/* Where things are, and how a face gets a passphrase. */
struct store_place {
    const char *root;         /* repository folder */
    const char *key_path;     /* private key file; NULL: the default for this repository's pin */
    const char *state_folder; /* folder of the outside state */
    const char *config_folder;
    int (*passphrase)(void *context, const char *key_path, struct buf *ret, struct err *e);
    void *context;
    const char *compartment; /* its name, or its id in hex; NULL: the first one that the member holds */
    const struct keyring_identity *identity; /* keys that are unlocked already; NULL: by key file and passphrase */
    /* held: the keys of this member, where another process holds them unlocked: the passphrase is not asked for then.
     * ERR_ABSENT: none does.  changed: the key file was written anew.  Either may be NULL. */
    int (*held)(void *held_context, const struct hash *pin, const struct note_key *member,
                struct keyring_identity *ret, struct err *e);
    void (*changed)(void *held_context, const struct keyring_identity *id);
    void *held_context;
    uint64_t wait_ms;                        /* for the lock; 0: do not wait */
    /* one line for what was found and done while opening (a healed tail, a finished commit); may be NULL */
    void (*tell)(void *tell_context, const char *line);
    void *tell_context;
};

struct store_founding {
    const char *origin;
    uint32_t pack_mib;
    struct vault_parity parity;
    struct bytes passphrase;
    const char *investigation; /* name of the first one */
    uint32_t administrators;   /* how many must agree on who is a member; 0 is 1 */
    uint32_t erase_persons, erase_days; /* how many must agree on what is erased, 0 is 1; and how long they wait */
};
/*
 * store_found: make a repository at place->root, which must not exist or be empty; it appears whole or not at all.
 * The key file is written first, outside.  ret_pin, ret_key_path: for the face to print.
 */
int store_found(const struct store_place *place, const struct store_founding *founding, struct hash *ret_pin,
                struct buf *ret_key_path, struct err *e);

/*
 * store_open: ERR_ABSENT (no repository here), ERR_NEWER, ERR_BUSY (names the holder and since when), ERR_KEY,
 * ERR_DAMAGED (names what is damaged, and `repair` or `adopt`), ERR_IO.
 */
int store_open(const struct store_place *place, enum store_manner manner, struct store **ret, struct err *e);
bool store_writes(const struct store *s); /* opened to write: false, too, of STORE_SAY beside another writer */
void store_close(struct store *s);
void store_drop(struct store **s);

/*
 * store_glance: is what the log names here, by names and sizes alone?  Without keys; the log is read from its end, as
 * far as must be.  ERR_DAMAGED, ERR_IO.
 */
struct store_glance {
    uint64_t packs, packs_here;
    uint64_t stripes, whole;
    uint64_t bare; /* sealed packs that the last part of their intake is to put under parity */
};
int store_glance(struct store *s, struct store_glance *ret, struct err *e);

/* What is known of the repository itself. */
struct store_facts {
    const char *root, *origin;
    struct hash pin;
    struct note_key log_key, member;      /* who signs now */
    const struct history_logs *logs;      /* log_key and those before it; borrowed from the store */
    const struct history *history;        /* of keys; borrowed from the store */
    const struct history_sheets *sheets;  /* the newest recovery sheets; NULL: none; borrowed from the store */
    uint32_t pack_sectors;
    struct vault_parity parity;
    int64_t founded_unix_s;
    struct ledger_position position;
    bool state_known; /* this computer's outside state vouches for the journal */
    const char *state_path, *key_path;
    const struct ledger_opening *opening;
    const struct statement_founded *founded; /* leaf 0; borrowed like the two below */
    const struct store_place *place;
};
void store_facts(struct store *s, struct store_facts *ret);
struct index *store_index(struct store *s); /* NULL when public, and when a check does without */
bool store_index_current(struct store *s);  /* it is there, and stands where the journal ended when it was opened */
struct vault *store_vault(struct store *s); /* NULL when public */
struct ledger *store_ledger(struct store *s);
struct keyring *store_keyring(struct store *s); /* NULL when public */

/* ---- writing: one draft is one record ---- */

/*
 * store_draft_begin: a new draft at the ledger's end.
 * store_add: one hidden statement; its leaf number is *ret_leaf at once.  s->place is filled by the store for signed
 * kinds; of a long draft, which is signed meanwhile, its prev is any.  A received file is the object just vault_put: it
 * is kept, or forgotten when the statement is refused.
 * ret_duplicate (may be NULL): these bytes are already held by a living item, or by an earlier one of this draft.
 * What the statement borrows is copied.  ERR_REFUSED names the rule that is broken; the draft is as it was.  Among the
 * rules: items, parts and receipts are of a deposit that is open, receipts are numbered on from the last one, and what
 * is set aside is a receipt that is there and is not set aside yet.
 * store_commit: cover, packs and keyring statements are added, all is made durable in the order above.  An empty draft
 * commits nothing.  After an error the store takes no more writes: what was committed before stands.  0 with a line
 * told: it is committed, but what follows from it could not be brought up to it; no more is written then either.
 * store_commit_part: the same, but second copies and parity are left to the deposit's last part (vault_flush_part),
 * and public log, index and outside state follow while the next draft is made; they are there when store_commit has
 * returned, or whatever asks for them.  What fails in it is told by the line, and the next commit returns ERR_IO.
 * Until then the new draft goes on with deposit and numbering of the one before.
 * A part that brings no bytes, where the vault was not asked for, is logged meanwhile, too: it is durable when the next
 * commit has returned, or store_commit of an empty draft; either returns what failed.
 */
int store_draft_begin(struct store *s, struct err *e);
int store_add(struct store *s, struct statement *statement, uint64_t *ret_leaf, bool *ret_duplicate, struct err *e);
uint64_t store_draft_leaves(const struct store *s); /* added so far */
uint64_t store_draft_bytes(const struct store *s);  /* memory the draft holds */
int store_commit(struct store *s, struct err *e);
int store_commit_part(struct store *s, struct err *e);
/* store_draft_drop: forget what was added and not committed, in the vault too: its writer is asked for anew after. */
void store_draft_drop(struct store *s);

/*
 * Lines of inquiry.  store_investigations: by the leaf that names each; the name is borrowed until the callback
 * returns.
 * store_investigate: what is added from now on is numbered in the one of this name, but for what goes on with a
 * deposit or its receipt.  Without it, in the first of all.  ERR_ABSENT.
 * One draft is of one investigation; a new one is named by a draft of its own.
 */
struct store_investigation {
    uint8_t id[STATEMENT_ID];
    uint64_t leaf, statements;
    const char *name;
};
int store_investigations(struct store *s,
                         int (*each)(void *context, const struct store_investigation *i, struct err *e), void *context,
                         struct err *e);
int store_investigate(struct store *s, const char *name, struct err *e);
/* store_investigation_at: the name of the one in which the placed statement at ${leaf} is numbered, appended. */
int store_investigation_at(struct store *s, uint64_t leaf, struct buf *to, struct err *e);

/*
 * compartments.c.  store_compartments: all that there are, by the leaf that made them.  What each is shown lives until
 * the callback returns.
 * store_compartment_called: may one have this name, by its form?  ERR_USAGE, ERR_REFUSED.
 */
struct store_compartment {
    uint8_t id[STATEMENT_ID];
    size_t at;        /* its place among them, from 0 */
    uint64_t leaf;    /* that made it; 0: the first */
    const char *name; /* NULL: the member does not hold it, or it does not open */
    bool held, here;  /* by the member; what this store is opened for */
    size_t holders;   /* members who hold it */
    bool turn_due;    /* somebody holds it no more: whoever does and writes next draws new keys */
    bool sheets;      /* the newest recovery sheets open it */
};
int store_compartments(struct store *s,
                       int (*each)(void *context, const struct store_compartment *c, struct err *e), void *context,
                       struct err *e);
int store_compartment_called(struct store *s, const char *name, struct err *e);
/* store_identity: what opened this, to open another compartment by without asking again; borrowed from the store. */
const struct keyring_identity *store_identity(const struct store *s);

/* The writer of the vault, for vault_put and vault_forget; keeping is store_add's. */
int store_writer(struct store *s, struct vault_writer **ret, struct err *e);

/* ---- reading ---- */

/* store_statement: open the statement of one leaf.  *ret borrows from *held. */
struct store_held;
void store_held_drop(struct store_held **held);
int store_statement(struct store *s, uint64_t leaf, struct store_held **held, struct statement *ret, struct err *e);
/* store_signer: the name of the key that signed the hidden statement which is held, no item's.  Borrowed from ${held}.
 * ERR_DAMAGED. */
int store_signer(const struct store_held *held, struct bytes *ret, struct err *e);
/* store_opening: a hidden leaf laid open by its salts (model/opening.h), appended; its secret stays here.
 * store_note: a public statement as it was signed, appended. */
int store_opening(struct store *s, uint64_t leaf, struct store_held **held, struct statement *ret, struct buf *to,
                  struct err *e);
int store_note(struct store *s, uint64_t leaf, struct buf *to, struct err *e);
/* store_get: an item's bytes into ${sink} (NULL: only checked), held to the digest in its statement; by any thread. */
int store_get(struct store *s, const struct index_item *item, const struct vault_sink *sink, struct err *e);

/*
 * custody.c: what was said of the custody of an item or of a receipt, in the order of the log.
 * store_custody: every `custody` statement about ${about}: of an item, also those about its whole receipt; of a receipt
 * (item UINT64_MAX), also those about items of it.  store_accesses: every record of an access, likewise.  What each is
 * shown lives until it returns.
 * store_accesses_ahead: the records, whatever they are about, that wait in spools and go on the log with the next
 * commit: leaf UINT64_MAX.  store_accesses tells those last.  What of them cannot be read is told as a line.
 * store_commitment: of a leaf: bytes 1 to 32 of its entry.  ERR_ABSENT: there is no such leaf.
 */
struct store_custody_of {
    uint64_t item;    /* its leaf; UINT64_MAX: the receipt as a whole */
    uint64_t receipt; /* its number, or that of the item; 0: of an open deposit */
    uint64_t first, last; /* the leaves between which the items of the receipt lie */
};
struct store_custody_event {
    uint64_t leaf; /* UINT64_MAX: it is not on the log yet */
    int64_t at_unix_s; /* when it was signed, as its signer's clock says */
    struct bytes signer;
    bool doubtful; /* by what was said of the signer when she left */
    const struct statement_custody *said; /* one of these two */
    const struct statement_accessed *accessed;
};
int store_custody(struct store *s, const struct store_custody_of *about,
                  int (*each)(void *context, const struct store_custody_event *event, struct err *e), void *context,
                  struct err *e);
int store_accesses(struct store *s, const struct store_custody_of *about,
                   int (*each)(void *context, const struct store_custody_event *event, struct err *e), void *context,
                   struct err *e);
int store_accesses_ahead(struct store *s,
                         int (*each)(void *context, const struct store_custody_event *event, struct err *e),
                         void *context, struct err *e);
/* store_deposit_digest: over the covers of a deposit (FORMAT 15.4), each of which is shown first, in the order of the
 * parts; without any, the root of no leaves. */
int store_deposit_digest(struct store *s, uint64_t deposit,
                         int (*each)(void *context, const struct statement_cover *cover, struct err *e), void *context,
                         struct hash *ret, struct err *e);
int store_commitment(struct store *s, uint64_t leaf, struct hash *ret, struct err *e);

/*
 * consent.c: may items go out?  The facts of the index, and the rule of model/consent.h.
 * store_deciding_new: what waits for the log is read now, before anything else is asked.
 * It is for one use, on ${today} (2026-11-20; a claim of this computer's clock).  Both are borrowed.  To
 * be asked while nothing is written; any number of items, best in the order of their leaves.
 * store_may_go: one item.  A further name goes where the item that it names may go, if nothing is said of itself that
 * stands in the way.  *ret borrows from ${d} until it is asked again.  What permits counts only when no doubt is on its
 * signer (a consent, "nobody's", "no longer linked", less protection); what forbids counts always, also before it is on
 * the log.  ERR_REFUSED: what waits cannot be read, and may forbid it.
 * store_decided_still: would it be decided so now?  False: something was written meanwhile, on the log or beside it.
 * store_words: of a person, the word that counts of each scope, as the decision takes it, whoever's yes is doubtful;
 * their texts live in ${held}; what waits and cannot be read is told.  store_words_all: of every person and
 * scope, what the log says of it.
 * store_persons_at: whose an item is, code by code; *ret_nobody: it was said that it is nobody's.
 * store_items_of: the leaves that are linked to a person, as runs, ascending.
 * store_holds: the holds that stand over any of the leaves ${first} to ${last}, each as often as it covers a piece of
 * them; a release that is doubtful releases nothing.  store_hold_stands: does any?  *ret_leaf: of the first of them.
 */
struct store_deciding;
int store_deciding_new(struct store *s, const struct consent_use *use, const char *today, struct store_deciding **ret,
                       struct err *e);
void store_deciding_drop(struct store_deciding **d);
int store_may_go(struct store_deciding *d, const struct index_item *item, struct consent_decision *ret, struct err *e);
int store_decided_still(struct store_deciding *d, bool *ret, struct err *e);
int store_words(struct store *s, const char *person, struct consent_word words[CONSENT_SCOPES], struct buf *held,
                struct err *e);
int store_words_all(struct store *s, index_word_each *each, void *context, struct err *e);
int store_persons_at(struct store_deciding *d, uint64_t leaf, const struct consent_facts **ret, struct err *e);
int store_items_of(struct store *s, const char *person,
                   int (*each)(void *context, const struct statement_range *run, struct err *e), void *context,
                   struct err *e);
int store_holds(struct store *s, uint64_t first, uint64_t last, index_hold_each *each, void *context, struct err *e);
int store_hold_stands(struct store *s, uint64_t first, uint64_t last, bool *ret, uint64_t *ret_leaf, struct err *e);

/*
 * waiting.c: what stops a use must not wait for whoever writes (FORMAT 17.5).
 * store_wait: a withdrawal, or a form that allows nothing and names no item, beside the log: signed, sealed, durable
 * when 0 is returned; every decision hears it from then on, and the next writer puts it on the log.  ${s} needs no
 * lock.  ERR_REFUSED: she may not say it, or it allows something.
 * store_waiting_count: how many files there are, in all compartments; no key is needed.
 */
int store_wait(struct store *s, struct statement *st, struct err *e);
int store_waiting_count(const struct store *s, uint64_t *ret, struct err *e);

/*
 * access.c: before items are shown, that is written down: signed, sealed in a spool beside the log, durable when 0 is
 * returned.  The next commit puts it on the log (fold.c).  No lock of the repository is needed.
 * ret_unlogged: a line when nothing can be written here, and the access may go on all the same; else without code.
 * ERR_REFUSED: it may not.  ERR_DAMAGED (of the spool), ERR_IO, ERR_BUSY.  No items: nothing is written.
 * store_accesses_waiting: how many wait; no key is needed.
 */
struct store_accessing {
    const char *act, *why; /* why: NULL when not said */
    const struct statement_range *items; /* ascending, not touching; any number */
    size_t count;
    bool must_log;
    struct statement_use use; /* none: work within the house */
};
int store_access(struct store *s, const struct store_accessing *what, struct err *ret_unlogged, struct err *e);
int store_accesses_waiting(const struct store *s, uint64_t *ret, struct err *e);

/* ---- checking and healing ---- */

/* The statements of one investigation: numbered 1 to last, but for what is missing. */
struct store_numbered {
    uint8_t id[STATEMENT_ID];
    const char *name;
    uint64_t last, missing;
    const struct statement_range *gap; /* numbers, first to last of each gap */
    size_t gaps;
};
struct store_watch {
    void (*finding)(void *context, const char *line);
    int (*progress)(void *context, uint64_t done, uint64_t all); /* non-zero: ERR_STOPPED */
    void *context;
    void (*numbered)(void *context, const struct store_numbered *n); /* of store_verify with keys; may be NULL */
};
/* What cosigners (below) have signed, under the newest policy. */
struct store_cosign_one {
    bool known;    /* it has signed at least once */
    uint64_t size; /* the largest checkpoint that it signed */
    uint64_t at_unix_s; /* and when, as it claims */
};
struct store_cosign_state {
    bool any;            /* somebody of the policy has signed */
    uint64_t size;       /* the newest such checkpoint, */
    uint64_t signed_by;  /* nodes of the policy that signed it, */
    uint64_t at_unix_s;  /* the last of them then, as it claims, */
    bool fulfilled;      /* and whether that is what the policy asks */
    bool fulfilled_any;  /* some checkpoint is, */
    uint64_t fulfilled_size; /* the newest of them */
    struct store_cosign_one one[POLICY_NODES_MAX]; /* by the nodes of the policy */
};
/* Accesses of one device that are not on the log: its spool was lost, or this is another copy than the one read. */
enum { STORE_GAPS_MAX = 16 };
struct store_gap {
    uint8_t device[STATEMENT_ID];
    uint64_t first, last; /* their numbers, from 0 */
};
struct store_verified {
    uint64_t records, leaves, hidden, public_leaves, covers, statements_opened;
    uint64_t elsewhere; /* hidden leaves of other compartments than the one that is open here */
    uint64_t stamps; /* of time, each checked again */
    uint64_t accesses, chains; /* records of accesses on the log, and devices that wrote them */
    uint64_t gaps;             /* in their numbers; the first ones: */
    struct store_gap gap[STORE_GAPS_MAX];
    uint64_t erased;   /* hidden leaves whose secrets are destroyed, or are to be */
    uint64_t findings;
    uint64_t doubtful, doubtful_first, doubtful_last; /* leaves that revoked members signed or signed for, and which */
    uint64_t overruled, overruled_first; /* forms that say yes where a no stands that they cannot undo: FORMAT 17.2 */
    bool policed;                     /* there are to be cosigners */
    struct store_cosign_state cosigned; /* then: what they have signed */
};
/*
 * store_verify: the ledger (both copies, every signature, root, tile), every public statement's rule, every cover over
 * its leaves, every hidden statement opened and held to its commitment (when unlocked), each investigation's numbers
 * without gaps, every
 * receipt's sums counted again from its deposit, every time-stamp with its files, the keyring's files in both copies
 * against what the log names, the index: every page, and where it stands.  Never writes when opened with STORE_PUBLIC
 * or STORE_CHECK: an index that is damaged or of another history is a finding, one that is behind or not there is
 * none.
 */
int store_verify(struct store *s, const struct store_watch *watch, struct store_verified *ret, struct err *e);

struct store_audited {
    uint64_t packs, parity_files, bytes, items, item_bytes, findings; /* bytes: of packs and parity files */
};
/*
 * store_audit: ciphertext of every pack and parity file against its logged root; ${full}: every item decrypted and
 * re-hashed too.  ${from_pack}: resume there, parity files come last; *ret tells how far it came also when stopped.
 * Where the index is of no use the items are found by the journal.  Never writes into the repository.  Two threads read
 * packs, as many as there are processors read items; ${watch} is called by the calling thread alone, and what is told,
 * in what order, does not depend on them.
 */
/* store_audit_rest: the next one looks at packs of compartments that the member does not hold, and at nothing else. */
void store_audit_rest(struct store *s);
int store_audit(struct store *s, bool full, uint64_t from_pack, const struct store_watch *watch,
                struct store_audited *ret, struct err *e);

/* store_audit_limit: audits read no more than ${bytes_per_s} from now on, the page cache counted in; 0: no limit. */
void store_audit_limit(struct store *s, uint64_t bytes_per_s);
/*
 * What store_audit saw is noted outside the repository, and goes on the log as a public statement, "audited", with the
 * next commit that is made on this computer.  store_audit_ages: the last report of each pack, in runs of packs that
 * have the same ones, ascending; at_unix_s 0 where there is none.  No key is needed.  ERR_DAMAGED, ERR_IO.
 */
enum { STORE_AGES_MAX = 2 * STATEMENT_AUDITS_MAX + 1 };
struct store_age {
    struct statement_audit last; /* its packs are those of the run */
    uint64_t full_at_unix_s;     /* the last one in full; 0: never */
};
struct store_ages {
    size_t count;
    struct store_age run[STORE_AGES_MAX];
    uint64_t packs, never; /* in all; of them without a report */
    uint64_t waiting;      /* reports that are not on the log */
    uint64_t damaged;      /* packs that were found damaged on this computer, and nobody repaired */
};
int store_audit_ages(struct store *s, struct store_ages *ret, struct err *e);

/*
 * Where a repair may find what is bad in every copy here.  What it brings was held to the log by itself.
 * begin: before anything else and under the lock, journal and keyring files; ret_words: lines for the person;
 * ret_names: for the log, one in each line.
 * pack: as it was logged, in the place of copy a, and of b while it is open; the damaged file goes to quarantine/.
 * ERR_DAMAGED: it is not to be had whole; *ret_brought sectors of it came into their place all the same.
 * elsewhere: a folder in which packs may lie as in a mirror: where a whole one is not to be had, its sectors
 * that the trailers of the parity bear out are taken.
 */
struct store_source {
    int (*begin)(void *context, struct buf *ret_words, struct buf *ret_names, struct err *e);
    int (*pack)(void *context, const struct vault_pack *logged, uint32_t *ret_brought, struct err *e);
    const char *elsewhere;
    void *context;
};
/*
 * store_repair: journal, keyring and open packs from their second copies, segments from the journal, sealed packs by
 * parity and parity from them; tiles and index rebuilt.  Each thing done is one line of ret_words; what cannot be
 * healed is told to ${watch}.  What was healed is named in a public statement of the log, "repaired".  The passphrase
 * is asked for once.  ${source}: NULL: there is none.
 */
int store_repair(const struct store_place *place, const struct store_source *source, const struct store_watch *watch,
                 struct buf *ret_words, struct err *e);

/*
 * ---- for who makes copies of it, and repositories of copies ----
 *
 * store_bound: what the log binds beside the journal: packs, and the keyring's files but segments, which the journal
 * makes.  store_bound_take: what one record says, records in order from the first one; a bound file borrows from the
 * list until the next one.  store_bound_history: of keys, as far as was taken; borrowed.
 */
struct store_bound;
enum { STORE_BOUND_NAME = 192 };
struct store_bound_file {
    char name[STORE_BOUND_NAME];     /* below a mirror */
    char place[2][STORE_BOUND_NAME]; /* below the repository; the second one may be empty */
    uint64_t bytes;
    struct hash digest; /* SHA-256, or the RFC 6962 root over its sectors */
    bool sectors;
    bool grows; /* in the repository it may be longer than what is committed */
    const struct vault_pack *pack; /* one of these two */
    const struct keyring_file *key;
};
int store_bound_new(const struct statement_founded *founded, struct store_bound **ret, struct err *e); /* kept */
void store_bound_free(struct store_bound *b);
void store_bound_drop(struct store_bound **b);
int store_bound_take(struct store_bound *b, const struct ledger_record *r, struct err *e);
size_t store_bound_count(const struct store_bound *b); /* key files, then packs, ascending */
void store_bound_file(const struct store_bound *b, size_t i, struct store_bound_file *ret);
void store_bound_pack(const struct vault_pack *p, struct store_bound_file *ret);
/* store_history_glance_record: the key events of one record, believed by their own signatures alone; nothing else of it
 * is looked at. */
int store_history_glance_record(struct history *h, const struct ledger_record *r, struct err *e);
const struct history *store_bound_history(const struct store_bound *b);

/*
 * store_open_alone: what anyone can see, of a journal taken as it stands: nothing that this computer saw counts.
 * store_derive: segments, files of time-stamps, parity of the stripes whose packs are all there, and the public log, of
 * a repository that has journal, keyring files and packs; without keys.
 * store_hold: no writer begins in ${root} while *ret_fd is open, and none is at work (ERR_BUSY); nothing is written
 * there.  -1: no one has written there on this computer, or the file system knows no locks.
 * store_target_free: ERR_REFUSED: something is there.
 */
int store_open_alone(const struct store_place *place, struct store **ret, struct err *e);
int store_derive(const char *root, struct err *e);
int store_hold(const char *root, int *ret_fd, struct err *e);
int store_target_free(const char *root, struct err *e);
void store_tell(const struct store *s, const char *line);
/* Files outside the repository (FORMAT 1.1): state, audits, mirrors; and the key file, which a place may name. */
int store_outside(const struct store_place *place, const struct hash *pin, const char *ending, struct file_path *to,
                  struct err *e);
int store_key_path(const struct store_place *place, const struct hash *pin, struct file_path *to, struct err *e);
/*
 * Several members may work under one account: who was added by an administrator has files of her own, by the name of
 * her key.  store_key_path_of: her key file; store_state_path: her state, ${member} NULL: the founder's or of who came
 * by recovery sheets.  store_key_find: where *path is not there and none was named, the one other key file for this
 * repository.  ERR_KEY: there are several.
 */
int store_key_path_of(const struct store_place *place, const struct hash *pin, const char *member,
                      struct file_path *to, struct err *e);
int store_state_path(const struct store_place *place, const struct hash *pin, const char *member, struct file_path *to,
                     struct err *e);
int store_key_find(const struct store_place *place, const struct hash *pin, struct file_path *path, struct err *e);
/* store_reindex: throw the index away and rebuild it from ground state. */
int store_reindex(struct store *s, const struct store_watch *watch, struct err *e);
/*
 * store_adopt: trust the journal as it stands (and, if ${checkpoint_note} is not empty, only if it extends that) and
 * note it as committed on this computer.  Held to what this computer and the key file have seen:
 * ERR_DAMAGED: the journal is as long and does not hold it; these are two histories, whatever ${may_be_older} says.
 * ERR_REFUSED: the journal is shorter, unless ${may_be_older}.  Then the state outside, and the key file when it had
 * seen more, are written anew with what is here; what was seen of later leaves is forgotten, and counted.  An older
 * copy that was written on, but is shorter than what was seen, cannot be told from one that was not.
 * ERR_DAMAGED too: a state outside that is not of this key, which is to be moved away first.
 */
struct store_adopted {
    struct checkpoint checkpoint; /* size, root, origin */
    uint64_t lost_leaves;         /* seen before, and not in this copy */
    bool lost_by_key;             /* it was the key file that had seen them */
};
int store_adopt(const struct store_place *place, struct bytes checkpoint_note, bool may_be_older,
                struct store_adopted *ret, struct err *e);
/* store_passphrase: seal the key file anew.  ${fresh} is asked for the new passphrase once the present one has opened
 * the key file; its failure is passed on, and nothing is changed. */
int store_passphrase(const struct store_place *place, int (*fresh)(void *context, struct buf *ret, struct err *e),
                     void *context, struct err *e);

/* ---- work in several threads ---- */

/*
 * Jobs done by several threads and told in order by the one that gave them.
 *
 * store_crew_slot: the next job, zeroed or as settle left it; until it is given it is the caller's.  What is done is
 * settled meanwhile, in the order of giving.  store_crew_finish: until everything is.
 * work: in any thread.  settle, tick (about each 50 ms while there is nothing else to do): in the thread that calls; an
 * error from them is returned, and ends it: only store_crew_free may follow.
 * store_crew_free: waits for what is being worked on (the caller has told it to end), and releases every job.
 */
enum { STORE_CREW_MAX = 64 };
struct store_crew;
struct store_crew_setup {
    unsigned threads; /* 1 to STORE_CREW_MAX */
    size_t job_bytes;
    void (*work)(void *context, void *job);
    int (*settle)(void *context, void *job, struct err *e);
    int (*tick)(void *context, struct err *e);
    void (*release)(void *job);
    void *context;
    size_t slots; /* jobs that may wait at a time; 0: four for each thread */
};
int store_crew_new(const struct store_crew_setup *setup, struct store_crew **ret, struct err *e);
void store_crew_free(struct store_crew *c);
void store_crew_drop(struct store_crew **c);
int store_crew_slot(struct store_crew *c, void **ret, struct err *e);
void store_crew_give(struct store_crew *c);
int store_crew_finish(struct store_crew *c, struct err *e);

/* ---- recovery sheets (FORMAT 2.6, 5.7) ---- */

/*
 * store_sheets_make: new sheets, any ${needed} of ${count} of which replace a member who lost her keys; nothing is
 * written yet, and ${s} is to commit nothing else in between.  store_sheets_commit: they take effect, and earlier ones
 * open this repository no more (copies of it that were made before are opened by them still).  ERR_USAGE: numbers that
 * cannot be.  store_sheets_may_count: of a commit that failed: it reached the journal, and the next opening may find
 * that it was made; the sheets must be kept.
 */
struct store_sheets {
    int64_t at_unix_s;
    uint8_t set[STATEMENT_ID];
    uint64_t leaves; /* the newest checkpoint, which the set's id binds with the pin */
    struct hash root;
    struct keyring_share share[CRYPT_SHARES_MAX];
    struct hash hash[CRYPT_SHARES_MAX];
    unsigned needed, count;
    struct keyring_recovery keys;
};
void store_sheets_release(struct store_sheets *sheets); /* wipes */
int store_sheets_make(struct store *s, unsigned needed, unsigned count, struct store_sheets *ret, struct err *e);
int store_sheets_commit(struct store *s, const struct store_sheets *sheets, struct err *e);
bool store_sheets_may_count(const struct store *s);
/*
 * store_replace: the one commit by which sheets replace the member ${former}: ${next} is the member from then on, and
 * has the checkpoint it ended at.  The repository at place->root is opened by ${keys}; what it saw is noted in
 * place->state_folder, under ${next}'s key.
 */
struct store_replacing {
    const struct keyring_recovery *keys;
    const struct note_key *former;
    const uint8_t *set; /* STATEMENT_ID bytes */
    struct keyring_identity *next;
    bool named; /* one of several members: the event says who */
};
int store_replace(const struct store_place *place, const struct store_replacing *r, struct err *e);

/*
 * ---- members (FORMAT 5.7) ----
 *
 * store_history: of keys, up to where the ledger stands; borrowed from the store.
 * store_act: do ${act} (added, role, revoked, cosigners, recovery, or one of those about compartments; place and log
 * key are filled here), or propose it where several administrators are needed.  ${name}: of a member who is added, said
 * in a hidden statement, NULL: not; of a new compartment, told to who holds it and to nobody else.
 * store_approve: what was proposed at this leaf; it is done when that makes enough, a new compartment only with
 * ${name}.
 * ERR_REFUSED names the rule that is broken; nothing was changed then.
 */
struct store_acted {
    bool done;   /* else it waits for approvals */
    bool turned; /* what comes after is under new keys */
    enum statement_kind kind;
    uint64_t leaf, proposal;
    size_t needed, have;
};
const struct history *store_history(const struct store *s);
/*
 * doubts.c: what revoked members signed, from the leaf on that their revocation names.
 * store_doubts_load: the items that are doubtful, by who signed for them; nothing is read where nobody is doubted.
 * store_doubtful: is this item?  store_doubtful_at: the signed hidden statement of a leaf?  store_doubtful_signer: what
 * a key of this name signed at a leaf?
 */
struct store_doubts {
    struct statement_range *list;
    size_t count, room;
};
void store_doubts_release(struct store_doubts *d);
int store_doubts_load(struct store *s, struct store_doubts *ret, struct err *e);
bool store_doubtful(const struct store_doubts *d, uint64_t leaf);
int store_doubtful_at(struct store *s, uint64_t leaf, bool *ret, struct err *e);
bool store_doubtful_signer(const struct store *s, struct bytes name, uint64_t leaf);
/* store_turn_note: the first checkpoint under the ${number}th log key (from 2), which both keys signed; for cosigners.
 * ERR_ABSENT: there is no such key. */
int store_turn_note(struct store *s, uint64_t number, struct buf *to, struct err *e);
int store_act(struct store *s, struct statement *act, const char *name, struct store_acted *ret, struct err *e);
int store_approve(struct store *s, uint64_t proposal, const char *name, struct store_acted *ret, struct err *e);
/* store_named: who the members are, as hidden statements say it, in their order: the last one of a member counts. */
int store_named(struct store *s, int (*each)(void *context, const char *member, const char *text, struct err *e),
                void *context, struct err *e);

/*
 * ---- what is erased (FORMAT 19) ----
 *
 * store_erased_each: every `erased` statement of the log, by its leaf.
 */
struct store_erased {
    uint64_t leaf, request; /* of the statement; of what asked for it */
    uint64_t epoch, leaves; /* that begins by it; how many leaves */
    uint64_t done; /* leaf that names the boxes of that epoch: copies from before hold old keys; 0: not known */
    int64_t at_unix_s;
    uint8_t compartment[STATEMENT_ID];
    bool ours;    /* of the compartment that was opened */
    bool pending; /* its epoch has not begun: nothing is destroyed yet */
    bool refused; /* nobody asked for it, or not enough have agreed: nothing is destroyed by it */
};
/* store_not_advanced: members who can still open, with their key files, copies from before the newest erasure of this
 * compartment: they have not published receiving keys since. */
int store_not_advanced(struct store *s, int (*each)(void *context, const struct history_member *m, struct err *e),
                       void *context, struct err *e);
/*
 * store_erase_plan: what goes with items, with all that is on a receipt, or with a person (what is linked to her and
 * to nobody else, and who she is), and what is told of it: each leaf that goes, what stays although it is about them,
 * items that stay with the same bytes, and records of what was given out.
 * ${each} may be NULL; the item that it is shown lives until it returns.  *ret is added to, and is to be released.
 * ERR_ABSENT: no such item, receipt or person.  ERR_REFUSED: too much for one request, or erased already.
 */
enum store_touch {
    STORE_TOUCH_ITEM,
    STORE_TOUCH_NAME, /* a further name */
    STORE_TOUCH_DEPOSIT,
    STORE_TOUCH_PART,
    STORE_TOUCH_CUSTODY,
    STORE_TOUCH_IDENTITY,      /* who a person is, restricted or sealed */
    STORE_TOUCH_CUSTODY_STAYS, /* it is about others too */
    STORE_TOUCH_SHARED_STAYS,  /* an item, which is about other persons too */
    STORE_TOUCH_RECEIPT_STAYS,
    STORE_TOUCH_TWIN_STAYS,
    STORE_TOUCH_GIVEN_OUT, /* a record of an access; leaf UINT64_MAX: it is not on the log yet */
};
struct store_touched {
    enum store_touch touch;
    uint64_t leaf;
    const struct index_item *item; /* NULL: it is none */
};
struct store_erase_wish {
    const uint64_t *items;
    size_t count;
    uint64_t receipt;   /* 0: none */
    const char *person; /* NULL: none */
};
struct store_erase_plan {
    struct statement_range *leaves; /* ascending, not touching */
    size_t count, room;
};
void store_erase_plan_release(struct store_erase_plan *p);
int store_erase_plan(struct store *s, const struct store_erase_wish *wish,
                     int (*each)(void *context, const struct store_touched *t, struct err *e), void *context,
                     struct store_erase_plan *ret, struct err *e);
/*
 * A request to erase: signed, with its reason, in the investigation of what it is about.  store_erase_requests: all of
 * them, by their leaves.  store_erase_ask: one more.  store_erase_answer: approved (by another member than who asked,
 * each once), withdrawn, or held.  store_erase_carry_out: when enough have agreed and the time to wait is over: both
 * records, and the destroying; when 0 is returned nothing here opens it any more.  *ret_leaf: of the `erased`
 * statement.  ERR_REFUSED names the rule; nothing was changed then.  After any other error it is finished by the next
 * opening that writes.
 */
struct store_request {
    uint64_t leaf;
    struct hash commitment;
    int64_t at_unix_s, due_unix_s; /* asked for; may be carried out from then on */
    char signer[NOTE_NAME_MAX + 1];
    char *why;
    struct statement_range *leaves;
    size_t count;
    struct {
        char signer[NOTE_NAME_MAX + 1];
        uint64_t leaf;
    } approved[STATEMENT_ADMINISTRATORS_MAX];
    size_t approvals, agreed, needed; /* who asked is none of the approvals; persons who agree and stand; are needed */
    bool withdrawn;
    uint64_t held;   /* how often a hold was in the way */
    uint64_t erased; /* leaf of the `erased` statement; 0: it waits */
};
int store_erase_requests(struct store *s, int (*each)(void *context, const struct store_request *r, struct err *e),
                         void *context, struct err *e);
int store_erase_ask(struct store *s, const struct statement_range *leaves, size_t count, const char *why,
                    uint64_t *ret_leaf, struct err *e);
int store_erase_answer(struct store *s, uint64_t request, const char *answer, const char *why, struct err *e);
int store_erase_carry_out(struct store *s, uint64_t request, uint64_t *ret_leaf, struct err *e);
/* store_erased_ranges: leaves from ${first} to ${last} that are erased, ascending, each run with the leaf that says
 * so. */
int store_erased_ranges(struct store *s, uint64_t first, uint64_t last,
                        int (*each)(void *context, const struct statement_range *range, uint64_t by, struct err *e),
                        void *context, struct err *e);
/* store_erase_glance: is anything erased, by the names of files and the newest records alone?  Without keys and quick:
 * who must know which asks the functions here.  store_erase_remains: old keys that are to be destroyed are there. */
bool store_erase_glance(struct store *s);
int store_erase_remains(struct store *s, bool *ret, struct err *e);
int store_erased_each(struct store *s, int (*each)(void *context, const struct store_erased *act, struct err *e),
                      void *context, struct err *e);

/*
 * ---- cosigners: others who sign checkpoints, so that no second history can be shown (FORMAT 12) ----
 *
 * store_policy: who is to sign, by the newest `cosigners` statement; NULL: nothing was said; borrowed from the store.
 * store_policy_set: say it, and commit.  ERR_REFUSED names the rule that is broken, or says that it is so already.
 */
const struct policy *store_policy(const struct store *s);
int store_policy_set(struct store *s, const struct policy *policy, struct err *e);

/* Checkpoints that others have signed, ascending, each as a note with all their lines. */
struct store_cosigned {
    struct checkpoint checkpoint;
    struct buf note;
};
struct store_cosignings {
    struct store_cosigned *list;
    size_t count, room;
};
void store_cosignings_release(struct store_cosignings *c);
/* store_cosignings_load: by the statements of the journal, all of which is read; no key is needed. */
int store_cosignings_load(struct store *s, struct store_cosignings *ret, struct err *e);
/* store_cosignings_look: what they amount to under ${policy}. */
int store_cosignings_look(const struct store_cosignings *c, const struct policy *policy, struct store_cosign_state *ret,
                          struct err *e);

/* store_cosigned_glance: the same by log/cosigned alone, which is held to the log: quick, to know how things stand.
 * ERR_DAMAGED: it is not what it must be; groundwork verify tells more. */
int store_cosigned_glance(struct store *s, struct store_cosign_state *ret, struct err *e);

/*
 * store_cosigner_request: what a cosigner that has signed ${old_size} leaves is to be sent: an add-checkpoint body.
 * ERR_DAMAGED: this copy has fewer.
 * store_cosigner_answer: what came back on ${request}: lines go on the log and into log/cosigned, by one commit; fresh
 * says how many were new, 0: nothing was to be done.  A conflict changes nothing.  ERR_DAMAGED: the request is not of
 * this log, the log does not hold its checkpoint (two histories, or an older copy), or a signature does not fit.
 * ERR_REFUSED: no line is by a cosigner of the policy.
 */
int store_cosigner_request(struct store *s, uint64_t old_size, struct buf *to, struct err *e);
struct store_cosigner_answered {
    bool conflict;
    uint64_t conflict_size;
    struct checkpoint checkpoint; /* that was to be signed */
    size_t fresh;
};
int store_cosigner_answer(struct store *s, struct bytes request, struct bytes answer,
                          struct store_cosigner_answered *ret, struct err *e);

/*
 * store_against: hold the log to what somebody kept: a checkpoint as a signed note, or typed from paper as three lines,
 * origin, size and root (base64 or hex), without signature; or a fork file, which needs no log but its key.  No key is
 * needed.  0: the log extends it.  ERR_DAMAGED: it does not, or it is not of this log, or it is a fork that is proven;
 * *ret is filled then as far as it was read, and ret->rewritten says that the history was rewritten: a checkpoint with
 * the log's signature, of which ${ret_fork} (NULL: not wanted) is the proof as a fork file, or the paper against it.
 */
struct store_against {
    struct checkpoint checkpoint; /* given; of a fork, the newer one */
    struct checkpoint now;        /* the log's */
    bool is_signed, is_fork, rewritten;
};
int store_against(struct store *s, struct bytes text, struct store_against *ret, struct buf *ret_fork, struct err *e);

/*
 * ---- time-stamps of outside authorities over checkpoints (FORMAT 5.8) ----
 *
 * A stamp is on the log with all that is needed to check it, in a public statement, "timestamped"; beside the log lie
 * the same bytes as files, for whoever has no program of ours: stamps/NNNNNNNNN.tsr, .pem, .checkpoint, and .statement.
 *
 * store_stamp_ask: a request over the newest checkpoint, in DER, appended.  What was asked is remembered in
 * stamps/asked/, durably, so that its answer is known when it comes, also after the log has grown.  ${name}: of whom it
 * is asked, for the person's own memory; may be NULL.  Needs no key and no lock.  ERR_REFUSED: STORE_ASKED_MAX wait
 * already.  store_stamp_unask: forget it again; ERR_IO.
 * store_stamp_take: the response to one of them, checked (crypt_stamp_read), held to what was asked and to the log,
 * and committed.  ERR_DAMAGED: it fails, or the log does not extend what was stamped.  ERR_REFUSED: no request with its
 * nonce waits here, or it is on the log already.  *ret_name: of whom it was asked; empty when that was not said.
 */
enum { STORE_ASKED_MAX = 64, STORE_STAMPS_GLANCE = 256 };
struct store_stamp {
    uint64_t leaf;   /* of its statement */
    uint64_t leaves; /* of the checkpoint: what they say was there no later than: */
    int64_t by_unix_s;    /* the authority's time, with the accuracy that it claims */
    int64_t until_unix_s; /* when the first of its certificates expires */
    struct hash response, authority, pinned; /* SHA-256 of the response, of the authority's certificate, of the root */
    char name[CRYPT_STAMP_NAME_MAX];         /* of the authority; from outside: escape before showing */
};
struct store_asked {
    uint64_t nonce, leaves;
    struct hash root;
};
int store_stamp_ask(struct store *s, const char *name, struct buf *to, struct store_asked *ret, struct err *e);
int store_stamp_unask(struct store *s, const struct store_asked *asked, struct err *e);
int store_stamp_take(struct store *s, struct bytes response, struct bytes chain, struct store_stamp *ret,
                     struct buf *ret_name, struct err *e);

/*
 * store_stamps: the newest stamps, at most STORE_STAMPS_GLANCE, by their files, each held to the log and checked again;
 * ascending.  What is damaged or not on the log is passed over: groundwork verify tells of it.  No key is needed.
 * store_stamp_renewed: is there one over a later checkpoint, that holds this one's statement, from before this one's
 * certificates expired?  Then what this one proves stays proven.
 * store_stamps_newest: how many authorities (by their roots) have stamped the newest checkpoint that is stamped.
 */
struct store_stamps {
    struct store_stamp *list;
    size_t count;
    uint64_t asked; /* requests that wait for an answer */
};
void store_stamps_release(struct store_stamps *x);
int store_stamps(struct store *s, struct store_stamps *ret, struct err *e);
bool store_stamp_renewed(const struct store_stamps *x, const struct store_stamp *stamp);
size_t store_stamps_newest(const struct store_stamps *x, uint64_t *ret_leaves);

/*
 * ---- identities: who a person is that is a code elsewhere (FORMAT 20) ----
 *
 * keyholders.c: those who hold shares, as administrators have said it, in the order in which they were first named.  A
 * keyholder stands once as many administrators as decide on members have said the same recipient; one of them is enough
 * to end that.
 * store_keyholders_load: all that were ever named.  store_keyholder: by her code; NULL.
 */
struct store_keyholder {
    char code[CONSENT_CODE_MAX + 1];
    char recipient[CRYPT_AGE_RECIPIENT];
    struct buf name; /* empty: not said */
    uint64_t leaf;   /* of the newest word on her */
    size_t agreed;   /* administrators who said this recipient */
    struct buf by;   /* their keys' names, each ended by a newline */
    bool gone, stands;
};
struct store_keyholders {
    struct store_keyholder *list;
    size_t count, room;
    size_t needed; /* administrators who must agree */
};
void store_keyholders_release(struct store_keyholders *k);
int store_keyholders_load(struct store *s, struct store_keyholders *ret, struct err *e);
struct store_keyholder *store_keyholder(const struct store_keyholders *k, const char *code);

/*
 * identities.c.  store_identities: every record there is, restricted or sealed, in the order of the log; of sealed ones
 * with the newest shares.
 */
struct store_identity {
    const char *person;
    bool is_sealed;
    uint64_t leaf;   /* of the record */
    uint64_t shares; /* sealed: leaf of the newest shares */
    const struct statement_identity_shares *held_by;
};
int store_identities(struct store *s, int (*each)(void *context, const struct store_identity *i, struct err *e),
                     void *context, struct err *e);
/* store_identity_add: a restricted record, which stays in the statement alone; committed.  store_identity_show: the
 * newest record of a person, after that is on the log with its reason; ${each} is shown it.  ERR_ABSENT. */
int store_identity_add(struct store *s, const char *person, const char *record, uint64_t *ret_leaf, struct err *e);
int store_identity_show(struct store *s, const char *person, const char *why,
                        int (*each)(void *context, struct bytes record, struct err *e), void *context, struct err *e);

/*
 * sealing.c.  store_seal_make: a record under a fresh key, whose one half is in shares for these keyholders, all of
 * whom must stand; nothing is written yet, and the record is not kept in the clear.  store_seal_file: one keyholder's
 * share as a file of age for her, appended; to be durable where it was asked for before store_seal_commit makes the two
 * statements.  store_seal_may_count: of a commit that failed: it may have reached the journal.
 * store_reseal_make: the same half in new shares, by enough that were given back; the record is not opened.
 */
struct store_sealing {
    struct statement sealed, shares; /* sealed: kind 0 when shares follow others */
    struct buf text;
    struct statement_share_holder holder[CRYPT_SHARES_MAX];
    char person[CONSENT_CODE_MAX + 1];
    char code[CRYPT_SHARES_MAX][CONSENT_CODE_MAX + 1];
    char recipient[CRYPT_SHARES_MAX][CRYPT_AGE_RECIPIENT];
    struct buf held; /* locked: the shares' texts, one after another, each IDENTITY_SHARE_MAX */
    size_t share_bytes[CRYPT_SHARES_MAX];
    unsigned needed, count;
    bool tried; /* the commit was begun: what was refused before it does not count */
};
struct store_seal_for {
    const char *person;
    const char *const *keyholders; /* codes */
    unsigned needed, count;
};
void store_sealing_release(struct store_sealing *x); /* wipes */
int store_seal_make(struct store *s, const struct store_seal_for *whom, struct bytes record, struct store_sealing *ret,
                    struct err *e);
int store_seal_file(const struct store_sealing *x, unsigned number, struct buf *to, struct err *e);
int store_seal_commit(struct store *s, struct store_sealing *x, uint64_t *ret_leaf, struct err *e);
bool store_seal_may_count(const struct store *s, const struct store_sealing *x);

/*
 * unsealing.c: reading one sealed record.  Each step is a statement with its reason.
 * store_request: ask for the newest shares of a person's record (the newest one); committed.
 * store_asked_load: how a request stands.  store_asked_document: what the keyholders are sent, as a file of age for all
 * of them, appended: with it and k shares the record opens without us.
 * store_share_take: one share that was given back, as a file of age to the request's answer key.  ERR_REFUSED names the
 * keyholder whose share is not the one that the log knows.  It is kept in held memory.
 * store_share_approve: that keyholder's approval, committed.
 * store_unseal: with as many shares as are needed, each approved: first it is on the log, then ${ret} (crypt_hold, with
 * room for IDENTITY_RECORD_MAX and a tag) has the record.  A request serves once.
 * store_reseal: likewise, new shares for ${whom}; store_seal_file and store_seal_commit follow.
 */
struct store_asked_for {
    struct store_held *held[3];
    struct statement request, shares, sealed;
    uint64_t leaf;
    bool approved[CRYPT_SHARES_MAX]; /* by the shares' numbers from 1, less one */
    size_t approvals;
    bool spent; /* it was opened, or new shares were made by it */
    bool erased; /* there is nothing that could be opened; sealed is of no kind then */
};
struct store_returned {
    struct buf held; /* CRYPT_SHARES_MAX keys by the shares' numbers; and room to read one */
    bool have[CRYPT_SHARES_MAX];
    size_t count;
};
void store_asked_for_release(struct store_asked_for *a);
void store_returned_release(struct store_returned *r); /* wipes */
int store_request(struct store *s, const char *person, const char *why, uint64_t *ret_leaf, struct err *e);
int store_asked_load(struct store *s, uint64_t leaf, struct store_asked_for *ret, struct err *e);
int store_requests(struct store *s, int (*each)(void *context, const struct store_asked_for *a, struct err *e),
                   void *context, struct err *e); /* all of them */
int store_asked_document(struct store *s, const struct store_asked_for *a, struct buf *to, struct err *e);
int store_share_take(struct store *s, const struct store_asked_for *a, const char *name, struct bytes file,
                     struct store_returned *to, unsigned *ret_number, struct err *e);
int store_share_approve(struct store *s, const struct store_asked_for *a, unsigned number, const char *why,
                        struct err *e);
int store_unseal(struct store *s, const struct store_asked_for *a, const struct store_returned *r, const char *why,
                 struct buf *ret, struct err *e);
int store_reseal(struct store *s, const struct store_asked_for *a, const struct store_returned *r, const char *why,
                 const struct store_seal_for *whom, struct store_sealing *ret, struct err *e);

/*
 * leaks.c: where a record's names, contacts and documents stand in what this member can read here: names of items and
 * their bytes (as base/seek.h reads them: not inside what is compressed), and hidden statements of every kind.
 * leak: each leaf at which something does.  unread: a line for an item that cannot be read.
 */
struct store_leak {
    uint64_t leaf;
    enum statement_kind kind;
    bool in_bytes; /* of an item; else in what its statement says */
};
struct store_leak_each {
    int (*leak)(void *context, const struct store_leak *leak, struct err *e);
    int (*unread)(void *context, const char *line, struct err *e);
    void *context;
};
int store_leaks(struct store *s, struct bytes record, const struct store_leak_each *each, struct err *e);

/* ---- questions a writer asks while the vault's workers run ---- */

int store_already(struct store *s, const char *giver, const struct statement_received *r, struct index_twin *ret,
                  struct err *e);

#endif
