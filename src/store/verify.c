/* Checking everything, keys in hand: ledger, covers, statements, numbering, keyring, index, vault. */
#include "store/store_internal.h"

#include "base/text.h"

#include <stdio.h>

static const uint8_t NO_ID[KEYRING_ID];

struct verifying {
    struct store *s;
    const struct store_watch *watch;
    struct store_verified *count;
    uint64_t all_bytes;
    struct store_numbering numbering;
    bool outrun; /* a writer was at work: what lies beside the journal need not fit it */
    uint64_t first_received, received; /* of the record at hand, to be covered */
    bool covered;
    bool ours; /* the record at hand is of the compartment that is open here */
    bool pinned; /* the checkpoint that the key file saw was met */
    struct reach { /* of the packs of each compartment */
        uint64_t sealed, covered; /* behind those that the log calls sealed, and that it puts under parity */
    } reach[HISTORY_COMPARTMENTS_MAX];
    struct history history; /* of keys, from the journal alone */
    struct hash root;       /* of the checkpoint of the record before */
    struct chain { /* of accesses: expected next, of each device; and whose it is */
        struct statement_place next;
        char signer[NOTE_NAME_MAX + 1];
    } *chains;
    size_t chain_count;
    uint8_t (*waited)[STATEMENT_ID]; /* ids of what waited, and is on the log */
    size_t waited_count;
    struct store_recount recount;
    bool blind; /* a leaf did not open: nothing is counted from here on */
    struct store_requests requests; /* to erase */
    struct held { /* a hold, and from which leaf on it is released: it may be doubtful from another one on */
        uint64_t leaf, released, doubted;
        struct statement_range *items;
        size_t count;
    } *holds;
    size_t hold_count;
    struct store_cosignings cosignings;
    bool cosigned_last; /* the last record holds cosignatures */
};

static void verifying_release(struct verifying *v)
{
    store_recount_release(&v->recount);
    free(v->chains);
    free(v->waited);
    store_numbering_release(&v->numbering);
    store_requests_release(&v->requests);
    for (size_t i = 0; i < v->hold_count; i++)
        free(v->holds[i].items);
    free(v->holds);
    history_release(&v->history);
    store_cosignings_release(&v->cosignings);
}

void store_key_files_drop(struct store_key_files *f)
{
    free(f->list);
    *f = (struct store_key_files){0};
}

static void found(struct verifying *v, const char *line)
{
    v->count->findings++;
    v->watch->finding(v->watch->context, line);
}

static void found_text(void *context, const char *line)
{
    found(context, line);
}

/* Segments grow behind the journal's back when a writer goes on. */
static void found_beside(void *context, const char *line)
{
    struct verifying *v = context;
    v->outrun = v->outrun || ledger_outrun(v->s->ledger);
    if (!v->outrun)
        found(v, line);
}

/* Of what is counted together: where something was not seen because a writer was at work, nothing follows from that. */
static void found_together(void *context, const char *line)
{
    struct verifying *v = context;
    if (!v->outrun)
        found(v, line);
}

/* Told, but what an unfinished commit left is no damage: the caller counts when the check as a whole failed. */
static void told_text(void *context, const char *line)
{
    const struct verifying *v = context;
    v->watch->finding(v->watch->context, line);
}

#define FOUND(v, ...)                                                                                                  \
    do {                                                                                                               \
        struct err found_line = {0};                                                                                   \
        (void)err_set(&found_line, ERR_DAMAGED, __VA_ARGS__);                                                          \
        found((v), found_line.text);                                                                                   \
    } while (0)

/* ---- the keyring's files as the log names them ---- */

static struct keyring_file *key_file(struct store_key_files *f, const char *name, bool make)
{
    for (size_t i = f->count; i-- > 0;)
        if (strcmp(f->list[i].name, name) == 0)
            return &f->list[i];
    if (!make || strlen(name) >= KEYRING_NAME_MAX)
        return NULL;
    if (f->count == f->room) {
        size_t room = f->room * 2 + 16;
        struct keyring_file *grown = reallocarray(f->list, room, sizeof *grown);
        if (grown == NULL)
            return NULL;
        f->list = grown;
        f->room = room;
    }
    f->list[f->count] = (struct keyring_file){0};
    snprintf(f->list[f->count].name, KEYRING_NAME_MAX, "%s", name);
    return &f->list[f->count++];
}

static int take_key_files(struct store_key_files *keys, const struct statement *st, struct err *e)
{
    for (size_t i = 0; i < st->keyring.count; i++) {
        const struct statement_file_hash *h = &st->keyring.files[i];
        struct keyring_file *f = key_file(keys, h->name, true);
        if (f == NULL)
            return err_memory(e);
        f->bytes = h->bytes;
        f->sha256 = h->sha256;
        f->removed = h->removed;
    }
    return 0;
}

/* The segment of each compartment at hand, whole: hashed when its next begins, and as it was before the first record it
 * may lack. */
struct segment_content {
    char name[KEYRING_NAME_MAX];
    struct buf content;
};
struct segments_at_hand {
    struct segment_content list[HISTORY_COMPARTMENTS_MAX];
    size_t count;
};

/* That of this one's compartment, by whose id the name begins; NULL: there cannot be so many. */
static struct segment_content *at_hand(struct segments_at_hand *h, const char *name)
{
    for (size_t i = 0; i < h->count; i++)
        if (strncmp(h->list[i].name, name, (size_t)2 * KEYRING_ID) == 0)
            return &h->list[i];
    return h->count < COUNT(h->list) ? &h->list[h->count++] : NULL;
}

