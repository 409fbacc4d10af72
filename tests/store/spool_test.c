/* Spools by their bytes: what was appended is found again, what a crash leaves is told from what somebody did. */
#include "fixture.h"

static const struct key KEY = {{7}};
static const struct hash PIN = {{8}};
static const struct store_spool_of OF = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20}};
static const struct store_spool_lock LOCK = {&KEY, &PIN, &OF, 0};

enum { FRAMES = 4 };
struct laid { /* a spool and where its frames begin */
    struct buf file;
    size_t at[FRAMES + 1];
};

static void lay(struct chance *chance, struct laid *l, size_t longest)
{
    store_spool_head(&OF, 1, &l->file);
    for (size_t i = 0; i < FRAMES; i++) {
        OWN(mem_drop) uint8_t *bytes = malloc(longest + 1);
        size_t n = chance_below(chance, longest), m = chance_below(chance, longest - n + 1);
        chance_fill(chance, bytes, longest);
        struct store_spool_content c = {.secret = {{(uint8_t)i}}, .statement = bytes_of(bytes, n),
                                        .values = bytes_of(bytes + n, m)};
        l->at[i] = l->file.n;
        assert_int_equal(store_spool_seal(&LOCK, &c, &l->file, NULL), 0);
    }
    l->at[FRAMES] = l->file.n;
}

/* How a file reads: frames that open, and what else was met. */
struct seen {
    unsigned frames, torn, damaged, shut;
};

static struct seen read_spool(struct bytes file)
{
    struct seen s = {0};
    OWN(buf_wipe) struct buf held = {0};
    struct store_spool_content c;
    struct bytes frame;
    size_t at = STORE_SPOOL_SECTOR, before = 0;
    for (enum store_spool_step step; (step = store_spool_next(file, &at, &frame)) != STORE_SPOOL_END;) {
        assert_true(at > before && at <= file.n);
        before = at;
        s.torn += step == STORE_SPOOL_TORN;
        s.damaged += step == STORE_SPOOL_DAMAGED;
        if (step == STORE_SPOOL_FRAME) {
            bool open = store_spool_open(&LOCK, frame, &held, &c, NULL) == 0;
            s.frames += open;
            s.shut += !open;
        }
        assert_true(step != STORE_SPOOL_TORN || at == file.n);
    }
    return s;
}

static void test_names(void **state)
{
    char name[STORE_SPOOL_NAME];
    struct store_spool_of of;
    (void)state;
    store_spool_name(&OF, name);
    assert_string_equal(name, "01020304-05060708090a0b0c0d0e0f1011121314");
    assert_true(store_spool_named(name, &of));
    assert_memory_equal(of.b, OF.b, STORE_SPOOL_OF);
    assert_false(store_spool_named("01020304-05060708090a0b0c0d0e0f10111213", &of));
    assert_false(store_spool_named("01020304-05060708090a0b0c0d0e0f1011121314x", &of));
    assert_false(store_spool_named("01020304_05060708090a0b0c0d0e0f1011121314", &of));
    assert_false(store_spool_named("0102030g-05060708090a0b0c0d0e0f1011121314", &of));
    assert_false(store_spool_named("", &of));
}

static void test_every_bit_of_a_head_counts(void **state)
{
    OWN(buf_drop) struct buf head = {0};
    uint32_t logged = 0;
    (void)state;
    store_spool_head(&OF, 3, &head);
    assert_int_equal(head.n, STORE_SPOOL_SECTOR);
    assert_true(store_spool_begin(buf_bytes(&head), &OF, &logged));
    assert_int_equal(logged, 3);
    for (size_t bit = 0; bit < head.n * 8; bit++) {
        head.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool good = store_spool_begin(buf_bytes(&head), &OF, &logged);
        assert_true(!good || logged != 3); /* the number is not authentic, and nothing hangs on it */
        assert_true(!good || (bit / 8 >= 36 && bit / 8 < 40));
        head.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < head.n; n++)
        assert_false(store_spool_begin(bytes_of(head.p, n), &OF, &logged));
}

static void test_what_was_put_comes_back(void **state)
{
    struct fixture *f = *state;
    for (size_t longest = 1; longest <= 100000; longest = longest * 7 + 3) {
        OWN(buf_wipe) struct buf held = {0};
        struct laid l = {{0}};
        lay(&f->chance, &l, longest);
        struct seen s = read_spool(buf_bytes(&l.file));
        assert_int_equal(s.frames, FRAMES);
        assert_int_equal(s.torn + s.damaged + s.shut, 0);
        for (size_t i = 0; i <= FRAMES; i++)
            assert_int_equal(l.at[i] % 512, 0);
        buf_drop(&l.file);
    }
}

