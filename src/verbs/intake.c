/*
 * Taking in: walk, hash, keep or refuse, and put every name on a receipt.
 *
 * The deposit is committed in parts; each part carries its items and one statement of what it saw and did not take in;
 * the last one closes the deposit with its receipt.  An interrupted deposit is closed by the next intake.
 */
#include "intake/intake.h"
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_FROM, OPTION_NOTE, OPTION_DRY_RUN, OPTION_WAIT, OPTION_STRICT };
enum {
    PART_LEAVES = 16384,
    PART_BYTES = 32 << 20, /* memory of a draft */
    PART_SECONDS = 60,
    REFUSED_SHOWN = 20,
    READ_PIECE = 1 << 20,
};
#define PART_STORED     ((uint64_t)2 << 30) /* bytes read since the last part */
#define WAIT_LONGEST_MS ((uint64_t)24 * 3600 * 1000)

struct refused_list {
    struct statement_refused *list;
    size_t count, room;
    struct buf names; /* paths one after another; list[].path.p is an offset until the statement is made */
};
struct range_list {
    struct statement_range *list;
    size_t count, room;
};
struct taking {
    const struct verbs_request *request;
    const struct verbs_face *face;
    struct store *store;
    bool dry;
    bool deposit_open; /* the deposit statement is in this draft or committed */
    uint64_t deposit, parts, seq;
    uint64_t part_bytes; /* read since the last part */
    uint64_t part_began_ms;
    struct statement_totals totals;
    struct refused_list refused; /* of this part */
    struct range_list already;   /* of this part */
    struct refused_list shown;   /* all, up to REFUSED_SHOWN */
    uint64_t refused_news;       /* refused now and by no earlier receipt */
    struct refused_list earlier; /* what earlier receipts refused; read at the first refusal */
    bool earlier_read;
    uint64_t already_before; /* leaves of receipts, for the closing line */
    struct verbs_progress progress;
    bool stopped;
    struct crypt_sha256 *hash;
    uint8_t *piece;
    bool source_failed;
};

static void refused_release(struct refused_list *r)
{
    free(r->list);
    buf_drop(&r->names);
    *r = (struct refused_list){0};
}

static void taking_release(struct taking *t)
{
    refused_release(&t->refused);
    refused_release(&t->shown);
    refused_release(&t->earlier);
    free(t->already.list);
    crypt_sha256_free(t->hash);
    free(t->piece);
}

/* ---- lists ---- */

static int refused_add(struct refused_list *r, struct bytes path, const char *reason, uint64_t bytes, struct err *e)
{
    if (r->count == r->room) {
        size_t room = r->room * 2 + 16;
        struct statement_refused *grown = reallocarray(r->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        r->list = grown;
        r->room = room;
    }
    r->list[r->count++] = (struct statement_refused){.path = {NULL, path.n}, .reason = reason, .bytes = bytes};
    buf_put_bytes(&r->names, path);
    return buf_check(&r->names, e);
}

/* Paths lie in the list's order, so each begins where the one before ends. */
static void refused_settle(struct refused_list *r)
{
    size_t at = 0;
    for (size_t i = 0; i < r->count; i++) {
        r->list[i].path.p = r->names.p + at;
        at += r->list[i].path.n;
    }
}

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

/* ---- what earlier receipts refused: the same refusal again is no news ---- */

struct earlier {
    struct taking *t;
    struct index *index;
};

static const char *reason_kept(const char *reason)
{
    static const char *const codes[] = {"changed", "device", "fifo", "io", "loop", "socket", "unreadable", "vanished"};
    for (size_t i = 0; i < COUNT(codes); i++)
        if (strcmp(codes[i], reason) == 0)
            return codes[i];
    return "io";
}

static int earlier_refused(void *context, const struct statement_refused *r, struct err *e)
{
    struct earlier *x = context;
    return refused_add(&x->t->earlier, r->path, reason_kept(r->reason), r->bytes, e);
}

static int earlier_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct earlier *x = context;
    return d->set_aside ? 0 : index_refused(x->index, d->leaf, earlier_refused, x, e);
}

static int refused_order(const void *a, const void *b)
{
    const struct statement_refused *x = a, *y = b;
    size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
    int order = memcmp(x->path.p, y->path.p, n);
    if (order != 0)
        return order;
    if (x->path.n != y->path.n)
        return x->path.n < y->path.n ? -1 : 1;
    return strcmp(x->reason, y->reason);
}

static int refused_is_news(struct taking *t, struct bytes path, const char *reason, bool *ret, struct err *e)
{
    if (!t->earlier_read) {
        struct earlier x = {t, store_index(t->store)};
        int rc = index_deposits(x.index, earlier_deposit, &x, e);
        if (rc != 0)
            return rc;
        refused_settle(&t->earlier);
        if (t->earlier.count > 1)
            qsort(t->earlier.list, t->earlier.count, sizeof *t->earlier.list, refused_order);
        t->earlier_read = true;
    }
    struct statement_refused wanted = {.path = path, .reason = reason};
    *ret = t->earlier.count == 0 ||
           bsearch(&wanted, t->earlier.list, t->earlier.count, sizeof *t->earlier.list, refused_order) == NULL;
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
    struct statement s = {.kind = STATEMENT_DEPOSIT,
                          .at_unix_s = time_now_unix_s(),
                          .deposit = {.giver = t->request->option[OPTION_FROM],
                                      .note = t->request->option[OPTION_NOTE],
                                      .paths = paths,
                                      .path_count = t->request->count}};
    int rc = store_add(t->store, &s, &t->deposit, NULL, e);
    t->deposit_open = rc == 0;
    return rc;
}

