#include "cli/cli_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* The leak sanitizer attaches to its own process at the end, which PR_SET_DUMPABLE forbids. */
#if defined(__SANITIZE_ADDRESS__)
#define LEAKS_ARE_LOOKED_FOR 1
#elif defined(__has_feature)
#define LEAKS_ARE_LOOKED_FOR __has_feature(address_sanitizer)
#else
#define LEAKS_ARE_LOOKED_FOR 0
#endif

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* What a signal handler may touch. */
static volatile sig_atomic_t stopping;
static volatile sig_atomic_t terminal_fd = -1;
static struct termios terminal_was;

/* The first asks for an orderly end.  A second one ends at once, with the terminal as it was. */
static void end_asked(int signal_number)
{
    int number = errno;
    if (stopping != 0) {
        if (terminal_fd >= 0)
            (void)tcsetattr(terminal_fd, TCSANOW, &terminal_was);
        (void)signal(signal_number, SIG_DFL);
        (void)raise(signal_number);
    }
    stopping = 1;
    errno = number;
}

/* What the caller chose to ignore (nohup, a shell's background) stays ignored. */
static int take_signals(struct err *e)
{
    struct sigaction act = {.sa_handler = end_asked, .sa_flags = SA_RESTART};
    (void)sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < COUNT(endings); i++) {
        struct sigaction was;
        if (sigaction(endings[i], NULL, &was) != 0 ||
            (was.sa_handler != SIG_IGN && sigaction(endings[i], &act, NULL) != 0))
            return err_os(e, ERR_IO, errno, "cannot receive signals");
    }
    /* A reader that goes away (| head) must not cut an intake short, nor a limit to the size of files end it without a
     * word: writes then fail, and say so. */
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    (void)sigemptyset(&ignore.sa_mask);
    if (sigaction(SIGPIPE, &ignore, NULL) != 0 || sigaction(SIGXFSZ, &ignore, NULL) != 0)
        return err_os(e, ERR_IO, errno, "cannot receive signals");
    return 0;
}

/* A descriptor 0-2 that is closed would be given to the next file opened, and answers would be written into it.
 * The stand-ins are the wrong way round, so that reading and writing fail as they would have. */
static int hold_descriptors(struct err *e)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        int opened = open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened != fd)
            return err_os(e, ERR_IO, opened < 0 ? errno : EBADF, "cannot open %s", "/dev/null");
    }
    return 0;
}

/* No image of our memory is to be left on a disk. */
static int keep_memory_private(struct err *e)
{
    struct rlimit none = {0, 0};
    if (setrlimit(RLIMIT_CORE, &none) != 0)
        return err_os(e, ERR_IO, errno, "cannot switch core dumps off");
#if !LEAKS_ARE_LOOKED_FOR
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return err_os(e, ERR_IO, errno, "cannot switch core dumps off");
#endif
    return 0;
}

int cli_process_prepare(struct err *e)
{
    (void)umask(077);
    int rc = hold_descriptors(e);
    if (rc == 0)
        rc = keep_memory_private(e);
    if (rc == 0)
        rc = take_signals(e);
    if (rc != 0)
        return rc;
    /* Many packs are open at once; to have fewer is no reason to end. */
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    return 0;
}

bool cli_process_stopping(void)
{
    return stopping != 0;
}

void cli_process_terminal(int fd, const struct termios *was)
{
    terminal_fd = -1;
    if (fd >= 0)
        terminal_was = *was;
    terminal_fd = fd;
}

void cli_process_hold(struct cli_held *ret)
{
    sigset_t held;
    (void)sigemptyset(&held);
    for (size_t i = 0; i < COUNT(endings); i++)
        (void)sigaddset(&held, endings[i]);
    /* A stop (Ctrl-Z) in the middle of a hidden line would leave the shell without echo: it waits for the end. */
    (void)sigaddset(&held, SIGTSTP);
    (void)pthread_sigmask(SIG_BLOCK, &held, &ret->before);
    ret->waiting = ret->before;
    (void)sigaddset(&ret->waiting, SIGTSTP);
}

void cli_process_release(struct cli_held *held)
{
    (void)pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}
