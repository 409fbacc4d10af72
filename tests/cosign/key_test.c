/* The key file: what opens it, what does not, and that no changed byte does. */
#include "logs.h"

static const char PASSPHRASE[] = "several words for a test";

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

static void made_and_opened(void **state)
{
    (void)state;
    struct note_key made, read;
    struct key seed;
    struct err e = {0};
    struct stat st;
    uint8_t public_key[CRYPT_PUBLIC];
    assert_int_equal(cosign_key_read("a", &read, &e), ERR_ABSENT);
    assert_non_null(strstr(e.text, "groundwork-cosign init"));
    assert_int_equal(cosign_key_make("a", "a.example/cosigner", bytes_text(PASSPHRASE), &made, &e), 0);
    assert_int_equal(stat("a/key", &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(cosign_key_read("a", &read, &e), 0);
    assert_memory_equal(&read, &made, sizeof made);
    assert_int_equal(made.type, NOTE_COSIGNATURE);
    assert_int_equal(cosign_key_open("a", bytes_text(PASSPHRASE), &seed, &e), 0);
    crypt_sign_public(&seed, public_key);
    assert_memory_equal(public_key, made.public_key, CRYPT_PUBLIC);
    assert_int_equal(cosign_key_open("a", bytes_text("other words for it"), &seed, &e), ERR_KEY);
    assert_int_equal(cosign_key_make("a", "a.example/cosigner", bytes_text(PASSPHRASE), &made, &e), ERR_REFUSED);
    assert_int_equal(cosign_key_make("b", "a b", bytes_text(PASSPHRASE), &made, &e), ERR_USAGE);
    assert_int_equal(cosign_key_make("b", "b", bytes_text("7 words"), &made, &e), ERR_REFUSED);
    assert_false(file_exists("b"));
}

/* Hangul in parts opens what was sealed with Hangul composed. */
static void one_passphrase_in_two_spellings(void **state)
{
    (void)state;
    struct note_key made;
    struct key seed;
    assert_int_equal(cosign_key_make("k", "k", bytes_text("\xEA\xB0\x80 eight characters"), &made, NULL), 0);
    assert_int_equal(cosign_key_open("k", bytes_text("\xE1\x84\x80\xE1\x85\xA1 eight characters"), &seed, NULL), 0);
}

/* Lines, parameters, sealed seed: none can change.  Only those before the passphrase is stretched are tried each. */
static void no_change_passes(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf text = {0};
    struct note_key made, read;
    struct key seed;
    assert_int_equal(cosign_key_make("c", "c.example/cosigner", bytes_text(PASSPHRASE), &made, NULL), 0);
    assert_int_equal(file_read_all("c/key", 4096, &text, NULL), 0);
    const char *kdf = strstr(buf_text(&text), "kdf "), *sealed = strstr(buf_text(&text), "sealed ");
    size_t until = (size_t)(kdf - (const char *)text.p);
    for (size_t i = 0; i < until; i++) {
        text.p[i] ^= 1;
        assert_int_equal(file_replace("c/key", buf_bytes(&text), 0600, NULL), 0);
        assert_int_equal(cosign_key_read("c", &read, NULL), ERR_DAMAGED);
        text.p[i] ^= 1;
    }
    for (size_t n = 0; n < text.n; n++) {
        assert_int_equal(file_replace("c/key", bytes_of(text.p, n), 0600, NULL), 0);
        assert_int_equal(cosign_key_read("c", &read, NULL), ERR_DAMAGED);
    }
    size_t at[] = {(size_t)(sealed - (const char *)text.p) + 9, (size_t)(sealed - (const char *)text.p) - 3};
    for (size_t i = 0; i < COUNT(at); i++) {
        uint8_t was = text.p[at[i]];
        text.p[at[i]] = was == 'a' ? 'b' : 'a';
        assert_int_equal(file_replace("c/key", buf_bytes(&text), 0600, NULL), 0);
        assert_int_equal(cosign_key_open("c", bytes_text(PASSPHRASE), &seed, NULL), ERR_KEY);
        text.p[at[i]] = was;
    }
    static const char *const costs[] = {"kdf argon2id 0 65536 ", "kdf argon2id 3 1048577 ",
                                        "kdf argon2id 4294967296 8192 ", "kdf argon2id 3 1 "};
    for (size_t i = 0; i < COUNT(costs); i++) { /* refused before memory is touched */
        OWN(buf_drop) struct buf bad = {0};
        const char *salt = strstr(kdf, " 65536 ") + 7;
        buf_put(&bad, text.p, until);
        buf_put_text(&bad, costs[i]);
        buf_put_text(&bad, salt);
        assert_int_equal(file_replace("c/key", buf_bytes(&bad), 0600, NULL), 0);
        assert_int_equal(cosign_key_open("c", bytes_text(PASSPHRASE), &seed, NULL), ERR_DAMAGED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_opened),
        cmocka_unit_test(one_passphrase_in_two_spellings),
        cmocka_unit_test(no_change_passes),
    };
    return cmocka_run_group_tests(tests, start, end);
}
