#include "../base/chance.h"
#include "fixture.h"

#include <sys/stat.h>

/* Tiles as they come out, in memory. */
struct shelf {
    struct tile {
        int level;
        uint64_t n;
        unsigned width;
        struct buf content;
    } *tile;
    size_t count, room;
};

static void shelf_drop(struct shelf *s)
{
    for (size_t i = 0; i < s->count; i++)
        buf_drop(&s->tile[i].content);
    free(s->tile);
}

static int take(void *context, int level, uint64_t n, unsigned width, struct bytes content, struct err *e)
{
    struct shelf *s = context;
    if (s->count == s->room) {
        s->room = s->room * 2 + 64;
        s->tile = realloc(s->tile, s->room * sizeof(*s->tile));
        assert_non_null(s->tile);
    }
    struct tile *t = &s->tile[s->count++];
    *t = (struct tile){level, n, width, {0}};
    buf_put_bytes(&t->content, content);
    assert_int_equal(ledger_tile_check(level, width, content, NULL), 0);
    return 0;
}

static void entry_of(uint64_t leaf, uint8_t to[LEDGER_ENTRY])
{
    struct hash h;
    uint8_t b[8];
    u64_put(b, leaf);
    crypt_sha256(bytes_of(b, sizeof(b)), &h);
    to[0] = (uint8_t)(1 + leaf % 2);
    memcpy(to + 1, h.b, sizeof(h.b));
}

/* What a tile must be, straight from the definition: the roots of 256^level leaves each. */
static void tile_by_definition(int level, uint64_t n, unsigned width, struct buf *to)
{
    uint8_t entry[LEDGER_ENTRY];
    buf_clear(to);
    for (unsigned i = 0; i < width; i++) {
        uint64_t index = n * TREE_TILE_WIDTH + i;
        if (level == LEDGER_TILE_ENTRIES) {
            entry_of(index, entry);
            buf_put_u16(to, LEDGER_ENTRY);
            buf_put(to, entry, sizeof(entry));
            continue;
        }
        uint64_t leaves = (uint64_t)1 << 8 * level;
        struct tree_edge edge;
        struct hash h;
        tree_edge_begin(&edge);
        for (uint64_t leaf = index * leaves; leaf < (index + 1) * leaves; leaf++) {
            entry_of(leaf, entry);
            crypt_leaf_hash(bytes_of(entry, sizeof(entry)), &h);
            tree_edge_add(&edge, &h);
        }
        tree_edge_root(&edge, &h);
        buf_put(to, h.b, sizeof(h.b));
    }
}

static void grow(struct shelf *s, uint64_t size)
{
    const struct ledger_tile_sink sink = {take, s};
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    uint8_t entry[LEDGER_ENTRY];
    ledger_tiles_begin(t);
    for (uint64_t i = 0; i < size; i++) {
        entry_of(i, entry);
        assert_int_equal(ledger_tiles_add(t, bytes_of(entry, sizeof entry), &sink, NULL), 0);
    }
    assert_int_equal(ledger_tiles_end(t, &sink, NULL), 0);
    assert_int_equal(t->edge.size, size);
}

/* Each tile of the size exactly once, with the width and bytes it must have. */
static void tiles_are_right(uint64_t size)
{
    OWN(shelf_drop) struct shelf s = {0};
    OWN(buf_drop) struct buf expect = {0};
    size_t count = 0;
    grow(&s, size);
    for (size_t i = 0; i < s.count; i++) {
        const struct tile *t = &s.tile[i];
        assert_int_equal(t->width, ledger_tile_width(t->level, t->n, size));
        tile_by_definition(t->level, t->n, t->width, &expect);
        assert_true(bytes_equal(buf_bytes(&expect), buf_bytes(&t->content)));
        for (size_t k = 0; k < i; k++)
            assert_true(s.tile[k].level != t->level || s.tile[k].n != t->n);
    }
    for (int level = LEDGER_TILE_ENTRIES; level < LEDGER_LEVELS; level++)
        for (uint64_t n = 0; ledger_tile_width(level, n, size) > 0; n++)
            count++;
    assert_int_equal(s.count, count);
}

