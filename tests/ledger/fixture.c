#include "fixture.h"

#include "model/leaf.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    return remove(path);
}

static void remove_tree(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int fixture_setup(void **state)
{
    struct err e;
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    assert_int_equal(crypt_start(&e), 0);
    /* In memory where there is such a folder: these tests sync hundreds of thousands of times. */
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    assert_int_equal(file_path(&f->root, &e, "%s/ledger-test-XXXXXX", where), 0);
    assert_non_null(mkdtemp(f->root.s));
    memset(f->seed.b, 7, sizeof(f->seed.b));
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(&f->seed, public_key);
    assert_int_equal(note_key_make("example.org/log", public_key, &f->key, &e), 0);
    assert_int_equal(ledger_found(f->root.s, &e), 0);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    remove_tree(f->root.s);
    buf_drop(&f->words);
    buf_drop(&f->lines);
    free(f);
    return 0;
}

void fixture_again(struct fixture *f)
{
    remove_tree(f->root.s);
    assert_int_equal(mkdir(f->root.s, 0700), 0);
    assert_int_equal(ledger_found(f->root.s, NULL), 0);
}

static void fill(struct buf *to, uint64_t number, uint32_t leaf, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        buf_put_u8(to, (uint8_t)(number * 131 + leaf * 17 + i * 7 + i / 256));
}

void draft_make(struct draft *d, const struct ledger_position *at, uint32_t hidden, uint32_t open, uint32_t bytes)
{
    *d = (struct draft){0};
    OWN(buf_drop) struct buf statement = {0};
    for (uint32_t i = 0; i < hidden + open; i++) {
        uint8_t entry[LEDGER_ENTRY];
        struct buf *section = i < hidden ? &d->hidden : &d->open;
        buf_clear(&statement);
        fill(&statement, at->records, i, bytes);
        leaf_entry_public(buf_bytes(&statement), entry);
        if (i < hidden)
            entry[0] = LEDGER_HIDDEN;
        buf_put(&d->entries, entry, sizeof(entry));
        buf_put_u32(section, bytes);
        buf_put_bytes(section, buf_bytes(&statement));
    }
    fill(&d->secrets, at->records, 1000, 40);
    fill(&d->extents, at->records, 2000, 24);
    d->record = (struct ledger_record){
        .number = at->records,
        .first_leaf = at->leaves,
        .hidden_count = hidden,
        .public_count = open,
        .entries = buf_bytes(&d->entries),
        .hidden = buf_bytes(&d->hidden),
        .open = buf_bytes(&d->open),
        .secrets = buf_bytes(&d->secrets),
        .extents = buf_bytes(&d->extents),
    };
}

void draft_drop(struct draft *d)
{
    buf_drop(&d->entries);
    buf_drop(&d->hidden);
    buf_drop(&d->open);
    buf_drop(&d->secrets);
    buf_drop(&d->extents);
}

struct ledger_setup fixture_setup_of(const struct fixture *f, bool writes)
{
    return (struct ledger_setup){.root = f->root.s, .log_key = f->key, .seed = writes ? &f->seed : NULL};
}

struct ledger *fixture_open(const struct fixture *f, const struct ledger_position *committed,
                            struct ledger_opening *opening)
{
    struct err e;
    struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, true);
    int rc = ledger_open(&setup, committed, NULL, &l, opening, &e);
    if (rc != 0)
        fail_msg("ledger_open: %s", e.text);
    return l;
}

void fixture_commit(struct ledger *l, uint32_t hidden, uint32_t open)
{
    struct err e;
    struct ledger_position at, next, after;
    OWN(draft_drop) struct draft d;
    ledger_where(l, &at);
    draft_make(&d, &at, hidden, open, 50);
    if (ledger_prepare(l, &d.record, &next, &e) != 0 || ledger_commit(l, &e) != 0)
        fail_msg("commit: %s", e.text);
    ledger_where(l, &after);
    assert_memory_equal(&next, &after, sizeof(next));
}

