/*
 * Copying what is committed to another disk.  The order is what makes it safe to be ended at any moment: packs and key
 * files, then the journal, then the commit, and only then is removed what the commit does not need (FORMAT 11.3).
 */
#include "mirror/mirror_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

enum { ROOM_SPARE = 1 << 20 };

/* Records of the journal that the mirror lacks and that become one piece. */
struct range {
    struct ledger_piece piece;
    uint64_t at; /* of its first record, in the journal */
    uint64_t bytes;
};

struct mirroring {
    struct store *s;
    struct store_facts facts;
    const struct mirror_wish *wish;
    const struct store_watch *watch;
    struct mirror_made *count;
    struct mirror *there; /* NULL: none yet */
    int lock_fd, folder_fd;     /* both locked */
    struct mirror_carrying carry;
    struct ledger_position end; /* of the journal, as it was opened */
    struct buf note;            /* its checkpoint */
    struct store_bound *bound;
    bool *lacking;        /* of the bound files */
    bool commit_known;    /* the commit there is one of ours, */
    bool stands;          /* and the one that its name says: the mirror stands by it */
    bool incomplete;      /* something could not be copied, as it is damaged here: a pack, */
    bool spoils;          /* or a keyring file: no repository can be made by a commit that lacks one */
    bool outrun;          /* something gave way to what was committed meanwhile */

    struct range *ranges;
    size_t range_count, range_room;
    bool range_open;                   /* the last one may grow */
    const struct ledger_piece *pieces; /* there */
    size_t piece_count, piece;
    uint64_t last_there; /* the last record that a piece there has, of ours */
    bool compare;        /* the pieces there: they were to be, or the mirror cannot be read from its beginning */
    struct crypt_sha256 *sha; /* of the piece at hand */
    struct range whole;       /* the piece at hand, should it have to be written again */
};

static void mirroring_release(struct mirroring *m)
{
    mirror_drop(&m->there);
    fd_drop(&m->lock_fd);
    fd_drop(&m->folder_fd);
    buf_drop(&m->note);
    store_bound_drop(&m->bound);
    free(m->lacking);
    free(m->ranges);
    crypt_sha256_free(m->sha);
}

static void found(struct mirroring *m, const char *line)
{
    m->count->findings++;
    m->watch->finding(m->watch->context, line);
}

static void tell(const struct mirroring *m, const struct err *line)
{
    store_tell(m->s, line->text);
}

/* ---- is this folder ours to write in? ---- */

/* What a stick has by itself does not make a folder anybody's; nor does a head that was never finished. */
static bool of_nobody(const char *name)
{
    static const char *const known[] = {"lost+found", "System Volume Information", "$RECYCLE.BIN",
                                        ("mirror" MIRROR_DRAFT)};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return name[0] == '.';
}

static int folder_free(const char *folder, struct err *e)
{
    OWN(dir_drop) DIR *dir = opendir(folder);
    if (dir == NULL && errno == ENOENT)
        return 0;
    if (dir == NULL)
        return err_os(e, ERR_IO, errno, "cannot open the folder %s", folder);
    for (struct dirent *d; (d = readdir(dir)) != NULL;)
        if (!of_nobody(d->d_name))
            return err_set(e, ERR_REFUSED,
                           "%s holds other files and is no mirror: name a new folder, an empty one, or a mirror",
                           folder);
    return 0;
}

static int two_histories(uint64_t number, struct err *e)
{
    return err_set(e, ERR_DAMAGED,
                   "commit %llu in the mirror is another than here, and the log key signed both: these are two "
                   "histories. Keep both and ask for help",
                   (unsigned long long)number);
}

/* A mirror that is ahead has our last record among its own, or is of another history. */
static int hold_to_end(const struct mirroring *m, struct err *e)
{
    struct ledger_record there;
    if (m->end.records == 0 ||
        ledger_pieces_record(m->there->pieces, m->facts.logs, m->end.records - 1, NULL, &there, NULL) != 0)
        return 0;
    return hash_equal(&there.hash, &m->end.last) ? 0 : two_histories(m->end.records - 1, e);
}

/* How many commits it holds, by records that the log key signed and by its own commit: names prove nothing. */
static uint64_t holds_commits(const struct mirroring *m)
{
    const struct mirror *t = m->there;
    struct ledger_record there;
    uint64_t has = t->has_commit && t->commit.size > m->end.leaves ? t->records : m->end.records;
    while (ledger_pieces_record(t->pieces, m->facts.logs, has, NULL, &there, NULL) == 0)
        has++;
    return has;
}

