/* A log in a test's hands: any tree, its checkpoints and requests. */
#ifndef TESTS_COSIGN_LOGS_H
#define TESTS_COSIGN_LOGS_H

#include "cosign/cosign_internal.h"

#include "../base/scratch.h"

enum { LOGS_LEAVES = 40 };

static const struct key logs_seed = {{31}}, logs_own_seed = {{32}};
static struct note_key logs_key, logs_own;
static struct hash logs_leaf[LOGS_LEAVES], logs_forged[LOGS_LEAVES]; /* two histories: from leaf 3 on */

static inline int logs_begin(void)
{
    uint8_t public_key[CRYPT_PUBLIC];
    if (crypt_start(NULL) != 0)
        return -1;
    crypt_sign_public(&logs_seed, public_key);
    assert_int_equal(note_key_make("log.example/log", public_key, &logs_key, NULL), 0);
    crypt_sign_public(&logs_own_seed, public_key);
    assert_int_equal(note_cosigner_make("own.example/cosigner", public_key, &logs_own, NULL), 0);
    for (uint8_t i = 0; i < LOGS_LEAVES; i++)
        crypt_leaf_hash(bytes_of(&i, 1), &logs_leaf[i]);
    memcpy(logs_forged, logs_leaf, sizeof logs_forged);
    for (size_t i = 3; i < LOGS_LEAVES; i++)
        logs_forged[i].b[0] ^= 1;
    return 0;
}

static inline void logs_checkpoint(const struct hash *tree, uint64_t size, struct buf *to)
{
    struct checkpoint c = {.size = size};
    snprintf(c.origin, sizeof c.origin, "%s", logs_key.name);
    tree_root(tree, size, &c.root);
    assert_int_equal(checkpoint_sign(&c, &logs_key, &logs_seed, to, NULL), 0);
}

static int logs_hash(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    const struct hash *tree = context;
    (void)e;
    tree_root(tree + (index << level), (size_t)1 << level, ret);
    return 0;
}

static inline void logs_request(const struct hash *tree, uint64_t old, uint64_t size, struct buf *to)
{
    const struct tree_reader reader = {logs_hash, (void *)(uintptr_t)tree};
    OWN(buf_drop) struct buf note = {0};
    struct cosigning_request r = {.old_size = old};
    assert_int_equal(tree_prove_consistency(old, size, &reader, &r.proof, NULL), 0);
    logs_checkpoint(tree, size, &note);
    r.note = buf_bytes(&note);
    cosigning_request_text(&r, to);
}

/* The state after this request was signed. */
static inline void logs_state(const struct hash *tree, uint64_t size, struct bytes request, struct cosign_log *ret)
{
    OWN(buf_drop) struct buf text = {0};
    *ret = (struct cosign_log){.log = logs_key, .signed_any = true, .held = {.size = size}};
    snprintf(ret->held.origin, sizeof ret->held.origin, "%s", logs_key.name);
    tree_root(tree, size, &ret->held.root);
    crypt_sha256(request, &ret->answered);
    logs_checkpoint(tree, size, &ret->note);
    checkpoint_text(&ret->held, &text);
    assert_int_equal(note_cosign(buf_bytes(&text), &logs_own, &logs_own_seed, 1700000000, &ret->note, NULL), 0);
}

#endif
