/*
 * Taking in: walk, hash, keep or refuse, and put every name on a receipt.
 *
 * The deposit is committed in parts; each part carries its items and one statement of what it saw and did not take in;
 * the last one closes the deposit with its receipt.  An interrupted deposit is closed by the next intake.
 */
#include "intake/intake.h"
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_FROM, OPTION_NOTE, OPTION_INVESTIGATION, OPTION_DRY_RUN, OPTION_WAIT, OPTION_STRICT };
enum {
    PART_LEAVES = 16384, /* two parts are in memory at once */
    PART_BYTES = 64 << 20, /* memory of a draft */
    PART_SECONDS = 60,
    PART_RANGES = 4096,     /* of leaves seen again, in one statement */
    PART_REFUSED = 4 << 20, /* bytes of refusals in one statement; with the longest path it keeps within its limit */
    REFUSED_SHOWN = 20,
    READ_PIECE = 1 << 20,
};
#define PART_STORED     ((uint64_t)2 << 30) /* bytes read since the last part */
#define WAIT_LONGEST_MS ((uint64_t)24 * 3600 * 1000)

/* Files that a dry run met and no item has the bytes of: beginning of the digest, size. */
struct fresh_list {
    struct fresh {
        uint64_t digest, bytes;
    } * list;
    size_t count, room;
};
struct range_list {
    struct statement_range *list;
    size_t count, room;
};
struct taking {
    const struct verbs_request *request;
    const struct verbs_face *face;
    const char *giver, *note; /* NULL when not said */
    struct store *store;
    bool dry;
    bool deposit_open; /* the deposit statement is in this draft or committed */
    uint64_t deposit, parts, seq;
    uint64_t part_bytes; /* read since the last part */
    uint64_t part_began_ms;
    struct statement_totals totals;
    struct verbs_refusals refused; /* of this part */
    struct range_list already;     /* of this part */
    struct verbs_refusals shown;   /* all, up to REFUSED_SHOWN */
    struct verbs_refusals earlier; /* what earlier receipts refused; read at the first refusal */
    bool earlier_read;
    struct fresh_list fresh; /* of a dry run */
    struct verbs_progress progress;
    bool stopped;
    struct crypt_sha256 *hash;
    uint8_t *piece;
    bool source_failed;
};

static void taking_release(struct taking *t)
{
    verbs_refusals_release(&t->refused);
    verbs_refusals_release(&t->shown);
    verbs_refusals_release(&t->earlier);
    free(t->already.list);
    free(t->fresh.list);
    crypt_sha256_free(t->hash);
    free(t->piece);
}

/* ---- lists ---- */

