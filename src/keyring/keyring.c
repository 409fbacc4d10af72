/* Opening, sealing leaf secrets into segments, and finding one again. */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <stdio.h>

static const char SEGMENT_PURPOSE[] = "groundwork/segment/v1";
enum { BLOCK_AAD = CRYPT_HASH + 16 };
#define ALL_LEAVES UINT64_MAX /* no leaf has this number */

void keyring_close(struct keyring *k)
{
    if (k == NULL)
        return;
    if (k->segments != NULL)
        crypt_wipe(k->segments, k->segment_room * sizeof *k->segments);
    free(k->segments);
    if (k->turns != NULL)
        crypt_wipe(k->turns, k->turn_count * sizeof *k->turns);
    free(k->turns);
    free(k->signers);
    free(k->changes);
    buf_drop(&k->held);
    buf_wipe(&k->opened);
    buf_drop(&k->behind);
    buf_drop(&k->elsewhere);
    crypt_secret_free(k);
}

void keyring_drop(struct keyring **k)
{
    keyring_close(*k);
}

int keyring_new(const struct keyring_place *place, const struct keyring_identity *id, struct keyring **ret,
                struct err *e)
{
    const struct keyring_trust own = {&id->member, 1, 1}, *trust = place->trust == NULL ? &own : place->trust;
    const char *root = place->root;
    OWN(keyring_drop) struct keyring *k = crypt_secret_new(sizeof *k);
    if (k == NULL)
        return err_memory(e);
    if (strlen(root) >= sizeof k->root)
        return err_set(e, ERR_IO, "the repository's path is too long: %s", root);
    k->signers = calloc(trust->count, sizeof *k->signers);
    if (k->signers == NULL)
        return err_memory(e);
    memcpy(k->signers, trust->signers, trust->count * sizeof *k->signers);
    k->signer_count = trust->count;
    k->log_number = trust->log_number;
    strcpy(k->root, root);
    k->pin = id->pin;
    k->member = id->member;
    k->reader = id->member;
    k->sign = id->sign;
    memcpy(k->compartment, place->compartment, KEYRING_ID);
    k->held_segment = UINT64_MAX;
    *ret = TAKE(k);
    return 0;
}

/*
 * By the newest epoch whose box and table belong together: an unfinished turn leaves a box, and perhaps a table, that
 * no commit names.
 */
int keyring_unlock(struct keyring *k, const struct keyring_identity *id, uint64_t table_max, struct err *e)
{
    struct keyring_box boxes[KEYRING_NUMBERS_MAX];
    size_t count = 0;
    struct err first = {0};
    int rc = keyring_boxes(k, &k->reader, boxes, &count, e);
    if (rc == 0 && count == 0)
        rc = err_set(e, ERR_KEY, "%s holds no key boxed for this key file: is it of another repository?", k->root);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < count; i++) {
        struct err mine = {0};
        rc = keyring_wrap_read(k, id, &boxes[i], &mine);
        if (rc == 0 && i == 0)
            rc = keyring_log_read(k, id, &mine);
        if (rc == 0)
            rc = keyring_table_read(k, table_max, &mine);
        if (i == 0)
            first = mine;
        if (rc == 0 || (rc != ERR_KEY && rc != ERR_DAMAGED && rc != ERR_ABSENT))
            break;
    }
    if (rc == 0)
        return k->log_known ? 0 : keyring_log_read(k, id, e);
    return err_set(e, first.code, "%s", first.text);
}

static struct keyring_place first_place(const char *root, const struct keyring_identity *id)
{
    struct keyring_place place = {.root = root};
    assert(id->holding_count > 0);
    memcpy(place.compartment, id->holdings[0].compartment, KEYRING_ID);
    return place;
}

/* The first epoch of a compartment, for whoever begins it. */
static int begin(struct keyring *k, uint64_t epoch, const struct keyring_reader *reader, struct err *e)
{
    k->epoch = epoch;
    crypt_random(k->epoch_key.b, CRYPT_KEY);
    crypt_random(k->index.b, CRYPT_KEY);
    crypt_random(k->pack.b, CRYPT_KEY);
    crypt_random(k->chunk.b, CRYPT_KEY);
    int rc = keyring_wrap_write(k, reader, e);
    return rc == 0 ? keyring_table_write(k, e) : rc;
}

