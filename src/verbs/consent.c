/* Consent: what a person allows, what she takes back, and what stands. */
#include "verbs/verbs_internal.h"

#include "model/terms.h"

#include <inttypes.h>

enum { OPTION_YES, OPTION_NO, OPTION_ASK, OPTION_BY, OPTION_DATE, OPTION_LANGUAGE, OPTION_INTERPRETER, OPTION_COPY,
       OPTION_FORM, OPTION_UNTIL, OPTION_SCOPES, OPTION_WHY };

enum { EXPIRING_DAYS = 90 };

/* What is said of scopes, as typed: names with commas between.  ${each} says what becomes of one. */
static int scopes_read(const char *option, const char *text, enum consent_answer answer,
                       enum consent_answer to[CONSENT_SCOPES], struct err *e)
{
    for (const char *at = text; at != NULL; at = at[strcspn(at, ",")] == 0 ? NULL : at + strcspn(at, ",") + 1) {
        size_t n = strcspn(at, ",");
        enum consent_scope scope;
        if (!consent_scope_find(bytes_of((const uint8_t *)at, n), &scope))
            return err_set(e, ERR_USAGE, "%s: \"%.*s\" is no scope: groundwork help consent names them", option,
                           n < 64 ? (int)n : 64, at);
        if (to[scope] != CONSENT_UNSAID)
            return err_set(e, ERR_USAGE, "%s: %s was said already: say it once", option, consent_scope_name(scope));
        to[scope] = answer;
    }
    return 0;
}

static int by_read(const char *text, enum consent_by *ret, struct err *e)
{
    if (text == NULL)
        return err_set(e, ERR_USAGE, "say by whom it was said: --by self, --by guardian or --by next-of-kin");
    return consent_by_find(text, ret)
               ? 0
               : err_set(e, ERR_USAGE, "\"%s\": say self, guardian or next-of-kin", text);
}

static int date_read(const char *text, char today[TIME_TEXT_MAX], const char **ret, struct err *e)
{
    verbs_today(today);
    *ret = text != NULL ? text : today;
    return statement_date_known(*ret) ? 0
                                      : err_set(e, ERR_USAGE,
                                                "\"%s\" is no date: write 2026-11-20, or 2026-11-20T14:05, with Z or "
                                                "an offset like +09:00 behind if it is known",
                                                *ret);
}

/* Every form from before that day will be refused: a slip of the pen is told.  A day more for who is east of here. */
static void date_warn(const struct verbs_face *face, const char *date)
{
    char tomorrow[TIME_TEXT_MAX];
    time_text(tomorrow, time_now_unix_s() + INT64_C(86400));
    if (strncmp(date, tomorrow, strlen("2026-11-20")) > 0)
        verbs_warn(face,
                   "%s lies after today, by this computer's clock: what is signed before then will not outweigh it",
                   date);
}

static int commit_one(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    int rc = store_draft_begin(s, e);
    if (rc == 0)
        rc = store_add(s, st, ret_leaf, NULL, e);
    return rc == 0 ? store_commit(s, e) : rc;
}

static void say_persons(const struct statement_persons *persons, struct buf *to)
{
    for (size_t i = 0; i < persons->count; i++) {
        buf_put_text(to, i == 0 ? "" : ", ");
        buf_put_text(to, persons->codes[i]);
    }
}

/* ---- in every compartment ---- */

/* Of these persons the ones of whom something is said in this compartment: nobody learns of the others by it. */
static int spoken_of(struct store *s, const struct statement_persons *persons, struct statement_persons *ret,
                     struct err *e)
{
    int rc = 0;
    ret->count = 0;
    for (size_t i = 0; rc == 0 && i < persons->count; i++) {
        OWN(buf_drop) struct buf held = {0};
        OWN(verbs_ranges_release) struct verbs_ranges linked = {0};
        struct consent_word words[CONSENT_SCOPES];
        const struct statement_persons one = {&persons->codes[i], 1};
        rc = store_words(s, persons->codes[i], words, &held, e);
        bool any = false;
        for (int k = 0; rc == 0 && k < CONSENT_SCOPES; k++)
            any = any || words[k].answer != CONSENT_UNSAID;
        if (rc == 0 && !any)
            rc = verbs_items_linked(s, &one, &linked, e);
        if (rc == 0 && (any || linked.count > 0))
            ret->codes[ret->count++] = persons->codes[i];
    }
    return rc;
}

