/*
 * What the log binds beside the journal: every file that a mirror must hold, and nothing that can be made again.
 *
 * Segments, tiles and the index are not here: the journal makes them.  A further kind of file that statements name is
 * one more case in take_statement and in store_bound_file.
 */
#include "store/store_internal.h"

#include <assert.h>
#include <stdio.h>

enum { SHOWN_DIGEST = 8 };

struct store_bound {
    struct store_packs packs;
    struct keyring_file *keys;
    size_t key_count, key_room;
    struct store_following following;
};

int store_bound_new(const struct statement_founded *founded, struct store_bound **ret, struct err *e)
{
    struct store_bound *b = calloc(1, sizeof *b);
    if (b == NULL)
        return err_memory(e);
    b->following.founded = founded;
    *ret = b;
    return 0;
}

void store_bound_free(struct store_bound *b)
{
    if (b == NULL)
        return;
    store_packs_release(&b->packs);
    free(b->keys);
    store_following_release(&b->following);
    free(b);
}

void store_bound_drop(struct store_bound **b)
{
    store_bound_free(*b);
    *b = NULL;
}

static int take_key(struct store_bound *b, const struct statement_file_hash *said, struct err *e)
{
    size_t i = b->key_count;
    while (i > 0 && strcmp(b->keys[i - 1].name, said->name) != 0)
        i--;
    if (said->removed) {
        if (i > 0)
            b->keys[i - 1] = b->keys[--b->key_count];
        return 0;
    }
    if (i == 0 && b->key_count == b->key_room) {
        size_t room = b->key_room * 2 + 16;
        struct keyring_file *grown = reallocarray(b->keys, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        b->keys = grown;
        b->key_room = room;
    }
    struct keyring_file *f = i > 0 ? &b->keys[i - 1] : &b->keys[b->key_count++];
    *f = (struct keyring_file){.bytes = said->bytes, .sha256 = said->sha256};
    (void)snprintf(f->name, sizeof f->name, "%s", said->name);
    return 0;
}

static int take_statement(void *context, uint64_t leaf, struct bytes note, const struct statement *st, struct err *e)
{
    struct store_bound *b = context;
    (void)leaf, (void)note;
    int rc = store_packs_take(&b->packs, st, b->following.founded, e);
    for (size_t i = 0; rc == 0 && st->kind == STATEMENT_KEYRING && i < st->keyring.count; i++)
        rc = take_key(b, &st->keyring.files[i], e);
    return rc;
}

int store_bound_take(struct store_bound *b, const struct ledger_record *r, struct err *e)
{
    return store_follow(&b->following, r, &(struct store_follower){take_statement, b}, e);
}

const struct history *store_bound_history(const struct store_bound *b)
{
    return &b->following.history;
}

size_t store_bound_count(const struct store_bound *b)
{
    return b->key_count + b->packs.count;
}

/* By its digest too: should the log ever name other content under the same name, no file is written in place. */
static void key_file(const struct keyring_file *k, struct store_bound_file *ret)
{
    char hex[2 * SHOWN_DIGEST + 1];
    hex_put(hex, k->sha256.b, SHOWN_DIGEST);
    *ret = (struct store_bound_file){.bytes = k->bytes, .digest = k->sha256, .key = k};
    (void)snprintf(ret->name, sizeof ret->name, "keys/%s.%s", k->name, hex);
    (void)snprintf(ret->place[0], sizeof ret->place[0], "a/keys/%s", k->name);
    (void)snprintf(ret->place[1], sizeof ret->place[1], "b/keys/%s", k->name);
}

/* Of an open pack the name says how much of it is here: it grows elsewhere, not in the mirror. */
void store_bound_pack(const struct vault_pack *p, struct store_bound_file *ret)
{
    *ret = (struct store_bound_file){
        .bytes = (uint64_t)p->sectors * VAULT_SECTOR, .digest = p->root, .sectors = true, .pack = p};
    vault_pack_place(p->pack, 'a', ret->place[0]);
    if (p->sealed)
        vault_pack_place(p->pack, 'a', ret->name);
    else {
        ret->grows = true;
        vault_pack_place(p->pack, 'b', ret->place[1]);
        (void)snprintf(ret->name, sizeof ret->name, "open/%06llu-%05u.pack", (unsigned long long)p->pack, p->sectors);
    }
}

void store_bound_file(const struct store_bound *b, size_t i, struct store_bound_file *ret)
{
    assert(i < store_bound_count(b));
    if (i < b->key_count)
        key_file(&b->keys[i], ret);
    else
        store_bound_pack(&b->packs.list[i - b->key_count], ret);
}
