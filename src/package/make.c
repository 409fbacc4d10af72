/* A package from its first file to its name. */
#include "package/package_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static const char *const SEAL_ENDINGS[] = {".seal.consistency", ".seal.note", ".seal.tlog-proof"};

/* ---- the log's own words ---- */

static int proof_put(struct packing *p, const char *path, uint64_t leaf, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    int rc = ledger_prove(store_ledger(p->store), leaf, &text, e);
    return rc == 0 ? package_put(p, path, buf_bytes(&text), e) : rc;
}

/* ${name}: "proof/keys/000001", to which the endings come. */
static int note_put(struct packing *p, const char *name, uint64_t leaf, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    char path[VERIFY_NAME_MAX];
    int rc = store_note(p->store, leaf, &note, e);
    (void)snprintf(path, sizeof path, "%s.statement", name);
    if (rc == 0)
        rc = package_put(p, path, buf_bytes(&note), e);
    (void)snprintf(path, sizeof path, "%s.tlog-proof", name);
    return rc == 0 ? proof_put(p, path, leaf, e) : rc;
}

/* *ret borrows from ${held} and ${text}. */
static int opening_put(struct packing *p, const char *name, uint64_t leaf, struct store_held **held,
                       struct statement *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    char path[VERIFY_NAME_MAX];
    int rc = store_opening(p->store, leaf, held, ret, &text, e);
    (void)snprintf(path, sizeof path, "%s.opening", name);
    if (rc == 0)
        rc = package_put(p, path, buf_bytes(&text), e);
    (void)snprintf(path, sizeof path, "%s.tlog-proof", name);
    return rc == 0 ? proof_put(p, path, leaf, e) : rc;
}

static int keys_put(struct packing *p, struct err *e)
{
    char name[VERIFY_NAME_MAX];
    const struct package_contents *c = p->contents;
    int rc = note_put(p, "proof/keys/000000", 0, e);
    for (size_t i = 0; rc == 0 && i < c->events; i++) {
        (void)snprintf(name, sizeof name, "proof/keys/%06zu", i + 1);
        rc = note_put(p, name, c->event[i], e);
    }
    for (size_t i = 0; rc == 0 && i < c->covers; i++) {
        (void)snprintf(name, sizeof name, "proof/covers/%06zu", i + 1);
        rc = note_put(p, name, c->cover[i].leaf, e);
    }
    for (size_t i = 0; rc == 0 && i < c->deposits; i++) {
        OWN(store_held_drop) struct store_held *held = NULL;
        struct statement st;
        (void)snprintf(name, sizeof name, "proof/receipts/%06zu", i + 1);
        rc = opening_put(p, name, c->deposit[i].receipt_leaf, &held, &st, e);
    }
    return rc;
}

static int gaps_put(struct packing *p, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    const struct package_contents *c = p->contents;
    int rc = 0;
    buf_put_text(&text, VERIFY_GAPS_HEAD);
    for (size_t i = 0; i < c->covers; i++)
        for (uint64_t leaf = c->cover[i].first; rc == 0 && leaf < c->cover[i].first + c->cover[i].count; leaf++) {
            uint8_t entry[LEDGER_ENTRY];
            if (package_holds(c, leaf))
                continue;
            rc = ledger_entry(store_ledger(p->store), leaf, entry, e);
            buf_put_decimal(&text, leaf);
            buf_put_u8(&text, ',');
            buf_put_hex(&text, bytes_of(entry + 1, CRYPT_HASH));
            buf_put_text(&text, ",WITHHELD\n");
        }
    if (rc == 0)
        rc = buf_check(&text, e);
    return rc == 0 ? package_put(p, "proof/gaps.csv", buf_bytes(&text), e) : rc;
}

/* ---- items ---- */

static int item_put(struct packing *p, size_t i, struct buf *index, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    const struct package_item *one = &p->contents->item[i];
    char name[VERIFY_NAME_MAX];
    struct statement st;
    struct verify_row row = {
        .number = i + 1, .leaf = one->item.leaf, .receipt = one->item.receipt, .item = &st.received};
    (void)snprintf(name, sizeof name, "proof/items/%06zu", i + 1);
    int rc = opening_put(p, name, one->item.leaf, &held, &st, e);
    if (rc != 0)
        return rc;
    verify_index_row(&row, index);
    if (st.received.further_name || st.received.type != STATEMENT_FILE)
        return buf_check(index, e);
    verify_item_file(row.number, st.received.path, name);
    return package_put_item(p, name, &one->item, e);
}

