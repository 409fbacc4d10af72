/*
 * state_check KEY PASSPHRASE SOURCE [FOLDER RECORDS MODEL]
 *
 * Is what lies in FOLDER (repo, state, printed, perhaps keys/key) a state that a crash may leave?  It opens, verifies
 * and audits in full; every receipt that was printed is there and can be read; taking SOURCE in again completes it, and
 * then every file of SOURCE is held with its digest.  Without FOLDER, such lines are read from the standard input, and
 * answered with `ok` or what is wrong: unlocked once, asked often.
 */
#include "checker.h"

#include "base/unicode.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

enum { SOURCES_MAX = 4096 };

struct source {
    char path[FILE_PATH_MAX]; /* as it is kept */
    struct hash sha256;
};
static struct source *sources;
static size_t source_count;
static const char *source_folder, *passphrase_file;

static void list_sources(const char *folder, const char *kept)
{
    struct dirent **names = NULL;
    int n = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        struct file_path path, inner;
        struct stat st;
        if (names[i]->d_name[0] == '.') {
            free(names[i]);
            continue;
        }
        if (file_path(&path, NULL, "%s/%s", folder, names[i]->d_name) != 0 ||
            file_path(&inner, NULL, "%s/%s", kept, names[i]->d_name) != 0 || lstat(path.s, &st) != 0)
            abort();
        if (S_ISDIR(st.st_mode))
            list_sources(path.s, inner.s);
        else if (S_ISREG(st.st_mode) && source_count < SOURCES_MAX) {
            OWN(buf_drop) struct buf bytes = {0};
            if (file_read_all(path.s, 64 << 20, &bytes, NULL) != 0)
                abort();
            crypt_sha256(buf_bytes(&bytes), &sources[source_count].sha256);
            snprintf(sources[source_count++].path, FILE_PATH_MAX, "%s", inner.s);
        }
        free(names[i]);
    }
    free(names);
}

struct wanted {
    const struct source *source;
    bool found;
};

static int is_it(void *context, const struct index_item *item, struct err *e)
{
    struct wanted *w = context;
    (void)e;
    w->found = w->found || hash_equal(&item->sha256, &w->source->sha256);
    return 0;
}

static int all_held(struct checker *c, const char *repository, const char *state, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_place place;
    checker_place(c, repository, state, &place);
    int rc = store_open(&place, STORE_READ, &s, e);
    for (size_t i = 0; rc == 0 && i < source_count; i++) {
        struct wanted w = {&sources[i], false};
        rc = index_item_by_path(store_index(s), bytes_text(sources[i].path), is_it, &w, e);
        if ((rc == 0 || rc == ERR_ABSENT) && !w.found)
            rc = err_set(e, ERR_DAMAGED, "%s is not held", sources[i].path);
    }
    return rc;
}

static int no_look(void *context, const struct index_deposit *d, struct err *e)
{
    (void)context, (void)d, (void)e;
    return 0;
}

/* Each complete line "Receipt N, ..." that was printed is a promise. */
static int promises_kept(struct checker *c, const char *folder, const char *repository, const char *state,
                         struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf printed = {0};
    struct store_place place;
    struct file_path path;
    int rc = file_path(&path, e, "%s/printed", folder);
    if (rc != 0 || file_read_all(path.s, 1 << 20, &printed, NULL) != 0)
        return rc;
    checker_place(c, repository, state, &place);
    rc = store_open(&place, STORE_READ, &s, e);
    struct cursor lines = cursor_of(buf_bytes(&printed));
    while (rc == 0 && lines.left > 0) {
        struct bytes line = cursor_line(&lines);
        unsigned long long number;
        char text[64] = "";
        if (lines.failed)
            break;
        memcpy(text, line.p, line.n < sizeof text ? line.n : sizeof text - 1);
        if (sscanf(text, "Receipt %llu,", &number) == 1)
            rc = index_deposit_by_receipt(store_index(s), number, no_look, NULL, e);
        if (rc != 0)
            return err_add(e, ERR_DAMAGED, "receipt %llu was printed and is not there", number);
    }
    return rc;
}

/* Where the key file is written anew, each state has its own. */
static int own_key(struct checker *c, const char *folder, struct err *e)
{
    struct file_path key;
    int rc = file_path(&key, e, "%s/keys/key", folder);
    if (rc == 0 && file_exists(key.s))
        checker_unlock(c, key.s, passphrase_file);
    return rc;
}

static int check(struct checker *c, const char *folder, struct err *e)
{
    struct file_path repository, state;
    int rc = own_key(c, folder, e);
    if (rc == 0)
        rc = file_path(&repository, e, "%s/repo", folder);
    if (rc == 0)
        rc = file_path(&state, e, "%s/state", folder);
    if (rc == 0)
        rc = checker_whole(c, repository.s, state.s, e);
    if (rc == 0)
        rc = promises_kept(c, folder, repository.s, state.s, e);
    if (rc == 0 && checker_verb(c, "intake", repository.s, state.s, source_folder, e) != 0)
        rc = err_add(e, ERR_DAMAGED, "taking it in again");
    if (rc == 0)
        rc = all_held(c, repository.s, state.s, e);
    if (rc == 0)
        rc = checker_whole(c, repository.s, state.s, e);
    return rc;
}

int main(int count, char **words)
{
    static struct checker c;
    if (count != 4 && count != 7) {
        fprintf(stderr, "usage: state_check KEY PASSPHRASE SOURCE [FOLDER RECORDS MODEL]\n");
        return 2;
    }
    passphrase_file = words[2];
    checker_unlock(&c, words[1], passphrase_file);
    source_folder = words[3];
    sources = calloc(SOURCES_MAX, sizeof *sources);
    OWN(buf_drop) struct buf kept = {0};
    const char *p = source_folder;
    while (*p == '/')
        p++;
    buf_put_text(&kept, p);
    list_sources(source_folder, buf_text(&kept));
    if (count == 7) {
        struct err e = {0};
        if (check(&c, words[4], &e) == 0)
            return 0;
        printf("%s\n%s", e.text, buf_text(&c.said));
        return 1;
    }
    char line[FILE_PATH_MAX + 256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct err e = {0};
        line[strcspn(line, "\t\n")] = 0;
        if (check(&c, line, &e) == 0)
            printf("ok\n");
        else {
            const char *said = buf_text(&c.said);
            printf("%s | %.*s\n", e.text, (int)strcspn(said, "\n"), said);
        }
        fflush(stdout);
    }
    return 0;
}
