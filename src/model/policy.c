#include "model/policy.h"

#include "base/text.h"

#include <assert.h>

enum { WORDS_MAX = 2 + POLICY_NODES_MAX + 1 };

struct line {
    unsigned number;
    struct bytes word[WORDS_MAX];
    size_t words;
};

static int broken(const struct line *l, struct err *e, const char *why)
{
    return err_set(e, ERR_DAMAGED, "line %u of the policy: %s", l->number, text_tr(why));
}

static bool is(struct bytes word, const char *text)
{
    return bytes_equal(word, bytes_text(text));
}

/* Octets from 0x80 on are opaque: C2SP asks for no knowledge of Unicode here. */
static bool is_allowed(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

/* The words of a line; none in a comment. */
static int split(struct bytes text, struct line *ret, struct err *e)
{
    ret->words = 0;
    for (size_t i = 0; i < text.n; i++)
        if (!is_allowed(text.p[i]))
            return broken(ret, e, TEXT("a control character"));
    for (size_t i = 0; i < text.n;) {
        size_t from = i;
        while (i < text.n && text.p[i] != ' ' && text.p[i] != '\t')
            i++;
        if (i == from) {
            i++;
            continue;
        }
        if (ret->words == 0 && text.p[from] == '#')
            return 0;
        if (ret->words == WORDS_MAX)
            return broken(ret, e, TEXT("more words than any line may have"));
        ret->word[ret->words++] = bytes_of(text.p + from, i - from);
    }
    return 0;
}

static int find(const struct policy *p, struct bytes name)
{
    for (size_t i = 0; i < p->nodes; i++)
        if (bytes_equal(bytes_text(p->node[i].name), name))
            return (int)i;
    return -1;
}

int policy_find(const struct policy *p, const char *name)
{
    return find(p, bytes_text(name));
}

static int key_fault(const struct line *l, struct err *e)
{
    return err_add(e, ERR_DAMAGED, "line %u of the policy", l->number);
}

static int take_log(struct policy *p, const struct line *l, struct err *e)
{
    struct note_key key;
    if (l->words < 2 || l->words > 3)
        return broken(l, e, TEXT("a log has a key, and perhaps an address"));
    if (p->logs == POLICY_LOGS_MAX)
        return broken(l, e, TEXT("more logs than are supported"));
    if (note_key_parse(l->word[1], &key, e) != 0)
        return key_fault(l, e);
    for (size_t i = 0; i < p->logs; i++)
        if (memcmp(p->log[i].public_key, key.public_key, CRYPT_PUBLIC) == 0)
            return broken(l, e, TEXT("this log's key stands on an earlier line, too"));
    p->log[p->logs++] = key;
    return 0;
}

static int node_new(const struct policy *p, const struct line *l, struct bytes name, struct policy_node *ret,
                    struct err *e)
{
    if (name.n > NOTE_NAME_MAX)
        return broken(l, e, TEXT("a name is longer than 255 bytes"));
    if (is(name, "none") || find(p, name) >= 0)
        return broken(l, e, TEXT("the name is taken"));
    *ret = (struct policy_node){.is_group = false};
    memcpy(ret->name, name.p, name.n);
    return 0;
}

static int take_cosigner(struct policy *p, const struct line *l, struct err *e)
{
    struct policy_node n;
    if (l->words < 3 || l->words > 4)
        return broken(l, e, TEXT("a witness has a name, a key, and perhaps an address"));
    if (p->cosigners == POLICY_COSIGNERS_MAX)
        return broken(l, e, TEXT("more witnesses than are supported"));
    int rc = node_new(p, l, l->word[1], &n, e);
    if (rc != 0)
        return rc;
    if (note_cosigner_parse(l->word[2], &n.key, e) != 0)
        return key_fault(l, e);
    for (size_t i = 0; i < p->nodes; i++)
        if (!p->node[i].is_group && memcmp(p->node[i].key.public_key, n.key.public_key, CRYPT_PUBLIC) == 0)
            return broken(l, e, TEXT("this witness's key stands on an earlier line, too"));
    p->node[p->nodes++] = n;
    p->cosigners++;
    return 0;
}

static int threshold(const struct line *l, size_t members, unsigned *ret, struct err *e)
{
    uint64_t k = is(l->word[2], "any") ? 1 : is(l->word[2], "all") ? members : 0;
    if (k == 0 && (decimal_get(l->word[2], &k) != 0 || k < 1 || k > members))
        return broken(l, e, TEXT("of a group's members any, all, or a number from 1 to all of them are needed"));
    *ret = (unsigned)k;
    return 0;
}

static uint64_t members_so_far(const struct policy *p)
{
    uint64_t all = 0;
    for (size_t i = 0; i < p->nodes; i++)
        all |= p->node[i].members;
    return all;
}

static int take_group(struct policy *p, const struct line *l, struct err *e)
{
    struct policy_node n;
    uint64_t taken = members_so_far(p);
    if (l->words < 4)
        return broken(l, e, TEXT("a group has a name, how many are needed, and members"));
    if (p->nodes - p->cosigners == POLICY_GROUPS_MAX)
        return broken(l, e, TEXT("more groups than are supported"));
    int rc = node_new(p, l, l->word[1], &n, e);
    if (rc == 0)
        rc = threshold(l, l->words - 3, &n.needed, e);
    n.is_group = true;
    for (size_t i = 3; rc == 0 && i < l->words; i++) {
        int at = find(p, l->word[i]);
        if (at < 0)
            return broken(l, e, TEXT("a member is not defined on a line above"));
        if (((taken | n.members) >> at & 1) != 0)
            return broken(l, e, TEXT("a name is a member twice"));
        n.members |= UINT64_C(1) << at;
    }
    if (rc == 0)
        p->node[p->nodes++] = n;
    return rc;
}

static int take_quorum(struct policy *p, const struct line *l, bool *known, struct err *e)
{
    if (*known)
        return broken(l, e, TEXT("a second quorum"));
    if (l->words != 2)
        return broken(l, e, TEXT("a quorum is one name, or none"));
    p->quorum = is(l->word[1], "none") ? -1 : find(p, l->word[1]);
    if (p->quorum < 0 && !is(l->word[1], "none"))
        return broken(l, e, TEXT("the quorum is not defined on a line above"));
    *known = true;
    return 0;
}

static int take(struct policy *p, const struct line *l, bool *known, struct err *e)
{
    if (is(l->word[0], "log"))
        return take_log(p, l, e);
    if (is(l->word[0], "witness"))
        return take_cosigner(p, l, e);
    if (is(l->word[0], "group"))
        return take_group(p, l, e);
    if (is(l->word[0], "quorum"))
        return take_quorum(p, l, known, e);
    return broken(l, e, TEXT("begins with none of log, witness, group and quorum"));
}

int policy_parse(struct bytes text, struct policy *ret, struct err *e)
{
    if (text.n > POLICY_BYTES_MAX)
        return err_set(e, ERR_DAMAGED, "the policy has %zu bytes; at most %d are allowed", text.n, POLICY_BYTES_MAX);
    OWN(mem_drop) struct policy *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_memory(e);
    struct cursor c = cursor_of(text);
    struct line l = {.number = 0};
    struct err mine = {0};
    bool known = false;
    int rc = 0;
    while (rc == 0 && c.left > 0) {
        l.number++;
        struct bytes line = cursor_line(&c);
        if (c.failed)
            return err_set(e, ERR_DAMAGED, "the last line of the policy does not end with a newline");
        rc = split(line, &l, &mine);
        if (rc == 0 && l.words > 0)
            rc = take(p, &l, &known, &mine);
    }
    if (rc != 0)
        return err_set(e, rc, "%s", mine.text);
    if (!known)
        return err_set(e, ERR_DAMAGED, "the policy has no quorum line");
    *ret = *p;
    return 0;
}

void policy_text(const struct policy *p, struct buf *to)
{
    char vkey[NOTE_VKEY_MAX];
    for (size_t i = 0; i < p->logs; i++) {
        note_key_text(&p->log[i], vkey);
        buf_printf(to, "log %s\n", vkey);
    }
    for (size_t i = 0; i < p->nodes; i++) {
        const struct policy_node *n = &p->node[i];
        if (!n->is_group) {
            note_key_text(&n->key, vkey);
            buf_printf(to, "witness %s %s\n", n->name, vkey);
            continue;
        }
        buf_printf(to, "group %s %u", n->name, n->needed);
        for (size_t k = 0; k < i; k++)
            if ((n->members >> k & 1) != 0)
                buf_printf(to, " %s", p->node[k].name);
        buf_put_text(to, "\n");
    }
    buf_printf(to, "quorum %s\n", p->quorum < 0 ? "none" : p->node[p->quorum].name);
}

bool policy_fulfilled(const struct policy *p, uint64_t signed_by)
{
    uint64_t counts = 0;
    if (p->quorum < 0)
        return true;
    for (size_t i = 0; i < p->nodes; i++) {
        const struct policy_node *n = &p->node[i];
        bool yes = n->is_group ? (unsigned)__builtin_popcountll(n->members & counts) >= n->needed
                               : (signed_by >> i & 1) != 0;
        counts |= (uint64_t)yes << i;
    }
    return (counts >> p->quorum & 1) != 0;
}

/* The first nodes are all cosigners, the next and last one their group, and the quorum. */
int policy_plain_needed(const struct policy *p)
{
    if (p->nodes == 0)
        return p->quorum < 0 ? 0 : -1;
    const struct policy_node *last = &p->node[p->nodes - 1];
    bool plain = p->cosigners == p->nodes - 1 && last->is_group && strcmp(last->name, POLICY_PLAIN_GROUP) == 0 &&
                 p->quorum == (int)p->nodes - 1 && last->members == (UINT64_C(1) << p->cosigners) - 1;
    return plain ? (int)last->needed : -1;
}

void policy_plain(struct policy *p, unsigned needed)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->nodes; i++)
        if (!p->node[i].is_group && p->node[i].name[0] != '\0')
            p->node[kept++] = p->node[i];
    assert(needed <= kept && (needed > 0) == (kept > 0));
    p->cosigners = p->nodes = kept;
    p->quorum = -1;
    if (kept == 0)
        return;
    p->quorum = (int)kept;
    p->node[p->nodes++] = (struct policy_node){
        .name = POLICY_PLAIN_GROUP, .is_group = true, .needed = needed, .members = (UINT64_C(1) << kept) - 1};
}
