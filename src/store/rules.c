/*
 * What may be said after what: a statement about a deposit or a receipt, held to the index and to the draft at hand.
 * What is refused here could be committed and not be indexed: at the next opening the ledger would contradict itself.
 */
#include "store/store_internal.h"

#include "model/terms.h"

int store_may_sign(const struct store *s, enum statement_kind kind, struct err *e)
{
    if (s->sheets != NULL) /* who comes by the sheets is in the history when this is committed */
        return 0;
    const struct history_member *m = history_member_by_key(&s->history, &s->identity.member);
    enum statement_role role = m == NULL ? 0 : history_role(m, UINT64_MAX);
    if (statement_role_may(role, kind))
        return 0;
    return err_set(e, ERR_REFUSED, "rule signer-role: %s is %s here and may not sign \"%s\"", s->identity.member.name,
                   statement_role_name(role), statement_kind_name(kind));
}

/* ---- in the draft ---- */

/* A deposit of this draft, and whether it is closed in it, wherever it was opened. */
static void draft_look(const struct draft *d, uint64_t deposit, bool *ret_opened, bool *ret_closed)
{
    *ret_opened = *ret_closed = false;
    for (size_t i = 0; i < d->count; i++) {
        const struct statement *s = d->leaves[i].statement;
        *ret_opened = *ret_opened || (s->kind == STATEMENT_DEPOSIT && d->first_leaf + i == deposit);
        *ret_closed = *ret_closed || (s->kind == STATEMENT_RECEIPT && s->receipt.deposit == deposit);
    }
}

static uint64_t draft_receipts(const struct draft *d)
{
    uint64_t n = 0;
    for (size_t i = 0; i < d->count; i++)
        n += d->leaves[i].statement->kind == STATEMENT_RECEIPT;
    return n;
}

static bool draft_has(const struct draft *d, enum statement_kind kind, uint64_t receipt)
{
    for (size_t i = 0; i < d->count; i++) {
        const struct statement *s = d->leaves[i].statement;
        if (s->kind == kind && (kind == STATEMENT_RECEIPT ? s->receipt.number : s->set_aside.receipt) == receipt)
            return true;
    }
    return false;
}

/* ---- in the index ---- */

struct wanted {
    uint64_t leaf;
    bool open, set_aside;
};

static int is_open(void *context, const struct index_deposit *d, struct err *e)
{
    struct wanted *w = context;
    (void)e;
    w->open = w->open || (d->leaf == w->leaf && d->receipt == 0);
    return 0;
}

static int is_aside(void *context, const struct index_deposit *d, struct err *e)
{
    struct wanted *w = context;
    (void)e;
    w->set_aside = d->set_aside;
    return 0;
}

/* ---- the rules ---- */

/* Asked for each item: the one found open last is remembered. */
static int deposit_open(struct store *s, uint64_t deposit, struct err *e)
{
    struct draft *d = &s->draft;
    struct wanted w = {.leaf = deposit};
    bool opened, closed;
    if (d->open_known && d->open_deposit == deposit)
        return 0;
    draft_look(d, deposit, &opened, &closed);
    int rc = opened || closed ? 0 : index_deposits(store_index(s), is_open, &w, e);
    if (rc != 0)
        return rc;
    if (closed || (!opened && !w.open))
        return err_set(e, ERR_REFUSED, "rule deposit-open: leaf %llu is no deposit that is open",
                       (unsigned long long)deposit);
    d->open_known = true;
    d->open_deposit = deposit;
    return 0;
}

static int receipt_next(struct store *s, uint64_t number, struct err *e)
{
    struct index_sums sums;
    int rc = index_sums(store_index(s), &sums, e);
    uint64_t next = rc == 0 ? sums.next_receipt + draft_receipts(&s->draft) : 0;
    if (rc == 0 && number != next)
        rc = err_set(e, ERR_REFUSED, "rule receipt-number: the next receipt is %llu, not %llu",
                     (unsigned long long)next, (unsigned long long)number);
    return rc;
}

static int receipt_stands(struct store *s, uint64_t receipt, struct err *e)
{
    struct wanted w = {0};
    int rc = draft_has(&s->draft, STATEMENT_RECEIPT, receipt)
                 ? 0
                 : index_deposit_by_receipt(store_index(s), receipt, is_aside, &w, e);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_REFUSED, "rule set-aside: there is no receipt %llu", (unsigned long long)receipt);
    if (rc == 0 && (w.set_aside || draft_has(&s->draft, STATEMENT_SET_ASIDE, receipt)))
        rc = err_set(e, ERR_REFUSED, "rule set-aside: receipt %llu is set aside already", (unsigned long long)receipt);
    return rc;
}

/* Of items on the log, and of nothing else; ${rule} is the name of the rule. */
static int items_there(struct store *s, const char *rule, const struct statement_range *items, size_t count,
                       struct err *e)
{
    for (size_t i = 0; i < count; i++) {
        const struct statement_range *r = &items[i];
        uint64_t there = 0;
        int rc = index_items_between(store_index(s), r->first, r->last, &there, e);
        if (rc != 0)
            return rc;
        if (there == 0 || there - 1 != r->last - r->first) /* their count may be more than a number holds */
            return err_set(e, ERR_REFUSED,
                           "rule %s: the leaves %llu to %llu are not all items: groundwork items lists them", rule,
                           (unsigned long long)r->first, (unsigned long long)r->last);
    }
    return 0;
}