static int items_put(struct packing *p, struct err *e)
{
    OWN(buf_drop) struct buf index = {0};
    const struct package_request *r = p->request;
    int rc = 0;
    buf_put_text(&index, VERIFY_INDEX_HEAD);
    for (size_t i = 0; rc == 0 && i < p->contents->items; i++) {
        rc = item_put(p, i, &index, e);
        if (rc == 0 && r->progress != NULL &&
            r->progress(r->context, i + 1, p->contents->items, p->payload_bytes) != 0)
            rc = err_set(e, ERR_STOPPED, "stopped: there is no package");
    }
    return rc == 0 ? package_put(p, "data/index.csv", buf_bytes(&index), e) : rc;
}

/* ---- what every bag has ---- */

static int bag_put(struct packing *p, struct err *e)
{
    static const char declaration[] = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
    OWN(buf_drop) struct buf info = {0}, readme = {0};
    struct store_facts f;
    char date[TIME_TEXT_MAX], pin[2 * CRYPT_HASH + 1];
    store_facts(p->store, &f);
    time_text(date, time_now_unix_s());
    hex_put(pin, f.pin.b, CRYPT_HASH);
    buf_printf(&info, "Bag-Software-Agent: groundwork\nBagging-Date: %.10s\nExternal-Identifier: %s\n", date, pin);
    buf_printf(&info, "Payload-Oxum: %llu.%llu\nSource-Organization: %s\n", (unsigned long long)p->payload_bytes,
               (unsigned long long)p->payload_files, f.origin);
    package_readme(f.origin, &readme);
    int rc = buf_check(&readme, e);
    if (rc == 0)
        rc = package_put(p, "bagit.txt", bytes_of(declaration, sizeof declaration - 1), e);
    if (rc == 0)
        rc = package_put(p, "bag-info.txt", buf_bytes(&info), e);
    if (rc == 0)
        rc = package_put(p, "README.txt", buf_bytes(&readme), e);
    return rc == 0 ? package_put(p, PACKAGE_SCRIPT, bytes_of(package_script, package_script_bytes), e) : rc;
}

static int policy_put(struct packing *p, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct store_facts f;
    store_facts(p->store, &f);
    struct bytes note = ledger_checkpoint(store_ledger(p->store));
    verify_policy_text(f.history, &text);
    int rc = buf_check(&text, e);
    if (rc == 0)
        rc = package_put(p, "proof/policy.txt", buf_bytes(&text), e);
    return rc == 0 ? package_put(p, "proof/checkpoint", note, e) : rc;
}

static int folder_fill(struct packing *p, struct hash *ret_tagmanifest, struct err *e)
{
    int rc = items_put(p, e);
    if (rc == 0)
        rc = keys_put(p, e);
    if (rc == 0)
        rc = gaps_put(p, e);
    if (rc == 0)
        rc = policy_put(p, e);
    if (rc == 0)
        rc = package_put_outside(p, e);
    if (rc == 0)
        rc = bag_put(p, e);
    return rc == 0 ? package_manifests(p, ret_tagmanifest, e) : rc;
}

/* ---- the seal ---- */

/* Which leaves are in it, side by side as one range. */
static size_t given_fill(const struct package_contents *c, struct statement_range *to)
{
    size_t count = 0;
    for (size_t i = 0; i < c->items; i++) {
        uint64_t leaf = c->item[i].item.leaf;
        if (count > 0 && to[count - 1].last + 1 == leaf)
            to[count - 1].last = leaf;
        else
            to[count++] = (struct statement_range){leaf, leaf};
    }
    return statement_ranges_fit(to, count);
}

