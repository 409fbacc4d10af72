/* Checkpoints and the proofs that travel: round trips, one that is not ours, and every refusal. */
#include "model/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char SUMDB_KEY[] = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8";
static const char SUMDB_NOTE[] =
    "go.sum database tree\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\xE2\x80\x94 sum.golang.org "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";

/* 32 bytes of zeros. */
#define ROOT "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const struct key SEED = {{1}};
static struct note_key key;

static int start(void **state)
{
    (void)state;
    uint8_t public_key[CRYPT_PUBLIC];
    if (crypt_start(NULL) != 0)
        return -1;
    crypt_sign_public(&SEED, public_key);
    return note_key_make("example.org/log", public_key, &key, NULL);
}

static struct checkpoint checkpoint_of(uint64_t size, uint8_t first)
{
    struct checkpoint c = {.size = size, .root = {{first}}};
    memcpy(c.origin, key.name, sizeof c.origin);
    return c;
}

static void layout(void **state)
{
    (void)state;
    const struct checkpoint c = checkpoint_of(12345678901, 0);
    OWN(buf_drop) struct buf text = {0};
    buf_put_text(&text, "before\n");
    checkpoint_text(&c, &text);
    assert_string_equal(buf_text(&text), "before\nexample.org/log\n12345678901\n" ROOT "\n");
}

static void round_trips(void **state)
{
    (void)state;
    static const uint64_t size[] = {0, 1, 9, 10, 256, (UINT64_C(1) << 53) - 1, TREE_SIZE_MAX};
    for (size_t i = 0; i < COUNT(size); i++) {
        const struct checkpoint c = checkpoint_of(size[i], (uint8_t)i);
        OWN(buf_drop) struct buf note = {0};
        assert_int_equal(checkpoint_sign(&c, &key, &SEED, &note, NULL), 0);
        for (int manner = NOTE_STRICT; manner <= NOTE_FOREIGN; manner++) {
            struct checkpoint found;
            assert_int_equal(checkpoint_read(buf_bytes(&note), &key, (enum note_manner)manner, &found, NULL), 0);
            assert_string_equal(found.origin, c.origin);
            assert_int_equal(found.size, c.size);
            assert_true(hash_equal(&found.root, &c.root));
        }
    }
}

static void only_the_seed_of_the_key_signs(void **state)
{
    (void)state;
    const struct key other = {{2}};
    const struct checkpoint c = checkpoint_of(1, 1);
    OWN(buf_drop) struct buf note = {0};
    struct err e;
    assert_int_equal(checkpoint_sign(&c, &key, &other, &note, &e), ERR_KEY);
    assert_int_equal(note.n, 0);
}

static void one_that_is_not_ours(void **state)
{
    (void)state;
    struct note_key sumdb;
    assert_int_equal(note_key_parse(bytes_text(SUMDB_KEY), &sumdb, NULL), 0);
    struct checkpoint c;
    struct err e;
    assert_int_equal(checkpoint_read(bytes_text(SUMDB_NOTE), &sumdb, NOTE_FOREIGN, &c, &e), 0);
    assert_string_equal(c.origin, "go.sum database tree");
    assert_int_equal(c.size, 20852163);
    assert_int_equal(c.root.b[0], 0x0a);
    assert_int_equal(checkpoint_read(bytes_text(SUMDB_NOTE), &sumdb, NOTE_STRICT, &c, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "is signed by"));
}

struct text_case {
    const char *text;
    int strict, foreign;
};

