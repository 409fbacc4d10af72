/* Holding the keyring's files to what the journal says of them, and healing one copy from the other. */
#include "keyring/keyring_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

int keyring_copy_look(const char *root, char copy, const struct keyring_file *f, struct buf *content,
                      enum copy_state *ret, struct err *e)
{
    struct file_path path;
    struct hash digest;
    int rc = file_path(&path, e, "%s/%c/keys/%s", root, copy, f->name);
    if (rc != 0)
        return rc;
    struct err mine = {0};
    buf_clear(content);
    rc = file_read_all(path.s, KEYRING_FILE_MAX, content, &mine);
    if (rc != 0 && e != NULL)
        *e = mine;
    if (rc == ERR_IO && err_is_scarce(&mine))
        return rc;
    if (rc != 0) {
        *ret = rc == ERR_ABSENT ? COPY_MISSING : rc == ERR_DAMAGED ? COPY_BAD : COPY_UNREADABLE;
        return 0;
    }
    crypt_sha256(buf_bytes(content), &digest);
    *ret = content->n == f->bytes && hash_equal(&digest, &f->sha256) ? COPY_GOOD : COPY_BAD;
    return 0;
}

/* As it was written last: what follows a commit was interrupted. */
static bool is_before(const struct keyring_file *f, enum copy_state state, struct bytes content)
{
    struct hash digest;
    if (state == COPY_MISSING)
        return f->before_bytes == 0;
    if (state != COPY_BAD || content.n != f->before_bytes)
        return false;
    crypt_sha256(content, &digest);
    return hash_equal(&digest, &f->before_sha256);
}

static int check_one(const char *root, char copy, const struct keyring_file *f, struct buf *content, struct err *line,
                     struct err *e)
{
    enum copy_state state = COPY_GOOD;
    struct err mine = {0};
    int rc = keyring_copy_look(root, copy, f, content, &state, &mine);
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (f->unfinished && is_before(f, state, buf_bytes(content)))
        return 0;
    if (state == COPY_MISSING)
        return err_set(line, ERR_DAMAGED, "%s/%c/keys/%s is missing", root, copy, f->name);
    if (state == COPY_BAD)
        return err_set(line, ERR_DAMAGED, "%s/%c/keys/%s is damaged", root, copy, f->name);
    if (state == COPY_UNREADABLE)
        return err_set(line, ERR_DAMAGED, "%s/%c/keys/%s: %s", root, copy, f->name, mine.text);
    return 0;
}

int keyring_check(const char *root, const struct keyring_file *expected, size_t count,
                  void (*finding)(void *context, const char *line), void *context, struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    bool damaged = false;
    for (size_t i = 0; i < count; i++)
        for (int copy = 0; copy < COPIES && !expected[i].removed; copy++) {
            struct err line = {0};
            int rc = check_one(root, COPY_NAME(copy), &expected[i], &content, &line, e);
            if (rc != 0 && line.code == 0)
                return rc;
            if (rc == 0)
                continue;
            finding(context, line.text);
            damaged = true;
        }
    return damaged ? err_set(e, ERR_DAMAGED, "the keyring is damaged: run groundwork repair") : 0;
}

/* ".../unreadable-<name>-<n>" */
static int rename_beside(const char *from, struct err *e)
{
    const char *last = strrchr(from, '/') + 1;
    struct file_path to;
    int number = EEXIST;
    for (unsigned n = 1; number == EEXIST; n++) {
        int rc = file_path(&to, e, "%.*sunreadable-%s-%u", (int)(last - from), from, last, n);
        if (rc != 0)
            return rc;
        number = file_rename_new(AT_FDCWD, from, AT_FDCWD, to.s);
    }
    return number == 0 ? file_sync_parent(to.s, e) : err_os(e, ERR_IO, number, "move %s aside", from);
}

/* On another disk than quarantine/.  It has zeros there for what does not read; what nobody can copy stays where it is,
 * under another name. */
static int copy_aside(const char *from, const char *to, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    OWN(buf_drop) struct buf content = {0};
    struct err mine = {0};
    uint64_t size = 0, lost = 0;
    int rc = file_open_read(from, &fd, &mine);
    if (rc == 0)
        rc = file_size(fd, &size, from, &mine);
    if ((rc != 0 && !err_is_scarce(&mine)) || size > KEYRING_FILE_MAX)
        return rename_beside(from, e);
    uint8_t *p = rc == 0 ? buf_more(&content, (size_t)size) : NULL;
    if (rc == 0)
        rc = p == NULL ? err_memory(&mine) : file_read_around(fd, p, (size_t)size, 0, from, &lost, &mine);
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    rc = file_create(to, buf_bytes(&content), 0600, e);
    return rc == 0 ? file_remove(from, e) : rc;
}

