#include "report/report_internal.h"

struct run {
    const struct report_input *in;
    const struct report_options *o;
    struct report_meter *meter;
    struct report_answer *answers;
    struct err *errors;
    int *codes;
    unsigned threads; /* inside one table */
};

/* Chao's is a lower bound by its making; the others are where a gate says so. */
static void settle(const struct report_options *o, struct report_answer *a, enum report_method method)
{
    struct report_method_answer *m = &a->method[method];
    m->refused = false;
    if (m->asked && method == REPORT_CHAO && m->reasons.count == 0)
        estimate_bound_chao(&a->signs, &m->reasons);
    for (size_t i = 0; i < m->reasons.count; i++)
        m->refused |= estimate_code_refuses(m->reasons.reason[i].code) && !o->override[m->reasons.reason[i].code];
    if (m->asked && !m->refused && method != REPORT_CHAO && method != REPORT_CHAPMAN)
        estimate_bound(&m->value, &a->signs, &m->reasons);
    m->bound = method == REPORT_CHAO || estimate_bounded(&m->reasons);
}

/* What the gates go by is computed whatever was asked, so that they cannot be avoided by asking less. */
static int run_signs(const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    struct estimate_signs *s = &a->signs;
    int rc = estimate_loglinear(t, &a->loglinear, e);
    if (rc == 0)
        rc = estimate_differ(t, &s->differ, e);
    s->has_loglinear = a->loglinear.code == ESTIMATE_FINE && rc == 0;
    s->loglinear = a->loglinear.by_bic;
    if (t->lists > 2)
        estimate_avoid(t, &s->avoid);
    s->has_chao = estimate_chao(t, false, &s->chao) == ESTIMATE_FINE && !(s->avoid.z < ESTIMATE_AVOID_Z);
    return rc;
}

static void give(struct report_method_answer *m, enum estimate_code code, const struct estimate_value *v)
{
    if (code != ESTIMATE_FINE)
        estimate_reason_add(&m->reasons, code, 0, 0);
    else
        m->value = *v;
}

static void declared(const struct report_options *o, struct estimate_reasons *r)
{
    if (o->unit != NULL && strcmp(o->unit, "events") == 0)
        estimate_reason_add(r, ESTIMATE_NOT_PERSONS, 0, 0);
    if (o->population != NULL && strcmp(o->population, "open") == 0)
        estimate_reason_add(r, ESTIMATE_OPEN_POPULATION, 0, 0);
    if (o->linkage == NULL)
        estimate_reason_add(r, ESTIMATE_LINKAGE_UNDECLARED, 0, 0);
}

static int leave_out(const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    for (unsigned list = 0; list < t->lists && t->lists > 2; list++) {
        struct estimate_table fewer;
        struct estimate_reasons reasons;
        estimate_without(t, list, &fewer);
        estimate_check(&fewer, &reasons);
        if (estimate_refused(&reasons) != NULL)
            continue;
        if (fewer.lists == 2) {
            a->has_without[list] = estimate_chapman(&fewer, &a->without[list]) == ESTIMATE_FINE;
            continue;
        }
        struct estimate_loglinear l;
        int rc = estimate_loglinear(&fewer, &l, e);
        if (rc != 0)
            return rc;
        a->has_without[list] = l.code == ESTIMATE_FINE;
        a->without[list] = l.by_bic;
        estimate_loglinear_drop(&l);
    }
    return 0;
}

static int run_loglinear(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    give(&a->method[REPORT_LOGLINEAR], a->loglinear.code, &a->loglinear.by_bic);
    (void)r;
    return leave_out(t, a, e);
}

static int run_models(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    for (size_t i = 0; i < r->o->model_count; i++) {
        struct estimate_model m;
        if (!estimate_model_parse(r->o->models[i], t->lists, &m))
            return err_set(e, ERR_USAGE, "%s is no model of %u lists", r->o->models[i], t->lists);
        estimate_fit(t, &m, &a->fits[i]);
        if (a->fits[i].code == ESTIMATE_FINE && !estimate_profile(t, &m, &a->profile[i][0], &a->profile[i][1]))
            a->profile[i][0] = a->profile[i][1] = 0;
    }
    return 0;
}

static int run_stepwise(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    struct estimate_bootstrap_options o = {.samples = (unsigned)r->o->samples,
                                           .threshold = ESTIMATE_STEPWISE_P,
                                           .seed = r->o->seed,
                                           .threads = r->threads,
                                           .progress = report_meter_add,
                                           .progress_with = r->meter};
    int rc = estimate_bootstrap(t, &o, &a->bootstrap, e);
    if (rc == 0)
        give(&a->method[REPORT_STEPWISE], a->bootstrap.chosen.code, &a->bootstrap.chosen.value);
    return rc;
}

static int run_dga(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    int rc = estimate_dga(t, &(struct estimate_dga_options){30, r->o->path}, &a->dga, e);
    if (rc != 0)
        return rc;
    give(&a->method[REPORT_DGA], a->dga.code, &a->dga.value);
    if (a->dga.code == ESTIMATE_FINE && a->dga.at_bound > 0.01)
        estimate_reason_add(&a->method[REPORT_DGA].reasons, ESTIMATE_AT_BOUND, 0, a->dga.at_bound);
    return 0;
}

