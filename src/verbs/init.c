/* Making a repository. */
#include "verbs/verbs_internal.h"

#include <errno.h>

enum { OPTION_ORIGIN, OPTION_PACK, OPTION_PARITY, OPTION_INVESTIGATION, OPTION_ADMINISTRATORS,
       OPTION_ERASE_PERSONS, OPTION_ERASE_DAYS };

static int pack_size(const char *text, uint32_t *ret, struct err *e)
{
    uint64_t mib = VAULT_PACK_MIB_DEFAULT;
    if (text != NULL &&
        (decimal_get(bytes_text(text), &mib) != 0 || mib < VAULT_PACK_MIB_MIN || mib > VAULT_PACK_MIB_MAX))
        return err_set(e, ERR_USAGE, "--pack-size %s: give whole MiB from %d to %d", text, VAULT_PACK_MIB_MIN,
                       VAULT_PACK_MIB_MAX);
    *ret = (uint32_t)mib;
    return 0;
}

static int parity_shape(const char *text, struct vault_parity *ret, struct err *e)
{
    static const struct {
        const char *name;
        struct vault_parity shape;
    } known[] = {{"16+2", {16, 2}}, {"32+2", {32, 2}}, {"16+4", {16, 4}}, {"none", {0, 0}}};
    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(text == NULL ? "16+2" : text, known[i].name) == 0) {
            *ret = known[i].shape;
            return 0;
        }
    return err_set(e, ERR_USAGE, "--parity %s: give 16+2, 32+2, 16+4 or none", text);
}

static int administrators(const char *text, uint32_t *ret, struct err *e)
{
    uint64_t k = 1;
    if (text != NULL && (decimal_get(bytes_text(text), &k) != 0 || k < 1 || k > STATEMENT_ADMINISTRATORS_MAX))
        return err_set(e, ERR_USAGE, "--administrators %s: give a number from 1 to %d", text,
                       STATEMENT_ADMINISTRATORS_MAX);
    *ret = (uint32_t)k;
    return 0;
}

static int erase_policy(const char *persons, const char *days, struct store_founding *f, struct err *e)
{
    uint64_t k = 1, n = 0;
    if (persons != NULL && (decimal_get(bytes_text(persons), &k) != 0 || k < 1 || k > STATEMENT_ADMINISTRATORS_MAX))
        return err_set(e, ERR_USAGE, "--erase-persons %s: give a number from 1 to %d", persons,
                       STATEMENT_ADMINISTRATORS_MAX);
    if (days != NULL && (decimal_get(bytes_text(days), &n) != 0 || n > STATEMENT_ERASE_DAYS_MAX))
        return err_set(e, ERR_USAGE, "--erase-days %s: give a number from 0 to %d", days, STATEMENT_ERASE_DAYS_MAX);
    f->erase_persons = (uint32_t)k;
    f->erase_days = (uint32_t)n;
    return 0;
}

/* Where a path leads: without links and dots as far as it is there, and as written from there on. */
static int real_place(const char *path, struct file_path *ret, struct err *e)
{
    struct file_path whole;
    int rc = file_path(&whole, e, "%s%s", path[0] == '/' ? "" : "./", path);
    if (rc != 0)
        return rc;
    for (size_t cut = strlen(whole.s);;) {
        char next = whole.s[cut];
        whole.s[cut] = 0;
        OWN(mem_drop) char *real = realpath(cut == 0 ? "/" : whole.s, NULL);
        whole.s[cut] = next;
        if (real != NULL)
            return file_path(ret, e, "%s%s", strcmp(real, "/") == 0 ? "" : real, whole.s + cut);
        if (cut == 0)
            return err_os(e, ERR_IO, errno, "look at %s", path);
        do
            cut--;
        while (cut > 0 && whole.s[cut] != '/');
    }
}

/* The key must not lie in what it locks. */
static int key_outside(const char *root, const char *key_path, struct err *e)
{
    struct file_path outer, inner;
    int rc = real_place(root, &outer, e);
    if (rc == 0)
        rc = real_place(key_path, &inner, e);
    if (rc != 0)
        return rc;
    size_t n = strlen(outer.s);
    if (strncmp(outer.s, inner.s, n) == 0 && (inner.s[n] == '/' || inner.s[n] == 0))
        return err_set(e, ERR_REFUSED,
                       "the key file %s would lie in the repository that it opens: name a place outside", key_path);
    return 0;
}

