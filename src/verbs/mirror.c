/* Copies on other disks: making them, asking whether they are whole, and how old they are. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>

enum { OPTION_REMIND, OPTION_AGAIN, OPTION_ANEW };
enum { ID_SHOWN = 4, DAY_S = 86400 };

static void json_id(struct json_out *j, const uint8_t id[MIRROR_ID])
{
    json_key(j, "mirror");
    json_hex(j, bytes_of(id, MIRROR_ID));
}

/* The first digits of its number: enough to tell a centre's mirrors apart. */
static const char *shown_id(const uint8_t id[MIRROR_ID], char to[2 * ID_SHOWN + 1])
{
    hex_put(to, id, ID_SHOWN);
    return to;
}

/* ---- mirror ---- */

static int wish_read(const struct verbs_request *request, struct mirror_wish *ret, uint32_t *days, struct err *e)
{
    uint64_t v;
    *ret = (struct mirror_wish){.folder = request->arguments[0],
                                      .again = request->option[OPTION_AGAIN] != NULL,
                                      .anew = request->option[OPTION_ANEW] != NULL};
    if (request->option[OPTION_REMIND] == NULL)
        return 0;
    if (decimal_get(bytes_text(request->option[OPTION_REMIND]), &v) != 0 || v > MIRROR_DAYS_MAX)
        return err_set(e, ERR_USAGE, "--remind %s: give a number of days, 0 to %d; 0 is never",
                       request->option[OPTION_REMIND], MIRROR_DAYS_MAX);
    *days = (uint32_t)v;
    ret->warn_days = days;
    return 0;
}

static void say_mirrored(const struct verbs_face *face, const struct mirror_wish *wish,
                         const struct mirror_made *done, const struct err *mine)
{
    char b[VERBS_NUMBER_MAX], n[VERBS_NUMBER_MAX], id[2 * ID_SHOWN + 1];
    if (done->files == 0)
        verbs_say(face, "Nothing new to copy.");
    else
        verbs_say(face, "%s files (%s) copied and read again.", verbs_number(done->files, n),
                  verbs_size(done->bytes, b));
    if (mine->code != 0)
        verbs_say(face, "FAILED: %s", mine->text);
    else
        verbs_say(face, "Mirror %s in %s holds %" PRIu64 " commits, %s leaves.", shown_id(done->id, id), wish->folder,
                  done->records, verbs_number(done->leaves, n));
    if (done->same_disk)
        verbs_say(face, "WARNING: %s is on the same disk as the repository, and is lost with it: use another disk.",
                  wish->folder);
}

/* A mirror holds what was committed: what waits is lost with this disk. */
static void warn_waiting(const struct store *s, const struct verbs_face *face)
{
    struct err mine = {0};
    uint64_t waiting = 0;
    char n[VERBS_NUMBER_MAX];
    if (store_waiting_count(s, &waiting, &mine) != 0)
        verbs_warn(face, "%s", mine.text);
    if (waiting > 0)
        verbs_warn(face,
                   "withdrawals and refusals that are not on the log yet, and so not in this mirror: %s; groundwork "
                   "note puts them there, then mirror again",
                   verbs_number(waiting, n));
}

int verbs_mirror(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct mirror_wish wish;
    struct store_watch watch;
    struct mirror_made done;
    struct verbs_place place;
    struct err mine = {0};
    uint32_t days = 0;
    verbs_watch(&w, &watch);
    int rc = wish_read(request, &wish, &days, e);
    if (rc == 0)
        rc = verbs_outside(request, wish.folder, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc != 0)
        return rc;
    rc = mirror_make(s, &wish, &watch, &done, &mine);
    if (rc != 0 && (rc != ERR_DAMAGED || w.findings == 0))
        return err_set(e, rc, "%s", mine.text);
    *ret_exit = rc == 0 ? VERBS_DONE : VERBS_FAILED;
    warn_waiting(s, face);
    if (face->json == NULL) {
        say_mirrored(face, &wish, &done, &mine);
        return 0;
    }
    verbs_json_u64(face->json, "bytes", done.bytes);
    verbs_json_u64(face->json, "commits", done.records);
    verbs_json_u64(face->json, "files", done.files);
    verbs_json_lines(face->json, "findings", buf_bytes(&w.lines));
    verbs_json_u64(face->json, "leaves", done.leaves);
    json_id(face->json, done.id);
    verbs_json_text(face->json, "result", rc == 0 ? "WHOLE" : "FAILED");
    json_key(face->json, "same_disk");
    json_bool(face->json, done.same_disk);
    return 0;
}