static int run_latent(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    struct estimate_latent_options o = {.classes = (unsigned)r->o->classes,
                                        .a = 0.25,
                                        .b = 0.25,
                                        .bound = (double)r->o->bound,
                                        .ess = (double)r->o->ess,
                                        .tempered = r->o->tempered,
                                        .seed = r->o->seed,
                                        .threads = r->threads,
                                        .path = r->o->path,
                                        .progress = report_meter_add,
                                        .progress_with = r->meter};
    int rc = estimate_latent(t, &o, &a->latent, e);
    if (rc != 0)
        return rc;
    a->method[REPORT_LATENT].reasons = a->latent.reasons;
    a->method[REPORT_LATENT].value = a->latent.value;
    return 0;
}

static void run_closed(const struct estimate_table *t, struct report_answer *a)
{
    struct estimate_value v = {0};
    if (a->method[REPORT_CHAPMAN].asked)
        give(&a->method[REPORT_CHAPMAN], estimate_chapman(t, &v), &v);
    if (a->method[REPORT_CHAO].asked) {
        give(&a->method[REPORT_CHAO], estimate_chao(t, false, &v), &v);
        a->has_chao_alike = estimate_chao(t, true, &a->chao_alike) == ESTIMATE_FINE;
    }
}

/* What fits when nothing is named: Chapman for two lists, all others for more; graphs up to six. */
static void choose(const struct report_options *o, const struct estimate_table *t, struct report_answer *a)
{
    bool named = false;
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        named |= o->method[m];
    for (unsigned m = 0; m < REPORT_METHODS; m++) {
        bool fits = m == REPORT_CHAPMAN ? t->lists == 2
                    : m == REPORT_DGA   ? t->lists > 2 && t->lists <= ESTIMATE_GRAPHS_LISTS_MAX
                                        : t->lists > 2;
        a->method[m].asked = named ? o->method[m] : fits;
    }
}

static int run_methods(const struct run *r, const struct estimate_table *t, struct report_answer *a, struct err *e)
{
    static int (*const methods[REPORT_METHODS])(const struct run *r, const struct estimate_table *t,
                                                struct report_answer *a, struct err *e) = {
        [REPORT_LOGLINEAR] = run_loglinear,
        [REPORT_STEPWISE] = run_stepwise,
        [REPORT_DGA] = run_dga,
        [REPORT_LATENT] = run_latent,
    };
    int rc = run_signs(t, a, e);
    if (rc != 0)
        return rc;
    run_closed(t, a);
    rc = run_models(r, t, a, e);
    for (unsigned m = 0; rc == 0 && m < REPORT_METHODS; m++)
        if (methods[m] != NULL && a->method[m].asked)
            rc = methods[m](r, t, a, e);
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        settle(r->o, a, m);
    return rc;
}

static void run_table(void *with, size_t index)
{
    struct run *r = with;
    const struct estimate_table *t = &r->in->tables[index].table;
    struct report_answer *a = &r->answers[index];
    for (size_t i = 0; i < index; i++)
        if (strcmp(r->in->tables[i].hash, r->in->tables[index].hash) == 0)
            return; /* its answer is copied afterwards */
    estimate_check(t, &a->reasons);
    declared(r->o, &a->reasons);
    choose(r->o, t, a);
    for (size_t i = 0; i < a->reasons.count; i++)
        a->refused |= estimate_code_refuses(a->reasons.reason[i].code) && !r->o->override[a->reasons.reason[i].code];
    if (!a->refused)
        r->codes[index] = run_methods(r, t, a, &r->errors[index]);
}

/* Copies share nothing that is freed: the fits belong to the first. */
static void copy_equals(const struct run *r)
{
    for (size_t k = 1; k < r->in->count; k++)
        for (size_t i = 0; i < k; i++)
            if (strcmp(r->in->tables[i].hash, r->in->tables[k].hash) == 0) {
                r->answers[k] = r->answers[i];
                break;
            }
}

int report_run(const struct report_input *in, const struct report_options *o, struct report_meter *meter,
               struct report_answer **ret_answers, struct err *e)
{
    OWN(mem_drop) struct err *errors = calloc(in->count, sizeof *errors);
    OWN(mem_drop) int *codes = calloc(in->count, sizeof *codes);
    struct report_answer *answers = calloc(in->count, sizeof *answers);
    if (errors == NULL || codes == NULL || answers == NULL) {
        free(answers);
        return err_memory(e);
    }
    struct run r = {.in = in, .o = o, .meter = meter, .answers = answers, .errors = errors, .codes = codes};
    /* Tables side by side where there are several, chains side by side where there is one. */
    r.threads = in->count > 1 ? 1 : o->threads;
    estimate_pool_run(in->count > 1 ? o->threads : 1, in->count, run_table, &r);
    copy_equals(&r);
    for (size_t i = 0; i < in->count; i++)
        if (codes[i] != 0) {
            int rc = err_set(e, codes[i], "%s", errors[i].text);
            report_answers_free(answers, in->count);
            return rc;
        }
    *ret_answers = answers;
    return 0;
}

void report_answers_free(struct report_answer *answers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct estimate_fit *fits = answers[i].loglinear.fits;
        for (size_t k = i + 1; fits != NULL && k < count; k++)
            if (answers[k].loglinear.fits == fits)
                answers[k].loglinear.fits = NULL;
        estimate_loglinear_drop(&answers[i].loglinear);
    }
    free(answers);
}
