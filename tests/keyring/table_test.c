/* Opening: which table, whose keys, and what is said when it cannot be. */
#include "fixture.h"

static int try_open(const struct fixture *f, const struct keyring_identity *id, uint64_t table_max, struct err *e)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    *e = (struct err){0};
    int rc = keyring_open(f->root.s, id, table_max, &k, e);
    assert_int_equal(k != NULL, rc == 0);
    if (rc != 0) {
        assert_int_equal(e->code, rc);
        assert_string_not_equal(e->text, "");
        fixture_no_secret_in(f, e->text);
    }
    return rc;
}

static uint64_t version_of(const struct fixture *f, uint64_t table_max)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    uint64_t version;
    struct hash digest;
    assert_int_equal(keyring_open(f->root.s, &f->id, table_max, &k, NULL), 0);
    keyring_table(k, &version, &digest);
    return version;
}

/* Tables 1 to 4, as a crash just before the removals leaves them. */
static void keep_tables(struct fixture *f)
{
    for (int i = 0; i < 3; i++) {
        OWN(buf_drop) struct buf old = {0};
        char name[KEYRING_NAME_MAX];
        strcpy(name, fixture_name(f, "table-"));
        fixture_get(f, 'a', name, &old);
        f->keyring->in_last = KEYRING_SEGMENT_LEAVES;
        f->keyring->in_last_known = i > 0;
        fixture_commit(f, 2, 0);
        fixture_put(f, 'a', name, buf_bytes(&old));
        fixture_put(f, 'b', name, buf_bytes(&old));
    }
}

static void table_name_of(const struct fixture *f, int version, char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(f->id.holdings[0].compartment, comp);
    snprintf(to, KEYRING_NAME_MAX, "%s/table-%d", comp, version);
}

static void which_table(void **state)
{
    struct fixture *f = *state;
    struct err e;
    keep_tables(f);
    assert_int_equal(version_of(f, UINT64_MAX), 4);
    assert_int_equal(version_of(f, 1000), 4);
    for (uint64_t v = 1; v <= 4; v++)
        assert_int_equal(version_of(f, v), v);
    assert_int_equal(try_open(f, &f->id, 0, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "holds no table of keys"));
}

/* More tables lie there than are looked at: the newest are. */
static void many_tables(void **state)
{
    struct fixture *f = *state;
    char name[KEYRING_NAME_MAX];
    keep_tables(f);
    for (int v = 1000; v < 1100; v++) {
        table_name_of(f, v, name);
        fixture_put(f, "ab"[v % 2], name, bytes_text("no table"));
    }
    assert_int_equal(version_of(f, 4), 4);
    assert_int_equal(version_of(f, 999), 4);
}

/* A newer table that is damaged does not keep an older one closed, unless it is the one that is asked for. */
static void damaged_newest(void **state)
{
    struct fixture *f = *state;
    struct err e;
    char name[KEYRING_NAME_MAX];
    keep_tables(f);
    table_name_of(f, 4, name);
    OWN(buf_drop) struct buf content = {0};
    fixture_get(f, 'a', name, &content);
    fixture_remove(f, 'b', name);
    for (size_t i = 0; i < content.n; i += 31) {
        content.p[i] ^= 4;
        fixture_put(f, 'a', name, buf_bytes(&content));
        content.p[i] ^= 4;
        bool signer = i >= content.n - SIGNED_TAIL && i < content.n - CRYPT_SIGNATURE;
        if (signer) /* poses as another member's: nothing behind it is tried */
            continue;
        assert_int_equal(version_of(f, UINT64_MAX), 3);
        assert_int_equal(try_open(f, &f->id, 4, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, name));
    }
    for (int v = 1; v <= 4; v++) {
        table_name_of(f, v, name);
        fixture_put(f, 'a', name, bytes_text("no table"));
        fixture_put(f, 'b', name, bytes_text("none either"));
    }
    assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "/a/keys/")); /* both are named */
    assert_non_null(strstr(e.text, "/b/keys/"));
    assert_non_null(strstr(e.text, "table-4"));
}

