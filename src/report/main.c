#include "report/report_internal.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/unicode.h"
#include "crypt/crypt.h"

#include <pthread.h>
#include <stdio.h>

enum { DONE = 0, DIFFERS = 1, USAGE = 2, REFUSED = 3, ELSE = 4 };

static int exit_of(int rc)
{
    switch (rc) {
    case 0:
        return DONE;
    case ERR_DAMAGED:
        return DIFFERS;
    case ERR_USAGE:
        return USAGE;
    case ERR_REFUSED:
        return REFUSED;
    default:
        return ELSE;
    }
}

/* --lang, then the environment as POSIX orders it; English for others. */
static int choose_language(const char *named, struct err *e)
{
    enum text_language language = TEXT_ENGLISH;
    const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    if (named != NULL) {
        if (text_language_named(named, &language) != 0)
            return err_set(e, ERR_USAGE, "--lang: %s is neither en nor ko", named);
    } else
        for (size_t i = 0; i < COUNT(variables); i++) {
            const char *value = getenv(variables[i]);
            if (value == NULL || value[0] == 0)
                continue;
            (void)text_language_named(value, &language);
            break;
        }
    text_choose(language);
    return 0;
}

/* The most the sampler may do, in its own unit: all rounds of both stages, and the bootstrap. */
static void meter_begin(struct report_meter *m, const struct report_options *o, size_t tables)
{
    m->fd = STDERR_FILENO;
    m->on = isatty(STDERR_FILENO) == 1;
    m->all = (double)tables * (4 * (12000.0 * 64 + 24000.0 * 16 * 24) + (double)o->samples);
    m->begun_ms = m->drawn_ms = time_monotonic_ms();
}

static void meter_end(const struct report_meter *m)
{
    if (m->on)
        (void)fputs("\r\033[K", stderr);
}

struct outcome {
    struct report_input in;
    struct report_answer *answers;
};

static void outcome_drop(struct outcome *o)
{
    if (o->answers != NULL)
        report_answers_free(o->answers, o->in.count);
    report_input_drop(&o->in);
}

static int compute(const char *path, const struct report_options *o, struct outcome *ret, struct err *e)
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct report_meter meter = {.lock = &lock};
    int rc = report_load(path, o, &ret->in, e);
    if (rc != 0)
        return rc;
    meter_begin(&meter, o, ret->in.count);
    rc = report_run(&ret->in, o, &meter, &ret->answers, e);
    meter_end(&meter);
    return rc;
}

static int save_report(const struct outcome *x, const struct report_options *o, const struct buf *json,
                       const struct buf *words, struct err *e)
{
    struct file_path path;
    int rc = file_make_folders(o->report_path, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/result.json", o->report_path);
    if (rc == 0)
        rc = file_replace(path.s, buf_bytes(json), 0644, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/report.txt", o->report_path);
    if (rc == 0)
        rc = file_replace(path.s, buf_bytes(words), 0644, e);
    return rc == 0 ? report_pictures(&x->in, x->answers, o->report_path, e) : rc;
}

static bool all_refused(const struct outcome *x)
{
    for (size_t i = 0; i < x->in.count; i++) {
        if (x->answers[i].refused)
            continue;
        for (unsigned m = 0; m < REPORT_METHODS; m++)
            if (x->answers[i].method[m].asked && !x->answers[i].method[m].refused)
                return false;
    }
    return true;
}

static int print(const struct buf *words, struct err *e)
{
    if (fwrite(words->p, 1, words->n, stdout) != words->n || fflush(stdout) != 0)
        return err_set(e, ERR_IO, "cannot write to the output");
    return 0;
}

static int run_estimate(const struct report_line *line, int *ret_exit, struct err *e)
{
    const struct report_options *o = &line->options;
    OWN(outcome_drop) struct outcome x = {0};
    OWN(buf_drop) struct buf json = {0}, words = {0};
    int rc = compute(line->argument[0], o, &x, e);
    if (rc == 0)
        rc = report_result(&x.in, o, x.answers, &json, e);
    if (rc == 0)
        rc = report_words(&x.in, o, x.answers, &words, e);
    if (rc == 0 && o->json_path != NULL)
        rc = file_replace(o->json_path, buf_bytes(&json), 0644, e);
    if (rc == 0 && o->report_path != NULL)
        rc = save_report(&x, o, &json, &words, e);
    if (rc == 0)
        rc = print(&words, e);
    *ret_exit = rc == 0 && all_refused(&x) ? REFUSED : exit_of(rc);
    return rc;
}

static int run_verify(const struct report_line *line, int *ret_exit, struct err *e)
{
    struct report_options o;
    OWN(outcome_drop) struct outcome x = {0};
    OWN(json_drop) struct json *document = NULL;
    OWN(buf_drop) struct buf given = {0}, again = {0}, words = {0};
    int rc = file_read_all(line->argument[0], REPORT_RESULT_BYTES_MAX, &given, e);
    if (rc == 0)
        rc = report_asked(buf_bytes(&given), &document, &o, e);
    if (rc == 0) {
        o.threads = line->options.threads;
        o.path = line->options.path;
        rc = compute(line->argument[1], &o, &x, e);
    }
    if (rc == 0)
        rc = report_result(&x.in, &o, x.answers, &again, e);
    *ret_exit = exit_of(rc);
    if (rc != 0)
        return rc;
    bool same = bytes_equal(buf_bytes(&given), buf_bytes(&again));
    *ret_exit = same ? DONE : DIFFERS;
    buf_printf(&words, "%s\n",
               same ? text_tr("VERIFIED: computed again from the table, the result is the same to the last byte")
                    : text_tr("FAILED: computed again from the table, the result is another"));
    return print(&words, e);
}

static int run_reconcile(const struct report_line *line, int *ret_exit, struct err *e)
{
    OWN(buf_drop) struct buf words = {0}, json = {0};
    int rc = report_reconcile(line->argument[0], &words, &json, e);
    if (rc == 0 && line->options.json_path != NULL)
        rc = file_replace(line->options.json_path, buf_bytes(&json), 0644, e);
    if (rc == 0)
        rc = print(&words, e);
    *ret_exit = exit_of(rc);
    return rc;
}

static int run_words(const struct report_line *line, int *ret_exit, struct err *e)
{
    OWN(buf_drop) struct buf words = {0};
    if (line->action == REPORT_HELP)
        report_help(&words);
    else
        buf_put_text(&words, REPORT_PROGRAM "\n");
    int rc = buf_check(&words, e);
    if (rc == 0)
        rc = print(&words, e);
    *ret_exit = exit_of(rc);
    return rc;
}

int report_main(int argc, char **argv)
{
    static int (*const actions[])(const struct report_line *line, int *ret_exit, struct err *e) = {
        [REPORT_ESTIMATE] = run_estimate, [REPORT_VERIFY] = run_verify, [REPORT_RECONCILE] = run_reconcile,
        [REPORT_HELP] = run_words,        [REPORT_VERSION] = run_words,
    };
    struct err e = {0};
    struct report_line line;
    int exit_code = DONE;
    (void)choose_language(NULL, NULL);
    int rc = crypt_start(&e);
    if (rc == 0)
        rc = report_parse(argc, argv, &line, &e);
    if (rc == 0)
        rc = choose_language(line.options.lang, &e);
    if (rc == 0)
        rc = actions[line.action](&line, &exit_code, &e);
    else
        exit_code = exit_of(rc);
    if (rc != 0)
        (void)fprintf(stderr, "groundwork-estimate: %s\n", e.text);
    return exit_code;
}