/* ---- verify --mirror ---- */

static void say_verified(const struct verbs_face *face, const char *folder, const struct mirror_verified *v)
{
    char b[VERBS_NUMBER_MAX], n[VERBS_NUMBER_MAX], id[2 * ID_SHOWN + 1], hex[2 * CRYPT_HASH + 1];
    verbs_say(face, "Mirror %s in %s", shown_id(v->id, id), folder);
    hex_put(hex, v->pin.b, CRYPT_HASH);
    verbs_say(face, "  Of: %s, pin %s", v->origin, hex);
    hex_put(hex, v->root.b, CRYPT_HASH);
    verbs_say(face, "  Log: %s leaves in %" PRIu64 " commits, root %s", verbs_number(v->leaves, n), v->records, hex);
    verbs_say(face, "  %s files (%s with the journal) compared with it.", verbs_number(v->files, n),
              verbs_size(v->bytes, b));
    if (v->compared && v->ahead > 0)
        verbs_say(face, "  It is %" PRIu64 " commits ahead of the repository, which is an older copy.", v->ahead);
    else if (v->compared && v->behind > 0)
        verbs_say(face, "  It is %" PRIu64 " commits behind the repository: groundwork mirror copies them.", v->behind);
    else if (v->compared && v->findings == 0)
        verbs_say(face, "  It holds everything that the repository has committed.");
}

static void json_verified(struct json_out *j, const struct mirror_verified *v, struct bytes lines, bool whole)
{
    if (v->compared) {
        verbs_json_u64(j, "ahead", v->ahead);
        verbs_json_u64(j, "behind", v->behind);
    }
    verbs_json_u64(j, "bytes", v->bytes);
    verbs_json_u64(j, "commits", v->records);
    verbs_json_u64(j, "files", v->files);
    verbs_json_lines(j, "findings", lines);
    verbs_json_u64(j, "leaves", v->leaves);
    json_id(j, v->id);
    verbs_json_text(j, "origin", v->origin);
    verbs_json_hash(j, "pin", &v->pin);
    verbs_json_text(j, "result", whole ? "VERIFIED" : "FAILED");
    verbs_json_hash(j, "root", &v->root);
}

int verbs_verify_mirror(const struct verbs_request *request, const struct verbs_face *face, const char *folder,
                        int *ret_exit, struct err *e)
{
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct mirror_verified done;
    struct store_watch watch;
    struct verbs_place place;
    struct err mine = {0};
    verbs_watch(&w, &watch);
    verbs_place(request, face, &place);
    int rc = mirror_verify(folder, request->repository != NULL ? &place.place : NULL, &watch, &done, &mine);
    if (rc != 0 && (rc != ERR_DAMAGED || w.findings == 0))
        return err_set(e, rc, "%s", mine.text);
    *ret_exit = rc == 0 ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL) {
        json_verified(face->json, &done, buf_bytes(&w.lines), rc == 0);
        return 0;
    }
    say_verified(face, folder, &done);
    if (rc == 0)
        verbs_say(face, "VERIFIED");
    else
        verbs_say(face, "FAILED: %s", mine.text);
    return 0;
}

/* ---- repair --from, where there is no repository any more ---- */

