/*
 * Hostile manifests: part 0 as it comes out of its record, and its references.
 *
 * Held: what is accepted has exactly the length its numbers ask for, and every reference it promises can be reached.
 */
#include "fuzz.h"
#include "vault/vault_internal.h"

static void refs_check(const struct manifest *m)
{
    uint8_t again[FRAME_REF];
    for (uint32_t i = 0; i < m->frames; i++) {
        struct frame_ref ref;
        const uint8_t *p = m->refs.p + (size_t)i * FRAME_REF;
        if (vault_ref_get(p, &ref, NULL) != 0)
            continue;
        vault_ref_put(again, &ref);
        if (memcmp(again, p, FRAME_REF) != 0)
            abort();
    }
}

static void parts_check(const struct manifest *m)
{
    uint64_t frames = 0;
    if (m->part_records.n != (size_t)(m->parts - 1) * 8)
        abort();
    for (uint32_t part = 1; part < m->parts; part++)
        frames += vault_manifest_part_frames(m, part);
    if (frames != m->frames)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct manifest m;
    if (vault_manifest_get(bytes_of(data, size), &m, NULL) != 0)
        return 0;
    if (m.one && (m.frames != 1 || m.only.size_bytes != m.digest.bytes))
        abort();
    if (!m.one && m.parts == 1 && m.refs.n != (size_t)m.frames * FRAME_REF)
        abort();
    if (!m.one && m.parts == 1)
        refs_check(&m);
    if (m.parts > 1)
        parts_check(&m);
    return 0;
}
