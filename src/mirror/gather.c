/*
 * A pack of which no file is whole, here or in the mirror.  As it grew the log said of it, again and again, what its
 * first sectors were: as far as those statements bear it out, its beginning is put together from whichever files have
 * it.
 */
#include "mirror/mirror_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

enum {
    HERE_A,
    HERE_B,
    THERE, /* sealed; behind it, as far as it was copied while it was open */
    SOURCES_MAX = 24,
    NOWHERE = 0xff,
    AT_ONCE = 64, /* sectors */
};

/* ---- what the log said of packs ---- */

void mirror_said_release(struct mirror_said *s)
{
    free(s->list);
}

static int said_add(struct mirror_said *s, const struct statement_pack *p, struct err *e)
{
    if (s->count == s->room) {
        size_t room = s->room * 2 + 64;
        struct vault_pack *grown = reallocarray(s->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        s->list = grown;
        s->room = room;
    }
    s->list[s->count++] = (struct vault_pack){p->pack, p->sectors, p->sealed, p->root};
    return 0;
}

int mirror_said_take(struct mirror_said *s, const struct ledger_record *r, struct err *e)
{
    struct cursor open = cursor_of(r->open);
    int rc = 0;
    for (uint32_t i = 0; rc == 0 && i < r->public_count; i++) {
        OWN(statement_held_drop) struct statement_held *held = NULL;
        struct statement st;
        struct bytes note;
        rc = ledger_statement_next(&open, &note, e);
        const struct history_reading what = {.leaf = r->first_leaf + r->hidden_count + i, .bytes = note};
        if (rc != 0 || history_read(s->history, &what, &held, &st, NULL, NULL) != 0 || st.kind != STATEMENT_PACKS)
            continue;
        for (size_t k = 0; rc == 0 && k < st.packs.count; k++)
            rc = said_add(s, &st.packs.packs[k], e);
    }
    return rc;
}

/* ---- the files that may have some of it ---- */

struct file_of {
    int fd; /* -1: not there */
    struct hash *leaves;
    bool *there; /* each sector: the disk gave it */
};

struct gathering {
    const struct mirror_gathering *of;
    struct file_of files[SOURCES_MAX];
    unsigned count;
    uint32_t open_sectors[SOURCES_MAX]; /* of those behind THERE: by their names */
    struct vault_pack *stops;           /* what was said of this pack, shortest first, and last how it was logged */
    size_t stop_count;
    struct tree_edge edge;
    uint32_t done; /* sectors that are borne out */
    uint8_t *from; /* each sector: the file that has it */
    uint8_t *sector;
};

static void file_of_release(struct file_of *f)
{
    fd_drop(&f->fd);
    free(f->leaves);
    free(f->there);
}

static void gathering_release(struct gathering *g)
{
    for (unsigned i = 0; i < g->count; i++)
        file_of_release(&g->files[i]);
    free(g->stops);
    free(g->from);
    free(g->sector);
}

static bool sector_read(int fd, uint32_t sector, uint8_t *to)
{
    return file_read_at(fd, to, VAULT_SECTOR, (uint64_t)sector * VAULT_SECTOR, "", NULL) == 0;
}

/* What cannot be read of it is not there. */
static int file_look(const char *path, uint32_t sectors, struct file_of *ret, struct err *e)
{
    OWN(mem_drop) uint8_t *some = malloc((size_t)AT_ONCE * VAULT_SECTOR);
    *ret = (struct file_of){.fd = -1};
    ret->leaves = calloc(sectors, sizeof *ret->leaves);
    ret->there = calloc(sectors, sizeof *ret->there);
    if (some == NULL || ret->leaves == NULL || ret->there == NULL)
        return err_memory(e);
    if (file_open_read(path, &ret->fd, NULL) != 0)
        return 0;
    for (uint32_t at = 0; at < sectors; at += AT_ONCE) {
        uint32_t n = sectors - at < AT_ONCE ? sectors - at : AT_ONCE;
        bool all = file_read_at(ret->fd, some, (size_t)n * VAULT_SECTOR, (uint64_t)at * VAULT_SECTOR, "", NULL) == 0;
        for (uint32_t i = 0; i < n; i++) {
            uint8_t *sector = some + (size_t)i * VAULT_SECTOR;
            ret->there[at + i] = all || sector_read(ret->fd, at + i, sector);
            if (ret->there[at + i])
                crypt_leaf_hash(bytes_of(sector, VAULT_SECTOR), &ret->leaves[at + i]);
        }
    }
    return 0;
}

static int look_at(struct gathering *g, struct err *e, const char *below, const char *name)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/%s", below, name);
    return rc == 0 ? file_look(path.s, g->of->logged->sectors, &g->files[g->count++], e) : rc;
}

