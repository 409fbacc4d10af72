/* Runs into packs: sectors are encrypted, hashed and summed while they are warm, and written; packs are begun and
 * synced. */
#include "vault/vault_internal.h"

#include <fcntl.h>

struct pack_out *vault_pack_out_new(uint64_t number, uint32_t pack_sectors)
{
    struct pack_out *p = calloc(1, sizeof(*p));
    struct hash *leaves = calloc(pack_sectors, sizeof(*leaves));
    if (p == NULL || leaves == NULL) {
        free(p);
        free(leaves);
        return NULL;
    }
    p->number = number;
    p->fd = -1;
    p->leaves = leaves;
    return p;
}

void vault_pack_out_free(struct pack_out *p)
{
    if (p == NULL)
        return;
    fd_drop(&p->fd);
    free(p->leaves);
    free(p);
}

static int pack_create(const struct vault *v, struct pack_out *p, struct err *e)
{
    struct file_path folder;
    struct file_path path;
    int rc = vault_pack_folder(v->root, p->number, 'a', &folder, e);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc == 0)
        rc = vault_pack_path(v->root, p->number, 'a', &path, e);
    return rc == 0 ? vault_pack_open(path.s, O_CREAT | O_EXCL, &p->fd, e) : rc;
}

int vault_pack_begin(struct append *a, struct pack_out **ret, struct err *e)
{
    struct pack_out *p = vault_pack_out_new(a->next_pack, a->v->pack_sectors);
    if (p == NULL)
        return err_memory(e);
    int rc = pack_create(a->v, p, e);
    if (rc != 0) {
        vault_pack_out_free(p);
        return rc;
    }
    p->fresh = true;
    p->sum = vault_sum_join(&a->sums, p->number);
    a->next_pack++;
    struct pack_out **last = &a->packs;
    while (*last != NULL)
        last = &(*last)->next;
    *last = p;
    *ret = p;
    return 0;
}

int vault_pack_finish(struct append *a, struct pack_out *p, struct err *e)
{
    struct file_path path;
    int rc = vault_pack_path(a->v->root, p->number, 'a', &path, e);
    if (rc == 0)
        rc = file_sync(p->fd, path.s, e);
    if (rc != 0)
        return rc;
    for (uint32_t i = p->first_sector; i < p->sectors; i++)
        vault_merkle_add(&p->tree, &p->leaves[i]);
    assert(p->tree.count == p->sectors);
    vault_merkle_root(&p->tree, &p->root);
    return 0;
}

/* One sector, past the page cache where the file system can, held to what was written. */
static int sector_back(int fd, const struct pack_out *p, uint32_t sector, uint8_t *room, const char *name,
                       struct err *e)
{
    struct hash leaf;
    uint64_t offset = (uint64_t)sector * VAULT_SECTOR;
    (void)posix_fadvise(fd, (off_t)offset, VAULT_SECTOR, POSIX_FADV_DONTNEED);
    bool read = pread(fd, room, VAULT_SECTOR, (off_t)offset) == VAULT_SECTOR;
    if (!read) { /* a disk whose blocks are larger than a sector */
        (void)fcntl(fd, F_SETFL, O_RDONLY);
        read = pread(fd, room, VAULT_SECTOR, (off_t)offset) == VAULT_SECTOR;
    }
    crypt_leaf_hash(bytes_of(room, VAULT_SECTOR), &leaf);
    if (read && hash_equal(&leaf, &p->leaves[sector]))
        return 0;
    return err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", name);
}

