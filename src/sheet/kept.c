#include "sheet/kept.h"

#include "base/file.h"
#include "base/text.h"
#include "crypt/crypt.h"
#include "sheet/records.h"

static const char magic[] = "groundwork linkage 1\n";

int sheet_kept_write(const char *path, const struct sheet_linkage *l, uint64_t rows, struct err *e)
{
    OWN(buf_drop) struct buf to = {0};
    struct hash hash;
    buf_put_text(&to, magic);
    buf_put_u8(&to, l->decisions->count != 0);
    buf_put_u64(&to, rows);
    buf_put_u32(&to, (uint32_t)l->ids->first_count);
    buf_put_u8(&to, (uint8_t)l->fields->count);
    for (unsigned i = 0; i < l->fields->count; i++) {
        buf_put_u32(&to, (uint32_t)l->fields->header[i].n);
        buf_put_bytes(&to, buf_bytes(&l->fields->header[i]));
    }
    buf_put_u32(&to, (uint32_t)l->ids->count);
    for (size_t i = 0; i < l->ids->count; i++) {
        struct bytes id = sheet_id_of(l->ids, i);
        buf_put_u32(&to, (uint32_t)id.n);
        buf_put_bytes(&to, id);
    }
    match_linkage_put(l->linkage, l->frame, &to);
    int rc = buf_check(&to, e);
    rc = rc == 0 ? crypt_start(e) : rc;
    if (rc != 0)
        return rc;
    if (to.n > SHEET_KEPT_BYTES_MAX - CRYPT_HASH)
        return err_set(e, ERR_REFUSED, "%s: a linkage of more than 1 GiB cannot be kept", path);
    crypt_sha256(buf_bytes(&to), &hash);
    buf_put(&to, hash.b, CRYPT_HASH);
    rc = buf_check(&to, e);
    return rc == 0 ? file_replace(path, buf_bytes(&to), 0600, e) : rc;
}

static int read_ids(struct cursor *c, struct sheet_ids *ids, struct err *e)
{
    uint32_t count = cursor_u32(c);
    for (uint32_t i = 0; i < count && !c->failed; i++) {
        uint32_t n = cursor_u32(c);
        int rc = sheet_ids_add(ids, cursor_take(c, n), e);
        if (rc != 0)
            return rc;
    }
    return c->failed ? ERR_DAMAGED : 0;
}

static int read_fields(struct cursor *c, struct sheet_fields *fields, struct err *e)
{
    fields->count = cursor_u8(c);
    if (fields->count > MATCH_FIELDS_MAX)
        return ERR_DAMAGED;
    for (unsigned i = 0; i < fields->count; i++) {
        uint32_t n = cursor_u32(c);
        buf_put_bytes(&fields->header[i], cursor_take(c, n));
        int rc = buf_check(&fields->header[i], e);
        if (rc != 0)
            return rc;
    }
    return c->failed ? ERR_DAMAGED : 0;
}

static int read_content(struct bytes content, struct sheet_linkage *l, struct sheet_fields *fields,
                        struct sheet_kept *ret_kept, struct err *e)
{
    struct cursor c = cursor_of(content);
    const struct match_field *known;
    uint8_t decided;
    if (!cursor_expect(&c, magic))
        return err_set(e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(TEXT("it does not begin as one")));
    decided = cursor_u8(&c);
    l->ids->version = cursor_u64(&c);
    l->ids->first_count = cursor_u32(&c);
    int rc = read_fields(&c, fields, e);
    rc = rc == 0 ? read_ids(&c, l->ids, e) : rc;
    if (rc == 0 && decided > 1)
        rc = ERR_DAMAGED;
    if (rc == ERR_DAMAGED)
        return err_set(e, rc, "a kept linkage is damaged: %s", text_tr(TEXT("its ids or columns")));
    rc = rc == 0 ? match_linkage_get(bytes_of(c.p, c.left), &l->linkage, &l->frame, e) : rc;
    if (rc != 0)
        return rc;
    if (l->ids->count != match_frame_records(l->frame) || l->ids->first_count > l->ids->count ||
        match_frame_fields(l->frame, &known) != fields->count)
        return err_set(e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(TEXT("its ids or columns")));
    memcpy(fields->field, known, fields->count * sizeof *known);
    ret_kept->decided = decided == 1;
    return 0;
}

int sheet_kept_read(const char *path, struct sheet_linkage *l, struct sheet_fields *fields, struct sheet_kept *ret_kept,
                    struct err *e)
{
    OWN(buf_drop) struct buf content = {0};
    struct hash hash;
    int rc = file_read_all(path, SHEET_KEPT_BYTES_MAX, &content, e);
    rc = rc == 0 ? crypt_start(e) : rc;
    if (rc != 0)
        return rc;
    size_t n = content.n < CRYPT_HASH ? 0 : content.n - CRYPT_HASH;
    crypt_sha256(bytes_of(content.p, n), &hash);
    if (n == 0 || memcmp(hash.b, content.p + n, CRYPT_HASH) != 0)
        return err_set(e, ERR_DAMAGED,
                       "%s is no kept linkage, or damaged: link all records again, with --keep to keep it", path);
    rc = read_content(bytes_of(content.p, n), l, fields, ret_kept, e);
    return rc == 0 ? 0 : err_add(e, rc, "%s", path);
}
