/*
 * Hostile files of the keyring, most of them from a member who has the keys.  The first byte chooses:
 *
 *     0  the key file as it stands
 *     1  the body of a key file, sealed under the passphrase
 *     2  a table: 64 bytes of head, then the content, which is sealed and signed; its length is put into the head
 *     3  the same without the length
 *     4  a wrap, 5 the log key's box: head, then what is put into the box; signed
 *     6  a segment: head and blocks, the secrets of each in the clear, which are sealed
 *     7  a journal's secrets section, which is brought into the segments
 *
 * Held: what opens is what the writer would have written, byte for byte; a secret that is given out is the one that
 * was sealed; a block that was applied stands at the end of both copies, and is applied once.
 */
#include "base/file.h"
#include "fuzz.h"
#include "keyring/keyring_internal.h"

#include <stdio.h>
#include <sys/stat.h>

static struct file_path root;
static struct keyring_identity id;
static struct keyring *founded;
static struct key log_seed;
static char comp[2 * KEYRING_ID + 1], member_hex[9], log_name[16];
static const struct key stretched = {{3}};
static const uint8_t salt[CRYPT_SALT] = {1};

/* Stands before the library's own: Argon2id is meant to be slow, and none of it is what is tried here. */
int crypt_passphrase(struct bytes passphrase, const uint8_t with[16], uint32_t passes, uint32_t memory_kib,
                     struct key *ret, struct err *e)
{
    (void)passphrase;
    (void)with;
    (void)passes;
    (void)memory_kib;
    (void)e;
    *ret = stretched;
    return 0;
}

static void place(char copy, const char *name, struct file_path *to)
{
    must(file_path(to, NULL, "%s/%c/keys/%s", root.s, copy, name) == 0);
}

/* No file is durable here: nobody needs it after this run, and an fsync would take most of the time. */
static void put_at(const char *path, struct bytes content)
{
    FILE *out = fopen(path, "wb");
    must(out != NULL && fwrite(content.p, 1, content.n, out) == content.n && fclose(out) == 0);
}

static void put(char copy, const char *name, struct bytes content)
{
    struct file_path path;
    place(copy, name, &path);
    put_at(path.s, content);
}

static void get(char copy, const char *name, struct buf *to)
{
    struct file_path path;
    place(copy, name, &path);
    must(file_read_all(path.s, KEYRING_FILE_MAX, to, NULL) == 0);
}

static void put_away(const char *name)
{
    struct file_path path;
    for (int i = 0; i < COPIES; i++) {
        place(COPY_NAME(i), name, &path);
        (void)unlink(path.s);
    }
}

/* The name lives until the next one is asked for. */
static const char *name_of(const char *kind, uint64_t number, const char *behind)
{
    static char name[KEYRING_NAME_MAX];
    must(snprintf(name, sizeof name, "%s/%s-%llu%s%s", comp, kind, (unsigned long long)number,
                  behind[0] != 0 ? "-" : "", behind) > 0);
    return name;
}

static const char *table_name(uint64_t version)
{
    return name_of("table", version, "");
}

static const char *segment_name(uint64_t number)
{
    return name_of("segment", number, "");
}

static void remove_root(void)
{
    struct file_path path;
    keyring_close(founded);
    for (uint64_t i = 1; i <= 2; i++)
        put_away(table_name(i));
    put_away(segment_name(1));
    put_away(name_of("wrap", 1, member_hex));
    put_away(log_name);
    for (int i = 0; i < COPIES; i++)
        for (const char *const *name = (const char *const[]){comp, "log", "", NULL}; *name != NULL; name++) {
            place(COPY_NAME(i), *name, &path);
            (void)rmdir(path.s);
        }
    for (const char *const *name = (const char *const[]){"a", "b", "key", "", NULL}; *name != NULL; name++)
        if (file_path(&path, NULL, "%s/%s", root.s, *name) == 0)
            (void)remove(path.s);
}

