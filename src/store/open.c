/* Opening: whose repository this is, whether it is the one this computer saw last, and finishing what a crash left. */
#include "store/store_internal.h"

#include "base/text.h"

#include <assert.h>
#include <stdio.h>

void store_tell(const struct store *s, const char *line)
{
    if (s->place.tell != NULL)
        s->place.tell(s->place.tell_context, line);
}

/* What commits left to be done.  Where that fails, the next opening does it. */
static void settle_at_last(struct store *s)
{
    struct err e = {0};
    bool unheard = store_behind_unheard(s);
    int rc = store_behind_end(s, &e);
    if (unheard && rc != 0)
        store_tell(s, e.text);
    if (rc == 0 && !s->failed && store_settle(s, &e) != 0)
        store_tell_later(s, &e);
}

void store_close(struct store *s)
{
    if (s == NULL)
        return;
    store_draft_drop(s);
    vault_writer_close(s->writer);
    settle_at_last(s);
    vault_close(s->vault);
    index_close(s->index);
    keyring_close(s->keyring);
    store_beside_close(s);
    ledger_close(s->ledger);
    statement_held_drop(&s->founded_held);
    history_release(&s->history);
    buf_drop(&s->founded_note);
    keyring_identity_drop(&s->identity);
    crypt_wipe(&s->passphrase, sizeof s->passphrase);
    crypt_signer_drop(&s->signer);
    buf_drop(&s->cosigned);
    store_folds_release(&s->folds);
    store_spare_release(&s->spare);
    store_erasures_release(&s->erasures);
    pthread_mutex_destroy(&s->erasures_lock);
    pthread_mutex_destroy(&s->noticing);
    pthread_mutex_destroy(&s->asking);
    fd_drop(&s->lock_fd); /* last: the lock covers all that closes before */
    free(s->root);
    crypt_secret_free(s);
}

void store_drop(struct store **s)
{
    store_close(*s);
}

/* Who was named last, of those who stand. */
static const struct note_key *newest_member(const struct history *h)
{
    size_t i = h->count - 1;
    while (i > 0 && history_role(&h->members[i], UINT64_MAX) == 0)
        i--;
    return &h->members[i].key;
}

void store_facts(struct store *s, struct store_facts *ret)
{
    store_behind_wait(s);
    const struct statement_founded *f = &s->founded.founded;
    *ret = (struct store_facts){.root = s->root,
                                .origin = f->origin,
                                .pin = s->pin,
                                .log_key = *history_log_now(&s->history),
                                .logs = &s->history.logs,
                                .member = s->manner == STORE_PUBLIC ? *newest_member(&s->history) : s->identity.member,
                                .history = &s->history,
                                .sheets = s->history.sheets.known ? &s->history.sheets : NULL,
                                .pack_sectors = f->pack_sectors,
                                .parity = store_parity(s),
                                .founded_unix_s = s->founded.at_unix_s,
                                .state_known = s->state.known,
                                .state_path = s->state_file.s,
                                .key_path = s->key_path.s,
                                .opening = &s->opening,
                                .founded = f,
                                .place = &s->place};
    ledger_where(s->ledger, &ret->position);
}

struct index *store_index(struct store *s)
{
    store_behind_wait(s);
    return s->index;
}

struct vault *store_vault(struct store *s)
{
    return s->vault;
}

struct ledger *store_ledger(struct store *s)
{
    struct err e = {0};
    store_behind_wait(s);
    if (!s->failed && store_settle(s, &e) != 0) /* proofs come from the tiles */
        store_tell_later(s, &e);
    return s->ledger;
}

struct keyring *store_keyring(struct store *s)
{
    return s->keyring;
}

/* ---- who founded this ---- */

static int founded_try(struct store *s, int copy, struct err *e)
{
    uint8_t entry[LEAF_ENTRY];
    buf_clear(&s->founded_note);
    int rc = ledger_peek(s->root, copy, &s->founded_note, e);
    if (rc == 0)
        rc = statement_read(buf_bytes(&s->founded_note), bytes_of(NULL, 0), NULL, NULL, 0, &s->founded_held,
                            &s->founded, e);
    if (rc == 0 && s->founded.kind != STATEMENT_FOUNDED)
        rc = err_set(e, ERR_DAMAGED, "the first statement does not found a repository");
    if (rc != 0)
        return rc;
    const struct statement_founded *f = &s->founded.founded;
    if (f->format != 1 || f->sector_bytes != VAULT_SECTOR)
        return err_set(e, ERR_NEWER, "%s has format %u, and this program knows 1: use a newer groundwork", s->root,
                       f->format);
    leaf_entry_public(buf_bytes(&s->founded_note), entry);
    crypt_sha256(bytes_of(entry, LEAF_ENTRY), &s->pin);
    return 0;
}