static void each_size_has_its_tiles(void **state)
{
    const uint64_t sizes[] = {0,   1,   2,   3,   7,   8,   100,   255,   256,  257,
                              300, 511, 512, 513, 600, 65535, 65536, 65537, 66000};
    for (size_t i = 0; i < COUNT(sizes); i++)
        tiles_are_right(sizes[i]);
}

/* By many entries at a time, whatever tile is at hand, as by one. */
static void entries_come_by_any_number(void **state)
{
    enum { LEAVES = 66000, MOST = 2000 };
    OWN(shelf_drop) struct shelf one = {0}, many = {0};
    const struct ledger_tile_sink sink = {take, &many};
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    static uint8_t entries[LEAVES][LEDGER_ENTRY];
    struct chance chance = {33};
    (void)state;
    for (uint64_t i = 0; i < LEAVES; i++)
        entry_of(i, entries[i]);
    grow(&one, LEAVES);
    ledger_tiles_begin(t);
    for (size_t at = 0, some; at < LEAVES; at += some) {
        some = chance_below(&chance, MOST);
        some = some < LEAVES - at ? some : LEAVES - at;
        assert_int_equal(ledger_tiles_add(t, bytes_of(entries[at], some * LEDGER_ENTRY), &sink, NULL), 0);
    }
    assert_int_equal(ledger_tiles_end(t, &sink, NULL), 0);
    assert_int_equal(many.count, one.count);
    for (size_t i = 0; i < one.count; i++) {
        assert_int_equal(many.tile[i].level, one.tile[i].level);
        assert_int_equal(many.tile[i].n, one.tile[i].n);
        assert_true(bytes_equal(buf_bytes(&many.tile[i].content), buf_bytes(&one.tile[i].content)));
    }
}

static void widths_are_counted(void **state)
{
    assert_int_equal(ledger_tile_width(0, 0, 0), 0);
    assert_int_equal(ledger_tile_width(0, 0, 255), 255);
    assert_int_equal(ledger_tile_width(0, 0, 256), 256);
    assert_int_equal(ledger_tile_width(0, 1, 256), 0);
    assert_int_equal(ledger_tile_width(0, 1, 257), 1);
    assert_int_equal(ledger_tile_width(LEDGER_TILE_ENTRIES, 1, 257), 1);
    assert_int_equal(ledger_tile_width(1, 0, 255), 0);
    assert_int_equal(ledger_tile_width(1, 0, 256), 1);
    assert_int_equal(ledger_tile_width(2, 0, 65536), 1);
    assert_int_equal(ledger_tile_width(0, UINT64_MAX, UINT64_MAX), 0);
    assert_int_equal(ledger_tile_width(0, UINT64_MAX / 256, UINT64_MAX), 255);
}

static void names_have_one_form(void **state)
{
    const struct {
        int level;
        uint64_t n;
        unsigned width;
    } tiles[] = {{0, 0, 256}, {0, 0, 1}, {0, 0, 255}, {-1, 7, 256}, {-1, 999, 13}, {3, 1000, 256}, {0, 1234067, 8},
                 {7, 1, 9}, {0, LEDGER_LEAF_MAX / 256, 256}};
    const char *const refused[] = {
        "", "tile", "tile/", "tile/0", "tile/0/", "tile/0/00", "tile/0/0000", "tile/0/000/", "tile/0/000.p",
        "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/000.p/01", "tile/0/000.p/1x", "tile/0/x000/001",
        "tile/0/x001", "tile/0/x001/", "tile/0/001/002", "tile/8/000", "tile/00/000", "tile/-1/000", "tile/entries",
        "tile/entries/", "tile/entry/000", "tile/0/0a0", "tile/0/000.p/1/2", "checkpoint",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    };
    int level;
    uint64_t n;
    unsigned width;
    for (size_t i = 0; i < COUNT(tiles); i++) {
        char name[TREE_TILE_PATH_MAX];
        tree_tile_path(tiles[i].level, tiles[i].n, tiles[i].width, name);
        assert_true(ledger_tile_name_parse(name, &level, &n, &width));
        assert_int_equal(level, tiles[i].level);
        assert_int_equal(n, tiles[i].n);
        assert_int_equal(width, tiles[i].width);
    }
    for (size_t i = 0; i < COUNT(refused); i++)
        if (ledger_tile_name_parse(refused[i], &level, &n, &width))
            fail_msg("%s", refused[i]);
}

