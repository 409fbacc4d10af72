/* Files with several names, by device and inode: open addressing, grown by halves.  And telling, which knows them. */
#include "intake/intake_internal.h"

enum { ROOM_FIRST = 64 };

void intake_links_release(struct links_seen *l)
{
    free(l->slot);
    *l = (struct links_seen){0};
}

static struct link_seen *probe(struct link_seen *slot, size_t room, uint64_t device, uint64_t inode)
{
    /* The upper half of the product depends on every bit below it; inodes often share their lowest ones. */
    size_t i = (size_t)(((inode ^ device << 32) * 0x9E3779B97F4A7C15u) >> 32) & (room - 1);
    while (slot[i].used && (slot[i].device != device || slot[i].inode != inode))
        i = (i + 1) & (room - 1);
    return &slot[i];
}

static bool grow(struct links_seen *l)
{
    size_t room = l->room == 0 ? ROOM_FIRST : l->room * 2;
    struct link_seen *slot = calloc(room, sizeof *slot);
    if (slot == NULL)
        return false;
    for (size_t i = 0; i < l->room; i++)
        if (l->slot[i].used)
            *probe(slot, room, l->slot[i].device, l->slot[i].inode) = l->slot[i];
    free(l->slot);
    l->slot = slot;
    l->room = room;
    return true;
}

struct link_seen *intake_links_find(struct links_seen *l, uint64_t device, uint64_t inode)
{
    if (l->used * 2 >= l->room && !grow(l))
        return NULL;
    struct link_seen *s = probe(l->slot, l->room, device, inode);
    if (!s->used) {
        *s = (struct link_seen){.device = device, .inode = inode, .cookie = UINT64_MAX, .used = true};
        l->used++;
    }
    return s;
}

int intake_tell(struct intake_teller *t, struct intake_found *f, struct err *e)
{
    const struct stat *st = &f->open.opened;
    bool file = f->entry.refused == NULL && f->entry.type == STATEMENT_FILE;
    struct link_seen *seen = NULL;
    struct file_state state = {0};
    f->entry.first_cookie = f->entry.cookie = UINT64_MAX;
    f->entry.open = file && (f->open.fd >= 0 || f->open.held != NULL) ? &f->open : NULL;
    if (file && st->st_nlink > 1) {
        intake_state_of(st, &state);
        seen = intake_links_find(&t->links, st->st_dev, st->st_ino);
        if (seen == NULL)
            return err_memory(e);
    }
    /* Changed since its first name was read, it is no longer that item: a file of its own, and the first from here. */
    if (seen != NULL && seen->cookie != UINT64_MAX && intake_state_same(&seen->state, &state))
        f->entry.first_cookie = seen->cookie;
    int rc = t->visitor->entry(t->visitor->context, &f->entry, e);
    if (seen != NULL && f->entry.first_cookie == UINT64_MAX) {
        seen->cookie = f->entry.cookie;
        seen->state = state;
    }
    return rc;
}
