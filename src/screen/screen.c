#include "screen/screen_internal.h"

const char *const screen_format_names[] = {"un-xml", "ofac-csv", "eu-csv", "ftm-json", "csv"};

int screen_new(struct screen **ret_screen, struct err *e)
{
    struct screen *s = calloc(1, sizeof *s);
    if (s == NULL)
        return err_memory(e);
    buf_put_u8(&s->texts, 0); /* offset 0 is the empty text */
    *ret_screen = s;
    return 0;
}

void screen_free(struct screen *s)
{
    if (s == NULL)
        return;
    buf_drop(&s->texts);
    free(s->items);
    free(s->names);
    free(s->forms);
    free(s->form_names);
    free(s->postings);
    free(s->posting_form);
    free(s->posting_names);
    free(s->keys);
    free(s->bucket);
    match_sieve_free(s->sieve);
    free(s);
}

void screen_drop(struct screen **s)
{
    screen_free(*s);
    *s = NULL;
}

size_t screen_entries(const struct screen *s)
{
    return s->items_count;
}

size_t screen_names(const struct screen *s)
{
    return s->names_count;
}

size_t screen_skipped(const struct screen *s)
{
    return s->skipped;
}

static const char *text_at(const struct screen *s, uint32_t at)
{
    return (const char *)s->texts.p + at;
}

void screen_entry_at(const struct screen *s, size_t entry, struct screen_entry *ret)
{
    const struct screen_item *i = &s->items[entry];
    *ret = (struct screen_entry){
        .id = text_at(s, i->id), .list = i->list, .kind = (enum match_kind)i->kind, .content = i->content};
    for (unsigned k = 0; k < SCREEN_DETAILS; k++)
        ret->detail[k] = text_at(s, i->detail[k]);
}

enum screen_format screen_list_format(const struct screen *s, unsigned list)
{
    return s->list[list].format;
}

const char *screen_list_date(const struct screen *s, unsigned list)
{
    return text_at(s, s->list[list].date);
}

size_t screen_list_entries(const struct screen *s, unsigned list)
{
    return s->list[list].count;
}

uint64_t screen_list_damaged(const struct screen *s, unsigned list)
{
    return s->list[list].damaged;
}

void screen_draft_clear(struct screen_draft *d)
{
    buf_clear(&d->id);
    buf_clear(&d->names);
    for (unsigned i = 0; i < SCREEN_DETAILS; i++)
        buf_clear(&d->detail[i]);
    d->kind = MATCH_PERSON;
}

void screen_draft_drop(struct screen_draft *d)
{
    buf_drop(&d->id);
    buf_drop(&d->names);
    for (unsigned i = 0; i < SCREEN_DETAILS; i++)
        buf_drop(&d->detail[i]);
}

void screen_draft_name(struct screen_draft *d, struct bytes name)
{
    struct match_name read;
    if (name.n == 0 || memchr(name.p, 0, name.n) != NULL)
        return;
    (void)match_name_read(name, MATCH_READ_KOREAN, &read);
    if (read.count == 0)
        return;
    buf_put_bytes(&d->names, name);
    buf_put_u8(&d->names, 0);
}

void screen_draft_detail(struct screen_draft *d, enum screen_detail which, struct bytes value)
{
    if (value.n == 0 || memchr(value.p, 0, value.n) != NULL)
        return;
    if (d->detail[which].n != 0)
        buf_put_text(&d->detail[which], "; ");
    buf_put_bytes(&d->detail[which], value);
}

int screen_text(struct screen *s, struct bytes text, uint32_t *ret, struct err *e)
{
    *ret = 0;
    if (text.n == 0)
        return 0;
    if (s->texts.n + text.n > UINT32_MAX - 1)
        return err_set(e, ERR_REFUSED, "the lists hold more than 4 GiB of text");
    *ret = (uint32_t)s->texts.n;
    buf_put_bytes(&s->texts, text);
    buf_put_u8(&s->texts, 0);
    return buf_check(&s->texts, e);
}

static bool room_for_one(void **array, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room == 0 ? 256 : *room * 2;
    void *grown = realloc(*array, more * size);
    if (grown == NULL)
        return false;
    *array = grown;
    *room = more;
    return true;
}

