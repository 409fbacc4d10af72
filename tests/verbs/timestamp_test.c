/* Asking authorities and taking their answers, by the words of a person; and what verify and status say of it. */
#include "fixture.h"

#include "../crypt/authority.h"

#define IN_2001 INT64_C(1000000000)
#define IN_2002 INT64_C(1020000000)

static void put(const char *path, const struct buf *b)
{
    assert_int_equal(file_replace(path, buf_bytes(b), 0644, NULL), 0);
}

/* A request that a person's authority answers, into ${answer}; its chain into "chain.pem". */
static void answers(const struct authority *a, const char *request, const char *answer, int64_t at_unix_s)
{
    OWN(buf_drop) struct buf der = {0}, response = {0}, chain = {0};
    assert_int_equal(file_read_all(request, CRYPT_STAMP_BYTES_MAX, &der, NULL), 0);
    authority_answer(a, buf_bytes(&der), &(struct authority_answer){.at_unix_s = at_unix_s}, &response);
    authority_chain(a, &chain);
    put(answer, &response);
    put("chain.pem", &chain);
}

static void from_request_to_status(void **state)
{
    struct fixture *f = *state;
    OWN(authority_drop) struct authority *brief = authority_new(
        &(struct authority_wish){.name = "Brief", .from_unix_s = IN_2001, .until_unix_s = IN_2002});
    OWN(authority_drop) struct authority *lasting = authority_new(&(struct authority_wish){.name = "Lasting"});
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "  Time-stamps: none yet.");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "No time-stamp attests when this was there");
    f->with_keys = false;
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "a.tsq", "--authority", "Somebody", NULL), 0);
    assert_int_equal(f->asked, 0); /* no passphrase */
    f->with_keys = true;
    fixture_said(f, "in a.tsq\n");
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "b.tsq", NULL), 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "    requests that wait for their answers: 3"); /* one of the test before */
    answers(brief, "a.tsq", "a.tsr", IN_2001 + 1);
    assert_int_equal(fixture_run(f, "timestamp", "import", "a.tsr", "--chain", "chain.pem", NULL), 0);
    fixture_said(f, "Asked of Somebody.");
    fixture_said(f, "there no later than 2001-09-09T01:46:41Z, says CN=Stamps");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "authorities that attest it: 1");
    fixture_said(f, "  WARNING: only one authority");
    fixture_said(f, "VERIFIED");
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "expired on 2002-04-28T13:20:00Z, and no newer stamp carries it");
    answers(lasting, "b.tsq", "b.tsr", IN_2001 + 2);
    assert_int_equal(fixture_json(f, "timestamp", "import", "b.tsr", "--chain", "chain.pem", NULL), 0);
    assert_int_equal(fixture_number(f, "no_later_than"), IN_2001 + 2);
    assert_int_equal(strlen(fixture_word(f, "pinned")), 64);
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    fixture_said(f, "authorities that attest it: 2");
    fixture_not_said(f, "WARNING");
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "timestamps.authorities"), 2);
    assert_int_equal(fixture_number(f, "timestamps.due"), 1); /* over the same checkpoint nothing is renewed */
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "c.tsq", NULL), 0);
    answers(lasting, "c.tsq", "c.tsr", IN_2002 - 1);
    assert_int_equal(fixture_run(f, "timestamp", "import", "c.tsr", "--chain", "chain.pem", NULL), 0);
    assert_int_equal(fixture_json(f, "verify", NULL), 0);
    assert_int_equal(fixture_number(f, "timestamps.due"), 0);
    assert_int_equal(fixture_number(f, "timestamps.stamps"), 3);
    assert_int_equal(fixture_number(f, "timestamps.last"), IN_2002 - 1);
    assert_string_equal(fixture_word(f, "result"), "VERIFIED");
}

/* A certificate that is good for another month is told of; one that is good for two years is not. */
static void before_it_expires(void **state)
{
    struct fixture *f = *state;
    enum { DAY = 86400 };
    int64_t now = time_now_unix_s();
    static const struct {
        int days;
        bool told;
    } cases[] = {{30, true}, {364, true}, {367, false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(authority_drop) struct authority *a = authority_new(&(struct authority_wish){
            .name = "A", .from_unix_s = now - DAY, .until_unix_s = now + cases[i].days * (int64_t)DAY});
        assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "d.tsq", NULL), 0);
        answers(a, "d.tsq", "d.tsr", now);
        assert_int_equal(unlink("d.tsq"), 0);
        assert_int_equal(fixture_run(f, "timestamp", "import", "d.tsr", "--chain", "chain.pem", NULL), 0);
        assert_int_equal(fixture_run(f, "status", NULL), 0);
        if (cases[i].told)
            fixture_said(f, "run groundwork timestamp request before: CN=Stamps");
        else
            fixture_not_said(f, "run groundwork timestamp request before");
    }
}

static void what_is_refused(void **state)
{
    struct fixture *f = *state;
    char name[258];
    memset(name, 'n', 257);
    name[257] = 0;
    assert_int_equal(fixture_run(f, "timestamp", "renew", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "say request or import");
    assert_int_equal(fixture_run(f, "timestamp", "request", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--out FILE.tsq");
    assert_int_equal(fixture_run(f, "timestamp", "request", "more", "--out", "x.tsq", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "x.tsq", "--chain", "c", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "x.tsq", "--authority", name, NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "at most 256 bytes");
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "x.tsq", "--authority", "", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "archive/x.tsq", NULL), VERBS_REFUSED);
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "nowhere/x.tsq", NULL), VERBS_ENVIRONMENT);
    assert_false(file_exists("x.tsq"));
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "timestamps.asked"), 0); /* what could not be written is not remembered */
    name[256] = 0;
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "x.tsq", "--authority", name, NULL), 0);
    assert_int_equal(fixture_run(f, "timestamp", "request", "--out", "x.tsq", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "is there already");
    assert_int_equal(fixture_run(f, "timestamp", "import", "x.tsq", NULL), VERBS_USAGE);
    assert_int_equal(fixture_run(f, "timestamp", "import", "--chain", "x.tsq", NULL), VERBS_USAGE);
    fixture_failed(f, ERR_USAGE, "--chain CERTS.pem");
    assert_int_equal(fixture_run(f, "timestamp", "import", "x.tsq", "--chain", "none", NULL), VERBS_ENVIRONMENT);
    assert_int_equal(fixture_run(f, "timestamp", "import", "x.tsq", "--chain", "x.tsq", NULL), VERBS_FAILED);
    fixture_failed(f, ERR_DAMAGED, "no time-stamp response");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_refused),
        cmocka_unit_test(from_request_to_status),
        cmocka_unit_test(before_it_expires),
    };
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
