/*
 * What only somebody with every key could forge: a package in which one rule is broken, and everything else made to fit
 * again.  groundwork-verify's code names the rule, and verify.sh fails it too.
 */
#include "forge.h"

#include "base/file.h"
#include "model/checkpoint.h"
#include "model/cosigning.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

static char folder[] = "/tmp/groundwork-forged-XXXXXX";

static int start(void **state)
{
    if (crypt_start(NULL) != 0 || mkdtemp(folder) == NULL)
        return -1;
    return 0;
}

static int end(void **state)
{
    file_remove_tree(folder);
    return 0;
}

/* The exit code of verify.sh. */
static int script(const char *package)
{
    char command[2 * FILE_PATH_MAX];
    snprintf(command, sizeof command, "bash '%s/src/package/verify.sh' --all '%s' >/dev/null 2>'%s/said'",
             TESTING_SOURCE_ROOT, package, folder);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Both look at it; 0, or what the first one says. */
static int judge(const struct forge *f, struct verify_found *ret, struct err *e)
{
    struct file_path package;
    *e = (struct err){0};
    assert_int_equal(file_path(&package, NULL, "%s/p", folder), 0);
    file_remove_tree(package.s);
    forge_write(f, package.s);
    const struct verify_request request = {.package = package.s};
    int rc = verify_package(&request, ret, e);
    int code = script(package.s);
    int want = rc == 0 ? (int)ret->word : rc == ERR_DAMAGED ? 1 : 4;
    if (code != want)
        fail_msg("verify.sh ends with %d, and %d is right: %s", code, want, e->text);
    return rc;
}

/* ---- the cases ---- */

static void resign(struct forge *f, size_t leaf, struct statement *s)
{
    size_t keep = f->leaves;
    f->leaves = leaf;
    (void)forge_add(f, s, &f->other, &f->other_seed);
    f->leaves = keep;
}

static void untouched(struct forge *f)
{
    (void)f;
}

static void stranger_seals(struct forge *f)
{
    f->seal_seed = &f->other_seed;
    f->seal_key = &f->other;
}

static void fewer_items_said(struct forge *f)
{
    f->sealed.items--;
}

static void less_withheld_said(struct forge *f)
{
    f->sealed.withheld = 0;
}

static void shorter_deposit_said(struct forge *f)
{
    f->deposit.count--;
    memcpy(f->deposit.head.b, f->leaf[FORGE_HELD].entry + 1, CRYPT_HASH);
}

static void other_head_said(struct forge *f)
{
    f->deposit.head.b[0] ^= 1;
}

static void other_deposit_said(struct forge *f)
{
    f->deposit.deposit = 2;
}

static void no_events_said(struct forge *f)
{
    f->sealed.events = 0;
}

static void more_events_said(struct forge *f)
{
    f->sealed.events = 2;
}

static void absurd_events_said(struct forge *f)
{
    f->sealed.events = HISTORY_EVENTS_MAX + 1;
}

static void other_event_said(struct forge *f)
{
    f->sealed.event.b[31] ^= 1;
}

static void other_checkpoint_said(struct forge *f)
{
    f->sealed.root.b[0] ^= 1;
}

static void fewer_leaves_said(struct forge *f)
{
    f->sealed.leaves--;
}

static void stranger_signs_checkpoint(struct forge *f)
{
    forge_checkpoint(f, f->sealed_at, &f->other, &f->other_seed, forge_file(f, "proof/checkpoint"));
}

static void stranger_signs_cover(struct forge *f)
{
    forge_set(f, "proof/covers/000001.statement", "");
    struct statement s = {.kind = STATEMENT_COVER,
                          .cover = {.deposit = FORGE_DEPOSIT, .first = FORGE_FILE, .count = 4}};
    resign(f, FORGE_COVER, &s);
    forge_fill(f);
}

static void cover_again(struct forge *f, struct statement_cover c)
{
    struct statement s = {.kind = STATEMENT_COVER, .cover = c};
    size_t keep = f->leaves;
    f->leaves = FORGE_COVER;
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    f->leaves = keep;
    forge_fill(f);
}

static void cover_of_other_leaves(struct forge *f)
{
    cover_again(f, (struct statement_cover){.deposit = FORGE_DEPOSIT, .first = FORGE_FILE, .count = 4});
}

static void cover_beyond_itself(struct forge *f)
{
    cover_again(f, (struct statement_cover){.deposit = FORGE_DEPOSIT, .first = FORGE_FILE, .count = 40});
}

static void cover_without_end(struct forge *f)
{
    cover_again(f, (struct statement_cover){.deposit = FORGE_DEPOSIT, .first = 1, .count = UINT64_MAX >> 12});
}

static void cover_of_another_deposit(struct forge *f)
{
    cover_again(f, (struct statement_cover){.deposit = 2, .first = FORGE_FILE, .count = 4});
}

static void no_cover(struct forge *f)
{
    forge_drop(f, "proof/covers/000001.statement");
    forge_drop(f, "proof/covers/000001.tlog-proof");
}

static void cover_twice(struct forge *f)
{
    forge_set(f, "proof/covers/000002.statement", buf_text(forge_file(f, "proof/covers/000001.statement")));
    forge_prove(f, "proof/covers/000002.tlog-proof", FORGE_COVER);
}

static void stranger_signs_receipt(struct forge *f)
{
    struct statement s = {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = FORGE_DEPOSIT, .number = 1, .parts = 1}};
    resign(f, FORGE_RECEIPT, &s);
    forge_fill(f);
}

