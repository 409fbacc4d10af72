/* The log held to checkpoints from elsewhere: signed, typed, later, of other logs, rewritten; and to forks. */
#include "cosigners.h"

static int against(struct fixture *f, struct bytes text, struct store_against *ret, struct buf *fork)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    return store_against(s, text, ret, fork, &f->e);
}

static void typed(const struct ledger_position *p, const char *origin, bool hex, struct buf *to)
{
    buf_printf(to, "%s\n%llu\n", origin, (unsigned long long)p->leaves);
    if (hex)
        buf_put_hex(to, bytes_of(p->root.b, CRYPT_HASH));
    else
        buf_put_base64(to, bytes_of(p->root.b, CRYPT_HASH));
    buf_put_text(to, "\n");
}

static void every_earlier_one(void **state)
{
    struct fixture *f = *state;
    struct ledger_position at[8];
    struct buf notes[8] = {{0}};
    struct store_against a;
    size_t count = 0;
    for (; count < 6; count++) {
        struct store *s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, "more", &f->e), 0);
        ledger_where(s->ledger, &at[count]);
        store_close(s);
        fixture_get(f, "log/checkpoint", &notes[count]);
    }
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(against(f, buf_bytes(&notes[i]), &a, NULL), 0);
        assert_true(a.is_signed && !a.rewritten && !a.is_fork && a.checkpoint.size == at[i].leaves);
        assert_int_equal(a.now.size, at[count - 1].leaves);
        for (int hex = 0; hex < 2; hex++) {
            OWN(buf_drop) struct buf text = {0};
            typed(&at[i], a.now.origin, hex != 0, &text);
            assert_int_equal(against(f, buf_bytes(&text), &a, NULL), 0);
            assert_false(a.is_signed);
        }
        buf_drop(&notes[i]);
    }
}

static void as_a_person_types(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_READ);
    struct ledger_position now;
    struct store_against a;
    char origin[NOTE_NAME_MAX + 1], hex[2 * CRYPT_HASH + 1];
    ledger_where(s->ledger, &now);
    memcpy(origin, history_log_now(&s->history)->name, sizeof origin);
    store_close(s);
    hex_put(hex, now.root.b, CRYPT_HASH);
    static const char *const good[] = {"%s\n%llu\n%s", "%s\r\n%llu\r\n%s\r\n", "%s  \n%llu\t\n%s \t\n\n\n"};
    for (size_t i = 0; i < COUNT(good); i++) {
        OWN(buf_drop) struct buf text = {0};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        buf_printf(&text, good[i], origin, (unsigned long long)now.leaves, hex);
#pragma GCC diagnostic pop
        if (against(f, buf_bytes(&text), &a, NULL) != 0)
            fail_msg("%zu: %s", i, f->e.text);
    }
    OWN(buf_drop) struct buf commas = {0};
    buf_printf(&commas, "%s\n1,000,000\n%s\n", origin, hex); /* as status prints it */
    fixture_says(f, against(f, buf_bytes(&commas), &a, NULL), ERR_DAMAGED, "1000000 leaves", "older copy", NULL);
    static const char *const bad[] = {"", "x", "a\n1\n", "a\n1\nzz\n", "a\nb\n%s\n", "\n1\nAAAA\n", "a\n01\n",
                                      "a\n99999999999999999999999999999999999999\nx\n"};
    for (size_t i = 0; i < COUNT(bad); i++)
        fixture_says(f, against(f, bytes_text(bad[i]), &a, NULL), ERR_DAMAGED, "it is no checkpoint", NULL);
    OWN(buf_drop) struct buf more = {0};
    buf_printf(&more, "%s\n%llu\n%s\nmore\n", origin, (unsigned long long)now.leaves, hex);
    fixture_says(f, against(f, buf_bytes(&more), &a, NULL), ERR_DAMAGED, "it is no checkpoint", NULL);
    buf_clear(&more);
    typed(&now, "example.org/other", true, &more);
    fixture_says(f, against(f, buf_bytes(&more), &a, NULL), ERR_DAMAGED, "it is of the log", NULL);
    buf_clear(&more);
    struct hash none;
    crypt_sha256(bytes_of(NULL, 0), &none);
    struct ledger_position empty = {.leaves = 0, .root = none};
    typed(&empty, origin, false, &more);
    assert_int_equal(against(f, buf_bytes(&more), &a, NULL), 0); /* every log extends nothing */
}

