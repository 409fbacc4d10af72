#include "model/checkpoint.h"

#include <assert.h>

static const char PROOF_FORMAT[] = "c2sp.org/tlog-proof@v1\n";

static struct bytes origin_of(const struct checkpoint *c)
{
    return bytes_text(c->origin);
}

void checkpoint_text(const struct checkpoint *c, struct buf *to)
{
    assert(c->origin[0] != '\0' && strchr(c->origin, '\n') == NULL);
    buf_put_bytes(to, origin_of(c));
    buf_put_text(to, "\n");
    buf_put_decimal(to, c->size);
    buf_put_text(to, "\n");
    buf_put_base64(to, bytes_of(c->root.b, CRYPT_HASH));
    buf_put_text(to, "\n");
}

int checkpoint_sign(const struct checkpoint *c, const struct note_key *log, const struct key *seed, struct buf *to,
                    struct err *e)
{
    assert(strcmp(c->origin, log->name) == 0);
    OWN(buf_drop) struct buf text = {0};
    checkpoint_text(c, &text);
    int rc = buf_check(&text, e);
    return rc != 0 ? rc : note_sign(buf_bytes(&text), log, seed, to, e);
}

static int parse_text(struct bytes text, enum note_manner manner, struct checkpoint *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct bytes origin = cursor_line(&c), size = cursor_line(&c), root = cursor_line(&c);
    if (c.failed)
        return err_set(e, ERR_DAMAGED, "a checkpoint has three lines: origin, size, root");
    if (origin.n == 0 || origin.n > NOTE_NAME_MAX)
        return err_set(e, ERR_DAMAGED, "the origin of the checkpoint has %zu bytes; 1 to %d are allowed", origin.n,
                       NOTE_NAME_MAX);
    struct checkpoint checkpoint = {.size = 0};
    memcpy(checkpoint.origin, origin.p, origin.n);
    if (decimal_get(size, &checkpoint.size) != 0 || checkpoint.size > TREE_SIZE_MAX)
        return err_set(e, ERR_DAMAGED, "the size of the checkpoint of \"%s\" is not a decimal number up to 2^63",
                       checkpoint.origin);
    if (base64_get_exact(root, checkpoint.root.b, CRYPT_HASH) != 0)
        return err_set(e, ERR_DAMAGED, "the root of the checkpoint of \"%s\" is not base64 of 32 bytes",
                       checkpoint.origin);
    if (manner == NOTE_STRICT && c.left != 0)
        return err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" has more lines than origin, size and root",
                       checkpoint.origin);
    while (c.left != 0) {
        if (cursor_line(&c).n == 0)
            return err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" has an empty line in its text", checkpoint.origin);
    }
    *ret = checkpoint;
    return 0;
}

int checkpoint_read(struct bytes note, const struct note_key *log, enum note_manner manner, struct checkpoint *ret,
                    struct err *e)
{
    OWN(note_drop) struct note n = {0};
    int rc = note_parse(note, &n, e);
    if (rc == 0)
        rc = note_check(&n, log, 1, manner, e);
    struct checkpoint checkpoint;
    if (rc == 0)
        rc = parse_text(n.text, manner, &checkpoint, e);
    if (rc != 0)
        return rc;
    if (manner == NOTE_STRICT && strcmp(checkpoint.origin, log->name) != 0)
        return err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" is signed by \"%s\"", checkpoint.origin, log->name);
    *ret = checkpoint;
    return 0;
}

void proof_text(uint64_t index, const struct tree_proof *p, struct bytes checkpoint_note, struct buf *to)
{
    buf_put_text(to, PROOF_FORMAT);
    buf_put_text(to, "index ");
    buf_put_decimal(to, index);
    buf_put_text(to, "\n");
    for (size_t i = 0; i < p->count; i++) {
        buf_put_base64(to, bytes_of(p->hash[i].b, CRYPT_HASH));
        buf_put_text(to, "\n");
    }
    buf_put_text(to, "\n");
    buf_put_bytes(to, checkpoint_note);
}

static int parse_path(struct cursor *c, struct tree_proof *ret, struct err *e)
{
    for (;;) {
        struct bytes line = cursor_line(c);
        if (c->failed)
            return err_set(e, ERR_DAMAGED, "the proof has no empty line before its checkpoint");
        if (line.n == 0)
            return 0;
        if (ret->count == TREE_PROOF_MAX)
            return err_set(e, ERR_DAMAGED, "the proof has more than %d hashes", TREE_PROOF_MAX);
        if (base64_get_exact(line, ret->hash[ret->count].b, CRYPT_HASH) != 0)
            return err_set(e, ERR_DAMAGED, "hash %zu of the proof is not base64 of 32 bytes", ret->count + 1);
        ret->count++;
    }
}

int proof_parse(struct bytes text, struct proof *ret, struct err *e)
{
    if (text.n > PROOF_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "the proof has %zu bytes; at most %d are allowed", text.n, PROOF_BYTES_MAX);
    struct cursor c = cursor_of(text);
    if (!cursor_expect(&c, PROOF_FORMAT))
        return err_set(e, ERR_DAMAGED, "the proof does not begin with c2sp.org/tlog-proof@v1");
    struct proof p = {.index = 0};
    cursor_expect(&c, "index ");
    if (decimal_get(cursor_line(&c), &p.index) != 0 || c.failed)
        return err_set(e, ERR_DAMAGED, "the second line of the proof is not \"index\" and a decimal number");
    int rc = parse_path(&c, &p.path, e);
    if (rc != 0)
        return rc;
    if (c.left == 0)
        return err_set(e, ERR_DAMAGED, "the proof carries no checkpoint");
    p.checkpoint_note = bytes_of(c.p, c.left);
    *ret = p;
    return 0;
}
