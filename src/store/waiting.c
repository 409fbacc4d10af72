/*
 * What forbids, and waits for the log: a withdrawal, or a form that allows nothing, said while another program writes.
 * FORMAT 17.5.
 *
 *     waiting/<hex compartment>/<hex key id of the member>-<hex id>    head and one frame, as a spool has them
 *
 * A file is there whole, or not at all: it gets its name when it is durable.  From then on every decision hears it.
 * The next commit puts its statement on the log, as it was signed, under the secret that its signer drew; there it has
 * the id that the file has in its name, so that it is never taken twice, however often the file comes back.
 *
 * A no must not be lost to a fault: what cannot be read stands in the way of everything until repair has put it aside.
 */
#include "store/store_internal.h"

#include "base/clock.h"
#include "base/text.h"
#include "model/terms.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>

enum {
    FILE_BYTES_MAX = STORE_SPOOL_SECTOR + STORE_SPOOL_FRAME_MAX,
    FOLD_BYTES_MAX = 16 << 20, /* in one commit; the rest waits for the next one */
};

void store_waiting_release(struct store_waiting *w)
{
    for (size_t i = 0; i < w->count; i++)
        store_record_release(&w->list[i].record);
    free(w->list);
    *w = (struct store_waiting){0};
}

static int path_of(const struct store *s, const char *name, struct file_path *ret, struct err *e)
{
    char hex[2 * KEYRING_ID + 1];
    hex_put(hex, s->compartment, KEYRING_ID);
    return file_path(ret, e, "%s/waiting/%s%s%s", s->root, hex, name[0] == 0 ? "" : "/", name);
}

/* ---- one file ---- */

bool store_waiting_file(const char *name, struct bytes file, struct store_spool_of *ret_of, struct bytes *ret_frame)
{
    uint32_t logged;
    size_t at = STORE_SPOOL_SECTOR;
    struct bytes none;
    return store_spool_named(name, ret_of) && store_spool_begin(file, ret_of, &logged) && logged == 0 &&
           store_spool_next(file, &at, ret_frame) == STORE_SPOOL_FRAME &&
           store_spool_next(file, &at, &none) == STORE_SPOOL_END;
}

static int frame_open(struct store *s, const struct store_spool_of *of, struct bytes frame, struct store_record *ret,
                      struct err *e)
{
    OWN(key_drop) struct key key = {0};
    const struct store_spool_lock lock = store_spool_lock(s, KEYRING_WAITING, of, &key);
    return store_spool_open(&lock, frame, &ret->held, &ret->content, e);
}

static int record_read(struct store *s, const struct store_spool_of *of, struct bytes frame, struct store_record *ret,
                       struct err *e)
{
    int rc = frame_open(s, of, frame, ret, e);
    if (rc != 0)
        return rc;
    const struct store_spool_lock lock = {.pin = &s->pin, .of = of, .leaves = store_leaves_end(s)};
    rc = store_record_signed(s, &lock, STATEMENT_WITHDRAWN, ret, e);
    if (rc != 0 && store_record_signed(s, &lock, STATEMENT_CONSENT, ret, NULL) != 0)
        return rc;
    return ret->st.place.waited && memcmp(ret->st.place.investigation, of->b + 4, STATEMENT_ID) == 0
               ? 0
               : err_set(e, ERR_DAMAGED, "what waits is not what its name says");
}

/* ERR_ABSENT: it is on the log by now. */
static int file_read(struct store *s, struct store_waiting_one *one)
{
    OWN(buf_drop) struct buf file = {0};
    struct file_path path;
    struct bytes frame;
    int rc = path_of(s, one->name, &path, &one->why);
    if (rc == 0)
        rc = file_read_all(path.s, FILE_BYTES_MAX, &file, &one->why);
    if (rc == 0 && !store_waiting_file(one->name, buf_bytes(&file), &one->of, &frame))
        rc = err_set(&one->why, ERR_DAMAGED, "%s has another form than such files have", path.s);
    return rc == 0 ? record_read(s, &one->of, frame, &one->record, &one->why) : rc;
}

/* ---- all of them ---- */

static int one_more(struct store_waiting *w, const char *name, struct err *e)
{
    if (w->count == w->room) {
        size_t room = w->room * 2 + 4;
        struct store_waiting_one *grown = reallocarray(w->list, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        w->list = grown;
        w->room = room;
    }
    w->list[w->count] = (struct store_waiting_one){.rc = ERR_DAMAGED};
    (void)snprintf(w->list[w->count++].name, sizeof w->list[0].name, "%s", name);
    return 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct store_waiting_one *)a)->name, ((const struct store_waiting_one *)b)->name);
}