static int segment_close(struct segment_content *g, struct store_key_files *keys, struct err *e)
{
    if (g->content.n == 0)
        return buf_check(&g->content, e);
    struct keyring_file *f = key_file(keys, g->name, true);
    if (f == NULL || g->content.failed)
        return err_memory(e);
    crypt_sha256(buf_bytes(&g->content), &f->sha256);
    f->bytes = g->content.n;
    f->removed = false;
    buf_clear(&g->content);
    return 0;
}

static int segment_before(struct segment_content *g, struct store_key_files *keys, struct err *e)
{
    struct keyring_file *f = key_file(keys, g->name, true);
    if (f == NULL || g->content.failed)
        return err_memory(e);
    if (f->unfinished)
        return 0;
    f->unfinished = true;
    f->before_bytes = g->content.n;
    crypt_sha256(buf_bytes(&g->content), &f->before_sha256);
    return 0;
}

static int segment_add(struct segments_at_hand *h, struct store_key_files *keys, struct bytes secrets, bool behind,
                       struct err *e)
{
    struct cursor c = cursor_of(secrets);
    while (c.left > 0) {
        struct keyring_block b;
        int rc = keyring_block_next(&c, &b, e);
        struct segment_content *g = rc == 0 ? at_hand(h, b.segment) : NULL;
        if (rc == 0 && g == NULL)
            rc = err_set(e, ERR_DAMAGED, "leaf secrets of more compartments than there can be");
        if (rc != 0)
            return rc;
        bool another = rc == 0 && strcmp(g->name, b.segment) != 0;
        if (another)
            rc = segment_close(g, keys, e);
        if (another)
            memcpy(g->name, b.segment, sizeof g->name);
        if (rc == 0 && behind)
            rc = segment_before(g, keys, e);
        if (rc != 0)
            return rc;
        if (g->content.n == 0)
            buf_put(&g->content, b.header, b.header_bytes);
        buf_put_bytes(&g->content, b.block);
    }
    return 0;
}

struct key_walk {
    struct store *s;
    struct store_key_files *keys;
    struct segments_at_hand segments;
    uint64_t behind; /* number of the first record that the segments may lack */
};

/* A segment that was written anew under another name: what the journal made of it until then is no more. */
static void segment_forget(struct key_walk *w, const struct statement *st)
{
    for (size_t g = 0; g < w->segments.count; g++)
        for (size_t i = 0; i < st->keyring.count; i++)
            if (st->keyring.files[i].removed && strcmp(st->keyring.files[i].name, w->segments.list[g].name) == 0)
                buf_clear(&w->segments.list[g].content);
}

/* What follows a commit, segments first and then the public log, may have been cut off: the log tells since when. */
static int first_behind(void *context, const struct ledger_record *r, struct err *e)
{
    uint64_t *first = context;
    (void)e;
    *first = r->number < *first ? r->number : *first;
    return 0;
}

static int key_walk_one(void *context, const struct ledger_record *r, struct err *e)
{
    struct key_walk *w = context;
    struct cursor open = cursor_of(r->open);
    OWN(statement_held_drop) struct statement_held *held = NULL;
    int rc = segment_add(&w->segments, w->keys, r->secrets, r->number >= w->behind, e);
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        struct bytes note;
        struct statement st;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            rc = store_public_read(&w->s->history, r->first_leaf + r->hidden_count + i, note, &held, &st, e);
        if (rc == 0 && st.kind == STATEMENT_KEYRING)
            rc = take_key_files(w->keys, &st, e);
        if (rc == 0 && st.kind == STATEMENT_KEYRING)
            segment_forget(w, &st);
    }
    return rc;
}

int store_key_files(struct store *s, struct store_key_files *ret, struct err *e)
{
    struct key_walk w = {.s = s, .keys = ret, .behind = UINT64_MAX};
    (void)ledger_behind(s->ledger, first_behind, &w.behind, NULL); /* what is damaged, the walk over all of it tells */
    int rc = ledger_walk(s->ledger, -1, LEDGER_FIRST, 0, key_walk_one, &w, e);
    for (size_t i = 0; i < w.segments.count; i++) {
        if (rc == 0)
            rc = segment_close(&w.segments.list[i], ret, e);
        buf_drop(&w.segments.list[i].content);
    }
    return rc;
}

/* ---- statements and covers ---- */

static struct chain *chain_find(const struct verifying *v, const uint8_t device[STATEMENT_ID])
{
    for (size_t i = 0; i < v->chain_count; i++)
        if (memcmp(v->chains[i].next.investigation, device, STATEMENT_ID) == 0)
            return &v->chains[i];
    return NULL;
}

static struct chain *chain_of(struct verifying *v, const uint8_t device[STATEMENT_ID], struct bytes signer)
{
    struct chain *known = chain_find(v, device);
    if (known != NULL)
        return known;
    struct chain *grown = reallocarray(v->chains, v->chain_count + 1, sizeof *grown);
    if (grown == NULL)
        return NULL;
    v->chains = grown;
    struct chain *fresh = &grown[v->chain_count++];
    *fresh = (struct chain){.next = {.seq = 0}};
    memcpy(fresh->next.investigation, device, STATEMENT_ID);
    (void)snprintf(fresh->signer, sizeof fresh->signer, "%.*s", (int)signer.n, (const char *)signer.p);
    v->count->chains++;
    return fresh;
}