static int part_statement(struct taking *t, struct err *e)
{
    refused_settle(&t->refused);
    struct statement s = {.kind = STATEMENT_PART,
                          .at_unix_s = time_now_unix_s(),
                          .part = {.deposit = t->deposit,
                                   .part = t->parts,
                                   .refused = t->refused.list,
                                   .refused_count = t->refused.count,
                                   .already = t->already.list,
                                   .already_count = t->already.count}};
    int rc = store_add(t->store, &s, NULL, NULL, e);
    t->parts++;
    return rc;
}

static int part_close(struct taking *t, struct err *e)
{
    int rc = part_statement(t, e);
    if (rc == 0)
        rc = store_commit(t->store, e);
    if (rc == 0)
        rc = store_draft_begin(t->store, e);
    refused_release(&t->refused);
    t->already.count = 0;
    t->part_bytes = 0;
    t->part_began_ms = time_monotonic_ms();
    return rc;
}

static int part_if_full(struct taking *t, struct err *e)
{
    if (t->dry || !t->deposit_open)
        return 0;
    bool full = store_draft_leaves(t->store) >= PART_LEAVES || store_draft_bytes(t->store) >= PART_BYTES ||
                t->part_bytes >= PART_STORED || t->refused.names.n >= PART_BYTES / 8 ||
                t->already.count >= STATEMENT_LIST_MAX / 4 ||
                time_monotonic_ms() - t->part_began_ms >= PART_SECONDS * 1000u;
    return full ? part_close(t, e) : 0;
}

/* ---- one name ---- */

