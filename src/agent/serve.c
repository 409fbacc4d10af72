/*
 * The process that holds the keys.  It is a child that has let go of everything else: descriptors, terminal, folder.
 *
 * It answers one connection at a time; who connects and says nothing is dropped after AGENT_WAIT_MS.  Signals that ask
 * for an end are read like questions, so that the keys are wiped whatever ends it, short of SIGKILL, with which the
 * kernel takes the memory back itself.
 */
#include "agent/agent_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

struct agent {
    const char *path;
    int listening, timer, signals;
    dev_t device; /* of its socket: */
    ino_t inode;  /* another one may stand there by the time it ends */
    struct agent_packet *keys, *packet; /* keys: the answer to 'k' */
};

/* ---- in the child ---- */

static bool take_keys(struct agent *a, struct bytes content)
{
    struct keyring_identity *id = crypt_secret_new(sizeof *id);
    bool good = id != NULL && content.n <= AGENT_PACKET_MAX && keyring_identity_get(content, id, NULL) == 0;
    crypt_secret_free(id);
    if (!good)
        return false;
    crypt_wipe(a->keys->b, a->keys->n);
    memcpy(a->keys->b, content.p, content.n);
    a->keys->n = content.n;
    return true;
}

static uint64_t seconds_left(const struct agent *a)
{
    struct itimerspec left;
    return timerfd_gettime(a->timer, &left) == 0 ? (uint64_t)left.it_value.tv_sec : 0;
}

static void forget(struct agent *a)
{
    struct stat there;
    if (lstat(a->path, &there) == 0 && there.st_dev == a->device && there.st_ino == a->inode)
        (void)unlink(a->path);
    fd_drop(&a->listening);
    a->listening = -1;
    agent_packet_drop(&a->keys);
    agent_packet_drop(&a->packet);
    a->keys = a->packet = NULL;
}

/* True: it was the last one. */
static bool answer(struct agent *a, int fd)
{
    uint8_t left[8];
    if (!agent_peer_is_us(fd) || !agent_receive(fd, a->packet))
        return false;
    const struct bytes rest = bytes_of(a->packet->b + 1, a->packet->n - 1);
    switch (a->packet->b[0]) {
    case 'k':
        (void)agent_send(fd, bytes_of(a->keys->b, a->keys->n));
        break;
    case 'l':
        u64_put(left, seconds_left(a));
        (void)agent_send(fd, bytes_of(left, sizeof left));
        break;
    case 'r':
        if (take_keys(a, rest))
            (void)agent_send(fd, bytes_text("r"));
        break;
    case 'e':
        forget(a);
        (void)agent_send(fd, bytes_text("e"));
        return true;
    default:
        break;
    }
    crypt_wipe(a->packet->b, a->packet->n);
    return false;
}

static bool take_connection(struct agent *a)
{
    const struct timeval wait = {.tv_sec = AGENT_WAIT_MS / 1000};
    OWN(fd_drop) int fd = accept4(a->listening, NULL, NULL, SOCK_CLOEXEC);
    return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
           setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0 && answer(a, fd);
}

static void serve(struct agent *a)
{
    for (;;) {
        struct pollfd wait[] = {{.fd = a->timer, .events = POLLIN},
                                {.fd = a->signals, .events = POLLIN},
                                {.fd = a->listening, .events = POLLIN}};
        int n = poll(wait, COUNT(wait), -1);
        if (n < 0 && errno != EINTR)
            break;
        if (n > 0 && (wait[0].revents != 0 || wait[1].revents != 0))
            break;
        if (n > 0 && wait[2].revents != 0 && take_connection(a))
            return;
    }
    forget(a);
}

/* Nothing of the parent's is kept: its terminal, its locks, its repository's disk.  By numbers and not by the limit of
 * open files, above which there may be some, and below which there may be a thousand million. */
static bool let_go(const struct agent *a, int told)
{
    const int kept[] = {a->listening, a->timer, a->signals, told};
    unsigned from = STDERR_FILENO + 1;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || setsid() < 0 || chdir("/") != 0)
        return false;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            return false;
    for (;;) {
        unsigned next = UINT_MAX; /* the least that is kept */
        for (size_t i = 0; i < COUNT(kept); i++)
            if ((unsigned)kept[i] >= from && (unsigned)kept[i] < next)
                next = (unsigned)kept[i];
        if (from < next && close_range(from, next == UINT_MAX ? UINT_MAX : next - 1, 0) != 0)
            return false;
        if (next == UINT_MAX)
            return true;
        from = next + 1;
    }
}

/* ---- begun by the parent ---- */

