/* Under which name a PATH is kept, and what is refused before anything is read. */
#include "intake/intake_internal.h"

#include "../base/chance.h"
#include "../base/scratch.h"

#include <time.h>

static void kept(const char *argument, struct buf *ret)
{
    buf_clear(ret);
    intake_path_as_given(argument, ret);
    assert_int_equal(buf_check(ret, NULL), 0);
}

static void a_path_is_kept_as_given_without_what_only_leads_about(void **state)
{
    static const struct {
        const char *argument, *kept;
    } cases[] = {
        {"papers", "papers"},
        {"/usr/share", "usr/share"},
        {"./a/", "a"},
        {"../x/y", "x/y"},
        {".", ""},
        {"/", ""},
        {"", ""},
        {"..", ""},
        {"../..", ""},
        {"a//b///c", "a/b/c"},
        {"a/./b", "a/b"},
        {"a/../b", "b"},
        {"a/b/..", "a"},
        {"a/b/../../c", "c"},
        {"a/../../b", "b"},
        {"...", "..."},
        {".hidden", ".hidden"},
        {"..b/.c", "..b/.c"},
        {"a./b..", "a./b.."},
        {"\xff/\x01", "\xff/\x01"},
    };
    OWN(buf_drop) struct buf b = {0};
    for (size_t i = 0; i < COUNT(cases); i++) {
        kept(cases[i].argument, &b);
        assert_string_equal(buf_text(&b), cases[i].kept);
    }
}

static void what_stands_before_it_in_the_buffer_stays(void **state)
{
    OWN(buf_drop) struct buf b = {0};
    buf_put_text(&b, "x/y");
    intake_path_as_given("a/../../../b", &b);
    assert_string_equal(buf_text(&b), "x/yb");
}

/* The same once more, by a stack of parts. */
static void kept_again(const char *argument, char *to)
{
    char parts[64][64], copy[64], *rest = copy;
    size_t count = 0;
    (void)snprintf(copy, sizeof copy, "%s", argument);
    for (char *part; (part = strsep(&rest, "/")) != NULL;) {
        if (strcmp(part, "..") == 0)
            count -= count > 0;
        else if (*part != 0 && strcmp(part, ".") != 0)
            (void)snprintf(parts[count++], sizeof parts[0], "%s", part);
    }
    *to = 0;
    for (size_t i = 0; i < count; i++)
        to += sprintf(to, "%s%s", i == 0 ? "" : "/", parts[i]);
}

static void random_paths_are_kept_as_a_second_reading_says(void **state)
{
    struct chance chance = {11};
    OWN(buf_drop) struct buf b = {0};
    OWN(buf_drop) struct buf twice = {0};
    for (int i = 0; i < 20000; i++) {
        char argument[32] = {0}, expected[64];
        size_t n = chance_below(&chance, sizeof argument - 1);
        for (size_t k = 0; k < n; k++)
            argument[k] = "ab.././"[chance_below(&chance, 7)];
        kept_again(argument, expected);
        kept(argument, &b);
        assert_string_equal(buf_text(&b), expected);
        kept(expected, &twice);
        assert_string_equal(buf_text(&twice), expected);
    }
}

/* ---- what is refused ---- */

static int check(struct err *e, const char *forbidden, const char *first, const char *second)
{
    const char *arguments[] = {first, second};
    return intake_paths_check(arguments, second == NULL ? 1 : 2, forbidden, e);
}

