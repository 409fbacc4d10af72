/*
 * Pages for paper: an item's chain of custody, and the receipt that a giver takes home.  One A4 page of HTML each, in
 * one language, with nothing from elsewhere.
 */
#include "verbs/verbs_internal.h"

#include "paper/paper.h"

#include <inttypes.h>
#include <stdio.h>

enum { PARTS_SHOWN = 6, ACCESSES_SHOWN = 8 };

static void fact_hash(struct paper_record *p, const char *english, const struct hash *h)
{
    char hex[2 * CRYPT_HASH + 1];
    hex_put(hex, h->b, CRYPT_HASH);
    paper_record_fact(p, english, hex);
}

static void fact_number(struct paper_record *p, const char *english, uint64_t v)
{
    char n[VERBS_NUMBER_MAX];
    paper_record_fact(p, english, verbs_number(v, n));
}

static void begin(struct paper_record *p, const char *english, uint64_t number)
{
    char title[128];
    (void)snprintf(title, sizeof title, "%s %" PRIu64, text_in(p->language, english), number);
    paper_record_begin(p, title);
}

/* Which log this is, and where it stands. */
static void log_facts(struct paper_record *p, const struct store_facts *f)
{
    paper_record_fact(p, TEXT("Log"), f->origin);
    fact_hash(p, TEXT("Pin (names the repository)"), &f->pin);
    fact_number(p, TEXT("Leaves of the log when this was printed"), f->position.leaves);
    fact_hash(p, TEXT("Root over them"), &f->position.root);
}

/* ---- the giver's receipt ---- */

static void sum_row(struct paper_record *p, const char *english, const struct statement_sum *sum)
{
    char n[VERBS_NUMBER_MAX], b[VERBS_NUMBER_MAX];
    const char *const cells[] = {text_in(p->language, english), verbs_number(sum->files, n),
                                 verbs_number(sum->bytes, b)};
    paper_record_row(p, cells, COUNT(cells));
}

static void sums(struct paper_record *p, const struct statement_totals *t)
{
    static const char *const columns[] = {"", TEXT("files"), TEXT("bytes")};
    char n[VERBS_NUMBER_MAX];
    const char *const folders[] = {text_in(p->language, TEXT("folders taken in")), verbs_number(t->folders_taken, n),
                                   ""};
    paper_record_table(p, columns, COUNT(columns));
    sum_row(p, TEXT("Seen"), &t->seen);
    sum_row(p, TEXT("taken in, new"), &t->taken);
    sum_row(p, TEXT("taken in, with the same bytes as others"), &t->duplicate);
    sum_row(p, TEXT("already on an earlier receipt"), &t->already);
    sum_row(p, TEXT("not taken in; the reason of each was told"), &t->refused);
    paper_record_row(p, folders, COUNT(folders));
    paper_record_table_end(p);
}

struct parts {
    struct paper_record *page;
    uint64_t count;
};

static int part_row(void *context, const struct statement_cover *cover, struct err *e)
{
    struct parts *x = context;
    char leaves[64];
    (void)e;
    if (x->count++ >= PARTS_SHOWN)
        return 0;
    (void)snprintf(leaves, sizeof leaves, "%" PRIu64 " - %" PRIu64, cover->first, cover->first + cover->count - 1);
    paper_record_fact(x->page, TEXT("Leaves of a part"), leaves);
    return 0;
}

static int digest_facts(struct paper_record *p, struct store *s, uint64_t deposit, struct err *e)
{
    struct parts x = {p, 0};
    struct hash digest;
    int rc = store_deposit_digest(s, deposit, part_row, &x, &digest, e);
    if (rc != 0)
        return rc;
    if (x.count > PARTS_SHOWN)
        fact_number(p, TEXT("Further parts, as the covers of the log name them"), x.count - PARTS_SHOWN);
    if (x.count > 0)
        fact_hash(p, TEXT("Digest of what was taken in"), &digest);
    return 0;
}

