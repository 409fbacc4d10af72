/*
 * tree.c: see tree.h.
 *
 * Every name in a folder has two answers: what it is now ("live": paths in the log are looked up there), and what it is
 * durably.  Changes that are not durable yet wait in two kinds of lists: changes to bytes with their file, changes to
 * names in one list of the tree.
 */
#include "choice.h"
#include "tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, BUCKETS = 4096, ROOTS_MAX = 8 };

/* A change to a file's bytes, size or mode. */
struct change {
    uint64_t number;
    const struct record *record;
    const uint8_t *data;
};

struct object {
    enum node_type type;
    mode_t durable_mode;
    struct content durable;
    struct digest durable_digest;
    bool is_digest_known;
    char *target;
    struct change *changes;
    size_t n_changes;
    size_t changes_room;
    struct entry **entries; /* of a folder: every name it ever had */
    size_t n_entries;
    size_t entries_room;
};

struct entry {
    char *name;
    struct object *live;
    struct object *durable;
    uint64_t durable_number; /* the change that made it so: an older one that waits has no say any more */
    struct object *shown;    /* while a state is shown */
};

/* A name that came to mean another object, or none. */
struct naming {
    uint64_t number;
    struct object *folder;
    struct entry *entry;
    struct object *object;
    bool is_old_half; /* see choice_of_name */
    bool binds;       /* when this becomes durable, so does everything with the same number */
};

struct root {
    const char *name;
    const char *path;
    char *parent_path;
    struct object *above; /* a folder that holds the root alone */
};

struct binding {
    uint64_t dev;
    uint64_t ino;
    struct object *object;
    struct binding *next;
};

struct tree {
    const char *skip;
    struct root roots[ROOTS_MAX];
    size_t n_roots;
    struct object **objects;
    size_t n_objects;
    size_t objects_room;
    struct naming *namings;
    size_t n_namings;
    size_t namings_room;
    struct binding *buckets[BUCKETS];
};

/* --- objects and names ---------------------------------------------------------------------------------------- */

static struct object *object_new(struct tree *t, enum node_type type, mode_t mode)
{
    struct object *o = plain_alloc(sizeof(*o));
    o->type = type;
    o->durable_mode = mode & 07777;
    t->objects = plain_grow(t->objects, t->n_objects, &t->objects_room, sizeof(struct object *));
    t->objects[t->n_objects++] = o;
    return o;
}

static struct entry *entry_of(struct object *folder, const char *name, size_t name_bytes)
{
    for (size_t i = 0; i < folder->n_entries; i++)
        if (strncmp(folder->entries[i]->name, name, name_bytes) == 0 && folder->entries[i]->name[name_bytes] == '\0')
            return folder->entries[i];
    struct entry *fresh = plain_alloc(sizeof(*fresh));
    fresh->name = plain_copy(name, name_bytes);
    folder->entries = plain_grow(folder->entries, folder->n_entries, &folder->entries_room, sizeof(struct entry *));
    folder->entries[folder->n_entries++] = fresh;
    return fresh;
}

static const struct root *root_of(const struct tree *t, const char *path)
{
    for (size_t i = 0; i < t->n_roots; i++)
        if (record_under(path, t->roots[i].path))
            return &t->roots[i];
    return NULL;
}

/* The folder that holds ${path}, and the entry there; false where a folder on the way is missing. */
static bool look_up(const struct tree *t, const char *path, struct object **ret_folder, struct entry **ret_entry)
{
    const struct root *root = root_of(t, path);
    if (root == NULL)
        return false;
    *ret_folder = root->above;
    *ret_entry = root->above->entries[0];
    for (const char *rest = path + strlen(root->path); *rest == '/';) {
        size_t name_bytes = strcspn(++rest, "/");
        struct object *next = (*ret_entry)->live;
        if (next == NULL || next->type != NODE_FOLDER)
            return false;
        *ret_folder = next;
        *ret_entry = entry_of(next, rest, name_bytes);
        rest += name_bytes;
    }
    return true;
}

