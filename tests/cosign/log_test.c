/* The state of a log: written and read back, and nothing else than what was written is read. */
#include "logs.h"

static int start(void **state)
{
    (void)state;
    scratch_begin();
    return logs_begin();
}

static int end(void **state)
{
    (void)state;
    scratch_end();
    return 0;
}

static void written_and_read(void **state)
{
    (void)state;
    OWN(cosign_log_release) struct cosign_log l, read = {.signed_any = false}, fresh = {.log = logs_key};
    struct err e = {0};
    logs_state(logs_leaf, 9, bytes_text("request"), &l);
    assert_int_equal(cosign_log_read(".", logs_key.name, &logs_own, &read, &e), ERR_ABSENT);
    assert_int_equal(cosign_log_write(".", &fresh, &e), 0);
    assert_int_equal(cosign_log_read(".", logs_key.name, &logs_own, &read, &e), 0);
    assert_false(read.signed_any);
    cosign_log_release(&read);
    assert_int_equal(cosign_log_write(".", &l, &e), 0);
    if (cosign_log_read(".", logs_key.name, &logs_own, &read, &e) != 0)
        fail_msg("%s", e.text);
    assert_true(read.signed_any && read.held.size == 9 && hash_equal(&read.held.root, &l.held.root));
    assert_true(hash_equal(&read.answered, &l.answered));
    assert_true(bytes_equal(buf_bytes(&read.note), buf_bytes(&l.note)));
}

/* Without it whole, nothing may be signed: no bit of it is free. */
static void no_change_passes(void **state)
{
    (void)state;
    OWN(cosign_log_release) struct cosign_log l;
    OWN(buf_drop) struct buf text = {0};
    logs_state(logs_leaf, 9, bytes_text("request"), &l);
    cosign_log_text(&l, &text);
    const char *answered = strstr(buf_text(&text), "answered ") + 9;
    size_t from = (size_t)(answered - (const char *)text.p);
    for (size_t i = 0; i < text.n; i++)
        for (int bit = 0; bit < 8; bit++) {
            struct cosign_log read = {.signed_any = false};
            text.p[i] ^= (uint8_t)(1u << bit);
            int rc = cosign_log_parse(buf_bytes(&text), &logs_own, &read, NULL);
            /* Which request it was is a help against lost answers, and signed by nobody. */
            if (i < from || i >= from + 2 * CRYPT_HASH)
                assert_int_equal(rc, ERR_DAMAGED);
            cosign_log_release(&read);
            text.p[i] ^= (uint8_t)(1u << bit);
        }
    size_t first = (size_t)(strchr(strchr(buf_text(&text), '\n') + 1, '\n') + 1 - (const char *)text.p);
    for (size_t n = 0; n < text.n; n++) {
        struct cosign_log read = {.signed_any = false};
        int rc = cosign_log_parse(bytes_of(text.p, n), &logs_own, &read, NULL);
        assert_int_equal(rc, n == first ? 0 : ERR_DAMAGED); /* cut there, it is one that signed nothing yet */
        cosign_log_release(&read);
    }
}

static void of_others(void **state)
{
    (void)state;
    OWN(cosign_log_release) struct cosign_log l, read = {.signed_any = false};
    OWN(buf_drop) struct buf text = {0};
    struct file_path a, b;
    struct err e = {0};
    struct note_key other = logs_own;
    other.public_key[3] ^= 1;
    logs_state(logs_leaf, 9, bytes_text("request"), &l);
    cosign_log_text(&l, &text);
    assert_int_equal(cosign_log_parse(buf_bytes(&text), &other, &read, &e), ERR_DAMAGED);
    /* Under the name of another log, or by the log alone. */
    assert_int_equal(cosign_log_path(".", logs_key.name, ".log", &a, &e), 0);
    assert_int_equal(cosign_log_path(".", "log.example/other", ".log", &b, &e), 0);
    assert_int_equal(file_replace(b.s, buf_bytes(&text), 0600, &e), 0);
    assert_int_equal(cosign_log_read(".", "log.example/other", &logs_own, &read, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "nothing is signed for this log without it"));
    buf_clear(&l.note);
    logs_checkpoint(logs_leaf, 9, &l.note);
    buf_clear(&text);
    cosign_log_text(&l, &text);
    assert_int_equal(cosign_log_parse(buf_bytes(&text), &logs_own, &read, &e), ERR_DAMAGED);
    assert_non_null(strstr(e.text, "lacks a signature"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_and_read),
        cmocka_unit_test(no_change_passes),
        cmocka_unit_test(of_others),
    };
    return cmocka_run_group_tests(tests, start, end);
}