static int seal_fill(const struct packing *p, const struct hash *script, struct statement_sealed_deposit *deposits,
                     struct statement_verifier *verifiers, struct statement_sealed *s, struct err *e)
{
    const struct package_contents *c = p->contents;
    const struct package_request *r = p->request;
    struct ledger_position now;
    uint8_t entry[LEDGER_ENTRY];
    ledger_where(store_ledger(p->store), &now);
    for (size_t i = 0; i < c->deposits; i++)
        deposits[i] = (struct statement_sealed_deposit){c->deposit[i].leaf, c->deposit[i].count, c->deposit[i].head};
    for (size_t i = 0; i < r->verifier_count; i++)
        verifiers[i] = r->verifiers[i];
    verifiers[r->verifier_count] = (struct statement_verifier){PACKAGE_SCRIPT, *script};
    s->leaves = now.leaves;
    s->root = now.root;
    s->deposits = deposits;
    s->deposit_count = c->deposits;
    s->events = c->events;
    s->items = c->items;
    s->withheld = c->withheld;
    s->use = r->use;
    s->verifiers = verifiers;
    s->verifier_count = r->verifier_count + 1;
    int rc = ledger_entry(store_ledger(p->store), c->events == 0 ? 0 : c->event[c->events - 1], entry, e);
    memcpy(s->event.b, entry + 1, CRYPT_HASH);
    return rc;
}

static int seal_commit(struct packing *p, const struct hash *tagmanifest, const struct hash *script, uint64_t *ret_leaf,
                       struct err *e)
{
    OWN(mem_drop) struct statement_sealed_deposit *deposits = calloc(p->contents->deposits, sizeof *deposits);
    OWN(mem_drop) struct statement_range *given = calloc(p->contents->items, sizeof *given);
    struct statement_verifier verifiers[STATEMENT_VERIFIERS_MAX];
    struct statement st = {
        .kind = STATEMENT_SEALED, .at_unix_s = time_now_unix_s(), .sealed = {.tagmanifest = *tagmanifest}};
    if (deposits == NULL || given == NULL)
        return err_memory(e);
    st.sealed.items_given = given;
    st.sealed.items_given_count = given_fill(p->contents, given);
    int rc = seal_fill(p, script, deposits, verifiers, &st.sealed, e);
    if (rc == 0)
        rc = store_draft_begin(p->store, e);
    if (rc == 0)
        rc = store_add(p->store, &st, ret_leaf, NULL, e);
    return rc == 0 ? store_commit(p->store, e) : rc;
}

static int beside(const char *name, const char *ending, struct bytes content, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s%s", name, ending);
    return rc == 0 ? file_replace(path.s, content, 0666, e) : rc;
}

static int seal_put(struct packing *p, uint64_t leaf, uint64_t leaves_before, struct err *e)
{
    OWN(store_held_drop) struct store_held *held = NULL;
    OWN(buf_drop) struct buf note = {0}, proof = {0}, consistency = {0};
    struct statement st;
    int rc = store_opening(p->store, leaf, &held, &st, &note, e);
    if (rc == 0)
        rc = ledger_prove(store_ledger(p->store), leaf, &proof, e);
    if (rc == 0)
        rc = store_cosigner_request(p->store, leaves_before, &consistency, e);
    const struct bytes content[] = {buf_bytes(&consistency), buf_bytes(&note), buf_bytes(&proof)};
    for (size_t i = 0; rc == 0 && i < COUNT(SEAL_ENDINGS); i++)
        rc = beside(p->draft.s, SEAL_ENDINGS[i], content[i], e);
    return rc;
}

/* ---- names ---- */

static void draft_remove(const struct packing *p)
{
    struct file_path path;
    file_remove_tree(p->draft.s);
    for (size_t i = 0; i < COUNT(SEAL_ENDINGS); i++)
        if (file_path(&path, NULL, "%s%s", p->draft.s, SEAL_ENDINGS[i]) == 0)
            (void)file_remove(path.s, NULL);
}

static int place_free(const char *dest, const char *ending, struct err *e)
{
    struct file_path path;
    struct stat st;
    int rc = file_path(&path, e, "%s%s", dest, ending);
    if (rc == 0 && lstat(path.s, &st) == 0)
        rc = err_set(e, ERR_REFUSED, "%s is there already: name another place, or move it away", path.s);
    return rc;
}

static int places_free(const char *dest, struct err *e)
{
    int rc = place_free(dest, "", e);
    for (size_t i = 0; rc == 0 && i < COUNT(SEAL_ENDINGS); i++)
        rc = place_free(dest, SEAL_ENDINGS[i], e);
    return rc;
}

