/* Files with several names are remembered by device and inode, whatever these are. */
#include "intake/intake_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../base/chance.h"
#include "../base/memory.h"

enum { FILES = 50000 };

static uint64_t cookie_of(uint64_t device, uint64_t inode)
{
    return device * 1000003 + inode * 7 + 1;
}

static void a_new_file_has_no_cookie_and_the_next_question_finds_what_was_set(void **state)
{
    OWN(intake_links_release) struct links_seen links = {0};
    struct link_seen *seen = intake_links_find(&links, 0, 0);
    assert_non_null(seen);
    assert_int_equal(seen->cookie, UINT64_MAX);
    seen->cookie = 0;
    assert_ptr_equal(intake_links_find(&links, 0, 0), seen);
    assert_int_equal(intake_links_find(&links, 0, 0)->cookie, 0);
    assert_int_equal(intake_links_find(&links, 1, 0)->cookie, UINT64_MAX);
    assert_int_equal(intake_links_find(&links, 0, 1)->cookie, UINT64_MAX);
    assert_int_equal(links.used, 3);
}

/* Inodes as file systems give them: in a row, by pages, by large powers of two, at both ends. */
static uint64_t inode_of(unsigned manner, uint64_t n)
{
    switch (manner) {
    case 0:
        return n;
    case 1:
        return n << 12;
    case 2:
        return n << 40;
    default:
        return UINT64_MAX - n;
    }
}

static void every_file_is_found_again_with_its_own_cookie(void **state)
{
    for (unsigned manner = 0; manner < 4; manner++) {
        OWN(intake_links_release) struct links_seen links = {0};
        for (uint64_t i = 0; i < FILES; i++) {
            struct link_seen *seen = intake_links_find(&links, i % 3, inode_of(manner, i));
            assert_non_null(seen);
            assert_int_equal(seen->cookie, UINT64_MAX);
            seen->cookie = cookie_of(i % 3, inode_of(manner, i));
        }
        assert_int_equal(links.used, FILES);
        struct chance chance = {manner + 1};
        for (uint64_t k = 0; k < FILES; k++) {
            uint64_t i = chance_below(&chance, FILES);
            const struct link_seen *seen = intake_links_find(&links, i % 3, inode_of(manner, i));
            assert_int_equal(seen->cookie, cookie_of(i % 3, inode_of(manner, i)));
        }
        assert_int_equal(links.used, FILES);
    }
}

static void what_was_remembered_outlives_lost_memory(void **state)
{
    OWN(intake_links_release) struct links_seen links = {0};
    uint64_t kept = 0;
    struct link_seen *seen;
    do {
        memory_fails_at(links.used * 2 >= links.room && kept > 100 ? 1 : 0);
        seen = intake_links_find(&links, 5, kept);
        (void)memory_is_back();
        if (seen != NULL)
            seen->cookie = kept++;
    } while (seen != NULL);
    assert_true(kept > 100);
    for (uint64_t i = 0; i < kept; i++)
        assert_int_equal(intake_links_find(&links, 5, i)->cookie, i);
    assert_non_null(intake_links_find(&links, 5, kept)); /* and it goes on when there is memory again */
}

static void released_is_empty_and_may_be_used_again(void **state)
{
    struct links_seen links = {0};
    intake_links_find(&links, 1, 2)->cookie = 3;
    intake_links_release(&links);
    assert_null(links.slot);
    assert_int_equal(intake_links_find(&links, 1, 2)->cookie, UINT64_MAX);
    intake_links_release(&links);
    intake_links_release(&links);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_new_file_has_no_cookie_and_the_next_question_finds_what_was_set),
        cmocka_unit_test(every_file_is_found_again_with_its_own_cookie),
        cmocka_unit_test(what_was_remembered_outlives_lost_memory),
        cmocka_unit_test(released_is_empty_and_may_be_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
