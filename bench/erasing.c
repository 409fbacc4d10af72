/*
 * bench-erasing WORK [ITEMS]: what it takes to erase one item of a million.
 *
 * ITEMS folders (1,000,000 when not said), each a hidden leaf, are taken in; then one in the middle is asked for and
 * erased.  Rows: the keys alone (segments written without it, a new epoch and table, the second record, what is old
 * destroyed), the bytes of keys that were written, in both copies, and the index, made again under its new key.  The
 * first of these is the whole less the time in which the same index is made again once more.
 *
 * WORK: a folder on the disk that counts; a repository is made in it, and removed.
 */
#include "store/store_internal.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

enum { ITEMS = 1000000, BATCH = 10000 };

static double now(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void need(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "bench-erasing: %s\n", e->text);
    exit(1);
}

static int passphrase(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    (void)context;
    (void)key_path;
    buf_put_text(ret, "a passphrase of the bench");
    return buf_check(ret, e);
}

static void folders_add(struct store *s, uint64_t from, uint64_t count, struct err *e)
{
    struct bytes paths[1] = {bytes_text("bench")};
    struct statement deposit = {
        .kind = STATEMENT_DEPOSIT, .at_unix_s = 1, .deposit = {.paths = paths, .path_count = 1}};
    struct statement part = {.kind = STATEMENT_PART, .at_unix_s = 1};
    need(store_draft_begin(s, e), e);
    need(store_add(s, &deposit, &part.part.deposit, NULL, e), e);
    for (uint64_t i = 0; i < count; i++) {
        char name[32];
        int size = snprintf(name, sizeof name, "folder-%llu", (unsigned long long)(from + i));
        struct statement st = {.kind = STATEMENT_RECEIVED,
                               .received = {.deposit = part.part.deposit,
                                            .seq = i,
                                            .type = STATEMENT_FOLDER,
                                            .path = bytes_of((const uint8_t *)name, (size_t)size),
                                            .mode = 0700,
                                            .mtime = {1700000000, 0}}};
        need(store_add(s, &st, NULL, NULL, e), e);
    }
    need(store_add(s, &part, NULL, NULL, e), e);
    need(store_commit(s, e), e);
}

/* Of what lies among a compartment's keys and is younger than ${since}. */
static uint64_t younger(const char *root, char copy, const struct timespec *since)
{
    uint64_t bytes = 0;
    struct file_path top;
    need(file_path(&top, NULL, "%s/%c/keys", root, copy), &(struct err){0});
    struct dirent **folders = NULL;
    int n = scandir(top.s, &folders, NULL, NULL);
    for (int i = 0; i < n; i++) {
        struct file_path folder;
        DIR *dir = folders[i]->d_name[0] == '.' || file_path(&folder, NULL, "%s/%s", top.s, folders[i]->d_name) != 0
                       ? NULL
                       : opendir(folder.s);
        for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;) {
            struct stat st;
            if (fstatat(dirfd(dir), d->d_name, &st, 0) == 0 && S_ISREG(st.st_mode) &&
                (st.st_mtim.tv_sec > since->tv_sec ||
                 (st.st_mtim.tv_sec == since->tv_sec && st.st_mtim.tv_nsec > since->tv_nsec)))
                bytes += (uint64_t)st.st_size;
        }
        if (dir != NULL)
            closedir(dir);
        free(folders[i]);
    }
    free(folders);
    return bytes;
}

int main(int count, char **arguments)
{
    struct err e = {0};
    struct file_path root, state, config;
    uint64_t wanted = ITEMS, request, erased;
    if (count < 2 || count > 3 || (count == 3 && decimal_get(bytes_text(arguments[2]), &wanted) != 0) || wanted < 2) {
        fprintf(stderr, "usage: bench-erasing WORK [ITEMS]\n");
        return 2;
    }
    need(crypt_start(&e), &e);
    need(file_path(&root, &e, "%s/erasing.archive", arguments[1]), &e);
    need(file_path(&state, &e, "%s/erasing.state", arguments[1]), &e);
    need(file_path(&config, &e, "%s/erasing.config", arguments[1]), &e);
    file_remove_tree(root.s);
    file_remove_tree(state.s);
    file_remove_tree(config.s);
    OWN(buf_drop) struct buf key_path = {0};
    struct hash pin;
    struct store *s;
    struct store_founding f = {.origin = "bench.example/log",
                               .pack_mib = 1,
                               .passphrase = bytes_text("a passphrase of the bench"),
                               .investigation = "main"};
    const struct store_place place = {
        .root = root.s, .state_folder = state.s, .config_folder = config.s, .passphrase = passphrase};
    need(store_found(&place, &f, &pin, &key_path, &e), &e);
    need(store_open(&place, STORE_WRITE, &s, &e), &e);
    for (uint64_t at = 0; at < wanted; at += BATCH)
        folders_add(s, at, wanted - at < BATCH ? wanted - at : BATCH, &e);
    struct statement_range one = {wanted / 2, wanted / 2};
    need(store_erase_ask(s, &one, 1, "for the bench", &request, &e), &e);

    struct timespec since;
    (void)clock_gettime(CLOCK_REALTIME, &since);
    double begun = now();
    need(store_erase_carry_out(s, request, &erased, &e), &e);
    double whole = now() - begun;
    uint64_t bytes = younger(root.s, 'a', &since) + younger(root.s, 'b', &since);
    begun = now();
    need(store_reindex(s, NULL, &e), &e);
    double index = now() - begun;
    printf("| what | one item of %llu |\n|---|---|\n", (unsigned long long)wanted);
    printf("| keys: rewritten, committed, what is old destroyed | %.2f s |\n", whole - index);
    printf("| bytes of keys written, in both copies | %.2f MB |\n", (double)bytes / 1e6);
    printf("| the index, under its new key | %.1f s |\n", index);
    printf("| all of it | %.1f s |\n", whole);
    store_close(s);
    file_remove_tree(root.s);
    file_remove_tree(state.s);
    file_remove_tree(config.s);
    return 0;
}
