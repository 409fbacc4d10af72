/* Statements: made and read again as they were, in one form only, and every rule held on both sides. */
#include "model/statement.h"

#include "base/json.h"
#include "base/unicode.h"
#include "model/checkpoint.h"
#include "model/policy.h"
#include "model/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../base/chance.h"
#include "../base/thorough.h"

static const struct key SEED = {{1}}, OTHER_SEED = {{2}};
static struct note_key member, other;
static struct note_key both[2]; /* the member's twice: as the one-time key, too */
static struct chance chance = {20260317};

static void make_key(const char *name, const struct key *seed, struct note_key *ret)
{
    uint8_t public_key[CRYPT_PUBLIC];
    crypt_sign_public(seed, public_key);
    assert_int_equal(note_key_make(name, public_key, ret, NULL), 0);
}

static int start(void **state)
{
    if (crypt_start(NULL) != 0)
        return -1;
    make_key("example.org/m/7f3a09c1", &SEED, &member);
    make_key("example.org/m/00000002", &OTHER_SEED, &other);
    both[0] = both[1] = member;
    return 0;
}

/* ---- any statement ---- */

/* What a drawn statement borrows from. */
struct drawn {
    struct statement s;
    void *held[4096];
    size_t held_count;
};

static void drawn_drop(struct drawn *d)
{
    for (size_t i = 0; i < d->held_count; i++)
        free(d->held[i]);
    d->held_count = 0;
}

static void *hold(struct drawn *d, size_t n)
{
    assert_true(d->held_count < COUNT(d->held));
    void *p = calloc(n > 0 ? n : 1, 1);
    assert_non_null(p);
    return d->held[d->held_count++] = p;
}

static void draw(void *to, size_t n)
{
    chance_fill(&chance, to, n);
}

/* Small ones, and those around the borders of what JSON writes as a number. */
static uint64_t number(void)
{
    static const uint64_t edges[] = {0, 1, 255, (UINT64_C(1) << 53) - 1, UINT64_C(1) << 53, INT64_MAX, UINT64_MAX};
    return chance_below(&chance, 3) == 0 ? edges[chance_below(&chance, COUNT(edges))] : chance_below(&chance, 1000000);
}

static int64_t seconds(void)
{
    static const int64_t edges[] = {0, -1, INT64_MIN, INT64_MAX, -9007199254740991, -9007199254740992};
    return chance_below(&chance, 3) == 0 ? edges[chance_below(&chance, COUNT(edges))]
                                         : (int64_t)chance_below(&chance, 2000000000) - 100000000;
}

/* Parts of names of every kind that file systems hold. */
static const char *const NAME_PARTS[] = {
    "a", "photo 1.jpg", "-", "\\", "a\\b", "\\xff", "\\\\", "\"", "{}", "%s",
    "\xEC\xA6\x9D\xEC\x96\xB8",                             /* composed */
    "\xE1\x84\x8C\xE1\x85\xB3\xE1\x86\xBC",                 /* in parts */
    "\xE1\x84\x80", "\xCC\x81", "e\xCC\x81", "\xC3\xA9",    /* loose marks */
    "\xff", "\xfe\xff", "\xC3", "\xED\xA0\x80", "\xC0\xAF", /* no UTF-8 */
    "\n", "\r\n", "\t", "\x01", "\x1b[31m", "\x7f", "\xC2\x85",
    "\xE2\x80\xAE", "\xE2\x80\xA8", "\xE2\x80\x8B", "\xEF\xBB\xBF", "\xE2\x81\xA6", /* what is not seen */
    "\xF0\x9F\x93\xB7", "\xEF\xAC\x81", "..a", "...", ".b", "~",
};

static struct bytes name_of_parts(struct drawn *d, size_t parts)
{
    OWN(buf_drop) struct buf b = {0};
    for (size_t i = 0; i < parts; i++) {
        buf_put_text(&b, NAME_PARTS[chance_below(&chance, COUNT(NAME_PARTS))]);
        if (i + 1 < parts && chance_below(&chance, 3) == 0)
            buf_put_u8(&b, '/');
    }
    uint8_t *p = hold(d, b.n);
    memcpy(p, b.p, b.n);
    return bytes_of(p, b.n);
}

static struct bytes any_name(struct drawn *d)
{
    size_t what = chance_below(&chance, 8);
    if (what > 1)
        return name_of_parts(d, 1 + chance_below(&chance, 5));
    size_t n = 1 + chance_below(&chance, what == 0 ? 1 : 60);
    uint8_t *p = hold(d, n);
    for (size_t i = 0; i < n; i++)
        do
            p[i] = (uint8_t)chance_u64(&chance);
        while (p[i] == 0 || p[i] == '/' || (n <= 2 && p[i] == '.'));
    return bytes_of(p, n);
}

static const char *any_text(struct drawn *d)
{
    static const char *const texts[] = {"x",
                                        "A line.\nAnother \"line\" with \\ and \t.",
                                        "\xEB\xB0\x95 \xEC\x98\x81\xED\x9D\xAC",
                                        "\xC3\xA9\xE2\x80\xAE\x01",
                                        "{\"a\":[1,2]}",
                                        "\xF0\x9F\x93\xB7"};
    size_t count = 1 + chance_below(&chance, 4);
    char *p = hold(d, 400);
    for (size_t i = 0; i < count; i++)
        strcat(p, texts[chance_below(&chance, COUNT(texts))]);
    return p;
}

static void draw_received(struct drawn *d)
{
    struct statement_received *r = &d->s.received;
    r->deposit = number();
    r->seq = number();
    r->path = any_name(d);
    r->further_name = chance_below(&chance, 4) == 0;
    if (r->further_name) {
        r->of = number();
        return;
    }
    r->type = (enum statement_type)chance_below(&chance, 3);
    r->mode = (uint32_t)chance_below(&chance, 07777 + 1);
    r->mtime = (struct statement_time){seconds(), (uint32_t)chance_below(&chance, 1000000000)};
    if (r->type == STATEMENT_LINK)
        r->target = chance_below(&chance, 2) == 0 ? any_name(d) : bytes_text("../../etc/passwd");
    if (r->type == STATEMENT_FILE) {
        r->bytes = number();
        draw(r->sha256.b, CRYPT_HASH);
    }
}

static void draw_part(struct drawn *d)
{
    static const char *const reasons[] = {"changed", "device", "fifo",       "io",      "large",
                                          "loop",    "socket", "unreadable", "vanished"};
    struct statement_part *p = &d->s.part;
    p->deposit = number();
    p->part = number();
    p->refused_count = chance_below(&chance, 6);
    p->already_count = chance_below(&chance, 6);
    p->refused = hold(d, p->refused_count * sizeof *p->refused);
    p->already = hold(d, p->already_count * sizeof *p->already);
    for (size_t i = 0; i < p->refused_count; i++)
        p->refused[i] = (struct statement_refused){any_name(d), reasons[chance_below(&chance, COUNT(reasons))],
                                                   number()};
    for (size_t i = 0; i < p->already_count; i++) {
        uint64_t a = number(), b = number();
        p->already[i] = (struct statement_range){a < b ? a : b, a < b ? b : a};
    }
}

static struct statement_sum any_sum(void)
{
    return (struct statement_sum){chance_below(&chance, 1000000), chance_u64(&chance) >> 12};
}

static void draw_receipt(struct drawn *d)
{
    struct statement_totals *t = &d->s.receipt.totals;
    d->s.receipt = (struct statement_receipt){.deposit = number(), .number = number(), .parts = number()};
    t->taken = any_sum();
    t->duplicate = any_sum();
    t->already = any_sum();
    t->refused = any_sum();
    t->names = any_sum();
    t->seen.files = t->taken.files + t->duplicate.files + t->already.files + t->refused.files;
    t->seen.bytes = t->taken.bytes + t->duplicate.bytes + t->already.bytes + t->refused.bytes;
    t->folders_taken = number();
    t->folders_already = number();
}

static void draw_founded(struct drawn *d)
{
    struct statement_founded *f = &d->s.founded;
    f->origin = "example.org";
    make_key("example.org", &OTHER_SEED, &f->log);
    f->member = member;
    draw(f->member_box, CRYPT_PUBLIC);
    draw(f->compartment, STATEMENT_ID);
    for (size_t i = 0; i < COUNT(f->receiving); i++) {
        f->receiving[i].epoch = number();
        draw(f->receiving[i].key, CRYPT_PUBLIC);
    }
    f->pack_sectors = (uint32_t)chance_u64(&chance);
    f->sector_bytes = (uint32_t)chance_u64(&chance);
    f->format = (uint32_t)chance_u64(&chance);
    if (chance_below(&chance, 2) == 0) {
        f->parity_packs = 1 + (uint32_t)chance_below(&chance, STATEMENT_STRIPE_PACKS_MAX);
        f->parity_files = 1 + (uint32_t)chance_below(&chance, STATEMENT_PARITY_MAX);
    }
    if (chance_below(&chance, 2) == 0) {
        f->erase_persons = 2 + (uint32_t)chance_below(&chance, STATEMENT_ADMINISTRATORS_MAX - 1);
        f->erase_days = (uint32_t)chance_below(&chance, STATEMENT_ERASE_DAYS_MAX + 1);
    }
}

static void draw_parity(struct drawn *d)
{
    size_t count = chance_below(&chance, 5);
    struct statement_stripe *stripes = hold(d, count * sizeof *stripes);
    uint64_t first = number() / 2;
    for (size_t i = 0; i < count; i++) {
        stripes[i] = (struct statement_stripe){.stripe = first + i,
                                               .packs = 1 + (uint32_t)chance_below(&chance, STATEMENT_STRIPE_PACKS_MAX),
                                               .files = 1 + (uint32_t)chance_below(&chance, STATEMENT_PARITY_MAX)};
        for (uint32_t k = 0; k < stripes[i].files; k++)
            draw(stripes[i].roots[k].b, CRYPT_HASH);
        draw(stripes[i].trailer.b, CRYPT_HASH);
    }
    d->s.parity.stripes = stripes;
    d->s.parity.count = count;
}

static void draw_event(struct statement_event *v)
{
    *v = (struct statement_event){.number = number()};
    draw(v->prev.b, CRYPT_HASH);
    if (chance_below(&chance, 2) == 0)
        return;
    v->by.said = true;
    v->by.proposal = chance_below(&chance, 100);
    v->by.count = chance_below(&chance, STATEMENT_ADMINISTRATORS_MAX + 1);
    for (size_t i = 0; i < v->by.count; i++)
        v->by.approvals[i] = (i == 0 ? v->by.proposal : v->by.approvals[i - 1]) + 1 + chance_below(&chance, 9);
}

static void draw_recovery(struct drawn *d)
{
    struct statement_recovery *r = &d->s.recovery;
    size_t count = 1 + chance_below(&chance, CRYPT_SHARES_MAX);
    struct hash *shares = hold(d, count * sizeof *shares);
    *r = (struct statement_recovery){.key = other,
                                     .epoch = number(),
                                     .leaves = number(),
                                     .needed = 1 + (uint32_t)chance_below(&chance, count),
                                     .shares = shares,
                                     .share_count = count};
    draw_event(&r->event);
    draw(r->receiving, CRYPT_PUBLIC);
    draw(r->compartment, STATEMENT_ID);
    draw(r->set, STATEMENT_ID);
    draw(r->root.b, CRYPT_HASH);
    for (size_t i = 0; i < count; i++)
        draw(shares[i].b, CRYPT_HASH);
}

static void draw_member(struct drawn *d)
{
    struct statement_member *m = &d->s.member;
    *m = (struct statement_member){.event = {.number = number()}, .key = other};
    m->replaces = chance_below(&chance, 2) == 0 ? NULL : "example.org/m/00000009";
    draw(m->event.prev.b, CRYPT_HASH);
    draw(m->box, CRYPT_PUBLIC);
    draw(m->set, STATEMENT_ID);
    for (size_t i = 0; i < COUNT(m->receiving); i++) {
        m->receiving[i].epoch = number();
        draw(m->receiving[i].key, CRYPT_PUBLIC);
    }
}

static const char *any_member(struct drawn *d)
{
    char *name = hold(d, 64);
    snprintf(name, 64, "example.org/m/%08x", (unsigned)chance_below(&chance, 1 << 30));
    return name;
}

static enum statement_role any_role(void)
{
    return (enum statement_role)(1 + chance_below(&chance, STATEMENT_ROLE_LAST));
}

static void draw_added(struct drawn *d)
{
    struct statement_added *a = &d->s.added;
    *a = (struct statement_added){.key = other, .role = any_role()};
    draw_event(&a->event);
    draw(a->box, CRYPT_PUBLIC);
    for (size_t i = 0; i < COUNT(a->receiving); i++) {
        a->receiving[i].epoch = number();
        draw(a->receiving[i].key, CRYPT_PUBLIC);
    }
}

static void draw_log(bool *known, struct note_key *log)
{
    *known = chance_below(&chance, 2) == 0;
    if (*known)
        make_key("example.org", &OTHER_SEED, log);
}

static void draw_turned(struct drawn *d)
{
    if (d->s.kind == STATEMENT_ROLE) {
        d->s.role = (struct statement_role_said){.name = any_member(d), .role = any_role()};
        draw_event(&d->s.role.event);
        draw_log(&d->s.role.log_known, &d->s.role.log);
        return;
    }
    struct statement_revoked *r = &d->s.revoked;
    *r = (struct statement_revoked){.name = any_member(d), .doubted = chance_below(&chance, 2) == 0};
    r->reason = (enum statement_leaving)(1 + chance_below(&chance, STATEMENT_LEAVING_LAST));
    r->doubtful_from = r->doubted ? number() : 0;
    draw_event(&r->event);
    draw_log(&r->log_known, &r->log);
}

static void draw_compartment(struct drawn *d)
{
    const char *name = d->s.kind == STATEMENT_COMPARTMENT ? NULL : any_member(d);
    d->s.compartment = (struct statement_compartment){.name = name};
    draw(d->s.compartment.compartment, STATEMENT_ID);
    draw_event(&d->s.compartment.event);
}

static void draw_statement(struct drawn *d, enum statement_kind kind);

/* Any act, as it is proposed: without place and log key. */
static void draw_proposed(struct drawn *d)
{
    static const enum statement_kind acts[] = {STATEMENT_ADDED, STATEMENT_ROLE, STATEMENT_REVOKED,
                                               STATEMENT_COSIGNERS, STATEMENT_RECOVERY, STATEMENT_COMPARTMENT,
                                               STATEMENT_GRANTED, STATEMENT_UNGRANTED};
    struct statement whole = d->s;
    OWN(mem_drop) struct drawn *inner = calloc(1, sizeof *inner);
    assert_non_null(inner);
    draw_statement(inner, acts[chance_below(&chance, COUNT(acts))]);
    struct statement *act = hold(d, sizeof *act);
    *act = inner->s;
    act->at_unix_s = 0;
    *statement_event(act) = (struct statement_event){0};
    if (act->kind == STATEMENT_ROLE)
        act->role.log_known = false;
    if (act->kind == STATEMENT_REVOKED)
        act->revoked.log_known = false;
    for (size_t i = 0; i < inner->held_count; i++)
        d->held[d->held_count++] = inner->held[i];
    d->s = whole;
    d->s.proposed.act = act;
    draw_event(&d->s.proposed.event);
    d->s.proposed.event.by = (struct statement_by){0};
}

static void draw_approved(struct drawn *d)
{
    draw_event(&d->s.approved.event);
    d->s.approved.event.by = (struct statement_by){0};
    d->s.approved.proposal = number();
    draw(d->s.approved.commitment.b, CRYPT_HASH);
}

static void draw_lists(struct drawn *d)
{
    size_t count = chance_below(&chance, 5);
    if (d->s.kind == STATEMENT_KEYRING) {
        struct statement_file_hash *files = hold(d, count * sizeof *files);
        for (size_t i = 0; i < count; i++) {
            char *name = hold(d, 64);
            snprintf(name, 64, "%032x/table-%zu", (unsigned)chance_below(&chance, 1000000), i);
            files[i].name = name;
            files[i].removed = chance_below(&chance, 2) == 0;
            if (!files[i].removed) {
                files[i].bytes = number();
                draw(files[i].sha256.b, CRYPT_HASH);
            }
        }
        d->s.keyring.files = files;
        d->s.keyring.count = count;
    } else if (d->s.kind == STATEMENT_PACKS) {
        struct statement_pack *packs = hold(d, count * sizeof *packs);
        for (size_t i = 0; i < count; i++) {
            packs[i] = (struct statement_pack){.pack = number(), .sectors = (uint32_t)chance_u64(&chance),
                                               .sealed = chance_below(&chance, 2) == 0};
            draw(packs[i].root.b, CRYPT_HASH);
        }
        d->s.packs.packs = packs;
        d->s.packs.count = count;
    } else {
        const char **files = hold(d, count * sizeof *files);
        for (size_t i = 0; i < count; i++)
            files[i] = any_text(d);
        d->s.repaired.files = files;
        d->s.repaired.count = count;
    }
}

static void draw_audits(struct drawn *d)
{
    size_t count = 1 + chance_below(&chance, 5);
    struct statement_audit *audits = hold(d, count * sizeof *audits);
    for (size_t i = 0; i < count; i++) {
        audits[i] = (struct statement_audit){.first = number(), .last = number(), .findings = number(),
                                             .leaves = number(), .at_unix_s = number(),
                                             .full = chance_below(&chance, 2) == 0};
        if (audits[i].last < audits[i].first)
            audits[i].last = audits[i].first;
    }
    d->s.audited.audits = audits;
    d->s.audited.count = count;
}

