/*
 * What the log binds beside the journal: every file that a mirror must hold, and nothing that can be made again.
 *
 * Segments, tiles and the index are not here: the journal makes them.  A further kind of file that statements name is
 * one more case in store_bound_take and in store_bound_file.
 */
#include "store/store_internal.h"

#include <assert.h>
#include <stdio.h>

enum { SHOWN_DIGEST = 8 };

void store_bound_drop(struct store_bound *b)
{
    free(b->packs);
    free(b->keys);
    history_release(&b->history);
    *b = (struct store_bound){0};
}

/* A pack is named again by each commit that adds to it: the last word holds.  They are named in ascending order. */
static int take_pack(struct store_bound *b, const struct statement_pack *said, struct err *e)
{
    const struct vault_pack pack = {said->pack, said->sectors, said->sealed, said->root};
    if (b->pack_count > 0 && b->packs[b->pack_count - 1].pack == pack.pack) {
        b->packs[b->pack_count - 1] = pack;
        return 0;
    }
    if (b->pack_count > 0 && b->packs[b->pack_count - 1].pack > pack.pack)
        return err_set(e, ERR_DAMAGED, "the log names pack %llu out of order", (unsigned long long)pack.pack);
    if (b->pack_count == b->pack_room) {
        size_t room = b->pack_room * 2 + 64;
        struct vault_pack *grown = reallocarray(b->packs, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        b->packs = grown;
        b->pack_room = room;
    }
    b->packs[b->pack_count++] = pack;
    return 0;
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

int store_bound_take(struct store_bound *b, const struct ledger_record *r, const struct statement_founded *founded,
                     struct err *e)
{
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = r->number == 0 ? history_begin(&b->history, founded, r->entries.p, e) : 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        uint64_t leaf = r->first_leaf + r->hidden_count + i;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&b->history, leaf, note, &held, &st, e);
        if (rc == 0)
            rc = history_take(&b->history, leaf, &st, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY, e);
        for (size_t k = 0; rc == 0 && st.kind == STATEMENT_PACKS && k < st.packs.count; k++)
            rc = take_pack(b, &st.packs.packs[k], e);
        for (size_t k = 0; rc == 0 && st.kind == STATEMENT_KEYRING && k < st.keyring.count; k++)
            rc = take_key(b, &st.keyring.files[k], e);
    }
    return rc;
}

size_t store_bound_count(const struct store_bound *b)
{
    return b->key_count + b->pack_count;
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
static void pack_file(const struct vault_pack *p, struct store_bound_file *ret)
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
        pack_file(&b->packs[i - b->key_count], ret);
}