int verbs_from_mirror(const struct verbs_request *request, const struct verbs_face *face, const char *folder,
                      int *ret_exit, struct err *e)
{
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct mirror_restored done;
    struct store_watch watch;
    char n[VERBS_NUMBER_MAX];
    verbs_watch(&w, &watch);
    int rc = mirror_restore(folder, request->repository, &watch, &done, e);
    if (rc != 0)
        return rc;
    *ret_exit = done.findings == 0 ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "commits", done.records);
        verbs_json_lines(face->json, "findings", buf_bytes(&w.lines));
        verbs_json_u64(face->json, "leaves", done.leaves);
        verbs_json_text(face->json, "origin", done.origin);
        verbs_json_hash(face->json, "pin", &done.pin);
        verbs_json_text(face->json, "result", done.findings == 0 ? "WHOLE" : "FAILED");
        return 0;
    }
    verbs_say(face, "%s was made again from the mirror: %s, %" PRIu64 " commits, %s leaves.", request->repository,
              done.origin, done.records, verbs_number(done.leaves, n));
    verbs_say(face, "Keys are not in a mirror: bring your key file. Then: groundwork adopt, groundwork verify");
    if (done.findings > 0)
        verbs_say(face,
                  "FAILED: what is named above is damaged in this mirror, and was left out: run groundwork adopt, and "
                  "then groundwork repair --from another mirror");
    return 0;
}

/* ---- status ---- */

static uint64_t age_days(int64_t at_unix_s)
{
    int64_t age = time_now_unix_s() - at_unix_s;
    return age < 0 ? 0 : (uint64_t)age / DAY_S; /* a clock that was set back makes nothing younger than today */
}

static void say_mirrors(const struct verbs_face *face, const struct mirror_notes *notes, uint64_t records)
{
    char when[TIME_TEXT_MAX], id[2 * ID_SHOWN + 1];
    int64_t now = time_now_unix_s(); /* what is noted as later was noted by a clock that went wrong */
    bool young = notes->warn_days == 0;
    for (size_t i = 0; i < notes->count; i++) {
        const struct mirror_noted *m = &notes->list[i];
        uint64_t behind = records > m->records ? records - m->records : 0;
        time_text(when, m->at_unix_s);
        young = young || (m->at_unix_s <= now + DAY_S && age_days(m->at_unix_s) < notes->warn_days);
        verbs_say(face, "  Mirror %s: %s, in %s, %" PRIu64 " commits behind", shown_id(m->id, id), when, m->folder,
                  behind);
    }
    if (!young && notes->count == 0)
        verbs_say(face, "  WARNING: this computer has made no mirror: run groundwork mirror DEST, on another disk.");
    else if (!young)
        verbs_say(face, "  WARNING: no mirror is younger than %u days: run groundwork mirror DEST.", notes->warn_days);
}

static void json_mirrors(struct json_out *j, const struct mirror_notes *notes)
{
    json_key(j, "mirrors");
    json_array_begin(j);
    for (size_t i = 0; i < notes->count; i++) {
        const struct mirror_noted *m = &notes->list[i];
        char when[TIME_TEXT_MAX];
        time_text(when, m->at_unix_s);
        json_object_begin(j);
        verbs_json_u64(j, "age_days", age_days(m->at_unix_s));
        verbs_json_u64(j, "commits", m->records);
        verbs_json_bytes(j, "folder", "folder_hex", bytes_text(m->folder));
        verbs_json_u64(j, "leaves", m->leaves);
        json_id(j, m->id);
        verbs_json_text(j, "time", when);
        json_object_end(j);
    }
    json_array_end(j);
    verbs_json_u64(j, "mirrors_warn_days", notes->warn_days);
}

int verbs_mirrors_status(const struct verbs_request *request, const struct verbs_face *face,
                         const struct store_facts *f, struct err *e)
{
    OWN(mirror_notes_drop) struct mirror_notes *notes = NULL;
    struct verbs_place place;
    verbs_place(request, face, &place);
    int rc = mirror_notes(&place.place, &f->pin, &notes, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        json_mirrors(face->json, notes);
    else
        say_mirrors(face, notes, f->position.records);
    return 0;
}