static void receipt_of_another_deposit(struct forge *f)
{
    struct statement s = {.kind = STATEMENT_RECEIPT, .receipt = {.deposit = 2, .number = 1, .parts = 1}};
    size_t keep = f->leaves;
    f->leaves = FORGE_RECEIPT;
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    f->leaves = keep;
    forge_fill(f);
}

static void part_for_a_receipt(struct forge *f)
{
    forge_open(f, "proof/receipts/000001.opening", FORGE_PART);
    forge_prove(f, "proof/receipts/000001.tlog-proof", FORGE_PART);
}

static void stranger_signs_event(struct forge *f)
{
    struct statement s = {.kind = STATEMENT_COSIGNERS,
                          .cosigners = {.event = {.number = 1}, .policy = buf_text(&f->policy)}};
    memcpy(f->event.b, f->leaf[FORGE_FOUNDED].entry + 1, CRYPT_HASH);
    resign(f, FORGE_COSIGNERS, &s);
    forge_fill(f);
}

static void event_again(struct forge *f, uint64_t number, const char *policy)
{
    struct statement s = {.kind = STATEMENT_COSIGNERS, .cosigners = {.event = {.number = number}, .policy = policy}};
    size_t keep = f->leaves;
    f->leaves = FORGE_COSIGNERS;
    (void)forge_add(f, &s, &f->member, &f->member_seed);
    f->leaves = keep;
    forge_fill(f);
}

static void event_of_another_number(struct forge *f)
{
    memcpy(f->event.b, f->leaf[FORGE_FOUNDED].entry + 1, CRYPT_HASH);
    event_again(f, 2, buf_text(&f->policy));
}

static void event_after_another(struct forge *f)
{
    event_again(f, 1, buf_text(&f->policy)); /* behind itself */
}

static void no_event_for_an_event(struct forge *f)
{
    forge_set(f, "proof/keys/000001.statement", buf_text(forge_file(f, "proof/covers/000001.statement")));
    forge_prove(f, "proof/keys/000001.tlog-proof", FORGE_COVER);
}

static void event_not_in_the_log(struct forge *f)
{
    forge_prove(f, "proof/keys/000001.tlog-proof", FORGE_COVER);
}

static void founding_elsewhere(struct forge *f)
{
    forge_prove(f, "proof/keys/000000.tlog-proof", FORGE_COVER);
}

static void other_policy(struct forge *f)
{
    struct buf *to = forge_file(f, "proof/policy.txt");
    buf_put_text(to, "group all all friend\n");
}

