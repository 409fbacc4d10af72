/* Packs that were found damaged: noted by whoever read them, until they are found whole or repaired. */
#include "rooms.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct thing large[] = {{"a.bin", 'r', 400000, 20}, {"b.bin", 'r', 500000, 21},
                                     {"c.bin", 'r', 300000, 22}};

/* Two packs, the first sealed. */
static void fill(struct fixture *f)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", large, COUNT(large), &f->e) != 0)
        fail_msg("%s", f->e.text);
    store_close(s);
    assert_int_equal(fixture_count(f, "vault/000", ""), 2);
}

/* Every item, as far as it can be had. */
static void read_all(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct vault_digest digest;
    struct key key;
    uint64_t record = 0;
    for (uint64_t leaf = 0; leaf < 16; leaf++)
        if (store_holder(s, leaf, &key, &record, &f->e) == 0)
            (void)vault_get(s->vault, &key, record, NULL, &digest, &f->e);
}

/* "0 7": what the file says. */
static const char *said(struct fixture *f)
{
    static char text[256];
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    OWN(store_noticed_release) struct store_noticed n = {0};
    if (store_noticed_read(s, &n, &f->e) != 0)
        fail_msg("%s", f->e.text);
    text[0] = 0;
    for (size_t i = 0; i < n.count; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), i == 0 ? "%llu" : " %llu",
                       (unsigned long long)n.packs[i]);
    return text;
}