/* Others who may write to it could put a socket of theirs in the place of ours. */
static int folder_is_ours(const char *path, struct err *e)
{
    struct stat status;
    struct file_path folder;
    int rc = file_path(&folder, e, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc != 0)
        return rc;
    if (stat(folder.s, &status) != 0)
        return err_os(e, ERR_IO, errno, "cannot open %s", folder.s);
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return err_set(e, ERR_REFUSED, "others may write in %s: chmod 700 shuts it", folder.s);
    return 0;
}

static int clear_the_way(const char *path, struct err *e)
{
    struct err mine = {0};
    if (agent_end(path, &mine) == ERR_REFUSED)
        return err_set(e, ERR_REFUSED, "%s", mine.text);
    /* One that hangs loses its socket, and with it whoever could ask it. */
    if (unlink(path) != 0 && errno != ENOENT)
        return err_os(e, ERR_IO, errno, "cannot remove %s", path);
    return 0;
}

/* Bound before the keys are in it, so that whoever waits for this process may ask at once. */
static int prepare(struct agent *a, uint32_t minutes, struct err *e)
{
    sigset_t endings;
    (void)sigemptyset(&endings);
    (void)sigaddset(&endings, SIGTERM);
    (void)sigaddset(&endings, SIGINT);
    const struct itimerspec until = {.it_value = {.tv_sec = (time_t)minutes * 60}};
    struct stat own;
    int rc = agent_bind(a->path, &a->listening, e);
    if (rc != 0)
        return rc;
    if (lstat(a->path, &own) != 0)
        return err_os(e, ERR_IO, errno, "cannot listen at %s", a->path);
    a->device = own.st_dev;
    a->inode = own.st_ino;
    /* Time goes on while the computer sleeps. */
    a->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC);
    a->signals = signalfd(-1, &endings, SFD_CLOEXEC);
    if (a->timer < 0 || a->signals < 0 || timerfd_settime(a->timer, 0, &until, NULL) != 0)
        return err_os(e, ERR_IO, errno, "the agent's clock cannot be set");
    return 0;
}

/* In the child; ${told}: it writes a byte there when it has the keys in its own memory: 'l' locked, 'm' not. */
static void child(struct agent *a, struct keyring_identity *id, int told)
{
    sigset_t endings;
    (void)sigemptyset(&endings);
    (void)sigaddset(&endings, SIGTERM);
    (void)sigaddset(&endings, SIGINT);
    (void)sigprocmask(SIG_BLOCK, &endings, NULL);
    struct buf content = {0};
    keyring_identity_put(id, &content);
    crypt_wipe(id, sizeof *id);
    /* Locks are not inherited: the pages are made here. */
    a->keys = agent_packet_new();
    a->packet = agent_packet_new();
    bool good = a->keys != NULL && a->packet != NULL && !content.failed && take_keys(a, buf_bytes(&content));
    buf_wipe(&content);
    const char word = crypt_secret_locked(a->keys, sizeof *a->keys) ? 'l' : 'm';
    good = good && let_go(a, told) && write(told, &word, 1) == 1;
    (void)close(told);
    if (good)
        serve(a);
    else
        forget(a);
    _exit(0);
}

static void agent_close(struct agent *a)
{
    fd_drop(&a->listening);
    fd_drop(&a->timer);
    fd_drop(&a->signals);
}

int agent_start(const char *path, struct keyring_identity *id, uint32_t minutes, bool *ret_locked, struct err *e)
{
    if (minutes < 1 || minutes > AGENT_MINUTES_MAX)
        return err_set(e, ERR_USAGE, "keys are unlocked for 1 to %d minutes", AGENT_MINUTES_MAX);
    OWN(agent_close) struct agent a = {.path = path, .listening = -1, .timer = -1, .signals = -1};
    int rc = folder_is_ours(path, e);
    if (rc == 0)
        rc = clear_the_way(path, e);
    if (rc == 0)
        rc = prepare(&a, minutes, e);
    int told[2];
    if (rc == 0 && pipe2(told, O_CLOEXEC) != 0)
        rc = err_os(e, ERR_IO, errno, "the agent cannot be started");
    if (rc != 0)
        return rc;
    char word = 0;
    pid_t pid = fork();
    int number = errno;
    if (pid == 0)
        child(&a, id, told[1]);
    (void)close(told[1]);
    ssize_t n = pid > 0 ? read(told[0], &word, 1) : -1;
    (void)close(told[0]);
    if (n == 1) {
        *ret_locked = word == 'l';
        return 0;
    }
    (void)unlink(path);
    return pid < 0 ? err_os(e, ERR_IO, number, "the agent cannot be started")
                   : err_set(e, ERR_IO, "the agent cannot be started: no memory");
}
