/*
 * check.h: states put on the disk, and the checker run on them.
 *
 * A worker has a folder WORK/wN.  In it lie the roots by name, and "printed": what the program had printed before the
 * crash.  What the checker printed itself lies beside it as WORK/wN.output.
 */
#ifndef TESTS_CRASH_CHECK_H
#define TESTS_CRASH_CHECK_H

#include "states.h"

struct check_plan {
    const struct plan *plan;
    const char *work;      /* an existing folder */
    char *const *command;  /* ends in NULL */
    bool serves;           /* the command is started once per worker and asked line by line */
    unsigned timeout_s;    /* for one state; more is a failure */
    unsigned n_workers;
    uint64_t n_samples;    /* check this many states, spread evenly; 0: all */
};

struct check_counts {
    struct counts states;
    uint64_t checked;
    uint64_t failed; /* 0, or as many workers as met a failure before they could be stopped */
};

/*
 * check_all(plan):
 * Run the checker on every distinct state, or on a sample.  The first failure ends it: the state is laid anew,
 * untouched by the checker, in WORK/failed, with WORK/failed.why beside it.
 */
struct check_counts check_all(const struct check_plan *plan);

/* check_lay(plan, state, folder): Make ${folder} hold ${state} and nothing else. */
void check_lay(const struct plan *plan, const struct state *state, const char *folder);

#endif
