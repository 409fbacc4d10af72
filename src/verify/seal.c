/* The seal: beside the package, and on the log behind everything in it. */
#include "verify/verify_internal.h"

#include "base/file.h"
#include "model/cosigning.h"

#include <fcntl.h>

static const char NOTE[] = ".seal.note", PROOF[] = ".seal.tlog-proof", EXTENDS[] = ".seal.consistency";

/* The package's name with this ending. */
static int seal_read(const struct verifying *v, const char *ending, size_t bytes_max, struct buf *to, struct err *e)
{
    struct file_path path;
    const char *name = v->request->package;
    size_t n = strlen(name);
    while (n > 1 && name[n - 1] == '/')
        n--;
    int rc = file_path(&path, e, "%.*s%s", (int)n, name, ending);
    return rc == 0 ? verify_text_read(AT_FDCWD, path.s, bytes_max, to, e) : rc;
}

int verify_seal_find(struct verifying *v, struct err *e)
{
    int rc = seal_read(v, NOTE, OPENING_BYTES_MAX, &v->seal_text, e);
    if (rc == 0)
        rc = opening_parse(buf_bytes(&v->seal_text), &v->seal_opening, e);
    if (rc == 0) /* who is to have signed it is known only when the history of keys has been read */
        rc = opening_read(&v->seal_opening, NULL, 0, &v->seal_values, &v->seal_held, &v->seal, e);
    if (rc != 0)
        return err_add(e, rc, "%s", NOTE);
    if (v->seal.kind != STATEMENT_SEALED)
        return err_set(e, ERR_DAMAGED, "%s: is no seal of a package", NOTE);
    return 0;
}

/* The log goes on from the package's checkpoint to that of the seal: it is one history. */
static int prove_extension(struct verifying *v, struct bytes note, const struct checkpoint *sealed, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct cosigning_request r;
    int rc = seal_read(v, EXTENDS, COSIGNING_REQUEST_MAX, &text, e);
    if (rc == 0)
        rc = cosigning_request_parse(buf_bytes(&text), &r, e);
    if (rc != 0)
        return err_add(e, rc, "%s", EXTENDS);
    const struct checkpoint *c = &v->checkpoint;
    if (r.old_size != c->size || !bytes_equal(r.note, note) ||
        !tree_check_consistency(c->size, &c->root, sealed->size, &sealed->root, &r.proof))
        return err_set(e, ERR_DAMAGED, "%s: the seal's log does not go on from that of the package", EXTENDS);
    return 0;
}

static int prove_place(struct verifying *v, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    struct proof p;
    struct checkpoint sealed;
    struct hash leaf;
    uint8_t entry[LEAF_ENTRY];
    int rc = seal_read(v, PROOF, PROOF_BYTES_MAX, &text, e);
    if (rc == 0)
        rc = proof_parse(buf_bytes(&text), &p, e);
    if (rc == 0)
        rc = verify_checkpoint(v, p.checkpoint_note, &sealed, e);
    if (rc != 0)
        return err_add(e, rc, "%s", PROOF);
    opening_entry(&v->seal_opening, entry);
    crypt_leaf_hash(bytes_of(entry, LEAF_ENTRY), &leaf);
    if (p.index != v->seal_opening.leaf || p.index < v->checkpoint.size ||
        !tree_check_inclusion(&leaf, p.index, sealed.size, &p.path, &sealed.root))
        return err_set(e, ERR_DAMAGED, "%s: the seal is not on the log behind what it seals", PROOF);
    return prove_extension(v, p.checkpoint_note, &sealed, e);
}

int verify_seal_prove(struct verifying *v, struct err *e)
{
    int rc = verify_signed_opening(v, v->seal_opening.leaf, &v->seal_opening, &v->seal_values, &v->seal_held, &v->seal,
                                   e);
    if (rc != 0)
        return err_add(e, rc, "%s", NOTE);
    v->found.seal_leaf = v->seal_opening.leaf;
    v->found.sealed_unix_s = v->seal.at_unix_s;
    return prove_place(v, e);
}
