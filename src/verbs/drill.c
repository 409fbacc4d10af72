/* One page for the wall: what is done when a member leaves or is arrested.  No names of persons stand on it. */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { OPTION_OUT };

/* Both forms of the page, written line by line. */
struct page {
    struct buf text, html;
};

static void page_release(struct page *p)
{
    buf_drop(&p->text);
    buf_drop(&p->html);
}

static void line_put(struct page *p, enum paper_mark mark, const char *line)
{
    static const char *const before[] = {
        [PAPER_HEADING] = "", [PAPER_STEP] = "\n", [PAPER_TEXT] = "", [PAPER_COMMAND] = "  "};
    buf_printf(&p->text, "%s%s\n", before[mark], line);
    paper_html_line(mark, line, &p->html);
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* ${format}: a key of the catalogue. */
__attribute__((format(printf, 3, 4))) static void drill_say(struct page *p, enum paper_mark mark,
                                                            const char *format, ...)
{
    OWN(mem_drop) char *line = NULL;
    va_list list;
    va_start(list, format);
    if (vasprintf(&line, text_tr(format), list) < 0)
        line = NULL;
    va_end(list);
    if (line != NULL)
        line_put(p, mark, line);
    else
        p->text.failed = true;
}
#pragma GCC diagnostic pop

static void command(struct page *p, const char *root, const char *verb)
{
    OWN(buf_drop) struct buf line = {0};
    buf_printf(&line, "groundwork -R %s %s", root, verb);
    line_put(p, PAPER_COMMAND, buf_text(&line));
}

static void head(struct page *p, const struct store_facts *f)
{
    char when[TIME_TEXT_MAX], pin[17];
    time_text(when, time_now_unix_s());
    hex_put(pin, f->pin.b, 8);
    paper_html_begin(&p->html);
    drill_say(p, PAPER_HEADING, "IF A MEMBER LEAVES OR IS ARRESTED");
    drill_say(p, PAPER_TEXT,
              "Repository %s, pin %s. Made %s, at %" PRIu64 " leaves. No person's name stands on this page.",
              f->origin, pin, when, f->position.leaves);
}

static void members(struct page *p, const struct history *h)
{
    for (size_t i = 0; i < h->count; i++) {
        OWN(buf_drop) struct buf line = {0};
        const struct history_member *m = &h->members[i];
        enum statement_role role = history_role(m, UINT64_MAX);
        if (role == 0)
            continue;
        buf_printf(&line, "%s  %s", m->key.name, statement_role_name(role));
        line_put(p, PAPER_COMMAND, buf_text(&line));
    }
    drill_say(p, PAPER_TEXT,
              "%zu of %zu administrators decide. Write beside each key, by hand, whom you call.",
              history_needed(h, UINT64_MAX), history_administrators(h, UINT64_MAX));
}

static void step_revoke(struct page *p, const struct history *h, const char *root)
{
    drill_say(p, PAPER_STEP, "1. REVOKE, at once, on a computer that she does not have");
    drill_say(p, PAPER_COMMAND, "groundwork -R %s member revoke KEY --reason arrested --doubtful-from LEAF", root);
    drill_say(p, PAPER_TEXT,
              "KEY is one of the names above. LEAF is the first statement that she may have been forced to sign: "
              "groundwork items and groundwork receipt show leaves. Nothing is removed: what follows is shown as "
              "doubtful. Reasons: left, lost, arrested, stolen, other.");
    if (history_needed(h, UINT64_MAX) > 1) {
        drill_say(p, PAPER_TEXT,
                  "It is proposed first. The leaf that is printed then is approved by other administrators:");
        drill_say(p, PAPER_COMMAND, "groundwork -R %s member approve LEAF", root);
    }
}

static void step_lock(struct page *p, const char *root)
{
    drill_say(p, PAPER_STEP, "2. LOCK");
    drill_say(p, PAPER_TEXT,
              "Shut down every computer that holds the repository or a key file. Collect sticks, mirrors and key "
              "files that she could reach. Whoever may have shown her a passphrase changes it:");
    command(p, root, "passphrase");
}

static void step_rekey(struct page *p, const char *root)
{
    drill_say(p, PAPER_STEP, "3. RE-KEY, and look");
    drill_say(p, PAPER_TEXT,
              "Revoking a writer has drawn new keys for all that comes after. What she could read until then she "
              "may have kept: warn the givers and witnesses who stand in it. Then:");
    command(p, root, "verify");
    drill_say(p, PAPER_COMMAND, "groundwork -R %s recovery --out FOLDER", root);
    drill_say(p, PAPER_COMMAND, "groundwork -R %s mirror DEST", root);
    drill_say(p, PAPER_COMMAND, "groundwork -R %s cosigner turn FILE", root);
    drill_say(p, PAPER_TEXT,
              "New recovery sheets, for she may know of the old ones; every mirror refreshed; every cosigner told "
              "the new log key (groundwork-cosign turn).");
}

static void last_resort(struct page *p)
{
    drill_say(p, PAPER_STEP, "If too few administrators are left");
    drill_say(p, PAPER_TEXT,
              "The keepers of the recovery sheets come together with a copy of the repository:");
    drill_say(p, PAPER_COMMAND, "groundwork recover COPY DEST --replaces KEY");
}

static int make(struct store *s, struct page *p, struct err *e)
{
    struct store_facts f;
    store_facts(s, &f);
    head(p, &f);
    members(p, store_history(s));
    step_revoke(p, store_history(s), f.root);
    step_lock(p, f.root);
    step_rekey(p, f.root);
    last_resort(p);
    paper_html_end(&p->html);
    int rc = buf_check(&p->text, e);
    return rc == 0 ? buf_check(&p->html, e) : rc;
}

/* Both or none. */
static int write_all(const char *out, const struct page *p, struct err *e)
{
    struct file_path text, html;
    int rc = file_make_folders(out, e);
    if (rc == 0)
        rc = file_path(&text, e, "%s/drill.txt", out);
    if (rc == 0)
        rc = file_path(&html, e, "%s/drill.html", out);
    if (rc == 0 && (file_exists(text.s) || file_exists(html.s)))
        rc = err_set(e, ERR_REFUSED, "%s holds a drill already: name another folder", out);
    if (rc == 0)
        rc = file_create(text.s, buf_bytes(&p->text), 0644, e);
    if (rc != 0)
        return rc;
    rc = file_create(html.s, buf_bytes(&p->html), 0644, e);
    if (rc != 0)
        (void)file_remove(text.s, NULL);
    return rc;
}

int verbs_member_drill(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(page_release) struct page p = {.text = {0}};
    struct verbs_place place;
    const char *out = request->option[OPTION_OUT];
    int rc = out != NULL ? verbs_outside(request, out, e) : 0;
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0)
        rc = make(s, &p, e);
    if (rc == 0 && out != NULL)
        rc = write_all(out, &p, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_text(face->json, "page", buf_text(&p.text));
    else if (out != NULL)
        verbs_say(face, "Written to %s: drill.txt and drill.html. Print one, and hang it where it is found.", out);
    else
        for (struct cursor c = cursor_of(buf_bytes(&p.text)); c.left > 0;) {
            struct bytes line = cursor_line(&c);
            verbs_say(face, "%.*s", (int)line.n, (const char *)line.p);
        }
    return 0;
}
