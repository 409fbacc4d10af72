/* PATH arguments: the names under which they are kept, and what is refused before anything is read. */
#include "base/file.h"
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

/* One PATH by the name it is kept under. */
struct kept {
    size_t argument;
    struct bytes path;
};

/* A slash before every other byte: what lies in a folder comes right behind it. */
static int kept_order(const void *a, const void *b)
{
    const struct kept *x = a, *y = b;
    size_t n = x->path.n < y->path.n ? x->path.n : y->path.n;
    for (size_t i = 0; i < n; i++)
        if (x->path.p[i] != y->path.p[i]) {
            int p = x->path.p[i] == '/' ? -1 : x->path.p[i];
            int q = y->path.p[i] == '/' ? -1 : y->path.p[i];
            return p - q;
        }
    if (x->path.n != y->path.n)
        return x->path.n < y->path.n ? -1 : 1;
    return x->argument < y->argument ? -1 : 1;
}

static bool holds(struct bytes outer, struct bytes inner)
{
    if (outer.n == 0)
        return true;
    return inner.n >= outer.n && memcmp(outer.p, inner.p, outer.n) == 0 &&
           (inner.n == outer.n || inner.p[outer.n] == '/');
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
    if (file_holds(real, own))
        return err_set(e, ERR_REFUSED, "%s holds the repository %s itself: name the folders beside it", argument, own);
    if (file_holds(own, real))
        return err_set(e, ERR_REFUSED, "%s lies in the repository %s: that is here already", argument, own);
    return 0;
}

/* A name that holds others has one of them right behind it. */
static int check_apart(const char *const *arguments, struct kept *kept, size_t count, struct err *e)
{
    if (count > 1)
        qsort(kept, count, sizeof *kept, kept_order);
    for (size_t i = 1; i < count; i++)
        if (holds(kept[i - 1].path, kept[i].path))
            return err_set(e, ERR_REFUSED,
                           "%s would be kept within or under the same name as %s: take them in one "
                           "after the other",
                           arguments[kept[i].argument], arguments[kept[i - 1].argument]);
    return 0;
}

int intake_paths_check(const char *const *arguments, size_t count, const char *forbidden, struct err *e)
{
    if (count > INTAKE_PATHS_MAX)
        return err_set(e, ERR_REFUSED, "more than %d paths: name the folder that holds them", INTAKE_PATHS_MAX);
    OWN(buf_drop) struct buf names = {0};
    OWN(mem_drop) struct kept *kept = calloc(count + 1, sizeof *kept);
    if (kept == NULL)
        return err_memory(e);
    for (size_t i = 0; i < count; i++) {
        int rc = check_forbidden(arguments[i], forbidden, e);
        if (rc != 0)
            return rc;
        OWN(buf_drop) struct buf one = {0};
        intake_path_as_given(arguments[i], &one);
        rc = buf_check(&one, e);
        if (rc != 0)
            return rc;
        kept[i] = (struct kept){i, {NULL, one.n}};
        buf_put_bytes(&names, buf_bytes(&one));
    }
    int rc = buf_check(&names, e);
    if (rc != 0)
        return rc;
    const uint8_t *at = names.p;
    for (size_t i = 0; i < count; at += kept[i++].path.n)
        kept[i].path.p = at;
    return check_apart(arguments, kept, count, e);
}
