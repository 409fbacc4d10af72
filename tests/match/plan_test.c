/* The plan of keys: something to compare by for any table, and nothing for an empty one. */
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void people(void **state)
{
    (void)state;
    uint32_t *person;
    struct match_frame *f = fixture_people(3000, false, &person);
    struct match_plan plan, again;
    assert_int_equal(match_plan_make(f, &plan, NULL), 0);
    assert_int_equal(match_plan_make(f, &again, NULL), 0);
    assert_memory_equal(&plan, &again, sizeof plan);
    assert_true(plan.keys >= 5 && plan.keys <= MATCH_KEYS_MAX);
    uint32_t all = 0;
    for (unsigned i = 0; i < plan.keys; i++) {
        assert_true(plan.key[i].atoms >= 1 && plan.key[i].atoms <= 3);
        all |= plan.key[i].fields;
    }
    assert_true((all & 7) == 7);
    /* Names in either order share the atom of both. */
    uint32_t atoms[2] = {5, 9};
    struct match_key key = {.atoms = 2, .atom = {0, 1}};
    assert_int_equal(match_key_value(atoms, 2, 0, &key) & 1, 1);
    atoms[1] = 0;
    assert_int_equal(match_key_value(atoms, 2, 0, &key), 0);
    assert_true(strlen(match_atom_words(MATCH_ATOM_NAMES)) > 3);
    match_frame_free(f);
    free(person);
}

static void empty(void **state)
{
    (void)state;
    struct match_field field = {"x", MATCH_CODE, false};
    struct match_frame *f = NULL;
    struct match_plan plan;
    assert_int_equal(match_frame_new(&field, 1, &f, NULL), 0);
    assert_int_equal(match_plan_make(f, &plan, NULL), 0);
    match_frame_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people),
        cmocka_unit_test(empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