static void texts(void **state)
{
    (void)state;
    static const struct text_case text[] = {
        {"example.org/log\n5\n" ROOT "\n", 0, 0},
        {"example.org/log\n0\n" ROOT "\n", 0, 0},
        {"example.org/log\n9223372036854775808\n" ROOT "\n", 0, 0},
        {"example.org/log\n5\n" ROOT "\nan extension\n", ERR_DAMAGED, 0},
        {"example.org/log\n5\n" ROOT "\nan extension\nand another\n", ERR_DAMAGED, 0},
        {"another origin\n5\n" ROOT "\n", ERR_DAMAGED, 0},
        {"example.org/log\n5\n" ROOT "\n\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\n" ROOT "\nan extension\n\nand another\n", ERR_DAMAGED, ERR_DAMAGED},
        {"\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\n", ERR_DAMAGED, ERR_DAMAGED},
        {"\n5\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n05\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n+5\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n-5\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5 \n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n0x5\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n9223372036854775809\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n18446744073709551621\n" ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\n\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n", ERR_DAMAGED, ERR_DAMAGED},
        {"example.org/log\n5\n " ROOT "\n", ERR_DAMAGED, ERR_DAMAGED},
    };
    for (size_t i = 0; i < COUNT(text); i++) {
        OWN(buf_drop) struct buf note = {0};
        struct checkpoint c = {.size = 77};
        struct err e = {0};
        assert_int_equal(note_sign(bytes_text(text[i].text), &key, &SEED, &note, NULL), 0);
        int strict = checkpoint_read(buf_bytes(&note), &key, NOTE_STRICT, &c, &e);
        if (strict != text[i].strict)
            fail_msg("text %zu: strict reading gives %d: %s", i, strict, e.text);
        assert_true(strict == 0 || (c.size == 77 && e.text[0] != '\0'));
        int foreign = checkpoint_read(buf_bytes(&note), &key, NOTE_FOREIGN, &c, &e);
        if (foreign != text[i].foreign)
            fail_msg("text %zu: foreign reading gives %d: %s", i, foreign, e.text);
    }
}

static void longest_origin(void **state)
{
    (void)state;
    for (size_t n = NOTE_NAME_MAX; n <= NOTE_NAME_MAX + 1; n++) {
        OWN(buf_drop) struct buf text = {0};
        OWN(buf_drop) struct buf note = {0};
        memset(buf_more(&text, n), 'o', n);
        buf_put_text(&text, "\n5\n" ROOT "\n");
        assert_int_equal(note_sign(buf_bytes(&text), &key, &SEED, &note, NULL), 0);
        struct checkpoint c;
        int rc = checkpoint_read(buf_bytes(&note), &key, NOTE_FOREIGN, &c, NULL);
        assert_int_equal(rc, n == NOTE_NAME_MAX ? 0 : ERR_DAMAGED);
        assert_true(rc != 0 || strlen(c.origin) == NOTE_NAME_MAX);
    }
}

/* A log of seven leaves; the proof of each, as text and back. */
static void make_log(struct hash leaf[7], struct buf *note)
{
    for (uint8_t i = 0; i < 7; i++)
        crypt_leaf_hash(bytes_of(&i, 1), &leaf[i]);
    struct checkpoint c = checkpoint_of(7, 0);
    tree_root(leaf, 7, &c.root);
    assert_int_equal(checkpoint_sign(&c, &key, &SEED, note, NULL), 0);
}

static int read_leaves(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)e;
    const struct hash *leaf = context;
    tree_root(leaf + (index << level), (size_t)1 << level, ret);
    return 0;
}

static bool proves(struct bytes text, const struct hash *leaf)
{
    struct proof p;
    struct checkpoint c;
    return proof_parse(text, &p, NULL) == 0 &&
           checkpoint_read(p.checkpoint_note, &key, NOTE_STRICT, &c, NULL) == 0 &&
           tree_check_inclusion(leaf, p.index, c.size, &p.path, &c.root);
}

