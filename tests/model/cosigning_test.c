/* What travels to cosigners and back: forms, and forks that are proven, open, or none. */
#include "model/cosigning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { MOST = 40 };

static const struct key SEED = {{1}}, OTHER_SEED = {{2}};
static struct note_key log_key, other_key;
static struct hash leaf[MOST], forged[MOST];

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
    make_key("example.org/log", &SEED, &log_key);
    make_key("example.org/other", &OTHER_SEED, &other_key);
    for (uint8_t i = 0; i < MOST; i++)
        crypt_leaf_hash(bytes_of(&i, 1), &leaf[i]);
    memcpy(forged, leaf, sizeof forged);
    forged[3].b[0] ^= 1;
    return 0;
}

static int read_hash(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    (void)e;
    const struct hash *of = context;
    tree_root(of + (index << level), (size_t)1 << level, ret);
    return 0;
}

static void checkpoint_of(const struct hash *of, uint64_t size, struct buf *to)
{
    struct checkpoint c = {.size = size};
    snprintf(c.origin, sizeof c.origin, "%s", log_key.name);
    tree_root(of, size, &c.root);
    assert_int_equal(checkpoint_sign(&c, &log_key, &SEED, to, NULL), 0);
}

/* ---- requests and answers ---- */

static void request_of(size_t proof, struct buf *to)
{
    OWN(buf_drop) struct buf note = {0};
    struct cosigning_request r = {.old_size = 20852014};
    checkpoint_of(leaf, 7, &note);
    r.note = buf_bytes(&note);
    for (; r.proof.count < proof; r.proof.count++)
        r.proof.hash[r.proof.count] = leaf[r.proof.count % MOST];
    cosigning_request_text(&r, to);
}

static void requests(void **state)
{
    (void)state;
    for (size_t n = 0; n <= COSIGNING_PROOF_MAX; n++) {
        OWN(buf_drop) struct buf text = {0}, again = {0};
        struct cosigning_request r;
        request_of(n, &text);
        assert_int_equal(cosigning_request_parse(buf_bytes(&text), &r, NULL), 0);
        assert_int_equal(r.proof.count, n);
        assert_int_equal(r.old_size, 20852014);
        cosigning_request_text(&r, &again);
        assert_string_equal(buf_text(&again), buf_text(&text));
    }
    OWN(buf_drop) struct buf longer = {0};
    struct cosigning_request r;
    request_of(COSIGNING_PROOF_MAX + 1, &longer);
    assert_int_equal(cosigning_request_parse(buf_bytes(&longer), &r, NULL), ERR_DAMAGED);
}

static void requests_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "old", "old 1", "old 1\n", "old 1\n\n", "Old 1\n\nx\n", "old  1\n\nx\n", "old 01\n\nx\n", "old -1\n\nx\n",
        "old 1 \n\nx\n", "old 1\r\n\nx\n", "old 9223372036854775809\n\nx\n", "old 1\nAAAA\n\nx\n",
        "old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE=\nx\n", "old 1\n \n\nx\n",
        "old 1\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=\n\nx\n", /* bits that must be zero */
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct cosigning_request r = {.old_size = 99};
        struct err e = {0};
        assert_int_equal(cosigning_request_parse(bytes_text(bad[i]), &r, &e), ERR_DAMAGED);
        assert_string_not_equal(e.text, "");
        assert_int_equal(r.old_size, 99);
    }
    OWN(buf_drop) struct buf b = {0};
    struct cosigning_request r;
    buf_put_text(&b, "old 9223372036854775808\n\n");
    while (b.n < COSIGNING_REQUEST_MAX)
        buf_put_u8(&b, 'x');
    assert_int_equal(cosigning_request_parse(buf_bytes(&b), &r, NULL), 0);
    buf_put_u8(&b, 'x');
    assert_int_equal(cosigning_request_parse(buf_bytes(&b), &r, NULL), ERR_DAMAGED);
}

