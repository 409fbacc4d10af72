/* The line that is typed: commands, options, languages, exit codes. */
#include "logs.h"

enum { WORDS_MAX = 12 };

static int start(void **state)
{
    (void)state;
    scratch_begin();
    return logs_begin();
}

static int end(void **state)
{
    (void)state;
    scratch_end();
    return 0;
}

static int typed(const char *text)
{
    static char room[512];
    char *words[WORDS_MAX] = {(char *)(uintptr_t)"groundwork-cosign"};
    int count = 1;
    assert_true(strlen(text) < sizeof room);
    memcpy(room, text, strlen(text) + 1);
    for (char *at = strtok(room, " "); at != NULL; at = strtok(NULL, " "))
        words[count++] = at;
    return cosign_main(count, words);
}

static void lines(void **state)
{
    (void)state;
    assert_int_equal(typed(""), 2);
    assert_int_equal(typed("--help"), 0);
    assert_int_equal(typed("--lang ko --help"), 0);
    assert_int_equal(typed("--lang xx key"), 2);
    assert_int_equal(typed("--lang"), 2);
    assert_int_equal(typed("--folder"), 2);
    assert_int_equal(typed("sign a b"), 2);
    assert_int_equal(typed("key x"), 2);
    assert_int_equal(typed("cosign a"), 2);
    assert_int_equal(typed("cosign a b c"), 2);
    assert_int_equal(typed("--force key"), 2);
    assert_int_equal(typed("--folder none key"), 4);
    assert_int_equal(typed("--folder none init a+b"), 2);
    assert_int_equal(typed("check nothing"), 4);
    assert_int_equal(file_create("no.fork", bytes_text("hello\n"), 0600, NULL), 0);
    assert_int_equal(typed("check no.fork"), 1);
}

/* --folder, else GROUNDWORK_COSIGN, else below XDG_STATE_HOME, else below HOME. */
static void folders(void **state)
{
    (void)state;
    struct note_key made;
    const struct bytes words = bytes_text("several words for a test");
    assert_int_equal(unsetenv("GROUNDWORK_COSIGN"), 0);
    assert_int_equal(unsetenv("XDG_STATE_HOME"), 0);
    assert_int_equal(unsetenv("HOME"), 0);
    assert_int_equal(typed("key"), 2);
    assert_int_equal(setenv("HOME", "home", 1), 0);
    assert_int_equal(typed("key"), 4);
    assert_int_equal(cosign_key_make("home/.local/state/groundwork-cosign", "a", words, &made, NULL), 0);
    assert_int_equal(typed("key"), 0);
    struct file_path state_home, own;
    assert_int_equal(file_resolve("state", &state_home, NULL), 0);
    assert_int_equal(setenv("XDG_STATE_HOME", state_home.s, 1), 0);
    assert_int_equal(typed("key"), 4);
    assert_int_equal(file_path(&own, NULL, "%s/groundwork-cosign", state_home.s), 0);
    assert_int_equal(cosign_key_make(own.s, "a", words, &made, NULL), 0);
    assert_int_equal(typed("key"), 0);
    assert_int_equal(setenv("GROUNDWORK_COSIGN", "third", 1), 0);
    assert_int_equal(typed("key"), 4);
    assert_int_equal(typed("--folder home/.local/state/groundwork-cosign key"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(folders)};
    return cmocka_run_group_tests(tests, start, end);
}