static int founded_read(struct store *s, struct err *e)
{
    struct file_path a, b;
    int rc = file_path(&a, e, "%s/a/journal", s->root);
    if (rc == 0)
        rc = file_path(&b, e, "%s/b/journal", s->root);
    if (rc != 0)
        return rc;
    if (!file_exists(a.s) && !file_exists(b.s))
        return err_set(e, ERR_ABSENT, "no repository at %s: make one with groundwork init, or name one with -R",
                       s->root);
    rc = founded_try(s, 0, e);
    if (rc == 0 || rc == ERR_NEWER)
        return rc;
    int other = founded_try(s, 1, NULL);
    return other == 0 ? 0 : err_add(e, rc, "%s", s->root);
}

/* ---- keys ---- */

static int key_is_ours(struct store *s, const struct hash *pin, struct err *e)
{
    if (hash_equal(pin, &s->pin))
        return 0;
    /* Copy a of leaf 0 may be the damaged one: the key file's pin decides. */
    struct hash first = s->pin;
    if (founded_try(s, 1, NULL) == 0 && hash_equal(pin, &s->pin))
        return 0;
    s->pin = first;
    return err_set(e, ERR_KEY, "key file %s is of another repository than %s: name the right one with --key",
                   s->key_path.s, s->root);
}

static int unlock(struct store *s, struct err *e)
{
    struct note_key member;
    struct hash pin;
    OWN(buf_wipe) struct buf passphrase = {0};
    if (s->place.identity != NULL) {
        s->identity = *s->place.identity;
        return key_is_ours(s, &s->identity.pin, e);
    }
    int rc = keyring_identity_peek(s->key_path.s, &member, &pin, e);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_KEY, "no key file at %s: bring your copy of it there, or name it with --key",
                       s->key_path.s);
    if (rc == 0)
        rc = key_is_ours(s, &pin, e);
    if (rc == 0 && s->place.held != NULL) {
        rc = s->place.held(s->place.held_context, &pin, &member, &s->identity, e);
        if (rc != ERR_ABSENT)
            return rc == 0 ? key_is_ours(s, &s->identity.pin, e) : rc;
        rc = 0;
    }
    if (rc == 0)
        rc = s->place.passphrase(s->place.context, s->key_path.s, &passphrase, e);
    if (rc == 0)
        rc = keyring_identity_load(s->key_path.s, buf_bytes(&passphrase), &s->identity, e);
    if (rc == 0 && s->manner == STORE_WRITE && passphrase.n <= sizeof s->passphrase.b) {
        memcpy(s->passphrase.b, passphrase.p, passphrase.n);
        s->passphrase.n = passphrase.n;
    }
    return rc == 0 ? key_is_ours(s, &s->identity.pin, e) : rc; /* another file may have come in its place */
}

/* ---- the keyring ---- */

/* By the member's keys, or by those of the sheets that replace one. */
static int unlock_among(struct store *s, struct keyring_place *place, uint64_t table_max, struct keyring **ret,
                        struct err *e)
{
    if (s->sheets == NULL)
        return keyring_open_among(place, &s->identity, table_max, ret, e);
    place->pin = s->pin;
    place->epoch = s->history.sheets.epoch;
    place->member = &s->former;
    return keyring_recovery_open(place, s->sheets, table_max, ret, e);
}

/* Every member that ever was may have signed a file that still counts: which ones count, the log says. */
int store_keyring_unlock(struct store *s, const uint8_t id[KEYRING_ID], uint64_t table_max, struct keyring **ret,
                         struct err *e)
{
    const struct history *h = &s->history;
    OWN(mem_drop) struct note_key *signers = calloc(h->count, sizeof *signers);
    if (signers == NULL)
        return err_memory(e);
    for (size_t i = 0; i < h->count; i++)
        signers[i] = h->members[i].key;
    const struct keyring_trust trust = {signers, h->count, h->logs.count};
    struct keyring_place place = {.root = s->root, .trust = &trust};
    memcpy(place.compartment, id, KEYRING_ID);
    return unlock_among(s, &place, table_max, ret, e);
}

/* Why nothing here is for this key file: its member may have been replaced, which the public log tells. */
static int why_not_unlocked(struct store *s, int rc, struct err *e)
{
    struct ledger_setup setup = {.root = s->root, .logs = &s->history.logs};
    struct err mine = {0};
    if ((rc != ERR_KEY && rc != ERR_DAMAGED) || s->sheets != NULL)
        return rc;
    if (ledger_open(&setup, NULL, NULL, &s->ledger, &s->opening, NULL) != 0 || store_history_load(s, NULL) != 0)
        return rc;
    int replaced = store_history_current(s, &mine);
    return replaced == ERR_KEY ? err_set(e, replaced, "%s", mine.text) : rc;
}

