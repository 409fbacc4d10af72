/* The commands.  What is signed is durable in this folder before its signature can be had. */
#include "cosign/cosign_internal.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
void cosign_say(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vprintf(text_tr(format), list);
    va_end(list);
    (void)putchar('\n');
}
#pragma GCC diagnostic pop

static void say_key(const struct note_key *own)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(own, vkey);
    (void)printf("%s\n", vkey);
}

/* ---- the key ---- */

int cosign_init(const struct cosign_line *line, struct err *e)
{
    OWN(buf_wipe) struct buf passphrase = {0};
    struct note_key own;
    struct file_path path;
    _Static_assert(COSIGN_PASSPHRASE_MIN == 8, "the prompt says so");
    int rc = note_name_check(line->argument[0], e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/key", line->folder);
    if (rc == 0 && file_exists(path.s))
        rc = err_set(e, ERR_REFUSED, "there is a key already: %s", path.s);
    if (rc == 0)
        rc = cosign_ask(text_tr("New passphrase for the cosigner's key, 8 characters or more:"), true, &passphrase, e);
    if (rc == 0)
        rc = cosign_key_make(line->folder, line->argument[0], buf_bytes(&passphrase), &own, e);
    if (rc != 0)
        return rc;
    cosign_say("The key is in %s. Copy that file to a safe place. Never bring back an older copy of the folder: what "
               "was signed since would be forgotten.", path.s);
    cosign_say("Give this line to the logs that you will cosign:");
    say_key(&own);
    return 0;
}

int cosign_key(const struct cosign_line *line, struct err *e)
{
    struct note_key own;
    int rc = cosign_key_read(line->folder, &own, e);
    if (rc == 0)
        say_key(&own);
    return rc;
}

/* ---- one at a time ---- */

/* Comparing and noting must not be torn apart by another run: two would each sign what the other did not see. */
static int lock(const char *folder, int *ret_fd, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/lock", folder);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(path.s, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "cannot open %s", path.s);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? err_set(e, ERR_BUSY, "another groundwork-cosign is at work in %s", folder)
                                    : err_os(e, ERR_IO, errno, "cannot lock %s", path.s);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

/* ---- logs ---- */

int cosign_follow(const struct cosign_line *line, struct err *e)
{
    OWN(cosign_log_release) struct cosign_log l = {.signed_any = false};
    OWN(buf_drop) struct buf text = {0};
    OWN(fd_drop) int held = -1;
    struct file_path path;
    struct note_key own;
    int rc = cosign_key_read(line->folder, &own, e);
    if (rc == 0)
        rc = note_key_parse(bytes_text(line->argument[0]), &l.log, e);
    if (rc == ERR_DAMAGED)
        rc = err_add(e, ERR_USAGE, "the log's key");
    if (rc == 0)
        rc = lock(line->folder, &held, e);
    if (rc == 0)
        rc = cosign_log_path(line->folder, l.log.name, ".log", &path, e);
    if (rc != 0)
        return rc;
    cosign_log_text(&l, &text);
    rc = buf_check(&text, e);
    if (rc == 0)
        rc = file_create(path.s, buf_bytes(&text), 0600, e);
    if (rc == ERR_REFUSED)
        return err_set(e, rc, "the log %s is followed already", l.log.name);
    if (rc == 0)
        cosign_say("The log %s is followed from now on.", l.log.name);
    return rc;
}

static int read_log(const char *folder, const char *origin, struct note_key *own, struct cosign_log *ret,
                    struct err *e)
{
    int rc = cosign_key_read(folder, own, e);
    if (rc == 0)
        rc = cosign_log_read(folder, origin, own, ret, e);
    if (rc == ERR_ABSENT && own->name[0] != 0)
        return err_set(e, ERR_REFUSED,
                       "the log \"%s\" is not followed here: get its key from somebody you trust, and "
                       "groundwork-cosign follow KEY",
                       origin);
    return rc;
}

/*
 * The log goes on under a new key: the checkpoint in the file is signed by the key that is followed here and by the new
 * one, which the operator has from somebody whom he trusts.  What was signed last stays as it is.
 */
static int turn_to(struct cosign_log *l, const struct note_key *next, struct bytes note, struct err *e)
{
    const struct note_key both[] = {l->log, *next};
    OWN(note_drop) struct note n = {0};
    struct checkpoint c;
    int rc = note_parse(note, &n, e);
    if (rc == 0 && n.lines != COUNT(both))
        rc = err_set(e, ERR_DAMAGED, "the first checkpoint under a new log key is not signed by both keys");
    if (rc == 0)
        rc = note_check(&n, both, COUNT(both), NOTE_STRICT, e);
    if (rc == 0)
        rc = checkpoint_read(note, next, NOTE_FOREIGN, &c, e);
    if (rc == 0 && (strcmp(c.origin, l->log.name) != 0 || (l->signed_any && c.size < l->held.size)))
        rc = err_set(e, ERR_DAMAGED, "this checkpoint is of another log, or from before what was signed last");
    if (rc != 0)
        return rc;
    if (!l->turned)
        l->before = l->log;
    l->turned = l->signed_any;
    l->log = *next;
    return 0;
}

int cosign_turn(const struct cosign_line *line, struct err *e)
{
    OWN(cosign_log_release) struct cosign_log l = {.signed_any = false};
    OWN(buf_drop) struct buf note = {0};
    OWN(fd_drop) int held = -1;
    struct note_key own = {.name = ""}, next;
    int rc = note_key_parse(bytes_text(line->argument[0]), &next, e);
    if (rc == ERR_DAMAGED)
        return err_add(e, ERR_USAGE, "the log's key");
    if (rc == 0)
        rc = file_read_all(line->argument[1], NOTE_BYTES_MAX, &note, e);
    if (rc == 0)
        rc = lock(line->folder, &held, e);
    if (rc == 0)
        rc = read_log(line->folder, next.name, &own, &l, e);
    if (rc == 0)
        rc = turn_to(&l, &next, buf_bytes(&note), e);
    if (rc == 0)
        rc = cosign_log_write(line->folder, &l, e);
    if (rc == 0)
        cosign_say("The log %s is followed under its new key from now on.", l.log.name);
    return rc;
}

static void say_log(const struct cosign_log *l, const char *folder)
{
    char hex[2 * CRYPT_HASH + 1];
    struct file_path fork;
    hex_put(hex, l->held.root.b, CRYPT_HASH);
    if (l->signed_any)
        cosign_say("%s: signed up to %llu leaves, root %s", l->log.name, (unsigned long long)l->held.size, hex);
    else
        cosign_say("%s: nothing signed yet", l->log.name);
    if (cosign_log_path(folder, l->log.name, ".fork", &fork, NULL) == 0 && file_exists(fork.s))
        cosign_say("  TWO HISTORIES: %s", fork.s);
}

static bool ends(const char *name, const char *with)
{
    size_t n = strlen(name), m = strlen(with);
    return n > m && strcmp(name + n - m, with) == 0;
}

static int list_one(const char *folder, const char *name, const struct note_key *own, struct err *e)
{
    OWN(cosign_log_release) struct cosign_log l = {.signed_any = false};
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = file_path(&path, e, "%s/%s", folder, name);
    if (rc == 0)
        rc = file_read_all(path.s, COSIGN_FILE_MAX, &text, e);
    if (rc == 0)
        rc = cosign_log_parse(buf_bytes(&text), own, &l, e);
    if (rc != 0)
        return err_add(e, rc, "%s is damaged, and nothing is signed for this log without it", path.s);
    say_log(&l, folder);
    return 0;
}

int cosign_list(const struct cosign_line *line, struct err *e)
{
    struct note_key own;
    int rc = cosign_key_read(line->folder, &own, e);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(line->folder);
    if (dir == NULL)
        return err_os(e, ERR_IO, errno, "cannot open the folder %s", line->folder);
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL;)
        if (d->d_name[0] != '.' && ends(d->d_name, ".log"))
            rc = list_one(line->folder, d->d_name, &own, e);
    return rc;
}

static int create(const char *path, struct bytes content, struct err *e)
{
    int rc = file_create(path, content, 0644, e);
    return rc == ERR_REFUSED ? err_set(e, rc, "%s is there already: name another file", path) : rc;
}

int cosign_checkpoint(const struct cosign_line *line, struct err *e)
{
    OWN(cosign_log_release) struct cosign_log l = {.signed_any = false};
    struct note_key own = {.name = ""};
    int rc = read_log(line->folder, line->argument[0], &own, &l, e);
    if (rc == 0 && !l.signed_any)
        rc = err_set(e, ERR_REFUSED, "nothing was signed for the log %s yet", l.log.name);
    return rc == 0 ? create(line->argument[1], buf_bytes(&l.note), e) : rc;
}

/* ---- cosigning ---- */

struct signing {
    const char *folder;
    struct note_key own;
    struct cosign_log log;
    struct buf request;
    struct cosigning_request parsed;
    struct cosign_decision decision;
};

static void signing_release(struct signing *s)
{
    cosign_log_release(&s->log);
    buf_drop(&s->request);
}

/* Its first line, by which the log is looked up; what is in it is checked later. */
static int origin_of(struct bytes note, char to[NOTE_NAME_MAX + 1], struct err *e)
{
    struct cursor c = cursor_of(note);
    struct bytes line = cursor_line(&c);
    if (c.failed || line.n == 0 || line.n > NOTE_NAME_MAX || memchr(line.p, 0, line.n) != NULL)
        return err_set(e, ERR_DAMAGED, "the request's checkpoint names no log");
    memcpy(to, line.p, line.n);
    to[line.n] = 0;
    return 0;
}

/* After a proven fork a person must decide: this program signs no history of that log any more. */
static int no_fork(const struct signing *s, struct err *e)
{
    struct file_path fork;
    int rc = cosign_log_path(s->folder, s->log.log.name, ".fork", &fork, e);
    if (rc == 0 && file_exists(fork.s))
        rc = err_set(e, ERR_DAMAGED,
                     "the log %s has signed two histories (%s is the proof): nothing more is signed for it",
                     s->log.log.name, fork.s);
    return rc;
}

static int prepare(struct signing *s, const struct cosign_line *line, struct err *e)
{
    char origin[NOTE_NAME_MAX + 1];
    if (file_exists(line->argument[1]))
        return err_set(e, ERR_REFUSED, "%s is there already: name another file", line->argument[1]);
    int rc = file_read_all(line->argument[0], COSIGNING_REQUEST_MAX, &s->request, e);
    if (rc == 0)
        rc = cosigning_request_parse(buf_bytes(&s->request), &s->parsed, e);
    if (rc == 0)
        rc = origin_of(s->parsed.note, origin, e);
    if (rc == 0)
        rc = read_log(s->folder, origin, &s->own, &s->log, e);
    if (rc == 0)
        rc = no_fork(s, e);
    return rc == 0 ? cosign_decide(&s->log, buf_bytes(&s->request), &s->parsed, &s->decision, e) : rc;
}

/* Our line alone, out of the note that is held. */
static int answer_put(const struct signing *s, const char *to, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    OWN(buf_drop) struct buf answer = {0};
    int rc = note_parse(buf_bytes(&s->log.note), &n, e);
    for (size_t i = 0; rc == 0 && i < n.lines; i++)
        if (memcmp(n.line[i].id, s->own.id, sizeof s->own.id) == 0 &&
            bytes_equal(n.line[i].name, bytes_text(s->own.name)))
            note_line_put(&n.line[i], &answer);
    if (rc == 0)
        rc = buf_check(&answer, e);
    return rc == 0 ? create(to, buf_bytes(&answer), e) : rc;
}

/* The new state: the text, the log's own line, and ours. */
static int sign(struct signing *s, struct err *e)
{
    OWN(buf_wipe) struct buf passphrase = {0};
    OWN(key_drop) struct key seed = {0};
    OWN(note_drop) struct note n = {0};
    OWN(buf_drop) struct buf note = {0};
    int rc = cosign_ask(text_tr("Passphrase for the cosigner's key:"), false, &passphrase, e);
    if (rc == 0)
        rc = cosign_key_open(s->folder, buf_bytes(&passphrase), &seed, e);
    if (rc == 0)
        rc = note_parse(s->parsed.note, &n, e);
    if (rc != 0)
        return rc;
    buf_put_bytes(&note, n.text);
    buf_put_text(&note, "\n");
    for (size_t i = 0, put = 0; i < n.lines && put == 0; i++)
        if (memcmp(n.line[i].id, s->log.log.id, sizeof s->log.log.id) == 0 &&
            bytes_equal(n.line[i].name, bytes_text(s->log.log.name))) {
            note_line_put(&n.line[i], &note);
            put++;
        }
    int64_t now = time_now_unix_s();
    rc = note_cosign(n.text, &s->own, &seed, now > 0 ? (uint64_t)now : 0, &note, e);
    if (rc != 0)
        return rc;
    buf_drop(&s->log.note);
    s->log.note = note;
    note = (struct buf){0};
    s->log.signed_any = true;
    s->log.turned = false;
    s->log.held = s->decision.asked;
    crypt_sha256(buf_bytes(&s->request), &s->log.answered);
    return cosign_log_write(s->folder, &s->log, e);
}

static int conflict(const struct signing *s, const char *to, struct err *e)
{
    OWN(buf_drop) struct buf answer = {0};
    uint64_t size = s->log.signed_any ? s->log.held.size : 0;
    buf_put_decimal(&answer, size);
    buf_put_text(&answer, "\n");
    int rc = buf_check(&answer, e);
    if (rc == 0)
        rc = create(to, buf_bytes(&answer), e);
    return rc == 0 ? err_set(e, ERR_REFUSED,
                             "not signed: %llu leaves of the log %s were signed last, and the request goes on from "
                             "%llu. %s says so; the log is to ask again from there",
                             (unsigned long long)size, s->log.log.name, (unsigned long long)s->parsed.old_size, to)
                   : rc;
}

static int keep_fork(const struct signing *s, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    char ending[32];
    bool proven = s->decision.outcome == COSIGN_FORK;
    (void)snprintf(ending, sizeof ending, proven ? ".fork" : "-%llu.fork", (unsigned long long)s->decision.asked.size);
    cosigning_fork_text(&s->decision.fork, &text);
    int rc = buf_check(&text, e);
    if (rc == 0)
        rc = cosign_log_path(s->folder, s->log.log.name, ending, &path, e);
    if (rc == 0)
        rc = file_replace(path.s, buf_bytes(&text), 0644, e);
    if (rc != 0)
        return rc;
    if (proven)
        return err_set(e, ERR_DAMAGED,
                       "PROOF OF TWO HISTORIES: the log %s has signed two checkpoints that no one history holds. %s is "
                       "the proof: keep copies of it, and show it",
                       s->log.log.name, path.s);
    return err_set(e, ERR_DAMAGED,
                   "not signed: the log %s does not show that its %llu leaves extend the %llu that were signed. Its "
                   "request is damaged, or its history was rewritten: ask for another one. %s keeps both checkpoints",
                   s->log.log.name, (unsigned long long)s->decision.asked.size, (unsigned long long)s->log.held.size,
                   path.s);
}

int cosign_cosign(const struct cosign_line *line, struct err *e)
{
    OWN(signing_release) struct signing s = {.folder = line->folder};
    OWN(fd_drop) int held = -1;
    int rc = cosign_key_read(line->folder, &s.own, e);
    if (rc == 0)
        rc = lock(line->folder, &held, e);
    if (rc == 0)
        rc = prepare(&s, line, e);
    if (rc != 0)
        return rc;
    if (s.decision.outcome == COSIGN_CONFLICT)
        return conflict(&s, line->argument[1], e);
    if (s.decision.outcome == COSIGN_FORK || s.decision.outcome == COSIGN_DOUBT)
        return keep_fork(&s, e);
    if (s.decision.outcome == COSIGN_SIGN)
        rc = sign(&s, e);
    if (rc == 0)
        rc = answer_put(&s, line->argument[1], e);
    if (rc != 0)
        return rc;
    cosign_say("Signed: %s, %llu leaves. Take %s back to the log.", s.log.log.name,
               (unsigned long long)s.log.held.size, line->argument[1]);
    return 0;
}

/* ---- forks ---- */

int cosign_check(const struct cosign_line *line, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct cosigning_fork f;
    enum cosigning_verdict verdict;
    struct checkpoint older, newer;
    char vkey[NOTE_VKEY_MAX];
    int rc = file_read_all(line->argument[0], COSIGNING_FORK_MAX, &text, e);
    if (rc == 0)
        rc = cosigning_fork_parse(buf_bytes(&text), &f, e);
    if (rc == 0)
        rc = cosigning_fork_check(&f, &verdict, &older, &newer, e);
    if (rc != 0)
        return rc;
    note_key_text(&f.log, vkey);
    cosign_say("The log's key, as this file names it: %s", vkey);
    cosign_say("It has signed %llu leaves and %llu leaves.", (unsigned long long)older.size,
               (unsigned long long)newer.size);
    if (verdict == COSIGNING_FORK_PROVEN)
        return err_set(e, ERR_DAMAGED, "PROOF OF TWO HISTORIES, if that key is the log's: no one history holds both");
    return err_set(e, ERR_DAMAGED,
                   "not proven by this file alone: ask the log for a proof that the later one extends the earlier one "
                   "(groundwork verify --against this file)");
}
