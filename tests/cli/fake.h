/* A small table of verbs, so that the face is tried without the house behind it. */
#ifndef TESTS_CLI_FAKE_H
#define TESTS_CLI_FAKE_H

#include "cli/cli_internal.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* What the verb "do" is to do: speak, ask, fail.  Zeroed: nothing, successfully. */
struct fake_script {
    bool tell; /* say the request: see fake.c */
    const char *say, *warn;
    const char *ask; /* a prompt; what is typed is said */
    bool twice;
    unsigned progress; /* so many calls, 60 ms apart; stops with ERR_STOPPED when told to */
    int rc, exit_code;
    const char *out; /* where the answer of fake_main goes; NULL: into ->out */
};
extern struct fake_script fake_script;

/* fake_line: cli_parse of these words, which end with NULL. */
int fake_parse(struct cli_line *ret, struct err *e, const char *const *words);

/* fake_main: cli_main in a child process, with its answer, errors and exit code (128 + signal when one ended it). */
struct fake_run {
    int exit_code;
    char out[65536], err[65536];
};
void fake_main(struct fake_run *ret, const char *const *words);

/*
 * fake_terminal: ${run} in a child process whose terminal, input, output and errors are a new one; what it shows and
 * takes is at ${ret_master}.  fake_wait_for: read into ${seen} until it holds ${text}; NULL: until nobody is left.
 */
pid_t fake_terminal(int (*run)(void), int *ret_master);
void fake_typed(int master, const char *text);
void fake_wait_for(int master, struct buf *seen, const char *text);
int fake_ended(pid_t child); /* its exit code, or 128 + signal */

uint64_t fake_chance(void); /* the same numbers on every run */

/* fake_folder: an empty folder that is removed, with all in it, when the test program ends; and stood in. */
const char *fake_folder(void);
void fake_file(const char *path, const char *content, mode_t mode);
/* fake_environment: none of the variables the face reads, HOME in fake_folder. */
int fake_environment(void **state);

#endif