int verbs_init(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(buf_wipe) struct buf passphrase = {0};
    OWN(buf_drop) struct buf key_path = {0};
    OWN(buf_drop) struct buf investigation = {0};
    struct verbs_place place;
    struct file_path root;
    struct hash pin;
    struct store_founding founding = {.origin = request->option[OPTION_ORIGIN]};
    if (founding.origin == NULL)
        return err_set(e, ERR_USAGE, "--origin NAME is missing: a public name for the log, like centre.example/log");
    int rc = verbs_text("--investigation", request->option[OPTION_INVESTIGATION], &investigation,
                        &founding.investigation, e);
    if (rc == 0 && founding.investigation == NULL)
        founding.investigation = "main";
    if (rc == 0)
        rc = pack_size(request->option[OPTION_PACK], &founding.pack_mib, e);
    if (rc == 0)
        rc = parity_shape(request->option[OPTION_PARITY], &founding.parity, e);
    if (rc == 0)
        rc = administrators(request->option[OPTION_ADMINISTRATORS], &founding.administrators, e);
    if (rc == 0)
        rc = erase_policy(request->option[OPTION_ERASE_PERSONS], request->option[OPTION_ERASE_DAYS], &founding, e);
    if (rc == 0)
        rc = file_path(&root, e, "%s", request->arguments[0]);
    if (rc != 0)
        return rc;
    for (size_t n = strlen(root.s); n > 1 && root.s[n - 1] == '/'; n--)
        root.s[n - 1] = 0;
    rc = key_outside(root.s, request->key_path != NULL ? request->key_path : request->config_folder, e);
    if (rc == 0)
        rc = verbs_ask_fresh((void *)(uintptr_t)face, &passphrase, e);
    if (rc != 0)
        return rc;
    verbs_place(request, face, &place);
    place.place.root = root.s;
    place.place.identity = NULL; /* keys that are unlocked are of another repository */
    founding.passphrase = buf_bytes(&passphrase);
    rc = store_found(&place.place, &founding, &pin, &key_path, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "administrators", founding.administrators);
        verbs_json_u64(face->json, "erase_days", founding.erase_days);
        verbs_json_u64(face->json, "erase_persons", founding.erase_persons);
        verbs_json_text(face->json, "key_file", buf_text(&key_path));
        verbs_json_text(face->json, "origin", founding.origin);
        verbs_json_hash(face->json, "pin", &pin);
        verbs_json_text(face->json, "repository", root.s);
        return 0;
    }
    char hex[2 * CRYPT_HASH + 1];
    hex_put(hex, pin.b, CRYPT_HASH);
    verbs_say(face, "Repository %s is ready.", root.s);
    verbs_say(face, "  Pin: %s", hex);
    verbs_say(face, "  Key file: %s", buf_text(&key_path));
    if (founding.parity.packs != 0)
        verbs_say(face, "  Parity: %u+%u: of %u pack files any %u may be lost", founding.parity.packs,
                  founding.parity.files, founding.parity.packs + founding.parity.files, founding.parity.files);
    else
        verbs_say(face, "  Parity: none: a damaged pack file can be healed from another copy of the repository only");
    verbs_say(face,
              "Copy the key file to a safe place now, and keep the passphrase apart from it: without both, nobody "
              "can read this repository again. Copying the repository is no backup of keys.");
    if (founding.administrators == 1)
        verbs_say(face, "Administrators: 1 of 1 decides alone.");
    else
        verbs_say(face, "Administrators: %u must agree, once there are so many; until then as many as there are.",
                  founding.administrators);
    verbs_say(face, "Erasing: %u persons must agree, as far as so many are there, and wait %u days.",
              founding.erase_persons, founding.erase_days);
    verbs_say(face, "Next: groundwork -R %s intake FOLDER", root.s);
    return 0;
}