int keyring_found(const char *root, const struct keyring_identity *id, const struct key *log_seed, struct keyring **ret,
                  struct err *e)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    const struct keyring_place place = first_place(root, id);
    int rc = keyring_new(&place, id, &k, e);
    if (rc != 0)
        return rc;
    uint8_t box[CRYPT_PUBLIC], receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    keyring_identity_public(id, box, receiving);
    k->log_seed = *log_seed;
    k->log_known = true;
    struct keyring_reader reader = {.key = k->reader, .reads = true, .writes = true};
    memcpy(reader.receiving, receiving[0], CRYPT_PUBLIC);
    memcpy(reader.box, box, CRYPT_PUBLIC);
    rc = begin(k, id->holdings[0].seeds[0].epoch, &reader, e);
    if (rc == 0)
        *ret = TAKE(k);
    return rc;
}

int keyring_found_beside(const struct keyring *k, const struct keyring_founding *founding, struct keyring **ret,
                         struct err *e)
{
    OWN(keyring_drop) struct keyring *fresh = NULL;
    const struct keyring_trust trust = {k->signers, k->signer_count, k->log_number};
    struct keyring_place place = {.root = k->root, .trust = &trust};
    struct keyring_identity id = {.member = k->member, .sign = k->sign, .pin = k->pin};
    struct keyring_reader reader = {.key = k->member, .reads = true};
    memcpy(place.compartment, founding->compartment, KEYRING_ID);
    memcpy(reader.receiving, founding->receiving, CRYPT_PUBLIC);
    reader.number = founding->number;
    int rc = keyring_new(&place, &id, &fresh, e);
    keyring_identity_drop(&id);
    if (rc != 0)
        return rc;
    assert(strlen(founding->name) <= KEYRING_CALLED_MAX);
    strcpy(fresh->called, founding->name);
    fresh->log_seed = k->log_seed;
    fresh->log_known = k->log_known;
    rc = begin(fresh, 1, &reader, e);
    if (rc == 0)
        *ret = TAKE(fresh);
    return rc;
}

int keyring_open(const char *root, const struct keyring_identity *id, uint64_t table_max, struct keyring **ret,
                 struct err *e)
{
    const struct keyring_place place = first_place(root, id);
    return keyring_open_among(&place, id, table_max, ret, e);
}

int keyring_open_among(const struct keyring_place *place, const struct keyring_identity *id, uint64_t table_max,
                       struct keyring **ret, struct err *e)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    int rc = keyring_new(place, id, &k, e);
    if (rc == 0)
        rc = keyring_unlock(k, id, table_max, e);
    if (rc == 0)
        *ret = TAKE(k);
    return rc == 0 ? 0 : err_add(e, rc, "keyring");
}

void keyring_key(const struct keyring *k, enum keyring_purpose purpose, struct key *ret)
{
    *ret = purpose == KEYRING_INDEX ? k->index : purpose == KEYRING_PACK ? k->pack : k->chunk;
}

bool keyring_outside(const struct keyring *k, enum keyring_outside what, size_t number, struct key *ret)
{
    if (number > k->turn_count)
        return false;
    const struct key *pack = number == k->turn_count ? &k->pack : &k->turns[k->turn_count - 1 - number].key;
    crypt_derive(pack, what == KEYRING_SPOOL ? "groundwork/spool/v1" : "groundwork/waiting/v1", bytes_of("", 0), ret);
    return true;
}

void keyring_turns(const struct keyring *k, const struct keyring_turn **ret, size_t *ret_count)
{
    *ret = k->turns;
    *ret_count = k->turn_count;
}

const struct key *keyring_log_seed(const struct keyring *k)
{
    return &k->log_seed;
}

void keyring_table(const struct keyring *k, uint64_t *ret_version, struct hash *ret_sha256)
{
    *ret_version = k->version;
    *ret_sha256 = k->table_sha256;
}

const char *keyring_called(const struct keyring *k)
{
    return k->called;
}

uint64_t keyring_epoch(const struct keyring *k)
{
    return k->epoch;
}

void keyring_changes(const struct keyring *k, const struct keyring_file **ret, size_t *ret_count)
{
    *ret = k->changes;
    *ret_count = k->change_count;
}

/* ---- segments ---- */