/* A policy of its one form: some cosigners, a group of all of them. */
static void draw_cosigners(struct drawn *d)
{
    struct policy *p = hold(d, sizeof *p);
    OWN(buf_drop) struct buf text = {0};
    size_t count = chance_below(&chance, 16) == 0 ? STATEMENT_COSIGNERS_MAX : chance_below(&chance, 3);
    *p = (struct policy){.logs = 1, .log = {other}};
    for (size_t i = 0; i < count; i++) {
        struct policy_node *n = &p->node[p->nodes++];
        uint8_t public_key[CRYPT_PUBLIC];
        draw(public_key, sizeof public_key);
        snprintf(n->name, sizeof n->name, "c%zu", i);
        assert_int_equal(note_cosigner_make("c.example/cosigner", public_key, &n->key, NULL), 0);
    }
    policy_plain(p, count == 0 ? 0 : 1 + (unsigned)chance_below(&chance, count));
    policy_text(p, &text);
    char *kept = hold(d, text.n + 1);
    memcpy(kept, buf_text(&text), text.n + 1);
    d->s.cosigners = (struct statement_cosigners){.event = {.number = number()}, .policy = kept};
    draw(d->s.cosigners.event.prev.b, CRYPT_HASH);
}

static void draw_cosigned(struct drawn *d)
{
    OWN(buf_drop) struct buf note = {0};
    uint8_t public_key[CRYPT_PUBLIC];
    struct note_key cosigner;
    struct checkpoint c = {.size = number() >> 1};
    snprintf(c.origin, sizeof c.origin, "%s", member.name);
    draw(c.root.b, CRYPT_HASH);
    crypt_sign_public(&SEED, public_key);
    assert_int_equal(note_cosigner_make("c.example/cosigner", public_key, &cosigner, NULL), 0);
    assert_int_equal(checkpoint_sign(&c, &member, &SEED, &note, NULL), 0);
    OWN(buf_drop) struct buf text = {0};
    checkpoint_text(&c, &text);
    assert_int_equal(note_cosign(buf_bytes(&text), &cosigner, &SEED, number() >> 1, &note, NULL), 0);
    char *kept = hold(d, note.n + 1);
    memcpy(kept, buf_text(&note), note.n + 1);
    d->s.cosigned.checkpoint = kept;
}

/* What no DER and no certificate is will do: only who checks the stamp reads them. */
static void draw_timestamped(struct drawn *d)
{
    size_t n = 1 + chance_below(&chance, 300);
    uint8_t *response = hold(d, n);
    struct statement_timestamped t = {.checkpoint = any_text(d), .chain = any_text(d), .policy = "1.2.3",
                                      .response = bytes_of(response, n), .leaves = number(),
                                      .stamped_unix_s = seconds(), .accuracy_us = number()};
    draw(response, n);
    draw(t.root.b, CRYPT_HASH);
    draw(t.authority.b, CRYPT_HASH);
    draw(t.pinned.b, CRYPT_HASH);
    crypt_sha256(t.response, &t.sha256);
    d->s.timestamped = t;
}

/* Ranges that do not touch, from a leaf on. */
static struct statement_range *draw_ranges(struct drawn *d, size_t count)
{
    struct statement_range *list = hold(d, count * sizeof *list);
    uint64_t at = chance_below(&chance, 9);
    for (size_t i = 0; i < count; i++) {
        list[i].first = at;
        list[i].last = at + chance_below(&chance, 5) * chance_below(&chance, 1000);
        at = list[i].last + 2 + chance_below(&chance, 1000);
    }
    return list;
}

static const char *perhaps_text(struct drawn *d)
{
    return chance_below(&chance, 2) == 0 ? NULL : any_text(d);
}

static void draw_custody(struct drawn *d)
{
    static const char *const dates[] = {NULL, "2026-11-20", "2024-02-29T23:59", "2026-11-20T14:05Z",
                                        "2026-11-20T00:00+09:00"};
    struct statement_custody x = {.act = statement_act(chance_below(&chance, 7)),
                                  .date = dates[chance_below(&chance, COUNT(dates))],
                                  .from = perhaps_text(d), .place = perhaps_text(d), .to = perhaps_text(d),
                                  .why = perhaps_text(d), .refers = chance_below(&chance, 2) == 0};
    if (chance_below(&chance, 2) == 0)
        x.receipt = number() | 1;
    else {
        x.item_count = 1 + chance_below(&chance, 9);
        x.items = draw_ranges(d, x.item_count);
    }
    if (x.refers) {
        x.refers_leaf = number();
        draw(x.refers_commitment.b, CRYPT_HASH);
    }
    d->s.custody = x;
}

static struct statement_use draw_use(struct drawn *d)
{
    const struct consent_use *u = consent_use(chance_below(&chance, 14));
    if (chance_below(&chance, 2) == 0)
        return (struct statement_use){0};
    return (struct statement_use){.purpose = u->purpose, .to = u->to, .whom = perhaps_text(d)};
}

static void draw_accessed(struct drawn *d)
{
    static const char *const acts[] = {"shown", "read", "restored", "exported"};
    size_t count = 1 + chance_below(&chance, 9);
    d->s.accessed = (struct statement_accessed){.act = acts[chance_below(&chance, COUNT(acts))],
                                                .items = draw_ranges(d, count), .item_count = count,
                                                .why = perhaps_text(d), .use = draw_use(d)};
}

static void draw_persons(struct drawn *d, struct statement_persons *to)
{
    size_t count = chance_below(&chance, 16) == 0 ? CONSENT_PERSONS_MAX : 1 + chance_below(&chance, 4);
    to->codes = hold(d, count * sizeof *to->codes);
    to->count = count;
    for (size_t i = 0; i < count; i++) {
        char *code = hold(d, CONSENT_CODE_MAX + 1);
        snprintf(code, CONSENT_CODE_MAX + 1, "P-%04zu", i * 3 + chance_below(&chance, 3));
        to->codes[i] = code;
    }
}

static void draw_consent(struct drawn *d)
{
    struct statement_consent *x = &d->s.consent;
    draw_persons(d, &x->persons);
    for (int i = 0; i < CONSENT_SCOPES; i++)
        x->answer[i] = (enum consent_answer)chance_below(&chance, CONSENT_WITHDRAWN);
    x->answer[chance_below(&chance, CONSENT_SCOPES)] = CONSENT_YES;
    x->by = (enum consent_by)(1 + chance_below(&chance, CONSENT_BY_LAST));
    x->date = "2026-11-20T14:05Z";
    x->until = chance_below(&chance, 2) == 0 ? NULL : "2031-01-31";
    x->language = "ko";
    x->interpreter = chance_below(&chance, 2) == 0 ? NULL : "I-0003";
    x->copy = chance_below(&chance, 2) == 0;
    x->has_form = chance_below(&chance, 2) == 0;
    x->form = x->has_form ? number() : 0;
}

static void draw_withdrawn(struct drawn *d)
{
    struct statement_withdrawn *x = &d->s.withdrawn;
    draw_persons(d, &x->persons);
    x->all = chance_below(&chance, 2) == 0;
    for (int i = 0; !x->all && i < CONSENT_SCOPES; i++)
        x->scope[i] = i == 3 || chance_below(&chance, 2) == 0;
    x->by = CONSENT_NEXT_OF_KIN;
    x->date = "2026-11-20";
    x->why = perhaps_text(d);
}

/* One that waited for the log: it allows nothing, and has no number. */
static void draw_waited(struct drawn *d)
{
    struct statement_place *place = &d->s.place;
    if (chance_below(&chance, 3) != 0)
        return;
    place->waited = true;
    place->seq = 0;
    place->prev = (struct hash){{0}};
    if (d->s.kind != STATEMENT_CONSENT)
        return;
    for (int i = 0; i < CONSENT_SCOPES; i++)
        if (d->s.consent.answer[i] == CONSENT_YES)
            d->s.consent.answer[i] = CONSENT_NO;
    d->s.consent.has_form = false;
    d->s.consent.form = 0;
}

static void draw_terms(struct drawn *d)
{
    size_t count = 1 + chance_below(&chance, 9);
    struct statement *s = &d->s;
    if (s->kind == STATEMENT_CONSENT || s->kind == STATEMENT_WITHDRAWN) {
        if (s->kind == STATEMENT_CONSENT)
            draw_consent(d);
        else
            draw_withdrawn(d);
        draw_waited(d);
    } else if (s->kind == STATEMENT_CONCERNS) {
        s->concerns = (struct statement_concerns){.link = (enum consent_link)(1 + chance_below(&chance, 3)),
                                                  .items = draw_ranges(d, count), .item_count = count,
                                                  .why = any_text(d)};
        if (s->concerns.link != CONSENT_NOBODY)
            draw_persons(d, &s->concerns.persons);
    } else if (s->kind == STATEMENT_PROTECTED) {
        s->protected = (struct statement_protected){.restriction = (enum consent_restriction)chance_below(&chance, 3),
                                                    .level = (enum consent_level)(1 + chance_below(&chance, 3)),
                                                    .items = draw_ranges(d, count), .item_count = count,
                                                    .why = any_text(d)};
        if (s->protected.restriction == CONSENT_PROVIDER_CONFIDENTIAL)
            s->protected.provider = "S-0003";
    } else if (s->kind == STATEMENT_HOLD)
        s->hold = (struct statement_hold){.ground = (enum consent_ground)(1 + chance_below(&chance, 4)),
                                          .items = draw_ranges(d, count), .item_count = count, .why = any_text(d)};
    else
        s->released = (struct statement_released){.hold = number(), .why = any_text(d)};
}

static void draw_erasing(struct drawn *d)
{
    static const char *const answers[] = {"approved", "withdrawn", "held"};
    size_t count = 1 + chance_below(&chance, 9);
    struct statement_range *leaves = draw_ranges(d, count);
    for (size_t i = 0; i < count; i++) { /* leaf 0 is none of them */
        leaves[i].first++;
        leaves[i].last++;
    }
    if (d->s.kind == STATEMENT_ERASING)
        d->s.erasing = (struct statement_erasing){leaves, count, any_text(d)};
    else if (d->s.kind == STATEMENT_ANSWERED) {
        d->s.answered = (struct statement_answered){
            .answer = answers[chance_below(&chance, COUNT(answers))], .request = number(), .why = perhaps_text(d)};
        draw(d->s.answered.commitment.b, CRYPT_HASH);
    } else {
        uint64_t request = leaves[count - 1].last + 1;
        d->s.erased = (struct statement_erased){.epoch = 2 + chance_below(&chance, 9), .leaves = leaves, .count = count,
                                                .by = {.said = true, .proposal = request}};
        draw(d->s.erased.compartment, STATEMENT_ID);
        while (d->s.erased.by.count < chance_below(&chance, STATEMENT_ADMINISTRATORS_MAX + 1))
            d->s.erased.by.approvals[d->s.erased.by.count++] = ++request;
    }
}

/* Numbers of kinds have gaps. */
static int next_kind(int kind)
{
    do
        kind++;
    while (kind <= STATEMENT_KIND_LAST && !statement_kind_known((enum statement_kind)kind));
    return kind;
}

static void draw_sealed(struct drawn *d)
{
    struct statement_sealed s = {.leaves = number(), .events = number(), .items = number() | 1, .withheld = number(),
                                 .deposit_count = 1 + chance_below(&chance, 4),
                                 .verifier_count = chance_below(&chance, 3)};
    s.deposits = hold(d, s.deposit_count * sizeof *s.deposits);
    s.verifiers = hold(d, 2 * sizeof *s.verifiers);
    draw(s.root.b, CRYPT_HASH);
    draw(s.event.b, CRYPT_HASH);
    draw(s.tagmanifest.b, CRYPT_HASH);
    for (size_t i = 0; i < s.deposit_count; i++) {
        s.deposits[i].deposit = 7 * i + chance_below(&chance, 7);
        s.deposits[i].count = number() | 1;
        draw(s.deposits[i].head.b, CRYPT_HASH);
    }
    s.verifiers[0].name = "one";
    s.verifiers[1].name = "two";
    s.use = draw_use(d);
    s.items_given_count = s.use.purpose == NULL ? 0 : 1 + chance_below(&chance, 5);
    s.items_given = draw_ranges(d, s.items_given_count);
    draw(s.verifiers[0].sha256.b, CRYPT_HASH);
    d->s.sealed = s;
}

/* What each may say is identity_test.c's. */
static void draw_identities(struct drawn *d)
{
    static const char *const record = "groundwork/identity/v1\nperson P-0001\nname: Kim\n";
    static const char *const recipients[] = {"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"};
    static struct statement_share_holder holder;
    static uint8_t sealed[4096 + CRYPT_TAG];
    switch (d->s.kind) {
    case STATEMENT_IDENTITY: d->s.identity = (struct statement_identity){"P-0001", record}; break;
    case STATEMENT_KEYHOLDER_SAID:
        d->s.keyholder = (struct statement_keyholder){
            "K-01", chance_below(&chance, 2) == 0 ? NULL : recipients[0],
            chance_below(&chance, 2) == 0 ? NULL : any_text(d), any_text(d)};
        break;
    case STATEMENT_IDENTITY_SEALED:
        d->s.identity_sealed = (struct statement_identity_sealed){
            .person = "P-0001", .text = bytes_of(sealed, sizeof sealed)};
        draw(d->s.identity_sealed.b, CRYPT_KEY);
        draw(d->s.identity_sealed.check.b, CRYPT_HASH);
        draw(sealed, sizeof sealed);
        break;
    case STATEMENT_IDENTITY_SHARES:
        holder = (struct statement_share_holder){.code = "K-01", .recipient = recipients[0]};
        draw(holder.sha256.b, CRYPT_HASH);
        d->s.identity_shares = (struct statement_identity_shares){
            .person = "P-0001", .sealed = number(), .needed = 1, .holders = &holder, .holder_count = 1,
            .follows = chance_below(&chance, 2) == 0};
        draw(d->s.identity_shares.set, STATEMENT_ID);
        if (d->s.identity_shares.follows) {
            d->s.identity_shares.request = number();
            d->s.identity_shares.why = any_text(d);
        }
        break;
    default:
        d->s.identity_access = (struct statement_identity_access){
            .step = (enum statement_step)(1 + chance_below(&chance, STATEMENT_STEP_LAST)), .person = "P-0001",
            .why = any_text(d), .of = number()};
        if (d->s.identity_access.step == STATEMENT_REQUESTED)
            draw(d->s.identity_access.answer.b, CRYPT_KEY);
        if (d->s.identity_access.step == STATEMENT_SHARE_RETURNED)
            d->s.identity_access.keyholder = "K-01";
    }
}

static void draw_statement(struct drawn *d, enum statement_kind kind)
{
    drawn_drop(d);
    d->s = (struct statement){.kind = kind};
    if (kind != STATEMENT_RECEIVED)
        d->s.at_unix_s = seconds();
    if (statement_kind_hidden(kind) && kind != STATEMENT_RECEIVED) {
        draw(d->s.place.investigation, STATEMENT_ID);
        d->s.place.seq = number();
        draw(d->s.place.prev.b, CRYPT_HASH);
    }
    switch (kind) {
    case STATEMENT_FOUNDED: draw_founded(d); break;
    case STATEMENT_KEYRING:
    case STATEMENT_PACKS:
    case STATEMENT_REPAIRED: draw_lists(d); break;
    case STATEMENT_PARITY: draw_parity(d); break;
    case STATEMENT_AUDITED: draw_audits(d); break;
    case STATEMENT_TIMESTAMPED: draw_timestamped(d); break;
    case STATEMENT_COVER:
        d->s.cover = (struct statement_cover){number(), number(), number(), number() | 1, {{0}}};
        draw(d->s.cover.root.b, CRYPT_HASH);
        break;
    case STATEMENT_INVESTIGATION: d->s.investigation.name = any_text(d); break;
    case STATEMENT_DEPOSIT: {
        d->s.deposit.giver = chance_below(&chance, 2) == 0 ? NULL : any_text(d);
        d->s.deposit.note = chance_below(&chance, 2) == 0 ? NULL : any_text(d);
        d->s.deposit.path_count = chance_below(&chance, 5);
        struct bytes *paths = hold(d, d->s.deposit.path_count * sizeof *paths);
        for (size_t i = 0; i < d->s.deposit.path_count; i++)
            paths[i] = chance_below(&chance, 3) == 0 ? bytes_text("../a/./b//") : any_name(d);
        d->s.deposit.paths = paths;
        break;
    }
    case STATEMENT_RECEIVED: draw_received(d); break;
    case STATEMENT_PART: draw_part(d); break;
    case STATEMENT_RECEIPT: draw_receipt(d); break;
    case STATEMENT_NOTE: d->s.note.text = any_text(d); break;
    case STATEMENT_RECOVERY: draw_recovery(d); break;
    case STATEMENT_MEMBER: draw_member(d); break;
    case STATEMENT_COSIGNERS: draw_cosigners(d); break;
    case STATEMENT_COSIGNED: draw_cosigned(d); break;
    case STATEMENT_CUSTODY: draw_custody(d); break;
    case STATEMENT_ACCESSED: draw_accessed(d); break;
    case STATEMENT_SEALED: draw_sealed(d); break;
    case STATEMENT_ERASED:
    case STATEMENT_ERASING:
    case STATEMENT_ANSWERED: draw_erasing(d); break;
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED: draw_terms(d); break;
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS: draw_identities(d); break;
    case STATEMENT_SET_ASIDE:
        d->s.set_aside.receipt = number();
        d->s.set_aside.reason = any_text(d);
        break;
    case STATEMENT_ADDED: draw_added(d); break;
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED: draw_turned(d); break;
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED: draw_compartment(d); break;
    case STATEMENT_PROPOSED: draw_proposed(d); break;
    case STATEMENT_APPROVED: draw_approved(d); break;
    case STATEMENT_NAMED:
        d->s.named.member = any_member(d);
        d->s.named.text = any_text(d);
        break;
    }
}

/* ---- the same? ---- */

static void assert_name(struct bytes a, struct bytes b)
{
    assert_true(bytes_equal(a, b));
}

