/*
 * bench-signing WORK [STATEMENTS]: what signing, checking and committing cost, beside what the machine can do at all.
 *
 * Each row: what, rate, floor, their ratio; floors are measured in the same run, by libsodium and fdatasync alone, next
 * to what they are a floor of: texts as long as a note's, a thousand different ones in turns.
 *
 * WORK: a folder on the disk that counts; a repository is made in it, and removed.
 */
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH = 10000,
    MESSAGE = 220,
    DIFFERENT = 1000,
    SINGLES = 200,
    UNSIGNED = 500000,
    STATEMENTS = 100000,
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-signing: %s\n", e->text);
    exit(1);
}

static void row(const char *what, double value, const char *unit, double floor_value, const char *floor_name,
                const char *must, double ratio)
{
    printf("| %s | %.0f %s | %.0f (%s) | %.2f | %s |\n", what, value, unit, floor_value, floor_name, ratio, must);
    fflush(stdout);
}

/* ---- floors ---- */

struct signing {
    struct crypt_signer signer;
    struct {
        uint8_t message[MESSAGE], signature[CRYPT_SIGNATURE];
    } one[DIFFERENT];
};

static void sign_one(struct signing *s, size_t i)
{
    u64_put(s->one[i % DIFFERENT].message, i % DIFFERENT);
    crypt_signer_sign(&s->signer, bytes_of(s->one[i % DIFFERENT].message, MESSAGE), s->one[i % DIFFERENT].signature);
}

static double sign_rate(struct signing *s)
{
    double start = now();
    uint64_t n = 0;
    for (; n < DIFFERENT || now() - start < 1; n += 100)
        for (uint64_t i = 0; i < 100; i++)
            sign_one(s, n + i);
    return (double)n / (now() - start);
}

struct verifying {
    const struct signing *s;
    double rate;
};

static void *verify_for_a_second(void *context)
{
    struct verifying *v = context;
    double start = now();
    uint64_t n = 0;
    for (; now() - start < 1; n += 50)
        for (uint64_t i = n; i < n + 50; i++)
            if (!crypt_verify_raw(crypt_signer_public(&v->s->signer),
                                  bytes_of(v->s->one[i % DIFFERENT].message, MESSAGE),
                                  v->s->one[i % DIFFERENT].signature))
                abort();
    v->rate = (double)n / (now() - start);
    return NULL;
}

static double verify_rate(const struct signing *s, unsigned threads)
{
    struct verifying v[8] = {{.s = s}};
    pthread_t thread[8];
    double sum = 0;
    for (unsigned i = 0; i < threads; i++) {
        v[i].s = s;
        if (pthread_create(&thread[i], NULL, verify_for_a_second, &v[i]) != 0)
            abort();
    }
    for (unsigned i = 0; i < threads; i++) {
        pthread_join(thread[i], NULL);
        sum += v[i].rate;
    }
    return sum;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *list, size_t count)
{
    qsort(list, count, sizeof *list, ascending);
    return list[count / 2];
}

static double one_sync(int fd)
{
    uint8_t line[4096];
    memset(line, 'x', sizeof line);
    double start = now();
    if (write(fd, line, sizeof line) != (ssize_t)sizeof line || fdatasync(fd) != 0)
        abort();
    return now() - start;
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
    need(file_path(&b->root, &b->e, "%s/proof.archive", work), &b->e);
    need(file_path(&b->state, &b->e, "%s/proof.state", work), &b->e);
    need(file_path(&b->config, &b->e, "%s/proof.config", work), &b->e);
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

/* What is said, made before the clock is started. */
enum { REMARK = 64 };

static char (*remarks(uint64_t count))[REMARK]
{
    char (*text)[REMARK] = calloc(count, sizeof *text);
    for (uint64_t n = 0; text != NULL && n < count; n++)
        (void)snprintf(text[n], sizeof *text, "a remark of the bench, number %llu", (unsigned long long)n);
    if (text == NULL)
        abort();
    return text;
}

static void add_note(struct store *s, const char *text, struct err *e)
{
    struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {text}};
    need(store_add(s, &st, NULL, NULL, e), e);
}

static double own_signing(struct bench *b, struct store *s, uint64_t count)
{
    char (*text)[REMARK] = remarks(count);
    double start = now();
    for (uint64_t n = 0; n < count;) {
        need(store_draft_begin(s, &b->e), &b->e);
        for (int i = 0; i < BATCH && n < count; i++)
            add_note(s, text[n++], &b->e);
        need(n < count ? store_commit_part(s, &b->e) : store_commit(s, &b->e), &b->e);
    }
    double took = now() - start;
    free(text);
    return (double)count / took;
}