static void test_the_longest_record(void **state)
{
    OWN(buf_drop) struct buf frame = {0};
    static uint8_t bytes[STORE_SPOOL_FRAME_MAX];
    struct err e = {0};
    (void)state;
    struct store_spool_content c = {.statement = bytes_of(bytes, 3 << 20)};
    assert_int_equal(store_spool_seal(&LOCK, &c, &frame, &e), 0);
    c.statement.n = STORE_SPOOL_FRAME_MAX;
    assert_int_equal(store_spool_seal(&LOCK, &c, &frame, &e), ERR_REFUSED);
}

/* Cut anywhere, or with its last sectors never written: the frames before it stand, and it is no damage. */
static void test_a_last_frame_half_written(void **state)
{
    struct fixture *f = *state;
    struct laid l = {{0}};
    lay(&f->chance, &l, 3000);
    for (size_t n = STORE_SPOOL_SECTOR; n < l.file.n; n++) {
        unsigned whole = 0;
        bool edge = n == STORE_SPOOL_SECTOR;
        for (size_t i = 1; i <= FRAMES; i++) {
            whole += l.at[i] <= n;
            edge = edge || l.at[i] == n;
        }
        struct seen s = read_spool(bytes_of(l.file.p, n));
        assert_int_equal(s.frames, whole);
        assert_int_equal(s.torn, !edge);
        assert_int_equal(s.damaged + s.shut, 0);
    }
    size_t from = l.at[FRAMES - 1], sectors = (l.file.n - from) / 512;
    assert_true(sectors < 16);
    for (unsigned written = 0; written + 1 < 1u << sectors; written++) {
        OWN(buf_drop) struct buf file = {0};
        buf_put_bytes(&file, buf_bytes(&l.file));
        for (size_t i = 0; i < sectors; i++)
            if ((written >> i & 1) == 0)
                memset(file.p + from + i * 512, 0, 512);
        struct seen s = read_spool(buf_bytes(&file));
        assert_true(s.frames == FRAMES - 1 && s.torn == 1 && s.damaged == 0 && s.shut == 0);
    }
    buf_drop(&l.file);
}

/* Any flipped bit is found, and costs only its own frame; so does what was zeroed before the last frame. */
static void test_damage_is_found(void **state)
{
    struct fixture *f = *state;
    struct laid l = {{0}};
    lay(&f->chance, &l, 600);
    for (size_t bit = STORE_SPOOL_SECTOR * 8; bit < l.file.n * 8; bit += 1 + chance_below(&f->chance, 5)) {
        l.file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct seen s = read_spool(buf_bytes(&l.file));
        if (s.frames != FRAMES - 1 || s.damaged + s.shut == 0 || s.torn != 0)
            fail_msg("bit %zu: %u frames, %u damaged, %u shut, %u torn", bit, s.frames, s.damaged, s.shut, s.torn);
        l.file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t at = l.at[0]; at < l.at[FRAMES - 1]; at += 512) {
        uint8_t kept[512];
        memcpy(kept, l.file.p + at, 512);
        memset(l.file.p + at, 0, 512);
        struct seen s = read_spool(buf_bytes(&l.file));
        assert_true(s.frames == FRAMES - 1 && s.damaged + s.shut > 0 && s.torn == 0);
        memcpy(l.file.p + at, kept, 512);
    }
    buf_drop(&l.file);
}

/* Under another key, repository, member or device nothing opens, and nothing of what is in it can be seen. */
static void test_it_says_nothing_without_keys(void **state)
{
    static const char words[] = "the house by the river, item 17";
    OWN(buf_drop) struct buf frame = {0}, again = {0};
    OWN(buf_wipe) struct buf held = {0};
    const struct key other_key = {{9}};
    const struct hash other_pin = {{9}};
    const struct store_spool_of other_of = {{9}};
    const struct store_spool_lock locks[] = {
        {&other_key, &PIN, &OF, 0}, {&KEY, &other_pin, &OF, 0}, {&KEY, &PIN, &other_of, 0}};
    struct store_spool_content c = {.statement = bytes_text(words), .values = bytes_text(words)};
    (void)state;
    assert_int_equal(store_spool_seal(&LOCK, &c, &frame, NULL), 0);
    assert_int_equal(store_spool_seal(&LOCK, &c, &again, NULL), 0);
    for (size_t i = 0; i < COUNT(locks); i++)
        assert_int_equal(store_spool_open(&locks[i], buf_bytes(&frame), &held, &c, NULL), ERR_DAMAGED);
    assert_null(memmem(frame.p, frame.n, "river", 5));
    assert_int_equal(frame.n, again.n);
    assert_memory_not_equal(frame.p + 16, again.p + 16, 32); /* each has a salt of its own */
    c.statement = c.values = bytes_of(NULL, 0);
    buf_clear(&again);
    assert_int_equal(store_spool_seal(&LOCK, &c, &again, NULL), 0);
    assert_int_equal(frame.n, again.n); /* of one size class */
}

