#include "fixture.h"

#include <ftw.h>
#include <grp.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { NOBODY = 65534 };

uint64_t chance_u64(struct chance *c)
{
    uint64_t z = c->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

size_t chance_below(struct chance *c, size_t count)
{
    return (size_t)(chance_u64(c) >> 11) % count;
}

void chance_fill(struct chance *c, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)chance_u64(c);
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    return remove(path);
}

int fixture_setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(crypt_start(&f->e), 0);
    /* The name holds what means something in a URI. */
    assert_int_equal(file_path(&f->root, &f->e, "%s", "/tmp/index%20test?a=b#c XXXXXX"), 0);
    assert_non_null(mkdtemp(f->root.s));
    memset(f->key.b, 0x5a, CRYPT_KEY);
    *state = f;
    return 0;
}

int fixture_teardown(void **state)
{
    struct fixture *f = *state;
    struct file_path folder;
    fixture_file(f, ".", &folder);
    (void)chmod(folder.s, 0700);
    (void)nftw(f->root.s, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

struct index *fixture_open(struct fixture *f, enum index_manner manner)
{
    struct index *x = NULL;
    if (index_open(&(struct index_place){f->root.s, "main"}, &f->key, manner, &x, &f->e) != 0)
        fail_msg("%s", f->e.text);
    return x;
}

int fixture_try(struct fixture *f, enum index_manner manner)
{
    OWN(index_drop) struct index *x = NULL;
    return index_open(&(struct index_place){f->root.s, "main"}, &f->key, manner, &x, &f->e);
}

void fixture_file(const struct fixture *f, const char *name, struct file_path *to)
{
    assert_int_equal(file_path(to, NULL, "%s/index/%s", f->root.s, name), 0);
}

void fixture_read(const struct fixture *f, const char *name, struct buf *to)
{
    struct file_path path;
    fixture_file(f, name, &path);
    buf_clear(to);
    assert_int_equal(file_read_all(path.s, (size_t)1 << 30, to, NULL), 0);
}

void fixture_write(const struct fixture *f, const char *name, struct bytes content)
{
    struct file_path path;
    fixture_file(f, name, &path);
    FILE *file = fopen(path.s, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(content.p, 1, content.n, file), content.n);
    assert_int_equal(fclose(file), 0);
}

static int add_line(void *context, const char *text, struct err *e)
{
    struct buf *to = context;
    buf_put_text(to, text);
    buf_put_u8(to, '\n');
    return 0;
}

void fixture_dump(struct index *x, struct buf *to)
{
    struct err e = {0};
    buf_clear(to);
    if (index_dump(x, add_line, to, &e) != 0)
        fail_msg("%s", e.text);
}

int fixture_say(struct index *x, uint64_t leaf, const struct statement *s, struct err *e)
{
    struct index_position now;
    struct hash commitment;
    memset(commitment.b, (int)leaf, CRYPT_HASH);
    int rc = index_where(x, &now, e);
    if (rc == 0)
        rc = index_begin(x, e);
    if (rc != 0)
        return rc;
    rc = index_statement(x, leaf, s, LEAF_NO_MANIFEST, leaf * 1000, 100, &commitment, e);
    now.records++;
    now.leaves = leaf + 1;
    if (rc == 0)
        rc = index_end(x, &now, e);
    if (rc != 0)
        index_undo(x);
    return rc;
}

void fixture_apart(int (*work)(struct fixture *f), struct fixture *f, bool nobody)
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (nobody && geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
            _exit(99);
        int rc = work(f);
        if (rc != 0)
            fprintf(stderr, "apart: %d: %s\n", rc, f->e.text);
        _exit(rc == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}