/* Of more than there is room for the longest are kept. */
static void open_name_take(struct gathering *g, unsigned *count, const char *name)
{
    char made[STORE_BOUND_NAME];
    uint64_t pack = strtoull(name, NULL, 10);
    const char *dash = strchr(name, '-');
    uint64_t sectors = dash != NULL ? strtoull(dash + 1, NULL, 10) : 0;
    (void)snprintf(made, sizeof made, "%06llu-%05llu.pack", (unsigned long long)pack, (unsigned long long)sectors);
    if (pack != g->of->logged->pack || sectors == 0 || sectors > UINT32_MAX || strcmp(made, name) != 0)
        return;
    unsigned at = 0;
    for (unsigned i = 0; i < *count; i++)
        at = g->open_sectors[i] < g->open_sectors[at] ? i : at;
    if (*count < SOURCES_MAX - THERE - 1)
        g->open_sectors[(*count)++] = (uint32_t)sectors;
    else if (g->open_sectors[at] < sectors)
        g->open_sectors[at] = (uint32_t)sectors;
}

static int open_files_look(struct gathering *g, struct err *e)
{
    struct file_path folder;
    unsigned count = 0;
    int rc = file_path(&folder, e, "%s/open", g->of->folder);
    OWN(dir_drop) DIR *dir = rc == 0 ? opendir(folder.s) : NULL;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        open_name_take(g, &count, d->d_name);
    for (unsigned i = 0; rc == 0 && i < count; i++) {
        char name[STORE_BOUND_NAME];
        (void)snprintf(name, sizeof name, "open/%06llu-%05u.pack", (unsigned long long)g->of->logged->pack,
                       g->open_sectors[i]);
        rc = look_at(g, e, g->of->folder, name);
    }
    return rc;
}

static int files_look(struct gathering *g, struct err *e)
{
    char a[VAULT_PLACE_MAX], b[VAULT_PLACE_MAX];
    vault_pack_place(g->of->logged->pack, 'a', a);
    vault_pack_place(g->of->logged->pack, 'b', b);
    int rc = look_at(g, e, g->of->root, a);
    if (rc == 0)
        rc = look_at(g, e, g->of->root, b);
    if (rc == 0)
        rc = look_at(g, e, g->of->folder, a);
    return rc == 0 ? open_files_look(g, e) : rc;
}

/* ---- as far as the log bears it out ---- */

static int by_sectors(const void *a, const void *b)
{
    const struct vault_pack *x = a, *y = b;
    return (x->sectors > y->sectors) - (x->sectors < y->sectors);
}

static int stops_take(struct gathering *g, struct err *e)
{
    const struct vault_pack *logged = g->of->logged;
    const struct mirror_said *said = g->of->said;
    g->stops = calloc(said->count + 1, sizeof *g->stops);
    if (g->stops == NULL)
        return err_memory(e);
    for (size_t i = 0; i < said->count; i++)
        if (said->list[i].pack == logged->pack && said->list[i].sectors < logged->sectors)
            g->stops[g->stop_count++] = said->list[i];
    if (g->stop_count > 0)
        qsort(g->stops, g->stop_count, sizeof *g->stops, by_sectors);
    g->stops[g->stop_count++] = *logged;
    return 0;
}

/* The first file that has this sector, whatever it is worth. */
static unsigned whichever(const struct gathering *g, uint32_t sector)
{
    unsigned i = 0;
    while (i < g->count && !g->files[i].there[sector])
        i++;
    return i < g->count ? i : NOWHERE;
}

/* From where it is borne out to the next stop, by one file, or (${one} NOWHERE) by whichever has a sector. */
static bool stretch(struct gathering *g, const struct vault_pack *stop, unsigned one)
{
    struct tree_edge edge = g->edge;
    struct hash root;
    for (uint32_t i = g->done; i < stop->sectors; i++) {
        unsigned file = one != NOWHERE ? one : whichever(g, i);
        if (file == NOWHERE || !g->files[file].there[i])
            return false;
        tree_edge_add(&edge, &g->files[file].leaves[i]);
        g->from[i] = (uint8_t)file;
    }
    tree_edge_root(&edge, &root);
    if (!hash_equal(&root, &stop->root))
        return false;
    g->edge = edge;
    g->done = stop->sectors;
    return true;
}

/* Where no file leads to one stop, none leads to a later one: what is bad before it is bad before that too. */
static void bear_out(struct gathering *g)
{
    bool found = true;
    tree_edge_begin(&g->edge);
    for (size_t k = 0; found && k < g->stop_count; k++) {
        found = g->stops[k].sectors == g->done;
        for (unsigned i = 0; !found && i < g->count; i++)
            found = stretch(g, &g->stops[k], i);
        found = found || stretch(g, &g->stops[k], NOWHERE);
    }
    /* Behind that what is here stays as it is, and of the mirror nothing is believed. */
    for (uint32_t i = g->done; i < g->of->logged->sectors; i++)
        g->from[i] = g->files[HERE_A].there[i] ? HERE_A : g->files[HERE_B].there[i] ? HERE_B : NOWHERE;
}

/* Sectors that were not in their place. */
static uint32_t brought(const struct gathering *g)
{
    const struct file_of *here = &g->files[HERE_A];
    uint32_t n = 0;
    for (uint32_t i = 0; i < g->done; i++)
        n += !here->there[i] || !hash_equal(&here->leaves[i], &g->files[g->from[i]].leaves[i]);
    return n;
}

