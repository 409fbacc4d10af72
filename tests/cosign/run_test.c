/* The commands on files: what is durable before it is answered, and what stays as it was when something fails. */
#include "logs.h"

#include <sys/file.h>

static int start(void **state)
{
    (void)state;
    scratch_begin();
    assert_int_equal(logs_begin(), 0);
    assert_int_equal(file_create("passphrase", bytes_text("several words for a test\n"), 0600, NULL), 0);
    assert_int_equal(setenv("GROUNDWORK_PASSPHRASE_FILE", "passphrase", 1), 0);
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_end();
    return 0;
}

static int run(cosign_run *command, const char *first, const char *second, struct err *e)
{
    const struct cosign_line line = {.folder = "own", .argument = {first, second}};
    *e = (struct err){0};
    return command(&line, e);
}

static void refuses(cosign_run *command, const char *first, const char *second, int rc, const char *why)
{
    struct err e;
    int got = run(command, first, second, &e);
    if (got != rc || strstr(e.text, why) == NULL)
        fail_msg("%d \"%s\" expected, %d \"%s\" came", rc, why, got, e.text);
}

static void does(cosign_run *command, const char *first, const char *second)
{
    struct err e;
    if (run(command, first, second, &e) != 0)
        fail_msg("%s", e.text);
}

static void put_request(const struct hash *tree, uint64_t old, uint64_t size, const char *name)
{
    OWN(buf_drop) struct buf r = {0};
    logs_request(tree, old, size, &r);
    assert_int_equal(file_replace(name, buf_bytes(&r), 0600, NULL), 0);
}

static void get(const char *name, struct buf *to)
{
    buf_clear(to);
    assert_int_equal(file_read_all(name, COSIGN_FILE_MAX, to, NULL), 0);
}

static void before_there_is_a_key(void **state)
{
    (void)state;
    refuses(cosign_key, NULL, NULL, ERR_ABSENT, "there is no key");
    refuses(cosign_follow, "x", NULL, ERR_ABSENT, "there is no key");
    refuses(cosign_list, NULL, NULL, ERR_ABSENT, "there is no key");
    refuses(cosign_cosign, "r", "a", ERR_ABSENT, "there is no key");
    refuses(cosign_init, "a b", NULL, ERR_USAGE, "white space");
    does(cosign_init, "own.example/cosigner", NULL);
    refuses(cosign_init, "own.example/cosigner", NULL, ERR_REFUSED, "there is a key already");
    does(cosign_key, NULL, NULL);
}

static void following(void **state)
{
    (void)state;
    char vkey[NOTE_VKEY_MAX], own[NOTE_VKEY_MAX];
    note_key_text(&logs_key, vkey);
    note_key_text(&logs_own, own);
    put_request(logs_leaf, 0, 5, "r5");
    refuses(cosign_cosign, "r5", "a5", ERR_REFUSED, "is not followed here");
    assert_false(file_exists("a5"));
    refuses(cosign_follow, "nonsense", NULL, ERR_USAGE, "a verification key must read");
    refuses(cosign_follow, own, NULL, ERR_USAGE, "only Ed25519 (type 1)");
    does(cosign_follow, vkey, NULL);
    refuses(cosign_follow, vkey, NULL, ERR_REFUSED, "is followed already");
    refuses(cosign_checkpoint, logs_key.name, "c", ERR_REFUSED, "nothing was signed");
    does(cosign_list, NULL, NULL);
}

static void signing(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf a = {0}, held = {0}, joined = {0}, request = {0};
    OWN(note_drop) struct note n = {0};
    struct note_key own, keys[2] = {logs_key};
    struct cosigning_request r;
    assert_int_equal(cosign_key_read("own", &own, NULL), 0);
    keys[1] = own;
    does(cosign_cosign, "r5", "a5");
    get("a5", &a);
    get("r5", &request);
    assert_int_equal(cosigning_request_parse(buf_bytes(&request), &r, NULL), 0);
    cosigning_join(r.note, buf_bytes(&a), &joined);
    assert_int_equal(note_parse(buf_bytes(&joined), &n, NULL), 0);
    assert_int_equal(note_check(&n, keys, 2, NOTE_STRICT, NULL), 0);
    does(cosign_checkpoint, logs_key.name, "held");
    get("held", &held);
    assert_true(bytes_equal(buf_bytes(&held), buf_bytes(&joined)));
    refuses(cosign_checkpoint, logs_key.name, "held", ERR_REFUSED, "is there already");
    refuses(cosign_checkpoint, "log.example/other", "x", ERR_REFUSED, "is not followed here");
    refuses(cosign_cosign, "r5", "a5", ERR_REFUSED, "is there already");
    refuses(cosign_cosign, "nothing", "x", ERR_ABSENT, "nothing");
    assert_int_equal(file_replace("bad", bytes_text("old 0\n\n\n\n"), 0600, NULL), 0);
    refuses(cosign_cosign, "bad", "x", ERR_DAMAGED, "names no log");
}

