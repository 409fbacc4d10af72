/* The list of items, and what is known of one. */
#include "verbs/verbs_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>

enum { OPTION_RECEIPT };
enum { OPTION_PROOF, OPTION_OUT, OPTION_WHY, OPTION_MUST_LOG };

struct listing {
    struct store_doubts doubts;
    const struct verbs_face *face;
    struct buf shown;
};

static const char *kind_words(const struct index_item *item)
{
    if (item->further_name)
        return text_tr("name");
    switch (item->type) {
    case STATEMENT_FOLDER:
        return text_tr("folder");
    case STATEMENT_LINK:
        return text_tr("link");
    default:
        return text_tr("file");
    }
}

static void json_item(struct json_out *j, const struct index_item *item, const struct store_doubts *doubts)
{
    json_object_begin(j);
    verbs_json_u64(j, "bytes", item->bytes);
    if (store_doubtful(doubts, item->leaf)) {
        json_key(j, "doubtful");
        json_bool(j, true);
    }
    if (item->duplicate_of != UINT64_MAX)
        verbs_json_u64(j, "duplicate_of", item->duplicate_of);
    if (item->further_name)
        verbs_json_u64(j, "further_name_of", item->of);
    verbs_json_u64(j, "item", item->leaf);
    verbs_json_u64(j, "mode", item->mode);
    json_key(j, "mtime");
    json_array_begin(j);
    json_i64(j, item->mtime.s);
    json_u64(j, item->mtime.ns);
    json_array_end(j);
    verbs_json_name(j, item->path);
    verbs_json_u64(j, "receipt", item->receipt);
    json_key(j, "set_aside");
    json_bool(j, item->set_aside);
    if (item->type == STATEMENT_FILE && !item->further_name)
        verbs_json_hash(j, "sha256", &item->sha256);
    if (item->type == STATEMENT_LINK && !item->further_name)
        verbs_json_bytes(j, "target", "target_hex", item->target);
    verbs_json_text(j, "type", statement_type_name(item->type));
    json_object_end(j);
}

static int list_item(void *context, const struct index_item *item, struct err *e)
{
    struct listing *l = context;
    char hex[2 * CRYPT_HASH + 1] = "-";
    (void)e;
    if (l->face->json != NULL) {
        json_item(l->face->json, item, &l->doubts);
        return 0;
    }
    if (item->type == STATEMENT_FILE && !item->further_name)
        hex_put(hex, item->sha256.b, CRYPT_HASH);
    verbs_say(l->face, "%8" PRIu64 " %5" PRIu64 " %-6s %14" PRIu64 " %-64s %s%s%s", item->leaf, item->receipt,
              kind_words(item), item->bytes, hex, store_doubtful(&l->doubts, item->leaf) ? text_tr("DOUBTFUL ") : "",
              item->set_aside ? text_tr("SET ASIDE ") : "", verbs_shown(item->path, &l->shown));
    return 0;
}

struct of_receipt {
    uint64_t deposit;
};

static int take_leaf(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    ((struct of_receipt *)context)->deposit = d->leaf;
    return 0;
}

int verbs_items(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    struct of_receipt of = {UINT64_MAX};
    uint64_t number;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0 && request->option[OPTION_RECEIPT] != NULL) {
        rc = verbs_receipt_number(store_index(s), request->option[OPTION_RECEIPT], &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(store_index(s), number, take_leaf, &of, e);
    }
    if (rc != 0)
        return rc;
    struct listing l = {.face = face};
    rc = store_doubts_load(s, &l.doubts, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "items");
        json_array_begin(face->json);
    }
    rc = index_items(store_index(s), of.deposit, 0, list_item, &l, e);
    if (face->json != NULL)
        json_array_end(face->json);
    buf_drop(&l.shown);
    store_doubts_release(&l.doubts);
    return rc;
}

/* ---- one item ---- */

static int write_proof(struct store *s, uint64_t leaf, const char *path, struct err *e)
{
    OWN(buf_drop) struct buf proof = {0};
    int rc = ledger_prove(store_ledger(s), leaf, &proof, e);
    if (rc == 0)
        rc = file_create(path, buf_bytes(&proof), 0644, e);
    return rc == ERR_REFUSED ? err_set(e, rc, "%s is there already: name another file", path) : rc;
}

struct writing {
    int fd;
    uint64_t at;
    const char *name;
};

static int write_piece(void *context, struct bytes piece, struct err *e)
{
    struct writing *w = context;
    int rc = file_write_at(w->fd, piece.p, piece.n, w->at, w->name, e);
    w->at += piece.n;
    return rc;
}

