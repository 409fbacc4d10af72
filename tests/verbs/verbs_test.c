/* The table of verbs, and what they share. */
#include "fixture.h"

/* ---- the table ---- */

static void every_verb_has_its_own_name_and_words_in_both_languages(void **state)
{
    for (size_t i = 0; i < verbs_count; i++) {
        const struct verb *v = &verbs_table[i];
        size_t options = 0;
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(v->name, verbs_table[k].name);
        assert_non_null(v->run);
        assert_true(v->arguments_min <= v->arguments_max);
        assert_int_equal(v->arguments_max == 0, v->arguments[0] == 0);
        while (v->options[options].name != NULL) {
            for (size_t k = 0; k < options; k++)
                assert_string_not_equal(v->options[options].name, v->options[k].name);
            options++;
        }
        assert_true(options < VERBS_OPTIONS_MAX); /* one is left for the end */
        text_choose(TEXT_KOREAN);
        assert_string_not_equal(text_tr(v->help), v->help);
        if (v->more[0] != 0)
            assert_string_not_equal(text_tr(v->more), v->more);
        for (size_t k = 0; k < options; k++)
            assert_string_not_equal(text_tr(v->options[k].help), v->options[k].help);
        text_choose(TEXT_ENGLISH);
    }
}

static void an_error_has_its_exit_code(void **state)
{
    static const struct {
        int rc, exit_code;
    } cases[] = {{0, 0},          {ERR_DAMAGED, 1}, {ERR_USAGE, 2}, {ERR_REFUSED, 3}, {ERR_IO, 4},
                 {ERR_ABSENT, 4}, {ERR_KEY, 4},     {ERR_BUSY, 4},  {ERR_NEWER, 4},   {ERR_STOPPED, 4}};
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(verbs_exit(cases[i].rc), cases[i].exit_code);
}

/* ---- numbers, sizes, names ---- */

