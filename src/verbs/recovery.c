/* New recovery sheets, to files or to the terminal. */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"

#include <assert.h>

enum { OPTION_SHEETS, OPTION_NEEDED, OPTION_OUT };
enum { SHEETS_DEFAULT = 3, NEEDED_DEFAULT = 2, KINDS = 2 };

static int number_of(const char *option, const char *text, unsigned otherwise, unsigned *ret, struct err *e)
{
    uint64_t v = otherwise;
    if (text != NULL && (decimal_get(bytes_text(text), &v) != 0 || v < 1 || v > CRYPT_SHARES_MAX))
        return err_set(e, ERR_USAGE, "%s %s: give a number from 1 to %d", option, text, CRYPT_SHARES_MAX);
    *ret = (unsigned)v;
    return 0;
}

/* ---- where they may lie ---- */

static bool is_mirror(const char *folder)
{
    static const char HEAD[] = "groundwork/mirror/v";
    char head[sizeof HEAD - 1];
    struct file_path path;
    OWN(fd_drop) int fd = -1;
    return file_path(&path, NULL, "%s/mirror", folder) == 0 && file_open_read(path.s, &fd, NULL) == 0 &&
           file_read_at(fd, head, sizeof head, 0, path.s, NULL) == 0 && memcmp(head, HEAD, sizeof head) == 0;
}

static bool is_repository(const char *folder)
{
    struct file_path a, b;
    return file_path(&a, NULL, "%s/a/journal", folder) == 0 && file_path(&b, NULL, "%s/b/journal", folder) == 0 &&
           (file_exists(a.s) || file_exists(b.s));
}

/* Sheets beside a copy of the evidence open it to whoever finds both; mirrors go to where many look. */
int verbs_apart(const char *out, struct err *e)
{
    struct file_path at;
    int rc = file_resolve(out, &at, e);
    if (rc != 0)
        return rc;
    for (char *slash = at.s; slash != NULL && at.s[0] != 0;) {
        if (is_mirror(at.s))
            return err_set(e, ERR_REFUSED, "%s lies in the mirror %s: name a place outside it", out, at.s);
        if (is_repository(at.s))
            return err_set(e, ERR_REFUSED, "%s lies in the repository %s: name a place outside it", out, at.s);
        slash = strrchr(at.s, '/');
        if (slash != NULL)
            *slash = 0;
    }
    return 0;
}

/* The texts of one sheet: a page of text, and one with the square code. */
struct printed {
    struct buf kind[KINDS];
};
struct printing {
    struct store_sheets sheets;
    struct printed sheet[CRYPT_SHARES_MAX];
    const char *out;
    unsigned written; /* files, of all sheets and kinds */
};

static void printing_release(struct printing *p)
{
    store_sheets_release(&p->sheets);
    for (size_t i = 0; i < CRYPT_SHARES_MAX; i++)
        for (size_t k = 0; k < KINDS; k++)
            buf_wipe(&p->sheet[i].kind[k]);
}

static int print_one(const struct store_facts *f, const struct store_sheets *x, unsigned i, struct printed *to,
                     struct err *e)
{
    char pin[2 * CRYPT_HASH + 1], root[2 * CRYPT_HASH + 1], set[2 * STATEMENT_ID + 1], when[TIME_TEXT_MAX];
    hex_put(pin, f->pin.b, CRYPT_HASH);
    hex_put(root, x->root.b, CRYPT_HASH);
    hex_put(set, x->set, STATEMENT_ID);
    time_text(when, x->at_unix_s);
    struct paper_sheet sheet = {.origin = f->origin,
                                .pin = pin,
                                .set = set,
                                .made = when,
                                .root = root,
                                .leaves = x->leaves,
                                .index = i + 1,
                                .count = x->count,
                                .needed = x->needed};
    static_assert((int)KEYRING_SHARE == (int)PAPER_CODE, "a sheet holds one share");
    keyring_share_put(&x->share[i], sheet.code);
    int rc = paper_sheet_text(&sheet, &to->kind[0], e);
    if (rc == 0)
        rc = paper_sheet_page(&sheet, &to->kind[1], e);
    crypt_wipe(&sheet, sizeof sheet);
    return rc;
}

static int place_of(const struct printing *p, unsigned n, struct file_path *to, struct err *e)
{
    char set[9];
    hex_put(set, p->sheets.set, 4);
    return file_path(to, e, "%s/sheet-%s-%u-of-%u.%s", p->out, set, n / KINDS + 1, p->sheets.count,
                     n % KINDS == 0 ? "txt" : "html");
}

/* Before the commit: sheets that could not be written must not replace those that were. */
static int write_all(struct printing *p, struct err *e)
{
    int rc = file_make_folders(p->out, e);
    while (rc == 0 && p->written < KINDS * p->sheets.count) {
        struct file_path path;
        rc = place_of(p, p->written, &path, e);
        if (rc == 0)
            rc = file_create(path.s, buf_bytes(&p->sheet[p->written / KINDS].kind[p->written % KINDS]), 0600, e);
        if (rc == 0)
            p->written++;
    }
    return rc;
}

static void unwrite_all(struct printing *p)
{
    struct file_path path;
    for (; p->written > 0; p->written--)
        if (place_of(p, p->written - 1, &path, NULL) == 0)
            (void)file_remove(path.s, NULL);
}

static void say_text(const struct verbs_face *face, struct buf *text)
{
    uint8_t *end;
    for (uint8_t *at = text->p; (end = memchr(at, '\n', (size_t)(text->p + text->n - at))) != NULL; at = end + 1) {
        *end = 0;
        face->say(face->context, (const char *)at);
    }
    face->say(face->context, "");
}

