/* The key file: what is saved comes back by its passphrase and by nothing else. */
#include "fixture.h"

#include <sys/stat.h>

static const char PASSPHRASE[] = "four words are enough";

/* A member's key file in the fixture's folder. */
static void path_of(const struct fixture *f, const char *name, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "%s/%s", f->root.s, name), 0);
}

static int save(const struct fixture *f, const char *name, const char *passphrase, bool replace, struct err *e)
{
    struct file_path path;
    path_of(f, name, &path);
    *e = (struct err){0};
    return keyring_identity_save(path.s, &f->id, bytes_text(passphrase), replace, e);
}

static void same_holding(const struct keyring_holding *a, const struct keyring_holding *b)
{
    assert_memory_equal(a->compartment, b->compartment, KEYRING_ID);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        assert_true(a->seeds[i].epoch == b->seeds[i].epoch);
        assert_memory_equal(&a->seeds[i].seed, &b->seeds[i].seed, CRYPT_KEY);
    }
}

static int load(const struct fixture *f, const char *name, const char *passphrase, struct err *e)
{
    static const struct keyring_identity nothing;
    struct keyring_identity id;
    struct file_path path;
    path_of(f, name, &path);
    *e = (struct err){0};
    memset(&id, 0xa5, sizeof id);
    int rc = keyring_identity_load(path.s, bytes_text(passphrase), &id, e);
    if (rc == 0) {
        assert_string_equal(id.origin, f->id.origin);
        assert_memory_equal(&id.sign, &f->id.sign, sizeof id.sign);
        assert_memory_equal(&id.box, &f->id.box, sizeof id.box);
        assert_memory_equal(&id.state, &f->id.state, sizeof id.state);
        assert_int_equal(id.holding_count, f->id.holding_count);
        for (size_t i = 0; i < id.holding_count; i++)
            same_holding(&id.holdings[i], &f->id.holdings[i]);
        assert_string_equal(id.member.name, f->id.member.name);
        assert_memory_equal(id.member.public_key, f->id.member.public_key, CRYPT_PUBLIC);
        assert_memory_equal(id.member.id, f->id.member.id, 4);
        assert_true(hash_equal(&id.pin, &f->id.pin) && hash_equal(&id.checkpoint_root, &f->id.checkpoint_root));
        assert_true(id.checkpoint_size == f->id.checkpoint_size);
    } else {
        assert_memory_equal(&id, &nothing, sizeof id); /* nothing of it is handed out */
        assert_non_null(strstr(e->text, path.s));
        fixture_no_secret_in(f, e->text);
        assert_true(passphrase[0] == 0 || strstr(e->text, passphrase) == NULL);
    }
    keyring_identity_drop(&id);
    return rc;
}

static void get(const struct fixture *f, const char *name, struct buf *to)
{
    struct file_path path;
    path_of(f, name, &path);
    buf_clear(to);
    assert_int_equal(file_read_all(path.s, 1 << 20, to, NULL), 0);
}

static void put(const struct fixture *f, const char *name, struct bytes content)
{
    struct file_path path;
    path_of(f, name, &path);
    assert_int_equal(file_replace(path.s, content, 0600, NULL), 0);
}

