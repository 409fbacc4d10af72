/* What lies among the keys and is named by no commit: told, and removed by the next writer. */
#include "keyring/keyring_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum stray_kind {
    STRAY_UNKNOWN, /* none of our names: never touched */
    STRAY_DRAFT,   /* what file_replace had not finished */
    STRAY_KEYS,    /* a table, a wrap, a box of the log key */
    STRAY_EVENT,   /* a key event, or a receiving key: of what counts the log names every one */
    STRAY_SEGMENT, /* secrets of leaves: never touched, but */
    STRAY_DEAD,    /* a segment that was rewritten, as it was before, or as no commit knows it */
};

struct stray_search {
    const char *root;
    const struct keyring_file *expected;
    size_t count;
    /* ${name} is below keys/. */
    int (*found)(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e);
    void (*tell)(void *context, const char *line);
    void *context;
};

static bool take_decimal(const char **p)
{
    uint64_t value;
    size_t n = strspn(*p, "0123456789");
    bool good = decimal_get(bytes_of(*p, n), &value) == 0;
    *p += n;
    return good;
}

static bool take_hex(const char **p, size_t n)
{
    bool good = strspn(*p, "0123456789abcdef") >= n;
    *p += good ? n : 0;
    return good;
}

static bool take_word(const char **p, const char *word)
{
    size_t n = strlen(word);
    bool good = strncmp(*p, word, n) == 0;
    *p += good ? n : 0;
    return good;
}

/* How much of ${name} is its kind: up to the version's number; 0 when it is no name of a key file. */
static size_t key_name(const char *name)
{
    const char *p = name, *from;
    if (take_word(&p, "log/")) {
        from = p;
        return take_decimal(&p) && take_word(&p, "-") && take_hex(&p, 8) && *p == 0 ? (size_t)(from - name) : 0;
    }
    if (!take_hex(&p, (size_t)2 * KEYRING_ID) || !take_word(&p, "/"))
        return 0;
    if (take_word(&p, "table-")) {
        from = p;
        return take_decimal(&p) && *p == 0 ? (size_t)(from - name) : 0;
    }
    if (!take_word(&p, "wrap-"))
        return 0;
    from = p;
    if (!take_decimal(&p) || !take_word(&p, "-") || !take_hex(&p, 8))
        return 0;
    return *p == 0 || (take_word(&p, "-") && take_decimal(&p) && *p == 0) ? (size_t)(from - name) : 0;
}

/* ".name.<16 hex>.tmp", see base/file. */
static bool is_draft(const char *name)
{
    const char *slash = strrchr(name, '/'), *last = slash == NULL ? name : slash + 1;
    size_t n = strlen(last), tail = strlen(".0123456789abcdef.tmp");
    if (last[0] != '.' || n <= 1 + tail)
        return false;
    const char *p = last + n - tail;
    return take_word(&p, ".") && take_hex(&p, 16) && strcmp(p, ".tmp") == 0;
}

static enum stray_kind kind_of(const char *name)
{
    const char *p = name;
    uint8_t id[4];
    uint64_t number;
    if (is_draft(name))
        return STRAY_DRAFT;
    if (key_name(name) > 0)
        return STRAY_KEYS;
    if (keyring_receiving_number(name, id, &number) || (take_word(&p, "history/") && take_decimal(&p) && *p == 0))
        return STRAY_EVENT;
    p = name;
    if (take_hex(&p, (size_t)2 * KEYRING_ID) && take_word(&p, "/segment-") && take_decimal(&p)) {
        if (*p == 0)
            return STRAY_SEGMENT;
        if (take_word(&p, "-") && take_decimal(&p) && *p == 0) /* the log names every one that counts */
            return STRAY_DEAD;
    }
    return STRAY_UNKNOWN;
}

/* Is there, of the segment ${name}, one that was written anew? */
static bool is_rewritten(const struct stray_search *s, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < s->count; i++)
        if (!s->expected[i].removed && strncmp(s->expected[i].name, name, n) == 0 && s->expected[i].name[n] == '-')
            return true;
    return false;
}

static const struct keyring_file *expected_file(const struct stray_search *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->expected[i].removed && strcmp(s->expected[i].name, name) == 0)
            return &s->expected[i];
    return NULL;
}