void keyring_segment_name(const uint8_t compartment[KEYRING_ID], uint64_t number, uint64_t rewritten,
                          char to[KEYRING_NAME_MAX])
{
    char comp[2 * KEYRING_ID + 1];
    keyring_comp_text(compartment, comp);
    int n = snprintf(to, KEYRING_NAME_MAX, "%s/segment-%llu", comp, (unsigned long long)number);
    if (rewritten > 0)
        snprintf(to + n, KEYRING_NAME_MAX - (size_t)n, "-%llu", (unsigned long long)rewritten);
}

static void block_aad(const struct hash *pin, const uint8_t *block, uint8_t to[BLOCK_AAD])
{
    memcpy(to, pin->b, CRYPT_HASH);
    memcpy(to + CRYPT_HASH, block, 16);
}

static size_t block_bytes(uint32_t count)
{
    return BLOCK_HEAD + (size_t)count * CRYPT_KEY + CRYPT_TAG;
}

/* One block out of a segment file or a journal section; its length follows from its count. */
static bool block_take(struct cursor *c, uint64_t *ret_first, uint32_t *ret_count, struct bytes *ret_block)
{
    struct cursor look = *c;
    *ret_first = cursor_u64(&look);
    *ret_count = cursor_u32(&look);
    uint32_t zero = cursor_u32(&look);
    if (look.failed || zero != 0 || *ret_count == 0 || *ret_count > KEYRING_SEGMENT_LEAVES ||
        *ret_first > UINT64_MAX - *ret_count) {
        c->failed = true;
        return false;
    }
    *ret_block = cursor_take(c, block_bytes(*ret_count));
    return !c->failed;
}

static int segment_each(struct keyring *k, const struct segment *s, uint64_t leaf, uint32_t *ret_total, struct err *e);

/* How many secrets the last segment holds already: from its file, which the last commit brought up to date. */
static int count_last(struct keyring *k, struct err *e)
{
    if (k->in_last_known)
        return 0;
    k->in_last = 0;
    if (k->segment_count > 0) {
        int rc = segment_each(k, &k->segments[k->segment_count - 1], ALL_LEAVES, &k->in_last, e);
        if (rc != 0 && rc != ERR_ABSENT) /* absent: its first block never came to be committed */
            return rc;
    }
    k->in_last_known = true;
    return 0;
}

int keyring_segment_begin(struct keyring *k, uint64_t first_leaf, struct err *e)
{
    if (k->segment_count == SEGMENTS_MAX)
        return err_set(e, ERR_REFUSED, "the compartment is full: no more than %d segments of keys", SEGMENTS_MAX);
    if (k->segment_count == k->segment_room) {
        size_t room = k->segment_room * 2 + 8;
        struct segment *grown = calloc(room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        if (k->segments != NULL) {
            memcpy(grown, k->segments, k->segment_count * sizeof *grown);
            crypt_wipe(k->segments, k->segment_room * sizeof *grown);
        }
        free(k->segments);
        k->segments = grown;
        k->segment_room = room;
    }
    assert(k->segment_count == 0 || first_leaf > k->segments[k->segment_count - 1].first_leaf);
    struct segment *s = &k->segments[k->segment_count];
    s->number = k->segment_count == 0 ? 1 : k->segments[k->segment_count - 1].number + 1;
    s->first_leaf = first_leaf;
    s->rewritten = 0;
    crypt_random(s->key.b, CRYPT_KEY);
    k->segment_count++;
    k->in_last = 0;
    k->in_last_known = true;
    return 0;
}

int keyring_block_put(const struct keyring *k, const struct segment *s, uint64_t first, const struct key *secrets,
                      uint32_t count, struct buf *to, struct err *e)
{
    uint8_t *p = buf_more(to, block_bytes(count));
    if (p == NULL)
        return err_memory(e);
    u64_put(p, first);
    u32_put(p + 8, count);
    u32_put(p + 12, 0);
    crypt_random(p + 16, CRYPT_SALT);
    OWN(key_drop) struct key key = {0};
    uint8_t aad[BLOCK_AAD];
    crypt_derive_salted(&s->key, p + 16, SEGMENT_PURPOSE, &key);
    block_aad(&k->pin, p, aad);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), bytes_of(secrets, (size_t)count * sizeof *secrets),
               p + BLOCK_HEAD);
    return 0;
}

static int block_put(struct keyring *k, uint64_t first, const struct key *secrets, uint32_t count, struct buf *to,
                     struct err *e)
{
    const struct segment *s = &k->segments[k->segment_count - 1];
    buf_put(to, k->compartment, KEYRING_ID);
    buf_put_u64(to, s->number);
    k->in_last += count;
    return keyring_block_put(k, s, first, secrets, count, to, e);
}

