#include "model/cosigning.h"

static void put_hash(const struct hash *h, struct buf *to)
{
    buf_put_base64(to, bytes_of(h->b, CRYPT_HASH));
    buf_put_text(to, "\n");
}

static struct bytes rest_of(const struct cursor *c)
{
    return bytes_of(c->p, c->left);
}

/* ---- requests ---- */

void cosigning_request_text(const struct cosigning_request *r, struct buf *to)
{
    buf_put_text(to, "old ");
    buf_put_decimal(to, r->old_size);
    buf_put_text(to, "\n");
    for (size_t i = 0; i < r->proof.count; i++)
        put_hash(&r->proof.hash[i], to);
    buf_put_text(to, "\n");
    buf_put_bytes(to, r->note);
}

int cosigning_request_parse(struct bytes text, struct cosigning_request *ret, struct err *e)
{
    if (text.n > COSIGNING_REQUEST_MAX)
        return err_set(e, ERR_DAMAGED, "the request has %zu bytes; at most %d are allowed", text.n,
                       COSIGNING_REQUEST_MAX);
    struct cursor c = cursor_of(text);
    struct cosigning_request r = {.old_size = 0};
    if (!cursor_expect(&c, "old ") || decimal_get(cursor_line(&c), &r.old_size) != 0 || c.failed ||
        r.old_size > TREE_SIZE_MAX)
        return err_set(e, ERR_DAMAGED, "the request does not begin with \"old\" and a decimal number");
    for (;;) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            return err_set(e, ERR_DAMAGED, "the request has no empty line before its checkpoint");
        if (line.n == 0)
            break;
        if (r.proof.count == COSIGNING_PROOF_MAX)
            return err_set(e, ERR_DAMAGED, "the request has more than %d hashes", COSIGNING_PROOF_MAX);
        if (base64_get_exact(line, r.proof.hash[r.proof.count].b, CRYPT_HASH) != 0)
            return err_set(e, ERR_DAMAGED, "hash %zu of the request is not base64 of 32 bytes", r.proof.count + 1);
        r.proof.count++;
    }
    r.note = rest_of(&c);
    if (r.note.n == 0)
        return err_set(e, ERR_DAMAGED, "the request carries no checkpoint");
    *ret = r;
    return 0;
}

/* ---- answers ---- */

int cosigning_answer_parse(struct bytes text, struct cosigning_answer *ret, struct err *e)
{
    static const char DASH[] = "\xE2\x80\x94 ";
    if (text.n > COSIGNING_ANSWER_MAX)
        return err_set(e, ERR_DAMAGED, "the answer has %zu bytes; at most %d are allowed", text.n,
                       COSIGNING_ANSWER_MAX);
    struct cosigning_answer a = {.conflict = false, .lines = text};
    struct cursor c = cursor_of(text);
    bool lines = cursor_expect(&c, DASH);
    if (lines && text.p[text.n - 1] == '\n') {
        *ret = a;
        return 0;
    }
    c = cursor_of(text);
    if (lines || decimal_get(cursor_line(&c), &a.size) != 0 || !cursor_done(&c) || a.size > TREE_SIZE_MAX)
        return err_set(e, ERR_DAMAGED, "the answer is neither signature lines nor a decimal number");
    a.conflict = true;
    a.lines = bytes_of(NULL, 0);
    *ret = a;
    return 0;
}

void cosigning_join(struct bytes note, struct bytes lines, struct buf *to)
{
    buf_put_bytes(to, note);
    buf_put_bytes(to, lines);
}

/* ---- forks ---- */

void cosigning_fork_text(const struct cosigning_fork *f, struct buf *to)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&f->log, vkey);
    buf_printf(to, COSIGNING_FORK_HEAD "log %s\nolder %zu\nnewer %zu\n", vkey, f->older.n, f->newer.n);
    for (size_t i = 0; i < f->proof.count; i++) {
        buf_put_text(to, "proof ");
        put_hash(&f->proof.hash[i], to);
    }
    buf_put_text(to, "\n");
    buf_put_bytes(to, f->older);
    buf_put_bytes(to, f->newer);
}

