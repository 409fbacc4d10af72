/*
 * Statements: every act, as one line of canonical JSON in a signed note.  Pure: no clock, no file, no chance.
 * FORMAT 5.3 lists each kind with its fields and claims.
 *
 *     groundwork/statement/v1
 *     {"claims":[...],"kind":"deposit",...}
 *
 *     — org.example/m/7f3a09c1 <signature>
 *
 * A statement that breaks a rule is refused with the rule's name, when it is made and when it is read.
 */
#ifndef MODEL_STATEMENT_H
#define MODEL_STATEMENT_H

#include "model/consent.h"
#include "model/leaf.h"
#include "model/note.h"

enum statement_kind {
    STATEMENT_FOUNDED = 1,       /* public, leaf 0: who founded the repository, keys, policy, format */
    STATEMENT_KEYRING = 2,       /* public: hashes of keyring files that changed */
    STATEMENT_PACKS = 3,         /* public: roots of the packs a commit touched */
    STATEMENT_COVER = 4,         /* public: signs the unsigned item leaves of its record */
    STATEMENT_INVESTIGATION = 5, /* hidden, signed: names a line of inquiry */
    STATEMENT_DEPOSIT = 6,       /* hidden, signed: opens a deposit: giver, note, paths as given */
    STATEMENT_RECEIVED = 7,      /* hidden, covered: one item or a further name of one */
    STATEMENT_PART = 8,          /* hidden, signed: what a part saw and did not take in */
    STATEMENT_RECEIPT = 9,       /* hidden, signed: closes a deposit with its sums */
    STATEMENT_NOTE = 10,         /* hidden, signed: a remark */
    STATEMENT_SET_ASIDE = 11,    /* hidden, signed: a receipt whose intake was a mistake */
    STATEMENT_REPAIRED = 12,     /* public: files healed from their second copy, or by parity */
    STATEMENT_PARITY = 13,       /* public: roots of the parity that a commit made */
    STATEMENT_RECOVERY = 14,     /* public, a key event: sheets that replace a lost member, and their one-time key */
    STATEMENT_MEMBER = 15,       /* public, a key event: who signs from here on; by the sheets' one-time key alone */
    STATEMENT_AUDITED = 16,      /* public: what audits of the packs found, and when */
    STATEMENT_COSIGNERS = 17,    /* public, a key event: who is to cosign from here on, and how many of them */
    STATEMENT_COSIGNED = 18,     /* public: an earlier checkpoint with the lines of those who signed it too */
    STATEMENT_TIMESTAMPED = 19,  /* public: an outside authority's time-stamp over an earlier checkpoint */
    STATEMENT_ADDED = 20,        /* public, a key event: one more member */
    STATEMENT_ROLE = 21,         /* public, a key event: another role of a member */
    STATEMENT_REVOKED = 22,      /* public, a key event: a member who signs no more, and the log key that follows */
    STATEMENT_PROPOSED = 23,     /* public, a key event: what needs the approval of several administrators */
    STATEMENT_APPROVED = 24,     /* public, a key event: one of these approvals */
    STATEMENT_NAMED = 25,        /* hidden, signed: who a member is */
    STATEMENT_CUSTODY = 26,      /* hidden, signed: who had an item, gave it on, or did something with it */
    STATEMENT_ACCESSED = 27,     /* hidden, signed: items were shown or given out; numbered by member and device */
    STATEMENT_SEALED = 29,       /* hidden, signed: a package that was given out, by the hash that names all of it */
    STATEMENT_CONSENT = 30,      /* hidden, signed: what persons allow, by their codes: one form */
    STATEMENT_WITHDRAWN = 31,    /* hidden, signed: what persons allow no more */
    STATEMENT_CONCERNS = 32,     /* hidden, signed: whose items are, or that they are nobody's */
    STATEMENT_PROTECTED = 33,    /* hidden, signed: restriction and level of items */
    STATEMENT_HOLD = 34,         /* hidden, signed: items that may not be destroyed, and why */
    STATEMENT_RELEASED = 35,     /* hidden, signed: a hold that stands no more */
    STATEMENT_COMPARTMENT = 36,  /* public, a key event: one more compartment, which its signer holds */
    STATEMENT_GRANTED = 37,      /* public, a key event: a member holds a compartment from here on */
    STATEMENT_UNGRANTED = 38,    /* public, a key event: a member holds it no more */
    STATEMENT_ERASED = 40,       /* public: leaves whose secrets are destroyed, by whose approvals */
    STATEMENT_ERASING = 41,      /* hidden, signed: a request to erase, and why */
    STATEMENT_ANSWERED = 42,     /* hidden, signed: what a second person, or a hold, says to such a request */
    STATEMENT_IDENTITY = 44,        /* hidden, signed: who a person is, for who holds the compartment */
    STATEMENT_KEYHOLDER_SAID = 45,  /* hidden, signed: who holds shares, and her recipient; or that she does no more */
    STATEMENT_IDENTITY_SEALED = 46, /* hidden, signed: who a person is, under a key of which keyholders have one half */
    STATEMENT_IDENTITY_SHARES = 47, /* hidden, signed: that half in shares: for whom, and each one's hash */
    STATEMENT_IDENTITY_ACCESS = 48, /* hidden, signed: one step of reading who a person is, and why */
    STATEMENT_KIND_LAST = STATEMENT_IDENTITY_ACCESS,
};
bool statement_kind_known(enum statement_kind kind); /* numbers are not in the format, and some are left out */
const char *statement_kind_name(enum statement_kind kind);
bool statement_kind_hidden(enum statement_kind kind);

