/* The vault's writer, and the one commit. */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <assert.h>

/* ---- the vault's writer ---- */

static int find_frame(void *context, const struct hash *digest, uint32_t size_bytes, struct vault_known *ret,
                      struct err *e)
{
    struct store *s = context;
    (void)size_bytes;
    return index_find_frame(s->index, digest, &ret->leaf, &ret->frame, e);
}

static int find_holder(void *context, uint64_t leaf, struct key *ret_key, uint64_t *ret_record, struct err *e)
{
    struct store *s = context;
    OWN(key_drop) struct key secret = {0};
    int rc = index_manifest(s->index, leaf, ret_record, e);
    if (rc == 0)
        rc = store_secret(s, leaf, &secret, e);
    if (rc == 0)
        leaf_manifest_key(&secret, ret_key);
    return rc;
}

struct ends {
    struct vault_pack open;
    bool has_open;
    uint64_t next_pack, next_record;
};

static int end_pack(void *context, const struct statement_pack *p, struct err *e)
{
    struct ends *n = context;
    (void)e;
    n->next_pack = p->pack + 1;
    n->has_open = !p->sealed;
    n->open = (struct vault_pack){.pack = p->pack, .sectors = p->sectors, .sealed = p->sealed, .root = p->root};
    return 0;
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

int store_writer(struct store *s, struct vault_writer **ret, struct err *e)
{
    if (s->writer == NULL) {
        struct ends n = {0};
        uint64_t cut = 0;
        struct vault_memory memory = {find_frame, find_holder, s};
        int rc = store_writable(s, e);
        if (rc == 0)
            rc = index_packs(s->index, end_pack, &n, e);
        if (rc == 0)
            rc = index_runs(s->index, end_run, &n, e);
        if (rc == 0)
            rc = vault_writer_open(s->vault, n.has_open ? &n.open : NULL, n.next_pack, n.next_record, &memory,
                                   &s->writer, &cut, e);
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

enum { PUBLICS = 5 }; /* cover, packs, keyring, repaired, audited */

struct making {
    struct vault_flushed flushed;
    struct buf entries, hidden, open, secrets, extents;
    uint64_t *journal_offset; /* of each hidden leaf's sealed bytes, within the hidden section */
    uint32_t *sealed_bytes;
    uint64_t *manifest;
    uint32_t public_count;
    struct statement publics[PUBLICS];
    struct buf public_notes[PUBLICS]; /* kept for the index */
    struct statement_file_hash *files;
    struct statement_pack *packs;
    struct store_reports reports;
    struct statement_audit audits[STATEMENT_AUDITS_MAX]; /* those of them that are not on the log */
};

static void making_release(struct making *m)
{
    vault_flushed_release(&m->flushed);
    buf_drop(&m->entries);
    buf_drop(&m->hidden);
    buf_drop(&m->open);
    buf_drop(&m->secrets);
    buf_drop(&m->extents);
    free(m->journal_offset);
    free(m->sealed_bytes);
    free(m->manifest);
    for (size_t i = 0; i < COUNT(m->public_notes); i++)
        buf_drop(&m->public_notes[i]);
    free(m->files);
    free(m->packs);
}

static int add_public(struct store *s, struct making *m, struct statement *st, struct err *e)
{
    assert(m->public_count < COUNT(m->publics));
    OWN(buf_drop) struct buf text = {0};
    struct buf *note = &m->public_notes[m->public_count];
    uint8_t entry[LEAF_ENTRY];
    st->at_unix_s = time_now_unix_s();
    int rc = statement_make(st, NULL, &text, NULL, e);
    if (rc == 0)
        rc = statement_finish(st->kind, buf_bytes(&text), &s->identity.member, &s->identity.sign, note, e);
    if (rc != 0)
        return rc;
    leaf_entry_public(buf_bytes(note), entry);
    buf_put(&m->entries, entry, LEAF_ENTRY);
    buf_put_u32(&m->open, (uint32_t)note->n);
    buf_put_bytes(&m->open, buf_bytes(note));
    m->publics[m->public_count++] = *st;
    return buf_check(&m->open, e);
}

/* Manifest records come by cookie, ascending as the leaves did. */
static int seal_hidden(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    size_t object = 0;
    m->journal_offset = calloc(d->count + 1, sizeof *m->journal_offset);
    m->sealed_bytes = calloc(d->count + 1, sizeof *m->sealed_bytes);
    m->manifest = calloc(d->count + 1, sizeof *m->manifest);
    if (m->journal_offset == NULL || m->sealed_bytes == NULL || m->manifest == NULL)
        return err_memory(e);
    for (size_t i = 0; i < d->count; i++) {
        struct draft_leaf *leaf = &d->leaves[i];
        uint64_t number = d->first_leaf + i;
        m->manifest[i] = LEAF_NO_MANIFEST;
        if (store_has_object(&leaf->statement)) {
            assert(object < m->flushed.object_count && m->flushed.objects[object].cookie == number);
            m->manifest[i] = m->flushed.objects[object++].manifest_record;
        }
        struct leaf_envelope envelope = {.manifest_record = m->manifest[i],
                                         .statement = bytes_of(d->arena.p + leaf->text_at, leaf->text_bytes),
                                         .values = bytes_of(d->arena.p + leaf->values_at, leaf->values_bytes)};
        size_t head = m->hidden.n;
        buf_put_u32(&m->hidden, 0);
        m->journal_offset[i] = m->hidden.n;
        if (leaf_seal(&leaf->secret, &s->pin, number, &envelope, &m->hidden) != 0 || m->hidden.failed)
            return err_memory(e);
        m->sealed_bytes[i] = (uint32_t)(m->hidden.n - m->journal_offset[i]);
        u32_put(m->hidden.p + head, m->sealed_bytes[i]);
        buf_put(&m->entries, leaf->entry, LEAF_ENTRY);
    }
    return buf_check(&m->entries, e);
}

static int seal_secrets(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    if (d->count == 0)
        return 0;
    struct key *secrets = calloc(d->count, sizeof *secrets);
    if (secrets == NULL)
        return err_memory(e);
    for (size_t i = 0; i < d->count; i++)
        secrets[i] = d->leaves[i].secret;
    int rc = keyring_seal(s->keyring, d->first_leaf, secrets, d->count, &m->secrets, e);
    crypt_wipe(secrets, d->count * sizeof *secrets);
    free(secrets);
    return rc;
}

/* One cover over the received leaves, which lie side by side. */
static int add_cover(struct store *s, struct making *m, struct err *e)
{
    struct draft *d = &s->draft;
    size_t first = 0;
    while (first < d->count && d->leaves[first].statement.kind != STATEMENT_RECEIVED)
        first++;
    size_t end = first;
    while (end < d->count && d->leaves[end].statement.kind == STATEMENT_RECEIVED)
        end++;
    for (size_t i = end; i < d->count; i++)
        assert(d->leaves[i].statement.kind != STATEMENT_RECEIVED);
    if (first == end)
        return 0;
    OWN(mem_drop) struct hash *hashes = calloc(end - first, sizeof *hashes);
    if (hashes == NULL)
        return err_memory(e);
    for (size_t i = first; i < end; i++)
        crypt_leaf_hash(bytes_of(d->leaves[i].entry, LEAF_ENTRY), &hashes[i - first]);
    uint64_t part = 0;
    for (size_t i = end; i < d->count; i++)
        if (d->leaves[i].statement.kind == STATEMENT_PART)
            part = d->leaves[i].statement.part.part;
    struct statement st = {.kind = STATEMENT_COVER,
                           .cover = {.deposit = d->leaves[first].statement.received.deposit,
                                     .part = part,
                                     .first = d->first_leaf + first,
                                     .count = end - first}};
    tree_root(hashes, end - first, &st.cover.root);
    return add_public(s, m, &st, e);
}

static int add_packs(struct store *s, struct making *m, struct err *e)
{
    const struct vault_flushed *f = &m->flushed;
    if (f->pack_count == 0)
        return 0;
    m->packs = calloc(f->pack_count, sizeof *m->packs);
    if (m->packs == NULL)
        return err_memory(e);
    for (size_t i = 0; i < f->pack_count; i++)
        m->packs[i] =
            (struct statement_pack){f->packs[i].pack, f->packs[i].sectors, f->packs[i].sealed, f->packs[i].root};
    struct statement st = {.kind = STATEMENT_PACKS, .packs = {.packs = m->packs, .count = f->pack_count}};
    return add_public(s, m, &st, e);
}

static int add_keyring(struct store *s, struct making *m, struct err *e)
{
    const struct keyring_file *files;
    size_t count;
    keyring_changes(s->keyring, &files, &count);
    if (count == 0)
        return 0;
    m->files = calloc(count, sizeof *m->files);
    if (m->files == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++)
        m->files[i] = (struct statement_file_hash){files[i].name, files[i].bytes, files[i].sha256, files[i].removed};
    struct statement st = {.kind = STATEMENT_KEYRING, .keyring = {.files = m->files, .count = count}};
    return add_public(s, m, &st, e);
}

static int add_repaired(struct store *s, struct making *m, struct err *e)
{
    const struct draft *d = &s->draft;
    struct statement st = {.kind = STATEMENT_REPAIRED, .repaired = {d->repaired, d->repaired_count}};
    return d->repaired_count == 0 ? 0 : add_public(s, m, &st, e);
}

/* Reports of audits that wait outside.  Where they cannot be read, what is being written need not wait for them. */
static int add_audited(struct store *s, struct making *m, struct err *e)
{
    struct err mine = {0};
    size_t count = 0;
    if (store_reports_read(s, &m->reports, &mine) != 0)
        store_tell(s, mine.text);
    for (size_t i = 0; i < m->reports.count; i++)
        if (!m->reports.list[i].logged)
            m->audits[count++] = m->reports.list[i].audit;
    struct statement st = {.kind = STATEMENT_AUDITED, .audited = {m->audits, count}};
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

static int make_record(struct store *s, struct making *m, struct ledger_record *ret, struct err *e)
{
    int rc = s->writer != NULL ? vault_flush(s->writer, &m->flushed, e) : 0;
    if (rc == 0)
        rc = seal_hidden(s, m, e);
    if (rc == 0)
        rc = seal_secrets(s, m, e);
    if (rc == 0)
        rc = add_cover(s, m, e);
    if (rc == 0)
        rc = add_packs(s, m, e);
    if (rc == 0)
        rc = add_keyring(s, m, e);
    if (rc == 0)
        rc = add_repaired(s, m, e);
    if (rc == 0)
        rc = add_audited(s, m, e);
    if (rc != 0)
        return rc;
    store_extents_put(m->flushed.runs, m->flushed.run_count, &m->extents);
    rc = buf_check(&m->extents, e);
    *ret = (struct ledger_record){.first_leaf = s->draft.first_leaf,
                                  .hidden_count = (uint32_t)s->draft.count,
                                  .public_count = m->public_count,
                                  .entries = buf_bytes(&m->entries),
                                  .hidden = buf_bytes(&m->hidden),
                                  .open = buf_bytes(&m->open),
                                  .secrets = buf_bytes(&m->secrets),
                                  .extents = buf_bytes(&m->extents)};
    return rc;
}

/* ---- after the commit: everything here can be made again from the journal ---- */

static int index_record(struct store *s, const struct making *m, const struct ledger_record *r,
                        const struct ledger_position *now, struct err *e)
{
    const struct draft *d = &s->draft;
    struct index_position position = {now->records, now->bytes, now->last, now->leaves};
    int rc = index_begin(s->index, e);
    for (size_t i = 0; rc == 0 && i < m->flushed.run_count; i++) {
        const struct vault_run *run = &m->flushed.runs[i];
        rc = index_run(s->index, run->pack, run->first_sector, run->sectors, run->first_record, run->records, e);
    }
    for (size_t i = 0; rc == 0 && i < d->count; i++) {
        struct hash commitment;
        memcpy(commitment.b, d->leaves[i].entry + 1, CRYPT_HASH);
        rc = index_statement(s->index, d->first_leaf + i, &d->leaves[i].statement, m->manifest[i],
                             ledger_hidden_at(r) + m->journal_offset[i], m->sealed_bytes[i], &commitment, e);
    }
    uint64_t at = ledger_open_at(r);
    for (uint32_t i = 0; rc == 0 && i < m->public_count; i++) {
        uint32_t n = (uint32_t)m->public_notes[i].n;
        rc = index_statement(s->index, d->first_leaf + d->count + i, &m->publics[i], LEAF_NO_MANIFEST, at + 4, n, NULL,
                             e);
        at += 4 + n;
    }
    for (size_t i = 0; rc == 0 && i < m->flushed.frame_count; i++) {
        const struct vault_frame *f = &m->flushed.frames[i];
        rc = index_frame(s->index, &f->digest, f->cookie, f->frame, e);
    }
    if (rc == 0)
        rc = index_end(s->index, &position, e);
    if (rc != 0)
        index_undo(s->index);
    return rc;
}

static int after_commit(struct store *s, const struct making *m, const struct ledger_record *r,
                        const struct ledger_position *now, struct err *e)
{
    int rc = s->writer != NULL ? vault_committed(s->writer, &m->flushed, e) : 0;
    bool told = false;
    if (rc == 0)
        rc = store_apply_blocks(s, buf_bytes(&m->secrets), &told, e);
    if (rc == 0)
        rc = ledger_publish(s->ledger, e);
    if (rc == 0)
        rc = index_record(s, m, r, now, e);
    if (rc != 0)
        return rc;
    s->state = (struct store_state){.known = true, .committed = *now};
    return store_state_write(s->state_file.s, &s->pin, &s->identity.state, &s->state, e);
}

int store_commit(struct store *s, struct err *e)
{
    OWN(making_release) struct making m = {0};
    struct ledger_record record;
    struct ledger_position before, now;
    int rc = store_writable(s, e);
    if (rc != 0 || (s->draft.count == 0 && s->draft.repaired_count == 0))
        return rc;
    s->failed = true; /* until everything below has succeeded */
    ledger_where(s->ledger, &before);
    rc = make_record(s, &m, &record, e);
    record.at = before.bytes;
    record.number = before.records;
    if (rc == 0)
        rc = ledger_prepare(s->ledger, &record, &now, e);
    if (rc == 0) {
        s->state.has_pending = true;
        s->state.pending = now.last;
        rc = store_state_write(s->state_file.s, &s->pin, &s->identity.state, &s->state, e);
    }
    if (rc == 0)
        rc = ledger_commit(s->ledger, e);
    if (rc != 0)
        return rc;
    struct err later = {0};
    if (after_commit(s, &m, &record, &now, &later) != 0) {
        struct err line = {0};
        (void)err_set(&line, ERR_IO,
                      "it is committed; what is derived from it is brought up to date at the next opening "
                      "(%s)",
                      later.text);
        store_tell(s, line.text);
    } else
        s->failed = false;
    audited_logged(s, &m);
    store_draft_release(&s->draft);
    return 0;
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
