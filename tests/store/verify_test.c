#include "fixture.h"

#include <sys/stat.h>

static bool line(const struct fixture *f, const char *a, const char *b)
{
    OWN(buf_drop) struct buf copy = {0};
    buf_put_bytes(&copy, buf_bytes(&f->lines));
    for (char *at = (char *)copy.p, *next; at != NULL && *at != 0 && at < (char *)copy.p + copy.n; at = next) {
        next = memchr(at, '\n', (size_t)((char *)copy.p + copy.n - at));
        if (next == NULL)
            return false;
        *next++ = 0;
        if (strstr(at, a) != NULL && strstr(at, b) != NULL)
            return true;
    }
    return false;
}

static void test_whole(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_fill(f);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    fixture_print(f, &before);
    for (int manner = STORE_PUBLIC; manner <= STORE_CHECK; manner++) {
        assert_int_equal(fixture_verify(f, (enum store_manner)manner), 0);
        assert_int_equal(f->lines.n, 0);
        assert_int_equal(f->verified.findings, 0);
        assert_int_equal(f->verified.records, now.records);
        assert_int_equal(f->verified.leaves, now.leaves);
        assert_int_equal(f->verified.hidden + f->verified.public_leaves, now.leaves);
        assert_int_equal(f->verified.covers, 3);
        assert_int_equal(f->verified.statements_opened, manner == STORE_CHECK ? f->verified.hidden : 0);
    }
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
}

/*
 * One bit of one copy, the other one good: told by a name, with nothing written and nothing healed.  The public check
 * sees it too, without a key.
 */
static void test_damage_of_any_one_copy(void **state)
{
    struct fixture *f = *state;
    struct file_path folder, name;
    struct hash before, after;
    char comp[2 * KEYRING_ID + 1];
    static const char *const kinds[] = {"table-", "wrap-", "segment-"};
    fixture_fill(f);
    fixture_keep(f, "good");
    hex_put(comp, f->id.holdings[0].compartment, KEYRING_ID);
    for (int what = 0; what < 10; what++)
        for (int copy = 'a'; copy <= 'b'; copy++)
            for (int gone = 0; gone < 2; gone++) {
                fixture_back(f, "good");
                if (what < 3) {
                    assert_int_equal(file_path(&folder, NULL, "%c/keys/%s", copy, comp), 0);
                    fixture_first(f, folder.s, kinds[what], &name);
                } else if (what == 3) {
                    assert_int_equal(file_path(&folder, NULL, "%c/keys/log", copy), 0);
                    fixture_first(f, folder.s, "1-", &name);
                } else
                    assert_int_equal(file_path(&name, NULL, "%c/journal", copy), 0);
                if (gone)
                    fixture_remove(f, name.s);
                else
                    fixture_flip(f, name.s, (int64_t)chance_below(&f->chance, fixture_size(f, name.s)));
                fixture_print(f, &before);
                for (int manner = STORE_PUBLIC; manner <= STORE_CHECK; manner++) {
                    fixture_says(f, fixture_verify(f, (enum store_manner)manner), ERR_DAMAGED,
                                 "findings: run groundwork repair", NULL);
                    char journal[16];
                    (void)snprintf(journal, sizeof journal, "journal %c", copy);
                    if (!line(f, what < 4 ? name.s : journal, ""))
                        fail_msg("nothing of %s in: %s", name.s, buf_text(&f->lines));
                }
                fixture_print(f, &after);
                assert_true(hash_equal(&before, &after));
            }
}

static void test_public_log_and_strays(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    fixture_keep(f, "good");
    fixture_flip(f, "log/checkpoint", 60);
    assert_int_equal(fixture_verify(f, STORE_PUBLIC), ERR_DAMAGED);
    assert_true(line(f, "log/checkpoint", ""));
    fixture_back(f, "good");
    fixture_put(f, "log/tile/more", bytes_text("smuggled"));
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_true(line(f, "log/tile/more", "does not belong there"));
}

