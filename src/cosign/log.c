#include "cosign/cosign_internal.h"

static const char HEAD[] = "groundwork/cosigner-log/v1\n";

void cosign_log_release(struct cosign_log *l)
{
    buf_drop(&l->note);
    *l = (struct cosign_log){.signed_any = false};
}

int cosign_log_path(const char *folder, const char *origin, const char *ending, struct file_path *to, struct err *e)
{
    struct hash h;
    char hex[2 * CRYPT_HASH + 1];
    crypt_sha256(bytes_text(origin), &h);
    hex_put(hex, h.b, CRYPT_HASH);
    return file_path(to, e, "%s/%s%s", folder, hex, ending);
}

void cosign_log_text(const struct cosign_log *l, struct buf *to)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&l->log, vkey);
    buf_printf(to, "%slog %s\n", HEAD, vkey);
    if (!l->signed_any)
        return;
    if (l->turned) {
        note_key_text(&l->before, vkey);
        buf_printf(to, "before %s\n", vkey);
    }
    buf_put_text(to, "answered ");
    buf_put_hex(to, bytes_of(l->answered.b, CRYPT_HASH));
    buf_put_text(to, "\n\n");
    buf_put_bytes(to, buf_bytes(&l->note));
}

/* The note must be whole: what is signed here next is held to nothing else. */
static int parse_held(struct bytes note, const struct note_key *own, struct cosign_log *l, struct err *e)
{
    OWN(note_drop) struct note n = {0};
    const struct note_key *log = l->turned ? &l->before : &l->log;
    const struct note_key keys[2] = {*log, *own};
    int rc = note_parse(note, &n, e);
    if (rc == 0)
        rc = note_check(&n, keys, COUNT(keys), NOTE_STRICT, e);
    if (rc == 0 && n.lines != COUNT(keys))
        rc = err_set(e, ERR_DAMAGED, "the checkpoint that was signed last lacks a signature");
    if (rc == 0)
        rc = checkpoint_read(note, log, NOTE_FOREIGN, &l->held, e);
    if (rc == 0 && strcmp(l->held.origin, l->log.name) != 0)
        rc = err_set(e, ERR_DAMAGED, "the checkpoint of \"%s\" is signed by \"%s\"", l->held.origin, l->log.name);
    if (rc != 0)
        return rc;
    buf_put_bytes(&l->note, note);
    l->signed_any = true;
    return buf_check(&l->note, e);
}

static int form(struct err *e)
{
    return err_set(e, ERR_DAMAGED, "it has not the form of such a file");
}

/* Consumes the word where it is there. */
static bool has_before(struct cursor *c)
{
    struct cursor look = *c;
    bool is = cursor_expect(&look, "before ");
    if (is)
        *c = look;
    return is;
}

int cosign_log_parse(struct bytes text, const struct note_key *own, struct cosign_log *ret, struct err *e)
{
    OWN(cosign_log_release) struct cosign_log l = {.signed_any = false};
    struct cursor c = cursor_of(text);
    if (!cursor_expect(&c, HEAD) || !cursor_expect(&c, "log "))
        return form(e);
    int rc = note_key_parse(cursor_line(&c), &l.log, e);
    if (rc == 0 && has_before(&c)) {
        l.turned = true;
        rc = note_key_parse(cursor_line(&c), &l.before, e);
        if (rc == 0 && c.left == 0)
            return form(e);
    }
    if (rc == 0 && c.left > 0) {
        if (!cursor_expect(&c, "answered ") || hex_get(cursor_line(&c), l.answered.b, CRYPT_HASH) != 0 ||
            !cursor_expect(&c, "\n"))
            return form(e);
        rc = parse_held(bytes_of(c.p, c.left), own, &l, e);
    }
    if (rc != 0)
        return rc;
    *ret = l;
    l.note = (struct buf){0};
    return 0;
}

int cosign_log_read(const char *folder, const char *origin, const struct note_key *own, struct cosign_log *ret,
                    struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    int rc = cosign_log_path(folder, origin, ".log", &path, e);
    if (rc == 0)
        rc = file_read_all(path.s, COSIGN_FILE_MAX, &text, e);
    if (rc != 0)
        return rc;
    rc = cosign_log_parse(buf_bytes(&text), own, ret, e);
    if (rc == 0 && strcmp(ret->log.name, origin) != 0) {
        cosign_log_release(ret);
        rc = err_set(e, ERR_DAMAGED, "it is of another log");
    }
    if (rc != 0)
        return err_add(e, rc, "%s is damaged, and nothing is signed for this log without it", path.s);
    return 0;
}

int cosign_log_write(const char *folder, const struct cosign_log *l, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct file_path path;
    cosign_log_text(l, &text);
    int rc = buf_check(&text, e);
    if (rc == 0)
        rc = cosign_log_path(folder, l->log.name, ".log", &path, e);
    return rc == 0 ? file_replace(path.s, buf_bytes(&text), 0600, e) : rc;
}
