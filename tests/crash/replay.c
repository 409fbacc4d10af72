/*
 * replay.c: cut a recording short at every place, and have a checker look at what is left.
 *
 * See README.md of this folder for the use.
 */
#include "check.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { STARTS_MAX = 8, WORKERS_MAX = 64, RANDOM_MAX = 1000, TIMEOUT_MAX_S = 3600 };

static const char usage_text[] =
    "usage: crash-replay [OPTION...] LOG WORK --root NAME=PATH[=SNAPSHOT]... [-- CHECKER [WORD...]]\n"
    "  --root NAME=PATH[=SNAPSHOT]  the folder recorded at PATH; it began as SNAPSHOT, or did not exist\n"
    "  --compare      first demand that the log leads to the real folders as they stand now\n"
    "  --random N     random choices of unsynced changes per record (default 3)\n"
    "  --seed N       of all chance (default 1)\n"
    "  --sample N     check N states, spread evenly, instead of all\n"
    "  --workers N    checkers at a time (default 2)\n"
    "  --timeout S    seconds for one state (default 60)\n"
    "  --serve        one CHECKER per worker, which reads lines \"FOLDER<TAB>RECORDS<TAB>MODEL\" and answers \"ok\"\n"
    "  --list         print the records and end\n"
    "CHECKER is run with the words FOLDER RECORDS MODEL added; FOLDER holds the folders by NAME, and \"printed\".\n"
    "Exit: 0 every state is good, 1 one is not (WORK/failed, WORK/failed.why), 2 wrong usage, 4 environment.\n";

struct request {
    struct start starts[STARTS_MAX];
    struct plan plan;
    struct check_plan check;
    const char *log_path;
    bool compares;
    bool lists;
};

static _Noreturn void usage(void)
{
    fputs(usage_text, stderr);
    exit(PLAIN_USAGE);
}

static uint64_t number_within(const char *text, const char *what, uint64_t least, uint64_t most)
{
    uint64_t value = plain_number(text, what);
    if (value < least || value > most)
        die(PLAIN_USAGE, "%s must lie between %llu and %llu", what, (unsigned long long)least,
            (unsigned long long)most);
    return value;
}

static void add_root(struct request *q, char *text)
{
    if (q->plan.n_starts == STARTS_MAX)
        die(PLAIN_USAGE, "more than %d roots", STARTS_MAX);
    struct start *start = &q->starts[q->plan.n_starts++];
    char *path = strchr(text, '=');
    if (path == NULL || path == text)
        usage();
    *path++ = '\0';
    char *snapshot = strchr(path, '=');
    if (snapshot != NULL)
        *snapshot++ = '\0';
    if (strchr(text, '/') != NULL || strcmp(text, "printed") == 0)
        die(PLAIN_USAGE, "\"%s\" cannot name a root", text);
    *start = (struct start){.name = text, .path = path, .snapshot = snapshot};
}

static void read_option(struct request *q, int option)
{
    switch (option) {
    case 'r':
        add_root(q, optarg);
        return;
    case 'c':
        q->compares = true;
        return;
    case 'n':
        q->plan.n_random = (unsigned)number_within(optarg, "--random", 0, RANDOM_MAX);
        return;
    case 's':
        q->plan.seed = plain_number(optarg, "--seed");
        return;
    case 'm':
        q->check.n_samples = plain_number(optarg, "--sample");
        return;
    case 'w':
        q->check.n_workers = (unsigned)number_within(optarg, "--workers", 1, WORKERS_MAX);
        return;
    case 't':
        q->check.timeout_s = (unsigned)number_within(optarg, "--timeout", 1, TIMEOUT_MAX_S);
        return;
    case 'v':
        q->check.serves = true;
        return;
    case 'l':
        q->lists = true;
        return;
    default:
        usage();
    }
}

static void read_request(struct request *q, int argc, char **argv)
{
    static const struct option options[] = {
        {"root", required_argument, NULL, 'r'},    {"compare", no_argument, NULL, 'c'},
        {"random", required_argument, NULL, 'n'},  {"seed", required_argument, NULL, 's'},
        {"sample", required_argument, NULL, 'm'},  {"workers", required_argument, NULL, 'w'},
        {"timeout", required_argument, NULL, 't'}, {"serve", no_argument, NULL, 'v'},
        {"list", no_argument, NULL, 'l'},          {NULL, 0, NULL, 0},
    };
    /* The checker's own words are not ours: what follows "--" is set aside first. */
    int n_ours = 1;
    while (n_ours < argc && strcmp(argv[n_ours], "--") != 0)
        n_ours++;
    if (n_ours + 1 < argc)
        q->check.command = argv + n_ours + 1;
    for (int option; (option = getopt_long(n_ours, argv, "", options, NULL)) != -1;)
        read_option(q, option);
    if (optind >= n_ours)
        usage();
    q->log_path = argv[optind++];
    q->check.work = optind < n_ours ? argv[optind++] : NULL;
    if (optind != n_ours || (!q->lists && q->plan.n_starts == 0))
        usage();
    if (q->check.command != NULL && q->check.work == NULL)
        usage();
    if (q->check.command == NULL && !q->compares && !q->lists)
        die(PLAIN_USAGE, "neither --compare nor --list nor a checker: nothing to do");
}

