/* Heads, signatures, and which of two copies is read. */
#include "fixture.h"

static void heads(void **state)
{
    struct fixture *f = *state;
    struct err e;
    for (int i = 0; i < 200; i++) {
        struct head h = {.magic = "GWTABLE\n"}, read;
        uint8_t bytes[HEAD_BYTES], again[HEAD_BYTES];
        chance_fill(&f->chance, h.compartment, sizeof h.compartment);
        chance_fill(&f->chance, h.member, sizeof h.member);
        h.number = chance_u64(&f->chance);
        h.epoch = chance_u64(&f->chance);
        h.body = (uint32_t)chance_u64(&f->chance);
        keyring_head_write(&h, bytes);
        assert_int_equal(keyring_head_read(bytes, h.magic, &read, &e), 0);
        assert_memory_equal(read.compartment, h.compartment, KEYRING_ID);
        assert_memory_equal(read.member, h.member, 4);
        assert_true(read.number == h.number && read.epoch == h.epoch && read.body == h.body);
        keyring_head_write(&read, again);
        assert_memory_equal(bytes, again, HEAD_BYTES);
        assert_int_equal(keyring_head_read(bytes, "GWWRAPS\n", &read, &e), ERR_DAMAGED);
    }
}

/* The layout, byte by byte, as the header of the room has it. */
static void head_layout(void **state)
{
    uint8_t bytes[HEAD_BYTES];
    struct head h = {"GWSEGMT\n", {0xc0}, 0x0102030405060708, 0x1112131415161718, {0xaa, 0xbb, 0xcc, 0xdd}, 0x21222324};
    static const uint8_t expected[HEAD_BYTES] =
        "GWSEGMT\n\0\0\0\1\0\0\0\0" "\xc0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" "\1\2\3\4\5\6\7\x8"
        "\x11\x12\x13\x14\x15\x16\x17\x18" "\xaa\xbb\xcc\xdd" "\x21\x22\x23\x24" "\0\0\0\0\0\0\0";
    keyring_head_write(&h, bytes);
    assert_memory_equal(bytes, expected, HEAD_BYTES);
}

static void heads_refused(void **state)
{
    struct head h = {.magic = "GWTABLE\n", .number = 1}, read;
    struct err e;
    uint8_t bytes[HEAD_BYTES];
    for (size_t i = 0; i < HEAD_BYTES; i++) {
        keyring_head_write(&h, bytes);
        bytes[i] ^= 0x40;
        bool is_field = (i >= 16 && i < 56);
        int rc = keyring_head_read(bytes, h.magic, &read, &e);
        assert_int_equal(rc, is_field ? 0 : i >= 8 && i < 16 ? ERR_NEWER : ERR_DAMAGED);
    }
    keyring_head_write(&h, bytes);
    u32_put(bytes + 8, 0); /* older than the first version */
    assert_int_equal(keyring_head_read(bytes, h.magic, &read, &e), ERR_DAMAGED);
}

static void signatures(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf file = {0};
    struct bytes body;
    struct err e;
    struct note_key other = f->id.member;
    uint8_t content[HEAD_BYTES + 10];
    chance_fill(&f->chance, content, sizeof content);
    buf_put(&file, content, sizeof content);
    assert_int_equal(keyring_signed_finish(&file, &f->id.member, &f->id.sign, &e), 0);
    assert_int_equal(file.n, sizeof content + SIGNED_TAIL);
    assert_int_equal(keyring_signed_check(buf_bytes(&file), &f->id.member, 1, &body, &e), 0);
    assert_true(bytes_equal(body, bytes_of(content, sizeof content)));
    for (size_t bit = 0; bit < file.n * 8; bit++) {
        file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool signer = bit / 8 >= sizeof content && bit / 8 < sizeof content + 4;
        assert_int_equal(keyring_signed_check(buf_bytes(&file), &f->id.member, 1, &body, &e),
                         signer ? ERR_KEY : ERR_DAMAGED);
        file.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < file.n; n++)
        assert_int_not_equal(keyring_signed_check(bytes_of(file.p, n), &f->id.member, 1, &body, &e), 0);
    other.id[3] ^= 1;
    assert_int_equal(keyring_signed_check(buf_bytes(&file), &other, 1, &body, &e), ERR_KEY);
    /* The purpose parts it from everything else that this key signs. */
    uint8_t signature[CRYPT_SIGNATURE];
    crypt_sign_raw(&f->id.sign, bytes_of(file.p, file.n - CRYPT_SIGNATURE), signature);
    memcpy(file.p + file.n - CRYPT_SIGNATURE, signature, CRYPT_SIGNATURE);
    assert_int_equal(keyring_signed_check(buf_bytes(&file), &f->id.member, 1, &body, &e), ERR_DAMAGED);
}

/* ---- two copies ---- */

static int good_when_it_begins_so(void *context, struct bytes content, struct err *e)
{
    const char *start = context;
    if (content.n >= strlen(start) && memcmp(content.p, start, strlen(start)) == 0)
        return 0;
    int code = content.n > 0 && content.p[0] == 'k' ? ERR_KEY : ERR_DAMAGED;
    return err_set(e, code, "it is \"%.*s\"", (int)content.n, (const char *)content.p);
}

