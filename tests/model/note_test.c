/* Signed notes: keys, the form, who signed, and that no changed byte passes. */
#include "model/note.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A real checkpoint of the Go checksum database and the key it is published under: a note that is not ours. */
static const char SUMDB_KEY[] = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
static const char SUMDB_NOTE[] =
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xE2\x80\x94 sum.golang.org "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

static const struct key SEED = {{1}}, OTHER_SEED = {{2}};
static struct note_key key, other_key;

static void make_key(const char *name, const struct key *seed, struct note_key *ret)
{
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(seed, public_key);
    assert_int_equal(note_key_make(name, public_key, ret, NULL), 0);
}

static int start(void **state)
{
    (void)state;
    if (crypt_start(NULL) != 0)
        return -1;
    make_key("example.org/one", &SEED, &key);
    make_key("example.org/two", &OTHER_SEED, &other_key);
    return 0;
}

static void names(void **state)
{
    (void)state;
    static const char *const good[] = {"a", "example.org/log", "\xEA\xB8\xB0\xEB\xA1\x9D", "a\xF0\x9F\x94\x91z",
                                       "-", "a=b", "a\xE2\x80\x94z"};
    static const char *const bad[] = {
        "", "a b", " a", "a+b", "a\tb", "a\nb", "a\x7f", "a\x01", "a\xC2\x85z", "a\xC2\x9Fz", /* controls */
        "a\xC2\xA0z", "a\xE1\x9A\x80z", "a\xE2\x80\x80z", "a\xE2\x80\x8Az", "a\xE2\x80\xA8z", /* spaces of Unicode */
        "a\xE2\x80\xA9z", "a\xE2\x80\xAFz", "a\xE2\x81\x9Fz", "a\xE3\x80\x80z",
        "a\xFFz", "a\xC3", "a\xED\xA0\x80z", "a\xC0\xAFz", /* not UTF-8 */
    };
    struct err e;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_int_equal(note_name_check(good[i], &e), 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        e.text[0] = '\0';
        assert_int_equal(note_name_check(bad[i], &e), ERR_USAGE);
        assert_string_not_equal(e.text, "");
    }
    char name[NOTE_NAME_MAX + 2];
    memset(name, 'n', sizeof name);
    name[NOTE_NAME_MAX + 1] = '\0';
    assert_int_equal(note_name_check(name, &e), ERR_USAGE);
    struct note_key untouched = {.id = {9}};
    const uint8_t public_key[CRYPT_PUBLIC] = {0};
    assert_int_equal(note_key_make(name, public_key, &untouched, &e), ERR_USAGE);
    assert_int_equal(untouched.id[0], 9);
    name[NOTE_NAME_MAX] = '\0';
    assert_int_equal(note_name_check(name, &e), 0);
}

static void keys_as_text(void **state)
{
    (void)state;
    struct note_key parsed;
    char text[NOTE_VKEY_MAX];
    assert_int_equal(note_key_parse(bytes_text(SUMDB_KEY), &parsed, NULL), 0);
    assert_string_equal(parsed.name, "sum.golang.org");
    assert_memory_equal(parsed.id, "\x03\x3d\xe0\xae", 4);
    note_key_text(&parsed, text);
    assert_string_equal(text, SUMDB_KEY);
    char name[NOTE_NAME_MAX + 1];
    memset(name, 'n', NOTE_NAME_MAX);
    name[NOTE_NAME_MAX] = '\0';
    struct note_key longest;
    make_key(name, &SEED, &longest);
    note_key_text(&longest, text);
    assert_int_equal(note_key_parse(bytes_text(text), &parsed, NULL), 0);
    assert_memory_equal(&parsed, &longest, sizeof parsed);
}

