/* check.c: see check.h. */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_BYTES_MAX = 512, WHY_RECORDS = 40, REMOVE_FDS = 16 };

/* Shared by the workers. */
struct board {
    _Atomic uint64_t checked;
    _Atomic uint64_t failed;
};

struct worker {
    const struct check_plan *plan;
    struct board *board;
    unsigned number;
    uint64_t n_distinct;
    char folder[PATH_MAX];
    char output[PATH_MAX];
    pid_t server; /* 0: none */
    int to_server;
    int from_server;
};

static char *join(char ret[PATH_MAX], const char *folder, const char *name)
{
    if (snprintf(ret, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
        die(PLAIN_ENVIRONMENT, "the path %s/%s is too long", folder, name);
    return ret;
}

/* --- a state on the disk -------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)place;
    return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static int open_up(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)place;
    return kind == FTW_D && (st->st_mode & S_IRWXU) != S_IRWXU ? chmod(path, 0700) : 0;
}

static void remove_tree(const char *path)
{
    if (access(path, F_OK) != 0)
        return;
    nftw(path, open_up, REMOVE_FDS, FTW_PHYS);
    if (nftw(path, remove_one, REMOVE_FDS, FTW_PHYS | FTW_DEPTH) != 0)
        die(PLAIN_ENVIRONMENT, "remove %s: %s", path, strerror(errno));
}

static void lay_file(const char *path, const struct node *node)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ftruncate(fd, (off_t)node->content->size_bytes) == 0;
    for (size_t i = 0; good && i < node->content->n_blocks; i++) {
        size_t bytes;
        const uint8_t *block = content_block(node->content, i, &bytes);
        if (block != NULL)
            good = pwrite(fd, block, bytes, (off_t)i * CONTENT_BLOCK_BYTES) == (ssize_t)bytes;
    }
    if (!good || fchmod(fd, node->mode) != 0)
        die(PLAIN_ENVIRONMENT, "write %s: %s", path, strerror(errno));
    close(fd);
}

static void lay_node(void *context, const struct node *node)
{
    char path[PATH_MAX];
    join(path, context, node->path);
    if (node->type == NODE_FILE)
        lay_file(path, node);
    else if (node->type == NODE_FOLDER ? mkdir(path, node->mode | S_IRWXU) != 0 : symlink(node->target, path) != 0)
        die(PLAIN_ENVIRONMENT, "make %s: %s", path, strerror(errno));
}

static void lay_printed(const struct plan *plan, size_t prefix, const char *folder)
{
    char path[PATH_MAX];
    FILE *to = fopen(join(path, folder, "printed"), "we");
    if (to == NULL)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    for (size_t i = 0; i < prefix; i++) {
        const struct item *item = &plan->log->items[i];
        if (item->record.op == REC_PRINTED)
            fwrite(item->data, 1, (size_t)item->record.data_bytes, to);
    }
    if (fclose(to) != 0)
        die(PLAIN_ENVIRONMENT, "write %s: %s", path, strerror(errno));
}

void check_lay(const struct plan *plan, const struct state *state, const char *folder)
{
    char target[PATH_MAX];
    strcpy(target, folder);
    remove_tree(folder);
    if (mkdir(folder, 0700) != 0)
        die(PLAIN_ENVIRONMENT, "make %s: %s", folder, strerror(errno));
    tree_visit(state->tree, &state->choice, lay_node, target);
    lay_printed(plan, state->prefix, folder);
}

/* --- the checker ---------------------------------------------------------------------------------------------- */

static void exec_command(const struct worker *w, const struct state *state)
{
    char prefix[32];
    size_t n = 0;
    while (w->plan->command[n] != NULL)
        n++;
    const char **words = plain_alloc((n + 4) * sizeof(*words));
    for (size_t i = 0; i < n; i++)
        words[i] = w->plan->command[i];
    if (state != NULL) {
        snprintf(prefix, sizeof(prefix), "%zu", state->prefix);
        words[n] = w->folder;
        words[n + 1] = prefix;
        words[n + 2] = state->model;
    }
    execvp(words[0], (char *const *)(uintptr_t)words);
    fprintf(stderr, "run %s: %s\n", words[0], strerror(errno));
    _exit(127);
}

static void into(int from, int to)
{
    if (from < 0 || dup2(from, to) < 0)
        _exit(126);
}

/* True when ${fd} can be read within the time a state may take. */
static bool wait_for(const struct worker *w, int fd)
{
    struct pollfd one = {.fd = fd, .events = POLLIN};
    int rc;
    do
        rc = poll(&one, 1, (int)w->plan->timeout_s * 1000);
    while (rc < 0 && errno == EINTR);
    return rc > 0;
}

/* In a process group of its own, so that a checker that hangs goes with everything it started. */
static pid_t start(const struct worker *w, const struct state *state, int in, int out)
{
    pid_t pid = fork();
    if (pid < 0)
        die(PLAIN_ENVIRONMENT, "fork: %s", strerror(errno));
    if (pid > 0) {
        setpgid(pid, pid);
        return pid;
    }
    setpgid(0, 0);
    int output = open(w->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    into(in >= 0 ? in : open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);
    into(out >= 0 ? out : output, STDOUT_FILENO);
    into(output, STDERR_FILENO);
    exec_command(w, state);
    _exit(127);
}

static bool run_once(const struct worker *w, const struct state *state, char *ret_why, size_t why_bytes)
{
    pid_t pid = start(w, state, -1, -1);
    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0)
        die(PLAIN_ENVIRONMENT, "pidfd_open: %s", strerror(errno));
    bool in_time = wait_for(w, pidfd);
    close(pidfd);
    if (!in_time)
        kill(-pid, SIGKILL);
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!in_time)
        snprintf(ret_why, why_bytes, "the checker took longer than %u s", w->plan->timeout_s);
    else if (WIFSIGNALED(status))
        snprintf(ret_why, why_bytes, "the checker died by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        snprintf(ret_why, why_bytes, "the checker ended with %d", WEXITSTATUS(status));
    else
        return true;
    return false;
}

static void server_start(struct worker *w)
{
    int ask[2], answer[2];
    if (pipe2(ask, O_CLOEXEC) != 0 || pipe2(answer, O_CLOEXEC) != 0)
        die(PLAIN_ENVIRONMENT, "pipe: %s", strerror(errno));
    w->server = start(w, NULL, ask[0], answer[1]);
    close(ask[0]);
    close(answer[1]);
    w->to_server = ask[1];
    w->from_server = answer[0];
}

static void server_end(struct worker *w)
{
    if (w->server == 0)
        return;
    close(w->to_server);
    close(w->from_server);
    kill(-w->server, SIGKILL);
    while (waitpid(w->server, NULL, 0) < 0 && errno == EINTR)
        continue;
    w->server = 0;
}

/* One line there, one line back: "ok", or what is wrong. */
static bool ask_server(struct worker *w, const struct state *state, char *ret_why, size_t why_bytes)
{
    char answer[ANSWER_BYTES_MAX] = "";
    size_t got = 0;
    if (w->server == 0)
        server_start(w);
    dprintf(w->to_server, "%s\t%zu\t%s\n", w->folder, state->prefix, state->model);
    while (got + 1 < sizeof(answer) && memchr(answer, '\n', got) == NULL) {
        if (!wait_for(w, w->from_server)) {
            snprintf(ret_why, why_bytes, "the checker took longer than %u s", w->plan->timeout_s);
            return false;
        }
        ssize_t n = read(w->from_server, answer + got, sizeof(answer) - 1 - got);
        if (n <= 0) {
            snprintf(ret_why, why_bytes, "the checker ended without an answer");
            return false;
        }
        got += (size_t)n;
    }
    answer[strcspn(answer, "\n")] = '\0';
    if (strcmp(answer, "ok") == 0)
        return true;
    snprintf(ret_why, why_bytes, "the checker says: %s", answer);
    return false;
}

/* --- failure -------------------------------------------------------------------------------------------------- */

static void copy_output(FILE *to, const char *path)
{
    char bytes[4096];
    FILE *from = fopen(path, "re");
    if (from == NULL)
        return;
    for (size_t n; (n = fread(bytes, 1, sizeof(bytes), from)) > 0;)
        fwrite(bytes, 1, n, to);
    fclose(from);
}

static void tell_state(FILE *to, const struct worker *w, const struct state *state, const char *why)
{
    const struct log *log = w->plan->plan->log;
    char line[1024];
    fprintf(to, "%s\nafter %zu of %zu records, model %s (seed %llu, state %llu)\n", why, state->prefix, log->n_items,
            state->model, (unsigned long long)w->plan->plan->seed, (unsigned long long)state->ordinal);
    fprintf(to, "the last records:\n");
    for (size_t i = state->prefix > WHY_RECORDS ? state->prefix - WHY_RECORDS : 0; i < state->prefix; i++) {
        log_line(&log->items[i], i + 1, line, sizeof(line));
        fprintf(to, "  %s\n", line);
    }
    uint64_t *numbers;
    size_t count;
    tree_pending(state->tree, &numbers, &count);
    fprintf(to, "not durable yet, %zu changes:\n", count);
    for (size_t i = 0; i < count && i < WHY_RECORDS; i++) {
        log_line(&log->items[numbers[i] - 1], numbers[i], line, sizeof(line));
        fprintf(to, "  %s\n", line);
    }
    free(numbers);
    fprintf(to, "the checker printed:\n");
    copy_output(to, w->output);
}

/* The first worker to fail keeps the evidence. */
static void keep_evidence(const struct worker *w, const struct state *state, const char *why)
{
    char path[PATH_MAX];
    if (atomic_fetch_add(&w->board->failed, 1) != 0)
        return;
    check_lay(w->plan->plan, state, join(path, w->plan->work, "failed"));
    FILE *to = fopen(join(path, w->plan->work, "failed.why"), "we");
    if (to == NULL)
        die(PLAIN_ENVIRONMENT, "open %s: %s", path, strerror(errno));
    tell_state(to, w, state, why);
    fclose(to);
}

/* --- workers -------------------------------------------------------------------------------------------------- */

/* One state of each of n_samples equal stretches, drawn by the seed. */
static bool is_sampled(const struct worker *w, uint64_t ordinal)
{
    uint64_t n = w->plan->n_samples;
    if (n == 0 || n >= w->n_distinct)
        return true;
    uint64_t stretch = (uint64_t)((unsigned __int128)ordinal * n / w->n_distinct);
    /* The stretch holds the ordinals o with o * n / n_distinct == stretch. */
    uint64_t begin = (uint64_t)(((unsigned __int128)stretch * w->n_distinct + n - 1) / n);
    uint64_t end = (uint64_t)(((unsigned __int128)(stretch + 1) * w->n_distinct + n - 1) / n);
    uint64_t draw = w->plan->plan->seed ^ stretch;
    return ordinal == begin + plain_below(&draw, end - begin);
}

static bool check_state(void *context, const struct state *state)
{
    struct worker *w = context;
    char why[ANSWER_BYTES_MAX + 64];
    if (atomic_load(&w->board->failed) != 0)
        return false;
    if (!is_sampled(w, state->ordinal))
        return true;
    uint64_t turn = w->plan->n_samples != 0 && w->plan->n_samples < w->n_distinct
                        ? (uint64_t)((unsigned __int128)state->ordinal * w->plan->n_samples / w->n_distinct)
                        : state->ordinal;
    if (turn % w->plan->n_workers != w->number)
        return true;
    check_lay(w->plan->plan, state, w->folder);
    bool good = w->plan->serves ? ask_server(w, state, why, sizeof(why)) : run_once(w, state, why, sizeof(why));
    atomic_fetch_add(&w->board->checked, 1);
    if (!good)
        keep_evidence(w, state, why);
    return good;
}

static void work(const struct check_plan *plan, struct board *board, unsigned number, uint64_t n_distinct)
{
    struct worker w = {.plan = plan, .board = board, .number = number, .n_distinct = n_distinct};
    char name[32];
    snprintf(name, sizeof(name), "w%u", number);
    join(w.folder, plan->work, name);
    snprintf(name, sizeof(name), "w%u.output", number);
    join(w.output, plan->work, name);
    signal(SIGPIPE, SIG_IGN);
    states_each(plan->plan, check_state, &w);
    server_end(&w);
}

static bool count_only(void *context, const struct state *state)
{
    (void)context;
    (void)state;
    return true;
}

struct check_counts check_all(const struct check_plan *plan)
{
    struct board *board = mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (board == MAP_FAILED)
        die(PLAIN_ENVIRONMENT, "map: %s", strerror(errno));
    char path[PATH_MAX];
    remove_tree(join(path, plan->work, "failed"));
    struct check_counts counts = {.states = states_each(plan->plan, count_only, NULL)};
    bool broke = false;
    fflush(NULL);
    for (unsigned i = 0; i < plan->n_workers; i++) {
        pid_t pid = fork();
        if (pid < 0)
            die(PLAIN_ENVIRONMENT, "fork: %s", strerror(errno));
        if (pid == 0) {
            work(plan, board, i, counts.states.distinct);
            _exit(0);
        }
    }
    int status = 0;
    for (pid_t pid; (pid = wait(&status)) > 0 || errno == EINTR;)
        broke = broke || (pid > 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0));
    if (broke)
        die(PLAIN_ENVIRONMENT, "a worker could not go on");
    counts.checked = atomic_load(&board->checked);
    counts.failed = atomic_load(&board->failed);
    munmap(board, sizeof(*board));
    return counts;
}