static void must_look_up(const struct tree *t, const char *path, struct object **ret_folder, struct entry **ret_entry)
{
    if (!look_up(t, path, ret_folder, ret_entry))
        die(PLAIN_ENVIRONMENT, "the log names %s, whose folder the log has not led to", path);
}

static void rename_entry(struct tree *t, struct naming change)
{
    t->namings = plain_grow(t->namings, t->n_namings, &t->namings_room, sizeof(*t->namings));
    t->namings[t->n_namings++] = change;
    change.entry->live = change.object;
}

static void name_object(struct tree *t, uint64_t number, const char *path, struct object *o)
{
    struct object *folder;
    struct entry *entry;
    must_look_up(t, path, &folder, &entry);
    rename_entry(t, (struct naming){.number = number, .folder = folder, .entry = entry, .object = o});
}

/* --- inodes --------------------------------------------------------------------------------------------------- */

static struct binding *binding_of(struct tree *t, const struct record *r)
{
    struct binding **bucket = &t->buckets[plain_mix(r->ino ^ (r->dev << 32)) % BUCKETS];
    for (struct binding *b = *bucket; b != NULL; b = b->next)
        if (b->ino == r->ino && b->dev == r->dev)
            return b;
    struct binding *fresh = plain_alloc(sizeof(*fresh));
    *fresh = (struct binding){.dev = r->dev, .ino = r->ino, .next = *bucket};
    *bucket = fresh;
    return fresh;
}

static struct object *bound_object(struct tree *t, const struct record *r, const char *path)
{
    struct object *o = binding_of(t, r)->object;
    if (o == NULL)
        die(PLAIN_ENVIRONMENT, "the log changes %s, whose opening it does not hold", path);
    return o;
}

/* --- becoming durable ----------------------------------------------------------------------------------------- */

static void change_content(struct content *content, const struct change *change, struct verdict verdict)
{
    const struct record *r = change->record;
    if (r->op == REC_WRITE) {
        choice_write(content, verdict, r->offset, change->data, r->data_bytes);
        return;
    }
    if (verdict.fate == FATE_DROPPED)
        return;
    if (r->op == REC_TRUNCATE || (r->op == REC_ALLOCATE && r->length > content->size_bytes))
        content_resize(content, r->length);
    else if (r->op == REC_ZERO)
        content_zero(content, r->offset, r->length);
}

static void sync_object(struct object *o, bool with_mode)
{
    size_t left = 0;
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct change *change = &o->changes[i];
        if (change->record->op != REC_CHMOD)
            change_content(&o->durable, change, (struct verdict){FATE_KEPT, 0});
        else if (with_mode)
            o->durable_mode = change->record->mode & 07777;
        else
            o->changes[left++] = *change;
    }
    o->n_changes = left;
    o->is_digest_known = false;
}

static void settle(struct naming *change)
{
    if (change->number > change->entry->durable_number) {
        change->entry->durable = change->object;
        change->entry->durable_number = change->number;
    }
    change->folder = NULL; /* taken off the list below */
}

static void drop_settled(struct tree *t)
{
    size_t left = 0;
    for (size_t i = 0; i < t->n_namings; i++)
        if (t->namings[i].folder != NULL)
            t->namings[left++] = t->namings[i];
    t->n_namings = left;
}

static void sync_names(struct tree *t, const struct object *folder)
{
    for (size_t i = 0; i < t->n_namings; i++) {
        if (t->namings[i].folder != folder)
            continue;
        for (size_t j = 0; t->namings[i].binds && j < t->n_namings; j++)
            if (j != i && t->namings[j].number == t->namings[i].number && t->namings[j].folder != NULL)
                settle(&t->namings[j]);
        settle(&t->namings[i]);
    }
    drop_settled(t);
}

