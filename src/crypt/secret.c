/* Memory for what lives as long as a command: locked, between guard pages, in no core dump, wiped when it goes. */
#include "crypt/crypt_internal.h"

#include <sodium.h>
#include <sys/mman.h>

void *crypt_secret_new(size_t n)
{
    void *p = sodium_malloc(n);
    if (p != NULL)
        memset(p, 0, n);
    return p;
}

void crypt_secret_free(void *p)
{
    sodium_free(p);
}

/* To lock what is locked is no change; libsodium itself does not say whether it could. */
bool crypt_secret_locked(const void *p, size_t n)
{
    return p != NULL && mlock(p, n) == 0;
}
