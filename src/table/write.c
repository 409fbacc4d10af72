#include "table/table.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

enum { CHUNK_BYTES = 1 << 18 };

struct table_out {
    struct buf row; /* what is not written yet */
    struct file_path path, beside;
    struct err failure; /* the first one; told by table_commit */
    int rc;
    int fd;
    uint64_t offset;
    bool begun; /* the row has a field already */
};

int table_create(const char *path, struct table_out **ret_out, struct err *e)
{
    OWN(table_out_drop) struct table_out *o = calloc(1, sizeof *o);
    if (o == NULL)
        return err_memory(e);
    o->fd = -1;
    int rc = file_path(&o->path, e, "%s", path);
    if (rc == 0)
        rc = file_path(&o->beside, e, "%s.partial", path);
    if (rc != 0)
        return rc;
    o->fd = open(o->beside.s, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (o->fd < 0)
        return err_os(e, ERR_IO, errno, "%s", o->beside.s);
    *ret_out = TAKE(o);
    return 0;
}

static void write_out(struct table_out *o)
{
    if (o->rc == 0)
        o->rc = buf_check(&o->row, &o->failure);
    if (o->rc == 0)
        o->rc = file_write_at(o->fd, o->row.p, o->row.n, o->offset, o->beside.s, &o->failure);
    o->offset += o->row.n;
    buf_clear(&o->row);
}

static bool must_be_quoted(struct bytes x)
{
    for (size_t i = 0; i < x.n; i++)
        if (x.p[i] == ',' || x.p[i] == '"' || x.p[i] == '\n' || x.p[i] == '\r')
            return true;
    return x.n != 0 && (x.p[0] == ' ' || x.p[x.n - 1] == ' ');
}

void table_put(struct table_out *o, struct bytes field)
{
    if (o->begun)
        buf_put_u8(&o->row, ',');
    o->begun = true;
    if (!must_be_quoted(field)) {
        buf_put_bytes(&o->row, field);
        return;
    }
    buf_put_u8(&o->row, '"');
    for (size_t i = 0; i < field.n; i++) {
        if (field.p[i] == '"')
            buf_put_u8(&o->row, '"');
        buf_put_u8(&o->row, field.p[i]);
    }
    buf_put_u8(&o->row, '"');
}

void table_put_text(struct table_out *o, const char *field)
{
    table_put(o, bytes_text(field));
}

void table_put_decimal(struct table_out *o, uint64_t value)
{
    char text[24];
    int n = snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    table_put(o, bytes_of(text, (size_t)n));
}

void table_end(struct table_out *o)
{
    buf_put_u8(&o->row, '\n');
    o->begun = false;
    if (o->row.n >= CHUNK_BYTES || o->row.failed)
        write_out(o);
}

int table_commit(struct table_out *o, struct err *e)
{
    OWN(table_out_drop) struct table_out *owned = o;
    write_out(owned);
    int rc = owned->rc;
    if (rc != 0) {
        if (e != NULL)
            *e = owned->failure;
        return rc;
    }
    rc = file_sync(owned->fd, owned->beside.s, e);
    if (rc != 0)
        return rc;
    if (rename(owned->beside.s, owned->path.s) != 0)
        return err_os(e, ERR_IO, errno, "%s", owned->path.s);
    (void)close(TAKE_FD(owned->fd));
    return file_sync_parent(owned->path.s, e);
}

void table_abandon(struct table_out *o)
{
    if (o == NULL)
        return;
    if (o->fd >= 0) {
        (void)close(o->fd);
        (void)unlink(o->beside.s);
    }
    buf_drop(&o->row);
    free(o);
}

void table_out_drop(struct table_out **o)
{
    table_abandon(*o);
    *o = NULL;
}