static void keys_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "+", "++", "sum.golang.org", "sum.golang.org+033de0ae",
        "sum.golang.org+033de0ae+",
        "sum.golang.org+033DE0AE+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",  /* upper case */
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8\n",
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuA==",  /* shorter */
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8AAAA", /* longer */
        "sum.golang.org+033de0ae+As4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",  /* another type */
        "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn9",  /* another key */
        "sum.golang.org+033de0af+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",  /* another id */
        "sun.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",  /* another name */
        "sum golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
        "+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct note_key untouched = {.id = {9}};
        struct err e = {0};
        assert_int_equal(note_key_parse(bytes_text(bad[i]), &untouched, &e), ERR_DAMAGED);
        assert_string_not_equal(e.text, "");
        assert_int_equal(untouched.id[0], 9);
    }
    char text[NOTE_VKEY_MAX + 10];
    memset(text, 'n', sizeof text);
    memcpy(text + NOTE_NAME_MAX + 1, SUMDB_KEY + 14, sizeof SUMDB_KEY - 14);
    struct note_key untouched;
    assert_int_equal(note_key_parse(bytes_text(text), &untouched, NULL), ERR_DAMAGED);
}

/* The same in two steps: what is owed, and whether it is good. */
static int checked_later(const struct note *n, const struct note_key *by)
{
    struct note_owed owed;
    int rc = note_check_later(n, by, &owed, NULL);
    return rc != 0 || note_owed_good(&owed) ? rc : ERR_DAMAGED;
}

static int parse_and_check(struct bytes bytes, const struct note_key *keys, size_t count, enum note_manner manner,
                           struct err *e)
{
    OWN(note_drop) struct note n = {0};
    int rc = note_parse(bytes, &n, e);
    if (rc != 0)
        return rc;
    rc = note_check(&n, keys, count, manner, e);
    if (manner == NOTE_STRICT && count == 1 && keys->type != NOTE_COSIGNATURE)
        assert_int_equal(checked_later(&n, keys), rc);
    return rc;
}

static void a_note_that_is_not_ours(void **state)
{
    (void)state;
    struct note_key sumdb;
    assert_int_equal(note_key_parse(bytes_text(SUMDB_KEY), &sumdb, NULL), 0);
    struct err e;
    assert_int_equal(parse_and_check(bytes_text(SUMDB_NOTE), &sumdb, 1, NOTE_STRICT, &e), 0);
    assert_int_equal(parse_and_check(bytes_text(SUMDB_NOTE), &sumdb, 1, NOTE_FOREIGN, &e), 0);
    assert_int_equal(parse_and_check(bytes_text(SUMDB_NOTE), &key, 1, NOTE_FOREIGN, &e), ERR_DAMAGED);
}

static void signs_what_it_is_given(void **state)
{
    (void)state;
    static const char *const text[] = {
        "one line\n", "\n", "\n\n\n", "two\n\nparagraphs\n", "\xEC\xA6\x9D\xEC\x96\xB8\n",
        "a text that looks like a note\n\n\xE2\x80\x94 example.org/one AAAAAAAA\n",
    };
    for (size_t i = 0; i < COUNT(text); i++) {
        OWN(buf_drop) struct buf signed_note = {0};
        OWN(note_drop) struct note n = {0};
        assert_int_equal(note_sign(bytes_text(text[i]), &key, &SEED, &signed_note, NULL), 0);
        assert_int_equal(note_parse(buf_bytes(&signed_note), &n, NULL), 0);
        assert_true(bytes_equal(n.text, bytes_text(text[i])));
        assert_int_equal(n.lines, 1);
        assert_true(bytes_equal(n.line[0].name, bytes_text(key.name)));
        assert_memory_equal(n.line[0].id, key.id, sizeof key.id);
        assert_int_equal(n.line[0].signature.n, CRYPT_SIGNATURE);
        assert_int_equal(note_check(&n, &key, 1, NOTE_STRICT, NULL), 0);
    }
}