/* The leaf at which the last member was replaced; 0: none was. */
static uint64_t replaced_at(const struct history *h)
{
    uint64_t leaf = 0;
    for (size_t i = 0; i < h->count; i++)
        if (h->members[i].replaced && h->members[i].until > leaf)
            leaf = h->members[i].until;
    return leaf;
}

/* Who sealed an outside state that does not hold may be a former member, whose key nobody has any more. */
static int sealed_before(struct store *s, struct err *e)
{
    if (replaced_at(&s->history) == 0)
        return ERR_DAMAGED;
    return err_set(e, ERR_DAMAGED,
                   "%s was sealed by the key of the former member, who was replaced at leaf %llu, or is damaged: move "
                   "it away and run groundwork adopt",
                   s->state_file.s, (unsigned long long)replaced_at(&s->history));
}

/* What this computer saw, by the member's key, and the keyring. */
static int open_keys(struct store *s, struct err *e)
{
    int rc = store_state_read(s->state_file.s, &s->pin, &s->identity.state, &s->state, e);
    bool is_bad = rc == ERR_DAMAGED;
    if (rc == 0)
        rc = store_compartment_open(s, e);
    if (rc != 0)
        rc = why_not_unlocked(s, rc, e);
    return is_bad && rc == ERR_DAMAGED ? sealed_before(s, e) : rc;
}

/* ---- the ledger against what this computer saw ---- */

static int open_ledger(struct store *s, bool adopting, struct err *e)
{
    const struct ledger_position *committed = s->state.known && !adopting ? &s->state.committed : NULL;
    struct ledger_setup setup = {.root = s->root,
                                 .logs = &s->history.logs,
                                 .seed = s->manner == STORE_WRITE ? keyring_log_seed(s->keyring) : NULL};
    const struct hash *pending = s->state.has_pending && !adopting ? &s->state.pending : NULL;
    int rc = ledger_open(&setup, committed, pending, &s->ledger, &s->opening, e);
    if (rc == 0)
        rc = store_history_load(s, e);
    if (rc != 0 || adopting)
        return rc;
    if (s->manner != STORE_PUBLIC && s->opening.position.leaves < s->identity.checkpoint_size)
        return err_set(e, ERR_DAMAGED,
                       "the journal has %llu leaves, and your key file saw %llu: this is an older copy "
                       "of the repository",
                       (unsigned long long)s->opening.position.leaves, (unsigned long long)s->identity.checkpoint_size);
    if (!s->state.known && s->manner == STORE_WRITE)
        return err_set(e, ERR_REFUSED,
                       "this computer has not seen this repository before: run groundwork adopt to trust "
                       "its journal as it stands");
    return 0;
}

static int note_committed(struct store *s, struct err *e)
{
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    if (s->state.known && !s->state.has_pending && hash_equal(&now.last, &s->state.committed.last) &&
        now.records == s->state.committed.records)
        return 0;
    s->state = (struct store_state){.known = true, .committed = now};
    return store_state_write(s->state_file.s, &s->pin, &s->identity.state, &s->state, e);
}

static int mend(struct store *s, struct err *e)
{
    OWN(buf_drop) struct buf words = {0};
    int rc = ledger_mend(s->ledger, &words, e);
    struct cursor c = cursor_of(buf_bytes(&words));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            break;
        char text[ERR_TEXT_MAX];
        snprintf(text, sizeof text, "%.*s", (int)line.n, (const char *)line.p);
        store_tell(s, text);
    }
    return rc;
}

static void damage_notice(void *store, uint64_t pack)
{
    const struct store *s = store;
    if (vault_lost_marked(s->root, pack))
        return;
    store_notice(store, pack);
    store_notice(store, STORE_NOTICED_MORE - s->compartment_at);
}

static int run_add(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
                   uint32_t records, struct err *e)
{
    struct vault_run run = {pack, first_sector, sectors, first_record, records};
    return vault_run_add(context, &run, e);
}

