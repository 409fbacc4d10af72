/* The state kept outside the repository: what this computer saw committed, so that an older copy cannot pass. */
#include "store/store_internal.h"

#include <errno.h>
#include <stdio.h>

enum { STATE_MAX = 4096, PIN_SHOWN = 8 };
static const char HEAD[] = "groundwork/state/v1\n";

int store_outside(const struct store_place *place, const struct hash *pin, const char *ending, struct file_path *to,
                  struct err *e)
{
    char hex[2 * PIN_SHOWN + 1];
    hex_put(hex, pin->b, PIN_SHOWN);
    return file_path(to, e, "%s/%s.%s", place->state_folder, hex, ending);
}

bool store_outside_head(struct cursor *c, const char *head, const struct hash *pin)
{
    struct bytes w[1];
    struct hash of;
    return cursor_expect(c, head) && bytes_words(cursor_line(c), "pin", w, 1) &&
           hex_get(w[0], of.b, CRYPT_HASH) == 0 && hash_equal(&of, pin);
}

int store_key_path(const struct store_place *place, const struct hash *pin, struct file_path *to, struct err *e)
{
    char hex[2 * PIN_SHOWN + 1];
    hex_put(hex, pin->b, PIN_SHOWN);
    return place->key_path != NULL ? file_path(to, e, "%s", place->key_path)
                                   : file_path(to, e, "%s/%s.key", place->config_folder, hex);
}

/* "<origin>/m/<8 hex>" is shown by what is behind the last stroke. */
static const char *shown(const char *member)
{
    const char *slash = strrchr(member, '/');
    return slash == NULL ? member : slash + 1;
}

int store_key_path_of(const struct store_place *place, const struct hash *pin, const char *member, struct file_path *to,
                      struct err *e)
{
    char hex[2 * PIN_SHOWN + 1];
    hex_put(hex, pin->b, PIN_SHOWN);
    return place->key_path != NULL ? file_path(to, e, "%s", place->key_path)
                                   : file_path(to, e, "%s/%s-%s.key", place->config_folder, hex, shown(member));
}

int store_state_path(const struct store_place *place, const struct hash *pin, const char *member, struct file_path *to,
                     struct err *e)
{
    char hex[2 * PIN_SHOWN + 1];
    hex_put(hex, pin->b, PIN_SHOWN);
    return member == NULL ? store_outside(place, pin, "state", to, e)
                          : file_path(to, e, "%s/%s-%s.state", place->state_folder, hex, shown(member));
}

/* <16 hex>-<8 hex>.key */
static bool is_key_of(const char *name, const char *hex)
{
    enum { DIGITS = 8 };
    size_t n = strlen(hex);
    return strncmp(name, hex, n) == 0 && name[n] == '-' && strspn(name + n + 1, "0123456789abcdef") == DIGITS &&
           strcmp(name + n + 1 + DIGITS, ".key") == 0;
}

int store_key_find(const struct store_place *place, const struct hash *pin, struct file_path *path, struct err *e)
{
    char hex[2 * PIN_SHOWN + 1];
    struct file_path found;
    size_t count = 0;
    hex_put(hex, pin->b, PIN_SHOWN);
    if (place->key_path != NULL || file_exists(path->s))
        return 0;
    OWN(dir_drop) DIR *dir = opendir(place->config_folder);
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        if (is_key_of(d->d_name, hex)) {
            int rc = file_path(&found, e, "%s/%s", place->config_folder, d->d_name);
            if (rc != 0)
                return rc;
            count++;
        }
    if (count > 1)
        return err_set(e, ERR_KEY, "%s holds key files of %zu members of this repository: name one with --key",
                       place->config_folder, count);
    if (count == 1)
        *path = found;
    return 0;
}

static void state_mac(const struct key *key, struct bytes lines, struct key *ret)
{
    crypt_derive(key, "groundwork/state/v1", lines, ret);
}

static bool parse(struct cursor *c, struct hash *pin, struct store_state *s)
{
    struct bytes w[5] = {{0}};
    struct ledger_position *p = &s->committed;
    if (!cursor_expect(c, HEAD) || !bytes_words(cursor_line(c), "pin", w, 1) ||
        hex_get(w[0], pin->b, CRYPT_HASH) != 0)
        return false;
    if (!bytes_words(cursor_line(c), "committed", w, 5) || decimal_get(w[0], &p->records) != 0 ||
        decimal_get(w[1], &p->bytes) != 0 || hex_get(w[2], p->last.b, CRYPT_HASH) != 0 ||
        decimal_get(w[3], &p->leaves) != 0 || hex_get(w[4], p->root.b, CRYPT_HASH) != 0)
        return false;
    if (!bytes_words(cursor_line(c), "pending", w, 1))
        return false;
    s->has_pending = !bytes_equal(w[0], bytes_text("none"));
    return !s->has_pending || hex_get(w[0], s->pending.b, CRYPT_HASH) == 0;
}

int store_state_read(const char *path, const struct hash *pin, const struct key *key, struct store_state *ret,
                     struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    *ret = (struct store_state){0};
    int rc = file_read_all(path, STATE_MAX, &text, e);
    if (rc == ERR_ABSENT)
        return 0;
    if (rc != 0)
        return rc;
    struct cursor c = cursor_of(buf_bytes(&text));
    struct hash of = {{0}};
    OWN(key_drop) struct key mac = {0}, made = {0};
    struct bytes w[1];
    bool good = parse(&c, &of, ret);
    struct bytes covered = bytes_of(text.p, text.n - c.left);
    good = good && bytes_words(cursor_line(&c), "mac", w, 1) && hex_get(w[0], mac.b, CRYPT_KEY) == 0 &&
           cursor_done(&c) && hash_equal(&of, pin);
    if (good && key != NULL) {
        state_mac(key, covered, &made);
        good = crypt_equal(mac.b, made.b, CRYPT_KEY);
    }
    if (!good)
        return err_set(e, ERR_DAMAGED, "%s is damaged: move it away and run groundwork adopt", path);
    ret->known = true;
    return 0;
}

int store_state_write(const char *path, const struct hash *pin, const struct key *key, const struct store_state *state,
                struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    OWN(key_drop) struct key mac = {0};
    const struct ledger_position *p = &state->committed;
    buf_printf(&text, "%spin ", HEAD);
    buf_put_hex(&text, bytes_of(pin->b, CRYPT_HASH));
    buf_printf(&text, "\ncommitted %llu %llu ", (unsigned long long)p->records, (unsigned long long)p->bytes);
    buf_put_hex(&text, bytes_of(p->last.b, CRYPT_HASH));
    buf_printf(&text, " %llu ", (unsigned long long)p->leaves);
    buf_put_hex(&text, bytes_of(p->root.b, CRYPT_HASH));
    buf_put_text(&text, "\npending ");
    if (state->has_pending)
        buf_put_hex(&text, bytes_of(state->pending.b, CRYPT_HASH));
    else
        buf_put_text(&text, "none");
    buf_put_text(&text, "\n");
    int rc = buf_check(&text, e);
    if (rc != 0)
        return rc;
    state_mac(key, buf_bytes(&text), &mac);
    buf_put_text(&text, "mac ");
    buf_put_hex(&text, bytes_of(mac.b, CRYPT_KEY));
    buf_put_text(&text, "\n");
    rc = buf_check(&text, e);
    return rc != 0 ? rc : file_replace(path, buf_bytes(&text), 0600, e);
}
