#include "fake.h"

#include "base/unicode.h"

#include <sys/ioctl.h>

#define MIB ((uint64_t)1 << 20)
#define GIB ((uint64_t)1 << 30)

static void shows(const struct cli_meter_view *v, size_t columns, const char *want)
{
    OWN(buf_drop) struct buf got = {0};
    cli_meter_line(v, columns, &got);
    assert_string_equal(buf_text(&got), want);
}

static const struct cli_meter_view middle = {{1234, 5678, GIB + GIB / 4, 3 * GIB + GIB / 2}, 45 * MIB + MIB / 2, 123};

static void test_narrower_says_less(void **state)
{
    shows(&middle, 200, "files 1,234 of 5,678  1.2 of 3.5 GiB  45.5 MiB/s  2:03 left");
    shows(&middle, 60, "files 1,234 of 5,678  1.2 of 3.5 GiB  45.5 MiB/s  2:03 left");
    shows(&middle, 58, "files 1,234  1.2 of 3.5 GiB  45.5 MiB/s  2:03 left");
    shows(&middle, 40, "1.2 of 3.5 GiB  45.5 MiB/s  2:03 left");
    shows(&middle, 30, "1.2 of 3.5 GiB  2:03 left");
    shows(&middle, 20, "1.2 of 3.5 GiB");
    shows(&middle, 12, "files 1,234");
    shows(&middle, 10, "");
    shows(&middle, 0, "");
}

static void test_in_korean(void **state)
{
    text_choose(TEXT_KOREAN);
    shows(&middle, 200, "파일 1,234/5,678  1.2 / 3.5 GiB  45.5 MiB/s  2:03 남음");
    shows(&middle, 20, "1.2 / 3.5 GiB");
}

static void test_what_is_not_known_is_not_said(void **state)
{
    shows(&(struct cli_meter_view){{0, 0, 0, 0}, 0, -1}, 80, "");
    shows(&(struct cli_meter_view){{0, 0, 0, 0}, MIB, 9}, 80, "");
    shows(&(struct cli_meter_view){{1, 0, 0, 0}, 0, -1}, 80, "files 1");
    shows(&(struct cli_meter_view){{1, 0, 1023, 0}, 0, -1}, 80, "files 1  1023 B");
    shows(&(struct cli_meter_view){{0, 0, 1024, 0}, 1, -1}, 80, "1.0 KiB  1 B/s");
    shows(&(struct cli_meter_view){{0, 0, 5, MIB}, 0, 3600}, 80, "0.0 of 1.0 MiB  1:00:00 left");
    shows(&(struct cli_meter_view){{0, 7, 0, 0}, 0, 0}, 80, "files 0 of 7  0:00 left");
    shows(&(struct cli_meter_view){{UINT64_MAX, UINT64_MAX, MIB - 1, 0}, 0, -1}, 80,
          "files 18,446,744,073,709,551,615 of 18,446,744,073,709,551,615  1023.9 KiB");
    shows(&(struct cli_meter_view){{0, 0, UINT64_MAX, UINT64_MAX}, UINT64_MAX, -1}, 80, "15.9 of 15.9 EiB  15.9 EiB/s");
}

/* Any order of magnitude up to ${bits} bits; never 0. */
static uint64_t chance_amount(unsigned bits)
{
    return 1 + (fake_chance() >> (64 - bits) >> (fake_chance() % bits));
}

/* Whatever is to be shown, and however wide the window: something fits, and it is what its own width would show. */
static void test_every_width(void **state)
{
    for (int i = 0; i < 300; i++) {
        text_choose(i % 2 == 0 ? TEXT_ENGLISH : TEXT_KOREAN);
        struct cli_meter_view v = {{chance_amount(29), chance_amount(29), chance_amount(63), chance_amount(63)},
                                   chance_amount(40),
                                   (int64_t)chance_amount(18)};
        for (size_t columns = 20; columns <= 200; columns++) {
            OWN(buf_drop) struct buf got = {0};
            cli_meter_line(&v, columns, &got);
            size_t width = unicode_columns(buf_bytes(&got));
            assert_true(got.n > 0 && width <= columns);
            shows(&v, width, buf_text(&got));
        }
    }
}