/* A damaged index is told, and nothing is rebuilt or else written; the journal says all that is to be checked. */
static void test_index_is_held_to_the_journal(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_fill(f);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(store_reindex(s, NULL, &f->e), 0);
    store_close(s);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    uint64_t pages = fixture_size(f, "index/main.db") / 4096;
    fixture_keep(f, "good");
    for (uint64_t page = 0; page < pages; page += 2) {
        fixture_back(f, "good");
        fixture_put(f, "index/main.db-wal", bytes_of("", 0)); /* nothing stands before the pages */
        fixture_flip(f, "index/main.db", (int64_t)(page * 4096 + 100));
        buf_clear(&f->told);
        fixture_print(f, &before);
        fixture_says(f, fixture_verify(f, STORE_CHECK), ERR_DAMAGED, "1 findings: run groundwork repair", NULL);
        assert_true(line(f, "the index is damaged (", "): run groundwork repair"));
        assert_int_equal(f->verified.leaves, now.leaves);
        assert_int_equal(f->verified.statements_opened, f->verified.hidden);
        fixture_told_nothing(f);
        fixture_print(f, &after);
        assert_true(hash_equal(&before, &after));
        if (fixture_repair(f) != 0)
            fail_msg("%s", f->e.text);
        assert_non_null(strstr(buf_text(&f->words), "the index was rebuilt"));
        assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    }
    fixture_whole(f);
}

static void damage_index(struct fixture *f)
{
    fixture_put(f, "index/main.db-wal", bytes_of("", 0));
    fixture_flip(f, "index/main.db", 100);
}

static void write_state(struct fixture *f, const struct store_state *st)
{
    assert_int_equal(store_state_write(f->state_file.s, &f->pin, &f->id.state, st, NULL), 0);
}

/* Is it told that a commit was interrupted, and is the damaged index then nobody's fault, for both checks? */
static void expect_interrupted(struct fixture *f, bool expected)
{
    struct hash before, after;
    struct store *s = fixture_open(f, STORE_CHECK);
    assert_int_equal(store_interrupted(s), expected);
    store_close(s);
    fixture_print(f, &before);
    assert_int_equal(fixture_verify(f, STORE_CHECK), expected ? 0 : ERR_DAMAGED);
    assert_int_equal(line(f, "the index is damaged (", ""), !expected);
    assert_int_equal(f->verified.findings, expected ? 0 : 1);
    assert_int_equal(fixture_audit(f, true), expected ? 0 : ERR_DAMAGED);
    assert_int_equal(f->audited.findings, expected ? 0 : 1);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
}

/*
 * store_interrupted: the state outside names a record that is pending, or the journal has one more than it knows to be
 * committed.  Either is enough; neither is left once a writer has been here.
 */
static void test_index_of_an_interrupted_commit(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    struct ledger_position before = fixture_where(f, STORE_PUBLIC);
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "one more", &f->e), 0);
    assert_int_equal(store_reindex(s, NULL, &f->e), 0);
    store_close(s);
    struct ledger_position end = fixture_where(f, STORE_PUBLIC);
    damage_index(f);
    expect_interrupted(f, false);

    struct store_state pending = {.known = true, .committed = end, .has_pending = true};
    chance_fill(&f->chance, pending.pending.b, CRYPT_HASH); /* of a record that is nowhere */
    write_state(f, &pending);
    expect_interrupted(f, true);
    write_state(f, &(struct store_state){.known = true, .committed = before, .has_pending = true, .pending = end.last});
    expect_interrupted(f, true);
    write_state(f, &(struct store_state){.known = true, .committed = before}); /* it was cleared, and then it ended */
    expect_interrupted(f, true);

    s = fixture_open(f, STORE_WRITE);
    assert_false(store_interrupted(s) && s->state.has_pending);
    store_close(s);
    buf_clear(&f->told);
    fixture_whole(f);
    damage_index(f);
    expect_interrupted(f, false);
}

