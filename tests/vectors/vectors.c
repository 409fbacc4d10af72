/*
 * The worked vectors of FORMAT.md section 8 as the rooms of this house compute them, one `name value` a line, for
 * vectors_test.py to hold against FORMAT.md and against a second reading of the format in Python.
 */
#include "base/json.h"
#include "keyring/keyring.h"
#include "model/checkpoint.h"
#include "model/leaf.h"
#include "model/statement.h"
#include "paper/paper.h"

#include <assert.h>
#include <stdio.h>

#define ORIGIN "centre.example/log"
enum { LEAF_NUMBER = 7, MANIFEST_RECORD = 12 };

static struct key key_from(uint8_t first)
{
    struct key k;
    for (size_t i = 0; i < CRYPT_KEY; i++)
        k.b[i] = (uint8_t)(first + i);
    return k;
}

static void must(int rc, const struct err *e)
{
    if (rc != 0) {
        fprintf(stderr, "%s\n", e->text);
        exit(1);
    }
}

static void show(const char *name, const void *p, size_t n)
{
    OWN(buf_drop) struct buf hex = {0};
    buf_put_hex(&hex, bytes_of(p, n));
    printf("%s %s\n", name, buf_text(&hex));
}

static void show_text(const char *name, struct bytes text)
{
    OWN(buf_drop) struct buf shown = {0};
    struct json_out j = {.to = &shown};
    json_string_bytes(&j, text);
    printf("%s %s\n", name, buf_text(&shown));
}

static void show_number(const char *name, size_t n)
{
    printf("%s %zu\n", name, n);
}

static void show_derived(const char *name, const struct key *key, const char *purpose, struct bytes context)
{
    OWN(key_drop) struct key derived = {0};
    crypt_derive(key, purpose, context, &derived);
    show(name, derived.b, CRYPT_KEY);
}

static void show_salted(const char *name, const struct key *key, const struct key *salt, const char *purpose)
{
    OWN(key_drop) struct key derived = {0};
    crypt_derive_salted(key, salt->b, purpose, &derived);
    show(name, derived.b, CRYPT_KEY);
}

/* A received statement: its digests stand in its text, its claims in ${values}. */
static void make_received(const struct key *secret, struct statement *ret, struct buf *note, struct buf *values)
{
    OWN(buf_drop) struct buf text = {0};
    struct err e = {0};
    *ret = (struct statement){.kind = STATEMENT_RECEIVED,
                              .received = {.deposit = 3, .type = STATEMENT_FILE, .mode = 0644, .mtime = {-1, 500},
                                           .path = bytes_text("papers/statement 1.txt"), .bytes = 3}};
    crypt_sha256(bytes_text("abc"), &ret->received.sha256);
    must(statement_make(ret, secret, &text, values, &e), &e);
    must(statement_finish(ret->kind, buf_bytes(&text), NULL, NULL, note, &e), &e);
}

/* The digest of each claim, computed from its JSON as it stands in ${values}. */
static void show_claims(const struct key *secret, struct bytes values)
{
    struct json *document = NULL;
    struct err e = {0};
    must(json_parse(values, &document, &e), &e);
    for (size_t i = 0; i < json_count(json_root(document)); i++) {
        const struct json_node *claim = json_at(json_root(document), i);
        OWN(buf_drop) struct buf json = {0};
        uint8_t salt[LEAF_CLAIM_SALT];
        char name[64];
        struct hash digest;
        bool written = json_write(claim, &json);
        assert(written);
        leaf_claim_salt(secret, json_text(json_at(claim, 0)), salt);
        leaf_claim_digest(salt, buf_bytes(&json), &digest);
        (void)snprintf(name, sizeof name, "claim.%s", json_text(json_at(claim, 0)));
        show(name, digest.b, CRYPT_HASH);
    }
    json_free(document);
}