/*
 * What a member is there for.  Writers hold the log key and a wrap of the compartment's epoch key; keyholders and
 * auditors hold neither.
 * statement_role_may: the one table of who may sign what; false where nobody may (received is covered, founded and
 * member are signed by other keys).
 */
enum statement_role {
    STATEMENT_ADMINISTRATOR = 1, /* also the key events */
    STATEMENT_INVESTIGATOR = 2,  /* all that concerns evidence */
    STATEMENT_ANALYST = 3,       /* but no taking in, and no setting aside */
    STATEMENT_KEYHOLDER = 4,
    STATEMENT_AUDITOR = 5,
    STATEMENT_ROLE_LAST = STATEMENT_AUDITOR,
};
const char *statement_role_name(enum statement_role role);
bool statement_role_find(const char *name, enum statement_role *ret);
bool statement_role_writes(enum statement_role role);
bool statement_role_may(enum statement_role role, enum statement_kind kind);

/* Why a member was revoked. */
enum statement_leaving {
    STATEMENT_LEFT = 1,
    STATEMENT_LOST = 2,
    STATEMENT_ARRESTED = 3,
    STATEMENT_STOLEN = 4,
    STATEMENT_OTHERWISE = 5,
    STATEMENT_LEAVING_LAST = STATEMENT_OTHERWISE,
};
const char *statement_leaving_name(enum statement_leaving reason);
bool statement_leaving_find(const char *name, enum statement_leaving *ret);

enum {
    STATEMENT_TEXT_MAX = 65536,     /* one text of a person: note, giver, reason */
    STATEMENT_PATH_MAX = 1 << 20,   /* one path, in bytes; deeper trees than PATH_MAX are real */
    STATEMENT_LIST_MAX = 1 << 20,   /* members of one list */
    STATEMENT_FILE_NAME_MAX = 127,  /* of a keyring file */
    STATEMENT_STRIPE_PACKS_MAX = 32, /* packs under one stripe of parity */
    STATEMENT_PARITY_MAX = 4,       /* and parity files over it */
    STATEMENT_AUDITS_MAX = 64,      /* reports of audits in one statement */
    STATEMENT_COSIGNERS_MAX = 15,   /* with the log's, as many lines as every reader of notes must take (C2SP: 16) */
    STATEMENT_CHECKPOINT_MAX = 8192, /* bytes of a checkpoint that another statement holds */
    STATEMENT_ADMINISTRATORS_MAX = 16, /* who stand at one time, and so approvals of one act */
    STATEMENT_ERASE_DAYS_MAX = 3650,
    STATEMENT_RANGES_MAX = 16384,   /* ranges of items that one statement is about */
    STATEMENT_DEPOSITS_MAX = 4096,  /* from which one package draws */
    STATEMENT_VERIFIERS_MAX = 8,    /* programs that a seal names */
    STATEMENT_ID = 16,              /* bytes of an investigation's or a compartment's random id */
};

enum statement_type { STATEMENT_FILE = 0, STATEMENT_FOLDER = 1, STATEMENT_LINK = 2 };
const char *statement_type_name(enum statement_type type);