/* The damaged file is kept, aside: quarantine/keys-<copy>-<name with dashes>-<n>. */
static int move_aside(const char *root, char copy, const char *name, struct err *e)
{
    struct file_path from, to;
    char flat[KEYRING_NAME_MAX];
    snprintf(flat, sizeof flat, "%s", name);
    for (char *p = flat; *p != 0; p++)
        if (*p == '/')
            *p = '-';
    int rc = file_path(&to, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(to.s, e);
    if (rc == 0)
        rc = file_path(&from, e, "%s/%c/keys/%s", root, copy, name);
    for (unsigned n = 1; rc == 0; n++) {
        rc = file_path(&to, e, "%s/quarantine/keys-%c-%s-%u", root, copy, flat, n);
        if (rc != 0 || file_exists(to.s))
            continue;
        if (rename(from.s, to.s) == 0)
            return file_sync_parent(to.s, e);
        return errno == EXDEV ? copy_aside(from.s, to.s, e) : err_os(e, ERR_IO, errno, "move %s aside", from.s);
    }
    return rc;
}

static int repair_copy(const char *root, char copy, const struct keyring_file *f, enum copy_state state,
                       struct bytes good, struct buf *ret_words, struct err *e)
{
    struct file_path path;
    int rc = state == COPY_MISSING ? 0 : move_aside(root, copy, f->name, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/%c/keys/%s", root, copy, f->name);
    if (rc != 0)
        return rc;
    char *slash = strrchr(path.s, '/');
    *slash = 0;
    rc = file_make_folders(path.s, e);
    *slash = '/';
    if (rc == 0)
        rc = file_replace(path.s, good, 0600, e);
    if (rc == 0)
        buf_printf(ret_words, "%c/keys/%s\n", copy, f->name);
    return rc;
}

int keyring_restore(const char *root, const struct keyring_file *file, struct bytes content, struct buf *ret_words,
                    struct err *e)
{
    OWN(buf_drop) struct buf present = {0};
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < COPIES; copy++) {
        enum copy_state state = COPY_BAD;
        rc = keyring_copy_look(root, COPY_NAME(copy), file, &present, &state, e);
        if (rc == 0 && state != COPY_GOOD)
            rc = repair_copy(root, COPY_NAME(copy), file, state, content, ret_words, e);
    }
    return rc == 0 ? buf_check(ret_words, e) : rc;
}

/* ${lost}: names of what is bad in both copies. */
static int repair_one(const char *root, const struct keyring_file *f, struct buf *lost, struct buf *ret_words,
                      struct err *e)
{
    OWN(buf_drop) struct buf first = {0};
    OWN(buf_drop) struct buf second = {0};
    enum copy_state a = COPY_BAD, b = COPY_BAD;
    int rc = keyring_copy_look(root, COPY_NAME(0), f, &first, &a, e);
    if (rc == 0)
        rc = keyring_copy_look(root, COPY_NAME(1), f, &second, &b, e);
    if (rc != 0)
        return rc;
    if (a != COPY_GOOD && b != COPY_GOOD)
        buf_printf(lost, "%skeys/%s", lost->n > 0 ? ", " : "", f->name);
    else if (a != COPY_GOOD)
        rc = repair_copy(root, COPY_NAME(0), f, a, buf_bytes(&second), ret_words, e);
    else if (b != COPY_GOOD)
        rc = repair_copy(root, COPY_NAME(1), f, b, buf_bytes(&first), ret_words, e);
    return rc;
}

int keyring_repair(const char *root, const struct keyring_file *expected, size_t count, struct buf *ret_words,
                   struct err *e)
{
    OWN(buf_drop) struct buf lost = {0};
    int first = 0;
    for (size_t i = 0; i < count; i++) {
        int rc = expected[i].removed ? 0 : repair_one(root, &expected[i], &lost, ret_words, first == 0 ? e : NULL);
        if (rc != 0 && first == 0)
            first = rc;
    }
    if (first == 0)
        first = buf_check(ret_words, e);
    if (first == 0 && lost.n > 0)
        return err_set(e, ERR_DAMAGED, "bad in both copies, so that only a mirror can heal it: %s", buf_text(&lost));
    return first;
}