static int take_name(struct screen *s, struct bytes name, size_t item, struct err *e)
{
    void *names = s->names;
    bool fine = room_for_one(&names, &s->names_room, s->names_count, sizeof *s->names);
    s->names = names;
    uint32_t at = 0;
    int rc = fine ? screen_text(s, name, &at, e) : err_memory(e);
    if (rc == 0)
        s->names[s->names_count++] = (struct screen_name){at, (uint32_t)name.n, (uint32_t)item};
    return rc;
}

int screen_take(struct screen *s, const struct screen_draft *d, struct err *e)
{
    if (d->names.n == 0)
        return buf_check(&d->names, e);
    void *items = s->items;
    bool fine = room_for_one(&items, &s->items_room, s->items_count, sizeof *s->items);
    s->items = items;
    if (!fine)
        return err_memory(e);
    struct screen_item item = {
        .names = (uint32_t)s->names_count, .list = (uint8_t)(s->lists - 1), .kind = (uint8_t)d->kind};
    int rc = screen_text(s, buf_bytes(&d->id), &item.id, e);
    uint64_t content = (uint64_t)d->kind;
    for (unsigned i = 0; rc == 0 && i < SCREEN_DETAILS; i++) {
        rc = screen_text(s, buf_bytes(&d->detail[i]), &item.detail[i], e);
        content = content * 0x9E3779B97F4A7C15u + match_bytes_hash(buf_bytes(&d->detail[i]));
    }
    content = content * 0x9E3779B97F4A7C15u + match_bytes_hash(buf_bytes(&d->id));
    item.content = content * 0x9E3779B97F4A7C15u + match_bytes_hash(buf_bytes(&d->names));
    for (size_t at = 0; rc == 0 && at < d->names.n;) {
        size_t n = strlen((const char *)d->names.p + at);
        rc = take_name(s, bytes_of(d->names.p + at, n), s->items_count, e);
        at += n + 1;
    }
    item.names_count = (uint32_t)s->names_count - item.names;
    if (rc == 0)
        s->items[s->items_count++] = item;
    return rc;
}

static int read_list(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    size_t at = content.n > 3 && content.p[0] == 0xEF ? 3 : 0;
    while (at < content.n && (content.p[at] == ' ' || content.p[at] == '\n' || content.p[at] == '\r'))
        at++;
    if (at < content.n && content.p[at] == '<')
        return screen_read_un(s, bytes_of(content.p + at, content.n - at), name, e);
    if (at < content.n && content.p[at] == '{')
        return screen_read_ftm(s, bytes_of(content.p + at, content.n - at), name, e);
    return screen_read_csv(s, content, name, e);
}

int screen_add(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    if (s->lists == SCREEN_LISTS_MAX)
        return err_set(e, ERR_REFUSED, "more than %d lists", SCREEN_LISTS_MAX);
    size_t names = s->names_count;
    struct screen_list *l = &s->list[s->lists++];
    l->first = s->items_count;
    int rc = read_list(s, content, name, e);
    l->count = s->items_count - l->first;
    if (rc == 0 && s->names_count == names)
        rc = err_set(e, ERR_DAMAGED, "%s: no name was found in it; is it a list?", name);
    return rc;
}

static int by_content(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return a < b ? -1 : a > b;
}

void screen_count_open(struct screen *s)
{
    s->names_open = 0;
    for (size_t i = 0; i < s->names_count; i++)
        s->names_open += !s->items[s->names[i].item].known;
}

int screen_known(struct screen *s, const struct screen *before, struct err *e)
{
    OWN(mem_drop) uint64_t *contents = malloc((before->items_count + 1) * sizeof *contents);
    if (contents == NULL)
        return err_memory(e);
    for (size_t i = 0; i < before->items_count; i++)
        contents[i] = before->items[i].content;
    qsort(contents, before->items_count, sizeof *contents, by_content);
    for (size_t i = 0; i < s->items_count; i++) {
        bool known = bsearch(&s->items[i].content, contents, before->items_count, sizeof *contents, by_content) != NULL;
        s->skipped += known && !s->items[i].known;
        s->items[i].known = s->items[i].known || known;
    }
    screen_count_open(s);
    return 0;
}
