/* Random trees, and whether two of them are the same. */
#include "fixture.h"

#include <dirent.h>

enum { SIZE_LARGE = 300000 };

static void below(char to[PATH_MAX], const char *path, const char *name)
{
    int n = snprintf(to, PATH_MAX, "%s/%s", path, name);
    assert_in_range(n, 1, PATH_MAX - 1);
}

static void random_name(struct chance *c, char to[24])
{
    static const char *const pieces[] = {"a", "B", " ", "\xff", "\xea\xb0\x80", "e\xcc\x81", "\n", "-", ".", "\\"};
    size_t n = 0;
    for (size_t i = 1 + chance_below(c, 4); i > 0; i--)
        n += (size_t)snprintf(to + n, 24 - n, "%s", pieces[chance_below(c, COUNT(pieces))]);
    (void)snprintf(to + n, 24 - n, "%u", (unsigned)chance_below(c, 50));
}

static void grow_file(struct chance *c, const char *path)
{
    static const size_t sizes[] = {0, 1, 100, 5000, 70000, SIZE_LARGE};
    size_t n = sizes[chance_below(c, COUNT(sizes))];
    OWN(mem_drop) uint8_t *content = malloc(n + 1);
    assert_non_null(content);
    switch (chance_below(c, 3)) {
    case 0: /* often the same bytes: duplicates */
        memset(content, 'x', n);
        break;
    default:
        chance_fill(c, content, n);
    }
    scratch_file(path, content, n);
    if (chance_below(c, 8) == 0)
        assert_int_equal(truncate(path, (off_t)n + 100000), 0); /* a hole at its end */
    assert_int_equal(chmod(path, 0400 | (mode_t)chance_below(c, 0400)), 0);
}

/* ${files}: names that a further one may be given to. */
struct growing {
    struct chance *chance;
    char files[8][PATH_MAX];
    size_t count;
};

static void grow(struct growing *g, const char *path, int depth)
{
    struct chance *c = g->chance;
    for (size_t i = 1 + chance_below(c, 7); i > 0; i--) {
        char name[24], at[PATH_MAX];
        struct stat there;
        random_name(c, name);
        below(at, path, name);
        if (lstat(at, &there) == 0)
            continue;
        size_t kind = chance_below(c, 8);
        if (kind < 2 && depth > 0) {
            scratch_mkdir(at);
            grow(g, at, depth - 1);
            assert_int_equal(chmod(at, 0700 | (mode_t)chance_below(c, 0100)), 0);
        } else if (kind == 2)
            assert_int_equal(symlink(name, at), 0);
        else if (kind == 3 && g->count > 0)
            assert_int_equal(link(g->files[chance_below(c, g->count)], at), 0);
        else {
            grow_file(c, at);
            if (g->count < COUNT(g->files))
                memcpy(g->files[g->count++], at, PATH_MAX);
        }
        scratch_time(at, (time_t)chance_below(c, 1u << 31), (long)chance_below(c, 1000000000));
    }
}

void tree_grow(struct chance *chance, const char *path, int depth)
{
    struct growing g = {.chance = chance};
    scratch_mkdir(path);
    grow(&g, path, depth);
    scratch_time(path, -5, 999999999);
}

/* ---- the same? ---- */

static void same_content(const char *a, const char *b, const struct stat *st)
{
    OWN(buf_drop) struct buf x = {0};
    OWN(buf_drop) struct buf y = {0};
    if (S_ISLNK(st->st_mode)) {
        char p[PATH_MAX] = {0}, q[PATH_MAX] = {0};
        assert_true(readlink(a, p, sizeof p - 1) > 0 && readlink(b, q, sizeof q - 1) > 0);
        assert_string_equal(p, q);
        return;
    }
    assert_int_equal(file_read_all(a, SIZE_MAX, &x, NULL), 0);
    assert_int_equal(file_read_all(b, SIZE_MAX, &y, NULL), 0);
    if (!bytes_equal(buf_bytes(&x), buf_bytes(&y)))
        fail_msg("%s and %s have other bytes", a, b);
}

static bool same_meta(const struct stat *a, const struct stat *b)
{
    return a->st_mode == b->st_mode && (S_ISDIR(a->st_mode) || a->st_nlink == b->st_nlink) &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static int in_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

void tree_same(const char *a, const char *b)
{
    struct stat x, y;
    struct dirent **p, **q;
    if (lstat(a, &x) != 0 || lstat(b, &y) != 0)
        fail_msg("%s or %s is not there", a, b);
    if (!same_meta(&x, &y))
        fail_msg("%s and %s differ: mode %o and %o, names %u and %u, time %lld and %lld", a, b, x.st_mode, y.st_mode,
                 (unsigned)x.st_nlink, (unsigned)y.st_nlink, (long long)x.st_mtim.tv_sec, (long long)y.st_mtim.tv_sec);
    if (!S_ISDIR(x.st_mode)) {
        same_content(a, b, &x);
        return;
    }
    int n = scandir(a, &p, NULL, in_bytes), m = scandir(b, &q, NULL, in_bytes);
    if (n != m)
        fail_msg("%s has %d names, %s has %d", a, n, b, m);
    for (int i = 0; i < n; i++) {
        char from[PATH_MAX], to[PATH_MAX];
        assert_string_equal(p[i]->d_name, q[i]->d_name);
        below(from, a, p[i]->d_name);
        below(to, b, q[i]->d_name);
        if (strcmp(p[i]->d_name, ".") != 0 && strcmp(p[i]->d_name, "..") != 0)
            tree_same(from, to);
        free(p[i]);
        free(q[i]);
    }
    free(p);
    free(q);
}

/* ---- counting ---- */

static ino_t met[4096];
static size_t met_count;

static bool met_before(ino_t inode)
{
    for (size_t i = 0; i < met_count; i++)
        if (met[i] == inode)
            return true;
    assert_true(met_count < COUNT(met));
    met[met_count++] = inode;
    return false;
}

static void count(const char *path, struct tree_counts *ret)
{
    struct stat st;
    struct dirent **names;
    assert_int_equal(lstat(path, &st), 0);
    if (!S_ISDIR(st.st_mode)) {
        ret->files++;
        ret->bytes += S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
        ret->names += st.st_nlink > 1 && met_before(st.st_ino);
        return;
    }
    ret->folders++;
    int n = scandir(path, &names, NULL, in_bytes);
    for (int i = 0; i < n; i++) {
        char at[PATH_MAX];
        below(at, path, names[i]->d_name);
        if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
            count(at, ret);
        free(names[i]);
    }
    free(names);
}

void tree_count(const char *path, struct tree_counts *ret)
{
    met_count = 0;
    *ret = (struct tree_counts){0};
    count(path, ret);
}
