/* Giving out: chosen items as a package that is checked without the repository. */
#include "verbs/verbs_internal.h"

#include "package/package.h"

#include <fcntl.h>
#include <stdio.h>

enum { OPTION_RECEIPT, OPTION_FOR, OPTION_TO, OPTION_WHOM };

struct choosing {
    struct store *store;
    struct verbs_way *way;
    uint64_t *leaf; /* that may go */
    size_t count, room;
    uint64_t deposit;
};

static void choosing_release(struct choosing *c)
{
    free(c->leaf);
}

static int choose(void *context, const struct index_item *item, struct err *e)
{
    struct choosing *c = context;
    bool may;
    int rc = verbs_way_item(c->way, item, &may, e);
    if (rc != 0 || !may)
        return rc;
    if (c->count == c->room) {
        size_t room = c->room * 2 + 64;
        uint64_t *grown = reallocarray(c->leaf, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        c->leaf = grown;
        c->room = room;
    }
    c->leaf[c->count++] = item->leaf;
    return 0;
}

static int take_deposit(void *context, const struct index_deposit *d, struct err *e)
{
    (void)e;
    ((struct choosing *)context)->deposit = d->leaf;
    return 0;
}

static int choose_all(const struct verbs_request *request, struct index *x, struct choosing *c, struct err *e)
{
    uint64_t number;
    int rc = verbs_way_begin(c->way, c->store, e);
    if (rc == 0 && request->option[OPTION_RECEIPT] != NULL) {
        rc = verbs_receipt_number(x, request->option[OPTION_RECEIPT], &number, e);
        if (rc == 0)
            rc = index_deposit_by_receipt(x, number, take_deposit, c, e);
        if (rc == 0)
            rc = index_items(x, c->deposit, 0, choose, c, e);
    }
    for (size_t i = 1; rc == 0 && i < request->count; i++) {
        OWN(verbs_item_drop) struct verbs_item_held held = {0};
        rc = verbs_item(c->store, request->arguments[i], &held, e);
        if (rc == 0)
            rc = choose(c, &held.item, e);
    }
    return rc;
}

/* The verifier beside this program, if it is there. */
static bool verifier_beside(struct hash *ret)
{
    OWN(buf_drop) struct buf content = {0};
    enum { PROGRAM_MAX = 1 << 28 };
    char own[FILE_PATH_MAX];
    struct file_path path;
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    if (n <= 0)
        return false;
    own[n] = 0;
    char *slash = strrchr(own, '/');
    if (slash == NULL)
        return false;
    *slash = 0;
    if (file_path(&path, NULL, "%s/groundwork-verify", own) != 0 ||
        file_read_all(path.s, PROGRAM_MAX, &content, NULL) != 0)
        return false;
    crypt_sha256(buf_bytes(&content), ret);
    return true;
}

struct exporting {
    const struct verbs_face *face;
    const struct choosing *chosen;
    struct store_deciding *again; /* with what was said since it was chosen */
};

static int progress(void *context, uint64_t files, uint64_t files_all, uint64_t bytes)
{
    const struct verbs_face *face = ((const struct exporting *)context)->face;
    const struct verbs_progress p = {.files = files, .files_all = files_all, .bytes = bytes};
    return face->progress(face->context, &p);
}

static const char *word_of(enum verify_word word)
{
    switch (word) {
    case VERIFY_VERIFIED: return "VERIFIED";
    case VERIFY_TIME_UNPROVEN: return "TIME-UNPROVEN";
    case VERIFY_UNCOSIGNED: return "UNCOSIGNED";
    case VERIFY_FAILED: break;
    }
    return "FAILED";
}

static void answer(const struct verbs_face *face, const char *dest, const struct package_made *made,
                   const struct hash *verifier, const struct verbs_way *way)
{
    char n[VERBS_NUMBER_MAX], w[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX], hex[2 * CRYPT_HASH + 1];
    const struct verify_found *f = &made->found;
    struct json_out *j = face->json;
    if (j != NULL) {
        verbs_json_u64(j, "bytes", f->bytes);
        verbs_way_json(way, j);
        verbs_json_u64(j, "files", f->files);
        verbs_json_u64(j, "items", f->items);
        verbs_json_hash(j, "pin", &f->pin);
        verbs_json_u64(j, "seal", f->seal_leaf);
        verbs_json_hash(j, "tagmanifest", &made->tagmanifest);
        if (verifier != NULL)
            verbs_json_hash(j, "verifier_program", verifier);
        verbs_json_hash(j, "verifier_script", &made->script);
        verbs_json_u64(j, "withheld", f->withheld_count);
        verbs_json_text(j, "word", word_of(f->word));
        return;
    }
    verbs_say(face, "Package %s: %s items, %s; sealed on leaf %s.", dest, verbs_number(f->items, n),
              verbs_size(f->bytes, b), verbs_number(f->seal_leaf, w));
    if (f->withheld_count > 0)
        verbs_say(face, "%s leaves of the same deposits are withheld, and listed.", verbs_number(f->withheld_count, n));
    if (f->word == VERIFY_UNCOSIGNED)
        verbs_say(face, "It is UNCOSIGNED: too few cosigners have signed a checkpoint that holds all of it.");
    if (f->word == VERIFY_TIME_UNPROVEN)
        verbs_say(face, "It is TIME-UNPROVEN: no time-stamp is over a checkpoint that holds all of it.");
    hex_put(hex, f->pin.b, CRYPT_HASH);
    verbs_say(face, "Give the folder, and the three files with .seal beside it. By another way, on the sheet that goes "
                    "with it, give what the receiver compares:");
    verbs_say(face, "  pin                %s", hex);
    hex_put(hex, made->script.b, CRYPT_HASH);
    verbs_say(face, "  verify.sh          %s", hex);
    if (verifier != NULL) {
        hex_put(hex, verifier->b, CRYPT_HASH);
        verbs_say(face, "  groundwork-verify  %s", hex);
    }
    verbs_say(face, "%s", word_of(f->word));
}

/* On record before the first byte goes out; it comes onto the log with the seal. */
static int on_record(struct store *s, const struct verbs_face *face, const struct verbs_way *way, struct err *e)
{
    struct verbs_access a = {.act = "exported", .must_log = true, .use = way->said, .ranges = way->may};
    return verbs_access(s, face, &a, e);
}

static int goes_still(void *context, const struct index_item *item, struct err *e)
{
    struct exporting *x = context;
    struct consent_decision now;
    int rc = store_may_go(x->again, item, &now, e);
    if (rc != 0 || now.why == CONSENT_MAY)
        return rc;
    return err_set(e, ERR_REFUSED,
                   "somebody said no while the package was made: item %llu may not go any more; nothing of the package "
                   "is left: run it again",
                   (unsigned long long)item->leaf);
}

/* This program holds the lock: what came since waits beside the log. */
static int still(void *context, struct err *e)
{
    struct exporting *x = context;
    const struct choosing *c = x->chosen;
    bool same = false;
    int rc = store_decided_still(c->way->deciding, &same, e);
    if (rc != 0 || same)
        return rc;
    rc = store_deciding_new(c->store, c->way->use, c->way->today, &x->again, e);
    for (size_t i = 0; rc == 0 && i < c->count; i++)
        rc = index_item(store_index(c->store), c->leaf[i], goes_still, x, e);
    store_deciding_drop(&x->again);
    return rc;
}

/* ${verifier}: NULL: it is not beside this program. */
static int export_chosen(struct store *s, const struct verbs_face *face, const struct choosing *chosen,
                         const char *dest, const struct hash *verifier, struct err *e)
{
    struct package_made made = {0};
    struct statement_verifier named = {.name = "groundwork-verify"};
    struct exporting x = {face, chosen, NULL};
    if (verifier != NULL)
        named.sha256 = *verifier;
    const struct package_request ask = {.dest = dest,
                                        .leaf = chosen->leaf,
                                        .count = chosen->count,
                                        .use = chosen->way->said,
                                        .verifiers = &named,
                                        .verifier_count = verifier != NULL,
                                        .still = still,
                                        .progress = progress,
                                        .context = &x};
    verbs_ranges_settle(&chosen->way->may);
    int rc = on_record(s, face, chosen->way, e);
    if (rc == 0)
        rc = package_make(s, &ask, &made, e);
    if (rc != 0)
        return rc;
    answer(face, dest, &made, verifier, chosen->way);
    verify_found_release(&made.found);
    return 0;
}

static int ask_way(const struct verbs_request *request, struct verbs_way *way, struct err *e)
{
    int rc = verbs_way_read(way, request->option[OPTION_FOR], request->option[OPTION_TO], request->option[OPTION_WHOM],
                            e);
    if (rc == 0 && way->use == NULL)
        rc = err_set(e, ERR_USAGE, "say what for and to whom: --for PURPOSE --to RECIPIENT (groundwork help export)");
    return rc;
}

int verbs_export(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_way_release) struct verbs_way way = {0};
    OWN(choosing_release) struct choosing chosen = {.way = &way};
    struct verbs_place place;
    struct hash verifier;
    const char *dest = request->arguments[0];
    if (request->option[OPTION_RECEIPT] == NULL && request->count == 1)
        return err_set(e, ERR_USAGE, "name items behind %s, or a receipt with --receipt", dest);
    int rc = ask_way(request, &way, e);
    if (rc == 0)
        rc = verbs_outside(request, dest, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    chosen.store = s;
    if (rc == 0)
        rc = choose_all(request, store_index(s), &chosen, e);
    if (rc == 0)
        rc = verbs_way_say(&way, face, e);
    if (rc != 0)
        return rc;
    if (chosen.count == 0 && way.denied_count > 0) {
        verbs_way_refuse(&way, face, ret_exit);
        return 0;
    }
    bool beside = verifier_beside(&verifier);
    *ret_exit = VERBS_DONE;
    return export_chosen(s, face, &chosen, dest, beside ? &verifier : NULL, e);
}
