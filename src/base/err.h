/*
 * Errors: one result code and one line of words, carried upward by the caller's own struct.
 *
 * A function that can fail returns 0 or a negative enum err_code and has `struct err *e` last.  The first failure
 * writes the line with err_set; each floor above may put its own words in front with err_add.  Nothing is
 * thread-local and nothing is printed here: faces render e->text once.
 *
 * Format strings are English literals and keys of the text catalogue: they are put into the person's language
 * when they are formatted.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err_code {
    ERR_NONE = 0,
    ERR_IO = -1,      /* input, output, memory or environment: exit 4 */
    ERR_DAMAGED = -2, /* stored bytes are not what they must be: exit 1 */
    ERR_USAGE = -3,   /* the request itself is malformed: exit 2 */
    ERR_REFUSED = -4, /* policy, key or state forbids the request: exit 3 */
    ERR_ABSENT = -5,  /* the named thing is not there: exit 4 unless the caller knows better */
    ERR_KEY = -6,     /* a key or passphrase does not open this: exit 4 */
    ERR_BUSY = -7,    /* another writer holds the lock: exit 4 */
    ERR_NEWER = -8,   /* the format is newer than this program: exit 4 */
    ERR_STOPPED = -9, /* a person interrupted the work: exit 4 */
};

enum { ERR_TEXT_MAX = 2048 };

struct err {
    int code;
    char text[ERR_TEXT_MAX]; /* UTF-8, one line, no final newline; cut at a character when too long */
    int number;              /* the errno whose words end the line; 0: none */
};

/*
 * err_set(e, code, format, ...):
 * Write the line of a first failure and return ${code}.  ${e} may be NULL: then only the code is returned.
 * Control characters that came in with an argument are written as \xNN, so that a hostile file name cannot
 * move the cursor of the terminal that shows the line.
 */
int err_set(struct err *e, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * err_add(e, rc, format, ...):
 * Put "words: " in front of the line and return ${rc} unchanged.
 */
int err_add(struct err *e, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* err_os(e, code, number, format, ...): as err_set, with ": " and the system's words for errno ${number} behind. */
int err_os(struct err *e, int code, int number, const char *format, ...) __attribute__((format(printf, 4, 5)));

/* err_memory(e): the one line for an allocation that failed.  Returns ERR_IO. */
int err_memory(struct err *e);

/*
 * err_is_scarce(e):
 * Did the system lack memory or descriptors?  Then it is no word on the file that was to be read, which may be whole.
 */
bool err_is_scarce(const struct err *e);

/*
 * err_memory_end():
 * Write that line to standard error, and end the program with exit code 4, at once and without memory: only for where
 * memory was lost and no result can say so.  What is on disk then is what a crash leaves.
 */
_Noreturn void err_memory_end(void);

#endif