/* Those of other compartments are not this one's affair; the lists are joined without repeating any. */
static void suspects(struct fixture *f, const uint64_t *want, size_t want_count)
{
    struct store *s = fixture_open(f, STORE_WRITE);
    const uint64_t *packs = NULL;
    size_t count = 0;
    if (store_suspects(s, &f->e) != 0)
        fail_msg("%s", f->e.text);
    vault_suspected(s->vault, &packs, &count);
    assert_int_equal(count, want_count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(packs[i], want[i]);
    store_close(s);
}

static void by_whoever_reads(void **state)
{
    struct fixture *f = *state;
    fill(f);
    assert_int_equal(fixture_audit(f, true), 0);
    assert_string_equal(said(f), "");
    fixture_flip(f, "vault/000/000000.pack", 100000);
    assert_int_equal(fixture_audit(f, false), ERR_DAMAGED);
    assert_string_equal(said(f), "0");
    fixture_flip(f, "vault/000/000000.pack", 100000); /* it is as it was */
    assert_int_equal(fixture_audit(f, false), 0);
    assert_string_equal(said(f), "0"); /* without keys nobody knows that it opens */
    assert_int_equal(fixture_audit(f, true), 0);
    assert_string_equal(said(f), "");
    fixture_flip(f, "vault/000/000000.pack", 100000);
    read_all(f);
    assert_string_equal(said(f), "0 18446744073709551615"); /* who reads an item does not know of all */
    suspects(f, (const uint64_t[]){0, 1}, 2);
    assert_int_equal(fixture_audit(f, false), ERR_DAMAGED);
    assert_string_equal(said(f), "0 18446744073709551615");
    assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
    assert_string_equal(said(f), "0");
    assert_int_equal(fixture_repair(f), 0);
    assert_string_equal(said(f), "");
}

static void in_any_order(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    struct store *s = fixture_open(f, STORE_READ);
    for (uint64_t i = 0; i < 6; i++)
        store_notice(s, i * 5 % 7);
    store_notice(s, 4);
    store_notice(s, 4);
    store_close(s);
    assert_string_equal(said(f), "0 1 3 4 5 6");
    /* A repair set one aside, marked one as lost, and found the others as they were logged. */
    assert_int_equal(file_path(&path, &f->e, "%s/quarantine", f->root.s), 0);
    assert_int_equal(file_make_folders(path.s, &f->e), 0);
    assert_int_equal(file_path(&path, &f->e, "%s/quarantine/000003.pack", f->root.s), 0);
    assert_int_equal(file_create(path.s, bytes_of(NULL, 0), 0600, &f->e), 0);
    assert_int_equal(vault_lost_mark(f->root.s, 5, true, &f->e), 0);
    s = fixture_open(f, STORE_READ);
    store_notice(s, STORE_NOTICED_MORE);
    store_notice_repaired(s);
    store_notice(s, 5); /* nothing further is known */
    store_close(s);
    assert_string_equal(said(f), "0 1 4 6");
    s = fixture_open(f, STORE_READ);
    store_notice(s, STORE_NOTICED_MORE);
    store_notice(s, s->span.end);
    store_notice(s, STORE_NOTICED_MORE - 1);
    store_notice_audited(s, false);
    store_close(s);
    assert_string_equal(said(f), "0 1 4 6 268435456 18446744073709551614");
    s = fixture_open(f, STORE_READ);
    store_notice_audited(s, true);
    store_close(s);
    assert_string_equal(said(f), "268435456 18446744073709551614");
}

/* A copy that is whole elsewhere says nothing of this one; where it lies, not by which name, is what counts. */
static void each_copy_by_itself(void **state)
{
    struct fixture *f = *state;
    struct file_path here, there, link;
    struct store *s = fixture_open(f, STORE_READ);
    char *root = s->root;
    assert_int_equal(store_noticed_path(s, &here, &f->e), 0);
    assert_int_equal(file_path(&link, &f->e, "%s/link", f->work.s), 0);
    assert_int_equal(symlink(root, link.s), 0);
    s->root = link.s;
    assert_int_equal(store_noticed_path(s, &there, &f->e), 0);
    assert_string_equal(there.s, here.s);
    s->root = f->work.s;
    assert_int_equal(store_noticed_path(s, &there, &f->e), 0);
    assert_string_not_equal(there.s, here.s);
    s->root = root;
    store_notice(s, 3);
    s->root = f->work.s;
    store_notice_audited(s, true);
    s->root = root;
    store_close(s);
    assert_string_equal(said(f), "3");
}

/* What an audit saw of one compartment says nothing about what else is damaged in another. */
static void each_compartment_by_itself(void **state)
{
    struct fixture *f = *state;
    uint8_t id[STATEMENT_ID];
    rooms_makes(f, id);
    rooms_takes_in(f, "first", 1500000, 1);
    rooms_as(f, &f->id, ROOMS_SECOND);
    rooms_takes_in(f, "second", 5000, 2);
    rooms_as(f, &f->id, NULL);
    fixture_flip(f, "vault/000/000000.pack", 100000);
    read_all(f);
    assert_string_equal(said(f), "0 18446744073709551615");
    rooms_as(f, &f->id, ROOMS_SECOND);
    suspects(f, NULL, 0);
    assert_int_equal(fixture_audit(f, true), 0);
    rooms_as(f, &f->id, NULL);
    assert_string_equal(said(f), "0 18446744073709551615");
    suspects(f, (const uint64_t[]){0, 1}, 2);
    struct store *s = fixture_open(f, STORE_CHECK);
    struct store_ages ages;
    assert_int_equal(store_audit_ages(s, &ages, &f->e), 0);
    assert_int_equal(ages.damaged, 1);
    store_notice(s, STORE_NOTICED_MORE - 1);
    assert_int_equal(store_audit_ages(s, &ages, &f->e), 0);
    assert_int_equal(ages.damaged, 1);
    store_close(s);
    assert_int_equal(fixture_audit(f, true), ERR_DAMAGED);
    assert_string_equal(said(f), "0 18446744073709551614");
    assert_int_equal(fixture_audit(f, false), ERR_DAMAGED); /* without keys: not of what does not open */
    assert_string_equal(said(f), "0 18446744073709551614");
}

struct beside {
    struct store *s;
    uint64_t first;
};

static void *notices(void *beside)
{
    struct beside *b = beside;
    for (uint64_t i = 0; i < 20; i++)
        store_notice(b->s, b->first + i);
    return NULL;
}

/* Several programs see damage at once: none of it is forgotten. */
static void beside_each_other(void **state)
{
    struct fixture *f = *state;
    struct beside b[4];
    pthread_t threads[COUNT(b)];
    for (size_t i = 0; i < COUNT(b); i++)
        b[i] = (struct beside){fixture_open(f, STORE_READ), 100 * i};
    for (size_t i = 0; i < COUNT(b); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, notices, &b[i]), 0);
    for (size_t i = 0; i < COUNT(b); i++)
        (void)pthread_join(threads[i], NULL);
    OWN(store_noticed_release) struct store_noticed n = {0};
    assert_int_equal(store_noticed_read(b[0].s, &n, &f->e), 0);
    assert_int_equal(n.count, 20 * COUNT(b));
    for (size_t i = 0; i < COUNT(b); i++)
        store_close(b[i].s);
}

/* A list that is full says that there are others. */
static void no_room_for_more(void **state)
{
    struct fixture *f = *state;
    enum { FULL = 65536 };
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    OWN(store_noticed_release) struct store_noticed n = {0}, now = {0};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    for (uint64_t i = 0; i < FULL; i++)
        assert_int_equal(store_noticed_add(&n, i), 0);
    store_noticed_put(&n, &f->pin, &text);
    assert_int_equal(store_noticed_path(s, &path, &f->e), 0);
    assert_int_equal(file_replace(path.s, buf_bytes(&text), 0600, &f->e), 0);
    store_notice(s, FULL);
    store_notice(s, FULL + 1);
    store_notice(s, s->span.end);
    assert_int_equal(store_noticed_read(s, &now, &f->e), 0);
    assert_int_equal(now.count, FULL + 2);
    assert_int_equal(now.packs[FULL], STORE_NOTICED_MORE - 1);
    assert_int_equal(now.packs[FULL + 1], STORE_NOTICED_MORE);
}