int store_vault_reopen(struct store *s, struct err *e)
{
    struct vault_keys keys;
    vault_close(s->vault);
    s->vault = NULL;
    const struct keyring_turn *turns;
    keyring_turns(s->keyring, &turns, &keys.turn_count);
    struct vault_turn *later = calloc(keys.turn_count + 1, sizeof *later);
    if (later == NULL)
        return err_memory(e);
    for (size_t i = 0; i < keys.turn_count; i++)
        later[i] = (struct vault_turn){turns[i].pack, turns[i].sector, turns[i].key};
    keys.turns = later;
    memcpy(keys.compartment, s->compartment, VAULT_COMPARTMENT);
    keyring_key(s->keyring, KEYRING_PACK, &keys.pack);
    keyring_key(s->keyring, KEYRING_CHUNK, &keys.chunk);
    struct vault_setup setup = {.root = s->root,
                                .pin = s->pin,
                                .pack_sectors = s->founded.founded.pack_sectors,
                                .parity = store_parity(s),
                                .span = s->span,
                                .keys = &keys};
    int rc = vault_open(&setup, &s->vault, e);
    if (rc == 0)
        vault_on_damage(s->vault, damage_notice, s);
    crypt_wipe(later, (keys.turn_count + 1) * sizeof *later);
    free(later);
    crypt_wipe(&keys, sizeof keys);
    return rc;
}

/* The first compartment's is called main, the others' by their ids. */
struct index_name {
    char s[2 * KEYRING_ID + 1];
};
static struct index_place index_place_of(const struct store *s, struct index_name *name)
{
    if (s->compartment_at == 0)
        strcpy(name->s, "main");
    else
        hex_put(name->s, s->compartment, KEYRING_ID);
    return (struct index_place){s->root, name->s};
}

int store_index_reopen(struct store *s, bool anew, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    struct index_name name;
    const struct index_place at = index_place_of(s, &name);
    bool write = s->lock_fd >= 0;
    index_close(s->index);
    s->index = NULL;
    keyring_key(s->keyring, KEYRING_INDEX, &key);
    int rc = anew ? index_remove(&at, e) : 0;
    return rc != 0 ? rc : index_open(&at, &key, write ? INDEX_WRITE : INDEX_READ, &s->index, e);
}

int store_index_remove(struct store *s, struct err *e)
{
    struct index_name name;
    const struct index_place at = index_place_of(s, &name);
    index_close(s->index);
    s->index = NULL;
    return index_remove(&at, e);
}

int store_index_reader(struct store *s, struct index **ret, struct err *e)
{
    OWN(key_drop) struct key key = {0};
    struct index_name name;
    const struct index_place at = index_place_of(s, &name);
    keyring_key(s->keyring, KEYRING_INDEX, &key);
    int rc = index_open(&at, &key, INDEX_READ, ret, e);
    if (rc == 0)
        index_sieve_share(*ret, s->index);
    return rc;
}

/* ---- the index ---- */

enum standing {
    STANDING_ABSENT, /* no index is there, or none but begun: to be made anew, like the next two */
    STANDING_DAMAGED,
    STANDING_ELSEWHERE, /* of another history */
    STANDING_BEHIND,    /* at a record of this journal */
    STANDING_CURRENT,
};

/* Where the index that is open stands. */
static int index_stands(struct store *s, enum standing *ret, struct err *e)
{
    struct index_position at = {0};
    struct ledger_position end;
    ledger_where(s->ledger, &end);
    int rc = index_where(s->index, &at, e);
    *ret = STANDING_DAMAGED;
    if (rc != 0)
        return rc == ERR_DAMAGED ? 0 : rc;
    *ret = STANDING_ELSEWHERE;
    if (at.records == end.records && hash_equal(&at.last, &end.last))
        *ret = STANDING_CURRENT;
    else if (at.records == 0)
        *ret = end.records == 1 ? STANDING_BEHIND /* just founded */ : STANDING_ABSENT;
    else if (ledger_stood(s->ledger, at.records, at.bytes, &at.last))
        *ret = STANDING_BEHIND;
    else
        (void)err_set(e, ERR_DAMAGED, "it stands elsewhere than the journal");
    return 0;
}

/* ${why}: the line of what is wrong with it, also when 0 is returned. */
static int index_look(struct store *s, enum standing *ret, struct err *why)
{
    int rc = store_index_reopen(s, false, why);
    if (rc == 0)
        return index_stands(s, ret, why);
    *ret = rc == ERR_ABSENT ? STANDING_ABSENT : STANDING_DAMAGED;
    return rc == ERR_ABSENT || rc == ERR_DAMAGED ? 0 : rc;
}

bool store_index_current(struct store *s)
{
    enum standing standing = STANDING_ABSENT;
    return s->index != NULL && index_stands(s, &standing, NULL) == 0 && standing == STANDING_CURRENT;
}

/* The journal as it is by now. */
static int ledger_reopen(struct store *s, struct err *e)
{
    int rc = store_state_read(s->state_file.s, &s->pin, &s->identity.state, &s->state, e);
    if (rc != 0)
        return rc;
    ledger_close(s->ledger);
    s->ledger = NULL;
    return open_ledger(s, false, e);
}

