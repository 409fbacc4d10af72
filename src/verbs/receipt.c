/* Receipts: the list, the sums, and every file one by one. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_SUMMARY, OPTION_PAGE, OPTION_LANGUAGE };

struct receipt {
    struct store *store;
    const struct verbs_face *face;
    uint64_t number, deposit;
    struct buf giver, note, reason, investigation;
    bool has_giver, has_note, set_aside, doubtful, erased;
    uint64_t closed_leaf;
    int64_t opened, closed;
    uint64_t parts;
    struct statement_totals totals;
    struct buf shown;
    uint64_t listed;
};

static void receipt_release(struct receipt *r)
{
    buf_drop(&r->giver);
    buf_drop(&r->note);
    buf_drop(&r->reason);
    buf_drop(&r->investigation);
    buf_drop(&r->shown);
}

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    struct receipt *r = context;
    (void)e;
    r->number = d->receipt;
    r->deposit = d->leaf;
    r->closed_leaf = d->receipt_leaf;
    r->has_giver = d->giver != NULL;
    r->has_note = d->note != NULL;
    buf_put_text(&r->giver, d->giver != NULL ? d->giver : "");
    buf_put_text(&r->note, d->note != NULL ? d->note : "");
    buf_put_text(&r->reason, d->set_aside_reason != NULL ? d->set_aside_reason : "");
    r->set_aside = d->set_aside;
    r->erased = d->erased;
    r->opened = d->opened_unix_s;
    r->closed = d->closed_unix_s;
    r->parts = d->parts;
    r->totals = d->totals;
    return 0;
}

static int look_up(struct receipt *r, uint64_t number, struct err *e)
{
    int rc = index_deposit_by_receipt(store_index(r->store), number, take_deposit, r, e);
    if (rc == 0 && !r->erased)
        rc = store_doubtful_at(r->store, r->deposit, &r->doubtful, e);
    if (rc == 0 && !r->doubtful)
        rc = store_doubtful_at(r->store, r->closed_leaf, &r->doubtful, e);
    return rc == 0 ? store_investigation_at(r->store, r->closed_leaf, &r->investigation, e) : rc;
}

static void say_sum(const struct verbs_face *face, const char *label, const struct statement_sum *sum)
{
    char n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    verbs_say(face, "  %s %12s files %18s bytes", label, verbs_number(sum->files, n), verbs_number(sum->bytes, b));
}

static void json_sum(struct json_out *j, const char *key, const struct statement_sum *sum)
{
    json_key(j, key);
    json_object_begin(j);
    verbs_json_u64(j, "bytes", sum->bytes);
    verbs_json_u64(j, "files", sum->files);
    json_object_end(j);
}

static void say_summary(struct receipt *r)
{
    const struct verbs_face *f = r->face;
    const struct statement_totals *t = &r->totals;
    char when[TIME_TEXT_MAX];
    time_text(when, r->closed);
    verbs_say(f, "Receipt %" PRIu64 ", %s", r->number, when);
    if (r->has_giver)
        verbs_say(f, "  From: %s", verbs_shown(buf_bytes(&r->giver), &r->shown));
    if (r->has_note)
        verbs_say(f, "  Note: %s", verbs_shown(buf_bytes(&r->note), &r->shown));
    verbs_say(f, "  Investigation: %s", verbs_shown(buf_bytes(&r->investigation), &r->shown));
    if (r->set_aside)
        verbs_say(f, "  Set aside: %s", verbs_shown(buf_bytes(&r->reason), &r->shown));
    if (r->erased)
        verbs_say(f, "  ERASED: giver, note and items; the sums stay");
    if (r->doubtful)
        verbs_say(f, "  DOUBTFUL: who signed it was revoked, and this is from the time that is in doubt.");
    say_sum(f, text_tr("Seen:              "), &t->seen);
    say_sum(f, text_tr("  taken in:        "), &t->taken);
    say_sum(f, text_tr("  duplicates:      "), &t->duplicate);
    say_sum(f, text_tr("  already here:    "), &t->already);
    say_sum(f, text_tr("  refused:         "), &t->refused);
    if (t->names.files > 0)
        verbs_say(f, "  Of those taken in, %" PRIu64 " are further names (hard links) of others.", t->names.files);
    verbs_say(f, "  Folders: %" PRIu64 " taken in, %" PRIu64 " already here", t->folders_taken, t->folders_already);
}

/* Keys in ascending order; the entries, if any, come between duplicate and folders. */
static int json_receipt(struct receipt *r, int (*entries)(struct receipt *r, struct err *e), struct err *e)
{
    struct json_out *j = r->face->json;
    const struct statement_totals *t = &r->totals;
    int rc = 0;
    json_sum(j, "already", &t->already);
    verbs_json_u64(j, "closed_unix_s", (uint64_t)(r->closed > 0 ? r->closed : 0));
    if (r->doubtful) {
        json_key(j, "doubtful");
        json_bool(j, true);
    }
    json_sum(j, "duplicate", &t->duplicate);
    if (entries != NULL) {
        json_key(j, "entries");
        json_array_begin(j);
        rc = entries(r, e);
        json_array_end(j);
    }
    verbs_json_u64(j, "folders_already", t->folders_already);
    verbs_json_u64(j, "folders_taken", t->folders_taken);
    verbs_json_text(j, "giver", r->has_giver ? buf_text(&r->giver) : NULL);
    verbs_json_text(j, "investigation", buf_text(&r->investigation));
    json_sum(j, "names", &t->names);
    verbs_json_text(j, "note", r->has_note ? buf_text(&r->note) : NULL);
    verbs_json_u64(j, "parts", r->parts);
    verbs_json_u64(j, "receipt", r->number);
    json_sum(j, "refused", &t->refused);
    json_sum(j, "seen", &t->seen);
    verbs_json_text(j, "set_aside", r->set_aside ? buf_text(&r->reason) : NULL);
    json_sum(j, "taken", &t->taken);
    return rc;
}

