/* Reports of audits: noted outside, told by pack, taken to the log once, and never in the way. */
#include "fixture.h"

#include <sys/stat.h>

static const struct thing large[] = {{"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21},
                                     {"c.bin", 'r', 300000, 22}};

/* Two packs. */
static void fill(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    assert_int_equal(fixture_count(f, "vault/000", ""), 2);
}

static struct store_ages ages(struct fixture *f)
{
    struct store_ages got;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    if (store_audit_ages(s, &got, &f->e) != 0)
        fail_msg("%s", f->e.text);
    return got;
}

static int keep_silent(void *context, const struct index_statement_row *row, struct err *e)
{
    (void)row;
    (void)e;
    ++*(unsigned *)context;
    return 0;
}

static unsigned on_the_log(struct fixture *f)
{
    unsigned n = 0;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    assert_int_equal(index_statements(store_index(s), 0, STATEMENT_AUDITED, keep_silent, &n, &f->e), 0);
    return n;
}

static void note(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_note(s, "a remark", &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* Noted by the audit, waiting until something is said, on the log once; the repository is not touched by it. */
static void from_the_audit_to_the_log(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fill(f);
    struct store_ages a = ages(f);
    assert_true(a.packs == 2 && a.never == 2 && a.count == 1 && a.waiting == 0);
    fixture_print(f, &before);
    assert_int_equal(fixture_audit(f, false), 0);
    assert_int_equal(fixture_audit(f, true), 0);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    a = ages(f);
    assert_true(a.never == 0 && a.count == 1 && a.waiting == 2 && a.run[0].last.full);
    assert_true(a.run[0].last.first == 0 && a.run[0].last.last == 1 && a.run[0].last.findings == 0);
    assert_true(a.run[0].last.at_unix_s > 0 && a.run[0].full_at_unix_s == a.run[0].last.at_unix_s);
    assert_int_equal(on_the_log(f), 0);
    note(f);
    assert_int_equal(on_the_log(f), 1); /* one statement tells of both */
    assert_int_equal(ages(f).waiting, 0);
    note(f);
    assert_int_equal(on_the_log(f), 1);
    fixture_whole(f);
}

static void ignore(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* Findings are told too; and the newest report of a pack is its age, whoever saw more before. */
static void what_was_found_and_when(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_int_equal(fixture_audit(f, true), 0);
    fixture_flip(f, "vault/000/000001.pack", 5000);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_CHECK);
    struct store_watch watch = {.finding = ignore};
    assert_int_equal(store_audit(s, false, 1, &watch, &f->audited, &f->e), ERR_DAMAGED);
    struct store_ages a = ages(f);
    assert_true(a.count == 2 && a.never == 0);
    assert_true(a.run[0].last.full && a.run[0].last.findings == 0 && a.run[0].last.last == 0);
    assert_true(!a.run[1].last.full && a.run[1].last.findings == 1 && a.run[1].last.first == 1);
    assert_true(a.run[1].full_at_unix_s > 0);
}

static void a_damaged_file_stops_nobody(void **state)
{
    struct fixture *f = *state;
    struct store_ages a;
    char path[FILE_PATH_MAX];
    fill(f);
    assert_int_equal(fixture_audit(f, false), 0);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    (void)snprintf(path, sizeof path, "%.*s.audits", (int)(strlen(f->state_file.s) - strlen(".state")),
                   f->state_file.s);
    assert_int_equal(file_replace(path, bytes_text("groundwork/audits/v1\npin 00\n"), 0600, &f->e), 0);
    fixture_says(f, store_audit_ages(s, &a, &f->e), ERR_DAMAGED, "is damaged: move it away", NULL);
    buf_clear(&f->told);
    note(f);
    fixture_told(f, "is damaged: move it away");
    assert_int_equal(fixture_audit(f, false), 0);
    fixture_told(f, "is damaged: move it away");
    assert_int_equal(ages(f).never, 0);
}

/* ---- the file ---- */

static void what_is_no_report(void **state)
{
    struct fixture *f = *state;
    struct store_reports r;
    static const char *const bad[] = {"full 1 0 0 0 1 logged", "half 0 0 0 0 1 logged", "full 0 0 0 0 1 lost",
                                      "full 0 0 0 0 1", "full 0 0 0 0 1 logged ", "full 00 0 0 0 1 logged",
                                      "full  0 0 0 0 1 logged", "", "full 0 0 0 0 -1 logged"};
    char head[256], text[FILE_PATH_MAX];
    char hex[2 * CRYPT_HASH + 1];
    hex_put(hex, f->pin.b, CRYPT_HASH);
    (void)snprintf(head, sizeof head, "groundwork/audits/v1\npin %s\n", hex);
    assert_true(store_reports_parse(bytes_text(head), &f->pin, &r) && r.count == 0);
    (void)snprintf(text, sizeof text, "%sfull 0 7 2 9 1 logged\nkeyless 3 3 0 0 5 waiting\n", head);
    assert_true(store_reports_parse(bytes_text(text), &f->pin, &r) && r.count == 2);
    OWN(buf_drop) struct buf again = {0};
    store_reports_put(&r, &f->pin, &again);
    assert_string_equal(buf_text(&again), text);
    assert_true(r.list[0].audit.full && r.list[0].logged && r.list[0].audit.last == 7 && r.list[0].audit.findings == 2);
    assert_true(!r.list[1].audit.full && !r.list[1].logged && r.list[1].audit.at_unix_s == 5);
    for (size_t n = 0; n < strlen(text); n++)
        assert_true(!store_reports_parse(bytes_of(text, n), &f->pin, &r) || text[n - 1] == '\n');
    for (size_t i = 0; i < COUNT(bad); i++) {
        (void)snprintf(text, sizeof text, "%s%s\n", head, bad[i]);
        assert_false(store_reports_parse(bytes_text(text), &f->pin, &r));
    }
    OWN(buf_drop) struct buf many = {0};
    buf_put_text(&many, head);
    for (size_t i = 0; i <= STATEMENT_AUDITS_MAX; i++) {
        assert_true(store_reports_parse(buf_bytes(&many), &f->pin, &r) && r.count == i);
        buf_put_text(&many, "full 0 0 0 0 1 logged\n");
    }
    assert_false(store_reports_parse(buf_bytes(&many), &f->pin, &r));
    struct hash other = f->pin;
    other.b[0] ^= 1;
    assert_false(store_reports_parse(bytes_text(head), &other, &r));
}

/* What waits for the log is not dropped for a newer one; what is on it is, when the newer says as much. */
static void which_ones_are_kept(void **state)
{
    static struct store_reports r;
    (void)state;
    r.count = 0;
    for (uint64_t i = 0; i < 3 * STATEMENT_AUDITS_MAX; i++) {
        store_reports_add(&r, &(struct statement_audit){.first = i, .last = i, .at_unix_s = i + 1});
        assert_int_equal(r.count, i < STATEMENT_AUDITS_MAX ? i + 1 : STATEMENT_AUDITS_MAX);
        assert_int_equal(r.list[r.count - 1].audit.first, i);
    }
    store_reports_add(&r, &(struct statement_audit){.first = 0, .last = 1000, .at_unix_s = 1});
    assert_int_equal(r.count, STATEMENT_AUDITS_MAX);
    for (size_t i = 0; i < r.count; i++)
        r.list[i].logged = true;
    r.list[5].audit.full = true;
    store_reports_add(&r, &(struct statement_audit){.first = 0, .last = 999, .at_unix_s = 2});
    assert_int_equal(r.count, 3); /* the one in full, the one that reaches further, and this */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(from_the_audit_to_the_log), FIXTURE_TEST(what_was_found_and_when),
        FIXTURE_TEST(a_damaged_file_stops_nobody), FIXTURE_TEST(what_is_no_report),
        FIXTURE_TEST(which_ones_are_kept),
    };
    return FIXTURE_RUN(tests);
}