/* Each file, every byte, both copies: the keyring is refused, or it is what it was. */
static void damaged_in_both(void **state)
{
    struct fixture *f = *state;
    struct err e;
    fixture_commit(f, 3, 0);
    static const char *const prefixes[] = {"table-", "wrap-", "1-"};
    for (size_t p = 0; p < COUNT(prefixes); p++) {
        OWN(buf_drop) struct buf content = {0};
        const char *name = fixture_name(f, prefixes[p]);
        fixture_get(f, 'a', name, &content);
        for (size_t i = 0; i < content.n; i++) {
            content.p[i] ^= (uint8_t)(1u << i % 8);
            fixture_put(f, 'a', name, buf_bytes(&content));
            fixture_put(f, 'b', name, buf_bytes(&content));
            content.p[i] ^= (uint8_t)(1u << i % 8);
            int rc = try_open(f, &f->id, UINT64_MAX, &e);
            bool signer = i >= content.n - SIGNED_TAIL && i < content.n - CRYPT_SIGNATURE;
            assert_int_equal(rc, signer ? ERR_KEY : ERR_DAMAGED);
            assert_non_null(strstr(e.text, name));
        }
        for (size_t n = 0; n < content.n; n += 13) {
            fixture_put(f, 'a', name, bytes_of(content.p, n));
            fixture_put(f, 'b', name, bytes_of(content.p, n));
            assert_int_not_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
        }
        fixture_put(f, 'a', name, buf_bytes(&content));
        fixture_put(f, 'b', name, buf_bytes(&content));
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
    }
}

/* A foreign signer in one copy and damage in the other is damage, whichever is which. */
static void foreign_or_damaged(void **state)
{
    struct fixture *f = *state;
    struct err e;
    const char *name = fixture_name(f, "wrap-");
    OWN(buf_drop) struct buf content = {0};
    fixture_get(f, 'a', name, &content);
    content.p[content.n - SIGNED_TAIL] ^= 1;
    for (int copy = 0; copy < COPIES; copy++) {
        fixture_put(f, COPY_NAME(copy), name, buf_bytes(&content));
        fixture_put(f, COPY_NAME(!copy), name, bytes_text("bad"));
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
        fixture_remove(f, COPY_NAME(!copy), name);
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_KEY);
    }
}

static void lost_files(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const char *const prefixes[] = {"table-", "wrap-", "1-"};
    static const int codes[] = {ERR_DAMAGED, ERR_KEY, ERR_DAMAGED};
    for (size_t p = 0; p < COUNT(prefixes); p++) {
        OWN(buf_drop) struct buf content = {0};
        const char *name = fixture_name(f, prefixes[p]);
        fixture_get(f, 'a', name, &content);
        for (int copy = 0; copy < COPIES; copy++) {
            fixture_remove(f, COPY_NAME(copy), name);
            assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
            fixture_put(f, COPY_NAME(copy), name, buf_bytes(&content));
        }
        fixture_remove(f, 'a', name);
        fixture_remove(f, 'b', name);
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), codes[p]);
        fixture_put(f, 'a', name, buf_bytes(&content));
        fixture_put(f, 'b', name, buf_bytes(&content));
    }
}

/* ---- whose keys ---- */

static void foreign_identity(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(keyring_identity_drop) struct keyring_identity foreign = {0};
    assert_int_equal(keyring_identity_make("example.org", &foreign, NULL), 0);
    foreign.pin = f->id.pin;
    assert_int_equal(try_open(f, &foreign, UINT64_MAX, &e), ERR_KEY);
    assert_non_null(strstr(e.text, "of another repository?"));
    memcpy(foreign.holdings[0].compartment, f->id.holdings[0].compartment, KEYRING_ID);
    assert_int_equal(try_open(f, &foreign, UINT64_MAX, &e), ERR_KEY);
}

