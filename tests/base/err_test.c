#include "base/err.h"

#include "base/text.h"
#include "base/unicode.h"
#include "chance.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void test_first_line_and_words_in_front(void **state)
{
    struct err e = {0};
    assert_int_equal(err_set(&e, ERR_ABSENT, "%s is gone after %d days", "act 7", 3), ERR_ABSENT);
    assert_int_equal(e.code, ERR_ABSENT);
    assert_string_equal(e.text, "act 7 is gone after 3 days");
    assert_int_equal(err_add(&e, ERR_DAMAGED, "case %d", 12), ERR_DAMAGED);
    assert_int_equal(e.code, ERR_DAMAGED);
    assert_string_equal(e.text, "case 12: act 7 is gone after 3 days");
    /* A line may be used for its own making. */
    assert_int_equal(err_set(&e, ERR_IO, "again %s", e.text), ERR_IO);
    assert_string_equal(e.text, "again case 12: act 7 is gone after 3 days");
    struct err empty = {0};
    (void)err_add(&empty, ERR_IO, "alone");
    assert_string_equal(empty.text, "alone");
}

static void test_only_the_code_is_wanted(void **state)
{
    assert_int_equal(err_set(NULL, ERR_KEY, "x"), ERR_KEY);
    assert_int_equal(err_add(NULL, ERR_BUSY, "x"), ERR_BUSY);
    assert_int_equal(err_os(NULL, ERR_IO, ENOENT, "x"), ERR_IO);
    assert_int_equal(err_memory(NULL), ERR_IO);
}