static int search_one(struct stray_search *s, char copy, const char *folder, const char *name, bool plain,
                      struct err *e)
{
    struct file_path whole;
    int rc = file_path(&whole, e, "%s%s%s", folder, folder[0] != 0 ? "/" : "", name);
    if (rc != 0 || expected_file(s, whole.s) != NULL)
        return rc;
    enum stray_kind kind = plain ? kind_of(whole.s) : STRAY_UNKNOWN;
    if (kind == STRAY_SEGMENT && is_rewritten(s, whole.s))
        kind = STRAY_DEAD;
    return s->found(s, copy, whole.s, kind, e);
}

/* keys/ and, one floor below, a compartment's folder or log/. */
static int search_folder(struct stray_search *s, char copy, const char *folder, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/%c/keys%s%s", s->root, copy, folder[0] != 0 ? "/" : "", folder);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot list the folder %s", path.s);
    for (;;) {
        errno = 0;
        const struct dirent *d = readdir(dir);
        if (d == NULL)
            return errno == 0 ? 0 : err_os(e, ERR_IO, errno, "cannot list the folder %s", path.s);
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        struct stat st;
        if (fstatat(dirfd(dir), d->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
            continue; /* the writer at work has just removed it */
        if (folder[0] == 0 && S_ISDIR(st.st_mode))
            rc = search_folder(s, copy, d->d_name, e);
        else
            rc = search_one(s, copy, folder, d->d_name, S_ISREG(st.st_mode), e);
        if (rc != 0)
            return rc;
    }
}

static int search(struct stray_search *s, struct err *e)
{
    int rc = 0;
    for (int i = 0; rc == 0 && i < COPIES; i++)
        rc = search_folder(s, COPY_NAME(i), "", e);
    return rc;
}

static int tell_one(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e)
{
    struct err line = {0};
    (void)e;
    if (kind == STRAY_DRAFT || kind == STRAY_KEYS || kind == STRAY_EVENT)
        (void)err_set(&line, ERR_ABSENT, "%s/%c/keys/%s is named by no commit: an unfinished one left it, and the next "
                      "intake removes it", s->root, copy, name);
    else if (kind == STRAY_DEAD)
        (void)err_set(&line, ERR_ABSENT,
                      "ERASE PENDING: %s/%c/keys/%s is to be destroyed: the next one who writes does it", s->root, copy,
                      name);
    else
        (void)err_set(&line, ERR_ABSENT, "%s/%c/keys/%s is named by no commit and is left alone: move it away if it is "
                      "not yours", s->root, copy, name);
    s->tell(s->context, line.text);
    return 0;
}

int keyring_strays(const char *root, const struct keyring_file *expected, size_t count,
                   void (*stray)(void *context, const char *line), void *context, struct err *e)
{
    struct stray_search s = {root, expected, count, tell_one, stray, context};
    return search(&s, e);
}

/* Is a file of the same kind, which the log names, good in a copy?  Then ${name} is not the last of its kind. */
static int is_replaced(const struct stray_search *s, const char *name, bool *ret, struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    size_t n = key_name(name);
    *ret = false;
    for (size_t i = 0; i < s->count; i++) {
        const struct keyring_file *f = &s->expected[i];
        if (f->removed || strncmp(f->name, name, n) != 0 || key_name(f->name) != n)
            continue;
        for (int copy = 0; copy < COPIES; copy++) {
            enum copy_state state = COPY_BAD;
            struct err mine = {0};
            int rc = keyring_copy_look(s->root, COPY_NAME(copy), f, &content, &state, &mine);
            if (rc != 0)
                return err_set(e, rc, "%s", mine.text);
            if (state == COPY_GOOD) {
                *ret = true;
                return 0;
            }
        }
    }
    return 0;
}

static int sweep_one(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e)
{
    struct file_path path;
    bool replaced = kind == STRAY_DRAFT || kind == STRAY_EVENT || kind == STRAY_DEAD;
    int rc = kind == STRAY_KEYS ? is_replaced(s, name, &replaced, e) : 0;
    if (rc != 0 || !replaced)
        return rc;
    rc = file_path(&path, e, "%s/%c/keys/%s", s->root, copy, name);
    return rc != 0 ? rc : file_remove(path.s, e);
}

/* What a repair moved aside, "keys-<copy>-<name>-<number>" with strokes for the name's floors: as what file? */
static bool aside_name(const char *aside, char to[KEYRING_NAME_MAX])
{
    const char *last = strrchr(aside, '-');
    if (strncmp(aside, "keys-", 5) != 0 || strlen(aside) < 8 || aside[6] != '-' || last <= aside + 6 ||
        (size_t)(last - aside) - 7 >= KEYRING_NAME_MAX)
        return false;
    snprintf(to, KEYRING_NAME_MAX, "%.*s", (int)(last - aside) - 7, aside + 7);
    char *floor = strchr(to, '-');
    if (floor != NULL)
        *floor = '/';
    return floor != NULL;
}

/* Damaged copies of what was replaced go as well: an erasure must not leave behind what it destroys. */
static int sweep_aside(struct stray_search *s, struct err *e)
{
    struct file_path folder, path;
    char name[KEYRING_NAME_MAX];
    int rc = file_path(&folder, e, "%s/quarantine", s->root);
    OWN(dir_drop) DIR *dir = rc == 0 ? opendir(folder.s) : NULL;
    for (struct dirent *d; rc == 0 && dir != NULL && (d = readdir(dir)) != NULL;) {
        if (!aside_name(d->d_name, name) || expected_file(s, name) != NULL)
            continue;
        enum stray_kind kind = kind_of(name);
        if (kind == STRAY_UNKNOWN || kind == STRAY_DRAFT || strncmp(name, "history/", 8) == 0 ||
            (kind == STRAY_SEGMENT && !is_rewritten(s, name)))
            continue;
        rc = file_path(&path, e, "%s/%s", folder.s, d->d_name);
        if (rc == 0)
            rc = file_remove(path.s, e);
    }
    return rc;
}

int keyring_sweep(const char *root, const struct keyring_file *expected, size_t count, struct err *e)
{
    struct stray_search s = {root, expected, count, sweep_one, NULL, NULL};
    int rc = sweep_aside(&s, e);
    return rc == 0 ? search(&s, e) : rc;
}

/* ---- what is to be destroyed ---- */

/* What a segment is called before it is written anew, whatever copy it lies in. */
static int rewritten_take(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e)
{
    struct buf *to = s->context;
    const char *p = name;
    (void)copy;
    if (kind != STRAY_DEAD || !take_hex(&p, (size_t)2 * KEYRING_ID) || !take_word(&p, "/segment-") || !take_decimal(&p))
        return 0;
    if (to->n == 0)
        buf_put_u8(to, '\n');
    buf_put(to, name, (size_t)(p - name));
    buf_put_u8(to, '\n');
    return buf_check(to, e);
}

int keyring_rewritten_names(const char *root, struct buf *to, struct err *e)
{
    struct stray_search s = {root, NULL, 0, rewritten_take, NULL, to}; /* nothing is expected: all of them look dead */
    return search(&s, e);
}

static int dead_look(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e)
{
    bool *dead = s->context;
    (void)copy, (void)name, (void)e;
    *dead = *dead || kind == STRAY_DEAD;
    return 0;
}

int keyring_rewritten(const char *root, bool *ret, struct err *e)
{
    return keyring_remains(root, NULL, 0, ret, e); /* nothing is expected: all of them look dead */
}

int keyring_remains(const char *root, const struct keyring_file *expected, size_t count, bool *ret, struct err *e)
{
    bool dead = false;
    struct stray_search s = {root, expected, count, dead_look, NULL, &dead};
    int rc = search(&s, e);
    if (rc == 0)
        *ret = dead;
    return rc;
}

/* ---- who may read ---- */

struct readers {
    const struct note_key *known;
    size_t count;
    bool other;
};

static int reader_look(struct stray_search *s, char copy, const char *name, enum stray_kind kind, struct err *e)
{
    struct readers *r = s->context;
    const char *p = name;
    (void)copy, (void)e;
    if (kind != STRAY_KEYS || !take_word(&p, "log/"))
        return 0;
    for (size_t i = 0; i < r->count; i++) {
        char id[9];
        hex_put(id, r->known[i].id, 4);
        if (strcmp(strrchr(name, '-') + 1, id) == 0)
            return 0;
    }
    r->other = true;
    return 0;
}

bool keyring_is_boxed(const char *root, const struct note_key *known, size_t count)
{
    struct readers r = {known, count, false};
    struct stray_search s = {root, NULL, 0, reader_look, NULL, &r};
    return search(&s, NULL) == 0 && r.other;
}