/* A repository's keys, with one segment that holds the secrets of leaves 10 and 11. */
int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    OWN(buf_drop) struct buf blocks = {0};
    struct key secrets[2] = {{{21}}, {{22}}};
    must(crypt_start(NULL) == 0);
    must(keyring_identity_make("example.org/log", &id, NULL) == 0);
    memset(id.sign.b, 8, CRYPT_KEY); /* what stands in the corpus: member, compartment, pin */
    memset(id.holdings[0].compartment, 0xcc, KEYRING_ID);
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&id.sign, public_key);
    must(note_key_make("example.org/log/m/7f3a09c1", public_key, &id.member, NULL) == 0);
    keyring_comp_text(id.holdings[0].compartment, comp);
    hex_put(member_hex, id.member.id, 4);
    must(snprintf(log_name, sizeof log_name, "log/1-%s", member_hex) > 0);
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    must(file_path(&root, NULL, "%s/keyring-fuzz-XXXXXX", where) == 0 && mkdtemp(root.s) != NULL);
    must(keyring_found(root.s, &id, &log_seed, &founded, NULL) == 0);
    must(keyring_seal(founded, 10, secrets, COUNT(secrets), &blocks, NULL) == 0);
    must(keyring_committed(founded, buf_bytes(&blocks), NULL) == 0 && founded->version == 2);
    must(atexit(remove_root) == 0);
    return 0;
}

/* ---- the key file ---- */

static void key_path(struct file_path *to)
{
    must(file_path(to, NULL, "%s/key", root.s) == 0);
}

static bool same_identity(const struct keyring_identity *a, const struct keyring_identity *b)
{
    bool same = strcmp(a->origin, b->origin) == 0 && strcmp(a->member.name, b->member.name) == 0 &&
                memcmp(a->member.public_key, b->member.public_key, CRYPT_PUBLIC) == 0 &&
                memcmp(&a->sign, &b->sign, CRYPT_KEY) == 0 && memcmp(&a->box, &b->box, CRYPT_KEY) == 0 &&
                memcmp(&a->state, &b->state, CRYPT_KEY) == 0 &&
                a->holding_count == b->holding_count && hash_equal(&a->pin, &b->pin) &&
                a->checkpoint_size == b->checkpoint_size && hash_equal(&a->checkpoint_root, &b->checkpoint_root);
    for (size_t i = 0; same && i < a->holding_count; i++) {
        const struct keyring_holding *x = &a->holdings[i], *y = &b->holdings[i];
        same = memcmp(x->compartment, y->compartment, KEYRING_ID) == 0 && x->count == y->count;
        for (size_t k = 0; same && k < x->count; k++)
            same = x->seeds[k].epoch == y->seeds[k].epoch &&
                   memcmp(&x->seeds[k].seed, &y->seeds[k].seed, CRYPT_KEY) == 0;
    }
    return same;
}

/* The sealed body of a key file, opened. */
static void body_of(struct bytes file, struct buf *ret)
{
    OWN(buf_drop) struct buf sealed = {0};
    const uint8_t *line = memmem(file.p, file.n, "\nsealed ", 8);
    must(line != NULL);
    size_t clear = (size_t)(line + 1 - file.p), from = clear + strlen("sealed ");
    must(base64_get(bytes_of(file.p + from, file.n - from - 1), &sealed) == 0);
    uint8_t *p = buf_more(ret, sealed.n);
    must(p != NULL && crypt_open(&stretched, 0, bytes_of(file.p, clear), buf_bytes(&sealed), p) == 0);
    ret->n = sealed.n - CRYPT_TAG;
}

static void key_file(struct bytes content)
{
    struct file_path path;
    struct note_key member;
    struct hash pin;
    struct keyring_identity read, again;
    key_path(&path);
    put_at(path.s, content);
    int rc = keyring_identity_peek(path.s, &member, &pin, NULL);
    if (keyring_identity_load(path.s, bytes_text("a passphrase"), &read, NULL) != 0)
        return;
    must(rc == 0 && strcmp(member.name, read.member.name) == 0 && hash_equal(&pin, &read.pin));
    must(keyring_identity_save(path.s, &read, bytes_text("a passphrase"), true, NULL) == 0);
    must(keyring_identity_load(path.s, bytes_text("a passphrase"), &again, NULL) == 0);
    must(same_identity(&read, &again));
    OWN(buf_drop) struct buf saved = {0};
    OWN(buf_drop) struct buf body = {0};
    OWN(buf_drop) struct buf body_again = {0};
    must(file_read_all(path.s, KEYRING_FILE_MAX, &saved, NULL) == 0);
    body_of(content, &body);
    body_of(buf_bytes(&saved), &body_again);
    if (body.p[0] == 2) /* one of version 1 is written anew as 2 */
        must(bytes_equal(buf_bytes(&body), buf_bytes(&body_again)));
}