/* Names alone.  Every name counts that is no draft's, which begins with a dot: a damaged one is a no, too. */
static int names_list(const struct store *s, struct store_waiting *ret, struct err *e)
{
    struct file_path folder;
    int rc = path_of(s, "", &folder, e);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(folder.s);
    if (dir == NULL)
        return errno == ENOENT ? 0 : err_os(e, ERR_IO, errno, "cannot open the folder %s", folder.s);
    errno = 0;
    for (const struct dirent *d; rc == 0 && (d = readdir(dir)) != NULL; errno = 0)
        rc = d->d_name[0] == '.' ? 0 : one_more(ret, d->d_name, e);
    if (rc == 0 && errno != 0)
        rc = err_os(e, ERR_IO, errno, "cannot read %s", folder.s);
    if (rc == 0 && ret->count > 1)
        qsort(ret->list, ret->count, sizeof ret->list[0], by_name);
    return rc;
}

int store_waiting_read(struct store *s, struct store_waiting *ret, struct err *e)
{
    size_t kept = 0;
    store_behind_wait(s); /* its keys are the keyring's, which what is behind may change */
    int rc = names_list(s, ret, e);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < ret->count; i++) {
        struct store_waiting_one *one = &ret->list[i];
        one->rc = file_read(s, one);
        if (one->rc == ERR_ABSENT)
            store_record_release(&one->record);
        else
            ret->list[kept++] = *one;
    }
    ret->count = kept;
    return 0;
}

int store_waiting_same(const struct store *s, const struct store_waiting *w, bool *ret, struct err *e)
{
    OWN(store_waiting_release) struct store_waiting now = {0};
    int rc = names_list(s, &now, e);
    bool same = now.count == w->count;
    for (size_t i = 0; same && i < w->count; i++)
        same = strcmp(now.list[i].name, w->list[i].name) == 0;
    if (rc == 0)
        *ret = same;
    return rc;
}

/* What a file held that is damaged by now is on the log when its id is; two statements of one id are no accident. */
int store_waiting_mark(struct store *s, struct store_waiting *w, struct err *e)
{
    struct index *index = store_index(s); /* before the lock, which what is behind may need to end */
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->count; i++) {
        struct store_waiting_one *one = &w->list[i];
        struct hash commitment;
        uint64_t leaf;
        if (!store_spool_named(one->name, &one->of))
            continue;
        pthread_mutex_lock(&s->asking);
        rc = index_waited(index, one->of.b + 4, &leaf, &commitment, e);
        pthread_mutex_unlock(&s->asking);
        one->logged = rc == 0;
        if (rc == 0 && one->rc == 0 && memcmp(commitment.b, one->record.entry + 1, CRYPT_HASH) != 0) {
            one->logged = false;
            one->rc = err_set(&one->why, ERR_DAMAGED, "what waits has the id of another statement on the log");
        }
        if (rc == ERR_ABSENT)
            rc = 0;
    }
    return rc;
}

bool store_waiting_damaged(const struct store_waiting *w)
{
    for (size_t i = 0; i < w->count; i++)
        if (!w->list[i].logged && w->list[i].rc == ERR_DAMAGED)
            return true;
    return false;
}

/* Without keys: of all compartments. */
int store_waiting_count(const struct store *s, uint64_t *ret, struct err *e)
{
    struct file_path top, below;
    uint64_t count = 0;
    int rc = file_path(&top, e, "%s/waiting", s->root);
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(top.s);
    if (dir == NULL && errno != ENOENT)
        return err_os(e, ERR_IO, errno, "cannot open the folder %s", top.s);
    for (const struct dirent *d; rc == 0 && dir != NULL && (d = readdir(dir)) != NULL;) {
        OWN(dir_drop) DIR *inner = NULL;
        rc = d->d_name[0] == '.' ? 0 : file_path(&below, e, "%s/%s", top.s, d->d_name);
        if (rc == 0 && d->d_name[0] != '.' && (inner = opendir(below.s)) == NULL)
            rc = err_os(e, ERR_IO, errno, "cannot open the folder %s", below.s);
        for (const struct dirent *one; rc == 0 && inner != NULL && (one = readdir(inner)) != NULL;)
            count += one->d_name[0] != '.';
    }
    if (rc == 0)
        *ret = count;
    return rc;
}

/* ---- said ---- */

