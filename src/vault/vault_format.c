/* The byte tables of vault_internal.h as code.  Nothing here touches a file, a key or chance. */
#include "vault/vault_internal.h"

_Static_assert(SECTOR_FIRST + CRYPT_SALT + CRYPT_TAG == VAULT_SECTOR, "a first sector is full");
_Static_assert(SECTOR_REST + CRYPT_TAG == VAULT_SECTOR, "a further sector is full");
_Static_assert(FRAME_REF == 8 + 4 + 1 + 8 + CRYPT_KEY + CRYPT_HASH, "a frame reference has no holes");

enum {
    MANIFEST_VERSION = 1,
    FORM_ONE = 1,
    FORM_LIST = 2,
    FLAG_SHARED = 1,
    CHUNK_MIN = 16 << 10, /* the shortest chunk that is not an object's last */
};

uint64_t vault_run_room(uint32_t sectors)
{
    return sectors == 0 ? 0 : SECTOR_FIRST + (uint64_t)(sectors - 1) * SECTOR_REST;
}

uint32_t vault_run_sectors(uint64_t plain_bytes)
{
    if (plain_bytes <= SECTOR_FIRST)
        return 1;
    return (uint32_t)(1 + (plain_bytes - SECTOR_FIRST + SECTOR_REST - 1) / SECTOR_REST);
}

uint32_t vault_sector_room(uint32_t sector_of_run)
{
    return sector_of_run == 0 ? SECTOR_FIRST : SECTOR_REST;
}

uint64_t vault_sector_offset(uint32_t sector_of_run)
{
    return vault_run_room(sector_of_run);
}

uint32_t vault_chunk_max(uint32_t pack_sectors)
{
    uint64_t quarter = (uint64_t)pack_sectors * VAULT_SECTOR / 4;
    return quarter < VAULT_CHUNK_MAX ? (uint32_t)quarter : VAULT_CHUNK_MAX;
}

uint32_t vault_part_max(uint32_t pack_sectors)
{
    uint64_t quarter = (uint64_t)pack_sectors * VAULT_SECTOR / 4;
    return quarter < MANIFEST_PART_MAX ? (uint32_t)quarter : MANIFEST_PART_MAX;
}

uint32_t vault_part_frames(uint32_t pack_sectors)
{
    return vault_part_max(pack_sectors) / FRAME_REF;
}

uint64_t vault_object_bytes_max(uint32_t pack_sectors)
{
    uint64_t parts = (vault_part_max(pack_sectors) - MANIFEST_LIST) / 8;
    uint64_t frames = parts * vault_part_frames(pack_sectors);
    if (frames > UINT32_MAX)
        frames = UINT32_MAX;
    return frames * CHUNK_MIN < OBJECT_BYTES_MAX ? frames * CHUNK_MIN : OBJECT_BYTES_MAX;
}

void vault_head_put(uint8_t to[RECORD_HEAD], const struct record_head *h)
{
    to[0] = h->type;
    to[1] = h->codec;
    u16_put(to + 2, 0);
    u32_put(to + 4, h->plain);
    u32_put(to + 8, h->stored);
    u64_put(to + 12, h->number);
}

static uint32_t type_plain_max(uint8_t type)
{
    switch (type) {
    case RECORD_FRAME:
        return VAULT_CHUNK_MAX;
    case RECORD_MANIFEST:
        return MANIFEST_PART_MAX;
    default:
        return DIRECTORY_MAX;
    }
}

int vault_head_get(const uint8_t from[RECORD_HEAD], struct record_head *ret, struct err *e)
{
    struct record_head h = {
        .type = from[0],
        .codec = from[1],
        .plain = u32_get(from + 4),
        .stored = u32_get(from + 8),
        .number = u64_get(from + 12),
    };
    if (h.type > RECORD_DIRECTORY || h.codec > CODEC_ZSTD)
        return err_set(e, ERR_NEWER, "a record is of a kind that this program does not know: use a newer one");
    bool sane = h.type != 0 && u16_get(from + 2) == 0 && h.plain <= type_plain_max(h.type) && h.stored >= CRYPT_TAG &&
                (h.plain != 0 || h.type == RECORD_DIRECTORY);
    if (h.codec == CODEC_RAW)
        sane = sane && h.stored - CRYPT_TAG == h.plain;
    else
        sane = sane && h.type == RECORD_FRAME && h.stored - CRYPT_TAG < h.plain && h.stored > CRYPT_TAG;
    if (!sane)
        return err_set(e, ERR_DAMAGED, "a record's head is damaged");
    *ret = h;
    return 0;
}

void vault_footer_put(uint8_t to[FOOTER], const struct run_footer *f)
{
    u32_put(to, f->directory);
    u32_put(to + 4, f->records);
    u64_put(to + 8, f->first_record);
}

int vault_footer_get(const uint8_t from[FOOTER], uint64_t plain_bytes, struct run_footer *ret, struct err *e)
{
    struct run_footer f = {
        .directory = u32_get(from),
        .records = u32_get(from + 4),
        .first_record = u64_get(from + 8),
    };
    bool sane = f.records <= RUN_RECORDS_MAX && f.first_record <= UINT64_MAX - f.records;
    uint64_t after = (uint64_t)f.directory + RECORD_HEAD + (uint64_t)f.records * 4 + CRYPT_TAG + FOOTER;
    if (!sane || after > plain_bytes)
        return err_set(e, ERR_DAMAGED, "a run's footer is damaged");
    *ret = f;
    return 0;
}