static void test_controls_of_arguments_are_escaped(void **state)
{
    static const struct {
        const char *argument;
        const char *shown;
    } cases[] = {
        {"a\nb\tc\rd", "a\\x0ab\\x09c\\x0dd"},
        {"\x1b[2J\x7f", "\\x1b[2J\\x7f"},
        {"\xc2\x9b"
         "1m\xc2\x80\xc2\x9f",
         "\\xc2\\x9b1m\\xc2\\x80\\xc2\\x9f"},
        {"\xc2\xa0é한😀", "\xc2\xa0é한😀"},
        {"\xe2\x80\xae"
         "fdp.exe\xe2\x81\xa6",
         "\\xe2\\x80\\xae"
         "fdp.exe\\xe2\\x81\\xa6"},
        {"\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa", "\xe2\x80\xa7\xe2\x80\xaf\xe2\x81\xa5\xe2\x81\xaa"},
        {"\xe2\x80\xa8\xe2\x80\xa9\xe2\x81\xa9", "\\xe2\\x80\\xa8\\xe2\\x80\\xa9\\xe2\\x81\\xa9"},
        {"\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80", "\\xff\\xc0\\xaf\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80"},
        {"\xe0\x80\x80|\xf0\x80\x80\x80|\xe4\xb8", "\\xe0\\x80\\x80|\\xf0\\x80\\x80\\x80|\\xe4\\xb8"},
        {"back\\slash", "back\\slash"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct err e;
        (void)err_set(&e, ERR_IO, "%s", cases[i].argument);
        assert_string_equal(e.text, cases[i].shown);
        /* What was escaped once is not escaped again. */
        (void)err_add(&e, ERR_IO, "in");
        assert_string_equal(e.text + strlen("in: "), cases[i].shown);
    }
}

/* Well-formed by ICU is well-formed here, and the line is always text without controls that fits. */
static void test_any_argument_gives_a_clean_line(void **state)
{
    static const uint8_t leads[] = {0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x80, 0x9f, 0xa0, 0xbf, 'a', 0x1f};
    struct chance chance = {7};
    for (size_t round = 0; round < 50000; round++) {
        char argument[9] = {0};
        for (size_t i = 0, n = chance_below(&chance, 9); i < n; i++) {
            uint8_t any = (uint8_t)(1 + chance_below(&chance, 255));
            argument[i] = (char)(chance_below(&chance, 4) == 0 ? any : leads[chance_below(&chance, COUNT(leads))]);
        }
        struct err e;
        (void)err_set(&e, ERR_IO, "%s", argument);
        assert_true(unicode_valid(bytes_text(e.text)));
        for (const char *p = e.text; *p != 0; p++)
            assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        if (!unicode_valid(bytes_text(argument)))
            assert_non_null(strstr(e.text, "\\x"));
        else if (strpbrk(argument, "\x1f") == NULL && strstr(e.text, "\\x") == NULL)
            assert_string_equal(e.text, argument);
    }
}

/* Around the limit, with characters of each length standing across it. */
static void test_long_lines_are_cut_at_a_character(void **state)
{
    static const char *const characters[] = {"x", "é", "한", "😀", "\n"};
    static const size_t shown[] = {1, 2, 3, 4, 4};
    char argument[ERR_TEXT_MAX + 64];
    for (size_t c = 0; c < COUNT(characters); c++) {
        for (size_t lead = ERR_TEXT_MAX - 8; lead < ERR_TEXT_MAX + 8; lead++) {
            memset(argument, 'a', lead);
            (void)snprintf(argument + lead, sizeof(argument) - lead, "%s%s", characters[c], "zz");
            struct err e;
            (void)err_set(&e, ERR_IO, "%s", argument);
            size_t n = strlen(e.text);
            size_t whole = lead + shown[c] + 2;
            assert_true(n < ERR_TEXT_MAX);
            assert_true(unicode_valid(bytes_text(e.text)));
            if (whole < ERR_TEXT_MAX)
                assert_int_equal(n, whole);
            else
                assert_true(n + 4 >= ERR_TEXT_MAX);
        }
    }
    /* Words in front push the end out, and stay within the limit themselves. */
    struct err e;
    memset(argument, 'a', ERR_TEXT_MAX - 1);
    argument[ERR_TEXT_MAX - 1] = 0;
    (void)err_set(&e, ERR_IO, "%s", argument);
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    (void)err_add(&e, ERR_IO, "front");
    assert_int_equal(strlen(e.text), ERR_TEXT_MAX - 1);
    assert_memory_equal(e.text, "front: aaa", 10);
    (void)err_os(&e, ERR_IO, ENOENT, "%s", argument);
    assert_string_equal(e.text, argument);
}

static void test_system_words(void **state)
{
    struct err e;
    assert_int_equal(err_os(&e, ERR_IO, ENOENT, "open %s", "x"), ERR_IO);
    assert_string_equal(e.text, "open x: No such file or directory");
    (void)err_os(&e, ERR_IO, 99999, "open %s", "x");
    assert_string_equal(e.text, "open x: system error 99999");
    assert_int_equal(err_memory(&e), ERR_IO);
    assert_true(strlen(e.text) > 0);
}

/* Without memory to say it otherwise: the same line, and exit code 4. */
static void test_end_without_memory(void **state)
{
    int ends[2], status = 0;
    char said[256] = "";
    struct err e;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        err_memory_end();
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 4);
    assert_true(read(ends[0], said, sizeof said - 1) > 0);
    (void)err_memory(&e);
    assert_memory_equal(said, "groundwork: ", 12);
    assert_memory_equal(said + 12, e.text, strlen(e.text));
    assert_string_equal(said + 12 + strlen(e.text), "\n");
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void test_what_is_scarce_is_no_word_on_a_file(void **state)
{
    static const int scarce[] = {ENOMEM, EMFILE, ENFILE}, others[] = {EIO, EACCES, EUCLEAN, ENOENT, 0};
    struct err e = {0};
    (void)state;
    assert_false(err_is_scarce(&e));
    assert_int_equal(err_memory(NULL), ERR_IO);
    assert_int_equal(err_memory(&e), ERR_IO);
    assert_true(err_is_scarce(&e));
    for (size_t i = 0; i < COUNT(scarce); i++) {
        (void)err_os(&e, ERR_IO, scarce[i], "cannot open %s", "x");
        assert_true(err_is_scarce(&e));
        (void)err_add(&e, ERR_IO, "journal %c", 'a');
        assert_true(err_is_scarce(&e));
        (void)err_set(&e, ERR_IO, "another line");
        assert_false(err_is_scarce(&e));
    }
    for (size_t i = 0; i < COUNT(others); i++) {
        (void)err_os(&e, ERR_IO, others[i], "cannot open %s", "x");
        assert_false(err_is_scarce(&e));
    }
}

/* A character that no printf can write: the format itself is better than nothing. */
static void test_what_cannot_be_formatted(void **state)
{
    static const wchar_t no_character[] = {0x7fffffff, 0};
    struct err e;
    (void)err_set(&e, ERR_IO, "act %ls", no_character);
    assert_string_equal(e.text, "act %ls");
}

/* The errno that files and connections give have Korean words, so that no line is in two languages. */
static void test_system_words_are_in_the_catalogue(void **state)
{
    static const int numbers[] = {
        EPERM,        ENOENT,     EINTR,      EIO,           ENXIO,      EBADF,     EAGAIN,       ENOMEM,    EACCES,
        EBUSY,        EEXIST,     EXDEV,      ENODEV,        ENOTDIR,    EISDIR,    EINVAL,       ENFILE,    EMFILE,
        ETXTBSY,      EFBIG,      ENOSPC,     EROFS,         EMLINK,     EPIPE,     ENOSYS,       ENOTEMPTY, ELOOP,
        ENAMETOOLONG, EOPNOTSUPP, EADDRINUSE, EADDRNOTAVAIL, ECONNRESET, ETIMEDOUT, ECONNREFUSED, ESTALE,    EDQUOT,
        EUCLEAN,
    };
    text_choose(TEXT_KOREAN);
    for (size_t i = 0; i < COUNT(numbers); i++) {
        const char *words = strerrordesc_np(numbers[i]);
        assert_non_null(words);
        if (text_tr(words) == words)
            fail_msg("no Korean for \"%s\"", words);
    }
    struct err e;
    (void)err_os(&e, ERR_IO, EACCES, "cannot open %s", "x");
    assert_null(strstr(e.text, "cannot"));
    assert_null(strstr(e.text, "Permission"));
    text_choose(TEXT_ENGLISH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_line_and_words_in_front),
        cmocka_unit_test(test_only_the_code_is_wanted),
        cmocka_unit_test(test_controls_of_arguments_are_escaped),
        cmocka_unit_test(test_any_argument_gives_a_clean_line),
        cmocka_unit_test(test_long_lines_are_cut_at_a_character),
        cmocka_unit_test(test_system_words),
        cmocka_unit_test(test_end_without_memory),
        cmocka_unit_test(test_what_is_scarce_is_no_word_on_a_file),
        cmocka_unit_test(test_what_cannot_be_formatted),
        cmocka_unit_test(test_system_words_are_in_the_catalogue),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
