/* A square code: finder patterns in three corners, white around it, and no more than a path of runs.  That it is read
 * back by another program is tests/flow/17-recovery.sh's. */
#include "paper/paper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE_MAX = 200 };

static int draw(const char *svg, bool black[SIDE_MAX][SIDE_MAX])
{
    int side = 0;
    assert_int_equal(sscanf(strstr(svg, "viewBox="), "viewBox=\"0 0 %d", &side), 1);
    assert_in_range(side, 29, SIDE_MAX);
    memset(black, 0, sizeof(bool) * SIDE_MAX * SIDE_MAX);
    for (const char *p = strstr(svg, " d=\"") + 4; *p == 'M';) {
        int x, y, n, back, used = 0;
        assert_int_equal(sscanf(p, "M%d %dh%dv1h-%dz%n", &x, &y, &n, &back, &used), 4);
        assert_true(n == back && n > 0 && x >= 4 && y >= 4 && x + n <= side - 4 && y < side - 4);
        for (int i = 0; i < n; i++)
            black[y][x + i] = true;
        p += used;
    }
    return side;
}

static void is_finder(bool black[SIDE_MAX][SIDE_MAX], int x, int y)
{
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 7; k++) {
            int ring = i < k ? i : k, far = i > k ? i : k;
            ring = ring < 6 - far ? ring : 6 - far;
            assert_int_equal(black[y + i][x + k], ring != 1);
        }
}

static void a_code_of_modules(void **state)
{
    (void)state;
    static bool black[SIDE_MAX][SIDE_MAX];
    static const char *const texts[] = {"A", "GROUNDWORK/SHEET/1/"
                                             "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFGHIJKLMNOPQRSTUVWXYZ234567ABCDEFG"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        OWN(buf_drop) struct buf svg = {0};
        assert_int_equal(paper_qr(texts[i], 50, &svg, NULL), 0);
        int side = draw(buf_text(&svg), black);
        is_finder(black, 4, 4);
        is_finder(black, side - 11, 4);
        is_finder(black, 4, side - 11);
        assert_non_null(strstr(buf_text(&svg), "width=\"50mm\""));
    }
}

static void too_much_for_a_code(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf svg = {0};
    OWN(buf_drop) struct buf text = {0};
    struct err e = {0};
    for (int i = 0; i < 5000; i++)
        buf_put_u8(&text, 'x');
    assert_int_equal(paper_qr(buf_text(&text), 50, &svg, &e), ERR_IO);
    assert_non_null(strstr(e.text, "square code"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_code_of_modules), cmocka_unit_test(too_much_for_a_code)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