/* Piece by piece a file reads as it does whole, whatever was done to it. */
static void assert_same(struct fixture *f, struct bytes file)
{
    struct file_path path;
    OWN(store_spool_file_close) struct store_spool_file x = {.fd = -1};
    enum store_spool_step step, expected;
    size_t at = file.n < STORE_SPOOL_SECTOR ? file.n : STORE_SPOOL_SECTOR, found;
    struct bytes frame, whole;
    assert_int_equal(file_path(&path, &f->e, "%s/spool-file", f->root.s), 0);
    assert_int_equal(file_replace(path.s, file, 0600, &f->e), 0);
    assert_int_equal(store_spool_file_open(path.s, &x, &f->e), 0);
    assert_true(bytes_equal(store_spool_file_head(&x), bytes_of(file.p, at)));
    assert_false(x.longer);
    do {
        size_t from = at;
        expected = store_spool_next(file, &at, &whole);
        assert_int_equal(store_spool_file_next(&x, &step, &found, &frame, &f->e), 0);
        assert_int_equal(step, expected);
        assert_int_equal(found, from);
        if (step == STORE_SPOOL_FRAME)
            assert_true(bytes_equal(frame, whole));
    } while (step != STORE_SPOOL_END);
}

static void test_piece_by_piece(void **state)
{
    struct fixture *f = *state;
    static const size_t longest[] = {600, 100000, 300000, 900000};
    for (size_t i = 0; i < COUNT(longest); i++)
        for (unsigned round = 0; round < 40; round++) {
            struct laid l = {{0}}, more = {{0}};
            lay(&f->chance, &l, longest[i]);
            for (unsigned k = 0; longest[i] < 1000 && k < 120; k++) { /* some pieces of short ones */
                lay(&f->chance, &more, longest[i]);
                buf_put(&l.file, more.file.p + STORE_SPOOL_SECTOR, more.file.n - STORE_SPOOL_SECTOR);
                buf_drop(&more.file);
            }
            size_t n = l.file.n, sector = chance_below(&f->chance, n / 512) * 512;
            switch (round % 5) {
            case 1: l.file.p[chance_below(&f->chance, n)] ^= (uint8_t)(1u << chance_below(&f->chance, 8)); break;
            case 2: memset(l.file.p + sector, 0, 512); break;
            case 3: memset(l.file.p + sector, 0, n - sector); break;
            case 4: n = chance_below(&f->chance, n); break;
            default: break;
            }
            assert_same(f, bytes_of(l.file.p, n));
            buf_drop(&l.file);
        }
}

/* One that is shortened meanwhile cannot be read, and is not damaged for that. */
static void test_shortened_meanwhile(void **state)
{
    struct fixture *f = *state;
    struct laid l = {{0}};
    struct file_path path;
    OWN(store_spool_file_close) struct store_spool_file x = {.fd = -1};
    enum store_spool_step step;
    struct bytes frame;
    size_t at;
    lay(&f->chance, &l, 1 << 20);
    while (l.file.n < 1 << 20) {
        buf_drop(&l.file);
        lay(&f->chance, &l, 1 << 20);
    }
    assert_int_equal(file_path(&path, &f->e, "%s/spool-file", f->root.s), 0);
    assert_int_equal(file_replace(path.s, buf_bytes(&l.file), 0600, &f->e), 0);
    assert_int_equal(store_spool_file_open(path.s, &x, &f->e), 0);
    assert_int_equal(truncate(path.s, 300 << 10), 0);
    int rc = 0;
    do
        rc = store_spool_file_next(&x, &step, &at, &frame, &f->e);
    while (rc == 0 && step != STORE_SPOOL_END);
    assert_int_equal(rc, ERR_IO);
    assert_true(x.unread);
    buf_drop(&l.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_piece_by_piece),
        FIXTURE_TEST(test_shortened_meanwhile),
        FIXTURE_TEST(test_names),
        FIXTURE_TEST(test_every_bit_of_a_head_counts),
        FIXTURE_TEST(test_what_was_put_comes_back),
        FIXTURE_TEST(test_the_longest_record),
        FIXTURE_TEST(test_a_last_frame_half_written),
        FIXTURE_TEST(test_damage_is_found),
        FIXTURE_TEST(test_it_says_nothing_without_keys),
    };
    return FIXTURE_RUN(tests);
}