static void items_exchanged(struct forge *f)
{
    forge_open(f, "proof/items/000001.opening", FORGE_FOLDER);
    forge_prove(f, "proof/items/000001.tlog-proof", FORGE_FOLDER);
}

static void item_with_anothers_proof(struct forge *f)
{
    forge_prove(f, "proof/items/000001.tlog-proof", FORGE_FOLDER);
}

static void other_bytes(struct forge *f)
{
    forge_set(f, "data/items/000001.txt", "two");
}

/* The index says what the bytes are, and the opening something else. */
static void other_bytes_in_the_index(struct forge *f)
{
    char hex[2 * CRYPT_HASH + 1];
    struct hash two;
    forge_set(f, "data/items/000001.txt", "two");
    crypt_sha256(bytes_text("two"), &two);
    hex_put(hex, two.b, CRYPT_HASH);
    struct buf *index = forge_file(f, "data/index.csv");
    char *text = strdup(buf_text(index)), *digest = strstr(text, ",3,") + 3;
    memcpy(digest, hex, strlen(hex));
    buf_clear(index);
    buf_put_text(index, text);
    free(text);
}

static void in_the_index(struct forge *f, const char *from, const char *to)
{
    struct buf *index = forge_file(f, "data/index.csv");
    OWN(buf_drop) struct buf made = {0};
    char *text = strdup(buf_text(index)), *at = strstr(text, from);
    assert_non_null(at);
    buf_put(&made, text, (size_t)(at - text));
    buf_put_text(&made, to);
    buf_put_text(&made, at + strlen(from));
    buf_clear(index);
    buf_put_bytes(index, buf_bytes(&made));
    free(text);
}

static void row_other_name(struct forge *f)
{
    in_the_index(f, "\"a.txt\"", "\"b.txt\"");
}

static void row_other_bytes_of_the_name(struct forge *f)
{
    in_the_index(f, "Yv8=", "YvA=");
}

static void row_other_mode(struct forge *f)
{
    in_the_index(f, ",420,", ",421,");
}

static void row_other_time(struct forge *f)
{
    in_the_index(f, ",493,0,0,", ",493,0,1,");
}

static void row_other_type(struct forge *f)
{
    in_the_index(f, "folder", "link");
}

static void row_other_of(struct forge *f)
{
    in_the_index(f, "name,4,", "name,5,");
}

static void row_other_receipt(struct forge *f)
{
    in_the_index(f, "2,5,1,", "2,5,2,");
}

static void row_other_ending(struct forge *f)
{
    in_the_index(f, "000001.txt", "000001.exe");
    forge_drop(f, "data/items/000001.txt");
    forge_set(f, "data/items/000001.exe", "one");
}

static void row_twice(struct forge *f)
{
    in_the_index(f, "2,5,", "2,4,");
}

static void row_other_size(struct forge *f)
{
    in_the_index(f, ".txt,3,", ".txt,4,");
}

static void row_leading_zero(struct forge *f)
{
    in_the_index(f, "1,4,", "01,4,");
}

static void row_missing(struct forge *f)
{
    struct buf *index = forge_file(f, "data/index.csv");
    char *last = strstr(buf_text(index), "3,7,");
    index->n = (size_t)(last - (char *)index->p);
    f->sealed.items = 2;
}

static void index_without_its_end(struct forge *f)
{
    forge_file(f, "data/index.csv")->n--;
}

static void gap_missing(struct forge *f)
{
    forge_set(f, "proof/gaps.csv", VERIFY_GAPS_HEAD);
    f->sealed.withheld = 0;
}

static void gap_erased(struct forge *f)
{
    struct buf *gaps = forge_file(f, "proof/gaps.csv");
    gaps->n -= strlen("WITHHELD\n");
    buf_put_text(gaps, "ERASED\n");
}

static void gap_of_another_commitment(struct forge *f)
{
    struct buf *gaps = forge_file(f, "proof/gaps.csv");
    uint8_t *digit = gaps->p + strlen(VERIFY_GAPS_HEAD) + 2;
    *digit = *digit == '0' ? '1' : '0';
}