/* Each key of the identity matters: with one of them exchanged nothing opens. */
static void exchanged_keys(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct keyring_identity id = f->id;
    crypt_random(id.holdings[0].seeds[0].seed.b, CRYPT_KEY);
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_KEY);
    id = f->id;
    crypt_random(id.box.b, CRYPT_KEY);
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_KEY);
    id = f->id;
    crypt_random(id.pin.b, CRYPT_HASH); /* another repository of the same member */
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_KEY);
    id = f->id;
    id.member.id[0] ^= 1;
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_KEY);
    id = f->id;
    id.member.public_key[0] ^= 1;
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_DAMAGED);
    id = f->id;
    id.holdings[0].compartment[0] ^= 1;
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), ERR_KEY);
    id = f->id;
    id.holdings[0].seeds[1].epoch = 1; /* whichever of them the box is to */
    assert_int_equal(try_open(f, &id, UINT64_MAX, &e), 0);
    assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
    keyring_identity_drop(&id);
}

/* Files that are good, in the place of others: of another repository, version, kind. */
static void exchanged_files(void **state)
{
    struct fixture *f = *state, *g;
    struct err e;
    void *other = NULL;
    assert_int_equal(fixture_setup(&other), 0);
    g = other;
    /* The same member, compartment and log founded twice: only the pin parts them. */
    g->id = f->id;
    crypt_random(g->id.pin.b, CRYPT_HASH);
    keyring_close(g->keyring);
    assert_int_equal(keyring_found(g->root.s, &g->id, &f->log_seed, &g->keyring, NULL), 0);
    static const char *const prefixes[] = {"table-", "wrap-", "1-"};
    static const int codes[] = {ERR_DAMAGED, ERR_KEY, ERR_KEY};
    for (size_t p = 0; p < COUNT(prefixes); p++) {
        OWN(buf_drop) struct buf mine = {0};
        OWN(buf_drop) struct buf theirs = {0};
        const char *name = fixture_name(f, prefixes[p]);
        fixture_get(f, 'a', name, &mine);
        fixture_get(g, 'a', name, &theirs);
        for (int copy = 0; copy < COPIES; copy++)
            fixture_put(f, COPY_NAME(copy), name, buf_bytes(&theirs));
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), codes[p]);
        for (int copy = 0; copy < COPIES; copy++)
            fixture_put(f, COPY_NAME(copy), name, buf_bytes(&mine));
    }
    (void)fixture_teardown(&other);
    for (size_t a = 0; a < COUNT(prefixes); a++)
        for (size_t b = 0; b < COUNT(prefixes); b++) {
            OWN(buf_drop) struct buf mine = {0};
            OWN(buf_drop) struct buf theirs = {0};
            if (a == b)
                continue;
            fixture_get(f, 'a', fixture_name(f, prefixes[a]), &mine);
            fixture_get(f, 'a', fixture_name(f, prefixes[b]), &theirs);
            for (int copy = 0; copy < COPIES; copy++)
                fixture_put(f, COPY_NAME(copy), fixture_name(f, prefixes[a]), buf_bytes(&theirs));
            assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
            for (int copy = 0; copy < COPIES; copy++)
                fixture_put(f, COPY_NAME(copy), fixture_name(f, prefixes[a]), buf_bytes(&mine));
        }
    assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
}

static void an_older_table_under_a_newer_name(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf older = {0};
    char name[KEYRING_NAME_MAX];
    keep_tables(f);
    table_name_of(f, 3, name);
    fixture_get(f, 'a', name, &older);
    table_name_of(f, 4, name);
    fixture_put(f, 'a', name, buf_bytes(&older));
    fixture_put(f, 'b', name, buf_bytes(&older));
    assert_int_equal(try_open(f, &f->id, 4, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "not the table that its name says"));
}

/* ---- what a holder of all keys might write beside the format ---- */

