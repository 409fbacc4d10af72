/*
 * bench-checking WORK [RECORDS]: what checking costs where somebody else has signed, beside checks alone.
 *
 * RECORDS of accesses (50,000 when not said) are signed by a member into a spool, one item of a thousand each, and
 * taken onto the log: opened, checked, sealed, committed, told to the index.  Each row says what, records a second, the
 * floor (libsodium's checks of such statements in the same run, before and after, by one thread or by as many as there
 * are processors), their ratio, and processor microseconds of each record and of each check, which say more where
 * others use the machine.  Under `taskset -c 0` it is what one core does.
 *
 * The floor checks a thousand different statements of the records' length in turns: one alone, checked again and again,
 * takes 0.94 of the time, for the processor then knows each branch that its numbers lead to.
 *
 * Then `verify` over all of it, with the memory that it took.
 *
 * WORK: a folder on the disk that counts; a repository is made in it, and removed.
 */
#include "store/store_internal.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum { ITEMS = 1000, RECORDS = 50000, MESSAGE = 235, SPOOL_RECORDS = 60000, DEVICES_MAX = 255 };

static double clock_of(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct span {
    double wall_s, cpu_s;
};

static struct span now(void)
{
    return (struct span){clock_of(CLOCK_MONOTONIC), clock_of(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct span since(struct span then)
{
    struct span s = now();
    return (struct span){s.wall_s - then.wall_s, s.cpu_s - then.cpu_s};
}

static void need(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-checking: %s\n", e->text);
    exit(1);
}

/* ---- the floor ---- */

enum { CHECKS = 20000, DIFFERENT = 1000 };
struct floor {
    struct crypt_signer signer;
    struct {
        uint8_t message[MESSAGE], signature[CRYPT_SIGNATURE];
    } one[DIFFERENT];
    unsigned threads;
    double seconds, checks, cpu_s; /* so far */
};

static void *check(void *context)
{
    const struct floor *f = context;
    for (int i = 0; i < CHECKS; i++)
        if (!crypt_verify_raw(crypt_signer_public(&f->signer), bytes_of(f->one[i % DIFFERENT].message, MESSAGE),
                              f->one[i % DIFFERENT].signature))
            abort();
    return NULL;
}

static void floor_add(struct floor *f)
{
    pthread_t thread[STORE_CREW_MAX];
    struct span begun = now();
    for (unsigned i = 0; i < f->threads; i++)
        if (pthread_create(&thread[i], NULL, check, f) != 0)
            abort();
    for (unsigned i = 0; i < f->threads; i++)
        (void)pthread_join(thread[i], NULL);
    struct span took = since(begun);
    f->seconds += took.wall_s;
    f->cpu_s += took.cpu_s;
    f->checks += (double)CHECKS * f->threads;
}

/* Processors that this may run on. */
static unsigned processors(void)
{
    cpu_set_t set;
    int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < STORE_CREW_MAX ? (unsigned)count : STORE_CREW_MAX;
}

static void floor_begin(struct floor *f)
{
    const struct key seed = {{7}};
    *f = (struct floor){.threads = processors()};
    crypt_signer_make(&seed, &f->signer);
    for (size_t i = 0; i < DIFFERENT; i++) {
        u64_put(f->one[i].message, i);
        crypt_signer_sign(&f->signer, bytes_of(f->one[i].message, MESSAGE), f->one[i].signature);
    }
    floor_add(f);
}

static void row(const char *what, struct span took, uint64_t count, const struct floor *f)
{
    double n = (double)count, rate = n / took.wall_s, checks = f->checks / f->seconds;
    double each = took.cpu_s / n * 1e6, one = f->cpu_s / f->checks * 1e6;
    printf("| %s | %.0f /s | %.0f checks/s by %u | %.2f | %.1f us | %.1f us | %.2f |\n", what, rate, checks, f->threads,
           rate / checks, each, one, one / each);
    (void)fflush(stdout);
}

/* ---- the repository ---- */

static int passphrase(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    (void)context;
    (void)key_path;
    buf_put_text(ret, "a passphrase of the bench");
    return buf_check(ret, e);
}

struct bench {
    struct file_path root, state, config;
    struct store_place place;
    struct store *s;
    uint64_t item; /* the first */
    struct err e;
};

static void found(struct bench *b, const char *work)
{
    OWN(buf_drop) struct buf key_path = {0};
    struct hash pin;
    struct store_founding f = {.origin = "bench.example/log",
                               .pack_mib = 1,
                               .passphrase = bytes_text("a passphrase of the bench"),
                               .investigation = "main"};
    need(file_path(&b->root, &b->e, "%s/checking.archive", work), &b->e);
    need(file_path(&b->state, &b->e, "%s/checking.state", work), &b->e);
    need(file_path(&b->config, &b->e, "%s/checking.config", work), &b->e);
    file_remove_tree(b->root.s);
    file_remove_tree(b->state.s);
    file_remove_tree(b->config.s);
    b->place = (struct store_place){.root = b->root.s,
                                    .state_folder = b->state.s,
                                    .config_folder = b->config.s,
                                    .passphrase = passphrase};
    need(store_found(&b->place, &f, &pin, &key_path, &b->e), &b->e);
}

static void gone(struct bench *b)
{
    file_remove_tree(b->root.s);
    file_remove_tree(b->state.s);
    file_remove_tree(b->config.s);
}

/* Folders, which have no bytes. */
static void items_add(struct bench *b)
{
    struct bytes paths[1] = {bytes_text("bench")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    need(store_draft_begin(b->s, &b->e), &b->e);
    need(store_add(b->s, &deposit, &part.part.deposit, NULL, &b->e), &b->e);
    for (uint64_t i = 0; i < ITEMS; i++) {
        char name[32];
        int size = snprintf(name, sizeof name, "folder-%llu", (unsigned long long)i);
        struct statement st = {.kind = STATEMENT_RECEIVED,
                               .received = {.deposit = part.part.deposit,
                                            .seq = i,
                                            .type = STATEMENT_FOLDER,
                                            .path = bytes_of((const uint8_t *)name, (size_t)size),
                                            .mode = 0700,
                                            .mtime = {1700000000, 0}}};
        need(store_add(b->s, &st, i == 0 ? &b->item : NULL, NULL, &b->e), &b->e);
    }
    need(store_add(b->s, &part, NULL, NULL, &b->e), &b->e);
    need(store_commit(b->s, &b->e), &b->e);
}

/* ---- what others have signed ---- */

/* As store_access writes it, without waiting for the disk each time. */
static void record_put(struct bench *b, const struct store_spool_lock *lock, struct statement_place *place,
                       struct buf *spool)
{
    OWN(buf_drop) struct buf text = {0}, values = {0}, note = {0};
    struct store_spool_content content = {.secret = {{0}}};
    struct statement_range one = {b->item + place->seq % ITEMS, b->item + place->seq % ITEMS};
    struct statement st = {
        .kind = STATEMENT_ACCESSED, .at_unix_s = 1, .place = *place, .accessed = {"shown", &one, 1, NULL}};
    uint8_t entry[LEAF_ENTRY];
    crypt_random(content.secret.b, CRYPT_KEY);
    need(statement_make(&st, &content.secret, &text, &values, &b->e), &b->e);
    need(statement_finish(st.kind, buf_bytes(&text), &b->s->identity.member, &b->s->identity.sign, &note, &b->e),
         &b->e);
    content.statement = buf_bytes(&note);
    content.values = buf_bytes(&values);
    need(store_spool_seal(lock, &content, spool, &b->e), &b->e);
    leaf_entry_hidden(&content.secret, content.statement, entry);
    place->seq++;
    memcpy(place->prev.b, entry + 1, CRYPT_HASH);
}

static void spool_make(struct bench *b, uint8_t device, uint64_t count)
{
    OWN(buf_drop) struct buf spool = {0};
    OWN(key_drop) struct key key = {0};
    struct store_spool_of of;
    struct statement_place place = {.seq = 0};
    struct file_path path;
    char name[STORE_SPOOL_NAME];
    memcpy(of.b, b->s->identity.member.id, 4);
    memset(of.b + 4, device, STATEMENT_ID);
    memcpy(place.investigation, of.b + 4, STATEMENT_ID);
    const struct store_spool_lock lock = store_spool_lock(b->s, KEYRING_SPOOL, &of, &key);
    store_spool_head(&of, 0, &spool);
    while (place.seq < count)
        record_put(b, &lock, &place, &spool);
    store_spool_name(&of, name);
    need(file_path(&path, &b->e, "%s/spool", b->root.s), &b->e);
    need(file_make_folders(path.s, &b->e), &b->e);
    need(file_path(&path, &b->e, "%s/spool/%s", b->root.s, name), &b->e);
    need(file_replace(path.s, buf_bytes(&spool), 0600, &b->e), &b->e);
}

static void finding(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "bench-checking: %s\n", line);
    exit(1);
}

static void records(struct bench *b, uint64_t count)
{
    static struct floor f;
    struct ledger_position before, after;
    uint8_t device = 1;
    for (uint64_t left = count; left > 0; device++) {
        uint64_t n = left < SPOOL_RECORDS ? left : SPOOL_RECORDS;
        spool_make(b, device, n);
        left -= n;
    }
    ledger_where(store_ledger(b->s), &before);
    b->s->threads = processors();
    floor_begin(&f);
    struct span begun = now();
    need(store_fold_all(b->s, &b->e), &b->e);
    struct span took = since(begun);
    ledger_where(store_ledger(b->s), &after);
    floor_add(&f);
    if (after.leaves - before.leaves < count)
        finding(NULL, "not all of them are on the log");
    row("records signed elsewhere, checked and committed", took, count, &f);
}

static void verified(struct bench *b)
{
    static struct floor f;
    struct store_verified v;
    struct rusage usage;
    const struct store_watch watch = {.finding = finding};
    need(store_open(&b->place, STORE_CHECK, &b->s, &b->e), &b->e);
    b->s->threads = processors();
    floor_begin(&f);
    struct span begun = now();
    need(store_verify(b->s, &watch, &v, &b->e), &b->e);
    struct span took = since(begun);
    floor_add(&f);
    row("verify", took, v.statements_opened, &f);
    (void)getrusage(RUSAGE_SELF, &usage);
    printf("%llu statements verified in %.1f s; at most %ld MiB of memory\n", (unsigned long long)v.statements_opened,
           took.wall_s, usage.ru_maxrss / 1024);
}

int main(int count, char **arguments)
{
    struct bench b = {.s = NULL};
    uint64_t wanted = RECORDS;
    if (count < 2 || count > 3 || (count == 3 && decimal_get(bytes_text(arguments[2]), &wanted) != 0) || wanted == 0 ||
        wanted > (uint64_t)SPOOL_RECORDS * DEVICES_MAX) {
        fprintf(stderr, "usage: bench-checking WORK [RECORDS]\n");
        return 2;
    }
    need(crypt_start(&b.e), &b.e);
    found(&b, arguments[1]);
    need(store_open(&b.place, STORE_WRITE, &b.s, &b.e), &b.e);
    items_add(&b);
    printf("| what | rate | floor | ratio | processor, each | a check | ratio |\n|---|---|---|---|---|---|---|\n");
    records(&b, wanted);
    store_close(b.s);
    verified(&b);
    store_close(b.s);
    gone(&b);
    return 0;
}