static void assert_text(const char *a, const char *b)
{
    if (a == NULL)
        assert_null(b);
    else
        assert_string_equal(a, b);
}

static void assert_same_received(const struct statement_received *a, const struct statement_received *b)
{
    assert_true(a->deposit == b->deposit && a->seq == b->seq && a->further_name == b->further_name && a->of == b->of);
    assert_name(a->path, b->path);
    assert_true(a->type == b->type && a->mode == b->mode && a->mtime.s == b->mtime.s && a->mtime.ns == b->mtime.ns);
    assert_name(a->target, b->target);
    assert_true(a->bytes == b->bytes && hash_equal(&a->sha256, &b->sha256));
}

static void assert_same_ranges(const struct statement_range *a, const struct statement_range *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        assert_true(a[i].first == b[i].first && a[i].last == b[i].last);
}

static void assert_same_custody(const struct statement_custody *a, const struct statement_custody *b)
{
    assert_text(a->act, b->act);
    assert_text(a->date, b->date);
    assert_text(a->from, b->from);
    assert_text(a->place, b->place);
    assert_text(a->to, b->to);
    assert_text(a->why, b->why);
    assert_true(a->receipt == b->receipt && a->item_count == b->item_count);
    assert_same_ranges(a->items, b->items, a->item_count);
    assert_true(a->refers == b->refers && a->refers_leaf == b->refers_leaf);
    assert_memory_equal(&a->refers_commitment, &b->refers_commitment, CRYPT_HASH);
}

static void assert_same_event(const struct statement_event *a, const struct statement_event *b)
{
    assert_true(a->number == b->number && hash_equal(&a->prev, &b->prev));
}

static void assert_same_key(const struct note_key *a, const struct note_key *b)
{
    char x[NOTE_VKEY_MAX], y[NOTE_VKEY_MAX];
    note_key_text(a, x);
    note_key_text(b, y);
    assert_string_equal(x, y);
}

static void assert_same_recovery(const struct statement_recovery *a, const struct statement_recovery *b)
{
    assert_same_event(&a->event, &b->event);
    assert_same_key(&a->key, &b->key);
    assert_memory_equal(a->receiving, b->receiving, CRYPT_PUBLIC);
    assert_memory_equal(a->compartment, b->compartment, STATEMENT_ID);
    assert_memory_equal(a->set, b->set, STATEMENT_ID);
    assert_true(a->epoch == b->epoch && a->leaves == b->leaves && hash_equal(&a->root, &b->root));
    assert_true(a->needed == b->needed && a->share_count == b->share_count);
    assert_memory_equal(a->shares, b->shares, a->share_count * sizeof a->shares[0]);
}

static void assert_same_member(const struct statement_member *a, const struct statement_member *b)
{
    assert_same_event(&a->event, &b->event);
    assert_same_key(&a->key, &b->key);
    assert_memory_equal(a->box, b->box, CRYPT_PUBLIC);
    assert_memory_equal(a->set, b->set, STATEMENT_ID);
    for (size_t i = 0; i < COUNT(a->receiving); i++) {
        assert_true(a->receiving[i].epoch == b->receiving[i].epoch);
        assert_memory_equal(a->receiving[i].key, b->receiving[i].key, CRYPT_PUBLIC);
    }
}

static void assert_same_log(bool a_known, const struct note_key *a, bool b_known, const struct note_key *b)
{
    assert_true(a_known == b_known);
    if (a_known)
        assert_same_key(a, b);
}

static void assert_same_turned(const struct statement *a, const struct statement *b)
{
    if (a->kind == STATEMENT_ADDED) {
        assert_same_event(&a->added.event, &b->added.event);
        assert_same_key(&a->added.key, &b->added.key);
        assert_memory_equal(a->added.box, b->added.box, CRYPT_PUBLIC);
        assert_memory_equal(a->added.receiving, b->added.receiving, sizeof a->added.receiving);
        assert_true(a->added.role == b->added.role);
    } else if (a->kind == STATEMENT_ROLE) {
        assert_same_event(&a->role.event, &b->role.event);
        assert_string_equal(a->role.name, b->role.name);
        assert_true(a->role.role == b->role.role);
        assert_same_log(a->role.log_known, &a->role.log, b->role.log_known, &b->role.log);
    } else {
        assert_same_event(&a->revoked.event, &b->revoked.event);
        assert_string_equal(a->revoked.name, b->revoked.name);
        assert_true(a->revoked.reason == b->revoked.reason && a->revoked.doubted == b->revoked.doubted);
        assert_true(a->revoked.doubtful_from == b->revoked.doubtful_from);
        assert_same_log(a->revoked.log_known, &a->revoked.log, b->revoked.log_known, &b->revoked.log);
    }
}

static void assert_same_act(const struct statement *a, const struct statement *b)
{
    struct hash x, y;
    assert_true(a->kind == b->kind);
    assert_int_equal(statement_act_hash(a, &x, NULL), 0);
    assert_int_equal(statement_act_hash(b, &y, NULL), 0);
    assert_true(hash_equal(&x, &y));
}

static void assert_same_founded(const struct statement_founded *a, const struct statement_founded *b)
{
    char x[NOTE_VKEY_MAX], y[NOTE_VKEY_MAX];
    assert_string_equal(a->origin, b->origin);
    note_key_text(&a->log, x);
    note_key_text(&b->log, y);
    assert_string_equal(x, y);
    note_key_text(&a->member, x);
    note_key_text(&b->member, y);
    assert_string_equal(x, y);
    assert_memory_equal(a->member_box, b->member_box, CRYPT_PUBLIC);
    assert_memory_equal(a->compartment, b->compartment, STATEMENT_ID);
    for (size_t i = 0; i < COUNT(a->receiving); i++) {
        assert_true(a->receiving[i].epoch == b->receiving[i].epoch);
        assert_memory_equal(a->receiving[i].key, b->receiving[i].key, CRYPT_PUBLIC);
    }
    assert_true(a->pack_sectors == b->pack_sectors && a->sector_bytes == b->sector_bytes && a->format == b->format);
    assert_true(a->parity_packs == b->parity_packs && a->parity_files == b->parity_files);
}

static void assert_same_parity(const struct statement *a, const struct statement *b)
{
    assert_int_equal(a->parity.count, b->parity.count);
    for (size_t i = 0; i < a->parity.count; i++) {
        const struct statement_stripe *x = &a->parity.stripes[i], *y = &b->parity.stripes[i];
        assert_true(x->stripe == y->stripe && x->packs == y->packs && x->files == y->files);
        assert_memory_equal(x->roots, y->roots, sizeof x->roots);
        assert_true(hash_equal(&x->trailer, &y->trailer));
    }
}

static void assert_same_part(const struct statement_part *a, const struct statement_part *b)
{
    assert_true(a->deposit == b->deposit && a->part == b->part);
    assert_true(a->refused_count == b->refused_count && a->already_count == b->already_count);
    for (size_t i = 0; i < a->refused_count; i++) {
        assert_name(a->refused[i].path, b->refused[i].path);
        assert_string_equal(a->refused[i].reason, b->refused[i].reason);
        assert_true(a->refused[i].bytes == b->refused[i].bytes);
    }
    for (size_t i = 0; i < a->already_count; i++)
        assert_true(a->already[i].first == b->already[i].first && a->already[i].last == b->already[i].last);
}

static void assert_same_lists(const struct statement *a, const struct statement *b)
{
    if (a->kind == STATEMENT_KEYRING) {
        assert_int_equal(a->keyring.count, b->keyring.count);
        for (size_t i = 0; i < a->keyring.count; i++) {
            const struct statement_file_hash *x = &a->keyring.files[i], *y = &b->keyring.files[i];
            assert_string_equal(x->name, y->name);
            assert_true(x->removed == y->removed && x->bytes == y->bytes && hash_equal(&x->sha256, &y->sha256));
        }
    } else if (a->kind == STATEMENT_PACKS) {
        assert_int_equal(a->packs.count, b->packs.count);
        for (size_t i = 0; i < a->packs.count; i++) {
            const struct statement_pack *x = &a->packs.packs[i], *y = &b->packs.packs[i];
            assert_true(x->pack == y->pack && x->sectors == y->sectors && x->sealed == y->sealed);
            assert_true(hash_equal(&x->root, &y->root));
        }
    } else {
        assert_int_equal(a->repaired.count, b->repaired.count);
        for (size_t i = 0; i < a->repaired.count; i++)
            assert_string_equal(a->repaired.files[i], b->repaired.files[i]);
    }
}

static void assert_same_audits(const struct statement *a, const struct statement *b)
{
    assert_int_equal(a->audited.count, b->audited.count);
    for (size_t i = 0; i < a->audited.count; i++) {
        const struct statement_audit *x = &a->audited.audits[i], *y = &b->audited.audits[i];
        assert_true(x->first == y->first && x->last == y->last && x->findings == y->findings);
        assert_true(x->leaves == y->leaves && x->at_unix_s == y->at_unix_s && x->full == y->full);
    }
}

static void assert_same_stamps(const struct statement_timestamped *a, const struct statement_timestamped *b)
{
    assert_text(a->checkpoint, b->checkpoint);
    assert_text(a->chain, b->chain);
    assert_text(a->policy, b->policy);
    assert_true(bytes_equal(a->response, b->response) && hash_equal(&a->sha256, &b->sha256));
    assert_true(a->leaves == b->leaves && hash_equal(&a->root, &b->root));
    assert_true(hash_equal(&a->authority, &b->authority) && hash_equal(&a->pinned, &b->pinned));
    assert_true(a->stamped_unix_s == b->stamped_unix_s && a->accuracy_us == b->accuracy_us);
}

static void assert_same_use(const struct statement_use *a, const struct statement_use *b)
{
    assert_text(a->purpose, b->purpose);
    assert_text(a->to, b->to);
    assert_text(a->whom, b->whom);
}

/* Both written again: terms_test.c looks at every field. */
static void assert_same_terms(const struct statement *a, const struct statement *b)
{
    OWN(buf_drop) struct buf x = {0}, y = {0};
    terms_put(a, &(struct json_out){.to = &x});
    terms_put(b, &(struct json_out){.to = &y});
    assert_true(bytes_equal(buf_bytes(&x), buf_bytes(&y)));
}

static void assert_same_sealed(const struct statement_sealed *a, const struct statement_sealed *b)
{
    assert_true(a->leaves == b->leaves && a->events == b->events && a->items == b->items);
    assert_true(a->withheld == b->withheld && hash_equal(&a->root, &b->root) && hash_equal(&a->event, &b->event));
    assert_true(hash_equal(&a->tagmanifest, &b->tagmanifest));
    assert_int_equal(a->deposit_count, b->deposit_count);
    for (size_t i = 0; i < a->deposit_count; i++)
        assert_memory_equal(&a->deposits[i], &b->deposits[i], sizeof a->deposits[i]);
    assert_same_use(&a->use, &b->use);
    assert_int_equal(a->items_given_count, b->items_given_count);
    assert_same_ranges(a->items_given, b->items_given, a->items_given_count);
    assert_int_equal(a->verifier_count, b->verifier_count);
    for (size_t i = 0; i < a->verifier_count; i++) {
        assert_text(a->verifiers[i].name, b->verifiers[i].name);
        assert_true(hash_equal(&a->verifiers[i].sha256, &b->verifiers[i].sha256));
    }
}

static void assert_same_identities(const struct statement *a, const struct statement *b)
{
    const struct statement_identity_shares *x = &a->identity_shares, *y = &b->identity_shares;
    switch (a->kind) {
    case STATEMENT_IDENTITY:
        assert_text(a->identity.person, b->identity.person);
        assert_text(a->identity.record, b->identity.record);
        break;
    case STATEMENT_KEYHOLDER_SAID:
        assert_text(a->keyholder.code, b->keyholder.code);
        assert_text(a->keyholder.recipient, b->keyholder.recipient);
        assert_text(a->keyholder.name, b->keyholder.name);
        assert_text(a->keyholder.why, b->keyholder.why);
        break;
    case STATEMENT_IDENTITY_SEALED:
        assert_text(a->identity_sealed.person, b->identity_sealed.person);
        assert_memory_equal(a->identity_sealed.b, b->identity_sealed.b, CRYPT_KEY);
        assert_true(hash_equal(&a->identity_sealed.check, &b->identity_sealed.check));
        assert_true(bytes_equal(a->identity_sealed.text, b->identity_sealed.text));
        break;
    case STATEMENT_IDENTITY_SHARES:
        assert_true(x->sealed == y->sealed && x->needed == y->needed && x->holder_count == y->holder_count);
        assert_true(x->follows == y->follows && x->request == y->request);
        assert_text(x->why, y->why);
        assert_memory_equal(x->set, y->set, STATEMENT_ID);
        assert_text(x->holders[0].code, y->holders[0].code);
        assert_text(x->holders[0].recipient, y->holders[0].recipient);
        assert_true(hash_equal(&x->holders[0].sha256, &y->holders[0].sha256));
        break;
    default:
        assert_int_equal(a->identity_access.step, b->identity_access.step);
        assert_text(a->identity_access.person, b->identity_access.person);
        assert_text(a->identity_access.why, b->identity_access.why);
        assert_text(a->identity_access.keyholder, b->identity_access.keyholder);
        assert_true(a->identity_access.of == b->identity_access.of);
        assert_memory_equal(a->identity_access.answer.b, b->identity_access.answer.b, CRYPT_KEY);
    }
}

static void assert_same(const struct statement *a, const struct statement *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_true(a->at_unix_s == b->at_unix_s);
    assert_true(a->place.waited == b->place.waited);
    assert_memory_equal(a->place.investigation, b->place.investigation, STATEMENT_ID);
    assert_true(a->place.seq == b->place.seq && hash_equal(&a->place.prev, &b->place.prev));
    switch (a->kind) {
    case STATEMENT_FOUNDED: assert_same_founded(&a->founded, &b->founded); break;
    case STATEMENT_KEYRING:
    case STATEMENT_PACKS:
    case STATEMENT_REPAIRED: assert_same_lists(a, b); break;
    case STATEMENT_PARITY: assert_same_parity(a, b); break;
    case STATEMENT_AUDITED: assert_same_audits(a, b); break;
    case STATEMENT_TIMESTAMPED: assert_same_stamps(&a->timestamped, &b->timestamped); break;
    case STATEMENT_COVER:
        assert_true(a->cover.deposit == b->cover.deposit && a->cover.part == b->cover.part);
        assert_true(a->cover.first == b->cover.first && a->cover.count == b->cover.count);
        assert_true(hash_equal(&a->cover.root, &b->cover.root));
        break;
    case STATEMENT_INVESTIGATION: assert_text(a->investigation.name, b->investigation.name); break;
    case STATEMENT_DEPOSIT:
        assert_text(a->deposit.giver, b->deposit.giver);
        assert_text(a->deposit.note, b->deposit.note);
        assert_int_equal(a->deposit.path_count, b->deposit.path_count);
        for (size_t i = 0; i < a->deposit.path_count; i++)
            assert_name(a->deposit.paths[i], b->deposit.paths[i]);
        break;
    case STATEMENT_RECEIVED: assert_same_received(&a->received, &b->received); break;
    case STATEMENT_PART: assert_same_part(&a->part, &b->part); break;
    case STATEMENT_RECEIPT:
        assert_true(a->receipt.deposit == b->receipt.deposit && a->receipt.number == b->receipt.number);
        assert_true(a->receipt.parts == b->receipt.parts);
        assert_memory_equal(&a->receipt.totals, &b->receipt.totals, sizeof a->receipt.totals);
        break;
    case STATEMENT_NOTE: assert_text(a->note.text, b->note.text); break;
    case STATEMENT_RECOVERY: assert_same_recovery(&a->recovery, &b->recovery); break;
    case STATEMENT_MEMBER: assert_same_member(&a->member, &b->member); break;
    case STATEMENT_COSIGNERS:
        assert_true(a->cosigners.event.number == b->cosigners.event.number);
        assert_memory_equal(&a->cosigners.event.prev, &b->cosigners.event.prev, CRYPT_HASH);
        assert_string_equal(a->cosigners.policy, b->cosigners.policy);
        break;
    case STATEMENT_COSIGNED: assert_string_equal(a->cosigned.checkpoint, b->cosigned.checkpoint); break;
    case STATEMENT_CUSTODY: assert_same_custody(&a->custody, &b->custody); break;
    case STATEMENT_ACCESSED:
        assert_text(a->accessed.act, b->accessed.act);
        assert_text(a->accessed.why, b->accessed.why);
        assert_int_equal(a->accessed.item_count, b->accessed.item_count);
        assert_same_ranges(a->accessed.items, b->accessed.items, a->accessed.item_count);
        assert_same_use(&a->accessed.use, &b->accessed.use);
        break;
    case STATEMENT_SEALED: assert_same_sealed(&a->sealed, &b->sealed); break;
    case STATEMENT_ERASED:
        assert_memory_equal(a->erased.compartment, b->erased.compartment, STATEMENT_ID);
        assert_true(a->erased.epoch == b->erased.epoch && a->erased.count == b->erased.count);
        assert_same_ranges(a->erased.leaves, b->erased.leaves, a->erased.count);
        assert_true(a->erased.by.proposal == b->erased.by.proposal && a->erased.by.count == b->erased.by.count);
        for (size_t i = 0; i < a->erased.by.count; i++)
            assert_true(a->erased.by.approvals[i] == b->erased.by.approvals[i]);
        break;
    case STATEMENT_ERASING:
        assert_int_equal(a->erasing.count, b->erasing.count);
        assert_same_ranges(a->erasing.leaves, b->erasing.leaves, a->erasing.count);
        assert_text(a->erasing.why, b->erasing.why);
        break;
    case STATEMENT_ANSWERED:
        assert_text(a->answered.answer, b->answered.answer);
        assert_text(a->answered.why, b->answered.why);
        assert_true(a->answered.request == b->answered.request);
        assert_true(hash_equal(&a->answered.commitment, &b->answered.commitment));
        break;
    case STATEMENT_CONSENT:
    case STATEMENT_WITHDRAWN:
    case STATEMENT_CONCERNS:
    case STATEMENT_PROTECTED:
    case STATEMENT_HOLD:
    case STATEMENT_RELEASED: assert_same_terms(a, b); break;
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS: assert_same_identities(a, b); break;
    case STATEMENT_SET_ASIDE:
        assert_true(a->set_aside.receipt == b->set_aside.receipt);
        assert_text(a->set_aside.reason, b->set_aside.reason);
        break;
    case STATEMENT_ADDED:
    case STATEMENT_ROLE:
    case STATEMENT_REVOKED: assert_same_turned(a, b); break;
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
        assert_same_event(&a->compartment.event, &b->compartment.event);
        assert_memory_equal(a->compartment.compartment, b->compartment.compartment, STATEMENT_ID);
        assert_text(a->compartment.name, b->compartment.name);
        break;
    case STATEMENT_PROPOSED:
        assert_same_event(&a->proposed.event, &b->proposed.event);
        assert_same_act(a->proposed.act, b->proposed.act);
        break;
    case STATEMENT_APPROVED:
        assert_same_event(&a->approved.event, &b->approved.event);
        assert_true(a->approved.proposal == b->approved.proposal);
        assert_true(hash_equal(&a->approved.commitment, &b->approved.commitment));
        break;
    case STATEMENT_NAMED:
        assert_string_equal(a->named.member, b->named.member);
        assert_text(a->named.text, b->named.text);
        break;
    }
}