/* On the log, or beside it while another program writes: there it stands as well.  Without a leaf: UINT64_MAX. */
static int put(struct store *s, struct statement *st, uint64_t *ret_leaf, struct err *e)
{
    *ret_leaf = UINT64_MAX;
    return store_writes(s) ? commit_one(s, st, ret_leaf, e) : store_wait(s, st, e);
}

/* Behind all else in its object. */
static void json_waiting(const struct verbs_face *face, bool waits)
{
    if (face->json == NULL || !waits)
        return;
    json_key(face->json, "waiting");
    json_bool(face->json, true);
}

/* How the store is opened to say this: what allows nothing waits for nobody. */
static enum store_manner manner_of(const struct statement *st)
{
    return terms_forbids(st) ? STORE_SAY : STORE_WRITE;
}

static void say_withdrawn(const struct verbs_face *face, const char *names, bool all, uint64_t leaf)
{
    if (leaf == UINT64_MAX)
        verbs_say(face, "Another program is writing. This stands now, and goes on the log with the next write:");
    if (leaf == UINT64_MAX && all)
        verbs_say(face, "%s withdrew. Nothing of theirs goes out from here on.", names);
    else if (leaf == UINT64_MAX)
        verbs_say(face, "%s withdrew. What needs these scopes goes out no more.", names);
    else if (all)
        verbs_say(face, "On the log as leaf %" PRIu64 ": %s withdrew. Nothing of theirs goes out from here on.", leaf,
                  names);
    else
        verbs_say(face, "On the log as leaf %" PRIu64 ": %s withdrew. What needs these scopes goes out no more.", leaf,
                  names);
}