/* An index whose making was interrupted before anything was in it, or before its first record: no damage either. */
static void test_index_that_was_begun(void **state)
{
    struct fixture *f = *state;
    OWN(key_drop) struct key key = {0};
    struct index *x = NULL;
    fixture_fill(f);
    for (int how = 0; how < 2; how++) {
        fixture_put(f, "index/main.db", bytes_of("", 0));
        fixture_remove(f, "index/main.db-wal");
        fixture_remove(f, "index/main.db-shm");
        if (how == 1) {
            struct store *s = fixture_open(f, STORE_CHECK);
            keyring_key(store_keyring(s), KEYRING_INDEX, &key);
            store_close(s);
            assert_int_equal(index_open(&(struct index_place){f->root.s, "main"}, &key, INDEX_WRITE, &x, &f->e), 0);
            index_close(x);
        }
        assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
        assert_int_equal(fixture_audit(f, true), 0);
        assert_int_equal(f->verified.findings, 0);
        fixture_whole(f); /* and whoever needs it makes it */
    }
}

/* Behind, as a crash leaves it, or left out of a copy: no damage, and not made here either.  Another one is damage. */
static void test_index_behind_or_absent_is_no_damage(void **state)
{
    struct fixture *f = *state;
    struct hash before, after;
    fixture_copy(f, "index", "kept-founded/index");
    fixture_fill(f);
    fixture_copy(f, "index", "kept-founded/full");
    for (int how = 0; how < 2; how++) {
        fixture_remove(f, "index");
        if (how == 0)
            fixture_copy(f, "kept-founded/index", "index");
        fixture_print(f, &before);
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("%s", buf_text(&f->lines));
        fixture_told_nothing(f);
        fixture_print(f, &after);
        assert_true(hash_equal(&before, &after));
    }
    fixture_back(f, "founded");
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "another history", &f->e), 0);
    store_close(s);
    fixture_copy(f, "kept-founded/full", "index");
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_true(line(f, "the index is damaged (it stands elsewhere than the journal)", "run groundwork repair"));
}

/* An index that is further than the journal as it was read: a writer was quicker. */
static void test_index_ahead_of_the_opening(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(fixture_note(w, "meanwhile", &f->e), 0);
        if (fixture_verify(f, STORE_CHECK) != 0)
            fail_msg("%s", buf_text(&f->lines));
    }
}

static void test_pinned_checkpoint(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    struct keyring_identity id = f->id;
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    f->place.identity = &id;
    id.checkpoint_size = now.leaves;
    id.checkpoint_root = now.root;
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    id.checkpoint_root.b[3] ^= 1;
    assert_int_equal(fixture_verify(f, STORE_CHECK), ERR_DAMAGED);
    assert_true(line(f, "does not extend the checkpoint that your key file saw", "rewritten"));
    id.checkpoint_size = f->id.checkpoint_size;
    id.checkpoint_root = f->id.checkpoint_root;
    assert_int_equal(fixture_verify(f, STORE_CHECK), 0);
    f->place.identity = &f->id;
}

/* ---- a writer that holds all keys and breaks the rules: what it signed is found all the same ---- */

struct forging {
    struct store *s;
    struct buf entries, hidden, open, secrets, extents;
    uint32_t hidden_count, public_count;
    struct key secret[8];
    uint64_t first;
};

static void forging_begin(struct fixture *f, struct forging *g)
{
    struct ledger_position now;
    *g = (struct forging){.s = fixture_open(f, STORE_WRITE)};
    ledger_where(g->s->ledger, &now);
    g->first = now.leaves;
    store_extents_put(NULL, 0, &g->extents);
}

static void forge_hidden(struct fixture *f, struct forging *g, struct statement *st, uint64_t sealed_as)
{
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf values = {0};
    OWN(buf_drop) struct buf note = {0};
    uint8_t entry[LEAF_ENTRY];
    struct key *secret = &g->secret[g->hidden_count];
    crypt_random(secret->b, CRYPT_KEY);
    st->at_unix_s = 7;
    assert_int_equal(statement_make(st, secret, &text, &values, &f->e), 0);
    assert_int_equal(
        statement_finish(st->kind, buf_bytes(&text), &f->id.member, &f->id.sign, &note, &f->e), 0);
    leaf_entry_hidden(secret, buf_bytes(&note), entry);
    buf_put(&g->entries, entry, LEAF_ENTRY);
    struct leaf_envelope envelope = {LEAF_NO_MANIFEST, buf_bytes(&note), buf_bytes(&values)};
    size_t head = g->hidden.n;
    buf_put_u32(&g->hidden, 0);
    assert_int_equal(leaf_seal(secret, &f->pin, sealed_as, &envelope, &g->hidden), 0);
    u32_put(g->hidden.p + head, (uint32_t)(g->hidden.n - head - 4));
    g->hidden_count++;
}