/* ---- stored, and read again ---- */

struct stored {
    enum statement_kind kind;
    struct key secret;
    struct buf text, values; /* as made */
};

static void stored_drop(struct stored *s)
{
    buf_drop(&s->text);
    buf_drop(&s->values);
}

static const struct key *secret_of(const struct stored *s)
{
    return statement_kind_hidden(s->kind) ? &s->secret : NULL;
}

static void store(const struct statement *st, struct stored *ret)
{
    struct err e = {0};
    ret->kind = st->kind;
    draw(ret->secret.b, CRYPT_KEY);
    buf_clear(&ret->text);
    buf_clear(&ret->values);
    if (statement_make(st, secret_of(ret), &ret->text, &ret->values, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(ret->values.n > 0, statement_kind_hidden(st->kind));
}

/* The bytes that are committed of ${text}; a text that cannot be a note's is signed as it is. */
static void finish(enum statement_kind kind, struct bytes text, struct buf *to)
{
    if (statement_finish(kind, text, &member, &SEED, to, NULL) == 0)
        return;
    buf_clear(to);
    uint8_t signature[4 + CRYPT_SIGNATURE];
    memcpy(signature, member.id, 4);
    crypt_sign_raw(&SEED, text, signature + 4);
    buf_put_bytes(to, text);
    buf_printf(to, "\n\xE2\x80\x94 %s ", member.name);
    buf_put_base64(to, bytes_of(signature, sizeof signature));
    buf_put_u8(to, '\n');
}

/* Read what is signed of text and values.  What is accepted has one form: it is made again to the byte. */
static int read_again(const struct stored *s, struct bytes text, struct bytes values, struct err *e)
{
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement read;
    finish(s->kind, text, &note);
    *e = (struct err){0};
    const struct note_key *keys = s->kind == STATEMENT_FOUNDED ? NULL : both;
    int rc = statement_read(buf_bytes(&note), values, secret_of(s), keys, keys == NULL ? 0 : 2, &held, &read, e);
    if (rc != 0) {
        assert_int_equal(rc, ERR_DAMAGED);
        assert_int_equal(e->code, rc);
        assert_string_not_equal(e->text, "");
        return rc;
    }
    OWN(buf_drop) struct buf text_again = {0};
    OWN(buf_drop) struct buf values_again = {0};
    bool hidden = statement_kind_hidden(read.kind);
    assert_int_equal(statement_make(&read, hidden ? &s->secret : NULL, &text_again, &values_again, e), 0);
    assert_true(bytes_equal(buf_bytes(&text_again), text));
    assert_true(bytes_equal(buf_bytes(&values_again), values));
    return 0;
}

static void round_trips(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind))
        for (unsigned i = 0; i < many(150, 50); i++) {
            struct statement read;
            OWN(buf_drop) struct buf note = {0};
            struct err e = {0};
            draw_statement(&d, (enum statement_kind)kind);
            store(&d.s, &s);
            assert_int_equal(statement_finish(s.kind, buf_bytes(&s.text), &member, &SEED, &note, &e), 0);
            int rc =
                statement_read(buf_bytes(&note), buf_bytes(&s.values), secret_of(&s), both, 2, &held, &read, &e);
            if (rc != 0)
                fail_msg("%s", e.text);
            assert_same(&d.s, &read);
            assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
        }
}

/* As if it had been made with that one before it. */
static void follows_another(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    unsigned numbered = 0;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind))
        for (unsigned i = 0; i < many(50, 20) && statement_kind_hidden((enum statement_kind)kind); i++) {
            OWN(buf_drop) struct buf text = {0};
            OWN(buf_drop) struct buf values = {0};
            draw_statement(&d, (enum statement_kind)kind);
            if (kind == STATEMENT_RECEIVED || d.s.place.waited)
                continue;
            store(&d.s, &s);
            draw(d.s.place.prev.b, CRYPT_HASH);
            assert_int_equal(statement_make(&d.s, &s.secret, &text, &values, NULL), 0);
            assert_false(bytes_equal(buf_bytes(&text), buf_bytes(&s.text)));
            statement_follow(s.text.p, s.text.n, &d.s.place.prev);
            assert_true(bytes_equal(buf_bytes(&text), buf_bytes(&s.text)));
            numbered++;
        }
    assert_true(numbered > 200);
}

/* Left to who calls it is of one kind alone; of each other one the reading fails. */
static void a_signature_that_is_owed(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind)) {
        struct statement read;
        struct note_owed owed = {.text = bytes_text("")};
        OWN(buf_drop) struct buf bytes = {0};
        OWN(note_drop) struct note note = {0};
        draw_statement(&d, (enum statement_kind)kind);
        store(&d.s, &s);
        assert_int_equal(statement_finish(s.kind, buf_bytes(&s.text), &member, &SEED, &bytes, NULL), 0);
        bool is_note = kind != STATEMENT_RECEIVED;
        assert_true(!is_note || note_parse(buf_bytes(&bytes), &note, NULL) == 0);
        const struct statement_parsed parsed = {.bytes = buf_bytes(&bytes),
                                                .values = buf_bytes(&s.values),
                                                .note = is_note ? &note : NULL,
                                                .secret = secret_of(&s),
                                                .owed = &owed};
        int rc = statement_read_parsed(&parsed, both, 2, &held, &read, NULL);
        assert_int_equal(rc, kind == STATEMENT_ACCESSED ? 0 : ERR_DAMAGED);
        if (kind != STATEMENT_ACCESSED)
            continue;
        assert_same(&d.s, &read);
        assert_true(note_owed_good(&owed));
        owed.signature[0] ^= 1;
        assert_false(note_owed_good(&owed));
    }
}

/* Two lines, the second in the canonical form of JSON, and values that nothing but their digests shows. */
static void the_form(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind))
        for (int i = 0; i < 20; i++) {
            draw_statement(&d, (enum statement_kind)kind);
            store(&d.s, &s);
            struct cursor c = cursor_of(buf_bytes(&s.text));
            assert_true(cursor_expect(&c, "groundwork/statement/v1\n"));
            struct bytes line = cursor_line(&c);
            assert_true(cursor_done(&c) && json_canonical(line));
            assert_true(s.values.n == 0 || json_canonical(buf_bytes(&s.values)));
            if (kind == STATEMENT_NOTE && strlen(d.s.note.text) > 4) /* base64 may have an "x" of its own */
                assert_null(memmem(line.p, line.n, d.s.note.text, strlen(d.s.note.text)));
        }
}

/* Claims are salted: the same words under two leaves have nothing in common, and their order tells nothing. */
static void claims_are_salted(void **state)
{
    OWN(stored_drop) struct stored a = {.kind = STATEMENT_NOTE};
    OWN(stored_drop) struct stored b = {.kind = STATEMENT_NOTE};
    struct statement st = {.kind = STATEMENT_NOTE, .note = {.text = "the same words"}};
    store(&st, &a);
    store(&st, &b);
    assert_true(bytes_equal(buf_bytes(&a.values), buf_bytes(&b.values)));
    assert_false(bytes_equal(buf_bytes(&a.text), buf_bytes(&b.text)));
    struct hash digest;
    uint8_t salt[LEAF_CLAIM_SALT];
    char base64[64];
    leaf_claim_salt(&a.secret, "text", salt);
    leaf_claim_digest(salt, bytes_text("[\"text\",\"the same words\"]"), &digest);
    OWN(buf_drop) struct buf expected = {0};
    buf_put_base64(&expected, bytes_of(digest.b, CRYPT_HASH));
    snprintf(base64, sizeof base64, "{\"claims\":[\"%s\"],", buf_text(&expected));
    assert_non_null(strstr(buf_text(&a.text), base64));
}

/* ---- names ---- */

static void name_round_trip(struct bytes name, struct buf *ret_values)
{
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_RECEIVED};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    OWN(buf_drop) struct buf note = {0};
    struct statement st = {.kind = STATEMENT_RECEIVED, .received = {.further_name = true, .path = name}}, read;
    struct err e = {0};
    store(&st, &s);
    finish(s.kind, buf_bytes(&s.text), &note);
    if (statement_read(buf_bytes(&note), buf_bytes(&s.values), &s.secret, NULL, 0, &held, &read, &e) != 0)
        fail_msg("%s", e.text);
    assert_true(bytes_equal(read.received.path, name));
    if (ret_values != NULL)
        buf_put_bytes(ret_values, buf_bytes(&s.values));
}

static void names(void **state)
{
    static const struct {
        const char *name, *values;
    } cases[] = {
        {"a", "[[\"name\",{\"text\":\"a\"}]]"},
        {"a\\b", "[[\"name\",{\"text\":\"a\\\\b\"}]]"},
        {"\\xff", "[[\"name\",{\"text\":\"\\\\xff\"}]]"},
        {"\xff", "[[\"name\",{\"bytes\":\"/w==\",\"text\":\"\\\\xff\"}]]"},
        {"\n", "[[\"name\",{\"bytes\":\"Cg==\",\"text\":\"\\\\x0a\"}]]"},
        {"\x7f", "[[\"name\",{\"bytes\":\"fw==\",\"text\":\"\\\\x7f\"}]]"},
        {"\xC3\xA9", "[[\"name\",{\"text\":\"\xC3\xA9\"}]]"},
        {"e\xCC\x81", "[[\"name\",{\"bytes\":\"ZcyB\",\"text\":\"\xC3\xA9\"}]]"},
        {"\xC3\xA9\\", "[[\"name\",{\"bytes\":\"w6lc\",\"text\":\"\xC3\xA9\\\\\\\\\"}]]"},
        {"\xE2\x80\xAE", "[[\"name\",{\"bytes\":\"4oCu\",\"text\":\"\\\\xe2\\\\x80\\\\xae\"}]]"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(buf_drop) struct buf values = {0};
        name_round_trip(bytes_text(cases[i].name), &values);
        assert_string_equal(buf_text(&values), cases[i].values);
    }
    /* Every single byte, and every pair of bytes that the parts leave out. */
    for (unsigned a = 1; a < 256; a++) {
        uint8_t name[2] = {(uint8_t)a};
        if (a == '/')
            continue;
        if (a != '.')
            name_round_trip(bytes_of(name, 1), NULL);
        name[1] = (uint8_t)(1 + chance_below(&chance, 255));
        if (name[1] != '/' && (a != '.' || name[1] != '.'))
            name_round_trip(bytes_of(name, 2), NULL);
    }
}

static void longest_names(void **state)
{
    static const char fills[] = {'x', '\xff', '\n', '\\'};
    OWN(mem_drop) char *name = malloc(STATEMENT_PATH_MAX + 1);
    assert_non_null(name);
    for (size_t i = 0; i < COUNT(fills); i++) {
        OWN(stored_drop) struct stored s = {.kind = STATEMENT_RECEIVED};
        OWN(statement_held_drop) struct statement_held *held = NULL;
        OWN(buf_drop) struct buf note = {0};
        struct statement read;
        struct err e = {0};
        memset(name, fills[i], STATEMENT_PATH_MAX + 1);
        struct bytes longest = bytes_of(name, STATEMENT_PATH_MAX), longer = bytes_of(name, STATEMENT_PATH_MAX + 1);
        /* Path and target at their limit together: nothing that can lie on a disk is too long for a statement. */
        struct statement st = {.kind = STATEMENT_RECEIVED, .received = {.path = longest, .target = longest,
                                                                       .type = STATEMENT_LINK}};
        store(&st, &s);
        finish(s.kind, buf_bytes(&s.text), &note);
        assert_true(20 + note.n + s.values.n <= LEAF_STATEMENT_MAX);
        if (statement_read(buf_bytes(&note), buf_bytes(&s.values), &s.secret, NULL, 0, &held, &read, &e) != 0)
            fail_msg("%s", e.text);
        assert_true(bytes_equal(read.received.path, longest) && bytes_equal(read.received.target, longest));
        st.received.path = longer;
        assert_int_equal(statement_make(&st, &s.secret, &s.text, &s.values, &e), ERR_REFUSED);
        assert_non_null(strstr(e.text, "rule path-length"));
        st.received.path = longest;
        st.received.target = longer;
        assert_int_equal(statement_make(&st, &s.secret, &s.text, &s.values, &e), ERR_REFUSED);
        assert_non_null(strstr(e.text, "rule link-target"));
    }
}

/* ---- statements that a member forges: text and values of any content, digests and signature as they must be ---- */

static int digest_order(const void *a, const void *b)
{
    return memcmp(a, b, CRYPT_HASH);
}

/* Put the digests of ${values} into ${text}; false when the values are no array of claims. */
static bool digest_again(const struct key *secret, struct bytes text, struct bytes values, struct buf *ret)
{
    static const char begin[] = "groundwork/statement/v1\n{\"claims\":[";
    OWN(json_drop) struct json *document = NULL;
    struct hash digests[16];
    size_t count;
    const uint8_t *end = memchr(text.p, ']', text.n);
    if (text.n < sizeof begin || memcmp(text.p, begin, sizeof begin - 1) != 0 || end == NULL ||
        json_parse(values, &document, NULL) != 0)
        return false;
    const struct json_node *list = json_root(document);
    if (!json_is_array(list) || (count = json_count(list)) > COUNT(digests))
        return false;
    for (size_t i = 0; i < count; i++) {
        OWN(buf_drop) struct buf claim = {0};
        uint8_t salt[LEAF_CLAIM_SALT];
        const char *name = json_text(json_at(json_at(list, i), 0));
        if (name == NULL || !json_write(json_at(list, i), &claim))
            return false;
        leaf_claim_salt(secret, name, salt);
        leaf_claim_digest(salt, buf_bytes(&claim), &digests[i]);
    }
    qsort(digests, count, sizeof digests[0], digest_order);
    buf_put_text(ret, begin);
    for (size_t i = 0; i < count; i++) {
        buf_put_text(ret, i == 0 ? "\"" : ",\"");
        buf_put_base64(ret, bytes_of(digests[i].b, CRYPT_HASH));
        buf_put_u8(ret, '"');
    }
    buf_put(ret, end, text.n - (size_t)(end - text.p));
    return true;
}

static int read_forged(const struct stored *s, struct bytes text, struct bytes values, struct err *e)
{
    OWN(buf_drop) struct buf fresh = {0};
    if (secret_of(s) != NULL && digest_again(&s->secret, text, values, &fresh))
        text = buf_bytes(&fresh);
    return read_again(s, text, values, e);
}

/* One character exchanged, taken out, or put in. */
static void mutate(struct bytes from, size_t at, struct buf *to)
{
    static const char replacements[] = "\"\\0129aAzZ{}[],:/.-+ \n\tet\x80\xff";
    uint8_t c = (uint8_t)replacements[chance_below(&chance, sizeof replacements)]; /* the zero byte too */
    size_t how = chance_below(&chance, 4);
    if (how == 3)
        c = (uint8_t)(from.p[at] ^ (1u << chance_below(&chance, 8)));
    buf_clear(to);
    buf_put(to, from.p, at);
    if (how != 0)
        buf_put_u8(to, c);
    if (how == 2)
        buf_put_u8(to, from.p[at]);
    buf_put(to, from.p + at + 1, from.n - at - 1);
}

static void every_changed_character(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    OWN(buf_drop) struct buf changed = {0};
    struct err e;
    size_t accepted = 0;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind))
        for (unsigned sample = 0; sample < many(2, 1); sample++) {
            draw_statement(&d, (enum statement_kind)kind);
            store(&d.s, &s);
            for (size_t at = 0; at < s.text.n; at++) {
                mutate(buf_bytes(&s.text), at, &changed);
                accepted += read_forged(&s, buf_bytes(&changed), buf_bytes(&s.values), &e) == 0;
            }
            for (size_t at = 0; at < s.values.n; at++)
                for (int i = 0; i < 2; i++) {
                    mutate(buf_bytes(&s.values), at, &changed);
                    accepted += read_forged(&s, buf_bytes(&s.text), buf_bytes(&changed), &e) == 0;
                }
        }
    assert_true(accepted > 0); /* digits of numbers, letters of texts */
}