/* In one compartment, and what went out of it. */
static int withdraw_in(struct store *s, const struct verbs_face *face, const struct statement *what,
                       const struct statement_persons *persons, uint64_t *recipients, struct err *e)
{
    OWN(verbs_given_release) struct verbs_given given = {0};
    OWN(buf_drop) struct buf names = {0};
    struct statement st = *what;
    uint64_t leaf;
    st.withdrawn.persons = *persons;
    int rc = put(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    say_persons(persons, &names);
    say_withdrawn(face, buf_text(&names), st.withdrawn.all, leaf);
    rc = verbs_given_find(s, persons, &given, e);
    if (rc == 0)
        rc = verbs_given_tell(s, &given, face, e);
    if (leaf == UINT64_MAX)
        verbs_say(face, "What is being given out at this moment is not among it: ask again later, with groundwork "
                        "consent show.");
    if (rc == 0 && face->json != NULL) {
        verbs_ranges_json(face->json, "items", &given.items);
        if (leaf != UINT64_MAX)
            verbs_json_u64(face->json, "leaf", leaf);
    }
    *recipients += given.leaves.count + given.ahead_count;
    return rc == 0 ? buf_check(&names, e) : rc;
}

static int give_in(struct store *s, const struct verbs_face *face, const struct statement *what,
                   const struct statement_persons *persons, struct err *e)
{
    OWN(buf_drop) struct buf names = {0};
    struct statement st = *what;
    uint64_t leaf;
    st.consent.persons = *persons;
    int rc = put(s, &st, &leaf, e);
    if (rc != 0)
        return rc;
    say_persons(persons, &names);
    if (face->json != NULL && leaf != UINT64_MAX)
        verbs_json_u64(face->json, "leaf", leaf);
    if (leaf == UINT64_MAX) {
        verbs_say(face, "Another program is writing. This stands now, and goes on the log with the next write:");
        verbs_say(face, "consent of %s.", buf_text(&names));
    } else
        verbs_say(face, "On the log as leaf %" PRIu64 ": consent of %s.", leaf, buf_text(&names));
    return buf_check(&names, e);
}

static int beyond_one(const struct verbs_request *request, const struct verbs_face *face, const struct verbs_others *o,
                      size_t i, const struct statement *what, const struct statement_persons *persons,
                      uint64_t *recipients, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(mem_drop) const char **codes = calloc(persons->count, sizeof *codes);
    struct statement_persons some = {codes, 0};
    struct verbs_place place;
    int rc = codes == NULL ? err_memory(e) : verbs_other_open(request, face, manner_of(what), o, i, &place, &s, e);
    if (rc == 0)
        rc = spoken_of(s, persons, &some, e);
    if (rc != 0 || some.count == 0)
        return rc;
    if (face->json != NULL) {
        json_object_begin(face->json);
        verbs_json_text(face->json, "compartment", o->hex[i]);
    }
    rc = what->kind == STATEMENT_CONSENT ? give_in(s, face, what, &some, e)
                                         : withdraw_in(s, face, what, &some, recipients, e);
    json_waiting(face, rc == 0 && !store_writes(s));
    if (face->json != NULL)
        json_object_end(face->json);
    return rc;
}

/* What she says holds for all that is hers, in every compartment.  One that fails keeps it from no other one. */
static int say_beyond(const struct verbs_request *request, const struct verbs_face *face, const struct verbs_others *o,
                      const struct statement *what, const struct statement_persons *persons, uint64_t *recipients,
                      struct err *e)
{
    int rc = 0;
    if (face->json != NULL) {
        json_key(face->json, "others");
        json_array_begin(face->json);
    }
    for (size_t i = 0; i < o->count; i++) {
        struct err mine = {0};
        int got = beyond_one(request, face, o, i, what, persons, recipients, &mine);
        if (got != 0 && rc == 0)
            rc = err_set(e, got, "it is not said in every compartment yet, say it again: %s", mine.text);
    }
    if (face->json != NULL)
        json_array_end(face->json);
    if (o->foreign > 0 && what->kind == STATEMENT_CONSENT)
        verbs_warn(face, "%zu compartments are not yours, or do not open: whoever holds them must say it there too",
                   o->foreign);
    else if (o->foreign > 0)
        verbs_warn(face, "%zu compartments are not yours, or do not open: whoever holds them must withdraw there too",
                   o->foreign);
    return rc;
}

/* ---- give ---- */

static int given_read(const struct verbs_request *request, char today[TIME_TEXT_MAX], struct statement_consent *x,
                      struct err *e)
{
    static const struct {
        int option;
        const char *name;
        enum consent_answer answer;
    } answers[] = {{OPTION_YES, "--yes", CONSENT_YES}, {OPTION_NO, "--no", CONSENT_NO},
                   {OPTION_ASK, "--ask", CONSENT_ASK_AGAIN}};
    int rc = by_read(request->option[OPTION_BY], &x->by, e);
    bool any = false;
    for (size_t i = 0; rc == 0 && i < COUNT(answers); i++) {
        const char *text = request->option[answers[i].option];
        any = any || text != NULL;
        rc = text == NULL ? 0 : scopes_read(answers[i].name, text, answers[i].answer, x->answer, e);
    }
    if (rc == 0)
        rc = date_read(request->option[OPTION_DATE], today, &x->date, e);
    if (rc != 0)
        return rc;
    if (!any)
        return err_set(e, ERR_USAGE, "nothing was answered: say --yes, --no or --ask with scopes");
    x->language = request->option[OPTION_LANGUAGE];
    if (x->language == NULL || !consent_language_known(x->language))
        return err_set(e, ERR_USAGE, "say in which language it was explained: --language ko, en or zh-Hant");
    x->until = request->option[OPTION_UNTIL];
    if (x->until != NULL && (!statement_date_known(x->until) || strlen(x->until) != strlen("2026-11-20")))
        return err_set(e, ERR_USAGE, "\"%s\" is no day: write the last day on which it holds, like 2026-11-20",
                       x->until);
    x->interpreter = request->option[OPTION_INTERPRETER];
    if (x->interpreter != NULL && !consent_code_known(x->interpreter))
        return err_set(e, ERR_USAGE, "--interpreter takes a code like I-0003: names do not belong here");
    x->copy = request->option[OPTION_COPY] != NULL;
    return 0;
}

static int form_read(struct store *s, const char *text, struct statement_consent *x, struct err *e)
{
    OWN(verbs_item_drop) struct verbs_item_held held = {0};
    if (text == NULL)
        return 0;
    int rc = verbs_item(s, text, &held, e);
    x->has_form = true;
    x->form = held.item.leaf;
    return rc;
}

static int give(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_persons_release) struct verbs_persons persons = {0};
    OWN(verbs_others_release) struct verbs_others others = {0};
    struct statement st = {.kind = STATEMENT_CONSENT, .at_unix_s = time_now_unix_s()};
    struct verbs_place place;
    char today[TIME_TEXT_MAX];
    int rc = verbs_persons("PERSON", request->arguments[1], &persons, e);
    if (rc == 0)
        rc = given_read(request, today, &st.consent, e);
    if (rc == 0)
        rc = verbs_open(request, face, request->option[OPTION_FORM] != NULL ? STORE_WRITE : manner_of(&st), 0, &place,
                        &s, e);
    if (rc == 0)
        rc = form_read(s, request->option[OPTION_FORM], &st.consent, e);
    if (rc == 0)
        date_warn(face, st.consent.date);
    if (rc == 0)
        rc = give_in(s, face, &st, &persons.list, e);
    if (rc == 0)
        rc = verbs_others(s, &others, e);
    bool waits = s != NULL && !store_writes(s);
    store_close(s); /* it holds the lock */
    s = NULL;
    st.consent.has_form = false; /* which lies where it was said */
    if (rc == 0)
        rc = say_beyond(request, face, &others, &st, &persons.list, NULL, e);
    json_waiting(face, waits);
    return rc;
}