static void made(void **state)
{
    struct fixture *f = *state;
    struct err e = {0};
    const struct keyring_identity *id = &f->id;
    assert_memory_equal(id->member.name, "example.org/m/", 14);
    assert_int_equal(strlen(id->member.name), 14 + 8);
    uint8_t public_key[CRYPT_PUBLIC], box[CRYPT_PUBLIC], receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    crypt_sign_public(&id->sign, public_key);
    assert_memory_equal(public_key, id->member.public_key, CRYPT_PUBLIC);
    assert_true(id->holdings[0].seeds[0].epoch == 1 && id->holdings[0].seeds[1].epoch == 2);
    keyring_identity_public(id, box, receiving);
    crypt_box_public(&id->box, public_key);
    assert_memory_equal(public_key, box, CRYPT_PUBLIC);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        crypt_box_public(&id->holdings[0].seeds[i].seed, public_key);
        assert_memory_equal(public_key, receiving[i], CRYPT_PUBLIC);
    }
    /* Every secret is its own. */
    const uint8_t *const secrets[] = {id->sign.b, id->box.b, id->state.b, id->holdings[0].seeds[0].seed.b,
                                      id->holdings[0].seeds[1].seed.b};
    for (size_t a = 0; a < COUNT(secrets); a++)
        for (size_t b = 0; b < a; b++)
            assert_memory_not_equal(secrets[a], secrets[b], CRYPT_KEY);
    struct keyring_identity bad = {0};
    char longest[NOTE_NAME_MAX + 1];
    memset(longest, 'o', sizeof longest);
    longest[NOTE_NAME_MAX - 11] = 0;
    assert_int_equal(keyring_identity_make(longest, &bad, &e), 0);
    assert_string_equal(bad.origin, longest);
    longest[NOTE_NAME_MAX - 11] = 'o';
    longest[NOTE_NAME_MAX - 10] = 0;
    assert_int_equal(keyring_identity_make(longest, &bad, &e), ERR_USAGE);
    assert_int_equal(keyring_identity_make("two words", &bad, &e), ERR_USAGE);
    keyring_identity_drop(&bad);
}

