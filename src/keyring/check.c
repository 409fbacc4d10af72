/* Holding the keyring's files to what the journal says of them, and healing one copy from the other. */
#include "keyring/keyring_internal.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

enum copy_state { COPY_GOOD, COPY_MISSING, COPY_BAD };

static int copy_state(const char *root, char copy, const struct keyring_file *f, struct buf *content,
                      enum copy_state *ret, struct err *e)
{
    struct file_path path;
    struct hash digest;
    int rc = file_path(&path, e, "%s/%c/keys/%s", root, copy, f->name);
    if (rc != 0)
        return rc;
    buf_clear(content);
    rc = file_read_all(path.s, KEYRING_FILE_MAX, content, e);
    if (rc == ERR_ABSENT || rc == ERR_DAMAGED) {
        *ret = rc == ERR_ABSENT ? COPY_MISSING : COPY_BAD;
        return 0;
    }
    if (rc != 0)
        return rc;
    crypt_sha256(buf_bytes(content), &digest);
    *ret = content->n == f->bytes && hash_equal(&digest, &f->sha256) ? COPY_GOOD : COPY_BAD;
    return 0;
}

struct stray_search {
    const struct keyring_file *expected;
    size_t count;
    void (*finding)(void *context, const char *line);
    void *context;
    bool found;
};

static bool is_expected(const struct stray_search *s, const char *name)
{
    for (size_t i = 0; i < s->count; i++)
        if (!s->expected[i].removed && strcmp(s->expected[i].name, name) == 0)
            return true;
    return false;
}

/* Two floors: a/keys/<compartment or log>/<file>. */
static int strays(const char *root, char copy, struct stray_search *s, struct err *e)
{
    struct file_path top;
    int rc = file_path(&top, e, "%s/%c/keys", root, copy);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *folders = opendir(top.s);
    for (struct dirent *d; folders != NULL && (d = readdir(folders)) != NULL;) {
        struct file_path inner;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        rc = file_path(&inner, e, "%s/%s", top.s, d->d_name);
        if (rc != 0)
            return rc;
        OWN(dir_drop) DIR *files = opendir(inner.s);
        for (struct dirent *f; files != NULL && (f = readdir(files)) != NULL;) {
            struct file_path name;
            if (strcmp(f->d_name, ".") == 0 || strcmp(f->d_name, "..") == 0)
                continue;
            rc = file_path(&name, e, "%s/%s", d->d_name, f->d_name);
            if (rc != 0)
                return rc;
            if (is_expected(s, name.s))
                continue;
            struct err line = {0};
            (void)err_set(&line, ERR_DAMAGED, "%s/%s is named by no commit (an unfinished one leaves such; the next "
                          "intake removes it)", inner.s, f->d_name);
            s->finding(s->context, line.text);
        }
    }
    return 0;
}

int keyring_check(const char *root, const struct keyring_file *expected, size_t count,
                  void (*finding)(void *context, const char *line), void *context, struct err *e)
{
    static const char *const words[] = {NULL, "is missing", "is damaged"};
    OWN(buf_drop) struct buf content = {0};
    struct stray_search s = {expected, count, finding, context, false};
    bool damaged = false;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (int copy = 0; rc == 0 && copy < COPIES && !expected[i].removed; copy++) {
            enum copy_state state;
            rc = copy_state(root, COPY_NAME(copy), &expected[i], &content, &state, e);
            if (rc != 0 || state == COPY_GOOD)
                continue;
            struct err line = {0};
            (void)err_set(&line, ERR_DAMAGED, "%s/%c/keys/%s %s", root, COPY_NAME(copy), expected[i].name,
                          text_tr(words[state]));
            finding(context, line.text);
            damaged = true;
        }
    for (int copy = 0; rc == 0 && copy < COPIES; copy++)
        rc = strays(root, COPY_NAME(copy), &s, e);
    if (rc == 0 && damaged)
        rc = err_set(e, ERR_DAMAGED, "the keyring is damaged: run groundwork repair");
    return rc;
}

/* The damaged file is kept, aside: quarantine/keys-<copy>-<name with dashes>-<n>. */
static int move_aside(const char *root, char copy, const char *name, struct err *e)
{
    struct file_path from, to;
    char flat[KEYRING_NAME_MAX];
    snprintf(flat, sizeof flat, "%s", name);
    for (char *p = flat; *p != 0; p++)
        *p = *p == '/' ? '-' : *p;
    int rc = file_path(&to, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(to.s, e);
    if (rc == 0)
        rc = file_path(&from, e, "%s/%c/keys/%s", root, copy, name);
    for (unsigned n = 1; rc == 0; n++) {
        rc = file_path(&to, e, "%s/quarantine/keys-%c-%s-%u", root, copy, flat, n);
        if (rc != 0 || file_exists(to.s))
            continue;
        if (rename(from.s, to.s) != 0)
            return err_os(e, ERR_IO, errno, "move %s aside", from.s);
        return file_sync_parent(to.s, e);
    }
    return rc;
}

static int repair_one(const char *root, const struct keyring_file *f, struct buf *ret_words, struct err *e)
{
    struct buf content[COPIES] = {{0}, {0}};
    enum copy_state state[COPIES] = {COPY_BAD, COPY_BAD};
    int rc = 0;
    for (int copy = 0; rc == 0 && copy < COPIES; copy++)
        rc = copy_state(root, COPY_NAME(copy), f, &content[copy], &state[copy], e);
    int bad = state[0] != COPY_GOOD ? 0 : 1;
    if (rc == 0 && state[0] != COPY_GOOD && state[1] != COPY_GOOD)
        rc = err_set(e, ERR_DAMAGED, "keys/%s is bad in both copies: only a mirror can heal it", f->name);
    else if (rc == 0 && state[bad] != COPY_GOOD) {
        struct file_path path;
        if (state[bad] == COPY_BAD)
            rc = move_aside(root, COPY_NAME(bad), f->name, e);
        if (rc == 0)
            rc = file_path(&path, e, "%s/%c/keys/%s", root, COPY_NAME(bad), f->name);
        if (rc == 0) {
            *strrchr(path.s, '/') = 0;
            rc = file_make_folders(path.s, e);
        }
        if (rc == 0)
            rc = file_path(&path, e, "%s/%c/keys/%s", root, COPY_NAME(bad), f->name);
        if (rc == 0)
            rc = file_replace(path.s, buf_bytes(&content[!bad]), 0600, e);
        if (rc == 0)
            buf_printf(ret_words, "%c/keys/%s\n", COPY_NAME(bad), f->name);
    }
    for (int copy = 0; copy < COPIES; copy++)
        buf_drop(&content[copy]);
    return rc;
}

int keyring_repair(const char *root, const struct keyring_file *expected, size_t count, struct buf *ret_words,
                   struct err *e)
{
    int first = 0;
    for (size_t i = 0; i < count; i++) {
        int rc = expected[i].removed ? 0 : repair_one(root, &expected[i], ret_words, first == 0 ? e : NULL);
        if (rc != 0 && first == 0)
            first = rc;
    }
    return first;
}
