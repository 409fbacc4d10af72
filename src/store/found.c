/* Making a repository: everything in a folder beside it, then one rename. */
#include "store/store_internal.h"

#include "base/clock.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

struct founding {
    const struct store_place *place;
    const struct store_founding *wish;
    struct file_path temporary;
    struct file_path key_path, state_file;
    struct keyring_identity identity;
    struct key log_seed;
    struct buf note;
    uint8_t entry[LEAF_ENTRY];
};

static void founding_release(struct founding *f)
{
    keyring_identity_drop(&f->identity);
    key_drop(&f->log_seed);
    buf_drop(&f->note);
}

static int origin_rule(const char *origin, struct err *e)
{
    int rc = note_name_check(origin, e);
    if (rc != 0)
        return err_add(e, ERR_USAGE, "--origin");
    if (strlen(origin) > 200)
        return err_set(e, ERR_USAGE, "--origin: longer than 200 bytes");
    if (strncmp(origin, "groundwork/", 11) == 0)
        return err_set(e, ERR_USAGE,
                       "--origin: names that begin with groundwork/ are ours; take one like centre.example/log");
    return 0;
}

int store_target_free(const char *root, struct err *e)
{
    struct stat st;
    if (lstat(root, &st) != 0)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "look at %s", root);
    if (!S_ISDIR(st.st_mode))
        return err_set(e, ERR_REFUSED, "%s is there and is no folder: name another", root);
    OWN(dir_drop) DIR *dir = opendir(root);
    if (dir == NULL)
        return err_os(e, ERR_IO, errno, "look into %s", root);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
            return err_set(e, ERR_REFUSED, "%s is not empty: a repository needs a folder of its own", root);
    return 0;
}

/* Leaf 0: who founds, with which keys, under which format. */
static int leaf_zero(struct founding *f, struct err *e)
{
    struct statement s = {.kind = STATEMENT_FOUNDED, .at_unix_s = time_now_unix_s()};
    struct statement_founded *z = &s.founded;
    uint8_t log_public[CRYPT_PUBLIC], receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    z->origin = f->wish->origin;
    z->member = f->identity.member;
    z->pack_sectors = (uint32_t)((uint64_t)f->wish->pack_mib * (1 << 20) / VAULT_SECTOR);
    z->sector_bytes = VAULT_SECTOR;
    z->parity_packs = f->wish->parity.packs;
    z->parity_files = f->wish->parity.files;
    z->format = 1;
    z->administrators = f->wish->administrators;
    z->erase_persons = f->wish->erase_persons;
    z->erase_days = f->wish->erase_days;
    memcpy(z->compartment, f->identity.holdings[0].compartment, STATEMENT_ID);
    keyring_identity_public(&f->identity, z->member_box, receiving);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        z->receiving[i].epoch = f->identity.holdings[0].seeds[i].epoch;
        memcpy(z->receiving[i].key, receiving[i], CRYPT_PUBLIC);
    }
    crypt_sign_public(&f->log_seed, log_public);
    OWN(buf_drop) struct buf text = {0};
    int rc = note_key_make(f->wish->origin, log_public, &z->log, e);
    if (rc == 0)
        rc = statement_make(&s, NULL, &text, NULL, e);
    if (rc == 0)
        rc = statement_finish(s.kind, buf_bytes(&text), &f->identity.member, &f->identity.sign, &f->note, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(&f->note), f->entry);
    crypt_sha256(bytes_of(f->entry, LEAF_ENTRY), &f->identity.pin);
    return 0;
}

static int keyring_note(struct founding *f, const struct keyring *k, struct buf *to, struct err *e)
{
    const struct keyring_file *files;
    size_t count;
    keyring_changes(k, &files, &count);
    OWN(mem_drop) struct statement_file_hash *list = calloc(count, sizeof *list);
    OWN(buf_drop) struct buf text = {0};
    if (list == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++)
        list[i] = (struct statement_file_hash){files[i].name, files[i].bytes, files[i].sha256, files[i].removed};
    struct statement s = {
        .kind = STATEMENT_KEYRING, .at_unix_s = time_now_unix_s(), .keyring = {.files = list, .count = count}};
    int rc = statement_make(&s, NULL, &text, NULL, e);
    return rc != 0 ? rc : statement_finish(s.kind, buf_bytes(&text), &f->identity.member, &f->identity.sign, to, e);
}

