/* The checkpoint on paper: printed, typed again, and the log held to it; what is no paper of this log is told. */
#include "fixture.h"

#include "paper/paper.h"

static char words[6][128];

/* The six lines as a person types them, in the file ${to}; ${wrong}: one of them mistyped, from 1; 0: none. */
static void type(const char *to, unsigned wrong)
{
    OWN(buf_drop) struct buf text = {0};
    for (unsigned i = 0; i < COUNT(words); i++)
        if (i + 1 == wrong)
            buf_printf(&text, "%u: %s%s\r\n", i + 1, memcmp(words[i], "ya", 2) == 0 ? "ye" : "ya", words[i] + 2);
        else
            buf_printf(&text, "%u: %s\r\n", i + 1, words[i]);
    (void)file_remove(to, NULL);
    assert_int_equal(file_create(to, buf_bytes(&text), 0600, NULL), 0);
}

static void keep(struct fixture *f)
{
    const struct json_node *lines = json_get(json_root(f->json), "words");
    assert_int_equal(json_count(lines), COUNT(words));
    for (size_t i = 0; i < COUNT(words); i++)
        snprintf(words[i], sizeof words[i], "%s", json_text(json_at(lines, i)));
}

static void printed_and_typed(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_json(f, "checkpoint", NULL), 0);
    uint64_t leaves = fixture_number(f, "leaves");
    keep(f);
    type("paper", 0);
    assert_int_equal(fixture_run(f, "note", "something more", NULL), 0);
    assert_int_equal(fixture_run(f, "verify", "--against", "paper", NULL), 0);
    fixture_said(f, "VERIFIED");
    fixture_said(f, "The checkpoint is not signed");
    assert_int_equal(fixture_json(f, "checkpoint", NULL), 0);
    assert_true(fixture_number(f, "leaves") > leaves);
    assert_int_equal(fixture_run(f, "checkpoint", NULL), 0);
    fixture_said(f, "Groundwork checkpoint");
    fixture_said(f, "1: ");
}

static void as_files(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf text = {0};
    char name[64];
    assert_int_equal(fixture_run(f, "checkpoint", "--out", "papers", NULL), 0);
    fixture_said(f, "Print one, and give it away.");
    assert_int_equal(fixture_json(f, "checkpoint", NULL), 0);
    unsigned long long leaves = fixture_number(f, "leaves");
    snprintf(name, sizeof name, "papers/checkpoint-%llu.txt", leaves);
    assert_int_equal(fixture_run(f, "verify", "--against", name, NULL), 0);
    fixture_said(f, "VERIFIED");
    assert_int_equal(file_read_all(name, 1 << 20, &text, NULL), 0);
    snprintf(name, sizeof name, "papers/checkpoint-%llu.html", leaves);
    assert_true(file_exists(name));
    assert_int_equal(fixture_run(f, "checkpoint", "--out", "papers", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "is there already");
    assert_int_equal(fixture_run(f, "checkpoint", "--out", "archive/papers", NULL), VERBS_REFUSED);
    assert_false(file_exists("archive/papers"));
}

static void what_does_not_fit(void **state)
{
    struct fixture *f = *state;
    uint8_t code[PAPER_CODE];
    OWN(buf_drop) struct buf text = {0};
    struct paper_checkpoint c;
    for (unsigned i = 1; i <= COUNT(words); i++) {
        type("mistyped", i);
        assert_int_equal(fixture_run(f, "verify", "--against", "mistyped", NULL), VERBS_FAILED);
        fixture_said(f, "with the paper"); /* by the line's check, or, one time in 4096, by that of the whole */
    }
    assert_int_equal(file_read_all("paper", 4096, &text, NULL), 0);
    assert_int_equal(paper_find(buf_bytes(&text), code, NULL), 0);
    assert_int_equal(paper_checkpoint_read(code, &c, NULL), 0);
    const struct paper_checkpoint real = c;
    static const char *const what[] = {"the paper is of another repository", "HISTORY WAS REWRITTEN", "older copy"};
    for (size_t i = 0; i < COUNT(what); i++) {
        c = real;
        if (i == 0)
            c.pin.b[PAPER_PIN - 1] ^= 1;
        else if (i == 1)
            c.root.b[31] ^= 1;
        else
            c.leaves += 1000000;
        paper_checkpoint_code(&c, code);
        buf_clear(&text);
        paper_code(PAPER_CHECKPOINT, code, &text);
        (void)file_remove("forged", NULL);
        assert_int_equal(file_create("forged", buf_bytes(&text), 0600, NULL), 0);
        assert_int_equal(fixture_run(f, "verify", "--against", "forged", NULL), VERBS_FAILED);
        fixture_said(f, what[i]);
    }
    code[0] = 1; /* as a share begins */
    buf_clear(&text);
    paper_code(PAPER_SHEET, code, &text);
    assert_int_equal(file_create("sheet", buf_bytes(&text), 0600, NULL), 0);
    assert_int_equal(fixture_run(f, "verify", "--against", "sheet", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "keep them secret");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(printed_and_typed), cmocka_unit_test(as_files),
                                       cmocka_unit_test(what_does_not_fit)};
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