/* Items without bytes of their own: folders.  What signs for them is one cover in each record. */
static double without_signatures(struct bench *b, struct store *s, uint64_t count)
{
    struct bytes paths[1] = {bytes_text("bench")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    uint64_t leaf = 0, parts = 0;
    double start = now();
    for (uint64_t n = 0; n < count; parts++) {
        need(store_draft_begin(s, &b->e), &b->e);
        if (n == 0)
            need(store_add(s, &deposit, &leaf, NULL, &b->e), &b->e);
        for (int i = 0; i < BATCH && n < count; i++, n++) {
            char name[32];
            int size = snprintf(name, sizeof name, "folder-%llu", (unsigned long long)n);
            struct statement st = {.kind = STATEMENT_RECEIVED,
                                   .received = {.deposit = leaf,
                                                .seq = n,
                                                .type = STATEMENT_FOLDER,
                                                .path = bytes_of((const uint8_t *)name, (size_t)size),
                                                .mode = 0700,
                                                .mtime = {1700000000, 0}}};
            need(store_add(s, &st, NULL, NULL, &b->e), &b->e);
        }
        struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1, .part = {.deposit = leaf, .part = parts}};
        need(store_add(s, &part, NULL, NULL, &b->e), &b->e);
        need(n < count ? store_commit_part(s, &b->e) : store_commit(s, &b->e), &b->e);
    }
    return (double)count / (now() - start);
}

/*
 * The log by itself: drawn secrets, commitments, sealed statements of 200 bytes, both journals, the public log.  One
 * thread makes the leaves of a batch, as whoever has something to say would, while another logs the batch before.
 */
struct batch {
    struct bench *b;
    struct store *s;
    struct hash pin;
    uint64_t first;
    struct buf entries, hidden, secrets;
    struct key secret[BATCH];
};

static void *batch_make(void *batch)
{
    struct batch *x = batch;
    struct bench *b = x->b;
    uint8_t text[200], entry[LEAF_ENTRY];
    memset(text, 'x', sizeof text);
    buf_clear(&x->entries);
    buf_clear(&x->hidden);
    buf_clear(&x->secrets);
    for (uint64_t i = 0; i < BATCH; i++) {
        const struct leaf_envelope envelope = {.statement = bytes_of(text, sizeof text),
                                               .manifest_record = LEAF_NO_MANIFEST};
        u64_put(text, x->first + i);
        crypt_random_fast(x->secret[i].b, CRYPT_KEY);
        leaf_entry_hidden(&x->secret[i], envelope.statement, entry);
        buf_put(&x->entries, entry, LEAF_ENTRY);
        size_t at = x->hidden.n;
        buf_put_u32(&x->hidden, 0);
        need(leaf_seal(&x->secret[i], &x->pin, x->first + i, &envelope, &x->hidden), &b->e);
        u32_put(x->hidden.p + at, (uint32_t)(x->hidden.n - at - 4));
    }
    need(keyring_seal(store_keyring(x->s), x->first, x->secret, BATCH, &x->secrets, &b->e), &b->e);
    return NULL;
}

static void batch_log(struct bench *b, struct ledger *l, const struct batch *x)
{
    struct ledger_position at, next;
    ledger_where(l, &at);
    struct ledger_record r = {.number = at.records,
                              .at = at.bytes,
                              .first_leaf = at.leaves,
                              .hidden_count = BATCH,
                              .entries = buf_bytes(&x->entries),
                              .hidden = buf_bytes(&x->hidden),
                              .secrets = buf_bytes(&x->secrets)};
    need(ledger_prepare(l, &r, &next, &b->e), &b->e);
    need(ledger_commit(l, &b->e), &b->e);
    need(ledger_publish(l, &b->e), &b->e);
}

static double log_alone(struct bench *b, struct store *s, uint64_t count)
{
    static struct batch x[2];
    struct store_facts f;
    struct ledger *l = store_ledger(s);
    struct ledger_position at;
    pthread_t maker;
    store_facts(s, &f);
    ledger_where(l, &at);
    for (int i = 0; i < 2; i++) {
        x[i].b = b;
        x[i].s = s;
        x[i].pin = f.pin;
    }
    double start = now();
    x[0].first = at.leaves;
    (void)batch_make(&x[0]);
    for (uint64_t n = 0; n < count / BATCH; n++) {
        struct batch *this = &x[n % 2], *next = &x[(n + 1) % 2];
        bool more = (n + 1) * BATCH < count;
        next->first = this->first + BATCH;
        if (more && pthread_create(&maker, NULL, batch_make, next) != 0)
            abort();
        batch_log(b, l, this);
        if (more)
            pthread_join(maker, NULL);
    }
    double rate = (double)count / (now() - start);
    for (int i = 0; i < 2; i++) {
        buf_drop(&x[i].entries);
        buf_drop(&x[i].hidden);
        buf_drop(&x[i].secrets);
    }
    return rate;
}