struct ledger_position fixture_fill(const struct fixture *f, unsigned records, uint32_t hidden, uint32_t open)
{
    struct err e;
    struct ledger_opening opening;
    struct ledger_position at;
    OWN(ledger_drop) struct ledger *l = fixture_open(f, NULL, &opening);
    for (unsigned i = 0; i < records; i++) {
        fixture_commit(l, hidden, open);
        if (ledger_publish(l, &e) != 0)
            fail_msg("publish: %s", e.text);
    }
    ledger_where(l, &at);
    return at;
}

static void keep_line(void *context, const char *line)
{
    struct fixture *f = context;
    buf_put_text(&f->lines, line);
    buf_put_text(&f->lines, "\n");
}

int fixture_check(struct fixture *f, const struct ledger_position *committed)
{
    struct err e;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, false);
    buf_clear(&f->lines);
    int rc = ledger_open(&setup, committed, NULL, &l, &opening, &e);
    if (rc == 0)
        rc = ledger_check(l, keep_line, NULL, f, &e);
    if (rc != 0)
        keep_line(f, e.text);
    return rc;
}

int fixture_repair(struct fixture *f, const struct ledger_position *committed)
{
    struct err e;
    struct ledger_opening opening;
    OWN(ledger_drop) struct ledger *l = NULL;
    const struct ledger_setup setup = fixture_setup_of(f, true);
    buf_clear(&f->words);
    int rc = ledger_open(&setup, committed, NULL, &l, &opening, &e);
    if (rc == 0)
        rc = ledger_repair(l, &f->words, &e);
    if (rc != 0)
        buf_put_text(&f->words, e.text);
    return rc;
}

void path_in(const struct fixture *f, const char *name, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "%s/%s", f->root.s, name), 0);
}

void file_get(const struct fixture *f, const char *name, struct buf *to)
{
    struct err e;
    struct file_path path;
    path_in(f, name, &path);
    buf_clear(to);
    if (file_read_all(path.s, 1 << 28, to, &e) != 0)
        fail_msg("%s", e.text);
}

void file_put(const struct fixture *f, const char *name, struct bytes content)
{
    struct file_path path;
    path_in(f, name, &path);
    FILE *out = fopen(path.s, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(content.p, 1, content.n, out), content.n);
    assert_int_equal(fclose(out), 0);
}

void file_delete(const struct fixture *f, const char *name)
{
    struct file_path path;
    path_in(f, name, &path);
    assert_int_equal(unlink(path.s), 0);
}

bool file_there(const struct fixture *f, const char *name)
{
    struct file_path path;
    path_in(f, name, &path);
    return file_exists(path.s);
}

/* nftw has no context of its own. */
static struct {
    const char *root;
    char name[4096][96];
    size_t count;
} found;

static int note_name(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    if (kind == FTW_D)
        return 0;
    assert_true(found.count < COUNT(found.name));
    (void)snprintf(found.name[found.count++], sizeof(found.name[0]), "%s", path + strlen(found.root) + 1);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

void log_names(const struct fixture *f, struct buf *to)
{
    struct file_path path;
    path_in(f, "log", &path);
    found.root = f->root.s;
    found.count = 0;
    (void)nftw(path.s, note_name, 16, FTW_PHYS);
    qsort(found.name, found.count, sizeof(found.name[0]), by_name);
    buf_clear(to);
    for (size_t i = 0; i < found.count; i++) {
        buf_put_text(to, found.name[i]);
        buf_put_text(to, "\n");
    }
}

unsigned aside_count(const struct fixture *f, const char *prefix)
{
    struct file_path path;
    path_in(f, "quarantine", &path);
    OWN(dir_drop) DIR *dir = opendir(path.s);
    unsigned count = 0;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        count += strncmp(d->d_name, prefix, strlen(prefix)) == 0;
    return count;
}