/* Two histories from one beginning: each convicts the other, by a file that every verifier takes. */
static void two_histories(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf begun = {0}, mine = {0}, fork = {0}, longer = {0};
    struct store_against a;
    fixture_get(f, "log/checkpoint", &begun);
    fixture_keep(f, "common");
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "one history", &f->e), 0);
    store_close(s);
    fixture_get(f, "log/checkpoint", &mine);
    for (int i = 0; i < 3; i++) { /* of the same size, then larger */
        struct cosigning_fork parsed;
        struct checkpoint older, newer;
        enum cosigning_verdict verdict;
        if (i == 0)
            fixture_back(f, "common");
        s = fixture_open(f, STORE_WRITE);
        assert_int_equal(fixture_note(s, "another history", &f->e), 0);
        store_close(s);
        assert_int_equal(against(f, buf_bytes(&begun), &a, NULL), 0);
        buf_clear(&fork);
        fixture_says(f, against(f, buf_bytes(&mine), &a, &fork), ERR_DAMAGED, "HISTORY WAS REWRITTEN", NULL);
        assert_true(a.rewritten && a.is_signed);
        assert_int_equal(cosigning_fork_parse(buf_bytes(&fork), &parsed, &f->e), 0);
        if (cosigning_fork_check(&parsed, &verdict, &older, &newer, &f->e) != 0)
            fail_msg("%s", f->e.text);
        assert_int_equal(verdict, COSIGNING_FORK_PROVEN);
        fixture_says(f, against(f, buf_bytes(&fork), &a, NULL), ERR_DAMAGED, "PROOF OF TWO HISTORIES", NULL);
        assert_true(a.rewritten && a.is_fork);
        if (parsed.proof.count > 0) { /* without its proof it is open, and the log closes it */
            parsed.proof.count = 0;
            buf_clear(&longer);
            cosigning_fork_text(&parsed, &longer);
            fixture_says(f, against(f, buf_bytes(&longer), &a, NULL), ERR_DAMAGED, "HISTORY WAS REWRITTEN", NULL);
        }
    }
    /* One that is open, of two checkpoints that this log holds both. */
    OWN(buf_drop) struct buf now = {0}, text = {0};
    fixture_get(f, "log/checkpoint", &now);
    s = fixture_open(f, STORE_PUBLIC);
    struct cosigning_fork held = {
        .log = *history_log_now(&s->history), .older = buf_bytes(&begun), .newer = buf_bytes(&now)};
    cosigning_fork_text(&held, &text);
    held.log = f->id.member;
    assert_int_equal(store_against(s, buf_bytes(&text), &a, NULL, &f->e), 0);
    assert_true(a.is_fork && !a.rewritten);
    buf_clear(&text);
    cosigning_fork_text(&held, &text);
    fixture_says(f, store_against(s, buf_bytes(&text), &a, NULL, &f->e), ERR_DAMAGED, "it is of the log", NULL);
    store_close(s);
}

/* No bit of a signed checkpoint can change unseen. */
static void no_change_passes(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf note = {0};
    struct store_against a;
    fixture_get(f, "log/checkpoint", &note);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    for (size_t i = 0; i < note.n; i++) {
        note.p[i] ^= 4;
        assert_int_equal(store_against(s, buf_bytes(&note), &a, NULL, &f->e), ERR_DAMAGED);
        note.p[i] ^= 4;
    }
    assert_int_equal(store_against(s, buf_bytes(&note), &a, NULL, &f->e), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(every_earlier_one),
        FIXTURE_TEST(as_a_person_types),
        FIXTURE_TEST(two_histories),
        FIXTURE_TEST(no_change_passes),
    };
    return FIXTURE_RUN(tests);
}
