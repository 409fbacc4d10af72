/* Cosigners: their policy and signatures on the log, log/cosigned beside it, and every answer that is refused. */
#include "cosigners.h"

static void policy_is_an_event(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_null(store_policy(s));
    cosigners_set(f, s, 2, 1);
    assert_int_equal(policy_plain_needed(store_policy(s)), 1);
    OWN(mem_drop) struct policy *same = cosigners_policy(s, 2, 1), *other = cosigners_policy(s, 3, 2);
    fixture_says(f, store_policy_set(s, same, &f->e), ERR_REFUSED, "already", NULL);
    other->log[0] = f->id.member;
    fixture_says(f, store_policy_set(s, other, &f->e), ERR_REFUSED, "another log", NULL);
    cosigners_set(f, s, 3, 2);
    store_close(s);
    s = fixture_open(f, STORE_PUBLIC); /* from beside the journal, without keys */
    assert_int_equal(s->history.events, 2);
    assert_int_equal(policy_plain_needed(store_policy(s)), 2);
    store_close(s);
    fixture_whole(f);
    fixture_remove(f, "a/keys/history");
    fixture_remove(f, "b/keys/history");
    s = fixture_open(f, STORE_WRITE); /* from the journal: the next event is numbered on */
    cosigners_set(f, s, 1, 1);
    store_close(s);
    assert_int_equal(fixture_repair(f), 0);
    fixture_whole(f);
}

/* At the limit and one past it. */
static void as_many_as_a_note_holds(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    OWN(mem_drop) struct policy *p = cosigners_policy(s, STATEMENT_COSIGNERS_MAX + 1, 3);
    fixture_says(f, store_policy_set(s, p, &f->e), ERR_REFUSED, "rule cosigners-count", NULL);
    store_close(s);
    s = fixture_open(f, STORE_WRITE);
    cosigners_set(f, s, STATEMENT_COSIGNERS_MAX, 3);
    OWN(buf_drop) struct buf request = {0}, all = {0};
    struct store_cosigner_answered done;
    assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
    for (unsigned i = 0; i < STATEMENT_COSIGNERS_MAX; i++)
        cosigner_answers(i, 1700000000 + i, buf_bytes(&request), &all);
    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&all), &done, &f->e), 0);
    assert_int_equal(done.fresh, STATEMENT_COSIGNERS_MAX);
    store_close(s);
    fixture_whole(f);
    assert_int_equal(f->verified.cosigned.signed_by, (1u << STATEMENT_COSIGNERS_MAX) - 1);
}

static void what_they_amount_to(void **state)
{
    struct fixture *f = *state;
    struct store_cosign_state c;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_cosigned_glance(s, &c, &f->e), 0);
    cosigners_set(f, s, 3, 2);
    assert_int_equal(store_cosigned_glance(s, &c, &f->e), 0);
    assert_false(c.any || c.fulfilled || c.fulfilled_any);
    assert_false(fixture_there(f, "log/cosigned"));

    struct ledger_position first;
    ledger_where(s->ledger, &first);
    OWN(buf_drop) struct buf request = {0}, a = {0}, b = {0}, again = {0};
    struct store_cosigner_answered done;
    assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
    cosigner_answers(0, 1700000100, buf_bytes(&request), &a);
    cosigner_answers(1, 1700000200, buf_bytes(&request), &b);
    cosigner_answers(0, 1700000999, buf_bytes(&request), &again);
    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&a), &done, &f->e), 0);
    assert_int_equal(done.fresh, 1);
    assert_int_equal(store_cosigned_glance(s, &c, &f->e), 0);
    assert_true(c.any && !c.fulfilled && c.size == first.leaves && c.signed_by == 1 && c.at_unix_s == 1700000100);
    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&b), &done, &f->e), 0);
    struct ledger_position then, now;
    ledger_where(s->ledger, &then);
    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&again), &done, &f->e), 0);
    assert_int_equal(done.fresh, 0); /* nothing is new: nothing is written */
    ledger_where(s->ledger, &now);
    assert_int_equal(then.records, now.records);
    assert_int_equal(store_cosigned_glance(s, &c, &f->e), 0);
    assert_true(c.fulfilled && c.fulfilled_any && c.signed_by == 3 && c.at_unix_s == 1700000200);
    assert_true(c.one[0].at_unix_s == 1700000100 && !c.one[2].known);

    cosigner_signs(f, s, 2, 1700000300); /* a newer one, alone: the older stays fulfilled */
    store_close(s);
    fixture_whole(f);
    c = f->verified.cosigned;
    assert_true(f->verified.policed && c.any && !c.fulfilled && c.signed_by == 4);
    assert_true(c.fulfilled_any && c.fulfilled_size == first.leaves && c.size == now.leaves);
    assert_true(c.one[0].known && c.one[0].size == first.leaves && c.one[2].size == now.leaves);
}

