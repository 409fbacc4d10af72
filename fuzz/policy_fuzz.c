/*
 * Hostile policies of cosigners, as they stand.
 *
 * Held: what parses is written in the one form, which is read as the same policy and written the same again; and one
 * signature more never makes a policy unfulfilled.
 */
#include "fuzz.h"
#include "model/policy.h"

static struct policy first, second;

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    OWN(buf_drop) struct buf text = {0}, again = {0};
    if (policy_parse(bytes_of(data, size), &first, NULL) != 0)
        return 0;
    must(first.nodes <= POLICY_NODES_MAX && first.quorum < (int)first.nodes);
    policy_text(&first, &text);
    must(policy_parse(buf_bytes(&text), &second, NULL) == 0);
    policy_text(&second, &again);
    must(bytes_equal(buf_bytes(&text), buf_bytes(&again)));
    must(policy_plain_needed(&first) == policy_plain_needed(&second));
    uint64_t by = 0;
    bool before = policy_fulfilled(&first, by);
    for (size_t i = 0; i < first.nodes; i++) {
        by |= UINT64_C(1) << i;
        bool now = policy_fulfilled(&first, by);
        must(now == policy_fulfilled(&second, by) && (now || !before));
        before = now;
    }
    must(before); /* when everybody has signed */
    return 0;
}
