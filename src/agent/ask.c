/* Asking the agent: one connection for each question. */
#include "agent/agent_internal.h"

#include <dirent.h>
#include <errno.h>

static int silent(const char *path, struct err *e)
{
    return err_set(e, ERR_IO, "the agent at %s does not answer: groundwork lock ends it", path);
}

/* ${answer}: a packet of the caller's; it has at least one byte then. */
static int ask(const char *path, struct bytes question, struct agent_packet *answer, struct err *e)
{
    OWN(fd_drop) int fd = -1;
    int rc = agent_connect(path, &fd, e);
    if (rc != 0)
        return rc;
    return agent_send(fd, question) && agent_receive(fd, answer) ? 0 : silent(path, e);
}

int agent_ask(const char *path, struct keyring_identity *ret, struct err *e)
{
    OWN(agent_packet_drop) struct agent_packet *answer = agent_packet_new();
    if (answer == NULL)
        return err_memory(e);
    int rc = ask(path, bytes_text("k"), answer, e);
    if (rc == 0 && keyring_identity_get(bytes_of(answer->b, answer->n), ret, e) != 0)
        rc = err_add(e, ERR_IO, "the agent at %s", path);
    return rc;
}

int agent_left(const char *path, uint64_t *ret_seconds, struct err *e)
{
    OWN(agent_packet_drop) struct agent_packet *answer = agent_packet_new();
    if (answer == NULL)
        return err_memory(e);
    int rc = ask(path, bytes_text("l"), answer, e);
    if (rc == 0 && answer->n != 8)
        rc = silent(path, e);
    if (rc == 0)
        *ret_seconds = u64_get(answer->b);
    return rc;
}

int agent_renew(const char *path, const struct keyring_identity *id, struct err *e)
{
    OWN(agent_packet_drop) struct agent_packet *answer = agent_packet_new();
    OWN(buf_wipe) struct buf question = {0};
    buf_put_u8(&question, 'r');
    keyring_identity_put(id, &question);
    if (answer == NULL || question.failed)
        return err_memory(e);
    int rc = ask(path, buf_bytes(&question), answer, e);
    return rc == 0 && answer->b[0] != 'r' ? silent(path, e) : rc;
}

int agent_end(const char *path, struct err *e)
{
    OWN(agent_packet_drop) struct agent_packet *answer = agent_packet_new();
    if (answer == NULL)
        return err_memory(e);
    int rc = ask(path, bytes_text("e"), answer, e);
    return rc == 0 && answer->b[0] != 'e' ? silent(path, e) : rc;
}

int agent_end_all(const char *folder, size_t *ret, struct err *e)
{
    static const char SUFFIX[] = ".agent";
    OWN(dir_drop) DIR *dir = opendir(folder);
    int rc = 0;
    *ret = 0;
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open %s", folder);
    for (struct dirent *d; (d = readdir(dir)) != NULL;) {
        size_t n = strlen(d->d_name);
        struct file_path path;
        struct err mine = {0};
        if (n < sizeof SUFFIX || strcmp(d->d_name + n - (sizeof SUFFIX - 1), SUFFIX) != 0)
            continue;
        int got = file_path(&path, &mine, "%s/%s", folder, d->d_name);
        if (got == 0)
            got = agent_end(path.s, &mine);
        *ret += got == 0;
        if (got != 0 && got != ERR_ABSENT && rc == 0)
            rc = err_set(e, got, "%s", mine.text);
    }
    return rc;
}
