/*
 * What this computer remembers of the mirrors it made: a text file beside the outside state (FORMAT 11.4).  It decides
 * nothing: it only lets `status` say how old they are.
 */
#include "mirror/mirror_internal.h"

#include "base/clock.h"

#include <assert.h>
#include <stdio.h>

enum { NOTES_MAX = 4 << 20, FIELDS = 5 };
static const char HEAD[] = "groundwork/mirrors/v1\n";

void mirror_notes_free(struct mirror_notes *n)
{
    if (n == NULL)
        return;
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i].folder);
    free(n);
}

void mirror_notes_drop(struct mirror_notes **n)
{
    mirror_notes_free(*n);
    *n = NULL;
}

/* ---- reading ---- */

static bool mirror_parse(struct cursor *c, struct mirror_noted *ret)
{
    struct bytes w[FIELDS];
    OWN(buf_drop) struct buf folder = {0};
    uint64_t at;
    if (!bytes_words(cursor_line(c), "mirror", w, FIELDS) || hex_get(w[0], ret->id, MIRROR_ID) != 0 ||
        decimal_get(w[1], &ret->records) != 0 || decimal_get(w[2], &ret->leaves) != 0 || decimal_get(w[3], &at) != 0 ||
        at > INT64_MAX || base64_get(w[4], &folder) != 0 || folder.n == 0 || folder.n >= FILE_PATH_MAX ||
        memchr(folder.p, 0, folder.n) != NULL)
        return false;
    ret->at_unix_s = (int64_t)at;
    ret->folder = strdup(buf_text(&folder));
    return ret->folder != NULL;
}

int mirror_notes_parse(struct bytes text, const struct hash *pin, struct mirror_notes *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct bytes w[1];
    struct hash of;
    uint64_t days = 0;
    bool good = cursor_expect(&c, HEAD) && bytes_words(cursor_line(&c), "pin", w, 1) &&
                hex_get(w[0], of.b, CRYPT_HASH) == 0 && hash_equal(&of, pin) &&
                bytes_words(cursor_line(&c), "warn", w, 1) && decimal_get(w[0], &days) == 0 &&
                days <= MIRROR_DAYS_MAX;
    ret->warn_days = (uint32_t)days;
    while (good && c.left > 0) {
        good = ret->count < MIRRORS_MAX && mirror_parse(&c, &ret->list[ret->count]);
        ret->count += good;
    }
    return good ? 0 : err_set(e, ERR_DAMAGED, "it is not what this program writes");
}

/* It decides nothing, so it keeps nothing from being done either. */
static int begin_anew(const struct store_place *place, const char *path, struct mirror_notes *n)
{
    struct err line = {0};
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i].folder);
    *n = (struct mirror_notes){.warn_days = MIRROR_DAYS};
    (void)err_set(&line, ERR_DAMAGED, "%s is damaged, and left aside: the next groundwork mirror writes it anew", path);
    if (place->tell != NULL)
        place->tell(place->tell_context, line.text);
    return 0;
}

int mirror_notes(const struct store_place *place, const struct hash *pin, struct mirror_notes **ret,
                       struct err *e)
{
    OWN(mirror_notes_drop) struct mirror_notes *n = calloc(1, sizeof *n);
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    struct err mine = {0};
    if (n == NULL)
        return err_memory(e);
    n->warn_days = MIRROR_DAYS;
    int rc = store_outside(place, pin, "mirrors", &path, e);
    if (rc == 0)
        rc = file_read_all(path.s, NOTES_MAX, &text, &mine);
    if (rc == 0)
        rc = mirror_notes_parse(buf_bytes(&text), pin, n, &mine);
    if (rc == ERR_DAMAGED)
        rc = begin_anew(place, path.s, n);
    else if (rc == ERR_ABSENT)
        rc = 0;
    else if (rc != 0)
        rc = err_set(e, rc, "%s", mine.text);
    if (rc == 0)
        *ret = TAKE(n);
    return rc;
}

/* ---- writing: the newest first ---- */

static void put_mirror(const struct mirror_noted *m, struct buf *to)
{
    buf_put_text(to, "mirror ");
    buf_put_hex(to, bytes_of(m->id, MIRROR_ID));
    buf_printf(to, " %llu %llu %llu ", (unsigned long long)m->records, (unsigned long long)m->leaves,
               (unsigned long long)(m->at_unix_s < 0 ? 0 : m->at_unix_s));
    buf_put_base64(to, bytes_text(m->folder));
    buf_put_text(to, "\n");
}

void mirror_notes_put(const struct mirror_notes *n, const struct hash *pin, struct buf *to)
{
    buf_printf(to, "%spin ", HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_printf(to, "\nwarn %u\n", n->warn_days);
    for (size_t i = 0; i < n->count; i++)
        put_mirror(&n->list[i], to);
}

/* In front of the others; what was noted of the same mirror goes, or else the oldest when there is no room. */
static void note_first(struct mirror_notes *n, const struct mirror_noted *now, char *folder)
{
    size_t i = 0;
    while (i < n->count && memcmp(n->list[i].id, now->id, MIRROR_ID) != 0)
        i++;
    if (i == n->count && n->count < MIRRORS_MAX)
        n->count++;
    else {
        i -= i == n->count;
        free(n->list[i].folder);
    }
    memmove(n->list + 1, n->list, i * sizeof *n->list);
    n->list[0] = *now;
    n->list[0].folder = folder;
}

int mirror_note(const struct store_place *place, const struct hash *pin, const struct mirror_noted *now,
                      const uint32_t *warn_days, struct err *e)
{
    OWN(mirror_notes_drop) struct mirror_notes *n = NULL;
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = mirror_notes(place, pin, &n, e);
    if (rc == 0)
        rc = store_outside(place, pin, "mirrors", &path, e);
    if (rc == 0)
        rc = file_make_folders(place->state_folder, e);
    if (rc != 0)
        return rc;
    assert(n != NULL);
    char *folder = strdup(now->folder);
    if (folder == NULL)
        return err_memory(e);
    note_first(n, now, folder);
    n->warn_days = warn_days != NULL ? *warn_days : n->warn_days;
    mirror_notes_put(n, pin, &text);
    rc = buf_check(&text, e);
    return rc == 0 ? file_replace(path.s, buf_bytes(&text), 0600, e) : rc;
}
