/* The state of a repository, without a passphrase, and the next step. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { AGES_SAID = 16, SECONDS_OF_A_DAY = 86400, SHEETS_DAYS = 365 };

static const char *copy_words(enum ledger_copy_state state, bool interrupted)
{
    if (interrupted && state == LEDGER_COPY_SHORT)
        return text_tr("without its last commit, which was interrupted; the next writer sees to it");
    if (interrupted)
        return text_tr("an unfinished commit at its end; the next writer sees to it");
    switch (state) {
    case LEDGER_COPY_GOOD:
        return text_tr("good at its end; groundwork verify checks all of it");
    case LEDGER_COPY_SHORT:
        return text_tr("short: run groundwork repair");
    case LEDGER_COPY_ABSENT:
        return text_tr("missing: run groundwork repair");
    default:
        return text_tr("damaged: run groundwork repair");
    }
}

/* ---- ages of audits ---- */

static void say_age(const struct verbs_face *face, const struct store_age *age, int64_t now_unix_s)
{
    const struct statement_audit *a = &age->last;
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX], full[TIME_TEXT_MAX];
    uint64_t now = now_unix_s > 0 ? (uint64_t)now_unix_s : 0;
    uint64_t days = now > a->at_unix_s ? (now - a->at_unix_s) / SECONDS_OF_A_DAY : 0;
    time_text(when, (int64_t)a->at_unix_s);
    time_text(full, (int64_t)age->full_at_unix_s);
    if (a->at_unix_s == 0)
        verbs_say(face, "    packs %" PRIu64 " to %" PRIu64 ": never", a->first, a->last);
    else if (a->full)
        verbs_say(face,
                  "    packs %" PRIu64 " to %" PRIu64 ": in full %s, %" PRIu64 " days ago; findings: %s",
                  a->first, a->last, when, days, verbs_number(a->findings, n));
    else if (age->full_at_unix_s != 0)
        verbs_say(face,
                  "    packs %" PRIu64 " to %" PRIu64 ": without keys %s, %" PRIu64
                  " days ago; findings: %s; in full %s",
                  a->first, a->last, when, days, verbs_number(a->findings, n), full);
    else
        verbs_say(face,
                  "    packs %" PRIu64 " to %" PRIu64 ": without keys %s, %" PRIu64
                  " days ago; findings: %s; in full never",
                  a->first, a->last, when, days, verbs_number(a->findings, n));
}

static void say_ages(const struct verbs_face *face, const struct store_ages *ages)
{
    char n[VERBS_NUMBER_MAX], m[VERBS_NUMBER_MAX];
    int64_t now = time_now_unix_s();
    if (ages->packs == 0)
        return;
    verbs_say(face, "  Audits on this computer: %s packs, of which never %s", verbs_number(ages->packs, n),
              verbs_number(ages->never, m));
    for (size_t i = 0; i < ages->count && i < AGES_SAID; i++)
        say_age(face, &ages->run[i], now);
    if (ages->count > AGES_SAID)
        verbs_say(face, "    ... and %s more; --json lists all", verbs_number(ages->count - AGES_SAID, n));
    if (ages->damaged > 0)
        verbs_say(face, "    Found damaged, and not repaired since: %s packs: run groundwork repair, then groundwork "
                        "audit --full",
                  verbs_number(ages->damaged, n));
    if (ages->waiting > 0)
        verbs_say(face, "    %s reports of audits go on the log with the next commit", verbs_number(ages->waiting, n));
}

static void json_ages(struct json_out *j, const struct store_ages *ages)
{
    json_key(j, "audits");
    json_array_begin(j);
    for (size_t i = 0; i < ages->count; i++) {
        const struct statement_audit *a = &ages->run[i].last;
        json_object_begin(j);
        if (a->at_unix_s != 0) {
            verbs_json_u64(j, "at", a->at_unix_s);
            verbs_json_u64(j, "findings", a->findings);
        }
        verbs_json_u64(j, "first", a->first);
        if (ages->run[i].full_at_unix_s != 0)
            verbs_json_u64(j, "full_at", ages->run[i].full_at_unix_s);
        verbs_json_text(j, "grade", a->at_unix_s == 0 ? "never" : a->full ? "full" : "keyless");
        verbs_json_u64(j, "last", a->last);
        json_object_end(j);
    }
    json_array_end(j);
    verbs_json_u64(j, "audits_waiting", ages->waiting);
}

/* ---- all of it ---- */

static void say_vault(const struct verbs_face *face, const struct store_facts *f, const struct store_glance *c)
{
    char whole[VERBS_NUMBER_MAX], all[VERBS_NUMBER_MAX];
    if (f->parity.packs == 0)
        verbs_say(face, "  Parity: none");
    else
        verbs_say(face, "  Parity: %u+%u; %s of %s stripes have all their files (groundwork audit reads them)",
                  f->parity.packs, f->parity.files, verbs_number(c->whole, whole), verbs_number(c->stripes, all));
    if (c->bare > 0)
        verbs_say(face,
                  "  Not under parity yet: %s sealed packs; an intake is at work or was cut off, and the next one sees "
                  "to it",
                  verbs_number(c->bare, all));
    if (c->packs_here < c->packs)
        verbs_say(face, "  Packs: %s of %s are here: run groundwork repair", verbs_number(c->packs_here, whole),
                  verbs_number(c->packs, all));
}