/* A time of a file: seconds since 1970 (may be negative) and nanoseconds 0..999999999. */
struct statement_time {
    int64_t s;
    uint32_t ns;
};

/* Numbering of the signed hidden statements of one investigation in one compartment; of accesses, of one device. */
struct statement_place {
    uint8_t investigation[STATEMENT_ID]; /* or a member's device; or, of what waited, an id of its own */
    bool waited;       /* it stood before it was on the log, and has no number: seq 0, prev zeros.  FORMAT 17.5 */
    uint64_t seq;      /* from 0, without gaps */
    struct hash prev;  /* commitment of the statement before; zeros for 0 */
};

struct statement_receiving {
    uint64_t epoch;
    uint8_t key[CRYPT_PUBLIC];
};
struct statement_founded {
    const char *origin;
    struct note_key log, member;
    uint8_t member_box[CRYPT_PUBLIC];
    uint8_t compartment[STATEMENT_ID];
    struct statement_receiving receiving[2];
    uint32_t pack_sectors, sector_bytes, format;
    uint32_t parity_packs, parity_files; /* of a stripe; both zero: no parity */
    uint32_t administrators; /* how many of them a key event needs, as far as so many stand; 0 is 1 */
    uint32_t erase_persons;  /* how many must agree on what is erased, as far as so many stand; 0 is 1 */
    uint32_t erase_days;     /* and how long they wait after it was asked for */
};
struct statement_file_hash { /* a keyring file, by its name below keys/ */
    const char *name;
    uint64_t bytes;
    struct hash sha256;
    bool removed;
};
struct statement_pack {
    uint64_t pack;
    uint32_t sectors;
    bool sealed;
    struct hash root;
};
struct statement_stripe { /* the parity over the first ${packs} packs of a stripe */
    uint64_t stripe;
    uint32_t packs, files;
    struct hash roots[STATEMENT_PARITY_MAX]; /* of each file's parity sectors */
    struct hash trailer;                     /* of the sectors behind them, the same in each file */
};
struct statement_audit { /* packs first..last held to the log of so many leaves, at a claimed time */
    uint64_t first, last, findings, leaves, at_unix_s;
    bool full; /* every item too; else ciphertext alone */
};
struct statement_timestamped { /* all that is needed to check it again; what it says stands beside it in plain */
    const char *checkpoint; /* the signed note that is stamped */
    struct bytes response;  /* as the authority gave it */
    const char *chain;      /* certificates, the authority's to the root's, as crypt_stamp_read gives them */
    uint64_t leaves;        /* of the checkpoint */
    struct hash root;
    struct hash sha256;     /* of the response */
    struct hash authority, pinned; /* SHA-256 of the first and the last certificate */
    int64_t stamped_unix_s; /* by the authority's clock */
    uint64_t accuracy_us;
    const char *policy;
};
struct statement_cover {
    uint64_t deposit, part, first, count;
    struct hash root;
};
struct statement_received {
    uint64_t deposit, seq;
    bool further_name;        /* a hard link: only name and of are used */
    uint64_t of;              /* leaf of the item that this is a further name of */
    enum statement_type type;
    struct bytes path;        /* original name bytes, as given: relative, without "." and ".." */
    uint32_t mode;            /* permission bits, 07777 */
    struct statement_time mtime;
    struct bytes target;      /* of a symbolic link, original bytes */
    uint64_t bytes;           /* of a file */
    struct hash sha256;       /* of a file */
};
struct statement_refused {
    struct bytes path;
    const char *reason;       /* code, see statement_reason_known */
    uint64_t bytes;           /* as the folder listed it, 0 when unknown */
};
struct statement_range { /* leaves first..last, both included */
    uint64_t first, last;
};
/* Is a leaf in one of them?  They ascend and lie apart. */
bool statement_ranges_have(const struct statement_range *list, size_t count, uint64_t leaf);
struct statement_part {
    uint64_t deposit, part;
    struct statement_refused *refused;
    size_t refused_count;
    struct statement_range *already; /* items on earlier receipts that were seen again, unchanged */
    size_t already_count;
};
/* An act of custody, as somebody claims it: about items, by their leaves, or about all that is on a receipt. */
struct statement_custody {
    const char *act; /* code, see statement_act_known */
    struct statement_range *items; /* ascending, not touching; none: */
    size_t item_count;
    uint64_t receipt;    /* its number; 0: items */
    bool refers;         /* to an earlier leaf, as what is returned does to how it was given away: */
    uint64_t refers_leaf;
    struct hash refers_commitment; /* bytes 1 to 32 of its entry */
    const char *date, *from, *place, *to, *why; /* NULL when not said */
};
/* What for and to whom something was given out: a pair of the list in consent.h, and who it is; or all NULL. */
struct statement_use {
    const char *purpose, *to;
    const char *whom; /* NULL when not said */
};
/* What a member had shown or given out, as her program wrote it down before it did so. */
struct statement_accessed {
    const char *act; /* code, see statement_access_known */
    struct statement_range *items; /* ascending, not touching */
    size_t item_count;
    const char *why; /* NULL when not said */
    struct statement_use use; /* none: work within the house */
};
/* Sums of a receipt.  Each pair counts names (files, links and folders apart) and bytes. */
struct statement_sum {
    uint64_t files, bytes;
};
struct statement_totals {
    struct statement_sum seen, taken, duplicate, already, refused; /* files and links; seen = the sum of the others */
    struct statement_sum names;  /* further names of taken items (hard links), counted in taken too */
    uint64_t folders_taken, folders_already;
};
struct statement_receipt {
    uint64_t deposit, number, parts;
    struct statement_totals totals;
};
/*
 * Key events are numbered on from leaf 0, which is number 0; each names the commitment of the one before.  Where
 * several administrators are needed, an act names the leaves of its proposal and of the approvals.
 */
