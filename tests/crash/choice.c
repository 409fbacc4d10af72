/*
 * choice.c: see choice.h.
 *
 * Chance is a function of the seed and of the change's number, so nothing has to be remembered: the same choice gives
 * the same state however often it is made.
 */
#include "choice.h"

/* Chances in eighths; a seed picks one for bytes, one for names: some crashes lose nearly all, some little. */
static bool chance(const struct choice *c, uint64_t number, unsigned kind)
{
    static const unsigned eighths[] = {1, 4, 7};
    unsigned of = eighths[plain_mix(c->seed + kind) % 3];
    return plain_mix(c->seed ^ plain_mix(number * 4 + kind)) % 8 < of;
}

static struct verdict random_bytes(const struct choice *c, uint64_t number, const struct record *r)
{
    uint64_t draw = plain_mix(c->seed ^ plain_mix(number * 4 + 2));
    if (r->op == REC_WRITE && r->data_bytes > SECTOR_BYTES && draw % 8 == 0)
        return (struct verdict){FATE_TORN, plain_mix(draw)};
    if (r->op == REC_WRITE && r->data_bytes > SECTOR_BYTES && draw % 8 == 1)
        return (struct verdict){FATE_SCATTERED, plain_mix(draw)};
    if (r->op == REC_WRITE && draw % 8 == 2)
        return (struct verdict){FATE_SIZE, 0};
    return (struct verdict){chance(c, number, 0) ? FATE_KEPT : FATE_DROPPED, 0};
}

struct verdict choice_of_bytes(const struct choice *c, uint64_t number, const struct record *r)
{
    const struct verdict kept = {FATE_KEPT, 0};
    const struct verdict dropped = {FATE_DROPPED, 0};
    const struct verdict torn = {FATE_TORN, plain_mix(c->seed ^ number)};
    bool is_last_write = number == c->last && r->op == REC_WRITE;
    switch (c->model) {
    case MODEL_STRICT:
        return dropped;
    case MODEL_KEPT:
    case MODEL_BYTES:
        return kept;
    case MODEL_NAMES_SHORT:
        return r->op == REC_CHMOD ? kept : dropped;
    case MODEL_NAMES_ZERO:
        return r->op == REC_WRITE ? (struct verdict){FATE_SIZE, 0} : kept;
    case MODEL_KEPT_TORN:
        return is_last_write ? torn : kept;
    case MODEL_STRICT_TORN:
        return is_last_write ? torn : dropped;
    case MODEL_LOST_ONE:
        return number == c->lost ? dropped : kept;
    case MODEL_RANDOM:
        return random_bytes(c, number, r);
    }
    return kept;
}

bool choice_of_name(const struct choice *c, uint64_t number, bool is_old_half)
{
    switch (c->model) {
    case MODEL_STRICT:
    case MODEL_STRICT_TORN:
    case MODEL_BYTES:
        return false;
    case MODEL_LOST_ONE:
        return number != c->lost;
    case MODEL_RANDOM:
        return chance(c, number, 1) && (!is_old_half || chance(c, number, 3));
    case MODEL_KEPT:
    case MODEL_KEPT_TORN:
    case MODEL_NAMES_SHORT:
    case MODEL_NAMES_ZERO:
        return true;
    }
    return true;
}

/* Disks keep whole sectors of 512 bytes or of 4 KiB, and page caches pages: a draw says which this one does.  They are
 * those of the file, not of the write: a write may begin and end within one. */
static void write_sectors(struct content *content, struct verdict verdict, uint64_t offset, const uint8_t *bytes,
                          uint64_t count)
{
    uint64_t draw = verdict.draw;
    uint64_t sector_bytes = plain_mix(draw) % 2 == 0 ? SECTOR_BYTES : PAGE_BYTES;
    uint64_t first = offset / sector_bytes;
    uint64_t last = (offset + count - 1) / sector_bytes;
    uint64_t whole = last > first ? plain_below(&draw, last - first) + 1 : 0;
    for (uint64_t sector = first; sector <= last; sector++) {
        bool is_kept = verdict.fate == FATE_TORN ? sector - first < whole : plain_mix(draw + sector) % 2 == 0;
        uint64_t begin = sector == first ? offset : sector * sector_bytes;
        uint64_t end = sector == last ? offset + count : (sector + 1) * sector_bytes;
        if (is_kept)
            content_write(content, begin, bytes + (begin - offset), end - begin);
    }
}

void choice_write(struct content *content, struct verdict verdict, uint64_t offset, const uint8_t *bytes,
                  uint64_t count)
{
    switch (verdict.fate) {
    case FATE_DROPPED:
        return;
    case FATE_KEPT:
        content_write(content, offset, bytes, count);
        return;
    case FATE_SIZE:
        if (offset + count > content->size_bytes)
            content_resize(content, offset + count);
        return;
    case FATE_TORN:
    case FATE_SCATTERED:
        if (count > 0)
            write_sectors(content, verdict, offset, bytes, count);
        return;
    }
}
