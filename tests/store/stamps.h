/* What the tests of time-stamps share: asking, and authorities that answer at a time of our choosing. */
#ifndef TESTS_STORE_STAMPS_H
#define TESTS_STORE_STAMPS_H

#include "fixture.h"

#include "../crypt/authority.h"

#define IN_2001 INT64_C(1000000000)
#define IN_2002 INT64_C(1020000000)
#define IN_2026 INT64_C(1790000000)

/* Asked, and what the authority answers; its chain. */
struct question {
    struct store_asked asked;
    struct buf request, response, chain;
};
static inline void question_drop(struct question *q)
{
    buf_drop(&q->request);
    buf_drop(&q->response);
    buf_drop(&q->chain);
}

static inline void question_ask(struct fixture *f, struct question *q)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    if (store_stamp_ask(s, NULL, &q->request, &q->asked, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static inline void question_answer(struct question *q, const struct authority *a, int64_t at_unix_s)
{
    authority_answer(a, buf_bytes(&q->request), &(struct authority_answer){.at_unix_s = at_unix_s, .accuracy_s = 1},
                     &q->response);
    authority_chain(a, &q->chain);
}

static inline int question_take(struct fixture *f, const struct question *q, struct store_stamp *ret)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    OWN(buf_drop) struct buf name = {0};
    f->e = (struct err){0};
    return store_stamp_take(s, buf_bytes(&q->response), buf_bytes(&q->chain), ret, &name, &f->e);
}

/* All of it, and it goes well. */
static inline struct store_stamp stamped(struct fixture *f, const struct authority *a, int64_t at_unix_s)
{
    OWN(question_drop) struct question q = {0};
    struct store_stamp stamp;
    question_ask(f, &q);
    question_answer(&q, a, at_unix_s);
    if (question_take(f, &q, &stamp) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(stamp.leaves, q.asked.leaves);
    return stamp;
}

static inline void says(struct fixture *f, const char *text)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_note(s, text, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

#endif
