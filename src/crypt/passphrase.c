#include "crypt/crypt_internal.h"

#include <sodium.h>

_Static_assert(crypto_pwhash_SALTBYTES == 16, "salts of Argon2id");

int crypt_passphrase(struct bytes passphrase, const uint8_t salt[16], uint32_t passes, uint32_t memory_kib,
                     struct key *ret, struct err *e)
{
    if (passes < CRYPT_PASSES_MIN || passes > CRYPT_PASSES_MAX)
        return err_set(e, ERR_DAMAGED, "%u passes of Argon2id are asked for; %d to %d are allowed", passes,
                       CRYPT_PASSES_MIN, CRYPT_PASSES_MAX);
    if (memory_kib < CRYPT_MEMORY_KIB_MIN || memory_kib > CRYPT_MEMORY_KIB_MAX)
        return err_set(e, ERR_DAMAGED, "%u KiB of memory are asked for by Argon2id; %d to %d are allowed", memory_kib,
                       CRYPT_MEMORY_KIB_MIN, CRYPT_MEMORY_KIB_MAX);
    if (passphrase.n > CRYPT_PASSPHRASE_MAX)
        return err_set(e, ERR_USAGE, "a passphrase may have at most %d bytes", CRYPT_PASSPHRASE_MAX);
    const char *text = passphrase.n == 0 ? "" : (const char *)passphrase.p;
    if (crypto_pwhash(ret->b, sizeof ret->b, text, passphrase.n, salt, passes, (size_t)memory_kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return err_set(e, ERR_IO, "not enough memory for the passphrase: %u KiB are needed", memory_kib);
    return 0;
}
