/*
 * Records as numbers.  A raw text is looked at once, however many records hold it: folded, given its skeleton, read
 * as a
 * date or number, split into words.
 */
#include "match/match_internal.h"

#include "base/text.h"

enum { WORDS_MAX = 64, FOLDED_MAX = 4096 };

static void dictionary_release(struct match_dictionary *d)
{
    free(d->values);
    buf_drop(&d->letters);
    free(d->words);
    match_map_free(d->raw);
    match_map_free(d->folded);
    match_map_free(d->skeletons);
    free(d->raw_value);
}

void match_frame_free(struct match_frame *f)
{
    if (f == NULL)
        return;
    for (unsigned i = 0; i < MATCH_FIELDS_MAX; i++)
        dictionary_release(&f->own[i]);
    match_map_free(f->vocabulary);
    free(f->word_records);
    free(f->row);
    free(f->source);
    free(f);
}

void match_frame_drop(struct match_frame **f)
{
    match_frame_free(*f);
    *f = NULL;
}

void match_frame_restart(struct match_frame *f)
{
    f->records = 0;
    for (unsigned i = 0; i < f->fields; i++)
        for (uint32_t v = 1; v <= f->own[i].count; v++)
            memset(f->own[i].values[v].count, 0, sizeof f->own[i].values[v].count);
    uint32_t words = match_map_count(f->vocabulary);
    for (uint32_t w = 1; w <= words; w++)
        f->word_records[w] = 0;
}

size_t match_frame_fields(const struct match_frame *f, const struct match_field **ret_fields)
{
    *ret_fields = f->field;
    return f->fields;
}

int match_words_count(const struct match_frame *f, struct match_words *to, struct err *e)
{
    uint32_t words = match_map_count(f->vocabulary);
    uint32_t *often = calloc(words + 1u, sizeof *often);
    if (often == NULL)
        return err_memory(e);
    if (words != 0)
        memcpy(often + 1, f->word_records + 1, words * sizeof *often);
    *to = (struct match_words){often, words + 1u, f->records};
    return 0;
}

void match_words_release(struct match_words *w)
{
    free(w->often);
    *w = (struct match_words){0};
}

size_t match_frame_records(const struct match_frame *f)
{
    return f->records;
}

static int dictionary_init(struct match_dictionary *d, struct err *e)
{
    d->raw = match_map_new();
    d->folded = match_map_new();
    d->skeletons = match_map_new();
    return d->raw != NULL && d->folded != NULL && d->skeletons != NULL ? 0 : err_memory(e);
}

int match_frame_new(const struct match_field *fields, size_t count, struct match_frame **ret_frame, struct err *e)
{
    if (count == 0 || count > MATCH_FIELDS_MAX)
        return err_set(e, ERR_REFUSED, "%zu fields to compare: from 1 to 16 can be used", count);
    OWN(match_frame_drop) struct match_frame *f = calloc(1, sizeof *f);
    if (f == NULL || (f->vocabulary = match_map_new()) == NULL)
        return err_memory(e);
    f->fields = (unsigned)count;
    f->given = f->surname = -1;
    for (unsigned i = 0; i < count; i++) {
        f->field[i] = fields[i];
        if (fields[i].kind == MATCH_GIVEN && f->given < 0)
            f->given = (int)i;
        if (fields[i].kind == MATCH_SURNAME && f->surname < 0)
            f->surname = (int)i;
    }
    for (unsigned i = 0; i < count; i++) {
        f->dictionary[i] = &f->own[i];
        if (f->given >= 0 && (int)i == f->surname)
            f->dictionary[i] = &f->own[f->given];
        int rc = dictionary_init(&f->own[i], e);
        if (rc != 0)
            return rc;
    }
    *ret_frame = TAKE(f);
    return 0;
}

/*
 * Room for one more of ${size} bytes each; doubles.  Not inlined: the compiler must not see two types of one
 * pointer.
 */
__attribute__((noinline)) static bool room_for(void *array, size_t *room, size_t count, size_t size)
{
    if (count < *room)
        return true;
    size_t more = *room == 0 ? 1024 : *room * 2;
    void *grown = realloc(*(void **)array, more * size);
    if (grown == NULL)
        return false;
    *(void **)array = grown;
    *room = more;
    return true;
}

