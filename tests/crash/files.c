/* files.c: see files.h. */
#include "files.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int by_bytes(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void measure(struct file_list *list)
{
    list->sizes_bytes = plain_alloc(list->count * sizeof(*list->sizes_bytes));
    for (size_t i = 0; i < list->count; i++) {
        struct stat st;
        if (lstat(list->paths[i], &st) != 0)
            die(PLAIN_ENVIRONMENT, "stat %s: %s", list->paths[i], strerror(errno));
        list->sizes_bytes[i] = (uint64_t)st.st_size;
        list->total_bytes += list->sizes_bytes[i];
    }
}

struct file_list files_under(const char *const *roots, size_t n_roots)
{
    struct file_list list = {0};
    size_t room = 0;
    char **words = plain_alloc((n_roots + 1) * sizeof(*words));
    for (size_t i = 0; i < n_roots; i++)
        words[i] = plain_copy(roots[i], strlen(roots[i]));
    FTS *walk = fts_open(words, FTS_PHYSICAL | FTS_NOCHDIR, by_bytes);
    if (walk == NULL)
        die(PLAIN_ENVIRONMENT, "walk: %s", strerror(errno));
    for (const FTSENT *at; (at = fts_read(walk)) != NULL;) {
        if (at->fts_info == FTS_ERR || at->fts_info == FTS_DNR || at->fts_info == FTS_NS)
            die(PLAIN_ENVIRONMENT, "walk %s: %s", at->fts_path, strerror(at->fts_errno));
        if (at->fts_info != FTS_F)
            continue;
        list.paths = plain_grow(list.paths, list.count, &room, sizeof(*list.paths));
        list.paths[list.count++] = plain_copy(at->fts_path, at->fts_pathlen);
    }
    fts_close(walk);
    for (size_t i = 0; i < n_roots; i++)
        free(words[i]);
    free(words);
    if (list.count > 0)
        qsort(list.paths, list.count, sizeof(*list.paths), by_path);
    measure(&list);
    return list;
}

void files_release(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->paths[i]);
    free(list->paths);
    free(list->sizes_bytes);
    *list = (struct file_list){0};
}

const uint8_t *files_map(const char *path, uint64_t size_bytes)
{
    if (size_bytes == 0)
        return NULL;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    void *mapped = fd < 0 ? MAP_FAILED : mmap(NULL, (size_t)size_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    if (mapped == MAP_FAILED)
        die(PLAIN_ENVIRONMENT, "read %s: %s", path, strerror(errno));
    close(fd);
    return mapped;
}

void files_unmap(const uint8_t *bytes, uint64_t size_bytes)
{
    if (bytes != NULL)
        munmap((void *)(uintptr_t)bytes, (size_t)size_bytes);
}