static void gap_that_is_here(struct forge *f)
{
    struct buf *gaps = forge_file(f, "proof/gaps.csv");
    buf_put_text(gaps, "7,");
    buf_put_hex(gaps, bytes_of(f->leaf[FORGE_NAME].entry + 1, CRYPT_HASH));
    buf_put_text(gaps, ",WITHHELD\n");
    f->sealed.withheld = 2;
}

static void gap_outside(struct forge *f)
{
    struct buf *gaps = forge_file(f, "proof/gaps.csv");
    buf_put_text(gaps, "9,");
    buf_put_hex(gaps, bytes_of(f->leaf[FORGE_RECEIPT].entry + 1, CRYPT_HASH));
    buf_put_text(gaps, ",WITHHELD\n");
    f->sealed.withheld = 2;
}

static void file_that_belongs_nowhere(struct forge *f)
{
    forge_set(f, "proof/planted", "words");
}

static void payload_that_belongs_nowhere(struct forge *f)
{
    forge_set(f, "data/items/000009", "words");
}

static void file_too_deep(struct forge *f)
{
    forge_set(f, "proof/a/b/c/d", "words");
}

static void no_readme(struct forge *f)
{
    forge_drop(f, "README.txt");
}

static void claim_of_another_leaf(struct forge *f)
{
    struct buf *o = forge_file(f, "proof/items/000001.opening");
    char *at = strstr(buf_text(o), "claim ") + 6;
    *at = *at == '0' ? '1' : '0';
}

static void cosigned_by_a_stranger(struct forge *f)
{
    struct buf *note = forge_file(f, "proof/cosigned");
    OWN(buf_drop) struct buf more = {0};
    forge_checkpoint(f, f->sealed_at, &f->log, &f->log_seed, note);
    forge_checkpoint(f, f->sealed_at, &f->other, &f->other_seed, &more);
    buf_put_text(note, strstr(buf_text(&more), "\n\n") + 2);
    forge_set(f, "proof/cosigned.consistency", "old 11\n\n");
    buf_put_bytes(forge_file(f, "proof/cosigned.consistency"), buf_bytes(forge_file(f, "proof/checkpoint")));
}

static void cosigned_by_nobody(struct forge *f)
{
    forge_checkpoint(f, f->sealed_at, &f->log, &f->log_seed, forge_file(f, "proof/cosigned"));
    forge_set(f, "proof/cosigned.consistency", "old 11\n\n");
    buf_put_bytes(forge_file(f, "proof/cosigned.consistency"), buf_bytes(forge_file(f, "proof/checkpoint")));
}

static void cosigned_without_consistency(struct forge *f)
{
    cosigned_by_nobody(f);
    forge_drop(f, "proof/cosigned.consistency");
}

static void cosigned_of_another_size(struct forge *f)
{
    cosigned_by_nobody(f);
    forge_checkpoint(f, f->sealed_at - 1, &f->log, &f->log_seed, forge_file(f, "proof/cosigned"));
}

static void stamp_that_is_none(struct forge *f)
{
    forge_checkpoint(f, f->sealed_at, &f->log, &f->log_seed, forge_file(f, "proof/time/000001.checkpoint"));
    forge_set(f, "proof/time/000001.consistency", "old 11\n\n");
    forge_set(f, "proof/time/000001.tsr", "words");
    forge_set(f, "proof/time/000001.pem", "-----BEGIN CERTIFICATE-----\nwords\n-----END CERTIFICATE-----\n");
}