/* ---- withdraw ---- */

static int withdrawn_read(const struct verbs_request *request, char today[TIME_TEXT_MAX], struct buf *held,
                          struct statement_withdrawn *x, struct err *e)
{
    enum consent_answer said[CONSENT_SCOPES] = {CONSENT_UNSAID};
    int rc = by_read(request->option[OPTION_BY], &x->by, e);
    if (rc == 0)
        rc = date_read(request->option[OPTION_DATE], today, &x->date, e);
    if (rc == 0 && request->option[OPTION_SCOPES] != NULL)
        rc = scopes_read("--scopes", request->option[OPTION_SCOPES], CONSENT_WITHDRAWN, said, e);
    x->all = request->option[OPTION_SCOPES] == NULL;
    for (int i = 0; i < CONSENT_SCOPES; i++)
        x->scope[i] = said[i] == CONSENT_WITHDRAWN;
    return rc == 0 ? verbs_text("--why", request->option[OPTION_WHY], held, &x->why, e) : rc;
}

static int withdraw(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_persons_release) struct verbs_persons persons = {0};
    OWN(verbs_others_release) struct verbs_others others = {0};
    OWN(buf_drop) struct buf why = {0};
    struct statement st = {.kind = STATEMENT_WITHDRAWN, .at_unix_s = time_now_unix_s()};
    struct verbs_place place;
    char today[TIME_TEXT_MAX];
    uint64_t recipients = 0;
    int rc = verbs_persons("PERSON", request->arguments[1], &persons, e);
    if (rc == 0)
        rc = withdrawn_read(request, today, &why, &st.withdrawn, e);
    if (rc == 0)
        rc = verbs_open(request, face, manner_of(&st), 0, &place, &s, e);
    if (rc == 0)
        date_warn(face, st.withdrawn.date);
    if (rc == 0)
        rc = withdraw_in(s, face, &st, &persons.list, &recipients, e);
    if (rc == 0)
        rc = verbs_others(s, &others, e);
    bool waits = s != NULL && !store_writes(s);
    store_close(s); /* it holds the lock */
    s = NULL;
    if (rc == 0)
        rc = say_beyond(request, face, &others, &st, &persons.list, &recipients, e);
    json_waiting(face, waits);
    if (recipients > 0)
        verbs_say(face, "Tell these recipients that consent was withdrawn.");
    return rc;
}