/* The bytes as C2SP has them, and the proof that leads from one to the other. */
static void requests(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    struct ledger_position old, now;
    ledger_where(s->ledger, &old);
    store_close(s);
    fixture_fill(f);
    s = fixture_open(f, STORE_PUBLIC);
    ledger_where(s->ledger, &now);
    OWN(buf_drop) struct buf body = {0}, none = {0};
    struct cosigning_request r;
    struct checkpoint c;
    assert_int_equal(store_cosigner_request(s, old.leaves, &body, &f->e), 0);
    assert_int_equal(cosigning_request_parse(buf_bytes(&body), &r, &f->e), 0);
    assert_int_equal(r.old_size, old.leaves);
    assert_int_equal(checkpoint_read(r.note, history_log_now(&s->history), NOTE_STRICT, &c, &f->e), 0);
    assert_true(tree_check_consistency(old.leaves, &old.root, c.size, &c.root, &r.proof));
    assert_int_equal(store_cosigner_request(s, now.leaves, &none, &f->e), 0);
    fixture_says(f, store_cosigner_request(s, now.leaves + 1, &none, &f->e), ERR_DAMAGED, "an older copy", NULL);
    store_close(s);
}

static void refuses(struct fixture *f, struct store *s, struct bytes request, struct bytes answer, int code,
                    const char *words)
{
    struct store_cosigner_answered done;
    struct ledger_position before, after;
    ledger_where(s->ledger, &before);
    fixture_says(f, store_cosigner_answer(s, request, answer, &done, &f->e), code, words, NULL);
    ledger_where(s->ledger, &after);
    assert_int_equal(before.records, after.records);
    assert_false(fixture_there(f, "log/cosigned"));
}

static void answers_refused(void **state)
{
    struct fixture *f = *state;
    struct store_cosigner_answered done;
    struct store *s = fixture_open(f, STORE_WRITE);
    OWN(buf_drop) struct buf request = {0}, a = {0}, stranger = {0}, later = {0}, bad = {0}, note = {0};
    assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
    cosigner_answers(0, 1700000000, buf_bytes(&request), &a);
    cosigner_answers(2, 1700000000, buf_bytes(&request), &stranger);
    refuses(f, s, buf_bytes(&request), buf_bytes(&a), ERR_REFUSED, "no cosigners yet");
    cosigners_set(f, s, 2, 1);
    refuses(f, s, buf_bytes(&request), buf_bytes(&stranger), ERR_REFUSED, "no signature in the answer");
    refuses(f, s, bytes_text("old 1\n"), buf_bytes(&a), ERR_DAMAGED, "no empty line");
    refuses(f, s, buf_bytes(&request), bytes_text("hello\n"), ERR_DAMAGED, "neither signature lines nor");
    assert_int_equal(store_cosigner_request(s, 0, &later, &f->e), 0); /* of another checkpoint */
    refuses(f, s, buf_bytes(&later), buf_bytes(&a), ERR_DAMAGED, "does not fit the note");
    buf_put_bytes(&bad, buf_bytes(&stranger)); /* one bad line spoils the answer */
    cosigner_answers(1, 1700000000, buf_bytes(&later), &bad);
    refuses(f, s, buf_bytes(&request), buf_bytes(&bad), ERR_DAMAGED, "does not fit the note");
    refuses(f, s, buf_bytes(&request), bytes_text("99999\n"), ERR_DAMAGED, "an older copy");

    /* A conflict is told, and changes nothing. */
    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), bytes_text("2\n"), &done, &f->e), 0);
    assert_true(done.conflict && done.conflict_size == 2);
    assert_false(fixture_there(f, "log/cosigned"));

    /* A request of another log, a checkpoint that this log does not hold, and one that it does not reach. */
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    const struct key seed = {{1}};
    struct checkpoint c = {.size = 2};
    struct note_key forged;
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&seed, public_key);
    snprintf(c.origin, sizeof c.origin, "%s", history_log_now(&s->history)->name);
    assert_int_equal(note_key_make(c.origin, public_key, &forged, NULL), 0);
    buf_put_text(&note, "old 0\n\n");
    assert_int_equal(checkpoint_sign(&c, &forged, &seed, &note, NULL), 0);
    refuses(f, s, buf_bytes(&note), buf_bytes(&a), ERR_DAMAGED, "no key that is known here");
    const struct note_key log = *history_log_now(&s->history);
    s->history.logs.list[0].key = forged; /* as if the log's key itself had signed it */
    refuses(f, s, buf_bytes(&note), buf_bytes(&a), ERR_DAMAGED, "one of the two was rewritten");
    c.size = now.leaves + 1;
    buf_clear(&note);
    buf_put_text(&note, "old 0\n\n");
    assert_int_equal(checkpoint_sign(&c, &forged, &seed, &note, NULL), 0);
    refuses(f, s, buf_bytes(&note), buf_bytes(&a), ERR_DAMAGED, "an older copy");
    s->history.logs.list[0].key = log;

    assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&a), &done, &f->e), 0);
    store_close(s);
    fixture_whole(f);
}