struct statement_by {
    bool said;
    uint64_t proposal, approvals[STATEMENT_ADMINISTRATORS_MAX]; /* ascending */
    size_t count;
};
struct statement_event {
    uint64_t number;
    struct hash prev;
    struct statement_by by;
};
struct statement_recovery {
    struct statement_event event;
    struct note_key key; /* of the one-time seed */
    uint8_t receiving[CRYPT_PUBLIC];
    uint8_t compartment[STATEMENT_ID];
    uint64_t epoch;
    uint8_t set[STATEMENT_ID];
    uint64_t leaves; /* the checkpoint before: its size and root */
    struct hash root;
    uint32_t needed;
    const struct hash *shares; /* SHA-256 of each */
    size_t share_count;
};
struct statement_member {
    struct statement_event event;
    struct note_key key;
    uint8_t box[CRYPT_PUBLIC];
    struct statement_receiving receiving[2];
    uint8_t set[STATEMENT_ID]; /* of sheets: spent by this */
    const char *replaces;      /* name of the key of whom she replaces; NULL: of the only one */
};
struct statement_added {
    struct statement_event event;
    struct note_key key;
    uint8_t box[CRYPT_PUBLIC];
    struct statement_receiving receiving[2];
    enum statement_role role;
};
struct statement_role_said {
    struct statement_event event;
    const char *name; /* of her key */
    enum statement_role role;
    bool log_known; /* she was a writer, and is none from here on */
    struct note_key log;
};
struct statement_revoked {
    struct statement_event event;
    const char *name; /* of her key */
    enum statement_leaving reason;
    bool doubted; /* what she signed from this leaf on */
    uint64_t doubtful_from;
    bool log_known; /* she was a writer */
    struct note_key log;
};
struct statement_approved {
    struct statement_event event;
    uint64_t proposal;      /* its leaf */
    struct hash commitment; /* and what stands there */
};

struct statement_compartment { /* and of what is granted or no more */
    struct statement_event event;
    uint8_t compartment[STATEMENT_ID];
    const char *name; /* of her key; NULL of a new compartment */
};
struct statement_cosigners {
    struct statement_event event;
    const char *policy; /* C2SP tlog-policy, in the form of policy_text */
};

/* Erasing: what is asked for, what is said to it, and that it is done.  FORMAT 19. */
struct statement_erasing {
    struct statement_range *leaves; /* hidden leaves before it: ascending, not touching */
    size_t count;
    const char *why;
};
struct statement_answered {
    const char *answer;     /* code, see statement_answer_known */
    uint64_t request;       /* leaf of the `erasing` statement */
    struct hash commitment; /* bytes 1 to 32 of its entry */
    const char *why;        /* NULL when not said */
};
struct statement_erased {
    uint8_t compartment[STATEMENT_ID];
    uint64_t epoch; /* that begins by it */
    struct statement_range *leaves;
    size_t count;
    struct statement_by by; /* the request, and the answers that approve of it */
};

