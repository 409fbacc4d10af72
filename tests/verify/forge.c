#include "forge.h"

#include "base/file.h"
#include "model/checkpoint.h"
#include "model/cosigning.h"
#include "model/opening.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>

#include <cmocka.h>

static const char TAGS[] = "tagmanifest-sha256.txt", PAYLOAD[] = "manifest-sha256.txt";

void forge_key(const char *name, uint8_t seed, struct key *ret_seed, struct note_key *ret)
{
    uint8_t public_key[CRYPT_PUBLIC];
    *ret_seed = (struct key){{seed}};
    crypt_sign_public(ret_seed, public_key);
    assert_int_equal(note_key_make(name, public_key, ret, NULL), 0);
}

void forge_begin(struct forge *f)
{
    struct key unused;
    uint8_t public_key[CRYPT_PUBLIC];
    *f = (struct forge){.leaves = 0};
    forge_key("forge.example/m/00000001", 1, &f->member_seed, &f->member);
    forge_key("forge.example", 2, &f->log_seed, &f->log);
    forge_key("forge.example/m/00000003", 3, &f->other_seed, &f->other);
    forge_key("friend.example", 4, &unused, &f->cosigner);
    crypt_sign_public(&unused, public_key);
    assert_int_equal(note_cosigner_make("friend.example", public_key, &f->cosigner, NULL), 0);
    f->seal_seed = &f->member_seed;
    f->seal_key = &f->member;
    crypt_random(f->place.investigation, STATEMENT_ID);
}

void forge_release(struct forge *f)
{
    for (size_t i = 0; i < f->leaves; i++) {
        buf_drop(&f->leaf[i].note);
        buf_drop(&f->leaf[i].values);
    }
    for (size_t i = 0; i < f->files; i++)
        buf_drop(&f->file[i].content);
    for (size_t i = 0; i < COUNT(f->seal); i++)
        buf_drop(&f->seal[i]);
    buf_drop(&f->policy);
}

static void commitment(const struct forge_leaf *l, struct hash *ret)
{
    memcpy(ret->b, l->entry + 1, CRYPT_HASH);
}

