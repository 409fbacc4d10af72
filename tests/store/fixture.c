#include "fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum { NOBODY = 65534, NAMES_MAX = 4096, FILE_MAX = 64 << 20 };

/* ---- the system ---- */

static atomic_uint effects, syncs;
static atomic_uint die_at, fail_sync;
static struct file_path failed;

void fixture_calm(void)
{
    atomic_store(&die_at, 0);
    atomic_store(&fail_sync, 0);
    atomic_store(&effects, 0);
    atomic_store(&syncs, 0);
}

void fixture_die_at(unsigned effect)
{
    fixture_calm();
    atomic_store(&die_at, effect);
}

void fixture_fail_sync(unsigned sync)
{
    fixture_calm();
    atomic_store(&fail_sync, sync);
}

unsigned fixture_effects(void)
{
    return atomic_load(&effects);
}

unsigned fixture_syncs(void)
{
    return atomic_load(&syncs);
}

const char *fixture_failed(void)
{
    return failed.s;
}

static bool dead(void)
{
    unsigned now = atomic_fetch_add(&effects, 1) + 1, end = atomic_load(&die_at);
    if (end == 0 || now < end)
        return false;
    errno = EIO;
    return true;
}

static bool sync_fails(int fd)
{
    if (dead())
        return true;
    if (atomic_fetch_add(&syncs, 1) + 1 != atomic_load(&fail_sync))
        return false;
    char name[64];
    (void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(name, failed.s, sizeof failed.s - 1);
    failed.s[n > 0 ? n : 0] = 0;
    errno = EIO;
    return true;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return dead() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

/* What was compiled without large files has other names for the same calls. */
ssize_t plain_pwrite(int fd, const void *p, size_t n, off_t at) __asm__("pwrite");
int plain_ftruncate(int fd, off_t n) __asm__("ftruncate");

ssize_t plain_pwrite(int fd, const void *p, size_t n, off_t at)
{
    return dead() ? -1 : syscall(SYS_pwrite64, fd, p, n, at);
}

int fsync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int rename(const char *from, const char *to)
{
    return dead() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int renameat2(int from_folder, const char *from, int to_folder, const char *to, unsigned flags)
{
    return dead() ? -1 : (int)syscall(SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
    return dead() ? -1 : (int)syscall(SYS_linkat, from_folder, from, to_folder, to, flags);
}

int unlink(const char *path)
{
    return dead() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return dead() ? -1 : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

int ftruncate(int fd, off_t n)
{
    return dead() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

int plain_ftruncate(int fd, off_t n)
{
    return dead() ? -1 : (int)syscall(SYS_ftruncate, fd, n);
}

/* ---- files ---- */

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    return remove(path);
}

static void remove_all(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void fixture_path(const struct fixture *f, const char *name, struct file_path *to)
{
    bool outside = strncmp(name, "state/", 6) == 0 || strncmp(name, "config/", 7) == 0 || strcmp(name, "state") == 0 ||
                   strncmp(name, "kept-", 5) == 0 || strncmp(name, "mirror", 6) == 0;
    if (outside)
        assert_int_equal(file_path(to, NULL, "%s/%s", f->work.s, name), 0);
    else
        assert_int_equal(file_path(to, NULL, "%s/%s", f->root.s, name), 0);
}

static void put(const char *path, struct bytes content)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
}

void fixture_get(const struct fixture *f, const char *name, struct buf *to)
{
    struct file_path path;
    fixture_path(f, name, &path);
    buf_clear(to);
    if (file_read_all(path.s, FILE_MAX, to, NULL) != 0)
        fail_msg("cannot read %s", path.s);
}

void fixture_put(const struct fixture *f, const char *name, struct bytes content)
{
    struct file_path path;
    fixture_path(f, name, &path);
    put(path.s, content);
}

void fixture_remove(const struct fixture *f, const char *name)
{
    struct file_path path;
    fixture_path(f, name, &path);
    remove_all(path.s);
    assert_false(file_exists(path.s));
}

bool fixture_there(const struct fixture *f, const char *name)
{
    struct file_path path;
    fixture_path(f, name, &path);
    return file_exists(path.s);
}

void fixture_flip(const struct fixture *f, const char *name, int64_t at)
{
    OWN(buf_drop) struct buf b = {0};
    fixture_get(f, name, &b);
    size_t i = at < 0 ? b.n - (size_t)-at : (size_t)at;
    assert_true(i < b.n);
    b.p[i] ^= 0x10;
    fixture_put(f, name, buf_bytes(&b));
}

void fixture_cut(const struct fixture *f, const char *name, int64_t bytes)
{
    OWN(buf_drop) struct buf b = {0};
    fixture_get(f, name, &b);
    assert_true((size_t)bytes <= b.n);
    fixture_put(f, name, bytes_of(b.p, b.n - (size_t)bytes));
}

void fixture_append(const struct fixture *f, const char *name, struct bytes more)
{
    OWN(buf_drop) struct buf b = {0};
    fixture_get(f, name, &b);
    buf_put_bytes(&b, more);
    fixture_put(f, name, buf_bytes(&b));
}

uint64_t fixture_size(const struct fixture *f, const char *name)
{
    struct file_path path;
    struct stat st;
    fixture_path(f, name, &path);
    assert_int_equal(stat(path.s, &st), 0);
    return (uint64_t)st.st_size;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The names in a folder, sorted; each is to be freed. */
static size_t names_in(const char *folder, char *names[NAMES_MAX])
{
    OWN(dir_drop) DIR *dir = opendir(folder);
    size_t count = 0;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        assert_true(count < NAMES_MAX);
        names[count++] = strdup(d->d_name);
    }
    if (count > 1)
        qsort(names, count, sizeof *names, by_name);
    return count;
}

static unsigned look(const struct fixture *f, const char *folder, const char *prefix, struct file_path *first)
{
    char *names[NAMES_MAX];
    struct file_path path;
    unsigned count = 0;
    fixture_path(f, folder, &path);
    size_t n = names_in(path.s, names);
    for (size_t i = 0; i < n; i++) {
        bool it = strncmp(names[i], prefix, strlen(prefix)) == 0;
        if (it && count == 0 && first != NULL)
            assert_int_equal(file_path(first, NULL, "%s/%s", folder, names[i]), 0);
        count += it;
        free(names[i]);
    }
    return count;
}

unsigned fixture_count(const struct fixture *f, const char *folder, const char *prefix)
{
    return look(f, folder, prefix, NULL);
}

void fixture_first(const struct fixture *f, const char *folder, const char *prefix, struct file_path *to)
{
    if (look(f, folder, prefix, to) == 0)
        fail_msg("nothing in %s begins with %s", folder, prefix);
}

static void copy_all(const char *from, const char *to)
{
    struct stat st;
    assert_int_equal(lstat(from, &st), 0);
    if (!S_ISDIR(st.st_mode)) {
        OWN(buf_drop) struct buf b = {0};
        assert_int_equal(file_read_all(from, FILE_MAX, &b, NULL), 0);
        put(to, buf_bytes(&b));
        assert_int_equal(chmod(to, st.st_mode & 07777), 0);
        return;
    }
    char *names[NAMES_MAX];
    assert_int_equal(mkdir(to, 0700), 0);
    size_t n = names_in(from, names);
    for (size_t i = 0; i < n; i++) {
        struct file_path a, b;
        assert_int_equal(file_path(&a, NULL, "%s/%s", from, names[i]), 0);
        assert_int_equal(file_path(&b, NULL, "%s/%s", to, names[i]), 0);
        copy_all(a.s, b.s);
        free(names[i]);
    }
}

void fixture_copy(const struct fixture *f, const char *from, const char *to)
{
    struct file_path a, b;
    fixture_path(f, from, &a);
    fixture_path(f, to, &b);
    remove_all(b.s);
    copy_all(a.s, b.s);
}

static void kept(const struct fixture *f, const char *as, const char *what, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "%s/kept-%s%s", f->work.s, as, what), 0);
}

void fixture_keep(const struct fixture *f, const char *as)
{
    struct file_path to;
    kept(f, as, "", &to);
    remove_all(to.s);
    assert_int_equal(mkdir(to.s, 0700), 0);
    kept(f, as, "/repo", &to);
    copy_all(f->root.s, to.s);
    kept(f, as, "/state", &to);
    copy_all(f->state.s, to.s);
}

void fixture_back(const struct fixture *f, const char *as)
{
    struct file_path from;
    remove_all(f->root.s);
    remove_all(f->state.s);
    kept(f, as, "/repo", &from);
    copy_all(from.s, f->root.s);
    kept(f, as, "/state", &from);
    copy_all(from.s, f->state.s);
}

static void print_all(struct crypt_sha256 *hash, const char *path)
{
    char *names[NAMES_MAX];
    size_t n = names_in(path, names);
    for (size_t i = 0; i < n; i++) {
        struct file_path inner;
        struct stat st;
        assert_int_equal(file_path(&inner, NULL, "%s/%s", path, names[i]), 0);
        assert_int_equal(lstat(inner.s, &st), 0);
        if (strcmp(names[i], "lock") != 0 && strcmp(names[i], "main.db-shm") != 0 &&
            strstr(names[i], ".audits") == NULL && strstr(names[i], ".noticed") == NULL) {
            crypt_sha256_add(hash, bytes_of(names[i], strlen(names[i]) + 1));
            if (S_ISDIR(st.st_mode))
                print_all(hash, inner.s);
            else {
                OWN(buf_drop) struct buf b = {0};
                assert_int_equal(file_read_all(inner.s, FILE_MAX, &b, NULL), 0);
                crypt_sha256_add(hash, buf_bytes(&b));
            }
        }
        free(names[i]);
    }
}

void fixture_print(const struct fixture *f, struct hash *ret)
{
    OWN(crypt_sha256_drop) struct crypt_sha256 *hash = crypt_sha256_new();
    assert_non_null(hash);
    crypt_sha256_begin(hash);
    print_all(hash, f->root.s);
    print_all(hash, f->state.s);
    crypt_sha256_end(hash, ret);
}

void fixture_apart(int (*work)(struct fixture *f), struct fixture *f)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(99);
        int rc = work(f);
        if (rc != 0)
            fprintf(stderr, "apart: %d: %s\n", rc, f->e.text);
        _exit(rc == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- founding once ---- */

static void tell(void *context, const char *line)
{
    struct fixture *f = context;
    buf_printf(&f->told, "%s\n", line);
}

int fixture_group_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    OWN(buf_drop) struct buf key_path = {0};
    assert_non_null(f);
    assert_int_equal(crypt_start(&f->e), 0);
    f->chance.state = 20170306;
    /* In memory where there is such a folder: these tests sync thousands of times. */
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    assert_int_equal(file_path(&f->work, NULL, "%s/store-test-XXXXXX", where), 0);
    assert_non_null(mkdtemp(f->work.s));
    assert_int_equal(chmod(f->work.s, 0755), 0);
    assert_int_equal(file_path(&f->root, NULL, "%s/repo", f->work.s), 0);
    assert_int_equal(file_path(&f->state, NULL, "%s/state", f->work.s), 0);
    assert_int_equal(file_path(&f->config, NULL, "%s/config", f->work.s), 0);
    struct store_place place = {.root = f->root.s, .state_folder = f->state.s, .config_folder = f->config.s};
    struct store_founding founding = {.origin = "example.org/log",
                                      .pack_mib = 1,
                                      .parity = {2, 1},
                                      .passphrase = bytes_text(FIXTURE_PASSPHRASE),
                                      .investigation = "main"};
    if (store_found(&place, &founding, &f->pin, &key_path, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(file_path(&f->key, NULL, "%s", buf_text(&key_path)), 0);
    if (keyring_identity_load(f->key.s, founding.passphrase, &f->id, &f->e) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(store_outside(&place, &f->pin, "state", &f->state_file, NULL), 0);
    fixture_keep(f, "founded");
    *state = f;
    return 0;
}

int fixture_group_teardown(void **state)
{
    struct fixture *f = *state;
    fixture_calm();
    remove_all(f->work.s);
    keyring_identity_drop(&f->id);
    buf_drop(&f->told);
    buf_drop(&f->lines);
    buf_drop(&f->words);
    free(f);
    return 0;
}

int fixture_setup(void **state)
{
    struct fixture *f = *state;
    fixture_calm();
    fixture_back(f, "founded");
    fixture_remove(f, "mirror");
    buf_clear(&f->told);
    f->e = (struct err){0};
    f->threads = 0;
    f->place = (struct store_place){.root = f->root.s,
                                    .state_folder = f->state.s,
                                    .config_folder = f->config.s,
                                    .identity = &f->id,
                                    .tell = tell,
                                    .tell_context = f};
    return 0;
}

int fixture_teardown(void **state)
{
    (void)state;
    fixture_calm();
    return 0;
}

struct store *fixture_open(struct fixture *f, enum store_manner manner)
{
    struct store *s = NULL;
    if (store_open(&f->place, manner, &s, &f->e) != 0)
        fail_msg("%s", f->e.text);
    return s;
}

int fixture_try(struct fixture *f, enum store_manner manner)
{
    OWN(store_drop) struct store *s = NULL;
    f->e = (struct err){0};
    return store_open(&f->place, manner, &s, &f->e);
}

struct ledger_position fixture_where(struct fixture *f, enum store_manner manner)
{
    OWN(store_drop) struct store *s = fixture_open(f, manner);
    struct store_facts facts;
    store_facts(s, &facts);
    return facts.position;
}

void fixture_says(struct fixture *f, int rc, int code, ...)
{
    va_list words;
    va_start(words, code);
    if (rc != code)
        fail_msg("%d instead of %d: %s", rc, code, f->e.text);
    for (const char *word; (word = va_arg(words, const char *)) != NULL;)
        if (strstr(f->e.text, word) == NULL)
            fail_msg("no \"%s\" in: %s", word, f->e.text);
    va_end(words);
}

void fixture_told(struct fixture *f, const char *words)
{
    if (strstr(buf_text(&f->told), words) == NULL)
        fail_msg("no \"%s\" in: %s", words, buf_text(&f->told));
    buf_clear(&f->told);
}

void fixture_told_nothing(struct fixture *f)
{
    assert_string_equal(buf_text(&f->told), "");
}

/* ---- a little evidence ---- */

void fixture_bytes(const struct thing *t, struct buf *to)
{
    struct chance c = {t->seed + 1};
    buf_clear(to);
    for (size_t i = 0; i < t->n; i++)
        buf_put_u8(to, t->kind == 'r' ? (uint8_t)(chance_u64(&c) >> 24) : (uint8_t)("pyongan "[chance_below(&c, 8)]));
}

struct from_memory {
    struct bytes rest;
};

static int give_piece(void *context, void *to, size_t n, size_t *ret_n, struct err *e)
{
    struct from_memory *m = context;
    *ret_n = n < m->rest.n ? n : m->rest.n;
    if (*ret_n == 0)
        return 0;
    memcpy(to, m->rest.p, *ret_n);
    m->rest = bytes_of(m->rest.p + *ret_n, m->rest.n - *ret_n);
    return 0;
}

int fixture_receive(struct store *s, const struct thing *t, uint64_t deposit, uint64_t seq, bool *ret_duplicate,
                    struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    struct statement st = {.kind = STATEMENT_RECEIVED,
                           .received = {.deposit = deposit,
                                        .seq = seq,
                                        .type = t->kind == 'd'   ? STATEMENT_FOLDER
                                                : t->kind == 'l' ? STATEMENT_LINK
                                                                 : STATEMENT_FILE,
                                        .path = bytes_text(t->name),
                                        .mode = 0644,
                                        .mtime = {1488758400, 5}}};
    if (t->kind == 'l')
        st.received.target = bytes_text("elsewhere");
    if (st.received.type == STATEMENT_FILE) {
        struct vault_writer *w = NULL;
        struct vault_digest digest;
        fixture_bytes(t, &content);
        struct from_memory m = {buf_bytes(&content)};
        struct vault_source source = {give_piece, &m};
        int rc = store_writer(s, &w, e);
        if (rc == 0)
            rc = vault_put(w, &source, &digest, e);
        if (rc != 0)
            return rc;
        st.received.bytes = digest.bytes;
        st.received.sha256 = digest.sha256;
    }
    return store_add(s, &st, NULL, ret_duplicate, e);
}

static void sum_add(struct statement_sum *sum, uint64_t bytes)
{
    sum->files++;
    sum->bytes += bytes;
}

static int receipt(struct store *s, uint64_t deposit, const struct statement_totals *totals, struct err *e)
{
    struct index_sums sums;
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1489363201, .part = {.deposit = deposit}};
    struct statement st = {.kind = STATEMENT_RECEIPT,
                           .at_unix_s = 1489363202,
                           .receipt = {.deposit = deposit, .parts = 1, .totals = *totals}};
    int rc = store_add(s, &part, NULL, NULL, e);
    if (rc == 0)
        rc = index_sums(store_index(s), &sums, e);
    st.receipt.number = sums.next_receipt;
    return rc == 0 ? store_add(s, &st, NULL, NULL, e) : rc;
}

int fixture_intake(struct store *s, const char *giver, const struct thing *things, size_t count, struct err *e)
{
    struct bytes paths[1] = {bytes_text("papers")};
    struct statement_totals totals = {0};
    struct statement st = {.kind = STATEMENT_DEPOSIT,
                           .at_unix_s = 1489363200,
                           .deposit = {.giver = giver, .paths = paths, .path_count = 1}};
    uint64_t deposit = 0;
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, &st, &deposit, NULL, e);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        bool duplicate = false;
        rc = fixture_receive(s, &things[i], deposit, i, &duplicate, e);
        if (things[i].kind == 'd') {
            totals.folders_taken++;
            continue;
        }
        sum_add(&totals.seen, things[i].n);
        sum_add(duplicate ? &totals.duplicate : &totals.taken, things[i].n);
    }
    if (rc == 0)
        rc = receipt(s, deposit, &totals, e);
    return rc == 0 ? store_commit(s, e) : rc;
}

int fixture_say(struct store *s, struct statement *st, struct err *e)
{
    st->at_unix_s = 1489363300;
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, NULL, NULL, e);
    return rc == 0 ? store_commit(s, e) : rc;
}

int fixture_note(struct store *s, const char *text, struct err *e)
{
    struct statement st = {.kind = STATEMENT_NOTE, .note = {.text = text}};
    return fixture_say(s, &st, e);
}

int fixture_set_aside(struct store *s, uint64_t receipt_number, struct err *e)
{
    struct statement st = {.kind = STATEMENT_SET_ASIDE, .set_aside = {receipt_number, "taken in by mistake"}};
    return fixture_say(s, &st, e);
}

void fixture_force_access(struct fixture *f, const char *spool)
{
    OWN(buf_drop) struct buf file = {0};
    OWN(store_record_release) struct store_record r = {0};
    OWN(key_drop) struct key key = {0};
    struct store_spool_of of;
    struct bytes frame;
    size_t at = STORE_SPOOL_SECTOR;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    struct store_spool_lock lock = store_spool_lock(s, KEYRING_SPOOL, &of, &key);
    lock.leaves = fixture_where(f, STORE_PUBLIC).leaves;
    assert_true(store_spool_named(strchr(spool, '/') + 1, &of));
    fixture_get(f, spool, &file);
    assert_int_equal(store_spool_next(buf_bytes(&file), &at, &frame), STORE_SPOOL_FRAME);
    assert_int_equal(store_record_read(s, &lock, NULL, frame, &r, &f->e), 0);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    s->draft.folded = true;
    assert_int_equal(store_draft_fold(s, &r, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
}

void fixture_force(struct fixture *f, struct store *s, struct statement *st)
{
    OWN(buf_drop) struct buf text = {0}, values = {0}, note = {0};
    struct store_record r = {.st = *st};
    uint8_t investigation[STATEMENT_ID];
    crypt_random(r.content.secret.b, CRYPT_KEY);
    assert_int_equal(store_draft_begin(s, &f->e), 0);
    assert_int_equal(index_investigation(store_index(s), investigation, &f->e), 0);
    assert_int_equal(index_place(store_index(s), investigation, &r.st.place, &f->e), 0);
    assert_int_equal(statement_make(&r.st, &r.content.secret, &text, &values, &f->e), 0);
    assert_int_equal(statement_finish(st->kind, buf_bytes(&text), &s->identity.member, &s->identity.sign, &note, &f->e),
                     0);
    r.content.statement = buf_bytes(&note);
    r.content.values = buf_bytes(&values);
    leaf_entry_hidden(&r.content.secret, r.content.statement, r.entry);
    assert_int_equal(store_draft_fold(s, &r, &f->e), 0);
    assert_int_equal(store_commit(s, &f->e), 0);
    key_drop(&r.content.secret);
}

void fixture_fill(struct fixture *f)
{
    static const struct thing first[] = {{"papers", 'd', 0, 0},
                                         {"papers/statement 1.txt", 't', 3000, 1},
                                         {"papers/photo.jpg", 'r', 90000, 2},
                                         {"papers/empty", 't', 0, 3},
                                         {"papers/latest", 'l', 0, 0}};
    static const struct thing second[] = {{"again/statement 1.txt", 't', 3000, 1}, {"again/map.png", 'r', 20000, 4}};
    static const struct thing third[] = {{"last.txt", 't', 100, 5}};
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    if (fixture_intake(s, "a giver", first, COUNT(first), &f->e) != 0 || fixture_note(s, "a first note", &f->e) != 0 ||
        fixture_intake(s, NULL, second, COUNT(second), &f->e) != 0 ||
        fixture_intake(s, "a giver", third, COUNT(third), &f->e) != 0 || fixture_note(s, "another note", &f->e) != 0)
        fail_msg("%s", f->e.text);
}

static void keep_line(void *context, const char *line)
{
    struct fixture *f = context;
    buf_printf(&f->lines, "%s\n", line);
}

void fixture_watch(struct fixture *f, struct store_watch *ret)
{
    *ret = (struct store_watch){.finding = keep_line, .context = f};
    buf_clear(&f->lines);
    f->e = (struct err){0};
}

int fixture_verify(struct fixture *f, enum store_manner manner)
{
    OWN(store_drop) struct store *s = fixture_open(f, manner);
    struct store_watch watch = {.finding = keep_line, .context = f};
    buf_clear(&f->lines);
    f->e = (struct err){0};
    return store_verify(s, &watch, &f->verified, &f->e);
}

int fixture_audit(struct fixture *f, bool full)
{
    OWN(store_drop) struct store *s = fixture_open(f, full ? STORE_CHECK : STORE_PUBLIC);
    struct store_watch watch = {.finding = keep_line, .context = f};
    buf_clear(&f->lines);
    f->e = (struct err){0};
    s->threads = f->threads;
    s->audit_step_bytes = f->step_bytes;
    return store_audit(s, full, 0, &watch, &f->audited, &f->e);
}

int fixture_repair(struct fixture *f)
{
    struct store_watch watch = {.finding = keep_line, .context = f};
    buf_clear(&f->lines);
    buf_clear(&f->words);
    f->e = (struct err){0};
    return store_repair(&f->place, NULL, &watch, &f->words, &f->e);
}

static int add_line(void *context, const char *text, struct err *e)
{
    buf_put_text(context, text);
    buf_put_u8(context, '\n');
    return 0;
}

void fixture_dump(struct store *s, struct buf *to)
{
    struct err e = {0};
    buf_clear(to);
    if (index_dump(store_index(s), add_line, to, &e) != 0)
        fail_msg("%s", e.text);
}

struct index_sums fixture_sums(struct fixture *f)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct index_sums sums;
    if (index_sums(store_index(s), &sums, &f->e) != 0)
        fail_msg("%s", f->e.text);
    return sums;
}

/* What a part of an intake leaves to the last one is told, and no damage. */
static void told_no_damage(const struct fixture *f)
{
    struct cursor c = cursor_of(buf_bytes(&f->lines));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        assert_false(c.failed);
        if (memmem(line.p, line.n, "copy b: is not whole", 20) == NULL &&
            memmem(line.p, line.n, "not under parity yet", 20) == NULL)
            fail_msg("%.*s", (int)line.n, (const char *)line.p);
    }
}

void fixture_whole(struct fixture *f)
{
    OWN(buf_drop) struct buf before = {0};
    OWN(buf_drop) struct buf after = {0};
    if (fixture_verify(f, STORE_CHECK) != 0 || fixture_audit(f, true) != 0)
        fail_msg("%s %s", f->e.text, buf_text(&f->lines));
    told_no_damage(f);
    OWN(store_drop) struct store *s = fixture_open(f, STORE_WRITE);
    fixture_dump(s, &before);
    if (store_reindex(s, NULL, &f->e) != 0)
        fail_msg("%s", f->e.text);
    fixture_dump(s, &after);
    assert_string_equal(buf_text(&before), buf_text(&after));
}
