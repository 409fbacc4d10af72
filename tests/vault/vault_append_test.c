/* Runs and packs at their edges. */
#include "fixture.h"

#include "vault/vault_internal.h"

/* Packs are whole and follow each other, runs cover them without gap or overlap, records are numbered through. */
static void layout_check(const struct fixture *f)
{
    uint32_t next_sector = 0;
    uint64_t pack = 0;
    uint64_t record = 0;
    for (size_t i = 0; i < f->run_count; i++) {
        const struct vault_run *r = &f->runs[i];
        if (next_sector == f->setup.pack_sectors) {
            pack++;
            next_sector = 0;
        }
        assert_int_equal(r->pack, pack);
        assert_int_equal(r->first_sector, next_sector);
        assert_int_equal(r->first_record, record);
        next_sector += r->sectors;
        record += r->records;
        assert_true(next_sector <= f->setup.pack_sectors);
    }
    assert_int_equal(record, f->next_record);
    assert_int_equal(f->pack_count, f->next_pack);
    for (size_t i = 0; i < f->pack_count; i++) {
        bool last = i + 1 == f->pack_count;
        assert_int_equal(f->packs[i].pack, i);
        assert_true(f->packs[i].sealed || last);
        assert_int_equal(f->packs[i].sectors, f->packs[i].sealed ? f->setup.pack_sectors : next_sector);
    }
}

/* Objects of every length around what still fits into a pack, each in its own commit. */
static void packs_fill_to_the_byte(void **state)
{
    struct fixture f;
    enum { OBJECTS = 90 };
    uint8_t *p[OBJECTS];
    size_t n[OBJECTS];
    fixture_begin(&f, 1, 1);
    for (size_t i = 0; i < OBJECTS; i++) {
        n[i] = i % 3 == 0 ? 16384 * (i % 17) + i : 250000 + i * 131 % 12000;
        p[i] = fixture_bytes('r', n[i], i);
        (void)fixture_put(&f, bytes_of(p[i], n[i]));
        if (i % 2 == 0)
            fixture_commit(&f, NULL);
    }
    fixture_commit(&f, NULL);
    layout_check(&f);
    for (size_t i = 0; i < OBJECTS; i++) {
        fixture_same(&f, i, bytes_of(p[i], n[i]));
        free(p[i]);
    }
    fixture_audit(&f);
    fixture_end(&f);
}

/* A first record that does not fit into what is left of the open pack: an empty run fills it up. */
static void an_empty_run_fills_a_pack(void **state)
{
    struct fixture f;
    fixture_begin(&f, 1, 1);
    for (size_t i = 0; i < 62; i++) { /* a sector each, then a record that needs four where there are three */
        size_t n = i < 61 ? 1000 : 60000;
        OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, i);
        uint64_t leaf = fixture_put(&f, bytes_of(p, n));
        fixture_commit(&f, NULL);
        fixture_same(&f, leaf, bytes_of(p, n));
    }
    assert_int_equal(f.run_count, 63);
    assert_int_equal(f.runs[61].records, 0);
    assert_int_equal(f.runs[61].sectors, 3);
    layout_check(&f);
    fixture_audit(&f);
    for (size_t i = 0; i < f.run_count; i++) {
        struct vault_run r = {.pack = f.runs[i].pack, .first_sector = f.runs[i].first_sector,
                              .sectors = f.runs[i].sectors};
        struct err e = {0};
        assert_int_equal(vault_run_read(f.v, &r, &e), 0);
        assert_int_equal(r.first_record, f.runs[i].first_record);
        assert_int_equal(r.records, f.runs[i].records);
    }
    fixture_end(&f);
}

/* A run has at most RUN_RECORDS_MAX records; the next begins behind it in the same pack. */
static void a_run_ends_when_its_directory_is_full(void **state)
{
    struct fixture f;
    struct vault_flushed x;
    enum { OBJECTS = RUN_RECORDS_MAX / 2 + 1000 };
    fixture_begin(&f, 64, 2);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        uint8_t bytes[4];
        u32_put(bytes, i);
        (void)fixture_put(&f, bytes_of(bytes, sizeof(bytes)));
    }
    fixture_commit(&f, &x);
    assert_int_equal(x.run_count, 2);
    assert_int_equal(x.pack_count, 1);
    assert_int_equal(x.runs[0].records, RUN_RECORDS_MAX);
    assert_int_equal(x.runs[1].records, 2000);
    vault_flushed_release(&x);
    layout_check(&f);
    for (uint32_t i = 0; i < OBJECTS; i += 97) {
        uint8_t bytes[4];
        u32_put(bytes, i);
        fixture_same(&f, i, bytes_of(bytes, sizeof(bytes)));
    }
    fixture_audit(&f);
    fixture_end(&f);
}

/* The ring goes round more than once, with records of every length across its end. */
static void the_ring_goes_round(void **state)
{
    struct fixture f;
    size_t n = 3 * (size_t)RING + 12345;
    OWN(mem_drop) uint8_t *p = fixture_bytes('r', n, 5);
    fixture_begin(&f, 16, 2);
    uint64_t leaf = fixture_put(&f, bytes_of(p, n));
    for (size_t i = 0; i < 300; i++)
        (void)fixture_put(&f, bytes_of(p + i * 1000, 50000 + i));
    fixture_commit(&f, NULL);
    layout_check(&f);
    fixture_same(&f, leaf, bytes_of(p, n));
    for (size_t i = 0; i < 300; i++)
        fixture_same(&f, leaf + 1 + i, bytes_of(p + i * 1000, 50000 + i));
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packs_fill_to_the_byte),
        cmocka_unit_test(an_empty_run_fills_a_pack),
        cmocka_unit_test(a_run_ends_when_its_directory_is_full),
        cmocka_unit_test(the_ring_goes_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
