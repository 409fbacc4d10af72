/*
 * The formats of lists.
 */
#include "screen/screen_internal.h"

#include "base/json.h"
#include "base/unicode.h"
#include "base/xml.h"
#include "table/table.h"

/* ---- UN consolidated list ---- */

enum { NAME_PARTS = 4 };

struct un {
    struct screen *s;
    struct screen_draft draft;
    struct buf part[NAME_PARTS];
    bool inside, birth, document, nationality;
};

static int un_begin(void *context, const char *name, const char *const *attributes, struct err *e)
{
    struct un *u = context;
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(attributes[0], "dateGenerated") == 0 && u->s->list[u->s->lists - 1].date == 0)
            return screen_text(u->s, bytes_text(attributes[1]), &u->s->list[u->s->lists - 1].date, e);
    if (strcmp(name, "INDIVIDUAL") == 0 || strcmp(name, "ENTITY") == 0) {
        screen_draft_clear(&u->draft);
        u->draft.kind = name[0] == 'I' ? MATCH_PERSON : MATCH_ORGANISATION;
        u->inside = true;
        for (unsigned i = 0; i < NAME_PARTS; i++)
            buf_clear(&u->part[i]);
    }
    u->birth = u->birth || strcmp(name, "INDIVIDUAL_DATE_OF_BIRTH") == 0;
    u->document = u->document || strcmp(name, "INDIVIDUAL_DOCUMENT") == 0;
    u->nationality = u->nationality || strcmp(name, "NATIONALITY") == 0;
    return 0;
}

static void un_whole_name(struct un *u)
{
    OWN(buf_drop) struct buf whole = {0};
    for (unsigned i = 0; i < NAME_PARTS; i++) {
        if (whole.n != 0 && u->part[i].n != 0)
            buf_put_u8(&whole, ' ');
        buf_put_bytes(&whole, buf_bytes(&u->part[i]));
    }
    /* The whole name comes before its aliases: it is what a hit shows. */
    OWN(buf_drop) struct buf others = {0};
    buf_put_bytes(&others, buf_bytes(&u->draft.names));
    buf_clear(&u->draft.names);
    screen_draft_name(&u->draft, buf_bytes(&whole));
    buf_put_bytes(&u->draft.names, buf_bytes(&others));
}

/* In damaged copies the name in its own script has become digits and marks: 3D7'F for an Arabic word. */
static bool is_whole(struct bytes name)
{
    bool odd = false;
    for (size_t i = 0; i < name.n; i++) {
        if (name.p[i] >= 0x80)
            return true;
        odd = odd || (name.p[i] != ' ' && name.p[i] != '-' && name.p[i] != '.' && (name.p[i] | 0x20) < 'a');
    }
    return !odd;
}

static int un_end(void *context, const char *name, struct bytes text, struct err *e)
{
    static const char *const parts[NAME_PARTS] = {"FIRST_NAME", "SECOND_NAME", "THIRD_NAME", "FOURTH_NAME"};
    struct un *u = context;
    if (!u->inside)
        return 0;
    for (unsigned i = 0; i < NAME_PARTS; i++)
        if (strcmp(name, parts[i]) == 0)
            buf_put_bytes(&u->part[i], text);
    if (strcmp(name, "ALIAS_NAME") == 0 || (strcmp(name, "NAME_ORIGINAL_SCRIPT") == 0 && is_whole(text)))
        screen_draft_name(&u->draft, text);
    if (strcmp(name, "REFERENCE_NUMBER") == 0)
        buf_put_bytes(&u->draft.id, text);
    bool date = strcmp(name, "DATE") == 0 || strcmp(name, "YEAR") == 0 || strcmp(name, "FROM_YEAR") == 0 ||
                strcmp(name, "TO_YEAR") == 0;
    if (u->birth && date)
        screen_draft_detail(&u->draft, SCREEN_BIRTH, text);
    if (u->document && strcmp(name, "NUMBER") == 0)
        screen_draft_detail(&u->draft, SCREEN_PASSPORT, text);
    if (u->nationality && strcmp(name, "VALUE") == 0)
        screen_draft_detail(&u->draft, SCREEN_NATIONALITY, text);
    u->birth = u->birth && strcmp(name, "INDIVIDUAL_DATE_OF_BIRTH") != 0;
    u->document = u->document && strcmp(name, "INDIVIDUAL_DOCUMENT") != 0;
    u->nationality = u->nationality && strcmp(name, "NATIONALITY") != 0;
    if (strcmp(name, "INDIVIDUAL") != 0 && strcmp(name, "ENTITY") != 0)
        return 0;
    u->inside = false;
    un_whole_name(u);
    return screen_take(u->s, &u->draft, e);
}

