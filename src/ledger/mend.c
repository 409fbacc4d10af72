/*
 * Bringing both copies to where the journal stands (FORMAT 3.4), and repairing what open does not look at.
 * Nothing is thrown away: what gives way goes to quarantine/ under a name of its own.
 */
#include "ledger/ledger_internal.h"

#include "base/text.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum { ASIDE_MAX = 10000 };

/* One line of what was done: made by err_set, which puts it into the person's language and escapes file names. */
static void say(struct buf *words, const struct err *line)
{
    buf_put_text(words, line->text);
    buf_put_text(words, "\n");
}

static bool is_unreadable(int rc, const struct err *why)
{
    return rc == ERR_IO && !err_is_scarce(why);
}

/* Append ${n} bytes of one file from ${from} on to another, and hash nothing: they are only kept. */
static int copy_range(int from_fd, uint64_t from, uint64_t n, int to_fd, const char *name, uint64_t *lost,
                      struct err *e)
{
    OWN(mem_drop) uint8_t *block = malloc(LEDGER_COPY_BLOCK);
    if (block == NULL)
        return err_memory(e);
    for (uint64_t to = 0; to < n; to += LEDGER_COPY_BLOCK) {
        size_t step = n - to < LEDGER_COPY_BLOCK ? (size_t)(n - to) : LEDGER_COPY_BLOCK;
        int rc = file_read_around(from_fd, block, step, from + to, name, lost, e);
        if (rc == 0)
            rc = file_write_at(to_fd, block, step, to, name, e);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* A new file in quarantine/ whose name nothing has yet: name, name-2, name-3 ... */
static int aside_create(const struct ledger *l, const char *name, struct file_path *path, int *ret_fd, struct err *e)
{
    struct file_path folder;
    int rc = file_path(&folder, e, "%s/quarantine", l->root);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    for (int i = 1; rc == 0 && i < ASIDE_MAX; i++) {
        rc = i == 1 ? file_path(path, e, "%s/%s", folder.s, name) : file_path(path, e, "%s/%s-%d", folder.s, name, i);
        if (rc != 0)
            return rc;
        *ret_fd = open(path->s, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (*ret_fd >= 0)
            return 0;
        if (errno != EEXIST)
            return err_os(e, ERR_IO, errno, "cannot make %s", path->s);
    }
    return rc != 0 ? rc : err_set(e, ERR_IO, "%s/%s: too many files of this name are set aside", folder.s, name);
}

/* Bytes of an open file that are to be kept; and how many of them could not be read. */
struct keeping {
    int fd;
    uint64_t from, n, lost;
};

/* Durably, in quarantine/. */
static int keep(const struct ledger *l, struct keeping *k, const char *name, struct file_path *ret, struct err *e)
{
    OWN(fd_drop) int to = -1;
    int rc = aside_create(l, name, ret, &to, e);
    if (rc == 0)
        rc = copy_range(k->fd, k->from, k->n, to, ret->s, &k->lost, e);
    if (rc == 0)
        rc = file_sync(to, ret->s, e);
    if (rc == 0)
        rc = file_sync_parent(ret->s, e);
    if (rc != 0 && to >= 0)
        (void)unlink(ret->s); /* a stump would look like something kept */
    return rc;
}

static void say_lost(struct buf *words, const struct keeping *k, const struct file_path *path)
{
    struct err line;
    if (k->lost == 0)
        return;
    (void)err_set(&line, ERR_DAMAGED, "%s: zeros stand there for %llu bytes that cannot be read", path->s,
                  LLU(k->lost));
    say(words, &line);
}

/* As name, name-2, name-3 ...  Returns 0 or an errno. */
static int rename_free(const char *from, const char *to, struct file_path *ret)
{
    int number = EEXIST;
    for (int i = 1; number == EEXIST && i < ASIDE_MAX; i++) {
        int rc = i == 1 ? file_path(ret, NULL, "%s", to) : file_path(ret, NULL, "%s-%d", to, i);
        number = rc == 0 ? file_rename_new(AT_FDCWD, from, AT_FDCWD, ret->s) : ENAMETOOLONG;
    }
    return number;
}

/* Nobody can copy what cannot be opened: where it lies on a disk of its own, it stays there under another name. */
static int move_aside(const struct ledger *l, const char *path, const char *name, struct file_path *ret, struct err *e)
{
    struct file_path folder, to, beside;
    const char *last = strrchr(path, '/') + 1;
    int rc = file_path(&folder, e, "%s/quarantine", l->root);
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    if (rc == 0)
        rc = file_path(&to, e, "%s/%s", folder.s, name);
    if (rc == 0)
        rc = file_path(&beside, e, "%.*sunreadable-%s", (int)(last - path), path, last);
    if (rc != 0)
        return rc;
    int number = rename_free(path, to.s, ret);
    if (number == EXDEV)
        number = rename_free(path, beside.s, ret);
    if (number != 0)
        return err_os(e, ERR_IO, number, "move %s aside", path);
    rc = file_sync_parent(ret->s, e);
    return rc == 0 ? file_sync_parent(path, e) : rc;
}

/* Copied, not renamed: a/ and b/ may lie on disks of their own. */
int ledger_set_aside(struct ledger *l, const char *path, const char *name, struct file_path *ret, struct buf *words,
                     struct err *e)
{
    OWN(fd_drop) int fd = -1;
    struct err mine = {0};
    struct keeping k = {0};
    int rc = file_open_read(path, &fd, &mine);
    if (is_unreadable(rc, &mine))
        return move_aside(l, path, name, ret, e);
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    k.fd = fd;
    rc = file_size(fd, &k.n, path, e);
    if (rc == 0)
        rc = keep(l, &k, name, ret, e);
    if (rc == 0)
        rc = file_remove(path, e);
    if (rc == 0)
        say_lost(words, &k, ret);
    return rc;
}

static int open_to_write(const struct ledger *l, int copy, struct file_path *path, int *ret_fd, struct err *e)
{
    int rc = ledger_copy_path(l, copy, path, e);
    if (rc != 0)
        return rc;
    *ret_fd = open(path->s, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    return *ret_fd >= 0 ? 0 : err_os(e, ERR_IO, errno, "cannot open %s for writing", path->s);
}

/* Are the bytes from c->good on a mere beginning of what the other copy has there? */
static bool tail_is_beginning(const struct ledger *l, int copy)
{
    const struct ledger_copy *c = &l->copy[copy], *o = &l->copy[1 - copy];
    OWN(mem_drop) uint8_t *mine = malloc(LEDGER_COPY_BLOCK);
    OWN(mem_drop) uint8_t *other = malloc(LEDGER_COPY_BLOCK);
    if (mine == NULL || other == NULL || c->size > o->good)
        return false;
    for (uint64_t at = c->good; at < c->size;) {
        size_t n = c->size - at < LEDGER_COPY_BLOCK ? (size_t)(c->size - at) : LEDGER_COPY_BLOCK;
        if (file_read_at(c->fd, mine, n, at, "journal", NULL) != 0 ||
            file_read_at(o->fd, other, n, at, "journal", NULL) != 0 || memcmp(mine, other, n) != 0)
            return false;
        at += n;
    }
    return true;
}

static int keep_tail(struct ledger *l, int copy, struct buf *words, struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    if (c->size == c->good || tail_is_beginning(l, copy))
        return 0;
    char name[64];
    struct file_path path;
    (void)snprintf(name, sizeof(name), "journal-tail-%c-%llu", ledger_copy_letter(copy), LLU(c->good));
    struct keeping k = {c->fd, c->good, c->size - c->good, 0};
    int rc = keep(l, &k, name, &path, e);
    if (rc != 0)
        return rc;
    const char *why = c->good < l->position.bytes ? text_tr("they are not what the other copy has")
                      : l->pending                ? text_tr("the rest of an interrupted write")
                                                  : text_tr("no write was known to be under way");
    struct err line;
    (void)err_set(&line, ERR_DAMAGED,
                  "journal %c: %llu bytes behind the last whole record were moved to %s (%s)",
                  ledger_copy_letter(copy), LLU(c->size - c->good), path.s, why);
    say(words, &line);
    return 0;
}

struct carry {
    struct ledger *l;
    int fd;
    const char *name;
    uint64_t at;
};

static int carry_record(void *context, const struct ledger_record *record, struct err *e)
{
    struct carry *c = context;
    assert(record->at == c->at);
    int rc = file_write_at(c->fd, record->all.p, record->all.n, c->at, c->name, e);
    c->at += record->bytes;
    return rc;
}

/* Which border the mended end starts from: the records from c->good on, by number. */
static int carry_end(struct ledger *l, int copy, int fd, const char *name, struct err *e)
{
    struct ledger_mark m = {l->position.bytes, l->position.records, l->position.leaves};
    while (m.at > l->copy[copy].good)
        if (!ledger_mark_back(l, &m))
            return err_set(e, ERR_DAMAGED, "the journal changed while it was mended");
    struct carry c = {l, fd, name, m.at};
    return ledger_walk(l, -1, m.at, m.records, carry_record, &c, e);
}

static int mend_end(struct ledger *l, int copy, struct buf *words, struct err *e)
{
    struct ledger_copy *c = &l->copy[copy];
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    int rc = open_to_write(l, copy, &path, &fd, e);
    if (rc == 0)
        rc = keep_tail(l, copy, words, e);
    if (rc != 0)
        return rc;
    if (ftruncate(fd, (off_t)c->good) != 0)
        return err_os(e, ERR_IO, errno, "cannot shorten %s", path.s);
    uint64_t lacking = l->position.bytes - c->good;
    c->size = c->good;
    if (lacking > 0)
        rc = carry_end(l, copy, fd, path.s, e);
    if (rc == 0)
        rc = file_sync(fd, path.s, e);
    if (rc != 0)
        return rc;
    if (lacking > 0) {
        struct err line;
        (void)err_set(&line, ERR_DAMAGED, "journal %c: %llu bytes of its end were written again from the other "
                                          "copy", ledger_copy_letter(copy), LLU(lacking));
        say(words, &line);
        l->healed[copy] = true;
    }
    fd_drop(&c->fd);
    c->fd = TAKE_FD(fd);
    c->size = c->good = l->position.bytes;
    c->state = LEDGER_COPY_GOOD;
    return 0;
}

static int write_anew(struct ledger *l, int copy, const char *path, int *ret_fd, struct err *e)
{
    uint8_t header[LEDGER_HEADER];
    (void)unlink(path); /* of an earlier try */
    *ret_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (*ret_fd < 0)
        return err_os(e, ERR_IO, errno, "cannot make %s", path);
    ledger_header_make((unsigned)copy, header);
    int rc = file_write_at(*ret_fd, header, sizeof(header), 0, path, e);
    struct carry c = {l, *ret_fd, path, LEDGER_HEADER};
    if (rc == 0)
        rc = ledger_walk(l, -1, LEDGER_HEADER, 0, carry_record, &c, e);
    return rc == 0 ? file_sync(*ret_fd, path, e) : rc;
}

/* What lies there gives way.  Where it can be opened, it is kept under a name of its own and replaced at once. */
static int make_room(struct ledger *l, int copy, struct keeping *k, struct file_path *path, struct file_path *aside,
                     struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    char name[32];
    (void)snprintf(name, sizeof(name), "journal-damaged-%c", ledger_copy_letter(copy));
    if (c->fd < 0)
        return c->number != 0 ? move_aside(l, path->s, name, aside, e) : 0;
    *k = (struct keeping){c->fd, 0, c->size, 0};
    return keep(l, k, name, aside, e);
}

int ledger_remake(struct ledger *l, int copy, struct buf *words, struct err *e)
{
    struct ledger_copy *c = &l->copy[copy];
    struct file_path path, fresh, aside, folder;
    struct keeping k = {0};
    int rc = file_path(&folder, e, "%s/%c", l->root, ledger_copy_letter(copy));
    if (rc == 0)
        rc = file_make_folder(folder.s, e);
    if (rc == 0)
        rc = ledger_copy_path(l, copy, &path, e);
    if (rc == 0)
        rc = file_path(&fresh, e, "%s.new", path.s);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = -1;
    bool had = c->fd >= 0 || c->number != 0;
    rc = write_anew(l, copy, fresh.s, &fd, e);
    if (rc == 0)
        rc = make_room(l, copy, &k, &path, &aside, e);
    if (rc == 0 && rename(fresh.s, path.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", path.s);
    if (rc != 0)
        (void)unlink(fresh.s);
    if (rc == 0)
        rc = file_sync_parent(path.s, e);
    if (rc != 0)
        return rc;
    struct err line;
    if (had)
        (void)err_set(&line, ERR_DAMAGED, "journal %c: written anew from the good records; the damaged file is %s",
                      ledger_copy_letter(copy), aside.s);
    else
        (void)err_set(&line, ERR_DAMAGED, "journal %c: was not there and was written anew from the other copy",
                      ledger_copy_letter(copy));
    say(words, &line);
    say_lost(words, &k, &aside);
    l->healed[copy] = true;
    fd_drop(&c->fd);
    *c = (struct ledger_copy){.fd = TAKE_FD(fd), .size = l->position.bytes, .good = l->position.bytes};
    return 0;
}

/* Does the disk give all that lies behind what is good of this copy?  Else nothing can be written there. */
static int tail_reads(const struct ledger *l, int copy, bool *ret, struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    OWN(mem_drop) uint8_t *block = malloc(LEDGER_COPY_BLOCK);
    struct err mine = {0};
    int rc = 0;
    if (block == NULL)
        return err_memory(e);
    for (uint64_t at = c->good; rc == 0 && at < c->size; at += LEDGER_COPY_BLOCK)
        rc = file_read_at(c->fd, block, c->size - at < LEDGER_COPY_BLOCK ? (size_t)(c->size - at) : LEDGER_COPY_BLOCK,
                          at, "journal", &mine);
    *ret = rc == 0;
    return rc == 0 || is_unreadable(rc, &mine) ? 0 : err_set(e, rc, "%s", mine.text);
}

static int mend_copy(struct ledger *l, int copy, struct buf *words, struct err *e)
{
    const struct ledger_copy *c = &l->copy[copy];
    bool reads = true;
    if (c->state == LEDGER_COPY_GOOD)
        return 0;
    if (c->state == LEDGER_COPY_ABSENT || c->state == LEDGER_COPY_BAD)
        return ledger_remake(l, copy, words, e);
    int rc = tail_reads(l, copy, &reads, e);
    if (rc != 0)
        return rc;
    /* An end is written again in its own place only while the other copy holds all of it. */
    bool anew = !reads || (c->good < l->position.bytes && l->copy[1 - copy].good < l->position.bytes);
    return anew ? ledger_remake(l, copy, words, e) : mend_end(l, copy, words, e);
}

int ledger_mend(struct ledger *l, struct buf *ret_words, struct err *e)
{
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < 2; copy++)
        rc = mend_copy(l, copy, ret_words, e);
    return rc == 0 ? buf_check(ret_words, e) : rc;
}

/* ---- repair ---- */

static int look_only(void *context, const struct ledger_record *record, struct err *e)
{
    (void)context;
    (void)record;
    (void)e;
    return 0;
}

struct stray {
    struct ledger *l;
    struct buf *words;
};

static int put_aside(void *context, const char *path, struct err *e)
{
    struct stray *s = context;
    struct file_path aside;
    char name[64];
    const char *last = strrchr(path, '/');
    (void)snprintf(name, sizeof(name), "stray-%.40s", last == NULL ? path : last + 1);
    int rc = ledger_set_aside(s->l, path, name, &aside, s->words, e);
    if (rc != 0)
        return rc;
    struct err line;
    (void)err_set(&line, ERR_DAMAGED, "%s does not belong there and was moved to %s", path, aside.s);
    say(s->words, &line);
    return 0;
}

int ledger_repair(struct ledger *l, struct buf *ret_words, struct err *e)
{
    int rc = ledger_mend(l, ret_words, e);
    for (int copy = 0; rc == 0 && copy < 2; copy++) {
        struct err mine = {0};
        rc = ledger_walk(l, copy, LEDGER_HEADER, 0, look_only, NULL, &mine);
        if (rc == ERR_DAMAGED || is_unreadable(rc, &mine))
            rc = ledger_remake(l, copy, ret_words, e);
        else if (rc != 0)
            (void)err_set(e, rc, "%s", mine.text);
    }
    uint64_t anew = 0;
    if (rc == 0)
        rc = ledger_rebuild(l, &anew, e);
    if (rc == 0 && anew > 0) {
        struct err line;
        (void)err_set(&line, ERR_DAMAGED, "log/: %llu files of the public log were written anew", LLU(anew));
        say(ret_words, &line);
    }
    struct stray s = {l, ret_words};
    if (rc == 0)
        rc = ledger_strays(l, l->position.leaves, put_aside, &s, e);
    return rc == 0 ? buf_check(ret_words, e) : rc;
}

bool ledger_healed(const struct ledger *l, int copy)
{
    return l->healed[copy];
}
