/* What this computer remembers of mirrors: written and read again, and nothing else read. */
#include "fixture_mirror.h"

#include <sys/stat.h>

static struct mirror_noted noted(uint8_t id, uint64_t records, int64_t at, const char *folder)
{
    struct mirror_noted n = {.records = records, .leaves = 2 * records, .at_unix_s = at, .folder = NULL};
    memset(n.id, id, sizeof n.id);
    n.folder = strdup(folder);
    assert_non_null(n.folder);
    return n;
}

static void note(struct fixture *f, uint8_t id, uint64_t records, int64_t at, const uint32_t *days)
{
    struct mirror_noted n = noted(id, records, at, "/media/stick 1/archive");
    if (mirror_note(&f->place, &f->pin, &n, days, &f->e) != 0)
        fail_msg("%s", f->e.text);
    free(n.folder);
}

static void test_written_and_read(void **state)
{
    struct fixture *f = *state;
    OWN(mirror_notes_drop) struct mirror_notes *n = NULL;
    uint32_t days = 30;
    assert_int_equal(mirror_notes(&f->place, &f->pin, &n, &f->e), 0);
    assert_int_equal(n->count, 0);
    assert_int_equal(n->warn_days, MIRROR_DAYS);
    mirror_notes_drop(&n);
    note(f, 1, 5, 1489363200, NULL);
    note(f, 2, 6, 1489363300, &days);
    note(f, 1, 7, 1489363400, NULL); /* the first one again: now the newest */
    assert_int_equal(mirror_notes(&f->place, &f->pin, &n, &f->e), 0);
    assert_int_equal(n->count, 2);
    assert_int_equal(n->warn_days, 30);
    assert_int_equal(n->list[0].id[3], 1);
    assert_int_equal(n->list[0].records, 7);
    assert_int_equal(n->list[0].leaves, 14);
    assert_int_equal(n->list[0].at_unix_s, 1489363400);
    assert_string_equal(n->list[0].folder, "/media/stick 1/archive");
    assert_int_equal(n->list[1].id[0], 2);
}

/* One more than there is room for: the oldest is forgotten. */
static void test_the_largest_number(void **state)
{
    struct fixture *f = *state;
    OWN(mirror_notes_drop) struct mirror_notes *n = NULL;
    for (int i = 0; i <= MIRRORS_MAX; i++) {
        struct mirror_noted m = noted(0, (uint64_t)i, i, "/media/stick");
        u32_put(m.id, (uint32_t)i);
        assert_int_equal(mirror_note(&f->place, &f->pin, &m, NULL, &f->e), 0);
        free(m.folder);
    }
    assert_int_equal(mirror_notes(&f->place, &f->pin, &n, &f->e), 0);
    assert_int_equal(n->count, MIRRORS_MAX);
    assert_int_equal(n->list[0].records, MIRRORS_MAX);
    assert_int_equal(n->list[MIRRORS_MAX - 1].records, 1);
}

static int parse(const struct fixture *f, const char *text)
{
    OWN(mirror_notes_drop) struct mirror_notes *n = calloc(1, sizeof *n);
    assert_non_null(n);
    return mirror_notes_parse(bytes_text(text), &f->pin, n, NULL);
}

static void test_one_form_only(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {
        "",
        "warn 7\nmirror",
        "warn 07\n",
        "warn 3651\n",
        "warn 7 \n",
        "warn 7\nmirror\n",
        "warn 7\n\n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 1\n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 1 \n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 1 L3g\n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 1 AAAA\n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 9223372036854775808 L3g=\n",
        "warn 7\nmirror 0000000000000000000000000000000g 1 1 1 L3g=\n",
        "warn 7\nmirror 00000000000000000000000000000001 1 1 1 L3g= more\n",
    };
    OWN(buf_drop) struct buf text = {0};
    for (size_t i = 0; i <= COUNT(bad); i++) {
        buf_clear(&text);
        buf_put_text(&text, "groundwork/mirrors/v1\npin ");
        buf_put_hex(&text, bytes_of(f->pin.b, CRYPT_HASH));
        buf_printf(&text, "\n%s",
                   i < COUNT(bad) ? bad[i] : "warn 3650\nmirror 00000000000000000000000000000001 1 1 1 L3g=\n");
        assert_int_equal(parse(f, buf_text(&text)), i < COUNT(bad) ? ERR_DAMAGED : 0);
    }
    text.p[30] ^= 1; /* of another repository */
    assert_int_equal(parse(f, buf_text(&text)), ERR_DAMAGED);
    OWN(buf_drop) struct buf name = {0};
    buf_put_text(&name, "state/");
    buf_put_hex(&name, bytes_of(f->pin.b, 8));
    buf_put_text(&name, ".mirrors");
    fixture_put(f, buf_text(&name), buf_bytes(&text));
    OWN(mirror_notes_drop) struct mirror_notes *n = NULL;
    assert_int_equal(mirror_notes(&f->place, &f->pin, &n, &f->e), 0);
    assert_int_equal(n->count, 0);
    assert_int_equal(n->warn_days, MIRROR_DAYS);
    fixture_told(f, ".mirrors is damaged, and left aside: the next groundwork mirror writes it anew");
    assert_int_equal(fixture_mirror(f, false), 0);
    mirror_notes_drop(&n);
    buf_clear(&f->told);
    assert_int_equal(mirror_notes(&f->place, &f->pin, &n, &f->e), 0);
    assert_int_equal(n->count, 1);
    assert_int_equal(f->told.n, 0);
    /* That it cannot be noted is no failure of the mirror. */
    struct file_path folder;
    fixture_remove(f, buf_text(&name));
    fixture_path(f, buf_text(&name), &folder);
    assert_int_equal(mkdir(folder.s, 0700), 0);
    assert_int_equal(fixture_mirror(f, false), 0);
    fixture_told(f, "the mirror is made, but this computer could not note it");
    fixture_remove(f, buf_text(&name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_written_and_read),
        FIXTURE_TEST(test_the_largest_number),
        FIXTURE_TEST(test_one_form_only),
    };
    return FIXTURE_RUN(tests);
}
