/* The log held to what somebody kept of it: a checkpoint, a line on paper, the proof of a fork. */
#include "store/store_internal.h"

#include "model/cosigning.h"

enum { TYPED_LINES = 3 };

/* ---- reading what was given ---- */

/* What a person types: no returns, no blanks at the ends of lines, one newline behind the last. */
static int tidied(struct bytes text, struct buf *to, struct err *e)
{
    size_t end = text.n;
    while (end > 0 && (text.p[end - 1] == '\n' || text.p[end - 1] == '\r' || text.p[end - 1] == ' ' ||
                       text.p[end - 1] == '\t'))
        end--;
    for (size_t i = 0; i < end; i++) {
        if (text.p[i] == '\n')
            while (to->n > 0 && (to->p[to->n - 1] == ' ' || to->p[to->n - 1] == '\t' || to->p[to->n - 1] == '\r'))
                to->n--;
        buf_put_u8(to, text.p[i]);
    }
    buf_put_u8(to, '\n');
    return buf_check(to, e);
}

/* "1,234" as `status` prints it, too. */
static bool size_typed(struct bytes line, uint64_t *ret)
{
    uint8_t digits[32];
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == ',' && i > 0)
            continue;
        if (n == sizeof digits)
            return false;
        digits[n++] = line.p[i];
    }
    return decimal_get(bytes_of(digits, n), ret) == 0 && *ret <= TREE_SIZE_MAX;
}

static int read_typed(struct bytes text, struct checkpoint *ret, struct err *e)
{
    struct cursor c = cursor_of(text);
    struct bytes line[TYPED_LINES];
    for (size_t i = 0; i < TYPED_LINES; i++)
        line[i] = cursor_line(&c);
    *ret = (struct checkpoint){.size = 0};
    if (!cursor_done(&c) || line[0].n == 0 || line[0].n > NOTE_NAME_MAX || !size_typed(line[1], &ret->size) ||
        (base64_get_exact(line[2], ret->root.b, CRYPT_HASH) != 0 && hex_get(line[2], ret->root.b, CRYPT_HASH) != 0))
        return err_set(e, ERR_DAMAGED,
                       "it is no checkpoint: a signed note, or three lines with origin, number of leaves and root");
    memcpy(ret->origin, line[0].p, line[0].n);
    return 0;
}

/* A note has signature lines behind an empty one; what is typed has none. */
static bool is_note(struct bytes text)
{
    static const char begins[] = "\n\n\xE2\x80\x94 ";
    return text.n > 0 && memmem(text.p, text.n, begins, sizeof begins - 1) != NULL;
}

/* ---- comparing ---- */

static int not_this_log(const struct store *s, const char *origin, struct err *e)
{
    return err_set(e, ERR_DAMAGED, "it is of the log \"%s\", and this one is \"%s\"", origin, s->history.origin);
}

static int rewritten(const struct store_against *a, struct err *e)
{
    char given[2 * CRYPT_HASH + 1];
    hex_put(given, a->checkpoint.root.b, CRYPT_HASH);
    return err_set(e, ERR_DAMAGED,
                   "HISTORY WAS REWRITTEN: the first %llu leaves of this log do not have the root %s. Keep both and "
                   "ask for help",
                   (unsigned long long)a->checkpoint.size, given);
}

static int fork_of(struct store *s, struct bytes note, const struct store_against *a, const struct hash *root,
                   const struct tree_proof *plain, struct buf *to, struct err *e)
{
    const struct note_key *log = history_log(&s->history.logs, a->checkpoint.size);
    struct cosigning_fork f = {.log = *log, .older = note, .newer = ledger_checkpoint(s->ledger)};
    if (log != history_log_now(&s->history))
        return 0; /* a fork file is of one log key: whoever has both notes and the key events can tell */
    if (a->checkpoint.size > 0 && a->checkpoint.size < a->now.size)
        tree_beginning_from(a->checkpoint.size, root, plain, &f.proof);
    cosigning_fork_text(&f, to);
    return buf_check(to, e);
}