int vault_pack_sample(const struct append *a, const struct pack_out *p, struct err *e)
{
    enum { BY_LOT = 2 };
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    OWN(mem_drop) uint8_t *room = aligned_alloc(PACK_ALIGN, VAULT_SECTOR);
    uint32_t lot[BY_LOT];
    if (room == NULL)
        return err_memory(e);
    int rc = vault_pack_path(a->v->root, p->number, 'a', &path, e);
    if (rc == 0)
        rc = file_open_read(path.s, &fd, e);
    if (rc != 0)
        return rc;
    (void)fcntl(fd, F_SETFL, O_RDONLY | O_DIRECT);
    crypt_random_fast((uint8_t *)lot, sizeof lot);
    rc = sector_back(fd, p, p->first_sector, room, path.s, e);
    for (size_t i = 0; rc == 0 && i < BY_LOT; i++)
        rc = sector_back(fd, p, p->first_sector + lot[i] % (p->sectors - p->first_sector), room, path.s, e);
    return rc == 0 ? sector_back(fd, p, p->sectors - 1, room, path.s, e) : rc;
}

/* The plaintext of one sector: where it lies in the ring, or put together in lane->plain. */
static const uint8_t *sector_plain(const struct append *a, struct lane *lane, const struct claim *c, uint32_t sector)
{
    uint64_t offset = vault_sector_offset(sector);
    uint32_t room = vault_sector_room(sector);
    uint64_t content = offset >= c->used ? 0 : c->used - offset;
    bool last = sector + 1 == c->sectors;
    size_t at = (c->run->base + offset) % RING;
    if (content >= room && !last && room <= RING - at)
        return a->ring + at;
    size_t n = content < room ? (size_t)content : room;
    size_t some = n < RING - at ? n : RING - at;
    memcpy(lane->plain, a->ring + at, some);
    memcpy(lane->plain + some, a->ring, n - some);
    memset(lane->plain + n, 0, room - n);
    if (last) {
        struct run_footer f = {c->run->directory, c->run->records, c->run->first_record};
        assert(n + FOOTER <= room);
        vault_footer_put(lane->plain + room - FOOTER, &f);
    }
    return lane->plain;
}

static int claim_write(struct append *a, struct lane *lane, const struct claim *c, struct err *e)
{
    const struct run_out *r = c->run;
    struct file_path path;
    size_t n = (size_t)c->count * VAULT_SECTOR;
    uint64_t at = (uint64_t)(r->first_sector + c->first) * VAULT_SECTOR;
    int rc = vault_pack_path(a->v->root, r->pack->number, 'a', &path, e);
    if (rc == 0)
        rc = vault_pack_write(r->pack->fd, lane->sealed, n, at, path.s, e);
    if (rc == 0) /* where it went to the page cache: only to spread the work, what counts is the fdatasync */
        (void)sync_file_range(r->pack->fd, (off_t)at, (off_t)n, SYNC_FILE_RANGE_WRITE);
    return rc;
}

int vault_seal(struct append *a, struct lane *lane, const struct claim *c, struct err *e)
{
    const struct run_out *r = c->run;
    uint8_t aad[SECTOR_AAD];
    vault_sector_aad(a->v, r->pack->number, aad);
    struct bytes sealed[CLAIM_SECTORS];
    crypt_aead_key(lane->sector, &r->key);
    for (uint32_t i = 0; i < c->count; i++) {
        uint32_t sector = c->first + i;
        uint32_t in_pack = r->first_sector + sector;
        uint8_t *to = lane->sealed + (size_t)i * VAULT_SECTOR;
        size_t salt = sector == 0 ? CRYPT_SALT : 0;
        memcpy(to, r->salt, salt);
        crypt_aead_seal(lane->sector, in_pack, bytes_of(aad, SECTOR_AAD),
                        bytes_of(sector_plain(a, lane, c, sector), vault_sector_room(sector)), to + salt);
        sealed[i] = bytes_of(to, VAULT_SECTOR);
    }
    crypt_leaf_hash_many(sealed, c->count, &r->pack->leaves[r->first_sector + c->first]);
    const struct sealed x = {r->pack->number, r->first_sector + c->first, c->count, lane->sealed};
    if (r->pack->sum != NULL)
        vault_sum_add(r->pack->sum, a->v, &x, lane->check);
    return claim_write(a, lane, c, e);
}