/* The seal of a package: what it holds, and where each chain stood that it draws on.  FORMAT 16. */
struct statement_sealed_deposit {
    uint64_t deposit; /* leaf */
    uint64_t count;   /* its items and further names, withheld ones too */
    struct hash head; /* commitment of the last one */
};
struct statement_verifier {
    const char *name;
    struct hash sha256;
};
struct statement_sealed {
    uint64_t leaves; /* of the checkpoint before it */
    struct hash root;
    struct statement_sealed_deposit *deposits; /* ascending */
    size_t deposit_count;
    uint64_t events; /* number of the last key event */
    struct hash event; /* its commitment */
    uint64_t items, withheld;
    struct hash tagmanifest; /* SHA-256 of the package's tagmanifest-sha256.txt */
    struct statement_verifier *verifiers; /* by name, ascending */
    size_t verifier_count;
    struct statement_use use;            /* none, as with earlier programs: nothing of it is known, nor */
    struct statement_range *items_given; /* which leaves are in it, and perhaps some between them */
    size_t items_given_count;
};

/* Consent and protection: terms.c, with the vocabulary of consent.h.  A person is a code throughout. */
struct statement_persons {
    const char **codes; /* ascending, at most CONSENT_PERSONS_MAX */
    size_t count;
};
struct statement_consent { /* one form */
    struct statement_persons persons;
    enum consent_answer answer[CONSENT_SCOPES]; /* no, yes, ask again, or nothing said; not all of them nothing */
    enum consent_by by;
    const char *date;        /* claimed, see statement_date_known */
    const char *until;       /* the last day on which it holds; NULL: it does not expire */
    const char *language;    /* in which it was explained */
    const char *interpreter; /* a code; NULL: without one */
    bool copy;               /* the person took a copy of the form with her */
    bool has_form;
    uint64_t form;           /* leaf of the item that is the form */
};
struct statement_withdrawn {
    struct statement_persons persons;
    bool all; /* every scope; else these: */
    bool scope[CONSENT_SCOPES];
    enum consent_by by;
    const char *date;
    const char *why; /* NULL when not said */
};
struct statement_concerns {
    enum consent_link link;
    struct statement_persons persons; /* none when they are nobody's */
    struct statement_range *items;
    size_t item_count;
    const char *why; /* must be said but for linking */
};
struct statement_protected { /* what is not said stays as it is */
    enum consent_restriction restriction;
    const char *provider; /* a code; NULL: not named */
    enum consent_level level;
    struct statement_range *items;
    size_t item_count;
    const char *why;
};
struct statement_hold {
    enum consent_ground ground;
    struct statement_range *items;
    size_t item_count;
    const char *why;
};
struct statement_released {
    uint64_t hold; /* leaf */
    const char *why;
};

/* Identities: identity.c, with the vocabulary of identity.h.  Persons and keyholders are codes throughout. */
struct statement_identity {
    const char *person;
    const char *record; /* see identity_record_read */
};
struct statement_keyholder {
    const char *code;
    const char *recipient; /* of age; NULL: she holds shares no more, and why */
    const char *name, *why; /* NULL when not said */
};
struct statement_identity_sealed {
    const char *person;
    uint8_t b[CRYPT_KEY];
    struct hash check; /* identity_check of the key */
    struct bytes text; /* identity_seal of the record */
};
struct statement_share_holder {
    const char *code, *recipient;
    struct hash sha256; /* of her share's text */
};
struct statement_identity_shares {
    const char *person;
    uint64_t sealed; /* leaf of what they open */
    uint8_t set[STATEMENT_ID];
    uint32_t needed;
    struct statement_share_holder *holders; /* by their shares' numbers, from 1 */
    size_t holder_count;
    bool follows;     /* other shares, of which enough were given back: */
    uint64_t request; /* leaf of the request for that */
    const char *why;
};
/* Sealed: requested, approved by each of k keyholders, opened.  Restricted: shown. */
enum statement_step {
    STATEMENT_REQUESTED = 1,
    STATEMENT_SHARE_RETURNED = 2, /* a keyholder approved: she gave her share back for this request */
    STATEMENT_OPENED = 3,
    STATEMENT_SHOWN = 4,
    STATEMENT_STEP_LAST = STATEMENT_SHOWN,
};
struct statement_identity_access {
    enum statement_step step;
    const char *person;
    const char *why;
    uint64_t of;           /* leaf: requested: of the shares; approved, opened: of the request; shown: of the record */
    struct key answer;     /* requested: the identity of age to which shares are given back */
    const char *keyholder; /* approved */
};