/* What was rewritten takes no further leaves: whatever of it a journal holds is dead then. */
static bool last_is_full(const struct keyring *k)
{
    return k->segment_count == 0 || k->in_last >= KEYRING_SEGMENT_LEAVES ||
           k->segments[k->segment_count - 1].rewritten > 0;
}

int keyring_seal(struct keyring *k, uint64_t first, const struct key *secrets, size_t count, struct buf *ret_blocks,
                 struct err *e)
{
    static_assert(sizeof(struct key) == CRYPT_KEY, "secrets lie back to back");
    int rc = count_last(k, e);
    size_t segments_before = k->segment_count;
    while (rc == 0 && count > 0) {
        if (last_is_full(k))
            rc = keyring_segment_begin(k, first, e);
        if (rc != 0)
            break;
        size_t room = KEYRING_SEGMENT_LEAVES - k->in_last, n = count < room ? count : room;
        rc = block_put(k, first, secrets, (uint32_t)n, ret_blocks, e);
        first += n;
        secrets += n;
        count -= n;
    }
    if (rc == 0 && k->segment_count != segments_before)
        rc = keyring_table_write(k, e);
    return rc;
}

int keyring_block_next(struct cursor *c, struct keyring_block *ret, struct err *e)
{
    struct head h = {.magic = "GWSEGMT\n"};
    cursor_copy(c, h.compartment, KEYRING_ID);
    h.number = cursor_u64(c);
    if (!block_take(c, &ret->first_leaf, &ret->count, &ret->block))
        return err_set(e, ERR_DAMAGED, "a block of leaf secrets has no known form");
    keyring_segment_name(h.compartment, h.number, 0, ret->segment);
    ret->number = h.number;
    keyring_head_write(&h, ret->header);
    ret->header_bytes = HEAD_BYTES;
    return 0;
}

static int remove_replaced(struct keyring *k, struct err *e)
{
    for (size_t i = 0; i < k->change_count; i++)
        for (int copy = 0; k->changes[i].removed && copy < COPIES; copy++) {
            struct file_path path;
            int rc = file_path(&path, e, "%s/%c/keys/%s", k->root, COPY_NAME(copy), k->changes[i].name);
            if (rc == 0)
                rc = file_remove(path.s, e);
            if (rc != 0)
                return rc;
        }
    k->change_count = 0;
    return 0;
}

/* Blocks of one segment, in their order. */
struct block_group {
    const struct keyring_block *block;
    size_t count;
};

/* How many of the blocks stand in the file already, from the first on; false: it is no beginning of what it must be. */
static bool blocks_there(struct bytes file, const struct block_group *g, size_t *ret_there)
{
    uint64_t first = 0;
    uint32_t count;
    struct bytes block;
    struct cursor c = cursor_of(file);
    struct bytes head = cursor_take(&c, HEAD_BYTES);
    size_t there = 0;
    bool good = !c.failed && bytes_equal(head, bytes_of(g->block[0].header, g->block[0].header_bytes));
    while (good && c.left > 0 && there < g->count) {
        good = block_take(&c, &first, &count, &block);
        if (good && bytes_equal(block, g->block[there].block))
            there++;
        else /* the journal's order is that of the leaves */
            good = good && there == 0 && first + count <= g->block[0].first_leaf;
    }
    *ret_there = there;
    return good;
}

/* Append to one copy of their segment those that do not stand there already. */
static int apply_copy(const char *root, char copy, const struct block_group *g, struct err *e)
{
    struct file_path path;
    struct err mine = {0};
    OWN(buf_drop) struct buf whole = {0};
    size_t there;
    int rc = file_path(&path, &mine, "%s/%c/keys/%s", root, copy, g->block[0].segment);
    if (rc == 0)
        rc = file_read_all(path.s, KEYRING_FILE_MAX, &whole, &mine);
    if (rc == ERR_IO && mine.number != 0 && !err_is_scarce(&mine)) /* the other copy has it */
        return err_set(e, ERR_DAMAGED, "%s: run groundwork repair", mine.text);
    if (rc == ERR_ABSENT) {
        buf_put(&whole, g->block[0].header, g->block[0].header_bytes);
        rc = buf_check(&whole, &mine);
    }
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (!blocks_there(buf_bytes(&whole), g, &there))
        return err_set(e, ERR_DAMAGED, "%s is damaged: run groundwork repair", path.s);
    if (there == g->count)
        return 0;
    for (size_t i = there; i < g->count; i++)
        buf_put_bytes(&whole, g->block[i].block);
    rc = buf_check(&whole, e);
    return rc != 0 ? rc : file_replace(path.s, buf_bytes(&whole), 0600, e);
}