static int file_write(struct store *s, const struct store_spool_of *of, const struct store_spool_content *content,
                      struct err *e)
{
    OWN(key_drop) struct key key = {0};
    OWN(buf_drop) struct buf file = {0};
    const struct store_spool_lock lock = store_spool_lock(s, KEYRING_WAITING, of, &key);
    struct file_path folder, path;
    char name[STORE_SPOOL_NAME];
    store_spool_name(of, name);
    store_spool_head(of, 0, &file);
    int rc = store_spool_seal(&lock, content, &file, e);
    if (rc == 0)
        rc = path_of(s, "", &folder, e);
    if (rc == 0)
        rc = path_of(s, name, &path, e);
    if (rc == 0)
        rc = file_make_folders(folder.s, e);
    if (rc == 0) /* somebody else may have made them just now, and not have synced them yet */
        rc = file_sync_parent(folder.s, e);
    if (rc == 0)
        rc = file_sync_folder(s->root, e);
    return rc == 0 ? file_create(path.s, buf_bytes(&file), 0600, e) : rc;
}

/* Read again as every decision reads it: what could not be heard would stop everything, or nothing. */
static int heard_again(struct store *s, const struct store_spool_of *of, struct err *e)
{
    OWN(store_waiting_release) struct store_waiting w = {0};
    struct store_waiting_one *one;
    char name[STORE_SPOOL_NAME];
    store_spool_name(of, name);
    int rc = one_more(&w, name, e);
    if (rc != 0)
        return rc;
    one = &w.list[0];
    one->rc = file_read(s, one);
    return one->rc == 0 || one->rc == ERR_ABSENT ? 0 : err_set(e, one->rc, "%s", one->why.text);
}

/* Who is told that it stops nothing must not leave what may stop everything. */
static void take_back(const struct store *s, const struct store_spool_of *of)
{
    struct file_path path;
    char name[STORE_SPOOL_NAME];
    store_spool_name(of, name);
    if (path_of(s, name, &path, NULL) == 0)
        (void)file_remove(path.s, NULL);
}

int store_wait(struct store *s, struct statement *st, struct err *e)
{
    OWN(buf_wipe) struct buf text = {0}, values = {0}, note = {0};
    struct store_spool_content content;
    struct store_spool_of of;
    int rc = store_may_sign(s, st->kind, e);
    if (rc != 0)
        return rc;
    memcpy(of.b, s->identity.member.id, 4);
    crypt_random(of.b + 4, STATEMENT_ID);
    crypt_random(content.secret.b, CRYPT_KEY);
    st->place = (struct statement_place){.waited = true};
    memcpy(st->place.investigation, of.b + 4, STATEMENT_ID);
    rc = statement_make(st, &content.secret, &text, &values, e);
    if (rc == 0)
        rc = statement_finish(st->kind, buf_bytes(&text), &s->identity.member, &s->identity.sign, &note, e);
    content.statement = buf_bytes(&note);
    content.values = buf_bytes(&values);
    if (rc == 0)
        rc = file_write(s, &of, &content, e);
    key_drop(&content.secret);
    if (rc == 0)
        rc = heard_again(s, &of, e);
    if (rc != 0)
        take_back(s, &of);
    return rc == 0 ? 0 : err_add(e, rc, "it is NOT written down, and stops nothing");
}

/* ---- onto the log ---- */

static void tell_unfit(const struct store *s, const struct store_waiting_one *one)
{
    struct err line = {0};
    if (one->rc != 0)
        (void)err_set(&line, ERR_DAMAGED,
                      "%s in waiting/ cannot be read, and may hold a withdrawal: nothing goes out until it can, or "
                      "until groundwork repair has put it aside: %s",
                      one->name, one->why.text);
    else
        (void)err_set(&line, ERR_REFUSED,
                      "%s in waiting/ is signed by a member who no longer signs, and does not go on the log: it stands "
                      "while it lies there; say it again (groundwork consent withdraw), then groundwork repair puts it "
                      "aside",
                      one->name);
    store_tell(s, line.text);
}

static void file_drop(const struct store *s, const struct store_waiting_one *one)
{
    struct file_path path;
    struct err mine = {0};
    int rc = path_of(s, one->name, &path, &mine);
    if (rc == 0)
        rc = file_remove(path.s, &mine);
    if (rc != 0) /* it is known by its id, and does no harm */
        store_tell(s, mine.text);
}

/* Two of one id would be damage of the log; the second is told when the first is there. */
static bool id_taken(const struct store_waiting *w, size_t end)
{
    for (size_t i = 0; i < end; i++) {
        const struct store_waiting_one *one = &w->list[i];
        if (!one->logged && one->rc == 0 && !one->record.gone &&
            memcmp(one->of.b + 4, w->list[end].of.b + 4, STATEMENT_ID) == 0)
            return true;
    }
    return false;
}

static int files_fold(struct store *s, const struct store_waiting *w, struct err *e)
{
    bool told = s->waiting_told;
    size_t bytes = 0;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->count; i++) {
        const struct store_waiting_one *one = &w->list[i];
        if (one->logged)
            file_drop(s, one);
        else if (one->rc != 0 || one->record.gone) {
            if (!told)
                tell_unfit(s, one);
            s->waiting_told = true;
        } else if (bytes < FOLD_BYTES_MAX && !id_taken(w, i)) {
            rc = store_draft_fold(s, &one->record, e);
            bytes += one->record.content.statement.n + one->record.content.values.n;
            s->waits = true;
        }
    }
    return rc;
}

