/* Roles, compartments, consent and verbs: every cell of matrix.txt, and no verb without a row. */
#include "fixture.h"

#include "base/clock.h"

enum { ROLES = STATEMENT_ROLE_LAST, WORDS_MAX = 14, ROWS_MAX = 256, STATES = 13 };

static const char *const STATE[STATES] = {"unsaid",    "unasked", "yes", "no",     "ask-again",  "withdrawn", "expired",
                                          "two", "nobody",  "confidence", "confided", "high", "closed"};

/* The first compartment, which every role reads that reads at all, and one that two of them hold. */
enum { ROOMS = 2 };
static const char *const ROOM[ROOMS] = {NULL, "inner"};

struct row {
    char text[256];
    char *words, *states, *answers[ROOMS];
};
struct matrix {
    struct fixture *f;
    struct keyring_identity as[ROLES]; /* by role, from administrator */
    struct row row[ROWS_MAX];
    size_t rows;
    unsigned outs;
    unsigned wrong;
};

/* ---- the file ---- */

static char *part(char **rest)
{
    char *p = strsep(rest, "|");
    assert_non_null(p);
    p += strspn(p, " ");
    size_t n = strlen(p);
    while (n > 0 && p[n - 1] == ' ')
        p[--n] = 0;
    return p;
}

static void matrix_read(struct matrix *m)
{
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(file_read_all(TESTING_SOURCE_ROOT "/tests/verbs/matrix.txt", 1 << 16, &text, NULL), 0);
    char *rest = (char *)(uintptr_t)buf_text(&text), *line;
    while ((line = strsep(&rest, "\n")) != NULL) {
        if (line[0] == 0 || line[0] == '#')
            continue;
        assert_true(m->rows < ROWS_MAX);
        struct row *r = &m->row[m->rows++];
        (void)snprintf(r->text, sizeof r->text, "%s", line);
        char *at = r->text;
        r->words = part(&at);
        r->states = part(&at);
        bool run = strcmp(r->states, "not run") != 0;
        for (int room = 0; room < (run ? ROOMS : 1); room++)
            r->answers[room] = part(&at);
    }
}

static bool is_of(const struct row *r, const char *verb)
{
    size_t n = strlen(verb);
    return strncmp(r->words, verb, n) == 0 && (r->words[n] == ' ' || r->words[n] == 0);
}

/* In the list of states, or all of them. */
static bool has_state(const struct row *r, const char *state)
{
    size_t n = strlen(state);
    if (strcmp(r->states, "*") == 0)
        return true;
    for (const char *at = r->states; at != NULL; at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1)
        if (strncmp(at, state, n) == 0 && (at[n] == ',' || at[n] == 0))
            return true;
    return false;
}

static void every_verb_has_a_row(void **state)
{
    const struct matrix *m = *state;
    for (size_t i = 0; i < verbs_count; i++) {
        bool any = false;
        for (size_t k = 0; k < m->rows; k++)
            any = any || is_of(&m->row[k], verbs_table[i].name);
        if (!any)
            fail_msg("the verb %s has no row in tests/verbs/matrix.txt: say who may do it", verbs_table[i].name);
    }
}

static void every_state_has_its_answer(void **state)
{
    const struct matrix *m = *state;
    for (size_t i = 0; i < m->rows; i++)
        for (size_t s = 0; strstr(m->row[i].words, "ITEM") != NULL && s < STATES; s++) {
            unsigned answers = 0;
            for (size_t k = 0; k < m->rows; k++)
                answers += strcmp(m->row[k].words, m->row[i].words) == 0 && has_state(&m->row[k], STATE[s]);
            if (answers != 1)
                fail_msg("%s: %u answers for the state %s", m->row[i].words, answers, STATE[s]);
        }
}

/* ---- the repository ---- */

