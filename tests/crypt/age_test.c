/* Files of age: what we write Debian's `age` reads, and the other way round; what is changed or too long is not. */
#include "base/file.h"
#include "crypt/crypt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"
#include "../base/scratch.h"

static struct chance chance = {20261128};

static int start(void **state)
{
    (void)state;
    return crypt_start(NULL);
}

static int in_folder(void **state)
{
    (void)state;
    scratch_begin();
    return 0;
}

static int out_of_folder(void **state)
{
    (void)state;
    scratch_end();
    return 0;
}

static void identity_draw(struct key *ret, uint8_t ret_public[CRYPT_PUBLIC])
{
    crypt_random(ret->b, CRYPT_KEY);
    crypt_age_public(ret, ret_public);
}

static void fill(struct buf *to, size_t n)
{
    buf_clear(to);
    for (size_t i = 0; i < n; i++)
        buf_put_u8(to, (uint8_t)chance_below(&chance, 256));
}

/* The identity and the recipient that the specification shows. */
static void keys_are_written_as_the_specification_shows(void **state)
{
    (void)state;
    const char *secret = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
    const char *public = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
    struct key identity, forty_two;
    uint8_t recipient[CRYPT_PUBLIC], made[CRYPT_PUBLIC];
    char text[CRYPT_AGE_IDENTITY], word[CRYPT_AGE_RECIPIENT];
    memset(forty_two.b, 0x42, CRYPT_KEY);
    assert_int_equal(crypt_age_identity(bytes_text(secret), &identity, NULL), 0);
    assert_memory_equal(identity.b, forty_two.b, CRYPT_KEY);
    assert_int_equal(crypt_age_recipient(bytes_text(public), recipient, NULL), 0);
    crypt_age_public(&identity, made);
    assert_memory_equal(made, recipient, CRYPT_PUBLIC);
    crypt_age_identity_text(&identity, text);
    assert_string_equal(text, secret);
    crypt_age_recipient_text(recipient, word);
    assert_string_equal(word, public);
}

static void a_key_has_one_spelling(void **state)
{
    (void)state;
    struct key identity, found;
    uint8_t recipient[CRYPT_PUBLIC], read[CRYPT_PUBLIC];
    char text[CRYPT_AGE_IDENTITY], word[CRYPT_AGE_RECIPIENT + 1];
    struct err e;
    identity_draw(&identity, recipient);
    crypt_age_recipient_text(recipient, word);
    for (size_t i = 0; i < CRYPT_AGE_RECIPIENT - 1; i++) {
        char was = word[i];
        word[i] = was == 'q' ? 'p' : 'q';
        assert_int_equal(crypt_age_recipient(bytes_text(word), read, &e), ERR_DAMAGED);
        word[i] = (char)(was - (was >= 'a' && was <= 'z' ? 32 : 0));
        assert_true(was == word[i] || crypt_age_recipient(bytes_text(word), read, &e) == ERR_DAMAGED);
        word[i] = (char)0x80;
        assert_int_equal(crypt_age_recipient(bytes_text(word), read, &e), ERR_DAMAGED);
        word[i] = was;
    }
    assert_non_null(strstr(e.text, "begins with age1"));
    word[CRYPT_AGE_RECIPIENT - 1] = 'q';
    word[CRYPT_AGE_RECIPIENT] = 0;
    assert_int_equal(crypt_age_recipient(bytes_text(word), read, NULL), ERR_DAMAGED);
    assert_int_equal(crypt_age_recipient(bytes_text(""), read, NULL), ERR_DAMAGED);
    const uint8_t small[CRYPT_PUBLIC] = {1};
    crypt_age_recipient_text(small, word);
    assert_int_equal(crypt_age_recipient(bytes_text(word), read, NULL), ERR_DAMAGED);
    crypt_age_identity_text(&identity, text);
    assert_int_equal(crypt_age_identity(bytes_text(text), &found, NULL), 0);
    text[20] = text[20] == 'Q' ? 'P' : 'Q';
    assert_int_equal(crypt_age_identity(bytes_text(text), &found, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "AGE-SECRET-KEY-1"));
    for (char *p = text; *p != 0; p++)
        *p = *p >= 'A' && *p <= 'Z' ? (char)(*p + 32) : *p;
    assert_int_equal(crypt_age_identity(bytes_text(text), &found, NULL), ERR_DAMAGED);
}