static void saved_and_loaded(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct file_path path;
    struct stat st;
    f->id.checkpoint_size = 77;
    crypt_random(f->id.checkpoint_root.b, CRYPT_HASH);
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    path_of(f, "key", &path);
    assert_int_equal(stat(path.s, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(load(f, "key", PASSPHRASE, &e), 0);
    assert_int_equal(load(f, "key", "four words are enougH", &e), ERR_KEY);
    assert_int_equal(load(f, "key", "", &e), ERR_KEY);

    struct note_key member;
    struct hash pin;
    assert_int_equal(keyring_identity_peek(path.s, &member, &pin, &e), 0);
    assert_string_equal(member.name, f->id.member.name);
    assert_true(hash_equal(&pin, &f->id.pin));

    /* No secret lies in the clear, in whatever form. */
    OWN(buf_drop) struct buf content = {0};
    get(f, "key", &content);
    fixture_no_secret_in(f, buf_text(&content));
    assert_null(strstr(buf_text(&content), PASSPHRASE));
}

static void replacing(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    get(f, "key", &before);
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "is there already"));
    get(f, "key", &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    assert_int_equal(save(f, "key", "another passphrase", true, &e), 0);
    get(f, "key", &after);
    assert_false(bytes_equal(buf_bytes(&before), buf_bytes(&after))); /* a fresh salt at the least */
    assert_int_equal(load(f, "key", "another passphrase", &e), 0);
    assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_KEY);
    /* A failure leaves what was there. */
    get(f, "key", &before);
    assert_int_equal(save(f, "key", "short", true, &e), ERR_REFUSED);
    get(f, "key", &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
    assert_int_equal(save(f, "no folder/key", PASSPHRASE, false, &e), ERR_IO);
}

static void passphrases(void **state)
{
    struct fixture *f = *state;
    struct err e;
    char longest[KEYRING_PASSPHRASE_MAX + 2];
    memset(longest, 'p', sizeof longest);
    longest[KEYRING_PASSPHRASE_MAX + 1] = 0;
    static const char *const too_short[] = {
        "", "1234567", "\xEA\xB0\x80\xEB\x82\x98\xEB\x8B\xA4\xEB\x9D\xBC\xEB\xA7\x88\xEB\xB0\x94\xEC\x82\xAC", /* 7 */
        /* Four syllables in parts are ten characters to a machine and four to a person. */
        "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8\xE1\x84\x82\xE1\x85\xA1\xE1\x86\xAB\xE1\x84\x83\xE1\x85\xA1\xE1\x84\x85"
        "\xE1\x85\xA1"};
    for (size_t i = 0; i < COUNT(too_short); i++) {
        assert_int_equal(save(f, "key", too_short[i], false, &e), ERR_REFUSED);
        assert_non_null(strstr(e.text, "shorter than 8 characters"));
    }
    assert_int_equal(save(f, "key", longest, false, &e), ERR_REFUSED);
    assert_non_null(strstr(e.text, "longer than 1024 bytes"));
    longest[KEYRING_PASSPHRASE_MAX] = 0;
    assert_int_equal(save(f, "key", longest, true, &e), 0);
    assert_int_equal(load(f, "key", longest, &e), 0);
    assert_int_equal(save(f, "key", "12345678", true, &e), 0);
    assert_int_equal(load(f, "key", "12345678", &e), 0);
    assert_int_equal(save(f, "key", "\xff\xfe 12345678", true, &e), 0); /* no text at all */
    assert_int_equal(load(f, "key", "\xff\xfe 12345678", &e), 0);

    /* Composed or in parts: the same passphrase. */
    static const char composed[] = "\xEA\xB0\x81\xEA\xB0\x81\xEA\xB0\x81\xEA\xB0\x81"
                                   "\xEA\xB0\x81\xEA\xB0\x81\xEA\xB0\x81\xEA\xB0\x81";
    OWN(buf_drop) struct buf parts = {0};
    for (int i = 0; i < 8; i++)
        buf_put_text(&parts, "\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8");
    assert_int_equal(save(f, "key", composed, true, &e), 0);
    assert_int_equal(load(f, "key", buf_text(&parts), &e), 0);
}

static void absent_and_no_key_file(void **state)
{
    struct fixture *f = *state;
    struct err e;
    struct note_key member;
    struct hash pin;
    struct file_path path;
    assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_ABSENT);
    path_of(f, "key", &path);
    assert_int_equal(keyring_identity_peek(path.s, &member, &pin, &e), ERR_ABSENT);
    static const struct {
        const char *content;
        int rc;
    } cases[] = {
        {"", ERR_KEY},
        {"-----BEGIN OPENSSH PRIVATE KEY-----\n", ERR_KEY},
        {"groundwork/key/v1", ERR_KEY},
        {"groundwork/key/v1\n", ERR_DAMAGED},
        {"groundwork/key/v2\nwhatever\n", ERR_NEWER},
        {"groundwork/key/v10\nwhatever\n", ERR_NEWER},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        put(f, "key", bytes_text(cases[i].content));
        assert_int_equal(load(f, "key", PASSPHRASE, &e), cases[i].rc);
        assert_int_equal(keyring_identity_peek(path.s, &member, &pin, &e), cases[i].rc);
    }
    OWN(buf_drop) struct buf huge = {0};
    memset(buf_more(&huge, 65537), 'x', 65537);
    put(f, "key", buf_bytes(&huge));
    assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_DAMAGED);
}

/* Each byte in the clear, several ways; of the sealed line, which costs a passphrase each, some. */
static void damaged_byte(struct fixture *f, struct buf *content, size_t at, uint8_t changed)
{
    struct err e;
    struct note_key member;
    struct hash pin;
    struct file_path path;
    uint8_t was = content->p[at];
    content->p[at] = changed;
    put(f, "key", buf_bytes(content));
    content->p[at] = was;
    path_of(f, "key", &path);
    /* Only where the form is still good the passphrase is tried at all. */
    if (keyring_identity_peek(path.s, &member, &pin, &e) != 0)
        assert_true(e.code == ERR_DAMAGED || e.code == ERR_NEWER || e.code == ERR_KEY);
    else if (at % 61 == 0) {
        int rc = load(f, "key", PASSPHRASE, &e);
        assert_true(rc == ERR_KEY || rc == ERR_DAMAGED);
    }
}

