/* files.h: the regular files under some folders. */
#ifndef TESTS_CRASH_FILES_H
#define TESTS_CRASH_FILES_H

#include "plain.h"

struct file_list {
    char **paths; /* each begins with the root as it was given; sorted by their bytes */
    uint64_t *sizes_bytes;
    size_t count;
    uint64_t total_bytes;
};

/*
 * files_under(roots, n_roots):
 * Every regular file under ${roots} (files or folders); symbolic links are not followed.  What cannot be read ends the
 * program.  The caller releases the list.
 */
struct file_list files_under(const char *const *roots, size_t n_roots);

void files_release(struct file_list *list);

/* files_map(path, size_bytes): The bytes of ${path}, for reading; NULL where it has none. */
const uint8_t *files_map(const char *path, uint64_t size_bytes);

void files_unmap(const uint8_t *bytes, uint64_t size_bytes);

#endif