static int already_add(struct taking *t, uint64_t leaf, struct err *e)
{
    struct range_list *a = &t->already;
    if (a->count > 0 && a->list[a->count - 1].last + 1 == leaf) {
        a->list[a->count - 1].last = leaf;
        return 0;
    }
    if (a->count == a->room) {
        size_t room = a->room * 2 + 16;
        struct statement_range *grown = reallocarray(a->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        a->list = grown;
        a->room = room;
    }
    a->list[a->count++] = (struct statement_range){leaf, leaf};
    return 0;
}

/* ---- the deposit ---- */

static int deposit_begin(struct taking *t, struct err *e)
{
    if (t->dry)
        return 0;
    if (t->deposit_open)
        return 0;
    OWN(mem_drop) struct bytes *paths = calloc(t->request->count, sizeof *paths);
    if (paths == NULL)
        return err_memory(e);
    for (size_t i = 0; i < t->request->count; i++)
        paths[i] = bytes_text(t->request->arguments[i]);
    struct statement s = {
        .kind = STATEMENT_DEPOSIT,
        .at_unix_s = time_now_unix_s(),
        .deposit = {.giver = t->giver, .note = t->note, .paths = paths, .path_count = t->request->count}};
    int rc = store_add(t->store, &s, &t->deposit, NULL, e);
    t->deposit_open = rc == 0;
    return rc;
}

/* What was seen and not taken in; as many ranges as a long look at known things made before the first new one. */
static int part_statement(struct taking *t, struct err *e)
{
    size_t at = 0;
    int rc = 0;
    verbs_refusals_settle(&t->refused);
    do {
        size_t left = t->already.count - at, count = left < PART_RANGES ? left : PART_RANGES;
        bool last = count == left;
        struct statement s = {.kind = STATEMENT_PART,
                              .at_unix_s = time_now_unix_s(),
                              .part = {.deposit = t->deposit,
                                       .part = t->parts,
                                       .refused = t->refused.list,
                                       .refused_count = last ? t->refused.count : 0,
                                       .already = count > 0 ? t->already.list + at : NULL,
                                       .already_count = count}};
        rc = store_add(t->store, &s, NULL, NULL, e);
        t->parts++;
        at += count;
    } while (rc == 0 && at < t->already.count);
    return rc;
}

static int part_close(struct taking *t, struct err *e)
{
    int rc = part_statement(t, e);
    if (rc == 0)
        rc = store_commit_part(t->store, e);
    if (rc == 0)
        rc = store_draft_begin(t->store, e);
    verbs_refusals_release(&t->refused);
    t->already.count = 0;
    t->part_bytes = 0;
    t->part_began_ms = time_monotonic_ms();
    return rc;
}

/* Asked before the next entry, not behind the last one: then the last part is closed by its receipt. */
static int part_if_full(struct taking *t, struct err *e)
{
    if (t->dry || !t->deposit_open)
        return 0;
    bool full = store_draft_leaves(t->store) >= PART_LEAVES || store_draft_bytes(t->store) >= PART_BYTES ||
                t->part_bytes >= PART_STORED || verbs_refusals_bytes(&t->refused) >= PART_REFUSED ||
                t->already.count >= PART_RANGES || time_monotonic_ms() - t->part_began_ms >= PART_SECONDS * 1000u;
    return full ? part_close(t, e) : 0;
}

/* ---- one name ---- */

/* A refusal that no earlier receipt tells is worth a receipt; the same one again is not. */
static int refused_news(struct taking *t, struct bytes path, const char *reason, struct err *e)
{
    if (!t->earlier_read) {
        int rc = verbs_refusals_earlier(store_index(t->store), &t->earlier, e);
        if (rc != 0)
            return rc;
        t->earlier_read = true;
    }
    return verbs_refusals_have(&t->earlier, path, reason) ? 0 : deposit_begin(t, e);
}

static int refuse(struct taking *t, const struct intake_entry *entry, const char *reason, struct err *e)
{
    t->totals.refused.files++;
    t->totals.refused.bytes += entry->bytes;
    int rc = refused_news(t, entry->path, reason, e);
    if (rc == 0 && t->shown.count < REFUSED_SHOWN)
        rc = verbs_refusals_add(&t->shown, entry->path, reason, entry->bytes, e);
    return rc != 0 ? rc : verbs_refusals_add(&t->refused, entry->path, reason, entry->bytes, e);
}

static int already(struct taking *t, const struct intake_entry *entry, const struct index_twin *twin, struct err *e)
{
    if (entry->type == STATEMENT_FOLDER)
        t->totals.folders_already++;
    else {
        t->totals.already.files++;
        t->totals.already.bytes += entry->bytes;
    }
    return already_add(t, twin->leaf, e);
}

/* A folder, a link or a further name: nothing to be read. */
static int take_plain(struct taking *t, struct intake_entry *entry, struct statement_received *r, struct err *e)
{
    struct index_twin twin;
    int rc = store_already(t->store, t->giver, r, &twin, e);
    if (rc == 0)
        return already(t, entry, &twin, e);
    if (rc != ERR_ABSENT)
        return rc;
    rc = deposit_begin(t, e);
    if (rc != 0)
        return rc;
    if (entry->type == STATEMENT_FOLDER)
        t->totals.folders_taken++;
    else {
        t->totals.taken.files++;
        t->totals.taken.bytes += r->further_name ? entry->bytes : 0;
    }
    if (r->further_name) {
        t->totals.names.files++;
        t->totals.names.bytes += entry->bytes;
    }
    if (t->dry)
        return 0;
    struct statement s = {.kind = STATEMENT_RECEIVED, .received = *r};
    s.received.deposit = t->deposit;
    s.received.seq = t->seq++;
    return store_add(t->store, &s, NULL, NULL, e);
}

struct reading {
    struct taking *t;
    struct intake_entry *entry;
};

static int progress(struct taking *t, size_t bytes)
{
    t->progress.bytes += bytes;
    t->part_bytes += bytes;
    if (t->face->progress(t->face->context, &t->progress) != 0)
        t->stopped = true;
    return t->stopped ? ERR_STOPPED : 0;
}

static int read_piece(void *context, void *to, size_t n, size_t *ret_n, struct err *e)
{
    struct reading *r = context;
    int rc = intake_read(r->entry->open, to, n, ret_n, e);
    if (rc != 0) {
        r->t->source_failed = true;
        return rc;
    }
    return progress(r->t, *ret_n) == 0 ? 0 : err_set(e, ERR_STOPPED, "interrupted");
}

/* The digest alone: for what is probably here already, and for a dry run. */
static int digest_only(struct reading *r, struct vault_digest *ret, struct err *e)
{
    struct taking *t = r->t;
    *ret = (struct vault_digest){0};
    if (intake_digest(r->entry->open, &ret->sha256, &ret->bytes))
        return progress(t, (size_t)ret->bytes) == 0 ? 0 : err_set(e, ERR_STOPPED, "interrupted");
    crypt_sha256_begin(t->hash);
    for (;;) {
        size_t n = 0;
        int rc = read_piece(r, t->piece, READ_PIECE, &n, e);
        if (rc != 0)
            return rc;
        if (n == 0)
            break;
        crypt_sha256_add(t->hash, bytes_of(t->piece, n));
        ret->bytes += n;
    }
    crypt_sha256_end(t->hash, &ret->sha256);
    return 0;
}

static int dry_duplicate(struct taking *t, const struct vault_digest *digest, bool *ret, struct err *e)
{
    struct index_twin twin;
    struct fresh_list *f = &t->fresh;
    int rc = index_duplicate(store_index(t->store), &digest->sha256, &twin, e);
    *ret = rc == 0;
    if (rc != ERR_ABSENT)
        return rc;
    if (f->count == f->room) {
        size_t room = f->room * 2 + 64;
        struct fresh *grown = reallocarray(f->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        f->list = grown;
        f->room = room;
    }
    f->list[f->count++] = (struct fresh){u64_get(digest->sha256.b), digest->bytes};
    return 0;
}

/* In a dry run leaf 0 stands for an item that would be: it founds the repository and is none. */
static int keep_file(struct taking *t, struct intake_entry *entry, struct statement_received *r,
                     const struct vault_digest *digest, struct err *e)
{
    struct statement s = {.kind = STATEMENT_RECEIVED, .received = *r};
    bool duplicate = false;
    uint64_t leaf = 0;
    s.received.bytes = digest->bytes;
    s.received.sha256 = digest->sha256;
    s.received.deposit = t->deposit;
    s.received.seq = t->seq;
    int rc = t->dry ? dry_duplicate(t, digest, &duplicate, e) : store_add(t->store, &s, &leaf, &duplicate, e);
    if (rc != 0)
        return rc;
    t->seq++;
    entry->cookie = leaf;
    struct statement_sum *sum = duplicate ? &t->totals.duplicate : &t->totals.taken;
    sum->files++;
    sum->bytes += digest->bytes;
    return 0;
}

/* A source that fails or changes is refused; a vault that fails ends the intake. */
static int refuse_if_source(struct taking *t, const struct intake_entry *entry, int rc, struct err *e)
{
    if (!t->source_failed)
        return rc;
    t->source_failed = false;
    if (e != NULL)
        e->text[0] = 0;
    return refuse(t, entry, "io", e);
}

static int take_file(struct taking *t, struct intake_entry *entry, struct statement_received *r, struct err *e)
{
    struct reading reading = {t, entry};
    struct vault_source source = {read_piece, &reading};
    struct vault_writer *writer = NULL;
    struct vault_digest digest;
    struct index_twin twin;
    int twin_rc = store_already(t->store, t->giver, r, &twin, e);
    if (twin_rc != 0 && twin_rc != ERR_ABSENT)
        return twin_rc;
    if (twin_rc == 0 || t->dry) {
        int rc = digest_only(&reading, &digest, e);
        if (rc != 0)
            return refuse_if_source(t, entry, rc, e);
        if (!intake_unchanged(entry->open))
            return refuse(t, entry, "changed", e);
        if (twin_rc == 0 && digest.bytes == twin.bytes && hash_equal(&digest.sha256, &twin.sha256)) {
            entry->cookie = twin.leaf;
            return already(t, entry, &twin, e);
        }
        if (t->dry)
            return keep_file(t, entry, r, &digest, e);
        t->progress.bytes -= digest.bytes; /* it is read once more */
        rc = intake_again(entry->open, e);
        if (rc != 0)
            return refuse(t, entry, "io", e);
    }
    int rc = deposit_begin(t, e);
    if (rc == 0)
        rc = store_writer(t->store, &writer, e);
    if (rc != 0)
        return rc;
    source.digest = intake_held_digest(entry->open);
    rc = vault_put(writer, &source, &digest, e);
    if (rc != 0)
        return refuse_if_source(t, entry, rc, e);
    if (!intake_unchanged(entry->open)) {
        vault_forget(writer);
        return refuse(t, entry, "changed", e);
    }
    return keep_file(t, entry, r, &digest, e);
}

static int take_entry(void *context, struct intake_entry *entry, struct err *e)
{
    struct taking *t = context;
    struct statement_received r = {
        .type = entry->type, .path = entry->path, .mode = entry->mode, .mtime = entry->mtime, .target = entry->target};
    int rc = part_if_full(t, e);
    if (rc != 0)
        return rc;
    if (entry->refused != NULL || entry->type != STATEMENT_FOLDER) {
        t->totals.seen.files++;
        if (entry->refused != NULL || entry->type == STATEMENT_FILE)
            t->totals.seen.bytes += entry->bytes;
    }
    if (entry->refused != NULL)
        rc = refuse(t, entry, entry->refused, e);
    else if (entry->first_cookie != UINT64_MAX) {
        r.further_name = true;
        r.of = entry->first_cookie;
        rc = take_plain(t, entry, &r, e);
    } else if (entry->type == STATEMENT_FILE)
        rc = take_file(t, entry, &r, e);
    else
        rc = take_plain(t, entry, &r, e);
    t->progress.files++;
    if (rc == 0 && progress(t, 0) != 0)
        rc = err_set(e, ERR_STOPPED, "interrupted");
    return rc;
}

/* ---- closing ---- */

static void say_refused(const struct taking *t)
{
    OWN(buf_drop) struct buf shown = {0};
    for (size_t i = 0; i < t->shown.count; i++)
        verbs_say(t->face, "  refused: %s: %s", verbs_shown(t->shown.list[i].path, &shown),
                  verbs_reason(t->shown.list[i].reason));
    if (t->totals.refused.files > t->shown.count)
        verbs_say(t->face, "  ... and %" PRIu64 " more", t->totals.refused.files - t->shown.count);
}

static void say_nothing_new(const struct taking *t)
{
    char files[VERBS_NUMBER_MAX], folders[VERBS_NUMBER_MAX];
    if (t->face->json != NULL) {
        verbs_json_u64(t->face->json, "already", t->totals.already.files);
        verbs_json_u64(t->face->json, "folders_already", t->totals.folders_already);
        json_key(t->face->json, "receipt");
        json_null(t->face->json);
        verbs_json_u64(t->face->json, "refused", t->totals.refused.files);
        verbs_json_u64(t->face->json, "seen", t->totals.seen.files);
        verbs_json_u64(t->face->json, "taken", 0);
        return;
    }
    verbs_say(t->face, "Nothing new: zero items taken in. %s files and %s folders are already on receipts.",
              verbs_number(t->totals.already.files, files), verbs_number(t->totals.folders_already, folders));
    say_refused(t);
}

static int fresh_order(const void *a, const void *b)
{
    uint64_t x = ((const struct fresh *)a)->digest, y = ((const struct fresh *)b)->digest;
    return (x > y) - (x < y);
}

/* Of several new files with the same bytes all but one would be duplicates. */
static void count_fresh(struct taking *t)
{
    struct fresh_list *f = &t->fresh;
    if (f->count > 1)
        qsort(f->list, f->count, sizeof *f->list, fresh_order);
    for (size_t i = 1; i < f->count; i++)
        if (f->list[i].digest == f->list[i - 1].digest) {
            t->totals.taken.files--;
            t->totals.taken.bytes -= f->list[i].bytes;
            t->totals.duplicate.files++;
            t->totals.duplicate.bytes += f->list[i].bytes;
        }
}

static void say_dry(const struct taking *t)
{
    char n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    const struct statement_totals *x = &t->totals;
    struct json_out *j = t->face->json;
    if (j != NULL) {
        verbs_json_u64(j, "already", x->already.files);
        json_key(j, "dry_run");
        json_bool(j, true);
        verbs_json_u64(j, "duplicate", x->duplicate.files);
        verbs_json_u64(j, "refused", x->refused.files);
        verbs_json_u64(j, "seen", x->seen.files);
        verbs_json_u64(j, "taken", x->taken.files);
        return;
    }
    verbs_say(t->face, "Would take in %s files (%s).", verbs_number(x->taken.files, n), verbs_size(x->taken.bytes, b));
    verbs_say(t->face, "Would keep %s duplicates under their own names.", verbs_number(x->duplicate.files, n));
    verbs_say(t->face, "Already on receipts: %s.", verbs_number(x->already.files, n));
    verbs_say(t->face, "Would refuse %s:", verbs_number(x->refused.files, n));
    say_refused(t);
    verbs_say(t->face, "Nothing was written.");
}

static int finish(struct taking *t, int *ret_exit, struct err *e)
{
    verbs_refusals_settle(&t->shown);
    if (t->request->option[OPTION_STRICT] != NULL && t->totals.refused.files > 0)
        *ret_exit = VERBS_REFUSED;
    if (t->dry) {
        count_fresh(t);
        say_dry(t);
        return 0;
    }
    if (!t->deposit_open) {
        say_nothing_new(t);
        return 0;
    }
    uint64_t number = 0;
    int rc = part_statement(t, e);
    if (rc == 0)
        rc = verbs_receipt_write(t->store, t->deposit, t->parts, &t->totals, &number, e);
    if (rc == 0)
        rc = store_commit(t->store, e);
    if (rc != 0)
        return rc;
    rc = verbs_receipt_summary(t->store, number, t->face, e);
    if (rc == 0 && t->face->json == NULL) {
        say_refused(t);
        verbs_say(t->face, "Every file, one by one: groundwork receipt %" PRIu64, number);
    }
    return rc;
}

/* A stop keeps what is whole: the part is committed, and the next intake gives it its receipt. */
static int stop(struct taking *t, struct err *e)
{
    if (t->dry || !t->deposit_open)
        return err_set(e, ERR_STOPPED, "interrupted: nothing was taken in");
    struct err mine = {0};
    int rc = part_statement(t, &mine);
    if (rc == 0)
        rc = store_commit(t->store, &mine);
    if (rc != 0)
        return err_set(e, rc, "interrupted, and the last part could not be kept: %s", mine.text);
    return err_set(e, ERR_STOPPED,
                   "interrupted: what was taken in so far is safe (%" PRIu64 " files); run the same command "
                   "again to go on",
                   t->totals.taken.files + t->totals.duplicate.files);
}

static bool stop_asked(void *context)
{
    return progress(context, 0) != 0;
}

static int take(struct taking *t, int *ret_exit, struct err *e)
{
    struct intake_visitor visitor = {take_entry, t, sysconf(_SC_NPROCESSORS_ONLN) > 1};
    struct intake_stopping stopping = {stop_asked, t};
    uint64_t files_all = 0, bytes_all = 0;
    t->part_began_ms = time_monotonic_ms();
    t->hash = crypt_sha256_new();
    t->piece = malloc(READ_PIECE);
    if (t->hash == NULL || t->piece == NULL)
        return err_memory(e);
    int rc = t->dry ? 0 : verbs_close_interrupted(t->store, t->face, e);
    if (rc == 0 && t->face->watched)
        rc = intake_measure(t->request->arguments, t->request->count, &stopping, &files_all, &bytes_all, e);
    t->progress.files_all = files_all;
    t->progress.bytes_all = bytes_all;
    if (rc == 0 && !t->dry)
        rc = store_draft_begin(t->store, e);
    if (rc == 0)
        rc = intake_walk(t->request->arguments, t->request->count, &visitor, e);
    if (rc == ERR_STOPPED && t->stopped)
        return stop(t, e);
    return rc != 0 ? rc : finish(t, ret_exit, e);
}

int verbs_intake(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(taking_release)
    struct taking t = {.request = request, .face = face, .dry = request->option[OPTION_DRY_RUN] != NULL};
    OWN(buf_drop) struct buf giver = {0};
    OWN(buf_drop) struct buf note = {0};
    struct verbs_place place;
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    int rc = verbs_text("--from", request->option[OPTION_FROM], &giver, &t.giver, e);
    if (rc == 0)
        rc = verbs_text("--note", request->option[OPTION_NOTE], &note, &t.note, e);
    if (rc == 0)
        rc = intake_paths_check(request->arguments, request->count, request->repository, e);
    if (rc == 0)
        rc = verbs_open(request, face, t.dry ? STORE_READ : STORE_WRITE,
                        request->option[OPTION_WAIT] != NULL ? WAIT_LONGEST_MS : 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_investigate(s, request->option[OPTION_INVESTIGATION], e);
    if (rc != 0)
        return rc;
    t.store = s;
    return take(&t, ret_exit, e);
}