/* A reader that has work to do on the index: under the lock, and by the journal as it is then.  Beside a writer at work
 * it is served as of the record where the index stands. */
static int index_lock(struct store *s, enum standing *standing, bool *ret_beside, struct err *e)
{
    struct err busy = {0}, mine = {0};
    int locked = store_lock(s, &busy);
    int rc = locked == ERR_BUSY ? 0 : locked;
    if (rc == 0)
        rc = ledger_reopen(s, &mine);
    *standing = STANDING_ABSENT;
    if (rc == 0 && locked == ERR_BUSY && s->index != NULL) /* as it was opened, for the writer moves on meanwhile: */
        rc = index_stands(s, standing, &mine); /* the journal that was opened behind it holds what it knows */
    if (rc == 0 && *standing < STANDING_BEHIND)
        rc = index_look(s, standing, &mine);
    *ret_beside = locked == ERR_BUSY;
    if (rc == 0 && (locked == 0 || *standing >= STANDING_BEHIND))
        return 0;
    return err_set(e, rc != 0 ? rc : locked, "the index must be brought up to date first, and that cannot be done: %s",
                   rc == 0 || rc == locked ? busy.text : mine.text);
}

/* The version of the newest table of keys that a record names. */
struct newest {
    uint64_t version;
    char prefix[KEYRING_NAME_MAX];
};

static int newest_table(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct newest *n = context;
    uint64_t version = 0;
    (void)e;
    size_t length = strlen(n->prefix);
    if (strncmp(f->name, n->prefix, length) == 0 && decimal_get(bytes_text(f->name + length), &version) == 0 &&
        version > n->version)
        n->version = version;
    return 0;
}

static void newest_init(const uint8_t id[KEYRING_ID], struct newest *n)
{
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, id, KEYRING_ID);
    snprintf(n->prefix, sizeof n->prefix, "%s/table-", hex);
}

int store_table_named(struct store *s, const uint8_t id[KEYRING_ID], uint64_t *ret, struct err *e)
{
    struct newest n = {0};
    newest_init(id, &n);
    int rc = index_keyring_files(s->index, newest_table, &n, e);
    *ret = n.version;
    return rc;
}

static int table_find(struct store *s, struct err *e)
{
    return store_table_named(s, s->compartment, &s->table, e);
}

/* Runs that the index holds already are needed to read manifests of the records that follow. */
static int index_use(struct store *s, bool anew, bool catch_up, struct err *e)
{
    int rc = store_vault_reopen(s, e);
    if (rc == 0 && anew)
        rc = store_index_reopen(s, true, e);
    if (rc == 0)
        rc = index_runs(s->index, run_add, s->vault, e);
    if (rc == 0 && catch_up)
        rc = store_catch_up(s, NULL, e);
    return rc == 0 ? table_find(s, e) : rc;
}

int store_index_anew(struct store *s, struct err *e)
{
    vault_writer_close(s->writer);
    s->writer = NULL;
    return index_use(s, true, true, e);
}

/* A reader lets others write again as soon as its index is whole. */
static int index_unlock(struct store *s, struct err *e)
{
    if (s->manner == STORE_WRITE || s->lock_fd < 0)
        return 0;
    index_close(s->index);
    s->index = NULL;
    fd_drop(&s->lock_fd);
    s->lock_fd = -1;
    return store_index_reopen(s, false, e);
}

/* ${fresh}: of a compartment that was not opened in this copy before: there is nothing to be told. */
static int index_rebuild(struct store *s, bool fresh, const struct err *damage, struct err *e)
{
    enum standing standing;
    bool beside = false;
    int rc = s->lock_fd < 0 ? index_lock(s, &standing, &beside, e) : 0;
    if (rc == 0 && beside) /* the writer at work meets the damage too */
        rc = err_set(e, ERR_DAMAGED, "%s", damage->text);
    if (rc != 0)
        return rc;
    if (s->sheets == NULL && !fresh) /* a copy that is recovered came without one */
        store_tell(s, text_tr("the index is missing, damaged or foreign: rebuilding it from the ledger"));
    s->index_anew = true;
    rc = index_use(s, true, true, e);
    return rc == 0 ? index_unlock(s, e) : rc;
}

static int open_index(struct store *s, struct err *e)
{
    enum standing standing;
    struct err damage = {0};
    bool beside = false;
    int rc = index_look(s, &standing, e);
    if (rc == 0 && standing != STANDING_CURRENT && s->lock_fd < 0)
        rc = index_lock(s, &standing, &beside, e);
    if (rc != 0)
        return rc;
    if (standing < STANDING_BEHIND)
        return index_rebuild(s, standing == STANDING_ABSENT && s->compartment_at > 0, &damage, e);
    rc = index_use(s, false, standing == STANDING_BEHIND && !beside, &damage);
    if (rc == ERR_DAMAGED)
        return index_rebuild(s, false, &damage, e);
    return rc == 0 ? index_unlock(s, e) : err_set(e, rc, "%s", damage.text);
}