static void joined_to_what_else_is_suspect(void **state)
{
    struct fixture *f = *state;
    struct file_path path;
    fill(f);
    suspects(f, NULL, 0);
    struct store *s = fixture_open(f, STORE_READ);
    store_notice(s, 1);
    store_notice(s, 77); /* there is no such pack */
    store_notice(s, s->span.end);
    store_close(s);
    suspects(f, (const uint64_t[]){1}, 1);
    assert_int_equal(file_path(&path, &f->e, "%s/quarantine", f->root.s), 0);
    assert_int_equal(file_make_folders(path.s, &f->e), 0);
    assert_int_equal(file_path(&path, &f->e, "%s/quarantine/000000.lost", f->root.s), 0);
    assert_int_equal(file_create(path.s, bytes_of(NULL, 0), 0600, &f->e), 0);
    suspects(f, (const uint64_t[]){0, 1}, 2);
    s = fixture_open(f, STORE_READ);
    store_notice(s, 0);
    store_close(s);
    suspects(f, (const uint64_t[]){0, 1}, 2);
}

/* A list that cannot be read is told, stands for every pack, and keeps nobody from taking in. */
static void what_is_no_list(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"x", "01", "", " 1", "1 ", "3\n3", "3\n2", "18446744073709551616", "-1"};
    char hex[2 * CRYPT_HASH + 1], text[512];
    struct file_path path;
    hex_put(hex, f->pin.b, CRYPT_HASH);
    for (size_t i = 0; i < COUNT(bad); i++) {
        OWN(store_noticed_release) struct store_noticed n = {0};
        (void)snprintf(text, sizeof text, "groundwork/noticed/v1\npin %s\n%s\n", hex, bad[i]);
        assert_int_equal(store_noticed_parse(bytes_text(text), &f->pin, &n), ERR_DAMAGED);
    }
    OWN(store_noticed_release) struct store_noticed n = {0};
    OWN(buf_drop) struct buf again = {0};
    (void)snprintf(text, sizeof text, "groundwork/noticed/v1\npin %s\n2\n30\n18446744073709551615\n", hex);
    assert_int_equal(store_noticed_parse(bytes_text(text), &f->pin, &n), 0);
    assert_int_equal(n.count, 3);
    store_noticed_put(&n, &f->pin, &again);
    assert_string_equal(buf_text(&again), text);
    struct hash other = f->pin;
    other.b[0] ^= 1;
    assert_int_equal(store_noticed_parse(bytes_text(text), &other, &n), ERR_DAMAGED);
    assert_int_equal(store_noticed_parse(bytes_of(text, strlen(text) - 1), &f->pin, &n), ERR_DAMAGED);
    fill(f);
    struct store *at = fixture_open(f, STORE_READ);
    assert_int_equal(store_noticed_path(at, &path, &f->e), 0);
    store_close(at);
    assert_int_equal(file_replace(path.s, bytes_text("garbage"), 0600, &f->e), 0);
    suspects(f, (const uint64_t[]){0, 1}, 2);
    fixture_told(f, "every pack counts as damaged until groundwork audit --full has made it anew");
    assert_int_equal(fixture_audit(f, false), 0);
    suspects(f, (const uint64_t[]){0, 1}, 2);
    fixture_flip(f, "vault/000/000000.pack", 100000);
    assert_int_equal(fixture_audit(f, false), ERR_DAMAGED);
    assert_string_equal(said(f), "0 18446744073709551615");
    fixture_flip(f, "vault/000/000000.pack", 100000);
    assert_int_equal(file_replace(path.s, bytes_text("garbage"), 0600, &f->e), 0);
    assert_int_equal(fixture_audit(f, true), 0);
    assert_string_equal(said(f), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(by_whoever_reads),
        FIXTURE_TEST(in_any_order),
        FIXTURE_TEST(each_copy_by_itself),
        FIXTURE_TEST(each_compartment_by_itself),
        FIXTURE_TEST(beside_each_other),
        FIXTURE_TEST(no_room_for_more),
        FIXTURE_TEST(joined_to_what_else_is_suspect),
        FIXTURE_TEST(what_is_no_list),
    };
    return FIXTURE_RUN(tests);
}