/* How many bytes the character at ${p} has; 0 when it is not UTF-8, or a control character that XML forbids. */
static size_t character_bytes(const uint8_t *p, size_t left)
{
    size_t n = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2 : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    if (p[0] < 0x20 && p[0] != '\t' && p[0] != '\n' && p[0] != '\r')
        return 0;
    return n != 0 && n <= left && (n == 1 || unicode_valid(bytes_of(p, n))) ? n : 0;
}

/* &amp; and its like, or a number. */
static bool is_reference(struct bytes x)
{
    size_t n = 1;
    while (n < x.n && n < 12 && (x.p[n] == '#' || (x.p[n] >= '0' && x.p[n] <= '9') || (x.p[n] | 0x20) >= 'a'))
        n++;
    return n > 2 && n < x.n && x.p[n] == ';';
}

/* A mark of XML that begins nothing: letters of another script that lost their upper half look so. */
static bool is_stray(struct bytes x)
{
    if (x.p[0] == '&')
        return !is_reference(x);
    if (x.p[0] != '<' || (x.n > 1 && (x.p[1] == '!' || x.p[1] == '?')))
        return false;
    size_t start = x.n > 1 && x.p[1] == '/' ? 2 : 1, n = start;
    while (n < x.n &&
           (x.p[n] == '_' || x.p[n] == ':' || x.p[n] == '-' || (x.p[n] >= '0' && x.p[n] <= '9' && n > start) ||
            ((x.p[n] | 0x20) >= 'a' && (x.p[n] | 0x20) <= 'z')))
        n++;
    bool ends = n < x.n && (x.p[n] == '>' || x.p[n] == ' ' || x.p[n] == '\n' || x.p[n] == '\r' ||
                            (x.p[n] == '/' && n + 1 < x.n && x.p[n + 1] == '>'));
    return n - start < 2 || !ends;
}

/*
 * Copies of lists go about in which letters were damaged on the way: such bytes become question marks, and are
 * counted.
 */
static int mend(struct bytes content, struct buf *to, uint64_t *ret_damaged, struct err *e)
{
    for (size_t i = 0; i < content.n;) {
        size_t n = character_bytes(content.p + i, content.n - i);
        bool stray = is_stray(bytes_of(content.p + i, content.n - i));
        if (stray)
            buf_put_text(to, content.p[i] == '&' ? "&amp;" : "&lt;");
        else
            buf_put(to, n == 0 ? (const uint8_t *)"?" : content.p + i, n == 0 ? 1 : n);
        *ret_damaged += n == 0 || stray;
        i += n == 0 ? 1 : n;
    }
    return buf_check(to, e);
}

int screen_read_un(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    struct un u = {.s = s};
    OWN(buf_drop) struct buf mended = {0};
    const struct xml_handler handler = {&u, un_begin, un_end};
    s->list[s->lists - 1].format = SCREEN_UN_XML;
    int rc = mend(content, &mended, &s->list[s->lists - 1].damaged, e);
    rc = rc == 0 ? xml_read(buf_bytes(&mended), name, &handler, e) : rc;
    screen_draft_drop(&u.draft);
    for (unsigned i = 0; i < NAME_PARTS; i++)
        buf_drop(&u.part[i]);
    return rc;
}

/* ---- OFAC: sdn.csv, alt.csv ---- */

static bool is_null(struct bytes x)
{
    return x.n == 0 || (x.n == 3 && memcmp(x.p, "-0-", 3) == 0);
}

/* What stands behind ${label} in the remarks, up to the next semicolon, each time it occurs. */
static void from_remarks(struct screen_draft *d, struct bytes remarks, const char *label, enum screen_detail which)
{
    size_t n = strlen(label);
    for (size_t i = 0; i + n < remarks.n; i++) {
        if (memcmp(remarks.p + i, label, n) != 0)
            continue;
        size_t start = i + n, end = start;
        while (end < remarks.n && remarks.p[end] != ';' && remarks.p[end] != '.' && remarks.p[end] != '(')
            end++;
        screen_draft_detail(d, which, table_trim(bytes_of(remarks.p + start, end - start)));
        i = end - 1;
    }
}

static int sdn_row(struct screen *s, struct screen_draft *d, const struct table_row *row, struct err *e)
{
    struct bytes type = table_trim(row->fields[2]), remarks = table_trim(row->fields[row->count - 1]);
    screen_draft_clear(d);
    buf_put_bytes(&d->id, table_trim(row->fields[0]));
    d->kind = type.n == 10 && memcmp(type.p, "individual", 10) == 0 ? MATCH_PERSON
              : type.n == 6 && memcmp(type.p, "vessel", 6) == 0     ? MATCH_VESSEL
                                                                    : MATCH_ORGANISATION;
    screen_draft_name(d, table_trim(row->fields[1]));
    if (!is_null(remarks)) {
        from_remarks(d, remarks, "DOB ", SCREEN_BIRTH);
        from_remarks(d, remarks, "Passport ", SCREEN_PASSPORT);
        from_remarks(d, remarks, "nationality ", SCREEN_NATIONALITY);
        from_remarks(d, remarks, "citizen ", SCREEN_NATIONALITY);
        from_remarks(d, remarks, "IMO ", SCREEN_IMO);
    }
    return screen_take(s, d, e);
}