static void answers(void **state)
{
    (void)state;
    static const char lines[] = "\xE2\x80\x94 a AAAA\n\xE2\x80\x94 b AAAA\n";
    static const char *const bad[] = {"", "\n", "12", "012\n", "12\n13\n", "12\n\n", "+1\n", "- a AAAA\n",
                                      "\xE2\x80\x94 a AAAA", "\xE2\x80\x94", " 12\n", "9223372036854775809\n"};
    struct cosigning_answer a;
    assert_int_equal(cosigning_answer_parse(bytes_text(lines), &a, NULL), 0);
    assert_false(a.conflict);
    assert_true(bytes_equal(a.lines, bytes_text(lines)));
    assert_int_equal(cosigning_answer_parse(bytes_text("20852163\n"), &a, NULL), 0);
    assert_true(a.conflict && a.size == 20852163);
    assert_int_equal(cosigning_answer_parse(bytes_text("0\n"), &a, NULL), 0);
    assert_true(a.conflict && a.size == 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err e = {0};
        assert_int_equal(cosigning_answer_parse(bytes_text(bad[i]), &a, &e), ERR_DAMAGED);
        assert_string_not_equal(e.text, "");
    }
    OWN(buf_drop) struct buf b = {0}, joined = {0};
    buf_put_text(&b, "\xE2\x80\x94 ");
    while (b.n < COSIGNING_ANSWER_MAX)
        buf_put_u8(&b, '\n');
    assert_int_equal(cosigning_answer_parse(buf_bytes(&b), &a, NULL), 0);
    buf_put_u8(&b, '\n');
    assert_int_equal(cosigning_answer_parse(buf_bytes(&b), &a, NULL), ERR_DAMAGED);
    cosigning_join(bytes_text("note\n"), bytes_text("line\n"), &joined);
    assert_string_equal(buf_text(&joined), "note\nline\n");
}

/* ---- forks ---- */

struct pair {
    struct buf older, newer, text;
    struct cosigning_fork f;
};

static void pair_drop(struct pair *p)
{
    buf_drop(&p->older);
    buf_drop(&p->newer);
    buf_drop(&p->text);
}

/* Of the two trees; with the proof that the newer one gives of its own beginning. */
static void pair_of(const struct hash *a, uint64_t old, const struct hash *b, uint64_t size, bool proof,
                    struct pair *ret)
{
    const struct tree_reader reader = {read_hash, (void *)(uintptr_t)b};
    struct tree_proof plain;
    struct hash root;
    *ret = (struct pair){.f = {.log = log_key}};
    checkpoint_of(a, old, &ret->older);
    checkpoint_of(b, size, &ret->newer);
    ret->f.older = buf_bytes(&ret->older);
    ret->f.newer = buf_bytes(&ret->newer);
    if (proof) {
        assert_int_equal(tree_prove_consistency(old, size, &reader, &plain, NULL), 0);
        tree_root(b, old, &root);
        tree_beginning_from(old, &root, &plain, &ret->f.proof);
    }
    cosigning_fork_text(&ret->f, &ret->text);
}

static int check(const struct pair *p, enum cosigning_verdict *ret, struct err *e)
{
    struct cosigning_fork read;
    OWN(buf_drop) struct buf again = {0};
    struct checkpoint older, newer;
    assert_int_equal(cosigning_fork_parse(buf_bytes(&p->text), &read, e), 0);
    cosigning_fork_text(&read, &again);
    assert_true(bytes_equal(buf_bytes(&again), buf_bytes(&p->text)));
    return cosigning_fork_check(&read, ret, &older, &newer, e);
}