static void numbers_are_grouped_by_thousands(void **state)
{
    static const struct {
        uint64_t v;
        const char *text;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {999999, "999,999"},
                 {1000000, "1,000,000"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    char to[VERBS_NUMBER_MAX];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(verbs_number(cases[i].v, to), cases[i].text);
    struct chance chance = {8};
    for (int i = 0; i < 5000; i++) { /* without its commas it is the number */
        uint64_t v = chance_u64(&chance) >> chance_below(&chance, 64);
        char digits[VERBS_NUMBER_MAX], plain[VERBS_NUMBER_MAX];
        size_t n = 0;
        for (const char *p = verbs_number(v, to); *p != 0; p++)
            if (*p != ',')
                digits[n++] = *p;
        digits[n] = 0;
        (void)snprintf(plain, sizeof plain, "%llu", (unsigned long long)v);
        assert_string_equal(digits, plain);
        assert_int_equal(strlen(to), n + (n - 1) / 3);
    }
}

static void sizes_have_units(void **state)
{
    static const struct {
        uint64_t v;
        const char *text;
    } cases[] = {{0, "0 B"},
                 {1023, "1023 B"},
                 {1024, "1.0 KiB"},
                 {1536, "1.5 KiB"},
                 {1 << 20, "1.0 MiB"},
                 {UINT64_C(3) << 40, "3.0 TiB"},
                 {UINT64_C(1) << 60, "1.0 EiB"},
                 {UINT64_MAX, "16.0 EiB"}};
    char to[VERBS_NUMBER_MAX];
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(verbs_size(cases[i].v, to), cases[i].text);
}

static void a_name_is_shown_so_that_it_moves_no_cursor(void **state)
{
    OWN(buf_drop) struct buf held = {0};
    assert_string_equal(verbs_shown(bytes_text("plain"), &held), "plain");
    assert_string_equal(verbs_shown(bytes_text("a\x1b[2J\n\xff\\"), &held), "a\\x1b[2J\\x0a\\xff\\\\");
    assert_string_equal(verbs_shown(bytes_of(NULL, 0), &held), "");
}

static void json_name(const char *name, const char *expected)
{
    OWN(buf_drop) struct buf text = {0};
    struct json_out j = {.to = &text};
    json_object_begin(&j);
    verbs_json_name(&j, bytes_text(name));
    json_object_end(&j);
    assert_string_equal(buf_text(&text), expected);
}

static void a_name_in_a_document_keeps_its_bytes(void **state)
{
    json_name("plain", "{\"name\":\"plain\"}");
    json_name("e\xcc\x81", "{\"name\":\"e\xcc\x81\"}"); /* not composed: these are its bytes */
    json_name("\xff", "{\"name\":\"\\\\xff\",\"name_hex\":\"ff\"}");
    json_name("a\xed\xa0\x80", "{\"name\":\"a\\\\xed\\\\xa0\\\\x80\",\"name_hex\":\"61eda080\"}");
}

static void every_refusal_is_said_in_words(void **state)
{
    static const char *const codes[] = {"changed", "device", "fifo",       "io",      "large",
                                        "loop",    "socket", "unreadable", "vanished"};
    for (size_t i = 0; i < COUNT(codes); i++) {
        assert_true(statement_reason_known(codes[i]));
        OWN(mem_drop) char *english = strdup(verbs_reason(codes[i]));
        assert_string_not_equal(english, codes[i]);
        text_choose(TEXT_KOREAN);
        assert_string_not_equal(verbs_reason(codes[i]), english);
        text_choose(TEXT_ENGLISH);
    }
    assert_string_equal(verbs_reason("of a later version"), "of a later version");
}

static void a_persons_words_are_brought_into_one_form(void **state)
{
    struct err e = {0};
    OWN(buf_drop) struct buf held = {0};
    OWN(buf_drop) struct buf long_text = {0};
    const char *text = "untouched";
    assert_int_equal(verbs_text("--note", NULL, &held, &text, &e), 0);
    assert_null(text);
    assert_int_equal(verbs_text("--note", "e\xcc\x81", &held, &text, &e), 0);
    assert_string_equal(text, "\xc3\xa9");
    /* What is longest when it is composed: 65,536 bytes from more. */
    while (long_text.n < STATEMENT_TEXT_MAX - 2)
        buf_put_text(&long_text, "abcdefghij");
    long_text.n = STATEMENT_TEXT_MAX - 2;
    buf_put_text(&long_text, "\xc3\xa9");
    buf_clear(&held);
    assert_int_equal(verbs_text("--note", buf_text(&long_text), &held, &text, &e), 0);
    assert_int_equal(strlen(text), STATEMENT_TEXT_MAX);
    buf_put_text(&long_text, "x");
    buf_clear(&held);
    text = "untouched";
    assert_int_equal(verbs_text("--note", buf_text(&long_text), &held, &text, &e), ERR_USAGE);
    assert_string_equal(e.text, "--note is longer than 65536 bytes: put it in a file and take that in");
    assert_string_equal(text, "untouched");
    /* U+0958 is one that normal form C takes apart: short as typed, too long as kept. */
    buf_clear(&long_text);
    while (long_text.n + 3 <= STATEMENT_TEXT_MAX)
        buf_put_text(&long_text, "\xe0\xa5\x98");
    buf_clear(&held);
    assert_int_equal(verbs_text("--note", buf_text(&long_text), &held, &text, &e), ERR_USAGE);
    assert_string_equal(text, "untouched");
}

/* ---- speaking ---- */

struct heard {
    struct buf said, warned;
};

static void hear(void *context, const char *line)
{
    buf_put_text(&((struct heard *)context)->said, line);
}

static void hear_warning(void *context, const char *line)
{
    buf_put_text(&((struct heard *)context)->warned, line);
}

static void a_line_is_as_long_as_what_it_names(void **state)
{
    struct heard heard = {0};
    struct json_out j = {.to = &heard.said};
    struct verbs_face face = {.context = &heard, .say = hear, .warn = hear_warning};
    OWN(buf_drop) struct buf name = {0};
    while (name.n < STATEMENT_PATH_MAX)
        buf_put_text(&name, "\xea\xb0\x80");
    verbs_say(&face, "  Name: %s", buf_text(&name));
    assert_int_equal(heard.said.n, 8 + name.n);
    verbs_warn(&face, "  Name: %s", buf_text(&name));
    assert_int_equal(heard.warned.n, 8 + name.n);
    text_choose(TEXT_KOREAN);
    buf_clear(&heard.said);
    verbs_say(&face, "  Kind: %s", "x");
    assert_null(strstr(buf_text(&heard.said), "Kind"));
    text_choose(TEXT_ENGLISH);
    buf_clear(&heard.said);
    buf_clear(&heard.warned);
    face.json = &j; /* an answer is the document, a warning stays a line */
    verbs_say(&face, "  Kind: %s", "x");
    verbs_warn(&face, "  Kind: %s", "x");
    assert_int_equal(heard.said.n, 0);
    assert_string_equal(buf_text(&heard.warned), "  Kind: x");
    buf_drop(&heard.said);
    buf_drop(&heard.warned);
}

/* Every line of every verb, as a Korean reads it, has Korean in it. */
static bool has_hangul(const char *line, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++)
        if ((unsigned char)line[i] >= 0xea && (unsigned char)line[i] <= 0xed)
            return true;
    return false;
}

static void lines_are_korean(struct fixture *f, const char *text)
{
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        if (strncmp(text, "  SHA-256: ", 11) != 0 && !has_hangul(text, (size_t)(end - text)))
            fail_msg("\"%.*s\" is not Korean", (int)(end - text), text);
    if (f->rc != 0 && !has_hangul(f->e.text, strlen(f->e.text)))
        fail_msg("\"%s\" is not Korean", f->e.text);
}

static void korean(struct fixture *f, const char *verb, const char *first, const char *second, const char *third)
{
    (void)fixture_run(f, verb, first, second, third, NULL);
    lines_are_korean(f, buf_text(&f->said));
    lines_are_korean(f, buf_text(&f->warned));
}

static void everything_is_said_in_korean(void **state)
{
    struct fixture *f = *state;
    text_choose(TEXT_KOREAN);
    korean(f, "receipt", NULL, NULL, NULL);
    korean(f, "", NULL, NULL, NULL);
    scratch_mkdir("p");
    scratch_text("p/a", "1");
    scratch_text("p/b", "1");
    assert_int_equal(link("p/a", "p/c"), 0);
    assert_int_equal(symlink("a", "p/l"), 0);
    assert_int_equal(mkfifo("p/f", 0600), 0);
    static const char *const runs[][4] = {
        {"intake", "p", "--dry-run", NULL},  {"intake", "p", "--from", "A"},      {"intake", "p", "--from", "A"},
        {"intake", "p/a", "--note", "B"},    {"intake", "nowhere", NULL, NULL},   {"intake", "archive", NULL, NULL},
        {"intake", "p", "--from", "\xff"},   {"receipt", NULL, NULL, NULL},       {"receipt", "1", NULL, NULL},
        {"receipt", "9", NULL, NULL},        {"items", NULL, NULL, NULL},         {"show", "p/l", NULL, NULL},
        {"show", "p/b", NULL, NULL},         {"show", "p/c", NULL, NULL},         {"show", "p/a", NULL, NULL},
        {"show", "nothing", NULL, NULL},     {"restore", "back", NULL, NULL},     {"restore", "back", "--item", "p/b"},
        {"note", "text", NULL, NULL},        {"note", "\xff", NULL, NULL},        {"set-aside", "1", NULL, NULL},
        {"set-aside", "1", "--reason", "x"}, {"set-aside", "1", "--reason", "x"}, {"restore", "elsewhere", NULL, NULL},
        {"audit", NULL, NULL, NULL},         {"audit", "--from-pack", "x", NULL}, {"verify", NULL, NULL, NULL},
        {"reindex", NULL, NULL, NULL},       {"status", NULL, NULL, NULL},        {"repair", NULL, NULL, NULL},
        {"passphrase", NULL, NULL, NULL},    {"adopt", NULL, NULL, NULL},         {"init", "archive", "--origin", "x"},
        {"init", "new", NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(runs); i++)
        korean(f, runs[i][0], runs[i][1], runs[i][2], runs[i][3]);
    assert_int_equal(unlink("archive/b/journal"), 0);
    korean(f, "status", NULL, NULL, NULL);
    korean(f, "verify", NULL, NULL, NULL);
    korean(f, "repair", NULL, NULL, NULL);
    text_choose(TEXT_ENGLISH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_verb_has_its_own_name_and_words_in_both_languages),
        cmocka_unit_test(an_error_has_its_exit_code),
        cmocka_unit_test(numbers_are_grouped_by_thousands),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(a_name_is_shown_so_that_it_moves_no_cursor),
        cmocka_unit_test(a_name_in_a_document_keeps_its_bytes),
        cmocka_unit_test(every_refusal_is_said_in_words),
        cmocka_unit_test(a_persons_words_are_brought_into_one_form),
        cmocka_unit_test(a_line_is_as_long_as_what_it_names),
        cmocka_unit_test(everything_is_said_in_korean),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