/* Before the commit, like the files: who does not have them all must go on with the earlier ones. */
static int show_all(const struct verbs_face *face, struct printing *p, struct err *e)
{
    verbs_say(face, "These sheets do not count before the last line says so.");
    face->say(face->context, "");
    for (unsigned i = 0; i < p->sheets.count; i++)
        say_text(face, &p->sheet[i].kind[0]);
    int rc = face->flush(face->context, e);
    return rc == 0 ? 0 : err_add(e, rc, "%s", text_tr("no sheets were made"));
}

static void say_made(const struct verbs_face *face, struct printing *p)
{
    const struct store_sheets *x = &p->sheets;
    struct file_path path;
    verbs_say(face, "Recovery sheets: %u, of which %u are needed.", x->count, x->needed);
    for (unsigned n = 0; n < p->written; n++)
        if (place_of(p, n, &path, NULL) == 0)
            verbs_say(face, "  %s", path.s);
    if (x->needed == 1)
        verbs_say(face, "One sheet is enough: whoever has one, and a copy of the repository, reads everything in it.");
    if (p->out != NULL)
        verbs_say(face, "Print them, give them to different keepers, and destroy the files.");
    verbs_say(face, "These sheets count from now on, and earlier ones open this repository no more. Copies of it made "
                    "before today know only those: refresh the copies, then destroy the old sheets.");
}

static void say_waiting(const struct verbs_face *face, struct printing *p)
{
    struct file_path path;
    for (unsigned n = 0; n < p->written; n++)
        if (place_of(p, n, &path, NULL) == 0)
            verbs_say(face, "  %s", path.s);
    verbs_say(face, "These sheets count once other administrators have approved them; until then the earlier ones do.");
}

/* ${proposal}: where the sheets wait for approval; 0: they count. */
static void json_made(struct json_out *j, const struct printing *p, uint64_t proposal)
{
    char set[2 * STATEMENT_ID + 1];
    struct file_path path;
    hex_put(set, p->sheets.set, STATEMENT_ID);
    json_key(j, "files");
    json_array_begin(j);
    for (unsigned n = 0; n < p->written; n++)
        if (place_of(p, n, &path, NULL) == 0)
            json_string(j, path.s);
    json_array_end(j);
    verbs_json_u64(j, "needed", p->sheets.needed);
    if (proposal != 0)
        verbs_json_u64(j, "proposal", proposal);
    verbs_json_text(j, "set", set);
    verbs_json_u64(j, "sheets", p->sheets.count);
}

/* A line beside the error. */
static void warn(const struct verbs_face *face, const char *english)
{
    face->warn(face->context, text_tr(english));
}

/* Sheets are taken back only while it is sure that they do not count. */
static void failed(const struct verbs_face *face, const struct store *s, struct printing *p)
{
    if (store_sheets_may_count(s))
        warn(face, TEXT("These sheets may count already: keep them, and run groundwork recovery again."));
    else if (p->out == NULL)
        warn(face, TEXT("The sheets that were shown do not count: destroy what was written down of them."));
    else
        unwrite_all(p);
}

static int make(const struct verbs_face *face, struct store *s, struct printing *p, struct err *e)
{
    struct store_facts facts;
    int rc = 0;
    store_facts(s, &facts);
    for (unsigned i = 0; rc == 0 && i < p->sheets.count; i++)
        rc = print_one(&facts, &p->sheets, i, &p->sheet[i], e);
    if (rc == 0)
        rc = p->out != NULL ? write_all(p, e) : show_all(face, p, e);
    if (rc == 0)
        rc = store_sheets_commit(s, &p->sheets, e);
    if (rc != 0)
        failed(face, s, p);
    return rc;
}

int verbs_recovery(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    OWN(printing_release) struct printing p = {.out = request->option[OPTION_OUT]};
    struct verbs_place place;
    unsigned sheets = 0, needed = 0;
    int rc = number_of("--sheets", request->option[OPTION_SHEETS], SHEETS_DEFAULT, &sheets, e);
    if (rc == 0)
        rc = number_of("--needed", request->option[OPTION_NEEDED], sheets < NEEDED_DEFAULT ? sheets : NEEDED_DEFAULT,
                       &needed, e);
    if (rc == 0 && needed > sheets)
        rc = err_set(e, ERR_USAGE, "--needed %u: there are only %u sheets", needed, sheets);
    if (rc == 0 && p.out == NULL && face->json != NULL)
        rc = err_set(e, ERR_USAGE, "--json shows no secrets: name a folder for the sheets with --out");
    if (rc == 0 && p.out == NULL && face->quiet)
        rc = err_set(e, ERR_USAGE, "-q shows no sheets: name a folder for them with --out");
    if (rc == 0 && p.out != NULL)
        rc = verbs_outside(request, p.out, e);
    if (rc == 0 && p.out != NULL)
        rc = verbs_apart(p.out, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_sheets_make(s, needed, sheets, &p.sheets, e);
    if (rc == 0)
        rc = make(face, s, &p, e);
    if (rc != 0)
        return rc;
    const struct history *h = store_history(s);
    bool waits = history_needed(h, UINT64_MAX) > 1;
    if (face->json != NULL)
        json_made(face->json, &p, waits ? h->last_leaf : 0);
    else if (!waits)
        say_made(face, &p);
    else {
        say_waiting(face, &p);
        return verbs_proposed(s, face);
    }
    return verbs_settle(request, face, &s, e);
}
