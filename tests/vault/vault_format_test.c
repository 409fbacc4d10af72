/* The byte tables: what is written is read, and everything else is refused. */
#include "fixture.h"

#include "vault/vault_internal.h"

static void sectors_and_plaintext_agree(void **state)
{
    assert_int_equal(vault_run_room(0), 0);
    assert_int_equal(vault_run_room(1), 16336);
    assert_int_equal(vault_run_room(2), 16336 + 16368);
    uint64_t offset = 0;
    for (uint32_t i = 0; i < 200; i++) {
        assert_int_equal(vault_sector_offset(i), offset);
        offset += vault_sector_room(i);
        assert_int_equal(vault_run_room(i + 1), offset);
        assert_int_equal(vault_run_sectors(offset), i + 1);
        assert_int_equal(vault_run_sectors(offset + 1), i + 2);
    }
    assert_int_equal(vault_run_sectors(0), 1);
}

static void limits_follow_the_pack(void **state)
{
    assert_int_equal(vault_chunk_max(64), 256 << 10);
    assert_int_equal(vault_chunk_max(1024), VAULT_CHUNK_MAX);
    assert_int_equal(vault_chunk_max(65536), VAULT_CHUNK_MAX);
    assert_int_equal(vault_part_max(64), 256 << 10);
    assert_int_equal(vault_part_max(4096), MANIFEST_PART_MAX);
    assert_true(vault_part_frames(64) * (uint64_t)FRAME_REF <= vault_part_max(64));
    assert_true(vault_object_bytes_max(64) > (uint64_t)1 << 40);
    assert_true(vault_object_bytes_max(65536) <= OBJECT_BYTES_MAX);
}

static void heads_are_strict(void **state)
{
    static const struct record_head good[] = {
        {RECORD_FRAME, CODEC_RAW, 1, 17, 0},
        {RECORD_FRAME, CODEC_RAW, VAULT_CHUNK_MAX, VAULT_CHUNK_MAX + 16, 1},
        {RECORD_FRAME, CODEC_ZSTD, 100, 115, UINT64_MAX},
        {RECORD_FRAME, CODEC_ZSTD, 100, 17, 5},
        {RECORD_MANIFEST, CODEC_RAW, MANIFEST_PART_MAX, MANIFEST_PART_MAX + 16, 5},
        {RECORD_DIRECTORY, CODEC_RAW, 0, 16, 5},
        {RECORD_DIRECTORY, CODEC_RAW, DIRECTORY_MAX, DIRECTORY_MAX + 16, 5},
    };
    static const struct record_head bad[] = {
        {0, CODEC_RAW, 1, 17, 0},
        {RECORD_FRAME, CODEC_RAW, 0, 16, 0},
        {RECORD_FRAME, CODEC_RAW, 5, 20, 0},
        {RECORD_FRAME, CODEC_RAW, 5, 22, 0},
        {RECORD_FRAME, CODEC_RAW, VAULT_CHUNK_MAX + 1, VAULT_CHUNK_MAX + 17, 0},
        {RECORD_FRAME, CODEC_RAW, UINT32_MAX, 15, 0},
        {RECORD_FRAME, CODEC_ZSTD, 100, 116, 0},
        {RECORD_FRAME, CODEC_ZSTD, 100, 16, 0},
        {RECORD_FRAME, CODEC_ZSTD, 100, 3, 0},
        {RECORD_MANIFEST, CODEC_RAW, 0, 16, 0},
        {RECORD_MANIFEST, CODEC_ZSTD, 100, 50, 0},
        {RECORD_MANIFEST, CODEC_RAW, MANIFEST_PART_MAX + 1, MANIFEST_PART_MAX + 17, 0},
        {RECORD_DIRECTORY, CODEC_RAW, DIRECTORY_MAX + 4, DIRECTORY_MAX + 20, 0},
    };
    static const struct record_head newer[] = {{4, CODEC_RAW, 1, 17, 0}, {RECORD_FRAME, 2, 100, 50, 0}};
    uint8_t bytes[RECORD_HEAD];
    uint8_t again[RECORD_HEAD];
    struct record_head got;
    struct err e = {0};
    for (size_t i = 0; i < COUNT(good); i++) {
        vault_head_put(bytes, &good[i]);
        assert_int_equal(vault_head_get(bytes, &got, &e), 0);
        vault_head_put(again, &got);
        assert_memory_equal(again, bytes, sizeof(bytes));
    }
    bytes[3] = 1; /* the zero field */
    assert_int_equal(vault_head_get(bytes, &got, &e), ERR_DAMAGED);
    for (size_t i = 0; i < COUNT(bad); i++) {
        vault_head_put(bytes, &bad[i]);
        assert_int_equal(vault_head_get(bytes, &got, &e), ERR_DAMAGED);
    }
    for (size_t i = 0; i < COUNT(newer); i++) {
        vault_head_put(bytes, &newer[i]);
        assert_int_equal(vault_head_get(bytes, &got, &e), ERR_NEWER);
    }
}

