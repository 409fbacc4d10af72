/* Keyholders: who stands, by what administrators said of them. */
#include "store/store_internal.h"

void store_keyholders_release(struct store_keyholders *k)
{
    for (size_t i = 0; i < k->count; i++) {
        buf_wipe(&k->list[i].name);
        buf_drop(&k->list[i].by);
    }
    free(k->list);
    *k = (struct store_keyholders){0};
}

struct store_keyholder *store_keyholder(const struct store_keyholders *k, const char *code)
{
    for (size_t i = 0; i < k->count; i++)
        if (strcmp(k->list[i].code, code) == 0)
            return &k->list[i];
    return NULL;
}

static struct store_keyholder *keyholder_new(struct store_keyholders *k, const char *code)
{
    if (k->count == k->room) {
        size_t room = k->room * 2 + 8;
        struct store_keyholder *grown = reallocarray(k->list, room, sizeof *grown);
        if (grown == NULL)
            return NULL;
        k->list = grown;
        k->room = room;
    }
    struct store_keyholder *h = &k->list[k->count++];
    *h = (struct store_keyholder){0};
    memcpy(h->code, code, strlen(code)); /* which its rule bounds */
    return h;
}

/* Has an administrator of this name said so already? */
static bool has_said(struct store_keyholder *h, struct bytes signer)
{
    struct cursor c = cursor_of(buf_bytes(&h->by));
    while (c.left > 0)
        if (bytes_equal(cursor_line(&c), signer))
            return true;
    return false;
}

/* ${needed}: so many administrators decided there. */
static int take(struct store_keyholders *k, uint64_t leaf, size_t needed, const struct statement_keyholder *x,
                struct bytes signer, struct err *e)
{
    struct store_keyholder *h = store_keyholder(k, x->code);
    if (h == NULL)
        h = keyholder_new(k, x->code);
    if (h == NULL)
        return err_memory(e);
    h->leaf = leaf;
    h->gone = x->recipient == NULL;
    if (h->gone || strcmp(h->recipient, x->recipient) != 0) {
        buf_clear(&h->by);
        h->agreed = 0;
        h->stands = false;
        memset(h->recipient, 0, sizeof h->recipient);
    }
    if (!h->gone && !has_said(h, signer)) {
        memcpy(h->recipient, x->recipient, sizeof h->recipient - 1);
        buf_put_bytes(&h->by, signer);
        buf_put_u8(&h->by, '\n');
        h->agreed++;
    }
    h->stands = !h->gone && (h->stands || h->agreed >= needed);
    if (x->name != NULL) {
        buf_clear(&h->name);
        buf_put_text(&h->name, x->name);
    }
    int rc = buf_check(&h->by, e);
    return rc == 0 ? buf_check(&h->name, e) : rc;
}

struct loading {
    struct store *s;
    struct store_keyholders *k;
    struct store_held *held;
};

static int look(void *context, const struct index_statement_row *row, struct err *e)
{
    struct loading *l = context;
    struct statement st;
    struct bytes signer;
    int rc = store_statement(l->s, row->leaf, &l->held, &st, e);
    if (rc == 0)
        rc = store_signer(l->held, &signer, e);
    /* A key that may have been in other hands makes nobody a keyholder; that one is gone it may say. */
    if (rc == 0 && st.keyholder.recipient != NULL && store_doubtful_signer(l->s, signer, row->leaf))
        return 0;
    return rc == 0 ? take(l->k, row->leaf, history_needed(&l->s->history, row->leaf), &st.keyholder, signer, e) : rc;
}

int store_keyholders_load(struct store *s, struct store_keyholders *ret, struct err *e)
{
    struct loading l = {.s = s, .k = ret};
    *ret = (struct store_keyholders){.needed = history_needed(&s->history, UINT64_MAX)};
    int rc = index_statements(store_index(s), 0, STATEMENT_KEYHOLDER_SAID, look, &l, e);
    store_held_drop(&l.held);
    for (size_t i = 0; rc == 0 && i < ret->count; i++)
        ret->list[i].stands = ret->list[i].stands && ret->list[i].agreed >= ret->needed;
    if (rc != 0)
        store_keyholders_release(ret);
    return rc;
}