/* A wrong passphrase, a state that cannot be written: nothing is answered, and what was signed last stays. */
static void nothing_half(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf before = {0}, after = {0};
    struct file_path path;
    assert_int_equal(cosign_log_path("own", logs_key.name, ".log", &path, NULL), 0);
    get(path.s, &before);
    put_request(logs_leaf, 5, 9, "r9");
    assert_int_equal(file_replace("passphrase", bytes_text("not those words\n"), 0600, NULL), 0);
    refuses(cosign_cosign, "r9", "a9", ERR_KEY, "does not open");
    assert_int_equal(file_replace("passphrase", bytes_text("several words for a test\n"), 0600, NULL), 0);
    assert_int_equal(chmod("own", 0500), 0);
    refuses(cosign_cosign, "r9", "a9", ERR_IO, "");
    assert_int_equal(chmod("own", 0700), 0);
    assert_false(file_exists("a9"));
    get(path.s, &after);
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
}

/* The state is durable and the answer is lost: the same request gets the very same answer, also without passphrase. */
static void a_lost_answer(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf first = {0}, second = {0}, before = {0}, after = {0};
    struct file_path path;
    assert_int_equal(cosign_log_path("own", logs_key.name, ".log", &path, NULL), 0);
    refuses(cosign_cosign, "r9", "no/such/folder/a9", ERR_IO, "");
    get(path.s, &before);
    assert_int_equal(rename("passphrase", "kept"), 0);
    does(cosign_cosign, "r9", "a9");
    does(cosign_cosign, "r9", "again");
    assert_int_equal(rename("kept", "passphrase"), 0);
    get("a9", &first);
    get("again", &second);
    get(path.s, &after);
    assert_true(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    assert_true(bytes_equal(buf_bytes(&before), buf_bytes(&after)));
}

static void conflicts(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf a = {0};
    refuses(cosign_cosign, "r5", "c5", ERR_REFUSED, "9 leaves"); /* a replay */
    get("c5", &a);
    assert_string_equal(buf_text(&a), "9\n");
    put_request(logs_leaf, 4, 7, "r7"); /* rolled back */
    refuses(cosign_cosign, "r7", "c7", ERR_REFUSED, "goes on from 4");
    get("c7", &a);
    assert_string_equal(buf_text(&a), "9\n");
}

static void damaged_state(void **state)
{
    (void)state;
    OWN(buf_drop) struct buf was = {0};
    struct file_path path;
    assert_int_equal(cosign_log_path("own", logs_key.name, ".log", &path, NULL), 0);
    get(path.s, &was);
    put_request(logs_leaf, 9, 12, "r12");
    was.p[was.n - 5] ^= 1;
    assert_int_equal(file_replace(path.s, buf_bytes(&was), 0600, NULL), 0);
    refuses(cosign_cosign, "r12", "a12", ERR_DAMAGED, "nothing is signed for this log without it");
    refuses(cosign_list, NULL, NULL, ERR_DAMAGED, "is damaged");
    was.p[was.n - 5] ^= 1;
    assert_int_equal(file_replace(path.s, buf_bytes(&was), 0600, NULL), 0);
}

static void one_at_a_time(void **state)
{
    (void)state;
    OWN(fd_drop) int fd = open("own/lock", O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    refuses(cosign_cosign, "r12", "a12", ERR_BUSY, "at work in own");
}

static void doubts_and_forks(void **state)
{
    (void)state;
    struct file_path fork, open_fork;
    assert_int_equal(cosign_log_path("own", logs_key.name, ".fork", &fork, NULL), 0);
    assert_int_equal(cosign_log_path("own", logs_key.name, "-12.fork", &open_fork, NULL), 0);
    OWN(buf_drop) struct buf r = {0};
    logs_request(logs_leaf, 9, 12, &r); /* a proof that was damaged on the way */
    r.p[8] = r.p[8] == 'A' ? 'B' : 'A';
    assert_int_equal(file_replace("damaged", buf_bytes(&r), 0600, NULL), 0);
    refuses(cosign_cosign, "damaged", "x", ERR_DAMAGED, "Its request is damaged, or its history was rewritten");
    assert_false(file_exists(fork.s));
    refuses(cosign_check, open_fork.s, NULL, ERR_DAMAGED, "not proven by this file alone");
    does(cosign_cosign, "r12", "a12"); /* no proof: the log may still show that it was honest */
    put_request(logs_forged, 12, 20, "forged");
    refuses(cosign_cosign, "forged", "x", ERR_DAMAGED, "PROOF OF TWO HISTORIES");
    assert_false(file_exists("x"));
    refuses(cosign_check, fork.s, NULL, ERR_DAMAGED, "PROOF OF TWO HISTORIES");
    refuses(cosign_check, "r12", NULL, ERR_DAMAGED, "it is no fork file");
    put_request(logs_leaf, 12, 20, "honest"); /* a person must decide now */
    refuses(cosign_cosign, "honest", "x", ERR_DAMAGED, "nothing more is signed for it");
    does(cosign_list, NULL, NULL);
}

/* ---- a log that goes on under another key ---- */

static const struct key turn_seed[3] = {{{51}}, {{52}}, {{53}}};
static struct note_key turn_key[3];

static void turn_keys(void)
{
    uint8_t public_key[CRYPT_PUBLIC];
    for (size_t i = 0; i < COUNT(turn_key); i++) {
        crypt_sign_public(&turn_seed[i], public_key);
        assert_int_equal(note_key_make("turn.example/log", public_key, &turn_key[i], NULL), 0);
    }
}

/* A checkpoint by one key, or by two. */
static void turn_note(uint64_t size, int first, int second, struct buf *to)
{
    struct checkpoint c = {.origin = "turn.example/log", .size = size};
    OWN(buf_drop) struct buf other = {0};
    OWN(note_drop) struct note n = {0};
    tree_root(logs_leaf, size, &c.root);
    assert_int_equal(checkpoint_sign(&c, &turn_key[first], &turn_seed[first], to, NULL), 0);
    if (second < 0)
        return;
    assert_int_equal(checkpoint_sign(&c, &turn_key[second], &turn_seed[second], &other, NULL), 0);
    assert_int_equal(note_parse(buf_bytes(&other), &n, NULL), 0);
    note_line_put(&n.line[0], to);
}

static void put_note(uint64_t size, int first, int second, const char *name)
{
    OWN(buf_drop) struct buf note = {0};
    turn_note(size, first, second, &note);
    assert_int_equal(file_replace(name, buf_bytes(&note), 0600, NULL), 0);
}

static void put_turned(uint64_t old, uint64_t size, int key, const char *name)
{
    const struct tree_reader reader = {logs_hash, logs_leaf};
    OWN(buf_drop) struct buf note = {0}, text = {0};
    struct cosigning_request r = {.old_size = old};
    assert_int_equal(tree_prove_consistency(old, size, &reader, &r.proof, NULL), 0);
    turn_note(size, key, -1, &note);
    r.note = buf_bytes(&note);
    cosigning_request_text(&r, &text);
    assert_int_equal(file_replace(name, buf_bytes(&text), 0600, NULL), 0);
}

/* Only what the key that is followed has signed too moves it on; what was signed stays what is extended. */
static void a_new_log_key(void **state)
{
    (void)state;
    char vkey[3][NOTE_VKEY_MAX];
    turn_keys();
    for (size_t i = 0; i < COUNT(vkey); i++)
        note_key_text(&turn_key[i], vkey[i]);
    put_note(8, 0, 1, "turn");
    refuses(cosign_turn, vkey[1], "turn", ERR_REFUSED, "is not followed here");
    does(cosign_follow, vkey[0], NULL);
    put_turned(0, 5, 0, "t5");
    does(cosign_cosign, "t5", "ta5");
    put_turned(5, 9, 1, "t9");
    refuses(cosign_cosign, "t9", "ta9", ERR_DAMAGED, "");
    put_note(8, 0, -1, "old alone");
    put_note(8, 1, -1, "new alone");
    put_note(8, 2, 1, "another");
    put_note(4, 0, 1, "earlier");
    refuses(cosign_turn, vkey[1], "old alone", ERR_DAMAGED, "not signed by both");
    refuses(cosign_turn, vkey[1], "new alone", ERR_DAMAGED, "not signed by both");
    refuses(cosign_turn, vkey[1], "another", ERR_DAMAGED, "");
    refuses(cosign_turn, vkey[2], "turn", ERR_DAMAGED, "");
    refuses(cosign_turn, vkey[1], "earlier", ERR_DAMAGED, "from before what was signed last");
    refuses(cosign_turn, "nonsense", "turn", ERR_USAGE, "a verification key must read");
    does(cosign_turn, vkey[1], "turn");
    does(cosign_list, NULL, NULL);
    put_turned(5, 7, 0, "t7"); /* the former key signs nothing any more */
    refuses(cosign_cosign, "t7", "ta7", ERR_DAMAGED, "");
    does(cosign_cosign, "t9", "ta9");
    put_note(10, 1, 2, "turn again");
    does(cosign_turn, vkey[2], "turn again");
    put_turned(9, 12, 2, "t12");
    does(cosign_cosign, "t12", "ta12");
}

int main(void)
{
    const struct CMUnitTest tests[] = { /* in this order: one life of a cosigner */
        cmocka_unit_test(before_there_is_a_key),
        cmocka_unit_test(following),
        cmocka_unit_test(signing),
        cmocka_unit_test(nothing_half),
        cmocka_unit_test(a_lost_answer),
        cmocka_unit_test(conflicts),
        cmocka_unit_test(damaged_state),
        cmocka_unit_test(one_at_a_time),
        cmocka_unit_test(doubts_and_forks),
        cmocka_unit_test(a_new_log_key),
    };
    return cmocka_run_group_tests(tests, start, end);
}