/* One statement, read or to be made.  Only the member that belongs to kind is used.  Borrowed throughout. */
struct statement {
    enum statement_kind kind;
    int64_t at_unix_s;            /* claimed; not in received */
    struct statement_place place; /* hidden signed kinds */
    union {
        struct statement_founded founded;
        struct {
            struct statement_file_hash *files;
            size_t count;
        } keyring;
        struct {
            struct statement_pack *packs;
            size_t count;
        } packs;
        struct statement_cover cover;
        struct {
            const char *name;
        } investigation;
        struct {
            const char *giver, *note; /* NULL when not said */
            struct bytes *paths;
            size_t path_count;
        } deposit;
        struct statement_received received;
        struct statement_part part;
        struct statement_receipt receipt;
        struct {
            const char *text;
        } note;
        struct {
            uint64_t receipt;
            const char *reason;
        } set_aside;
        struct statement_custody custody;
        struct statement_accessed accessed;
        struct {
            const char **files;
            size_t count;
        } repaired;
        struct {
            struct statement_stripe *stripes;
            size_t count;
        } parity;
        struct statement_recovery recovery;
        struct statement_member member;
        struct {
            struct statement_audit *audits;
            size_t count;
        } audited;
        struct statement_compartment compartment; /* of three kinds */
        struct statement_cosigners cosigners;
        struct {
            const char *checkpoint; /* a signed note: by the log, then by at least one cosigner */
        } cosigned;
        struct statement_timestamped timestamped;
        struct statement_added added;
        struct statement_role_said role;
        struct statement_revoked revoked;
        struct {
            struct statement_event event;
            const struct statement *act; /* added, role, revoked, cosigners or recovery: without place and log key */
        } proposed;
        struct statement_approved approved;
        struct {
            const char *member; /* name of the key */
            const char *text;
        } named;
        struct statement_sealed sealed;
        struct statement_erased erased;
        struct statement_erasing erasing;
        struct statement_answered answered;
        struct statement_consent consent;
        struct statement_withdrawn withdrawn;
        struct statement_concerns concerns;
        struct statement_protected protected;
        struct statement_hold hold;
        struct statement_released released;
        struct statement_identity identity;
        struct statement_keyholder keyholder;
        struct statement_identity_sealed identity_sealed;
        struct statement_identity_shares identity_shares;
        struct statement_identity_access identity_access;
    };
};

bool statement_reason_known(const char *reason);
/* statement_event: of a key event, its place among them; NULL for all other kinds.  statement_event_get: a copy of it;
 * false for all other kinds. */
/*
 * custody.c: the vocabulary of custody, after PREMIS events and the Berkeley Protocol (2020).
 * statement_act: the code by its number, from 0; NULL behind the last one.  statement_act_known: is it one?
 * statement_date_known: a claimed day, 2026-11-20, or a time in it, 2026-11-20T14:05, which may have Z or an offset
 * like +09:00 behind; how exact the claim is shows in how it is written.
 * statement_ranges_good: at most STATEMENT_RANGES_MAX, ascending, and none touches the next: one spelling for a set.
 */
const char *statement_act(size_t number);
bool statement_act_known(const char *act);
bool statement_date_known(const char *text);
bool statement_ranges_good(const struct statement_range *list, size_t count);
/* statement_ranges_fit: where a statement has no room for all ranges, neighbours become one: more leaves are named than
 * are meant, never fewer.  How many there are then. */
size_t statement_ranges_fit(struct statement_range *list, size_t count);
/*
 * statement_access_known: shown (what is known of an item), read (its bytes), restored, exported (in a package).
 * statement_access_may_go_unlogged: may items be shown although it cannot be written down?  Only where nothing can be
 * written at all (${read_only}), and not when it was asked that every access be on the log (${must_log}).
 */
