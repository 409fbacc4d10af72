/* Files of the keyring in two copies, their heads and signatures. */
#include "keyring/keyring_internal.h"

#include <assert.h>
#include <stdio.h>

static const char PURPOSE[] = "groundwork/keyring/v1";

void keyring_head_write(const struct head *h, uint8_t to[HEAD_BYTES])
{
    memset(to, 0, HEAD_BYTES);
    memcpy(to, h->magic, 8);
    u32_put(to + 8, FORMAT_VERSION);
    u32_put(to + 12, h->features);
    memcpy(to + 16, h->compartment, KEYRING_ID);
    u64_put(to + 32, h->number);
    u64_put(to + 40, h->epoch);
    memcpy(to + 48, h->member, 4);
    u32_put(to + 52, h->body);
}

int keyring_head_read(const uint8_t from[HEAD_BYTES], const char *magic, struct head *ret, struct err *e)
{
    if (memcmp(from, magic, 8) != 0)
        return err_set(e, ERR_DAMAGED, "it does not begin as such a file must");
    uint32_t known = strcmp(magic, "GWTABLE\n") == 0 ? FEATURE_TURNS | FEATURE_CALLED | FEATURE_REWRITTEN : 0;
    if (u32_get(from + 8) > FORMAT_VERSION || (u32_get(from + 12) & ~known) != 0)
        return err_set(e, ERR_NEWER, "it was written by a newer groundwork: update the program");
    ret->magic = magic;
    ret->features = u32_get(from + 12);
    memcpy(ret->compartment, from + 16, KEYRING_ID);
    ret->number = u64_get(from + 32);
    ret->epoch = u64_get(from + 40);
    memcpy(ret->member, from + 48, 4);
    ret->body = u32_get(from + 52);
    return keyring_head_is(from, ret) ? 0 : err_set(e, ERR_DAMAGED, "its head has no known form");
}

bool keyring_head_is(const uint8_t from[HEAD_BYTES], const struct head *expected)
{
    uint8_t written[HEAD_BYTES];
    keyring_head_write(expected, written);
    return memcmp(from, written, HEAD_BYTES) == 0;
}

void keyring_comp_text(const uint8_t compartment[KEYRING_ID], char to[2 * KEYRING_ID + 1])
{
    hex_put(to, compartment, KEYRING_ID);
}

int keyring_change_add(struct keyring *k, const struct keyring_file *f, struct err *e)
{
    if (k->change_count == k->change_room) {
        size_t room = k->change_room * 2 + 8;
        struct keyring_file *grown = reallocarray(k->changes, room, sizeof *grown);
        if (grown == NULL)
            return err_memory(e);
        k->changes = grown;
        k->change_room = room;
    }
    k->changes[k->change_count++] = *f;
    return 0;
}

int keyring_keys_write(struct keyring *k, const char *name, struct bytes content, struct err *e)
{
    for (int i = 0; i < COPIES; i++) {
        struct file_path path;
        int rc = file_path(&path, e, "%s/%c/keys/%s", k->root, COPY_NAME(i), name);
        if (rc != 0)
            return rc;
        *strrchr(path.s, '/') = 0;
        rc = file_make_folders(path.s, e);
        if (rc == 0)
            rc = file_path(&path, e, "%s/%c/keys/%s", k->root, COPY_NAME(i), name);
        if (rc == 0) /* a stray of the same name is what a crash left: no commit names it yet */
            rc = file_replace(path.s, content, 0600, e);
        if (rc != 0)
            return rc;
    }
    struct keyring_file f = {.bytes = content.n};
    int n = snprintf(f.name, sizeof f.name, "%s", name);
    assert(n > 0 && (size_t)n < sizeof f.name);
    crypt_sha256(content, &f.sha256);
    return keyring_change_add(k, &f, e);
}

static int copy_read(const char *root, char copy, const char *name,
                     int (*good)(void *context, struct bytes content, struct err *e), void *context, struct buf *ret,
                     struct err *e)
{
    struct file_path path;
    struct err mine = {0};
    buf_clear(ret);
    int rc = file_path(&path, e, "%s/%c/keys/%s", root, copy, name);
    if (rc != 0)
        return rc;
    rc = file_read_all(path.s, KEYRING_FILE_MAX, ret, e);
    if (rc != 0)
        return rc;
    rc = good(context, buf_bytes(ret), &mine);
    return rc == 0 ? 0 : err_set(e, rc, "%s: %s", path.s, mine.text);
}

/* What a copy's error is worth: a flipped bit may pose as a foreign key in one; really foreign keys show in both. */
static int weight(int code)
{
    return code == ERR_ABSENT ? 0 : code == ERR_KEY ? 1 : 2;
}

int keyring_keys_read(const char *root, const char *name,
                      int (*good)(void *context, struct bytes content, struct err *e), void *context, struct buf *ret,
                      struct err *e)
{
    struct err line[COPIES] = {{0}, {0}};
    for (int i = 0; i < COPIES; i++) {
        int rc = copy_read(root, COPY_NAME(i), name, good, context, ret, &line[i]);
        if (rc == 0)
            return 0;
        if (err_is_scarce(&line[i])) /* it says nothing of this copy */
            return err_set(e, rc, "%s", line[i].text);
    }
    const struct err *said = &line[weight(line[1].code) > weight(line[0].code)];
    const struct err *other = said == line ? line + 1 : line;
    if (weight(other->code) < 2)
        return err_set(e, said->code, "%s", said->text);
    return err_set(e, said->code, "%s; %s", said->text, other->text);
}

int keyring_signed_finish(struct buf *b, const struct note_key *member, const struct key *seed, struct err *e)
{
    uint8_t signature[CRYPT_SIGNATURE];
    buf_put(b, member->id, 4);
    int rc = buf_check(b, e);
    if (rc == 0)
        rc = crypt_sign(seed, PURPOSE, buf_bytes(b), signature, e);
    if (rc != 0)
        return rc;
    buf_put(b, signature, sizeof signature);
    return buf_check(b, e);
}

int keyring_signed_check(struct bytes file, const struct note_key *signers, size_t count, struct bytes *ret_unsigned,
                         struct err *e)
{
    size_t i = 0;
    if (file.n < HEAD_BYTES + SIGNED_TAIL)
        return err_set(e, ERR_DAMAGED, "it is too short");
    struct bytes body = bytes_of(file.p, file.n - CRYPT_SIGNATURE);
    while (i < count && memcmp(body.p + body.n - 4, signers[i].id, 4) != 0)
        i++;
    if (i == count)
        return err_set(e, ERR_KEY, "it is signed by another member's key: is this key file of another repository?");
    if (!crypt_verify(signers[i].public_key, PURPOSE, body, body.p + body.n))
        return err_set(e, ERR_DAMAGED, "its signature does not verify");
    *ret_unsigned = bytes_of(file.p, file.n - SIGNED_TAIL);
    return 0;
}