int store_waiting_fold(struct store *s, struct err *e)
{
    OWN(store_waiting_release) struct store_waiting w = {0};
    struct err mine = {0};
    if (s->draft.waited)
        return 0;
    s->draft.waited = true;
    int rc = store_waiting_read(s, &w, &mine);
    if (rc == 0)
        rc = store_waiting_mark(s, &w, &mine);
    if (rc != 0) { /* what is written does not wait for it */
        store_tell(s, mine.text);
        return 0;
    }
    return files_fold(s, &w, e);
}

void store_waiting_sweep(struct store *s)
{
    OWN(store_waiting_release) struct store_waiting w = {0};
    struct err mine = {0};
    if (!s->waits || s->index == NULL)
        return;
    s->waits = false;
    int rc = store_waiting_read(s, &w, &mine);
    if (rc == 0)
        rc = store_waiting_mark(s, &w, &mine);
    if (rc != 0)
        store_tell(s, mine.text);
    for (size_t i = 0; rc == 0 && i < w.count; i++)
        if (w.list[i].logged)
            file_drop(s, &w.list[i]);
}

/* Who may not withdraw writes nothing here that would be a commit of her own. */
int store_waiting_settle(struct store *s, struct err *e)
{
    OWN(store_waiting_release) struct store_waiting names = {0};
    struct err mine = {0};
    int rc = store_may_sign(s, STATEMENT_WITHDRAWN, NULL) == 0 ? names_list(s, &names, &mine) : 0;
    if (rc != 0)
        store_tell(s, mine.text);
    size_t left = names.count; /* each commit takes one of them, or more */
    for (bool more = rc == 0; more && left > 0; left--) {
        rc = store_draft_begin(s, e);
        if (rc == 0)
            rc = store_waiting_fold(s, e);
        more = rc == 0 && s->draft.count > 0;
        if (more)
            rc = store_commit(s, e);
        else
            store_draft_drop(s);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- for repair ---- */

/* Does the log forbid all that it forbids? */
static int forbidden_anyway(struct store *s, const struct statement *st, bool *ret, struct err *e)
{
    OWN(buf_drop) struct buf held = {0};
    const struct statement_persons *persons = terms_words(st);
    struct consent_word words[CONSENT_SCOPES], said;
    int rc = 0;
    *ret = true;
    for (size_t i = 0; rc == 0 && i < persons->count; i++) {
        rc = store_words_before(s, persons->codes[i], UINT64_MAX, words, &held, e);
        for (int scope = 0; rc == 0 && scope < CONSENT_SCOPES; scope++)
            if (terms_word(st, (enum consent_scope)scope, 0, &said) && words[scope].answer == CONSENT_YES)
                *ret = false;
    }
    return rc;
}

static int one_aside(struct store *s, const struct store_waiting_one *one, struct buf *words, struct err *e)
{
    char hex[2 * KEYRING_ID + 1];
    struct file_path below, to;
    struct err line = {0};
    bool damaged = one->rc == ERR_DAMAGED;
    hex_put(hex, s->compartment, KEYRING_ID);
    int rc = file_path(&below, e, "waiting/%s/%s", hex, one->name);
    if (rc == 0)
        rc = store_move_aside(s->root, below.s, damaged ? "damaged" : "unfit", &to, e);
    if (rc != 0)
        return rc;
    if (damaged)
        (void)err_set(&line, ERR_DAMAGED,
                      "%s could not be read: a withdrawal that waited in it is not on the log, and stops nothing any "
                      "more; ask who may have said it, and say it again; it was moved to %s",
                      below.s, to.s);
    else
        (void)err_set(&line, ERR_REFUSED,
                      "%s is signed by a member who no longer signs; the log forbids all that it forbids; it was moved "
                      "to %s",
                      below.s, to.s);
    buf_put_text(words, line.text);
    buf_put_u8(words, '\n');
    return buf_check(words, e);
}

int store_waiting_aside(struct store *s, struct store_waiting *w, struct buf *words, struct err *e)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < w->count; i++) {
        const struct store_waiting_one *one = &w->list[i];
        bool goes = one->rc == ERR_DAMAGED;
        if (one->rc == 0 && one->record.gone && !one->logged)
            rc = forbidden_anyway(s, &one->record.st, &goes, e);
        if (rc == 0 && goes && !one->logged)
            rc = one_aside(s, one, words, e);
    }
    return rc;
}