static int footer(uint32_t directory, uint32_t records, uint64_t first_record, uint64_t plain_bytes)
{
    struct run_footer f = {directory, records, first_record};
    struct run_footer got;
    uint8_t bytes[FOOTER];
    struct err e = {0};
    vault_footer_put(bytes, &f);
    int rc = vault_footer_get(bytes, plain_bytes, &got, &e);
    if (rc == 0)
        assert_true(got.directory == directory && got.records == records && got.first_record == first_record);
    return rc;
}

static void footers_are_strict(void **state)
{
    assert_int_equal(footer(0, 0, 7, 52), 0);
    assert_int_equal(footer(0, 0, 7, 51), ERR_DAMAGED);
    assert_int_equal(footer(100, 2, 7, 160), 0);
    assert_int_equal(footer(100, 2, 7, 159), ERR_DAMAGED);
    assert_int_equal(footer(UINT32_MAX, 2, 7, 16336), ERR_DAMAGED);
    assert_int_equal(footer(0, RUN_RECORDS_MAX, 7, 1 << 30), 0);
    assert_int_equal(footer(0, RUN_RECORDS_MAX + 1, 7, 1 << 30), ERR_DAMAGED);
    assert_int_equal(footer(100, 2, UINT64_MAX - 2, 16336), 0);
    assert_int_equal(footer(100, 2, UINT64_MAX - 1, 16336), ERR_DAMAGED);
}

static int directory(const uint32_t *offsets, uint32_t n, uint32_t records, uint32_t end)
{
    uint8_t bytes[64];
    uint32_t got[16];
    struct run_footer f = {end, records, 0};
    struct err e = {0};
    for (uint32_t i = 0; i < n; i++)
        u32_put(bytes + (size_t)i * 4, offsets[i]);
    int rc = vault_directory_get(bytes_of(bytes, (size_t)n * 4), &f, got, &e);
    if (rc == 0 && n != 0)
        assert_memory_equal(got, offsets, n * sizeof(*offsets));
    return rc;
}

static void directories_are_strict(void **state)
{
    assert_int_equal(directory((uint32_t[]){0}, 0, 0, 0), 0);
    assert_int_equal(directory((uint32_t[]){0}, 0, 0, 1), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){0, 36, 100}, 3, 3, 136), 0);
    assert_int_equal(directory((uint32_t[]){0, 36, 100}, 3, 3, 135), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){0, 36, 100}, 3, 2, 136), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){0, 36}, 2, 3, 136), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){1, 40}, 2, 2, 136), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){0, 35}, 2, 2, 136), ERR_DAMAGED);
    assert_int_equal(directory((uint32_t[]){0, UINT32_MAX}, 2, 2, 136), ERR_DAMAGED);
}

static struct frame_ref some_ref(void)
{
    struct frame_ref r = {.record = 5, .size_bytes = 77, .shared = true, .holder = 9};
    memset(r.key.b, 3, sizeof(r.key.b));
    memset(r.digest.b, 4, sizeof(r.digest.b));
    return r;
}

static void references_are_strict(void **state)
{
    uint8_t bytes[FRAME_REF];
    struct frame_ref got;
    struct frame_ref r = some_ref();
    struct err e = {0};
    vault_ref_put(bytes, &r);
    assert_int_equal(vault_ref_get(bytes, &got, &e), 0);
    assert_int_equal(got.record, 5);
    assert_int_equal(got.size_bytes, 77);
    assert_true(got.shared);
    assert_int_equal(got.holder, 9);
    assert_memory_equal(&got.key, &r.key, sizeof(r.key));
    assert_memory_equal(&got.digest, &r.digest, sizeof(r.digest));
    bytes[12] = 0; /* own, with a holder */
    assert_int_equal(vault_ref_get(bytes, &got, &e), ERR_DAMAGED);
    bytes[12] = 2;
    assert_int_equal(vault_ref_get(bytes, &got, &e), ERR_DAMAGED);
    bytes[12] = 1;
    u32_put(bytes + 8, 0);
    assert_int_equal(vault_ref_get(bytes, &got, &e), ERR_DAMAGED);
    u32_put(bytes + 8, VAULT_CHUNK_MAX);
    assert_int_equal(vault_ref_get(bytes, &got, &e), 0);
    u32_put(bytes + 8, VAULT_CHUNK_MAX + 1);
    assert_int_equal(vault_ref_get(bytes, &got, &e), ERR_DAMAGED);
}

/* ---- manifests ---- */

static void root_put(struct buf *b, uint8_t version, uint8_t form, uint64_t bytes)
{
    uint8_t digest[CRYPT_HASH];
    memset(digest, 6, sizeof(digest));
    buf_clear(b);
    buf_put_u8(b, version);
    buf_put_u8(b, form);
    buf_put_u64(b, bytes);
    buf_put(b, digest, sizeof(digest));
}

