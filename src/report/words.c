#include "report/report_internal.h"

#include <math.h>
#include <stdio.h>

void report_number(char to[32], double value)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%.0f", value < 0 || value > 1e15 ? 0 : value), at = 0;
    for (int i = 0; i < n; i++) {
        if (i > 0 && (n - i) % 3 == 0)
            to[at++] = ',';
        to[at++] = digits[i];
    }
    to[at] = 0;
}

const char *report_method_words(enum report_method m)
{
    static const char *const words[REPORT_METHODS] = {
        [REPORT_CHAPMAN] = TEXT("two lists (Chapman)"),
        [REPORT_CHAO] = TEXT("lower bound (Chao)"),
        [REPORT_LOGLINEAR] = TEXT("log-linear models, averaged"),
        [REPORT_STEPWISE] = TEXT("log-linear, chosen stepwise, bootstrapped"),
        [REPORT_DGA] = TEXT("decomposable graphs, averaged"),
        [REPORT_LATENT] = TEXT("latent classes"),
    };
    return text_tr(words[m]);
}

/* One sentence for each code: what is the matter, and why it forbids or qualifies the number. */
static const char *const sentences[ESTIMATE_CODES] = {
    [ESTIMATE_FINE] = TEXT("Nothing stands against it."),
    [ESTIMATE_TOO_FEW_LISTS] = TEXT("There is one list: how many are on none cannot be told from one list."),
    [ESTIMATE_TWO_LISTS_ONLY] = TEXT("This method needs three lists or more; with two, only Chapman's can be used."),
    [ESTIMATE_TOO_MANY_LISTS] =
        TEXT("This method takes six lists at most; leave some out with --lists, or merge them."),
    [ESTIMATE_NOT_TWO_LISTS] = TEXT("Chapman's method takes exactly two lists."),
    [ESTIMATE_COUNT_TOO_LARGE] = TEXT("A count, or the sum of them, is above 2^31; these are hardly persons."),
    [ESTIMATE_NOBODY] = TEXT("All counts are zero: nobody is documented."),
    [ESTIMATE_LIST_EMPTY] = TEXT("Nobody is on list %s; a list that saw nobody tells nothing."),
    [ESTIMATE_LIST_ALONE] =
        TEXT("List %s shares nobody with any other list; perhaps it covers another place, time or kind of person."),
    [ESTIMATE_TOO_FEW_PERSONS] = TEXT("Fewer than 10 persons are documented; no method can say more from so few."),
    [ESTIMATE_NO_RECAPTURE] = TEXT("Nobody is on two lists; without overlap there is nothing to estimate from."),
    [ESTIMATE_FEW_PERSONS] = TEXT("Fewer than 30 persons are documented; the limits say little."),
    [ESTIMATE_FEW_RECAPTURES] = TEXT("Fewer than 5 persons are on two lists or more; the limits say little."),
    [ESTIMATE_NO_MLE] =
        TEXT("The model has no estimate on this table: the empty cells leave it free to grow for ever."),
    [ESTIMATE_NO_MODEL] = TEXT("No log-linear model has an estimate on this table; its lists overlap too little."),
    [ESTIMATE_NOT_CONVERGED] = TEXT("The search for the best fit did not come to an end."),
    [ESTIMATE_RHAT] = TEXT("The chains of the sampler do not agree with one another (R-hat above 1.01)."),
    [ESTIMATE_ESS_BULK] = TEXT("The sampler gave fewer than 400 effective samples."),
    [ESTIMATE_ESS_TAIL] =
        TEXT("The sampler gave fewer than 400 effective samples in the tails; the limits are not known."),
    [ESTIMATE_MODES] = TEXT("The chains stay at different answers; the table fits more than one story."),
    [ESTIMATE_AT_BOUND] =
        TEXT("The answer leans on the upper bound that was set; the bound, not the table, decides it."),
    [ESTIMATE_FEW_REPLICATES] =
        TEXT("Fewer than 10 imputed replicates: what is not known of missing fields is not well measured."),
    [ESTIMATE_ONE_REPLICATE] =
        TEXT("One replicate cannot show how much is not known of missing fields; give more, best 100."),
    [ESTIMATE_NOT_PERSONS] =
        TEXT("The counts are of events, not of persons; lists of events cannot be compared person by person."),
    [ESTIMATE_OPEN_POPULATION] = TEXT(
        "People came and went between the lists (an open population); who could be on one could not be on another."),
    [ESTIMATE_LINKAGE_UNDECLARED] =
        TEXT("It was not said how the lists were linked; name the version and its error rate with --linkage."),
    [ESTIMATE_ASSUMES_INDEPENDENCE] =
        TEXT("Two lists: the number holds only if being on one did not change the chance of being on the other."),
    [ESTIMATE_LISTS_SAME] =
        TEXT("Lists %s and %s hold the same persons: one is a copy of the other.  Leave one out with --lists."),
    [ESTIMATE_LISTS_AVOID] =
        TEXT("Lists %s and %s share fewer persons than chance would give; Chao's number is then no lower bound."),
    /* NOLINTNEXTLINE(bugprone-suspicious-missing-comma): one sentence on two lines. */
    [ESTIMATE_MAY_DIFFER] = TEXT("This table does not exclude that some persons are harder to see than others.  Such "
                                 "differences hide persons: the number is a lower bound."),
    [ESTIMATE_BELOW_OTHERS] = TEXT("The upper limit lies below what Chao's bound or the average of log-linear models "
                                   "found: the number is a lower bound."),
};

