/* PATH arguments: the names under which they are kept, and what is refused before anything is read. */
#include "intake/intake_internal.h"

#include <errno.h>
#include <limits.h>

void intake_path_as_given(const char *argument, struct buf *to)
{
    size_t start = to->n;
    while (*argument != 0) {
        size_t n = strcspn(argument, "/");
        if (n == 2 && argument[0] == '.' && argument[1] == '.') { /* one component back, or none */
            while (to->n > start && to->p[to->n - 1] != '/')
                to->n--;
            if (to->n > start)
                to->n--;
        } else if (n > 0 && !(n == 1 && argument[0] == '.')) {
            if (to->n > start)
                buf_put_u8(to, '/');
            buf_put(to, argument, n);
        }
        argument += n + (argument[n] == '/');
    }
}

static bool holds(struct bytes outer, struct bytes inner)
{
    if (outer.n == 0)
        return true;
    return inner.n >= outer.n && memcmp(outer.p, inner.p, outer.n) == 0 &&
           (inner.n == outer.n || inner.p[outer.n] == '/');
}

static bool real_holds(const char *outer, const char *inner)
{
    size_t n = strcmp(outer, "/") == 0 ? 0 : strlen(outer);
    return strncmp(outer, inner, n) == 0 && (inner[n] == 0 || inner[n] == '/');
}

static int check_forbidden(const char *argument, const char *forbidden, struct err *e)
{
    char real[PATH_MAX], own[PATH_MAX];
    struct stat st;
    if (lstat(argument, &st) != 0)
        return errno == ENOENT ? err_set(e, ERR_ABSENT, "%s is not there", argument)
                               : err_os(e, ERR_IO, errno, "look at %s", argument);
    if (S_ISLNK(st.st_mode) || forbidden == NULL || realpath(forbidden, own) == NULL ||
        realpath(argument, real) == NULL)
        return 0;
    if (real_holds(real, own))
        return err_set(e, ERR_REFUSED, "%s holds the repository %s itself: name the folders beside it", argument, own);
    if (real_holds(own, real))
        return err_set(e, ERR_REFUSED, "%s lies in the repository %s: that is here already", argument, own);
    return 0;
}

int intake_paths_check(const char *const *arguments, size_t count, const char *forbidden, struct err *e)
{
    if (count > INTAKE_PATHS_MAX)
        return err_set(e, ERR_REFUSED, "more than %d paths: name the folder that holds them", INTAKE_PATHS_MAX);
    OWN(buf_drop) struct buf kept = {0};
    OWN(mem_drop) size_t *end = calloc(count + 1, sizeof *end);
    if (end == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        int rc = check_forbidden(arguments[i], forbidden, e);
        if (rc != 0)
            return rc;
        OWN(buf_drop) struct buf one = {0};
        intake_path_as_given(arguments[i], &one);
        buf_put_bytes(&kept, buf_bytes(&one));
        end[i + 1] = kept.n;
    }
    int rc = buf_check(&kept, e);
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (size_t k = 0; rc == 0 && k < count; k++) {
            struct bytes a = bytes_of(kept.p + end[i], end[i + 1] - end[i]);
            struct bytes b = bytes_of(kept.p + end[k], end[k + 1] - end[k]);
            if (i != k && holds(a, b))
                rc = err_set(e, ERR_REFUSED,
                             "%s would be kept within or under the same name as %s: take them in one "
                             "after the other",
                             arguments[k], arguments[i]);
        }
    return rc;
}