static const struct forgery {
    void (*make)(struct forge *f);
    const char *words; /* NULL: not a forgery */
} FORGERIES[] = {
    {untouched, NULL},
    {cosigned_by_nobody, NULL},
    {stranger_seals, ".seal.note"},
    {fewer_items_said, "has not as many items"},
    {less_withheld_said, "does not withhold as much"},
    {shorter_deposit_said, "ends before it does"},
    {other_head_said, "ends before it does"},
    {other_deposit_said, "is not the receipt of the deposit"},
    {no_events_said, "last key event"},
    {more_events_said, "000002.statement: is not there"},
    {absurd_events_said, "more than 65536"},
    {other_event_said, "last key event"},
    {other_checkpoint_said, "is not in the log"},
    {fewer_leaves_said, "proof/checkpoint: is not the one"},
    {stranger_signs_checkpoint, "under another checkpoint"},
    {stranger_signs_cover, "proof/covers/000001.statement"},
    {cover_of_other_leaves, "does not sign for the leaves"},
    {cover_beyond_itself, "no cover over leaves before it"},
    {cover_without_end, "no cover over leaves before it"},
    {cover_of_another_deposit, "of no deposit that the seal names"},
    {no_cover, "ends before it does"},
    {cover_twice, "not in order"},
    {stranger_signs_receipt, "proof/receipts/000001.opening"},
    {receipt_of_another_deposit, "is not the receipt of the deposit"},
    {part_for_a_receipt, "is no receipt"},
    {stranger_signs_event, "proof/keys/000001.statement"},
    {event_of_another_number, "rule event-place"},
    {event_after_another, "rule event-place"},
    {no_event_for_an_event, "it is no key event"},
    {event_not_in_the_log, "is not in the log"},
    {founding_elsewhere, "is not in the log"},
    {other_policy, "proof/policy.txt"},
    {items_exchanged, "not on the receipt that the index names"},
    {item_with_anothers_proof, "is not in the log"},
    {other_bytes, "are not the bytes"},
    {other_bytes_in_the_index, "row 1"},
    {row_other_name, "row 1"},
    {row_other_bytes_of_the_name, "row 3"},
    {row_other_mode, "row 1"},
    {row_other_time, "row 2"},
    {row_other_type, "row 2"},
    {row_other_of, "row 3"},
    {row_other_receipt, "not on the receipt"},
    {row_other_ending, "row 1"},
    {row_twice, "not on the receipt that the index names"},
    {row_other_size, "row 1"},
    {row_leading_zero, "data/index.csv"},
    {row_missing, "neither in the package nor listed"},
    {index_without_its_end, "data/index.csv"},
    {gap_missing, "neither in the package nor listed"},
    {gap_erased, "proof/gaps.csv"},
    {gap_of_another_commitment, "does not sign for the leaves"},
    {gap_that_is_here, "in the package and listed as withheld"},
    {gap_outside, "lies under no cover"},
    {file_that_belongs_nowhere, "belongs to nothing"},
    {payload_that_belongs_nowhere, "belongs to nothing"},
    {file_too_deep, "in few folders"},
    {no_readme, "README.txt: is not there"},
    {claim_of_another_leaf, "claim-digests"},
    {cosigned_by_a_stranger, "proof/cosigned"},
    {cosigned_without_consistency, "proof/cosigned.consistency"},
    {cosigned_of_another_size, "does not go on from"},
    {stamp_that_is_none, "proof/time/000001"},
};

static void every_forgery(void **state)
{
    for (size_t i = 0; i < COUNT(FORGERIES); i++) {
        OWN(verify_found_release) struct verify_found found = {0};
        struct err e;
        struct forge *f = calloc(1, sizeof *f);
        assert_non_null(f);
        forge_begin(f);
        forge_log(f);
        forge_fill(f);
        FORGERIES[i].make(f);
        forge_manifests(f);
        int rc = judge(f, &found, &e);
        const char *words = FORGERIES[i].words;
        if (words == NULL ? rc != 0 : (rc != ERR_DAMAGED || strstr(e.text, words) == NULL))
            fail_msg("forgery %zu: \"%s\" expected, %d \"%s\" came", i, words == NULL ? "none" : words, rc, e.text);
        if (words == NULL)
            assert_true(found.word == VERIFY_TIME_UNPROVEN && found.items == 3 && found.withheld_count == 1 &&
                        found.seal_leaf == 11 && found.events == 1);
        forge_release(f);
        free(f);
    }
}

/* ---- the seal's own files ---- */