int verbs_receipt_summary(struct store *s, uint64_t receipt, const struct verbs_face *face, struct err *e)
{
    OWN(receipt_release) struct receipt r = {.store = s, .face = face};
    int rc = look_up(&r, receipt, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        return json_receipt(&r, NULL, e);
    say_summary(&r);
    return 0;
}

/* ---- file by file ---- */

static int take_bytes(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    *(uint64_t *)context = item->bytes;
    return 0;
}

/* A further name has the bytes of the item that it names, as in the sums. */
static int json_entry(struct receipt *r, const char *state, const struct index_item *item, uint64_t other,
                      struct err *e)
{
    struct json_out *j = r->face->json;
    uint64_t bytes = item->bytes;
    int rc = item->further_name ? index_item(store_index(r->store), item->of, take_bytes, &bytes, e) : 0;
    if (rc != 0)
        return rc;
    json_object_begin(j);
    verbs_json_u64(j, "bytes", bytes);
    verbs_json_u64(j, "item", item->leaf);
    verbs_json_name(j, item->path);
    if (other != UINT64_MAX)
        verbs_json_u64(j, "of", other);
    if (item->type == STATEMENT_FILE && !item->further_name)
        verbs_json_hash(j, "sha256", &item->sha256);
    verbs_json_text(j, "state", state);
    verbs_json_text(j, "type", statement_type_name(item->type));
    json_object_end(j);
    return 0;
}

static int item_line(void *context, const struct index_item *item, struct err *e)
{
    struct receipt *r = context;
    const struct verbs_face *f = r->face;
    bool duplicate = item->duplicate_of != UINT64_MAX && item->type == STATEMENT_FILE && !item->further_name;
    if (f->json != NULL)
        return json_entry(r,
                          item->further_name ? "further-name"
                          : duplicate        ? "duplicate"
                                             : "taken",
                          item,
                          item->further_name ? item->of
                          : duplicate        ? item->duplicate_of
                                             : UINT64_MAX,
                          e);
    const char *name = verbs_shown(item->path, &r->shown);
    if (item->further_name)
        verbs_say(f, "  %8" PRIu64 "  further name of item %" PRIu64 ": %s", item->leaf, item->of, name);
    else if (duplicate)
        verbs_say(f, "  %8" PRIu64 "  duplicate of item %" PRIu64 ": %s", item->leaf, item->duplicate_of, name);
    else if (item->type == STATEMENT_FOLDER)
        verbs_say(f, "  %8" PRIu64 "  taken in (folder): %s", item->leaf, name);
    else if (item->type == STATEMENT_LINK)
        verbs_say(f, "  %8" PRIu64 "  taken in (link): %s", item->leaf, name);
    else
        verbs_say(f, "  %8" PRIu64 "  taken in: %s", item->leaf, name);
    return 0;
}

static int again_line(void *context, const struct index_item *item, struct err *e)
{
    struct receipt *r = context;
    if (r->face->json != NULL)
        return json_entry(r, "already", item, UINT64_MAX, e);
    verbs_say(r->face, "  %8" PRIu64 "  already on receipt %" PRIu64 ": %s", item->leaf, item->receipt,
              verbs_shown(item->path, &r->shown));
    return 0;
}

static int any_erased(void *context, const struct statement_range *range, uint64_t by, struct err *e)
{
    (void)range, (void)by, (void)e;
    *(bool *)context = true;
    return 0;
}

static bool is_erased(struct store *s, uint64_t leaf)
{
    bool any = false;
    return store_erased_ranges(s, leaf, leaf, any_erased, &any, NULL) == 0 && any;
}

static int erased_line(void *context, const struct statement_range *range, uint64_t by, struct err *e)
{
    struct receipt *r = context;
    struct json_out *j = r->face->json;
    (void)by, (void)e;
    for (uint64_t leaf = range->first; leaf <= range->last; leaf++)
        if (j == NULL)
            verbs_say(r->face, "  %8" PRIu64 "  ERASED", leaf);
        else {
            json_object_begin(j);
            verbs_json_u64(j, "item", leaf);
            verbs_json_text(j, "state", "erased");
            json_object_end(j);
        }
    return 0;
}

/* Of those that it covers: not its opening and its parts, which are no items. */
static int erased_cover(void *context, const struct statement_cover *cover, struct err *e)
{
    struct receipt *r = context;
    return store_erased_ranges(r->store, cover->first, cover->first + cover->count - 1, erased_line, r, e);
}

static int again_range(void *context, const struct statement_range *range, struct err *e)
{
    struct receipt *r = context;
    int rc = 0;
    for (uint64_t leaf = range->first; rc == 0 && leaf <= range->last; leaf++) {
        struct err mine = {0};
        rc = index_item(store_index(r->store), leaf, again_line, r, &mine);
        if (rc == ERR_ABSENT && is_erased(r->store, leaf))
            rc = erased_line(r, &(struct statement_range){leaf, leaf}, 0, e);
        else if (rc != 0)
            (void)err_set(e, rc, "%s", mine.text);
    }
    return rc;
}

static int refused_line(void *context, const struct statement_refused *x, struct err *e)
{
    struct receipt *r = context;
    struct json_out *j = r->face->json;
    (void)e;
    if (j == NULL) {
        verbs_say(r->face, "         -  refused: %s: %s", verbs_shown(x->path, &r->shown), verbs_reason(x->reason));
        return 0;
    }
    json_object_begin(j);
    verbs_json_u64(j, "bytes", x->bytes);
    verbs_json_name(j, x->path);
    verbs_json_text(j, "reason", x->reason);
    verbs_json_text(j, "state", "refused");
    json_object_end(j);
    return 0;
}

/* Only where anything between its opening and its receipt is erased are its covers read. */
static int erased_entries(struct receipt *r, struct err *e)
{
    struct hash digest;
    bool any = false;
    int rc = store_erased_ranges(r->store, r->deposit, r->closed_leaf, any_erased, &any, e);
    return rc == 0 && any ? store_deposit_digest(r->store, r->deposit, erased_cover, r, &digest, e) : rc;
}

static int every_entry(struct receipt *r, struct err *e)
{
    struct index *x = store_index(r->store);
    int rc = index_items(x, r->deposit, 0, item_line, r, e);
    if (rc == 0)
        rc = erased_entries(r, e);
    if (rc == 0)
        rc = index_already_of(x, r->deposit, again_range, r, e);
    if (rc == 0)
        rc = index_refused(x, r->deposit, refused_line, r, e);
    return rc;
}

/* ---- the list ---- */

static int list_line(void *context, const struct index_deposit *d, struct err *e)
{
    struct receipt *r = context;
    char when[TIME_TEXT_MAX], n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    (void)e;
    r->listed++;
    if (r->face->json != NULL) {
        struct json_out *j = r->face->json;
        json_object_begin(j);
        verbs_json_text(j, "giver", d->giver);
        verbs_json_u64(j, "opened_unix_s", (uint64_t)(d->opened_unix_s > 0 ? d->opened_unix_s : 0));
        verbs_json_u64(j, "receipt", d->receipt);
        verbs_json_text(j, "set_aside", d->set_aside ? d->set_aside_reason : NULL);
        verbs_json_u64(j, "taken", d->totals.taken.files + d->totals.duplicate.files);
        json_object_end(j);
        return 0;
    }
    time_text(when, d->opened_unix_s);
    buf_clear(&r->shown);
    unicode_display(bytes_text(d->giver != NULL ? d->giver : "-"), &r->shown);
    if (d->receipt == 0)
        verbs_say(r->face, "  open    %s  interrupted; the next intake gives it a receipt", when);
    else
        verbs_say(r->face, "  %6" PRIu64 "  %s  %10s files  %12s  %s%s", d->receipt, when,
                  verbs_number(d->totals.taken.files + d->totals.duplicate.files, n),
                  verbs_size(d->totals.taken.bytes + d->totals.duplicate.bytes, b), buf_text(&r->shown),
                  d->set_aside ? text_tr("  (set aside)") : "");
    return 0;
}

static int list(struct receipt *r, struct err *e)
{
    if (r->face->json != NULL) {
        json_key(r->face->json, "receipts");
        json_array_begin(r->face->json);
    }
    int rc = index_deposits(store_index(r->store), list_line, r, e);
    if (r->face->json != NULL)
        json_array_end(r->face->json);
    if (rc == 0 && r->listed == 0)
        verbs_say(r->face, "there is no receipt yet: take something in first");
    return rc;
}

static int write_page(struct receipt *r, const char *path, enum text_language language, struct err *e)
{
    OWN(buf_drop) struct buf html = {0};
    const struct verbs_receipt_facts facts = {r->number, r->deposit, r->closed, r->totals};
    int rc = verbs_receipt_page(r->store, &facts, language, &html, e);
    return rc == 0 ? verbs_page_write(r->face, path, &html, e) : rc;
}

int verbs_receipt(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    OWN(receipt_release) struct receipt r = {.face = face};
    struct verbs_place place;
    uint64_t number;
    const char *page = request->option[OPTION_PAGE];
    enum text_language language;
    if (page != NULL && request->count == 0)
        return err_set(e, ERR_USAGE, "--page is of one receipt: give its number, or latest");
    int rc = verbs_page_language(request->option[OPTION_LANGUAGE], &language, e);
    if (rc == 0 && page != NULL)
        rc = verbs_outside(request, page, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    r.store = s;
    if (request->count == 0)
        return list(&r, e);
    rc = verbs_receipt_number(store_index(s), request->arguments[0], &number, e);
    if (rc == 0)
        rc = look_up(&r, number, e);
    if (rc == 0 && page != NULL)
        rc = write_page(&r, page, language, e);
    if (rc != 0 || (page != NULL && face->json == NULL))
        return rc;
    bool whole = request->option[OPTION_SUMMARY] == NULL;
    if (face->json != NULL)
        return json_receipt(&r, whole ? every_entry : NULL, e);
    say_summary(&r);
    return whole ? every_entry(&r, e) : 0;
}
