#ifndef SHEET_INTERNAL_H
#define SHEET_INTERNAL_H

#include "base/bytes.h"
#include "match/match.h"

#include <stdio.h>

enum { SHEET_ARGUMENTS_MAX = 64, SHEET_BYTES_MAX = 1 << 30 };

/* A command line, taken apart: words, and options that have a value or stand alone. */
struct sheet_arguments {
    const char *word[SHEET_ARGUMENTS_MAX];
    unsigned words;
    struct {
        const char *name, *value; /* value NULL: the option stands alone */
    } option[SHEET_ARGUMENTS_MAX];
    unsigned options;
};

/* sheet_option(a, name): the value of --name, or NULL.  sheet_flag: does it stand there? */
const char *sheet_option(const struct sheet_arguments *a, const char *name);
bool sheet_flag(const struct sheet_arguments *a, const char *name);
int sheet_need(const struct sheet_arguments *a, const char *name, const char **ret, struct err *e); /* ERR_USAGE */
/* sheet_threshold: --threshold as parts of ${one}; 0 when it is not given.  ERR_USAGE unless from 0 to 1. */
int sheet_threshold(const struct sheet_arguments *a, unsigned one, unsigned *ret, struct err *e);
unsigned sheet_threads(const struct sheet_arguments *a);

/* sheet_say(to, format, ...): a sentence in the person's language. */
void sheet_say(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));
struct table_notes;
void sheet_say_notes(const char *path, const struct table_notes *notes); /* what was odd in a table, on stderr */

int sheet_link(const struct sheet_arguments *a, struct err *e);
int sheet_add(const struct sheet_arguments *a, struct err *e);
int sheet_pairs(const struct sheet_arguments *a, struct err *e);
int sheet_screen(const struct sheet_arguments *a, struct err *e);
int sheet_goods(const struct sheet_arguments *a, struct err *e);

#endif