static void joins(struct matrix *m, enum statement_role role)
{
    struct fixture *f = m->f;
    struct keyring_identity *id = &m->as[role - 1];
    struct statement st = {.kind = STATEMENT_ADDED, .at_unix_s = time_now_unix_s()};
    uint8_t receiving[KEYRING_EPOCHS][CRYPT_PUBLIC];
    struct verbs_request q = {.repository = f->repository, .config_folder = "config", .state_folder = "state",
                              .identity = &m->as[0]};
    const struct verbs_face face = {.context = f};
    struct verbs_place place;
    struct store_acted acted;
    OWN(store_drop) struct store *s = NULL;
    assert_int_equal(keyring_identity_make(m->as[0].origin, id, NULL), 0);
    id->pin = m->as[0].pin;
    memcpy(id->holdings[0].compartment, m->as[0].holdings[0].compartment, KEYRING_ID);
    st.added.key = id->member;
    st.added.role = role;
    keyring_identity_public(id, st.added.box, receiving);
    for (size_t i = 0; i < KEYRING_EPOCHS; i++) {
        st.added.receiving[i].epoch = id->holdings[0].seeds[i].epoch;
        memcpy(st.added.receiving[i].key, receiving[i], CRYPT_PUBLIC);
    }
    assert_int_equal(verbs_open(&q, &face, STORE_WRITE, 0, &place, &s, &f->e), 0);
    assert_int_equal(store_act(s, &st, NULL, &acted, &f->e), 0);
}

#define DO(...) assert_int_equal(fixture_run(f, __VA_ARGS__, NULL), 0)
#define ALL "store,share_un,publish_named"

static void states_are_said(struct fixture *f)
{
    DO("protect", "unasked", "--person", "P-0002");
    DO("protect", "yes", "high", "closed", "confidence", "confided", "--person", "P-0003");
    DO("protect", "no", "--person", "P-0004");
    DO("protect", "ask-again", "--person", "P-0005");
    DO("protect", "withdrawn", "--person", "P-0006");
    DO("protect", "expired", "--person", "P-0007");
    DO("protect", "two", "--person", "P-0003,P-0004");
    DO("protect", "nobody", "--nobody", "--why", "W");
    DO("protect", "high", "--level", "high", "--why", "W");
    DO("protect", "closed", "--level", "closed", "--why", "W");
    DO("protect", "confidence", "--restriction", "provider-confidential", "--provider", "S-0001", "--why", "W");
    DO("protect", "confided", "--restriction", "provider-confidential", "--provider", "S-0002", "--why", "W");
    DO("consent", "give", "P-0003,P-0006,S-0002", "--yes", ALL, "--by", "self", "--language", "ko");
    DO("consent", "give", "P-0004", "--no", ALL, "--by", "self", "--language", "ko");
    DO("consent", "give", "P-0005", "--ask", ALL, "--by", "self", "--language", "ko");
    DO("consent", "give", "P-0007", "--yes", ALL, "--by", "self", "--language", "ko", "--until", "2020-01-01");
    DO("consent", "withdraw", "P-0006", "--by", "self");
}

static void things_are_there(struct fixture *f)
{
    for (size_t i = 0; i < STATES; i++) {
        scratch_text(STATE[i], STATE[i]);
        DO("intake", STATE[i]);
    }
    states_are_said(f);
}

static int setup(void **state)
{
    static struct matrix m;
    int rc = fixture_begin(state);
    if (rc != 0)
        return rc;
    struct fixture *f = *state;
    m.f = f;
    *state = &m;
    things_are_there(f);
    m.as[0] = f->identity;
    for (enum statement_role role = STATEMENT_INVESTIGATOR; role <= STATEMENT_ROLE_LAST; role++)
        joins(&m, role);
    for (size_t i = 1; i < ROLES; i++) {
        f->identity = m.as[i];
        if (statement_role_writes((enum statement_role)(i + 1)))
            DO("adopt");
    }
    f->identity = m.as[0];
    DO("compartment", "new", ROOM[1]);
    DO("compartment", "grant", ROOM[1], m.as[STATEMENT_INVESTIGATOR - 1].member.name);
    f->compartment = ROOM[1];
    things_are_there(f);
    matrix_read(&m);
    return 0;
}

