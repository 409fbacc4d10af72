/* Files with several names, by device and inode: open addressing, grown by halves. */
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