int vault_directory_get(struct bytes plain, const struct run_footer *footer, uint32_t *ret_offsets, struct err *e)
{
    bool sane = plain.n == (size_t)footer->records * 4 && (footer->records != 0 || footer->directory == 0);
    uint64_t lowest = 0;
    for (uint32_t i = 0; sane && i < footer->records; i++) {
        uint32_t offset = u32_get(plain.p + (size_t)i * 4);
        sane = i == 0 ? offset == 0 : offset >= lowest;
        lowest = (uint64_t)offset + RECORD_HEAD + CRYPT_TAG;
        ret_offsets[i] = offset;
    }
    if (!sane || lowest > footer->directory)
        return err_set(e, ERR_DAMAGED, "a run's directory is damaged");
    return 0;
}

void vault_ref_put(uint8_t to[FRAME_REF], const struct frame_ref *r)
{
    u64_put(to, r->record);
    u32_put(to + 8, r->size_bytes);
    to[12] = r->shared ? FLAG_SHARED : 0;
    u64_put(to + 13, r->shared ? r->holder : 0);
    memcpy(to + 21, r->key.b, CRYPT_KEY);
    memcpy(to + 53, r->digest.b, CRYPT_HASH);
}

int vault_ref_get(const uint8_t from[FRAME_REF], struct frame_ref *ret, struct err *e)
{
    ret->record = u64_get(from);
    ret->size_bytes = u32_get(from + 8);
    ret->shared = from[12] == FLAG_SHARED;
    ret->holder = u64_get(from + 13);
    memcpy(ret->key.b, from + 21, CRYPT_KEY);
    memcpy(ret->digest.b, from + 53, CRYPT_HASH);
    if (from[12] > FLAG_SHARED || ret->size_bytes == 0 || ret->size_bytes > VAULT_CHUNK_MAX ||
        (!ret->shared && ret->holder != 0))
        return err_set(e, ERR_DAMAGED, "a manifest's frame reference is damaged");
    return 0;
}

static int manifest_damaged(struct err *e)
{
    return err_set(e, ERR_DAMAGED, "a manifest is damaged");
}

static int one_get(struct cursor *c, struct manifest *m, struct err *e)
{
    uint8_t flags = cursor_u8(c);
    m->one = true;
    m->frames = 1;
    m->parts = 1;
    m->only.record = cursor_u64(c);
    cursor_copy(c, m->only.key.b, CRYPT_KEY);
    m->only.shared = flags == FLAG_SHARED;
    m->only.holder = flags == FLAG_SHARED ? cursor_u64(c) : 0;
    bool fits = m->digest.bytes >= 1 && m->digest.bytes <= VAULT_CHUNK_MAX;
    if (flags > FLAG_SHARED || !fits || !cursor_done(c))
        return manifest_damaged(e);
    m->only.size_bytes = (uint32_t)m->digest.bytes;
    m->only.digest = m->digest.sha256;
    return 0;
}

static int list_get(struct cursor *c, struct manifest *m, struct err *e)
{
    m->frames = cursor_u32(c);
    m->frames_per_part = cursor_u32(c);
    m->parts = cursor_u32(c);
    if (c->failed || m->parts == 0 || (m->frames == 0) != (m->digest.bytes == 0) || m->frames > m->digest.bytes)
        return manifest_damaged(e);
    if (m->parts == 1) {
        if (m->frames_per_part != 0 || c->left != (uint64_t)m->frames * FRAME_REF)
            return manifest_damaged(e);
        m->refs = cursor_take(c, c->left);
        return 0;
    }
    bool sane = m->frames_per_part != 0 && m->frames_per_part <= MANIFEST_PART_MAX / FRAME_REF &&
                m->parts - 1 == ((uint64_t)m->frames + m->frames_per_part - 1) / m->frames_per_part &&
                c->left == (uint64_t)(m->parts - 1) * 8;
    if (!sane)
        return manifest_damaged(e);
    m->part_records = cursor_take(c, c->left);
    return 0;
}

int vault_manifest_get(struct bytes plain, struct manifest *ret, struct err *e)
{
    struct cursor c = cursor_of(plain);
    struct manifest m = {0};
    uint8_t version = cursor_u8(&c);
    uint8_t form = cursor_u8(&c);
    m.digest.bytes = cursor_u64(&c);
    cursor_copy(&c, m.digest.sha256.b, CRYPT_HASH);
    if (c.failed || plain.n > MANIFEST_PART_MAX || version == 0 || form == 0)
        return manifest_damaged(e);
    if (version != MANIFEST_VERSION || form > FORM_LIST)
        return err_set(e, ERR_NEWER, "a manifest is of a format that this program does not know: use a newer one");
    if (m.digest.bytes > OBJECT_BYTES_MAX)
        return manifest_damaged(e);
    int rc = form == FORM_ONE ? one_get(&c, &m, e) : list_get(&c, &m, e);
    if (rc == 0)
        *ret = m;
    crypt_wipe(&m.only.key, sizeof(m.only.key));
    return rc;
}

uint32_t vault_manifest_part_frames(const struct manifest *m, uint32_t part)
{
    assert(part >= 1 && part < m->parts);
    uint64_t before = (uint64_t)(part - 1) * m->frames_per_part;
    uint64_t left = m->frames - before;
    return left < m->frames_per_part ? (uint32_t)left : m->frames_per_part;
}