/* A device is no investigation, nor the other way round. */
static void check_apart(struct verifying *v, uint64_t leaf, const struct statement *st)
{
    bool both = st->kind == STATEMENT_INVESTIGATION && chain_find(v, st->place.investigation) != NULL;
    for (size_t i = 0; st->kind == STATEMENT_ACCESSED && i < v->numbering.count; i++)
        both = both ||
               memcmp(v->numbering.list[i].next.investigation, st->place.investigation, STATEMENT_ID) == 0;
    if (both)
        FOUND(v, "leaf %llu: a device of accesses has the id of an investigation", (unsigned long long)leaf);
}

/* Numbers that are left out are no damage: a spool may be lost with its stick.  But they are named. */
static void gap_note(struct store_verified *count, const struct statement_place *expected, uint64_t seq)
{
    if (count->gaps < STORE_GAPS_MAX) {
        struct store_gap *gap = &count->gap[count->gaps];
        *gap = (struct store_gap){.first = expected->seq, .last = seq - 1};
        memcpy(gap->device, expected->investigation, STATEMENT_ID);
    }
    count->gaps++;
}

static int check_access(struct verifying *v, const struct store_opened *one, struct err *e)
{
    const struct statement *st = &one->statement;
    unsigned long long leaf = one->leaf;
    struct bytes signer = bytes_text(one->held->signer->key.name);
    struct chain *chain = chain_of(v, st->place.investigation, signer);
    if (chain == NULL)
        return err_memory(e);
    struct statement_place *expected = &chain->next;
    v->count->accesses++;
    if (!bytes_equal(bytes_text(chain->signer), signer))
        FOUND(v, "leaf %llu: this record of an access is of another member's device", leaf);
    if (st->place.seq > expected->seq)
        gap_note(v->count, expected, st->place.seq);
    else if (st->place.seq < expected->seq || !hash_equal(&st->place.prev, &expected->prev))
        FOUND(v, "leaf %llu: this record of an access does not follow from the one before it", leaf);
    expected->seq = st->place.seq + 1;
    memcpy(expected->prev.b, one->entry + 1, CRYPT_HASH);
    return 0;
}