static void sync_all(struct tree *t)
{
    for (size_t i = 0; i < t->n_objects; i++)
        sync_object(t->objects[i], true);
    for (size_t i = 0; i < t->n_namings; i++)
        settle(&t->namings[i]);
    drop_settled(t);
}

static void apply_sync(struct tree *t, const struct record *r, const char *path)
{
    bool with_mode = r->op == REC_FSYNC;
    if (S_ISREG(r->mode)) {
        sync_object(bound_object(t, r, path), with_mode);
        return;
    }
    for (size_t i = 0; i < t->n_roots; i++)
        if (strcmp(path, t->roots[i].parent_path) == 0)
            sync_names(t, t->roots[i].above);
    struct object *folder;
    struct entry *entry;
    if (look_up(t, path, &folder, &entry) && entry->live != NULL) {
        sync_names(t, entry->live);
        sync_object(entry->live, with_mode);
    }
}

/* --- what the log says ---------------------------------------------------------------------------------------- */

static void apply_rename(struct tree *t, uint64_t number, const char *path, const char *path2)
{
    struct object *old_folder, *new_folder;
    struct entry *old_entry, *new_entry;
    must_look_up(t, path, &old_folder, &old_entry);
    must_look_up(t, path2, &new_folder, &new_entry);
    bool across = old_folder != new_folder;
    struct object *moved = old_entry->live;
    rename_entry(t, (struct naming){.number = number, .folder = new_folder, .entry = new_entry, .object = moved});
    rename_entry(t, (struct naming){.number = number, .folder = old_folder, .entry = old_entry, .is_old_half = across,
                                    .binds = across});
}

static void apply_exchange(struct tree *t, uint64_t number, const char *path, const char *path2)
{
    struct object *folder, *folder2;
    struct entry *entry, *entry2;
    must_look_up(t, path, &folder, &entry);
    must_look_up(t, path2, &folder2, &entry2);
    struct object *first = entry->live;
    struct object *second = entry2->live;
    rename_entry(t, (struct naming){.number = number, .folder = folder, .entry = entry, .object = second,
                                    .binds = true});
    rename_entry(t, (struct naming){.number = number, .folder = folder2, .entry = entry2, .object = first,
                                    .binds = true});
}

static void apply_open(struct tree *t, const struct record *r, const char *path)
{
    struct object *folder;
    struct entry *entry;
    struct binding *binding = binding_of(t, r);
    if (S_ISREG(r->mode) && binding->object == NULL && look_up(t, path, &folder, &entry))
        binding->object = entry->live;
}

static void apply_link(struct tree *t, uint64_t number, const struct record *r, const char *path, const char *path2)
{
    struct object *folder;
    struct entry *entry;
    struct object *o = binding_of(t, r)->object;
    if (o == NULL && path2[0] != '\0' && look_up(t, path2, &folder, &entry))
        o = entry->live;
    if (o == NULL)
        die(PLAIN_ENVIRONMENT, "the log links %s to a file whose opening it does not hold", path);
    name_object(t, number, path, o);
}

static void add_change(struct object *o, uint64_t number, const struct record *r, const uint8_t *data)
{
    o->changes = plain_grow(o->changes, o->n_changes, &o->changes_room, sizeof(*o->changes));
    o->changes[o->n_changes++] = (struct change){.number = number, .record = r, .data = data};
}

static void apply_chmod(struct tree *t, uint64_t number, const struct record *r, const char *path)
{
    struct object *folder;
    struct entry *entry;
    struct object *o = binding_of(t, r)->object;
    if (o == NULL && look_up(t, path, &folder, &entry))
        o = entry->live;
    if (o != NULL)
        add_change(o, number, r, NULL);
}

static void apply_create(struct tree *t, uint64_t number, const struct record *r, const char *path)
{
    struct object *o = object_new(t, NODE_FILE, r->mode);
    binding_of(t, r)->object = o;
    if (path[0] != '\0')
        name_object(t, number, path, o);
}