static bool take_number(struct cursor *c, const char *name, uint64_t *ret)
{
    return cursor_expect(c, name) && decimal_get(cursor_line(c), ret) == 0 && !c->failed && *ret <= NOTE_BYTES_MAX;
}

static int parse_proof(struct cursor *c, struct tree_proof *ret, struct err *e)
{
    for (;;) {
        struct cursor line = cursor_of(cursor_line(c));
        if (c->failed)
            return err_set(e, ERR_DAMAGED, "the fork file has no empty line before its checkpoints");
        if (line.left == 0)
            return 0;
        if (ret->count == TREE_PROOF_MAX || !cursor_expect(&line, "proof ") ||
            base64_get_exact(rest_of(&line), ret->hash[ret->count].b, CRYPT_HASH) != 0)
            return err_set(e, ERR_DAMAGED, "line %zu of the fork file's proof is not \"proof\" and a hash",
                           ret->count + 1);
        ret->count++;
    }
}

int cosigning_fork_parse(struct bytes text, struct cosigning_fork *ret, struct err *e)
{
    if (text.n > COSIGNING_FORK_MAX)
        return err_set(e, ERR_DAMAGED, "the fork file has %zu bytes; at most %d are allowed", text.n,
                       COSIGNING_FORK_MAX);
    struct cursor c = cursor_of(text);
    struct cosigning_fork f = {.proof = {.count = 0}};
    uint64_t older = 0, newer = 0;
    if (!cursor_expect(&c, COSIGNING_FORK_HEAD))
        return err_set(e, ERR_DAMAGED, "it is no fork file: it does not begin with groundwork/fork/v1");
    if (!cursor_expect(&c, "log "))
        return err_set(e, ERR_DAMAGED, "the fork file does not name the log's key");
    int rc = note_key_parse(cursor_line(&c), &f.log, e);
    if (rc == 0 && (!take_number(&c, "older ", &older) || !take_number(&c, "newer ", &newer)))
        rc = err_set(e, ERR_DAMAGED, "the fork file does not give the lengths of its checkpoints");
    if (rc == 0)
        rc = parse_proof(&c, &f.proof, e);
    if (rc != 0)
        return rc;
    f.older = cursor_take(&c, (size_t)older);
    f.newer = cursor_take(&c, (size_t)newer);
    if (!cursor_done(&c))
        return err_set(e, ERR_DAMAGED, "the fork file is longer or shorter than its checkpoints");
    *ret = f;
    return 0;
}

static int read_one(struct bytes note, const struct note_key *log, struct checkpoint *ret, struct err *e)
{
    int rc = checkpoint_read(note, log, NOTE_FOREIGN, ret, e);
    if (rc == 0 && strcmp(ret->origin, log->name) != 0)
        rc = err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" is signed by \"%s\"", ret->origin, log->name);
    return rc;
}

int cosigning_fork_check(const struct cosigning_fork *f, enum cosigning_verdict *ret, struct checkpoint *ret_older,
                         struct checkpoint *ret_newer, struct err *e)
{
    struct checkpoint a, b;
    struct hash beginning;
    int rc = read_one(f->older, &f->log, &a, e);
    if (rc == 0)
        rc = read_one(f->newer, &f->log, &b, e);
    if (rc != 0)
        return rc;
    if (a.size > b.size || (a.size == b.size && f->proof.count > 0))
        return err_set(e, ERR_DAMAGED, "the fork file's checkpoints are not in their order");
    bool same_size = a.size == b.size, shown = same_size;
    if (same_size)
        beginning = b.root;
    else if (f->proof.count > 0) {
        shown = tree_beginning(a.size, b.size, &b.root, &f->proof, &beginning);
        if (!shown)
            return err_set(e, ERR_DAMAGED, "the fork file's proof does not lead to the newer checkpoint");
    }
    if (shown && hash_equal(&beginning, &a.root))
        return err_set(e, ERR_DAMAGED, "it is no fork: the newer checkpoint extends the older one");
    *ret = shown ? COSIGNING_FORK_PROVEN : COSIGNING_FORK_OPEN;
    *ret_older = a;
    *ret_newer = b;
    return 0;
}