/* The table with its plain content changed by ${change}, sealed and signed as it must be. */
static void forge_table(struct fixture *f, void (*change)(struct buf *content))
{
    OWN(buf_drop) struct buf file = {0};
    OWN(buf_drop) struct buf content = {0};
    OWN(buf_drop) struct buf forged = {0};
    struct key key;
    uint8_t aad[CRYPT_HASH + HEAD_BYTES];
    const char *name = fixture_name(f, "table-");
    fixture_get(f, 'a', name, &file);
    crypt_derive_salted(&f->keyring->epoch_key, file.p + HEAD_BYTES, "groundwork/table/v1", &key);
    memcpy(aad, f->id.pin.b, CRYPT_HASH);
    memcpy(aad + CRYPT_HASH, file.p, HEAD_BYTES);
    size_t n = file.n - HEAD_BYTES - CRYPT_SALT - SIGNED_TAIL;
    struct bytes sealed = bytes_of(file.p + HEAD_BYTES + CRYPT_SALT, n);
    assert_int_equal(crypt_open(&key, 0, bytes_of(aad, sizeof aad), sealed, buf_more(&content, n)), 0);
    content.n = n - CRYPT_TAG;
    change(&content);
    u32_put(file.p + 52, (uint32_t)content.n + CRYPT_TAG);
    memcpy(aad + CRYPT_HASH, file.p, HEAD_BYTES);
    buf_put(&forged, file.p, HEAD_BYTES + CRYPT_SALT);
    uint8_t *to = buf_more(&forged, content.n + CRYPT_TAG);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), buf_bytes(&content), to);
    assert_int_equal(keyring_signed_finish(&forged, &f->id.member, &f->id.sign, NULL), 0);
    fixture_put(f, 'a', name, buf_bytes(&forged));
    fixture_put(f, 'b', name, buf_bytes(&forged));
}

enum { COUNT_AT = 3 * CRYPT_KEY, FIRST_AT = COUNT_AT + 4, ENTRY = 16 + CRYPT_KEY };

static void unchanged(struct buf *content)
{
    (void)content;
}
static void too_many(struct buf *content)
{
    u32_put(content->p + COUNT_AT, SEGMENTS_MAX + 1);
}
static void one_more(struct buf *content)
{
    u32_put(content->p + COUNT_AT, u32_get(content->p + COUNT_AT) + 1);
}
static void beyond_the_end(struct buf *content)
{
    u32_put(content->p + COUNT_AT, 1000);
}
static void same_number(struct buf *content)
{
    memcpy(content->p + FIRST_AT + ENTRY, content->p + FIRST_AT, 8);
}
static void same_leaf(struct buf *content)
{
    memcpy(content->p + FIRST_AT + ENTRY + 8, content->p + FIRST_AT + 8, 8);
}
static void padding_with_content(struct buf *content)
{
    content->p[content->n - 1] = 1;
}
static void one_block_more(struct buf *content)
{
    size_t n = content->n;
    memset(buf_more(content, 1024), 0, 1024);
    assert_int_equal(content->n, n + 1024);
}
static void one_zero_less(struct buf *content)
{
    content->n--;
}
static void last_number(struct buf *content)
{
    u64_put(content->p + FIRST_AT + ENTRY, UINT64_MAX);
}
static void cut(struct buf *content)
{
    content->n = FIRST_AT + ENTRY;
}
static void nothing(struct buf *content)
{
    content->n = 0;
}

static void table_content(void **state)
{
    struct fixture *f = *state;
    struct err e;
    fixture_commit(f, 2, 0);
    f->keyring->in_last = KEYRING_SEGMENT_LEAVES;
    fixture_commit(f, 2, 0);
    OWN(buf_drop) struct buf good = {0};
    fixture_get(f, 'a', fixture_name(f, "table-"), &good);
    static void (*const changes[])(struct buf *) = {too_many, one_more, beyond_the_end, same_number, same_leaf,
                                                    padding_with_content, one_block_more, one_zero_less,
                                                    last_number, cut, nothing};
    forge_table(f, unchanged);
    assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
    for (size_t i = 0; i < COUNT(changes); i++) {
        forge_table(f, changes[i]);
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, "its content has no known form"));
        fixture_put(f, 'a', fixture_name(f, "table-"), buf_bytes(&good));
    }
}

