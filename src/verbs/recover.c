/* A repository and a member again, from a copy and from recovery sheets. */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"
#include "recover/recover.h"

#include <stdio.h>

enum { FROM, DEST, FIRST_SHEET, NAME_MAX_BYTES = 64 };
enum { OPTION_REPLACES };

struct given {
    struct recover_sheet *sheets;
    size_t count, room;
    char (*names)[NAME_MAX_BYTES]; /* of those that were typed */
};

static void given_release(struct given *g)
{
    if (g->sheets != NULL)
        crypt_wipe(g->sheets, g->room * sizeof *g->sheets);
    free(g->sheets);
    free(g->names);
}

static int given_room(struct given *g, size_t room, struct err *e)
{
    g->sheets = calloc(room, sizeof *g->sheets);
    g->names = calloc(room, sizeof *g->names);
    g->room = room;
    return g->sheets == NULL || g->names == NULL ? err_memory(e) : 0;
}

/* ---- from files ---- */

static int read_sheet(const char *path, struct recover_sheet *ret, struct err *e)
{
    OWN(buf_wipe) struct buf text = {0};
    uint8_t code[PAPER_CODE];
    int rc = file_read_all(path, PAPER_TEXT_MAX, &text, e);
    if (rc != 0)
        return rc;
    rc = paper_find(buf_bytes(&text), code, e);
    if (rc == 0)
        rc = keyring_share_get(code, &ret->share, e);
    crypt_wipe(code, sizeof code);
    ret->name = path;
    return rc == 0 ? 0 : err_add(e, rc == ERR_ABSENT ? ERR_DAMAGED : rc, "%s", path);
}

static int from_files(const struct verbs_request *request, struct given *g, struct err *e)
{
    size_t count = request->count - FIRST_SHEET;
    if (count > CRYPT_SHARES_MAX)
        return err_set(e, ERR_USAGE, "a set has at most %d sheets", CRYPT_SHARES_MAX);
    int rc = given_room(g, count, e);
    while (rc == 0 && g->count < count) {
        rc = read_sheet(request->arguments[FIRST_SHEET + g->count], &g->sheets[g->count], e);
        g->count += rc == 0;
    }
    return rc;
}

/* ---- as they are typed ---- */

/* One line, asked for again until it is right; a square code's text in the first one's place is the whole sheet. */
static int ask_line(const struct verbs_face *face, unsigned sheet, unsigned line, uint8_t code[PAPER_CODE], bool *whole,
                    struct err *e)
{
    OWN(buf_drop) struct buf prompt = {0};
    buf_printf(&prompt, text_tr("Recovery sheet %u, line %u: "), sheet, line);
    for (;;) {
        OWN(buf_wipe) struct buf typed = {0};
        struct err mine = {0};
        int rc = face->typed(face->context, buf_text(&prompt), &typed, e);
        if (rc != 0)
            return rc;
        *whole = line == 1 && paper_find(buf_bytes(&typed), code, NULL) == 0;
        if (*whole || paper_line_read(line, buf_bytes(&typed), code + (size_t)(line - 1) * PAPER_LINE, &mine) == 0)
            return 0;
        face->warn(face->context, mine.text);
    }
}

static int ask_sheet(const struct verbs_face *face, struct given *g, struct err *e)
{
    struct recover_sheet *to = &g->sheets[g->count];
    uint8_t code[PAPER_CODE] = {0};
    unsigned number = (unsigned)g->count + 1;
    bool whole = false;
    int rc = 0;
    for (unsigned line = 1; rc == 0 && !whole && line <= PAPER_LINES; line++)
        rc = ask_line(face, number, line, code, &whole, e);
    if (rc == 0)
        rc = keyring_share_get(code, &to->share, e);
    crypt_wipe(code, sizeof code);
    (void)snprintf(g->names[g->count], NAME_MAX_BYTES, text_tr("the sheet typed as number %u"), number);
    to->name = g->names[g->count];
    g->count += rc == 0;
    return rc == 0 ? 0 : err_add(e, rc, "%s", to->name);
}

/* The first sheet says how many there are to be. */
static int as_typed(const struct verbs_face *face, struct given *g, struct err *e)
{
    int rc = given_room(g, CRYPT_SHARES_MAX, e);
    do
        rc = rc == 0 ? ask_sheet(face, g, e) : rc;
    while (rc == 0 && g->count < g->sheets[0].share.needed);
    return rc;
}

