/*
 * Asking for a time-stamp, and taking its answer to the log.
 *
 * What was asked waits in stamps/asked/<nonce, 16 hex digits>:
 *
 *     groundwork/asked/v1
 *     nonce <hex 8>
 *     authority <base64 of the name; nothing when none was said>
 *     (an empty line, then the checkpoint as it was signed)
 */
#include "store/store_internal.h"

#include <errno.h>

static const char HEAD[] = "groundwork/asked/v1\n";
enum { NONCE_BYTES = 8, ASKED_BYTES_MAX = STATEMENT_CHECKPOINT_MAX + 2 * STATEMENT_TEXT_MAX, HEX = 2 * NONCE_BYTES };

void store_asked_put(uint64_t nonce, const char *name, struct bytes checkpoint, struct buf *to)
{
    uint8_t bytes[NONCE_BYTES];
    u64_put(bytes, nonce);
    buf_printf(to, "%snonce ", HEAD);
    buf_put_hex(to, bytes_of(bytes, sizeof bytes));
    buf_put_text(to, "\nauthority ");
    if (name != NULL)
        buf_put_base64(to, bytes_text(name));
    buf_put_text(to, "\n\n");
    buf_put_bytes(to, checkpoint);
}

bool store_asked_parse(struct bytes text, uint64_t *ret_nonce, struct buf *ret_name, struct bytes *ret_checkpoint)
{
    struct cursor c = cursor_of(text);
    uint8_t nonce[NONCE_BYTES];
    bool good = cursor_expect(&c, HEAD) && cursor_expect(&c, "nonce ") &&
                hex_get(cursor_take(&c, HEX), nonce, sizeof nonce) == 0 && cursor_expect(&c, "\nauthority ");
    struct bytes name = cursor_line(&c);
    good = good && base64_get(name, ret_name) == 0 && cursor_expect(&c, "\n") && c.left > 0;
    *ret_nonce = good ? u64_get(nonce) : 0;
    *ret_checkpoint = bytes_of(c.p, c.left);
    return good && !c.failed;
}

static int asked_path(const struct store *s, uint64_t nonce, struct file_path *to, struct err *e)
{
    return file_path(to, e, "%s/stamps/asked/%016llx", s->root, (unsigned long long)nonce);
}

int store_asked_count(const struct store *s, uint64_t *ret, struct err *e)
{
    struct file_path path;
    int rc = file_path(&path, e, "%s/stamps/asked", s->root);
    *ret = 0;
    if (rc != 0)
        return rc;
    OWN(dir_drop) DIR *dir = opendir(path.s);
    if (dir == NULL)
        return errno == ENOENT || errno == ENOTDIR ? 0 : err_os(e, ERR_IO, errno, "look into %s", path.s);
    for (const struct dirent *d; (d = readdir(dir)) != NULL;)
        *ret += strlen(d->d_name) == HEX && strspn(d->d_name, "0123456789abcdef") == HEX;
    return 0;
}

/* ---- asking ---- */

static int remember(const struct store *s, uint64_t nonce, const char *name, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = file_path(&path, e, "%s/stamps", s->root);
    if (rc == 0)
        rc = file_make_folder(path.s, e);
    if (rc == 0)
        rc = file_path(&path, e, "%s/stamps/asked", s->root);
    if (rc == 0)
        rc = file_make_folder(path.s, e);
    store_asked_put(nonce, name, ledger_checkpoint(s->ledger), &text);
    if (rc == 0)
        rc = buf_check(&text, e);
    if (rc == 0)
        rc = asked_path(s, nonce, &path, e);
    return rc == 0 ? file_create(path.s, buf_bytes(&text), 0644, e) : rc;
}

int store_stamp_ask(struct store *s, const char *name, struct buf *to, struct store_asked *ret, struct err *e)
{
    struct ledger_position now;
    struct hash imprint;
    uint64_t nonce = 0, waiting = 0;
    ledger_where(s->ledger, &now);
    int rc = store_asked_count(s, &waiting, e);
    if (rc == 0 && waiting >= STORE_ASKED_MAX)
        rc = err_set(e, ERR_REFUSED,
                     "%d requests wait for their answers already: remove from %s/stamps/asked those that will get none",
                     STORE_ASKED_MAX, s->root);
    if (rc != 0)
        return rc;
    while (nonce == 0)
        crypt_random(&nonce, sizeof nonce);
    crypt_sha256(ledger_checkpoint(s->ledger), &imprint);
    rc = crypt_stamp_request(&imprint, nonce, to, e);
    if (rc == 0)
        rc = remember(s, nonce, name, e);
    if (rc == 0)
        *ret = (struct store_asked){nonce, now.leaves, now.root};
    return rc;
}