/* Under another name until its digest was found right. */
static int write_bytes(struct store *s, const struct index_item *item, const char *path, struct err *e)
{
    struct file_path part;
    int rc = file_path(&part, e, "%s.groundwork-%d.part", path, (int)getpid());
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(part.s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "write %s", part.s);
    struct writing w = {fd, 0, path};
    struct vault_sink sink = {write_piece, &w};
    rc = store_get(s, item, &sink, e);
    if (rc == 0)
        rc = file_sync(fd, path, e);
    int number = rc == 0 ? file_rename_new(AT_FDCWD, part.s, AT_FDCWD, path) : 0;
    if (rc != 0 || number != 0)
        (void)unlink(part.s);
    if (number == EEXIST)
        return err_set(e, ERR_REFUSED, "%s is there already: name another file", path);
    if (number != 0)
        return err_os(e, ERR_IO, number, "write %s", path);
    return rc == 0 ? file_sync_parent(path, e) : rc;
}

static int keep_original(void *context, const struct index_item *item, struct err *e)
{
    (void)e;
    *(struct index_item *)context = *item;
    return 0;
}

/* A further name has the bytes of its item. */
static int write_out(struct store *s, const struct index_item *item, const char *path, struct err *e)
{
    struct index_item original = *item;
    int rc = item->further_name ? index_item(store_index(s), item->of, keep_original, &original, e) : 0;
    return rc == 0 ? write_bytes(s, &original, path, e) : rc;
}

/* Refused before it is on record. */
static int out_check(const struct verbs_request *request, const struct index_item *item, struct err *e)
{
    const char *path = request->option[OPTION_OUT];
    if (path == NULL)
        return 0;
    if (item->type != STATEMENT_FILE)
        return err_set(e, ERR_USAGE, "item %" PRIu64 " is no file: it has no bytes to be written", item->leaf);
    if (file_exists(path))
        return err_set(e, ERR_REFUSED, "%s is there already: name another file", path);
    return verbs_outside(request, path, e);
}

static int on_record(struct store *s, const struct verbs_request *request, const struct verbs_face *face,
                     const struct index_item *item, struct err *e)
{
    struct verbs_access a = {.act = request->option[OPTION_OUT] != NULL ? "read" : "shown",
                             .why = request->option[OPTION_WHY],
                             .must_log = request->option[OPTION_MUST_LOG] != NULL};
    int rc = verbs_ranges_item(&a.ranges, item, e);
    if (rc == 0)
        rc = verbs_access(s, face, &a, e);
    verbs_ranges_release(&a.ranges);
    return rc;
}

static void say_item(const struct verbs_face *face, const struct index_item *item)
{
    OWN(buf_drop) struct buf shown = {0};
    char when[TIME_TEXT_MAX], n[VERBS_NUMBER_MAX], hex[2 * CRYPT_HASH + 1];
    time_text(when, item->mtime.s);
    verbs_say(face, "Item %" PRIu64 " (leaf %" PRIu64 " of the log), on receipt %" PRIu64, item->leaf, item->leaf,
              item->receipt);
    verbs_say(face, "  Name: %s", verbs_shown(item->path, &shown));
    if (item->further_name) {
        verbs_say(face, "  A further name (hard link) of item %" PRIu64, item->of);
        return;
    }
    verbs_say(face, "  Kind: %s", kind_words(item));
    if (item->type == STATEMENT_LINK)
        verbs_say(face, "  Target: %s", verbs_shown(item->target, &shown));
    if (item->type == STATEMENT_FILE) {
        hex_put(hex, item->sha256.b, CRYPT_HASH);
        verbs_say(face, "  Size: %s bytes", verbs_number(item->bytes, n));
        verbs_say(face, "  SHA-256: %s", hex);
    }
    verbs_say(face, "  Changed: %s (%09u ns), mode %04o", when, item->mtime.ns, item->mode);
    if (item->duplicate_of != UINT64_MAX)
        verbs_say(face, "  The same bytes as item %" PRIu64, item->duplicate_of);
    if (item->set_aside)
        verbs_say(face, "  Its receipt was set aside.");
}

int verbs_show(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_item_drop) struct verbs_item_held held = {0};
    OWN(store_doubts_release) struct store_doubts doubts = {.count = 0};
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = verbs_item(s, request->arguments[0], &held, e);
    if (rc == 0)
        rc = out_check(request, &held.item, e);
    if (rc == 0)
        rc = on_record(s, request, face, &held.item, e);
    if (rc == 0 && request->option[OPTION_PROOF] != NULL)
        rc = write_proof(s, held.item.leaf, request->option[OPTION_PROOF], e);
    if (rc == 0 && request->option[OPTION_OUT] != NULL)
        rc = write_out(s, &held.item, request->option[OPTION_OUT], e);
    if (rc == 0)
        rc = store_doubts_load(s, &doubts, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_key(face->json, "item");
        json_item(face->json, &held.item, &doubts);
    } else
        say_item(face, &held.item);
    if (store_doubtful(&doubts, held.item.leaf))
        verbs_say(face, "  DOUBTFUL: who signed for it was revoked, and this is from the time that is in doubt.");
    return 0;
}