static void key_file_body(struct bytes body)
{
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf sealed = {0};
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&id.member, vkey);
    buf_printf(&text, "groundwork/key/v1\nmember %s\npin ", vkey);
    buf_put_hex(&text, bytes_of(id.pin.b, CRYPT_HASH));
    buf_put_text(&text, "\nkdf argon2id 3 65536 00000000000000000000000000000000\n");
    uint8_t *p = buf_more(&sealed, body.n + CRYPT_TAG);
    must(p != NULL);
    crypt_seal(&stretched, 0, buf_bytes(&text), body, p);
    buf_put_text(&text, "sealed ");
    buf_put_base64(&text, buf_bytes(&sealed));
    buf_put_text(&text, "\n");
    key_file(buf_bytes(&text));
}

/* ---- table and boxes ---- */

static void with_pin(const uint8_t *head, uint8_t to[CRYPT_HASH + HEAD_BYTES])
{
    memcpy(to, id.pin.b, CRYPT_HASH);
    memcpy(to + CRYPT_HASH, head, HEAD_BYTES);
}

static void table_key(const uint8_t *with, struct key *ret)
{
    crypt_derive_salted(&founded->epoch_key, with, "groundwork/table/v1", ret);
}

/* What the writer makes of the table that was read: the next version, opened again. */
static void written_again(struct keyring *k, struct bytes content)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(buf_drop) struct buf opened = {0};
    uint8_t aad[CRYPT_HASH + HEAD_BYTES];
    struct key key;
    must(keyring_table_write(k, NULL) == 0);
    get('a', table_name(k->version), &file);
    put_away(table_name(k->version));
    struct bytes sealed = bytes_of(file.p + HEAD_BYTES + CRYPT_SALT,
                                   file.n - HEAD_BYTES - CRYPT_SALT - SIGNED_TAIL);
    table_key(file.p + HEAD_BYTES, &key);
    with_pin(file.p, aad);
    uint8_t *p = buf_more(&opened, sealed.n);
    must(p != NULL && crypt_open(&key, 0, bytes_of(aad, sizeof aad), sealed, p) == 0);
    must(bytes_equal(bytes_of(opened.p, sealed.n - CRYPT_TAG), content));
}

static void ask(struct keyring *k)
{
    struct key secret;
    const uint64_t some[] = {0, 10, 11, UINT64_MAX - 1, UINT64_MAX};
    for (size_t i = 0; i < COUNT(some); i++)
        (void)keyring_secret(k, some[i], &secret, NULL);
    for (size_t i = 0; i < k->segment_count && i < 8; i++)
        (void)keyring_secret(k, k->segments[i].first_leaf, &secret, NULL);
}

/* Bytes of ${file} from the head on, signed, in the place of the file that the keyring looks for. */
static struct keyring *opened_with(const char *name, struct buf *file)
{
    OWN(buf_drop) struct buf good = {0};
    struct keyring *k = NULL;
    get('b', name, &good);
    must(keyring_signed_finish(file, &id.member, &id.sign, NULL) == 0);
    put('a', name, buf_bytes(file));
    put('b', name, bytes_of("", 0));
    (void)keyring_open(root.s, &id, UINT64_MAX, &k, NULL);
    put('a', name, buf_bytes(&good));
    put('b', name, buf_bytes(&good));
    return k;
}

/* What must be understood of it is what is in it. */
static uint32_t features(const struct keyring *k)
{
    uint32_t sum = (k->turn_count > 0 ? FEATURE_TURNS : 0u) | (k->called[0] != 0 ? FEATURE_CALLED : 0u);
    for (size_t i = 0; i < k->segment_count; i++)
        sum |= k->segments[i].rewritten > 0 ? FEATURE_REWRITTEN : 0u;
    return sum;
}