/* ---- show ---- */

static const char *answer_words(enum consent_answer answer)
{
    static const char *const words[] = {TEXT("not said, and so no"), TEXT("no"), TEXT("yes"),
                                        TEXT("ask again, and so no for now"), TEXT("withdrawn")};
    return text_tr(words[answer]);
}

static void say_words(const struct verbs_face *face, const struct consent_word words[CONSENT_SCOPES], const char *today)
{
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        const struct consent_word *w = &words[i];
        const char *scope = consent_scope_name((enum consent_scope)i);
        if (w->answer == CONSENT_UNSAID)
            verbs_say(face, "  %-26s %s", scope, answer_words(w->answer));
        else if (w->waiting)
            verbs_say(face, "  %-26s %s (it stands, and is not on the log yet)", scope, answer_words(w->answer));
        else if (w->doubtful)
            verbs_say(face, "  %-26s yes, but DOUBTFUL, and so no: ask her again (leaf %" PRIu64 ")", scope, w->leaf);
        else if (w->answer != CONSENT_YES || w->until == NULL)
            verbs_say(face, "  %-26s %s (leaf %" PRIu64 ")", scope, answer_words(w->answer), w->leaf);
        else if (strcmp(today, w->until) <= 0)
            verbs_say(face, "  %-26s %s until %s (leaf %" PRIu64 ")", scope, answer_words(w->answer), w->until,
                      w->leaf);
        else
            verbs_say(face, "  %-26s EXPIRED after %s (leaf %" PRIu64 ")", scope, w->until, w->leaf);
    }
}

static void json_words(struct json_out *j, const struct consent_word words[CONSENT_SCOPES])
{
    json_key(j, "scopes");
    json_object_begin(j);
    for (int i = 0; i < CONSENT_SCOPES; i++) {
        const struct consent_word *w = &words[i];
        if (w->answer == CONSENT_UNSAID)
            continue;
        json_key(j, consent_scope_name((enum consent_scope)i));
        json_object_begin(j);
        verbs_json_text(j, "answer", consent_answer_name(w->answer));
        if (w->doubtful) {
            json_key(j, "doubtful");
            json_bool(j, true);
        }
        if (!w->waiting)
            verbs_json_u64(j, "leaf", w->leaf);
        verbs_json_text(j, "until", w->until);
        if (w->waiting) {
            json_key(j, "waiting");
            json_bool(j, true);
        }
        json_object_end(j);
    }
    json_object_end(j);
}

static int show(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_persons_release) struct verbs_persons persons = {0};
    OWN(verbs_given_release) struct verbs_given given = {0};
    OWN(buf_drop) struct buf held = {0}, items = {0};
    struct consent_word words[CONSENT_SCOPES];
    struct verbs_place place;
    char today[TIME_TEXT_MAX];
    verbs_today(today);
    int rc = verbs_persons("PERSON", request->arguments[1], &persons, e);
    if (rc == 0 && persons.list.count != 1)
        rc = err_set(e, ERR_USAGE, "consent show takes one person");
    if (rc == 0)
        rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    if (rc == 0)
        rc = store_words(s, persons.list.codes[0], words, &held, e);
    if (rc == 0)
        rc = verbs_given_find(s, &persons.list, &given, e);
    if (rc != 0)
        return rc;
    verbs_say(face, "%s", persons.list.codes[0]);
    say_words(face, words, today);
    verbs_ranges_say(&given.items, &items);
    if (given.items.count == 0)
        verbs_say(face, "No item is linked to this person.");
    else
        verbs_say(face, "Items: %s", buf_text(&items));
    rc = verbs_given_tell(s, &given, face, e);
    if (rc == 0 && face->json != NULL) {
        verbs_ranges_json(face->json, "items", &given.items);
        verbs_json_text(face->json, "person", persons.list.codes[0]);
        json_words(face->json, words);
    }
    return rc == 0 ? buf_check(&items, e) : rc;
}