void report_reason_words(const struct estimate_reason *r, const char *const *lists, struct buf *to)
{
    const char *list = lists[r->list];
    if (r->code == ESTIMATE_LIST_EMPTY)
        buf_printf(to, text_tr("Nobody is on list %s; a list that saw nobody tells nothing."), list);
    else if (r->code == ESTIMATE_LIST_ALONE)
        buf_printf(
            to,
            text_tr(
                "List %s shares nobody with any other list; perhaps it covers another place, time or kind of person."),
            list);
    else if (r->code == ESTIMATE_LISTS_SAME)
        buf_printf(
            to,
            text_tr("Lists %s and %s hold the same persons: one is a copy of the other.  Leave one out with --lists."),
            list, lists[r->other]);
    else if (r->code == ESTIMATE_LISTS_AVOID)
        buf_printf(
            to,
            text_tr(
                "Lists %s and %s share fewer persons than chance would give; Chao's number is then no lower bound."),
            list, lists[r->other]);
    else
        buf_put_text(to, text_tr(sentences[r->code]));
}

struct speaker {
    const struct report_input *in;
    const struct report_options *o;
    struct buf *to;
    bool said[ESTIMATE_CODES]; /* of this table: a gate that holds for several methods is explained once */
};

static void say_reasons(struct speaker *s, const struct estimate_reasons *r, const char *indent)
{
    for (size_t i = 0; i < r->count; i++) {
        const struct estimate_reason *x = &r->reason[i];
        const char *kind = !estimate_code_refuses(x->code) ? text_tr("Note")
                           : s->o->override[x->code]       ? text_tr("OVERRIDDEN")
                                                           : text_tr("Refused");
        buf_printf(s->to, "%s%s (%s): ", indent, kind, estimate_code_name(x->code));
        if (estimate_code_bounds(x->code) && s->said[x->code])
            buf_put_text(s->to, text_tr("as above: a lower bound."));
        else
            report_reason_words(x, (const char *const *)s->in->lists, s->to);
        s->said[x->code] = true;
        buf_put_u8(s->to, '\n');
    }
}

static void say_value(const struct speaker *s, const char *name, const struct estimate_value *v)
{
    char n[32], low[32], high[32];
    report_number(n, v->n);
    report_number(low, v->low);
    report_number(high, v->high);
    buf_printf(s->to, text_tr("  %s: estimated %s (95 %%: %s to %s)"), name, n, low, high);
    buf_put_u8(s->to, '\n');
}

/* What may be said is the lower limit; the middle is for comparison. */
static void say_bound(const struct speaker *s, const char *name, const struct estimate_value *v)
{
    char n[32], low[32];
    report_number(n, v->n);
    report_number(low, v->low);
    buf_printf(s->to, text_tr("  %s: at least %s (95 %%); the middle is %s; no upper limit can be given"), name, low,
               n);
    buf_put_u8(s->to, '\n');
}