static int hold_to_there(const struct mirroring *m, struct err *e)
{
    if (!hash_equal(&m->there->pin, &m->facts.pin))
        return err_set(e, ERR_REFUSED, "%s is a mirror of another repository: name another folder", m->wish->folder);
    uint64_t has = holds_commits(m);
    if (has > m->end.records && hold_to_end(m, e) != 0)
        return ERR_DAMAGED;
    if (has > m->end.records)
        return err_set(e, ERR_REFUSED,
                       "the mirror in %s holds %llu commits, and this repository %llu: this is an older copy of the "
                       "repository, so look for the newer one",
                       m->wish->folder, (unsigned long long)has, (unsigned long long)m->end.records);
    return 0;
}

/* A link in it would lead what is written and removed to another place, so to somebody's files. */
static int folders_real(const struct mirroring *m, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < MIRROR_FOLDERS; i++) {
        struct file_path inner;
        rc = file_path(&inner, e, "%s/%s/", m->wish->folder, mirror_folders[i]);
        if (rc == 0)
            rc = mirror_carry_way(m->wish->folder, inner.s, e);
    }
    return rc;
}

/* The folder of a stick that is not connected looks like a new one, and no mirror is to be begun on this disk then. */
static int not_made_before(const struct mirroring *m, struct err *e)
{
    OWN(mirror_notes_drop) struct mirror_notes *notes = NULL;
    struct file_path real;
    int rc = m->wish->anew ? 0 : mirror_notes(m->facts.place, &m->facts.pin, &notes, e);
    if (rc == 0)
        rc = file_resolve(m->wish->folder, &real, e);
    for (size_t i = 0; rc == 0 && notes != NULL && i < notes->count; i++)
        if (strcmp(notes->list[i].folder, real.s) == 0)
            return err_set(e, ERR_REFUSED,
                           "the mirror that was made in %s is not there: is the disk connected? To begin a new one: "
                           "groundwork mirror --anew",
                           m->wish->folder);
    return rc;
}

