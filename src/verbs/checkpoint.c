/* The newest checkpoint as a paper that anyone may keep, and back from its words. */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"

#include <inttypes.h>

enum { OPTION_OUT };
enum { KINDS = 2 };

static int make(struct store *s, struct paper_checkpoint *ret, char made[TIME_TEXT_MAX], struct buf kind[KINDS],
                struct err *e)
{
    struct store_facts f;
    store_facts(s, &f);
    time_text(made, time_now_unix_s());
    *ret = (struct paper_checkpoint){.origin = f.origin,
                                     .made = made,
                                     .leaves = f.position.leaves,
                                     .root = f.position.root,
                                     .pin = f.pin};
    int rc = paper_checkpoint_text(ret, &kind[0], e);
    return rc == 0 ? paper_checkpoint_page(ret, &kind[1], e) : rc;
}

static int place_of(const char *out, uint64_t leaves, int kind, struct file_path *to, struct err *e)
{
    return file_path(to, e, "%s/checkpoint-%" PRIu64 ".%s", out, leaves, kind == 0 ? "txt" : "html");
}

/* Both or none: a page that is there already, of the same leaves, is as good as what would be written. */
static int write_all(const char *out, const struct paper_checkpoint *c, const struct buf kind[KINDS], struct err *e)
{
    struct file_path path[KINDS];
    int rc = file_make_folders(out, e);
    for (int i = 0; rc == 0 && i < KINDS; i++)
        rc = place_of(out, c->leaves, i, &path[i], e);
    for (int i = 0; rc == 0 && i < KINDS; i++)
        if (file_exists(path[i].s))
            rc = err_set(e, ERR_REFUSED, "%s is there already: name another folder", path[i].s);
    if (rc == 0)
        rc = file_create(path[0].s, buf_bytes(&kind[0]), 0644, e);
    if (rc != 0)
        return rc;
    rc = file_create(path[1].s, buf_bytes(&kind[1]), 0644, e);
    if (rc != 0)
        (void)file_remove(path[0].s, NULL);
    return rc;
}

static void to_json(struct json_out *j, const struct paper_checkpoint *c)
{
    OWN(buf_drop) struct buf line = {0};
    uint8_t code[PAPER_CODE];
    paper_checkpoint_code(c, code);
    verbs_json_u64(j, "leaves", c->leaves);
    verbs_json_text(j, "origin", c->origin);
    verbs_json_hash(j, "pin", &c->pin);
    verbs_json_hash(j, "root", &c->root);
    json_key(j, "words");
    json_array_begin(j);
    for (unsigned i = 0; i < PAPER_LINES; i++) {
        buf_clear(&line);
        paper_line(i + 1, code + (size_t)i * PAPER_LINE, PAPER_LATIN, &line);
        json_string(j, buf_text(&line));
    }
    json_array_end(j);
}

static void say_page(const struct verbs_face *face, const struct buf *page)
{
    for (struct cursor c = cursor_of(buf_bytes(page)); c.left > 0;) {
        struct bytes line = cursor_line(&c);
        verbs_say(face, "%.*s", (int)line.n, (const char *)line.p);
    }
}

int verbs_checkpoint(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf text = {0}, page = {0};
    struct buf kind[KINDS] = {{0}, {0}};
    struct paper_checkpoint c;
    struct verbs_place place;
    char made[TIME_TEXT_MAX];
    const char *out = request->option[OPTION_OUT];
    int rc = out != NULL ? verbs_outside(request, out, e) : 0;
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0)
        rc = make(s, &c, made, kind, e);
    text = kind[0];
    page = kind[1];
    if (rc == 0 && out != NULL)
        rc = write_all(out, &c, kind, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        to_json(face->json, &c);
    else if (out == NULL)
        say_page(face, &text);
    else
        verbs_say(face, "Written to %s: checkpoint-%" PRIu64 ".txt and .html. Print one, and give it away.", out,
                  c.leaves);
    return 0;
}

/* A signed note or a fork file: read as such, whatever its lines look like. */
static bool is_signed(struct bytes text)
{
    static const char begins[] = "\n\n\xE2\x80\x94 ";
    return text.n > 0 && memmem(text.p, text.n, begins, sizeof begins - 1) != NULL;
}

int verbs_checkpoint_words(struct store *s, struct buf *text, struct err *e)
{
    uint8_t code[PAPER_CODE];
    char root[2 * CRYPT_HASH + 1];
    struct paper_checkpoint c;
    struct store_facts f;
    if (is_signed(buf_bytes(text)))
        return 0;
    int rc = paper_find(buf_bytes(text), code, e);
    if (rc == ERR_ABSENT)
        return 0; /* three lines as they are typed: the caller's to read */
    if (rc == 0)
        rc = paper_checkpoint_read(code, &c, e);
    if (rc != 0)
        return rc;
    store_facts(s, &f);
    if (memcmp(c.pin.b, f.pin.b, PAPER_PIN) != 0)
        return err_set(e, ERR_DAMAGED, "the paper is of another repository: its pin is not this one's");
    hex_put(root, c.root.b, CRYPT_HASH);
    buf_clear(text);
    buf_printf(text, "%s\n%" PRIu64 "\n%s\n", f.origin, c.leaves, root);
    return buf_check(text, e);
}
