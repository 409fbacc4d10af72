/* Requests to erase: who may ask, agree and carry out, by the policy of the repository. */
#include "rooms.h"

#include "base/clock.h"

static const struct thing THINGS[] = {{"one", 't', 300, 1}, {"two", 't', 300, 2}, {"three", 't', 300, 3}};

static struct statement_range item_at(struct store *s, uint64_t receipt_item)
{
    struct index_statement_row row;
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_DEPOSIT, &row, NULL), 0);
    return (struct statement_range){row.leaf + 1 + receipt_item, row.leaf + 1 + receipt_item};
}

static int keep_last(void *context, const struct store_request *r, struct err *e)
{
    struct store_request *last = context;
    (void)e;
    *last = *r;
    last->why = NULL;
    last->leaves = NULL;
    return 0;
}

static void asked_answered_and_done(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_WRITE);
    uint64_t request[3], erased;
    struct store_request last = {0};
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    const struct statement_range one = item_at(s, 0), two = item_at(s, 1);
    fixture_says(f, store_erase_ask(s, &one, 1, "", &request[0], &f->e), ERR_REFUSED, "text-length", NULL);
    assert_int_equal(store_erase_ask(s, &one, 1, "as she wished", &request[0], &f->e), 0);
    fixture_says(f, store_erase_answer(s, request[0], "approved", NULL, &f->e), ERR_REFUSED, "another", NULL);
    fixture_says(f, store_erase_answer(s, request[0], "yes", NULL, &f->e), ERR_REFUSED, "answered-answer", NULL);
    fixture_says(f, store_erase_answer(s, request[0] + 1, "approved", NULL, &f->e), ERR_REFUSED, "no request", NULL);
    assert_int_equal(store_erase_answer(s, request[0], "held", "court order 7", &f->e), 0);
    assert_int_equal(store_erase_requests(s, keep_last, &last, &f->e), 0);
    assert_true(last.leaf == request[0] && last.held == 1 && last.needed == 1 && last.approvals == 0);
    assert_int_equal(store_erase_answer(s, request[0], "withdrawn", NULL, &f->e), 0);
    fixture_says(f, store_erase_carry_out(s, request[0], &erased, &f->e), ERR_REFUSED, "no request", NULL);
    assert_int_equal(store_erase_ask(s, &one, 1, "as she wished after all", &request[1], &f->e), 0);
    assert_int_equal(store_erase_carry_out(s, request[1], &erased, &f->e), 0);
    fixture_says(f, store_erase_carry_out(s, request[1], &erased, &f->e), ERR_REFUSED, "no request", NULL);
    fixture_says(f, store_erase_ask(s, &one, 1, "again", &request[2], &f->e), ERR_ABSENT, "leaf", NULL);
    assert_int_equal(store_erase_requests(s, keep_last, &last, &f->e), 0);
    assert_true(last.erased == erased);
    assert_int_equal(store_erase_ask(s, &two, 1, "she too", &request[2], &f->e), 0);
    store_close(s);
    fixture_whole(f);
    assert_int_equal(f->verified.erased, 1);
}