static int group_apply(const char *root, const struct block_group *g, struct err *e)
{
    int first = 0;
    for (int i = 0; i < COPIES; i++) {
        struct file_path path;
        int rc = file_path(&path, first == 0 ? e : NULL, "%s/%c/keys/%s", root, COPY_NAME(i), g->block[0].segment);
        if (rc == 0) {
            *strrchr(path.s, '/') = 0;
            rc = file_make_folders(path.s, first == 0 ? e : NULL);
        }
        if (rc == 0)
            rc = apply_copy(root, COPY_NAME(i), g, first == 0 ? e : NULL);
        if (first == 0)
            first = rc;
        if (rc != 0 && rc != ERR_DAMAGED) /* after a failed sync nothing more is written */
            return first;
    }
    return first;
}

void keyring_forget_held(struct keyring *k)
{
    k->held_segment = UINT64_MAX;
    k->opened_count = 0;
}

/* Of which other compartments' tables tell, and the names of what lies there: nobody else writes meanwhile. */
static int is_dead_elsewhere(struct keyring *k, const char *segment, bool *ret, struct err *e)
{
    char line[KEYRING_NAME_MAX + 2];
    keyring_comp_text(k->compartment, line);
    *ret = false;
    if (strncmp(segment, line, (size_t)2 * KEYRING_ID) == 0)
        return 0;
    int rc = k->elsewhere_known ? 0 : keyring_rewritten_names(k->root, &k->elsewhere, e);
    k->elsewhere_known = rc == 0;
    int n = snprintf(line, sizeof line, "\n%s\n", segment);
    *ret = rc == 0 && k->elsewhere.n > 0 && memmem(k->elsewhere.p, k->elsewhere.n, line, (size_t)n) != NULL;
    return rc;
}

/* Of a segment that was rewritten since: its secrets are where they live on, and nothing comes back from here. */
static bool block_is_dead(const struct keyring *k, const struct keyring_block *b)
{
    char name[KEYRING_NAME_MAX];
    size_t low = 0, high = k->segment_count; /* the first segment whose number is not smaller */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->segments[middle].number < b->number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == k->segment_count || k->segments[low].number != b->number || k->segments[low].rewritten == 0)
        return false;
    keyring_segment_name(k->compartment, b->number, 0, name);
    return strcmp(name, b->segment) == 0;
}

int keyring_block_apply(const char *root, const struct keyring_block *block, struct err *e)
{
    const struct block_group g = {block, 1};
    return group_apply(root, &g, e);
}

/* As many blocks of one segment as follow each other; those of a file are written once. */
enum { GROUP_MAX = 64 };
static int group_next(struct cursor *c, struct keyring_block block[GROUP_MAX], size_t *ret_count, struct err *e)
{
    size_t count = 0;
    while (c->left > 0 && count < GROUP_MAX) {
        struct cursor look = *c;
        int rc = keyring_block_next(&look, &block[count], e);
        if (rc != 0)
            return rc;
        if (count > 0 && strcmp(block[count].segment, block[0].segment) != 0)
            break;
        *c = look;
        count++;
    }
    *ret_count = count;
    return 0;
}

static int blocks_apply(struct keyring *k, struct bytes blocks, struct err *e)
{
    struct cursor c = cursor_of(blocks);
    int first = 0;
    OWN(mem_drop) struct keyring_block *block = calloc(GROUP_MAX, sizeof *block);
    if (block == NULL)
        return err_memory(e);
    while (c.left > 0) {
        struct block_group g = {.block = block};
        struct err *mine = first == 0 ? e : NULL;
        int rc = group_next(&c, block, &g.count, mine);
        if (rc != 0)
            return first != 0 ? first : rc;
        bool dead = block_is_dead(k, &block[0]);
        if (!dead)
            rc = is_dead_elsewhere(k, block[0].segment, &dead, mine);
        if (rc == 0 && !dead)
            rc = group_apply(k->root, &g, mine);
        if (first == 0)
            first = rc;
        if (rc != 0 && rc != ERR_DAMAGED)
            return first;
    }
    return first;
}