/* ---- list ---- */

struct listing {
    const struct verbs_face *face;
    char today[TIME_TEXT_MAX], soon[TIME_TEXT_MAX];
    uint64_t persons;
    struct json_out *json;
    size_t waiting;
};

static int list_person(void *context, const char *person, struct err *e)
{
    struct listing *l = context;
    (void)e;
    l->persons++;
    if (l->json != NULL)
        json_string(l->json, person);
    else
        verbs_say(l->face, "  %s", person);
    return 0;
}

static int list_waiting(void *context, const char *person, enum consent_scope scope, const struct consent_word *word,
                        struct err *e)
{
    struct listing *l = context;
    const char *name = consent_scope_name(scope);
    bool expires = word->answer == CONSENT_YES && word->until != NULL && strcmp(word->until, l->soon) <= 0;
    (void)e;
    if (!expires && word->answer != CONSENT_ASK_AGAIN)
        return 0;
    if (l->json != NULL) {
        json_object_begin(l->json);
        verbs_json_text(l->json, "person", person);
        verbs_json_text(l->json, "scope", name);
        verbs_json_text(l->json, "until", expires ? word->until : NULL);
        json_object_end(l->json);
        return 0;
    }
    if (l->waiting++ == 0)
        verbs_say(l->face, "To be asked again:");
    if (!expires)
        verbs_say(l->face, "  %s, %s: wishes to be asked each time", person, name);
    else if (strcmp(l->today, word->until) > 0)
        verbs_say(l->face, "  %s, %s: EXPIRED after %s", person, name, word->until);
    else
        verbs_say(l->face, "  %s, %s: expires after %s", person, name, word->until);
    return 0;
}

static int list(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct listing l = {.face = face, .json = face->json};
    struct verbs_place place;
    int rc = verbs_open(request, face, STORE_READ, 0, &place, &s, e);
    verbs_today(l.today);
    time_text(l.soon, time_now_unix_s() + EXPIRING_DAYS * INT64_C(86400));
    if (rc == 0 && l.json != NULL) {
        json_key(l.json, "ask_again");
        json_array_begin(l.json);
        rc = store_words_all(s, list_waiting, &l, e);
        json_array_end(l.json);
        json_key(l.json, "persons");
        json_array_begin(l.json);
    }
    if (rc == 0)
        rc = index_persons(store_index(s), list_person, &l, e);
    if (l.json != NULL && rc == 0) {
        json_array_end(l.json);
        return 0;
    }
    if (rc == 0 && l.persons == 0)
        verbs_say(face, "Nothing was said of any person yet.");
    return rc == 0 ? store_words_all(s, list_waiting, &l, e) : rc;
}

int verbs_consent(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    static const struct {
        const char *action;
        size_t arguments;
        int (*run)(const struct verbs_request *request, const struct verbs_face *face, struct err *e);
    } actions[] = {{"give", 2, give}, {"withdraw", 2, withdraw}, {"show", 2, show}, {"list", 1, list}};
    (void)ret_exit;
    for (size_t i = 0; i < COUNT(actions); i++)
        if (strcmp(request->arguments[0], actions[i].action) == 0)
            return request->count == actions[i].arguments
                       ? actions[i].run(request, face, e)
                       : err_set(e, ERR_USAGE, "consent %s: groundwork help consent tells how it is said",
                                 actions[i].action);
    return err_set(e, ERR_USAGE, "\"%s\": say consent give, withdraw, show or list", request->arguments[0]);
}