/* A clock is a claim, and nothing is decided by it: this is only said. */
static bool sheets_are_old(const struct store_facts *f)
{
    return (time_now_unix_s() - f->sheets->at_unix_s) / SECONDS_OF_A_DAY >= SHEETS_DAYS;
}

static void say_recovery(const struct verbs_face *face, const struct store_facts *f)
{
    char when[TIME_TEXT_MAX], hex[2 * STATEMENT_ID + 1];
    if (f->sheets == NULL) {
        verbs_say(face, "  Recovery: no sheets yet. Without the key file and its passphrase everything is lost: keep "
                        "copies of both, apart, and run groundwork recovery.");
        return;
    }
    time_text(when, f->sheets->at_unix_s);
    hex_put(hex, f->sheets->set, STATEMENT_ID);
    verbs_say(face, "  Recovery: %u of %u sheets of %s, set %s; earlier sheets do not count.", f->sheets->needed,
              f->sheets->count, when, hex);
    if (f->sheets->spent)
        verbs_say(face, "  These sheets are spent: make new ones with groundwork recovery.");
    else if (sheets_are_old(f))
        verbs_say(face, "  These sheets are older than %d days: make new ones with groundwork recovery.", SHEETS_DAYS);
}

static void say_status(const struct verbs_face *face, const struct store_facts *f, const struct store_glance *c)
{
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX], hex[2 * CRYPT_HASH + 1];
    hex_put(hex, f->pin.b, CRYPT_HASH);
    time_text(when, f->founded_unix_s);
    verbs_say(face, "Repository %s", f->root);
    verbs_say(face, "  Origin: %s, founded %s", f->origin, when);
    verbs_say(face, "  Pin: %s", hex);
    hex_put(hex, f->position.root.b, CRYPT_HASH);
    if (f->history->compartment_count > 1)
        verbs_say(face, "  Compartments: %zu (groundwork compartment list says which are yours)",
                  f->history->compartment_count);
    verbs_say(face, "  Log: %s leaves in %" PRIu64 " commits, root %s", verbs_number(f->position.leaves, n),
              f->position.records, hex);
    for (int i = 0; i < 2; i++)
        verbs_say(face, "  Journal, copy %c: %s", "ab"[i], copy_words(f->opening->copy[i], f->opening->interrupted[i]));
    say_vault(face, f, c);
    if (f->state_known)
        verbs_say(face, "  This computer vouches for it: nothing it saw committed is missing.");
    else
        verbs_say(
            face,
            "  This computer has not seen this repository before: run groundwork adopt to trust it as it stands.");
    if (file_exists(f->key_path))
        verbs_say(face, "  Key file: %s", f->key_path);
    else
        verbs_say(face, "  Key file: none at %s; bring your copy of it, or name it with --key", f->key_path);
    say_recovery(face, f);
}

static void json_recovery(struct json_out *j, const struct store_facts *f)
{
    const struct history_sheets *x = f->sheets;
    char hex[2 * STATEMENT_ID + 1];
    json_key(j, "recovery");
    if (x == NULL) {
        json_null(j);
        return;
    }
    hex_put(hex, x->set, STATEMENT_ID);
    json_object_begin(j);
    json_key(j, "made");
    json_i64(j, x->at_unix_s);
    verbs_json_u64(j, "needed", x->needed);
    json_key(j, "old");
    json_bool(j, sheets_are_old(f));
    verbs_json_text(j, "set", hex);
    verbs_json_u64(j, "sheets", x->count);
    json_key(j, "spent");
    json_bool(j, x->spent);
    json_object_end(j);
}

/* By log/cosigned, which proves itself; verify holds it to the statements. */
static void say_cosigners(const struct verbs_face *face, struct store *s, const struct store_facts *f)
{
    struct store_cosign_state c;
    struct err mine = {0};
    const struct policy *p = store_policy(s);
    if (p == NULL)
        return;
    if (store_cosigned_glance(s, &c, &mine) != 0)
        verbs_warn(face, "%s", mine.text);
    else if (face->json != NULL)
        verbs_cosigned_json(face->json, p, &c);
    else
        verbs_cosigned_say(face, p, &c, f->position.leaves);
}

