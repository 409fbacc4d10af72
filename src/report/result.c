#include "report/report_internal.h"

#include "base/json.h"

#include <math.h>
#include <stdio.h>

/*
 * The result file is canonical JSON (keys ascending, no white space) with one newline behind.  Numbers that are no
 * integers are decimal strings.  Everything that was asked is in "asked"; nothing else but the table decides.
 */
#define FORMAT_NAME "groundwork/estimate/v1"

static void put_number(struct json_out *j, const char *key, double v)
{
    char text[64];
    json_key(j, key);
    if (!isfinite(v)) {
        json_null(j);
        return;
    }
    (void)snprintf(text, sizeof text, fabs(v) < 100 ? "%.4f" : "%.1f", v);
    json_string(j, text);
}

static void put_text(struct json_out *j, const char *key, const char *v)
{
    json_key(j, key);
    if (v == NULL)
        json_null(j);
    else
        json_string(j, v);
}

static void put_reasons(struct json_out *j, const struct report_input *in, const struct report_options *o,
                        const struct estimate_reasons *r)
{
    json_key(j, "reasons");
    json_array_begin(j);
    for (size_t i = 0; i < r->count; i++) {
        const struct estimate_reason *x = &r->reason[i];
        bool pair = x->code == ESTIMATE_LISTS_AVOID || x->code == ESTIMATE_LISTS_SAME;
        bool list = pair || x->code == ESTIMATE_LIST_EMPTY || x->code == ESTIMATE_LIST_ALONE;
        json_object_begin(j);
        json_key(j, "bounds");
        json_bool(j, estimate_code_bounds(x->code));
        put_text(j, "code", estimate_code_name(x->code));
        if (list)
            put_text(j, "list", in->lists[x->list]);
        if (pair)
            put_text(j, "other", in->lists[x->other]);
        json_key(j, "overridden");
        json_bool(j, o->override[x->code]);
        json_key(j, "refuses");
        json_bool(j, estimate_code_refuses(x->code));
        put_number(j, "value", x->value);
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_value(struct json_out *j, const char *key, const struct estimate_value *v)
{
    json_key(j, key);
    json_object_begin(j);
    put_number(j, "high", v->high);
    put_number(j, "low", v->low);
    put_number(j, "n", v->n);
    put_number(j, "se", v->se);
    json_object_end(j);
}

/* Of a lower bound the upper limit that the method has by itself stands there too; it is no limit of how many. */
static void put_given(struct json_out *j, const struct estimate_value *v, bool bound)
{
    put_text(j, "status", bound ? "lower-bound" : "estimated");
    put_value(j, "value", v);
}

static void put_asked(struct json_out *j, const struct report_options *o)
{
    json_key(j, "asked");
    json_object_begin(j);
    json_key(j, "bound");
    json_u64(j, o->bound);
    json_key(j, "classes");
    json_u64(j, o->classes);
    put_text(j, "count", o->count);
    json_key(j, "ess");
    json_u64(j, o->ess);
    put_text(j, "linkage", o->linkage);
    put_text(j, "lists", o->lists);
    json_key(j, "methods");
    json_array_begin(j);
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        if (o->method[m])
            json_string(j, report_method_names[m]);
    json_array_end(j);
    json_key(j, "models");
    json_array_begin(j);
    for (size_t i = 0; i < o->model_count; i++)
        json_string(j, o->models[i]);
    json_array_end(j);
    json_key(j, "overrides");
    json_array_begin(j);
    for (unsigned c = 0; c < ESTIMATE_CODES; c++)
        if (o->override[c])
            json_string(j, estimate_code_name(c));
    json_array_end(j);
    put_text(j, "population", o->population);
    put_text(j, "replicate", o->replicate);
    json_key(j, "samples");
    json_u64(j, o->samples);
    json_key(j, "seed");
    json_u64(j, o->seed);
    put_text(j, "stratum", o->stratum);
    json_key(j, "tempered");
    json_bool(j, o->tempered);
    put_text(j, "unit", o->unit);
    json_object_end(j);
}

static void put_fit(struct json_out *j, const struct estimate_fit *f, unsigned lists, const double *profile)
{
    char name[ESTIMATE_MODEL_NAME_MAX];
    estimate_model_name(&f->model, lists, name);
    json_object_begin(j);
    if (f->code == ESTIMATE_FINE) {
        put_number(j, "aic", f->aic);
        put_number(j, "bic", f->bic);
        put_number(j, "deviance", f->deviance);
        json_key(j, "freedom");
        json_u64(j, f->freedom);
    }
    put_text(j, "model", name);
    if (f->code == ESTIMATE_FINE && profile != NULL && profile[1] > 0) {
        put_number(j, "profile_high", profile[1]);
        put_number(j, "profile_low", profile[0]);
    }
    if (f->code == ESTIMATE_FINE)
        put_value(j, "value", &f->value);
    else
        put_text(j, "refused", estimate_code_name(f->code));
    json_object_end(j);
}

static void put_loglinear(struct json_out *j, const struct report_answer *a, unsigned lists)
{
    enum { SHOWN = 10 };
    const struct estimate_loglinear *l = &a->loglinear;
    double profile[2] = {l->profile_low, l->profile_high};
    put_value(j, "averaged_by_aic", &l->by_aic);
    put_value(j, "averaged_by_bic", &l->by_bic);
    json_key(j, "best_aic");
    put_fit(j, &l->fits[l->best_aic], lists, NULL);
    json_key(j, "fitted");
    json_u64(j, l->fitted);
    json_key(j, "lowest_bic");
    json_array_begin(j);
    for (size_t i = 0; i < l->fitted && i < SHOWN; i++)
        put_fit(j, &l->fits[i], lists, i == 0 ? profile : NULL);
    json_array_end(j);
    json_key(j, "no_mle");
    json_u64(j, l->no_mle);
}

static void put_dga(struct json_out *j, const struct report_answer *a, unsigned lists)
{
    put_number(j, "at_bound", a->dga.at_bound);
    json_key(j, "graphs");
    json_u64(j, a->dga.graphs);
    json_key(j, "heaviest");
    json_array_begin(j);
    for (size_t i = 0; i < a->dga.top_count; i++) {
        char name[ESTIMATE_MODEL_NAME_MAX];
        estimate_graph_name(a->dga.top_edges[i], lists, name);
        json_object_begin(j);
        put_text(j, "graph", name);
        put_number(j, "weight", a->dga.top_weight[i]);
        json_object_end(j);
    }
    json_array_end(j);
    put_number(j, "mean", a->dga.mean);
    put_text(j, "prior", "uniform on graphs, 2^-lists in each cell, 1/N");
    put_number(j, "unseen_max", a->dga.unseen_max);
}

static void put_latent(struct json_out *j, const struct report_answer *a)
{
    const struct estimate_latent *l = &a->latent;
    put_number(j, "at_bound", l->at_bound);
    json_key(j, "chain_medians");
    json_array_begin(j);
    for (size_t c = 0; c < l->chains; c++)
        json_u64(j, (uint64_t)(l->chain_median[c] + 0.5));
    json_array_end(j);
    json_key(j, "draws_per_chain");
    json_u64(j, l->draws);
    put_number(j, "ess_bulk", l->gates.ess_bulk);
    put_number(j, "ess_tail", l->gates.ess_tail);
    json_key(j, "modes");
    json_array_begin(j);
    for (unsigned m = 0; m < l->modes; m++) {
        json_object_begin(j);
        put_number(j, "n", l->mode_n[m]);
        put_number(j, "share", l->mode_share[m]);
        json_object_end(j);
    }
    json_array_end(j);
    put_text(j, "prior", "lists uniform in each class, sticks Beta(1, alpha), alpha Gamma(1/4, 1/4), 1/N");
    put_number(j, "rhat", l->gates.rhat);
    json_key(j, "tempered");
    json_bool(j, l->tempered);
}

static void put_stepwise(struct json_out *j, const struct report_answer *a, unsigned lists)
{
    char name[ESTIMATE_MODEL_NAME_MAX];
    estimate_model_name(&a->bootstrap.chosen.model, lists, name);
    json_key(j, "failed");
    json_u64(j, a->bootstrap.failed);
    put_text(j, "model", name);
    put_number(j, "percentile_high", a->bootstrap.percentile_high);
    put_number(j, "percentile_low", a->bootstrap.percentile_low);
    json_key(j, "same_model");
    json_u64(j, a->bootstrap.same);
    json_key(j, "samples");
    json_u64(j, a->bootstrap.samples);
}

/* "details" stand where a fit was made, also of what is refused: they are why. */
static void put_details(struct json_out *j, const struct report_answer *a, unsigned m, unsigned lists)
{
    json_key(j, "details");
    json_object_begin(j);
    if (m == REPORT_LOGLINEAR && a->loglinear.fitted > 0)
        put_loglinear(j, a, lists);
    else if (m == REPORT_DGA && a->dga.code == ESTIMATE_FINE)
        put_dga(j, a, lists);
    else if (m == REPORT_LATENT && a->latent.chains > 0)
        put_latent(j, a);
    else if (m == REPORT_STEPWISE && a->bootstrap.chosen.code == ESTIMATE_FINE)
        put_stepwise(j, a, lists);
    else if (m == REPORT_CHAO && a->has_chao_alike)
        put_value(j, "lists_alike", &a->chao_alike);
    json_object_end(j);
}

static void put_methods(struct json_out *j, const struct report_input *in, const struct report_options *o,
                        const struct report_answer *a)
{
    json_key(j, "methods");
    json_array_begin(j);
    for (unsigned m = 0; !a->refused && m < REPORT_METHODS; m++) {
        const struct report_method_answer *x = &a->method[m];
        if (!x->asked)
            continue;
        json_object_begin(j);
        put_details(j, a, m, in->list_count);
        put_text(j, "method", report_method_names[m]);
        put_reasons(j, in, o, &x->reasons);
        if (x->refused)
            put_text(j, "status", "refused");
        else
            put_given(j, &x->value, x->bound);
        json_object_end(j);
    }
    json_array_end(j);
}

/* What the gates went by. */
static void put_signs(struct json_out *j, const struct estimate_signs *s)
{
    json_key(j, "signs");
    json_object_begin(j);
    put_number(j, "avoid_z", s->avoid.z);
    put_number(j, "chao", s->has_chao ? s->chao.n : (double)INFINITY);
    put_number(j, "differ_n", s->differ.code == ESTIMATE_FINE ? s->differ.n : (double)INFINITY);
    put_number(j, "differ_weight", s->differ.weight);
    put_number(j, "loglinear", s->has_loglinear ? s->loglinear.n : (double)INFINITY);
    json_object_end(j);
}

static void put_table(struct json_out *j, const struct report_input *in, const struct report_options *o,
                      const struct report_table *t, const struct report_answer *a)
{
    json_object_begin(j);
    json_key(j, "documented");
    json_u64(j, estimate_observed(&t->table));
    put_methods(j, in, o, a);
    json_key(j, "models");
    json_array_begin(j);
    for (size_t i = 0; !a->refused && i < o->model_count; i++)
        put_fit(j, &a->fits[i], in->list_count, a->profile[i]);
    json_array_end(j);
    put_reasons(j, in, o, &a->reasons);
    json_key(j, "refused");
    json_bool(j, a->refused);
    put_text(j, "replicate", t->replicate);
    if (!a->refused && in->list_count > 2)
        put_signs(j, &a->signs);
    put_text(j, "stratum", t->stratum);
    put_text(j, "table_sha256", t->hash);
    json_key(j, "without");
    json_array_begin(j);
    for (unsigned list = 0; !a->refused && list < in->list_count; list++)
        if (a->has_without[list]) {
            json_object_begin(j);
            put_text(j, "list", in->lists[list]);
            put_given(j, &a->without[list], a->method[REPORT_LOGLINEAR].bound);
            json_object_end(j);
        }
    json_array_end(j);
    json_object_end(j);
}

static void put_combined(struct json_out *j, const struct report_input *in, const struct report_options *o,
                         const struct report_stratum *s)
{
    json_object_begin(j);
    put_number(j, "documented", s->documented);
    json_key(j, "methods");
    json_array_begin(j);
    for (unsigned m = 0; m < REPORT_METHODS; m++) {
        const struct estimate_combined *c = &s->combined[m];
        if (!s->has_combined[m])
            continue;
        json_object_begin(j);
        put_number(j, "between", c->between);
        put_number(j, "freedom", c->freedom);
        put_number(j, "imputed", c->observed_mean);
        put_number(j, "imputed_high", c->observed_high);
        put_number(j, "imputed_low", c->observed_low);
        put_text(j, "method", report_method_names[m]);
        put_reasons(j, in, o, &c->reasons);
        if (estimate_refused(&c->reasons) == NULL)
            put_given(j, &c->value, s->bound[m]);
        put_number(j, "within", c->within);
        json_object_end(j);
    }
    json_array_end(j);
    put_text(j, "stratum", in->tables[s->first].stratum);
    json_object_end(j);
}

static int put_all(struct json_out *j, const struct report_input *in, const struct report_options *o,
                   const struct report_answer *answers, struct err *e)
{
    OWN(mem_drop) struct report_stratum *strata = NULL;
    size_t count = 0;
    int rc = report_strata(in, answers, &strata, &count, e);
    if (rc != 0)
        return rc;
    json_object_begin(j);
    put_asked(j, o);
    json_key(j, "combined");
    json_array_begin(j);
    for (size_t s = 0; s < count; s++)
        if (in->tables[strata[s].first].replicate[0] != 0)
            put_combined(j, in, o, &strata[s]);
    json_array_end(j);
    put_text(j, "format", FORMAT_NAME);
    json_key(j, "lists");
    json_array_begin(j);
    for (unsigned list = 0; list < in->list_count; list++)
        json_string(j, in->lists[list]);
    json_array_end(j);
    put_text(j, "program", REPORT_PROGRAM);
    json_key(j, "tables");
    json_array_begin(j);
    for (size_t i = 0; i < in->count; i++)
        put_table(j, in, o, &in->tables[i], &answers[i]);
    json_array_end(j);
    json_object_end(j);
    return 0;
}

int report_result(const struct report_input *in, const struct report_options *o, const struct report_answer *answers,
                  struct buf *to, struct err *e)
{
    struct json_out j = {.to = to};
    int rc = put_all(&j, in, o, answers, e);
    buf_put_u8(to, '\n');
    return rc != 0 ? rc : buf_check(to, e);
}

/* ---- What was asked, read back ----------------------------------------------------------------------------------- */

static int no_result(struct err *e)
{
    return err_set(e, ERR_DAMAGED, "this is no result of groundwork-estimate");
}

/* A text, or null for none. */
static bool get_text(const struct json_node *asked, const char *key, const char **ret)
{
    const struct json_node *node = json_get(asked, key);
    *ret = json_text(node);
    OWN(buf_drop) struct buf written = {0};
    return *ret != NULL || (node != NULL && json_write(node, &written) && strcmp(buf_text(&written), "null") == 0);
}

static bool get_flag(const struct json_node *asked, const char *key, bool *ret)
{
    OWN(buf_drop) struct buf written = {0};
    const struct json_node *node = json_get(asked, key);
    if (node == NULL || !json_write(node, &written))
        return false;
    *ret = strcmp(buf_text(&written), "true") == 0;
    return *ret || strcmp(buf_text(&written), "false") == 0;
}

static bool get_number(const struct json_node *asked, const char *key, uint64_t least, uint64_t most, uint64_t *ret)
{
    return json_get_u64(json_get(asked, key), ret) && *ret >= least && *ret <= most;
}

static bool get_methods(const struct json_node *asked, struct report_options *o)
{
    const struct json_node *list = json_get(asked, "methods");
    for (size_t i = 0; i < json_count(list); i++) {
        const char *name = json_text(json_at(list, i));
        unsigned m = 0;
        while (m < REPORT_METHODS && (name == NULL || strcmp(name, report_method_names[m]) != 0))
            m++;
        if (m == REPORT_METHODS)
            return false;
        o->method[m] = true;
    }
    return json_is_array(list);
}

static bool get_lists(const struct json_node *asked, struct report_options *o)
{
    const struct json_node *models = json_get(asked, "models"), *codes = json_get(asked, "overrides");
    if (!json_is_array(models) || !json_is_array(codes) || json_count(models) > REPORT_MODELS_MAX)
        return false;
    for (o->model_count = 0; o->model_count < json_count(models); o->model_count++)
        if ((o->models[o->model_count] = json_text(json_at(models, o->model_count))) == NULL)
            return false;
    for (size_t i = 0; i < json_count(codes); i++) {
        const char *name = json_text(json_at(codes, i));
        enum estimate_code code;
        if (name == NULL || report_code_named(name, &code) != 0 || !report_overridable(code))
            return false;
        o->override[code] = true;
    }
    return true;
}

static bool get_asked(const struct json_node *asked, struct report_options *o)
{
    return json_is_object(asked) && get_text(asked, "count", &o->count) && get_text(asked, "lists", &o->lists) &&
           get_text(asked, "stratum", &o->stratum) && get_text(asked, "replicate", &o->replicate) &&
           get_text(asked, "linkage", &o->linkage) && get_text(asked, "unit", &o->unit) &&
           get_text(asked, "population", &o->population) && get_flag(asked, "tempered", &o->tempered) &&
           get_number(asked, "seed", 0, INT64_MAX >> 11, &o->seed) &&
           get_number(asked, "samples", 0, 100000, &o->samples) &&
           get_number(asked, "classes", 2, ESTIMATE_CLASSES_MOST, &o->classes) &&
           get_number(asked, "bound", 0, 1000, &o->bound) && get_number(asked, "ess", 400, 20000, &o->ess) &&
           get_methods(asked, o) && get_lists(asked, o);
}

int report_asked(struct bytes result, struct json **ret_document, struct report_options *ret, struct err *e)
{
    OWN(json_drop) struct json *document = NULL;
    struct report_options o;
    int rc = json_parse(result, &document, e);
    if (rc != 0)
        return rc;
    report_options_init(&o);
    const char *format = json_text(json_get(json_root(document), "format"));
    if (format == NULL || strcmp(format, FORMAT_NAME) != 0 || !get_asked(json_get(json_root(document), "asked"), &o))
        return no_result(e);
    *ret = o;
    *ret_document = TAKE(document);
    return 0;
}
