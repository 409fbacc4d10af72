/*
 * Files: whole reads with a limit, whole writes, and the durable ways of making a file appear.
 *
 * Durability.  file_replace and file_create write a temporary name beside the target, fsync it, rename or link it,
 * and fsync the folder: after 0 the new content is durable under its name; after a failure or a crash the old
 * content (or nothing) is there, never a mixture.  A failed fsync is reported and never retried: the kernel may have
 * dropped the pages it could not write, so a second success would prove nothing.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/bytes.h"

#include <sys/types.h>

enum { FILE_PATH_MAX = 4096 };

/* A path put together: file_path(to, e, "%s/a/journal", root).  ERR_IO unless shorter than FILE_PATH_MAX. */
struct file_path {
    char s[FILE_PATH_MAX];
};
int file_path(struct file_path *to, struct err *e, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* file_open_read: ERR_ABSENT, ERR_IO; ERR_DAMAGED: what lies there is a link or no plain file, so not what was put. */
int file_open_read(const char *path, int *ret_fd, struct err *e);
/* file_open_copy: of what there is elsewhere too: ERR_DAMAGED also when the disk, or a permission, does not let it be
 * opened; ERR_IO only when this program lacks descriptors or memory. */
int file_open_copy(const char *path, int *ret_fd, struct err *e);
/* file_read_all: the whole file, appended to ${to}; ERR_DAMAGED when longer than ${bytes_max}, ERR_ABSENT, ERR_IO. */
int file_read_all(const char *path, size_t bytes_max, struct buf *to, struct err *e);
/* file_read_at: exactly ${n} bytes at ${offset}; ERR_DAMAGED when the file ends before. ${name} is for the line. */
int file_read_at(int fd, void *to, size_t n, uint64_t offset, const char *name, struct err *e);
/*
 * file_read_around: the same, with zeros for what the disk does not give; *lost grows by the number of those bytes.
 * ERR_IO: memory or descriptors are lacking (err_is_scarce).
 */
int file_read_around(int fd, void *to, size_t n, uint64_t offset, const char *name, uint64_t *lost, struct err *e);
int file_write_at(int fd, const void *p, size_t n, uint64_t offset, const char *name, struct err *e);
int file_size(int fd, uint64_t *ret_bytes, const char *name, struct err *e);
int file_sync(int fd, const char *name, struct err *e); /* fdatasync */
int file_sync_folder(const char *path, struct err *e);  /* fsync of the folder itself */
int file_sync_parent(const char *path, struct err *e);  /* fsync of the folder that holds ${path} */
int file_make_folder(const char *path, struct err *e);  /* 0700, durable; fine when it is there */
int file_make_folders(const char *path, struct err *e); /* with all folders above it */
/* ${mode} is narrowed by the umask.  A link at ${path} is replaced itself; what it pointed at is not touched. */
int file_replace(const char *path, struct bytes content, mode_t mode, struct err *e);
int file_create(const char *path, struct bytes content, mode_t mode, struct err *e); /* ERR_REFUSED: exists */
int file_remove(const char *path, struct err *e); /* durable; fine when it is not there */
void file_drafts_remove(const char *path); /* what was cut off while it replaced that, as far as it can be */
bool file_exists(const char *path);
void file_remove_tree(const char *path); /* with all that is in it, as far as it can be; links are not followed */
/*
 * file_rename_new: give a file another name in another folder, unless that name is taken.  Returns 0 or an errno; after
 * an errno the file has its old name.  Where the file system knows no such rename, by a second name, which is refused
 * the same way (that is for files only).
 */
int file_rename_new(int from_folder, const char *from, int to_folder, const char *to);

/*
 * file_resolve: where ${path} lies, or would lie once it is made: absolute, without links, "." and "..".  ERR_IO.
 * file_holds: of two resolved paths, is ${inner} ${outer} itself or below it?
 */
int file_resolve(const char *path, struct file_path *ret, struct err *e);
bool file_holds(const char *outer, const char *inner);

#endif