int keyring_committed(struct keyring *k, struct bytes blocks, struct err *e)
{
    int rc = keyring_hold(k, blocks, e);
    if (rc != 0)
        return rc;
    keyring_forget_held(k);
    int first = blocks_apply(k, buf_bytes(&k->behind), e);
    if (first != 0 && first != ERR_DAMAGED)
        return first;
    buf_clear(&k->behind);
    rc = remove_replaced(k, first == 0 ? e : NULL);
    return first != 0 ? first : rc;
}

/* ---- one secret ---- */

static const struct segment *segment_of(const struct keyring *k, uint64_t leaf)
{
    size_t low = 0, high = k->segment_count; /* the last segment that begins at or before leaf */
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (k->segments[middle].first_leaf <= leaf)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 ? NULL : &k->segments[low - 1];
}

static int block_open(const struct keyring *k, const struct segment *s, struct bytes block, uint32_t count,
                      uint8_t *to)
{
    OWN(key_drop) struct key key = {0};
    uint8_t aad[BLOCK_AAD];
    crypt_derive_salted(&s->key, block.p + 16, SEGMENT_PURPOSE, &key);
    block_aad(&k->pin, block.p, aad);
    return crypt_open(&key, 0, bytes_of(aad, sizeof aad),
                      bytes_of(block.p + BLOCK_HEAD, (size_t)count * CRYPT_KEY + CRYPT_TAG), to);
}

/* One block decrypted into k->opened. */
static int block_hold(struct keyring *k, const struct segment *s, struct bytes block, uint64_t first, uint32_t count,
                      struct err *e)
{
    k->opened_count = 0;
    uint8_t *to = k->opened.room >= (size_t)count * CRYPT_KEY ? k->opened.p : NULL;
    if (to == NULL) {
        buf_wipe(&k->opened);
        to = buf_more(&k->opened, (size_t)KEYRING_SEGMENT_LEAVES * CRYPT_KEY);
    }
    if (to == NULL)
        return err_memory(e);
    if (block_open(k, s, block, count, to) != 0)
        return err_set(e, ERR_DAMAGED, "the secrets of leaves %llu to %llu do not open", (unsigned long long)first,
                       (unsigned long long)(first + count - 1));
    k->opened_first = first;
    k->opened_count = count;
    return 0;
}

/*
 * The block with ${leaf} decrypted into k->opened; with ALL_LEAVES every block is opened and counted.  Blocks ascend,
 * so that no leaf has two secrets of which the one last asked for decides.
 */
static int blocks_open(struct keyring *k, const struct segment *s, uint64_t leaf, uint32_t *ret_total, struct err *e)
{
    struct cursor c = cursor_of(bytes_of(k->held.p + HEAD_BYTES, k->held.n - HEAD_BYTES));
    uint64_t first, end = 0;
    uint32_t count;
    struct bytes block;
    *ret_total = 0;
    while (c.left > 0 && block_take(&c, &first, &count, &block)) {
        c.failed = first < end;
        if (c.failed)
            break;
        end = first + count;
        if (leaf != ALL_LEAVES && (leaf < first || leaf >= first + count))
            continue;
        int rc = block_hold(k, s, block, first, count, e);
        if (rc != 0)
            return rc;
        *ret_total += count;
        if (leaf != ALL_LEAVES)
            return 0;
    }
    if (c.failed)
        return err_set(e, ERR_DAMAGED, "its blocks have no known form");
    return leaf == ALL_LEAVES ? 0 : ERR_ABSENT;
}

/* Nothing signs a segment's head: it must be just what its name and the table say. */
static int segment_head_check(const struct keyring *k, const struct segment *s, struct err *e)
{
    struct head h = {.magic = "GWSEGMT\n", .number = s->number, .epoch = s->rewritten}, read;
    if (k->held.n < HEAD_BYTES)
        return err_set(e, ERR_DAMAGED, "it is too short");
    int rc = keyring_head_read(k->held.p, h.magic, &read, e);
    if (rc != 0)
        return rc;
    memcpy(h.compartment, k->compartment, KEYRING_ID);
    return keyring_head_is(k->held.p, &h) ? 0 : err_set(e, ERR_DAMAGED, "it is not the segment that its name says");
}