static void seal_within(struct forge *f)
{
    f->sealed_at = f->leaves; /* its checkpoint would hold it */
    buf_clear(&f->seal[2]);
    buf_printf(&f->seal[2], "old %zu\n\n", f->leaves);
}

static void seal_proof_of_another(struct forge *f)
{
    struct proof p;
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(proof_parse(buf_bytes(&f->seal[1]), &p, NULL), 0);
    proof_text(p.index - 1, &p.path, p.checkpoint_note, &text);
    buf_clear(&f->seal[1]);
    buf_put_bytes(&f->seal[1], buf_bytes(&text));
}

static void seal_of_a_forked_log(struct forge *f)
{
    struct cosigning_request q;
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(cosigning_request_parse(buf_bytes(&f->seal[2]), &q, NULL), 0);
    q.proof.hash[0].b[7] ^= 1;
    cosigning_request_text(&q, &text);
    buf_clear(&f->seal[2]);
    buf_put_bytes(&f->seal[2], buf_bytes(&text));
}

static void seal_from_an_older_checkpoint(struct forge *f)
{
    struct cosigning_request q;
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(cosigning_request_parse(buf_bytes(&f->seal[2]), &q, NULL), 0);
    q.old_size--;
    cosigning_request_text(&q, &text);
    buf_clear(&f->seal[2]);
    buf_put_bytes(&f->seal[2], buf_bytes(&text));
}

static void seals_proof_under_the_packages_checkpoint(struct forge *f)
{
    buf_clear(&f->seal[1]);
    buf_put_bytes(&f->seal[1], buf_bytes(forge_file(f, "proof/covers/000001.tlog-proof")));
}

