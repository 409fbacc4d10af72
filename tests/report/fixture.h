/*
 * A table in a file of its own, loaded and run.
 */
#ifndef TESTS_REPORT_FIXTURE_H
#define TESTS_REPORT_FIXTURE_H

#include "base/file.h"
#include "crypt/crypt.h"
#include "report/report_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct fixture {
    char path[64];
    struct report_options o;
    struct report_input in;
    struct report_answer *answers;
};

static inline void fixture_begin(struct fixture *f, const char *content)
{
    *f = (struct fixture){.path = "/tmp/report-test-XXXXXX"};
    assert_int_equal(crypt_start(NULL), 0);
    int fd = mkstemp(f->path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
    (void)close(fd);
    report_options_init(&f->o);
    f->o.samples = 50;
}

static inline int fixture_load(struct fixture *f, struct err *e)
{
    return report_load(f->path, &f->o, &f->in, e);
}

static inline void fixture_run(struct fixture *f)
{
    assert_int_equal(fixture_load(f, NULL), 0);
    assert_int_equal(report_run(&f->in, &f->o, NULL, &f->answers, NULL), 0);
}

static inline void fixture_end(struct fixture *f)
{
    if (f->answers != NULL)
        report_answers_free(f->answers, f->in.count);
    report_input_drop(&f->in);
    (void)unlink(f->path);
}

/* The spina bifida table (tests/estimate/tables.h). */
#define FIXTURE_SPINA "s1,s2,s3,count\n1,0,0,244\n0,1,0,48\n1,1,0,142\n0,0,1,60\n1,0,1,111\n0,1,1,4\n1,1,1,12\n"

/* Expected counts of 1,500 persons seen well and 1,500 seen badly. */
#define FIXTURE_CLASSES                                                                                                \
    "a,b,c,d,count\n1,0,0,0,233\n0,1,0,0,187\n1,1,0,0,111\n0,0,1,0,217\n1,0,1,0,97\n0,1,1,0,79\n1,1,1,0,69\n"          \
    "0,0,0,1,233\n1,0,0,1,136\n0,1,0,1,111\n1,1,0,1,102\n0,0,1,1,97\n1,0,1,1,84\n0,1,1,1,69\n1,1,1,1,68\n"

#endif