/* ---- */

/* What is made must lie beside what it is made from. */
static int apart(const char *from, const char *dest, struct err *e)
{
    struct file_path outer, inner;
    int rc = file_resolve(from, &outer, e);
    if (rc == 0)
        rc = file_resolve(dest, &inner, e);
    if (rc == 0 && (file_holds(outer.s, inner.s) || file_holds(inner.s, outer.s)))
        rc = err_set(e, ERR_REFUSED, "%s and %s lie in each other: name a place beside it", from, dest);
    return rc;
}

static void say_recovered(const struct verbs_face *face, const char *root, const struct recover_done *r)
{
    char n[VERBS_NUMBER_MAX], hex[2 * CRYPT_HASH + 1];
    hex_put(hex, r->checkpoint.root.b, CRYPT_HASH);
    verbs_say(face, "Repository %s is recovered: %s, %s leaves, root %s.", root, r->checkpoint.origin,
              verbs_number(r->checkpoint.size, n), hex);
    verbs_say(face, "  Key file: %s", r->key_path.s);
    if (r->finished)
        verbs_say(face, "An earlier run had made it and was interrupted; it is finished now. The passphrase is the one "
                        "that was given then.");
    verbs_say(face, "You are its member from here on; the lost key signs nothing more.");
    verbs_say(face, "The sheets are spent: print new ones with groundwork recovery. Copy the key file to a safe "
                    "place.");
    verbs_say(face, "What was written after this copy was made is not in it: compare with any other copy of the "
                    "repository before you destroy one.");
    if (r->findings > 0)
        verbs_say(face, "FAILED: what is named above is damaged in this mirror, and was left out: run groundwork "
                        "repair --from another mirror");
    verbs_say(face, "Next: groundwork -R %s verify, then audit", root);
}

static void json_recovered(struct json_out *j, const char *root, const struct recover_done *r, struct bytes findings)
{
    char vkey[NOTE_VKEY_MAX];
    note_key_text(&r->member, vkey);
    verbs_json_lines(j, "findings", findings);
    json_key(j, "finished");
    json_bool(j, r->finished);
    verbs_json_text(j, "key_file", r->key_path.s);
    verbs_json_u64(j, "leaves", r->checkpoint.size);
    verbs_json_u64(j, "leaves_before", r->before);
    verbs_json_text(j, "member", vkey);
    verbs_json_text(j, "origin", r->checkpoint.origin);
    verbs_json_text(j, "repository", root);
    verbs_json_hash(j, "root", &r->checkpoint.root);
}

int verbs_recover(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(given_release) struct given g = {0};
    struct verbs_face asked = *face;
    struct verbs_watching watching = {.face = face};
    struct verbs_place place;
    struct store_watch watch;
    struct recover_done done;
    struct file_path root;
    int rc = file_path(&root, e, "%s", request->arguments[DEST]);
    for (size_t n = rc == 0 ? strlen(root.s) : 0; n > 1 && root.s[n - 1] == '/'; n--)
        root.s[n - 1] = 0;
    if (rc == 0)
        rc = apart(request->arguments[FROM], root.s, e);
    if (rc == 0)
        rc = request->count > FIRST_SHEET ? from_files(request, &g, e) : as_typed(face, &g, e);
    if (rc != 0)
        return rc;
    verbs_watch(&watching, &watch);
    verbs_place(request, face, &place);
    place.place.root = root.s;
    place.place.identity = NULL; /* keys that are unlocked are another member's */
    const struct recover_wish wish = {.from = request->arguments[FROM],
                                        .replaces = request->option[OPTION_REPLACES],
                                        .sheets = g.sheets,
                                        .count = g.count,
                                        .fresh = verbs_ask_fresh,
                                        .context = &asked,
                                        .watch = &watch};
    rc = recover_member(&place.place, &wish, &done, e);
    if (rc == 0 && done.findings > 0)
        *ret_exit = VERBS_FAILED;
    if (rc == 0 && face->json != NULL)
        json_recovered(face->json, root.s, &done, buf_bytes(&watching.lines));
    else if (rc == 0)
        say_recovered(face, root.s, &done);
    verbs_watching_release(&watching);
    return rc;
}