static void test_rate_and_time_left(void **state)
{
    struct cli_meter m = {0};
    struct cli_meter_view v;
    struct verbs_progress p = {.bytes_all = 100 * MIB};
    cli_meter_view_at(&m, &p, 5000, &v);
    assert_true(v.bytes_per_s == 0 && v.left_s == -1);
    p.bytes = 10 * MIB;
    cli_meter_view_at(&m, &p, 5999, &v);
    assert_true(v.bytes_per_s == 0 && v.left_s == -1);
    cli_meter_view_at(&m, &p, 6000, &v);
    assert_int_equal(v.bytes_per_s, 10 * MIB);
    assert_int_equal(v.left_s, 9);
    /* Only the last samples count: what was fast at first is forgotten. */
    for (uint64_t s = 0; s < 2 * CLI_METER_SAMPLES; s++) {
        p.bytes += 1024;
        cli_meter_view_at(&m, &p, 7000 + s * 1000, &v);
    }
    assert_int_equal(v.bytes_per_s, 1024);
    /* Another stretch begins at nothing. */
    p = (struct verbs_progress){.files = 0, .files_all = 50};
    cli_meter_view_at(&m, &p, 1000000, &v);
    assert_true(v.bytes_per_s == 0 && v.left_s == -1);
    p.files = 10;
    cli_meter_view_at(&m, &p, 1002000, &v);
    assert_int_equal(v.left_s, 8);
    assert_int_equal(v.bytes_per_s, 0);
}

static void test_a_guess_too_long_is_none(void **state)
{
    struct cli_meter_view v;
    struct verbs_progress p = {.bytes_all = 360000};
    struct cli_meter m = {0};
    cli_meter_view_at(&m, &p, 1, &v);
    p.bytes = 1;
    cli_meter_view_at(&m, &p, 1001, &v);
    assert_int_equal(v.left_s, 359999);
    m = (struct cli_meter){0};
    p = (struct verbs_progress){.bytes_all = 360001};
    cli_meter_view_at(&m, &p, 1, &v);
    p.bytes = 1;
    cli_meter_view_at(&m, &p, 1001, &v);
    assert_int_equal(v.left_s, -1);
    /* More than there should be: a file grew. */
    p.bytes = p.bytes_all + 1;
    cli_meter_view_at(&m, &p, 2001, &v);
    assert_int_equal(v.left_s, -1);
}

static size_t drawn_in(const char *shown)
{
    size_t n = 0;
    for (const char *at = strstr(shown, "\r\x1b[K"); at != NULL; at = strstr(at + 1, "\r\x1b[K"))
        n++;
    return n;
}

static void test_five_times_a_second(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    OWN(fd_drop) int from = ends[0];
    struct cli_meter m = {.on = true, .fd = ends[1]};
    struct verbs_progress p = {.files_all = 1000};
    for (uint64_t ms = 10000; ms < 11000; ms++) {
        p.files++;
        cli_meter_show(&m, &p, ms);
    }
    cli_meter_clear(&m);
    cli_meter_clear(&m);
    (void)close(ends[1]);
    char got[4096];
    ssize_t n = read(from, got, sizeof got - 1);
    assert_true(n > 0);
    got[n] = 0;
    assert_int_equal(drawn_in(got), 4 + 1);
    assert_non_null(strstr(got, "files 801 of 1,000"));
    assert_string_equal(got + n - 4, "\r\x1b[K");
}

static void test_off_is_silent(void **state)
{
    struct cli_meter m = {.on = false, .fd = -1};
    for (uint64_t ms = 0; ms < 2000; ms += 100)
        cli_meter_show(&m, &(struct verbs_progress){.files = ms}, ms);
    assert_false(m.drawn);
}