static int custody_about(struct store *s, const struct statement_custody *x, struct err *e)
{
    struct wanted w = {0};
    if (x->receipt != 0) {
        int rc = draft_has(&s->draft, STATEMENT_RECEIPT, x->receipt)
                     ? 0
                     : index_deposit_by_receipt(store_index(s), x->receipt, is_aside, &w, e);
        return rc != ERR_ABSENT ? rc
                                : err_set(e, ERR_REFUSED, "rule custody-receipt: there is no receipt %llu",
                                          (unsigned long long)x->receipt);
    }
    return items_there(s, "custody-items", x->items, x->item_count, e);
}

static int hold_stands(struct store *s, uint64_t hold, struct err *e)
{
    struct index_hold h = {.released = false};
    const struct draft *d = &s->draft;
    for (size_t i = 0; i < d->count; i++)
        if (d->leaves[i].statement->kind == STATEMENT_RELEASED && d->leaves[i].statement->released.hold == hold)
            h.released = true;
    int rc = h.released ? 0 : index_hold(store_index(s), hold, &h, e);
    if (rc == ERR_ABSENT)
        return err_set(e, ERR_REFUSED, "rule released-hold: leaf %llu is no hold", (unsigned long long)hold);
    if (rc == 0 && h.released)
        rc = err_set(e, ERR_REFUSED, "rule released-hold: the hold on leaf %llu is released already",
                     (unsigned long long)hold);
    return rc;
}

static int form_there(struct store *s, const struct statement_consent *x, struct err *e)
{
    const struct statement_range form = {x->form, x->form};
    return x->has_form ? items_there(s, "consent-form", &form, 1, e) : 0;
}

/* ---- a form against what was said before it ---- */

/* What the draft says of a person, behind what the log says. */
static void draft_hear(const struct draft *d, const char *person, struct consent_word words[CONSENT_SCOPES])
{
    for (size_t i = 0; i < d->count; i++) {
        const struct statement *s = d->leaves[i].statement;
        const struct statement_persons *of = terms_words(s);
        struct consent_word word;
        for (size_t k = 0; of != NULL && k < of->count; k++)
            for (int scope = 0; strcmp(of->codes[k], person) == 0 && scope < CONSENT_SCOPES; scope++)
                if (terms_word(s, (enum consent_scope)scope, d->first_leaf + i, &word))
                    (void)consent_hear(&words[scope], &word);
    }
}

static int yes_counts(const char *person, enum consent_scope scope, const struct consent_word *standing,
                      const struct consent_word *said, struct err *e)
{
    struct consent_word after = *standing;
    switch (consent_hear(&after, said)) {
    case CONSENT_HERS:
        return err_set(e, ERR_REFUSED,
                       "rule consent-hers: %s, %s: she did not say yes herself on %s (leaf %llu): nobody can say it in "
                       "her stead",
                       person, consent_scope_name(scope), standing->date, (unsigned long long)standing->leaf);
    case CONSENT_OLDER:
        return err_set(e, ERR_REFUSED,
                       "rule consent-since: %s, %s: what she said on %s (leaf %llu) is newer than this form of %s, and "
                       "no yes: ask her again",
                       person, consent_scope_name(scope), standing->date, (unsigned long long)standing->leaf,
                       said->date);
    case CONSENT_NOT_SURE: /* its signer stands, or is told of as doubtful everywhere */
    case CONSENT_HEARD: break;
    }
    return 0;
}

int store_yes_counts(struct store *s, const struct statement *st, uint64_t end, struct err *e)
{
    OWN(buf_drop) struct buf held = {0};
    struct consent_word words[CONSENT_SCOPES], said;
    int rc = 0;
    for (size_t i = 0; rc == 0 && !terms_forbids(st) && i < st->consent.persons.count; i++) {
        const char *person = st->consent.persons.codes[i];
        rc = store_words_before(s, person, end, words, &held, e);
        if (rc == 0)
            draft_hear(&s->draft, person, words);
        for (int scope = 0; rc == 0 && scope < CONSENT_SCOPES; scope++)
            if (terms_word(st, (enum consent_scope)scope, end, &said) && said.answer == CONSENT_YES)
                rc = yes_counts(person, (enum consent_scope)scope, &words[scope], &said, e);
    }
    return rc;
}

int store_rules_check(struct store *s, const struct statement *st, struct err *e)
{
    int rc;
    switch (st->kind) {
    case STATEMENT_RECEIVED:
        return deposit_open(s, st->received.deposit, e);
    case STATEMENT_PART:
        return deposit_open(s, st->part.deposit, e);
    case STATEMENT_RECEIPT:
        rc = deposit_open(s, st->receipt.deposit, e);
        if (rc == 0)
            rc = receipt_next(s, st->receipt.number, e);
        return rc;
    case STATEMENT_SET_ASIDE:
        return receipt_stands(s, st->set_aside.receipt, e);
    case STATEMENT_CUSTODY:
        rc = custody_about(s, &st->custody, e);
        return rc == 0 ? store_refers_check(s, &st->custody, s->draft.first_leaf, ERR_REFUSED, e) : rc;
    case STATEMENT_CONSENT:
        rc = form_there(s, &st->consent, e);
        return rc == 0 ? store_yes_counts(s, st, s->draft.first_leaf, e) : rc;
    case STATEMENT_CONCERNS:
        return items_there(s, "terms-items", st->concerns.items, st->concerns.item_count, e);
    case STATEMENT_PROTECTED:
        return items_there(s, "terms-items", st->protected.items, st->protected.item_count, e);
    case STATEMENT_HOLD:
        return items_there(s, "terms-items", st->hold.items, st->hold.item_count, e);
    case STATEMENT_RELEASED:
        return hold_stands(s, st->released.hold, e);
    case STATEMENT_IDENTITY_SHARES:
    case STATEMENT_IDENTITY_ACCESS:
        return store_identity_check(s, st, s->draft.first_leaf, ERR_REFUSED, e);
    default:
        return 0;
    }
}