static void tiles_have_exact_lengths(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    for (unsigned width = 1; width <= TREE_TILE_WIDTH; width += 51) {
        tile_by_definition(LEDGER_TILE_ENTRIES, 0, width, &b);
        assert_int_equal(b.n, ledger_tile_bytes(LEDGER_TILE_ENTRIES, width));
        assert_int_equal(ledger_tile_check(LEDGER_TILE_ENTRIES, width, buf_bytes(&b), NULL), 0);
        assert_int_equal(ledger_tile_check(LEDGER_TILE_ENTRIES, width + 1, buf_bytes(&b), NULL), ERR_DAMAGED);
        assert_int_equal(ledger_tile_check(LEDGER_TILE_ENTRIES, width, bytes_of(b.p, b.n - 1), NULL), ERR_DAMAGED);
        assert_int_equal(ledger_tile_check(0, width, bytes_of(b.p, 32 * (size_t)width), NULL), 0);
        assert_int_equal(ledger_tile_check(0, width, bytes_of(b.p, 32 * (size_t)width + 1), NULL), ERR_DAMAGED);
        b.p[1]++; /* the first entry's length */
        assert_int_equal(ledger_tile_check(LEDGER_TILE_ENTRIES, width, buf_bytes(&b), NULL), ERR_DAMAGED);
        b.p[1]--;
        b.p[b.n - LEDGER_ENTRY] = 3; /* the last one's kind */
        assert_int_equal(ledger_tile_check(LEDGER_TILE_ENTRIES, width, buf_bytes(&b), NULL), ERR_DAMAGED);
    }
    assert_int_equal(ledger_tile_check(0, 0, bytes_of(b.p, 0), NULL), ERR_DAMAGED);
    assert_int_equal(ledger_tile_check(0, 257, bytes_of(b.p, 257 * 32), NULL), ERR_DAMAGED);
}

static void write_tiles(const struct fixture *f, uint64_t size, struct hash *ret_root)
{
    OWN(shelf_drop) struct shelf s = {0};
    struct tree_edge edge;
    tree_edge_begin(&edge);
    grow(&s, size);
    for (size_t i = 0; i < s.count; i++) {
        char name[TREE_TILE_PATH_MAX], path[TREE_TILE_PATH_MAX + 8];
        tree_tile_path(s.tile[i].level, s.tile[i].n, s.tile[i].width, name);
        (void)snprintf(path, sizeof(path), "log/%s", name);
        struct file_path whole;
        path_in(f, path, &whole);
        *strrchr(whole.s, '/') = 0;
        assert_int_equal(file_make_folders(whole.s, NULL), 0);
        file_put(f, path, buf_bytes(&s.tile[i].content));
    }
    for (uint64_t i = 0; i < size; i++) {
        uint8_t entry[LEDGER_ENTRY];
        struct hash h;
        entry_of(i, entry);
        crypt_leaf_hash(bytes_of(entry, sizeof(entry)), &h);
        tree_edge_add(&edge, &h);
    }
    tree_edge_root(&edge, ret_root);
}