/* Nothing is replaced, where the file system can refuse that; else nothing was there a moment ago. */
static int rename_new(const char *from, const char *to, struct err *e)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return err_os(e, ERR_IO, errno, "rename %s", from);
    int rc = place_free(to, "", e);
    return rc == 0 && rename(from, to) != 0 ? err_os(e, ERR_IO, errno, "rename %s", from) : rc;
}

static int sync_all(const struct packing *p, struct err *e)
{
    OWN(fd_drop) int fd = open(p->draft.s, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || syncfs(fd) != 0)
        return err_os(e, ERR_IO, errno, "sync %s", p->draft.s);
    return 0;
}

static int seal_rename(const struct packing *p, size_t i, struct err *e)
{
    struct file_path from, to;
    int rc = file_path(&from, e, "%s%s", p->draft.s, SEAL_ENDINGS[i]);
    if (rc == 0)
        rc = file_path(&to, e, "%s%s", p->request->dest, SEAL_ENDINGS[i]);
    return rc == 0 ? rename_new(from.s, to.s, e) : rc;
}

/* After an error nothing stands under its name. */
static int rename_all(const struct packing *p, struct err *e)
{
    struct file_path path;
    size_t renamed = 0;
    int rc = sync_all(p, e);
    while (rc == 0 && renamed < COUNT(SEAL_ENDINGS)) {
        rc = seal_rename(p, renamed, e);
        renamed += rc == 0;
    }
    if (rc == 0)
        rc = rename_new(p->draft.s, p->request->dest, e);
    if (rc == 0)
        return file_sync_parent(p->request->dest, e);
    while (renamed-- > 0)
        if (file_path(&path, NULL, "%s%s", p->request->dest, SEAL_ENDINGS[renamed]) == 0)
            (void)file_remove(path.s, NULL);
    return rc;
}

/* ---- all of it ---- */

static int draft_begin(struct packing *p, struct err *e)
{
    size_t n = strlen(p->request->dest);
    int rc = n == 0 || p->request->dest[n - 1] == '/'
                 ? err_set(e, ERR_USAGE, "%s: name the folder that is to be made, without a slash behind it",
                           p->request->dest)
                 : places_free(p->request->dest, e);
    if (rc == 0)
        rc = file_path(&p->draft, e, "%s.exporting", p->request->dest);
    if (rc != 0)
        return rc;
    draft_remove(p);
    return mkdir(p->draft.s, 0777) == 0 ? 0 : err_os(e, ERR_IO, errno, "make %s", p->draft.s);
}

static int package_finish(struct packing *p, struct package_made *ret, struct err *e)
{
    const struct verify_request request = {.package = p->draft.s};
    uint64_t leaf = 0;
    int rc = folder_fill(p, &ret->tagmanifest, e);
    struct ledger_position before;
    ledger_where(store_ledger(p->store), &before);
    if (rc == 0)
        rc = sync_all(p, e);
    if (rc == 0 && p->request->still != NULL)
        rc = p->request->still(p->request->context, e);
    if (rc == 0)
        rc = seal_commit(p, &ret->tagmanifest, &ret->script, &leaf, e);
    if (rc == 0)
        rc = seal_put(p, leaf, before.leaves, e);
    if (rc != 0)
        return rc;
    rc = verify_package(&request, &ret->found, e);
    if (rc != 0)
        return err_add(e, rc, "the package fails its own verification");
    return rename_all(p, e);
}

int package_make(struct store *s, const struct package_request *request, struct package_made *ret, struct err *e)
{
    OWN(package_contents_release) struct package_contents contents = {0};
    OWN(package_packing_release)
    struct packing p = {.store = s, .request = request, .contents = &contents};
    *ret = (struct package_made){0};
    if (request->verifier_count >= STATEMENT_VERIFIERS_MAX)
        return err_set(e, ERR_USAGE, "a seal names at most %d verifiers", STATEMENT_VERIFIERS_MAX);
    crypt_sha256(bytes_of(package_script, package_script_bytes), &ret->script);
    int rc = package_gather(s, request, &contents, e);
    if (rc == 0)
        rc = draft_begin(&p, e);
    if (rc != 0)
        return rc;
    rc = package_finish(&p, ret, e);
    if (rc != 0) {
        verify_found_release(&ret->found);
        draft_remove(&p);
    }
    return rc;
}
