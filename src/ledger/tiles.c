/*
 * The public log as a stream of tiles (FORMAT 3.5): leaves go in, each tile comes out once.  Also their reading back.
 */
#include "ledger/ledger_internal.h"

#include <assert.h>

size_t ledger_tile_bytes(int level, unsigned width)
{
    return (size_t)width * (level == LEDGER_TILE_ENTRIES ? (size_t)LEDGER_BUNDLED : (size_t)CRYPT_HASH);
}

unsigned ledger_tile_width(int level, uint64_t n, uint64_t size)
{
    uint64_t have = level <= 0 ? size : size >> (8 * (unsigned)level);
    uint64_t before = n * TREE_TILE_WIDTH;
    if (n > UINT64_MAX / TREE_TILE_WIDTH || have <= before)
        return 0;
    return have - before >= TREE_TILE_WIDTH ? TREE_TILE_WIDTH : (unsigned)(have - before);
}

void ledger_tiles_begin(struct ledger_tiles *t)
{
    t->size = 0;
    tree_edge_begin(&t->edge);
}

static int give(const struct ledger_tile_sink *sink, int level, uint64_t n, unsigned width, const void *content,
                struct err *e)
{
    if (sink == NULL)
        return 0;
    return sink->tile(sink->context, level, n, width, bytes_of(content, ledger_tile_bytes(level, width)), e);
}

/* So many entries as the tile at hand still has room for; *ret_above: the root over it, once it is full. */
static void fill_tile(struct ledger_tiles *t, const uint8_t *entries, size_t count, struct hash *ret_above)
{
    size_t place = (size_t)(t->size % TREE_TILE_WIDTH);
    uint8_t *bundled = t->entries + place * LEDGER_BUNDLED;
    for (size_t i = 0; i < count; i++, bundled += LEDGER_BUNDLED) {
        u16_put(bundled, LEDGER_ENTRY);
        memcpy(bundled + 2, entries + i * LEDGER_ENTRY, LEDGER_ENTRY);
    }
    crypt_leaf_hash_each(entries, LEDGER_ENTRY, LEDGER_ENTRY, count, &t->hash[0][place]);
    tree_edge_add_all(&t->edge, &t->hash[0][place], count, ret_above);
    t->size += count;
}

/* The tiles that the last leaf has filled, from the entries up. */
static int give_full(struct ledger_tiles *t, struct hash above, const struct ledger_tile_sink *sink, struct err *e)
{
    uint64_t n = t->size / TREE_TILE_WIDTH - 1;
    int rc = give(sink, LEDGER_TILE_ENTRIES, n, TREE_TILE_WIDTH, t->entries, e);
    for (int level = 0; rc == 0 && level < LEDGER_LEVELS; level++) {
        uint64_t full = t->size >> (8 * (unsigned)level);
        if (full % TREE_TILE_WIDTH != 0)
            break;
        n = full / TREE_TILE_WIDTH - 1;
        rc = give(sink, level, n, TREE_TILE_WIDTH, t->hash[level], e);
        assert(level + 1 < LEDGER_LEVELS); /* LEDGER_LEAF_MAX is far below 256^8 */
        if (level > 0)
            tree_root(t->hash[level], TREE_TILE_WIDTH, &above);
        t->hash[level + 1][n % TREE_TILE_WIDTH] = above;
    }
    return rc;
}

int ledger_tiles_add(struct ledger_tiles *t, struct bytes entries, const struct ledger_tile_sink *sink, struct err *e)
{
    int rc = 0;
    assert(entries.n % LEDGER_ENTRY == 0);
    for (size_t left = entries.n / LEDGER_ENTRY, some; rc == 0 && left > 0; left -= some) {
        struct hash above = {{0}};
        size_t room = TREE_TILE_WIDTH - (size_t)(t->size % TREE_TILE_WIDTH);
        some = left < room ? left : room;
        fill_tile(t, entries.p, some, &above);
        entries.p += some * LEDGER_ENTRY;
        if (some == room)
            rc = give_full(t, above, sink, e);
    }
    return rc;
}