static void list(const struct log *log)
{
    char line[1024];
    for (size_t i = 0; i < log->n_items; i++) {
        log_line(&log->items[i], i + 1, line, sizeof(line));
        puts(line);
    }
}

/* A change that the log cannot carry makes every later state wrong. */
static void refuse_unsupported(const struct log *log)
{
    for (size_t i = 0; i < log->n_items; i++)
        if (log->items[i].record.op == REC_UNSUPPORTED)
            die(PLAIN_FAILED, "record %zu: %s was changed by %s, which a recording cannot hold", i + 1,
                log->items[i].path, log->items[i].path2);
}

/* --- the log against the real folders ------------------------------------------------------------------------- */

struct seen {
    char *path;
    struct digest digest;
};

struct seen_list {
    struct seen *all;
    size_t count;
    size_t room;
};

/* Folders show by their path alone: a state opens their modes up. */
static void see(void *context, const struct node *node)
{
    struct seen_list *list = context;
    list->all = plain_grow(list->all, list->count, &list->room, sizeof(*list->all));
    struct seen *one = &list->all[list->count++];
    *one = (struct seen){.path = plain_copy(node->path, strlen(node->path)), .digest = node->digest};
    uint64_t plain[2] = {node->type, node->type == NODE_FILE ? node->mode : 0};
    digest_add(&one->digest, plain, sizeof(plain));
    if (node->type == NODE_SYMLINK)
        digest_add(&one->digest, node->target, strlen(node->target));
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct seen *)a)->path, ((const struct seen *)b)->path);
}

static struct seen_list see_tree(const struct plan *plan, size_t n_records)
{
    struct seen_list list = {0};
    struct choice kept = {.model = MODEL_KEPT};
    struct tree *tree = states_tree(plan, n_records);
    tree_visit(tree, &kept, see, &list);
    tree_free(tree);
    if (list.count > 0)
        qsort(list.all, list.count, sizeof(*list.all), by_path);
    return list;
}

static void seen_release(struct seen_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->all[i].path);
    free(list->all);
}

static void refuse_difference(const struct plan *plan)
{
    struct start real[STARTS_MAX];
    struct plan real_plan = *plan;
    for (size_t i = 0; i < plan->n_starts; i++) {
        real[i] = plan->starts[i];
        real[i].snapshot = real[i].path;
    }
    real_plan.starts = real;
    struct seen_list told = see_tree(plan, plan->log->n_items);
    struct seen_list found = see_tree(&real_plan, 0);
    for (size_t i = 0, j = 0; i < told.count || j < found.count; i++, j++) {
        int order = i == told.count ? 1 : j == found.count ? -1 : strcmp(told.all[i].path, found.all[j].path);
        if (order < 0)
            die(PLAIN_FAILED, "the log leads to %s, which is not there", told.all[i].path);
        if (order > 0)
            die(PLAIN_FAILED, "%s is there, and the log does not lead to it", found.all[j].path);
        if (told.all[i].digest.a != found.all[j].digest.a || told.all[i].digest.b != found.all[j].digest.b)
            die(PLAIN_FAILED, "%s differs from what the log leads to: it was changed unrecorded", told.all[i].path);
    }
    printf("compare: %zu names as recorded\n", told.count);
    seen_release(&told);
    seen_release(&found);
}

static int check(struct request *q)
{
    char work[PATH_MAX];
    if (mkdir(q->check.work, 0700) != 0 && errno != EEXIST)
        die(PLAIN_ENVIRONMENT, "make %s: %s", q->check.work, strerror(errno));
    if (realpath(q->check.work, work) == NULL)
        die(PLAIN_ENVIRONMENT, "find %s: %s", q->check.work, strerror(errno));
    q->check.work = work;
    struct check_counts counts = check_all(&q->check);
    printf("crash states: %zu records, %llu states, %llu distinct, %llu checked, %llu failed\n",
           q->plan.log->n_items, (unsigned long long)counts.states.states,
           (unsigned long long)counts.states.distinct, (unsigned long long)counts.checked,
           (unsigned long long)counts.failed);
    if (counts.failed == 0)
        return PLAIN_DONE;
    printf("see %s/failed and %s/failed.why\n", work, work);
    return PLAIN_FAILED;
}

int main(int argc, char **argv)
{
    struct request q = {.plan = {.seed = 1, .n_random = 3}, .check = {.timeout_s = 60, .n_workers = 2}};
    q.plan.starts = q.starts;
    q.check.plan = &q.plan;
    read_request(&q, argc, argv);
    struct log *log = log_read(q.log_path);
    q.plan.log = log;
    int rc = PLAIN_DONE;
    if (q.lists) {
        list(log);
    } else {
        refuse_unsupported(log);
        if (q.compares)
            refuse_difference(&q.plan);
        if (q.check.command != NULL)
            rc = check(&q);
    }
    log_free(log);
    return rc;
}