/* Until it is signed nobody takes it for signed; then it is the same note, over what it says by then. */
static void signs_later(void **state)
{
    (void)state;
    OWN(crypt_signer_drop) struct crypt_signer signer;
    crypt_signer_make(&SEED, &signer);
    OWN(buf_drop) struct buf later = {0};
    OWN(buf_drop) struct buf at_once = {0};
    buf_put_text(&later, "what is before it");
    const size_t at = later.n;
    assert_int_equal(note_sign_later(bytes_text("a text of one\n"), &key, &signer, &later, NULL), 0);
    {
        OWN(note_drop) struct note n = {0};
        assert_int_equal(note_parse(bytes_of(later.p + at, later.n - at), &n, NULL), 0);
        assert_int_equal(note_check(&n, &key, 1, NOTE_STRICT, NULL), ERR_DAMAGED);
    }
    memcpy(later.p + at, "a text of two\n", 14);
    note_sign_now(later.p + at, later.n - at, &key, &signer);
    assert_int_equal(note_sign(bytes_text("a text of two\n"), &key, &SEED, &at_once, NULL), 0);
    assert_true(bytes_equal(bytes_of(later.p + at, later.n - at), buf_bytes(&at_once)));
    assert_memory_equal(later.p, "what is before it", at);
}

static void does_not_sign(void **state)
{
    (void)state;
    static const char *const bad[] = {"", "no newline", "a\tb\n", "a\rb\n", "a\x1b[31m\n", "a\xFF\n", "a\xC3\n"};
    OWN(buf_drop) struct buf to = {0};
    struct err e = {0};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(note_sign(bytes_text(bad[i]), &key, &SEED, &to, &e), ERR_USAGE);
    assert_int_equal(note_sign(bytes_of("a\0b\n", 4), &key, &SEED, &to, &e), ERR_USAGE);
    assert_int_equal(note_sign(bytes_text("text\n"), &key, &OTHER_SEED, &to, &e), ERR_KEY);
    assert_int_equal(to.n, 0);
}

/* The largest note that can be made can be read; one byte more is refused on both sides. */
static void largest_note(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf note = {0};
    assert_int_equal(note_sign(bytes_text("\n"), &key, &SEED, &note, NULL), 0);
    const size_t most = NOTE_BYTES_MAX - (note.n - 1);
    buf_clear(&note);
    uint8_t *p = buf_more(&text, most + 1);
    assert_non_null(p);
    memset(p, 'x', most + 1);
    p[most - 1] = '\n';
    assert_int_equal(note_sign(bytes_of(p, most), &key, &SEED, &note, NULL), 0);
    assert_int_equal(note.n, NOTE_BYTES_MAX);
    assert_int_equal(parse_and_check(buf_bytes(&note), &key, 1, NOTE_STRICT, NULL), 0);
    p[most] = '\n';
    assert_int_equal(note_sign(bytes_of(p, most + 1), &key, &SEED, &note, NULL), ERR_USAGE);
    OWN(buf_drop) struct buf larger = {0};
    buf_put_text(&larger, "x");
    buf_put_bytes(&larger, buf_bytes(&note));
    struct note n;
    struct err e;
    assert_int_equal(note_parse(buf_bytes(&larger), &n, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "at most 1048576"));
}

#define DASH "\xE2\x80\x94 "

