#include "fixture.h"

static int note_of(struct fixture *f, struct buf *to)
{
    OWN(buf_drop) struct buf text = {0};
    fixture_get(f, "log/checkpoint", &text);
    buf_clear(to);
    buf_put_bytes(to, buf_bytes(&text));
    return 0;
}

static void test_adopt_with_a_checkpoint(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf old = {0};
    OWN(buf_drop) struct buf new = {0};
    struct store_adopted a;
    note_of(f, &old);
    uint64_t old_leaves = fixture_where(f, STORE_PUBLIC).leaves;
    fixture_fill(f);
    note_of(f, &new);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    for (int which = 0; which < 2; which++) {
        fixture_remove(f, "state");
        struct bytes note = buf_bytes(which == 0 ? &old : &new);
        assert_int_equal(store_adopt(&f->place, note, false, &a, &f->e), 0);
        assert_int_equal(a.checkpoint.size, now.leaves);
        assert_memory_equal(&a.checkpoint.root, &now.root, sizeof now.root);
        assert_string_equal(a.checkpoint.origin, "example.org/log");
        fixture_whole(f);
    }
    /* The newer one against the older copy. */
    fixture_back(f, "founded");
    fixture_remove(f, "state");
    fixture_says(f, store_adopt(&f->place, buf_bytes(&new), false, &a, &f->e), ERR_DAMAGED,
                 "older copy of the repository", NULL);
    assert_false(file_exists(f->state_file.s));
    assert_int_equal(store_adopt(&f->place, buf_bytes(&old), false, &a, &f->e), 0);
    assert_int_equal(a.checkpoint.size, old_leaves);
}

static void test_adopt_refuses_other_checkpoints(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf here = {0};
    OWN(buf_drop) struct buf bad = {0};
    struct store_adopted a;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "one history", &f->e), 0);
    store_close(s);
    note_of(f, &here);
    fixture_back(f, "founded");
    s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "another history", &f->e), 0);
    assert_int_equal(fixture_note(s, "and longer", &f->e), 0);
    store_close(s);
    fixture_remove(f, "state");
    fixture_says(f, store_adopt(&f->place, buf_bytes(&here), false, &a, &f->e), ERR_DAMAGED,
                 "does not extend this checkpoint", NULL);
    for (size_t i = 0; i < here.n; i += 3) {
        buf_clear(&bad);
        buf_put_bytes(&bad, buf_bytes(&here));
        bad.p[i] ^= 1;
        assert_int_not_equal(store_adopt(&f->place, buf_bytes(&bad), false, &a, &f->e), 0);
    }
    assert_int_not_equal(store_adopt(&f->place, bytes_text("no checkpoint"), false, &a, &f->e), 0);
    assert_false(file_exists(f->state_file.s));
}

/* ---- what was seen before ---- */

static int adopt(struct fixture *f, bool may_be_older, struct store_adopted *ret)
{
    f->e = (struct err){0};
    return store_adopt(&f->place, bytes_of(NULL, 0), may_be_older, ret, &f->e);
}

/* The journal of ${kept}, with what this computer saw as it is now. */
static void other_copy(struct fixture *f, const char *kept)
{
    OWN(buf_drop) struct buf state = {0};
    assert_int_equal(file_read_all(f->state_file.s, 1 << 16, &state, NULL), 0);
    fixture_back(f, kept);
    assert_int_equal(file_replace(f->state_file.s, buf_bytes(&state), 0600, NULL), 0);
}

static void test_older_copy_is_refused_and_let_in(void **state)
{
    struct fixture *f = *state;
    struct store_adopted a;
    struct hash before, after;
    char then_root[2 * CRYPT_HASH + 1], now_root[2 * CRYPT_HASH + 1], words[64], held[64];
    struct ledger_position then = fixture_where(f, STORE_PUBLIC);
    fixture_fill(f);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    assert_int_equal(adopt(f, false, &a), 0); /* as it stands: nothing is lost */
    assert_int_equal(a.lost_leaves, 0);
    other_copy(f, "founded");
    hex_put(then_root, then.root.b, CRYPT_HASH);
    hex_put(now_root, now.root.b, CRYPT_HASH);
    (void)snprintf(words, sizeof words, "this computer has seen %u leaves", (unsigned)now.leaves);
    (void)snprintf(held, sizeof held, "this copy holds %u ", (unsigned)then.leaves);
    fixture_print(f, &before);
    fixture_says(f, adopt(f, false, &a), ERR_REFUSED, words, held, then_root, now_root, "adopt --older", NULL);
    fixture_print(f, &after);
    assert_true(hash_equal(&before, &after));
    assert_int_equal(fixture_try(f, STORE_WRITE), ERR_DAMAGED); /* and nothing else lets it in */
    assert_int_equal(adopt(f, true, &a), 0);
    assert_int_equal(a.lost_leaves, now.leaves - then.leaves);
    assert_false(a.lost_by_key);
    assert_int_equal(a.checkpoint.size, then.leaves);
    fixture_whole(f);
    fixture_fill(f);
    fixture_whole(f);
}