/* Without the member's key nothing can be changed at all. */
static void every_changed_byte_of_the_note(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind)) {
        OWN(buf_drop) struct buf note = {0};
        OWN(statement_held_drop) struct statement_held *held = NULL;
        struct statement read;
        draw_statement(&d, (enum statement_kind)kind);
        store(&d.s, &s);
        finish(s.kind, buf_bytes(&s.text), &note);
        const struct note_key *keys = both;
        size_t step = kind == STATEMENT_FOUNDED ? 3 : 2;
        for (size_t i = chance_below(&chance, step); i < note.n; i += step) {
            uint8_t was = note.p[i];
            note.p[i] ^= (uint8_t)(1u << chance_below(&chance, 8));
            int rc = statement_read(buf_bytes(&note), buf_bytes(&s.values), secret_of(&s), keys, 2, &held, &read, NULL);
            if (kind != STATEMENT_RECEIVED) /* which its cover signs, and the leaf's entry holds */
                assert_int_equal(rc, ERR_DAMAGED);
            note.p[i] = was;
        }
        for (size_t i = 0; i < s.values.n; i++) {
            uint8_t was = s.values.p[i];
            s.values.p[i] ^= (uint8_t)(1u << chance_below(&chance, 8));
            assert_int_equal(statement_read(buf_bytes(&note), buf_bytes(&s.values), secret_of(&s), keys, 2, &held,
                                            &read, NULL), ERR_DAMAGED);
            s.values.p[i] = was;
        }
    }
}

static void wrong_secret(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    struct err e;
    for (int kind = STATEMENT_INVESTIGATION; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind)) {
        if (!statement_kind_hidden((enum statement_kind)kind))
            continue;
        draw_statement(&d, (enum statement_kind)kind);
        store(&d.s, &s);
        s.secret.b[7] ^= 1;
        assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), ERR_DAMAGED);
        assert_non_null(strstr(e.text, "rule claim-digests"));
    }
}

/* ---- who signed ---- */

static int read_note(const struct stored *s, struct bytes note, const struct note_key *keys, size_t count,
                     struct err *e)
{
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement read;
    *e = (struct err){0};
    return statement_read(note, buf_bytes(&s->values), secret_of(s), keys, count, &held, &read, e);
}

static void signers(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    const struct note_key once_other[] = {member, other}, once_member[] = {other, member};
    struct err e;
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind)) {
        OWN(buf_drop) struct buf note = {0};
        OWN(buf_drop) struct buf foreign = {0};
        OWN(buf_drop) struct buf bare = {0};
        OWN(buf_drop) struct buf twice = {0};
        draw_statement(&d, (enum statement_kind)kind);
        store(&d.s, &s);
        struct bytes text = buf_bytes(&s.text);
        buf_put_bytes(&bare, text);
        buf_put_u8(&bare, '\n');
        assert_int_equal(note_sign(text, &member, &SEED, &note, NULL), 0);
        assert_int_equal(note_sign(text, &other, &OTHER_SEED, &foreign, NULL), 0);
        if (kind == STATEMENT_RECEIVED) {
            assert_int_equal(read_note(&s, buf_bytes(&bare), NULL, 0, &e), 0);
            assert_int_equal(read_note(&s, buf_bytes(&note), &member, 1, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, "rule received-unsigned"));
            continue;
        }
        if (kind == STATEMENT_MEMBER) { /* by the one-time key, never by a member's */
            assert_int_equal(read_note(&s, buf_bytes(&note), &member, 1, &e), ERR_DAMAGED);
            assert_non_null(strstr(e.text, "rule member-signer"));
            assert_int_equal(read_note(&s, buf_bytes(&note), once_other, 2, &e), ERR_DAMAGED);
            assert_int_equal(read_note(&s, buf_bytes(&note), once_member, 2, &e), 0);
            continue;
        }
        assert_int_equal(read_note(&s, buf_bytes(&note), &member, 1, &e), 0);
        assert_int_equal(read_note(&s, buf_bytes(&note), once_other, 2, &e), 0);
        assert_int_equal(read_note(&s, buf_bytes(&bare), &member, 1, &e), ERR_DAMAGED);
        assert_int_equal(read_note(&s, buf_bytes(&foreign), &member, 1, &e), ERR_DAMAGED);
        if (kind != STATEMENT_FOUNDED) {
            assert_int_equal(read_note(&s, buf_bytes(&foreign), once_other, 2, &e), ERR_DAMAGED);
            assert_int_equal(read_note(&s, buf_bytes(&note), NULL, 0, &e), ERR_DAMAGED);
            assert_int_equal(read_note(&s, buf_bytes(&note), &other, 1, &e), ERR_DAMAGED);
        } else {
            /* By the key that it names, whatever keys are known. */
            assert_int_equal(read_note(&s, buf_bytes(&note), NULL, 0, &e), 0);
            assert_int_equal(read_note(&s, buf_bytes(&foreign), &other, 1, &e), ERR_DAMAGED);
        }
        buf_put_bytes(&twice, buf_bytes(&note));
        buf_put(&twice, note.p + text.n + 1, note.n - text.n - 1);
        assert_int_equal(read_note(&s, buf_bytes(&twice), &member, 1, &e), ERR_DAMAGED);
    }
}

/* A hidden statement without its secret, and a public one with one. */
static void hidden_or_public(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    struct key secret = {{3}};
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind)) {
        OWN(buf_drop) struct buf note = {0};
        OWN(statement_held_drop) struct statement_held *held = NULL;
        struct statement read;
        struct err e = {0};
        draw_statement(&d, (enum statement_kind)kind);
        store(&d.s, &s);
        finish(s.kind, buf_bytes(&s.text), &note);
        const struct key *wrong = secret_of(&s) == NULL ? &secret : NULL;
        assert_int_equal(statement_read(buf_bytes(&note), buf_bytes(&s.values), wrong, both, 2, &held, &read, &e),
                         ERR_DAMAGED);
        assert_non_null(strstr(e.text, "rule hidden-or-public"));
        if (wrong == NULL)
            continue;
        assert_int_equal(statement_read(buf_bytes(&note), bytes_text("[]"), NULL, &member, 1, &held, &read, &e),
                         ERR_DAMAGED);
        assert_non_null(strstr(e.text, "rule public-values"));
    }
}

/* ---- every rule, on making ---- */

static void refuse_making(const struct statement *st, const char *rule)
{
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf values = {0};
    struct key secret = {{3}};
    struct err e = {0};
    int rc = statement_make(st, statement_kind_hidden(st->kind) ? &secret : NULL, &text, &values, &e);
    if (rc != ERR_REFUSED || e.code != rc || strstr(e.text, rule) == NULL)
        fail_msg("%s expected, %d \"%s\" came", rule, rc, e.text);
    assert_non_null(strstr(e.text, statement_kind_name(st->kind)));
}

/* What waits for the log allows nothing, and names nothing on it. */
static void waited_refused(void **state)
{
    static const char *codes[] = {"P-0001"};
    struct statement st = {.kind = STATEMENT_CONSENT,
                           .place = {.waited = true},
                           .consent = {.persons = {codes, 1}, .by = CONSENT_SELF, .date = "2026-11-20",
                                       .language = "ko"}};
    (void)state;
    st.consent.answer[CONSENT_STORE] = CONSENT_YES;
    refuse_making(&st, "rule waited");
    st.consent.answer[CONSENT_TESTIFY] = CONSENT_NO;
    refuse_making(&st, "rule waited");
    st.consent.answer[CONSENT_STORE] = CONSENT_ASK_AGAIN;
    st.consent.has_form = true;
    refuse_making(&st, "rule waited");
}

static void accesses_refused(void **state)
{
    static struct statement_range one = {4, 5}, back = {5, 4};
    const struct {
        struct statement_accessed x;
        const char *rule;
    } cases[] = {{{"viewed", &one, 1, NULL, {0}}, "rule accessed-act"},
                 {{NULL, &one, 1, NULL, {0}}, "rule accessed-act"},
                 {{"shown", &one, 0, NULL, {0}}, "rule accessed-items"},
                 {{"shown", &back, 1, NULL, {0}}, "rule range-order"},
                 {{"shown", &one, 1, "", {0}}, "rule text-length"},
                 {{"shown", &one, 1, "\xff", {0}}, "rule text-form"},
                 {{"restored", &one, 1, NULL, {"accountability", NULL, NULL}}, "rule use"},
                 {{"restored", &one, 1, NULL, {NULL, "un", NULL}}, "rule use"},
                 {{"restored", &one, 1, NULL, {NULL, NULL, "W"}}, "rule use"},
                 {{"restored", &one, 1, NULL, {"accountability", "public", NULL}}, "rule use"},
                 {{"restored", &one, 1, NULL, {"accountability", "un", ""}}, "rule text-length"}};
    for (size_t i = 0; i < COUNT(cases); i++)
        refuse_making(&(struct statement){.kind = STATEMENT_ACCESSED, .accessed = cases[i].x}, cases[i].rule);
}

static void custody_refused(void **state)
{
    static struct statement_range one = {4, 5}, back = {5, 4};
    static struct statement_range many[STATEMENT_RANGES_MAX + 1];
    struct statement_custody x = {.act = "lost", .items = &one, .item_count = 1};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_CUSTODY};
    struct err e;
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule custody-act");
    x.act = NULL;
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule custody-act");
    x.act = "viewed";
    x.receipt = 1;
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule custody-items");
    x.receipt = x.item_count = 0;
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule custody-items");
    x = (struct statement_custody){.act = "viewed", .items = &back, .item_count = 1};
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule range-order");
    for (size_t i = 0; i < COUNT(many); i++)
        many[i] = (struct statement_range){i * 2, i * 2};
    x = (struct statement_custody){.act = "viewed", .items = many, .item_count = COUNT(many)};
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule range-order");
    x.item_count--;
    store(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, &s);
    assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
    x.date = "yesterday";
    refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = x}, "rule custody-date");
}

static void texts_refused(void **state)
{
    static char longest[STATEMENT_TEXT_MAX + 2];
    memset(longest, 't', STATEMENT_TEXT_MAX + 1);
    const struct {
        const char *text, *rule;
    } cases[] = {{"", "rule text-length"}, {longest, "rule text-length"}, {"\xff", "rule text-form"},
                 {"e\xCC\x81", "rule text-form"}, {NULL, "rule text-length"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *t = cases[i].text;
        const char *one[] = {t};
        refuse_making(&(struct statement){.kind = STATEMENT_NOTE, .note = {t}}, cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_INVESTIGATION, .investigation = {t}}, cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_SET_ASIDE, .set_aside = {1, t}}, cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_REPAIRED, .repaired = {one, 1}}, cases[i].rule);
        if (t == NULL)
            continue;
        refuse_making(&(struct statement){.kind = STATEMENT_DEPOSIT, .deposit = {.giver = t}}, cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_DEPOSIT, .deposit = {.note = t}}, cases[i].rule);
        const struct statement_custody custody[] = {{.act = "viewed", .receipt = 1, .from = t},
                                                    {.act = "viewed", .receipt = 1, .place = t},
                                                    {.act = "viewed", .receipt = 1, .to = t},
                                                    {.act = "viewed", .receipt = 1, .why = t}};
        for (size_t k = 0; k < COUNT(custody); k++)
            refuse_making(&(struct statement){.kind = STATEMENT_CUSTODY, .custody = custody[k]}, cases[i].rule);
    }
    longest[STATEMENT_TEXT_MAX] = 0;
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_NOTE};
    struct err e;
    store(&(struct statement){.kind = STATEMENT_NOTE, .note = {longest}}, &s);
    assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
}

static void paths_refused(void **state)
{
    static const struct {
        const char *path;
        size_t n;
        const char *rule;
    } cases[] = {{"", 0, "rule path-length"}, {"a\0b", 3, "rule path-form"}, {"/a", 2, "rule path-form"},
                 {"a/", 2, "rule path-form"}, {"a//b", 4, "rule path-form"}, {"..", 2, "rule path-form"},
                 {"../a", 4, "rule path-form"}, {"a/..", 4, "rule path-form"}, {"a/../b", 6, "rule path-form"},
                 {"./a", 3, "rule path-form"}, {"a/.", 3, "rule path-form"}, {"/", 1, "rule path-form"}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct bytes path = bytes_of(cases[i].path, cases[i].n);
        struct statement_refused refused = {path, "io", 0};
        refuse_making(&(struct statement){.kind = STATEMENT_RECEIVED, .received = {.path = path}}, cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_RECEIVED, .received = {.path = path, .further_name = true}},
                      cases[i].rule);
        refuse_making(&(struct statement){.kind = STATEMENT_PART, .part = {.refused = &refused, .refused_count = 1}},
                      cases[i].rule);
        if (i < 2) {
            refuse_making(&(struct statement){.kind = STATEMENT_DEPOSIT, .deposit = {.paths = &path, .path_count = 1}},
                          cases[i].rule);
            refuse_making(&(struct statement){.kind = STATEMENT_RECEIVED,
                                              .received = {.path = bytes_text("a"), .type = STATEMENT_LINK,
                                                           .target = path}}, "rule link-target");
        }
    }
    static const char *const good[] = {".", "...", "..a", "a..", ".a", "a/...", "a/..b/.c"};
    for (size_t i = 0; i < COUNT(good); i++)
        name_round_trip(bytes_text(good[i]), NULL);
}

static void seals_refused(void)
{
    static struct statement_sealed_deposit deposits[STATEMENT_DEPOSITS_MAX + 1];
    static struct statement_verifier verifiers[STATEMENT_VERIFIERS_MAX + 1];
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_SEALED};
    struct statement_range given = {5, 4};
    for (size_t i = 0; i < COUNT(deposits); i++)
        deposits[i] = (struct statement_sealed_deposit){.deposit = i, .count = 1};
    for (size_t i = 0; i < COUNT(verifiers); i++)
        verifiers[i].name = names[i];
    struct statement st = {.kind = STATEMENT_SEALED,
                           .sealed = {.items = 1, .deposits = deposits, .deposit_count = STATEMENT_DEPOSITS_MAX,
                                      .verifiers = verifiers, .verifier_count = STATEMENT_VERIFIERS_MAX}};
    store(&st, &s);
    st.sealed.deposit_count++;
    refuse_making(&st, "rule sealed-deposits");
    st.sealed.deposit_count = 0;
    refuse_making(&st, "rule sealed-deposits");
    st.sealed.deposit_count = 2;
    st.sealed.verifier_count++;
    refuse_making(&st, "rule list-length");
    st.sealed.verifier_count = 2;
    st.sealed.items = 0;
    refuse_making(&st, "rule sealed-items");
    st.sealed.items = 1;
    deposits[1].count = 0;
    refuse_making(&st, "rule sealed-deposits");
    deposits[1] = deposits[0];
    refuse_making(&st, "rule sealed-deposits");
    deposits[1].deposit = 1;
    verifiers[1].name = "a";
    refuse_making(&st, "rule sealed-verifiers");
    verifiers[1].name = "";
    refuse_making(&st, "rule text-length");
    verifiers[1].name = "b";
    st.sealed.use = (struct statement_use){.purpose = "accountability", .to = "un"};
    refuse_making(&st, "rule sealed-given");
    st.sealed.items_given = &given;
    st.sealed.items_given_count = 1;
    refuse_making(&st, "rule range-order");
    given.last = 9;
    store(&st, &s);
    st.sealed.use.to = NULL;
    refuse_making(&st, "rule use");
    st.sealed.use.purpose = NULL;
    refuse_making(&st, "rule sealed-given");
}

static void others_refused(void **state)
{
    struct statement_received r = {.path = bytes_text("a"), .mode = 07777, .mtime = {0, 999999999}};
    struct statement st = {.kind = STATEMENT_RECEIVED, .received = r};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_RECEIVED};
    store(&st, &s);
    st.received.mode++;
    refuse_making(&st, "rule file-claim");
    st.received = r;
    st.received.mtime.ns++;
    refuse_making(&st, "rule file-claim");
    st.received = r;
    st.received.type = (enum statement_type)(STATEMENT_LINK + 1);
    refuse_making(&st, "rule file-claim");

    struct statement_refused refused = {bytes_text("a"), "tired", 0};
    refuse_making(&(struct statement){.kind = STATEMENT_PART, .part = {.refused = &refused, .refused_count = 1}},
                  "rule refusal-reason");
    struct statement_range range = {5, 4};
    refuse_making(&(struct statement){.kind = STATEMENT_PART, .part = {.already = &range, .already_count = 1}},
                  "rule range-order");
    refuse_making(&(struct statement){.kind = STATEMENT_COVER}, "rule cover-count");
    seals_refused();

    struct statement receipt = {.kind = STATEMENT_RECEIPT};
    struct statement_sum *sums[] = {&receipt.receipt.totals.seen, &receipt.receipt.totals.taken,
                                    &receipt.receipt.totals.duplicate, &receipt.receipt.totals.already,
                                    &receipt.receipt.totals.refused};
    for (size_t i = 0; i < COUNT(sums); i++) {
        sums[i]->files = 1;
        refuse_making(&receipt, "rule receipt-sums");
        *sums[i] = (struct statement_sum){0, 1};
        refuse_making(&receipt, "rule receipt-sums");
        *sums[i] = (struct statement_sum){0, 0};
    }
    receipt.receipt.totals.taken.bytes = UINT64_MAX; /* a sum that runs over is no sum */
    receipt.receipt.totals.refused.bytes = 1;
    refuse_making(&receipt, "rule receipt-sums");

    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    draw_statement(&d, STATEMENT_FOUNDED);
    d.s.founded.origin = "example.com";
    refuse_making(&d.s, "rule founded-origin");
    d.s.founded.origin = NULL;
    refuse_making(&d.s, "rule founded-origin");

    char longest[STATEMENT_FILE_NAME_MAX + 2];
    memset(longest, 'n', sizeof longest);
    longest[STATEMENT_FILE_NAME_MAX + 1] = 0;
    const char *const names[] = {NULL, "", "/a", "a/", "a//b", "../a", "a/../b", ".", "A", "a b", "a\n", "\xC3\xA9",
                                 longest};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct statement_file_hash file = {.name = names[i]};
        refuse_making(&(struct statement){.kind = STATEMENT_KEYRING, .keyring = {&file, 1}}, "rule keyring-name");
    }
    longest[STATEMENT_FILE_NAME_MAX] = 0;
    struct statement_file_hash file = {.name = longest};
    store(&(struct statement){.kind = STATEMENT_KEYRING, .keyring = {&file, 1}}, &s);
}

