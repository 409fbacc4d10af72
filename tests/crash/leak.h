/* leak.h: what leakscan.c, leak_strings.c and leak_windows.c share. */
#ifndef TESTS_CRASH_LEAK_H
#define TESTS_CRASH_LEAK_H

#include "plain.h"

/* So many leaks are printed; all are counted. */
enum { LEAKS_PRINTED_MAX = 50 };

/* Bytes with a name: a file's, or those of a file's name. */
struct text {
    const char *where; /* the file's path; must outlive the search */
    bool is_name;
    const uint8_t *bytes;
    uint64_t size_bytes;
};

/* --- strings --- */

/* Shorter than this, random bytes would be taken for a leak now and then. */
enum { LEAK_STRING_BYTES_MIN = 6, LEAK_STRING_BYTES_MAX = 1024 };

struct leak_strings;

/* leak_strings_read(path): The strings to look for, one per line, in every form of leakscan.c. */
struct leak_strings *leak_strings_read(const char *path);

void leak_strings_free(struct leak_strings *s);

/* leak_strings_count(s): How many strings; each has several forms. */
size_t leak_strings_count(const struct leak_strings *s);

/* leak_strings_search(s, text): Print and count the places of ${text} that hold one. */
uint64_t leak_strings_search(struct leak_strings *s, const struct text *text);

/* --- windows --- */

enum { LEAK_WINDOW_BYTES = 16, LEAK_WINDOW_VALUES_MIN = 8 };

struct leak_windows;

/*
 * Used in four steps: _new, with about how many bytes the sources have; _source for each source; _suspect for each text
 * of the repository; _confirm for each source again.  Then _report prints and counts the runs of bytes in common.
 */
struct leak_windows *leak_windows_new(uint64_t source_bytes);
void leak_windows_source(struct leak_windows *w, const struct text *text);
void leak_windows_suspect(struct leak_windows *w, const struct text *text);
void leak_windows_confirm(struct leak_windows *w, const struct text *text);
uint64_t leak_windows_report(struct leak_windows *w);
void leak_windows_free(struct leak_windows *w);

/* leak_windows_count(w): How many windows of the sources are looked for. */
uint64_t leak_windows_count(const struct leak_windows *w);

#endif