/* It has no number: that it is there once is seen by its id. */
static int check_waited(struct verifying *v, uint64_t leaf, const struct statement *st, struct err *e)
{
    const uint8_t *id = st->place.investigation;
    for (size_t i = 0; i < v->waited_count; i++)
        if (memcmp(v->waited[i], id, STATEMENT_ID) == 0)
            FOUND(v, "leaf %llu: what waited for the log is there twice", (unsigned long long)leaf);
    uint8_t(*grown)[STATEMENT_ID] = reallocarray(v->waited, v->waited_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    v->waited = grown;
    memcpy(grown[v->waited_count++], id, STATEMENT_ID);
    return 0;
}

static void check_refers(struct verifying *v, uint64_t leaf, const struct statement *st)
{
    struct err e = {0};
    if (st->kind == STATEMENT_CUSTODY && store_refers_check(v->s, &st->custody, leaf, ERR_DAMAGED, &e) != 0)
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
    if (store_index(v->s) != NULL && store_identity_check(v->s, st, leaf, ERR_DAMAGED, &e) != 0)
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
}

/* ${count} leaves from ${first} on, by somebody who was revoked. */
static void doubt(struct verifying *v, uint64_t first, uint64_t count)
{
    struct store_verified *c = v->count;
    if (c->doubtful == 0 || first < c->doubtful_first)
        c->doubtful_first = first;
    if (c->doubtful == 0 || first + count - 1 > c->doubtful_last)
        c->doubtful_last = first + count - 1;
    c->doubtful += count;
}

/* Items are doubtful by their cover. */
static void doubt_hidden(struct verifying *v, const struct store_opened *one)
{
    const struct history_member *m = one->held->signer;
    if (m != NULL && store_doubtful_signer(v->s, bytes_text(m->key.name), one->leaf))
        doubt(v, one->leaf, 1);
}

static void doubt_public(struct verifying *v, const struct store_step *step)
{
    const struct statement *st = step->statement;
    if (step->signer == NULL || !store_doubtful_signer(v->s, bytes_text(step->signer->key.name), step->leaf))
        return;
    doubt(v, step->leaf, 1);
    if (st->kind == STATEMENT_COVER && st->cover.count <= LEDGER_LEAVES_MAX)
        doubt(v, st->cover.first, st->cover.count);
}

/* A log of before this rule may hold such a form: it allows nothing, and is no damage. */
static int overruled(struct verifying *v, const struct store_opened *one, struct err *e)
{
    struct store_verified *c = v->count;
    struct err mine = {0};
    int rc = store_index(v->s) == NULL || one->statement.kind != STATEMENT_CONSENT
                 ? 0
                 : store_yes_counts(v->s, &one->statement, one->leaf, &mine);
    if (rc == ERR_REFUSED && c->overruled++ == 0)
        c->overruled_first = one->leaf;
    return rc == 0 || rc == ERR_REFUSED ? 0 : err_set(e, rc, "%s", mine.text);
}

/* Its secret must be nowhere, unless that is to come. */
static int check_erased(struct verifying *v, const struct store_opened *one, struct err *e)
{
    OWN(key_drop) struct key secret = {0};
    v->count->erased++;
    if (store_erase_pending(v->s, true) == NULL && keyring_secret(v->s->keyring, one->leaf, &secret, NULL) == 0)
        FOUND(v, "leaf %llu: it is erased, and its secret is there still", (unsigned long long)one->leaf);
    int rc = store_numbering_erased(&v->numbering, one->entry, e);
    return rc == 0 ? store_recount_erased(&v->recount, one->leaf, e) : rc;
}

static int check_request(struct verifying *v, const struct store_opened *one, struct err *e)
{
    struct store_said said = {.leaf = one->leaf, .statement = &one->statement};
    struct err mine = {0};
    memcpy(said.commitment.b, one->entry + 1, CRYPT_HASH);
    int rc = store_signer(one->held, &said.signer, &mine);
    if (rc == 0)
        rc = store_requests_take(&v->requests, &said, &mine);
    if (rc == ERR_DAMAGED)
        FOUND(v, "leaf %llu: %s", (unsigned long long)one->leaf, mine.text);
    return rc == ERR_DAMAGED ? 0 : rc == 0 ? 0 : err_set(e, rc, "%s", mine.text);
}

static int hold_take(struct verifying *v, uint64_t leaf, const struct statement_hold *x, struct err *e)
{
    struct held *grown = reallocarray(v->holds, v->hold_count + 1, sizeof *grown);
    if (grown == NULL)
        return err_memory(e);
    v->holds = grown;
    struct held *h = &grown[v->hold_count];
    *h = (struct held){leaf, UINT64_MAX, UINT64_MAX, calloc(x->item_count + 1, sizeof *h->items), x->item_count};
    if (h->items == NULL)
        return err_memory(e);
    memcpy(h->items, x->items, x->item_count * sizeof *h->items);
    v->hold_count++;
    return 0;
}

/* A release that is doubtful releases nothing: from the leaf on where that was said. */
static void hold_release(struct verifying *v, const struct store_opened *one)
{
    const struct history_member *m = one->held->signer;
    for (size_t i = 0; i < v->hold_count; i++)
        if (v->holds[i].leaf == one->statement.released.hold && v->holds[i].released == UINT64_MAX) {
            v->holds[i].released = one->leaf;
            v->holds[i].doubted = m != NULL && history_is_doubtful(m, one->leaf) ? m->until : UINT64_MAX;
        }
}

static int check_hidden(void *context, const struct store_opened *one, struct err *e)
{
    struct verifying *v = context;
    const struct statement *st = &one->statement;
    if (one->rc == ERR_ABSENT && store_erased_at(v->s, one->leaf, NULL))
        return check_erased(v, one, e);
    if (one->rc != 0) {
        if (one->rc == ERR_ABSENT) /* or in a segment that was written anew when something was erased meanwhile */
            found_beside(v, one->why.text);
        else
            found(v, one->why.text);
        v->blind = true;
        return 0;
    }
    v->count->statements_opened++;
    doubt_hidden(v, one);
    if (!one->committed)
        FOUND(v, "leaf %llu: the statement is not the one that was committed", (unsigned long long)one->leaf);
    if (st->kind == STATEMENT_RECEIVED) {
        if (v->received == 0)
            v->first_received = one->leaf;
        if (!v->outrun && one->leaf != v->first_received + v->received +
                                           store_erased_between(v->s, v->first_received, one->leaf))
            FOUND(v, "leaf %llu: items of one record do not lie side by side", (unsigned long long)one->leaf);
        v->received++;
    } else {
        int rc = st->kind == STATEMENT_ACCESSED ? check_access(v, one, e)
                 : st->place.waited             ? check_waited(v, one->leaf, st, e)
                                                : store_numbering_take(&v->numbering, one->leaf, st, one->entry, e);
        if (rc != 0)
            return rc;
    }
    check_apart(v, one->leaf, st);
    check_refers(v, one->leaf, st);
    int heard = overruled(v, one, e);
    if (heard != 0)
        return heard;
    if (st->kind == STATEMENT_RELEASED)
        hold_release(v, one);
    if (st->kind == STATEMENT_HOLD) {
        int rc = hold_take(v, one->leaf, &st->hold, e);
        if (rc != 0)
            return rc;
    }
    if (st->kind == STATEMENT_ERASING || st->kind == STATEMENT_ANSWERED) {
        int rc = check_request(v, one, e);
        if (rc != 0)
            return rc;
    }
    return v->blind ? 0 : store_recount_add(&v->recount, one->leaf, st, e);
}

/* The items of its record, and those that were among them and are erased. */
static bool covers_just(const struct verifying *v, const struct statement_cover *c)
{
    uint64_t last = c->first + c->count - 1, erased = store_erased_between(v->s, c->first, last);
    if (v->received + erased != c->count)
        return false;
    if (v->received == 0)
        return true;
    return v->first_received - c->first == store_erased_between(v->s, c->first, v->first_received);
}

static void check_cover(struct verifying *v, const struct ledger_record *r, uint64_t leaf, const struct statement *st)
{
    const struct statement_cover *c = &st->cover;
    struct tree_edge edge;
    struct hash root;
    v->count->covers++;
    v->covered = true;
    if (c->first < r->first_leaf || c->count > r->hidden_count ||
        c->first - r->first_leaf > r->hidden_count - c->count) {
        FOUND(v, "leaf %llu: the cover reaches beyond its record", (unsigned long long)leaf);
        return;
    }
    tree_edge_begin(&edge);
    tree_edge_add_entries(&edge, r->entries.p + (c->first - r->first_leaf) * LEDGER_ENTRY, LEDGER_ENTRY, LEDGER_ENTRY,
                          c->count);
    tree_edge_root(&edge, &root);
    if (!hash_equal(&root, &c->root))
        FOUND(v, "leaf %llu: the cover signs other leaves than those of its record", (unsigned long long)leaf);
    if (v->ours && !v->outrun && !covers_just(v, c))
        FOUND(v, "leaf %llu: the cover does not cover just the items of its record", (unsigned long long)leaf);
}

/* The compartment whose pack this is; NULL: of none that there was by then. */
static struct reach *reach_of(struct verifying *v, uint64_t pack)
{
    uint64_t at = pack / store_span(v->s, 0).end;
    return at < v->history.compartment_count ? &v->reach[at] : NULL;
}

static void check_packs(struct verifying *v, uint64_t leaf, const struct statement *st)
{
    for (size_t i = 0; i < st->packs.count; i++) {
        const struct statement_pack *p = &st->packs.packs[i];
        struct reach *r = reach_of(v, p->pack);
        if (r == NULL)
            FOUND(v, "leaf %llu: pack %llu is of no compartment", (unsigned long long)leaf,
                  (unsigned long long)p->pack);
        if (r == NULL || !p->sealed)
            continue;
        const uint64_t number = p->pack % store_span(v->s, 0).end;
        if (number != r->sealed)
            FOUND(v, "leaf %llu: pack %llu is sealed out of order", (unsigned long long)leaf,
                  (unsigned long long)p->pack);
        r->sealed = number + 1;
    }
}

/* Stripes are extended and begun one after another, each full before the next. */
static void check_parity(struct verifying *v, uint64_t leaf, const struct statement *st)
{
    const struct vault_parity parity = store_parity(v->s);
    for (size_t i = 0; i < st->parity.count; i++) {
        const struct statement_stripe *p = &st->parity.stripes[i];
        struct reach *r = reach_of(v, p->stripe * parity.packs);
        const uint64_t span = store_span(v->s, 0).end, first = p->stripe * parity.packs % span;
        bool fits = r != NULL && p->files == parity.files && p->packs <= parity.packs && parity.packs != 0 &&
                    r->covered / parity.packs == first / parity.packs && first + p->packs > r->covered;
        if (!fits) {
            FOUND(v, "leaf %llu: the parity of stripe %llu does not follow what was said of it before",
                  (unsigned long long)leaf, (unsigned long long)p->stripe);
            return;
        }
        r->covered = first + p->packs;
    }
}

static void check_stamp(struct verifying *v, uint64_t leaf, struct bytes note, const struct statement *st)
{
    struct store_stamp stamp;
    struct err e = {0};
    v->count->stamps++;
    int rc = store_stamp_check(v->s, leaf, &st->timestamped, &stamp, &e);
    if (rc == 0)
        rc = store_stamp_look(v->s, leaf, note, &st->timestamped, found_beside, v, &e);
    if (rc != 0)
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
}

/* ---- cosignatures ---- */

/* Every line by the log or a cosigner of that moment, each once. */
static int cosigned_lines(const struct verifying *v, uint64_t leaves, const struct note *n, struct err *e)
{
    struct note_key keys[1 + STATEMENT_COSIGNERS_MAX];
    size_t count = 0;
    const struct policy *p = v->history.policy;
    if (p == NULL)
        return err_set(e, ERR_DAMAGED, "there were no cosigners then");
    keys[count++] = *history_log(&v->history.logs, leaves);
    for (size_t i = 0; i < p->nodes && count < COUNT(keys); i++)
        if (!p->node[i].is_group)
            keys[count++] = p->node[i].key;
    return note_check(n, keys, count, NOTE_STRICT, e);
}

static int cosigned_rules(struct verifying *v, const struct ledger_record *r, struct bytes text, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    OWN(buf_drop) struct buf again = {0};
    struct checkpoint c;
    struct hash root;
    int rc = note_parse(text, &n, e);
    if (rc == 0)
        rc = history_checkpoint(text, &v->history.logs, NOTE_FOREIGN, &c, e);
    if (rc == 0)
        rc = cosigned_lines(v, c.size, &n, e);
    if (rc != 0)
        return rc;
    checkpoint_text(&c, &again);
    rc = buf_check(&again, e);
    if (rc == 0 && (!bytes_equal(buf_bytes(&again), n.text) || strcmp(c.origin, v->history.origin) != 0 ||
                    c.size > r->first_leaf))
        rc = err_set(e, ERR_DAMAGED, "what was cosigned is no earlier checkpoint of this log");
    if (rc == 0)
        rc = ledger_root_at(v->s->ledger, c.size, &root, NULL, e);
    if (rc == 0 && !hash_equal(&root, &c.root))
        rc = err_set(e, ERR_DAMAGED, "the cosigned checkpoint of %llu leaves is of another history",
                     (unsigned long long)c.size);
    return rc == 0 ? store_cosignings_add(&v->cosignings, &v->history.logs, text, e) : rc;
}

static void check_cosigned(struct verifying *v, const struct ledger_record *r, uint64_t leaf,
                           const struct statement *st)
{
    struct err e = {0};
    v->cosigned_last = true;
    if (cosigned_rules(v, r, bytes_text(st->cosigned.checkpoint), &e) != 0)
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
}

/* The public log is behind after an interrupted commit, also on a computer that knows nothing of it. */
static bool published_behind(const struct store *s)
{
    return store_interrupted(s) || !ledger_shown(s->ledger);
}

static void check_cosigned_file(struct verifying *v)
{
    OWN(buf_drop) struct buf there = {0};
    struct file_path path;
    struct bytes expect = store_cosigned_expect(&v->cosignings);
    struct err e = {0};
    int rc = file_path(&path, &e, "%s/log/cosigned", v->s->root);
    if (rc == 0)
        rc = file_read_all(path.s, NOTE_BYTES_MAX, &there, &e);
    if ((rc == ERR_ABSENT && expect.n == 0) || (rc == 0 && bytes_equal(buf_bytes(&there), expect)) ||
        (v->cosigned_last && published_behind(v->s)))
        return;
    if (rc == ERR_ABSENT)
        found_beside(v, text_tr("log/cosigned is missing"));
    else if (rc == 0 && expect.n == 0)
        found_beside(v, text_tr("log/cosigned does not belong there: nobody has cosigned this log"));
    else
        found_beside(v, text_tr("log/cosigned is not the newest checkpoint that others have signed"));
}

static int look_at_cosigners(struct verifying *v, struct err *e)
{
    v->count->policed = v->history.policy != NULL && v->history.policy->quorum >= 0;
    return v->history.policy == NULL
               ? 0
               : store_cosignings_look(&v->cosignings, v->history.policy, &v->count->cosigned, e);
}

/* Of hidden leaves before it, each erased once.  ${e}: of the ledger, which tells its own damage. */
static void check_erased_leaves(struct verifying *v, uint64_t leaf, const struct statement_erased *x)
{
    for (size_t i = 0; i < x->count; i++) {
        if (x->leaves[i].last >= leaf) {
            FOUND(v, "leaf %llu: it erases leaf %llu, which is no hidden one before it", (unsigned long long)leaf,
                  (unsigned long long)x->leaves[i].last);
            continue;
        }
        for (uint64_t at = x->leaves[i].first; at <= x->leaves[i].last; at++) {
            uint8_t entry[LEDGER_ENTRY];
            uint64_t by = leaf;
            if (ledger_entry(v->s->ledger, at, entry, NULL) != 0 || entry[0] != LEDGER_HIDDEN)
                FOUND(v, "leaf %llu: it erases leaf %llu, which is no hidden one before it", (unsigned long long)leaf,
                      (unsigned long long)at);
            else if (store_erased_at(v->s, at, &by) && by != leaf)
                FOUND(v, "leaf %llu: it erases leaf %llu, which was erased before", (unsigned long long)leaf,
                      (unsigned long long)at);
        }
    }
}

struct of_record {
    struct verifying *v;
    const struct ledger_record *record;
};

static int check_erased_range(void *context, const struct statement_range *range, uint64_t by, struct err *e)
{
    const struct of_record *x = context;
    const struct store_erased *act = store_erased_by(x->v->s, by);
    const struct ledger_record *r = x->record;
    (void)e;
    if (act != NULL && r->secrets.n >= KEYRING_ID && memcmp(r->secrets.p, act->compartment, KEYRING_ID) != 0)
        FOUND(x->v, "leaf %llu: it erases leaf %llu, which is of another compartment", (unsigned long long)by,
              (unsigned long long)range->first);
    return 0;
}

/* Who holds a compartment erases in it, and nowhere else. */
static int check_erased_here(struct verifying *v, const struct ledger_record *r, struct err *e)
{
    struct of_record x = {v, r};
    return r->hidden_count == 0 ? 0
                                : store_erased_ranges(v->s, r->first_leaf, r->first_leaf + r->hidden_count - 1,
                                                      check_erased_range, &x, e);
}

static void check_holds(struct verifying *v, uint64_t leaf, const struct statement_erased *x)
{
    for (size_t h = 0; h < v->hold_count; h++) {
        const struct held *hold = &v->holds[h];
        size_t i = 0, k = 0;
        if (hold->released < leaf && hold->doubted >= leaf)
            continue;
        while (i < x->count && k < hold->count && (x->leaves[i].last < hold->items[k].first ||
                                                   hold->items[k].last < x->leaves[i].first))
            if (x->leaves[i].last < hold->items[k].first)
                i++;
            else
                k++;
        if (i < x->count && k < hold->count)
            FOUND(v, "leaf %llu: it erases leaves from %llu on, over which a hold stood (leaf %llu)",
                  (unsigned long long)leaf, (unsigned long long)x->leaves[i].first, (unsigned long long)hold->leaf);
    }
}


/* By whose request and approvals is told by who holds the compartment, of what she can open. */
static void check_erasure(struct verifying *v, const struct store_step *step)
{
    struct err e = {0};
    const struct statement *st = step->statement;
    const uint64_t leaf = step->leaf;
    check_erased_leaves(v, leaf, &st->erased);
    if (step->signer == NULL ||
        !history_held(step->signer, history_compartment(&v->history, st->erased.compartment), leaf))
        FOUND(v, "leaf %llu: it erases what is of a compartment that its signer does not hold",
              (unsigned long long)leaf);
    bool ours = v->s->keyring != NULL &&
                memcmp(st->erased.compartment, v->s->compartment, STATEMENT_ID) == 0;
    if (!ours || v->blind)
        return;
    check_holds(v, leaf, &st->erased);
    const struct store_said said = {.leaf = leaf, .statement = st};
    if (store_requests_check(v->s, &v->requests, &said, ERR_DAMAGED, &e) != 0)
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
}

static void check_public(struct verifying *v, const struct ledger_record *r, uint64_t leaf, struct bytes note)
{
    struct statement st;
    struct err e = {0};
    uint8_t made[LEAF_ENTRY];
    OWN(statement_held_drop) struct statement_held *held = NULL;
    leaf_entry_public(note, made);
    if (memcmp(made, r->entries.p + (leaf - r->first_leaf) * LEDGER_ENTRY, LEAF_ENTRY) != 0)
        FOUND(v, "leaf %llu: the statement is not the one that was committed", (unsigned long long)leaf);
    struct store_step step = {.record = r, .before = &v->root, .leaf = leaf, .statement = &st};
    int rc = history_read(&v->history, &(struct history_reading){.leaf = leaf, .bytes = note}, &held, &st,
                          &step.signer, &e);
    if (rc == 0)
        doubt_public(v, &step);
    if (rc == 0)
        rc = store_history_step(&v->history, &step, &e);
    if (rc != 0) {
        FOUND(v, "leaf %llu: %s", (unsigned long long)leaf, e.text);
        return;
    }
    if ((st.kind == STATEMENT_FOUNDED) != (leaf == 0))
        FOUND(v, "leaf %llu: a repository is founded by its first leaf and by no other", (unsigned long long)leaf);
    if (st.kind == STATEMENT_COVER)
        check_cover(v, r, leaf, &st);
    if (st.kind == STATEMENT_PACKS)
        check_packs(v, leaf, &st);
    if (st.kind == STATEMENT_PARITY)
        check_parity(v, leaf, &st);
    if (st.kind == STATEMENT_COSIGNED)
        check_cosigned(v, r, leaf, &st);
    if (st.kind == STATEMENT_ERASED)
        check_erasure(v, &step);
    if (st.kind == STATEMENT_TIMESTAMPED)
        check_stamp(v, leaf, note, &st);
}

/* The record that ends where the key file's checkpoint does, with its root. */
static bool is_pinned(const struct store *s, const struct ledger_record *r, uint64_t leaves)
{
    struct checkpoint c;
    return s->keyring != NULL && leaves == s->identity.checkpoint_size &&
           history_checkpoint(r->checkpoint, &s->history.logs, NOTE_STRICT, &c, NULL) == 0 &&
           hash_equal(&c.root, &s->identity.checkpoint_root);
}

/* Where a new log key is named, both sign; and nobody else anywhere. */
static void check_turn(struct verifying *v, const struct ledger_record *r, size_t logs_before)
{
    struct err e = {0};
    if (store_turn_check(&v->history, r, logs_before, &e) != 0)
        FOUND(v, "record %llu: %s", (unsigned long long)r->number, e.text);
}

/* A record is of one compartment, which there is: as many secrets as hidden leaves, and nobody else's. */
static void check_blocks(struct verifying *v, const struct ledger_record *r)
{
    struct cursor c = cursor_of(r->secrets);
    uint64_t next = r->first_leaf;
    uint8_t id[KEYRING_ID];
    bool good = true;
    memcpy(id, r->secrets.n >= KEYRING_ID ? r->secrets.p : NO_ID, KEYRING_ID);
    while (good && c.left > 0) {
        struct keyring_block b;
        good = c.left >= KEYRING_ID && memcmp(c.p, id, KEYRING_ID) == 0 && keyring_block_next(&c, &b, NULL) == 0 &&
               b.first_leaf == next;
        next += good ? b.count : 0;
    }
    good = good && next == r->first_leaf + r->hidden_count;
    if (!good || (r->hidden_count > 0 && history_compartment(&v->history, id) == HISTORY_COMPARTMENTS_MAX))
        FOUND(v, "record %llu: its leaf secrets are not those of its hidden leaves, in one compartment",
              (unsigned long long)r->number);
}

static int check_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct verifying *v = context;
    const size_t logs = v->history.logs.count;
    struct cursor open = cursor_of(r->open);
    uint64_t leaf = r->first_leaf + r->hidden_count;
    struct checkpoint c;
    v->received = 0;
    v->covered = false;
    v->cosigned_last = false;
    v->ours = v->s->keyring != NULL && store_record_ours(v->s, r);
    check_blocks(v, r);
    int rc = check_erased_here(v, r, e);
    if (rc != 0)
        return rc;
    rc = v->ours ? store_opened_all(v->s, r, check_hidden, v, e) : 0;
    if (v->s->keyring != NULL && !v->ours)
        v->count->elsewhere += r->hidden_count;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++, leaf++) {
        struct bytes note;
        rc = ledger_statement_next(&open, &note, e);
        if (rc == 0)
            check_public(v, r, leaf, note);
    }
    if (v->received > 0 && !v->covered)
        FOUND(v, "leaf %llu: %llu items have no cover: nobody signed for them", (unsigned long long)v->first_received,
              (unsigned long long)v->received);
    v->count->records++;
    v->count->hidden += r->hidden_count;
    v->count->public_leaves += r->public_count;
    v->count->leaves = leaf;
    v->pinned = v->pinned || is_pinned(v->s, r, leaf);
    if (history_checkpoint(r->checkpoint, &v->history.logs, NOTE_FOREIGN, &c, NULL) == 0)
        v->root = c.root;
    check_turn(v, r, logs);
    if (rc == 0 && v->watch->progress != NULL && v->watch->progress(v->watch->context, r->at + r->bytes, v->all_bytes))
        rc = err_set(e, ERR_STOPPED, "interrupted: nothing was changed");
    return rc;
}