static void finding(void *context, const char *line)
{
    (void)context;
    fprintf(stderr, "bench-signing: %s\n", line);
    exit(1);
}

static double verified(struct bench *b, uint64_t *ret_statements)
{
    OWN(store_drop) struct store *s = NULL;
    const struct store_watch watch = {.finding = finding};
    struct store_verified v;
    need(store_open(&b->place, STORE_CHECK, &s, &b->e), &b->e);
    double start = now();
    need(store_verify(s, &watch, &v, &b->e), &b->e);
    *ret_statements = v.statements_opened;
    return now() - start;
}

/* One statement, durable; beside it, in turns, one fdatasync of 4 KiB on the same disk. */
static void singles(struct bench *b, struct store *s, const char *work)
{
    struct file_path path;
    double mine[SINGLES], disk[SINGLES];
    char (*text)[REMARK] = remarks(SINGLES);
    need(file_path(&path, &b->e, "%s/proof.sync", work), &b->e);
    int fd = open(path.s, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    for (int i = 0; fd >= 0 && i < SINGLES; i++) {
        disk[i] = one_sync(fd);
        double start = now();
        need(store_draft_begin(s, &b->e), &b->e);
        add_note(s, text[i], &b->e);
        need(store_commit(s, &b->e), &b->e);
        mine[i] = now() - start;
    }
    close(fd);
    unlink(path.s);
    free(text);
    double mean = now();
    (void)store_ledger(s); /* what the last ones left to be done */
    mean = now() - mean;
    for (int i = 0; i < SINGLES; i++)
        mean += mine[i];
    mean /= SINGLES;
    double m = median(mine, SINGLES), d = median(disk, SINGLES);
    row("one durable statement", m * 1e6, "us", d * 1e6, "fdatasync", "at most 4", m / d);
    row("in the mean, what follows included", mean * 1e6, "us", d * 1e6, "fdatasync", "", mean / d);
}

int main(int count, char **arguments)
{
    struct store *s;
    struct bench b = {.e = {0}};
    static struct signing signing;
    const struct key seed = {{7}};
    uint64_t statements = count > 2 ? strtoull(arguments[2], NULL, 10) : STATEMENTS, opened = 0;
    if (count < 2 || statements == 0) {
        fprintf(stderr, "usage: bench-signing WORK [STATEMENTS]\n");
        return 2;
    }
    need(crypt_start(&b.e), &b.e);
    crypt_signer_make(&seed, &signing.signer);
    printf("| what | rate or time | floor | ratio | must |\n|---|---|---|---|---|\n");
    found(&b, arguments[1]);
    need(store_open(&b.place, STORE_WRITE, &s, &b.e), &b.e);
    singles(&b, s, arguments[1]);
    double floor_before = sign_rate(&signing), rate = own_signing(&b, s, statements);
    double floor_rate = (floor_before + sign_rate(&signing)) / 2;
    row("own statements, signed and committed", rate, "/s", floor_rate, "signatures/s", "0.8", rate / floor_rate);
    store_close(s);
    double verify_before = verify_rate(&signing, 2), seconds = verified(&b, &opened);
    double verify_floor = (verify_before + verify_rate(&signing, 2)) / 2;
    row("verify, signed statements", (double)opened / seconds, "/s", verify_floor, "checks/s, 2 threads",
        "1.25 times the floor's time", verify_floor / ((double)opened / seconds));
    need(store_open(&b.place, STORE_WRITE, &s, &b.e), &b.e);
    rate = without_signatures(&b, s, UNSIGNED);
    row("items without bytes, covered and committed", rate, "/s", 300000, "asked", "300,000/s", rate / 300000);
    rate = log_alone(&b, s, UNSIGNED); /* last: no index would take what is now in this log */
    row("leaves alone, sealed and logged by 10,000", rate, "/s", 300000, "asked", "300,000/s", rate / 300000);
    store_close(s);
    gone(&b);
    return 0;
}