static void show_leaf(uint8_t ret_entry[LEAF_ENTRY])
{
    const struct key secret = key_from(0), pin_bytes = key_from(64);
    OWN(buf_drop) struct buf note = {0}, values = {0}, sealed = {0}, fields = {0};
    OWN(key_drop) struct key manifest = {0};
    uint8_t salt[CRYPT_SALT], claim_salt[LEAF_CLAIM_SALT];
    struct hash pin, digest;
    memcpy(pin.b, pin_bytes.b, CRYPT_HASH);
    leaf_salt(&secret, salt);
    show("leaf.salt", salt, sizeof salt);
    show_derived("leaf.statement-key", &secret, "groundwork/statement-key/v1", bytes_of(NULL, 0));
    leaf_manifest_key(&secret, &manifest);
    show("leaf.manifest-key", manifest.b, CRYPT_KEY);
    leaf_claim_salt(&secret, "name", claim_salt);
    show("leaf.claim-salt.name", claim_salt, sizeof claim_salt);
    struct statement received;
    make_received(&secret, &received, &note, &values);
    show_claims(&secret, buf_bytes(&values));
    show_text("statement.received", buf_bytes(&note));
    leaf_entry_hidden(&secret, buf_bytes(&note), ret_entry);
    show("entry.hidden", ret_entry, LEAF_ENTRY);
    struct leaf_envelope envelope = {MANIFEST_RECORD, buf_bytes(&note), buf_bytes(&values)};
    int rc = leaf_seal(&secret, &pin, LEAF_NUMBER, &envelope, &sealed);
    assert(rc == 0);
    show_number("envelope.bytes", sealed.n);
    crypt_sha256(buf_bytes(&sealed), &digest);
    show("envelope.sha256", digest.b, CRYPT_HASH);
    bool compact = statement_compact(&received, buf_bytes(&values), &fields);
    assert(compact);
    envelope = (struct leaf_envelope){.manifest_record = MANIFEST_RECORD, .fields = buf_bytes(&fields)};
    buf_clear(&sealed);
    rc = leaf_seal(&secret, &pin, LEAF_NUMBER, &envelope, &sealed);
    assert(rc == 0);
    show_number("envelope.fields.bytes", sealed.n);
    crypt_sha256(buf_bytes(&sealed), &digest);
    show("envelope.fields.sha256", digest.b, CRYPT_HASH);
}

static void show_tree(const uint8_t entries[3][LEAF_ENTRY], struct hash *ret_root)
{
    struct hash hashes[3], pin, sibling;
    for (size_t i = 0; i < 3; i++)
        crypt_leaf_hash(bytes_of(entries[i], LEAF_ENTRY), &hashes[i]);
    crypt_sha256(bytes_of(entries[0], LEAF_ENTRY), &pin);
    show("pin", pin.b, CRYPT_HASH);
    show("tree.leaf-hash.0", hashes[0].b, CRYPT_HASH);
    for (size_t n = 0; n <= 3; n++) {
        char name[32];
        tree_root(hashes, n, ret_root);
        (void)snprintf(name, sizeof name, "tree.root.%zu", n);
        show(name, ret_root->b, CRYPT_HASH);
    }
    /* The path of leaf 1 in a tree of three, as the prover gives it, checked before it is shown. */
    struct tree_proof path = {.hash = {hashes[0], hashes[2]}, .count = 2};
    bool leads = tree_check_inclusion(&hashes[1], 1, 3, &path, ret_root);
    assert(leads);
    sibling = path.hash[0];
    show("tree.path.1.0", sibling.b, CRYPT_HASH);
    sibling = path.hash[1];
    show("tree.path.1.1", sibling.b, CRYPT_HASH);
}

