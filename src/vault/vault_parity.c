/* Parity files: their names, their shape, and the leaf hashes that they carry; what is read of them proves itself. */
#include "base/text.h"
#include "vault/vault_internal.h"

#include <errno.h>
#include <isa-l/erasure_code.h>
#include <stdio.h>

bool vault_parity_known(const struct vault_parity *p)
{
    if (p->packs == 0 && p->files == 0)
        return true;
    return p->packs >= 1 && p->packs <= VAULT_STRIPE_PACKS_MAX && p->files >= 1 && p->files <= VAULT_PARITY_MAX;
}

/* A Cauchy matrix: every square part of it can be inverted, so any ${files} members can be lost. */
uint8_t vault_parity_coefficient(const struct vault_parity *p, uint32_t pack, uint32_t file)
{
    return gf_inv((unsigned char)((p->packs + file) ^ pack));
}

/* ---- names ---- */

void vault_parity_name(const struct vault_stripe *stripe, unsigned file, char to[VAULT_PARITY_NAME_MAX])
{
    (void)snprintf(to, VAULT_PARITY_NAME_MAX, "parity/%03llu/%06llu-%02u.p%u",
                   (unsigned long long)(stripe->stripe / 1000), (unsigned long long)stripe->stripe, stripe->packs,
                   file);
}

int vault_parity_path(const char *root, const struct vault_stripe *stripe, unsigned file, struct file_path *to,
                      struct err *e)
{
    char name[VAULT_PARITY_NAME_MAX];
    vault_parity_name(stripe, file, name);
    return file_path(to, e, "%s/%s", root, name);
}

/* The numbers in "NNNNNN-CC.pJ"; false for every other name. */
static bool name_read(const char *name, uint64_t *ret_stripe, uint32_t *ret_packs)
{
    size_t n = strspn(name, "0123456789");
    if (n == 0 || n > 19 || name[n] != '-' || strspn(name + n + 1, "0123456789") != 2 ||
        strncmp(name + n + 3, ".p", 2) != 0 || strspn(name + n + 5, "0123456789") != 1 || name[n + 6] != 0)
        return false;
    *ret_stripe = strtoull(name, NULL, 10);
    *ret_packs = (uint32_t)strtoul(name + n + 1, NULL, 10);
    return true;
}

static bool is_logged(const struct vault_parity_end *end, uint64_t stripe, uint32_t packs)
{
    for (size_t i = 0; i < end->stripe_count; i++)
        if (end->stripes[i].stripe == stripe)
            return end->stripes[i].packs == packs;
    return end->stripe_count > 0 && stripe < end->stripes[0].stripe; /* of earlier commits */
}

static int cut_folder(const char *path, const struct vault_parity_end *end, const struct vault_span *stripes,
                      struct err *e)
{
    OWN(dir_drop) DIR *dir = opendir(path);
    int rc = dir == NULL && errno != ENOENT ? err_os(e, ERR_IO, errno, "cannot open %s", path) : 0;
    for (struct dirent *d = NULL; rc == 0 && dir != NULL && (d = readdir(dir)) != NULL;) {
        struct file_path stray;
        uint64_t stripe;
        uint32_t packs;
        if (!name_read(d->d_name, &stripe, &packs) || stripe < stripes->first || stripe >= stripes->end ||
            is_logged(end, stripe, packs))
            continue;
        rc = file_path(&stray, e, "%s/%s", path, d->d_name);
        if (rc == 0)
            rc = file_remove(stray.s, e);
    }
    return rc;
}

/* A commit extends the last stripe and begins others behind it: nothing else can be left over. */
int vault_parity_cut(const char *root, const struct vault_parity_end *end, const struct vault_span *stripes,
                     struct err *e)
{
    uint64_t first = (end->stripe_count == 0 ? stripes->first : end->stripes[0].stripe) / 1000;
    struct file_path path;
    int rc = file_path(&path, e, "%s/parity", root);
    OWN(dir_drop) DIR *dir = rc == 0 ? opendir(path.s) : NULL;
    if (rc == 0 && dir == NULL && errno != ENOENT)
        rc = err_os(e, ERR_IO, errno, "cannot open %s", path.s);
    for (struct dirent *d = NULL; rc == 0 && dir != NULL && (d = readdir(dir)) != NULL;) {
        size_t n = strspn(d->d_name, "0123456789");
        if (n < 3 || n > 18 || d->d_name[n] != 0 || strtoull(d->d_name, NULL, 10) < first)
            continue;
        rc = file_path(&path, e, "%s/parity/%s", root, d->d_name);
        if (rc == 0)
            rc = cut_folder(path.s, end, stripes, e);
    }
    return rc;
}

