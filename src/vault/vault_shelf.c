/* Items of one size on boards that never move: an address stays good while the shelf grows under a lock. */
#include "vault/vault_internal.h"

static bool board_add(struct shelf *s)
{
    void **boards = reallocarray(s->boards, s->board_count + 1, sizeof(*boards));
    if (boards == NULL)
        return false;
    s->boards = boards;
    s->boards[s->board_count] = calloc(SHELF_ITEMS, s->item_bytes);
    if (s->boards[s->board_count] == NULL)
        return false;
    s->board_count++;
    return true;
}

void *vault_shelf_add(struct shelf *s)
{
    assert(s->item_bytes != 0);
    if (s->count == s->board_count * SHELF_ITEMS && !board_add(s))
        return NULL;
    s->count++;
    return vault_shelf_at(s, s->count - 1);
}

void vault_shelf_clear(struct shelf *s)
{
    for (size_t i = 0; i < s->board_count; i++) {
        crypt_wipe(s->boards[i], SHELF_ITEMS * s->item_bytes);
        free(s->boards[i]);
    }
    free(s->boards);
    s->boards = NULL;
    s->board_count = 0;
    s->count = 0;
}