bool statement_access_known(const char *act);
bool statement_access_may_go_unlogged(bool read_only, bool must_log);
/* statement_answer_known: approved, withdrawn (by who asked, or approved before), held (a hold stands). */
bool statement_answer_known(const char *answer);
/* statement_event: of a key event, its place among them; NULL for all other kinds. */
struct statement_event *statement_event(struct statement *s);
bool statement_event_get(const struct statement *s, struct statement_event *ret);
/* statement_is_act: a key event that may need several administrators.  statement_act_hash: what they agree on: SHA-256
 * of all that it says but time, place and the log key, which is drawn by whoever acts.  ERR_IO: no memory. */
bool statement_is_act(enum statement_kind kind);
bool statement_is_compartment(enum statement_kind kind); /* of the three about compartments */
int statement_act_hash(const struct statement *s, struct hash *ret, struct err *e);

/*
 * statement_make(s, secret, ret_text, ret_values, e):
 * The note's text (two lines) and, for hidden kinds, the JSON array of claim values; claims are salted by ${secret}
 * (NULL for public kinds).  ERR_REFUSED names the rule that is broken.
 * statement_follow: in the text of a hidden statement that is numbered, another in the place of the one before.
 * statement_finish, statement_finish_by (for who signs often): the bytes that are committed: signed by the member, or
 * for received the text and an empty line.
 */
int statement_make(const struct statement *s, const struct key *secret, struct buf *ret_text, struct buf *ret_values,
                   struct err *e);
void statement_follow(uint8_t *text, size_t n, const struct hash *prev);
int statement_finish_by(enum statement_kind kind, struct bytes text, const struct note_key *member,
                        const struct crypt_signer *signer, struct buf *to, struct err *e);
int statement_finish(enum statement_kind kind, struct bytes text, const struct note_key *member,
                     const struct key *seed, struct buf *to, struct err *e);

/*
 * statement_read: the opposite.  ${bytes} as committed and ${values} as stored; it must be signed by keys[0], the
 * member's; of kind member by keys[1], the one-time key that is registered where the statement stands, if any is (see
 * history.h).  The founding statement: keys NULL, it is checked by the member key that it names.  For hidden kinds all
 * claims are opened with ${secret} and must be exactly those digested.  *ret borrows from ${held} and the inputs.
 * ERR_DAMAGED names the rule.
 */
struct statement_held;
void statement_held_drop(struct statement_held **held);
int statement_read(struct bytes bytes, struct bytes values, const struct key *secret, const struct note_key *keys,
                   size_t key_count, struct statement_held **held, struct statement *ret, struct err *e);
/* statement_read_opened: the same of a hidden kind by the salt of each claim, in the order of ${values}, for whoever
 * was given these and not the secret.  ${keys} NULL: who signed is not looked at; for what must be known before the
 * keys are, and is read again then. */
struct statement_salts {
    const uint8_t (*salt)[LEAF_CLAIM_SALT];
    size_t count;
};
int statement_read_opened(struct bytes bytes, struct bytes values, const struct statement_salts *salts,
                          const struct note_key *keys, size_t key_count, struct statement_held **held,
                          struct statement *ret, struct err *e);
/* statement_is_unsigned: as a received statement ends, and no note does: its text and an empty line. */
bool statement_is_unsigned(struct bytes bytes);
/* statement_read_parsed: the one or the other (${salts} NULL: by ${secret}) for who has parsed the note: ${note}, or
 * NULL of a received statement, which is none. */
struct statement_parsed {
    struct bytes bytes, values;
    const struct note *note;
    const struct key *secret;
    const struct statement_salts *salts;
    struct note_owed *owed; /* NULL: signatures are checked; else, of kind accessed alone, that by keys[0] is left
                               to who calls: see note.h */
};
int statement_read_parsed(const struct statement_parsed *p, const struct note_key *keys, size_t key_count,
                          struct statement_held **held, struct statement *ret, struct err *e);

/*
 * compact.c: received statements by what they say (FORMAT 5.4, codec 1), for leaf_envelope's fields.
 * statement_compact: append them; false, and nothing, for other kinds, for a name that is not its own text or has
 * characters that this ICU does not know, and for a file of 2^53 bytes and more.
 * ${values}: as statement_make gave them.
 * statement_expand: the statement, and its bytes as committed and values as they were when it was made, which the
 * caller holds to the leaf's entry.  *ret borrows ${fields}.  ERR_DAMAGED.
 */
bool statement_compact(const struct statement *s, struct bytes values, struct buf *to);
int statement_expand(struct bytes fields, const struct key *secret, struct buf *ret_statement, struct buf *ret_values,
                     struct statement *ret, struct err *e);

#endif
