#include "crypt/crypt_internal.h"

#include <assert.h>
#include <libgfshare.h>
#include <sodium.h>

static void fill(unsigned char *to, unsigned int n)
{
    randombytes_buf(to, n);
}

/*
 * 5a shared 2 of 3 with the coefficient c3: at x it is 5a + c3 * x in GF(2^8) by 11d, computed by hand.  The library
 * fills what it frees, and what it splits, from the function that is set here once.
 */
bool crypt_share_start(void)
{
    static const uint8_t index[2] = {1, 3};
    gfshare_fill_rand = fill;
    struct key shares[2], joined;
    memset(shares[0].b, 0x99, CRYPT_KEY);
    memset(shares[1].b, 0x02, CRYPT_KEY);
    if (crypt_share_join(index, shares, 2, &joined, NULL) != 0)
        return false;
    for (size_t i = 0; i < CRYPT_KEY; i++)
        if (joined.b[i] != 0x5a)
            return false;
    return true;
}

int crypt_share_split(const struct key *secret, unsigned needed, unsigned count, struct key *ret_shares, struct err *e)
{
    assert(needed >= 1 && needed <= count && count <= CRYPT_SHARES_MAX);
    unsigned char index[CRYPT_SHARES_MAX];
    OWN(key_drop) struct key copy = *secret; /* the library asks for what it may write to */
    for (unsigned i = 0; i < count; i++)
        index[i] = (unsigned char)(i + 1);
    gfshare_ctx *c = gfshare_ctx_init_enc(index, count, (unsigned char)needed, CRYPT_KEY);
    if (c == NULL)
        return err_memory(e);
    gfshare_ctx_enc_setsecret(c, copy.b);
    for (unsigned i = 0; i < count; i++)
        gfshare_ctx_enc_getshare(c, (unsigned char)i, ret_shares[i].b);
    gfshare_ctx_free(c);
    return 0;
}

int crypt_share_join(const uint8_t *index, const struct key *shares, unsigned count, struct key *ret, struct err *e)
{
    assert(count >= 1 && count <= CRYPT_SHARES_MAX);
    unsigned char numbers[CRYPT_SHARES_MAX];
    OWN(key_drop) struct key copy = {0};
    memcpy(numbers, index, count);
    gfshare_ctx *c = gfshare_ctx_init_dec(numbers, count, CRYPT_KEY);
    if (c == NULL)
        return err_memory(e);
    for (unsigned i = 0; i < count; i++) {
        copy = shares[i];
        gfshare_ctx_dec_giveshare(c, (unsigned char)i, copy.b);
    }
    gfshare_ctx_dec_extract(c, ret->b);
    gfshare_ctx_free(c);
    return 0;
}