int ledger_tiles_end(const struct ledger_tiles *t, const struct ledger_tile_sink *sink, struct err *e)
{
    unsigned width = (unsigned)(t->size % TREE_TILE_WIDTH);
    int rc = 0;
    if (width != 0)
        rc = give(sink, LEDGER_TILE_ENTRIES, t->size / TREE_TILE_WIDTH, width, t->entries, e);
    for (int level = 0; rc == 0 && level < LEDGER_LEVELS; level++) {
        uint64_t have = t->size >> (8 * (unsigned)level);
        width = (unsigned)(have % TREE_TILE_WIDTH);
        if (width != 0)
            rc = give(sink, level, have / TREE_TILE_WIDTH, width, t->hash[level], e);
    }
    return rc;
}

int ledger_tile_check(int level, unsigned width, struct bytes content, struct err *e)
{
    if (width < 1 || width > TREE_TILE_WIDTH || content.n != ledger_tile_bytes(level, width))
        return err_set(e, ERR_DAMAGED, "the tile has a wrong length");
    if (level != LEDGER_TILE_ENTRIES)
        return 0;
    struct cursor c = cursor_of(content);
    for (unsigned i = 0; i < width; i++) {
        bool sized = cursor_u16(&c) == LEDGER_ENTRY;
        struct bytes entry = cursor_take(&c, LEDGER_ENTRY);
        if (!sized || c.failed || (entry.p[0] != LEDGER_HIDDEN && entry.p[0] != LEDGER_PUBLIC))
            return err_set(e, ERR_DAMAGED, "the bundle's entry %u is damaged", i);
    }
    return 0;
}

/* One file of a tile, which holds ${wide} hashes, for its first ${width}. */
static int read_file(const char *root, int level, uint64_t n, unsigned wide, unsigned width, uint8_t *to,
                     struct err *e)
{
    char name[TREE_TILE_PATH_MAX];
    tree_tile_path(level, n, wide, name);
    struct file_path path;
    OWN(buf_drop) struct buf content = {0};
    int rc = file_path(&path, e, "%s/log/%s", root, name);
    if (rc == 0)
        rc = file_read_all(path.s, LEDGER_BUNDLE_MAX, &content, e);
    if (rc == 0)
        rc = ledger_tile_check(level, wide, buf_bytes(&content), e);
    if (rc != 0)
        return err_add(e, rc, "log/%s", name);
    memcpy(to, content.p, ledger_tile_bytes(level, width));
    return 0;
}

/* After an interrupted publication the width that is asked for may be gone, but then a wider file is there: a full one
 * counts last, for it may have been cut off, and then narrower ones stayed. */
static int read_wider(const char *root, int level, uint64_t n, unsigned width, uint8_t *to, struct err *e)
{
    char full[TREE_TILE_PATH_MAX];
    struct file_path folder;
    tree_tile_path(level, n, TREE_TILE_WIDTH, full);
    int rc = file_path(&folder, e, "%s/log/%s.p", root, full);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        uint64_t wide;
        if (decimal_get(bytes_text(d->d_name), &wide) == 0 && wide > width && wide < TREE_TILE_WIDTH &&
            read_file(root, level, n, (unsigned)wide, width, to, NULL) == 0)
            return 0;
    }
    return err_set(e, ERR_ABSENT, "log/%s is not there", full);
}

int ledger_tile_read(const char *root, int level, uint64_t n, unsigned width, uint8_t *to, struct err *e)
{
    int rc = read_file(root, level, n, width, width, to, e);
    if (rc == ERR_ABSENT && width < TREE_TILE_WIDTH)
        rc = read_wider(root, level, n, width, to, e);
    return rc == ERR_ABSENT && width < TREE_TILE_WIDTH ? read_file(root, level, n, TREE_TILE_WIDTH, width, to, e) : rc;
}