/* ---- the index of a check: as it lies there, and without it where it cannot be used ---- */

static void index_without(struct store *s, const struct err *why)
{
    s->index_fault = *why;
    index_close(s->index);
    s->index = NULL;
}

/* By the journal.  What is damaged there is the check's to tell: what was read until then has to do. */
static int table_find_without(struct store *s, struct err *e)
{
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    struct newest n = {0};
    struct err mine = {0};
    newest_init(s->compartment, &n);
    int rc = store_key_files(s, &keys, &mine);
    for (size_t i = 0; i < keys.count; i++) {
        struct statement_file_hash f = {.name = keys.list[i].name};
        if (!keys.list[i].removed)
            (void)newest_table(&n, &f, NULL);
    }
    s->table = n.version;
    return rc == 0 || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

static int open_index_to_check(struct store *s, struct err *e)
{
    enum standing standing;
    struct err why = {0};
    int rc = index_look(s, &standing, &why);
    if (rc == 0 && standing == STANDING_ELSEWHERE && ledger_outrun(s->ledger)) {
        why = (struct err){0}; /* a writer at work was quicker than this opening */
        rc = ledger_reopen(s, &why);
        if (rc == 0)
            rc = index_stands(s, &standing, &why);
    }
    if (rc == 0 && standing == STANDING_CURRENT) {
        rc = index_use(s, false, false, &why);
        standing = rc == ERR_DAMAGED ? STANDING_DAMAGED : standing;
        rc = rc == ERR_DAMAGED ? 0 : rc;
    }
    if (rc != 0)
        return err_set(e, rc, "%s", why.text);
    if (standing == STANDING_CURRENT)
        return 0;
    if (standing == STANDING_DAMAGED || standing == STANDING_ELSEWHERE)
        index_without(s, &why);
    rc = store_vault_reopen(s, e);
    return rc == 0 ? table_find_without(s, e) : rc;
}

/* A table that no commit names is what an unfinished commit left: the logged one counts. */
static int table_reopen(struct store *s, uint64_t version, struct err *e)
{
    struct keyring *k = NULL;
    int rc = store_keyring_unlock(s, s->compartment, version, &k, e);
    if (rc != 0)
        return rc;
    keyring_close(s->keyring);
    s->keyring = k;
    return 0;
}

/* The newest record that names a table of the compartment ends the search. */
static int table_look(void *context, const struct ledger_record *r, struct err *e)
{
    struct store *s = context;
    struct newest n = {0};
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = 0;
    newest_init(s->compartment, &n);
    if (memmem(r->open.p, r->open.n, n.prefix, strlen(n.prefix)) == NULL)
        return 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&s->history, r->first_leaf + r->hidden_count + i, note, &held, &st, e);
        for (size_t f = 0; rc == 0 && st.kind == STATEMENT_KEYRING && f < st.keyring.count; f++)
            if (!st.keyring.files[f].removed)
                (void)newest_table(&n, &st.keyring.files[f], NULL);
    }
    s->table = n.version;
    return rc == 0 && n.version > 0 ? ERR_STOPPED : rc;
}

/*
 * Several tables are what an unfinished commit left, and each may have an index key of its own: the index is opened by
 * the one that the log names.  Where that cannot be told, what was opened stays, and settle_table tells why.
 */
static int settle_several(struct store *s, struct err *e)
{
    uint64_t version;
    struct hash digest;
    size_t count;
    int rc = keyring_tables(s->keyring, &count, e);
    if (rc != 0 || count < 2)
        return rc;
    keyring_table(s->keyring, &version, &digest);
    if (ledger_walk_back(s->ledger, table_look, s, NULL) == ERR_STOPPED && s->table < version)
        (void)table_reopen(s, s->table, NULL);
    return 0;
}

static bool table_wrong(const struct store *s, uint64_t version)
{
    return version < s->table || (version > s->table && s->manner == STORE_WRITE);
}

static int settle_table(struct store *s, struct err *e)
{
    uint64_t version;
    struct hash digest;
    int rc = 0;
    keyring_table(s->keyring, &version, &digest);
    if (table_wrong(s, version)) {
        rc = table_reopen(s, s->table, e); /* a writer at work may have made it since the keyring was opened */
        keyring_table(s->keyring, &version, &digest);
    }
    if (rc == 0 && table_wrong(s, version))
        rc = err_set(e, ERR_DAMAGED,
                     "the newest table of keys (version %llu) is damaged in both copies: only a mirror "
                     "can heal it",
                     (unsigned long long)s->table);
    return rc;
}

