#include "fake.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

struct fake_script fake_script;

static const char *or_dash(const char *text)
{
    return text == NULL ? "-" : text;
}

/* What a verb was given: "do [arguments|...] {options|...} repository key config state watched". */
static void tell_request(const char *name, const struct verbs_request *q, const struct verbs_face *face)
{
    OWN(buf_drop) struct buf line = {0};
    buf_printf(&line, "%s [", name);
    for (size_t i = 0; i < q->count; i++)
        buf_printf(&line, "%s%s", i == 0 ? "" : "|", q->arguments[i]);
    buf_put_text(&line, "] {");
    for (size_t i = 0; i < VERBS_OPTIONS_MAX && i < 3; i++)
        buf_printf(&line, "%s%s", i == 0 ? "" : "|", or_dash(q->option[i]));
    buf_printf(&line, "} %s %s %s %s %s", or_dash(q->repository), or_dash(q->key_path), q->config_folder,
               q->state_folder, face->watched ? "watched" : "alone");
    face->say(face->context, buf_text(&line));
}

static int watch_progress(const struct verbs_face *face, struct err *e)
{
    struct verbs_progress p = {.files_all = fake_script.progress, .bytes_all = (uint64_t)fake_script.progress << 20};
    for (unsigned i = 0; i < fake_script.progress; i++) {
        p.files++;
        p.bytes += 1 << 20;
        if (face->progress(face->context, &p) != 0)
            return err_set(e, ERR_STOPPED, "stopped after %u", i);
        (void)nanosleep(&(struct timespec){.tv_nsec = 60 * 1000 * 1000}, NULL);
    }
    return 0;
}

static int run_script(const char *name, const struct verbs_request *q, const struct verbs_face *face, int *ret_exit,
                      struct err *e)
{
    if (fake_script.tell)
        tell_request(name, q, face);
    OWN(buf_wipe) struct buf typed = {0};
    int rc = watch_progress(face, e);
    if (rc == 0 && fake_script.ask != NULL)
        rc = face->passphrase(face->context, fake_script.ask, fake_script.twice, &typed, e);
    if (rc != 0)
        return rc;
    if (fake_script.warn != NULL)
        face->warn(face->context, fake_script.warn);
    const char *said = fake_script.ask != NULL ? buf_text(&typed) : fake_script.say;
    if (face->json != NULL && said != NULL) {
        json_key(face->json, "answer");
        json_string(face->json, said);
    } else if (said != NULL)
        face->say(face->context, said);
    *ret_exit = fake_script.exit_code;
    return fake_script.rc == 0 ? 0 : err_set(e, fake_script.rc, "the script says so");
}

static int run_do(const struct verbs_request *q, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    return run_script("do", q, face, ret_exit, e);
}

static int run_here(const struct verbs_request *q, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    return run_script("here", q, face, ret_exit, e);
}

static int run_intake(const struct verbs_request *q, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    return run_script("intake", q, face, ret_exit, e);
}

const struct verb verbs_table[] = {
    {"do", "", "do what the script says", "", 0, 0, false, {{0}}, run_do},
    {"here",
     "[N]",
     "work in a repository",
     ".A point begins this, and a \\ is in it: 'so', -n, ~ and ^.",
     0,
     1,
     true,
     {{"full", NULL, "a flag"}},
     run_here},
    {"intake",
     "PATH...",
     "take in",
     "More of it than fits one line of a narrow window, so that it must be wrapped.",
     1,
     3,
     false,
     {{"from", "WHO", "the giver"}, {"note", "TEXT", "a remark"}, {"strict", NULL, "strictly"}},
     run_intake},
};
const size_t verbs_count = COUNT(verbs_table);

int verbs_state(const struct verbs_request *q, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    return run_script("", q, face, ret_exit, e);
}

int verbs_start(struct err *e)
{
    (void)e;
    return 0;
}

int verbs_exit(int rc)
{
    return rc == 0 ? 0 : rc == ERR_DAMAGED ? 1 : rc == ERR_USAGE ? 2 : rc == ERR_REFUSED ? 3 : 4;
}

static int count_words(const char *const *words)
{
    int n = 0;
    while (words[n] != NULL)
        n++;
    return n;
}

enum { WORDS_MAX = 64 };

/* argv[0] and the words, as main() has them. */
static int words_to_argv(const char *const *words, char *argv[WORDS_MAX])
{
    int n = count_words(words);
    assert_true(n + 2 <= WORDS_MAX);
    argv[0] = strdup("groundwork");
    for (int i = 0; i < n; i++)
        argv[i + 1] = strdup(words[i]);
    argv[n + 1] = NULL;
    return n + 1;
}

