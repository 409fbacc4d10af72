/* Is a mirror whole?  By its own journal, without keys, and without the repository where that is not at hand. */
#include "mirror/mirror_internal.h"

#include "base/text.h"

#include <stdio.h>

struct verifying {
    struct mirror *m;
    const struct store_watch *watch;
    struct mirror_verified *count;
    struct store_bound *bound;
};

static void verifying_release(struct verifying *v)
{
    mirror_drop(&v->m);
    store_bound_drop(&v->bound);
}

static void found(struct verifying *v, const char *line)
{
    v->count->findings++;
    v->watch->finding(v->watch->context, line);
}

#define FOUND(v, ...)                                                                                                  \
    do {                                                                                                               \
        struct err found_line = {0};                                                                                   \
        (void)err_set(&found_line, ERR_DAMAGED, __VA_ARGS__);                                                          \
        found((v), found_line.text);                                                                                   \
    } while (0)

static int take(void *context, const struct ledger_record *r, struct err *e)
{
    struct verifying *v = context;
    v->count->bytes += r->bytes;
    return store_bound_take(v->bound, r, e);
}

/* ${only_sealed}: of what may have been replaced in records that cannot be read, nothing is known. */
static int check_files(struct verifying *v, bool only_sealed, struct err *e)
{
    struct mirror_carrying c = {.watch = v->watch, .passes = 1};
    size_t count = store_bound_count(v->bound);
    struct store_bound_file f;
    int rc = 0;
    for (size_t i = 0; i < count; i++) {
        store_bound_file(v->bound, i, &f);
        c.all += f.bytes;
    }
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct file_path path;
        struct err why = {0};
        store_bound_file(v->bound, i, &f);
        if (only_sealed && (f.pack == NULL || !f.pack->sealed))
            continue;
        rc = file_path(&path, e, "%s/%s", v->m->folder, f.name);
        if (rc != 0)
            return rc;
        rc = mirror_carry_check(&c, path.s, &f, &why);
        v->count->files += rc == 0;
        v->count->bytes += rc == 0 ? f.bytes : 0;
        if (rc == ERR_DAMAGED || rc == ERR_ABSENT) {
            found(v, why.text);
            rc = 0;
        } else if (rc != 0)
            rc = err_set(e, rc, "%s", why.text);
    }
    return rc;
}

/* ---- beside the repository ---- */

struct beside {
    uint64_t records;
    const struct history_logs *logs;
    struct checkpoint then;
};

static int at_record(void *context, const struct ledger_record *r, struct err *e)
{
    struct beside *b = context;
    if (r->number + 1 < b->records)
        return 0;
    int rc = history_checkpoint(r->checkpoint, b->logs, NOTE_STRICT, &b->then, e);
    return rc == 0 ? ERR_STOPPED : rc; /* far enough */
}

/* The mirror is asked about, not the repository: what is wrong there is said, and the mirror checked all the same. */
static int not_compared(const struct store_place *place, const struct err *why)
{
    struct err line = {0};
    (void)err_set(&line, ERR_IO, "the mirror was not compared with %s: %s", place->root, why->text);
    if (place->tell != NULL)
        place->tell(place->tell_context, line.text);
    return 0;
}

/* The repository's last record must be among the mirror's; where that cannot be read there, the walk says so. */
static void ahead(struct verifying *v, const struct ledger_position *now)
{
    struct ledger_record r;
    if (now->records == 0 || !v->m->has_founded ||
        ledger_pieces_record(v->m->pieces, &v->m->history.logs, now->records - 1, NULL, &r, NULL) != 0 ||
        hash_equal(&r.hash, &now->last))
        return;
    FOUND(v,
          "commit %llu in the mirror is another than here, and the log key signed both: these are two histories. Keep "
          "both and ask for help",
          (unsigned long long)r.number);
}

static int compare(struct verifying *v, const struct store_place *place, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_facts facts;
    struct err mine = {0};
    int rc = store_open(place, STORE_PUBLIC, &s, &mine);
    if (rc != 0)
        return not_compared(place, &mine);
    store_facts(s, &facts);
    const struct ledger_position now = facts.position;
    if (!hash_equal(&facts.pin, &v->m->pin))
        return err_set(e, ERR_REFUSED, "%s is a mirror of another repository than %s: name the right one with -R",
                       v->m->folder, place->root);
    v->count->compared = true;
    v->count->behind = now.records > v->m->records ? now.records - v->m->records : 0;
    v->count->ahead = now.records < v->m->records ? v->m->records - now.records : 0;
    if (v->count->ahead > 0) {
        ahead(v, &now);
        return 0;
    }
    struct beside b = {.records = v->m->records, .logs = &v->m->history.logs};
    rc = ledger_walk(store_ledger(s), -1, LEDGER_FIRST, 0, at_record, &b, &mine);
    if (rc != ERR_STOPPED) {
        v->count->compared = false;
        return not_compared(place, &mine);
    }
    if (b.then.size != v->m->commit.size || !hash_equal(&b.then.root, &v->m->commit.root))
        FOUND(v,
              "at %llu leaves the mirror has another root than the repository: these are two histories. Keep both "
              "and ask for help",
              (unsigned long long)v->m->commit.size);
    return 0;
}

/* ---- all of it ---- */

static void check_head(struct verifying *v)
{
    if (v->m->head_fault.code != 0)
        FOUND(v, "%s/mirror: %s", v->m->folder, v->m->head_fault.text);
    else if (!v->m->has_head)
        FOUND(v, "%s/mirror is missing", v->m->folder);
    if (v->m->bad_commits > 0 && v->m->has_founded) /* else nothing tells who signed them */
        FOUND(v, "%llu of its commits are damaged", (unsigned long long)v->m->bad_commits);
}

static int check_all(struct verifying *v, struct err *e)
{
    struct err mine = {0};
    check_head(v);
    if (v->m->founded_fault.code != 0) {
        FOUND(v, "%s; what its journal names from there on was not looked at", v->m->founded_fault.text);
        return 0;
    }
    if (!v->m->has_founded || !v->m->has_commit) {
        FOUND(v, "the mirror was never finished: run groundwork mirror again");
        return 0;
    }
    int rc = store_bound_new(&v->m->founded.founded, &v->bound, e);
    if (rc != 0)
        return rc;
    rc = mirror_walk(v->m, take, v, &mine);
    if (rc == ERR_DAMAGED)
        FOUND(v, "%s; what its journal names from there on was not looked at", mine.text);
    else if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    return check_files(v, rc != 0, e);
}

int mirror_verify(const char *folder, const struct store_place *place, const struct store_watch *watch,
                        struct mirror_verified *ret, struct err *e)
{
    OWN(verifying_release) struct verifying v = {.watch = watch, .count = ret};
    *ret = (struct mirror_verified){0};
    int rc = mirror_open(folder, &v.m, e);
    if (rc != 0)
        return rc;
    memcpy(ret->id, v.m->id, MIRROR_ID);
    ret->pin = v.m->pin;
    if (v.m->has_founded)
        (void)snprintf(ret->origin, sizeof ret->origin, "%s", v.m->founded.founded.origin);
    ret->records = v.m->records;
    ret->leaves = v.m->commit.size;
    ret->root = v.m->commit.root;
    if (place != NULL && v.m->has_commit)
        rc = compare(&v, place, e);
    if (rc == 0)
        rc = check_all(&v, e);
    if (rc == 0 && ret->findings > 0)
        rc = err_set(e, ERR_DAMAGED,
                     "%llu findings: run groundwork mirror --again, which copies anew what is damaged there",
                     (unsigned long long)ret->findings);
    return rc;
}