/* Each part at its largest size, and one byte more. */
static void sizes_of_stamps(void)
{
    static char text[CRYPT_STAMP_CHAIN_MAX + 2], policy[CRYPT_STAMP_POLICY_MAX + 1];
    static uint8_t response[CRYPT_STAMP_BYTES_MAX + 1];
    memset(text, 'x', sizeof text - 1);
    memset(policy, '1', sizeof policy - 1);
    struct statement st = {.kind = STATEMENT_TIMESTAMPED};
    struct statement_timestamped *t = &st.timestamped;
    const struct statement_timestamped most = {.checkpoint = text + sizeof text - 1 - STATEMENT_CHECKPOINT_MAX,
                                               .chain = text + 1, .policy = policy + 1,
                                               .response = bytes_of(response, CRYPT_STAMP_BYTES_MAX)};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_TIMESTAMPED};
    struct err e;
    *t = most;
    crypt_sha256(t->response, &t->sha256);
    store(&st, &s);
    assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
    t->checkpoint--;
    refuse_making(&st, "rule timestamped-size");
    *t = most;
    t->chain--;
    refuse_making(&st, "rule timestamped-size");
    *t = most;
    t->policy--;
    refuse_making(&st, "rule timestamped-size");
    *t = most;
    t->response.n++;
    refuse_making(&st, "rule timestamped-size");
    t->response.n = 0;
    refuse_making(&st, "rule timestamped-size");
    *t = most; /* its hash is not that of the response */
    refuse_making(&st, "rule timestamped-response");
}

static void lists_too_long(void **state)
{
    size_t count = STATEMENT_LIST_MAX + 1;
    OWN(mem_drop) void *zeros = calloc(count, 64);
    assert_non_null(zeros);
    refuse_making(&(struct statement){.kind = STATEMENT_PART, .part = {.refused = zeros, .refused_count = count}},
                  "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_PART, .part = {.already = zeros, .already_count = count}},
                  "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_DEPOSIT, .deposit = {.paths = zeros, .path_count = count}},
                  "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_KEYRING, .keyring = {zeros, count}}, "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_PACKS, .packs = {zeros, count}}, "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_REPAIRED, .repaired = {zeros, count}}, "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_PARITY, .parity = {zeros, count}}, "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_AUDITED, .audited = {zeros, STATEMENT_AUDITS_MAX + 1}},
                  "rule list-length");
    refuse_making(&(struct statement){.kind = STATEMENT_AUDITED, .audited = {zeros, 0}}, "rule list-length");
    struct statement_audit backwards = {.first = 2, .last = 1};
    refuse_making(&(struct statement){.kind = STATEMENT_AUDITED, .audited = {&backwards, 1}}, "rule audited-packs");
    sizes_of_stamps();
    OWN(stored_drop) struct stored many = {.kind = STATEMENT_AUDITED};
    struct err none;
    store(&(struct statement){.kind = STATEMENT_AUDITED, .audited = {zeros, STATEMENT_AUDITS_MAX}}, &many);
    assert_int_equal(read_again(&many, buf_bytes(&many.text), buf_bytes(&many.values), &none), 0);
    /* At the limit the list is no matter; what it holds is longer than a statement may be. */
    count--;
    refuse_making(&(struct statement){.kind = STATEMENT_PACKS, .packs = {zeros, count}}, "rule statement-length");
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_PART};
    struct err e;
    store(&(struct statement){.kind = STATEMENT_PART, .part = {.already = zeros, .already_count = count}}, &s);
    assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
}

/* ---- every rule, on reading ---- */

/* ${from} exchanged for ${to} in text or values. */
static void replace(struct bytes in, const char *from, const char *to, struct buf *ret)
{
    const uint8_t *at = memmem(in.p, in.n, from, strlen(from));
    if (at == NULL)
        fail_msg("%s is not in %.*s", from, (int)in.n, (const char *)in.p);
    buf_put(ret, in.p, (size_t)(at - in.p));
    buf_put_text(ret, to);
    buf_put(ret, at + strlen(from), in.n - (size_t)(at - in.p) - strlen(from));
}