static void list_put(struct buf *b, uint64_t bytes, uint32_t frames, uint32_t per_part, uint32_t parts, size_t more)
{
    root_put(b, 1, 2, bytes);
    buf_put_u32(b, frames);
    buf_put_u32(b, per_part);
    buf_put_u32(b, parts);
    for (size_t i = 0; i < more; i++)
        buf_put_u8(b, 0);
}

static int get(const struct buf *b, struct manifest *ret)
{
    struct err e = {0};
    return vault_manifest_get(buf_bytes(b), ret, &e);
}

static void one_frame_manifests_are_strict(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct manifest m;
    uint8_t key[CRYPT_KEY];
    memset(key, 8, sizeof(key));
    root_put(&b, 1, 1, 77);
    buf_put_u8(&b, 1);
    buf_put_u64(&b, 12);
    buf_put(&b, key, sizeof(key));
    assert_int_equal(get(&b, &m), ERR_DAMAGED); /* shared without holder */
    buf_put_u64(&b, 3);
    assert_int_equal(b.n, 91);
    assert_int_equal(get(&b, &m), 0);
    assert_true(m.one && m.only.shared);
    assert_int_equal(m.frames, 1);
    assert_int_equal(m.only.record, 12);
    assert_int_equal(m.only.size_bytes, 77);
    assert_int_equal(m.only.holder, 3);
    assert_memory_equal(m.only.key.b, key, sizeof(key));
    assert_memory_equal(&m.only.digest, &m.digest.sha256, sizeof(m.digest.sha256));
    b.p[42] = 0; /* own, but eight bytes too many */
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    b.n -= 8;
    assert_int_equal(get(&b, &m), 0);
    assert_false(m.only.shared);
    b.p[42] = 2;
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    b.p[42] = 0;
    u64_put(b.p + 2, 0);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    u64_put(b.p + 2, VAULT_CHUNK_MAX);
    assert_int_equal(get(&b, &m), 0);
    u64_put(b.p + 2, VAULT_CHUNK_MAX + 1);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
}

static void versions_and_forms_are_known_or_newer(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct manifest m;
    list_put(&b, 0, 0, 0, 1, 0);
    assert_int_equal(get(&b, &m), 0);
    b.p[0] = 2;
    assert_int_equal(get(&b, &m), ERR_NEWER);
    b.p[0] = 0;
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    b.p[0] = 1;
    b.p[1] = 3;
    assert_int_equal(get(&b, &m), ERR_NEWER);
    b.p[1] = 0;
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    b.p[1] = 2;
    for (b.n = 0; b.n < MANIFEST_LIST; b.n++)
        assert_int_equal(get(&b, &m), ERR_DAMAGED);
}

static void lists_are_strict(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct manifest m;
    list_put(&b, 300, 3, 0, 1, 3 * FRAME_REF);
    assert_int_equal(get(&b, &m), 0);
    assert_int_equal(m.refs.n, 3 * FRAME_REF);
    b.n--;
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 300, 3, 0, 1, 3 * FRAME_REF + 1);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 300, 3, 3, 1, 3 * FRAME_REF);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 2, 3, 0, 1, 3 * FRAME_REF); /* more frames than bytes */
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 1, 0, 0, 1, 0);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 0, 0, 0, 0, 0);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, OBJECT_BYTES_MAX, 1, 0, 1, FRAME_REF);
    assert_int_equal(get(&b, &m), 0);
    list_put(&b, OBJECT_BYTES_MAX + 1, 1, 0, 1, FRAME_REF);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
}

static void parts_are_strict(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct manifest m;
    list_put(&b, 900, 9, 4, 4, 24);
    assert_int_equal(get(&b, &m), 0);
    assert_int_equal(m.part_records.n, 24);
    assert_int_equal(vault_manifest_part_frames(&m, 1), 4);
    assert_int_equal(vault_manifest_part_frames(&m, 2), 4);
    assert_int_equal(vault_manifest_part_frames(&m, 3), 1);
    list_put(&b, 900, 9, 4, 3, 16);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 900, 9, 4, 5, 32);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 900, 9, 4, 4, 23);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 900, 9, 0, 4, 24);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, 900, 9, MANIFEST_PART_MAX / FRAME_REF, 2, 8);
    assert_int_equal(get(&b, &m), 0);
    list_put(&b, 900, 9, MANIFEST_PART_MAX / FRAME_REF + 1, 2, 8);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
    list_put(&b, UINT32_MAX, UINT32_MAX, 1, 0, 0);
    assert_int_equal(get(&b, &m), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sectors_and_plaintext_agree),
        cmocka_unit_test(limits_follow_the_pack),
        cmocka_unit_test(heads_are_strict),
        cmocka_unit_test(footers_are_strict),
        cmocka_unit_test(directories_are_strict),
        cmocka_unit_test(references_are_strict),
        cmocka_unit_test(one_frame_manifests_are_strict),
        cmocka_unit_test(versions_and_forms_are_known_or_newer),
        cmocka_unit_test(lists_are_strict),
        cmocka_unit_test(parts_are_strict),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
