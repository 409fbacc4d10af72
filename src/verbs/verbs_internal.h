/* Inside the verbs: speaking, opening, naming items, and the runs in the table. */
#ifndef VERBS_VERBS_INTERNAL_H
#define VERBS_VERBS_INTERNAL_H

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/unicode.h"
#include "mirror/mirror.h"
#include "store/store.h"
#include "verbs/verbs.h"

typedef int verbs_run(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit,
                      struct err *e);
verbs_run verbs_init, verbs_intake, verbs_receipt, verbs_items, verbs_show, verbs_restore, verbs_set_aside, verbs_note,
    verbs_audit, verbs_verify, verbs_reindex, verbs_status, verbs_repair, verbs_passphrase, verbs_adopt, verbs_unlock,
    verbs_lock,
    verbs_mirror, verbs_recovery, verbs_recover, verbs_cosigner, verbs_timestamp, verbs_checkpoint, verbs_custody,
    verbs_investigation, verbs_member, verbs_export, verbs_consent, verbs_protect, verbs_hold, verbs_erase,
    verbs_identity, verbs_compartment;

void verbs_say(const struct verbs_face *face, const char *format, ...) __attribute__((format(printf, 2, 3)));
void verbs_warn(const struct verbs_face *face, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Nothing is said while the answer is a document. */

/* A name as it can be shown; lives in ${held}, which is cleared before. */
const char *verbs_shown(struct bytes name, struct buf *held);
/* "12,345" */
enum { VERBS_NUMBER_MAX = 32 };
const char *verbs_number(uint64_t v, char to[VERBS_NUMBER_MAX]);
const char *verbs_size(uint64_t bytes, char to[VERBS_NUMBER_MAX]); /* "1.2 GiB" */
/* A name in a document: "name", and "name_hex" when the bytes are no UTF-8 (keys ascending: call in place). */
void verbs_json_name(struct json_out *j, struct bytes name);
void verbs_json_bytes(struct json_out *j, const char *key, const char *key_hex, struct bytes name); /* likewise */
void verbs_json_u64(struct json_out *j, const char *key, uint64_t v);
void verbs_json_text(struct json_out *j, const char *key, const char *text);
void verbs_json_hash(struct json_out *j, const char *key, const struct hash *h);
void verbs_json_lines(struct json_out *j, const char *key, struct bytes lines); /* newline-ended, as an array */

/* The store of this request.  ${place} must live as long as it. */
struct verbs_place {
    struct store_place place;
    const struct verbs_face *face;
    const char *runtime_folder;
};
int verbs_open(const struct verbs_request *request, const struct verbs_face *face, enum store_manner manner,
               uint64_t wait_ms, struct verbs_place *place, struct store **ret, struct err *e);
/* verbs_ask_fresh: a new passphrase of a key file, twice; ${context}: the face. */
int verbs_ask_fresh(void *context, struct buf *ret, struct err *e);
void verbs_place(const struct verbs_request *request, const struct verbs_face *face, struct verbs_place *ret);
/*
 * compartment.c: the compartments that the member holds beside the one that is open, so that a verb looks at all.
 * ${foreign}: how many there are that she does not hold.  verbs_other_open: one of them, without asking again.
 * verbs_settle: ${s} is closed; what an act leaves to be done among the keys of the others is done.
 */
enum { VERBS_COMPARTMENT_HEX = 2 * STATEMENT_ID + 1 };
struct verbs_others {
    char (*hex)[VERBS_COMPARTMENT_HEX];
    size_t count, foreign;
    struct keyring_identity *identity;
};
void verbs_others_release(struct verbs_others *o); /* wipes */
int verbs_others(struct store *s, struct verbs_others *ret, struct err *e);
int verbs_other_open(const struct verbs_request *request, const struct verbs_face *face, enum store_manner manner,
                     const struct verbs_others *o, size_t i, struct verbs_place *place, struct store **ret,
                     struct err *e);
int verbs_settle(const struct verbs_request *request, const struct verbs_face *face, struct store **s, struct err *e);
/* agent.c: of a place: ask the agent for the keys; tell it that the key file was written anew.  ${context}: the place.
 * verbs_agent_status: a line of the status where one holds keys of ours. */
int verbs_agent_held(void *context, const struct hash *pin, const struct note_key *member,
                     struct keyring_identity *ret, struct err *e);
void verbs_agent_changed(void *context, const struct keyring_identity *id);
void verbs_agent_status(const struct verbs_request *request, const struct verbs_face *face,
                        const struct store_facts *f);
/* verbs_outside: ERR_REFUSED when ${path}, which is to be written, lies in the repository, is it, or holds it: what is
 * written there in the clear would be carried about with it. */
int verbs_outside(const struct verbs_request *request, const char *path, struct err *e);
/* verbs_apart: ERR_REFUSED when the folder lies in a mirror or in any repository: recovery.c. */
int verbs_apart(const char *out, struct err *e);
/* verbs_checkpoint_words: the words of a kept checkpoint, if that is what ${text} holds, as the three lines that
 * store_against reads.  ERR_DAMAGED: mistyped, or of another repository; ERR_REFUSED: words of a recovery sheet. */
int verbs_checkpoint_words(struct store *s, struct buf *text, struct err *e);
/* Findings and progress of a check, to the face; what was said of investigations, kept until it is told. */
struct verbs_numbered {
    struct store_numbered *list; /* names and gaps are copies */
    size_t count, room;
    bool failed; /* no memory for all of them */
};
struct verbs_watching {
    const struct verbs_face *face;
    uint64_t findings;
    struct buf lines; /* for the document, newline-ended */
    struct verbs_numbered numbered;
    bool again;      /* another compartment of the same log: what was told is not told again */
    struct buf told; /* newline-ended, newline before it too */
};
void verbs_watch(struct verbs_watching *w, struct store_watch *ret);
void verbs_watching_release(struct verbs_watching *w);
void verbs_numbered_add(struct verbs_numbered *n, const struct store_numbered *one);
int verbs_numbered_tell(const struct verbs_numbered *n, const struct verbs_face *face, struct err *e);
void verbs_numbered_release(struct verbs_numbered *n);
/* verbs_investigate: --investigation NAME of a request, NULL when not said; ERR_ABSENT. */
int verbs_investigate(struct store *s, const char *name, struct err *e);

/* verbs_item: the one item that ITEM names: its number, its path, or the beginning of its digest.  ERR_ABSENT, which
 * says so of a number that was erased, and ERR_USAGE when it names several.  What the item borrows lives in ${held}. */
struct verbs_item_held {
    struct index_item item;
    struct buf path, target;
    unsigned found;
};
void verbs_item_drop(struct verbs_item_held *held);
int verbs_item(struct store *s, const char *name, struct verbs_item_held *ret, struct err *e);
/* verbs_not_erased: ERR_ABSENT where it is. */
int verbs_not_erased(struct store *s, uint64_t leaf, struct err *e);

/*
 * The open folders from ${dest} down to the one that is worked in.  Begins as {.dest, .failed, .context}; only_there:
 * none is made.
 * verbs_folders_enter: go to this path below ${dest}, making what is missing (0700) and following no link; what is left
 * on the way is finished.  0 or an errno: then it stands as deep as it came.
 * verbs_folders_fd: the innermost; borrowed until the next call.  verbs_folders_fresh: that one was made by us.
 * verbs_folders_finish_as: mode and time that the innermost gets once it is left, and what it holds is in it; ${failed}
 * is told when that cannot be.  ${left}, unless NULL, is asked to do it instead, and given the folder's descriptor,
 * which it is to duplicate (-1: it could not be reached any more).
 */
struct verbs_folders {
    int dest;
    bool only_there;
    void (*failed)(void *context, struct bytes path, int number);
    void (*left)(void *context, int fd, struct bytes path, uint32_t mode, struct statement_time mtime);
    void *context;
    struct verbs_folder *levels;
    size_t depth, room;
    uint64_t moves; /* grows whenever the innermost becomes another */
    struct buf path;
};
int verbs_folders_enter(struct verbs_folders *f, struct bytes path);
int verbs_folders_fd(const struct verbs_folders *f);
bool verbs_folders_fresh(const struct verbs_folders *f);
void verbs_folders_finish_as(struct verbs_folders *f, uint32_t mode, struct statement_time mtime);
int verbs_folder_finish(int fd, uint32_t mode, struct statement_time mtime); /* 0 or an errno */
void verbs_folders_leave(struct verbs_folders *f); /* all of them */
void verbs_folders_release(struct verbs_folders *f);

/*
 * A file written from its beginning.  ${piece}: NULL, or room for a piece, aligned to VERBS_ALIGN: then long pieces are
 * written past the page cache, and aligned blocks of 64 KiB that are zero are not.  Begins as {.fd, .piece}.  Both
 * return 0 or an errno; verbs_holes_end gives the file its length.
 */
enum { VERBS_PIECE = 2 << 20, VERBS_ALIGN = 4096 };
struct verbs_holes {
    int fd;
    uint8_t *piece;
    size_t used;
    uint64_t at; /* where the piece begins in the file */
};
int verbs_holes_put(struct verbs_holes *h, struct bytes piece);
int verbs_holes_end(struct verbs_holes *h);

/*
 * mirror.c.  verbs_verify_mirror: the answer of `verify --mirror`.  verbs_from_mirror: a repository where none is, out
 * of a mirror.  verbs_mirrors_status: what this computer remembers of mirrors, as lines or as keys of the document.
 */
int verbs_verify_mirror(const struct verbs_request *request, const struct verbs_face *face, const char *folder,
                        int *ret_exit, struct err *e);
int verbs_from_mirror(const struct verbs_request *request, const struct verbs_face *face, const char *folder,
                      int *ret_exit, struct err *e);
int verbs_mirrors_status(const struct verbs_request *request, const struct verbs_face *face,
                         const struct store_facts *f, struct err *e);

/*
 * cosigner.c.  verbs_cosigned_say, _json: what cosigners have signed of a log of ${leaves}, as lines or as a key of the
 * document.  verbs_verify_against: the answer of `verify --against`; ${fork_path}: where a proof of two histories is
 * written, or NULL.
 */
void verbs_cosigned_say(const struct verbs_face *face, const struct policy *p, const struct store_cosign_state *c,
                        uint64_t leaves);
void verbs_cosigned_json(struct json_out *j, const struct policy *p, const struct store_cosign_state *c);
int verbs_verify_against(const struct verbs_request *request, const struct verbs_face *face, const char *against,
                         const char *fork_path, int *ret_exit, struct err *e);

/*
 * timestamp.c.  What the kept time-stamps prove, as lines or as the key "timestamps" of the document.  For verify: by
 * whom, and no later than when; for status: their age, and which expire without a newer one.
 */
int verbs_stamps_verified(struct store *s, const struct verbs_face *face, struct err *e);
int verbs_stamps_status(struct store *s, const struct verbs_face *face, struct err *e);

/*
 * access.c.  Sets of items: verbs_ranges_add in any order and with overlaps; verbs_ranges_settle: into the one spelling
 * of the set.  verbs_ranges_deposit: all items of a deposit; verbs_ranges_living: all that was not set aside;
 * verbs_ranges_item: one.  These three: with a further name the item that it names, whose bytes it has.
 * verbs_access: before anything of these items is shown: it is on record, durably.  Where nothing can be written the
 * person is warned; ERR_REFUSED when it must_log.
 */
struct verbs_ranges {
    struct statement_range *list;
    size_t count, room;
};
void verbs_ranges_release(struct verbs_ranges *r);
int verbs_ranges_add(struct verbs_ranges *r, uint64_t first, uint64_t last, struct err *e);
int verbs_ranges_item(struct verbs_ranges *r, const struct index_item *item, struct err *e);
void verbs_ranges_settle(struct verbs_ranges *r);
int verbs_ranges_deposit(struct verbs_ranges *r, struct index *x, uint64_t deposit, struct err *e);
int verbs_ranges_living(struct verbs_ranges *r, struct index *x, struct err *e);
/* verbs_ranges_read: ITEMS as typed: numbers and ranges of them with commas between, or the name of one item. */
int verbs_ranges_read(struct verbs_ranges *r, struct store *s, const char *text, struct err *e);
struct verbs_access {
    const char *act, *why; /* why: as typed, or NULL */
    struct statement_use use; /* none: work within the house */
    bool must_log;
    struct verbs_ranges ranges; /* to be released by the caller */
};
int verbs_access(struct store *s, const struct verbs_face *face, struct verbs_access *a, struct err *e);

/*
 * custody.c.  verbs_custody_load: all that is said of the custody of one item, or of a receipt; one of ${item} and
 * ${receipt} is NULL, the other as it was typed.  verbs_act: an act in words.
 */
struct verbs_custody_event {
    uint64_t leaf, refers_leaf; /* leaf UINT64_MAX: it is not on the log yet */
    int64_t at_unix_s;
    const char *signer, *act, *date, *from, *place, *to, *why; /* owned; those that were not said are NULL */
    bool refers, whole_receipt, doubtful;
};
struct verbs_custody {
    struct store_custody_of about;
    struct verbs_item_held held; /* of an item */
    uint64_t deposit; /* its leaf */
    int64_t opened_unix_s;
    bool has_giver, set_aside;
    struct buf giver, aside_reason, taker; /* taker: whose signature opened the deposit */
    struct verbs_custody_event *list;
    size_t count, room;
    struct verbs_custody_event *accesses; /* those that are not on the log yet come last */
    size_t access_count, access_room, ahead;
};
void verbs_custody_release(struct verbs_custody *c);
int verbs_custody_load(struct store *s, const char *item, const char *receipt, struct verbs_custody *ret,
                       struct err *e);
const char *verbs_act(const char *code); /* of custody or of an access; in English, a key of the catalogue */

/*
 * page.c: for paper: HTML of one A4 page, without scripts and without anything from elsewhere, in one language.
 * verbs_custody_page: the chain of an item or a receipt.
 * verbs_receipt_page: what a giver takes home: sums, digest and checkpoint, and no name of a person or a file.
 * verbs_page_write: to a new file, outside the repository.  verbs_page_language: by --language, or as all else is said.
 */
struct verbs_receipt_facts {
    uint64_t number, deposit;
    int64_t closed_unix_s;
    struct statement_totals totals;
};
int verbs_custody_page(struct store *s, struct verbs_custody *c, enum text_language language, struct buf *to,
                       struct err *e);
int verbs_receipt_page(struct store *s, const struct verbs_receipt_facts *r, enum text_language language,
                       struct buf *to, struct err *e);
int verbs_page_language(const char *option, enum text_language *ret, struct err *e);
int verbs_page_write(const struct verbs_face *face, const char *path, const struct buf *page, struct err *e);

/* erase.c.  verbs_erased_say: a line for each run of leaves between these that is erased.  verbs_erased_status: whether
 * it is destroyed here, and where it may not be. */
int verbs_erased_say(struct store *s, const struct verbs_face *face, uint64_t first, uint64_t last, struct err *e);
int verbs_erased_status(const struct verbs_face *face, struct store *s, struct err *e);

/* member.c: an act that waits: its proposal is the newest key event. */
int verbs_proposed(struct store *s, const struct verbs_face *face);
/* drill.c: the page for the wall. */
int verbs_member_drill(const struct verbs_request *request, const struct verbs_face *face, struct err *e);

/*
 * persons.c.  verbs_persons: codes as typed, "P-0001,P-0002", as one set; ERR_USAGE, naming ${what}:
 * none, too many, or what is no code.  verbs_today: this day by this computer's clock, 2026-11-20, in UTC or where
 * it stands, whichever is further on.
 * verbs_given: what of a person's items went out, by which statements and to whom, in the order of the log, and what is
 * not on the log yet; as lines, or as a key of the document.
 * protect.c.  verbs_items_chosen: the items that the arguments from ${from} on name, and those of a receipt (NULL:
 * none), as one set; ERR_USAGE when nothing is named.
 */
int verbs_items_chosen(const struct verbs_request *request, size_t from, const char *receipt, struct store *s,
                       struct verbs_ranges *ret, struct err *e);
struct verbs_persons {
    struct statement_persons list;
    char *text;
};
void verbs_persons_release(struct verbs_persons *p);
int verbs_persons(const char *what, const char *text, struct verbs_persons *ret, struct err *e);
void verbs_today(char to[TIME_TEXT_MAX]);
struct verbs_given {
    struct verbs_ranges items;  /* linked to the persons */
    struct verbs_ranges leaves; /* of the statements that gave some of them out */
    struct verbs_given_ahead {
        int64_t at_unix_s;
        char *purpose, *to, *whom; /* whom: NULL when not said */
    } *ahead; /* restored, and not on the log yet */
    size_t ahead_count;
};
void verbs_given_release(struct verbs_given *g);
int verbs_items_linked(struct store *s, const struct statement_persons *persons, struct verbs_ranges *ret,
                       struct err *e);
int verbs_given_find(struct store *s, const struct statement_persons *persons, struct verbs_given *ret, struct err *e);
int verbs_given_tell(struct store *s, const struct verbs_given *g, const struct verbs_face *face, struct err *e);
void verbs_ranges_say(const struct verbs_ranges *r, struct buf *to); /* "5, 7-9" */
void verbs_ranges_json(struct json_out *j, const char *key, const struct verbs_ranges *r);

/*
 * ways.c: a way out, for one use.  Zeroed it is no way out: work within the house.
 * verbs_way_read: from what was typed, each NULL when not said; none of it: use stays NULL.  ERR_USAGE.
 * verbs_way_begin, then verbs_way_item for each item: may it go?  What may is in ${may}, with the items that further
 * names name, to be settled; what may not is kept with the reason.  verbs_way_may: is it among what may, settled?
 * verbs_way_say, _json: what may not go, item by item, as lines or as the key "denied".
 */
struct verbs_denied {
    uint64_t item;
    size_t path_at, path_bytes;
    enum consent_why why;
    bool provider;
    enum consent_scope scope;
    char person[CONSENT_CODE_MAX + 1]; /* empty: of no person */
    char until[16];
    uint64_t leaf; /* UINT64_MAX: of no statement */
    bool waiting;  /* of one that is not on the log yet */
};
struct verbs_way {
    const struct consent_use *use; /* NULL: no way out */
    struct statement_use said;
    char today[TIME_TEXT_MAX];
    struct buf whom, paths;
    struct store_deciding *deciding;
    struct verbs_ranges may;
    struct verbs_denied *denied;
    size_t denied_count, denied_room;
};
void verbs_way_release(struct verbs_way *w);
int verbs_way_read(struct verbs_way *w, const char *purpose, const char *to, const char *whom, struct err *e);
int verbs_way_begin(struct verbs_way *w, struct store *s, struct err *e);
int verbs_way_item(struct verbs_way *w, const struct index_item *item, bool *ret_may, struct err *e);
bool verbs_way_may(const struct verbs_way *w, uint64_t leaf);
int verbs_way_say(const struct verbs_way *w, const struct verbs_face *face, struct err *e);
void verbs_way_json(const struct verbs_way *w, struct json_out *j);
/* verbs_way_refuse: nothing may go: said as a line, with the list as the whole document; the exit code is set. */
void verbs_way_refuse(const struct verbs_way *w, const struct verbs_face *face, int *ret_exit);

/* verbs_receipt_number: "latest" or a number of a receipt that exists. */
int verbs_receipt_number(struct index *x, const char *text, uint64_t *ret, struct err *e);
/* verbs_receipt_summary: the sums of a receipt, as lines or as keys of the document. */
int verbs_receipt_summary(struct store *s, uint64_t receipt, const struct verbs_face *face, struct err *e);
const char *verbs_reason(const char *code); /* a refusal in words */

/*
 * verbs_text: what a person wrote, in the one form in which it is kept (NFC), in ${held}; NULL stays NULL.
 * ERR_USAGE, naming ${what}: empty, not UTF-8, longer than STATEMENT_TEXT_MAX.
 */
int verbs_text(const char *what, const char *given, struct buf *held, const char **ret, struct err *e);

/*
 * Refusals, in the order in which they were met.  add copies the path, not the reason; settle makes the paths valid
 * until the next add.
 * verbs_refusals_earlier: what receipts that were not set aside refused, to be asked with verbs_refusals_have.
 */
struct verbs_refusals {
    struct statement_refused *list;
    size_t count, room;
    struct buf names; /* paths one after another */
};
void verbs_refusals_release(struct verbs_refusals *r);
int verbs_refusals_add(struct verbs_refusals *r, struct bytes path, const char *reason, uint64_t bytes, struct err *e);
void verbs_refusals_settle(struct verbs_refusals *r);
uint64_t verbs_refusals_bytes(const struct verbs_refusals *r); /* a statement of them is no longer than this */
int verbs_refusals_earlier(struct index *x, struct verbs_refusals *ret, struct err *e);
bool verbs_refusals_have(const struct verbs_refusals *earlier, struct bytes path, const char *reason);

/*
 * verbs_receipt_write: the statement that closes a deposit, into the draft; *ret_number is its receipt's.
 * verbs_close_interrupted: every deposit that an interrupted intake left open gets its receipt, and the face is told.
 */
int verbs_receipt_write(struct store *s, uint64_t deposit, uint64_t parts, const struct statement_totals *totals,
                        uint64_t *ret_number, struct err *e);
int verbs_close_interrupted(struct store *s, const struct verbs_face *face, struct err *e);

#endif