static void say_modes(const struct speaker *s, const struct estimate_latent *l)
{
    for (unsigned m = 0; l->modes > 1 && m < l->modes; m++) {
        char n[32];
        report_number(n, l->mode_n[m]);
        buf_printf(s->to, text_tr("    around %s: %.0f %% of the draws"), n, 100 * l->mode_share[m]);
        buf_put_u8(s->to, '\n');
    }
    for (size_t c = 0; l->gates.rhat > 1.01 && c < l->chains; c++) {
        char n[32];
        report_number(n, l->chain_median[c]);
        buf_printf(s->to, text_tr("    chain %d has its median at %s"), (int)c + 1, n);
        buf_put_u8(s->to, '\n');
    }
}

static void say_method(struct speaker *s, const struct report_answer *a, enum report_method m)
{
    const struct report_method_answer *x = &a->method[m];
    const char *name = report_method_words(m);
    char low[32], n[32];
    if (!x->asked)
        return;
    if (x->refused)
        buf_printf(s->to, text_tr("  %s: no number"), name);
    else if (m == REPORT_CHAO) {
        report_number(n, x->value.n);
        report_number(low, x->value.low);
        buf_printf(s->to, text_tr("  %s: at least %s (95 %%: from %s)"), name, n, low);
    } else if (x->bound)
        say_bound(s, name, &x->value);
    else
        say_value(s, name, &x->value);
    if (x->refused || m == REPORT_CHAO)
        buf_put_u8(s->to, '\n');
    say_reasons(s, &x->reasons, "    ");
    if (m == REPORT_LATENT)
        say_modes(s, &a->latent);
}

static void say_loglinear(const struct speaker *s, const struct report_answer *a)
{
    const struct estimate_loglinear *l = &a->loglinear;
    char name[ESTIMATE_MODEL_NAME_MAX], n[32], low[32], high[32];
    if (!a->method[REPORT_LOGLINEAR].asked || l->fitted == 0)
        return;
    estimate_model_name(&l->fits[0].model, s->in->list_count, name);
    report_number(n, l->fits[0].value.n);
    report_number(low, l->profile_low);
    report_number(high, l->profile_high);
    buf_printf(s->to, text_tr("    Lowest BIC of %d models: %s, %s (profile: %s to %s); one model alone is no answer."),
               (int)l->fitted, name, n, low, high);
    report_number(low, l->spread_low);
    report_number(high, l->spread_high);
    buf_put_u8(s->to, '\n');
    buf_printf(s->to, text_tr("    Models that fit nearly as well go from %s to %s."), low, high);
    buf_put_u8(s->to, '\n');
}

static void say_models(const struct speaker *s, const struct report_answer *a)
{
    for (size_t i = 0; i < s->o->model_count; i++) {
        char low[32], high[32];
        if (a->fits[i].code != ESTIMATE_FINE) {
            struct estimate_reason r = {.code = a->fits[i].code};
            buf_printf(s->to, text_tr("  %s: no number"), s->o->models[i]);
            buf_put_u8(s->to, '\n');
            buf_put_text(s->to, "    ");
            report_reason_words(&r, (const char *const *)s->in->lists, s->to);
            buf_put_u8(s->to, '\n');
            continue;
        }
        say_value(s, s->o->models[i], &a->fits[i].value);
        report_number(low, a->profile[i][0]);
        report_number(high, a->profile[i][1]);
        buf_printf(s->to, text_tr("    deviance %.2f on %d, AIC %.2f, BIC %.2f, profile %s to %s"), a->fits[i].deviance,
                   (int)a->fits[i].freedom, a->fits[i].aic, a->fits[i].bic, low, high);
        buf_put_u8(s->to, '\n');
    }
}