/* From before it is looked at: what another one does meanwhile would make what was seen untrue. */
static int lock_folder(struct mirroring *m, struct err *e)
{
    if (m->folder_fd < 0)
        m->folder_fd = open(m->wish->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (m->folder_fd >= 0 && flock(m->folder_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(e, ERR_BUSY, "another groundwork is writing to the mirror in %s: wait for it", m->wish->folder);
    return 0; /* there is none yet; and a file system that knows no locks is used all the same */
}

static int look(struct mirroring *m, struct err *e)
{
    struct err mine = {0};
    int rc = lock_folder(m, e);
    if (rc == 0)
        rc = folders_real(m, e);
    if (rc != 0)
        return rc;
    rc = mirror_open(m->wish->folder, &m->there, &mine);
    if (rc == ERR_ABSENT) {
        rc = folder_free(m->wish->folder, e);
        return rc == 0 ? not_made_before(m, e) : rc;
    }
    return rc == 0 ? hold_to_there(m, e) : err_set(e, rc, "%s", mine.text);
}

/* ---- what does it lack? ---- */

static int range_begin(struct mirroring *m, const struct range *first, struct err *e)
{
    if (m->range_count == m->range_room) {
        size_t room = m->range_room * 2 + 16;
        struct range *grown = reallocarray(m->ranges, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        m->ranges = grown;
        m->range_room = room;
    }
    m->ranges[m->range_count++] = *first;
    return 0;
}

/* A record that no piece has: to the last range, or a new one. */
static int range_add(struct mirroring *m, const struct ledger_record *r, struct err *e)
{
    int rc = 0;
    if (m->range_open) {
        struct range *last = &m->ranges[m->range_count - 1];
        last->piece.last = r->number;
        last->bytes += r->bytes;
    } else {
        const struct range first = {{r->number, r->number}, r->at, r->bytes};
        rc = range_begin(m, &first, e);
    }
    m->range_open = rc == 0 && m->ranges[m->range_count - 1].bytes < LEDGER_PIECE_BYTES;
    return rc;
}

/* Does the mirror's last record have the bytes that ours has?  Another one that the log key signed is a fork. */
static int last_record(struct mirroring *m, const struct ledger_record *r, bool *ret_good, struct err *e)
{
    struct ledger_record there;
    int rc = ledger_pieces_record(m->there->pieces, m->facts.logs, r->number, NULL, &there, NULL);
    *ret_good = rc == 0;
    return rc != 0 || hash_equal(&there.hash, &r->hash) ? 0 : two_histories(r->number, e);
}

static int piece_end(struct mirroring *m, const struct ledger_record *r, struct err *e)
{
    struct file_path path;
    char name[LEDGER_PIECE_NAME_MAX];
    struct stat status;
    bool good = true;
    ledger_piece_name(&m->whole.piece, name);
    int rc = file_path(&path, e, "%s/%s", m->wish->folder, name);
    if (rc == 0)
        rc = mirror_carry_way(m->wish->folder, path.s, e);
    if (rc == 0 && r->number == m->last_there)
        rc = last_record(m, r, &good, e);
    if (rc != 0)
        return rc;
    good = good && lstat(path.s, &status) == 0 && S_ISREG(status.st_mode) && (uint64_t)status.st_size == m->whole.bytes;
    if (good && m->compare) {
        struct store_bound_file f = {.bytes = m->whole.bytes};
        struct mirror_carrying none = {.passes = 1};
        crypt_sha256_end(m->sha, &f.digest);
        rc = mirror_carry_check(&none, path.s, &f, NULL);
        good = rc == 0;
        rc = rc == ERR_IO ? err_set(e, rc, "cannot read %s", path.s) : 0;
    }
    m->piece++;
    return rc != 0 || good ? rc : range_begin(m, &m->whole, e);
}

/* It overlaps what was there before it, or says that it goes on behind our end: no writer leaves that. */
static bool passed_over(const struct mirroring *m, const struct ledger_piece *p, uint64_t number)
{
    return p->last >= m->end.records || (p->first < number && m->whole.piece.last < number);
}

static int plan_piece(struct mirroring *m, const struct ledger_record *r, struct err *e)
{
    while (m->piece < m->piece_count && passed_over(m, &m->pieces[m->piece], r->number))
        m->piece++;
    if (m->piece == m->piece_count || r->number < m->pieces[m->piece].first)
        return range_add(m, r, e);
    m->range_open = false;
    if (r->number == m->pieces[m->piece].first) {
        m->whole = (struct range){m->pieces[m->piece], r->at, 0};
        crypt_sha256_begin(m->sha);
    }
    m->whole.bytes += r->bytes;
    if (m->compare)
        crypt_sha256_add(m->sha, r->all);
    return r->number == m->whole.piece.last ? piece_end(m, r, e) : 0;
}

/* The commit there, looked for by its leaves: at another record than its name says it is none. */
static int plan_commit(struct mirroring *m, const struct ledger_record *r, struct err *e)
{
    struct checkpoint c;
    if (m->there == NULL || !m->there->has_commit ||
        r->first_leaf + r->hidden_count + r->public_count != m->there->commit.size)
        return 0;
    int rc = history_checkpoint(r->checkpoint, m->facts.logs, NOTE_STRICT, &c, e);
    if (rc != 0)
        return rc;
    m->commit_known = hash_equal(&c.root, &m->there->commit.root);
    m->stands = m->commit_known && r->number + 1 == m->there->records;
    return 0;
}

static int plan_histories(const struct mirroring *m, struct err *e)
{
    if (m->there == NULL || !m->there->has_commit || m->commit_known)
        return 0;
    return err_set(e, ERR_DAMAGED,
                   "the mirror stands at %llu leaves with another root than this repository had then: these are two "
                   "histories. Keep both and ask for help",
                   (unsigned long long)m->there->commit.size);
}

static int plan_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct mirroring *m = context;
    int rc = store_bound_take(m->bound, r, e);
    if (rc == 0)
        rc = plan_piece(m, r, e);
    if (rc == 0)
        rc = plan_commit(m, r, e);
    buf_clear(&m->note);
    buf_put_bytes(&m->note, r->checkpoint);
    return rc;
}

/* A file that has its name was held to the log before it got it; its size is asked all the same. */
static int plan_file(struct mirroring *m, size_t i, struct err *e)
{
    struct store_bound_file f;
    struct file_path path;
    struct stat status;
    store_bound_file(m->bound, i, &f);
    int rc = file_path(&path, e, "%s/%s", m->wish->folder, f.name);
    if (rc == 0)
        rc = mirror_carry_way(m->wish->folder, path.s, e);
    if (rc != 0)
        return rc;
    bool there = m->there != NULL && lstat(path.s, &status) == 0 && S_ISREG(status.st_mode) &&
                 (uint64_t)status.st_size == f.bytes;
    if (there && m->wish->again) {
        struct mirror_carrying looking = {.watch = m->watch, .passes = 1};
        rc = mirror_carry_check(&looking, path.s, &f, e);
        there = rc == 0;
        if (rc == ERR_DAMAGED && e != NULL) {
            tell(m, e);
            *e = (struct err){0};
        }
        rc = rc == ERR_DAMAGED || rc == ERR_ABSENT ? 0 : rc;
    }
    m->lacking[i] = !there;
    m->carry.all += there ? 0 : f.bytes;
    return rc;
}

static int plan(struct mirroring *m, struct err *e)
{
    m->sha = crypt_sha256_new();
    if (m->sha == NULL)
        return err_memory(e);
    m->compare = m->wish->again || (m->there != NULL && !m->there->has_founded);
    m->piece_count = m->there != NULL ? ledger_pieces_list(m->there->pieces, &m->pieces) : 0;
    for (size_t i = 0; i < m->piece_count; i++)
        if (m->pieces[i].last < m->end.records && m->pieces[i].last > m->last_there)
            m->last_there = m->pieces[i].last;
    int rc = store_bound_new(m->facts.founded, &m->bound, e);
    if (rc == 0)
        rc = ledger_walk(store_ledger(m->s), -1, LEDGER_FIRST, 0, plan_record, m, e);
    if (rc == 0)
        rc = buf_check(&m->note, e);
    if (rc == 0)
        rc = plan_histories(m, e);
    if (rc != 0)
        return rc;
    size_t count = store_bound_count(m->bound);
    m->lacking = calloc(count + 1, sizeof *m->lacking);
    if (m->lacking == NULL)
        return err_memory(e);
    for (size_t i = 0; rc == 0 && i < count; i++)
        rc = plan_file(m, i, e);
    for (size_t i = 0; i < m->range_count; i++)
        m->carry.all += m->ranges[i].bytes;
    return rc;
}

/* ---- copying ---- */

static int room_enough(const struct mirroring *m, struct err *e)
{
    struct statvfs disk;
    if (m->carry.all == 0 || statvfs(m->wish->folder, &disk) != 0 || disk.f_blocks == 0)
        return 0;
    uint64_t room = (uint64_t)disk.f_bavail * disk.f_frsize;
    if (room >= m->carry.all + ROOM_SPARE)
        return 0;
    return err_set(e, ERR_IO,
                   "%llu MiB are to be copied, and the disk of %s has room for %llu MiB: make room there, or use a "
                   "larger disk; nothing was copied",
                   (unsigned long long)(m->carry.all >> 20) + 1, m->wish->folder, (unsigned long long)(room >> 20));
}

static int lock(struct mirroring *m, struct err *e)
{
    struct file_path path;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int rc = file_path(&path, e, "%s/mirror", m->wish->folder);
    if (rc != 0)
        return rc;
    m->lock_fd = open(path.s, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (m->lock_fd < 0 && errno == EROFS)
        return err_set(e, ERR_IO, "%s is on a read-only disk: nothing can be copied there", m->wish->folder);
    if (m->lock_fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open %s for writing", path.s);
    if (fcntl(m->lock_fd, F_OFD_SETLK, &whole) != 0 && (errno == EAGAIN || errno == EACCES))
        return err_set(e, ERR_BUSY, "another groundwork is writing to the mirror in %s: wait for it", m->wish->folder);
    return 0; /* a file system that knows no locks is used all the same */
}

/* Only the last folder is made: where those above are missing the disk is not there, and nothing is put elsewhere. */
static int folder_make(const char *folder, struct err *e)
{
    struct file_path upper;
    struct stat status;
    int rc = file_path(&upper, e, "%s/..", folder);
    if (rc != 0 || stat(folder, &status) == 0)
        return rc != 0 ? rc : file_make_folder(folder, e);
    rc = file_resolve(upper.s, &upper, e);
    if (rc == 0 && stat(upper.s, &status) != 0)
        return err_set(e, ERR_IO, "%s is not there: connect the disk, or make that folder", upper.s);
    return rc == 0 ? file_make_folder(folder, e) : rc;
}

static int begin(struct mirroring *m, struct err *e)
{
    OWN(buf_drop) struct buf head = {0};
    struct mirror_carrying quiet = {.within = m->wish->folder, .passes = 1};
    struct file_path path;
    int rc = file_path(&path, e, "%s/mirror", m->wish->folder);
    if (rc == 0)
        rc = folder_make(m->wish->folder, e);
    if (rc == 0)
        rc = lock_folder(m, e);
    if (rc == 0 && m->there == NULL && file_exists(path.s))
        rc = err_set(e, ERR_BUSY, "another groundwork is writing to the mirror in %s: wait for it", m->wish->folder);
    if (rc == 0)
        rc = room_enough(m, e);
    if (rc != 0)
        return rc;
    if (m->there != NULL && m->there->has_head) {
        memcpy(m->count->id, m->there->id, MIRROR_ID);
        return lock(m, e);
    }
    crypt_random(m->count->id, MIRROR_ID);
    mirror_head(&m->facts.pin, m->count->id, &head);
    rc = buf_check(&head, e);
    if (rc == 0)
        rc = mirror_carry_bytes(&quiet, buf_bytes(&head), path.s, e);
    return rc == 0 ? lock(m, e) : rc;
}

/* From whichever copy is good; a copy that is not is told. */
static int copy_file(struct mirroring *m, const struct store_bound_file *f, bool *ret_got, struct err *e)
{
    struct file_path from, to;
    struct err why = {0};
    int rc = file_path(&to, e, "%s/%s", m->wish->folder, f->name);
    int got = ERR_ABSENT;
    for (int copy = 0; rc == 0 && got != 0 && copy < 2 && f->place[copy][0] != 0; copy++) {
        rc = file_path(&from, e, "%s/%s", m->facts.root, f->place[copy]);
        if (rc != 0)
            return rc;
        got = mirror_carry(&m->carry, from.s, to.s, f, &why);
        if (got != 0 && got != ERR_DAMAGED && got != ERR_ABSENT)
            return err_set(e, got, "%s", why.text);
        m->outrun = m->outrun || (got == ERR_ABSENT && ledger_outrun(store_ledger(m->s)));
        if (got != 0 && !m->outrun)
            found(m, why.text);
    }
    *ret_got = got == 0;
    m->incomplete = m->incomplete || got != 0;
    m->spoils = m->spoils || (got != 0 && f->pack == NULL);
    m->count->files += got == 0;
    m->count->bytes += got == 0 ? f->bytes : 0;
    return rc;
}

static int copy_files(struct mirroring *m, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < store_bound_count(m->bound); i++) {
        struct store_bound_file f;
        store_bound_file(m->bound, i, &f);
        bool got = false;
        if (m->lacking[i])
            rc = copy_file(m, &f, &got, e);
        m->lacking[i] = m->lacking[i] && !got;
    }
    if (rc == 0 && m->outrun)
        rc = err_set(e, ERR_BUSY,
                     "something was committed meanwhile, and what it replaced is gone: run groundwork "
                     "mirror again; what was copied stays");
    return rc;
}

struct piecing {
    struct mirroring *m;
    size_t range;
    struct buf bytes;
};

static int piece_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct piecing *p = context;
    struct mirroring *m = p->m;
    const struct range *range = &m->ranges[p->range];
    struct file_path path;
    char name[LEDGER_PIECE_NAME_MAX];
    if (r->number < range->piece.first)
        return 0;
    buf_put_bytes(&p->bytes, r->all);
    int rc = buf_check(&p->bytes, e);
    if (rc != 0 || r->number < range->piece.last)
        return rc;
    ledger_piece_name(&range->piece, name);
    rc = file_path(&path, e, "%s/%s", m->wish->folder, name);
    if (rc == 0)
        rc = mirror_carry_bytes(&m->carry, buf_bytes(&p->bytes), path.s, e);
    if (rc != 0)
        return rc;
    m->count->files++;
    m->count->bytes += p->bytes.n;
    buf_clear(&p->bytes);
    return ++p->range < m->range_count ? 0 : ERR_STOPPED; /* far enough */
}

static int copy_journal(struct mirroring *m, struct err *e)
{
    struct piecing p = {.m = m};
    struct err mine = {0};
    if (m->range_count == 0)
        return 0;
    int rc = ledger_walk(store_ledger(m->s), -1, m->ranges[0].at, m->ranges[0].piece.first, piece_record, &p, &mine);
    buf_drop(&p.bytes);
    if (rc == ERR_STOPPED && p.range == m->range_count)
        return 0;
    return err_set(e, rc != 0 ? rc : ERR_DAMAGED, "%s", mine.text);
}

static int commit(struct mirroring *m, struct err *e)
{
    struct file_path path;
    char name[MIRROR_COMMIT_NAME];
    struct mirror_carrying quiet = {.within = m->wish->folder, .passes = 1};
    m->count->records = m->end.records;
    m->count->leaves = m->end.leaves;
    if (m->stands && m->there->records == m->end.records)
        return 0;
    if (m->stands && m->spoils) {
        m->count->records = m->there->records;
        m->count->leaves = m->there->commit.size;
        return 0;
    }
    mirror_commit_name(m->end.records, name);
    int rc = file_path(&path, e, "%s/%s", m->wish->folder, name);
    return rc == 0 ? mirror_carry_bytes(&quiet, buf_bytes(&m->note), path.s, e) : rc;
}

/* ---- all of it ---- */

/* The mirror stands; that this computer cannot remember it is said, and is no failure of the mirror. */
static void note(struct mirroring *m)
{
    struct file_path real;
    struct err line = {0}, why = {0};
    struct mirror_noted now = {
        .records = m->end.records, .leaves = m->end.leaves, .at_unix_s = time_now_unix_s()};
    memcpy(now.id, m->count->id, MIRROR_ID);
    int rc = file_resolve(m->wish->folder, &real, &why);
    now.folder = real.s;
    if (rc == 0)
        rc = mirror_note(m->facts.place, &m->facts.pin, &now, m->wish->warn_days, &why);
    if (rc == 0)
        return;
    (void)err_set(&line, ERR_IO, "the mirror is made, but this computer could not note it: %s", why.text);
    tell(m, &line);
}

static bool on_same_disk(const struct mirroring *m)
{
    struct stat here, there;
    return stat(m->facts.root, &here) == 0 && stat(m->wish->folder, &there) == 0 && here.st_dev == there.st_dev;
}

static int copy(struct mirroring *m, struct err *e)
{
    int rc = begin(m, e);
    if (rc != 0)
        return rc;
    m->count->same_disk = on_same_disk(m);
    rc = copy_files(m, e);
    if (rc == 0)
        rc = copy_journal(m, e);
    if (rc == 0)
        rc = commit(m, e);
    if (rc == 0 && !m->spoils)
        rc = mirror_sweep(m->wish->folder, m->bound, m->lacking, m->end.records, e);
    if (rc == 0 && !m->spoils)
        note(m);
    return rc != ERR_IO ? rc : err_add(e, rc, "the mirror is not finished, and goes on when it is run again");
}

int mirror_make(struct store *s, const struct mirror_wish *wish, const struct store_watch *watch,
                 struct mirror_made *ret, struct err *e)
{
    OWN(mirroring_release)
    struct mirroring m = {.s = s,
                          .wish = wish,
                          .watch = watch,
                          .count = ret,
                          .lock_fd = -1,
                          .folder_fd = -1,
                          .carry = {.watch = watch, .within = wish->folder, .passes = 2}};
    *ret = (struct mirror_made){0};
    store_facts(s, &m.facts);
    m.end = m.facts.position;
    int rc = look(&m, e);
    if (rc == 0)
        rc = plan(&m, e);
    if (rc == 0)
        rc = copy(&m, e);
    if (rc == 0 && m.spoils && m.stands)
        rc = err_set(e, ERR_DAMAGED,
                     "the mirror stands at %llu commits as before, as what is named above is damaged here: run "
                     "groundwork repair, and then groundwork mirror again; where nothing heals it, a mirror in another "
                     "folder takes what is left",
                     (unsigned long long)ret->records);
    else if (rc == 0 && m.incomplete)
        rc = err_set(e, ERR_DAMAGED,
                     "the rest is copied, but what is named above is damaged here: run groundwork repair, and then "
                     "groundwork mirror again; where nothing heals it, the mirror goes on without it");
    else if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED,
                     "the mirror is whole, but what is named above is damaged here: run groundwork "
                     "repair");
    return rc;
}