void tree_apply(struct tree *t, uint64_t number, const struct record *r, const char *path, const char *path2,
                const uint8_t *data)
{
    struct object *o;
    switch ((enum rec_op)r->op) {
    case REC_OPEN:
        apply_open(t, r, path);
        return;
    case REC_CREATE:
        apply_create(t, number, r, path);
        return;
    case REC_MKDIR:
        name_object(t, number, path, object_new(t, NODE_FOLDER, r->mode));
        return;
    case REC_SYMLINK:
        o = object_new(t, NODE_SYMLINK, 0777);
        o->target = plain_copy(data, (size_t)r->data_bytes);
        name_object(t, number, path, o);
        return;
    case REC_LINK:
        apply_link(t, number, r, path, path2);
        return;
    case REC_RENAME:
        apply_rename(t, number, path, path2);
        return;
    case REC_EXCHANGE:
        apply_exchange(t, number, path, path2);
        return;
    case REC_UNLINK:
    case REC_RMDIR:
        name_object(t, number, path, NULL);
        return;
    case REC_WRITE:
    case REC_TRUNCATE:
    case REC_ALLOCATE:
    case REC_ZERO:
        add_change(bound_object(t, r, path), number, r, data);
        return;
    case REC_CHMOD:
        apply_chmod(t, number, r, path);
        return;
    case REC_FSYNC:
    case REC_FDATASYNC:
        apply_sync(t, r, path);
        return;
    case REC_SYNC_ALL:
        sync_all(t);
        return;
    case REC_START:
    case REC_SYNC_RANGE:
    case REC_CLOSE:
    case REC_PRINTED:
    case REC_UNSUPPORTED:
    case REC_OP_END:
        return;
    }
}

/* --- showing a state ------------------------------------------------------------------------------------------ */

struct showing {
    const struct choice *choice;
    node_visitor *visitor;
    void *context;
    char path[PATH_MAX];
};

static void show_file(struct showing *show, struct object *o, struct node *node)
{
    if (!o->is_digest_known)
        o->durable_digest = content_digest(&o->durable);
    o->is_digest_known = true;
    node->content = &o->durable;
    node->digest = o->durable_digest;
    if (o->n_changes == 0) {
        show->visitor(show->context, node);
        return;
    }
    struct content content = content_copy(&o->durable);
    for (size_t i = 0; i < o->n_changes; i++) {
        const struct change *change = &o->changes[i];
        struct verdict verdict = choice_of_bytes(show->choice, change->number, change->record);
        if (change->record->op == REC_CHMOD && verdict.fate != FATE_DROPPED)
            node->mode = change->record->mode & 07777;
        change_content(&content, change, verdict);
    }
    node->content = &content;
    node->digest = content_digest(&content);
    show->visitor(show->context, node);
    content_release(&content);
}

static mode_t folder_mode(const struct showing *show, const struct object *o)
{
    mode_t mode = o->durable_mode;
    for (size_t i = 0; i < o->n_changes; i++)
        if (choice_of_bytes(show->choice, o->changes[i].number, o->changes[i].record).fate != FATE_DROPPED)
            mode = o->changes[i].record->mode & 07777;
    return mode;
}

static void show_object(struct showing *show, struct object *o, size_t path_bytes, unsigned depth)
{
    if (depth > DEPTH_MAX)
        die(PLAIN_ENVIRONMENT, "folders lie deeper than %d at %s", DEPTH_MAX, show->path);
    struct node node = {.path = show->path, .type = o->type, .mode = o->durable_mode, .target = o->target};
    if (o->type == NODE_FILE) {
        show_file(show, o, &node);
        return;
    }
    if (o->type == NODE_FOLDER)
        node.mode = folder_mode(show, o);
    show->visitor(show->context, &node);
    for (size_t i = 0; i < o->n_entries; i++) {
        struct entry *entry = o->entries[i];
        size_t name_bytes = strlen(entry->name);
        if (entry->shown == NULL)
            continue;
        if (path_bytes + name_bytes + 2 > sizeof(show->path))
            die(PLAIN_ENVIRONMENT, "the path of %s is too long", entry->name);
        show->path[path_bytes] = '/';
        memcpy(show->path + path_bytes + 1, entry->name, name_bytes + 1);
        show_object(show, entry->shown, path_bytes + 1 + name_bytes, depth + 1);
        show->path[path_bytes] = '\0';
    }
}

