/*
 * flip.h: single bits flipped in files, at places that a seed draws.
 *
 * For tests that hold a repository open and ask, flip after flip, whether it is noticed: link crash_flip (meson.build).
 * The places are even over all bytes of all files, so a large file is met as much more often as it is larger.  What
 * goes wrong with the files themselves ends the program.
 */
#ifndef TESTS_CRASH_FLIP_H
#define TESTS_CRASH_FLIP_H

#include "files.h"

struct flip {
    size_t file; /* its place in the list */
    uint64_t offset;
    uint8_t bit; /* 0 to 7 */
    uint8_t was; /* the byte before; set by flip_do */
};

/* flip_draw(files, seed, ret, count): ${count} places in ${files}, which has bytes; the same for the same seed. */
void flip_draw(const struct file_list *files, uint64_t seed, struct flip *ret, size_t count);

/* flip_do(files, flip): Flip that bit. */
void flip_do(const struct file_list *files, struct flip *flip);

/*
 * flip_undo(files, flip):
 * Put the byte back as it was.  False where it has been put back already, as by a repair: then nothing is written.
 */
bool flip_undo(const struct file_list *files, const struct flip *flip);

/* flip_line(files, flip, ret, ret_bytes): "PATH, byte N, bit N". */
void flip_line(const struct file_list *files, const struct flip *flip, char *ret, size_t ret_bytes);

#endif