static void forge_public(struct fixture *f, struct forging *g, struct statement *st)
{
    OWN(buf_drop) struct buf text = {0};
    OWN(buf_drop) struct buf note = {0};
    uint8_t entry[LEAF_ENTRY];
    st->at_unix_s = 8;
    assert_int_equal(statement_make(st, NULL, &text, NULL, &f->e), 0);
    assert_int_equal(
        statement_finish(st->kind, buf_bytes(&text), &f->id.member, &f->id.sign, &note, &f->e), 0);
    leaf_entry_public(buf_bytes(&note), entry);
    buf_put(&g->entries, entry, LEAF_ENTRY);
    buf_put_u32(&g->open, (uint32_t)note.n);
    buf_put_bytes(&g->open, buf_bytes(&note));
    g->public_count++;
}

/* Committed; then what verify says of the public and of the whole view. */
static void forging_end(struct fixture *f, struct forging *g)
{
    struct ledger_position next;
    if (g->hidden_count > 0)
        assert_int_equal(keyring_seal(g->s->keyring, g->first, g->secret, g->hidden_count, &g->secrets, &f->e), 0);
    struct ledger_record r = {.number = 0,
                              .first_leaf = g->first,
                              .hidden_count = g->hidden_count,
                              .public_count = g->public_count,
                              .entries = buf_bytes(&g->entries),
                              .hidden = buf_bytes(&g->hidden),
                              .open = buf_bytes(&g->open),
                              .secrets = buf_bytes(&g->secrets),
                              .extents = buf_bytes(&g->extents)};
    struct ledger_position now;
    ledger_where(g->s->ledger, &now);
    r.number = now.records;
    if (ledger_prepare(g->s->ledger, &r, &next, &f->e) != 0 || ledger_commit(g->s->ledger, &f->e) != 0 ||
        keyring_committed(g->s->keyring, buf_bytes(&g->secrets), &f->e) != 0 ||
        ledger_publish(g->s->ledger, &f->e) != 0)
        fail_msg("%s", f->e.text);
    buf_drop(&g->entries), buf_drop(&g->hidden), buf_drop(&g->open), buf_drop(&g->secrets), buf_drop(&g->extents);
}

static void keep_line(void *context, const char *text)
{
    struct fixture *f = context;
    buf_printf(&f->lines, "%s\n", text);
}

/* The same store goes on to verify: what is forged here need not be taken by any index. */
static int forged_verify(struct fixture *f, struct forging *g)
{
    struct store_watch watch = {.finding = keep_line, .context = f};
    forging_end(f, g);
    buf_clear(&f->lines);
    int rc = store_verify(g->s, &watch, &f->verified, &f->e);
    store_close(g->s);
    return rc;
}

static struct statement_place next_place(struct forging *g)
{
    uint8_t investigation[STATEMENT_ID];
    struct statement_place place;
    assert_int_equal(index_investigation(g->s->index, investigation, NULL), 0);
    assert_int_equal(index_place(g->s->index, investigation, &place, NULL), 0);
    return place;
}

static void test_numbering_is_checked(void **state)
{
    struct fixture *f = *state;
    struct forging g;
    for (int how = 0; how < 4; how++) {
        fixture_back(f, "founded");
        forging_begin(f, &g);
        struct statement st = {.kind = STATEMENT_NOTE, .note = {"out of order"}, .place = next_place(&g)};
        st.place.seq += how == 1;
        st.place.prev.b[0] ^= how == 2;
        st.place.investigation[0] ^= how == 3;
        forge_hidden(f, &g, &st, g.first);
        assert_int_equal(forged_verify(f, &g), how == 0 ? 0 : ERR_DAMAGED);
        static const char *const words[] = {"no such line", "are not there", "names another one before it",
                                            "investigation \"?\", and 1 to"};
        assert_int_equal(line(f, words[how], "leaf"), how != 0);
    }
}

