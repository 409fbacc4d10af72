/* Cosigners in a test's hands: keys, a policy of them, and answers as their program gives them. */
#ifndef TESTS_STORE_COSIGNERS_H
#define TESTS_STORE_COSIGNERS_H

#include "fixture.h"

#include "model/cosigning.h"

enum { COSIGNERS = 3 };

static inline struct key cosigner_seed(unsigned i)
{
    return (struct key){{77, (uint8_t)i}};
}

static inline struct note_key cosigner_key(unsigned i)
{
    const struct key seed = cosigner_seed(i);
    uint8_t public_key[CRYPT_PUBLIC];
    struct note_key key;
    char name[64];
    snprintf(name, sizeof name, "c%u.example/cosigner", i);
    crypt_sign_public(&seed, public_key);
    assert_int_equal(note_cosigner_make(name, public_key, &key, NULL), 0);
    return key;
}

/* ${needed} of the first ${count}, whose names are c0, c1 and so on. */
static inline struct policy *cosigners_policy(const struct store *s, unsigned count, unsigned needed)
{
    struct policy *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->log[p->logs++] = *history_log_now(&s->history);
    for (unsigned i = 0; i < count; i++) {
        struct policy_node *n = &p->node[p->nodes++];
        snprintf(n->name, sizeof n->name, "c%u", i);
        n->key = cosigner_key(i);
    }
    policy_plain(p, needed);
    return p;
}

static inline void cosigners_set(struct fixture *f, struct store *s, unsigned count, unsigned needed)
{
    OWN(mem_drop) struct policy *p = cosigners_policy(s, count, needed);
    if (store_policy_set(s, p, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static inline void cosigner_answers(unsigned i, uint64_t at_unix_s, struct bytes request, struct buf *to)
{
    const struct key seed = cosigner_seed(i);
    const struct note_key key = cosigner_key(i);
    struct cosigning_request r;
    OWN(note_drop) struct note n = {0};
    assert_int_equal(cosigning_request_parse(request, &r, NULL), 0);
    assert_int_equal(note_parse(r.note, &n, NULL), 0);
    assert_int_equal(note_cosign(n.text, &key, &seed, at_unix_s, to, NULL), 0);
}

/* A whole round: request, answer, import. */
static inline void cosigner_signs(struct fixture *f, struct store *s, unsigned i, uint64_t at_unix_s)
{
    OWN(buf_drop) struct buf request = {0}, answer = {0};
    struct store_cosigner_answered done;
    assert_int_equal(store_cosigner_request(s, 0, &request, &f->e), 0);
    cosigner_answers(i, at_unix_s, buf_bytes(&request), &answer);
    if (store_cosigner_answer(s, buf_bytes(&request), buf_bytes(&answer), &done, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(done.fresh, 1);
}

#endif
