/* Asking for a time-stamp, and answers that are not to what was asked. */
#include "stamps.h"

static struct authority *east;

static int begin(void **state)
{
    east = authority_new(&(struct authority_wish){.name = "East"});
    return fixture_group_setup(state);
}

static int end(void **state)
{
    authority_drop(&east);
    return fixture_group_teardown(state);
}

static void asked_name(const struct store_asked *a, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "stamps/asked/%016llx", (unsigned long long)a->nonce), 0);
}

/* ---- what is remembered ---- */

static void remembered(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf request = {0}, again = {0}, text = {0}, name = {0}, note = {0};
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    struct bytes checkpoint;
    struct file_path path;
    struct store_asked a;
    struct hash imprint;
    uint64_t nonce = 0;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    assert_int_equal(store_stamp_ask(s, "An authority", &request, &a, &f->e), 0);
    assert_true(a.leaves == now.leaves && hash_equal(&a.root, &now.root) && a.nonce != 0);
    asked_name(&a, &path);
    fixture_get(f, path.s, &text);
    fixture_get(f, "log/checkpoint", &note);
    assert_true(store_asked_parse(buf_bytes(&text), &nonce, &name, &checkpoint));
    assert_true(nonce == a.nonce && bytes_equal(buf_bytes(&name), bytes_text("An authority")));
    assert_true(bytes_equal(checkpoint, buf_bytes(&note)));
    crypt_sha256(buf_bytes(&note), &imprint);
    assert_int_equal(crypt_stamp_request(&imprint, a.nonce, &again, NULL), 0);
    assert_true(bytes_equal(buf_bytes(&request), buf_bytes(&again)));
    assert_int_equal(store_stamp_unask(s, &a, &f->e), 0);
    assert_false(fixture_there(f, path.s));
}

static void one_spelling(void **state)
{
    static const char good[] = "groundwork/asked/v1\nnonce 00000000000000ff\nauthority Tg==\n\nnote\n";
    static const char *const bad[] = {
        "", "groundwork/asked/v2\nnonce 00000000000000ff\nauthority Tg==\n\nnote\n",
        "groundwork/asked/v1\nnonce 00000000000000FF\nauthority Tg==\n\nnote\n",
        "groundwork/asked/v1\nnonce ff\nauthority Tg==\n\nnote\n",
        "groundwork/asked/v1\nnonce 00000000000000ff\nauthority Tg=\n\nnote\n",
        "groundwork/asked/v1\nnonce 00000000000000ff\nauthority\n\nnote\n",
        "groundwork/asked/v1\nnonce 00000000000000ff\nauthority Tg==\nnote\n",
        "groundwork/asked/v1\nnonce 00000000000000ff\nauthority Tg==\n\n",
        "groundwork/asked/v1\nnonce 00000000000000ff\nauthority Tg==",
    };
    struct bytes checkpoint;
    uint64_t nonce = 0;
    OWN(buf_drop) struct buf name = {0}, again = {0};
    assert_true(store_asked_parse(bytes_text(good), &nonce, &name, &checkpoint));
    assert_int_equal(nonce, 255);
    store_asked_put(nonce, buf_text(&name), checkpoint, &again);
    assert_string_equal(buf_text(&again), good);
    buf_clear(&again);
    store_asked_put(nonce, NULL, checkpoint, &again);
    buf_clear(&name);
    assert_true(store_asked_parse(buf_bytes(&again), &nonce, &name, &checkpoint) && name.n == 0);
    for (size_t i = 0; i < COUNT(bad); i++) {
        buf_clear(&name);
        assert_false(store_asked_parse(bytes_text(bad[i]), &nonce, &name, &checkpoint));
    }
}

static void as_many_as_wait(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    struct store_asked a;
    for (int i = 0; i < STORE_ASKED_MAX; i++) {
        OWN(buf_drop) struct buf request = {0};
        assert_int_equal(store_stamp_ask(s, NULL, &request, &a, &f->e), 0);
    }
    OWN(buf_drop) struct buf request = {0};
    fixture_says(f, store_stamp_ask(s, NULL, &request, &a, &f->e), ERR_REFUSED, "64 requests wait", "stamps/asked",
                 NULL);
    assert_int_equal(request.n, 0);
    assert_int_equal(fixture_count(f, "stamps/asked", ""), STORE_ASKED_MAX);
}

/* ---- answers ---- */