static void forks(void **state)
{
    (void)state;
    for (uint64_t size = 5; size <= MOST; size++)
        for (uint64_t old = 4; old <= size; old++) {
            OWN(pair_drop) struct pair proven, open, honest;
            enum cosigning_verdict verdict;
            struct err e = {0};
            pair_of(leaf, old, forged, size, old < size, &proven);
            assert_int_equal(check(&proven, &verdict, &e), 0);
            assert_int_equal(verdict, COSIGNING_FORK_PROVEN);
            pair_of(leaf, old, leaf, size, old < size, &honest);
            assert_int_equal(check(&honest, &verdict, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, "it is no fork"));
            if (old == size) {
                pair_of(leaf, old, forged, size, false, &open);
                continue;
            }
            pair_of(leaf, old, forged, size, false, &open);
            assert_int_equal(check(&open, &verdict, &e), 0);
            assert_int_equal(verdict, COSIGNING_FORK_OPEN);
        }
}

/* An honest log cannot be charged: by no change of the proof, nor by notes of somebody else. */
static void no_false_charge(void **state)
{
    (void)state;
    enum cosigning_verdict verdict;
    struct checkpoint a, b;
    for (uint64_t old = 1; old < 16; old++) {
        OWN(pair_drop) struct pair p;
        pair_of(leaf, old, leaf, 16, true, &p);
        for (size_t i = 0; i < p.f.proof.count; i++)
            for (size_t k = 0; k < MOST; k++) {
                struct cosigning_fork changed = p.f;
                changed.proof.hash[i] = leaf[k];
                assert_int_equal(cosigning_fork_check(&changed, &verdict, &a, &b, NULL), ERR_DAMAGED);
            }
        struct cosigning_fork other = p.f;
        other.log = other_key;
        assert_int_equal(cosigning_fork_check(&other, &verdict, &a, &b, NULL), ERR_DAMAGED);
        other = p.f;
        other.older = p.f.newer;
        other.newer = p.f.older;
        assert_int_equal(cosigning_fork_check(&other, &verdict, &a, &b, NULL), ERR_DAMAGED);
    }
    OWN(pair_drop) struct pair same;
    pair_of(leaf, 9, forged, 9, false, &same);
    same.f.proof.count = 1;
    assert_int_equal(cosigning_fork_check(&same.f, &verdict, &a, &b, NULL), ERR_DAMAGED);
    /* Signed by the log's key, but of another origin. */
    OWN(buf_drop) struct buf text = {0}, note = {0};
    struct checkpoint c = {.size = 9, .root = leaf[0]};
    snprintf(c.origin, sizeof c.origin, "example.org/elsewhere");
    checkpoint_text(&c, &text);
    assert_int_equal(note_sign(buf_bytes(&text), &log_key, &SEED, &note, NULL), 0);
    same.f.proof.count = 0;
    same.f.newer = buf_bytes(&note);
    assert_int_equal(cosigning_fork_check(&same.f, &verdict, &a, &b, NULL), ERR_DAMAGED);
}

static void no_change_of_a_fork_file_passes(void **state)
{
    (void)state;
    OWN(pair_drop) struct pair p;
    pair_of(leaf, 6, forged, 11, true, &p);
    for (size_t i = 0; i < p.text.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct cosigning_fork f;
            enum cosigning_verdict verdict;
            struct checkpoint a, b;
            p.text.p[i] ^= (uint8_t)(1u << bit);
            if (cosigning_fork_parse(buf_bytes(&p.text), &f, NULL) == 0)
                assert_int_equal(cosigning_fork_check(&f, &verdict, &a, &b, NULL), ERR_DAMAGED);
            p.text.p[i] ^= (uint8_t)(1u << bit);
        }
    for (size_t n = 0; n < p.text.n; n++) {
        struct cosigning_fork f;
        assert_int_equal(cosigning_fork_parse(bytes_of(p.text.p, n), &f, NULL), ERR_DAMAGED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),        cmocka_unit_test(requests_refused),
        cmocka_unit_test(answers),         cmocka_unit_test(forks),
        cmocka_unit_test(no_false_charge), cmocka_unit_test(no_change_of_a_fork_file_passes),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