/* ---- into its place ---- */

/* quarantine/pack-<number>-<copy>, or with a number behind it while that is taken. */
static int pack_aside(const char *root, uint64_t pack, int copy, const char *path, struct err *e)
{
    struct file_path to;
    if (!file_exists(path))
        return 0;
    int rc = file_path(&to, e, "%s/quarantine", root);
    if (rc == 0)
        rc = file_make_folder(to.s, e);
    for (unsigned n = 1; rc == 0; n++) {
        rc = file_path(&to, e, "%s/quarantine/pack-%06llu-%c-%u", root, (unsigned long long)pack, "ab"[copy], n);
        if (rc != 0 || file_exists(to.s))
            continue;
        if (rename(path, to.s) != 0)
            return err_os(e, ERR_IO, errno, "cannot move %s aside", path);
        return file_sync_parent(to.s, e);
    }
    return rc;
}

int mirror_pack_exchange(const char *root, uint64_t pack, int copy, const char *fresh, struct err *e)
{
    struct file_path to;
    char place[VAULT_PLACE_MAX];
    vault_pack_place(pack, "ab"[copy], place);
    int rc = file_path(&to, e, "%s/%s", root, place);
    if (rc == 0)
        rc = pack_aside(root, pack, copy, to.s, e);
    if (rc == 0 && rename(fresh, to.s) != 0)
        rc = err_os(e, ERR_IO, errno, "cannot put %s in its place", to.s);
    return rc == 0 ? file_sync_parent(to.s, e) : rc;
}

/* Nothing is written where no file has a sector: there it has a hole, or ends. */
static int fresh_write(struct gathering *g, const char *path, struct err *e)
{
    OWN(fd_drop) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    int rc = fd < 0 ? err_os(e, ERR_IO, errno, "cannot make %s", path) : 0;
    for (uint32_t i = 0; rc == 0 && i < g->of->logged->sectors; i++) {
        if (g->from[i] == NOWHERE)
            continue;
        rc = file_read_at(g->files[g->from[i]].fd, g->sector, VAULT_SECTOR, (uint64_t)i * VAULT_SECTOR, path, e);
        if (rc == 0)
            rc = file_write_at(fd, g->sector, VAULT_SECTOR, (uint64_t)i * VAULT_SECTOR, path, e);
    }
    return rc == 0 ? file_sync(fd, path, e) : rc;
}

static int fresh_check(const struct gathering *g, const char *path, struct err *e)
{
    OWN(file_of_release) struct file_of made = {.fd = -1};
    int rc = file_look(path, g->of->logged->sectors, &made, e);
    for (uint32_t i = 0; rc == 0 && i < g->of->logged->sectors; i++)
        if (g->from[i] != NOWHERE &&
            (!made.there[i] || !hash_equal(&made.leaves[i], &g->files[g->from[i]].leaves[i])))
            rc = err_set(e, ERR_IO, "%s did not come back as it was written: the disk or the memory is faulty", path);
    return rc;
}

static int place(struct gathering *g, int copy, struct err *e)
{
    struct file_path folder, fresh;
    char name[VAULT_PLACE_MAX];
    vault_pack_place(g->of->logged->pack, "ab"[copy], name);
    int rc = file_path(&fresh, e, "%s/%s.repaired", g->of->root, name);
    *strrchr(name, '/') = 0;
    if (rc == 0)
        rc = file_path(&folder, e, "%s/%s", g->of->root, name);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc != 0)
        return rc;
    rc = fresh_write(g, fresh.s, e);
    if (rc == 0)
        rc = fresh_check(g, fresh.s, e);
    if (rc == 0)
        rc = mirror_pack_exchange(g->of->root, g->of->logged->pack, copy, fresh.s, e);
    if (rc != 0)
        (void)unlink(fresh.s);
    return rc;
}

int mirror_gather(const struct mirror_gathering *of, uint32_t *ret_brought, struct err *e)
{
    OWN(gathering_release) struct gathering g = {.of = of};
    const struct vault_pack *logged = of->logged;
    g.from = calloc(logged->sectors, sizeof *g.from);
    g.sector = malloc(VAULT_SECTOR);
    int rc = g.from == NULL || g.sector == NULL ? err_memory(e) : files_look(&g, e);
    if (rc == 0)
        rc = stops_take(&g, e);
    if (rc != 0)
        return rc;
    bear_out(&g);
    const uint32_t came = brought(&g);
    const bool whole = g.done == logged->sectors;
    for (int copy = 0; rc == 0 && (whole || came > 0) && copy < (logged->sealed ? 1 : 2); copy++)
        rc = place(&g, copy, e);
    if (rc != 0)
        return rc;
    *ret_brought = came;
    return whole ? 0
                 : err_set(e, ERR_DAMAGED, "of pack %llu no more is to be had in the mirror than its first %u sectors",
                           (unsigned long long)logged->pack, g.done);
}