/* Record 0: leaf 0 and the hashes of the first keyring files, both public. */
static int record_zero(struct founding *f, const struct keyring *k, struct ledger_position *ret, struct err *e)
{
    OWN(buf_drop) struct buf keys = {0};
    OWN(buf_drop) struct buf open = {0};
    OWN(ledger_drop) struct ledger *ledger = NULL;
    uint8_t entries[2 * LEAF_ENTRY];
    struct ledger_opening opening;
    struct ledger_setup setup = {.root = f->temporary.s, .seed = &f->log_seed};
    uint8_t log_public[CRYPT_PUBLIC];
    crypt_sign_public(&f->log_seed, log_public);
    int rc = note_key_make(f->wish->origin, log_public, &setup.log_key, e);
    if (rc == 0)
        rc = keyring_note(f, k, &keys, e);
    if (rc != 0)
        return rc;
    memcpy(entries, f->entry, LEAF_ENTRY);
    leaf_entry_public(buf_bytes(&keys), entries + LEAF_ENTRY);
    buf_put_u32(&open, (uint32_t)f->note.n);
    buf_put_bytes(&open, buf_bytes(&f->note));
    buf_put_u32(&open, (uint32_t)keys.n);
    buf_put_bytes(&open, buf_bytes(&keys));
    OWN(buf_drop) struct buf extents = {0};
    store_extents_put(NULL, 0, &extents);
    struct ledger_record draft = {.public_count = 2,
                                  .entries = bytes_of(entries, sizeof entries),
                                  .open = buf_bytes(&open),
                                  .extents = buf_bytes(&extents)};
    rc = buf_check(&open, e);
    if (rc == 0)
        rc = ledger_found(f->temporary.s, e);
    if (rc == 0)
        rc = ledger_open(&setup, NULL, NULL, &ledger, &opening, e);
    if (rc == 0)
        rc = ledger_prepare(ledger, &draft, ret, e);
    if (rc == 0)
        rc = ledger_commit(ledger, e);
    if (rc == 0)
        rc = ledger_publish(ledger, e);
    return rc;
}

static int folders(struct founding *f, struct err *e)
{
    static const char *const names[] = {"a", "b", "log", "vault", "index"};
    int rc = file_make_folder(f->temporary.s, e);
    for (size_t i = 0; rc == 0 && i < COUNT(names); i++) {
        struct file_path p;
        rc = file_path(&p, e, "%s/%s", f->temporary.s, names[i]);
        if (rc == 0)
            rc = file_make_folder(p.s, e);
    }
    if (rc == 0)
        rc = file_make_folders(f->place->state_folder, e);
    return rc;
}

static int key_place(struct founding *f, struct err *e)
{
    int rc = store_key_path(f->place, &f->identity.pin, &f->key_path, e);
    if (rc == 0)
        rc = store_outside(f->place, &f->identity.pin, "state", &f->state_file, e);
    if (rc == 0 && f->place->key_path == NULL)
        rc = file_make_folders(f->place->config_folder, e);
    return rc;
}

/* A key file that was refused is not ours to remove. */
static void key_remove(const struct founding *f)
{
    struct note_key member;
    struct hash pin;
    if (keyring_identity_peek(f->key_path.s, &member, &pin, NULL) == 0 && hash_equal(&pin, &f->identity.pin))
        (void)file_remove(f->key_path.s, NULL);
}

/* Into its place by one rename, and back when that cannot be made durable. */
static int appear(struct founding *f, struct err *e)
{
    if (rename(f->temporary.s, f->place->root) != 0)
        return err_os(e, ERR_IO, errno, "make %s", f->place->root);
    int rc = file_sync_parent(f->place->root, e);
    if (rc != 0)
        (void)rename(f->place->root, f->temporary.s);
    return rc;
}

