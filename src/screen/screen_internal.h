/*
 * The inside of screen: entries in flat arrays, texts in one buffer.
 */
#ifndef SCREEN_INTERNAL_H
#define SCREEN_INTERNAL_H

#include "screen/screen.h"

struct screen_item {
    uint32_t id, detail[SCREEN_DETAILS]; /* offsets of texts */
    uint32_t names, names_count;
    uint8_t list, kind;
    bool known;
    uint64_t content;
};
struct screen_name {
    uint32_t text, text_bytes; /* in the texts */
    uint32_t item;
};
/* A text of one kind, and the names it is: lists repeat themselves.  Numbered by its first name. */
struct screen_form {
    uint32_t text, text_bytes;
    uint32_t first, count; /* into form_names, ascending */
    uint8_t kind;
};
struct screen_form_name {
    uint32_t name, item;
};
struct screen_posting {
    uint32_t key, form;
};
/* A key, and where its postings begin: they end where those of the next key do. */
struct screen_key {
    uint32_t key, first;
    uint32_t names; /* that its postings stand for, of all readings */
};
struct screen_list {
    enum screen_format format;
    uint32_t date;
    size_t first, count;
    uint64_t damaged; /* bytes that cannot be text */
};
struct screen {
    struct buf texts; /* zero-terminated */
    struct screen_item *items;
    size_t items_count, items_room, names_count, names_room, skipped;
    struct screen_name *names;
    struct screen_list list[SCREEN_LISTS_MAX];
    unsigned lists;
    struct screen_form *forms;
    uint32_t forms_count;
    struct screen_form_name *form_names;
    struct screen_posting *postings; /* while the index is made */
    size_t postings_count;
    uint32_t *posting_form;  /* by key, then form */
    uint8_t *posting_names;  /* names of that form; SCREEN_NAMES_MANY: as many as it says */
    struct screen_key *keys; /* ascending, and one more */
    uint32_t keys_count;
    bool doubled;              /* a form may stand twice under a key, by both of its readings */
    struct match_sieve *sieve; /* over all forms */
    size_t names_open;         /* names of entries that are screened */
    uint32_t *bucket;          /* first key of each value of the upper bits of keys */
};

enum { SCREEN_BUCKET_BITS = 20, SCREEN_NAMES_MANY = 255 };

/* An entry as it is put together while it is read. */
struct screen_draft {
    struct buf id, detail[SCREEN_DETAILS];
    struct buf names; /* each followed by a zero byte */
    enum match_kind kind;
};
void screen_draft_clear(struct screen_draft *d);
void screen_draft_drop(struct screen_draft *d);
void screen_draft_name(struct screen_draft *d, struct bytes name);
void screen_draft_detail(struct screen_draft *d, enum screen_detail which, struct bytes value);
int screen_take(struct screen *s, const struct screen_draft *d, struct err *e); /* passes over one without a name */
void screen_count_open(struct screen *s);
int screen_text(struct screen *s, struct bytes text, uint32_t *ret, struct err *e);

int screen_read_un(struct screen *s, struct bytes content, const char *name, struct err *e);
int screen_read_csv(struct screen *s, struct bytes content, const char *name, struct err *e);
int screen_read_ftm(struct screen *s, struct bytes content, const char *name, struct err *e);

#endif