/* ---- the end of the journal ---- */

/* A part leaves this to the last one of its deposit. */
static void check_covered_all(const struct verifying *v)
{
    struct err line = {0};
    uint64_t bare = 0;
    for (size_t i = 0; i < v->history.compartment_count; i++)
        bare += v->reach[i].sealed - v->reach[i].covered;
    if (store_parity(v->s).packs == 0 || bare == 0)
        return;
    (void)err_set(&line, ERR_DAMAGED,
                  "%llu sealed packs are not under parity yet: an intake is at work or was cut off; the next one sees "
                  "to it",
                  (unsigned long long)bare);
    v->watch->finding(v->watch->context, line.text);
}

/* ---- the index against the journal ---- */

static int check_index(struct verifying *v, struct err *e)
{
    struct index_position at;
    struct err mine = v->s->index_fault;
    int rc = mine.code;
    if (rc == 0 && v->s->index == NULL)
        return 0; /* none is there, and none is needed */
    if (rc == 0)
        rc = index_where(v->s->index, &at, &mine);
    if (rc == 0)
        rc = index_check(v->s->index, &mine);
    /* At a record before the end it was left by a crash, or is served beside a writer at work. */
    if (rc == 0 && at.records > 0 && !ledger_stood(v->s->ledger, at.records, at.bytes, &at.last))
        rc = err_set(&mine, ERR_DAMAGED, "it stands elsewhere than the journal");
    if (rc == ERR_DAMAGED) {
        if (!store_interrupted(v->s))
            FOUND(v, "the index is damaged (%s): run groundwork repair", mine.text);
        return 0;
    }
    if (rc == 0 && store_index_current(v->s)) {
        rc = store_recount_duplicates(&v->recount, v->s->index, &mine);
        if (rc == ERR_DAMAGED)
            FOUND(v, "%s", mine.text);
    }
    return rc == 0 || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

static int check_keys(struct verifying *v, struct err *e)
{
    OWN(store_key_files_drop) struct store_key_files keys = {0};
    struct err mine = {0};
    uint64_t before = v->count->findings;
    const char *root = v->s->root;
    int rc = store_key_files(v->s, &keys, &mine);
    if (rc == 0)
        rc = keyring_check(root, keys.list, keys.count, found_beside, v, &mine);
    if (rc == ERR_DAMAGED && v->count->findings == before && !v->outrun)
        FOUND(v, "%s", mine.text);
    if (rc == 0)
        rc = keyring_strays(root, keys.list, keys.count, told_text, v, &mine);
    return rc == 0 || rc == ERR_DAMAGED ? 0 : err_set(e, rc, "%s", mine.text);
}

/* What was read by the events beside the journal must be what the journal says. */
static void check_history(struct verifying *v)
{
    const struct history *h = &v->s->history;
    if (h->events != v->history.events || !hash_equal(&h->last, &v->history.last))
        FOUND(v, "the key events beside the journal (%llu) are not those of the journal (%llu): run groundwork repair",
              (unsigned long long)h->events, (unsigned long long)v->history.events);
}

/* The log must hold the checkpoint that the key file saw, wherever the file was carried since. */
static void check_pinned(struct verifying *v)
{
    const struct keyring_identity *id = &v->s->identity;
    if (v->s->keyring != NULL && id->checkpoint_size != 0 && !v->pinned)
        FOUND(v, "the log does not extend the checkpoint that your key file saw (%llu leaves): one of the two was "
                 "rewritten",
              (unsigned long long)id->checkpoint_size);
}

int store_verify(struct store *s, const struct store_watch *watch, struct store_verified *ret, struct err *e)
{
    struct ledger_position now;
    OWN(verifying_release) struct verifying v = {.s = s, .watch = watch, .count = ret};
    struct err mine = {0};
    *ret = (struct store_verified){0};
    ledger_where(s->ledger, &now);
    v.all_bytes = now.bytes;
    v.recount.finding = v.numbering.finding = found_together;
    v.recount.context = v.numbering.context = &v;
    uint8_t entry[LEAF_ENTRY];
    leaf_entry_public(buf_bytes(&s->founded_note), entry);
    int rc = history_begin(&v.history, &s->founded.founded, entry, e);
    if (rc == 0)
        rc = store_erasures(s, e);
    if (rc != 0)
        return rc;
    rc = ledger_check(s->ledger, found_text, check_record, &v, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    if (rc == ERR_DAMAGED && ret->findings == 0)
        FOUND(&v, "%s", mine.text);
    store_numbering_tell(&v.numbering, watch);
    check_covered_all(&v);
    check_pinned(&v);
    check_history(&v);
    check_cosigned_file(&v);
    rc = look_at_cosigners(&v, e);
    if (rc == 0)
        rc = check_keys(&v, e);
    if (rc == 0 && s->keyring != NULL)
        rc = check_index(&v, e);
    if (rc == 0 && v.outrun)
        rc = err_set(e, ERR_BUSY, "the journal grew while it was checked: check again when the other program has "
                                  "ended");
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED, "%llu findings: run groundwork repair", (unsigned long long)ret->findings);
    return rc;
}