static void every_damaged_byte(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf content = {0};
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    get(f, "key", &content);
    for (size_t i = 0; i < content.n; i++) {
        damaged_byte(f, &content, i, content.p[i] ^ 1);
        damaged_byte(f, &content, i, '\n');
        damaged_byte(f, &content, i, 0x80);
    }
    for (size_t n = 0; n < content.n; n++) {
        put(f, "key", bytes_of(content.p, n));
        assert_int_equal(load(f, "key", PASSPHRASE, &e), n < strlen("groundwork/key/v1\n") ? ERR_KEY : ERR_DAMAGED);
    }
    buf_put_u8(&content, '\n');
    put(f, "key", buf_bytes(&content));
    assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_DAMAGED);
    content.n--;
    put(f, "key", buf_bytes(&content));
    assert_int_equal(load(f, "key", PASSPHRASE, &e), 0);
}

/* The clear lines are bound to the sealed one: another pin or member does not open. */
static void clear_lines_are_bound(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf content = {0};
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    get(f, "key", &content);
    char *pin = strstr(buf_text(&content), "\npin ") + 5;
    *pin = *pin == '0' ? '1' : '0';
    put(f, "key", buf_bytes(&content));
    assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_KEY);
}

/* What the file asks of the machine is bounded before it is done. */
static void bounds_of_argon2(void **state)
{
    struct fixture *f = *state;
    struct err e;
    OWN(buf_drop) struct buf content = {0};
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    get(f, "key", &content);
    static const char *const asked[] = {"0 65536", "17 65536", "3 1048577", "3 8191", "4294967296 65536",
                                        "3 4294967296", "03 65536", "-3 65536", "3  65536", "3 65536 "};
    const char *kdf = strstr(buf_text(&content), "argon2id ") + 9, *salt = strchr(strchr(kdf, ' ') + 1, ' ');
    for (size_t i = 0; i < COUNT(asked); i++) {
        OWN(buf_drop) struct buf changed = {0};
        buf_put(&changed, content.p, (size_t)(kdf - (char *)content.p));
        buf_put_text(&changed, asked[i]);
        buf_put_text(&changed, salt);
        put(f, "key", buf_bytes(&changed));
        assert_int_equal(load(f, "key", PASSPHRASE, &e), ERR_DAMAGED);
    }
}

/* ---- what a holder of the passphrase might seal beside the format ---- */

/* Open the body by hand, change it, seal it again. */
static int load_with_body(struct fixture *f, void (*change)(struct buf *body), struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    OWN(buf_drop) struct buf sealed = {0};
    OWN(buf_drop) struct buf body = {0};
    OWN(buf_drop) struct buf forged = {0};
    uint8_t salt[16];
    struct key key;
    get(f, "key", &content);
    const char *text = buf_text(&content), *last = strstr(text, "sealed ") + 7, *kdf = strstr(text, "65536 ") + 6;
    struct bytes clear = bytes_of(text, (size_t)(last - 7 - text));
    assert_int_equal(hex_get(bytes_of(kdf, 32), salt, 16), 0);
    assert_int_equal(crypt_passphrase(bytes_text(PASSPHRASE), salt, 3, 65536, &key, NULL), 0);
    assert_int_equal(base64_get(bytes_of(last, strlen(last) - 1), &sealed), 0);
    assert_int_equal(crypt_open(&key, 0, clear, buf_bytes(&sealed), buf_more(&body, sealed.n)), 0);
    body.n = sealed.n - CRYPT_TAG;
    change(&body);
    buf_clear(&sealed);
    crypt_seal(&key, 0, clear, buf_bytes(&body), buf_more(&sealed, body.n + CRYPT_TAG));
    buf_put_bytes(&forged, clear);
    buf_put_text(&forged, "sealed ");
    buf_put_base64(&forged, buf_bytes(&sealed));
    buf_put_u8(&forged, '\n');
    put(f, "key", buf_bytes(&forged));
    int rc = load(f, "key", PASSPHRASE, e);
    put(f, "key", buf_bytes(&content));
    return rc;
}