static void show_log(const uint8_t hidden[LEAF_ENTRY])
{
    const struct key seed = key_from(32);
    OWN(buf_drop) struct buf text = {0}, signed_note = {0}, note = {0};
    struct err e = {0};
    struct note_key log;
    uint8_t public_key[CRYPT_PUBLIC], entries[3][LEAF_ENTRY], signature[CRYPT_SIGNATURE];
    char vkey[NOTE_VKEY_MAX];
    crypt_sign_public(&seed, public_key);
    show("note.public", public_key, sizeof public_key);
    must(note_key_make(ORIGIN, public_key, &log, &e), &e);
    show("note.key-id", log.id, sizeof log.id);
    note_key_text(&log, vkey);
    show_text("note.vkey", bytes_text(vkey));

    struct statement s = {.kind = STATEMENT_KEYRING, .at_unix_s = 1500000000};
    must(statement_make(&s, NULL, &text, NULL, &e), &e);
    must(statement_finish(s.kind, buf_bytes(&text), &log, &seed, &signed_note, &e), &e);
    leaf_entry_public(buf_bytes(&signed_note), entries[0]);
    show("entry.public", entries[0], LEAF_ENTRY);
    memcpy(entries[1], hidden, LEAF_ENTRY);
    leaf_entry_public(bytes_text("abc"), entries[2]);

    struct checkpoint c = {.origin = ORIGIN, .size = 3};
    show_tree((const uint8_t(*)[LEAF_ENTRY])entries, &c.root);
    must(checkpoint_sign(&c, &log, &seed, &note, &e), &e);
    show_text("checkpoint", buf_bytes(&note));
    struct hash digest;
    crypt_sha256(bytes_text("abc"), &digest);
    must(crypt_sign(&seed, "groundwork/journal/v1", bytes_of(digest.b, CRYPT_HASH), signature, &e), &e);
    show("signature.journal", signature, sizeof signature);
}

static void show_keys(void)
{
    static const size_t lengths[] = {1,    64,   65,   512,    513,     1000,   1024,
                                     1025, 2048, 2049, 5000, 100000, 1 << 20, (1 << 20) + 1};
    const struct key key = key_from(96), salt = key_from(128);
    OWN(key_drop) struct key run = {0};
    const uint8_t first = 0, last = 252;
    show_salted("key.table", &key, &salt, "groundwork/table/v1");
    show_salted("key.segment", &key, &salt, "groundwork/segment/v1");
    show_salted("key.run", &key, &salt, "groundwork/pack/v1");
    crypt_derive_salted(&key, salt.b, "groundwork/pack/v1", &run);
    show_derived("key.directory", &run, "groundwork/directory/v1", bytes_of(NULL, 0));
    show_derived("gear.0-3", &key, "groundwork/gear/v1", bytes_of(&first, 1));
    show_derived("gear.252-255", &key, "groundwork/gear/v1", bytes_of(&last, 1));
    show_derived("mac.state", &key, "groundwork/state/v1", bytes_text("groundwork/state/v1\n"));
    for (size_t i = 0; i < COUNT(lengths); i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "padded.%zu", lengths[i]);
        show_number(name, leaf_padded(lengths[i]));
    }
}

/* Sheet 1 of 3, of which 2 are needed, of the set 00..0f; its share is the key, which is the recovery secret too. */
static void show_sheet(void)
{
    const struct key secret = key_from(96), set = key_from(0);
    OWN(buf_drop) struct buf words = {0}, square = {0};
    uint8_t code[KEYRING_SHARE];
    struct keyring_share share = {.needed = 2, .count = 3, .index = 1, .share = secret};
    memcpy(share.set, set.b, KEYRING_ID);
    show_derived("recovery.sign", &secret, "groundwork/recovery-sign/v1", bytes_of(NULL, 0));
    show_derived("recovery.receiving", &secret, "groundwork/recovery-receiving/v1", bytes_of(NULL, 0));
    keyring_share_put(&share, code);
    show("share", code, sizeof code);
    for (int letters = PAPER_LATIN; letters <= PAPER_HANGUL; letters++) {
        buf_clear(&words);
        for (unsigned i = 0; i < PAPER_LINES; i++) {
            paper_line(i + 1, code + (size_t)i * PAPER_LINE, (enum paper_letters)letters, &words);
            buf_put_u8(&words, '\n');
        }
        show_text(letters == PAPER_LATIN ? "words.latin" : "words.hangul", buf_bytes(&words));
    }
    paper_code(PAPER_SHEET, code, &square);
    show_text("square", buf_bytes(&square));
}

int main(void)
{
    struct err e = {0};
    uint8_t hidden[LEAF_ENTRY];
    must(crypt_start(&e), &e);
    show_leaf(hidden);
    show_log(hidden);
    show_keys();
    show_sheet();
    return 0;
}