/* A box with another head than its own, sealed and signed as it must be. */
static void forge_box(struct fixture *f, const char *name, const struct key *seed, const struct key *inside, size_t at)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(buf_drop) struct buf forged = {0};
    uint8_t context[CRYPT_HASH + HEAD_BYTES], receiver[CRYPT_PUBLIC];
    fixture_get(f, 'a', name, &file);
    file.p[at] ^= 1;
    memcpy(context, f->id.pin.b, CRYPT_HASH);
    memcpy(context + CRYPT_HASH, file.p, HEAD_BYTES);
    crypt_box_public(seed, receiver);
    buf_put(&forged, file.p, HEAD_BYTES);
    struct bytes plain = bytes_of(inside->b, CRYPT_KEY);
    assert_int_equal(crypt_box_seal(receiver, bytes_of(context, sizeof context), plain, &forged), 0);
    assert_int_equal(keyring_signed_finish(&forged, &f->id.member, &f->id.sign, NULL), 0);
    fixture_put(f, 'a', name, buf_bytes(&forged));
    fixture_put(f, 'b', name, buf_bytes(&forged));
}

/* Of a head nothing is left open: compartment, number, epoch, member and length are those of the name. */
static void box_heads(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const size_t places[] = {16, 31, 39, 47, 48, 55};
    static const char *const prefixes[] = {"wrap-", "1-"};
    const struct key *seeds[] = {&f->id.holdings[0].seeds[0].seed, &f->id.box};
    const struct key *inside[] = {&f->keyring->epoch_key, &f->log_seed};
    for (size_t p = 0; p < COUNT(prefixes); p++)
        for (size_t i = 0; i < COUNT(places); i++) {
            OWN(buf_drop) struct buf good = {0};
            const char *name = fixture_name(f, prefixes[p]);
            fixture_get(f, 'a', name, &good);
            forge_box(f, name, seeds[p], inside[p], places[i]);
            assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, "it is not what its name says"));
            fixture_put(f, 'a', name, buf_bytes(&good));
            fixture_put(f, 'b', name, buf_bytes(&good));
        }
    assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), 0);
}

/* Neither is anything of the head of a table. */
static void table_heads(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const size_t places[] = {16, 31, 39, 48};
    OWN(buf_drop) struct buf good = {0};
    fixture_get(f, 'a', fixture_name(f, "table-"), &good);
    for (size_t i = 0; i < COUNT(places); i++) {
        OWN(buf_drop) struct buf other = {0};
        buf_put(&other, good.p, good.n - SIGNED_TAIL);
        other.p[places[i]] ^= 1;
        assert_int_equal(keyring_signed_finish(&other, &f->id.member, &f->id.sign, NULL), 0);
        fixture_put(f, 'a', fixture_name(f, "table-"), buf_bytes(&other));
        fixture_put(f, 'b', fixture_name(f, "table-"), buf_bytes(&other));
        assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, "it is not the table that its name says"));
    }
}

/* Signed as it must be, by a program that is newer. */
static void newer_format(void **state)
{
    struct fixture *f = *state;
    struct err e;
    static const char *const prefixes[] = {"table-", "wrap-", "1-"};
    static const size_t places[] = {11, 15}; /* version, features */
    for (size_t p = 0; p < COUNT(prefixes); p++)
        for (size_t i = 0; i < COUNT(places); i++) {
            OWN(buf_drop) struct buf good = {0};
            OWN(buf_drop) struct buf newer = {0};
            const char *name = fixture_name(f, prefixes[p]);
            fixture_get(f, 'a', name, &good);
            buf_put(&newer, good.p, good.n - SIGNED_TAIL);
            newer.p[places[i]] += 8; /* 1, 2 and 4 are known to a table */
            assert_int_equal(keyring_signed_finish(&newer, &f->id.member, &f->id.sign, NULL), 0);
            fixture_put(f, 'a', name, buf_bytes(&newer));
            fixture_put(f, 'b', name, buf_bytes(&newer));
            assert_int_equal(try_open(f, &f->id, UINT64_MAX, &e), ERR_NEWER);
            assert_non_null(strstr(e.text, "update the program"));
            fixture_put(f, 'a', name, buf_bytes(&good));
            fixture_put(f, 'b', name, buf_bytes(&good));
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(which_table, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(many_tables, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_newest, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(damaged_in_both, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(foreign_or_damaged, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(lost_files, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(foreign_identity, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(exchanged_keys, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(exchanged_files, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(an_older_table_under_a_newer_name, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(table_content, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(box_heads, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(table_heads, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(newer_format, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