/* A loaded tree goes on exactly as the one that was written. */
static void a_tree_is_loaded_and_goes_on(void **state)
{
    struct fixture *f = *state;
    const uint64_t sizes[] = {1, 5, 255, 256, 257, 513, 700, 65536, 65800};
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct hash root, more, expect;
        fixture_again(f);
        write_tiles(f, sizes[i], &root);
        assert_int_equal(ledger_tiles_load(f->root.s, sizes[i], &root, t, NULL), 0);
        for (uint64_t leaf = sizes[i]; leaf < sizes[i] + 300; leaf++) {
            uint8_t entry[LEDGER_ENTRY];
            entry_of(leaf, entry);
            assert_int_equal(ledger_tiles_add(t, bytes_of(entry, sizeof entry), NULL, NULL), 0);
        }
        tree_edge_root(&t->edge, &more);
        write_tiles(f, sizes[i] + 300, &expect);
        assert_true(hash_equal(&more, &expect));
        /* The narrower widths of before lie inside the wider ones of now. */
        OWN(buf_drop) struct buf names = {0};
        log_names(f, &names);
        root.b[0] ^= 1;
        assert_int_equal(ledger_tiles_load(f->root.s, sizes[i], &root, t, NULL), ERR_DAMAGED);
    }
}

static void a_narrower_width_is_read_from_a_wider_file(void **state)
{
    struct fixture *f = *state;
    struct hash root, before;
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    write_tiles(f, 40, &before);
    file_delete(f, "log/tile/0/000.p/40");
    file_delete(f, "log/tile/entries/000.p/40");
    assert_int_equal(ledger_tiles_load(f->root.s, 40, &before, t, NULL), ERR_ABSENT);
    write_tiles(f, 90, &root);
    assert_int_equal(ledger_tiles_load(f->root.s, 40, &before, t, NULL), 0);
    file_put(f, "log/tile/0/000", bytes_of((const uint8_t[8192]){0}, 8192)); /* cut off while it was written */
    file_put(f, "log/tile/entries/000", bytes_text(""));
    assert_int_equal(ledger_tiles_load(f->root.s, 40, &before, t, NULL), 0);
    file_delete(f, "log/tile/0/000.p/90");
    file_delete(f, "log/tile/entries/000.p/90");
    assert_int_equal(ledger_tiles_load(f->root.s, 40, &before, t, NULL), ERR_DAMAGED);
    write_tiles(f, 256, &root);
    assert_int_equal(ledger_tiles_load(f->root.s, 40, &before, t, NULL), 0);
}

static void a_damaged_tile_is_not_loaded(void **state)
{
    struct fixture *f = *state;
    struct hash root;
    OWN(mem_drop) struct ledger_tiles *t = calloc(1, sizeof(*t));
    OWN(buf_drop) struct buf b = {0};
    const char *const names[] = {"log/tile/0/001.p/44", "log/tile/1/000.p/1", "log/tile/entries/001.p/44"};
    write_tiles(f, 300, &root);
    assert_int_equal(ledger_tiles_load(f->root.s, 300, &root, t, NULL), 0);
    for (size_t i = 0; i < COUNT(names); i++) {
        file_get(f, names[i], &b);
        for (size_t at = 0; at < b.n; at += 5) {
            b.p[at] ^= 4;
            file_put(f, names[i], buf_bytes(&b));
            assert_int_equal(ledger_tiles_load(f->root.s, 300, &root, t, NULL), ERR_DAMAGED);
            b.p[at] ^= 4;
        }
        file_put(f, names[i], bytes_of(b.p, b.n - 1));
        assert_int_equal(ledger_tiles_load(f->root.s, 300, &root, t, NULL), ERR_DAMAGED);
        file_put(f, names[i], buf_bytes(&b));
    }
    assert_int_equal(ledger_tiles_load(f->root.s, 300, &root, t, NULL), 0);
}

#define LEDGER_CASE(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_CASE(each_size_has_its_tiles),
        LEDGER_CASE(entries_come_by_any_number),
        LEDGER_CASE(widths_are_counted),
        LEDGER_CASE(names_have_one_form),
        LEDGER_CASE(tiles_have_exact_lengths),
        LEDGER_CASE(a_tree_is_loaded_and_goes_on),
        LEDGER_CASE(a_narrower_width_is_read_from_a_wider_file),
        LEDGER_CASE(a_damaged_tile_is_not_loaded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