static void each_recipient_opens_it_and_nobody_else(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 131072, 200000, CRYPT_AGE_PLAIN_MAX};
    struct key identity[CRYPT_AGE_RECIPIENTS_MAX], other;
    uint8_t recipient[CRYPT_AGE_RECIPIENTS_MAX][CRYPT_PUBLIC], nobody[CRYPT_PUBLIC];
    OWN(buf_drop) struct buf plain = {0}, file = {0}, back = {0};
    struct err e;
    for (size_t i = 0; i < CRYPT_AGE_RECIPIENTS_MAX; i++)
        identity_draw(&identity[i], recipient[i]);
    identity_draw(&other, nobody);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        size_t count = 1 + i * 2 % CRYPT_AGE_RECIPIENTS_MAX;
        fill(&plain, sizes[i]);
        buf_clear(&file);
        assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, count, buf_bytes(&plain), &file,
                                        NULL), 0);
        assert_true(file.n <= CRYPT_AGE_FILE_MAX);
        for (size_t k = 0; k < count; k++) {
            buf_clear(&back);
            assert_int_equal(crypt_age_open(&identity[k], buf_bytes(&file), &back, NULL), 0);
            assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&plain)));
        }
        assert_int_equal(crypt_age_open(&other, buf_bytes(&file), &back, &e), ERR_KEY);
        assert_non_null(strstr(e.text, "for somebody else"));
    }
    const uint8_t small[1][CRYPT_PUBLIC] = {{0}};
    assert_int_equal(crypt_age_seal(small, 1, bytes_text("x"), &file, NULL), ERR_DAMAGED);
}

static void what_is_changed_or_cut_does_not_open(void **state)
{
    (void)state;
    struct key identity;
    uint8_t recipient[1][CRYPT_PUBLIC];
    OWN(buf_drop) struct buf plain = {0}, file = {0}, back = {0};
    identity_draw(&identity, recipient[0]);
    fill(&plain, 70000);
    buf_put_text(&back, "before");
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 1, buf_bytes(&plain), &file, NULL), 0);
    for (size_t i = 0; i < file.n; i += i < 400 ? 1 : 997)
        for (unsigned bit = 0; bit < 8; bit++) {
            file.p[i] ^= (uint8_t)(1u << bit);
            assert_int_not_equal(crypt_age_open(&identity, buf_bytes(&file), &back, NULL), 0);
            assert_int_equal(back.n, 6);
            file.p[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < file.n; n += n < 400 ? 1 : 997)
        assert_int_not_equal(crypt_age_open(&identity, bytes_of(file.p, n), &back, NULL), 0);
    buf_put_u8(&file, 0);
    assert_int_equal(crypt_age_open(&identity, buf_bytes(&file), &back, NULL), ERR_DAMAGED);
}

/* An empty last chunk behind a full one is another spelling: made by hand from the parts. */
static void an_empty_last_chunk_is_refused(void **state)
{
    (void)state;
    struct key identity;
    uint8_t recipient[1][CRYPT_PUBLIC];
    OWN(buf_drop) struct buf plain = {0}, file = {0}, back = {0};
    identity_draw(&identity, recipient[0]);
    fill(&plain, 65536);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 1, buf_bytes(&plain), &file, NULL), 0);
    for (size_t i = 0; i < 16; i++)
        buf_put_u8(&file, 0);
    assert_int_equal(crypt_age_open(&identity, buf_bytes(&file), &back, NULL), ERR_DAMAGED);
}

/* Behind the version line of a good file, ${count} stanzas of another kind: the MAC cannot fit, the form can. */
static int with_others(const struct key *identity, struct bytes file, const char *stanza, size_t count, struct err *e)
{
    OWN(buf_drop) struct buf made = {0}, back = {0};
    size_t head = strlen("age-encryption.org/v1\n");
    buf_put(&made, file.p, head);
    for (size_t i = 0; i < count; i++)
        buf_put_text(&made, stanza);
    buf_put(&made, file.p + head, file.n - head);
    return crypt_age_open(identity, buf_bytes(&made), &back, e);
}

/* 64 letters: 48 bytes. */
#define LINE_48 "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB"