/* ---- the trailer ---- */

void vault_trailer_shape(uint32_t pack_sectors, uint32_t members, struct trailer *ret)
{
    uint64_t pieces = (pack_sectors + PARITY_PIECE - 1) / PARITY_PIECE;
    uint64_t head = (members * pieces * CRYPT_HASH + VAULT_SECTOR - 1) / VAULT_SECTOR;
    uint64_t rest = ((uint64_t)members * pack_sectors * CRYPT_HASH + VAULT_SECTOR - 1) / VAULT_SECTOR;
    *ret = (struct trailer){.members = members,
                            .leaves_each = pack_sectors,
                            .pieces_each = (uint32_t)pieces,
                            .leaves_at = head * VAULT_SECTOR,
                            .sectors = (uint32_t)(head + rest)};
}

uint64_t vault_trailer_piece_at(const struct trailer *t, uint32_t member, uint32_t piece)
{
    return ((uint64_t)member * t->pieces_each + piece) * CRYPT_HASH;
}

uint64_t vault_trailer_leaf_at(const struct trailer *t, uint32_t member, uint32_t leaf)
{
    return t->leaves_at + ((uint64_t)member * t->leaves_each + leaf) * CRYPT_HASH;
}

void vault_parity_root(const struct hash *leaves, size_t count, struct hash *ret)
{
    struct merkle m = {0};
    for (size_t i = 0; i < count; i++)
        vault_merkle_add(&m, &leaves[i]);
    vault_merkle_root(&m, ret);
}

static uint32_t piece_leaves(const struct trailer *t, uint32_t piece)
{
    uint32_t left = t->leaves_each - piece * PARITY_PIECE;
    return left < PARITY_PIECE ? left : PARITY_PIECE;
}

void vault_trailer_fill(const struct trailer *t, const struct hash *leaves, uint8_t *to)
{
    memset(to, 0, (size_t)t->sectors * VAULT_SECTOR);
    for (uint32_t member = 0; member < t->members; member++) {
        const struct hash *own = leaves + (size_t)member * t->leaves_each;
        for (uint32_t piece = 0; piece < t->pieces_each; piece++) {
            struct hash root;
            vault_parity_root(own + (size_t)piece * PARITY_PIECE, piece_leaves(t, piece), &root);
            memcpy(to + vault_trailer_piece_at(t, member, piece), root.b, CRYPT_HASH);
        }
        memcpy(to + vault_trailer_leaf_at(t, member, 0), own, (size_t)t->leaves_each * CRYPT_HASH);
    }
}

/* Piece roots that hash to the member's root: full subtrees of one height, so they fold as the leaves would. */
static const struct hash *pieces_choose(const struct trailer *t, const struct hash *root,
                                        const struct hash *const *pieces, size_t copies)
{
    for (size_t c = 0; c < copies; c++) {
        struct hash made;
        if (pieces[c] == NULL)
            continue;
        vault_parity_root(pieces[c], t->pieces_each, &made);
        if (hash_equal(&made, root))
            return pieces[c];
    }
    return NULL;
}

static bool piece_choose(const struct hash *root, const struct hash *const *leaves, size_t copies, size_t from,
                         uint32_t count, struct hash *ret)
{
    for (size_t c = 0; c < copies; c++) {
        struct hash made;
        if (leaves[c] == NULL)
            continue;
        vault_parity_root(leaves[c] + from, count, &made);
        if (!hash_equal(&made, root))
            continue;
        memcpy(ret + from, leaves[c] + from, count * sizeof *ret);
        return true;
    }
    return false;
}

void vault_trailer_sift(const struct trailer *t, const struct hash *root, const struct hash *const *pieces,
                        const struct hash *const *leaves, size_t copies, struct hash *ret, bool *known)
{
    const struct hash *piece_roots = pieces_choose(t, root, pieces, copies);
    bool all = piece_roots == NULL && piece_choose(root, leaves, copies, 0, t->leaves_each, ret);
    for (uint32_t piece = 0; piece < t->pieces_each; piece++)
        known[piece] = all || (piece_roots != NULL &&
                               piece_choose(&piece_roots[piece], leaves, copies, (size_t)piece * PARITY_PIECE,
                                            piece_leaves(t, piece), ret));
}