static void forms_refused(void **state)
{
    (void)state;
    static const struct {
        const char *note, *why;
    } bad[] = {
        {"", "does not end with a newline"},
        {"\n", "no signatures"},
        {"\n\n", "no signatures"},
        {"text\n", "no signatures"},
        {"text\n\n", "no signatures"},
        {DASH "a AAAAAAA=\n", "no signatures"},
        {"\n" DASH "a AAAAAAA=\n", "no signatures"},
        {"text\n\n" DASH "a AAAAAAA=", "does not end with a newline"},
        {"text\n\n" DASH "a AAAAAAA=\n\n", "no signatures"},
        {"text\n\n- a AAAAAAA=\n", "does not begin with a dash"},
        {"text\n\n\xE2\x80\x93 a AAAAAAA=\n", "does not begin with a dash"}, /* an en dash */
        {"text\n\n\xE2\x80\x94" "a AAAAAAA=\n", "does not begin with a dash"},
        {"text\n\n" DASH "\n", "has no signature"},
        {"text\n\n" DASH "a\n", "has no signature"},
        {"text\n\n" DASH "aAAAAAAA=\n", "has no signature"},
        {"text\n\n" DASH "a \n", "base64"},
        {"text\n\n" DASH "a AAAAAA==\n", "base64"},   /* a key id without a signature */
        {"text\n\n" DASH "a AAAAAAB=\n", "base64"},   /* bits that are lost */
        {"text\n\n" DASH "a AAAAAAA\n", "base64"},    /* no padding */
        {"text\n\n" DASH "a AAAAAAA= \n", "base64"},
        {"text\n\n" DASH "a  AAAAAAA=\n", "base64"},
        {"text\n\n" DASH "a AAAA-AA=\n", "base64"},
        {"text\n\n" DASH " AAAAAAA=\n", "empty"},
        {"text\n\n" DASH "a+b AAAAAAA=\n", "not allowed"},
        {"text\n\n" DASH "a\xE3\x80\x80z AAAAAAA=\n", "not allowed"},
        {"text\r\n\n" DASH "a AAAAAAA=\n", "control character at byte 4"},
        {"te\txt\n\n" DASH "a AAAAAAA=\n", "control character at byte 2"},
        {"te\xFFxt\n\n" DASH "a AAAAAAA=\n", "UTF-8"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct note untouched = {.lines = 77};
        struct err e = {0};
        assert_int_equal(note_parse(bytes_text(bad[i].note), &untouched, &e), ERR_DAMAGED);
        if (strstr(e.text, bad[i].why) == NULL)
            fail_msg("note %zu: \"%s\" does not say \"%s\"", i, e.text, bad[i].why);
        assert_int_equal(untouched.lines, 77);
    }
    OWN(note_drop) struct note n = {0};
    assert_int_equal(note_parse(bytes_text("text\n\n" DASH "a AAAAAAA=\n"), &n, NULL), 0);
    struct note m;
    assert_int_equal(note_parse(bytes_of("te\0xt\n\n" DASH "a AAAAAAA=\n", 25), &m, NULL), ERR_DAMAGED);
}

/* A note by the given keys: the text once, then each one's signature line. */
static void sign_by(const char *text, const struct note_key *const *keys, const struct key *const *seeds, size_t count,
                    struct buf *to)
{
    const size_t text_n = strlen(text);
    for (size_t i = 0; i < count; i++) {
        OWN(buf_drop) struct buf one = {0};
        assert_int_equal(note_sign(bytes_text(text), keys[i], seeds[i], &one, NULL), 0);
        const size_t skip = i == 0 ? 0 : text_n + 1;
        buf_put(to, one.p + skip, one.n - skip);
    }
}

static void number_of_signatures(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf note = {0};
    const struct note_key *keys[NOTE_SIGNATURES_MAX + 1];
    const struct key *seeds[NOTE_SIGNATURES_MAX + 1];
    static struct note_key made[NOTE_SIGNATURES_MAX + 1];
    for (size_t i = 0; i < COUNT(keys); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "example.org/%zu", i);
        make_key(name, &SEED, &made[i]);
        keys[i] = &made[i];
        seeds[i] = &SEED;
    }
    sign_by("text\n", keys, seeds, NOTE_SIGNATURES_MAX, &note);
    assert_int_equal(parse_and_check(buf_bytes(&note), made, COUNT(made), NOTE_STRICT, NULL), 0);
    buf_clear(&note);
    sign_by("text\n", keys, seeds, NOTE_SIGNATURES_MAX + 1, &note);
    struct err e;
    assert_int_equal(parse_and_check(buf_bytes(&note), made, COUNT(made), NOTE_FOREIGN, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "more than 16"));
}