static void other_stanzas_are_passed_over_up_to_a_limit(void **state)
{
    (void)state;
    static const struct {
        const char *stanza, *words;
    } cases[] = {
        {"-> grease-7 x y\n\n", "header was changed"},
        {"-> a\n" LINE_48 "\n\n", "header was changed"},
        {"-> a\nQQ\n", "header was changed"},
        {"-> a\nQR\n", "a stanza's body"},
        {"-> a\nQQ==\n", "a stanza's body"},
        {"-> a\nQ\n", "a stanza's body"},
        {"-> a\n" LINE_48 "QUFB\n\n", "a stanza's body"},
        {"->  a\n\n", "a stanza's arguments"},
        {"-> a \n\n", "a stanza's arguments"},
        {"-> \x80\n\n", "a stanza's arguments"},
        {"->a\n\n", "its header"},
        {"-> X25519\n\n", "kind X25519"},
        {"-> X25519 AAAA\n\n", "kind X25519"},
        {"-> X25519 CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nQQ\n", "kind X25519"},
        {"-> X25519 CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA x\n"
         "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "kind X25519"},
        {"-> X25519 AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
         "CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "small order"},
        {"--- CQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", "header's end"},
    };
    struct key identity;
    uint8_t recipient[1][CRYPT_PUBLIC];
    OWN(buf_drop) struct buf file = {0}, back = {0};
    struct err e;
    identity_draw(&identity, recipient[0]);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 1, bytes_text("x"), &file, NULL), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(with_others(&identity, buf_bytes(&file), cases[i].stanza, 1, &e), ERR_DAMAGED);
        if (strstr(e.text, cases[i].words) == NULL)
            fail_msg("%s: %s", cases[i].stanza, e.text);
    }
    with_others(&identity, buf_bytes(&file), "-> a\n\n", CRYPT_AGE_STANZAS_MAX - 1, &e);
    assert_non_null(strstr(e.text, "header was changed"));
    with_others(&identity, buf_bytes(&file), "-> a\n\n", CRYPT_AGE_STANZAS_MAX, &e);
    assert_non_null(strstr(e.text, "its header"));
    char wide[4000];
    (void)snprintf(wide, sizeof wide, "-> %03900d\n\n", 0);
    with_others(&identity, buf_bytes(&file), wide, 16, &e);
    assert_non_null(strstr(e.text, "header was changed"));
    with_others(&identity, buf_bytes(&file), wide, 17, &e);
    assert_non_null(strstr(e.text, "its header"));
    assert_int_equal(crypt_age_open(&identity, bytes_text("-----BEGIN AGE ENCRYPTED FILE-----\n"), &back, &e),
                     ERR_USAGE);
    assert_non_null(strstr(e.text, "--armor"));
    while (file.n < CRYPT_AGE_FILE_MAX)
        buf_put_u8(&file, 0);
    crypt_age_open(&identity, buf_bytes(&file), &back, &e);
    assert_null(strstr(e.text, "too long"));
    buf_put_u8(&file, 0);
    assert_int_equal(crypt_age_open(&identity, buf_bytes(&file), &back, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "too long"));
}

static void run(const char *command)
{
    int rc = system(command);
    if (rc != 0)
        print_error("%s\n", command);
    assert_int_equal(rc, 0);
}

static void same_file(const char *path, const struct buf *plain)
{
    OWN(buf_drop) struct buf back = {0};
    assert_int_equal(file_read_all(path, CRYPT_AGE_FILE_MAX, &back, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&back), buf_bytes(plain)));
}

/* Debian's age on the other side. */
static void age_reads_ours_and_we_read_its(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 300, 65536, 65537, 150000};
    struct key identity;
    uint8_t recipient[2][CRYPT_PUBLIC];
    char text[CRYPT_AGE_IDENTITY], word[CRYPT_AGE_RECIPIENT], command[256];
    identity_draw(&identity, recipient[0]);
    identity_draw(&identity, recipient[1]);
    crypt_age_identity_text(&identity, text);
    crypt_age_recipient_text(recipient[1], word);
    assert_int_equal(file_create("key", bytes_text(text), 0600, NULL), 0);
    run("age-keygen -y key >word"); /* that it knows our spelling of keys */
    OWN(buf_drop) struct buf said = {0};
    assert_int_equal(file_read_all("word", 100, &said, NULL), 0);
    assert_memory_equal(said.p, word, CRYPT_AGE_RECIPIENT - 1);
    for (size_t i = 0; i < COUNT(sizes); i++) {
        OWN(buf_drop) struct buf plain = {0}, file = {0}, back = {0};
        fill(&plain, sizes[i]);
        assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])recipient, 2, buf_bytes(&plain), &file, NULL),
                         0);
        assert_int_equal(file_replace("ours.age", buf_bytes(&file), 0600, NULL), 0);
        run("age -d -i key ours.age >plain");
        same_file("plain", &plain);
        (void)snprintf(command, sizeof command, "age-keygen 2>/dev/null >other; age -r %s -R - -o its.age plain <word",
                       word);
        run(command);
        buf_clear(&file);
        assert_int_equal(file_read_all("its.age", CRYPT_AGE_FILE_MAX, &file, NULL), 0);
        assert_int_equal(crypt_age_open(&identity, buf_bytes(&file), &back, NULL), 0);
        assert_true(bytes_equal(buf_bytes(&back), buf_bytes(&plain)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_written_as_the_specification_shows),
        cmocka_unit_test(a_key_has_one_spelling),
        cmocka_unit_test(each_recipient_opens_it_and_nobody_else),
        cmocka_unit_test(what_is_changed_or_cut_does_not_open),
        cmocka_unit_test(an_empty_last_chunk_is_refused),
        cmocka_unit_test(other_stanzas_are_passed_over_up_to_a_limit),
        cmocka_unit_test_setup_teardown(age_reads_ours_and_we_read_its, in_folder, out_of_folder),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