/* Folded text: tokens of letters between single blanks.  Texts go on beyond what a name may hold. */
static void fold(struct bytes raw, struct buf *to, struct match_name *name)
{
    (void)match_name_read(raw, MATCH_READ_KOREAN, name);
    if (name->count < MATCH_TOKENS_MAX) {
        for (unsigned i = 0; i < name->count; i++) {
            if (i != 0)
                buf_put_u8(to, ' ');
            buf_put(to, name->t[i].s, name->t[i].n);
        }
        return;
    }
    bool blank = false;
    const uint8_t *p = raw.p, *end = raw.p + raw.n;
    while (p < end && to->n < FOLDED_MAX) {
        uint32_t code = match_next_code(&p, end);
        const char *letters = match_letter(code);
        char syllable[8] = {0};
        if (code >= 0xAC00 && code < 0xD7A4) {
            syllable[match_hangul_letters(code, syllable)] = '\0';
            letters = syllable;
        }
        if (letters != NULL && blank && to->n != 0)
            buf_put_u8(to, ' ');
        blank = letters == NULL;
        if (letters != NULL)
            buf_put_text(to, letters);
    }
}

static int64_t number_of(struct bytes raw)
{
    int64_t value = 0;
    unsigned decimals = 0;
    bool negative = false, point = false, any = false;
    for (size_t i = 0; i < raw.n; i++) {
        uint8_t c = raw.p[i];
        if (c == '-' && !any)
            negative = true;
        if (c == '.')
            point = true;
        if (c < '0' || c > '9' || (point && decimals == 3) || value > INT64_MAX / 20000)
            continue;
        any = true;
        value = value * 10 + (c - '0');
        decimals += point;
    }
    for (; decimals < 3; decimals++)
        value *= 10;
    return negative ? -value : value;
}

static int compare_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static bool add_words(struct match_frame *f, struct match_dictionary *d, struct match_value *v, struct bytes folded)
{
    uint32_t words[WORDS_MAX];
    unsigned n = 0;
    for (size_t i = 0; i < folded.n && n < WORDS_MAX;) {
        size_t start = i;
        while (i < folded.n && folded.p[i] != ' ')
            i++;
        bool is_new;
        uint32_t number = match_map_number(f->vocabulary, bytes_of(folded.p + start, i - start), &is_new);
        if (number == 0 || !room_for(&f->word_records, &f->word_room, number, sizeof *f->word_records))
            return false;
        if (is_new)
            f->word_records[number] = 0;
        words[n++] = number;
        i++;
    }
    qsort(words, n, sizeof *words, compare_u32);
    v->words = (uint32_t)d->words_count;
    for (unsigned i = 0; i < n; i++) {
        if (i != 0 && words[i] == words[i - 1])
            continue;
        if (!room_for(&d->words, &d->words_room, d->words_count, sizeof *d->words))
            return false;
        d->words[d->words_count++] = words[i];
        v->words_count++;
    }
    return true;
}

/* Skeleton of the whole value: of its letters; of a place, code or text, of its letters and digits. */
static bool add_skeleton(struct match_dictionary *d, struct match_value *v)
{
    char s[12];
    bool is_new;
    unsigned n = match_skeleton(v->s, v->n, s);
    v->letters = match_letters_of(v->s, v->n);
    v->skeleton = match_map_number(d->skeletons, bytes_of(s, n), &is_new);
    return v->skeleton != 0;
}

static bool is_null_word(struct bytes folded)
{
    static const char *const words[] = {"", "0", "00000000", "n a", "na", "none", "null", "nan", "unknown", "nil"};
    for (unsigned i = 0; i < COUNT(words); i++)
        if (bytes_equal(folded, bytes_text(words[i])))
            return true;
    return false;
}

static void put_kind(struct match_dictionary *d, struct match_value *v, enum match_field_kind kind,
                     struct match_date date, struct bytes raw, struct bytes folded)
{
    switch (kind) {
    case MATCH_DATE:
        v->date = date;
        break;
    case MATCH_NUMBER:
        v->number = number_of(raw);
        break;
    case MATCH_NAME:
        v->text = (uint32_t)d->letters.n;
        v->text_bytes = (uint32_t)folded.n;
        buf_put_bytes(&d->letters, folded);
        break;
    default:
        v->vowels = match_vowels(v->s, v->n);
    }
}

