/* The vault itself: its keys, and the committed runs it has been told of. */
#include "vault/vault_internal.h"

static void vault_forget_keys(struct vault *v)
{
    if (v->turns != NULL)
        crypt_wipe(v->turns, v->keys.turn_count * sizeof *v->turns);
    free(v->turns);
    crypt_wipe(&v->keys, sizeof(v->keys));
    crypt_wipe(&v->gear, sizeof(v->gear));
}

int vault_check_sectors(uint32_t pack_sectors, struct err *e)
{
    uint32_t per_mib = (1 << 20) / VAULT_SECTOR;
    if (pack_sectors < VAULT_PACK_MIB_MIN * per_mib || pack_sectors > VAULT_PACK_MIB_MAX * per_mib)
        return err_set(e, ERR_REFUSED, "the size of a pack must be between %d and %d MiB", VAULT_PACK_MIB_MIN,
                       VAULT_PACK_MIB_MAX);
    return 0;
}

/* One more than there are processors: while one waits for the disk another computes. */
static unsigned thread_count(unsigned wanted)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned n = wanted != 0 ? wanted : processors < 1 ? 2 : (unsigned)processors + 1;
    return n < VAULT_THREADS_MAX ? n : VAULT_THREADS_MAX;
}

static int turns_copy(struct vault *v, const struct vault_keys *keys)
{
    if (keys->turn_count == 0)
        return 0;
    v->turns = calloc(keys->turn_count, sizeof *v->turns);
    if (v->turns == NULL)
        return ERR_IO;
    memcpy(v->turns, keys->turns, keys->turn_count * sizeof *v->turns);
    return 0;
}

int vault_open(const struct vault_setup *setup, struct vault **ret, struct err *e)
{
    int rc = vault_check_sectors(setup->pack_sectors, e);
    if (rc == 0 && !vault_parity_known(&setup->parity))
        rc = err_set(e, ERR_NEWER, "parity of %u packs and %u files is newer than this program", setup->parity.packs,
                     setup->parity.files);
    if (rc != 0)
        return rc;
    struct vault *v = calloc(1, sizeof(*v));
    char *root = strdup(setup->root);
    if (v == NULL || root == NULL) {
        free(v);
        free(root);
        return err_memory(e);
    }
    v->root = root;
    if (setup->keys != NULL && turns_copy(v, setup->keys) != 0) {
        free(v->root);
        free(v);
        return err_memory(e);
    }
    v->pin = setup->pin;
    v->pack_sectors = setup->pack_sectors;
    v->parity = setup->parity;
    v->span = setup->span.end == 0 ? (struct vault_span){0, UINT64_MAX} : setup->span;
    v->chunk_max = vault_chunk_max(setup->pack_sectors);
    v->object_bytes_max = vault_object_bytes_max(setup->pack_sectors);
    v->threads = thread_count(setup->threads);
    if (setup->keys != NULL) {
        v->keyed = true;
        v->keys = *setup->keys;
        v->keys.turns = v->turns;
        vault_gear_make(&v->keys.chunk, &v->gear);
    }
    (void)pthread_rwlock_init(&v->runs_lock, NULL);
    (void)pthread_mutex_init(&v->pool_lock, NULL);
    *ret = v;
    return 0;
}

void vault_close(struct vault *v)
{
    if (v == NULL)
        return;
    vault_runs_forget(v);
    (void)pthread_rwlock_destroy(&v->runs_lock);
    (void)pthread_mutex_destroy(&v->pool_lock);
    vault_forget_keys(v);
    free(v->suspects);
    free(v->runs);
    free(v->root);
    free(v);
}

void vault_drop(struct vault **v)
{
    vault_close(*v);
}

static int run_check(const struct vault *v, const struct vault_run *run, struct err *e)
{
    bool sane = run->sectors != 0 && run->sectors <= v->pack_sectors &&
                run->first_sector <= v->pack_sectors - run->sectors && run->records <= RUN_RECORDS_MAX &&
                run->first_record <= UINT64_MAX - run->records;
    if (sane && v->run_count != 0) {
        const struct vault_run *last = &v->runs[v->run_count - 1];
        sane = run->first_record == last->first_record + last->records;
    }
    if (!sane)
        return err_set(e, ERR_DAMAGED, "pack %llu: the run at sector %u does not follow the runs before it",
                       (unsigned long long)run->pack, run->first_sector);
    return 0;
}

static int run_add_locked(struct vault *v, const struct vault_run *run, struct err *e)
{
    int rc = run_check(v, run, e);
    if (rc != 0)
        return rc;
    if (v->run_count == v->run_room) {
        size_t room = v->run_room == 0 ? 64 : v->run_room * 2;
        struct vault_run *runs = reallocarray(v->runs, room, sizeof(*runs));
        if (runs == NULL)
            return err_memory(e);
        v->runs = runs;
        v->run_room = room;
    }
    v->runs[v->run_count++] = *run;
    return 0;
}

int vault_run_add(struct vault *v, const struct vault_run *run, struct err *e)
{
    (void)pthread_rwlock_wrlock(&v->runs_lock);
    int rc = run_add_locked(v, run, e);
    (void)pthread_rwlock_unlock(&v->runs_lock);
    return rc;
}

uint64_t vault_second_reads(const struct vault *v)
{
    return atomic_load(&v->second_reads);
}

void vault_on_read(struct vault *v, void (*told)(void *context, uint64_t bytes), void *context)
{
    v->on_read = told;
    v->on_read_context = context;
}

void vault_on_damage(struct vault *v, void (*told)(void *context, uint64_t pack), void *context)
{
    v->on_damage = told;
    v->on_damage_context = context;
}

void vault_sector_aad(const struct vault *v, uint64_t pack, uint8_t to[SECTOR_AAD])
{
    memcpy(to, v->pin.b, CRYPT_HASH);
    memcpy(to + CRYPT_HASH, v->keys.compartment, VAULT_COMPARTMENT);
    u64_put(to + CRYPT_HASH + VAULT_COMPARTMENT, pack);
}

void vault_record_aad(const struct vault *v, const uint8_t head[RECORD_HEAD], uint8_t to[RECORD_AAD])
{
    memcpy(to, head, RECORD_HEAD);
    memcpy(to + RECORD_HEAD, v->pin.b, CRYPT_HASH);
    memcpy(to + RECORD_HEAD + CRYPT_HASH, v->keys.compartment, VAULT_COMPARTMENT);
}

void vault_run_key(const struct vault *v, uint64_t pack, uint32_t sector, const uint8_t salt[CRYPT_SALT],
                   struct key *ret)
{
    size_t i = v->keys.turn_count;
    while (i > 0 && (v->keys.turns[i - 1].pack > pack ||
                     (v->keys.turns[i - 1].pack == pack && v->keys.turns[i - 1].sector > sector)))
        i--;
    crypt_derive_salted(i == 0 ? &v->keys.pack : &v->keys.turns[i - 1].key, salt, "groundwork/pack/v1", ret);
}

void vault_directory_key(const struct key *run_key, struct key *ret)
{
    crypt_derive(run_key, "groundwork/directory/v1", bytes_of(NULL, 0), ret);
}
