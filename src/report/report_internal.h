/*
 * What the files of report/ share.
 */
#ifndef REPORT_REPORT_INTERNAL_H
#define REPORT_REPORT_INTERNAL_H

#include "base/bytes.h"
#include "base/text.h"
#include "estimate/estimate.h"
#include "report/report.h"

#define REPORT_PROGRAM "groundwork-estimate 0.2"

enum {
    REPORT_TABLES_MAX = 10000, /* strata times replicates */
    REPORT_WORDS_MAX = 4096,   /* bytes of one argument */
    REPORT_MODELS_MAX = 16,
    REPORT_RESULT_BYTES_MAX = 1 << 26,
};

enum report_method {
    REPORT_CHAPMAN,
    REPORT_CHAO,
    REPORT_LOGLINEAR,
    REPORT_STEPWISE,
    REPORT_DGA,
    REPORT_LATENT,
    REPORT_METHODS,
};
extern const char *const report_method_names[REPORT_METHODS];

/* What was asked.  Texts are the caller's (of argv, or of a result being verified). */
struct report_options {
    const char *count, *stratum, *replicate, *lists; /* columns; NULL: not named */
    const char *linkage, *unit, *population;         /* declarations; NULL: none */
    bool method[REPORT_METHODS];                     /* none set: all that fit */
    bool override[ESTIMATE_CODES];
    const char *models[REPORT_MODELS_MAX];
    size_t model_count;
    uint64_t seed, samples, classes, bound, ess;
    bool tempered;
    /* What the result does not depend on. */
    unsigned threads;
    enum estimate_path path;
    const char *json_path, *report_path, *lang;
};

enum report_action { REPORT_ESTIMATE, REPORT_VERIFY, REPORT_RECONCILE, REPORT_HELP, REPORT_VERSION };
struct report_line {
    enum report_action action;
    const char *argument[2];
    size_t arguments;
    struct report_options options;
};
void report_options_init(struct report_options *o);
int report_parse(int argc, char **argv, struct report_line *ret, struct err *e); /* ERR_USAGE */
void report_help(struct buf *to);
/* report_overridable: the codes that --override takes. */
bool report_overridable(enum estimate_code code);
int report_code_named(const char *name, enum estimate_code *ret); /* -1: no such */

/* load.c: a table file as capture histories, one for each stratum and replicate, sorted by both. */
struct report_table {
    char *stratum, *replicate; /* "" when there is no such column */
    struct estimate_table table;
    char hash[65]; /* SHA-256 of the histories, in hex; its first bytes key the chance */
};
struct report_input {
    char *lists[ESTIMATE_LISTS_MAX];
    unsigned list_count;
    struct report_table *tables;
    size_t count;
};
/* ERR_REFUSED: what the table holds is no count of persons on lists; ERR_USAGE: no such column; ERR_IO and ABSENT. */
int report_load(const char *path, const struct report_options *o, struct report_input *ret, struct err *e);
void report_input_drop(struct report_input *in);

/* run.c */
struct report_method_answer {
    bool asked;
    struct estimate_reasons reasons;
    bool refused, bound; /* bound: the value is a lower bound, which has no upper limit */
    struct estimate_value value;
};
struct report_answer {
    struct estimate_reasons reasons; /* of the table as a whole */
    bool refused;
    struct report_method_answer method[REPORT_METHODS];
    struct estimate_value chao_alike;
    bool has_chao_alike;
    struct estimate_signs signs; /* whether numbers are lower bounds; from three lists on */
    struct estimate_loglinear loglinear;
    struct estimate_dga dga;
    struct estimate_latent latent;
    struct estimate_bootstrap bootstrap;
    struct estimate_fit fits[REPORT_MODELS_MAX];
    double profile[REPORT_MODELS_MAX][2];
    struct estimate_value without[ESTIMATE_LISTS_MAX]; /* by log-linear models (or Chapman), each list left out */
    bool has_without[ESTIMATE_LISTS_MAX];
};
struct report_meter;
/* report_run: ${answers}: one for each table; those of equal tables are computed once. */
int report_run(const struct report_input *in, const struct report_options *o, struct report_meter *meter,
               struct report_answer **ret_answers, struct err *e);
void report_answers_free(struct report_answer *answers, size_t count);

/* The strata of an input: its tables in runs of one name.  Replicates of a stratum are combined by Rubin's rules. */
struct report_stratum {
    size_t first, count;
    bool refused;               /* no method has a number */
    bool bound[REPORT_METHODS]; /* that of a replicate is a lower bound, and so is what they make together */
    double documented;
    struct estimate_combined combined[REPORT_METHODS]; /* for those with replicates */
    bool has_combined[REPORT_METHODS];
};
int report_strata(const struct report_input *in, const struct report_answer *answers, struct report_stratum **ret,
                  size_t *ret_count, struct err *e);
/* report_headline: the method whose number stands for the stratum in totals and bars; -1 when all refused. */
int report_headline(const struct report_answer *a);

/* result.c: the result file, and what was asked read back from one. */
int report_result(const struct report_input *in, const struct report_options *o, const struct report_answer *answers,
                  struct buf *to, struct err *e);
struct json;
/* report_asked: ERR_DAMAGED when it is no result of ours.  Texts belong to ${document}. */
int report_asked(struct bytes result, struct json **ret_document, struct report_options *ret, struct err *e);

/* words.c, pictures.c */
int report_words(const struct report_input *in, const struct report_options *o, const struct report_answer *answers,
                 struct buf *to, struct err *e);
int report_pictures(const struct report_input *in, const struct report_answer *answers, const char *folder,
                    struct err *e);
void report_number(char to[32], double value); /* "12,345" */
/* report_reason_words: the sentence for a reason; ${lists}: the names of the lists it may speak of. */
void report_reason_words(const struct estimate_reason *r, const char *const *lists, struct buf *to);
const char *report_method_words(enum report_method m); /* in the chosen language */

/* claims.c */
int report_reconcile(const char *path, struct buf *words, struct buf *json, struct err *e);

/* meter.c: how far, and how long it will still take, on a terminal. */
struct report_meter {
    int fd;
    bool on;
    double all, done;
    uint64_t begun_ms, drawn_ms;
    void *lock; /* pthread_mutex_t */
};
void report_meter_add(void *meter, double work); /* from any thread */
void report_meter_line(const struct report_meter *m, uint64_t now_ms, struct buf *to);

#endif