#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
static const struct broken {
    enum statement_kind kind;
    bool in_values;
    const char *from, *to, *rule;
} BROKEN[] = {
    /* the form of all */
    {STATEMENT_NOTE, false, "groundwork/statement/v1", "groundwork/statement/v2", "rule head"},
    {STATEMENT_NOTE, false, "\"time\":0}\n", "\"time\":0}\n\n{}\n", "rule two-lines"},
    {STATEMENT_NOTE, false, "\"time\":0}", "\"time\":0 }", "rule canonical"},
    {STATEMENT_NOTE, false, "\"time\":0}", "\"time\":0,\"time\":0}", ""},
    {STATEMENT_COVER, false, "{\"count\":1,\"deposit\":2,", "{\"deposit\":2,\"count\":1,", "rule canonical"},
    {STATEMENT_NOTE, false, "\"kind\":\"note\"", "\"kind\":\"not\"", "rule kind"},
    {STATEMENT_NOTE, false, "\"kind\":\"note\"", "\"kind\":\"?\"", "rule kind"},
    {STATEMENT_NOTE, false, "\"kind\":\"note\"", "\"kind\":10", "rule kind"},
    {STATEMENT_NOTE, false, "\"time\":0", "\"time\":\"0\"", "rule time"},
    {STATEMENT_NOTE, false, "\"time\":0", "\"time\":0.5", ""},
    {STATEMENT_NOTE, false, ",\"time\":0", "", "rule time"},
    {STATEMENT_NOTE, false, ",\"time\":0", ",\"time\":0,\"zeal\":1", "rule fields"},
    {STATEMENT_NOTE, false, "\"kind\":\"note\"", "\"kind\":\"note\",\"part\":1", "rule fields"},
    {STATEMENT_NOTE, false, "\"seq\":5", "\"seq\":-5", "rule place"},
    {STATEMENT_NOTE, false, "\"seq\":5", "\"seq\":\"5\"", "rule place"},
    {STATEMENT_NOTE, false, "\"prev\":\"" ZEROS "\"", "\"prev\":\"\"", "rule place"},
    {STATEMENT_NOTE, false, "\"investigation\":\"00", "\"investigation\":\"0", "rule place"},
    /* claims */
    {STATEMENT_NOTE, true, "[\"text\",\"words\"]", "[\"text\",\"words\"],[\"why\",1]", "rule text"},
    {STATEMENT_NOTE, true, "[\"text\",\"words\"]", "[\"texts\",\"words\"]", "rule text"},
    {STATEMENT_NOTE, true, "[\"text\",\"words\"]", "[\"text\",\"words\",1]", "rule claim-values"},
    {STATEMENT_NOTE, true, "[\"text\",\"words\"]", "[\"text\"]", "rule claim-values"},
    {STATEMENT_NOTE, true, "[[\"text\",\"words\"]]", "[]", "rule claims"},
    {STATEMENT_NOTE, true, "[[\"text\",\"words\"]]", "{}", "rule claim-values"},
    {STATEMENT_NOTE, true, "\"words\"", "\"wor\\u0064s\"", "rule claim-values"},
    {STATEMENT_NOTE, true, "\"words\"", "7", "rule text"},
    {STATEMENT_NOTE, true, "\"words\"", "\"\"", "rule text-length"},
    {STATEMENT_NOTE, true, "\"words\"", "\"e\xCC\x81\"", "rule text-form"},
    {STATEMENT_NOTE, true, "\"words\"", "\"a\\u0000b\"", ""},
    {STATEMENT_DEPOSIT, true, "[[\"giver\",\"G\"],[\"note\",\"N\"]", "[[\"note\",\"N\"],[\"giver\",\"G\"]",
     "rule claim-order"},
    {STATEMENT_DEPOSIT, true, "[\"note\",\"N\"]", "[\"giver\",\"G\"]", "rule claim-order"},
    {STATEMENT_DEPOSIT, true, "[\"note\",\"N\"]", "[\"hint\",\"N\"]", "rule deposit-claims"},
    {STATEMENT_DEPOSIT, true, "[\"giver\",\"G\"]", "[\"giver\",null]", "rule deposit-claims"},
    {STATEMENT_DEPOSIT, true, "[\"paths\",[", "[\"paths\",[1,", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "[\"paths\",[{\"text\":\"p\"}]]", "[\"paths\",{\"text\":\"p\"}]", "rule deposit-claims"},
    {STATEMENT_DEPOSIT, true, ",[\"paths\",[{\"text\":\"p\"}]]", "", "rule deposit-claims"},
    /* a name has one form */
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":\"\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"cA==\",\"text\":\"p\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"/w==\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"/w==\",\"text\":\"x\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"/x==\",\"text\":\"\\\\xff\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"\",\"text\":\"\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"bytes\":\"AA==\",\"text\":\"\\\\x00\"}", "rule path-form"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":\"e\xCC\x81\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":\"\\n\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":\"\xC3\xA9\\\\\"}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":\"p\",\"type\":1}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "{\"text\":7}", "rule deposit-paths"},
    {STATEMENT_DEPOSIT, true, "{\"text\":\"p\"}", "\"p\"", "rule deposit-paths"},
    /* received */
    {STATEMENT_RECEIVED, false, "\"seq\":2", "\"seq\":2,\"time\":1", "rule fields"},
    {STATEMENT_RECEIVED, false, "\"kind\":\"received\"", "\"kind\":\"received\",\"of\":1", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"mode\":420", "\"mode\":4096", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"mode\":420", "\"mode\":420,\"more\":1", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"mtime\":[1,2]", "\"mtime\":[1,1000000000]", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"mtime\":[1,2]", "\"mtime\":[1,2,3]", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"mtime\":[1,2]", "\"mtime\":[1]", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"type\":\"file\"", "\"type\":\"pipe\"", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"type\":\"file\"", "\"type\":\"folder\"", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "\"type\":\"file\"", "\"type\":\"link\"", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "{\"text\":\"a/b\"}", "{\"text\":\"/a/b\"}", "rule path-form"},
    {STATEMENT_RECEIVED, true, "{\"text\":\"a/b\"}", "{\"text\":\"../b\"}", "rule path-form"},
    {STATEMENT_RECEIVED, true, "\"sha256\":\"00", "\"sha256\":\"0", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "{\"bytes\":9,", "{\"bytes\":9,\"more\":1,", "rule received-claims"},
    {STATEMENT_RECEIVED, true, "[\"name\",", "[\"named\",", "rule received-claims"},
    /* part and receipt */
    {STATEMENT_PART, true, "\"reason\":\"io\"", "\"reason\":\"oi\"", "rule refusal-reason"},
    {STATEMENT_PART, true, "\"reason\":\"io\"", "\"reason\":null", "rule part-refused"},
    {STATEMENT_PART, true, "{\"bytes\":3,", "{\"bytes\":-3,", "rule part-refused"},
    {STATEMENT_PART, true, "{\"bytes\":3,", "{", "rule part-refused"},
    {STATEMENT_PART, true, "[4,5]", "[5,4]", "rule range-order"},
    {STATEMENT_PART, true, "[4,5]", "[4]", "rule part-already"},
    {STATEMENT_PART, true, "[4,5]", "[4,5,6]", "rule part-already"},
    {STATEMENT_PART, true, "[4,5]", "{\"a\":4,\"b\":5}", "rule part-already"},
    {STATEMENT_PART, true, "]]]", "]],[\"zeal\",1]]", ""},
    {STATEMENT_PART, true, "[\"already\",", "[\"alread\",", "rule part-claims"},
    {STATEMENT_PART, true, "[[\"already\",", "[[\"a\",1],[\"already\",", "rule part-claims"},
    {STATEMENT_PART, false, "\"part\":8", "\"part\":\"8\"", "rule part-claims"},
    {STATEMENT_PART, false, "\"deposit\":2,", "", "rule fields"},
    {STATEMENT_RECEIPT, true, "\"seen\":{\"bytes\":10,", "\"seen\":{\"bytes\":11,", "rule receipt-sums"},
    {STATEMENT_RECEIPT, true, "\"folders_taken\":0,", "", "rule receipt-claims"},
    {STATEMENT_RECEIPT, true, "\"seen\":{\"bytes\":10,", "\"seen\":{\"bits\":80,\"bytes\":10,", "rule receipt-claims"},
    {STATEMENT_RECEIPT, true, "[[\"totals\"", "[[\"a\",1],[\"totals\"", "rule receipt-claims"},
    {STATEMENT_RECEIPT, false, "\"parts\":3", "\"parts\":null", "rule receipt-claims"},
    {STATEMENT_SET_ASIDE, false, "\"receipt\":4", "\"receipt\":-4", "rule set-aside-receipt"},
    {STATEMENT_SET_ASIDE, false, "\"receipt\":4,", "", "rule fields"},
    {STATEMENT_ACCESSED, false, "\"items\":[[4,5]],", "", "rule fields"},
    {STATEMENT_ACCESSED, false, "\"device\"", "\"investigation\"", "rule fields"},
    {STATEMENT_ACCESSED, false, "\"device\":\"00", "\"device\":\"0", "rule place"},
    {STATEMENT_ACCESSED, false, "[[4,5]]", "[]", "rule items"},
    {STATEMENT_ACCESSED, false, "[[4,5]]", "[[5,4]]", "rule range-order"},
    {STATEMENT_ACCESSED, true, "[\"act\",\"shown\"]", "[\"act\",\"viewed\"]", "rule accessed-act"},
    {STATEMENT_ACCESSED, true, "[\"act\",\"shown\"],", "", "rule accessed-act"},
    {STATEMENT_ACCESSED, true, "[\"why\",\"W\"]", "[\"why\",7]", "rule accessed-claims"},
    {STATEMENT_ACCESSED, true, "[\"why\",\"W\"]", "[\"why\",\"W\"],[\"x\",7]", "rule accessed-claims"},
    {STATEMENT_CUSTODY, false, "\"items\":[[4,5]],", "", "rule fields"},
    {STATEMENT_CUSTODY, false, "\"items\":[[4,5]]", "\"items\":[]", "rule items"},
    {STATEMENT_CUSTODY, false, "[[4,5]]", "[[5,4]]", "rule range-order"},
    {STATEMENT_CUSTODY, false, "[[4,5]]", "[[4,5],[6,6]]", "rule range-order"},
    {STATEMENT_CUSTODY, false, "[[4,5]]", "[[4,5,6]]", "rule items"},
    {STATEMENT_CUSTODY, false, "[[4,5]]", "[4,5]", "rule items"},
    {STATEMENT_CUSTODY, false, "\"items\":[[4,5]],\"kind\":\"custody\",\"prev\":\"" ZEROS "\"",
     "\"kind\":\"custody\",\"prev\":\"" ZEROS "\",\"receipt\":0", "rule custody-items"},
    {STATEMENT_CUSTODY, false, "\"items\":[[4,5]],\"kind\":\"custody\",\"prev\":\"" ZEROS "\"",
     "\"kind\":\"custody\",\"prev\":\"" ZEROS "\",\"receipt\":\"1\"", "rule custody-receipt"},
    {STATEMENT_CUSTODY, false, "\"leaf\":3}", "\"leaf\":3,\"name\":1}", "rule custody-claims"},
    {STATEMENT_CUSTODY, false, "\"leaf\":3}", "\"leaf\":-3}", "rule custody-claims"},
    {STATEMENT_CUSTODY, false, "\"refers\":{", "\"refer\":{", "rule fields"},
    {STATEMENT_CUSTODY, true, "[\"act\",\"returned\"]", "[\"act\",\"lost\"]", "rule custody-act"},
    {STATEMENT_CUSTODY, true, "[\"act\",\"returned\"],", "", "rule custody-act"},
    {STATEMENT_CUSTODY, true, "[\"act\",\"returned\"]", "[\"Act\",\"returned\"]", "rule custody-claims"},
    {STATEMENT_CUSTODY, true, "[\"date\",\"2026-11-20\"]", "[\"date\",\"2026-11-31\"]", "rule custody-date"},
    {STATEMENT_CUSTODY, true, "[\"to\",\"T\"]", "[\"to\",7]", "rule custody-claims"},
    {STATEMENT_CUSTODY, true, "[\"to\",\"T\"]", "[\"to\",\"\"]", "rule text-length"},
    /* public kinds */
    {STATEMENT_COVER, false, "\"count\":1", "\"count\":0", "rule cover-count"},
    {STATEMENT_COVER, false, "\"count\":1", "\"count\":1.0", ""},
    {STATEMENT_COVER, false, "\"root\":\"" ZEROS "\"", "\"root\":\"AA==\"", "rule cover-fields"},
    {STATEMENT_COVER, false, "\"deposit\":2,", "", "rule fields"},
    {STATEMENT_COVER, false, "{\"count\"", "{\"claims\":[],\"count\"", "rule fields"},
    {STATEMENT_KEYRING, false, "\"removed\":true", "\"removed\":false", "rule keyring-files"},
    {STATEMENT_KEYRING, false, "\"removed\":true", "\"removed\":1", "rule keyring-files"},
    {STATEMENT_KEYRING, false, "\"name\":\"table-1\",\"removed\"", "\"bytes\":1,\"name\":\"table-1\",\"removed\"",
     "rule keyring-files"},
    {STATEMENT_KEYRING, false, "table-1", "../table-1", "rule keyring-name"},
    {STATEMENT_KEYRING, false, "table-2", "/table-2", "rule keyring-name"},
    {STATEMENT_KEYRING, false, "table-2", "", "rule keyring-name"},
    {STATEMENT_KEYRING, false, "\"files\":[", "\"files\":[1,", "rule keyring-files"},
    {STATEMENT_KEYRING, false, "\"sha256\":\"00", "\"sha256\":\"0G", "rule keyring-files"},
    {STATEMENT_PACKS, false, "\"sealed\":true", "\"sealed\":1", "rule packs"},
    {STATEMENT_PACKS, false, "\"sealed\":true", "\"sealed\":\"true\"", "rule packs"},
    {STATEMENT_PACKS, false, "\"sectors\":5", "\"sectors\":4294967296", "rule packs"},
    {STATEMENT_PACKS, false, "\"sectors\":5", "\"sectors\":5,\"size\":1", "rule packs"},
    {STATEMENT_REPAIRED, false, "\"a/journal\"", "7", "rule repaired-files"},
    {STATEMENT_REPAIRED, false, "\"a/journal\"", "\"\"", "rule text-length"},
    {STATEMENT_PARITY, false, "\"packs\":5", "\"packs\":0", "rule parity-stripe"},
    {STATEMENT_PARITY, false, "\"packs\":5", "\"packs\":33", "rule parity-stripe"},
    {STATEMENT_PARITY, false, "\"packs\":5", "\"packs\":4294967296", "rule parity"},
    {STATEMENT_PARITY, false, "\"packs\":5", "\"more\":1,\"packs\":5", "rule parity"},
    {STATEMENT_PARITY, false, "\"stripe\":4", "\"stripe\":3", "rule parity-order"},
    {STATEMENT_PARITY, false, "\"stripe\":4", "\"stripe\":-4", "rule parity"},
    {STATEMENT_PARITY, false, "[\"" ZEROS "\",\"" ZEROS "\"]", "[]", "rule parity-stripe"},
    {STATEMENT_PARITY, false, "[\"" ZEROS "\",\"" ZEROS "\"]", "[\"AA==\"]", "rule parity"},
    {STATEMENT_PARITY, false, "[\"" ZEROS "\",\"" ZEROS "\"]", "\"" ZEROS "\"", "rule parity"},
    {STATEMENT_PARITY, false, "[\"" ZEROS "\",",
     "[\"" ZEROS "\",\"" ZEROS "\",\"" ZEROS "\",\"" ZEROS "\",", "rule parity"},
    {STATEMENT_PARITY, false, "\"trailer\":\"" ZEROS "\"", "\"trailer\":7", "rule parity"},
    {STATEMENT_PARITY, false, "\"stripes\":[", "\"stripes\":[1,", "rule parity"},
    {STATEMENT_FOUNDED, false, "\"files\":2", "\"files\":0", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"files\":2", "\"files\":5", "rule founded-parity"},
    {STATEMENT_FOUNDED, false, "\"packs\":16", "\"packs\":0", "rule founded-parity"},
    {STATEMENT_FOUNDED, false, "\"packs\":16", "\"packs\":33", "rule founded-parity"},
    {STATEMENT_FOUNDED, false, "\"packs\":16", "\"packs\":4294967296", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "{\"files\":2,\"packs\":16}", "null", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "{\"files\":2,", "{\"code\":1,\"files\":2,", "rule founded-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"response\":\"cg==\"", "\"response\":\"cw==\"", "rule timestamped-response"},
    {STATEMENT_TIMESTAMPED, false, "\"response\":\"cg==\"", "\"response\":\"\"", "rule timestamped-size"},
    {STATEMENT_TIMESTAMPED, false, "\"response\":\"cg==\"", "\"response\":\"ch==\"", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"response\":\"cg==\"", "\"response\":7", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"sha256\":\"4", "\"sha256\":\"G", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"authority\":\"00", "\"authority\":\"", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"pinned\":\"00", "\"pinned\":\"000", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"accuracy\":7", "\"accuracy\":-7", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"leaves\":3", "\"leaves\":null", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"stamped\":9", "\"stamped\":\"9\"", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"chain\":\"h\"", "\"chain\":[]", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"policy\":\"1.2\"", "\"policy\":12", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"root\":\"" ZEROS "\"", "\"root\":\"AA==\"", "rule timestamped-fields"},
    {STATEMENT_TIMESTAMPED, false, "\"checkpoint\":\"c\",", "", "rule fields"},
    {STATEMENT_AUDITED, false, "\"full\"", "\"half\"", "rule audited-audits"},
    {STATEMENT_AUDITED, false, "\"findings\":1", "\"findings\":-1", "rule audited-audits"},
    {STATEMENT_AUDITED, false, "\"leaves\":9", "\"leaves\":9,\"more\":1", "rule audited-audits"},
    {STATEMENT_AUDITED, false, "\"first\":3", "\"first\":8", "rule audited-packs"},
    {STATEMENT_FOUNDED, false, "\"administrator\",", "", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"investigator\"]", "\"investigator\",\"king\"]", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "{\"administrators\":1,", "{\"administrators\":17,", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"of\":1}", "\"of\":2}", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"origin\":\"example.org\"", "\"origin\":\"example.com\"", "rule founded-origin"},
    {STATEMENT_FOUNDED, false, "\"pack_sectors\":3", "\"pack_sectors\":4294967296", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "{\"epoch\":1,", "{\"age\":1,\"epoch\":1,", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"log\":\"example.org+", "\"log\":\"example.org-", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, ",\"sector_bytes\":4", "", "rule fields"},
    {STATEMENT_COSIGNERS, false, "\"policy\":\"log ", "\"policy\":\"log  ", "rule cosigners-policy"},
    {STATEMENT_COSIGNERS, false, "\"policy\":\"log ", "\"policy\":\"lag ", "rule cosigners-policy"},
    {STATEMENT_COSIGNERS, false, "\\nquorum ", "\\n\\nquorum ", "rule cosigners-policy"},
    {STATEMENT_COSIGNERS, false, "\"kind\"", "\"kine\":1,\"kind\"", "rule"},
    {STATEMENT_COSIGNERS, false, "\"prev\":\"", "\"prev\":\"A", "rule cosigners-fields"},
    {STATEMENT_COSIGNED, false, "\\n\\n", "\\n", "rule cosigned-note"},
    {STATEMENT_COSIGNED, false, "\\n\u2014 c.", "\\n- c.", "rule cosigned-note"},
    {STATEMENT_COSIGNED, false, "{\"checkpoint\"", "{\"checkpoing\":0,\"checkpoint\"", "rule fields"},
    {STATEMENT_RECOVERY, false, "\"needed\":2", "\"needed\":0", "rule recovery-shares"},
    {STATEMENT_RECOVERY, false, "\"needed\":2", "\"needed\":3", "rule recovery-shares"},
    {STATEMENT_RECOVERY, false, "\"needed\":2", "\"needed\":4294967298", "rule recovery-fields"},
    {STATEMENT_RECOVERY, false, "\"shares\":[", "\"shares\":[1,", "rule recovery-shares"},
    {STATEMENT_RECOVERY, false, "\"shares\":[", "\"shares\":[[],", "rule recovery-shares"},
    {STATEMENT_RECOVERY, false, "\"number\":1,", "", "rule fields"},
    {STATEMENT_RECOVERY, false, "\"number\":1", "\"number\":-1", "rule recovery-fields"},
    {STATEMENT_RECOVERY, false, "\"root\":\"" ZEROS "\"", "\"root\":\"AA==\"", "rule recovery-fields"},
    {STATEMENT_RECOVERY, false, "\"set\":\"00", "\"set\":\"0G", "rule recovery-fields"},
    {STATEMENT_RECOVERY, false, "\"key\":\"example.org/", "\"key\":\"example.org+", "rule recovery-fields"},
    {STATEMENT_RECOVERY, false, "{\"compartment\"", "{\"claims\":[],\"compartment\"", "rule fields"},
    {STATEMENT_ADDED, false, "\"role\":\"analyst\"", "\"role\":\"analysts\"", "rule added-fields"},
    {STATEMENT_ADDED, false, "\"role\":\"analyst\"", "\"role\":3", "rule added-fields"},
    {STATEMENT_ADDED, false, ",\"role\":\"analyst\"", "", "rule fields"},
    {STATEMENT_ADDED, false, "\"proposal\":4", "\"proposal\":6", "rule by-order"},
    {STATEMENT_ADDED, false, "[6,8]", "[8,6]", "rule by-order"},
    {STATEMENT_ADDED, false, "[6,8]", "[6,6]", "rule by-order"},
    {STATEMENT_ADDED, false, "[6,8]", "[6,\"8\"]", "rule added-fields"},
    {STATEMENT_ADDED, false, "[6,8]", "[6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22]", "rule added-fields"},
    {STATEMENT_ADDED, false, ",\"proposal\":4", "", "rule added-fields"},
    {STATEMENT_ROLE, false, "\"name\":\"n\"", "\"name\":1", "rule role-fields"},
    {STATEMENT_ROLE, false, "\"role\":\"auditor\"", "\"role\":\"\"", "rule role-fields"},
    {STATEMENT_ROLE, false, "\"kind\"", "\"doubtful\":1,\"kind\"", "rule fields"},
    {STATEMENT_REVOKED, false, "\"reason\":\"arrested\"", "\"reason\":\"ill\"", "rule revoked-fields"},
    {STATEMENT_REVOKED, false, "\"doubtful\":7", "\"doubtful\":-7", "rule revoked-fields"},
    {STATEMENT_REVOKED, false, "\"log\":\"example.org+", "\"log\":\"example.org", "rule revoked-fields"},
    {STATEMENT_COMPARTMENT, false, ",\"kind\"", ",\"from\":\"n\",\"kind\"", "rule fields"},
    {STATEMENT_COMPARTMENT, false, "\"compartment\":\"00", "\"compartment\":\"0", "rule compartment-fields"},
    {STATEMENT_COMPARTMENT, false, "\"number\":3", "\"number\":null", "rule compartment-fields"},
    {STATEMENT_GRANTED, false, "\"to\":\"n\"", "\"to\":1", "rule compartment-fields"},
    {STATEMENT_GRANTED, false, ",\"to\":\"n\"", "", "rule fields"},
    {STATEMENT_UNGRANTED, false, "\"compartment\":\"00", "\"compartment\":\"zz", "rule compartment-fields"},
    {STATEMENT_UNGRANTED, false, "{\"compartment\"", "{\"claims\":[],\"compartment\"", "rule fields"},
    {STATEMENT_PROPOSED, false, "\"kind\":\"role\"", "\"kind\":\"packs\"", "rule proposed-act"},
    {STATEMENT_PROPOSED, false, "\"kind\":\"role\"", "\"kind\":\"member\"", "rule proposed-act"},
    {STATEMENT_PROPOSED, false, "\"kind\":\"role\",", "\"kind\":\"role\",\"log\":1,", "rule fields"},
    {STATEMENT_PROPOSED, false, "\"name\":\"n\",", "\"name\":\"n\",\"number\":1,", "rule fields"},
    {STATEMENT_PROPOSED, false, "{\"act\":{", "{\"act\":{\"by\":1,", "rule fields"},
    {STATEMENT_APPROVED, false, "\"proposal\":9", "\"proposal\":null", "rule approved-fields"},
    {STATEMENT_APPROVED, false, "{\"commitment\"", "{\"by\":1,\"commitment\"", "rule fields"},
    {STATEMENT_NAMED, true, "[\"member\"", "[\"maker\"", "rule named-claims"},
    {STATEMENT_MEMBER, false, "\"administrator\",", "", "rule member-fields"},
    {STATEMENT_MEMBER, false, "\"number\":2", "\"number\":null", "rule member-fields"},
    {STATEMENT_MEMBER, false, "\"box\":\"" ZEROS "\"", "\"box\":\"\"", "rule member-fields"},
    {STATEMENT_MEMBER, false, "\"set\":\"00", "\"set\":\"", "rule member-fields"},
    {STATEMENT_MEMBER, false, "{\"epoch\":0,", "{\"age\":1,\"epoch\":0,", "rule member-fields"},
    {STATEMENT_MEMBER, false, ",\"set\":\"00000000000000000000000000000000\"", "", "rule fields"},
    {STATEMENT_FOUNDED, false, "\"days\":7", "\"days\":3651", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"persons\":2", "\"persons\":0", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "\"persons\":2", "\"persons\":17", "rule founded-fields"},
    {STATEMENT_FOUNDED, false, "{\"days\":7,\"persons\":2}", "{\"days\":0,\"persons\":1}", "rule founded-fields"},
    {STATEMENT_ERASED, false, "[[4,5]]", "[]", "rule items"},
    {STATEMENT_ERASED, false, "[[4,5]]", "[[5,4]]", "rule range-order"},
    {STATEMENT_ERASED, false, "[[4,5]]", "[[0,5]]", "rule erased-leaves"},
    {STATEMENT_ERASED, false, "[[4,5]]", "[[4,9]]", "rule erased-leaves"},
    {STATEMENT_ERASED, false, "\"epoch\":2", "\"epoch\":1", "rule erased-epoch"},
    {STATEMENT_ERASED, false, "\"epoch\":2,", "", "rule fields"},
    {STATEMENT_ERASED, false, "\"approvals\":[11]", "\"approvals\":[9]", "rule by-order"},
    {STATEMENT_ERASED, false, "\"proposal\":9", "\"proposal\":\"9\"", "rule erased-fields"},
    {STATEMENT_ERASED, false, "\"compartment\":\"00", "\"compartment\":\"0", "rule erased-fields"},
    {STATEMENT_ERASING, false, "[[4,5]]", "[[0,5]]", "rule erased-leaves"},
    {STATEMENT_ERASING, false, "\"leaves\":[[4,5]],", "", "rule fields"},
    {STATEMENT_ERASING, true, "[\"why\",\"W\"]", "[\"why\",\"\"]", "rule text-length"},
    {STATEMENT_ERASING, true, "[\"why\",\"W\"]", "[\"because\",\"W\"]", "rule erasing-claims"},
    {STATEMENT_ANSWERED, false, "\"leaf\":9", "\"leaf\":\"9\"", "rule answered-request"},
    {STATEMENT_ANSWERED, true, "\"approved\"", "\"agreed\"", "rule answered-answer"},
    {STATEMENT_ANSWERED, true, "[\"why\",\"W\"]", "[\"why\",7]", "rule answered-claims"},
    {STATEMENT_ANSWERED, true, "[\"why\",\"W\"]", "[\"why\",\"W\"],[\"x\",7]", "rule answered-claims"},
    {STATEMENT_SEALED, true, "\"leaves\":9", "\"leaves\":\"9\"", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"leaves\":9,", "", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"number\":2", "\"number\":-2", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"items\":3,", "", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"items\":3", "\"items\":0", "rule sealed-items"},
    {STATEMENT_SEALED, true, "\"withheld\":1", "\"withheld\":null", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"withheld\":1", "\"withheld\":1,\"zzz\":1", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"tagmanifest\":\"00", "\"tagmanifest\":\"0", "rule sealed-claim"},
    {STATEMENT_SEALED, true, "\"deposit\":8", "\"deposit\":3", "rule sealed-deposits"},
    {STATEMENT_SEALED, true, "\"count\":1,", "\"count\":0,", "rule sealed-deposits"},
    {STATEMENT_SEALED, true, "\"count\":1,", "", "rule sealed-deposits"},
    {STATEMENT_SEALED, true, "\"name\":\"b\"", "\"name\":\"a\"", "rule sealed-verifiers"},
    {STATEMENT_SEALED, true, "\"name\":\"b\"", "\"name\":7", "rule sealed-verifiers"},
    {STATEMENT_SEALED, true, "[\"package\",", "[\"parcel\",", "rule sealed-claim"},
    {STATEMENT_CONSENT, true, "[\"consent\",", "[\"accord\",", "rule terms-claims"},
    {STATEMENT_CONSENT, true, "\"copy\":false", "\"copy\":0", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"copy\":false,", "", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"store\":\"yes\"", "\"store\":\"withdrawn\"", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"store\":\"yes\"", "\"store\":true", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"store\":", "\"stores\":", "rule terms-form"},
    {STATEMENT_CONSENT, true, "{\"store\":\"yes\",\"testify\":\"no\"}", "{}", "rule consent-answers"},
    {STATEMENT_CONSENT, true, "\"by\":\"self\"", "\"by\":\"her\"", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"date\":\"2026-11-20\"", "\"date\":\"then\"", "rule terms-date"},
    {STATEMENT_CONSENT, true, "\"form\":6", "\"form\":-6", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"interpreter\":\"I-0003\"", "\"interpreter\":\"Kim\"", "rule person-code"},
    {STATEMENT_CONSENT, true, "\"language\":\"ko\"", "\"language\":\"Korean\"", "rule consent-language"},
    {STATEMENT_CONSENT, true, "\"language\":\"ko\"", "\"language\":7", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"P-0001\",\"P-0002\"", "\"P-0002\",\"P-0001\"", "rule persons"},
    {STATEMENT_CONSENT, true, "\"P-0001\",\"P-0002\"", "\"P-0001\",\"P-0001\"", "rule persons"},
    {STATEMENT_CONSENT, true, "[\"P-0001\",\"P-0002\"]", "[]", "rule persons"},
    {STATEMENT_CONSENT, true, "[\"P-0001\",\"P-0002\"]", "7", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"P-0001\"", "1", "rule terms-form"},
    {STATEMENT_CONSENT, true, "\"P-0001\"", "\"Kim\"", "rule person-code"},
    {STATEMENT_CONSENT, true, "\"until\":\"2030-01-01\"", "\"until\":\"2030-01-01T00:00\"", "rule consent-until"},
    {STATEMENT_WITHDRAWN, false, ",\"time\":0", ",\"time\":0,\"waited\":\"00\"", "rule fields"}, /* beside a number */
    {STATEMENT_HOLD, false, ",\"time\":0", ",\"time\":0,\"waited\":\"00\"", "rule fields"},
    {STATEMENT_WITHDRAWN, true, "[\"store\",\"testify\"]", "[\"testify\",\"store\"]", "rule terms-form"},
    {STATEMENT_WITHDRAWN, true, "[\"store\",\"testify\"]", "[\"store\",\"store\"]", "rule terms-form"},
    {STATEMENT_WITHDRAWN, true, "[\"store\",\"testify\"]", "[]", "rule withdrawn-scopes"},
    {STATEMENT_WITHDRAWN, true, "[\"store\",\"testify\"]", "\"all\"", "rule terms-form"},
    {STATEMENT_WITHDRAWN, true, "\"store\"", "\"storage\"", "rule terms-form"},
    {STATEMENT_WITHDRAWN, true, "\"why\":\"W\"", "\"why\":\"\"", "rule text-length"},
    {STATEMENT_WITHDRAWN, true, "\"why\":\"W\"", "\"whom\":\"W\"", "rule terms-form"},
    {STATEMENT_CONCERNS, true, "\"unlinked\"", "\"linked to\"", "rule terms-form"},
    {STATEMENT_CONCERNS, true, "\"unlinked\"", "\"nobody\"", "rule terms-form"},
    {STATEMENT_CONCERNS, true, ",\"why\":\"W\"", "", "rule terms-why"},
    {STATEMENT_CONCERNS, true, "[[4,5]]", "[]", "rule terms-items"},
    {STATEMENT_CONCERNS, true, "[[4,5]]", "[[5,4]]", "rule range-order"},
    {STATEMENT_CONCERNS, true, "[[4,5]]", "[[4]]", "rule terms-form"},
    {STATEMENT_CONCERNS, true, "[[4,5]]", "4", "rule terms-form"},
    {STATEMENT_CONCERNS, true, ",\"persons\":[\"P-0001\",\"P-0002\"]", "", "rule terms-form"},
    {STATEMENT_PROTECTED, true, "\"level\":\"high\"", "\"level\":\"top\"", "rule terms-form"},
    {STATEMENT_PROTECTED, true, "\"restriction\":\"provider-confidential\"", "\"restriction\":\"none\"",
     "rule protected-provider"},
    {STATEMENT_PROTECTED, true, "\"restriction\":\"provider-confidential\"", "\"restriction\":\"secret\"",
     "rule terms-form"},
    {STATEMENT_PROTECTED, true, "\"provider\":\"S-0003\"", "\"provider\":\"a ministry\"", "rule person-code"},
    {STATEMENT_PROTECTED, true, ",\"why\":\"W\"", "", "rule terms-form"},
    {STATEMENT_HOLD, true, "\"ground\":\"exonerating\"", "\"ground\":\"why not\"", "rule terms-form"},
    {STATEMENT_HOLD, true, "[[4,5]]", "[]", "rule terms-items"},
    {STATEMENT_RELEASED, true, "\"hold\":7", "\"hold\":null", "rule terms-form"},
    {STATEMENT_RELEASED, true, ",\"why\":\"W\"", "", "rule terms-form"},
    {STATEMENT_ACCESSED, true, "[\"why\",\"W\"]", "[\"for\",\"accountability\"]", "rule use"},
};