/* ---- on a terminal ---- */

static int work(void)
{
    fake_script.progress = 25;
    fake_script.say = "all done";
    if (setenv("TERM", "xterm", 1) != 0)
        return 99;
    char name[] = "groundwork", verb[] = "do";
    return cli_main(2, (char *[]){name, verb, NULL});
}

static int work_on_a_dumb_one(void)
{
    fake_script.progress = 10;
    char name[] = "groundwork", verb[] = "do";
    return setenv("TERM", "dumb", 1) == 0 ? cli_main(2, (char *[]){name, verb, NULL}) : 99;
}

static void test_on_a_terminal(void **state)
{
    OWN(buf_drop) struct buf seen = {0};
    OWN(fd_drop) int master = -1;
    pid_t child = fake_terminal(work, &master);
    fake_wait_for(master, &seen, NULL);
    assert_int_equal(fake_ended(child), 0);
    assert_non_null(strstr(buf_text(&seen), " of 25.0 MiB"));
    assert_non_null(strstr(buf_text(&seen), "\r\x1b[Kall done\r\n"));
    assert_in_range(drawn_in(buf_text(&seen)), 2, 9);
}

static void test_a_dumb_terminal_is_spared(void **state)
{
    OWN(buf_drop) struct buf seen = {0};
    OWN(fd_drop) int master = -1;
    pid_t child = fake_terminal(work_on_a_dumb_one, &master);
    fake_wait_for(master, &seen, NULL);
    assert_int_equal(fake_ended(child), 0);
    assert_int_equal(seen.n, 0);
}

static void test_stopped_from_the_keyboard(void **state)
{
    OWN(buf_drop) struct buf seen = {0};
    OWN(fd_drop) int master = -1;
    pid_t child = fake_terminal(work, &master);
    fake_wait_for(master, &seen, "files");
    fake_typed(master, "\x03");
    fake_wait_for(master, &seen, "groundwork: stopped after");
    fake_wait_for(master, &seen, NULL);
    assert_int_equal(fake_ended(child), 4);
    assert_null(strstr(buf_text(&seen), "all done"));
}

static int narrow(void)
{
    struct winsize window = {.ws_col = 24, .ws_row = 10};
    return ioctl(2, TIOCSWINSZ, &window) == 0 && cli_terminal_columns(2) == 24 ? work() : 99;
}

static void test_the_window_is_asked(void **state)
{
    OWN(buf_drop) struct buf seen = {0};
    OWN(fd_drop) int master = -1;
    pid_t child = fake_terminal(narrow, &master);
    fake_wait_for(master, &seen, NULL);
    assert_int_equal(fake_ended(child), 0);
    assert_null(strstr(buf_text(&seen), "files"));
    assert_non_null(strstr(buf_text(&seen), " of 25.0 MiB"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_narrower_says_less, fake_environment),
        cmocka_unit_test_setup(test_in_korean, fake_environment),
        cmocka_unit_test_setup(test_what_is_not_known_is_not_said, fake_environment),
        cmocka_unit_test_setup(test_every_width, fake_environment),
        cmocka_unit_test_setup(test_rate_and_time_left, fake_environment),
        cmocka_unit_test_setup(test_a_guess_too_long_is_none, fake_environment),
        cmocka_unit_test_setup(test_five_times_a_second, fake_environment),
        cmocka_unit_test_setup(test_off_is_silent, fake_environment),
        cmocka_unit_test_setup(test_on_a_terminal, fake_environment),
        cmocka_unit_test_setup(test_a_dumb_terminal_is_spared, fake_environment),
        cmocka_unit_test_setup(test_stopped_from_the_keyboard, fake_environment),
        cmocka_unit_test_setup(test_the_window_is_asked, fake_environment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
