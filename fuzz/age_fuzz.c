/*
 * Hostile files of age, recipients and identities, as they stand.
 *
 * Held: what does not open leaves nothing behind; what opens is no longer than the file; a key has one spelling.
 */
#include "crypt/crypt.h"
#include "fuzz.h"

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct key identity, found;
    uint8_t recipient[CRYPT_PUBLIC];
    char word[CRYPT_AGE_RECIPIENT], text[CRYPT_AGE_IDENTITY];
    OWN(buf_drop) struct buf plain = {0};
    memset(identity.b, 0x42, CRYPT_KEY); /* whose recipient the corpus is for */
    buf_put_u8(&plain, 'x');
    bool opens = crypt_age_open(&identity, bytes_of(data, size), &plain, NULL) == 0;
    must(opens ? plain.n <= size : plain.n == 1);
    if (crypt_age_recipient(bytes_of(data, size), recipient, NULL) == 0) {
        crypt_age_recipient_text(recipient, word);
        must(bytes_equal(bytes_text(word), bytes_of(data, size)));
    }
    if (crypt_age_identity(bytes_of(data, size), &found, NULL) == 0) {
        crypt_age_identity_text(&found, text);
        must(bytes_equal(bytes_text(text), bytes_of(data, size)));
    }
    return 0;
}
