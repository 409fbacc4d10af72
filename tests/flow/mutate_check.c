/*
 * mutate_check REPOSITORY STATE KEY PASSPHRASE COUNT SEED
 *
 * Of each kind of file that ledger and keyring keep, derived ones too, COUNT random mutations, one at a time: bits,
 * bytes, zeros, cuts, additions, a part doubled, parts exchanged, another file's content, no file at all.  verify must
 * tell each.  A kind of which there is no file fails, so that none is forgotten.  Exit 1 with a line for each that
 * passed.
 */
#include "checker.h"
#include "../base/chance.h"
#include "../crash/files.h"

#include <stdio.h>
#include <unistd.h>

struct kind {
    const char *name, *holds; /* part of the path that tells it */
};
/* The first that fits. */
static const struct kind kinds[] = {
    {"journal", "/journal"},       {"table", "/table-"},       {"wrap", "/wrap-"},     {"segment", "/segment-"},
    {"log key", "/keys/log/"},     {"key event", "/history/"}, {"entries", "/entries/"}, {"tile", "/tile/"},
    {"checkpoint", "/checkpoint"}, {"cosigned", "/cosigned"},  {"time-stamp", "/stamps/"},
};
enum { KINDS = sizeof kinds / sizeof kinds[0], FILES_MAX = 4096, WAYS = 10 };

static const char *const ways[WAYS] = {"a bit",   "a byte",  "zeros",   "cut",        "added to",
                                       "doubled", "swapped", "removed", "another's",  "a byte out"};

static size_t kind_of(const char *path)
{
    for (size_t k = 0; k < KINDS; k++)
        if (strstr(path, kinds[k].holds) != NULL)
            return k;
    return KINDS;
}

struct group {
    const char *path[FILES_MAX];
    size_t count;
};

static void content(const char *path, struct buf *to)
{
    buf_clear(to);
    if (file_read_all(path, SIZE_MAX / 2, to, NULL) != 0)
        abort();
}

/* In place: no temporary name may lie about while it is looked at. */
static void put(const char *path, const struct buf *bytes)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL || fwrite(bytes->p, 1, bytes->n, f) != bytes->n || fclose(f) != 0)
        abort();
}

/* What the file becomes; false: this way changes nothing here. */
static bool bent(struct chance *c, const struct group *g, unsigned way, const struct buf *was, struct buf *to)
{
    size_t n = was->n, at = n > 0 ? chance_below(c, n) : 0, length = 1 + chance_below(c, 40);
    if (length > n - at)
        length = n - at;
    buf_clear(to);
    buf_put_bytes(to, buf_bytes(was));
    if (n == 0 && way != 4 && way != 7)
        return false;
    switch (way) {
    case 0:
        to->p[at] ^= (uint8_t)(1u << chance_below(c, 8));
        break;
    case 1:
        to->p[at] = (uint8_t)(to->p[at] + 1 + chance_below(c, 255));
        break;
    case 2:
        memset(to->p + at, 0, length);
        break;
    case 3:
        to->n = at;
        break;
    case 4:
        for (size_t i = 0; i < length + 1; i++)
            buf_put_u8(to, (uint8_t)chance_u64(c));
        break;
    case 5:
        to->n = at;
        buf_put(to, was->p + at, length);
        buf_put(to, was->p + at, n - at);
        break;
    case 6: {
        size_t other = chance_below(c, n);
        uint8_t byte = to->p[at];
        to->p[at] = to->p[other];
        to->p[other] = byte;
        break;
    }
    case 8:
        content(g->path[chance_below(c, g->count)], to);
        break;
    case 9:
        to->n = at;
        buf_put(to, was->p + at + 1, n - at - 1);
        break;
    default:
        return true;
    }
    return !bytes_equal(buf_bytes(to), buf_bytes(was));
}

struct run {
    struct checker c;
    const char *repository, *state;
    struct chance chance;
};

static bool told(struct run *r)
{
    struct err e = {0};
    int rc = checker_verified(&r->c, r->repository, r->state, &e);
    return rc != 0 && rc != ERR_IO;
}

static size_t mutate(struct run *r, const struct kind *kind, const struct group *g, size_t count)
{
    OWN(buf_drop) struct buf was = {0}, now = {0};
    size_t passed = 0;
    for (size_t done = 0; done < count;) {
        const char *path = g->path[chance_below(&r->chance, g->count)];
        unsigned way = (unsigned)chance_below(&r->chance, WAYS);
        content(path, &was);
        if (!bent(&r->chance, g, way, &was, &now))
            continue;
        if (way == 7 && unlink(path) != 0)
            abort();
        if (way != 7)
            put(path, &now);
        if (!told(r)) {
            passed++;
            printf("passed: %s, %s: %s\n", kind->name, ways[way], path);
        }
        put(path, &was);
        done++;
    }
    printf("%s: %zu files, %zu mutations, %zu passed unnoticed\n", kind->name, g->count, count, passed);
    return passed;
}

int main(int count, char **words)
{
    static struct run r;
    static struct group group[KINDS + 1];
    static struct file_path folder[4];
    static const char *const names[] = {"a", "b", "log", "stamps"};
    const char *roots[4];
    if (count != 7) {
        fprintf(stderr, "usage: mutate_check REPOSITORY STATE KEY PASSPHRASE COUNT SEED\n");
        return 2;
    }
    r.repository = words[1];
    r.state = words[2];
    r.chance.state = strtoull(words[6], NULL, 10) | 1;
    checker_unlock(&r.c, words[3], words[4]);
    for (int i = 0; i < 4; i++) {
        (void)file_path(&folder[i], NULL, "%s/%s", r.repository, names[i]);
        roots[i] = folder[i].s;
    }
    struct file_list files = files_under(roots, 4);
    for (size_t i = 0; i < files.count && i < FILES_MAX; i++) {
        struct group *g = &group[kind_of(files.paths[i])];
        g->path[g->count++] = files.paths[i];
    }
    if (told(&r)) {
        printf("the repository is not whole before the first mutation\n%s", buf_text(&r.c.said));
        return 1;
    }
    size_t wrong = 0;
    for (size_t k = 0; k < KINDS; k++) {
        if (group[k].count == 0)
            printf("no file of the kind %s is there\n", kinds[k].name);
        wrong += group[k].count == 0 ? 1 : mutate(&r, &kinds[k], &group[k], strtoul(words[5], NULL, 10));
    }
    if (told(&r)) {
        printf("what was put back is not whole\n%s", buf_text(&r.c.said));
        wrong++;
    }
    return wrong > 0;
}