static void manners(void **state)
{
    (void)state;
    const struct note_key both[] = {key, other_key};
    const struct note_key *const one_two[] = {&key, &other_key}, *const one_one[] = {&key, &key};
    const struct key *const seeds[] = {&SEED, &OTHER_SEED}, *const same[] = {&SEED, &SEED};
    OWN(buf_drop) struct buf note = {0};
    sign_by("text\n", one_two, seeds, 2, &note);
    struct bytes n = buf_bytes(&note);
    assert_int_equal(parse_and_check(n, both, 2, NOTE_STRICT, NULL), 0);
    assert_int_equal(parse_and_check(n, both, 2, NOTE_FOREIGN, NULL), 0);
    struct err e;
    assert_int_equal(parse_and_check(n, both, 1, NOTE_STRICT, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "example.org/two"));
    assert_int_equal(parse_and_check(n, both, 1, NOTE_FOREIGN, &e), 0);
    assert_int_equal(parse_and_check(n, both, 0, NOTE_STRICT, &e), ERR_DAMAGED);
    assert_int_equal(parse_and_check(n, both, 0, NOTE_FOREIGN, &e), ERR_DAMAGED);
    /* A known key that fails spoils a foreign note too, though the other has signed. */
    note.p[n.n - 10] = note.p[n.n - 10] == 'A' ? 'B' : 'A';
    assert_int_equal(parse_and_check(n, both, 2, NOTE_FOREIGN, &e), ERR_DAMAGED);
    assert_int_equal(parse_and_check(n, both, 1, NOTE_FOREIGN, &e), 0);
    buf_clear(&note);
    sign_by("text\n", one_one, same, 2, &note);
    n = buf_bytes(&note);
    assert_int_equal(parse_and_check(n, both, 2, NOTE_STRICT, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "twice"));
    assert_int_equal(parse_and_check(n, both, 2, NOTE_FOREIGN, &e), 0);
    const struct note empty = {.lines = 0};
    assert_int_equal(note_check(&empty, both, 2, NOTE_STRICT, &e), ERR_DAMAGED);
}

/* The same name under another key id, and the same id under another name, are other keys. */
static void name_and_id_together(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf note = {0};
    assert_int_equal(note_sign(bytes_text("text\n"), &key, &SEED, &note, NULL), 0);
    struct note_key near = key;
    near.id[3] ^= 1;
    assert_int_equal(parse_and_check(buf_bytes(&note), &near, 1, NOTE_FOREIGN, NULL), ERR_DAMAGED);
    near = key;
    near.name[0] = 'E';
    assert_int_equal(parse_and_check(buf_bytes(&note), &near, 1, NOTE_FOREIGN, NULL), ERR_DAMAGED);
    /* One name and id for two keys: nobody can say whose the line is. */
    struct note_key two[] = {key, key};
    assert_int_equal(parse_and_check(buf_bytes(&note), two, 2, NOTE_STRICT, NULL), 0);
    memcpy(two[1].public_key, other_key.public_key, CRYPT_PUBLIC);
    struct err e;
    assert_int_equal(parse_and_check(buf_bytes(&note), two, 2, NOTE_STRICT, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "same key id"));
}

/* A known key whose line is well formed but not 64 bytes long. */
static void signatures_of_other_lengths(void **state)
{
    (void)state;
    for (size_t n = 1; n <= 130; n++) {
        uint8_t line[4 + 130] = {0};
        memcpy(line, key.id, 4);
        OWN(buf_drop) struct buf note = {0};
        buf_put_text(&note, "text\n\n" DASH);
        buf_put_text(&note, key.name);
        buf_put_text(&note, " ");
        buf_put_base64(&note, bytes_of(line, 4 + n));
        buf_put_text(&note, "\n");
        OWN(note_drop) struct note parsed = {0};
        assert_int_equal(note_parse(buf_bytes(&note), &parsed, NULL), 0);
        assert_int_equal(parsed.line[0].signature.n, n);
        assert_int_equal(note_check(&parsed, &key, 1, NOTE_FOREIGN, NULL), ERR_DAMAGED);
    }
}

