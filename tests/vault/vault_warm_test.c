/* What lies warm: found by all that its reference says and nothing less, and never where something else was written. */
#include "../base/chance.h"
#include "fixture.h"
#include "vault/vault_internal.h"

enum { ROOM = 1000 };

static struct frame_ref ref_of(uint64_t record, uint32_t size_bytes)
{
    struct frame_ref ref = {.record = record, .size_bytes = size_bytes};
    memset(ref.key.b, (int)record, CRYPT_KEY);
    memset(ref.digest.b, (int)record + 1, CRYPT_HASH);
    return ref;
}

static uint64_t put(struct warm *w, const struct frame_ref *ref)
{
    uint64_t at = vault_warm_next(w, ref->size_bytes);
    memset(vault_warm_place(w, at), (int)ref->record, ref->size_bytes);
    vault_warm_put(w, ref, at);
    return at;
}

static void a_reference_that_says_otherwise_is_not_found(void **state)
{
    (void)state;
    struct warm *w = vault_warm_new(ROOM);
    struct frame_ref ref = ref_of(5, 100);
    uint64_t at = 77;
    assert_false(vault_warm_get(w, &ref, 0, &at));
    uint64_t lies = put(w, &ref);
    assert_true(vault_warm_get(w, &ref, 0, &at));
    assert_int_equal(at, lies);
    for (int i = 0; i < 4; i++) {
        struct frame_ref other = ref;
        other.record += i == 0 ? 2048 : 0; /* the same place in the table */
        other.size_bytes -= i == 1;
        other.key.b[31] ^= i == 2;
        other.digest.b[31] ^= i == 3;
        assert_false(vault_warm_get(w, &other, 0, &at));
    }
    ref.shared = true; /* who holds it says nothing of its bytes */
    ref.holder = 9;
    assert_true(vault_warm_get(w, &ref, 0, &at));
    vault_warm_forget(w);
    assert_false(vault_warm_get(w, &ref, 0, &at));
    vault_warm_free(w);
}

/* Round and round, against a list of what was put last. */
static void what_is_found_is_what_was_put(void **state)
{
    struct chance chance = {3};
    (void)state;
    struct warm *w = vault_warm_new(ROOM);
    size_t found = 0;
    for (uint64_t record = 1; record < 2000; record++) {
        struct frame_ref ref = ref_of(record, 1 + (uint32_t)chance_below(&chance, record % 50 == 0 ? ROOM : 90));
        uint64_t at = put(w, &ref);
        assert_true(vault_warm_place(w, at) + ref.size_bytes <= vault_warm_place(w, 0) + ROOM);
        for (uint64_t old = record > 40 ? record - 40 : 1; old <= record; old++) {
            uint32_t byte = (uint8_t)old;
            for (uint32_t n = 1; n < 90; n++) {
                struct frame_ref wanted = ref_of(old, n);
                if (!vault_warm_get(w, &wanted, 0, &at))
                    continue;
                found++;
                for (uint32_t i = 0; i < n; i++)
                    assert_int_equal(vault_warm_place(w, at)[i], byte);
            }
        }
    }
    assert_true(found > 10000);
    vault_warm_free(w);
}

/* It is found only if it will still lie there when so much more is put: at the limit, and one byte past it. */
static void what_will_be_written_over_is_not_found(void **state)
{
    uint64_t at;
    (void)state;
    struct warm *w = vault_warm_new(ROOM);
    struct frame_ref first = ref_of(1, 300), second = ref_of(2, 200);
    (void)put(w, &first);
    (void)put(w, &second);
    assert_true(vault_warm_get(w, &first, ROOM - 500, &at));
    assert_false(vault_warm_get(w, &first, ROOM - 499, &at));
    assert_true(vault_warm_get(w, &second, ROOM - 200, &at));
    assert_false(vault_warm_get(w, &second, ROOM - 199, &at));
    struct frame_ref third = ref_of(3, 501); /* not in one piece at the end */
    assert_int_equal(vault_warm_next(w, 500), 500);
    assert_int_equal(vault_warm_next(w, 501), ROOM);
    assert_int_equal(put(w, &third), ROOM);
    assert_false(vault_warm_get(w, &first, 0, &at));
    assert_false(vault_warm_get(w, &second, 0, &at));
    vault_warm_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_reference_that_says_otherwise_is_not_found),
        cmocka_unit_test(what_is_found_is_what_was_put),
        cmocka_unit_test(what_will_be_written_over_is_not_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