/* Who breaks the rules of writing is found by reading. */
static void test_custody_is_of_what_is_there(void **state)
{
    struct fixture *f = *state;
    static struct statement_range nothing = {0, 0};
    struct statement_custody how[] = {
        {.act = "viewed", .items = &nothing, .item_count = 1},
        {.act = "viewed", .receipt = 1},
        {.act = "viewed", .receipt = 1, .refers = true, .refers_leaf = 1},
        {.act = "viewed", .receipt = 1, .refers = true, .refers_leaf = 1000},
    };
    static const char *const expected[] = {"it is about a leaf that is no item", "about a receipt that is not there",
                                           "has another commitment than is said", "there is no leaf 1000 before it"};
    for (size_t i = 0; i < COUNT(how); i++) {
        struct forging g;
        fixture_back(f, "founded");
        forging_begin(f, &g);
        struct statement st = {.kind = STATEMENT_CUSTODY, .custody = how[i], .place = next_place(&g)};
        forge_hidden(f, &g, &st, g.first);
        assert_int_equal(forged_verify(f, &g), ERR_DAMAGED);
        if (!line(f, expected[i], "leaf"))
            fail_msg("%s: %s", expected[i], buf_text(&f->lines));
    }
}

static void test_leaves_are_bound_to_their_place(void **state)
{
    struct fixture *f = *state;
    struct forging g;
    forging_begin(f, &g);
    struct statement st = {.kind = STATEMENT_NOTE, .note = {"sealed for another leaf"}, .place = next_place(&g)};
    forge_hidden(f, &g, &st, g.first + 1);
    assert_int_equal(forged_verify(f, &g), ERR_DAMAGED);
    assert_true(line(f, "does not open", "leaf"));
    fixture_back(f, "founded");
    forging_begin(f, &g);
    st.place = next_place(&g);
    forge_hidden(f, &g, &st, g.first);
    g.entries.p[5] ^= 1;
    assert_int_equal(forged_verify(f, &g), ERR_DAMAGED);
    assert_true(line(f, "not the one that was committed", "leaf"));
}

static void test_covers_are_checked(void **state)
{
    struct fixture *f = *state;
    static const char *const expected[] = {"",
                                           "have no cover: nobody signed for them",
                                           "the cover signs other leaves",
                                           "the cover reaches beyond its record",
                                           "does not cover just the items of its record",
                                           "items of one record do not lie side by side"};
    for (int how = 0; how < 6; how++) {
        struct forging g;
        struct hash leaf[4];
        fixture_back(f, "founded");
        forging_begin(f, &g);
        struct bytes paths[1] = {bytes_text("papers")};
        struct statement deposit = {
            .kind = STATEMENT_DEPOSIT, .deposit = {.paths = paths, .path_count = 1}, .place = next_place(&g)};
        forge_hidden(f, &g, &deposit, g.first);
        for (unsigned i = 0; i < 3; i++) {
            struct statement st = {.kind = STATEMENT_RECEIVED,
                                   .received = {.deposit = g.first,
                                                .seq = i,
                                                .type = STATEMENT_FOLDER,
                                                .path = bytes_text("papers"),
                                                .mode = 0700}};
            if (how == 5 && i == 1) {
                struct statement between = {.kind = STATEMENT_NOTE, .note = {"between"}, .place = deposit.place};
                between.place.seq++;
                memcpy(between.place.prev.b, g.entries.p + 1, CRYPT_HASH);
                forge_hidden(f, &g, &between, g.first + 2);
            } else
                forge_hidden(f, &g, &st, g.first + 1 + i);
            crypt_leaf_hash(bytes_of(g.entries.p + (1 + i) * LEAF_ENTRY, LEAF_ENTRY), &leaf[i]);
        }
        struct statement cover = {
            .kind = STATEMENT_COVER, .cover = {.deposit = g.first, .first = g.first + 1, .count = 3}};
        cover.cover.count -= how == 4;
        tree_root(leaf, cover.cover.count, &cover.cover.root);
        cover.cover.root.b[9] ^= how == 2;
        cover.cover.count += how == 3 ? 1 : 0;
        if (how != 1)
            forge_public(f, &g, &cover);
        else {
            struct statement packs = {.kind = STATEMENT_PACKS};
            forge_public(f, &g, &packs);
        }
        assert_int_equal(forged_verify(f, &g), how == 0 ? 0 : ERR_DAMAGED);
        if (!line(f, expected[how], "leaf") && how != 0)
            fail_msg("%d: no \"%s\" in: %s", how, expected[how], buf_text(&f->lines));
    }
}

