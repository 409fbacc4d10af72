/*
 * Where a recovery is made, and how it is put in its place.  The key file comes last of what is made, and the draft's
 * own copies of what lies outside go before the repository appears; so whoever runs it again after it was killed can
 * tell, from the draft and the key file alone, whether there is something to finish.
 */
#include "recover/recover_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>

enum { KEPT_MAX = 65536 };

void recover_draft_release(struct recover_draft *d)
{
    fd_drop(&d->fd);
    d->fd = -1;
}

/* ---- what a run that is gone left ---- */

static bool is_ours(const char *name)
{
    static const char *const names[] = {".", "..", "repository", "repository.restoring", "outside"};
    for (size_t i = 0; i < COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static int nothing_else(const struct recover_draft *d, struct err *e)
{
    OWN(dir_drop) DIR *dir = opendir(d->folder.s);
    if (dir == NULL)
        return err_os(e, ERR_IO, errno, "look into %s", d->folder.s);
    for (struct dirent *x; (x = readdir(dir)) != NULL;)
        if (!is_ours(x->d_name))
            return err_set(e, ERR_REFUSED, "%s is in the way, and is no recovery that was interrupted: move it away",
                           d->folder.s);
    return 0;
}

static int lock(struct recover_draft *d, struct err *e)
{
    OWN(fd_drop) int fd = open(d->folder.s, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return err_set(e, ERR_REFUSED, "%s is in the way, and is no recovery that was interrupted: move it away",
                       d->folder.s);
    if (fd < 0)
        return err_os(e, ERR_IO, errno, "look into %s", d->folder.s);
    if (flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return err_set(e, ERR_BUSY, "another groundwork recover is at work in %s: wait for it", d->folder.s);
    d->fd = TAKE_FD(fd); /* a file system that knows no locks is used all the same */
    return nothing_else(d, e);
}

int recover_draft_open(const char *root, struct recover_draft *ret, struct err *e)
{
    *ret = (struct recover_draft){.fd = -1};
    int rc = file_path(&ret->folder, e, "%s.recovering", root);
    if (rc == 0)
        rc = file_path(&ret->repository, e, "%s/repository", ret->folder.s);
    if (rc == 0)
        rc = file_path(&ret->outside, e, "%s/outside", ret->folder.s);
    return rc == 0 ? lock(ret, e) : rc;
}

int recover_draft_make(struct recover_draft *d, struct err *e)
{
    int rc = file_make_folder(d->folder.s, e);
    if (rc == 0 && d->fd < 0)
        rc = lock(d, e);
    if (rc != 0)
        return rc;
    file_remove_tree(d->repository.s);
    file_remove_tree(d->outside.s);
    return file_make_folder(d->outside.s, e);
}

void recover_draft_clear(struct recover_draft *d)
{
    file_remove_tree(d->folder.s);
}

static int kept_paths(const struct recover_draft *d, const struct recover_places *to, struct file_path *key,
                      struct file_path *state, struct err *e)
{
    const struct store_place place = {.state_folder = d->outside.s};
    int rc = file_path(key, e, "%s/key", d->outside.s);
    return rc == 0 ? store_outside(&place, to->pin, "state", state, e) : rc;
}

static int first_leaf(void *context, const struct ledger_record *r, struct err *e)
{
    (void)e;
    *(uint64_t *)context = r->first_leaf;
    return ERR_STOPPED; /* the newest one alone */
}

static bool is_of(const char *key_path, const struct note_key *member, const struct hash *pin)
{
    struct note_key said;
    struct hash of;
    return keyring_identity_peek(key_path, &said, &of, NULL) == 0 && hash_equal(&of, pin) &&
           memcmp(said.public_key, member->public_key, CRYPT_PUBLIC) == 0;
}

int recover_draft_look(const struct recover_draft *d, const struct recover_places *to, struct recover_left *ret,
                       struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_place place = {.root = d->repository.s, .state_folder = d->outside.s, .config_folder = d->outside.s};
    struct store_facts facts;
    struct file_path key, state;
    *ret = (struct recover_left){.made = false};
    int rc = kept_paths(d, to, &key, &state, e);
    if (rc != 0)
        return rc;
    if (d->fd < 0 || store_open_alone(&place, &s, NULL) != 0)
        return 0;
    store_facts(s, &facts);
    if (facts.sheets == NULL || ledger_walk_back(store_ledger(s), first_leaf, &ret->before, NULL) != ERR_STOPPED)
        return 0;
    ret->made = is_of(key.s, &facts.member, &facts.pin) || is_of(to->key_path, &facts.member, &facts.pin);
    ret->pin = facts.pin;
    ret->member = facts.member;
    ret->position = facts.position;
    ret->spent = facts.sheets->spent;
    memcpy(ret->set, facts.sheets->set, STATEMENT_ID);
    (void)snprintf(ret->origin, sizeof ret->origin, "%s", facts.origin);
    return 0;
}

/* ---- in its place ---- */

/* A file kept in the draft to its place outside.  Where the draft has it no more, it was put there. */
static int put(const char *kept, const char *path, bool *ret_made, struct err *e)
{
    OWN(buf_wipe) struct buf content = {0};
    OWN(buf_wipe) struct buf there = {0};
    *ret_made = false;
    if (!file_exists(kept))
        return 0;
    int rc = file_read_all(kept, KEPT_MAX, &content, e);
    if (rc != 0)
        return rc;
    if (file_read_all(path, KEPT_MAX, &there, NULL) == 0 && bytes_equal(buf_bytes(&content), buf_bytes(&there)))
        return 0;
    rc = file_create(path, buf_bytes(&content), 0600, e);
    *ret_made = rc == 0;
    return rc;
}

static int appear(const struct recover_draft *d, const char *root, struct err *e)
{
    file_remove_tree(d->outside.s);
    int rc = file_sync_folder(d->folder.s, e);
    if (rc == 0 && rename(d->repository.s, root) != 0)
        return err_os(e, ERR_IO, errno, "make %s", root);
    if (rc == 0)
        rc = file_sync_parent(root, e);
    if (rc != 0)
        (void)rename(root, d->repository.s);
    return rc;
}

int recover_draft_place(const struct recover_draft *d, const struct recover_places *to, struct err *e)
{
    struct file_path key, state;
    bool state_made = false, key_made = false;
    int rc = kept_paths(d, to, &key, &state, e);
    if (rc == 0)
        rc = put(state.s, to->state_path, &state_made, e);
    if (rc == 0)
        rc = put(key.s, to->key_path, &key_made, e);
    if (rc == 0)
        rc = appear(d, to->root, e);
    if (rc != 0 && key_made)
        (void)file_remove(to->key_path, NULL);
    if (rc != 0 && state_made)
        (void)file_remove(to->state_path, NULL);
    return rc;
}
