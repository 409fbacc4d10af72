/* What becomes of a request: every pair of sizes, two histories, replays, and what no log may send. */
#include "logs.h"

static int start(void **state)
{
    (void)state;
    return logs_begin();
}

static int decide(const struct cosign_log *l, struct bytes text, struct cosign_decision *ret, struct err *e)
{
    struct cosigning_request r;
    int rc = cosigning_request_parse(text, &r, e);
    return rc == 0 ? cosign_decide(l, text, &r, ret, e) : rc;
}

static void expect(const struct cosign_log *l, struct bytes text, enum cosign_outcome outcome)
{
    struct cosign_decision d;
    struct err e = {0};
    if (decide(l, text, &d, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(d.outcome, outcome);
    if (outcome != COSIGN_FORK)
        return;
    enum cosigning_verdict verdict;
    struct checkpoint a, b;
    assert_int_equal(cosigning_fork_check(&d.fork, &verdict, &a, &b, &e), 0);
    assert_int_equal(verdict, COSIGNING_FORK_PROVEN);
}

static void the_first_one(void **state)
{
    (void)state;
    const struct cosign_log l = {.log = logs_key};
    for (uint64_t size = 0; size < LOGS_LEAVES; size++) {
        OWN(buf_drop) struct buf r = {0};
        logs_request(logs_leaf, 0, size, &r);
        expect(&l, buf_bytes(&r), COSIGN_SIGN);
    }
    OWN(buf_drop) struct buf later = {0};
    logs_request(logs_leaf, 3, 9, &later);
    expect(&l, buf_bytes(&later), COSIGN_CONFLICT);
}

/* One history: signed exactly when it goes on from what was signed last, at whatever size. */
static void one_history(void **state)
{
    (void)state;
    for (uint64_t held = 1; held < LOGS_LEAVES; held += 1 + held / 9) {
        OWN(cosign_log_release) struct cosign_log l;
        logs_state(logs_leaf, held, bytes_text("another request"), &l);
        for (uint64_t old = 0; old < LOGS_LEAVES; old++)
            for (uint64_t size = old; size < LOGS_LEAVES; size += 1 + size / 7) {
                OWN(buf_drop) struct buf r = {0};
                logs_request(logs_leaf, old, size, &r);
                expect(&l, buf_bytes(&r), old == held ? COSIGN_SIGN : COSIGN_CONFLICT);
            }
    }
}

/* Two: never signed.  Proven at the same size, and where the request's own proof shows another beginning. */
static void two_histories(void **state)
{
    (void)state;
    for (uint64_t held = 4; held < LOGS_LEAVES; held++) {
        OWN(cosign_log_release) struct cosign_log l;
        logs_state(logs_leaf, held, bytes_text("another request"), &l);
        for (uint64_t size = held; size < LOGS_LEAVES; size++) {
            OWN(buf_drop) struct buf r = {0}, any = {0};
            bool perfect = (held & (held - 1)) == 0;
            logs_request(logs_forged, held, size, &r);
            expect(&l, buf_bytes(&r), size == held || !perfect ? COSIGN_FORK : COSIGN_DOUBT);
            logs_request(logs_forged, 2, size, &any);
            expect(&l, buf_bytes(&any), size == held ? COSIGN_FORK : COSIGN_CONFLICT);
        }
    }
}

/* A damaged proof is no charge against the log. */
static void damaged_proofs(void **state)
{
    (void)state;
    OWN(cosign_log_release) struct cosign_log l;
    logs_state(logs_leaf, 11, bytes_text("another request"), &l);
    OWN(buf_drop) struct buf r = {0};
    logs_request(logs_leaf, 11, 29, &r);
    struct cosigning_request parsed;
    assert_int_equal(cosigning_request_parse(buf_bytes(&r), &parsed, NULL), 0);
    for (size_t i = 0; i <= parsed.proof.count; i++) {
        struct cosigning_request bad = parsed;
        OWN(buf_drop) struct buf text = {0};
        if (i < parsed.proof.count)
            bad.proof.hash[i].b[5] ^= 1;
        else
            bad.proof.count--;
        cosigning_request_text(&bad, &text);
        expect(&l, buf_bytes(&text), COSIGN_DOUBT);
    }
}

static void the_same_again(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf r = {0}, other = {0};
    OWN(cosign_log_release) struct cosign_log l;
    logs_request(logs_leaf, 5, 9, &r);
    logs_state(logs_leaf, 9, buf_bytes(&r), &l);
    expect(&l, buf_bytes(&r), COSIGN_AGAIN);
    logs_request(logs_leaf, 9, 9, &other); /* the same checkpoint, asked anew: signed afresh */
    expect(&l, buf_bytes(&other), COSIGN_SIGN);
    buf_clear(&other);
    logs_request(logs_leaf, 4, 9, &other);
    expect(&l, buf_bytes(&other), COSIGN_CONFLICT);
}

static void refused(void **state)
{
    (void)state;
    struct cosign_log l = {.log = logs_key};
    struct cosign_decision d;
    struct err e = {0};
    OWN(buf_drop) struct buf r = {0}, backwards = {0}, proof = {0}, empty = {0};
    logs_request(logs_leaf, 0, 9, &r);
    l.log.public_key[0] ^= 1;
    assert_int_equal(decide(&l, buf_bytes(&r), &d, &e), ERR_DAMAGED);
    l.log = logs_key;
    snprintf(l.log.name, sizeof l.log.name, "log.example/other");
    assert_int_equal(decide(&l, buf_bytes(&r), &d, &e), ERR_DAMAGED);
    l.log = logs_key;
    buf_put_text(&backwards, "old 10\n\n");
    logs_checkpoint(logs_leaf, 9, &backwards);
    assert_int_equal(decide(&l, buf_bytes(&backwards), &d, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "back to 9"));
    buf_put_text(&proof, "old 0\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n");
    logs_checkpoint(logs_leaf, 9, &proof);
    assert_int_equal(decide(&l, buf_bytes(&proof), &d, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "a proof where none may be"));
    struct checkpoint c = {.size = 0, .root = logs_leaf[0]}; /* no leaves have one root only */
    snprintf(c.origin, sizeof c.origin, "%s", logs_key.name);
    buf_put_text(&empty, "old 0\n\n");
    assert_int_equal(checkpoint_sign(&c, &logs_key, &logs_seed, &empty, NULL), 0);
    assert_int_equal(decide(&l, buf_bytes(&empty), &d, &e), ERR_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_one),  cmocka_unit_test(one_history),    cmocka_unit_test(two_histories),
        cmocka_unit_test(damaged_proofs), cmocka_unit_test(the_same_again), cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