static void body_unchanged(struct buf *body)
{
    (void)body;
}
static void body_newer(struct buf *body)
{
    body->p[0]++;
}
static void body_cut(struct buf *body)
{
    body->n--;
}
static void body_empty(struct buf *body)
{
    body->n = 0;
}
static void body_longer(struct buf *body)
{
    buf_put_u8(body, 0);
}
static void body_long_origin(struct buf *body)
{
    u16_put(body->p + 1, 256);
}
static void body_zero_in_origin(struct buf *body)
{
    body->p[5] = 0;
}
static void body_other_signer(struct buf *body)
{
    body->p[3 + strlen("example.org")] ^= 1;
}

/* Where the count of holdings stands; the holdings follow. */
enum { HOLDINGS_AT = 1 + 2 + 11 + 3 * CRYPT_KEY, SEEDS_AT = HOLDINGS_AT + 1 + KEYRING_ID };
static void body_of_one(struct buf *body) /* as it was written before there were several */
{
    assert_int_equal(body->p[HOLDINGS_AT], 1);
    assert_int_equal(body->p[SEEDS_AT], KEYRING_EPOCHS);
    body->p[0] = 1;
    memmove(body->p + SEEDS_AT, body->p + SEEDS_AT + 1, body->n - SEEDS_AT - 1);
    memmove(body->p + HOLDINGS_AT, body->p + HOLDINGS_AT + 1, body->n - HOLDINGS_AT - 2);
    body->n -= 2;
}
static void body_of_none(struct buf *body)
{
    body->p[HOLDINGS_AT] = 0;
}
static void body_too_many(struct buf *body)
{
    body->p[HOLDINGS_AT] = KEYRING_HOLDINGS_MAX + 1;
}
static void body_no_seeds(struct buf *body)
{
    body->p[SEEDS_AT] = 0;
}
static void body_too_many_seeds(struct buf *body)
{
    body->p[SEEDS_AT] = KEYRING_SEEDS_MAX + 1;
}
static void body_same_epoch(struct buf *body)
{
    memcpy(body->p + SEEDS_AT + 1 + 8 + CRYPT_KEY, body->p + SEEDS_AT + 1, 8);
}
static void body_same_compartment(struct buf *body)
{
    memcpy(body->p + body->n - 40 - KEYRING_SEEDS_MAX * 40 - 1 - KEYRING_ID, body->p + HOLDINGS_AT + 1, KEYRING_ID);
}

static void holding_add(struct keyring_identity *id, size_t seeds)
{
    struct keyring_holding *h = &id->holdings[id->holding_count++];
    crypt_random(h->compartment, KEYRING_ID);
    for (h->count = 0; h->count < seeds; h->count++) {
        h->seeds[h->count].epoch = 3 * h->count + 2;
        crypt_random(h->seeds[h->count].seed.b, CRYPT_KEY);
    }
}

static void holdings(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    assert_int_equal(load_with_body(f, body_of_one, &e), 0);
    assert_int_equal(load_with_body(f, body_of_none, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_too_many, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_no_seeds, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_too_many_seeds, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_same_epoch, &e), ERR_DAMAGED);
    while (f->id.holding_count < KEYRING_HOLDINGS_MAX)
        holding_add(&f->id, f->id.holding_count % KEYRING_SEEDS_MAX + 1);
    assert_int_equal(f->id.holdings[KEYRING_HOLDINGS_MAX - 1].count, KEYRING_SEEDS_MAX);
    assert_int_equal(save(f, "key", PASSPHRASE, true, &e), 0);
    assert_int_equal(load_with_body(f, body_unchanged, &e), 0);
    assert_int_equal(load_with_body(f, body_too_many, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_same_compartment, &e), ERR_DAMAGED);
}