/* A name of alt.csv becomes an entry of its own with the number and details of its person. */
static int alt_row(struct screen *s, struct screen_draft *d, const struct table_row *row, size_t *hint, struct err *e)
{
    struct bytes id = table_trim(row->fields[0]);
    size_t first = s->list[s->lists - 1].first;
    for (size_t tried = 0; tried < first; tried++, *hint = *hint + 1 >= first ? 0 : *hint + 1) {
        const struct screen_item *i = &s->items[*hint];
        const char *own = (const char *)s->texts.p + i->id;
        if (strlen(own) != id.n || memcmp(own, id.p, id.n) != 0 || s->list[i->list].format != SCREEN_OFAC_CSV)
            continue;
        screen_draft_clear(d);
        buf_put_bytes(&d->id, id);
        d->kind = (enum match_kind)i->kind;
        for (unsigned k = 0; k < SCREEN_DETAILS; k++)
            buf_put_text(&d->detail[k], (const char *)s->texts.p + i->detail[k]);
        screen_draft_name(d, table_trim(row->fields[3]));
        return screen_take(s, d, e);
    }
    return 0;
}

static int read_ofac(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    static const struct table_options options = {.separator = ',', .headless = true};
    struct screen_draft d __attribute__((cleanup(screen_draft_drop))) = {0};
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    size_t hint = 0;
    int rc = table_open_bytes(content, name, &options, &t, e);
    while (rc == 0 && (rc = table_next(t, &row, e)) == 1) {
        if (row.count == 12)
            rc = sdn_row(s, &d, &row, e);
        else if (row.count == 5)
            rc = alt_row(s, &d, &row, &hint, e);
        else if (row.count > 1 || row.fields[0].n > 1) /* the file ends with a control character */
            rc = err_set(e, ERR_DAMAGED, "%s, line %lu: %zu fields, where sdn.csv has 12 and alt.csv 5", name,
                         (unsigned long)row.line, row.count);
        else
            rc = 0;
        if (rc != 0)
            return rc;
    }
    return rc;
}

/* ---- tables with a header ---- */

struct csv_columns {
    int id, schema, name[6], detail[SCREEN_DETAILS];
};

static int find_any(const struct table *t, const char *const *names)
{
    for (; *names != NULL; names++) {
        int column = table_find(t, *names);
        if (column >= 0)
            return column;
    }
    return -1;
}

static void find_columns(const struct table *t, struct csv_columns *c)
{
    static const char *const ids[] = {"recordId", "id", "ID", "reference", "rec_id", NULL};
    static const char *const names[6][4] = {{"name", "full_name", "names", NULL},
                                            {"alias", "aliases", NULL},
                                            {"weakAlias", NULL},
                                            {"previousName", NULL},
                                            {"original_name", NULL},
                                            {"name_original_script", NULL}};
    static const char *const details[SCREEN_DETAILS][5] = {{"birthDate", "date_of_birth", "birth", "dob", NULL},
                                                           {"passportNumber", "passport", NULL},
                                                           {"imoNumber", "imo", NULL},
                                                           {"nationality", "country", NULL}};
    c->id = find_any(t, ids);
    c->schema = table_find(t, "schema");
    for (unsigned i = 0; i < 6; i++)
        c->name[i] = find_any(t, names[i]);
    for (unsigned i = 0; i < SCREEN_DETAILS; i++)
        c->detail[i] = find_any(t, details[i]);
}

static enum match_kind kind_of_schema(struct bytes schema)
{
    if (schema.n == 6 && memcmp(schema.p, "Vessel", 6) == 0)
        return MATCH_VESSEL;
    return schema.n == 0 || (schema.n == 6 && memcmp(schema.p, "Person", 6) == 0) ? MATCH_PERSON : MATCH_ORGANISATION;
}

/* Several names in one field, apart by semicolons or bars. */
static void names_in(struct screen_draft *d, struct bytes field)
{
    for (size_t i = 0, start = 0; field.n != 0 && i <= field.n; i++)
        if (i == field.n || field.p[i] == ';' || field.p[i] == '|' || field.p[i] == '\n') {
            screen_draft_name(d, table_trim(bytes_of(field.p + start, i - start)));
            start = i + 1;
        }
}