/* A statement that says more than was signed: verify names the leaf. */
static void statements_that_lie(void **state)
{
    struct fixture *f = *state;
    static const char *const why[] = {"a key that is not known here", "does not fit the note",
                                      "is signed twice", "of another history", "no earlier checkpoint"};
    fixture_keep(f, "before");
    for (size_t i = 0; i < COUNT(why); i++) {
        OWN(buf_drop) struct buf request = {0}, lines = {0}, note = {0};
        struct cosigning_request r;
        struct store *s = fixture_open(f, STORE_WRITE);
        cosigners_set(f, s, 2, 1);
        assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
        assert_int_equal(cosigning_request_parse(buf_bytes(&request), &r, &f->e), 0);
        cosigner_answers(i == 0 ? 2 : 0, 1700000000, buf_bytes(&request), &lines);
        if (i == 2)
            cosigner_answers(0, 1700000001, buf_bytes(&request), &lines);
        if (i < 3)
            cosigning_join(r.note, buf_bytes(&lines), &note);
        else { /* the log's key signed what it must not; so did the cosigner */
            struct checkpoint c = {.size = i == 3 ? 2 : 9999};
            struct buf text = {0};
            const struct key by = cosigner_seed(0);
            const struct note_key key = cosigner_key(0);
            snprintf(c.origin, sizeof c.origin, "%s", history_log_now(&s->history)->name);
            assert_int_equal(
                checkpoint_sign(&c, history_log_now(&s->history), keyring_log_seed(s->keyring), &note, &f->e), 0);
            checkpoint_text(&c, &text);
            assert_int_equal(note_cosign(buf_bytes(&text), &key, &by, 1, &note, NULL), 0);
            buf_drop(&text);
        }
        if (i == 1)
            note.p[note.n - 10] = note.p[note.n - 10] == 'A' ? 'B' : 'A';
        assert_int_equal(store_draft_begin(s, &f->e), 0);
        s->draft.cosigned = buf_text(&note);
        if (store_commit(s, &f->e) != 0)
            fail_msg("%s", f->e.text);
        store_close(s);
        assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
        if (strstr(buf_text(&f->lines), why[i]) == NULL)
            fail_msg("%s: %s", why[i], buf_text(&f->lines));
        fixture_back(f, "before");
    }
}