/* Keys outside first, then the repository appears whole; what fails before that leaves nothing. */
static int build(struct founding *f, struct err *e)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    struct store_state state = {.known = true};
    int rc = folders(f, e);
    if (rc == 0)
        rc = keyring_found(f->temporary.s, &f->identity, &f->log_seed, &k, e);
    if (rc == 0)
        rc = record_zero(f, k, &state.committed, e);
    if (rc != 0)
        return rc;
    f->identity.checkpoint_size = state.committed.leaves;
    f->identity.checkpoint_root = state.committed.root;
    rc = keyring_identity_save(f->key_path.s, &f->identity, f->wish->passphrase, false, e);
    if (rc == 0)
        rc = store_state_write(f->state_file.s, &f->identity.pin, &f->identity.state, &state, e);
    if (rc == 0)
        rc = appear(f, e);
    if (rc != 0) {
        key_remove(f);
        (void)file_remove(f->state_file.s, NULL);
    }
    return rc;
}

static int first_investigation(const struct store_place *place, const struct store_founding *wish, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct statement statement = {.kind = STATEMENT_INVESTIGATION,
                                  .at_unix_s = time_now_unix_s(),
                                  .investigation = {.name = wish->investigation}};
    int rc = store_open(place, STORE_WRITE, &s, e);
    if (rc == 0)
        rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, &statement, NULL, NULL, e);
    return rc != 0 ? rc : store_commit(s, e);
}

/* What another process of our number left when it was ended is not ours to build on. */
static int temporary_name(struct founding *f, struct err *e)
{
    int rc = file_path(&f->temporary, e, "%s.founding-%d", f->place->root, (int)getpid());
    for (unsigned n = 2; rc == 0 && file_exists(f->temporary.s); n++)
        rc = file_path(&f->temporary, e, "%s.founding-%d-%u", f->place->root, (int)getpid(), n);
    return rc;
}

struct given {
    struct bytes passphrase;
};

static int give(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    (void)key_path;
    buf_put_bytes(ret, ((struct given *)context)->passphrase);
    return buf_check(ret, e);
}

int store_found(const struct store_place *place, const struct store_founding *founding, struct hash *ret_pin,
                struct buf *ret_key_path, struct err *e)
{
    OWN(founding_release) struct founding f = {.place = place, .wish = founding};
    if (founding->pack_mib < VAULT_PACK_MIB_MIN || founding->pack_mib > VAULT_PACK_MIB_MAX)
        return err_set(e, ERR_USAGE, "a pack has %d to %d MiB", VAULT_PACK_MIB_MIN, VAULT_PACK_MIB_MAX);
    if (!vault_parity_known(&founding->parity))
        return err_set(e, ERR_USAGE, "a stripe has 1 to %d packs and 1 to %d parity files", VAULT_STRIPE_PACKS_MAX,
                       VAULT_PARITY_MAX);
    int rc = origin_rule(founding->origin, e);
    if (rc == 0)
        rc = store_target_free(place->root, e);
    if (rc == 0)
        rc = keyring_identity_make(founding->origin, &f.identity, e);
    if (rc != 0)
        return rc;
    crypt_random(f.log_seed.b, CRYPT_KEY);
    rc = leaf_zero(&f, e);
    if (rc == 0)
        rc = key_place(&f, e);
    if (rc == 0 && file_exists(f.key_path.s))
        rc = err_set(e, ERR_REFUSED, "key file %s is there already: move it away, or name another with --key",
                     f.key_path.s);
    if (rc == 0)
        rc = temporary_name(&f, e);
    if (rc != 0)
        return rc;
    rc = build(&f, e);
    if (rc != 0) {
        file_remove_tree(f.temporary.s);
        return rc;
    }
    struct given given = {founding->passphrase};
    struct store_place again = *place;
    again.key_path = f.key_path.s;
    again.passphrase = give;
    again.context = &given;
    rc = first_investigation(&again, founding, e);
    if (rc != 0)
        return err_add(e, rc, "%s is founded, but has no investigation yet", place->root);
    *ret_pin = f.identity.pin;
    buf_put_text(ret_key_path, f.key_path.s);
    return buf_check(ret_key_path, e);
}