static int new_value(struct match_frame *f, unsigned field, struct bytes raw, uint32_t *ret_value, struct err *e)
{
    struct match_dictionary *d = f->dictionary[field];
    enum match_field_kind kind = f->field[field].kind;
    OWN(buf_drop) struct buf folded = {0};
    struct match_name name;
    struct match_date date = {0};
    fold(raw, &folded, &name);
    if (buf_check(&folded, e) != 0)
        return ERR_IO;
    *ret_value = 0;
    bool zero = kind == MATCH_NUMBER && folded.n == 1;
    if ((is_null_word(buf_bytes(&folded)) && !zero) ||
        (kind == MATCH_DATE && !match_date_read(raw, f->field[field].month_first, &date)))
        return 0;
    if (kind == MATCH_DATE) {
        buf_clear(&folded);
        buf_printf(&folded, "%04d %02u %02u", date.year, date.month, date.day);
    }
    if (kind == MATCH_NUMBER) {
        buf_clear(&folded);
        buf_printf(&folded, "%lld", (long long)number_of(raw));
    }
    bool is_new;
    uint32_t number = match_map_number(d->folded, buf_bytes(&folded), &is_new);
    size_t room = d->room;
    if (number == 0 || !room_for(&d->values, &room, number, sizeof *d->values))
        return err_memory(e);
    d->room = (uint32_t)room;
    *ret_value = number;
    if (!is_new)
        return 0;
    d->count = number;
    struct match_value *v = &d->values[number];
    *v = (struct match_value){0};
    for (size_t i = 0; i < folded.n && v->n < MATCH_TOKEN_BYTES; i++)
        if (folded.p[i] != ' ')
            v->s[v->n++] = (char)folded.p[i];
    bool fine = add_skeleton(d, v);
    put_kind(d, v, kind, date, raw, buf_bytes(&folded));
    fine = fine && !d->letters.failed;
    if (fine && (kind == MATCH_TEXT || kind == MATCH_NAME))
        fine = add_words(f, d, v, buf_bytes(&folded));
    return fine ? 0 : err_memory(e);
}

static int value_number(struct match_frame *f, unsigned field, struct bytes raw, uint32_t *ret, struct err *e)
{
    struct match_dictionary *d = f->dictionary[field];
    bool is_new;
    uint32_t number = match_map_number(d->raw, raw, &is_new);
    if (number == 0 || !room_for(&d->raw_value, &d->raw_room, number, sizeof *d->raw_value))
        return err_memory(e);
    int rc = is_new ? new_value(f, field, raw, &d->raw_value[number], e) : 0;
    if (rc == 0)
        *ret = d->raw_value[number];
    return rc;
}

int match_frame_put_word(struct match_frame *f, struct bytes word, uint32_t number, struct err *e)
{
    bool is_new;
    uint32_t given = match_map_number(f->vocabulary, word, &is_new);
    if (given == 0 || !room_for(&f->word_records, &f->word_room, given, sizeof *f->word_records))
        return err_memory(e);
    f->word_records[given] = 0;
    return given == number ? 0 : err_set(e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(TEXT("its words")));
}

int match_frame_put_value(struct match_frame *f, unsigned field, struct bytes text, uint32_t number, struct err *e)
{
    uint32_t value = 0;
    int rc = value_number(f, field, text, &value, e);
    if (rc == 0 && value != number)
        rc = err_set(e, ERR_DAMAGED, "a kept linkage is damaged: %s", text_tr(TEXT("its values")));
    return rc;
}

static bool room_for_record(struct match_frame *f)
{
    if (f->records < f->room)
        return true;
    size_t room = f->room == 0 ? 4096 : f->room * 2;
    uint32_t *row = realloc(f->row, room * f->fields * sizeof *row);
    if (row != NULL)
        f->row = row;
    uint8_t *sources = realloc(f->source, room);
    if (sources != NULL)
        f->source = sources;
    if (row == NULL || sources == NULL)
        return false;
    f->room = room;
    return true;
}

int match_frame_put_row(struct match_frame *f, const uint32_t *values, unsigned source, struct err *e)
{
    if (f->records == MATCH_RECORDS_MAX)
        return err_set(e, ERR_REFUSED, "more than %d records", MATCH_RECORDS_MAX);
    if (!room_for_record(f))
        return err_memory(e);
    memcpy(f->row + f->records * f->fields, values, f->fields * sizeof *values);
    for (unsigned i = 0; i < f->fields; i++) {
        if (values[i] == 0)
            continue;
        struct match_value *v = &f->dictionary[i]->values[values[i]];
        v->count[match_role(f, i)]++;
        for (uint32_t k = 0; k < v->words_count; k++)
            f->word_records[f->dictionary[i]->words[v->words + k]]++;
    }
    f->source[f->records++] = (uint8_t)source;
    return 0;
}

int match_frame_add(struct match_frame *f, const struct bytes *values, unsigned source, struct err *e)
{
    uint32_t row[MATCH_FIELDS_MAX] = {0};
    for (unsigned i = 0; i < f->fields; i++) {
        struct bytes raw = values[i];
        while (raw.n != 0 && raw.p[0] == ' ')
            raw = bytes_of(raw.p + 1, raw.n - 1);
        int rc = raw.n == 0 ? 0 : value_number(f, i, raw, &row[i], e);
        if (rc != 0)
            return rc;
    }
    return match_frame_put_row(f, row, source, e);
}