static void test_only_leaf_0_founds(void **state)
{
    struct fixture *f = *state;
    struct forging g;
    forging_begin(f, &g);
    struct statement st = g.s->founded;
    forge_public(f, &g, &st);
    assert_int_equal(forged_verify(f, &g), ERR_DAMAGED);
    assert_true(line(f, "founded by its first leaf and by no other", "leaf"));
}

static void test_foreign_member(void **state)
{
    struct fixture *f = *state;
    struct forging g;
    struct keyring_identity other, ours = f->id;
    assert_int_equal(keyring_identity_make("example.org/log", &other, NULL), 0);
    forging_begin(f, &g);
    struct statement st = {.kind = STATEMENT_PACKS};
    f->id.member = other.member;
    f->id.sign = other.sign;
    forge_public(f, &g, &st);
    f->id = ours;
    int rc = forged_verify(f, &g);
    keyring_identity_drop(&other);
    assert_int_equal(rc, ERR_DAMAGED);
}

/* ---- stopping, and company ---- */

static int stop(void *context, uint64_t done, uint64_t all)
{
    return 1;
}

static void test_stopped(void **state)
{
    struct fixture *f = *state;
    OWN(store_drop) struct store *s = fixture_open(f, STORE_READ);
    struct store_watch watch = {.finding = keep_line, .progress = stop, .context = f};
    fixture_says(f, store_verify(s, &watch, &f->verified, &f->e), ERR_STOPPED, "nothing was changed", NULL);
}

/* A writer that goes on while we check: never called damage. */
static void test_outrun_by_a_writer(void **state)
{
    struct fixture *f = *state;
    fixture_fill(f);
    /* In this order: within one process SQLite lets nobody write who comes after a reader. */
    OWN(store_drop) struct store *w = fixture_open(f, STORE_WRITE);
    OWN(store_drop) struct store *r = fixture_open(f, STORE_READ);
    struct store_watch watch = {.finding = keep_line, .context = f};
    assert_int_equal(fixture_note(w, "meanwhile", &f->e), 0);
    buf_clear(&f->lines);
    assert_int_equal(store_verify(r, &watch, &f->verified, &f->e), 0); /* segments and public log are as they were */
    (void)store_ledger(w);
    fixture_says(f, store_verify(r, &watch, &f->verified, &f->e), ERR_BUSY, "check again", NULL);
    assert_string_equal(buf_text(&f->lines), "");
    fixture_told_nothing(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_whole),
        FIXTURE_TEST(test_damage_of_any_one_copy),
        FIXTURE_TEST(test_public_log_and_strays),
        FIXTURE_TEST(test_index_is_held_to_the_journal),
        FIXTURE_TEST(test_index_of_an_interrupted_commit),
        FIXTURE_TEST(test_index_that_was_begun),
        FIXTURE_TEST(test_index_behind_or_absent_is_no_damage),
        FIXTURE_TEST(test_index_ahead_of_the_opening),
        FIXTURE_TEST(test_pinned_checkpoint),
        FIXTURE_TEST(test_numbering_is_checked),
        FIXTURE_TEST(test_custody_is_of_what_is_there),
        FIXTURE_TEST(test_leaves_are_bound_to_their_place),
        FIXTURE_TEST(test_covers_are_checked),
        FIXTURE_TEST(test_only_leaf_0_founds),
        FIXTURE_TEST(test_foreign_member),
        FIXTURE_TEST(test_stopped),
        FIXTURE_TEST(test_outrun_by_a_writer),
    };
    return FIXTURE_RUN(tests);
}