static void table(struct cursor *c, bool with_length)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(keyring_drop) struct keyring *k = NULL;
    uint8_t head[HEAD_BYTES], aad[CRYPT_HASH + HEAD_BYTES];
    struct key key;
    cursor_copy(c, head, HEAD_BYTES);
    if (c->failed)
        return;
    struct bytes content = cursor_rest(c);
    if (with_length)
        u32_put(head + 52, (uint32_t)content.n + CRYPT_TAG);
    with_pin(head, aad);
    table_key(salt, &key);
    buf_put(&file, head, HEAD_BYTES);
    buf_put(&file, salt, CRYPT_SALT);
    uint8_t *p = buf_more(&file, content.n + CRYPT_TAG);
    must(p != NULL);
    crypt_seal(&key, 0, bytes_of(aad, sizeof aad), content, p);
    put_away(table_name(1)); /* else it is opened in the place of one that is refused */
    k = opened_with(table_name(2), &file);
    if (k == NULL)
        return;
    ask(k);
    ask(k); /* what the first left behind is asked too */
    struct head expected = {.magic = "GWTABLE\n", .number = 2, .epoch = 1, .body = u32_get(head + 52),
                            .features = features(k)};
    uint8_t again[HEAD_BYTES];
    memcpy(expected.compartment, id.holdings[0].compartment, KEYRING_ID);
    keyring_head_write(&expected, again);
    must(memcmp(again, head, HEAD_BYTES) == 0);
    written_again(k, content);
}

static void box(struct cursor *c, bool wrap)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(keyring_drop) struct keyring *k = NULL;
    uint8_t head[HEAD_BYTES], context[CRYPT_HASH + HEAD_BYTES], again[HEAD_BYTES], receiver[CRYPT_PUBLIC];
    cursor_copy(c, head, HEAD_BYTES);
    if (c->failed)
        return;
    struct bytes plain = cursor_rest(c);
    if (bytes_equal(plain, bytes_text("the epoch key"))) /* drawn anew each time: the corpus cannot hold it */
        plain = bytes_of(founded->epoch_key.b, CRYPT_KEY);
    with_pin(head, context);
    crypt_box_public(wrap ? &id.holdings[0].seeds[0].seed : &id.box, receiver);
    buf_put(&file, head, HEAD_BYTES);
    must(crypt_box_seal(receiver, bytes_of(context, sizeof context), plain, &file) == 0);
    k = opened_with(wrap ? name_of("wrap", 1, member_hex) : log_name, &file);
    if (k == NULL)
        return;
    struct head expected = {.magic = wrap ? "GWWRAPS\n" : "GWLOGKY\n", .number = 1};
    expected.body = CRYPT_KEY + CRYPT_BOX_OVERHEAD;
    memcpy(expected.member, id.member.id, 4);
    if (wrap)
        memcpy(expected.compartment, id.holdings[0].compartment, KEYRING_ID);
    keyring_head_write(&expected, again);
    must(memcmp(again, head, HEAD_BYTES) == 0);
    must(bytes_equal(plain, bytes_of(wrap ? k->epoch_key.b : k->log_seed.b, CRYPT_KEY)));
}

/* ---- segments ---- */

/* Seal the secrets of each block in its place. */
static void blocks_seal(uint8_t *p, size_t n)
{
    struct key key;
    uint8_t aad[CRYPT_HASH + 16];
    memcpy(aad, id.pin.b, CRYPT_HASH);
    while (n >= BLOCK_HEAD + CRYPT_TAG) {
        uint32_t count = u32_get(p + 8);
        if (count > (n - BLOCK_HEAD - CRYPT_TAG) / CRYPT_KEY)
            return;
        size_t secrets = (size_t)count * CRYPT_KEY;
        crypt_derive_salted(&founded->segments[0].key, p + 16, "groundwork/segment/v1", &key);
        memcpy(aad + CRYPT_HASH, p, 16);
        crypt_seal(&key, 0, bytes_of(aad, sizeof aad), bytes_of(p + BLOCK_HEAD, secrets), p + BLOCK_HEAD);
        p += BLOCK_HEAD + secrets + CRYPT_TAG;
        n -= BLOCK_HEAD + secrets + CRYPT_TAG;
    }
}