/* What is checked by who reads it later. */
static void by_the_rules(void **state)
{
    struct fixture *f = *state;
    struct store *s = fixture_open(f, STORE_READ);
    OWN(store_requests_release) struct store_requests x = {.list = NULL};
    struct statement_range leaves[] = {{5, 6}}, others[] = {{5, 5}};
    struct statement asks = {.kind = STATEMENT_ERASING, .at_unix_s = 1000, .erasing = {leaves, 1, "w"}};
    struct statement agrees = {.kind = STATEMENT_ANSWERED, .answered = {"approved", 10, {{1}}, NULL}};
    struct statement erases = {.kind = STATEMENT_ERASED, .at_unix_s = 1000,
                               .erased = {.epoch = 2, .leaves = leaves, .count = 1, .by = {true, 10, {12}, 1}}};
    struct store_said said = {10, {{1}}, bytes_text(f->id.member.name), &asks};
    s->founded.founded.erase_persons = 2;
    fixture_says(f, store_requests_check(s, &x, &(struct store_said){20, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e),
                 ERR_DAMAGED, "erased-request", NULL);
    assert_int_equal(store_requests_take(&x, &said, &f->e), 0);
    fixture_says(f, store_requests_check(s, &x, &(struct store_said){20, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e),
                 ERR_DAMAGED, "erased-approvals", NULL);
    said = (struct store_said){11, {{2}}, bytes_text(f->id.member.name), &agrees};
    assert_int_equal(store_requests_take(&x, &said, &f->e), 0);
    assert_int_equal(x.list[0].approvals, 0); /* by herself */
    assert_int_equal(store_requests_take(&x, &(struct store_said){12, {{3}}, bytes_text("b"), &agrees}, &f->e), 0);
    assert_int_equal(store_requests_take(&x, &(struct store_said){13, {{4}}, bytes_text("b"), &agrees}, &f->e), 0);
    assert_int_equal(x.list[0].approvals, 1); /* each once */
    agrees.answered.commitment.b[0] = 9;
    fixture_says(f, store_requests_take(&x, &(struct store_said){14, {{5}}, bytes_text("c"), &agrees}, &f->e),
                 ERR_DAMAGED, "answered-request", NULL);
    erases.erased.leaves = others;
    fixture_says(f, store_requests_check(s, &x, &(struct store_said){20, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e),
                 ERR_DAMAGED, "erased-request", NULL);
    erases.erased.leaves = leaves;
    s->founded.founded.erase_days = 1;
    erases.at_unix_s = 1000 + 86400 - 1;
    fixture_says(f, store_requests_check(s, &x, &(struct store_said){20, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e),
                 ERR_DAMAGED, "erased-waiting", NULL);
    erases.at_unix_s++;
    assert_int_equal(store_requests_check(s, &x, &(struct store_said){20, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e), 0);
    fixture_says(f, store_requests_check(s, &x, &(struct store_said){21, {{0}}, {0}, &erases}, ERR_DAMAGED, &f->e),
                 ERR_DAMAGED, "withdrawn, or is done", NULL);
    assert_int_equal(store_erase_persons(s, UINT64_MAX), 1); /* as far as so many stand */
    store_close(s);
}

/* Whoever was revoked since agrees to nothing: her key may have been in other hands. */
static void who_went_agrees_to_nothing(void **state)
{
    struct fixture *f = *state;
    OWN(keyring_identity_drop) struct keyring_identity went = {.holding_count = 0}, stays = {.holding_count = 0};
    struct statement act = {.kind = STATEMENT_REVOKED, .revoked = {.reason = STATEMENT_ARRESTED}};
    struct store_request last = {0};
    uint64_t request, erased;
    rooms_joins(f, &went, STATEMENT_INVESTIGATOR);
    rooms_joins(f, &stays, STATEMENT_INVESTIGATOR);
    rooms_as(f, &went, NULL);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    const struct statement_range one = item_at(s, 0);
    assert_int_equal(store_erase_ask(s, &one, 1, "as she wished", &request, &f->e), 0);
    store_close(s);
    rooms_as(f, &f->id, NULL);
    act.revoked.name = went.member.name;
    rooms_done(f, act, NULL);
    s = fixture_open(f, STORE_WRITE);
    s->founded.founded.erase_persons = 2;
    assert_int_equal(store_erase_answer(s, request, "approved", NULL, &f->e), 0);
    assert_int_equal(store_erase_requests(s, keep_last, &last, &f->e), 0);
    assert_true(last.needed == 2 && last.approvals == 1 && last.agreed == 1);
    fixture_says(f, store_erase_carry_out(s, request, &erased, &f->e), ERR_REFUSED, "2 persons are needed", NULL);
    store_close(s);
    rooms_as(f, &stays, NULL);
    s = fixture_open(f, STORE_WRITE);
    s->founded.founded.erase_persons = 2;
    assert_int_equal(store_erase_answer(s, request, "approved", NULL, &f->e), 0);
    assert_int_equal(store_erase_carry_out(s, request, &erased, &f->e), 0);
    store_close(s);
    rooms_as(f, &f->id, NULL);
    fixture_whole(f);
}

/* As another program may have asked: what stays is not destroyed because a request names it. */
static void of_what_stays(void **state)
{
    struct fixture *f = *state;
    struct index_statement_row row;
    uint64_t erased;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_intake(s, "A.", THINGS, COUNT(THINGS), &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_RECEIPT, &row, NULL), 0);
    struct statement_range receipt = {row.leaf, row.leaf};
    struct statement st = {.kind = STATEMENT_ERASING, .at_unix_s = time_now_unix_s(), .erasing = {&receipt, 1, "w"}};
    assert_int_equal(fixture_say(s, &st, &f->e), 0);
    assert_int_equal(index_statement_last(store_index(s), STATEMENT_ERASING, &row, NULL), 0);
    fixture_says(f, store_erase_carry_out(s, row.leaf, &erased, &f->e), ERR_REFUSED, "which stays", NULL);
    store_close(s);
    fixture_whole(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {FIXTURE_TEST(asked_answered_and_done), FIXTURE_TEST(by_the_rules),
                                       FIXTURE_TEST(who_went_agrees_to_nothing), FIXTURE_TEST(of_what_stays)};
    return FIXTURE_RUN(tests);
}