/* The words live until the program ends: a line borrows from them. */
static struct {
    char *word[WORDS_MAX * 4096];
    size_t count;
} kept;

static void free_kept(void)
{
    while (kept.count > 0)
        free(kept.word[--kept.count]);
}

int fake_parse(struct cli_line *ret, struct err *e, const char *const *words)
{
    char *argv[WORDS_MAX];
    int argc = words_to_argv(words, argv);
    if (kept.count == 0)
        (void)atexit(free_kept);
    if (kept.count + (size_t)argc > COUNT(kept.word))
        free_kept();
    for (int i = 0; i < argc; i++)
        kept.word[kept.count++] = argv[i];
    return cli_parse(argc, argv, ret, e);
}

static void read_back(const char *path, char *to, size_t room)
{
    OWN(fd_drop) int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, to, room - 1);
    assert_true(n >= 0);
    to[n] = 0;
}

void fake_main(struct fake_run *ret, const char *const *words)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *argv[WORDS_MAX];
        int argc = words_to_argv(words, argv);
        const char *answer = fake_script.out != NULL ? fake_script.out : "out";
        int out = open(answer, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (dup2(out, STDOUT_FILENO) < 0 || dup2(err, STDERR_FILENO) < 0 || setsid() < 0)
            _exit(99);
        exit(cli_main(argc, argv));
    }
    ret->exit_code = fake_ended(child);
    ret->out[0] = 0;
    if (fake_script.out == NULL)
        read_back("out", ret->out, sizeof ret->out);
    read_back("err", ret->err, sizeof ret->err);
}

pid_t fake_terminal(int (*run)(void), int *ret_master)
{
    int master = posix_openpt(O_RDWR | O_NOCTTY);
    assert_true(master >= 0 && grantpt(master) == 0 && unlockpt(master) == 0);
    char name[128];
    assert_int_equal(ptsname_r(master, name, sizeof name), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(master);
        if (setsid() < 0)
            _exit(99);
        int fd = open(name, O_RDWR); /* a leader without a terminal gets this one */
        if (fd < 0 || dup2(fd, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
            _exit(99);
        exit(run());
    }
    *ret_master = master;
    return child;
}

void fake_typed(int master, const char *text)
{
    assert_int_equal(write(master, text, strlen(text)), strlen(text));
}

void fake_wait_for(int master, struct buf *seen, const char *text)
{
    while (text == NULL || strstr(buf_text(seen), text) == NULL) {
        struct pollfd wait = {.fd = master, .events = POLLIN};
        uint8_t piece[512];
        assert_int_equal(poll(&wait, 1, 20000), 1);
        ssize_t n = read(master, piece, sizeof piece);
        if (n <= 0 && text == NULL)
            return; /* EIO: nobody has the terminal open any more */
        if (n <= 0)
            fail_msg("the terminal closed before \"%s\": %s", text, buf_text(seen));
        buf_put(seen, piece, (size_t)n);
    }
}

int fake_ended(pid_t child)
{
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

uint64_t fake_chance(void)
{
    static uint64_t state = 0x9e3779b97f4a7c15u; /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static char folder[64];
static pid_t folder_owner;

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status, (void)kind, (void)place;
    return remove(path);
}

static void remove_folder(void)
{
    if (getpid() == folder_owner && chdir("/") == 0)
        (void)nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *fake_folder(void)
{
    if (folder[0] == 0) {
        (void)snprintf(folder, sizeof folder, "/tmp/groundwork-cli-XXXXXX");
        assert_non_null(mkdtemp(folder));
        folder_owner = getpid();
        (void)atexit(remove_folder);
    }
    assert_int_equal(chdir(folder), 0);
    return folder;
}

void fake_file(const char *path, const char *content, mode_t mode)
{
    (void)unlink(path);
    OWN(fd_drop) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, content, strlen(content)), strlen(content));
    assert_int_equal(fchmod(fd, mode), 0);
}

int fake_environment(void **state)
{
    static const char *const names[] = {"GROUNDWORK_REPO", "GROUNDWORK_KEY", "GROUNDWORK_PASSPHRASE_FILE",
                                        "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LC_ALL",
                                        "LC_MESSAGES",     "LANG",           "COLUMNS"};
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_int_equal(unsetenv(names[i]), 0);
    assert_int_equal(setenv("HOME", fake_folder(), 1), 0);
    text_choose(TEXT_ENGLISH);
    fake_script = (struct fake_script){0};
    return 0;
}