static void refuses(struct fixture *f, const struct question *q, int code, const char *words)
{
    struct store_stamp stamp;
    struct ledger_position before = fixture_where(f, STORE_PUBLIC), after;
    fixture_says(f, question_take(f, q, &stamp), code, words, NULL);
    after = fixture_where(f, STORE_PUBLIC);
    assert_int_equal(before.records, after.records);
    assert_int_equal(fixture_count(f, "stamps", "0"), 0);
}

static void other_answers(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question q = {0}, nonce = {0}, imprint = {0}, late = {0};
    OWN(authority_drop) struct authority *other = authority_new(&(struct authority_wish){.name = "East"});
    struct hash something;
    struct store_stamp stamp;
    question_ask(f, &q);
    crypt_sha256(bytes_text("the checkpoint of another log"), &something);
    /* Another nonce; the nonce that was asked, over something else; another authority's chain. */
    assert_int_equal(crypt_stamp_request(&something, q.asked.nonce ^ 1, &nonce.request, NULL), 0);
    question_answer(&nonce, east, IN_2026);
    refuses(f, &nonce, ERR_REFUSED, "no request with its nonce waits here");
    assert_int_equal(crypt_stamp_request(&something, q.asked.nonce, &imprint.request, NULL), 0);
    question_answer(&imprint, east, IN_2026);
    refuses(f, &imprint, ERR_DAMAGED, "over something else than was asked");
    question_answer(&q, east, IN_2026);
    buf_clear(&q.chain);
    authority_chain(other, &q.chain);
    refuses(f, &q, ERR_DAMAGED, "was not good when it stamped");
    /* None of them spoils what waits. */
    buf_clear(&q.chain);
    authority_chain(east, &q.chain);
    assert_int_equal(question_take(f, &q, &stamp), 0);
}

static void once_alone(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question q = {0};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    struct store_stamp stamp;
    question_ask(f, &q);
    asked_name(&q.asked, &path);
    fixture_get(f, path.s, &text);
    question_answer(&q, east, IN_2026);
    assert_int_equal(question_take(f, &q, &stamp), 0);
    assert_false(fixture_there(f, path.s));
    fixture_says(f, question_take(f, &q, &stamp), ERR_REFUSED, "answered already", NULL);
    fixture_put(f, path.s, buf_bytes(&text)); /* a crash came before it was forgotten */
    fixture_says(f, question_take(f, &q, &stamp), ERR_REFUSED, "on the log already, at leaf", NULL);
}

static void memory_that_is_damaged(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question q = {0};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    question_ask(f, &q);
    asked_name(&q.asked, &path);
    fixture_get(f, path.s, &text);
    question_answer(&q, east, IN_2026);
    fixture_flip(f, path.s, 3);
    refuses(f, &q, ERR_DAMAGED, "is damaged: remove it, and ask anew");
    fixture_put(f, path.s, buf_bytes(&text));
    fixture_flip(f, path.s, -20); /* in the checkpoint */
    refuses(f, &q, ERR_DAMAGED, "over something else than was asked");
}

/* What was stamped is of a history that was taken back. */
static void another_history(void **state)
{
    struct fixture *f = *state;
    OWN(question_drop) struct question q = {0};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    fixture_keep(f, "before");
    says(f, "this is what was said");
    question_ask(f, &q);
    asked_name(&q.asked, &path);
    fixture_get(f, path.s, &text);
    question_answer(&q, east, IN_2026);
    fixture_back(f, "before");
    struct store *s = fixture_open(f, STORE_PUBLIC); /* makes the folder */
    OWN(buf_drop) struct buf request = {0};
    struct store_asked other;
    assert_int_equal(store_stamp_ask(s, NULL, &request, &other, &f->e), 0);
    store_close(s);
    fixture_put(f, path.s, buf_bytes(&text));
    refuses(f, &q, ERR_DAMAGED, "not the earlier one");
    says(f, "this is what is said now");
    says(f, "and more of it");
    refuses(f, &q, ERR_DAMAGED, "the log does not extend the stamped checkpoint");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(remembered),
        FIXTURE_TEST(one_spelling),
        FIXTURE_TEST(as_many_as_wait),
        FIXTURE_TEST(other_answers),
        FIXTURE_TEST(once_alone),
        FIXTURE_TEST(memory_that_is_damaged),
        FIXTURE_TEST(another_history),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
