/* Policies: C2SP's own example, every line that is refused, the one form, and quorums against a second reading. */
#include "model/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"

enum { KEYS = POLICY_COSIGNERS_MAX + 1 };

static char vkey[KEYS][NOTE_VKEY_MAX]; /* of cosigners */
static char log_vkey[POLICY_LOGS_MAX + 1][NOTE_VKEY_MAX];
static struct policy policy, again;
static struct chance chance = {20261127};

static int start(void **state)
{
    (void)state;
    if (crypt_start(NULL) != 0)
        return -1;
    for (uint8_t i = 0; i < KEYS; i++) {
        const struct key seed = {{1, i}};
        uint8_t public_key[CRYPT_PUBLIC];
        struct note_key key;
        char name[64];
        snprintf(name, sizeof name, "example.org/%u", i);
        crypt_sign_public(&seed, public_key);
        assert_int_equal(note_cosigner_make(name, public_key, &key, NULL), 0);
        note_key_text(&key, vkey[i]);
        assert_int_equal(note_key_make(name, public_key, &key, NULL), 0);
        note_key_text(&key, log_vkey[i]);
    }
    return 0;
}

/* %N is the key of cosigner N, one digit; %L that of a log. */
static void put(struct buf *to, const char *text)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p != '%')
            buf_put_u8(to, (uint8_t)*p);
        else if (*++p == 'L')
            buf_put_text(to, log_vkey[0]);
        else
            buf_put_text(to, vkey[*p - '0']);
    }
}

static int parse(const char *text, struct policy *ret, struct err *e)
{
    OWN(buf_drop) struct buf b = {0};
    put(&b, text);
    return policy_parse(buf_bytes(&b), ret, e);
}

static void one_form(const char *text, const char *want)
{
    OWN(buf_drop) struct buf made = {0}, expected = {0}, second = {0};
    struct err e = {0};
    if (parse(text, &policy, &e) != 0)
        fail_msg("%s: %s", text, e.text);
    put(&expected, want);
    policy_text(&policy, &made);
    assert_string_equal(buf_text(&made), buf_text(&expected));
    assert_int_equal(policy_parse(buf_bytes(&made), &again, NULL), 0);
    policy_text(&again, &second);
    assert_string_equal(buf_text(&second), buf_text(&made));
}

static void forms(void **state)
{
    (void)state;
    one_form("quorum none\n", "quorum none\n");
    one_form("# nothing\n\n \t\n\tquorum\t none  \n", "quorum none\n");
    one_form("log %L https://log.example/\nwitness a %0 https://a.example/\nquorum a\n",
             "log %L\nwitness a %0\nquorum a\n");
    /* The specification's: two of three, one of three, and both of that. */
    one_form("log %L\n\nwitness X1 %0\nwitness X2 %1\nwitness X3 %2\ngroup X-witnesses 2 X1 X2 X3\n\n"
             "witness Y1 %3\nwitness Y2 %4\nwitness Y3 %5\ngroup Y-witnesses any Y3 Y1 Y2\n\n"
             "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n",
             "log %L\nwitness X1 %0\nwitness X2 %1\nwitness X3 %2\ngroup X-witnesses 2 X1 X2 X3\n"
             "witness Y1 %3\nwitness Y2 %4\nwitness Y3 %5\ngroup Y-witnesses 1 Y1 Y2 Y3\n"
             "group X-and-Y 2 X-witnesses Y-witnesses\nquorum X-and-Y\n");
    assert_true(policy_fulfilled(&policy, 1 << 0 | 1 << 2 | 1 << 4)); /* the group X is node 3 */
    assert_false(policy_fulfilled(&policy, 1 << 0 | 1 << 4));
    assert_false(policy_fulfilled(&policy, 1 << 0 | 1 << 1 | 1 << 2));
    assert_false(policy_fulfilled(&policy, UINT64_C(1) << 8)); /* a group does not sign */
    assert_int_equal(policy_find(&policy, "Y-witnesses"), 7);
    assert_int_equal(policy_find(&policy, "Z"), -1);
    assert_int_equal(policy_plain_needed(&policy), -1);
}

