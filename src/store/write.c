/* The vault's writer, and the one commit. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>

/* ---- the vault's writer ---- */

/* A part that is committed may be let go of while an object that was forgotten is still being cut. */
static int find_frame(void *context, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret,
                      struct err *e)
{
    struct store *s = context;
    pthread_mutex_lock(&s->asking);
    int rc = store_behind_frame(s, digest, size_bytes, ret)
                 ? 0
                 : index_find_frame(store_asked(s), digest, &ret->leaf, &ret->frame, e);
    pthread_mutex_unlock(&s->asking);
    return rc;
}

int store_holder(struct store *s, uint64_t leaf, struct key *ret_key, uint64_t *ret_record, struct err *e)
{
    OWN(key_drop) struct key secret = {0};
    pthread_mutex_lock(&s->asking);
    int rc = store_behind_manifest(s, leaf, ret_record) ? 0 : index_manifest(store_asked(s), leaf, ret_record, e);
    pthread_mutex_unlock(&s->asking);
    if (rc == 0)
        rc = store_secret(s, leaf, &secret, e);
    if (rc == 0)
        leaf_manifest_key(&secret, ret_key);
    return rc;
}

static int find_holder(void *context, uint64_t leaf, struct key *ret_key, uint64_t *ret_record, struct err *e)
{
    return store_holder(context, leaf, ret_key, ret_record, e);
}

struct ends {
    const struct vault_span *span;
    struct vault_pack open;
    bool has_open;
    uint64_t next_pack, next_record;
    struct vault_stripe *stripes; /* as the last statement about parity says */
    size_t stripe_count;
    uint64_t first_pack;       /* of the last stripe */
    struct vault_pack *sealed; /* from that one on */
    size_t sealed_count, sealed_room;
};

static void ends_release(struct ends *n)
{
    free(n->stripes);
    free(n->sealed);
}

