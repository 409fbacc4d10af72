/*
 * Packs that were found damaged and that nobody has repaired since, noted beside the outside state.
 *
 *     groundwork/noticed/v1
 *     pin <hex>
 *     <pack>          ascending; 18446744073709551615: and perhaps others of the first compartment, less one: of the
 *                     second, and so on
 *
 * Whoever is told of damage may take the source in again before anybody repairs: what is taken in then must not be
 * built on the damaged pack, and not be told to be here already.  Who reads an item ends at the first damage, and does
 * not know of what lies behind it; an audit in full knows of all.  One that finds nothing empties the list; a repair
 * takes from it what it set aside or marked as lost, which is known by that (suspects.c).  What is as it was logged and
 * cannot be opened all the same, no repair finds, and no audit without keys: it stays on the list.
 *
 * A copy of the repository that lies elsewhere has a list of its own: what is whole there says nothing of this one.
 */
#include "store/store_internal.h"

#include <fcntl.h>
#include <sys/file.h>

enum { PACKS_MAX = 65536, LINES_MAX = PACKS_MAX + HISTORY_COMPARTMENTS_MAX, LINE_MAX = 21 };
static const char HEAD[] = "groundwork/noticed/v1\n";

int store_noticed_parse(struct bytes text, const struct hash *pin, struct store_noticed *ret)
{
    struct cursor c = cursor_of(text);
    ret->count = 0;
    if (!store_outside_head(&c, HEAD, pin))
        return ERR_DAMAGED;
    while (c.left > 0) {
        uint64_t pack = 0;
        struct bytes line = cursor_line(&c);
        if (c.failed || ret->count == LINES_MAX || decimal_get(line, &pack) != 0)
            return ERR_DAMAGED;
        if (ret->count > 0 && ret->packs[ret->count - 1] >= pack)
            return ERR_DAMAGED;
        if (store_noticed_add(ret, pack) != 0)
            return ERR_IO;
    }
    return c.failed ? ERR_DAMAGED : 0;
}

void store_noticed_put(const struct store_noticed *n, const struct hash *pin, struct buf *to)
{
    buf_printf(to, "%spin ", HEAD);
    buf_put_hex(to, bytes_of(pin->b, CRYPT_HASH));
    buf_put_text(to, "\n");
    for (size_t i = 0; i < n->count; i++)
        buf_printf(to, "%llu\n", (unsigned long long)n->packs[i]);
}

static size_t place_of(const struct store_noticed *n, uint64_t pack)
{
    size_t at = n->count;
    while (at > 0 && n->packs[at - 1] >= pack)
        at--;
    return at;
}

bool store_noticed_has(const struct store_noticed *n, uint64_t pack)
{
    size_t at = place_of(n, pack);
    return at < n->count && n->packs[at] == pack;
}

/* ERR_IO: memory is out. */
int store_noticed_add(struct store_noticed *n, uint64_t pack)
{
    if (n->count == n->room) {
        size_t room = n->room * 2 + 16;
        uint64_t *grown = reallocarray(n->packs, room, sizeof *grown);
        if (grown == NULL)
            return ERR_IO;
        n->packs = grown;
        n->room = room;
    }
    size_t at = place_of(n, pack);
    memmove(&n->packs[at + 1], &n->packs[at], (n->count - at) * sizeof *n->packs);
    n->packs[at] = pack;
    n->count++;
    return 0;
}

void store_noticed_release(struct store_noticed *n)
{
    free(n->packs);
    *n = (struct store_noticed){0};
}

int store_noticed_path(const struct store *s, struct file_path *to, struct err *e)
{
    enum { SHOWN = 8 };
    struct file_path root;
    struct hash of;
    char ending[2 * SHOWN + sizeof ".noticed"];
    int rc = file_resolve(s->root, &root, e);
    if (rc != 0)
        return rc;
    crypt_sha256(bytes_text(root.s), &of);
    hex_put(ending, of.b, SHOWN);
    memcpy(ending + 2 * SHOWN, ".noticed", sizeof ".noticed");
    return store_outside(&s->place, &s->pin, ending, to, e);
}

int store_noticed_read(const struct store *s, struct store_noticed *ret, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = store_noticed_path(s, &path, e);
    if (rc == 0)
        rc = file_read_all(path.s, (size_t)LINES_MAX * LINE_MAX + 256, &text, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc == 0)
        rc = store_noticed_parse(buf_bytes(&text), &s->pin, ret);
    if (rc == ERR_DAMAGED)
        return err_set(e, ERR_DAMAGED,
                       "%s is damaged, and every pack counts as damaged until groundwork audit --full has made it anew",
                       path.s);
    return rc == 0 || e->code != 0 ? rc : err_memory(e);
}