static int read_headed(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    struct screen_draft d __attribute__((cleanup(screen_draft_drop))) = {0};
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    struct csv_columns c;
    int rc = table_open_bytes(content, name, NULL, &t, e);
    if (rc != 0)
        return rc;
    find_columns(t, &c);
    if (c.name[0] < 0)
        return err_set(e, ERR_DAMAGED, "%s: no column is called name", name);
    s->list[s->lists - 1].format = table_find(t, "celex") >= 0 ? SCREEN_EU_CSV : SCREEN_PLAIN_CSV;
    uint64_t last_line = 0, short_rows = 0;
    bool last_is_short = false;
    while ((rc = table_next(t, &row, e)) == 1) {
        last_line = row.line;
        last_is_short = table_notes(t)->short_rows != short_rows;
        short_rows = table_notes(t)->short_rows;
        screen_draft_clear(&d);
        if (c.id >= 0)
            buf_put_bytes(&d.id, table_trim(row.fields[c.id]));
        else
            buf_printf(&d.id, "%lu", (unsigned long)row.line);
        d.kind = kind_of_schema(c.schema >= 0 ? row.fields[c.schema] : (struct bytes){0});
        for (unsigned i = 0; i < 6; i++)
            if (c.name[i] >= 0)
                names_in(&d, row.fields[c.name[i]]);
        for (unsigned i = 0; i < SCREEN_DETAILS; i++)
            if (c.detail[i] >= 0)
                screen_draft_detail(&d, (enum screen_detail)i, table_trim(row.fields[c.detail[i]]));
        rc = screen_take(s, &d, e);
        if (rc != 0)
            return rc;
    }
    /* Whom the rest of it names would not be found, and nobody would know. */
    if (rc == 0 && last_is_short && content.p[content.n - 1] != '\n')
        return err_set(e, ERR_DAMAGED, "%s, line %lu: the last row breaks off: the list is cut off", name,
                       (unsigned long)last_line);
    return rc;
}

int screen_read_csv(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    s->list[s->lists - 1].format = SCREEN_OFAC_CSV;
    bool numbered = content.n != 0 && content.p[0] >= '0' && content.p[0] <= '9';
    return numbered ? read_ofac(s, content, name, e) : read_headed(s, content, name, e);
}

/* ---- FollowTheMoney: an entity on each line ---- */

static void ftm_values(const struct json_node *properties, const char *key, struct screen_draft *d, int detail)
{
    const struct json_node *values = json_get(properties, key);
    for (size_t i = 0; i < json_count(values); i++) {
        const char *value = json_text(json_at(values, i));
        if (value == NULL)
            continue;
        if (detail < 0)
            screen_draft_name(d, bytes_text(value));
        else
            screen_draft_detail(d, (enum screen_detail)detail, bytes_text(value));
    }
}

static int ftm_line(struct screen *s, struct screen_draft *d, struct bytes line, struct err *e)
{
    OWN(json_drop) struct json *document = NULL;
    int rc = json_parse(line, &document, e);
    if (rc != 0)
        return rc;
    const struct json_node *root = json_root(document), *properties = json_get(root, "properties");
    const char *id = json_text(json_get(root, "id")), *schema = json_text(json_get(root, "schema"));
    if (!json_is_object(properties) || id == NULL || schema == NULL)
        return err_set(e, ERR_DAMAGED, "not an entity: id, schema and properties are wanted");
    screen_draft_clear(d);
    buf_put_text(&d->id, id);
    d->kind = kind_of_schema(bytes_text(schema));
    ftm_values(properties, "name", d, -1);
    ftm_values(properties, "alias", d, -1);
    ftm_values(properties, "weakAlias", d, -1);
    ftm_values(properties, "previousName", d, -1);
    ftm_values(properties, "birthDate", d, SCREEN_BIRTH);
    ftm_values(properties, "passportNumber", d, SCREEN_PASSPORT);
    ftm_values(properties, "imoNumber", d, SCREEN_IMO);
    ftm_values(properties, "nationality", d, SCREEN_NATIONALITY);
    return screen_take(s, d, e);
}

int screen_read_ftm(struct screen *s, struct bytes content, const char *name, struct err *e)
{
    struct screen_draft d __attribute__((cleanup(screen_draft_drop))) = {0};
    uint64_t number = 0;
    s->list[s->lists - 1].format = SCREEN_FTM_JSON;
    for (size_t at = 0; at < content.n;) {
        const uint8_t *end = memchr(content.p + at, '\n', content.n - at);
        size_t n = end == NULL ? content.n - at : (size_t)(end - content.p) - at;
        number++;
        int rc = table_trim(bytes_of(content.p + at, n)).n == 0 ? 0 : ftm_line(s, &d, bytes_of(content.p + at, n), e);
        if (rc != 0)
            return err_add(e, rc, "%s, line %lu", name, (unsigned long)number);
        at += n + 1;
    }
    return 0;
}
