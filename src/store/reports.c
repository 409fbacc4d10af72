/*
 * Reports of audits, kept beside the outside state until a commit takes them to the log, and after it for their age.
 *
 *     groundwork/audits/v1
 *     pin <hex>
 *     <full|keyless> <first pack> <last pack> <findings> <leaves> <unix time> <logged|waiting>    ...
 */
#include "store/store_internal.h"

#include "base/clock.h"

#include <stdio.h>

enum { REPORTS_BYTES_MAX = 16384, WORDS = 6 };
static const char HEAD[] = "groundwork/audits/v1\n";

static bool report_parse(struct bytes line, struct store_report *r)
{
    struct bytes w[WORDS];
    struct statement_audit *a = &r->audit;
    a->full = bytes_words(line, "full", w, WORDS);
    if (!a->full && !bytes_words(line, "keyless", w, WORDS))
        return false;
    r->logged = bytes_equal(w[5], bytes_text("logged"));
    return (r->logged || bytes_equal(w[5], bytes_text("waiting"))) && decimal_get(w[0], &a->first) == 0 &&
           decimal_get(w[1], &a->last) == 0 && decimal_get(w[2], &a->findings) == 0 &&
           decimal_get(w[3], &a->leaves) == 0 && decimal_get(w[4], &a->at_unix_s) == 0 && a->first <= a->last;
}

bool store_reports_parse(struct bytes text, const struct hash *pin, struct store_reports *ret)
{
    struct cursor c = cursor_of(text);
    ret->count = 0;
    if (!store_outside_head(&c, HEAD, pin))
        return false;
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        if (c.failed || ret->count == STATEMENT_AUDITS_MAX || !report_parse(line, &ret->list[ret->count]))
            return false;
        ret->count++;
    }
    return !c.failed;
}

int store_reports_read(const struct store *s, struct store_reports *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    ret->count = 0;
    int rc = store_outside(&s->place, &s->pin, "audits", &path, e);
    if (rc == 0)
        rc = file_read_all(path.s, REPORTS_BYTES_MAX, &text, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc != 0)
        return rc;
    if (store_reports_parse(buf_bytes(&text), &s->pin, ret))
        return 0;
    ret->count = 0;
    return err_set(e, ERR_DAMAGED, "%s is damaged: move it away; only the ages of audits are lost", path.s);
}

void store_reports_put(const struct store_reports *reports, const struct hash *pin, struct buf *to)
{
    buf_printf(to, "%spin ", HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_put_text(to, "\n");
    for (size_t i = 0; i < reports->count; i++) {
        const struct statement_audit *a = &reports->list[i].audit;
        buf_printf(to, "%s %llu %llu %llu %llu %llu %s\n", a->full ? "full" : "keyless",
                   (unsigned long long)a->first, (unsigned long long)a->last, (unsigned long long)a->findings,
                   (unsigned long long)a->leaves, (unsigned long long)a->at_unix_s,
                   reports->list[i].logged ? "logged" : "waiting");
    }
}

int store_reports_write(const struct store *s, const struct store_reports *reports, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = store_outside(&s->place, &s->pin, "audits", &path, e);
    store_reports_put(reports, &s->pin, &text);
    if (rc == 0)
        rc = buf_check(&text, e);
    if (rc == 0)
        rc = file_make_folders(s->place.state_folder, e);
    return rc == 0 ? file_replace(path.s, buf_bytes(&text), 0600, e) : rc;
}

static void report_remove(struct store_reports *reports, size_t i)
{
    memmove(&reports->list[i], &reports->list[i + 1], (reports->count - i - 1) * sizeof reports->list[0]);
    reports->count--;
}

void store_reports_add(struct store_reports *reports, const struct statement_audit *audit)
{
    for (size_t i = reports->count; i-- > 0;) {
        const struct store_report *r = &reports->list[i];
        if (r->logged && r->audit.full <= audit->full && r->audit.first >= audit->first &&
            r->audit.last <= audit->last)
            report_remove(reports, i);
    }
    if (reports->count == STATEMENT_AUDITS_MAX)
        report_remove(reports, 0);
    reports->list[reports->count++] = (struct store_report){*audit, false};
}

/* ---- ages ---- */

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static struct store_age age_of(const struct store_reports *reports, uint64_t pack)
{
    struct store_age age = {.full_at_unix_s = 0};
    for (size_t i = reports->count; i-- > 0 && age.full_at_unix_s == 0;) {
        const struct statement_audit *a = &reports->list[i].audit;
        if (a->first > pack || a->last < pack)
            continue;
        if (age.last.at_unix_s == 0)
            age.last = *a;
        if (a->full)
            age.full_at_unix_s = a->at_unix_s;
    }
    return age;
}

static void ages_of(const struct store_reports *reports, struct store_ages *ret)
{
    uint64_t edge[STORE_AGES_MAX + 1];
    size_t edges = 0;
    edge[edges++] = 0;
    for (size_t i = 0; i < reports->count; i++) {
        ret->waiting += !reports->list[i].logged;
        edge[edges++] = reports->list[i].audit.first;
        edge[edges++] = reports->list[i].audit.last < UINT64_MAX ? reports->list[i].audit.last + 1 : UINT64_MAX;
    }
    qsort(edge, edges, sizeof edge[0], by_number);
    for (size_t i = 0; i < edges && edge[i] < ret->packs; i++) {
        uint64_t end = i + 1 < edges && edge[i + 1] < ret->packs ? edge[i + 1] : ret->packs;
        if (end == edge[i])
            continue;
        struct store_age age = age_of(reports, edge[i]);
        age.last.first = edge[i];
        age.last.last = end - 1;
        ret->never += age.last.at_unix_s == 0 ? end - edge[i] : 0;
        ret->run[ret->count++] = age;
    }
}

int store_audit_ages(struct store *s, struct store_ages *ret, struct err *e)
{
    struct store_reports reports;
    *ret = (struct store_ages){0};
    struct store_packs_end end;
    int rc = store_packs_end(s, 0, &end, e);
    if (rc == 0)
        rc = store_reports_read(s, &reports, e);
    ret->packs = end.packs;
    if (rc == 0)
        ages_of(&reports, ret);
    OWN(store_noticed_release) struct store_noticed noticed = {0};
    if (rc == 0)
        rc = store_noticed_read(s, &noticed, e);
    while (noticed.count > 0 && noticed.packs[noticed.count - 1] > STORE_NOTICED_MORE - HISTORY_COMPARTMENTS_MAX)
        noticed.count--;
    ret->damaged = noticed.count;
    return rc;
}