static void refused(int expected, const char *forbidden, const char *first, const char *second, const char *words)
{
    struct err e = {0};
    int rc = check(&e, forbidden, first, second);
    assert_int_equal(rc, expected);
    if (strstr(e.text, words) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", e.text, words);
}

static void allowed(const char *forbidden, const char *first, const char *second)
{
    struct err e = {0};
    if (check(&e, forbidden, first, second) != 0)
        fail_msg("%s", e.text);
}

static void a_path_that_is_not_there_is_named(void **state)
{
    refused(ERR_ABSENT, NULL, "papers", "nowhere", "nowhere is not there");
    refused(ERR_ABSENT, NULL, "nowhere/below", NULL, "nowhere/below is not there");
    refused(ERR_IO, NULL, "papers/one/below", NULL, "look at papers/one/below");
    scratch_mkdir("closed");
    scratch_mkdir("closed/inner");
    assert_int_equal(chmod("closed", 0), 0);
    refused(ERR_IO, NULL, "closed/inner", NULL, "look at closed/inner");
    assert_int_equal(chmod("closed", 0755), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    allowed(NULL, "dangling", "papers"); /* a link is kept as a link */
}

static void two_paths_under_one_name_are_refused(void **state)
{
    char whole[PATH_MAX];
    refused(ERR_REFUSED, NULL, "papers", "papers", "papers would be kept within or under the same name as papers");
    refused(ERR_REFUSED, NULL, "papers", "./papers/",
            "./papers/ would be kept within or under the same name as papers");
    refused(ERR_REFUSED, NULL, "papers", "papers/one",
            "papers/one would be kept within or under the same name as papers:");
    refused(ERR_REFUSED, NULL, "papers/one", "papers",
            "papers/one would be kept within or under the same name as papers:");
    refused(ERR_REFUSED, NULL, ".", "papers", "papers would be kept within or under the same name as .:");
    (void)snprintf(whole, sizeof whole, "%s/papers", scratch_folder);
    allowed(NULL, "papers", whole);
    scratch_mkdir("ab");
    scratch_mkdir("abc");
    scratch_mkdir("ab-");
    allowed(NULL, "ab", "abc");
    allowed(NULL, "ab", "ab-");
    const char *between[] = {"ab/inner", "ab-", "ab"}; /* in bytes, "-" comes before "/" */
    struct err e = {0};
    scratch_mkdir("ab/inner");
    assert_int_equal(intake_paths_check(between, 3, NULL, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "ab/inner would be kept within or under the same name as ab:"));
}

static void the_repository_does_not_take_itself_in(void **state)
{
    scratch_mkdir("all");
    scratch_mkdir("all/archive");
    scratch_mkdir("all/archive/vault");
    scratch_mkdir("all/archive2");
    refused(ERR_REFUSED, "all/archive", "all/archive", NULL, "all/archive holds the repository");
    refused(ERR_REFUSED, "all/archive", "all", NULL, "all holds the repository");
    refused(ERR_REFUSED, "all/archive", "/", NULL, "/ holds the repository");
    refused(ERR_REFUSED, "all/archive", "papers", ".", ". holds the repository");
    refused(ERR_REFUSED, "all/archive", "all/archive/vault", NULL, "all/archive/vault lies in the repository");
    refused(ERR_REFUSED, "all/archive", "papers/../all/archive/", NULL, "holds the repository");
    allowed("all/archive", "all/archive2", "papers");
    allowed("all/archive2", "all/archive", NULL);
    allowed("nowhere", "all", NULL);
    assert_int_equal(symlink("all", "way"), 0);
    allowed("all/archive", "way", NULL); /* the link itself, which leads nowhere here */
    refused(ERR_REFUSED, "all/archive", "way/", NULL, "way/ holds the repository");
    refused(ERR_REFUSED, "way/archive", "all", NULL, "all holds the repository");
    refused(ERR_REFUSED, "all/archive", "way/archive/vault", NULL, "lies in the repository");
}

/* As many names as wanted from few files: links to one folder, times the files in it. */
enum { SIDE = 256 };

static char **many_paths(size_t count)
{
    char **list = calloc(count, sizeof *list);
    assert_non_null(list);
    for (size_t i = 0; i < count; i++)
        assert_true(asprintf(&list[i], "l%03zu/n%03zu", i / SIDE % (SIDE + 1), i % SIDE) > 0);
    return list;
}

static void free_paths(char **list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i]);
    free(list);
}

static void as_many_paths_as_are_allowed_and_no_more(void **state)
{
    scratch_mkdir("many");
    for (int i = 0; i <= SIDE; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "many/n%03d", i);
        scratch_text(name, "");
        (void)snprintf(name, sizeof name, "l%03d", i);
        assert_int_equal(symlink("many", name), 0);
    }
    size_t count = INTAKE_PATHS_MAX + 1;
    char **list = many_paths(count);
    struct err e = {0};
    struct timespec before, after;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
    int rc = intake_paths_check((const char *const *)list, INTAKE_PATHS_MAX, "archive", &e);
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
    if (rc != 0)
        fail_msg("%s", e.text);
    assert_true(after.tv_sec - before.tv_sec < 20); /* not every one against every other */
    assert_int_equal(intake_paths_check((const char *const *)list, count, "archive", &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "more than 65536 paths"));
    free_paths(list, count);
}

static int setup(void **state)
{
    scratch_begin();
    scratch_mkdir("papers");
    scratch_text("papers/one", "1");
    return 0;
}

static int teardown(void **state)
{
    scratch_end();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_path_is_kept_as_given_without_what_only_leads_about),
        cmocka_unit_test(what_stands_before_it_in_the_buffer_stays),
        cmocka_unit_test(random_paths_are_kept_as_a_second_reading_says),
        cmocka_unit_test_setup_teardown(a_path_that_is_not_there_is_named, setup, teardown),
        cmocka_unit_test_setup_teardown(two_paths_under_one_name_are_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_repository_does_not_take_itself_in, setup, teardown),
        cmocka_unit_test_setup_teardown(as_many_paths_as_are_allowed_and_no_more, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