/* The secret of ${leaf} in the first block that has it, as it was before it was sealed. */
static const uint8_t *sealed_secret(struct bytes plain, uint64_t leaf)
{
    const uint8_t *p = plain.p;
    for (size_t n = plain.n; n >= BLOCK_HEAD + CRYPT_TAG;) {
        uint64_t first = u64_get(p), count = u32_get(p + 8);
        if (count > (n - BLOCK_HEAD - CRYPT_TAG) / CRYPT_KEY)
            return NULL;
        if (leaf >= first && leaf - first < count)
            return p + BLOCK_HEAD + (leaf - first) * CRYPT_KEY;
        p += BLOCK_HEAD + count * CRYPT_KEY + CRYPT_TAG;
        n -= BLOCK_HEAD + count * CRYPT_KEY + CRYPT_TAG;
    }
    return NULL;
}

static void segment(struct bytes plain)
{
    OWN(keyring_drop) struct keyring *k = NULL;
    OWN(buf_drop) struct buf good = {0};
    OWN(buf_drop) struct buf file = {0};
    if (plain.n < HEAD_BYTES)
        return;
    buf_put_bytes(&file, plain);
    blocks_seal(file.p + HEAD_BYTES, file.n - HEAD_BYTES);
    get('a', segment_name(1), &good);
    put('a', segment_name(1), buf_bytes(&file));
    put('b', segment_name(1), bytes_of("", 0));
    must(keyring_open(root.s, &id, UINT64_MAX, &k, NULL) == 0);
    struct bytes behind = bytes_of(plain.p + HEAD_BYTES, plain.n - HEAD_BYTES);
    for (uint64_t leaf = 8; leaf < 16; leaf++) {
        struct key secret;
        if (keyring_secret(k, leaf, &secret, NULL) != 0)
            continue;
        const uint8_t *expected = sealed_secret(behind, leaf);
        must(expected != NULL && memcmp(secret.b, expected, CRYPT_KEY) == 0);
    }
    put('a', segment_name(1), buf_bytes(&good));
    put('b', segment_name(1), buf_bytes(&good));
}

static void applied(const struct keyring_block *b)
{
    OWN(buf_drop) struct buf once = {0};
    OWN(buf_drop) struct buf twice = {0};
    if (keyring_block_apply(root.s, b, NULL) != 0)
        return;
    get('a', b->segment, &once);
    must(once.n >= b->block.n && memmem(once.p, once.n, b->block.p, b->block.n) != NULL);
    must(keyring_block_apply(root.s, b, NULL) == 0);
    get('b', b->segment, &twice);
    must(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
}

static void section(struct cursor *c)
{
    OWN(buf_drop) struct buf good = {0};
    get('a', segment_name(1), &good);
    while (c->left > 0) {
        struct keyring_block b;
        const uint8_t *from = c->p;
        if (keyring_block_next(c, &b, NULL) != 0)
            break;
        must(c->p == b.block.p + b.block.n && b.block.p == from + BLOCK_PREFIX && b.count > 0);
        must(b.first_leaf == u64_get(b.block.p) && b.count == u32_get(b.block.p + 8));
        bool ours = memcmp(from, id.holdings[0].compartment, KEYRING_ID) == 0;
        if (!ours)
            continue;
        must(strcmp(b.segment, segment_name(u64_get(from + KEYRING_ID))) == 0);
        applied(&b);
        if (u64_get(from + KEYRING_ID) != 1)
            put_away(b.segment);
    }
    put('a', segment_name(1), buf_bytes(&good));
    put('b', segment_name(1), buf_bytes(&good));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cursor c = cursor_of(bytes_of(data, size));
    uint8_t what = cursor_u8(&c);
    switch (size == 0 ? UINT8_MAX : what) {
    case 0: key_file(cursor_rest(&c)); break;
    case 1: key_file_body(cursor_rest(&c)); break;
    case 2: table(&c, true); break;
    case 3: table(&c, false); break;
    case 4: box(&c, true); break;
    case 5: box(&c, false); break;
    case 6: segment(cursor_rest(&c)); break;
    case 7: section(&c); break;
    default: break;
    }
    return 0;
}
