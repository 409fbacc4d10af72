#include "base/json.h"

#include "chance.h"
#include "memory.h"

#include <inttypes.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

static struct json *parsed(const char *text)
{
    struct json *document = NULL;
    struct err e = {0};
    if (json_parse(bytes_text(text), &document, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    return document;
}

static void assert_text(struct buf *b, const char *expected)
{
    assert_false(b->failed);
    assert_string_equal(buf_text(b), expected);
}

static void test_writing(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct json_out j = {.to = &b};
    json_object_begin(&j);
    json_key(&j, "");
    json_array_begin(&j);
    json_array_end(&j);
    json_key(&j, "a");
    json_array_begin(&j);
    json_u64(&j, 0);
    json_i64(&j, -1);
    json_bool(&j, true);
    json_bool(&j, false);
    json_null(&j);
    json_object_begin(&j);
    json_object_end(&j);
    json_array_begin(&j);
    json_string(&j, "");
    json_array_end(&j);
    json_array_end(&j);
    json_key(&j, "aa");
    json_base64(&j, bytes_text("fooba"));
    json_key(&j, "b");
    json_hex(&j, bytes_text("\x01\xff"));
    json_object_end(&j);
    assert_text(&b, "{\"\":[],\"a\":[0,-1,true,false,null,{},[\"\"]],\"aa\":\"Zm9vYmE=\",\"b\":\"01ff\"}");
    assert_true(json_canonical(buf_bytes(&b)));
}

/* The string sample of RFC 8785 section 3.2.2, and the control characters of section 3.2.2.2. */
static void test_strings_are_escaped_as_little_as_can_be(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    struct json_out j = {.to = &b};
    json_string(&j, "€$\x0f\nA'B\"\\\\\"/");
    assert_text(&b, "\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"");
    for (unsigned c = 1; c < 0x80; c++) {
        static const char letters[] = "b\bt\tn\nf\fr\r\"\"\\\\";
        char expected[16];
        (void)snprintf(expected, sizeof(expected), c < 0x20 ? "\"\\u%04x\"" : "\"%c\"", c);
        for (size_t i = 0; i + 1 < sizeof(letters); i += 2)
            if ((unsigned char)letters[i + 1] == c)
                (void)snprintf(expected, sizeof(expected), "\"\\%c\"", letters[i]);
        const char text[] = {(char)c, 0};
        buf_clear(&b);
        j = (struct json_out){.to = &b};
        json_string(&j, text);
        assert_text(&b, expected);
        assert_true(json_canonical(buf_bytes(&b)));
    }
}

static void test_integers_at_the_limit_and_one_past(void **state)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {JSON_INTEGER_MAX, "9007199254740991"},
        {JSON_INTEGER_MAX + 1, "\"9007199254740992\""},
        {-JSON_INTEGER_MAX, "-9007199254740991"},
        {-JSON_INTEGER_MAX - 1, "\"-9007199254740992\""},
        {INT64_MAX, "\"9223372036854775807\""},
        {INT64_MIN, "\"-9223372036854775808\""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf b = {0};
        struct json_out j = {.to = &b};
        json_i64(&j, cases[i].value);
        assert_text(&b, cases[i].text);
        OWN(json_drop) struct json *d = parsed(cases[i].text);
        int64_t signed_value = 0;
        uint64_t value = 0;
        assert_true(json_get_i64(json_root(d), &signed_value));
        assert_true(signed_value == cases[i].value);
        assert_int_equal(json_get_u64(json_root(d), &value), cases[i].value >= 0);
        if (cases[i].value >= 0)
            assert_true(value == (uint64_t)cases[i].value);
    }
    OWN(buf_drop) struct buf b = {0};
    struct json_out j = {.to = &b};
    json_u64(&j, UINT64_MAX);
    assert_text(&b, "\"18446744073709551615\"");
    OWN(json_drop) struct json *d = parsed(buf_text(&b));
    uint64_t value = 0;
    int64_t signed_value = 0;
    assert_true(json_get_u64(json_root(d), &value));
    assert_true(value == UINT64_MAX);
    assert_false(json_get_i64(json_root(d), &signed_value));
}

static void test_integers_have_one_form(void **state)
{
    static const char *const refused[] = {
        "9007199254740992",
        "-9007199254740992",
        "\"9007199254740991\"",
        "\"0\"",
        "\"-1\"",
        "\"-\"",
        "\"\"",
        "\"18446744073709551616\"",
        "\"-9223372036854775809\"",
        "\"-018446744073709551\"",
        "\"--9007199254740992\"",
        "\"+9007199254740992\"",
        "\"09007199254740992\"",
        "1.0",
        "1e3",
        "true",
        "null",
        "[]",
        "{}",
        "\"9007199254740992 \"",
    };
    uint64_t value = 7;
    int64_t signed_value = 7;
    OWN(json_drop) struct json *past = parsed("\"9223372036854775808\"");
    assert_false(json_get_i64(json_root(past), &signed_value));
    for (size_t i = 0; i < COUNT(refused); i++) {
        OWN(json_drop) struct json *d = parsed(refused[i]);
        assert_false(json_get_u64(json_root(d), &value));
        assert_false(json_get_i64(json_root(d), &signed_value));
    }
    assert_false(json_get_u64(NULL, &value));
    assert_false(json_get_i64(NULL, &signed_value));
    assert_true(value == 7 && signed_value == 7);
}

static void test_what_is_not_json_is_damaged(void **state)
{
    static const char *const refused[] = {
        "",
        " ",
        "{",
        "[1,]",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "'a'",
        "01",
        "+1",
        ".5",
        "1.",
        "1 2",
        "[1]x",
        "nul",
        "NaN",
        "\"\n\"",
        "\"\\x41\"",
        "\"\\ud800\"",
        "\"\\udc00\\ud800\"",
        "\"\\u0000\"",
        "\"\xff\"",
        "\"\xed\xa0\x80\"",
        "\"\xc0\xaf\"",
        "/* */1",
        "\xef\xbb\xbf[]",
        "{\"a\":1,\"a\":1}",
        "[{\"b\":{\"a\":1,\"\\u0061\":2}}]",
        "\"a",
    };
    for (size_t i = 0; i < COUNT(refused); i++) {
        struct json *d = NULL;
        struct err e = {0};
        if (json_parse(bytes_text(refused[i]), &d, &e) != ERR_DAMAGED)
            fail_msg("accepted: %s", refused[i]);
        assert_null(d);
        assert_true(strlen(e.text) > 0);
        assert_false(json_canonical(bytes_text(refused[i])));
    }
    struct json *d = NULL;
    assert_int_equal(json_parse(bytes_of("1\0", 2), &d, NULL), ERR_DAMAGED);
    assert_int_equal(json_parse(bytes_of("1\0junk", 6), &d, NULL), ERR_DAMAGED);
    assert_int_equal(json_parse(bytes_of("\0001", 2), &d, NULL), ERR_DAMAGED);
    assert_int_equal(json_parse(bytes_of(NULL, 0), &d, NULL), ERR_DAMAGED);
    struct err e = {0};
    assert_int_equal(json_parse(bytes_text("{\"a\":1,\"a\":1}"), &d, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "twice"));
}

static void nested(struct buf *b, size_t depth, const char *before, const char *after, const char *inmost)
{
    buf_clear(b);
    for (size_t i = 0; i < depth; i++)
        buf_put_text(b, before);
    buf_put_text(b, inmost);
    for (size_t i = 0; i < depth; i++)
        buf_put_text(b, after);
}

static void test_depth_at_the_limit_and_past(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    static const size_t depths[] = {JSON_DEPTH_MAX + 1, 2040, 2060, 100000};
    static const char *const brackets[][2] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t k = 0; k < COUNT(brackets); k++) {
        struct json *d = NULL;
        nested(&b, JSON_DEPTH_MAX, brackets[k][0], brackets[k][1], "1");
        assert_int_equal(json_parse(buf_bytes(&b), &d, NULL), 0);
        json_drop(&d);
        assert_true(json_canonical(buf_bytes(&b)));
        for (size_t i = 0; i < COUNT(depths); i++) {
            struct err e = {0};
            nested(&b, depths[i], brackets[k][0], brackets[k][1], "1");
            assert_int_equal(json_parse(buf_bytes(&b), &d, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, "deeper than 16"));
            assert_null(d);
        }
    }
}

static void test_getters(void **state)
{
    OWN(json_drop) struct json *d = parsed(" {\"list\":[1,\"two\",null],\"name\":\"act\",\"o\":{}} ");
    const struct json_node *root = json_root(d);
    assert_true(json_is_object(root));
    assert_false(json_is_array(root));
    assert_int_equal(json_count(root), 3);
    const struct json_node *list = json_get(root, "list");
    assert_true(json_is_array(list));
    assert_int_equal(json_count(list), 3);
    assert_string_equal(json_text(json_at(list, 1)), "two");
    assert_non_null(json_at(list, 2));
    assert_null(json_at(list, 3));
    assert_null(json_text(json_at(list, 0)));
    assert_string_equal(json_text(json_get(root, "name")), "act");
    assert_int_equal(json_count(json_get(root, "o")), 0);
    assert_int_equal(json_count(json_get(root, "name")), 0);
    assert_null(json_get(root, "nam"));
    assert_null(json_get(list, "name"));
    assert_null(json_at(root, 0));

    assert_null(json_get(NULL, "x"));
    assert_null(json_at(NULL, 0));
    assert_null(json_text(NULL));
    assert_int_equal(json_count(NULL), 0);
    assert_false(json_is_object(NULL));
    assert_false(json_is_array(NULL));
    json_free(NULL);
}

static void test_keys(void **state)
{
    OWN(json_drop) struct json *d = parsed("{\"b\":null,\"a\":1,\"c\":[]}");
    const struct json_node *root = json_root(d);
    assert_true(json_keys_are(root, (const char *const[]){"a", "b", "c"}, 3));
    assert_false(json_keys_are(root, (const char *const[]){"a", "b"}, 2));
    assert_false(json_keys_are(root, (const char *const[]){"a", "b", "c", "d"}, 4));
    assert_false(json_keys_are(root, (const char *const[]){"a", "b", "d"}, 3));
    assert_true(json_keys_are(json_get(root, "c"), NULL, 0) == false);
    assert_false(json_keys_are(NULL, NULL, 0));
    OWN(json_drop) struct json *empty = parsed("{}");
    assert_true(json_keys_are(json_root(empty), NULL, 0));
}

static void test_writing_again_sorts_and_tightens(void **state)
{
    static const struct {
        const char *text;
        const char *canonical; /* NULL: outside the subset */
    } cases[] = {
        {" { \"b\" : 1 , \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2],\"b\":1}"},
        {"{\"aa\":1,\"a\":2,\"\":3,\"B\":4,\"é\":5,\"\\uffff\":6,\"한\":7}",
         "{\"\":3,\"B\":4,\"a\":2,\"aa\":1,\"é\":5,\"한\":7,\"\xef\xbf\xbf\":6}"},
        {"\"\\u0041\\/\\u000A\\u001F\\ud83d\\ude00\"", "\"A/\\n\\u001f😀\""},
        {"-0", "0"},
        {"9007199254740991", "9007199254740991"},
        {"9007199254740992", NULL},
        {"-9007199254740991", "-9007199254740991"},
        {"-9007199254740992", NULL},
        {"[1,2.5]", NULL},
        {"{\"a\":1e2}", NULL},
        {"{\"a\":1,\"😀\":2}", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(json_drop) struct json *d = parsed(cases[i].text);
        OWN(buf_drop) struct buf b = {0};
        buf_put_text(&b, "kept");
        assert_int_equal(json_write(json_root(d), &b), cases[i].canonical != NULL);
        assert_string_equal(buf_text(&b) + 4, cases[i].canonical == NULL ? "" : cases[i].canonical);
        assert_false(json_canonical(bytes_text(cases[i].text)) && cases[i].canonical == NULL);
        if (cases[i].canonical != NULL)
            assert_true(json_canonical(bytes_text(cases[i].canonical)));
    }
}

static void test_every_other_form_is_seen(void **state)
{
    static const char *const others[] = {
        " 1",          "1 ",          "1\n",         "-0",          "[1, 2]", "{\"a\" :1}", "{\"b\":1,\"a\":2}",
        "\"\\u0041\"", "\"\\/\"",     "\"\\u000a\"", "\"\\u001F\"", "1.0",    "1E2",        "9007199254740992",
        "\"\\u00e9\"", "\"\\u0022\"", "\"\\u007f\"",
    };
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(json_canonical(bytes_text(others[i])));
}

/* A number that is none of ours is a number, and is given as nothing. */
static void test_other_numbers(void **state)
{
    static const char *const others[] = {"9223372036854775808", "-9223372036854775809", "99999999999999999999", "1e999",
                                         "-0.0",  "0e0", "1E+2", "2.50e-7"};
    for (size_t i = 0; i < COUNT(others); i++) {
        uint64_t u;
        int64_t v;
        OWN(json_drop) struct json *d = parsed(others[i]);
        OWN(buf_drop) struct buf b = {0};
        assert_false(json_get_u64(json_root(d), &u) || json_get_i64(json_root(d), &v));
        assert_false(json_is_canonical(d) || json_write(json_root(d), &b));
        assert_null(json_text(json_root(d)));
    }
}

static void test_a_value_as_it_stands_in_the_text(void **state)
{
    OWN(json_drop) struct json *d = parsed(" {\"b\" : [ 1,\"x\\n\" ], \"a\":-2} ");
    const struct json_node *root = json_root(d), *list = json_get(root, "b");
    assert_true(bytes_equal(json_span(root), bytes_text("{\"b\" : [ 1,\"x\\n\" ], \"a\":-2}")));
    assert_true(bytes_equal(json_span(list), bytes_text("[ 1,\"x\\n\" ]")));
    assert_true(bytes_equal(json_span(json_at(list, 1)), bytes_text("\"x\\n\"")));
    assert_true(bytes_equal(json_span(json_get(root, "a")), bytes_text("-2")));
}

/* A random value, and nothing about it but that it is written by the rules. */
static void write_random(struct json_out *j, struct chance *c, unsigned depth)
{
    static const char *const keys[] = {"", " ", "A", "a", "ab", "b", "é", "한"};
    static const char *const words[] = {"", "\x01", "\"", "\\\\", "é\n", "😀", "plain", "\x7f/"};
    switch (chance_below(c, depth < JSON_DEPTH_MAX ? 8 : 6)) {
    case 0:
        json_u64(j, chance_u64(c) >> chance_below(c, 64));
        break;
    case 1:
        json_i64(j, (int64_t)chance_u64(c) >> chance_below(c, 64));
        break;
    case 2:
        json_bool(j, chance_below(c, 2) == 0);
        break;
    case 3:
        json_null(j);
        break;
    case 4:
        json_base64(j, bytes_text(words[chance_below(c, COUNT(words))]));
        break;
    case 5:
        json_string(j, words[chance_below(c, COUNT(words))]);
        break;
    case 6:
        json_array_begin(j);
        for (size_t n = chance_below(c, 4); n > 0; n--)
            write_random(j, c, depth + 1);
        json_array_end(j);
        break;
    default:
        json_object_begin(j);
        for (size_t i = 0; i < COUNT(keys); i++) {
            if (chance_below(c, 3) == 0) {
                json_key(j, keys[i]);
                write_random(j, c, depth + 1);
            }
        }
        json_object_end(j);
        break;
    }
}

static void test_what_is_written_is_canonical(void **state)
{
    struct chance chance = {8785};
    for (size_t round = 0; round < 3000; round++) {
        OWN(buf_drop) struct buf b = {0};
        struct json_out j = {.to = &b};
        json_array_begin(&j);
        write_random(&j, &chance, 1);
        write_random(&j, &chance, 1);
        json_array_end(&j);
        assert_int_equal(j.depth, 0);
        if (!json_canonical(buf_bytes(&b)))
            fail_msg("not canonical: %s", buf_text(&b));
    }
}

/* Damage to one byte never gives a second text that counts as canonical and means the same. */
static void test_one_byte_changed_is_another_text(void **state)
{
    static const char text[] = "{\"a\":[1,\"x\\n\",true],\"b\":{\"c\":null}}";
    char changed[sizeof(text)];
    for (size_t at = 0; at + 1 < sizeof(text); at++) {
        for (unsigned c = 0; c < 256; c++) {
            memcpy(changed, text, sizeof(text));
            changed[at] = (char)c;
            OWN(json_drop) struct json *d = NULL;
            if (json_parse(bytes_of(changed, sizeof(text) - 1), &d, NULL) != 0)
                continue;
            OWN(buf_drop) struct buf b = {0};
            if (!json_write(json_root(d), &b))
                continue;
            bool same = strcmp(buf_text(&b), text) == 0;
            assert_int_equal(same, changed[at] == text[at]);
        }
    }
}

/* What is called canonical is what is written again, byte for byte, whatever the text. */
static void test_canonical_is_what_is_written_again(void **state)
{
    static const char bytes[] = "{}[],:\"\\ \n0179-+.eEuabftnrls\xc3\xa9\xf0\x9f\x98\x80\x1f";
    struct chance chance = {8259};
    size_t read = 0, canonical = 0;
    for (size_t round = 0; round < 20000; round++) {
        OWN(buf_drop) struct buf b = {0};
        struct json_out j = {.to = &b};
        json_array_begin(&j);
        write_random(&j, &chance, 1);
        json_array_end(&j);
        for (size_t changes = chance_below(&chance, 3); changes > 0; changes--)
            b.p[chance_below(&chance, b.n)] = (uint8_t)bytes[chance_below(&chance, sizeof bytes - 1)];
        OWN(json_drop) struct json *d = NULL;
        OWN(buf_drop) struct buf again = {0};
        if (json_parse(buf_bytes(&b), &d, NULL) != 0)
            continue;
        bool written = json_write(json_root(d), &again);
        bool same = written && bytes_equal(buf_bytes(&again), buf_bytes(&b));
        if (json_is_canonical(d) != same)
            fail_msg("%s: %d", buf_text(&b), same);
        read++;
        canonical += same;
    }
    if (canonical < 2000 || read - canonical < 100)
        fail_msg("%zu read, %zu canonical", read, canonical);
}

static void test_lost_memory_shows_in_the_buffer(void **state)
{
    struct buf b = {.failed = true};
    struct json_out j = {.to = &b};
    json_array_begin(&j);
    json_string(&j, "x\n");
    json_array_end(&j);
    assert_int_equal(buf_check(&b, NULL), ERR_IO);
    OWN(json_drop) struct json *d = parsed("[{\"a\":1}]");
    assert_false(json_write(json_root(d), &b));
}

/* Lost memory is reported: it is never told as damage and never changes what is read. */
static void test_reading_when_each_allocation_fails(void **state)
{
    static const char text[] = "{\"a\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17],\"b\":{\"c\":null}}";
    size_t failures = 0;
    for (bool failed = true; failed;) {
        memory_fails_at(failures + 1);
        struct json *d = NULL;
        int rc = json_parse(bytes_text(text), &d, NULL);
        json_drop(&d);
        failed = memory_is_back();
        assert_int_equal(memory_kept(), 0);
        assert_int_equal(rc, failed ? ERR_IO : 0);
        failures += failed;
    }
    assert_true(failures >= 5);
}

static void test_writing_when_each_allocation_fails(void **state)
{
    OWN(json_drop) struct json *d = parsed("{\"a\":[1,\"x\",{}],\"b\":{\"c\":null},\"d\":\"a text with which the whole"
                                           " is longer than what a buffer begins with, twice over: 0123456789\"}");
    size_t failures = 0;
    for (bool failed = true; failed;) {
        memory_fails_at(failures + 1);
        struct buf b = {0};
        bool written = json_write(json_root(d), &b);
        size_t left = b.n;
        buf_drop(&b);
        failed = memory_is_back();
        assert_int_equal(memory_kept(), 0);
        assert_int_equal(written, !failed);
        assert_int_equal(left == 0, failed);
        failures += failed;
    }
    assert_true(failures >= 2);
}

/* Mistakes of ours end the program at the place where they are made. */
static void key_out_of_order(struct json_out *j)
{
    json_object_begin(j);
    json_key(j, "b");
    json_null(j);
    json_key(j, "a");
}
static void key_twice(struct json_out *j)
{
    json_object_begin(j);
    json_key(j, "a");
    json_null(j);
    json_key(j, "a");
}
static void key_in_array(struct json_out *j)
{
    json_array_begin(j);
    json_key(j, "a");
}
static void key_alone(struct json_out *j)
{
    json_key(j, "a");
}
static void value_without_key(struct json_out *j)
{
    json_object_begin(j);
    json_null(j);
}
static void key_without_value(struct json_out *j)
{
    json_object_begin(j);
    json_key(j, "a");
    json_object_end(j);
}
static void wrong_end(struct json_out *j)
{
    json_object_begin(j);
    json_array_end(j);
}
static void wrong_end_of_array(struct json_out *j)
{
    json_array_begin(j);
    json_object_end(j);
}
static void end_of_nothing(struct json_out *j)
{
    json_array_end(j);
}
static void too_deep(struct json_out *j)
{
    for (size_t i = 0; i <= JSON_DEPTH_MAX; i++)
        json_array_begin(j);
}
static void string_not_utf8(struct json_out *j)
{
    json_string(j, "\xff");
}
static void string_with_zero(struct json_out *j)
{
    json_string_bytes(j, bytes_of("a\0b", 3));
}

static void be_quiet(void)
{
    /* What an ending program says is not for the log of the tests. */
    int quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
    (void)dup2(quiet, STDERR_FILENO);
    (void)signal(SIGABRT, SIG_DFL);
}

static bool aborts(pid_t child)
{
    int status = 0;
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

/* Shorter, longer, broken, not canonical: each as if it were read alone. */
static void test_reading_again(void **state)
{
    static const char *const texts[] = {
        "{\"a\":[1,2,{\"b\":\"c\"}]}", "[]", "[1,", "{\"a\":1,\"a\":2}", "{ }", "7",
        "[[[[\"a text that is longer than all before it, and has members\"]]],0,1,2,3,4,5,6,7,8,9,0,1,2,3,4,5,6]",
        "{\"b\":0,\"a\":1}", "\"\"", "", "null"};
    OWN(json_drop) struct json *again = NULL;
    (void)state;
    for (size_t i = 0; i < COUNT(texts) * COUNT(texts) * 2; i++) {
        struct bytes text = bytes_text(texts[(i + i / COUNT(texts)) % COUNT(texts)]);
        OWN(json_drop) struct json *alone = NULL;
        OWN(buf_drop) struct buf one = {0}, other = {0};
        struct err e = {0}, f = {0};
        int rc = json_parse(text, &alone, &e);
        assert_int_equal(json_parse_again(text, &again, &f), rc);
        assert_string_equal(f.text, e.text);
        if (rc != 0)
            continue;
        assert_int_equal(json_is_canonical(again), json_is_canonical(alone));
        assert_true(json_write(json_root(alone), &one) && json_write(json_root(again), &other));
        assert_true(bytes_equal(buf_bytes(&one), buf_bytes(&other)));
    }
}

static void test_misuse_is_asserted(void **state)
{
    void (*const mistakes[])(struct json_out *) = {
        key_out_of_order,   key_twice,      key_in_array, key_alone,       value_without_key, key_without_value,
        wrong_end_of_array, end_of_nothing, too_deep,     string_not_utf8, string_with_zero,  wrong_end,
    };
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        pid_t child = fork();
        if (child == 0) {
            be_quiet();
            struct buf b = {0};
            mistakes[i](&(struct json_out){.to = &b});
            _exit(0);
        }
        if (!aborts(child))
            fail_msg("mistake %zu went unseen", i);
    }
}

/* Eight bytes are looked at together: what ends a text, or may not stand in it, is met at each place among them. */
static void test_plain_text_of_each_length(void **state)
{
    static const char *const middles[] = {"",     "\\n",   "\\\"", "\\\\", "\xed\x95\x9c", "\x7f",
                                          "\x80", "\x1f", "\n",   "!",    "#",            "["};
    static const char *const means[] = {"",   "\n", "\"", "\\", "\xed\x95\x9c", "\x7f",
                                        NULL, NULL, NULL, "!",  "#",            "["};
    (void)state;
    for (size_t before = 0; before < 20; before++)
        for (size_t behind = 0; behind < 20; behind++)
            for (size_t m = 0; m < COUNT(middles); m++) {
                char text[64], want[64];
                OWN(json_drop) struct json *document = NULL;
                static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
                (void)snprintf(text, sizeof text, "\"%.*s%s%.*s\"", (int)before, letters, middles[m], (int)behind,
                               letters);
                int rc = json_parse(bytes_text(text), &document, NULL);
                assert_int_equal(rc, means[m] == NULL ? ERR_DAMAGED : 0);
                if (rc != 0)
                    continue;
                (void)snprintf(want, sizeof want, "%.*s%s%.*s", (int)before, letters, means[m], (int)behind, letters);
                assert_string_equal(json_text(json_root(document)), want);
                text[strlen(text) - 1] = 'x'; /* it does not end */
                json_drop(&document);
                assert_int_equal(json_parse(bytes_text(text), &document, NULL), ERR_DAMAGED);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_of_each_length),
        cmocka_unit_test(test_writing),
        cmocka_unit_test(test_strings_are_escaped_as_little_as_can_be),
        cmocka_unit_test(test_integers_at_the_limit_and_one_past),
        cmocka_unit_test(test_integers_have_one_form),
        cmocka_unit_test(test_what_is_not_json_is_damaged),
        cmocka_unit_test(test_depth_at_the_limit_and_past),
        cmocka_unit_test(test_getters),
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_writing_again_sorts_and_tightens),
        cmocka_unit_test(test_every_other_form_is_seen),
        cmocka_unit_test(test_what_is_written_is_canonical),
        cmocka_unit_test(test_one_byte_changed_is_another_text),
        cmocka_unit_test(test_other_numbers),
        cmocka_unit_test(test_a_value_as_it_stands_in_the_text),
        cmocka_unit_test(test_canonical_is_what_is_written_again),
        cmocka_unit_test(test_lost_memory_shows_in_the_buffer),
        cmocka_unit_test(test_reading_when_each_allocation_fails),
        cmocka_unit_test(test_writing_when_each_allocation_fails),
        cmocka_unit_test(test_reading_again),
        cmocka_unit_test(test_misuse_is_asserted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