/* Every single bit, every byte taken away, every newline put in. */
static void no_change_passes(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf note = {0};
    OWN(buf_drop) struct buf changed = {0};
    assert_int_equal(note_sign(bytes_text("first\n\nsecond\n"), &key, &SEED, &note, NULL), 0);
    for (size_t bit = 0; bit < 8 * note.n; bit++) {
        note.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(parse_and_check(buf_bytes(&note), &key, 1, NOTE_STRICT, NULL), ERR_DAMAGED);
        note.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t i = 0; i < note.n; i++) {
        buf_clear(&changed);
        buf_put(&changed, note.p, i);
        buf_put(&changed, note.p + i + 1, note.n - i - 1);
        assert_int_equal(parse_and_check(buf_bytes(&changed), &key, 1, NOTE_STRICT, NULL), ERR_DAMAGED);
        buf_clear(&changed);
        buf_put(&changed, note.p, i);
        buf_put_text(&changed, "\n");
        buf_put(&changed, note.p + i, note.n - i);
        assert_int_equal(parse_and_check(buf_bytes(&changed), &key, 1, NOTE_STRICT, NULL), ERR_DAMAGED);
    }
    assert_int_equal(parse_and_check(buf_bytes(&note), &key, 1, NOTE_STRICT, NULL), 0);
}

/* ---- cosigners ---- */

static struct note_key cosigner_of(const char *name, const struct key *seed)
{
    uint8_t public_key[CRYPT_PUBLIC];
    struct note_key made;
    crypt_sign_public(seed, public_key);
    assert_int_equal(note_cosigner_make(name, public_key, &made, NULL), 0);
    return made;
}

/* The same seed and name: another id, and neither is taken for the other. */
static void keys_of_cosigners(void **state)
{
    (void)state;
    const struct note_key cosigner = cosigner_of("example.org/one", &SEED);
    struct note_key parsed, untouched = {.id = {9}};
    struct err e = {0};
    char text[NOTE_VKEY_MAX];
    assert_int_equal(cosigner.type, NOTE_COSIGNATURE);
    assert_memory_not_equal(cosigner.id, key.id, sizeof key.id);
    note_key_text(&cosigner, text);
    assert_int_equal(note_cosigner_parse(bytes_text(text), &parsed, NULL), 0);
    assert_memory_equal(&parsed, &cosigner, sizeof parsed);
    assert_int_equal(note_key_parse(bytes_text(text), &untouched, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "type 4"));
    note_key_text(&key, text);
    assert_int_equal(note_cosigner_parse(bytes_text(text), &untouched, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "type 1"));
    assert_int_equal(untouched.id[0], 9);
    assert_int_equal(note_cosigner_make("a b", key.public_key, &untouched, &e), ERR_USAGE);
}

static void cosigned_at(uint64_t at_unix_s, struct buf *to)
{
    static const char text[] = "example.org/one\n7\nroot\n";
    const struct note_key cosigner = cosigner_of("other.example/cosigner", &OTHER_SEED);
    assert_int_equal(note_sign(bytes_text(text), &key, &SEED, to, NULL), 0);
    assert_int_equal(note_cosign(bytes_text(text), &cosigner, &OTHER_SEED, at_unix_s, to, NULL), 0);
}

