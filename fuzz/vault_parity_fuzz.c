/*
 * Hostile trailers: what copies of a stripe's trailer say of one member, edited byte by byte or not there at all.
 *
 * The first byte chooses how many leaves there are, the second which copies are missing.  Then edits of five bytes:
 * copy, whether piece roots or leaves, u16 place, and what is added to the byte there.
 *
 * Held: no crash, and what is taken for known is the member's own.
 */
#include "fuzz.h"
#include "vault/vault_internal.h"

enum { COPIES = 3, LEAVES_MAX = 1088, PIECES_MAX = 3, EDIT = 5 };

static struct hash leaves[LEAVES_MAX];

static uint32_t some_leaves(uint8_t choice)
{
    static const uint32_t counts[] = {64, 512, 576, LEAVES_MAX};
    return counts[choice % COUNT(counts)];
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    struct err e = {0};
    (void)count, (void)arguments;
    must(crypt_start(&e) == 0);
    for (uint32_t i = 0; i < LEAVES_MAX; i++)
        u32_put(leaves[i].b, i * 2654435761u);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct hash pieces_of[COPIES][PIECES_MAX], leaves_of[COPIES][LEAVES_MAX], got[LEAVES_MAX];
    const struct hash *pieces[COPIES], *said[COPIES];
    bool known[PIECES_MAX] = {false};
    struct trailer t;
    struct hash root;
    struct cursor c = cursor_of(bytes_of(data, size));
    uint32_t n = some_leaves(cursor_u8(&c));
    uint8_t missing = cursor_u8(&c);
    vault_trailer_shape(n, 1, &t);
    vault_parity_root(leaves, n, &root);
    uint8_t *bytes = malloc((size_t)t.sectors * VAULT_SECTOR);
    must(bytes != NULL);
    vault_trailer_fill(&t, leaves, bytes);
    for (uint32_t i = 0; i < COPIES; i++) {
        memcpy(pieces_of[i], bytes, t.pieces_each * sizeof(struct hash));
        memcpy(leaves_of[i], bytes + vault_trailer_leaf_at(&t, 0, 0), n * sizeof(struct hash));
        pieces[i] = (missing >> i & 1) != 0 ? NULL : pieces_of[i];
        said[i] = (missing >> (i + COPIES) & 1) != 0 ? NULL : leaves_of[i];
    }
    free(bytes);
    while (c.left >= EDIT) {
        uint8_t copy = cursor_u8(&c) % COPIES;
        bool piece = cursor_u8(&c) % 2 != 0;
        uint16_t at = cursor_u16(&c);
        uint8_t *to = piece ? pieces_of[copy][at / CRYPT_HASH % t.pieces_each].b : leaves_of[copy][at % n].b;
        to[at % CRYPT_HASH] = (uint8_t)(to[at % CRYPT_HASH] + cursor_u8(&c));
    }
    vault_trailer_sift(&t, &root, pieces, said, COPIES, got, known);
    for (uint32_t i = 0; i < n; i++)
        must(!known[i / PARITY_PIECE] || hash_equal(&got[i], &leaves[i]));
    return 0;
}