static void refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *why;
    } bad[] = {
        {"", "no quorum line"},
        {"log %L\n", "no quorum line"},
        {"quorum none", "does not end with a newline"},
        {"quorum none\nquorum none\n", "line 2 of the policy: a second quorum"},
        {"quorum\n", "one name, or none"},
        {"quorum a b\n", "one name, or none"},
        {"quorum a\nwitness a %0\n", "line 1 of the policy: the quorum is not defined"},
        {"quorum NONE\n", "not defined"},
        {"witness a\nquorum a\n", "a witness has a name"},
        {"witness a %0 url more\nquorum a\n", "a witness has a name"},
        {"witness a %L\nquorum a\n", "type 4"},
        {"witness none %0\nquorum none\n", "the name is taken"},
        {"witness a %0\nwitness a %1\nquorum a\n", "line 2 of the policy: the name is taken"},
        {"witness a %0\nwitness b %0\nquorum a\n", "witness's key stands on an earlier line"},
        {"log\nquorum none\n", "a log has a key"},
        {"log %L url more\nquorum none\n", "a log has a key"},
        {"log %0\nquorum none\n", "line 1 of the policy: verification key"},
        {"log %L\nlog %L\nquorum none\n", "log's key stands on an earlier line"},
        {"witness a %0\ngroup g 1\nquorum g\n", "a group has a name"},
        {"witness a %0\ngroup g 0 a\nquorum g\n", "from 1 to all"},
        {"witness a %0\ngroup g 2 a\nquorum g\n", "from 1 to all"},
        {"witness a %0\ngroup g 01 a\nquorum g\n", "from 1 to all"},
        {"witness a %0\ngroup g some a\nquorum g\n", "from 1 to all"},
        {"witness a %0\ngroup a 1 a\nquorum a\n", "the name is taken"},
        {"group g 1 a\nwitness a %0\nquorum g\n", "line 1 of the policy: a member is not defined"},
        {"witness a %0\ngroup g any g\nquorum g\n", "a member is not defined"},
        {"witness a %0\ngroup g all a a\nquorum g\n", "a member twice"},
        {"witness a %0\ngroup g all a\ngroup h all a\nquorum g\n", "line 3 of the policy: a name is a member twice"},
        {"witness a %0\ngroup g any none\nquorum g\n", "a member is not defined"},
        {"mirror a %0\nquorum none\n", "begins with none of"},
        {"quorum none\r\n", "a control character"},
        {"# \x01\nquorum none\n", "a control character"},
        {"quorum none \x7f\n", "a control character"},
    };
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct err e = {0};
        policy.quorum = 77;
        if (parse(bad[i].text, &policy, &e) != ERR_DAMAGED || strstr(e.text, bad[i].why) == NULL)
            fail_msg("%s: \"%s\" expected, \"%s\" came", bad[i].text, bad[i].why, e.text);
        assert_int_equal(policy.quorum, 77);
    }
}

/* Each limit at it and one past it. */
static void limits(void **state)
{
    (void)state;
    struct err e = {0};
    OWN(buf_drop) struct buf b = {0};
    for (size_t i = 0; i < POLICY_COSIGNERS_MAX; i++)
        buf_printf(&b, "witness w%zu %s\n", i, vkey[i]);
    for (size_t i = 0; i < POLICY_GROUPS_MAX; i++)
        buf_printf(&b, "group g%zu 1 w%zu\n", i, i);
    for (size_t i = 0; i < POLICY_LOGS_MAX; i++)
        buf_printf(&b, "log %s\n", log_vkey[i]);
    size_t full = b.n;
    buf_put_text(&b, "quorum g31\n");
    assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), 0);
    assert_int_equal(policy.nodes, POLICY_NODES_MAX);
    assert_true(policy_fulfilled(&policy, UINT64_C(1) << 31));
    assert_false(policy_fulfilled(&policy, ~(UINT64_C(1) << 31)));
    static const char *const more[] = {"witness x ", "log ", "group gx 1 "};
    for (size_t i = 0; i < COUNT(more); i++) {
        b.n = full;
        buf_printf(&b, "%s%s\nquorum none\n", more[i], i == 0 ? vkey[32] : i == 1 ? log_vkey[32] : "g0");
        assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, "than are supported"));
    }
    b.n = full;
    buf_put_text(&b, "quorum none\n#");
    while (b.n < POLICY_BYTES_MAX - 1)
        buf_put_u8(&b, 'x');
    buf_put_u8(&b, '\n');
    assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), 0);
    b.p[b.n - 1] = 'x';
    buf_put_u8(&b, '\n');
    assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), ERR_DAMAGED);
    char name[NOTE_NAME_MAX + 2];
    memset(name, 0xC8, sizeof name); /* no UTF-8: opaque to the specification */
    name[NOTE_NAME_MAX] = 0;
    buf_clear(&b);
    buf_printf(&b, "witness %s %s\nquorum %s\n", name, vkey[0], name);
    assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), 0);
    name[NOTE_NAME_MAX] = 'x';
    name[NOTE_NAME_MAX + 1] = 0;
    buf_clear(&b);
    buf_printf(&b, "witness %s %s\nquorum none\n", name, vkey[0]);
    assert_int_equal(policy_parse(buf_bytes(&b), &policy, &e), ERR_DAMAGED);
}

