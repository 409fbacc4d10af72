/* log.h: a recording, read whole. */
#ifndef TESTS_CRASH_LOG_H
#define TESTS_CRASH_LOG_H

#include "plain.h"
#include "record.h"

struct item {
    struct record record;
    char *path;  /* "" where there is none */
    char *path2;
    const uint8_t *data;
};

struct log {
    struct item *items;
    size_t n_items;
    const char *skip; /* the rules under which it was recorded */
    void *mapped;
    size_t mapped_bytes;
};

/* log_read(path): The recording ${path}; one that is cut short or holds no process's beginning ends the program. */
struct log *log_read(const char *path);

void log_free(struct log *log);

/* log_line(item, number, ret, ret_bytes): One line of text about ${item}. */
void log_line(const struct item *item, uint64_t number, char *ret, size_t ret_bytes);

#endif