static void which_copy(void **state)
{
    struct fixture *f = *state;
    struct {
        const char *a, *b, *read; /* NULL: not there */
        int rc;
        const char *said[2];
    } cases[] = {
        {"good a", "good b", "good a", 0, {NULL}},
        {"bad", "good b", "good b", 0, {NULL}},
        {NULL, "good b", "good b", 0, {NULL}},
        {"good a", "bad", "good a", 0, {NULL}},
        {"good a", NULL, "good a", 0, {NULL}},
        {"bad one", "bad two", NULL, ERR_DAMAGED, {"bad one", "bad two"}},
        {"bad one", NULL, NULL, ERR_DAMAGED, {"bad one", NULL}},
        {NULL, "bad two", NULL, ERR_DAMAGED, {"bad two", NULL}},
        {"k", "bad two", NULL, ERR_DAMAGED, {"bad two", NULL}},
        {"bad one", "k", NULL, ERR_DAMAGED, {"bad one", NULL}},
        {"k", "k", NULL, ERR_KEY, {"\"k\"", NULL}},
        {"k", NULL, NULL, ERR_KEY, {"\"k\"", NULL}},
        {NULL, "k", NULL, ERR_KEY, {"\"k\"", NULL}},
        {NULL, NULL, NULL, ERR_ABSENT, {"log/x is not there", NULL}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf content = {0};
        struct err e = {0};
        if (cases[i].a != NULL)
            fixture_put(f, 'a', "log/x", bytes_text(cases[i].a));
        if (cases[i].b != NULL)
            fixture_put(f, 'b', "log/x", bytes_text(cases[i].b));
        char good[] = "good";
        assert_int_equal(keyring_keys_read(f->root.s, "log/x", good_when_it_begins_so, good, &content, &e),
                         cases[i].rc);
        if (cases[i].rc == 0)
            assert_string_equal(buf_text(&content), cases[i].read);
        for (size_t k = 0; k < 2 && cases[i].said[k] != NULL; k++)
            assert_non_null(strstr(e.text, cases[i].said[k]));
        if (cases[i].a != NULL)
            fixture_remove(f, 'a', "log/x");
        if (cases[i].b != NULL)
            fixture_remove(f, 'b', "log/x");
    }
}

static void written_twice(void **state)
{
    struct fixture *f = *state;
    const struct keyring_file *changes;
    size_t count;
    for (int i = 0; i < 20; i++) {
        OWN(buf_drop) struct buf a = {0};
        OWN(buf_drop) struct buf b = {0};
        uint8_t content[100];
        struct hash digest;
        char name[32];
        chance_fill(&f->chance, content, sizeof content);
        snprintf(name, sizeof name, "log/%d", i);
        assert_int_equal(keyring_keys_write(f->keyring, name, bytes_of(content, sizeof content), NULL), 0);
        fixture_get(f, 'a', name, &a);
        fixture_get(f, 'b', name, &b);
        assert_true(bytes_equal(buf_bytes(&a), bytes_of(content, sizeof content)));
        assert_true(bytes_equal(buf_bytes(&b), bytes_of(content, sizeof content)));
        keyring_changes(f->keyring, &changes, &count);
        assert_int_equal(count, i + 1);
        assert_string_equal(changes[i].name, name);
        assert_int_equal(changes[i].bytes, sizeof content);
        crypt_sha256(bytes_of(content, sizeof content), &digest);
        assert_true(hash_equal(&digest, &changes[i].sha256) && !changes[i].removed);
    }
    assert_int_equal(keyring_committed(f->keyring, bytes_of(NULL, 0), NULL), 0);
    keyring_changes(f->keyring, &changes, &count);
    assert_int_equal(count, 0);
}

static void a_file_beyond_the_limit(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf content = {0};
    OWN(buf_drop) struct buf read = {0};
    struct err e = {0};
    char start[] = "";
    assert_non_null(buf_more(&content, KEYRING_FILE_MAX + 1));
    memset(content.p, 0, content.n);
    fixture_put(f, 'a', "log/x", buf_bytes(&content));
    fixture_put(f, 'b', "log/x", buf_bytes(&content));
    assert_int_equal(keyring_keys_read(f->root.s, "log/x", good_when_it_begins_so, start, &read, &e), ERR_DAMAGED);
    fixture_put(f, 'b', "log/x", bytes_of(content.p, KEYRING_FILE_MAX));
    assert_int_equal(keyring_keys_read(f->root.s, "log/x", good_when_it_begins_so, start, &read, &e), 0);
    assert_int_equal(read.n, KEYRING_FILE_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(heads, fixture_setup, fixture_teardown),
        cmocka_unit_test(head_layout),
        cmocka_unit_test(heads_refused),
        cmocka_unit_test_setup_teardown(signatures, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(which_copy, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(written_twice, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(a_file_beyond_the_limit, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