static int segment_try(struct keyring *k, const struct segment *s, int copy, uint64_t leaf, uint32_t *ret_total,
                       struct err *e)
{
    if (k->held_segment != s->number || k->held_copy != copy) {
        char name[KEYRING_NAME_MAX];
        struct file_path path;
        keyring_segment_name(k->compartment, s->number, s->rewritten, name);
        k->held_segment = UINT64_MAX;
        buf_clear(&k->held);
        int rc = file_path(&path, e, "%s/%c/keys/%s", k->root, COPY_NAME(copy), name);
        if (rc == 0)
            rc = file_read_all(path.s, KEYRING_FILE_MAX, &k->held, e);
        if (rc == 0)
            rc = segment_head_check(k, s, e);
        if (rc != 0)
            return rc;
        k->held_segment = s->number;
        k->held_copy = copy;
    }
    return blocks_open(k, s, leaf, ret_total, e);
}

/* From the copy at hand, else from the other: the good one answers. */
static int segment_each(struct keyring *k, const struct segment *s, uint64_t leaf, uint32_t *ret_total, struct err *e)
{
    unsigned long long number = s->number;
    int start = k->held_segment == s->number ? k->held_copy : 0;
    struct err line = {0}, again = {0};
    int rc = segment_try(k, s, start, leaf, ret_total, &line);
    if (rc == 0)
        return 0;
    int rc_again = segment_try(k, s, !start, leaf, ret_total, &again);
    if (rc_again == 0 || (rc == ERR_ABSENT && rc_again == ERR_ABSENT))
        return rc_again;
    if (rc == ERR_ABSENT || rc_again == ERR_ABSENT)
        return err_set(e, rc == ERR_ABSENT ? rc_again : rc, "segment %llu of the leaf secrets: %s", number,
                       rc == ERR_ABSENT ? again.text : line.text);
    return err_set(e, rc, "segment %llu of the leaf secrets is bad in both copies: %s; %s", number, line.text,
                   again.text);
}

int keyring_segment_each(struct keyring *k, const struct segment *s,
                         int (*each)(void *context, uint64_t first, uint32_t count, const struct key *secrets,
                                     struct err *e),
                         void *context, struct err *e)
{
    uint64_t first;
    uint32_t count;
    struct bytes block;
    int rc = segment_each(k, s, ALL_LEAVES, &count, e);
    if (rc != 0)
        return rc;
    struct cursor c = cursor_of(bytes_of(k->held.p + HEAD_BYTES, k->held.n - HEAD_BYTES));
    while (rc == 0 && c.left > 0 && block_take(&c, &first, &count, &block)) {
        rc = block_hold(k, s, block, first, count, e);
        if (rc == 0)
            rc = each(context, first, count, (const struct key *)(const void *)k->opened.p, e);
    }
    return rc;
}

int keyring_hold(struct keyring *k, struct bytes blocks, struct err *e)
{
    buf_put_bytes(&k->behind, blocks);
    return buf_check(&k->behind, e);
}

/* ERR_ABSENT: not in them. */
static int behind_open(struct keyring *k, const struct segment *s, uint64_t leaf, struct err *e)
{
    struct cursor c = cursor_of(buf_bytes(&k->behind));
    char name[KEYRING_NAME_MAX];
    keyring_segment_name(k->compartment, s->number, 0, name);
    while (c.left > 0 && s->rewritten == 0) {
        struct keyring_block b;
        int rc = keyring_block_next(&c, &b, e);
        if (rc != 0)
            return rc;
        if (strcmp(b.segment, name) == 0 && leaf >= b.first_leaf && leaf - b.first_leaf < b.count)
            return block_hold(k, s, b.block, b.first_leaf, b.count, e);
    }
    return ERR_ABSENT;
}

int keyring_secret(struct keyring *k, uint64_t leaf, struct key *ret, struct err *e)
{
    if (leaf < k->opened_first || leaf - k->opened_first >= k->opened_count) {
        const struct segment *s = leaf == ALL_LEAVES ? NULL : segment_of(k, leaf);
        uint32_t total;
        int rc = s == NULL ? ERR_ABSENT : behind_open(k, s, leaf, e);
        if (rc == ERR_ABSENT && s != NULL)
            rc = segment_each(k, s, leaf, &total, e);
        if (rc == ERR_ABSENT)
            return err_set(e, rc, "no segment holds the secret of leaf %llu", (unsigned long long)leaf);
        if (rc != 0)
            return rc;
    }
    memcpy(ret->b, k->opened.p + (leaf - k->opened_first) * CRYPT_KEY, CRYPT_KEY);
    return 0;
}
