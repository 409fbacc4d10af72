/* Who reads: one more, one fewer, and what comes after for those who stay alone. */
#include "keyring/keyring_internal.h"

int keyring_admit(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    return keyring_wrap_write(k, reader, e);
}

int keyring_dismiss(struct keyring *k, const struct keyring_reader *reader, struct err *e)
{
    return keyring_wrap_remove(k, reader, e);
}

int keyring_turn_add(struct keyring *k, uint64_t pack, uint32_t sector, struct err *e)
{
    if (k->turn_count == TURNS_MAX)
        return err_set(e, ERR_REFUSED, "no more than %d pack keys follow each other", TURNS_MAX);
    struct keyring_turn *grown = calloc(k->turn_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    if (k->turns != NULL) {
        memcpy(grown, k->turns, k->turn_count * sizeof *grown);
        crypt_wipe(k->turns, k->turn_count * sizeof *grown);
    }
    free(k->turns);
    k->turns = grown;
    struct keyring_turn *t = &k->turns[k->turn_count++];
    t->pack = pack;
    t->sector = sector;
    crypt_random(t->key.b, CRYPT_KEY);
    return 0;
}

int keyring_turn(struct keyring *k, const struct keyring_turning *t, struct err *e)
{
    int rc = t->compartment ? keyring_turn_add(k, t->pack, t->sector, e) : 0;
    for (size_t i = 0; rc == 0 && i < t->before_count; i++)
        rc = keyring_wrap_remove(k, &t->before[i], e);
    if (rc != 0)
        return rc;
    if (t->log) {
        k->log_number++;
        crypt_random(k->log_seed.b, CRYPT_KEY);
    }
    if (t->compartment) {
        k->epoch++;
        crypt_random(k->epoch_key.b, CRYPT_KEY);
        crypt_random(k->index.b, CRYPT_KEY);
        rc = keyring_segment_begin(k, t->leaf, e);
    }
    for (size_t i = 0; rc == 0 && i < t->count; i++)
        rc = keyring_admit(k, &t->readers[i], e);
    return rc == 0 && t->compartment ? keyring_table_write(k, e) : rc;
}
