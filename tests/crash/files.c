/* files.c: see files.h. */
#include "files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 256 };

static int by_path(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void walk(struct file_list *list, size_t *ret_room, const char *path, unsigned depth);

static void walk_folder(struct file_list *list, size_t *ret_room, const char *path, unsigned depth)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    errno = 0;
    for (const struct dirent *d; (d = readdir(dir)) != NULL; errno = 0) {
        char *below = NULL;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (asprintf(&below, "%s/%s", path, d->d_name) < 0)
            die(PLAIN_ENVIRONMENT, "no memory for a path");
        walk(list, ret_room, below, depth + 1);
        free(below);
    }
    if (errno != 0)
        die(PLAIN_ENVIRONMENT, "read %s: %s", path, strerror(errno));
    closedir(dir);
}

static void walk(struct file_list *list, size_t *ret_room, const char *path, unsigned depth)
{
    struct stat st;
    if (depth > DEPTH_MAX)
        die(PLAIN_ENVIRONMENT, "folders lie deeper than %d at %s", DEPTH_MAX, path);
    if (lstat(path, &st) != 0)
        die(PLAIN_ENVIRONMENT, "stat %s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        walk_folder(list, ret_room, path, depth);
    if (!S_ISREG(st.st_mode))
        return;
    list->paths = plain_grow(list->paths, list->count, ret_room, sizeof(*list->paths));
    list->paths[list->count++] = plain_copy(path, strlen(path));
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
    for (size_t i = 0; i < n_roots; i++)
        walk(&list, &room, roots[i], 0);
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