static void choose_names(struct tree *t, const struct choice *choice)
{
    for (size_t i = 0; i < t->n_objects; i++)
        for (size_t j = 0; j < t->objects[i]->n_entries; j++)
            t->objects[i]->entries[j]->shown = t->objects[i]->entries[j]->durable;
    for (size_t i = 0; i < t->n_namings; i++) {
        const struct naming *change = &t->namings[i];
        if (change->number > change->entry->durable_number &&
            choice_of_name(choice, change->number, change->is_old_half))
            change->entry->shown = change->object;
    }
}

void tree_visit(struct tree *t, const struct choice *choice, node_visitor *visitor, void *context)
{
    struct showing show = {.choice = choice, .visitor = visitor, .context = context};
    choose_names(t, choice);
    for (size_t i = 0; i < t->n_roots; i++) {
        struct object *root = t->roots[i].above->entries[0]->shown;
        strcpy(show.path, t->roots[i].name);
        if (root != NULL)
            show_object(&show, root, strlen(show.path), 0);
    }
}

static int rising(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

void tree_pending(const struct tree *t, uint64_t **ret_numbers, size_t *ret_count)
{
    size_t count = 0;
    size_t room = 0;
    uint64_t *numbers = NULL;
    for (size_t i = 0; i < t->n_objects; i++)
        for (size_t j = 0; j < t->objects[i]->n_changes; j++) {
            numbers = plain_grow(numbers, count, &room, sizeof(*numbers));
            numbers[count++] = t->objects[i]->changes[j].number;
        }
    for (size_t i = 0; i < t->n_namings; i++) {
        numbers = plain_grow(numbers, count, &room, sizeof(*numbers));
        numbers[count++] = t->namings[i].number;
    }
    if (count > 0)
        qsort(numbers, count, sizeof(*numbers), rising);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++)
        if (kept == 0 || numbers[kept - 1] != numbers[i])
            numbers[kept++] = numbers[i];
    *ret_numbers = numbers;
    *ret_count = kept;
}

/* --- the beginning and the end -------------------------------------------------------------------------------- */

static void load_file(struct object *o, int folder_fd, const char *name, const char *path)
{
    int fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    uint8_t bytes[CONTENT_BLOCK_BYTES];
    ssize_t n = -1;
    for (uint64_t offset = 0; fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0; offset += (uint64_t)n)
        content_write(&o->durable, offset, bytes, (uint64_t)n);
    if (fd < 0 || n < 0)
        die(PLAIN_ENVIRONMENT, "read %s/%s: %s", path, name, strerror(errno));
    close(fd);
}

static struct object *load_folder(struct tree *t, const struct root *root, int fd, const char *path);

