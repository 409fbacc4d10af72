#include "match/match_internal.h"

struct entry {
    uint32_t hash, number;
};
struct match_map {
    struct entry *table;
    uint32_t mask, count;
    struct buf keys;
    uint64_t *offset; /* of key i in keys; one more than there are */
    size_t room;
};

struct match_map *match_map_new(void)
{
    struct match_map *m = calloc(1, sizeof *m);
    if (m == NULL)
        return NULL;
    m->mask = 1023;
    m->room = 512;
    m->table = calloc(m->mask + 1u, sizeof *m->table);
    m->offset = calloc(m->room + 1, sizeof *m->offset);
    if (m->table != NULL && m->offset != NULL)
        return m;
    match_map_free(m);
    return NULL;
}

void match_map_free(struct match_map *m)
{
    if (m == NULL)
        return;
    free(m->table);
    free(m->offset);
    buf_drop(&m->keys);
    free(m);
}

uint32_t match_map_count(const struct match_map *m)
{
    return m->count;
}

struct bytes match_map_key(const struct match_map *m, uint32_t number)
{
    return bytes_of(m->keys.p + m->offset[number - 1], m->offset[number] - m->offset[number - 1]);
}

static bool grow(struct match_map *m)
{
    uint32_t mask = m->mask * 2 + 1;
    struct entry *table = calloc(mask + 1u, sizeof *table);
    uint64_t *offset = realloc(m->offset, (m->room * 2 + 1) * sizeof *offset);
    if (offset != NULL) {
        m->offset = offset;
        m->room *= 2;
    }
    if (table == NULL || offset == NULL) {
        free(table);
        return false;
    }
    for (uint32_t i = 0; i <= m->mask; i++) {
        if (m->table[i].number == 0)
            continue;
        uint32_t at = m->table[i].hash & mask;
        while (table[at].number != 0)
            at = (at + 1) & mask;
        table[at] = m->table[i];
    }
    free(m->table);
    m->table = table;
    m->mask = mask;
    return true;
}

uint32_t match_map_number(struct match_map *m, struct bytes key, bool *ret_new)
{
    uint32_t hash = (uint32_t)match_hash(key.p, key.n), at = hash & m->mask;
    for (; m->table[at].number != 0; at = (at + 1) & m->mask) {
        uint32_t i = m->table[at].number - 1;
        if (m->table[at].hash == hash && m->offset[i + 1] - m->offset[i] == key.n &&
            (key.n == 0 || memcmp(m->keys.p + m->offset[i], key.p, key.n) == 0)) {
            *ret_new = false;
            return i + 1;
        }
    }
    buf_put_bytes(&m->keys, key);
    if (m->keys.failed || m->count == UINT32_MAX - 1)
        return 0;
    *ret_new = true;
    m->table[at] = (struct entry){hash, ++m->count};
    m->offset[m->count] = m->keys.n;
    return m->count < m->room || grow(m) ? m->count : 0;
}