static int end_sealed(struct ends *n, struct err *e)
{
    if (n->sealed_count == n->sealed_room) {
        size_t room = n->sealed_room * 2 + VAULT_STRIPE_PACKS_MAX;
        struct vault_pack *grown = reallocarray(n->sealed, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        n->sealed = grown;
        n->sealed_room = room;
    }
    n->sealed[n->sealed_count++] = n->open;
    return 0;
}

static int end_pack(void *context, const struct statement_pack *p, struct err *e)
{
    struct ends *n = context;
    if (p->pack < n->span->first || p->pack >= n->span->end)
        return 0; /* another compartment's */
    n->next_pack = p->pack + 1;
    n->has_open = !p->sealed;
    n->open = (struct vault_pack){.pack = p->pack, .sectors = p->sectors, .sealed = p->sealed, .root = p->root};
    return p->sealed && p->pack >= n->first_pack ? end_sealed(n, e) : 0;
}

static int end_run(void *context, uint64_t pack, uint32_t first_sector, uint32_t sectors, uint64_t first_record,
                   uint32_t records, struct err *e)
{
    struct ends *n = context;
    (void)pack, (void)first_sector, (void)sectors, (void)e;
    if (first_record + records > n->next_record)
        n->next_record = first_record + records;
    return 0;
}

struct parity_rows {
    uint64_t *leaves;
    size_t count, room;
};

static int parity_row(void *context, const struct index_statement_row *row, struct err *e)
{
    struct parity_rows *p = context;
    if (p->count == p->room) {
        size_t room = p->room * 2 + 64;
        uint64_t *grown = reallocarray(p->leaves, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        p->leaves = grown;
        p->room = room;
    }
    p->leaves[p->count++] = row->leaf;
    return 0;
}

/* The last statement about this compartment's parity; a record is of one compartment.  ERR_ABSENT. */
static int parity_last(struct store *s, struct store_held **held, struct statement *ret, struct err *e)
{
    struct parity_rows rows = {0};
    struct index_statement_row row;
    const uint32_t packs = store_parity(s).packs;
    if (s->history.compartment_count == 1) {
        int rc = index_statement_last(store_index(s), STATEMENT_PARITY, &row, e);
        return rc == 0 ? store_statement(s, row.leaf, held, ret, e) : rc;
    }
    int rc = index_statements(store_index(s), 0, STATEMENT_PARITY, parity_row, &rows, e);
    bool found = false;
    while (rc == 0 && !found && rows.count > 0) {
        rc = store_statement(s, rows.leaves[--rows.count], held, ret, e);
        found = rc == 0 && ret->parity.count > 0 && ret->parity.stripes[0].stripe >= s->span.first / packs &&
                ret->parity.stripes[0].stripe < s->span.end / packs;
    }
    free(rows.leaves);
    return rc == 0 && !found ? ERR_ABSENT : rc;
}

/* Where the parity stands: as the last statement about it says. */
static int end_stripes(struct store *s, struct ends *n, struct err *e)
{
    struct statement st = {0};
    OWN(store_held_drop) struct store_held *held = NULL;
    const struct vault_parity parity = store_parity(s);
    int rc = parity.packs == 0 ? ERR_ABSENT : parity_last(s, &held, &st, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc != 0)
        return rc;
    n->stripes = calloc(st.parity.count + 1, sizeof *n->stripes);
    if (n->stripes == NULL)
        return err_memory(e);
    for (size_t i = 0; rc == 0 && i < st.parity.count; i++)
        rc = store_stripe_read(&st.parity.stripes[i], parity.files, &n->stripes[n->stripe_count++], e);
    if (rc == 0 && n->stripe_count != 0)
        n->first_pack = n->stripes[n->stripe_count - 1].stripe * parity.packs;
    return rc;
}

/* What a writer must be told, from the index: it needs no key, but time when there are many packs. */
static int ends_find(struct store *s, struct ends *n, struct err *e)
{
    n->span = &s->span;
    n->first_pack = n->next_pack = s->span.first;
    int rc = end_stripes(s, n, e);
    if (rc == 0)
        rc = index_packs(store_index(s), end_pack, n, e);
    return rc == 0 ? index_runs(store_index(s), end_run, n, e) : rc;
}

int store_vault_end(struct store *s, uint64_t *ret_pack, uint32_t *ret_sector, struct err *e)
{
    OWN(ends_release) struct ends n = {0};
    int rc = ends_find(s, &n, e);
    *ret_pack = n.has_open ? n.open.pack : n.next_pack;
    *ret_sector = n.has_open ? n.open.sectors : 0;
    return rc;
}

static int writer_begin(struct store *s, const struct ends *n, uint64_t *ret_cut, struct err *e)
{
    const struct vault_memory memory = {find_frame, find_holder, s};
    const struct vault_parity_end end = {n->stripes, n->stripe_count, n->sealed, n->sealed_count};
    int rc = vault_writer_open(s->vault, n->has_open ? &n->open : NULL, n->next_pack, n->next_record, &memory,
                               &s->writer, ret_cut, e);
    return rc == 0 && store_parity(s).packs != 0 ? vault_writer_stripes(s->writer, &end, e) : rc;
}

int store_writer(struct store *s, struct vault_writer **ret, struct err *e)
{
    if (s->writer == NULL) {
        OWN(ends_release) struct ends n = {0};
        uint64_t cut = 0;
        int rc = store_writable(s, e);
        if (rc == 0)
            rc = ends_find(s, &n, e);
        if (rc == 0)
            rc = store_suspects(s, e);
        if (rc == 0)
            rc = writer_begin(s, &n, &cut, e);
        if (rc == 0)
            rc = index_sieve_begin(store_index(s), e);
        if (rc != 0) {
            vault_writer_close(s->writer);
            s->writer = NULL;
        }
        if (rc == ERR_IO)
            s->failed = true; /* the disk failed at what had to be made durable */
        if (rc != 0)
            return rc;
        if (cut > 0) {
            struct err line = {0};
            (void)err_set(&line, ERR_IO,
                          "an unfinished intake had left %llu bytes in the vault: they were cut off; what "
                          "it had not put on a receipt is taken in again by running it again",
                          (unsigned long long)cut);
            store_tell(s, line.text);
        }
    }
    *ret = s->writer;
    return 0;
}

/* ---- the record ---- */

struct making {
    struct store_told told; /* what the index will be told of it */
    struct store_made made;
    struct store_reports reports;
};

static void making_release(struct making *m)
{
    store_told_release(&m->told);
    store_made_release(&m->made);
}

static int add_signed(struct making *m, struct statement *st, const struct note_key *key, const struct key *seed,
                      struct err *e)
{
    assert(m->told.public_count < COUNT(m->told.publics));
    OWN(buf_drop) struct buf text = {0};
    struct buf *note = &m->told.public_notes[m->told.public_count];
    uint8_t entry[LEAF_ENTRY];
    st->at_unix_s = time_now_unix_s();
    int rc = statement_make(st, NULL, &text, NULL, e);
    if (rc == 0)
        rc = statement_finish(st->kind, buf_bytes(&text), key, seed, note, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(note), entry);
    buf_put(&m->made.entries, entry, LEAF_ENTRY);
    buf_put_u32(&m->made.open, (uint32_t)note->n);
    buf_put_bytes(&m->made.open, buf_bytes(note));
    m->told.publics[m->told.public_count++] = *st;
    return buf_check(&m->made.open, e);
}

static int add_public(struct store *s, struct making *m, struct statement *st, struct err *e)
{
    int rc = store_may_sign(s, st->kind, e);
    return rc == 0 ? add_signed(m, st, &s->identity.member, &s->identity.sign, e) : rc;
}

/* By the rules of whoever reads it: nothing is signed that would be damage. */
static int event_check(struct store *s, const struct draft_event *v, struct err *e)
{
    const struct history_event event = {.leaf = s->draft.first_leaf + s->draft.count,
                                        .statement = v->statement,
                                        .signer = history_member_by_key(&s->history, &s->identity.member)};
    int rc = history_check(&s->history, &event, e);
    return rc == ERR_DAMAGED ? err_add(e, ERR_REFUSED, "\"%s\"", statement_kind_name(v->statement->kind)) : rc;
}

/* Beside the journal, too: durable before the record, like all files of the keyring. */
static int add_event(struct store *s, struct making *m, struct err *e)
{
    const struct draft_event *v = &s->draft.event;
    if (v->statement == NULL)
        return 0;
    struct statement_event *place = statement_event(v->statement);
    place->number = s->history.events + 1;
    place->prev = s->history.last;
    int rc = event_check(s, v, e);
    if (rc != 0)
        return rc;
    rc = v->key != NULL ? add_signed(m, v->statement, v->key, v->seed, e) : add_public(s, m, v->statement, e);
    if (rc != 0)
        return rc;
    assert(m->told.public_count == 1);
    return keyring_event_write(s->keyring, place->number, s->draft.first_leaf + s->draft.count,
                               buf_bytes(&m->told.public_notes[0]), e);
}

enum { ARENA_KNOWN_MAX = 16 << 20 }; /* bytes that the next draft is given at once */

/* Manifest records come by cookie, ascending as the leaves did. */
static int seal_hidden(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    size_t object = 0;
    m->told.journal_offset = calloc(d->count + 1, sizeof *m->told.journal_offset);
    m->told.sealed_bytes = calloc(d->count + 1, sizeof *m->told.sealed_bytes);
    m->told.manifest = calloc(d->count + 1, sizeof *m->told.manifest);
    if (m->told.journal_offset == NULL || m->told.sealed_bytes == NULL || m->told.manifest == NULL)
        return err_memory(e);
    if (d->count > 0) {
        s->last_leaves = d->count;
        s->last_arena_bytes = d->arena.n < ARENA_KNOWN_MAX ? d->arena.n : ARENA_KNOWN_MAX;
    }
    size_t sealed = store_sealer_end(d, &m->made.hidden), more;
    if (d->count > 0 && m->made.hidden.room == 0) {
        m->made.hidden = s->spare.hidden;
        s->spare.hidden = (struct buf){0};
    }
    for (size_t i = 0; i < d->count; i++) {
        m->told.manifest[i] = LEAF_NO_MANIFEST;
        if (store_has_object(d->leaves[i].statement)) {
            assert(object < m->told.flushed.object_count &&
                   m->told.flushed.objects[object].cookie == d->first_leaf + i);
            m->told.manifest[i] = m->told.flushed.objects[object++].manifest_record;
        }
    }
    const uint64_t *manifest = m->told.manifest + sealed;
    if (store_seal_leaves(d, &s->pin, sealed, d->count - sealed, manifest, &m->made.hidden, &more) != 0)
        return err_memory(e);
    for (size_t i = 0; i < d->count; i++) {
        const struct draft_leaf *leaf = &d->leaves[i];
        assert(leaf->entry[0] != DRAFT_UNSIGNED);
        m->told.journal_offset[i] = leaf->sealed_at;
        m->told.sealed_bytes[i] = leaf->sealed_bytes;
        buf_put(&m->made.entries, leaf->entry, LEAF_ENTRY);
    }
    return buf_check(&m->made.entries, e);
}

static int seal_secrets(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    if (d->count == 0)
        return 0;
    return keyring_seal(s->keyring, d->first_leaf, d->secrets, d->count, &m->made.secrets, e);
}

/* One cover over the received leaves, which lie side by side. */
static int add_cover(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    size_t first = 0;
    while (first < d->count && d->leaves[first].statement->kind != STATEMENT_RECEIVED)
        first++;
    size_t end = first;
    while (end < d->count && d->leaves[end].statement->kind == STATEMENT_RECEIVED)
        end++;
    for (size_t i = end; i < d->count; i++)
        assert(d->leaves[i].statement->kind != STATEMENT_RECEIVED);
    if (first == end)
        return 0;
    struct tree_edge edge;
    tree_edge_begin(&edge);
    tree_edge_add_entries(&edge, d->leaves[first].entry, LEAF_ENTRY, sizeof *d->leaves, end - first);
    uint64_t part = 0;
    for (size_t i = end; i < d->count; i++)
        if (d->leaves[i].statement->kind == STATEMENT_PART)
            part = d->leaves[i].statement->part.part;
    struct statement st = {.kind = STATEMENT_COVER,
                           .cover = {.deposit = d->leaves[first].statement->received.deposit,
                                     .part = part,
                                     .first = d->first_leaf + first,
                                     .count = end - first}};
    tree_edge_root(&edge, &st.cover.root);
    return add_public(s, m, &st, e);
}

static int add_packs(struct store *s, struct making *m, struct err *e)
{
    const struct vault_flushed *f = &m->told.flushed;
    if (f->pack_count == 0)
        return 0;
    m->told.packs = calloc(f->pack_count, sizeof *m->told.packs);
    if (m->told.packs == NULL)
        return err_memory(e);
    for (size_t i = 0; i < f->pack_count; i++)
        m->told.packs[i] =
            (struct statement_pack){f->packs[i].pack, f->packs[i].sectors, f->packs[i].sealed, f->packs[i].root};
    struct statement st = {.kind = STATEMENT_PACKS, .packs = {.packs = m->told.packs, .count = f->pack_count}};
    return add_public(s, m, &st, e);
}

static int add_parity(struct store *s, struct making *m, struct err *e)
{
    const struct vault_flushed *f = &m->told.flushed;
    if (f->stripe_count == 0)
        return 0;
    m->told.stripes = calloc(f->stripe_count, sizeof *m->told.stripes);
    if (m->told.stripes == NULL)
        return err_memory(e);
    for (size_t i = 0; i < f->stripe_count; i++) {
        m->told.stripes[i] = (struct statement_stripe){.stripe = f->stripes[i].stripe,
                                                  .packs = f->stripes[i].packs,
                                                  .files = store_parity(s).files,
                                                  .trailer = f->stripes[i].trailer};
        memcpy(m->told.stripes[i].roots, f->stripes[i].roots, sizeof m->told.stripes[i].roots);
    }
    struct statement st = {.kind = STATEMENT_PARITY, .parity = {.stripes = m->told.stripes, .count = f->stripe_count}};
    return add_public(s, m, &st, e);
}

/* Of this compartment's keyring, and of others that the draft changes too. */
static int add_keyring(struct store *s, struct making *m, struct err *e)
{
    size_t count = 0;
    for (size_t k = 0; k <= s->beside_count; k++) {
        const struct keyring_file *files;
        size_t more;
        keyring_changes(k == 0 ? s->keyring : s->beside[k - 1], &files, &more);
        struct statement_file_hash *grown = reallocarray(m->told.files, count + more + 1, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        m->told.files = grown;
        for (size_t i = 0; i < more; i++)
            m->told.files[count++] =
                (struct statement_file_hash){files[i].name, files[i].bytes, files[i].sha256, files[i].removed};
    }
    if (count == 0)
        return 0;
    struct statement st = {.kind = STATEMENT_KEYRING, .keyring = {.files = m->told.files, .count = count}};
    return add_public(s, m, &st, e);
}

static int add_repaired(struct store *s, struct making *m, struct err *e)
{
    const struct draft *d = &s->draft;
    struct statement st = {.kind = STATEMENT_REPAIRED, .repaired = {d->repaired, d->repaired_count}};
    return d->repaired_count == 0 ? 0 : add_public(s, m, &st, e);
}

/* Its files are there before the record, as those of the keyring are: what no record names does not count. */
static int add_stamped(struct store *s, struct making *m, struct err *e)
{
    const struct draft *d = &s->draft;
    if (d->stamped == NULL)
        return 0;
    struct statement st = {.kind = STATEMENT_TIMESTAMPED, .timestamped = *d->stamped};
    uint64_t leaf = d->first_leaf + d->count + m->told.public_count;
    int rc = add_public(s, m, &st, e);
    if (rc != 0)
        return rc;
    return store_stamp_place(s, leaf, buf_bytes(&m->told.public_notes[m->told.public_count - 1]), d->stamped, e);
}

/* Reports of audits that wait outside.  Where they cannot be read, what is being written need not wait for them. */
static int add_audited(struct store *s, struct making *m, struct err *e)
{
    struct err mine = {0};
    size_t count = 0;
    if (store_reports_read(s, &m->reports, &mine) != 0)
        store_tell(s, mine.text);
    m->told.audits = calloc(m->reports.count + 1, sizeof *m->told.audits);
    if (m->told.audits == NULL)
        return err_memory(e);
    for (size_t i = 0; i < m->reports.count; i++)
        if (!m->reports.list[i].logged)
            m->told.audits[count++] = m->reports.list[i].audit;
    struct statement st = {.kind = STATEMENT_AUDITED, .audited = {m->told.audits, count}};
    return count == 0 ? 0 : add_public(s, m, &st, e);
}

/* They are on the log: also for whoever asks here for their age. */
static void audited_logged(struct store *s, struct making *m)
{
    struct err mine = {0};
    bool any = false;
    for (size_t i = 0; i < m->reports.count; i++) {
        any = any || !m->reports.list[i].logged;
        m->reports.list[i].logged = true;
    }
    if (any && store_reports_write(s, &m->reports, &mine) != 0)
        store_tell(s, mine.text);
}

static int add_erased(struct store *s, struct making *m, struct err *e)
{
    return s->draft.erased == NULL ? 0 : add_public(s, m, s->draft.erased, e);
}

static int add_cosigned(struct store *s, struct making *m, struct err *e)
{
    struct statement st = {.kind = STATEMENT_COSIGNED, .cosigned = {s->draft.cosigned}};
    return s->draft.cosigned == NULL ? 0 : add_public(s, m, &st, e);
}

/* Beside what is derived from the record before only the vault's part of a commit runs: FORMAT 7.2. */
static int make_record(struct store *s, struct making *m, bool part, bool beside, struct err *e)
{
    int rc = store_behind_logs(s) ? store_behind_end(s, e) : 0; /* a failure ends all writing, the vault's too */
    if (rc == 0 && s->writer != NULL)
        rc = part ? vault_flush_part(s->writer, &m->told.flushed, e) : vault_flush(s->writer, &m->told.flushed, e);
    if (rc == 0)
        rc = store_behind_end(s, e);
    if (rc == 0 && !part)
        rc = store_fold_begin(s, e);
    if (rc == 0)
        rc = store_waiting_fold(s, e);
    if (rc == 0) /* while statements are still being signed */
        rc = seal_secrets(s, m, e);
    if (rc == 0)
        rc = seal_hidden(s, m, e);
    if (rc == 0)
        rc = add_event(s, m, e);
    if (rc == 0)
        rc = add_cover(s, m, e);
    if (rc == 0)
        rc = add_packs(s, m, e);
    if (rc == 0)
        rc = add_parity(s, m, e);
    if (rc == 0)
        rc = add_keyring(s, m, e);
    if (rc == 0)
        rc = add_repaired(s, m, e);
    if (rc == 0)
        rc = add_stamped(s, m, e);
    if (rc == 0 && !beside) /* else they are on the log when this has returned */
        rc = add_audited(s, m, e);
    if (rc == 0)
        rc = add_cosigned(s, m, e);
    if (rc == 0)
        rc = add_erased(s, m, e);
    if (rc != 0)
        return rc;
    store_extents_put(m->told.flushed.runs, m->told.flushed.run_count, &m->made.extents);
    rc = buf_check(&m->made.extents, e);
    m->made.record = (struct ledger_record){.first_leaf = s->draft.first_leaf,
                                            .hidden_count = (uint32_t)s->draft.count,
                                            .public_count = m->told.public_count,
                                            .entries = buf_bytes(&m->made.entries),
                                            .hidden = buf_bytes(&m->made.hidden),
                                            .open = buf_bytes(&m->made.open),
                                            .secrets = buf_bytes(&m->made.secrets),
                                            .extents = buf_bytes(&m->made.extents)};
    return rc;
}

/* ---- after the commit: everything here can be made again from the journal ---- */

static int take_event(struct store *s, const struct making *m, struct err *e)
{
    const struct ledger_record *r = &m->made.record;
    const struct statement *st = &m->told.publics[0];
    const struct history_event event = {
        .leaf = r->first_leaf + r->hidden_count,
        .statement = st,
        .signer = st->kind == STATEMENT_MEMBER ? NULL : history_member_by_key(&s->history, &s->identity.member),
        .entry = r->entries.p + (size_t)r->hidden_count * LEAF_ENTRY};
    return history_take(&s->history, &event, e);
}

static int after_commit(struct store *s, struct making *m, bool part, struct err *e)
{
    int rc = s->writer != NULL ? vault_committed(s->writer, &m->told.flushed, e) : 0;
    bool told = false;
    if (rc == 0 && s->draft.event.statement != NULL)
        rc = take_event(s, m, e);
    for (size_t i = 0; rc == 0 && i < s->beside_count; i++)
        rc = keyring_committed(s->beside[i], bytes_of(NULL, 0), e);
    if (rc == 0 && s->draft.destroys) /* the index before the keys, so that these tell how far it came */
        rc = store_index_remove(s, e);
    if (rc != 0)
        return rc;
    m->told.draft = s->draft;
    s->draft = (struct draft){0};
    if (!part && store_may_wait(s, &m->told))
        return store_owe(s, &m->told, buf_bytes(&m->made.secrets), e);
    rc = store_apply_blocks(s, buf_bytes(&m->made.secrets), &told, e);
    s->owed = 0; /* with this one it is done */
    s->owed_leaves = 0;
    return rc == 0 ? store_behind_begin(s, &m->told, part, e) : rc;
}

/* A receipt lets the source go: what parts left to the last one is done by then, whoever gives it. */
static bool gives_receipt(const struct draft *d)
{
    for (size_t i = d->count; i-- > 0;)
        if (d->leaves[i].statement->kind == STATEMENT_RECEIPT)
            return true;
    return false;
}

static int all_through(struct store *s, struct err *e)
{
    int rc = store_behind_end(s, e);
    if (rc == 0)
        rc = store_settle(s, e);
    if (rc == 0)
        store_waiting_sweep(s);
    return rc;
}

/* Nothing but hidden statements that brought no bytes with them: nobody asks for the vault's part of it. */
static bool may_go_beside(const struct store *s)
{
    const struct draft *d = &s->draft;
    return s->writer == NULL && d->event.statement == NULL && d->repaired_count == 0 && d->cosigned == NULL &&
           d->stamped == NULL && d->erased == NULL && !d->keys && !d->destroys && s->beside_count == 0;
}

static int commit_beside(struct store *s, struct err *e)
{
    OWN(making_release) struct making m = {0};
    int rc = make_record(s, &m, true, true, e);
    if (rc != 0)
        return rc;
    m.told.draft = s->draft;
    s->draft = (struct draft){0};
    rc = store_behind_log(s, &m.told, &m.made, e);
    s->failed = rc != 0;
    return rc;
}

static int commit_now(struct store *s, bool part, struct err *e)
{
    OWN(making_release) struct making m = {0};
    int rc = make_record(s, &m, part, false, e);
    if (rc == 0)
        rc = store_log(s, &m.made, &s->state, &m.told, e);
    if (rc != 0)
        return rc;
    if (m.told.flushed.parity_blocked.code != 0)
        store_tell(s, m.told.flushed.parity_blocked.text);
    struct err later = {0};
    if (after_commit(s, &m, part, &later) != 0)
        store_tell_later(s, &later);
    else
        s->failed = false;
    store_fold_end(s);
    if (!part && !s->failed)
        store_waiting_sweep(s);
    store_beside_close(s);
    audited_logged(s, &m);
    store_draft_release(&s->draft);
    return 0;
}

static int commit(struct store *s, bool part, struct err *e)
{
    int rc = store_writable(s, e);
    if (rc != 0)
        return rc;
    if (s->draft.count == 0 && s->draft.repaired_count == 0 && s->draft.event.statement == NULL &&
        s->draft.cosigned == NULL && s->draft.stamped == NULL && s->draft.erased == NULL && !s->draft.destroys &&
        !s->draft.keys)
        return part ? 0 : all_through(s, e);
    if (gives_receipt(&s->draft))
        rc = store_writer(s, &s->writer, e);
    if (rc != 0)
        return rc;
    s->failed = true; /* until everything below has succeeded */
    return part && may_go_beside(s) ? commit_beside(s, e) : commit_now(s, part, e);
}

int store_commit(struct store *s, struct err *e)
{
    return commit(s, false, e);
}

int store_commit_part(struct store *s, struct err *e)
{
    return commit(s, true, e);
}

int store_log_repair(struct store *s, const char **names, size_t count, struct err *e)
{
    int rc = store_draft_begin(s, e);
    if (rc != 0)
        return rc;
    s->draft.repaired = names;
    s->draft.repaired_count = count < STATEMENT_LIST_MAX ? count : STATEMENT_LIST_MAX;
    return store_commit(s, e);
}
