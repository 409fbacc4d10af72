/* Keys held unlocked for a while: `unlock`, `lock`, and how every other verb comes by them. */
#include "verbs/verbs_internal.h"

#include "agent/agent.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_MINUTES, MINUTES = 30, SECONDS_OF_A_MINUTE = 60 };

/* ---- for every verb ---- */

int verbs_agent_held(void *context, const struct hash *pin, const struct note_key *member,
                     struct keyring_identity *ret, struct err *e)
{
    const struct verbs_place *p = context;
    struct file_path path;
    struct err mine = {0};
    int rc = agent_path(p->runtime_folder, pin, member, &path, e);
    if (rc == 0)
        rc = agent_ask(path.s, ret, &mine);
    if (rc == 0 && memcmp(ret->member.public_key, member->public_key, CRYPT_PUBLIC) == 0)
        return 0;
    keyring_identity_drop(ret);
    if (rc != 0 && rc != ERR_ABSENT) /* there is the passphrase still */
        verbs_warn(p->face, "%s", mine.text);
    return ERR_ABSENT;
}

void verbs_agent_changed(void *context, const struct keyring_identity *id)
{
    const struct verbs_place *p = context;
    struct file_path path;
    struct err mine = {0};
    int rc = agent_path(p->runtime_folder, &id->pin, &id->member, &path, &mine);
    if (rc == 0)
        rc = agent_renew(path.s, id, &mine);
    if (rc != 0 && rc != ERR_ABSENT)
        verbs_warn(p->face, "%s", mine.text);
}

void verbs_agent_status(const struct verbs_request *request, const struct verbs_face *face,
                        const struct store_facts *f)
{
    struct file_path path;
    struct note_key member;
    struct hash pin;
    uint64_t left = 0;
    bool held = request->runtime_folder != NULL && f->key_path[0] != 0 &&
                keyring_identity_peek(f->key_path, &member, &pin, NULL) == 0 &&
                agent_path(request->runtime_folder, &pin, &member, &path, NULL) == 0 &&
                agent_left(path.s, &left, NULL) == 0;
    if (face->json != NULL)
        verbs_json_u64(face->json, "agent_seconds", held ? left : 0);
    else if (held)
        verbs_say(face, "  Your keys are unlocked for %" PRIu64 " more minutes; groundwork lock ends that",
                  left / SECONDS_OF_A_MINUTE + 1);
}

/* ---- unlock, lock ---- */

static int minutes_of(const struct verbs_request *request, uint32_t *ret, struct err *e)
{
    const char *text = request->option[OPTION_MINUTES];
    uint64_t n = MINUTES;
    if (text != NULL && (decimal_get(bytes_text(text), &n) != 0 || n < 1 || n > AGENT_MINUTES_MAX))
        return err_set(e, ERR_USAGE, "--minutes %.80s: a number from 1 to %d", text, AGENT_MINUTES_MAX);
    *ret = (uint32_t)n;
    return 0;
}

/* The member's key file for this repository, and what it says of itself. */
struct key_at {
    struct file_path path;
    struct hash pin;
    struct note_key member;
};

static int find_key(const struct verbs_request *request, const struct verbs_face *face, struct key_at *ret,
                    struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct verbs_place place;
    struct store_facts f;
    int rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    store_facts(s, &f);
    rc = file_path(&ret->path, e, "%s", f.key_path);
    if (rc == 0)
        rc = keyring_identity_peek(ret->path.s, &ret->member, &ret->pin, e);
    if (rc == ERR_ABSENT)
        rc = err_set(e, ERR_KEY, "no key file at %s: bring your copy of it there, or name it with --key", ret->path.s);
    return rc;
}

/* By the passphrase alone, and only what opens this repository now: a key that does not is no help for half an hour. */
static int load(const struct verbs_request *request, const struct verbs_face *face, const struct key_at *at,
                struct keyring_identity *ret, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_wipe) struct buf passphrase = {0};
    struct verbs_place place;
    verbs_place(request, face, &place);
    int rc = place.place.passphrase(place.place.context, at->path.s, &passphrase, e);
    if (rc == 0)
        rc = keyring_identity_load(at->path.s, buf_bytes(&passphrase), ret, e);
    place.place.identity = ret;
    return rc == 0 ? store_open(&place.place, STORE_READ, &s, e) : rc;
}

static void drop_identity(struct keyring_identity **id)
{
    crypt_secret_free(*id);
}

int verbs_unlock(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(drop_identity) struct keyring_identity *id = crypt_secret_new(sizeof *id);
    struct key_at at;
    struct file_path path;
    uint32_t minutes = 0;
    bool locked = false;
    (void)ret_exit;
    if (id == NULL)
        return err_memory(e);
    int rc = minutes_of(request, &minutes, e);
    if (rc == 0)
        rc = find_key(request, face, &at, e);
    if (rc == 0)
        rc = agent_path(request->runtime_folder, &at.pin, &at.member, &path, e);
    if (rc == 0)
        rc = load(request, face, &at, id, e);
    if (rc == 0)
        rc = agent_start(path.s, id, minutes, &locked, e);
    if (rc != 0)
        return rc;
    if (!locked)
        verbs_warn(face, "its memory cannot be locked: what is swapped out may hold your keys. Raise ulimit -l, or "
                         "switch swap off");
    if (face->json != NULL) {
        json_key(face->json, "locked_memory");
        json_bool(face->json, locked);
        verbs_json_u64(face->json, "minutes", minutes);
    }
    verbs_say(face, "Your keys are unlocked for %" PRIu32 " minutes. groundwork lock ends that at once.", minutes);
    return 0;
}

/* Whoever leaves her desk takes the stick with her first: where no key is found, whatever is unlocked is meant. */
int verbs_lock(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    struct key_at at;
    struct file_path path;
    struct err mine = {0};
    size_t ended = 0;
    (void)ret_exit;
    int rc = find_key(request, face, &at, &mine);
    if (rc == 0)
        rc = agent_path(request->runtime_folder, &at.pin, &at.member, &path, &mine);
    if (rc != 0) {
        verbs_warn(face, "%s", mine.text);
        rc = agent_end_all(request->runtime_folder, &ended, &mine);
    } else {
        rc = agent_end(path.s, &mine);
        ended = rc == 0;
    }
    bool was = ended > 0;
    if (rc != 0 && rc != ERR_ABSENT)
        return err_set(e, rc, "%s", mine.text);
    if (face->json != NULL) {
        json_key(face->json, "was_unlocked");
        json_bool(face->json, was);
    }
    verbs_say(face, was ? "Locked: the keys are wiped." : "Nothing was unlocked.");
    return 0;
}