/* ${path}: where the folder was when it was recorded, for the skip rules. */
static struct object *load_one(struct tree *t, const struct root *root, int folder_fd, const char *path,
                               const char *name)
{
    struct stat st;
    if (fstatat(folder_fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        die(PLAIN_ENVIRONMENT, "stat %s/%s: %s", path, name, strerror(errno));
    if (S_ISDIR(st.st_mode)) {
        int fd = openat(folder_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char below[PATH_MAX];
        if (fd < 0 || snprintf(below, sizeof(below), "%s/%s", path, name) >= (int)sizeof(below))
            die(PLAIN_ENVIRONMENT, "open %s/%s: %s", path, name, strerror(errno));
        struct object *o = load_folder(t, root, fd, below);
        o->durable_mode = st.st_mode & 07777;
        return o;
    }
    if (S_ISLNK(st.st_mode)) {
        char target[PATH_MAX];
        ssize_t n = readlinkat(folder_fd, name, target, sizeof(target));
        if (n < 0)
            die(PLAIN_ENVIRONMENT, "readlink %s/%s: %s", path, name, strerror(errno));
        struct object *o = object_new(t, NODE_SYMLINK, 0777);
        o->target = plain_copy(target, (size_t)n);
        return o;
    }
    if (!S_ISREG(st.st_mode))
        die(PLAIN_ENVIRONMENT, "%s/%s is neither file, folder nor symbolic link", path, name);
    struct object *o = object_new(t, NODE_FILE, st.st_mode);
    load_file(o, folder_fd, name, path);
    return o;
}

static struct object *load_folder(struct tree *t, const struct root *root, int fd, const char *path)
{
    DIR *dir = fdopendir(fd);
    if (dir == NULL)
        die(PLAIN_ENVIRONMENT, "read the folder %s: %s", path, strerror(errno));
    struct object *folder = object_new(t, NODE_FOLDER, 0700);
    for (const struct dirent *d; (d = readdir(dir)) != NULL;) {
        char below[PATH_MAX];
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
            continue;
        if (snprintf(below, sizeof(below), "%s/%s", path, d->d_name) >= (int)sizeof(below))
            die(PLAIN_ENVIRONMENT, "the path of %s is too long", d->d_name);
        if (record_skipped(below, root->path, t->skip))
            continue;
        struct object *o = load_one(t, root, dirfd(dir), path, d->d_name);
        struct entry *entry = entry_of(folder, d->d_name, strlen(d->d_name));
        entry->live = entry->durable = o;
    }
    closedir(dir);
    return folder;
}

struct tree *tree_new(const char *skip)
{
    struct tree *t = plain_alloc(sizeof(*t));
    t->skip = skip;
    return t;
}

void tree_add_root(struct tree *t, const char *name, const char *path, const char *snapshot)
{
    if (t->n_roots == ROOTS_MAX)
        die(PLAIN_USAGE, "more than %d roots", ROOTS_MAX);
    if (path[0] != '/' || path[1] == '\0' || path[strlen(path) - 1] == '/')
        die(PLAIN_USAGE, "a root is an absolute path without a slash at its end, not \"%s\"", path);
    for (size_t i = 0; i < t->n_roots; i++)
        if (record_under(path, t->roots[i].path) || record_under(t->roots[i].path, path))
            die(PLAIN_USAGE, "the roots %s and %s lie within each other", path, t->roots[i].path);
    struct root *root = &t->roots[t->n_roots++];
    const char *slash = strrchr(path, '/');
    root->name = name;
    root->path = path;
    root->parent_path = slash == path ? plain_copy("/", 1) : plain_copy(path, (size_t)(slash - path));
    root->above = object_new(t, NODE_FOLDER, 0700);
    struct entry *entry = entry_of(root->above, slash + 1, strlen(slash + 1));
    int fd = snapshot == NULL ? -1 : open(snapshot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        entry->live = entry->durable = load_folder(t, root, fd, path);
    else if (snapshot != NULL && errno != ENOENT)
        die(PLAIN_ENVIRONMENT, "open %s: %s", snapshot, strerror(errno));
}

static void object_free(struct object *o)
{
    for (size_t i = 0; i < o->n_entries; i++) {
        free(o->entries[i]->name);
        free(o->entries[i]);
    }
    content_release(&o->durable);
    free(o->entries);
    free(o->changes);
    free(o->target);
    free(o);
}

void tree_free(struct tree *t)
{
    if (t == NULL)
        return;
    for (size_t i = 0; i < t->n_objects; i++)
        object_free(t->objects[i]);
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct binding *b = t->buckets[i]; b != NULL;) {
            struct binding *next = b->next;
            free(b);
            b = next;
        }
    for (size_t i = 0; i < t->n_roots; i++)
        free(t->roots[i].parent_path);
    free(t->objects);
    free(t->namings);
    free(t);
}