/* What an unfinished commit left among the keys goes before the next one begins. */
static int key_list_add(void *context, const struct statement_file_hash *f, struct err *e)
{
    struct store_key_files *keys = context;
    if (keys->count == keys->room) {
        size_t room = keys->room * 2 + 16;
        struct keyring_file *grown = reallocarray(keys->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        keys->list = grown;
        keys->room = room;
    }
    struct keyring_file *file = &keys->list[keys->count++];
    *file = (struct keyring_file){.bytes = f->bytes, .sha256 = f->sha256};
    snprintf(file->name, sizeof file->name, "%s", f->name);
    return 0;
}

int store_key_files_named(struct store *s, struct store_key_files *ret, struct err *e)
{
    return index_keyring_files(store_index(s), key_list_add, ret, e);
}

static int sweep(struct store *s, struct err *e)
{
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    int rc = store_key_files_named(s, &keys, e);
    return rc != 0 ? rc : keyring_sweep(s->root, keys.list, keys.count, e);
}

/* Only when all that follows from the journal is there does the state outside call it committed. */
static int settle_all(struct store *s, struct err *e)
{
    int rc = store_owed(s, UINT64_MAX, e);
    if (rc != 0 || s->manner != STORE_WRITE)
        return rc;
    rc = ledger_shown(s->ledger) ? 0 : ledger_publish(s->ledger, e);
    if (rc == 0)
        rc = note_committed(s, e);
    return rc == 0 ? sweep(s, e) : rc;
}

/* What the index tells of keys and of what is erased, and what is to be done about it before anything else. */
static int settle_by_index(struct store *s, struct err *e)
{
    int rc = settle_table(s, e);
    if (rc == 0)
        rc = settle_all(s, e);
    if (rc == 0 && store_index_current(s)) /* else they are loaded when they are asked for */
        rc = store_erasures(s, e);
    if (rc == 0 && s->manner != STORE_CHECK && store_index_current(s))
        rc = store_erase_judge(s, e);
    if (rc == 0 && s->manner == STORE_READ && store_index_current(s))
        rc = store_erase_tell(s, e);
    if (rc != 0 || s->manner != STORE_WRITE)
        return rc;
    rc = store_erase_resume(s, e);
    if (rc == 0 && s->sheets == NULL)
        rc = store_keys_settle(s, e);
    if (rc == 0)
        rc = store_advance(s, e);
    return rc == 0 && s->sheets == NULL ? store_waiting_settle(s, e) : rc;
}

static int open_unlocked(struct store *s, struct err *e)
{
    struct err damage = {0};
    int rc = s->manner == STORE_WRITE ? mend(s, e) : 0;
    if (rc == 0)
        rc = settle_several(s, e);
    if (rc == 0)
        rc = s->manner == STORE_CHECK ? open_index_to_check(s, e) : open_index(s, e);
    if (rc != 0)
        return rc;
    rc = settle_by_index(s, &damage);
    if (rc == ERR_DAMAGED && s->manner != STORE_CHECK && !s->failed && s->index != NULL &&
        index_check(s->index, NULL) == ERR_DAMAGED) { /* in a page that opening it had not touched */
        store_draft_drop(s);
        rc = index_rebuild(s, false, &damage, e);
        if (rc != 0)
            return rc;
        rc = settle_by_index(s, &damage);
    }
    return rc == 0 ? 0 : err_set(e, rc, "%s", damage.text);
}

/* What this computer saw is kept for each member who was added by herself: several may work under one account. */
static int state_place(struct store *s, struct err *e)
{
    const struct history_member *m =
        s->manner == STORE_PUBLIC ? NULL : history_member_by_key(&s->history, &s->identity.member);
    return store_state_path(&s->place, &s->pin, m != NULL && m->added ? m->key.name : NULL, &s->state_file, e);
}

static int open_keys_and_ledger(struct store *s, bool adopting, struct err *e)
{
    int rc =
        s->manner == STORE_PUBLIC ? store_state_read(s->state_file.s, &s->pin, NULL, &s->state, e) : open_keys(s, e);
    return rc == 0 ? open_ledger(s, adopting, e) : rc;
}

/*
 * Members and log keys as the events beside the journal tell; where these are not what the log says, or nothing opens
 * by them, as the journal tells, once more.
 */
static int open_by_history(struct store *s, bool adopting, struct err *e)
{
    for (int again = 0;; again++) {
        int rc;
        struct err mine = {0};
        size_t logs = s->history.logs.count;
        uint64_t events = s->history.events;
        rc = open_keys_and_ledger(s, adopting, &mine);
        bool stale = s->history.logs.count != logs ||
                     ((rc == ERR_DAMAGED || rc == ERR_KEY) && (store_history_scan(s) || s->history.events != events));
        if (!stale || again == 2)
            return rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
        keyring_close(s->keyring);
        s->keyring = NULL;
        ledger_close(s->ledger);
        s->ledger = NULL;
        rc = state_place(s, e);
        if (rc != 0)
            return rc;
    }
}

/* How far an opening goes. */
enum depth { DEPTH_ALL, DEPTH_LEDGER, DEPTH_ADOPT };

/* What can be said beside another writer does not wait for it. */
static int lock(struct store *s, struct err *e)
{
    struct err busy = {0};
    int rc = store_lock(s, &busy);
    if (rc != ERR_BUSY || !s->says)
        return rc == 0 ? 0 : err_set(e, rc, "%s", busy.text);
    s->manner = STORE_READ;
    return 0;
}

bool store_writes(const struct store *s)
{
    return s->manner == STORE_WRITE;
}

static int open_all(struct store *s, enum depth depth, struct err *e)
{
    int rc = founded_read(s, e);
    if (rc == 0)
        rc = store_key_path(&s->place, &s->pin, &s->key_path, e);
    if (rc == 0)
        rc = store_key_find(&s->place, &s->pin, &s->key_path, e);
    if (rc == 0 && s->manner != STORE_PUBLIC)
        rc = unlock(s, e);
    memcpy(s->compartment, s->founded.founded.compartment, KEYRING_ID);
    s->span = store_span(s, 0);
    if (rc == 0)
        rc = store_history_glance(s, e);
    if (rc == 0)
        rc = state_place(s, e);
    if (rc == 0 && s->manner == STORE_WRITE)
        rc = lock(s, e);
    if (rc == 0)
        rc = open_by_history(s, depth == DEPTH_ADOPT || s->sheets != NULL, e);
    if (rc == 0 && s->manner != STORE_PUBLIC && s->sheets == NULL)
        rc = store_history_current(s, e);
    if (rc == 0 && s->manner != STORE_PUBLIC && depth == DEPTH_ALL)
        rc = open_unlocked(s, e);
    return rc;
}

/* Who opens when it is not the member: the sheets, and the member whom they replace. */
struct opener {
    const struct keyring_recovery *sheets;
    const struct note_key *former;
};

static int open_by(const struct store_place *place, enum store_manner manner, enum depth depth,
                   const struct opener *opener, struct store **ret, struct err *e)
{
    OWN(store_drop) struct store *s = crypt_secret_new(sizeof *s); /* it holds the member's keys */
    if (s == NULL)
        return err_memory(e);
    s->place = *place;
    s->says = manner == STORE_SAY;
    s->manner = s->says ? STORE_WRITE : manner;
    s->sheets = opener->sheets;
    if (opener->former != NULL)
        s->former = *opener->former;
    s->lock_fd = -1;
    pthread_mutex_init(&s->asking, NULL);
    pthread_mutex_init(&s->erasures_lock, NULL);
    pthread_mutex_init(&s->noticing, NULL);
    s->root = strdup(place->root);
    if (s->root == NULL)
        return err_memory(e);
    int rc = open_all(s, depth, e);
    if (rc == 0)
        *ret = TAKE(s);
    return rc;
}

static int open_to(const struct store_place *place, enum store_manner manner, enum depth depth, struct store **ret,
                   struct err *e)
{
    return open_by(place, manner, depth, &(struct opener){0}, ret, e);
}

int store_open(const struct store_place *place, enum store_manner manner, struct store **ret, struct err *e)
{
    return open_to(place, manner, DEPTH_ALL, ret, e);
}

int store_open_for_repair(const struct store_place *place, struct store **ret, struct err *e)
{
    return open_to(place, STORE_WRITE, DEPTH_LEDGER, ret, e);
}

int store_open_to_adopt(const struct store_place *place, struct store **ret, struct err *e)
{
    return open_to(place, STORE_WRITE, DEPTH_ADOPT, ret, e);
}

int store_open_to_recover(const struct store_place *place, const struct keyring_recovery *sheets,
                          const struct note_key *former, struct store **ret, struct err *e)
{
    return open_by(place, STORE_WRITE, DEPTH_ALL, &(struct opener){sheets, former}, ret, e);
}

int store_open_alone(const struct store_place *place, struct store **ret, struct err *e)
{
    return open_to(place, STORE_PUBLIC, DEPTH_ADOPT, ret, e);
}