/* By the definition: recursively, and without bits. */
static bool counts(const struct policy *p, size_t node, const bool *signed_by)
{
    unsigned yes = 0;
    if (!p->node[node].is_group)
        return signed_by[node];
    for (size_t i = 0; i < node; i++)
        yes += (p->node[node].members >> i & 1) != 0 && counts(p, i, signed_by);
    return yes >= p->node[node].needed;
}

static void quorums(void **state)
{
    (void)state;
    for (int turn = 0; turn < 300; turn++) {
        OWN(buf_drop) struct buf b = {0};
        size_t names = 1 + chance_below(&chance, 6), free_names[POLICY_NODES_MAX], unused = 0, groups = 0;
        for (size_t i = 0; i < names; i++) {
            buf_printf(&b, "witness n%zu %s\n", i, vkey[i]);
            free_names[unused++] = i;
        }
        while (unused > 1) {
            size_t take = 1 + chance_below(&chance, unused);
            buf_printf(&b, "group n%zu %zu", names + groups, 1 + chance_below(&chance, take));
            for (size_t i = 0; i < take; i++)
                buf_printf(&b, " n%zu", free_names[--unused]);
            buf_put_text(&b, "\n");
            free_names[unused++] = names + groups++;
        }
        buf_printf(&b, "quorum n%zu\n", free_names[0]);
        assert_int_equal(policy_parse(buf_bytes(&b), &policy, NULL), 0);
        for (uint64_t mask = 0; mask < UINT64_C(1) << names; mask++) {
            bool signed_by[POLICY_NODES_MAX] = {false};
            for (size_t i = 0; i < names; i++)
                signed_by[i] = (mask >> i & 1) != 0;
            assert_true(policy_fulfilled(&policy, mask) == counts(&policy, (size_t)policy.quorum, signed_by));
        }
    }
}

static void plain(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf b = {0};
    assert_int_equal(parse("log %L\nquorum none\n", &policy, NULL), 0);
    assert_int_equal(policy_plain_needed(&policy), 0);
    assert_true(policy_fulfilled(&policy, 0));
    for (size_t i = 0; i < 3; i++) {
        struct policy_node n = {.is_group = false};
        snprintf(n.name, sizeof n.name, "c%zu", i);
        assert_int_equal(note_cosigner_parse(bytes_text(vkey[i]), &n.key, NULL), 0);
        policy.node[policy.nodes++] = n;
        policy_plain(&policy, (unsigned)i + 1);
        assert_int_equal(policy_plain_needed(&policy), (int)i + 1);
        assert_int_equal(policy.cosigners, i + 1);
    }
    policy_text(&policy, &b);
    assert_int_equal(policy_parse(buf_bytes(&b), &again, NULL), 0);
    assert_int_equal(policy_plain_needed(&again), 3);
    policy.node[1].name[0] = 0;
    policy_plain(&policy, 2);
    assert_int_equal(policy.cosigners, 2);
    assert_true(policy_fulfilled(&policy, 3) && !policy_fulfilled(&policy, 1));
    policy.node[0].name[0] = policy.node[1].name[0] = 0;
    policy_plain(&policy, 0);
    assert_int_equal(policy_plain_needed(&policy), 0);
    /* Of another form: another group's name, one who is in no group, a single one as quorum. */
    assert_int_equal(parse("witness a %0\ngroup g 1 a\nquorum g\n", &policy, NULL), 0);
    assert_int_equal(policy_plain_needed(&policy), -1);
    assert_int_equal(parse("witness a %0\nwitness b %1\ngroup cosigners 1 a\nquorum cosigners\n", &policy, NULL), 0);
    assert_int_equal(policy_plain_needed(&policy), -1);
    assert_int_equal(parse("witness a %0\nquorum a\n", &policy, NULL), 0);
    assert_int_equal(policy_plain_needed(&policy), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms),   cmocka_unit_test(refused), cmocka_unit_test(limits),
        cmocka_unit_test(quorums), cmocka_unit_test(plain),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