static int words(struct paper_record *p, const struct store_facts *f, struct err *e)
{
    OWN(buf_drop) struct buf lines = {0};
    struct paper_checkpoint c = {
        .origin = f->origin, .leaves = f->position.leaves, .root = f->position.root, .pin = f->pin};
    enum paper_letters letters = p->language == TEXT_KOREAN ? PAPER_HANGUL : PAPER_LATIN;
    uint8_t code[PAPER_CODE];
    paper_checkpoint_code(&c, code);
    for (unsigned i = 0; i < PAPER_LINES; i++) {
        buf_printf(&lines, "%u: ", i + 1);
        paper_line(i + 1, code + (size_t)i * PAPER_LINE, letters, &lines);
        buf_put_u8(&lines, '\n');
    }
    paper_record_words(p, buf_text(&lines));
    return buf_check(&lines, e);
}

int verbs_receipt_page(struct store *s, const struct verbs_receipt_facts *r, enum text_language language,
                       struct buf *to, struct err *e)
{
    struct paper_record p = {to, language};
    struct store_facts f;
    char when[TIME_TEXT_MAX];
    store_facts(s, &f);
    time_text(when, r->closed_unix_s);
    begin(&p, TEXT("Receipt"), r->number);
    paper_record_paragraph(
        &p, TEXT("What was handed over was looked at file by file. These are the sums; no names stand here."));
    sums(&p, &r->totals);
    paper_record_heading(&p, TEXT("How it can be found again"));
    paper_record_table(&p, NULL, 0);
    paper_record_fact(&p, TEXT("Date, by the clock of the computer"), when);
    fact_number(&p, TEXT("Deposit, as a leaf of the log"), r->deposit);
    int rc = digest_facts(&p, s, r->deposit, e);
    if (rc != 0)
        return rc;
    log_facts(&p, &f);
    paper_record_table_end(&p);
    paper_record_heading(&p, TEXT("The log as it stood, in words"));
    rc = words(&p, &f, e);
    if (rc != 0)
        return rc;
    paper_record_paragraph(
        &p, TEXT("Keep this page. Whoever holds it can ask the repository at any time to show that its log "
                 "still begins as it did here, and that what has this digest is still in it: groundwork verify "
                 "--against reads the words. Nothing on it tells who gave what."));
    return paper_record_end(&p, e);
}

/* ---- the chain of custody ---- */

/* Who signed, when by that clock, and what is to be thought of it. */
static void signed_words(const struct paper_record *p, const struct verbs_custody_event *x, struct buf *to)
{
    char when[TIME_TEXT_MAX];
    time_text(when, x->at_unix_s);
    buf_printf(to, "%s, %s", x->signer, when);
    if (x->doubtful)
        buf_printf(to, ", %s", text_in(p->language, TEXT("DOUBTFUL")));
}

static void chain_row(struct paper_record *p, const struct verbs_custody_event *x)
{
    OWN(buf_drop) struct buf by = {0};
    char leaf[32];
    (void)snprintf(leaf, sizeof leaf, "%" PRIu64, x->leaf);
    signed_words(p, x, &by);
    const char *const cells[] = {leaf, text_in(p->language, verbs_act(x->act)), x->date, x->from, x->to, x->place,
                                 x->why, buf_text(&by)};
    paper_record_row(p, cells, COUNT(cells));
}

static void chain(struct paper_record *p, struct verbs_custody *c)
{
    static const char *const columns[] = {TEXT("leaf"),  TEXT("act"), TEXT("date claimed"),
                                          TEXT("from"),  TEXT("to"),  TEXT("place"),
                                          TEXT("why"),   TEXT("signed by, and when by that clock")};
    struct verbs_custody_event taken = {.leaf = c->about.item != UINT64_MAX ? c->about.item : c->deposit,
                                        .at_unix_s = c->opened_unix_s,
                                        .act = "received",
                                        .signer = buf_text(&c->taker),
                                        .from = c->has_giver ? buf_text(&c->giver) : NULL};
    paper_record_heading(p, TEXT("Chain of custody, in the order of the log"));
    paper_record_table(p, columns, COUNT(columns));
    chain_row(p, &taken);
    for (size_t i = 0; i < c->count; i++)
        chain_row(p, &c->list[i]);
    paper_record_table_end(p);
}