/* The lowest lower and the highest upper limit of what was not refused: what the reader should take away. */
static void say_spread(const struct speaker *s, const struct report_answer *a)
{
    double low = (double)INFINITY, high = 0;
    bool bound = false;
    char from[32], until[32];
    for (unsigned m = 0; m < REPORT_METHODS; m++)
        if (a->method[m].asked && !a->method[m].refused && m != REPORT_CHAO) {
            low = a->method[m].value.low < low ? a->method[m].value.low : low;
            high = a->method[m].value.high > high ? a->method[m].value.high : high;
            bound |= a->method[m].bound;
        }
    if (!(high > 0))
        return;
    report_number(from, low);
    report_number(until, high);
    if (bound)
        buf_printf(s->to,
                   text_tr("  All methods together: at least %s.  No upper limit can be given, for the reasons above."),
                   from);
    else
        buf_printf(
            s->to,
            text_tr("  All methods together: %s to %s.  Where they differ, the table does not decide between them."),
            from, until);
    buf_put_u8(s->to, '\n');
}

static void say_table(struct speaker *s, const struct report_table *t, const struct report_answer *a)
{
    char n[32];
    memset(s->said, 0, sizeof s->said);
    if (t->stratum[0] != 0 || t->replicate[0] != 0)
        buf_printf(s->to, "\n%s%s%s\n", t->stratum, t->replicate[0] != 0 ? " / " : "", t->replicate);
    report_number(n, (double)estimate_observed(&t->table));
    buf_printf(s->to, text_tr("  Documented: %s persons on %d lists"), n, (int)s->in->list_count);
    buf_put_u8(s->to, '\n');
    buf_printf(s->to, text_tr("  Table (SHA-256): %s"), t->hash);
    buf_put_u8(s->to, '\n');
    say_reasons(s, &a->reasons, "  ");
    if (a->refused)
        return;
    for (unsigned m = 0; m < REPORT_METHODS; m++) {
        say_method(s, a, m);
        if (m == REPORT_LOGLINEAR)
            say_loglinear(s, a);
    }
    say_models(s, a);
    say_spread(s, a);
}

static void say_combined(struct speaker *s, const struct report_stratum *x)
{
    for (unsigned m = 0; m < REPORT_METHODS; m++) {
        const struct estimate_combined *c = &x->combined[m];
        char n[32], low[32], high[32];
        if (!x->has_combined[m])
            continue;
        buf_put_u8(s->to, '\n');
        report_number(n, c->observed_mean);
        report_number(low, c->observed_low);
        report_number(high, c->observed_high);
        buf_printf(s->to, text_tr("%s  Documented with missing fields imputed: %s (replicates: %s to %s)"),
                   s->in->tables[x->first].stratum, n, low, high);
        buf_put_u8(s->to, '\n');
        say_reasons(s, &c->reasons, "  ");
        if (estimate_refused(&c->reasons) != NULL)
            continue;
        if (x->bound[m])
            say_bound(s, report_method_words(m), &c->value);
        else
            say_value(s, report_method_words(m), &c->value);
    }
}

/* A sum over strata is that of the documented alone where a stratum was refused. */
static void say_strata(const struct speaker *s, const struct report_stratum *strata, size_t count)
{
    double documented = 0;
    size_t refused = 0;
    char n[32];
    for (size_t i = 0; i < count; i++) {
        documented += strata[i].documented;
        refused += strata[i].refused;
    }
    report_number(n, documented);
    buf_printf(s->to, text_tr("\nAll strata: %s documented."), n);
    buf_put_u8(s->to, '\n');
    if (refused > 0) {
        buf_printf(s->to, text_tr("No total is estimated: %d of %d strata were refused."), (int)refused, (int)count);
        buf_put_u8(s->to, '\n');
    }
}

int report_words(const struct report_input *in, const struct report_options *o, const struct report_answer *answers,
                 struct buf *to, struct err *e)
{
    struct speaker s = {.in = in, .o = o, .to = to};
    OWN(mem_drop) struct report_stratum *strata = NULL;
    size_t count = 0;
    int rc = report_strata(in, answers, &strata, &count, e);
    if (rc != 0)
        return rc;
    buf_printf(to, text_tr("Lists linked: %s"), o->linkage != NULL ? o->linkage : text_tr("not declared"));
    buf_put_u8(to, '\n');
    for (size_t i = 0; i < in->count; i++)
        say_table(&s, &in->tables[i], &answers[i]);
    for (size_t i = 0; i < count; i++)
        say_combined(&s, &strata[i]);
    if (count > 1)
        say_strata(&s, strata, count);
    return buf_check(to, e);
}
