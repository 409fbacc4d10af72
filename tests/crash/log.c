/* log.c: see log.h. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 8192 };

static const char *const op_names[REC_OP_END] = {
    [REC_START] = "start",       [REC_OPEN] = "open",         [REC_CREATE] = "create",
    [REC_MKDIR] = "mkdir",       [REC_SYMLINK] = "symlink",   [REC_LINK] = "link",
    [REC_RENAME] = "rename",     [REC_EXCHANGE] = "exchange", [REC_UNLINK] = "unlink",
    [REC_RMDIR] = "rmdir",       [REC_WRITE] = "write",       [REC_TRUNCATE] = "truncate",
    [REC_ALLOCATE] = "allocate", [REC_ZERO] = "zero",         [REC_CHMOD] = "chmod",
    [REC_FSYNC] = "fsync",       [REC_FDATASYNC] = "fdatasync", [REC_SYNC_ALL] = "sync",
    [REC_SYNC_RANGE] = "sync_file_range", [REC_CLOSE] = "close", [REC_PRINTED] = "printed",
    [REC_UNSUPPORTED] = "UNSUPPORTED",
};

static const uint8_t *take(const struct log *log, size_t *at, uint64_t count, const char *path)
{
    if (count > log->mapped_bytes - *at)
        die(PLAIN_ENVIRONMENT, "%s is cut short at byte %zu", path, *at);
    const uint8_t *from = (const uint8_t *)log->mapped + *at;
    *at += (size_t)count;
    return from;
}

static void parse(struct log *log, const char *path)
{
    size_t room = 0;
    for (size_t at = 0; at < log->mapped_bytes;) {
        log->items = plain_grow(log->items, log->n_items, &room, sizeof(*log->items));
        struct item *item = &log->items[log->n_items++];
        struct record *r = &item->record;
        memcpy(r, take(log, &at, sizeof(*r), path), sizeof(*r));
        if (r->magic != RECORD_MAGIC || r->op == 0 || r->op >= REC_OP_END || r->path_bytes > PATH_BYTES_MAX ||
            r->path2_bytes > PATH_BYTES_MAX)
            die(PLAIN_ENVIRONMENT, "%s is no recording near byte %zu", path, at);
        item->path = plain_copy(take(log, &at, r->path_bytes, path), r->path_bytes);
        item->path2 = plain_copy(take(log, &at, r->path2_bytes, path), r->path2_bytes);
        item->data = take(log, &at, r->data_bytes, path);
    }
}

struct log *log_read(const char *path)
{
    struct log *log = plain_alloc(sizeof(*log));
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    if (st.st_size == 0)
        die(PLAIN_ENVIRONMENT, "%s is empty: nothing was recorded", path);
    log->mapped_bytes = (size_t)st.st_size;
    log->mapped = mmap(NULL, log->mapped_bytes, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (log->mapped == MAP_FAILED)
        die(PLAIN_ENVIRONMENT, "map %s: %s", path, strerror(errno));
    parse(log, path);
    if (log->items[0].record.op != REC_START)
        die(PLAIN_ENVIRONMENT, "%s does not begin with the beginning of a process", path);
    log->skip = log->items[0].path2;
    return log;
}

void log_free(struct log *log)
{
    if (log == NULL)
        return;
    for (size_t i = 0; i < log->n_items; i++) {
        free(log->items[i].path);
        free(log->items[i].path2);
    }
    munmap(log->mapped, log->mapped_bytes);
    free(log->items);
    free(log);
}

static size_t first_line_bytes(const struct item *item)
{
    size_t n = 0;
    while (n < item->record.data_bytes && n < 200 && item->data[n] != '\n')
        n++;
    return n;
}

void log_line(const struct item *item, uint64_t number, char *ret, size_t ret_bytes)
{
    const struct record *r = &item->record;
    int n = snprintf(ret, ret_bytes, "%llu %s", (unsigned long long)number, op_names[r->op]);
    if (r->op == REC_WRITE || r->op == REC_ZERO)
        n += snprintf(ret + n, ret_bytes - (size_t)n, " at %llu, %llu bytes", (unsigned long long)r->offset,
                      (unsigned long long)(r->op == REC_WRITE ? r->data_bytes : r->length));
    if (r->op == REC_TRUNCATE || r->op == REC_ALLOCATE)
        n += snprintf(ret + n, ret_bytes - (size_t)n, " to %llu bytes", (unsigned long long)r->length);
    if (item->path[0] != '\0')
        n += snprintf(ret + n, ret_bytes - (size_t)n, " %s", item->path);
    if ((size_t)n < ret_bytes && item->path2[0] != '\0')
        n += snprintf(ret + n, ret_bytes - (size_t)n, " | %s", item->path2);
    if ((size_t)n < ret_bytes && r->op == REC_PRINTED)
        snprintf(ret + n, ret_bytes - (size_t)n, " %.*s", (int)first_line_bytes(item), (const char *)item->data);
}