/* The statement that the cases above are written against. */
static void plain_statement(enum statement_kind kind, struct drawn *d)
{
    static struct statement_file_hash files[] = {{.name = "table-1", .removed = true}, {.name = "table-2", .bytes = 7}};
    static struct statement_pack packs[] = {{.pack = 1, .sectors = 5, .sealed = true}};
    static const char *repaired[] = {"a/journal"};
    static struct statement_stripe stripes[] = {{.stripe = 3, .packs = 5, .files = 2},
                                                {.stripe = 4, .packs = 1, .files = 2}};
    static const struct hash two[2];
    static struct statement_audit audits[] = {
        {.first = 3, .last = 7, .findings = 1, .leaves = 9, .at_unix_s = 5, .full = true}};
    static struct statement_sealed_deposit sealed[] = {{.deposit = 3, .count = 2}, {.deposit = 8, .count = 1}};
    static struct statement_verifier verifiers[] = {{.name = "a"}, {.name = "b"}};
    static const char *codes[] = {"P-0001", "P-0002"};
    static struct bytes path;
    static struct statement_refused refused;
    static struct statement_range range = {4, 5};
    static const struct statement_by by = {.said = true, .proposal = 4, .approvals = {6, 8}, .count = 2};
    static const struct statement act = {.kind = STATEMENT_ROLE, .role = {.name = "n", .role = STATEMENT_AUDITOR}};
    static const struct statement_custody custody = {
        .act = "returned", .items = &range, .item_count = 1, .refers = true, .refers_leaf = 3, .date = "2026-11-20",
        .to = "T"};
    path = bytes_text("p");
    refused = (struct statement_refused){bytes_text("r"), "io", 3};
    d->s = (struct statement){.kind = kind};
    if (statement_kind_hidden(kind) && kind != STATEMENT_RECEIVED)
        d->s.place.seq = 5;
    switch (kind) {
    case STATEMENT_FOUNDED:
        draw_founded(d);
        d->s.founded.receiving[0].epoch = 1;
        d->s.founded.receiving[1].epoch = 2;
        d->s.founded.pack_sectors = 3;
        d->s.founded.sector_bytes = 4;
        d->s.founded.format = 1;
        d->s.founded.parity_packs = 16;
        d->s.founded.parity_files = 2;
        d->s.founded.erase_persons = 2;
        d->s.founded.erase_days = 7;
        break;
    case STATEMENT_KEYRING:
        d->s.keyring.files = files;
        d->s.keyring.count = COUNT(files);
        break;
    case STATEMENT_PACKS:
        d->s.packs.packs = packs;
        d->s.packs.count = COUNT(packs);
        break;
    case STATEMENT_COVER: d->s.cover = (struct statement_cover){2, 8, 3, 1, {{0}}}; break;
    case STATEMENT_INVESTIGATION: d->s.investigation.name = "words"; break;
    case STATEMENT_DEPOSIT:
        d->s.deposit.giver = "G";
        d->s.deposit.note = "N";
        d->s.deposit.paths = &path;
        d->s.deposit.path_count = 1;
        break;
    case STATEMENT_RECEIVED:
        d->s.received = (struct statement_received){.deposit = 1, .seq = 2, .path = bytes_text("a/b"), .mode = 0644,
                                                    .mtime = {1, 2}, .bytes = 9};
        break;
    case STATEMENT_PART: d->s.part = (struct statement_part){2, 8, &refused, 1, &range, 1}; break;
    case STATEMENT_RECEIPT:
        d->s.receipt = (struct statement_receipt){.deposit = 2, .number = 1, .parts = 3};
        d->s.receipt.totals.seen = d->s.receipt.totals.taken = (struct statement_sum){1, 10};
        break;
    case STATEMENT_NOTE: d->s.note.text = "words"; break;
    case STATEMENT_SET_ASIDE:
        d->s.set_aside.receipt = 4;
        d->s.set_aside.reason = "words";
        break;
    case STATEMENT_REPAIRED:
        d->s.repaired.files = repaired;
        d->s.repaired.count = 1;
        break;
    case STATEMENT_PARITY:
        d->s.parity.stripes = stripes;
        d->s.parity.count = COUNT(stripes);
        break;
    case STATEMENT_RECOVERY:
        d->s.recovery = (struct statement_recovery){
            .event = {.number = 1}, .key = other, .needed = 2, .shares = two, .share_count = COUNT(two)};
        break;
    case STATEMENT_MEMBER: d->s.member = (struct statement_member){.event = {.number = 2}, .key = other}; break;
    case STATEMENT_AUDITED:
        d->s.audited.audits = audits;
        d->s.audited.count = 1;
        break;
    case STATEMENT_COSIGNERS:
    case STATEMENT_COSIGNED: draw_statement(d, kind); break;
    case STATEMENT_CUSTODY: d->s.custody = custody; break;
    case STATEMENT_ACCESSED: d->s.accessed = (struct statement_accessed){"shown", &range, 1, "W", {0}}; break;
    case STATEMENT_ERASED:
        d->s.erased = (struct statement_erased){.epoch = 2, .leaves = &range, .count = 1};
        d->s.erased.by = (struct statement_by){.said = true, .proposal = 9, .approvals = {11}, .count = 1};
        break;
    case STATEMENT_ERASING: d->s.erasing = (struct statement_erasing){&range, 1, "W"}; break;
    case STATEMENT_ANSWERED: d->s.answered = (struct statement_answered){"approved", 9, {{0}}, "W"}; break;
    case STATEMENT_CONSENT:
        d->s.consent = (struct statement_consent){.persons = {codes, COUNT(codes)}, .by = CONSENT_SELF,
                                                  .date = "2026-11-20", .until = "2030-01-01", .language = "ko",
                                                  .interpreter = "I-0003", .has_form = true, .form = 6};
        d->s.consent.answer[CONSENT_STORE] = CONSENT_YES;
        d->s.consent.answer[CONSENT_TESTIFY] = CONSENT_NO;
        break;
    case STATEMENT_WITHDRAWN:
        d->s.withdrawn = (struct statement_withdrawn){.persons = {codes, COUNT(codes)}, .by = CONSENT_SELF,
                                                      .date = "2026-11-20", .why = "W"};
        d->s.withdrawn.scope[CONSENT_STORE] = d->s.withdrawn.scope[CONSENT_TESTIFY] = true;
        break;
    case STATEMENT_CONCERNS:
        d->s.concerns = (struct statement_concerns){CONSENT_UNLINKED, {codes, COUNT(codes)}, &range, 1, "W"};
        break;
    case STATEMENT_PROTECTED:
        d->s.protected = (struct statement_protected){CONSENT_PROVIDER_CONFIDENTIAL, "S-0003", CONSENT_HIGH, &range, 1,
                                                      "W"};
        break;
    case STATEMENT_HOLD: d->s.hold = (struct statement_hold){CONSENT_EXONERATING, &range, 1, "W"}; break;
    case STATEMENT_RELEASED: d->s.released = (struct statement_released){7, "W"}; break;
    case STATEMENT_SEALED:
        d->s.sealed = (struct statement_sealed){.leaves = 9, .events = 2, .items = 3, .withheld = 1,
                                                .deposits = sealed, .deposit_count = COUNT(sealed),
                                                .verifiers = verifiers, .verifier_count = COUNT(verifiers)};
        break;
    case STATEMENT_IDENTITY:
    case STATEMENT_KEYHOLDER_SAID:
    case STATEMENT_IDENTITY_SEALED:
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS: draw_statement(d, kind); break;
    case STATEMENT_TIMESTAMPED:
        d->s.timestamped = (struct statement_timestamped){.checkpoint = "c", .chain = "h", .policy = "1.2",
                                                          .response = bytes_text("r"), .leaves = 3,
                                                          .stamped_unix_s = 9, .accuracy_us = 7};
        crypt_sha256(d->s.timestamped.response, &d->s.timestamped.sha256);
        break;
    case STATEMENT_ADDED:
        d->s.added =
            (struct statement_added){.event = {.number = 3, .by = by}, .key = other, .role = STATEMENT_ANALYST};
        break;
    case STATEMENT_ROLE:
        d->s.role = (struct statement_role_said){.event = {.number = 3}, .name = "n", .role = STATEMENT_AUDITOR};
        break;
    case STATEMENT_REVOKED:
        d->s.revoked = (struct statement_revoked){
            .event = {.number = 3}, .name = "n", .reason = STATEMENT_ARRESTED, .doubted = true, .doubtful_from = 7};
        d->s.revoked.log_known = true;
        make_key("example.org", &OTHER_SEED, &d->s.revoked.log);
        break;
    case STATEMENT_PROPOSED:
        d->s.proposed.event.number = 3;
        d->s.proposed.act = &act;
        break;
    case STATEMENT_APPROVED: d->s.approved.proposal = 9; break;
    case STATEMENT_COMPARTMENT:
    case STATEMENT_GRANTED:
    case STATEMENT_UNGRANTED:
        d->s.compartment =
            (struct statement_compartment){.event = {.number = 3}, .name = kind == STATEMENT_COMPARTMENT ? NULL : "n"};
        break;
    case STATEMENT_NAMED:
        d->s.named.member = "example.org/m/00000002";
        d->s.named.text = "words";
        break;
    }
}

static void rules_on_reading(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    for (size_t i = 0; i < COUNT(BROKEN); i++) {
        const struct broken *b = &BROKEN[i];
        OWN(buf_drop) struct buf changed = {0};
        struct err e;
        plain_statement(b->kind, &d);
        store(&d.s, &s);
        assert_int_equal(read_forged(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
        replace(buf_bytes(b->in_values ? &s.values : &s.text), b->from, b->to, &changed);
        int rc = b->in_values ? read_forged(&s, buf_bytes(&s.text), buf_bytes(&changed), &e)
                              : read_forged(&s, buf_bytes(&changed), buf_bytes(&s.values), &e);
        if (rc != ERR_DAMAGED || strstr(e.text, b->rule) == NULL)
            fail_msg("%s for %s: \"%s\" expected, %d \"%s\" came", b->to, b->from, b->rule, rc, e.text);
    }
}

/* A statement under another kind's name has other fields, or claims that do not fit. */
static void other_kinds(void **state)
{
    OWN(drawn_drop) struct drawn d = {.held_count = 0};
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_FOUNDED};
    for (int kind = 1; kind <= STATEMENT_KIND_LAST; kind = next_kind(kind))
        for (int as = 1; as <= STATEMENT_KIND_LAST; as = next_kind(as)) {
            OWN(buf_drop) struct buf changed = {0};
            char from[64], to[64];
            struct err e;
            if (as == kind)
                continue;
            plain_statement((enum statement_kind)kind, &d);
            store(&d.s, &s);
            snprintf(from, sizeof from, "\"kind\":\"%s\"", statement_kind_name((enum statement_kind)kind));
            snprintf(to, sizeof to, "\"kind\":\"%s\"", statement_kind_name((enum statement_kind)as));
            replace(buf_bytes(&s.text), from, to, &changed);
            assert_int_equal(read_forged(&s, buf_bytes(&changed), buf_bytes(&s.values), &e), ERR_DAMAGED);
        }
}

/* 1 to 16 sheets, and 1 to all of them needed. */
static void shares_at_their_limits(void **state)
{
    static const struct hash shares[CRYPT_SHARES_MAX + 1];
    OWN(stored_drop) struct stored s = {.kind = STATEMENT_RECOVERY};
    for (unsigned count = 0; count <= CRYPT_SHARES_MAX + 1; count++)
        for (unsigned needed = 0; needed <= count + 1; needed++) {
            struct statement st = {
                .kind = STATEMENT_RECOVERY,
                .recovery = {.key = other, .needed = needed, .shares = shares, .share_count = count}};
            struct err e;
            if (needed < 1 || needed > count || count > CRYPT_SHARES_MAX) {
                refuse_making(&st, "rule recovery-shares");
                continue;
            }
            store(&st, &s);
            assert_int_equal(read_again(&s, buf_bytes(&s.text), buf_bytes(&s.values), &e), 0);
        }
}

static void too_long_to_read(void **state)
{
    OWN(buf_drop) struct buf note = {0};
    OWN(statement_held_drop) struct statement_held *held = NULL;
    struct statement read;
    struct key secret = {{3}};
    struct err e = {0};
    assert_non_null(buf_more(&note, LEAF_STATEMENT_MAX + 1));
    memset(note.p, '\n', note.n);
    struct bytes half = bytes_of(note.p, LEAF_STATEMENT_MAX / 2), rest = bytes_of(note.p, note.n - half.n);
    assert_int_equal(statement_read(half, rest, &secret, &member, 1, &held, &read, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "rule statement-length"));
    rest.n--;
    assert_int_equal(statement_read(half, rest, &secret, &member, 1, &held, &read, &e), ERR_DAMAGED);
    assert_null(strstr(e.text, "rule statement-length"));
    assert_int_equal(statement_read(bytes_of(note.p, 0), bytes_of(note.p, 0), NULL, &member, 1, &held, &read, &e),
                     ERR_DAMAGED);
}

static void names_of_kinds(void **state)
{
    for (int a = 1; a <= STATEMENT_KIND_LAST; a = next_kind(a))
        for (int b = 1; b < a; b++)
            assert_string_not_equal(statement_kind_name((enum statement_kind)a),
                                    statement_kind_name((enum statement_kind)b));
    assert_string_equal(statement_kind_name((enum statement_kind)0), "?");
    assert_string_equal(statement_kind_name((enum statement_kind)(STATEMENT_KIND_LAST + 1)), "?");
    assert_string_equal(statement_type_name(STATEMENT_LINK), "link");
    assert_true(statement_reason_known("vanished") && !statement_reason_known("") && !statement_reason_known("Io"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trips),
        cmocka_unit_test(follows_another),
        cmocka_unit_test(a_signature_that_is_owed),
        cmocka_unit_test(the_form),
        cmocka_unit_test(claims_are_salted),
        cmocka_unit_test(names),
        cmocka_unit_test(longest_names),
        cmocka_unit_test(every_changed_character),
        cmocka_unit_test(every_changed_byte_of_the_note),
        cmocka_unit_test(wrong_secret),
        cmocka_unit_test(signers),
        cmocka_unit_test(hidden_or_public),
        cmocka_unit_test(texts_refused),
        cmocka_unit_test(custody_refused),
        cmocka_unit_test(waited_refused), cmocka_unit_test(accesses_refused),
        cmocka_unit_test(paths_refused),
        cmocka_unit_test(others_refused),
        cmocka_unit_test(lists_too_long),
        cmocka_unit_test(rules_on_reading),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(shares_at_their_limits),
        cmocka_unit_test(too_long_to_read),
        cmocka_unit_test(names_of_kinds),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