static void proofs_travel(void **state)
{
    (void)state;
    struct hash leaf[7];
    OWN(buf_drop) struct buf note = {0};
    make_log(leaf, &note);
    const struct tree_reader r = {read_leaves, leaf};
    for (uint64_t i = 0; i < 7; i++) {
        struct tree_proof path;
        assert_int_equal(tree_prove_inclusion(i, 7, &r, &path, NULL), 0);
        OWN(buf_drop) struct buf text = {0};
        proof_text(i, &path, buf_bytes(&note), &text);
        assert_memory_equal(text.p, "c2sp.org/tlog-proof@v1\nindex ", 29);
        struct proof p;
        assert_int_equal(proof_parse(buf_bytes(&text), &p, NULL), 0);
        assert_int_equal(p.index, i);
        assert_int_equal(p.path.count, path.count);
        assert_memory_equal(p.path.hash, path.hash, path.count * sizeof path.hash[0]);
        assert_true(bytes_equal(p.checkpoint_note, buf_bytes(&note)));
        assert_true(proves(buf_bytes(&text), &leaf[i]));
        assert_false(proves(buf_bytes(&text), &leaf[(i + 1) % 7]));
        for (size_t bit = 0; bit < 8 * text.n; bit++) {
            text.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_false(proves(buf_bytes(&text), &leaf[i]));
            text.p[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

#define HEAD "c2sp.org/tlog-proof@v1\n"

static void proofs_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "does not begin with"},
        {"c2sp.org/tlog-proof@v1", "does not begin with"},
        {"c2sp.org/tlog-proof@v2\nindex 0\n\nnote", "does not begin with"},
        {HEAD, "second line"},
        {HEAD "index 0", "second line"},
        {HEAD "index\n\nnote", "second line"},
        {HEAD "index  0\n\nnote", "second line"},
        {HEAD "index 00\n\nnote", "second line"},
        {HEAD "index -1\n\nnote", "second line"},
        {HEAD "index 18446744073709551616\n\nnote", "second line"},
        {HEAD "extra AAAA\nindex 0\n\nnote", "second line"},
        {HEAD "index 0\n", "no empty line"},
        {HEAD "index 0\n" ROOT "\n", "no empty line"},
        {HEAD "index 0\n" ROOT, "no empty line"},
        {HEAD "index 0\nAAAA\n\nnote", "hash 1"},
        {HEAD "index 0\n" ROOT "\n " ROOT "\n\nnote", "hash 2"},
        {HEAD "index 0\n\n", "no checkpoint"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct proof untouched = {.index = 77};
        struct err e = {0};
        assert_int_equal(proof_parse(bytes_text(bad[i].text), &untouched, &e), ERR_DAMAGED);
        if (strstr(e.text, bad[i].why) == NULL)
            fail_msg("proof %zu: \"%s\" does not say \"%s\"", i, e.text, bad[i].why);
        assert_int_equal(untouched.index, 77);
    }
    struct proof p;
    assert_int_equal(proof_parse(bytes_text(HEAD "index 18446744073709551615\n\nnote"), &p, NULL), 0);
    assert_int_equal(p.path.count, 0);
}

static void longest_proofs(void **state)
{
    (void)state;
    struct tree_proof path = {.count = TREE_PROOF_MAX};
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf note = {0};
    memset(buf_more(&note, NOTE_BYTES_MAX), 'n', NOTE_BYTES_MAX);
    proof_text(UINT64_MAX, &path, buf_bytes(&note), &text);
    struct proof p;
    assert_int_equal(proof_parse(buf_bytes(&text), &p, NULL), 0);
    assert_int_equal(p.path.count, TREE_PROOF_MAX);
    assert_int_equal(p.checkpoint_note.n, NOTE_BYTES_MAX);
    struct err e;
    const size_t fill = PROOF_BYTES_MAX - text.n;
    memset(buf_more(&text, fill), 'n', fill);
    assert_int_equal(proof_parse(buf_bytes(&text), &p, &e), 0);
    buf_put_text(&text, "n");
    assert_int_equal(proof_parse(buf_bytes(&text), &p, &e), ERR_DAMAGED);
    buf_clear(&text);
    buf_put_text(&text, HEAD "index 0\n");
    for (size_t i = 0; i <= TREE_PROOF_MAX; i++)
        buf_put_text(&text, ROOT "\n");
    buf_put_text(&text, "\nnote");
    assert_int_equal(proof_parse(buf_bytes(&text), &p, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "more than 64"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(only_the_seed_of_the_key_signs),
        cmocka_unit_test(one_that_is_not_ours),
        cmocka_unit_test(texts),
        cmocka_unit_test(longest_origin),
        cmocka_unit_test(proofs_travel),
        cmocka_unit_test(proofs_refused),
        cmocka_unit_test(longest_proofs),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