static void access_row(struct paper_record *p, const struct verbs_custody_event *x)
{
    OWN(buf_drop) struct buf by = {0};
    signed_words(p, x, &by);
    const char *const cells[] = {text_in(p->language, verbs_act(x->act)), buf_text(&by), x->why};
    paper_record_row(p, cells, COUNT(cells));
}

static void accesses(struct paper_record *p, const struct verbs_custody *c)
{
    const size_t logged = c->access_count - c->ahead; /* the page is of what the log proves; of the others, how many */
    size_t from = logged > ACCESSES_SHOWN ? logged - ACCESSES_SHOWN : 0;
    paper_record_heading(p, TEXT("Accesses on the log"));
    paper_record_table(p, NULL, 0);
    fact_number(p, TEXT("All of them"), logged);
    if (c->ahead > 0)
        fact_number(p, TEXT("Further ones, not on this page: they go on the log with the next commit"), c->ahead);
    if (from > 0)
        fact_number(p, TEXT("Earlier ones, not on this page"), from);
    for (size_t i = from; i < logged; i++)
        access_row(p, &c->accesses[i]);
    paper_record_table_end(p);
}

static int item_facts(struct paper_record *p, struct store *s, const struct index_item *item, struct err *e)
{
    OWN(buf_drop) struct buf shown = {0};
    struct hash commitment;
    int rc = store_commitment(s, item->leaf, &commitment, e);
    if (rc != 0)
        return rc;
    paper_record_fact(p, TEXT("Name"), verbs_shown(item->path, &shown));
    fact_number(p, TEXT("Leaf"), item->leaf);
    fact_hash(p, TEXT("Commitment"), &commitment);
    if (item->type == STATEMENT_FILE && !item->further_name) {
        fact_hash(p, TEXT("SHA-256 of its bytes"), &item->sha256);
        fact_number(p, TEXT("Bytes"), item->bytes);
    }
    return 0;
}

int verbs_custody_page(struct store *s, struct verbs_custody *c, enum text_language language, struct buf *to,
                       struct err *e)
{
    struct paper_record p = {to, language};
    struct store_facts f;
    bool item = c->about.item != UINT64_MAX;
    store_facts(s, &f);
    if (item)
        begin(&p, TEXT("Custody of item"), c->about.item);
    else
        begin(&p, TEXT("Custody of receipt"), c->about.receipt);
    paper_record_table(&p, NULL, 0);
    int rc = item ? item_facts(&p, s, &c->held.item, e) : 0;
    if (rc != 0)
        return rc;
    fact_number(&p, TEXT("On receipt"), c->about.receipt);
    if (c->set_aside)
        paper_record_fact(&p, TEXT("Set aside"), buf_text(&c->aside_reason));
    log_facts(&p, &f);
    paper_record_table_end(&p);
    chain(&p, c);
    accesses(&p, c);
    paper_record_paragraph(&p,
              TEXT("Each line is a signed statement on the log; dates, persons and places are claims of who signed."));
    return paper_record_end(&p, e);
}

/* ---- to paper ---- */

int verbs_page_language(const char *option, enum text_language *ret, struct err *e)
{
    *ret = text_chosen();
    if (option == NULL || text_language_named(option, ret) == 0)
        return 0;
    return err_set(e, ERR_USAGE, "--language %s: en or ko", option);
}

int verbs_page_write(const struct verbs_face *face, const char *path, const struct buf *page, struct err *e)
{
    int rc = file_create(path, buf_bytes(page), 0600, e);
    if (rc == ERR_REFUSED)
        return err_set(e, rc, "%s is there already: name another file", path);
    if (rc == 0)
        verbs_say(face, "Written to %s: a page for A4.", path);
    return rc;
}
