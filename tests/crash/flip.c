/* flip.c: see flip.h. */
#include "flip.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t file_at(const uint64_t *ends, size_t count, uint64_t byte)
{
    size_t low = 0;
    size_t high = count - 1;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ends[middle] > byte)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void flip_draw(const struct file_list *files, uint64_t seed, struct flip *ret, size_t count)
{
    if (files->total_bytes == 0)
        die(PLAIN_USAGE, "there are no bytes to flip a bit of");
    uint64_t *ends = plain_alloc(files->count * sizeof(*ends));
    for (size_t i = 0; i < files->count; i++)
        ends[i] = files->sizes_bytes[i] + (i == 0 ? 0 : ends[i - 1]);
    uint64_t draw = seed;
    for (size_t i = 0; i < count; i++) {
        uint64_t byte = plain_below(&draw, files->total_bytes);
        size_t file = file_at(ends, files->count, byte);
        ret[i] = (struct flip){.file = file, .offset = byte - (ends[file] - files->sizes_bytes[file])};
        ret[i].bit = (uint8_t)plain_below(&draw, 8);
    }
    free(ends);
}

/* Files that nobody may write to are opened up for the moment. */
static int open_file(const char *path, mode_t *ret_mode)
{
    struct stat st;
    if (stat(path, &st) != 0)
        die(PLAIN_ENVIRONMENT, "stat %s: %s", path, strerror(errno));
    *ret_mode = st.st_mode & 07777;
    if ((st.st_mode & S_IWUSR) == 0 && chmod(path, *ret_mode | S_IRUSR | S_IWUSR) != 0)
        die(PLAIN_ENVIRONMENT, "chmod %s: %s", path, strerror(errno));
    int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    return fd;
}

static void close_file(int fd, const char *path, mode_t mode)
{
    if (((mode & S_IWUSR) == 0 && fchmod(fd, mode) != 0) || close(fd) != 0)
        die(PLAIN_ENVIRONMENT, "close %s: %s", path, strerror(errno));
}

static uint8_t read_byte(int fd, const char *path, uint64_t offset)
{
    uint8_t byte;
    if (pread(fd, &byte, 1, (off_t)offset) != 1)
        die(PLAIN_ENVIRONMENT, "%s has no byte %llu any more", path, (unsigned long long)offset);
    return byte;
}

static void write_byte(int fd, const char *path, uint64_t offset, uint8_t byte)
{
    if (pwrite(fd, &byte, 1, (off_t)offset) != 1)
        die(PLAIN_ENVIRONMENT, "write %s: %s", path, strerror(errno));
}

void flip_do(const struct file_list *files, struct flip *flip)
{
    const char *path = files->paths[flip->file];
    mode_t mode;
    int fd = open_file(path, &mode);
    flip->was = read_byte(fd, path, flip->offset);
    write_byte(fd, path, flip->offset, (uint8_t)(flip->was ^ (1U << flip->bit)));
    close_file(fd, path, mode);
}

bool flip_undo(const struct file_list *files, const struct flip *flip)
{
    const char *path = files->paths[flip->file];
    mode_t mode;
    int fd = open_file(path, &mode);
    bool is_flipped = read_byte(fd, path, flip->offset) != flip->was;
    if (is_flipped)
        write_byte(fd, path, flip->offset, flip->was);
    close_file(fd, path, mode);
    return is_flipped;
}

void flip_line(const struct file_list *files, const struct flip *flip, char *ret, size_t ret_bytes)
{
    snprintf(ret, ret_bytes, "%s, byte %llu, bit %u", files->paths[flip->file], (unsigned long long)flip->offset,
             flip->bit);
}