int store_stamp_unask(struct store *s, const struct store_asked *asked, struct err *e)
{
    struct file_path path;
    int rc = asked_path(s, asked->nonce, &path, e);
    return rc == 0 ? file_remove(path.s, e) : rc;
}

/* ---- the answer ---- */

struct answer {
    struct crypt_stamp stamp;
    struct buf chain, asked, checkpoint;
    struct file_path path; /* of what was asked */
};

static void answer_release(struct answer *a)
{
    buf_drop(&a->chain);
    buf_drop(&a->asked);
    buf_drop(&a->checkpoint);
}

/* The request that it answers, and that it is over just what was asked. */
static int answer_match(const struct store *s, struct answer *a, struct buf *ret_name, struct err *e)
{
    struct bytes checkpoint;
    struct hash imprint;
    uint64_t nonce = 0;
    struct err mine = {0};
    int rc = asked_path(s, a->stamp.nonce, &a->path, e);
    if (rc != 0)
        return rc;
    rc = file_read_all(a->path.s, ASKED_BYTES_MAX, &a->asked, &mine);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_REFUSED,
                       "no request with its nonce waits here: it was answered already, or was made elsewhere");
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (!store_asked_parse(buf_bytes(&a->asked), &nonce, ret_name, &checkpoint) || nonce != a->stamp.nonce)
        return err_set(e, ERR_DAMAGED, "%s is damaged: remove it, and ask anew", a->path.s);
    crypt_sha256(checkpoint, &imprint);
    if (!hash_equal(&imprint, &a->stamp.imprint))
        return err_set(e, ERR_DAMAGED, "the time-stamp is over something else than was asked");
    buf_put_bytes(&a->checkpoint, checkpoint);
    return buf_check(&a->checkpoint, e);
}

static int on_the_log(struct store *s, const struct hash *response, struct err *e)
{
    OWN(store_stamps_release) struct store_stamps kept = {0};
    int rc = store_stamps(s, &kept, e);
    for (size_t i = 0; rc == 0 && i < kept.count; i++)
        if (hash_equal(&kept.list[i].response, response))
            rc = err_set(e, ERR_REFUSED, "this time-stamp is on the log already, at leaf %llu",
                         (unsigned long long)kept.list[i].leaf);
    return rc;
}

static int commit(struct store *s, const struct statement_timestamped *t, struct err *e)
{
    int rc = store_draft_begin(s, e);
    if (rc != 0)
        return rc;
    s->draft.stamped = t;
    return store_commit(s, e);
}

static int take(struct store *s, struct answer *a, struct bytes response, struct store_stamp *ret, struct err *e)
{
    struct checkpoint c;
    struct ledger_position now;
    int rc = history_checkpoint(buf_bytes(&a->checkpoint), &s->history.logs, NOTE_STRICT, &c, e);
    if (rc != 0)
        return rc;
    struct statement_timestamped t = {.checkpoint = buf_text(&a->checkpoint),
                                      .response = response,
                                      .chain = buf_text(&a->chain),
                                      .leaves = c.size,
                                      .root = c.root,
                                      .authority = a->stamp.authority,
                                      .pinned = a->stamp.root,
                                      .stamped_unix_s = a->stamp.at_unix_s,
                                      .accuracy_us = a->stamp.accuracy_us,
                                      .policy = a->stamp.policy};
    crypt_sha256(response, &t.sha256);
    ledger_where(s->ledger, &now);
    rc = on_the_log(s, &t.sha256, e);
    if (rc == 0)
        rc = store_stamp_check(s, now.leaves, &t, ret, e); /* as every later verify will */
    return rc == 0 ? commit(s, &t, e) : rc;
}

int store_stamp_take(struct store *s, struct bytes response, struct bytes chain, struct store_stamp *ret,
                     struct buf *ret_name, struct err *e)
{
    OWN(answer_release) struct answer a = {0};
    int rc = crypt_stamp_read(response, chain, &a.stamp, &a.chain, e);
    if (rc == 0)
        rc = answer_match(s, &a, ret_name, e);
    if (rc == 0)
        rc = take(s, &a, response, ret, e);
    struct err later = {0};
    if (rc == 0 && file_remove(a.path.s, &later) != 0)
        store_tell(s, later.text); /* the stamp is on the log all the same */
    return rc;
}