static int hold(struct store *s, struct bytes note, struct store_against *a, struct buf *ret_fork, struct err *e)
{
    struct tree_proof plain;
    struct hash root;
    if (strcmp(a->checkpoint.origin, s->history.origin) != 0)
        return not_this_log(s, a->checkpoint.origin, e);
    if (a->checkpoint.size > a->now.size)
        return err_set(e, ERR_DAMAGED,
                       "the checkpoint has %llu leaves and the journal only %llu: this is an older copy of "
                       "the repository",
                       (unsigned long long)a->checkpoint.size, (unsigned long long)a->now.size);
    int rc = ledger_root_at(s->ledger, a->checkpoint.size, &root, &plain, e);
    if (rc != 0)
        return rc;
    if (hash_equal(&root, &a->checkpoint.root))
        return 0;
    a->rewritten = true;
    if (ret_fork != NULL && a->is_signed)
        rc = fork_of(s, note, a, &root, &plain, ret_fork, e);
    return rc == 0 ? rewritten(a, e) : rc;
}

static bool was_ours(const struct store *s, const struct note_key *log)
{
    for (size_t i = 0; i < s->history.logs.count; i++) {
        const struct note_key *own = &s->history.logs.list[i].key;
        if (strcmp(log->name, own->name) == 0 && memcmp(log->public_key, own->public_key, CRYPT_PUBLIC) == 0)
            return true;
    }
    return false;
}

/* One that is open is closed by the log: it can hold one of the two at most. */
static int hold_fork(struct store *s, struct bytes text, struct store_against *a, struct err *e)
{
    struct cosigning_fork f;
    enum cosigning_verdict verdict;
    struct checkpoint older;
    a->is_fork = a->is_signed = true;
    int rc = cosigning_fork_parse(text, &f, e);
    if (rc == 0 && !was_ours(s, &f.log))
        rc = not_this_log(s, f.log.name, e);
    if (rc == 0)
        rc = cosigning_fork_check(&f, &verdict, &older, &a->checkpoint, e);
    if (rc != 0)
        return rc;
    if (verdict == COSIGNING_FORK_PROVEN) {
        a->rewritten = true;
        return err_set(e, ERR_DAMAGED,
                       "PROOF OF TWO HISTORIES: the key of this log has signed %llu and %llu leaves that no one "
                       "history holds",
                       (unsigned long long)older.size, (unsigned long long)a->checkpoint.size);
    }
    struct checkpoint newer = a->checkpoint;
    for (int i = 0; rc == 0 && i < 2; i++) {
        a->checkpoint = i == 0 ? older : newer;
        rc = hold(s, i == 0 ? f.older : f.newer, a, NULL, e);
    }
    return rc;
}

int store_against(struct store *s, struct bytes text, struct store_against *ret, struct buf *ret_fork, struct err *e)
{
    OWN(buf_drop) struct buf tidy = {0};
    struct ledger_position now;
    ledger_where(s->ledger, &now);
    *ret = (struct store_against){.now = {.size = now.leaves, .root = now.root}};
    memcpy(ret->now.origin, s->history.origin, sizeof ret->now.origin);
    if (text.n >= sizeof COSIGNING_FORK_HEAD - 1 &&
        memcmp(text.p, COSIGNING_FORK_HEAD, sizeof COSIGNING_FORK_HEAD - 1) == 0)
        return hold_fork(s, text, ret, e);
    if (is_note(text)) {
        ret->is_signed = true;
        int rc = history_checkpoint(text, &s->history.logs, NOTE_FOREIGN, &ret->checkpoint, e);
        return rc == 0 ? hold(s, text, ret, ret_fork, e) : rc;
    }
    int rc = tidied(text, &tidy, e);
    if (rc == 0)
        rc = read_typed(buf_bytes(&tidy), &ret->checkpoint, e);
    return rc == 0 ? hold(s, text, ret, NULL, e) : rc;
}