/* Of the compartment's own, else of those of her joining; never none. */
static void seed_that_receives(void **state)
{
    struct fixture *f = *state;
    uint8_t other[KEYRING_ID];
    crypt_random(other, KEYRING_ID);
    holding_add(&f->id, 3);
    const struct keyring_holding *first = &f->id.holdings[0], *own = &f->id.holdings[1];
    static const struct {
        uint64_t epoch;
        size_t first, own;
    } cases[] = {{0, 0, 0}, {1, 0, 0}, {2, 1, 0}, {4, 1, 0}, {5, 1, 1}, {7, 1, 1}, {8, 1, 2}, {UINT64_MAX, 1, 2}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const uint64_t epoch = cases[i].epoch;
        const struct key *seed = &first->seeds[cases[i].first].seed;
        assert_ptr_equal(keyring_identity_seed(&f->id, first->compartment, epoch), seed);
        assert_ptr_equal(keyring_identity_seed(&f->id, other, epoch), seed);
        assert_ptr_equal(keyring_identity_seed(&f->id, own->compartment, epoch), &own->seeds[cases[i].own].seed);
    }
}

static void bodies(void **state)
{
    struct fixture *f = *state;
    struct err e;
    assert_int_equal(save(f, "key", PASSPHRASE, false, &e), 0);
    assert_int_equal(load_with_body(f, body_unchanged, &e), 0);
    assert_int_equal(load_with_body(f, body_newer, &e), ERR_NEWER);
    assert_non_null(strstr(e.text, "newer groundwork"));
    assert_int_equal(load_with_body(f, body_cut, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_empty, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_longer, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_long_origin, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_zero_in_origin, &e), ERR_DAMAGED);
    assert_int_equal(load_with_body(f, body_other_signer, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "signing key is not the member's"));
}

/* For another process of the same person: all of it, and nothing that was cut, lengthened or changed. */
static void put_and_got(void **state)
{
    struct fixture *f = *state;
    struct keyring_identity got;
    struct err e;
    OWN(buf_wipe) struct buf put = {0}, again = {0};
    keyring_identity_put(&f->id, &put);
    assert_int_equal(keyring_identity_get(buf_bytes(&put), &got, &e), 0);
    keyring_identity_put(&got, &again);
    assert_true(bytes_equal(buf_bytes(&put), buf_bytes(&again)));
    for (size_t n = 0; n < put.n; n++)
        assert_true(keyring_identity_get(bytes_of(put.p, n), &got, NULL) != 0);
    buf_put_u8(&put, 0);
    assert_int_equal(keyring_identity_get(buf_bytes(&put), &got, NULL), ERR_DAMAGED);
    put.n--;
    f->id.sign.b[0] ^= 1;
    buf_clear(&again);
    keyring_identity_put(&f->id, &again);
    assert_int_equal(keyring_identity_get(buf_bytes(&again), &got, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "signing key is not the member's"));
    static const struct keyring_identity nothing;
    assert_memory_equal(&got, &nothing, sizeof got);
}

/* What was cut off while it was written holds what is to be forgotten; other files' drafts are others' business. */
static void drafts_go(void **state)
{
    struct fixture *f = *state;
    static const char *const drafts[] = {".mine.key.0123456789abcdef.tmp", ".mine.key.0123456789abcde.tmp",
                                         ".other.key.0123456789abcdef.tmp"};
    struct file_path path;
    struct err e;
    assert_int_equal(save(f, "mine.key", PASSPHRASE, false, &e), 0);
    for (size_t i = 0; i < COUNT(drafts); i++) {
        path_of(f, drafts[i], &path);
        assert_int_equal(file_create(path.s, bytes_text("x"), 0600, &e), 0);
    }
    assert_int_equal(save(f, "mine.key", PASSPHRASE, true, &e), 0);
    for (size_t i = 0; i < COUNT(drafts); i++) {
        path_of(f, drafts[i], &path);
        assert_int_equal(file_exists(path.s), i > 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(made, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(saved_and_loaded, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(replacing, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(drafts_go, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(passphrases, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(absent_and_no_key_file, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(every_damaged_byte, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(clear_lines_are_bound, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(bounds_of_argon2, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(bodies, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(put_and_got, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(holdings, fixture_setup, fixture_teardown),
        cmocka_unit_test_setup_teardown(seed_that_receives, fixture_setup, fixture_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