/* log/cosigned is derived: whatever is done to it is told, and repair makes it again. */
static void the_file_beside_the_log(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf first = {0}, second = {0}, now = {0};
    struct store_cosign_state c;
    struct store *s = fixture_open(f, STORE_WRITE);
    cosigners_set(f, s, 2, 1);
    cosigner_signs(f, s, 0, 1700000000);
    fixture_get(f, "log/cosigned", &first);
    cosigner_signs(f, s, 1, 1700000001);
    store_close(s);
    fixture_get(f, "log/cosigned", &second);
    fixture_whole(f);
    for (int harm = 0; harm < 4; harm++) {
        static const char *const why[] = {"is missing", "is not the newest", "is not the newest", "is not the newest"};
        if (harm == 0)
            fixture_remove(f, "log/cosigned");
        else if (harm == 1)
            fixture_put(f, "log/cosigned", buf_bytes(&first)); /* an older one, as good as the newest */
        else if (harm == 2)
            fixture_flip(f, "log/cosigned", -20);
        else
            fixture_append(f, "log/cosigned", bytes_text("\n"));
        assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
        if (strstr(buf_text(&f->lines), why[harm]) == NULL)
            fail_msg("harm %d: %s", harm, buf_text(&f->lines));
        s = fixture_open(f, STORE_PUBLIC);
        int rc = store_cosigned_glance(s, &c, &f->e);
        assert_int_equal(rc, harm < 2 ? 0 : ERR_DAMAGED);
        store_close(s);
        assert_int_equal(fixture_repair(f), 0);
        assert_non_null(strstr(buf_text(&f->words), "log/cosigned was made again"));
        buf_clear(&now);
        fixture_get(f, "log/cosigned", &now);
        assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&second)));
        fixture_whole(f);
    }
    fixture_remove(f, "log"); /* as of a repository out of a mirror */
    assert_int_equal(store_derive(f->root.s, &f->e), 0);
    buf_clear(&now);
    fixture_get(f, "log/cosigned", &now);
    assert_true(bytes_equal(buf_bytes(&now), buf_bytes(&second)));
}

static void a_file_that_nobody_signed(void **state)
{
    struct fixture *f = *state;
    fixture_put(f, "log/cosigned", bytes_text("something\n"));
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_non_null(strstr(buf_text(&f->lines), "nobody has cosigned this log"));
    assert_int_equal(fixture_repair(f), 0);
    assert_false(fixture_there(f, "log/cosigned"));
    fixture_whole(f);
}

/* The process ends at each of its effects: what is left verifies, and the same answer can be taken in (again). */
static void a_crash_at_any_moment(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf request = {0}, answer = {0};
    struct store *s = fixture_open(f, STORE_WRITE);
    cosigners_set(f, s, 1, 1);
    assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
    cosigner_answers(0, 1700000000, buf_bytes(&request), &answer);
    store_close(s);
    fixture_keep(f, "asked");
    for (unsigned effect = 1;; effect += 3) {
        struct store_cosigner_answered done;
        s = fixture_open(f, STORE_WRITE);
        fixture_die_at(effect);
        int rc = store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&answer), &done, &f->e);
        bool all = fixture_effects() < effect;
        store_close(s);
        fixture_calm();
        if (all) {
            assert_int_equal(rc, 0);
            assert_true(effect > 10);
            break;
        }
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("effect %u: %s", effect, buf_text(&f->lines));
        s = fixture_open(f, STORE_WRITE);
        assert_int_equal(store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&answer), &done, &f->e), 0);
        store_close(s);
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("after effect %u: %s", effect, buf_text(&f->lines));
        assert_true(f->verified.cosigned.fulfilled);
        assert_true(fixture_there(f, "log/cosigned"));
        fixture_back(f, "asked");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(policy_is_an_event),      FIXTURE_TEST(as_many_as_a_note_holds),
        FIXTURE_TEST(what_they_amount_to),     FIXTURE_TEST(requests),
        FIXTURE_TEST(answers_refused),         FIXTURE_TEST(statements_that_lie),
        FIXTURE_TEST(the_file_beside_the_log), FIXTURE_TEST(a_file_that_nobody_signed),
        FIXTURE_TEST(a_crash_at_any_moment),
    };
    return FIXTURE_RUN(tests);
}