/* Nobody is in want of it at once: what cannot be noted is told by the next audit again. */
static void write_down(const struct store *s, const struct store_noticed *n)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    struct err mine = {0};
    if (store_noticed_path(s, &path, &mine) != 0)
        return;
    store_noticed_put(n, &s->pin, &text);
    if (buf_check(&text, &mine) != 0)
        return;
    if (n->count == 0)
        (void)file_remove(path.s, &mine);
    else if (file_make_folders(s->place.state_folder, &mine) == 0)
        (void)file_replace(path.s, buf_bytes(&text), 0600, &mine);
}

/* Whoever changes the list holds this: another program may have seen something too.  -1 where it cannot be had. */
static int list_hold(const struct store *s)
{
    int fd = open(s->place.state_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)flock(fd, LOCK_EX);
    return fd;
}

static bool is_more(uint64_t pack)
{
    return pack > STORE_NOTICED_MORE - HISTORY_COMPARTMENTS_MAX;
}

/* A list that is damaged stands for all packs.  Returns whether it is. */
static bool list_read(const struct store *s, struct store_noticed *ret)
{
    struct err mine = {0};
    bool damaged = store_noticed_read(s, ret, &mine) == ERR_DAMAGED;
    if (damaged)
        ret->count = 0;
    for (size_t i = s->history.compartment_count; damaged && i-- > 0;)
        (void)store_noticed_add(ret, STORE_NOTICED_MORE - i);
    return damaged;
}

static void list_add(const struct store *s, uint64_t pack)
{
    OWN(store_noticed_release) struct store_noticed n = {0};
    OWN(fd_drop) int hold = list_hold(s);
    (void)hold;
    (void)list_read(s, &n);
    if (n.count >= PACKS_MAX && !is_more(pack)) /* no room for any further pack */
        pack = STORE_NOTICED_MORE - pack / store_span(s, 0).end;
    if (!store_noticed_has(&n, pack) && n.count < LINES_MAX && store_noticed_add(&n, pack) == 0)
        write_down(s, &n);
}

void store_notice(struct store *s, uint64_t pack)
{
    if (vault_lost_marked(s->root, pack)) /* a repair has seen it: nothing further is known */
        return;
    (void)pthread_mutex_lock(&s->noticing);
    bool again = !is_more(pack) && s->noticed_last == pack + 1; /* each record of it tells */
    if (!is_more(pack))
        s->noticed_last = pack + 1;
    if (!again)
        list_add(s, pack);
    (void)pthread_mutex_unlock(&s->noticing);
}

static bool set_aside(const struct store *s, uint64_t pack)
{
    struct file_path path;
    return vault_lost_marked(s->root, pack) ||
           (file_path(&path, NULL, "%s/quarantine/%06llu.pack", s->root, (unsigned long long)pack) == 0 &&
            file_exists(path.s));
}

/* In one go, and only where there is a list. */
static void list_thin(struct store *s, bool (*goes)(const struct store *s, uint64_t pack))
{
    OWN(store_noticed_release) struct store_noticed n = {0};
    (void)pthread_mutex_lock(&s->noticing);
    OWN(fd_drop) int hold = list_hold(s);
    (void)hold;
    bool anew = list_read(s, &n);
    size_t kept = 0;
    for (size_t i = 0; i < n.count; i++)
        if (!goes(s, n.packs[i]))
            n.packs[kept++] = n.packs[i];
    anew = anew || kept < n.count;
    n.count = kept;
    if (anew)
        write_down(s, &n);
    s->noticed_last = 0;
    (void)pthread_mutex_unlock(&s->noticing);
}

static bool goes_repaired(const struct store *s, uint64_t pack)
{
    return is_more(pack) || set_aside(s, pack);
}

void store_notice_repaired(struct store *s)
{
    list_thin(s, goes_repaired);
}

static bool goes_whole(const struct store *s, uint64_t pack)
{
    return pack == STORE_NOTICED_MORE - s->compartment_at || (pack >= s->span.first && pack < s->span.end);
}

static bool goes_seen(const struct store *s, uint64_t pack)
{
    return pack == STORE_NOTICED_MORE - s->compartment_at;
}

void store_notice_audited(struct store *s, bool whole)
{
    list_thin(s, whole ? goes_whole : goes_seen);
}
