#include "base/file.h"
#include "base/text.h"
#include "crypt/crypt.h"
#include "screen/screen.h"
#include "sheet/sheet_internal.h"
#include "table/table.h"

#include <time.h>

/* Decisions "not him": hashes of query and entry, in order. */
struct known {
    uint64_t *pair;
    size_t count;
};
struct task {
    struct screen *s;
    struct known known;
    char hash[SCREEN_LISTS_MAX][2 * CRYPT_HASH + 1];
    struct table_out *out;
    uint64_t queries, hits, quiet, empty, compared;
    uint32_t *took_ns; /* of each query, the processor's time */
    size_t took_room;
};

static uint64_t processor_ns(void)
{
    struct timespec t = {0};
    (void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int note_time(struct task *t, uint64_t ns, struct err *e)
{
    if (t->queries == t->took_room) {
        size_t room = t->took_room * 2 + 1024;
        uint32_t *grown = realloc(t->took_ns, room * sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        t->took_ns = grown;
        t->took_room = room;
    }
    t->took_ns[t->queries] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
    return 0;
}

static int by_time(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* On stderr: how long it took is no part of the result. */
static void say_times(struct task *t)
{
    if (t->queries == 0)
        return;
    qsort(t->took_ns, t->queries, sizeof *t->took_ns, by_time);
    const size_t half = t->queries / 2, most = t->queries * 99 / 100;
    sheet_say(stderr, "processor time of a query: %.1f us in the median, %.1f us in 99 of 100 at most\n",
              (double)t->took_ns[half] / 1e3, (double)t->took_ns[most] / 1e3);
}

static int by_pair(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

static uint64_t pair_of(struct bytes query, struct bytes entry)
{
    return match_bytes_hash(query) * 0x9E3779B97F4A7C15u ^ match_bytes_hash(entry);
}

static int read_known(const char *path, struct known *to, struct err *e)
{
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    int rc = table_open(path, NULL, &t, e);
    if (rc != 0)
        return rc;
    int query = table_find(t, "query"), entry = table_find(t, "entry"), says = table_find(t, "decision");
    if (query < 0 || entry < 0 || says < 0)
        return err_set(e, ERR_USAGE, "%s: the columns query, entry and decision are wanted", path);
    while ((rc = table_next(t, &row, e)) == 1) {
        if (!bytes_equal(table_trim(row.fields[says]), bytes_text("not him")))
            continue;
        if ((to->count & (to->count - 1)) == 0) {
            uint64_t *grown = realloc(to->pair, (to->count == 0 ? 1 : to->count * 2) * sizeof *grown);
            if (grown == NULL)
                return err_memory(e);
            to->pair = grown;
        }
        to->pair[to->count++] = pair_of(row.fields[query], row.fields[entry]);
    }
    if (rc == 0 && to->count != 0)
        qsort(to->pair, to->count, sizeof *to->pair, by_pair);
    return rc;
}

static bool is_known(const struct known *k, struct bytes query, struct bytes entry)
{
    uint64_t pair = pair_of(query, entry);
    return k->count != 0 && bsearch(&pair, k->pair, k->count, sizeof pair, by_pair) != NULL;
}

static int add_lists(const struct sheet_arguments *a, const char *option, struct screen *s, struct task *t,
                     struct err *e)
{
    unsigned list = 0;
    for (unsigned i = 0; i < a->options; i++) {
        OWN(buf_drop) struct buf content = {0};
        struct hash hash;
        if (strcmp(a->option[i].name, option) != 0)
            continue;
        int rc = file_read_all(a->option[i].value, SCREEN_LIST_BYTES_MAX, &content, e);
        rc = rc == 0 ? screen_add(s, buf_bytes(&content), a->option[i].value, e) : rc;
        if (rc != 0)
            return rc;
        if (t != NULL) {
            crypt_sha256(buf_bytes(&content), &hash);
            hex_put(t->hash[list], hash.b, CRYPT_HASH);
            sheet_say(stderr, "list %s: %s, date %s, %zu entries, sha256 %s\n", a->option[i].value,
                      screen_format_names[screen_list_format(s, list)],
                      screen_list_date(s, list)[0] == '\0' ? "-" : screen_list_date(s, list),
                      screen_list_entries(s, list), t->hash[list]);
        }
        if (screen_list_damaged(s, list) != 0)
            sheet_say(stderr, "%s: %lu bytes cannot be text and were read as question marks\n", a->option[i].value,
                      (unsigned long)screen_list_damaged(s, list));
        list++;
    }
    return list != 0 || t == NULL ? 0 : err_set(e, ERR_USAGE, "--%s is missing", option);
}

static const char *answer_words(unsigned answer)
{
    static const char *const words[] = {TEXT("without an answer"), TEXT("the same"),
                                        TEXT("the same by sound"), TEXT("near"),
                                        TEXT("an initial"),        TEXT("far")};
    return words[answer];
}

static const char *agreement_words(enum screen_agreement agreement)
{
    static const char *const words[] = {"", TEXT("agrees"), TEXT("near"), TEXT("differs")};
    return agreement == SCREEN_UNKNOWN ? "" : words[agreement];
}

static void put_reason(struct table_out *out, struct bytes query, const struct screen_hit *hit)
{
    OWN(buf_drop) struct buf text = {0};
    struct match_name name;
    (void)match_name_read(query, MATCH_READ_KOREAN, &name);
    for (unsigned i = 0; i < hit->reason.count && i < name.count; i++)
        buf_printf(&text, "%s%.*s: %s", i == 0 ? "" : "; ", name.t[i].n, name.t[i].s,
                   text_tr(answer_words(hit->reason.token[i].answer)));
    if (hit->reason.korean)
        buf_printf(&text, "; %s", text_tr("the whole name agrees as Korean syllables"));
    table_put_text(out, buf_text(&text));
}

static void put_score(struct table_out *out, unsigned score)
{
    char text[16];
    (void)snprintf(text, sizeof text, "%u.%03u", score / 1000, score % 1000);
    table_put_text(out, text);
}

static void put_hit(struct task *t, uint64_t line, struct bytes query, const struct screen_hit *hit)
{
    struct screen_entry entry;
    screen_entry_at(t->s, hit->entry, &entry);
    if (is_known(&t->known, query, bytes_text(entry.id))) {
        t->quiet++;
        return;
    }
    t->hits++;
    table_put_decimal(t->out, line);
    table_put(t->out, query);
    table_put_text(t->out, entry.id);
    table_put(t->out, hit->name);
    put_score(t->out, hit->score);
    put_score(t->out, hit->name_score);
    put_reason(t->out, query, hit);
    for (unsigned k = 0; k < SCREEN_DETAILS; k++)
        table_put_text(t->out, text_tr(agreement_words(hit->detail[k])));
    table_put_text(t->out, screen_format_names[screen_list_format(t->s, entry.list)]);
    table_put_text(t->out, screen_list_date(t->s, entry.list));
    table_put_text(t->out, t->hash[entry.list]);
    table_put_decimal(t->out, SCREEN_PARSER_VERSION);
    table_put_text(t->out, text_tr("a name match, not a finding"));
    table_put_text(t->out, "");
    table_end(t->out);
}

static int find_columns(const struct sheet_arguments *a, const struct table *queries, int columns[1 + SCREEN_DETAILS],
                        struct err *e)
{
    static const char *const options[1 + SCREEN_DETAILS] = {"name", "birth", "passport", "imo", "nationality"};
    const char *name;
    int rc = sheet_need(a, "name", &name, e);
    for (unsigned i = 0; rc == 0 && i < COUNT(options); i++) {
        name = sheet_option(a, options[i]);
        columns[i] = name == NULL ? -1 : table_find(queries, name);
        if (name != NULL && columns[i] < 0)
            rc = err_set(e, ERR_USAGE, "%s has no column \"%s\"", a->word[0], name);
    }
    return rc;
}

static int screen_all(const struct sheet_arguments *a, struct task *t, unsigned threshold, struct err *e)
{
    OWN(table_drop) struct table *queries = NULL;
    struct table_row row;
    int columns[1 + SCREEN_DETAILS], rc = table_open(a->word[0], NULL, &queries, e);
    rc = rc == 0 ? find_columns(a, queries, columns, e) : rc;
    while (rc == 0 && (rc = table_next(queries, &row, e)) == 1) {
        struct screen_hit hits[SCREEN_HITS_MAX];
        struct screen_query q = {
            .name = row.fields[columns[0]], .threshold = threshold, .exhaustive = sheet_flag(a, "exhaustive")};
        size_t count = 0;
        uint64_t compared = 0;
        for (unsigned k = 0; k < SCREEN_DETAILS; k++)
            q.detail[k] = columns[k + 1] < 0 ? (struct bytes){0} : table_trim(row.fields[columns[k + 1]]);
        uint64_t start = processor_ns();
        screen_find(t->s, &q, hits, &count, &compared);
        rc = note_time(t, processor_ns() - start, e);
        if (rc != 0)
            return rc;
        for (size_t i = 0; i < count; i++)
            put_hit(t, row.line, q.name, &hits[i]);
        t->queries++;
        t->empty += q.name.n == 0;
        t->compared += compared;
    }
    if (rc == 0)
        sheet_say_notes(a->word[0], table_notes(queries));
    return rc;
}

static void say_result(const struct sheet_arguments *a, const struct task *t)
{
    sheet_say(stdout, "%lu queries against %zu names of %zu entries: %lu hits; each is a name match, not a finding\n",
              (unsigned long)t->queries, screen_names(t->s), screen_entries(t->s), (unsigned long)t->hits);
    if (sheet_flag(a, "exhaustive"))
        sheet_say(stdout, "exhaustive: every name was compared (%lu comparisons)\n", (unsigned long)t->compared);
    else
        sheet_say(stdout, "indexed: %lu comparisons; names that share nothing with a query were not looked at\n",
                  (unsigned long)t->compared);
    if (screen_skipped(t->s) != 0)
        sheet_say(stdout, "%zu entries stand unchanged in the previous list and were not screened again\n",
                  screen_skipped(t->s));
    if (t->quiet != 0)
        sheet_say(stdout, "%lu hits were left out: it was decided before that it is not him\n",
                  (unsigned long)t->quiet);
    if (t->empty != 0)
        sheet_say(stdout, "%lu queries had no name\n", (unsigned long)t->empty);
}

static int prepare(const struct sheet_arguments *a, struct task *t, struct err *e)
{
    OWN(screen_drop) struct screen *before = NULL;
    const char *decisions = sheet_option(a, "decisions");
    int rc = add_lists(a, "list", t->s, t, e);
    if (rc == 0 && sheet_option(a, "previous") != NULL) {
        rc = screen_new(&before, e);
        rc = rc == 0 ? add_lists(a, "previous", before, NULL, e) : rc;
        rc = rc == 0 ? screen_known(t->s, before, e) : rc;
    }
    rc = rc == 0 && decisions != NULL ? read_known(decisions, &t->known, e) : rc;
    return rc == 0 ? screen_index(t->s, e) : rc;
}

int sheet_screen(const struct sheet_arguments *a, struct err *e)
{
    static const char *const header[] = {"line",        "query",       "entry",     "name",        "score",
                                         "name_score",  "explanation", "birth",     "passport",    "imo",
                                         "nationality", "list",        "list_date", "list_sha256", "parser_version",
                                         "remark",      "decision"};
    OWN(mem_drop) struct task *t = calloc(1, sizeof *t);
    const char *out;
    unsigned threshold;
    if (t == NULL)
        return err_memory(e);
    int rc = crypt_start(e);
    rc = rc == 0 && a->words != 1 ? err_set(e, ERR_USAGE, "one table of queries is wanted") : rc;
    rc = rc == 0 ? sheet_need(a, "name", &out, e) : rc;
    rc = rc == 0 ? sheet_need(a, "out", &out, e) : rc;
    rc = rc == 0 ? sheet_threshold(a, MATCH_SCORE_ONE, &threshold, e) : rc;
    rc = rc == 0 ? screen_new(&t->s, e) : rc;
    rc = rc == 0 ? prepare(a, t, e) : rc;
    rc = rc == 0 ? table_create(out, &t->out, e) : rc;
    for (size_t i = 0; rc == 0 && i < COUNT(header); i++)
        table_put_text(t->out, header[i]);
    if (rc == 0)
        table_end(t->out);
    rc = rc == 0 ? screen_all(a, t, threshold, e) : rc;
    rc = rc == 0 ? table_commit(TAKE(t->out), e) : rc;
    if (rc == 0) {
        say_result(a, t);
        say_times(t);
    }
    table_abandon(t->out);
    screen_free(t->s);
    free(t->known.pair);
    free(t->took_ns);
    return rc;
}