static int teardown(void **state)
{
    struct matrix *m = *state;
    void *fixture = m->f;
    return fixture_end(&fixture);
}

/* ---- the cells ---- */

/* As the words want it to be before they are said. */
static void prepare(struct matrix *m, const struct row *r, char hold[32])
{
    struct fixture *f = m->f;
    char name[32];
    f->identity = m->as[0];
    if (strstr(r->words, "HOLD") != NULL) {
        assert_int_equal(fixture_json(f, "hold", "place", "yes", "--ground", "other", "--why", "W", NULL), 0);
        (void)snprintf(hold, 32, "%u", (unsigned)fixture_number(f, "leaf"));
    }
    if (strstr(r->words, "NEW") != NULL) {
        (void)snprintf(name, sizeof name, "out-%u", m->outs);
        scratch_text(name, name);
    }
    if (strstr(r->words, "latest") != NULL) {
        (void)snprintf(name, sizeof name, "fresh-%u", m->outs++);
        scratch_text(name, name);
        DO("intake", name);
    }
}

static void cell(struct matrix *m, const struct row *r, const char *state, int room, int role, int expected)
{
    struct fixture *f = m->f;
    const char *w[WORDS_MAX + 1] = {NULL};
    char text[sizeof r->text], out[32], hold[32] = "";
    size_t n = 0;
    m->f->compartment = ROOM[room];
    prepare(m, r, hold);
    (void)snprintf(text, sizeof text, "%s", r->words);
    (void)snprintf(out, sizeof out, "out-%u", m->outs++);
    for (char *rest = text, *word; (word = strsep(&rest, " ")) != NULL;) {
        assert_true(n < WORDS_MAX);
        w[n++] = strcmp(word, "ITEM") == 0   ? state
                 : strcmp(word, "OUT") == 0 || strcmp(word, "NEW") == 0 ? out
                 : strcmp(word, "HOLD") == 0 ? hold
                                             : word;
    }
    f->identity = m->as[role];
    int got = fixture_run(f, w[0], w[1], w[2], w[3], w[4], w[5], w[6], w[7], w[8], w[9], w[10], w[11], w[12], w[13],
                          NULL);
    if (got == expected)
        return;
    m->wrong++;
    print_error("%s | %s | %s, in %s: %d and not %d: %s\n", r->words, state == NULL ? "-" : state,
                statement_role_name((enum statement_role)(role + 1)), room == 0 ? "the first" : ROOM[room], got,
                expected, f->e.text);
}

static void row_run(struct matrix *m, const struct row *r, int room)
{
    bool items = strstr(r->words, "ITEM") != NULL;
    int answer[ROLES];
    if (strcmp(r->states, "not run") == 0)
        return;
    assert_int_equal(sscanf(r->answers[room], "%d %d %d %d %d", &answer[0], &answer[1], &answer[2], &answer[3],
                            &answer[4]),
                     ROLES);
    assert_true(items || strcmp(r->states, "-") == 0);
    for (size_t s = 0; s < (items ? STATES : 1); s++)
        for (int role = 0; role < ROLES && (!items || has_state(r, STATE[s])); role++)
            cell(m, r, items ? STATE[s] : NULL, room, role, answer[role]);
}

static void every_cell(void **state)
{
    struct matrix *m = *state;
    for (int room = 0; room < ROOMS; room++)
        for (size_t i = 0; i < m->rows; i++)
            row_run(m, &m->row[i], room);
    m->f->identity = m->as[0];
    assert_int_equal(m->wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_verb_has_a_row),
                                       cmocka_unit_test(every_state_has_its_answer), cmocka_unit_test(every_cell)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