static void cosignatures(void **state)
{
    (void)state;
    static const uint64_t times[] = {0, 1, 9, 10, 1700000000, INT64_MAX};
    const struct note_key cosigner = cosigner_of("other.example/cosigner", &OTHER_SEED);
    const struct note_key stranger = cosigner_of("other.example/cosigner", &SEED), both[2] = {key, cosigner};
    for (size_t i = 0; i < COUNT(times); i++) {
        OWN(buf_drop) struct buf whole = {0}, again = {0};
        OWN(note_drop) struct note n = {0};
        uint64_t at = 1;
        cosigned_at(times[i], &whole);
        assert_int_equal(note_parse(buf_bytes(&whole), &n, NULL), 0);
        assert_int_equal(n.lines, 2);
        assert_int_equal(note_check(&n, both, 2, NOTE_STRICT, NULL), 0);
        assert_int_equal(note_check(&n, &key, 1, NOTE_FOREIGN, NULL), 0);
        assert_int_equal(note_check(&n, &cosigner, 1, NOTE_FOREIGN, NULL), 0);
        assert_int_equal(note_check(&n, &cosigner, 1, NOTE_STRICT, NULL), ERR_DAMAGED);
        assert_int_equal(note_cosigned(&n, &cosigner, &at, NULL), 0);
        assert_true(at == times[i]);
        assert_int_equal(note_cosigned(&n, &stranger, &at, NULL), ERR_ABSENT);
        note_line_put(&n.line[1], &again);
        assert_true(bytes_equal(buf_bytes(&again), bytes_of(whole.p + whole.n - again.n, again.n)));
    }
}

/* No bit of text, time or signature can change; nor can a plain signature stand for a cosignature. */
static void no_change_passes_in_a_cosignature(void **state)
{
    (void)state;
    const struct note_key cosigner = cosigner_of("other.example/cosigner", &OTHER_SEED), both[2] = {key, cosigner};
    OWN(buf_drop) struct buf whole = {0};
    cosigned_at(1700000000, &whole);
    for (size_t bit = 0; bit < 8 * whole.n; bit++) {
        whole.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(parse_and_check(buf_bytes(&whole), both, 2, NOTE_STRICT, NULL), ERR_DAMAGED);
        whole.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    struct note n = {.text = bytes_text("text\n"), .lines = 1};
    uint8_t forged[8 + CRYPT_SIGNATURE] = {0};
    OWN(buf_drop) struct buf message = {0};
    uint64_t at;
    buf_put_text(&message, "cosignature/v1\ntime 9223372036854775808\ntext\n");
    u64_put(forged, UINT64_C(1) << 63); /* one second too late */
    crypt_sign_raw(&OTHER_SEED, buf_bytes(&message), forged + 8);
    n.line[0] = (struct note_line){.name = bytes_text(cosigner.name), .signature = bytes_of(forged, sizeof forged)};
    memcpy(n.line[0].id, cosigner.id, sizeof cosigner.id);
    assert_int_equal(note_cosigned(&n, &cosigner, &at, NULL), ERR_DAMAGED);
    crypt_sign_raw(&OTHER_SEED, n.text, forged); /* a plain one */
    n.line[0].signature.n = CRYPT_SIGNATURE;
    assert_int_equal(note_cosigned(&n, &cosigner, &at, NULL), ERR_DAMAGED);
}

static void does_not_cosign(void **state)
{
    (void)state;
    const struct note_key cosigner = cosigner_of("other.example/cosigner", &OTHER_SEED);
    OWN(buf_drop) struct buf to = {0};
    assert_int_equal(note_cosign(bytes_text("text\n"), &cosigner, &SEED, 1, &to, NULL), ERR_KEY);
    assert_int_equal(note_cosign(bytes_text("text"), &cosigner, &OTHER_SEED, 1, &to, NULL), ERR_USAGE);
    assert_int_equal(to.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(keys_as_text),
        cmocka_unit_test(keys_refused),
        cmocka_unit_test(a_note_that_is_not_ours),
        cmocka_unit_test(signs_what_it_is_given),
        cmocka_unit_test(signs_later),
        cmocka_unit_test(does_not_sign),
        cmocka_unit_test(largest_note),
        cmocka_unit_test(forms_refused),
        cmocka_unit_test(number_of_signatures),
        cmocka_unit_test(manners),
        cmocka_unit_test(name_and_id_together),
        cmocka_unit_test(signatures_of_other_lengths),
        cmocka_unit_test(no_change_passes),
        cmocka_unit_test(keys_of_cosigners),
        cmocka_unit_test(cosignatures),
        cmocka_unit_test(no_change_passes_in_a_cosignature),
        cmocka_unit_test(does_not_cosign),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