size_t forge_add(struct forge *f, struct statement *s, const struct note_key *key, const struct key *seed)
{
    OWN(buf_drop) struct buf text = {0};
    assert_true(f->leaves < FORGE_LEAVES);
    struct forge_leaf *l = &f->leaf[f->leaves];
    bool hidden = statement_kind_hidden(s->kind), placed = hidden && s->kind != STATEMENT_RECEIVED;
    crypt_random(l->secret.b, CRYPT_KEY);
    buf_clear(&l->note);
    buf_clear(&l->values);
    if (placed)
        s->place = f->place;
    if (history_is_event(s->kind))
        statement_event(s)->prev = f->event;
    struct err e = {0};
    if (statement_make(s, hidden ? &l->secret : NULL, &text, hidden ? &l->values : NULL, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(statement_finish(s->kind, buf_bytes(&text), key, seed, &l->note, NULL), 0);
    if (hidden)
        leaf_entry_hidden(&l->secret, buf_bytes(&l->note), l->entry);
    else
        leaf_entry_public(buf_bytes(&l->note), l->entry);
    if (placed) {
        f->place.seq++;
        commitment(l, &f->place.prev);
    }
    if (history_is_event(s->kind) || s->kind == STATEMENT_FOUNDED)
        commitment(l, &f->event);
    return f->leaves++;
}

static void add_items(struct forge *f)
{
    struct statement s = {.kind = STATEMENT_RECEIVED, .received = {.deposit = FORGE_DEPOSIT, .mode = 0644}};
    s.received.path = bytes_text("a.txt");
    s.received.bytes = 3;
    crypt_sha256(bytes_text("one"), &s.received.sha256);
    (void)forge_add(f, &s, NULL, NULL);
    s.received = (struct statement_received){.deposit = FORGE_DEPOSIT, .seq = 1, .type = STATEMENT_FOLDER, .mode = 0755,
                                             .path = bytes_text("\xed\x8f\xb4\xeb\x8d\x94")};
    (void)forge_add(f, &s, NULL, NULL);
    s.received = (struct statement_received){.deposit = FORGE_DEPOSIT, .seq = 2, .path = bytes_text("held back"),
                                             .bytes = 3};
    (void)forge_add(f, &s, NULL, NULL);
    s.received = (struct statement_received){.deposit = FORGE_DEPOSIT, .seq = 3, .path = bytes_text("b\xff"),
                                             .further_name = true, .of = FORGE_FILE};
    (void)forge_add(f, &s, NULL, NULL);
}

void forge_log(struct forge *f)
{
    char vkey[NOTE_VKEY_MAX];
    struct statement s = {.kind = STATEMENT_FOUNDED,
                          .founded = {.origin = "forge.example", .log = f->log, .member = f->member, .format = 1,
                                      .pack_sectors = 64, .sector_bytes = 16384,
                                      .administrators = f->administrators}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    note_key_text(&f->log, vkey);
    buf_printf(&f->policy, "log %s\n", vkey);
    note_key_text(&f->cosigner, vkey);
    buf_printf(&f->policy, "witness friend %s\nquorum none\n", vkey);
    s = (struct statement){.kind = STATEMENT_COSIGNERS,
                           .cosigners = {.event = {.number = 1}, .policy = buf_text(&f->policy)}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    s = (struct statement){.kind = STATEMENT_INVESTIGATION, .investigation = {.name = "main"}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    s = (struct statement){.kind = STATEMENT_DEPOSIT, .deposit = {.giver = "a giver"}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    add_items(f);
    s = (struct statement){.kind = STATEMENT_PART, .part = {.deposit = FORGE_DEPOSIT}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    s = (struct statement){.kind = STATEMENT_RECEIPT,
                           .receipt = {.deposit = FORGE_DEPOSIT, .number = 1, .parts = 1}};
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    s = (struct statement){.kind = STATEMENT_COVER,
                           .cover = {.deposit = FORGE_DEPOSIT, .first = FORGE_FILE, .count = 4}};
    struct hash hashes[4];
    for (size_t i = 0; i < COUNT(hashes); i++)
        crypt_leaf_hash(bytes_of(f->leaf[FORGE_FILE + i].entry, LEAF_ENTRY), &hashes[i]);
    tree_root(hashes, COUNT(hashes), &s.cover.root);
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    f->sealed_at = f->leaves;
}

/* ---- the tree ---- */

static int subtree(void *context, unsigned level, uint64_t index, struct hash *ret, struct err *e)
{
    const struct forge *f = context;
    struct hash left, right;
    if (level == 0) {
        crypt_leaf_hash(bytes_of(f->leaf[index].entry, LEAF_ENTRY), ret);
        return 0;
    }
    (void)subtree(context, level - 1, 2 * index, &left, e);
    (void)subtree(context, level - 1, 2 * index + 1, &right, e);
    crypt_node_hash(&left, &right, ret);
    return 0;
}

static void root_at(struct forge *f, size_t leaves, struct hash *ret)
{
    const struct tree_reader r = {subtree, f};
    struct tree_edge edge;
    assert_int_equal(tree_edge_read(leaves, &r, &edge, NULL), 0);
    tree_edge_root(&edge, ret);
}

void forge_checkpoint(struct forge *f, size_t leaves, const struct note_key *key, const struct key *seed,
                      struct buf *to)
{
    struct checkpoint c = {.size = leaves};
    OWN(buf_drop) struct buf text = {0};
    memcpy(c.origin, f->log.name, sizeof c.origin);
    root_at(f, leaves, &c.root);
    checkpoint_text(&c, &text);
    buf_clear(to);
    assert_int_equal(note_sign(buf_bytes(&text), key, seed, to, NULL), 0);
    if (f->more_line != NULL && leaves == f->sealed_at)
        buf_put_text(to, f->more_line);
}

static void prove_at(struct forge *f, size_t leaf, size_t leaves, struct buf *to)
{
    const struct tree_reader r = {subtree, f};
    OWN(buf_drop) struct buf note = {0};
    struct tree_proof p;
    forge_checkpoint(f, leaves, &f->log, &f->log_seed, &note);
    assert_int_equal(tree_prove_inclusion(leaf, leaves, &r, &p, NULL), 0);
    buf_clear(to);
    proof_text(leaf, &p, buf_bytes(&note), to);
}

/* ---- files ---- */

struct buf *forge_file(struct forge *f, const char *path)
{
    for (size_t i = 0; i < f->files; i++)
        if (strcmp(f->file[i].path, path) == 0)
            return &f->file[i].content;
    assert_true(f->files < FORGE_FILES && strlen(path) < FORGE_PATH);
    struct forge_file *new = &f->file[f->files++];
    *new = (struct forge_file){.content = {0}};
    memcpy(new->path, path, strlen(path) + 1);
    return &new->content;
}

void forge_drop(struct forge *f, const char *path)
{
    for (size_t i = 0; i < f->files; i++)
        if (strcmp(f->file[i].path, path) == 0) {
            buf_drop(&f->file[i].content);
            f->file[i] = f->file[--f->files];
            return;
        }
    fail_msg("%s is not there", path);
}

void forge_set(struct forge *f, const char *path, const char *text)
{
    struct buf *content = forge_file(f, path);
    buf_clear(content);
    buf_put_text(content, text);
}

void forge_prove(struct forge *f, const char *path, size_t leaf)
{
    prove_at(f, leaf, f->sealed_at, forge_file(f, path));
}

void forge_open(struct forge *f, const char *path, size_t leaf)
{
    const struct forge_leaf *l = &f->leaf[leaf];
    struct buf *to = forge_file(f, path);
    buf_clear(to);
    assert_int_equal(opening_make(leaf, &l->secret, buf_bytes(&l->note), buf_bytes(&l->values), to, NULL), 0);
}

void forge_statement(struct forge *f, const char *name, size_t leaf)
{
    char path[FORGE_PATH];
    snprintf(path, sizeof path, "%s.statement", name);
    forge_set(f, path, buf_text(&f->leaf[leaf].note));
    snprintf(path, sizeof path, "%s.tlog-proof", name);
    forge_prove(f, path, leaf);
}

static void put_opening(struct forge *f, const char *name, size_t leaf)
{
    char path[FORGE_PATH];
    snprintf(path, sizeof path, "%s.opening", name);
    forge_open(f, path, leaf);
    snprintf(path, sizeof path, "%s.tlog-proof", name);
    forge_prove(f, path, leaf);
}

static void put_gaps(struct forge *f)
{
    struct buf *to = forge_file(f, "proof/gaps.csv");
    buf_clear(to);
    buf_printf(to, "%s%d,", VERIFY_GAPS_HEAD, FORGE_HELD);
    buf_put_hex(to, bytes_of(f->leaf[FORGE_HELD].entry + 1, CRYPT_HASH));
    buf_put_text(to, ",WITHHELD\n");
}

/* The rows by hand: nothing of the code that checks them. */
static void put_index(struct forge *f)
{
    char hex[2 * CRYPT_HASH + 1];
    struct hash one;
    struct buf *to = forge_file(f, "data/index.csv");
    crypt_sha256(bytes_text("one"), &one);
    hex_put(hex, one.b, CRYPT_HASH);
    buf_clear(to);
    buf_put_text(to, "number,leaf,receipt,type,of,file,bytes,sha256,mode,mtime,mtime_ns,name_base64,name\n");
    buf_printf(to, "1,4,1,file,,data/items/000001.txt,3,%s,420,0,0,YS50eHQ=,\"a.txt\"\n", hex);
    buf_put_text(to, "2,5,1,folder,,,,,493,0,0,7Y+0642U,\"\xed\x8f\xb4\xeb\x8d\x94\"\n");
    buf_put_text(to, "3,7,1,name,4,,,,,,,Yv8=,\"b\\xff\"\n");
}

static void seal_fill(struct forge *f)
{
    f->deposit = (struct statement_sealed_deposit){.deposit = FORGE_DEPOSIT, .count = 4};
    commitment(&f->leaf[FORGE_NAME], &f->deposit.head);
    f->sealed = (struct statement_sealed){.leaves = f->sealed_at, .deposits = &f->deposit, .deposit_count = 1,
                                          .events = 1, .event = f->event, .items = 3, .withheld = 1};
    root_at(f, f->sealed_at, &f->sealed.root);
}

void forge_fill(struct forge *f)
{
    static const char *const companions[] = {"README.txt", "bag-info.txt", "bagit.txt", "verify.sh"};
    for (size_t i = 0; i < COUNT(companions); i++)
        forge_set(f, companions[i], "words\n");
    forge_statement(f, "proof/keys/000000", FORGE_FOUNDED);
    forge_statement(f, "proof/keys/000001", FORGE_COSIGNERS);
    forge_statement(f, "proof/covers/000001", FORGE_COVER);
    put_opening(f, "proof/receipts/000001", FORGE_RECEIPT);
    put_opening(f, "proof/items/000001", FORGE_FILE);
    put_opening(f, "proof/items/000002", FORGE_FOLDER);
    put_opening(f, "proof/items/000003", FORGE_NAME);
    forge_set(f, "proof/policy.txt", buf_text(&f->policy));
    forge_checkpoint(f, f->sealed_at, &f->log, &f->log_seed, forge_file(f, "proof/checkpoint"));
    put_index(f);
    put_gaps(f);
    forge_set(f, "data/items/000001.txt", "one");
    seal_fill(f);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct forge_file *)a)->path, ((const struct forge_file *)b)->path);
}

static void manifest(struct forge *f, const char *name, bool payload)
{
    struct buf text = {0};
    (void)forge_file(f, name);
    qsort(f->file, f->files, sizeof f->file[0], by_path);
    for (size_t i = 0; i < f->files; i++) {
        struct hash h;
        bool inside = strncmp(f->file[i].path, "data/", 5) == 0;
        if (inside != payload || strcmp(f->file[i].path, TAGS) == 0)
            continue;
        crypt_sha256(buf_bytes(&f->file[i].content), &h);
        buf_put_hex(&text, bytes_of(h.b, CRYPT_HASH));
        buf_printf(&text, "  %s\n", f->file[i].path);
    }
    struct buf *to = forge_file(f, name);
    buf_drop(to);
    *to = text;
}

void forge_manifests(struct forge *f)
{
    const struct tree_reader r = {subtree, f};
    struct cosigning_request q = {.old_size = f->sealed_at};
    OWN(buf_drop) struct buf note = {0};
    manifest(f, PAYLOAD, true);
    manifest(f, TAGS, false);
    crypt_sha256(buf_bytes(forge_file(f, TAGS)), &f->sealed.tagmanifest);
    struct statement s = {.kind = STATEMENT_SEALED, .at_unix_s = 7, .sealed = f->sealed};
    size_t leaf = forge_add(f, &s, f->seal_key, f->seal_seed);
    const struct forge_leaf *l = &f->leaf[leaf];
    buf_clear(&f->seal[0]);
    assert_int_equal(opening_make(leaf, &l->secret, buf_bytes(&l->note), buf_bytes(&l->values), &f->seal[0], NULL), 0);
    prove_at(f, leaf, f->leaves, &f->seal[1]);
    forge_checkpoint(f, f->leaves, &f->log, &f->log_seed, &note);
    assert_int_equal(tree_prove_consistency(f->sealed_at, f->leaves, &r, &q.proof, NULL), 0);
    q.note = buf_bytes(&note);
    buf_clear(&f->seal[2]);
    cosigning_request_text(&q, &f->seal[2]);
}

static void write_file(const char *path, struct bytes content)
{
    struct err e = {0};
    if (file_replace(path, content, 0644, &e) != 0)
        fail_msg("%s", e.text);
}

void forge_write(const struct forge *f, const char *folder)
{
    static const char *const endings[] = {".seal.note", ".seal.tlog-proof", ".seal.consistency"};
    struct file_path path;
    for (size_t i = 0; i < f->files; i++) {
        assert_int_equal(file_path(&path, NULL, "%s/%s", folder, f->file[i].path), 0);
        char *slash = strrchr(path.s, '/');
        *slash = 0;
        assert_int_equal(file_make_folders(path.s, NULL), 0);
        *slash = '/';
        write_file(path.s, buf_bytes(&f->file[i].content));
    }
    for (size_t i = 0; i < COUNT(endings); i++) {
        assert_int_equal(file_path(&path, NULL, "%s%s", folder, endings[i]), 0);
        write_file(path.s, buf_bytes(&f->seal[i]));
    }
}
