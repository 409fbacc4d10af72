/* The socket: where it is, who is at its other end, and packets over it. */
#include "agent/agent_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

enum { PIN_SHOWN = 8, WAITING = 8 };

int agent_path(const char *folder, const struct hash *pin, const struct note_key *member, struct file_path *ret,
               struct err *e)
{
    char repository[2 * PIN_SHOWN + 1], key[2 * sizeof member->id + 1];
    hex_put(repository, pin->b, PIN_SHOWN);
    hex_put(key, member->id, sizeof member->id);
    return file_path(ret, e, "%s/%s-%s.agent", folder, repository, key);
}

struct agent_packet *agent_packet_new(void)
{
    return crypt_secret_new(sizeof(struct agent_packet));
}

void agent_packet_drop(struct agent_packet **p)
{
    crypt_secret_free(*p);
}

static int address(const char *path, struct sockaddr_un *ret, int *ret_folder, struct err *e)
{
    struct file_path folder;
    const char *name = strrchr(path, '/');
    int rc = name == NULL ? err_set(e, ERR_USAGE, "%s names no folder", path)
                          : file_path(&folder, e, "%.*s", (int)(name - path), path);
    if (rc != 0)
        return rc;
    OWN(fd_drop) int fd = open(folder.s, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_os(e, errno == ENOENT ? ERR_ABSENT : ERR_IO, errno, "cannot open %s", folder.s);
    *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(ret->sun_path, sizeof ret->sun_path, "/proc/self/fd/%d%s", fd, name);
    if (n < 0 || (size_t)n >= sizeof ret->sun_path)
        return err_set(e, ERR_USAGE, "the name of %s is too long for a socket", path);
    *ret_folder = TAKE_FD(fd);
    return 0;
}

static int stream(int *ret_fd, struct err *e)
{
    OWN(fd_drop) int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    const struct timeval wait = {.tv_sec = AGENT_WAIT_MS / 1000, .tv_usec = (AGENT_WAIT_MS % 1000) * 1000};
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) != 0)
        return err_os(e, ERR_IO, errno, "no socket can be made");
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int agent_bind(const char *path, int *ret_fd, struct err *e)
{
    struct sockaddr_un at;
    OWN(fd_drop) int folder = -1, fd = -1;
    int rc = address(path, &at, &folder, e);
    if (rc == 0)
        rc = stream(&fd, e);
    if (rc != 0)
        return rc;
    mode_t before = umask(0177);
    int bound = bind(fd, (const struct sockaddr *)&at, sizeof at), number = errno;
    (void)umask(before);
    if (bound != 0)
        return err_os(e, number == EADDRINUSE ? ERR_REFUSED : ERR_IO, number, "cannot listen at %s", path);
    if (listen(fd, WAITING) != 0)
        return err_os(e, ERR_IO, errno, "cannot listen at %s", path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

int agent_connect(const char *path, int *ret_fd, struct err *e)
{
    struct sockaddr_un at;
    OWN(fd_drop) int folder = -1, fd = -1;
    int rc = address(path, &at, &folder, e);
    if (rc == 0)
        rc = stream(&fd, e);
    if (rc != 0)
        return rc;
    if (connect(fd, (const struct sockaddr *)&at, sizeof at) != 0)
        return err_os(e, errno == ENOENT || errno == ECONNREFUSED ? ERR_ABSENT : ERR_IO, errno,
                      "no agent answers at %s", path);
    if (!agent_peer_is_us(fd))
        return err_set(e, ERR_REFUSED, "what listens at %s belongs to another user: remove it, or ask who put it there",
                       path);
    *ret_fd = TAKE_FD(fd);
    return 0;
}

bool agent_peer_is_us(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && n == sizeof peer && peer.uid == geteuid();
}

bool agent_send(int fd, struct bytes packet)
{
    ssize_t n;
    do
        n = send(fd, packet.p, packet.n, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0 && (size_t)n == packet.n;
}

/* A packet that is cut is none of ours. */
bool agent_receive(int fd, struct agent_packet *to)
{
    struct iovec part = {to->b, sizeof to->b};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    ssize_t n;
    do
        n = recvmsg(fd, &message, 0);
    while (n < 0 && errno == EINTR);
    to->n = n > 0 ? (size_t)n : 0;
    return n > 0 && (message.msg_flags & MSG_TRUNC) == 0;
}