static void every_forged_seal(void **state)
{
    static const struct forgery cases[] = {
        {seal_within, ".seal.consistency"},
        {seal_proof_of_another, ".seal.tlog-proof"},
        {seal_of_a_forked_log, ".seal.consistency"},
        {seal_from_an_older_checkpoint, ".seal.consistency"},
        {seals_proof_under_the_packages_checkpoint, ".seal.tlog-proof"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(verify_found_release) struct verify_found found = {0};
        struct err e;
        struct forge *f = calloc(1, sizeof *f);
        assert_non_null(f);
        forge_begin(f);
        forge_log(f);
        forge_fill(f);
        forge_manifests(f);
        cases[i].make(f);
        if (judge(f, &found, &e) != ERR_DAMAGED || strstr(e.text, cases[i].words) == NULL)
            fail_msg("seal %zu: \"%s\" expected, \"%s\" came", i, cases[i].words, e.text);
        forge_release(f);
        free(f);
    }
}

/* ---- several members ---- */

/* Two administrators agree on a third member, and then that she goes; the log key goes with her. */
struct crowd {
    struct forge f;
    struct key third_seed, log_seed;
    struct note_key third, log;
    size_t event[9];
    struct statement_by by; /* of what is acted on next */
};
enum crowd_case {
    CROWD_GOOD,
    CROWD_BOTH_SIGN, /* the checkpoint, as where the log key changes */
    CROWD_NO_APPROVAL,
    CROWD_APPROVED_BY_PROPOSER,
    CROWD_OTHER_ACT,
    CROWD_SEALED_BY_REVOKED,
    CROWD_SEALED_BY_ANALYST,
    CROWD_OLD_LOG_KEY,
    CROWD_STRANGER_TOO, /* signs the checkpoint */
    CROWD_NO_LOG_KEY,
    CROWD_SAME_LOG_KEY,
    CROWD_CASES,
};

static size_t crowd_event(struct crowd *c, uint64_t number, struct statement *s, bool by_other)
{
    statement_event(s)->number = number;
    c->event[number] = forge_add(&c->f, s, by_other ? &c->f.other : &c->f.member,
                                 by_other ? &c->f.other_seed : &c->f.member_seed);
    return c->event[number];
}

/* Proposed by the founder, approved by the other one; c->by names both. */
static void crowd_agree(struct crowd *c, uint64_t number, const struct statement *act, enum crowd_case how)
{
    struct statement s = {.kind = STATEMENT_PROPOSED, .proposed = {.act = act}};
    size_t proposal = crowd_event(c, number, &s, false);
    s = (struct statement){.kind = STATEMENT_APPROVED, .approved = {.proposal = proposal}};
    memcpy(s.approved.commitment.b, c->f.leaf[proposal].entry + 1, CRYPT_HASH);
    size_t approval = crowd_event(c, number + 1, &s, how != CROWD_APPROVED_BY_PROPOSER);
    c->by = (struct statement_by){.said = true, .proposal = proposal, .approvals = {approval}, .count = 1};
    if (how == CROWD_NO_APPROVAL)
        c->by.count = 0;
}

static void crowd_log(struct crowd *c, enum crowd_case how)
{
    struct forge *f = &c->f;
    f->administrators = 2;
    forge_log(f);
    forge_key("forge.example/m/00000006", 6, &c->third_seed, &c->third);
    forge_key("forge.example", 7, &c->log_seed, &c->log);
    struct statement s = {.kind = STATEMENT_ADDED, .added = {.key = f->other, .role = STATEMENT_ADMINISTRATOR}};
    (void)crowd_event(c, 2, &s, false);
    struct statement act = {.kind = STATEMENT_ADDED, .added = {.key = c->third, .role = STATEMENT_INVESTIGATOR}};
    if (how == CROWD_SEALED_BY_ANALYST)
        act.added.role = STATEMENT_ANALYST;
    crowd_agree(c, 3, &act, how);
    if (how == CROWD_OTHER_ACT)
        act.added.role = STATEMENT_ADMINISTRATOR;
    act.added.event.by = c->by;
    (void)crowd_event(c, 5, &act, false);
    if (how == CROWD_SEALED_BY_ANALYST)
        return;
    act = (struct statement){.kind = STATEMENT_REVOKED, .revoked = {.name = c->third.name, .reason = STATEMENT_LEFT}};
    crowd_agree(c, 6, &act, CROWD_GOOD);
    act.revoked.event.by = c->by;
    act.revoked.log_known = how != CROWD_NO_LOG_KEY;
    act.revoked.log = how == CROWD_SAME_LOG_KEY ? f->log : c->log;
    (void)crowd_event(c, 8, &act, true);
}

static void crowd_package(struct crowd *c, enum crowd_case how)
{
    struct forge *f = &c->f;
    OWN(buf_drop) struct buf old = {0};
    char name[FORGE_PATH];
    uint64_t events = how == CROWD_SEALED_BY_ANALYST ? 5 : 8;
    bool third = how == CROWD_SEALED_BY_REVOKED || how == CROWD_SEALED_BY_ANALYST;
    f->sealed_at = f->leaves;
    forge_checkpoint(f, f->sealed_at, &f->log, &f->log_seed, &old);
    if (how != CROWD_OLD_LOG_KEY && how != CROWD_SEALED_BY_ANALYST) {
        f->log = c->log;
        f->log_seed = c->log_seed;
    }
    forge_fill(f);
    for (uint64_t i = 2; i <= events; i++) {
        snprintf(name, sizeof name, "proof/keys/%06u", (unsigned)i);
        forge_statement(f, name, c->event[i]);
    }
    f->sealed.events = events;
    f->seal_key = third ? &c->third : &f->other;
    f->seal_seed = third ? &c->third_seed : &f->other_seed;
    if (how == CROWD_BOTH_SIGN)
        f->more_line = strstr(buf_text(&old), "\n\n") + 2;
    if (how == CROWD_STRANGER_TOO) {
        forge_checkpoint(f, f->sealed_at, &f->other, &f->other_seed, &old);
        f->more_line = strstr(buf_text(&old), "\n\n") + 2;
    }
    if (f->more_line != NULL) {
        forge_fill(f);
        for (uint64_t i = 2; i <= events; i++) {
            snprintf(name, sizeof name, "proof/keys/%06u", (unsigned)i);
            forge_statement(f, name, c->event[i]);
        }
        f->sealed.events = events;
    }
    forge_manifests(f);
    f->more_line = NULL;
}

static void several_members(void **state)
{
    static const char *const words[CROWD_CASES] = {
        [CROWD_NO_APPROVAL] = "rule event-approvals",
        [CROWD_APPROVED_BY_PROPOSER] = "rule approved-once",
        [CROWD_OTHER_ACT] = "rule event-proposal",
        [CROWD_SEALED_BY_REVOKED] = ".seal.note",
        [CROWD_SEALED_BY_ANALYST] = ".seal.note",
        [CROWD_OLD_LOG_KEY] = "no checkpoint of this log",
        [CROWD_STRANGER_TOO] = "proof/checkpoint",
        [CROWD_NO_LOG_KEY] = "rule event-log",
        [CROWD_SAME_LOG_KEY] = "rule event-key",
    };
    for (int how = 0; how < CROWD_CASES; how++) {
        OWN(verify_found_release) struct verify_found found = {0};
        struct err e;
        struct crowd *c = calloc(1, sizeof *c);
        assert_non_null(c);
        forge_begin(&c->f);
        crowd_log(c, (enum crowd_case)how);
        crowd_package(c, (enum crowd_case)how);
        int rc = judge(&c->f, &found, &e);
        if (words[how] == NULL ? rc != 0 : (rc != ERR_DAMAGED || strstr(e.text, words[how]) == NULL))
            fail_msg("crowd %d: \"%s\" expected, %d \"%s\" came", how, words[how] == NULL ? "none" : words[how], rc,
                     e.text);
        if (rc == 0)
            assert_true(found.word == VERIFY_TIME_UNPROVEN && found.events == 8);
        forge_release(&c->f);
        free(c);
    }
}

/* ---- what is given with the question ---- */

static void pins_and_policies(void **state)
{
    struct file_path package;
    OWN(verify_found_release) struct verify_found found = {0};
    OWN(buf_drop) struct buf asked = {0};
    struct err e;
    char vkey[NOTE_VKEY_MAX];
    struct hash pin;
    struct forge *f = calloc(1, sizeof *f);
    assert_non_null(f);
    forge_begin(f);
    forge_log(f);
    forge_fill(f);
    forge_manifests(f);
    assert_int_equal(judge(f, &found, &e), 0);
    crypt_sha256(bytes_of(f->leaf[0].entry, LEAF_ENTRY), &pin);
    assert_memory_equal(&pin, &found.pin, sizeof pin);
    verify_found_release(&found);
    assert_int_equal(file_path(&package, NULL, "%s/p", folder), 0);
    struct verify_request request = {.package = package.s, .pin = &pin};
    assert_int_equal(verify_package(&request, &found, &e), 0);
    verify_found_release(&found);
    pin.b[0] ^= 1;
    assert_int_equal(verify_package(&request, &found, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "another repository"));
    request.pin = NULL;
    note_key_text(&f->log, vkey);
    buf_printf(&asked, "log %s\n", vkey);
    note_key_text(&f->cosigner, vkey);
    buf_printf(&asked, "witness friend %s\nquorum friend\n", vkey);
    request.policy = buf_bytes(&asked);
    assert_int_equal(verify_package(&request, &found, &e), 0);
    assert_true(found.word == VERIFY_UNCOSIGNED && found.cosigners == 1 && found.cosigned_by == 0);
    note_key_text(&f->other, vkey);
    buf_clear(&asked);
    buf_printf(&asked, "log %s\nquorum none\n", vkey);
    request.policy = buf_bytes(&asked);
    assert_int_equal(verify_package(&request, &found, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "not for this log"));
    request.package = "/nowhere/at/all";
    assert_int_equal(verify_package(&request, &found, &e), ERR_ABSENT);
    forge_release(f);
    free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_forgery),
        cmocka_unit_test(every_forged_seal),
        cmocka_unit_test(several_members),
        cmocka_unit_test(pins_and_policies),
    };
    return cmocka_run_group_tests(tests, start, end);
}