/* The peaks of a tree lie in its unfinished tiles. */
static int hash_of_unfinished(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)e;
    const struct ledger_tiles *t = context;
    unsigned inside = level % 8;
    unsigned first = (unsigned)((index << inside) % TREE_TILE_WIDTH);
    tree_root(&t->hash[level / 8][first], (size_t)1 << inside, ret);
    return 0;
}

int ledger_tiles_load(const char *root, uint64_t size, const struct hash *expect, struct ledger_tiles *ret,
                      struct err *e)
{
    ledger_tiles_begin(ret);
    ret->size = size;
    int rc = 0;
    unsigned width = (unsigned)(size % TREE_TILE_WIDTH);
    if (width != 0)
        rc = ledger_tile_read(root, LEDGER_TILE_ENTRIES, size / TREE_TILE_WIDTH, width, ret->entries, e);
    for (int level = 0; rc == 0 && level < LEDGER_LEVELS; level++) {
        uint64_t have = size >> (8 * (unsigned)level);
        unsigned some = (unsigned)(have % TREE_TILE_WIDTH);
        if (some != 0)
            rc = ledger_tile_read(root, level, have / TREE_TILE_WIDTH, some, ret->hash[level][0].b, e);
    }
    if (rc != 0)
        return rc;
    struct hash h;
    const struct tree_reader reader = {hash_of_unfinished, ret};
    rc = tree_edge_read(size, &reader, &ret->edge, e);
    if (rc != 0)
        return rc;
    tree_edge_root(&ret->edge, &h);
    struct hash leaf[TREE_TILE_WIDTH];
    bool same = hash_equal(&h, expect);
    crypt_leaf_hash_each(ret->entries + 2, LEDGER_ENTRY, LEDGER_BUNDLED, width, leaf);
    for (unsigned i = 0; same && i < width; i++)
        same = hash_equal(&leaf[i], &ret->hash[0][i]);
    return same ? 0 : err_set(e, ERR_DAMAGED, "the tiles do not have the checkpoint's root");
}

/* "x001/x234/067" */
static bool number_parse(struct cursor *c, uint64_t *ret)
{
    *ret = 0;
    for (unsigned group = 0; group < 7; group++) {
        bool further = c->left > 0 && c->p[0] == 'x';
        uint64_t digits;
        if (further)
            (void)cursor_take(c, 1);
        struct bytes three = cursor_take(c, 3);
        for (size_t i = 0; i < three.n; i++) {
            if (three.p[i] < '0' || three.p[i] > '9' || *ret > UINT64_MAX / 100)
                return false;
            digits = (uint64_t)(three.p[i] - '0');
            *ret = *ret * 10 + digits;
        }
        if (c->failed || !further)
            return !c->failed;
        if (!cursor_expect(c, "/"))
            return false;
    }
    return false;
}

bool ledger_tile_name_parse(const char *name, int *ret_level, uint64_t *ret_n, unsigned *ret_width)
{
    struct cursor c = cursor_of(bytes_text(name));
    if (!cursor_expect(&c, "tile/") || c.left == 0)
        return false;
    bool bundle = c.p[0] == 'e';
    uint64_t width = TREE_TILE_WIDTH;
    if (bundle ? !cursor_expect(&c, "entries") : (c.p[0] < '0' || c.p[0] >= '0' + LEDGER_LEVELS))
        return false;
    *ret_level = bundle ? LEDGER_TILE_ENTRIES : cursor_u8(&c) - '0';
    if (!cursor_expect(&c, "/") || !number_parse(&c, ret_n))
        return false;
    if (c.left > 0 && (!cursor_expect(&c, ".p/") || decimal_get(bytes_of(c.p, c.left), &width) != 0 || width < 1 ||
                       width >= TREE_TILE_WIDTH))
        return false;
    *ret_width = (unsigned)width;
    char again[TREE_TILE_PATH_MAX];
    tree_tile_path(*ret_level, *ret_n, *ret_width, again);
    return strcmp(again, name) == 0;
}