/* As long as what was seen or longer, and not its continuation: whatever is asked for. */
static void test_two_histories_are_never_adopted(void **state)
{
    struct fixture *f = *state;
    struct store_adopted a;
    struct store *s = fixture_open(f, STORE_WRITE);
    assert_int_equal(fixture_note(s, "one history", &f->e), 0);
    store_close(s);
    for (int more = 0; more < 2; more++) {
        OWN(buf_drop) struct buf seen = {0};
        fixture_keep(f, "one");
        assert_int_equal(file_read_all(f->state_file.s, 1 << 16, &seen, NULL), 0);
        fixture_back(f, "founded");
        s = fixture_open(f, STORE_WRITE);
        for (int i = 0; i <= more; i++)
            assert_int_equal(fixture_note(s, "another history", &f->e), 0);
        store_close(s);
        assert_int_equal(file_replace(f->state_file.s, buf_bytes(&seen), 0600, NULL), 0);
        for (int may_be_older = 0; may_be_older < 2; may_be_older++)
            fixture_says(f, adopt(f, may_be_older != 0, &a), ERR_DAMAGED, "that this computer has seen",
                         "two histories", NULL);
        fixture_back(f, "one");
    }
    assert_int_equal(adopt(f, false, &a), 0);
}

static int give(void *context, const char *key_path, struct buf *ret, struct err *e)
{
    unsigned *asked = context;
    (*asked)++;
    buf_put_text(ret, FIXTURE_PASSPHRASE);
    return 0;
}

static int the_same_again(void *context, struct buf *ret, struct err *e)
{
    buf_put_text(ret, FIXTURE_PASSPHRASE);
    return buf_check(ret, e);
}

/* The key file's newest checkpoint was seen too, on whatever computer; an older copy lowers it. */
static void test_the_key_file_has_seen(void **state)
{
    struct fixture *f = *state;
    OWN(buf_drop) struct buf key = {0};
    struct store_adopted a;
    unsigned asked = 0;
    struct ledger_position then = fixture_where(f, STORE_PUBLIC);
    assert_int_equal(file_read_all(f->key.s, 1 << 16, &key, NULL), 0);
    f->place.passphrase = give;
    f->place.context = &asked;
    f->place.identity = NULL;
    fixture_fill(f);
    struct ledger_position now = fixture_where(f, STORE_PUBLIC);
    assert_int_equal(store_passphrase(&f->place, the_same_again, NULL, &f->e), 0);
    fixture_back(f, "founded");
    for (int here = 0; here < 2; here++) {
        fixture_says(f, adopt(f, false, &a), ERR_REFUSED, "your key file has seen", "adopt --older", NULL);
        if (here == 0)
            fixture_remove(f, "state");
    }
    asked = 0;
    if (adopt(f, true, &a) != 0)
        fail_msg("%s", f->e.text);
    assert_int_equal(asked, 1);
    assert_int_equal(a.lost_leaves, now.leaves - then.leaves);
    assert_true(a.lost_by_key);
    fixture_fill(f); /* the key file opens it from now on */
    fixture_whole(f);
    /* And a journal that does not hold what it has seen is another history. */
    assert_int_equal(store_passphrase(&f->place, the_same_again, NULL, &f->e), 0);
    fixture_back(f, "founded");
    f->place.identity = &f->id;
    fixture_fill(f);
    fixture_fill(f);
    f->place.identity = NULL;
    for (int may_be_older = 0; may_be_older < 2; may_be_older++)
        fixture_says(f, adopt(f, may_be_older != 0, &a), ERR_DAMAGED, "your key file has seen", "two histories", NULL);
    assert_int_equal(file_replace(f->key.s, buf_bytes(&key), 0600, NULL), 0);
}

/* Who saw what cannot be read: it is moved away by a person, or nothing is adopted over it. */
static void test_damaged_state_is_not_written_over(void **state)
{
    struct fixture *f = *state;
    struct store_adopted a;
    OWN(buf_drop) struct buf text = {0};
    assert_int_equal(file_read_all(f->state_file.s, 1 << 16, &text, NULL), 0);
    text.p[text.n / 2] ^= 1;
    assert_int_equal(file_replace(f->state_file.s, buf_bytes(&text), 0600, NULL), 0);
    fixture_says(f, adopt(f, true, &a), ERR_DAMAGED, f->state_file.s, "move it away", NULL);
    assert_int_equal(file_remove(f->state_file.s, NULL), 0);
    assert_int_equal(adopt(f, false, &a), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_adopt_with_a_checkpoint),
        FIXTURE_TEST(test_adopt_refuses_other_checkpoints),
        FIXTURE_TEST(test_older_copy_is_refused_and_let_in),
        FIXTURE_TEST(test_two_histories_are_never_adopted),
        FIXTURE_TEST(test_the_key_file_has_seen),
        FIXTURE_TEST(test_damaged_state_is_not_written_over),
    };
    return FIXTURE_RUN(tests);
}
