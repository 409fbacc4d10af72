/* Keyholders with their keys, a record sealed for them, and shares given back: for the tests of identities. */
#ifndef TESTS_STORE_SEALED_H
#define TESTS_STORE_SEALED_H

#include "fixture.h"

#define SEALED_RECORD "groundwork/identity/v1\nperson P-0001\nname: Gim Haneul\nbirth: 1970\n"
enum { SEALED_HOLDERS = 5 };

struct sealed {
    struct key key[SEALED_HOLDERS]; /* identities of age */
    char code[SEALED_HOLDERS][8];
    const char *codes[SEALED_HOLDERS];
    char word[SEALED_HOLDERS][CRYPT_AGE_RECIPIENT];
    struct buf file[SEALED_HOLDERS]; /* what each keyholder was given last */
    uint64_t leaf;
};

static inline void sealed_release(struct sealed *x)
{
    for (size_t i = 0; i < SEALED_HOLDERS; i++)
        buf_drop(&x->file[i]);
}

static inline void sealed_holders(struct fixture *f, struct store *s, struct sealed *x)
{
    *x = (struct sealed){.leaf = 0};
    for (unsigned i = 0; i < SEALED_HOLDERS; i++) {
        uint8_t recipient[CRYPT_PUBLIC];
        crypt_random(x->key[i].b, CRYPT_KEY);
        crypt_age_public(&x->key[i], recipient);
        crypt_age_recipient_text(recipient, x->word[i]);
        (void)snprintf(x->code[i], sizeof x->code[i], "K-%02u", i + 1);
        x->codes[i] = x->code[i];
        struct statement st = {.kind = STATEMENT_KEYHOLDER_SAID, .at_unix_s = 5,
                               .keyholder = {.code = x->code[i], .recipient = x->word[i]}};
        if (fixture_say(s, &st, &f->e) != 0)
            fail_msg("%s", f->e.text);
    }
}

static inline void sealed_files(struct fixture *f, const struct store_sealing *sealing, struct sealed *x)
{
    for (unsigned i = 0; i < sealing->count; i++) {
        buf_clear(&x->file[i]);
        assert_int_equal(store_seal_file(sealing, i + 1, &x->file[i], &f->e), 0);
    }
}

static inline void sealed_make(struct fixture *f, struct store *s, struct sealed *x)
{
    OWN(store_sealing_release) struct store_sealing sealing = {.count = 0};
    const struct store_seal_for whom = {.person = "P-0001", .keyholders = x->codes, .needed = 3, .count = 5};
    if (store_seal_make(s, &whom, bytes_text(SEALED_RECORD), &sealing, &f->e) != 0)
        fail_msg("%s", f->e.text);
    sealed_files(f, &sealing, x);
    if (store_seal_commit(s, &sealing, &x->leaf, &f->e) != 0)
        fail_msg("%s", f->e.text);
}

/* What a keyholder does with age: her share, for the request's answer key. */
static inline void sealed_back(struct fixture *f, const struct sealed *x, unsigned holder,
                               const struct store_asked_for *a, struct buf *to)
{
    OWN(buf_wipe) struct buf plain = {0};
    uint8_t answer[1][CRYPT_PUBLIC];
    crypt_age_public(&a->request.identity_access.answer, answer[0]);
    assert_int_equal(crypt_age_open(&x->key[holder], buf_bytes(&x->file[holder]), &plain, &f->e), 0);
    buf_clear(to);
    assert_int_equal(crypt_age_seal((const uint8_t(*)[CRYPT_PUBLIC])answer, 1, buf_bytes(&plain), to, &f->e), 0);
}

/* The share of one keyholder, taken, and approved when ${approve}. */
static inline int sealed_take(struct fixture *f, struct store *s, const struct sealed *x, unsigned holder, bool approve,
                              const struct store_asked_for *a, struct store_returned *to)
{
    OWN(buf_drop) struct buf back = {0};
    unsigned number = 0;
    sealed_back(f, x, holder, a, &back);
    int rc = store_share_take(s, a, "back", buf_bytes(&back), to, &number, &f->e);
    assert_true(rc != 0 || number == holder + 1);
    return rc == 0 && approve ? store_share_approve(s, a, number, "a letter", &f->e) : rc;
}

#endif