static int refuse(struct taking *t, const struct intake_entry *entry, const char *reason, struct err *e)
{
    bool news = true;
    t->totals.refused.files++;
    t->totals.refused.bytes += entry->bytes;
    int rc = refused_is_news(t, entry->path, reason, &news, e);
    t->refused_news += news;
    if (rc == 0 && t->shown.count < REFUSED_SHOWN)
        rc = refused_add(&t->shown, entry->path, reason, entry->bytes, e);
    return rc != 0 ? rc : refused_add(&t->refused, entry->path, reason, entry->bytes, e);
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
    int rc = store_already(t->store, t->request->option[OPTION_FROM], r, &twin, e);
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
    int rc = 0;
    if (t->dry) {
        struct index_twin twin;
        rc = index_duplicate(store_index(t->store), &digest->sha256, &twin, e);
        duplicate = rc == 0;
        rc = rc == ERR_ABSENT ? 0 : rc;
    } else
        rc = store_add(t->store, &s, &leaf, &duplicate, e);
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
    int twin_rc = store_already(t->store, t->request->option[OPTION_FROM], r, &twin, e);
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
    int rc = 0;
    if (entry->refused != NULL || entry->type != STATEMENT_FOLDER) {
        t->totals.seen.files++;
        if (entry->refused != NULL || entry->type == STATEMENT_FILE)
            t->totals.seen.bytes += entry->bytes;
    }
    if (entry->refused != NULL)
        rc = refuse(t, entry, entry->refused, e);
    else if (entry->first_cookie != UINT64_MAX && !t->dry) {
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
    return rc != 0 ? rc : part_if_full(t, e);
}

/* ---- closing ---- */

static int receipt_statement(struct store *s, uint64_t deposit, uint64_t parts, const struct statement_totals *totals,
                             uint64_t *ret_number, struct err *e)
{
    struct index_sums sums;
    int rc = index_sums(store_index(s), &sums, e);
    if (rc != 0)
        return rc;
    struct statement st = {
        .kind = STATEMENT_RECEIPT,
        .at_unix_s = time_now_unix_s(),
        .receipt = {.deposit = deposit, .number = sums.next_receipt, .parts = parts, .totals = *totals}};
    *ret_number = sums.next_receipt;
    return store_add(s, &st, NULL, NULL, e);
}

struct open_deposit {
    struct store *store;
    uint64_t leaf, parts;
    bool found;
    int64_t opened;
    struct statement_totals totals;
};

static int find_open(void *context, const struct index_deposit *d, struct err *e)
{
    struct open_deposit *o = context;
    (void)e;
    if (d->receipt == 0 && !o->found) {
        o->found = true;
        o->leaf = d->leaf;
        o->parts = d->parts;
        o->opened = d->opened_unix_s;
    }
    return 0;
}

static void add_to(struct statement_sum *sum, uint64_t bytes)
{
    sum->files++;
    sum->bytes += bytes;
}

struct name_bytes {
    uint64_t bytes;
};

static int take_bytes(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    ((struct name_bytes *)context)->bytes = item->bytes;
    return 0;
}

static int count_item(void *context, const struct index_item *item, struct err *e)
{
    struct open_deposit *o = context;
    struct statement_totals *t = &o->totals;
    if (item->further_name) {
        struct name_bytes n = {0};
        int rc = index_item(store_index(o->store), item->of, take_bytes, &n, e);
        if (rc != 0)
            return rc;
        add_to(&t->taken, n.bytes);
        add_to(&t->names, n.bytes);
    } else if (item->type == STATEMENT_FOLDER)
        t->folders_taken++;
    else
        add_to(item->duplicate_of != UINT64_MAX ? &t->duplicate : &t->taken, item->bytes);
    return 0;
}

static int count_refused(void *context, const struct statement_refused *r, struct err *e)
{
    struct open_deposit *o = context;
    (void)e;
    add_to(&o->totals.refused, r->bytes);
    return 0;
}

static int count_seen_again(void *context, const struct index_item *item, struct err *e)
{
    struct open_deposit *o = context;
    struct name_bytes n = {item->bytes};
    int rc = item->further_name ? index_item(store_index(o->store), item->of, take_bytes, &n, e) : 0;
    if (item->type == STATEMENT_FOLDER && !item->further_name)
        o->totals.folders_already++;
    else
        add_to(&o->totals.already, n.bytes);
    return rc;
}

static int count_already(void *context, const struct statement_range *range, struct err *e)
{
    struct open_deposit *o = context;
    int rc = 0;
    for (uint64_t leaf = range->first; rc == 0 && leaf <= range->last; leaf++)
        rc = index_item(store_index(o->store), leaf, count_seen_again, o, e);
    return rc;
}

static void seen_from_parts(struct statement_totals *t)
{
    t->seen.files = t->taken.files + t->duplicate.files + t->already.files + t->refused.files;
    t->seen.bytes = t->taken.bytes + t->duplicate.bytes + t->already.bytes + t->refused.bytes;
}

/* Whatever an interrupted intake had committed gets its receipt before anything else is taken in. */
static int close_interrupted(struct store *s, const struct verbs_face *face, struct err *e)
{
    for (;;) {
        struct open_deposit o = {.store = s};
        struct index *x = store_index(s);
        uint64_t number = 0;
        int rc = index_deposits(x, find_open, &o, e);
        if (rc != 0 || !o.found)
            return rc;
        rc = index_items(x, o.leaf, 0, count_item, &o, e);
        if (rc == 0)
            rc = index_refused(x, o.leaf, count_refused, &o, e);
        if (rc == 0)
            rc = index_already_of(x, o.leaf, count_already, &o, e);
        seen_from_parts(&o.totals);
        if (rc == 0)
            rc = store_draft_begin(s, e);
        if (rc == 0)
            rc = receipt_statement(s, o.leaf, o.parts, &o.totals, &number, e);
        if (rc == 0)
            rc = store_commit(s, e);
        if (rc != 0)
            return rc;
        char when[TIME_TEXT_MAX];
        time_text(when, o.opened);
        verbs_warn(face,
                   "The intake that began at %s was interrupted: what it had taken in (%" PRIu64 " files) is on "
                   "receipt %" PRIu64 " now.",
                   when, o.totals.taken.files + o.totals.duplicate.files, number);
    }
}

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
    refused_settle(&t->shown);
    if (t->request->option[OPTION_STRICT] != NULL && t->totals.refused.files > 0)
        *ret_exit = VERBS_REFUSED;
    if (t->dry) {
        say_dry(t);
        return 0;
    }
    if (!t->deposit_open && t->refused_news == 0) {
        say_nothing_new(t);
        return 0;
    }
    uint64_t number = 0;
    int rc = deposit_begin(t, e);
    if (rc == 0)
        rc = part_statement(t, e);
    if (rc == 0)
        rc = receipt_statement(t->store, t->deposit, t->parts, &t->totals, &number, e);
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
    if (t->dry || !t->deposit_open || store_draft_leaves(t->store) == 0)
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

static int take(struct taking *t, int *ret_exit, struct err *e)
{
    struct intake_visitor visitor = {take_entry, t};
    t->part_began_ms = time_monotonic_ms();
    t->hash = crypt_sha256_new();
    t->piece = malloc(READ_PIECE);
    if (t->hash == NULL || t->piece == NULL)
        return err_memory(e);
    int rc = t->dry ? 0 : close_interrupted(t->store, t->face, e);
    if (rc == 0 && t->face->watched)
        rc =
            intake_measure(t->request->arguments, t->request->count, &t->progress.files_all, &t->progress.bytes_all, e);
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
    struct verbs_place place;
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    int rc = intake_paths_check(request->arguments, request->count, request->repository, e);
    if (rc == 0)
        rc = verbs_open(request, face, t.dry ? STORE_READ : STORE_WRITE,
                        request->option[OPTION_WAIT] != NULL ? WAIT_LONGEST_MS : 0, &place, &s, e);
    if (rc != 0)
        return rc;
    t.store = s;
    return take(&t, ret_exit, e);
}