static int json_status(const struct verbs_request *request, const struct verbs_face *face, struct store *s,
                       const struct store_facts *f, const struct store_glance *c, const struct store_ages *ages,
                       uint64_t noes, struct err *e)
{
    struct json_out *j = face->json;
    char vkey[NOTE_VKEY_MAX];
    static const char *const states[] = {"good", "short", "bad-tail", "absent", "bad"};
    verbs_json_u64(j, "commits", f->position.records);
    say_cosigners(face, s, f);
    int erased = verbs_erased_status(face, s, e);
    if (erased != 0)
        return erased;
    verbs_json_text(j, "journal_a", states[f->opening->copy[0]]);
    verbs_json_text(j, "journal_b", states[f->opening->copy[1]]);
    verbs_json_text(j, "key_file", f->key_path);
    verbs_json_u64(j, "leaves", f->position.leaves);
    note_key_text(&f->log_key, vkey);
    verbs_json_text(j, "log_key", vkey);
    int rc = verbs_mirrors_status(request, face, f, e);
    if (rc != 0)
        return rc;
    verbs_json_u64(j, "noes_waiting", noes);
    verbs_json_text(j, "origin", f->origin);
    verbs_json_u64(j, "pack_sectors", f->pack_sectors);
    verbs_json_u64(j, "packs", c->packs);
    verbs_json_u64(j, "packs_bare", c->bare);
    verbs_json_u64(j, "packs_damaged", ages->damaged);
    verbs_json_u64(j, "packs_here", c->packs_here);
    verbs_json_u64(j, "parity_files", f->parity.files);
    verbs_json_u64(j, "parity_packs", f->parity.packs);
    verbs_json_hash(j, "pin", &f->pin);
    json_recovery(j, f);
    verbs_json_text(j, "repository", f->root);
    verbs_json_hash(j, "root", &f->position.root);
    json_key(j, "state_known");
    json_bool(j, f->state_known);
    verbs_json_u64(j, "stripes", c->stripes);
    verbs_json_u64(j, "stripes_whole", c->whole);
    return verbs_stamps_status(s, face, e);
}

/* What an interrupted commit left is no damage: the next writer sees to it. */
static bool is_whole(const struct store_facts *f, const struct store_glance *c, bool *ret_interrupted)
{
    bool whole = c->packs_here == c->packs && c->whole == c->stripes;
    *ret_interrupted = false;
    for (int i = 0; i < 2; i++) {
        whole = whole && (f->opening->copy[i] == LEDGER_COPY_GOOD || f->opening->interrupted[i]);
        *ret_interrupted = *ret_interrupted || f->opening->interrupted[i];
    }
    return whole;
}

static int status(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, bool next_step,
                  struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    struct store_facts f;
    struct store_glance glance = {0};
    struct store_ages ages;
    struct err mine = {0};
    bool interrupted;
    uint64_t waiting = 0, noes = 0;
    char n[VERBS_NUMBER_MAX];
    int rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    store_facts(s, &f);
    bool looked = store_glance(s, &glance, &mine) == 0;
    if (!looked)
        verbs_warn(face, "%s", mine.text);
    if (store_audit_ages(s, &ages, &mine) != 0)
        verbs_warn(face, "%s", mine.text);
    if (store_accesses_waiting(s, &waiting, &mine) != 0)
        verbs_warn(face, "%s", mine.text);
    if (store_waiting_count(s, &noes, &mine) != 0)
        verbs_warn(face, "%s", mine.text);
    bool whole = is_whole(&f, &glance, &interrupted) && looked && ages.damaged == 0;
    *ret_exit = whole && !interrupted ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "accesses_waiting", waiting);
        verbs_agent_status(request, face, &f);
        json_ages(face->json, &ages);
        return json_status(request, face, s, &f, &glance, &ages, noes, e);
    }
    say_status(face, &f, &glance);
    say_cosigners(face, s, &f);
    if (waiting > 0)
        verbs_say(face, "  Records of accesses that go on the log with the next commit: %s", verbs_number(waiting, n));
    if (noes > 0)
        verbs_say(face, "  Withdrawals and refusals that stand, and go on the log with the next commit: %s",
                  verbs_number(noes, n));
    say_ages(face, &ages);
    verbs_agent_status(request, face, &f);
    rc = verbs_mirrors_status(request, face, &f, e);
    if (rc == 0)
        rc = verbs_erased_status(face, s, e);
    if (rc == 0)
        rc = verbs_stamps_status(s, face, e);
    if (rc != 0 || !next_step)
        return rc;
    if (!whole)
        verbs_say(face, "Next: groundwork repair");
    else if (f.position.records <= 2)
        verbs_say(face, "Next: groundwork intake FOLDER");
    else
        verbs_say(face, "Next: groundwork receipt, groundwork audit, or groundwork help");
    return 0;
}

int verbs_status(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    return status(request, face, ret_exit, false, e);
}

int verbs_state(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    if (request->repository != NULL)
        return status(request, face, ret_exit, true, e);
    if (face->json != NULL) {
        json_key(face->json, "repository");
        json_null(face->json);
    }
    verbs_say(face, "No repository here.");
    verbs_say(face, "Next: groundwork init DIR --origin NAME makes one; groundwork help lists what can be done.");
    return 0;
}
