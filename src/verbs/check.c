/* Checking and healing: audit, verify, reindex, repair. */
#include "verbs/verbs_internal.h"

#include <inttypes.h>
#include <stdio.h>

enum { OPTION_KEYLESS, OPTION_FULL, OPTION_FROM_PACK, OPTION_LIMIT };
enum { LIMIT_MB_MAX = 1000000, MB = 1000000 };
enum { OPTION_DUMP };
enum { OPTION_MIRROR, OPTION_AGAINST, OPTION_FORK };
enum { OPTION_FROM };

void verbs_json_lines(struct json_out *j, const char *key, struct bytes lines)
{
    struct cursor c = cursor_of(lines);
    json_key(j, key);
    json_array_begin(j);
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            break;
        json_string_bytes(j, line);
    }
    json_array_end(j);
}

/* A check that fails is an answer, not an error: it is said, and the exit code is 1. */
static int answer_damaged(const struct verbs_face *face, const struct err *mine, int *ret_exit)
{
    *ret_exit = VERBS_FAILED;
    if (face->json != NULL) {
        json_key(face->json, "findings");
        json_array_begin(face->json);
        json_string(face->json, mine->text);
        json_array_end(face->json);
        verbs_json_text(face->json, "result", "FAILED");
    }
    verbs_say(face, "FAILED: %s", mine->text);
    return 0;
}

/* ---- the other compartments that are held, one after the other ---- */

/* What was opened is closed first: its numbers stay. */
struct beyond {
    struct verbs_others others;
    struct store_watch *watch;
    uint64_t limit_mb, from;
    struct store_verified *verified; /* summed up, or */
    struct store_audited *audited;
    struct err mine; /* the first that failed */
};

static void beyond_release(struct beyond *b)
{
    verbs_others_release(&b->others);
}

static int look_at_other(struct beyond *b, struct store *s, struct err *e)
{
    if (b->verified != NULL) {
        struct store_verified one = {0};
        int rc = store_verify(s, b->watch, &one, e);
        b->verified->statements_opened += one.statements_opened;
        b->verified->elsewhere -= one.hidden - one.elsewhere;
        b->verified->accesses += one.accesses;
        b->verified->chains += one.chains;
        if (b->verified->overruled == 0 || (one.overruled > 0 && one.overruled_first < b->verified->overruled_first))
            b->verified->overruled_first = one.overruled_first;
        b->verified->overruled += one.overruled;
        return rc;
    }
    struct store_audited one;
    store_audit_limit(s, b->limit_mb * MB);
    int rc = store_audit(s, true, b->from, b->watch, &one, e);
    b->audited->packs += one.packs;
    b->audited->parity_files += one.parity_files;
    b->audited->bytes += one.bytes;
    b->audited->items += one.items;
    b->audited->item_bytes += one.item_bytes;
    return rc;
}

/* Those that nobody here can open are held to their roots all the same. */
static int look_at_foreign(struct beyond *b, struct store *first, struct err *e)
{
    struct store_audited one;
    store_audit_rest(first);
    int rc = store_audit(first, false, b->from, b->watch, &one, e);
    b->audited->packs += one.packs;
    b->audited->parity_files += one.parity_files;
    b->audited->bytes += one.bytes;
    return rc;
}

/* ERR_DAMAGED as soon as one is; everything else ends it. */
static int look_beyond(struct beyond *b, const struct verbs_request *request, const struct verbs_face *face,
                       struct verbs_watching *w, struct store *first)
{
    int rc = request->compartment == NULL ? verbs_others(first, &b->others, &b->mine) : 0;
    bool damaged = false;
    w->again = true;
    if (rc == 0 && b->audited != NULL && b->others.foreign > 0)
        rc = look_at_foreign(b, first, &b->mine);
    for (size_t i = 0; (rc == 0 || rc == ERR_DAMAGED) && i < b->others.count; i++) {
        OWN(store_drop) struct store *s = NULL;
        struct verbs_place place;
        damaged = damaged || rc == ERR_DAMAGED;
        rc = verbs_other_open(request, face, STORE_CHECK, &b->others, i, &place, &s, &b->mine);
        if (rc == 0)
            rc = look_at_other(b, s, &b->mine);
    }
    return rc == 0 && damaged ? ERR_DAMAGED : rc;
}

int verbs_audit(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct verbs_place place;
    struct store_watch watch;
    struct store_audited done;
    struct err mine = {0};
    bool keyless = request->option[OPTION_KEYLESS] != NULL;
    uint64_t from = 0;
    if (keyless && request->option[OPTION_FULL] != NULL)
        return err_set(e, ERR_USAGE, "give one of --keyless and --full");
    if (request->option[OPTION_FROM_PACK] != NULL &&
        decimal_get(bytes_text(request->option[OPTION_FROM_PACK]), &from) != 0)
        return err_set(e, ERR_USAGE, "--from-pack %s: give the number of a pack", request->option[OPTION_FROM_PACK]);
    uint64_t limit_mb = 0;
    if (request->option[OPTION_LIMIT] != NULL &&
        (decimal_get(bytes_text(request->option[OPTION_LIMIT]), &limit_mb) != 0 || limit_mb == 0 ||
         limit_mb > LIMIT_MB_MAX))
        return err_set(e, ERR_USAGE, "--limit %s: give a number of MB/s, 1 to %d", request->option[OPTION_LIMIT],
                       LIMIT_MB_MAX);
    verbs_watch(&w, &watch);
    int rc = verbs_open(request, face, keyless ? STORE_PUBLIC : STORE_CHECK, 0, &place, &s, &mine);
    if (rc == ERR_DAMAGED)
        return answer_damaged(face, &mine, ret_exit);
    if (rc == 0) {
        store_audit_limit(s, limit_mb * MB);
        rc = store_audit(s, !keyless, from, &watch, &done, &mine);
    }
    OWN(beyond_release) struct beyond x = {.watch = &watch, .limit_mb = limit_mb, .from = from, .audited = &done};
    if (!keyless && (rc == 0 || rc == ERR_DAMAGED)) {
        int more = look_beyond(&x, request, face, &w, s);
        if (more != 0 && (rc == 0 || more != ERR_DAMAGED)) {
            rc = more;
            mine = x.mine;
        }
    }
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    if (rc == ERR_DAMAGED && w.findings == 0)
        return answer_damaged(face, &mine, ret_exit);
    *ret_exit = rc == 0 ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL) {
        verbs_json_u64(face->json, "bytes", done.bytes);
        verbs_json_lines(face->json, "findings", buf_bytes(&w.lines));
        verbs_json_u64(face->json, "items", done.items);
        verbs_json_u64(face->json, "packs", done.packs);
        verbs_json_u64(face->json, "parity_files", done.parity_files);
        verbs_json_text(face->json, "result", rc == 0 ? "WHOLE" : "FAILED");
        return 0;
    }
    char b[VERBS_NUMBER_MAX], n[VERBS_NUMBER_MAX];
    if (done.parity_files == 0)
        verbs_say(face, "%" PRIu64 " packs (%s) compared with their logged roots.", done.packs,
                  verbs_size(done.bytes, b));
    else
        verbs_say(face, "%" PRIu64 " packs and %" PRIu64 " parity files (%s) compared with their logged roots.",
                  done.packs, done.parity_files, verbs_size(done.bytes, b));
    if (!keyless)
        verbs_say(face, "%s items (%s) decrypted and re-hashed.", verbs_number(done.items, n),
                  verbs_size(done.item_bytes, b));
    if (rc == 0 && from > 0)
        verbs_say(face, "WHOLE from pack %" PRIu64 " on", from);
    else if (rc == 0)
        verbs_say(face, "WHOLE");
    else
        verbs_say(face, "FAILED: %s", mine.text);
    return 0;
}

static void json_accesses(struct json_out *j, const struct store_verified *done)
{
    char hex[2 * STATEMENT_ID + 1];
    json_key(j, "access_gaps");
    json_array_begin(j);
    for (size_t i = 0; i < done->gaps && i < STORE_GAPS_MAX; i++) {
        hex_put(hex, done->gap[i].device, STATEMENT_ID);
        json_object_begin(j);
        verbs_json_text(j, "device", hex);
        verbs_json_u64(j, "first", done->gap[i].first);
        verbs_json_u64(j, "last", done->gap[i].last);
        json_object_end(j);
    }
    json_array_end(j);
    verbs_json_u64(j, "accesses", done->accesses);
}

static void json_doubtful(struct json_out *j, const struct store_verified *done)
{
    if (done->doubtful == 0)
        return;
    json_key(j, "doubtful");
    json_object_begin(j);
    verbs_json_u64(j, "first", done->doubtful_first);
    verbs_json_u64(j, "last", done->doubtful_last);
    verbs_json_u64(j, "leaves", done->doubtful);
    json_object_end(j);
}

static void json_overruled(struct json_out *j, const struct store_verified *done)
{
    if (done->overruled == 0)
        return;
    json_key(j, "overruled");
    json_object_begin(j);
    verbs_json_u64(j, "first", done->overruled_first);
    verbs_json_u64(j, "leaves", done->overruled);
    json_object_end(j);
}

static void say_accesses(const struct verbs_face *face, const struct store_verified *done)
{
    char hex[2 * STATEMENT_ID + 1];
    if (done->accesses > 0)
        verbs_say(face, "%" PRIu64 " records of accesses, by %" PRIu64 " devices.", done->accesses, done->chains);
    for (size_t i = 0; i < done->gaps && i < STORE_GAPS_MAX; i++) {
        hex_put(hex, done->gap[i].device, STATEMENT_ID);
        verbs_say(face,
                  "  Of device %s the records %" PRIu64 " to %" PRIu64 " never came to this log: its spool was lost, "
                  "or another copy was read.",
                  hex, done->gap[i].first, done->gap[i].last);
    }
    if (done->gaps > STORE_GAPS_MAX)
        verbs_say(face, "  ... and %" PRIu64 " further gaps.", done->gaps - STORE_GAPS_MAX);
}

int verbs_verify(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct verbs_place place;
    struct store_watch watch;
    struct store_verified done = {0};
    struct err mine = {0};
    const char *against = request->option[OPTION_AGAINST], *fork = request->option[OPTION_FORK];
    if (against != NULL && request->option[OPTION_MIRROR] != NULL)
        return err_set(e, ERR_USAGE, "give one of --mirror and --against");
    if (fork != NULL && against == NULL)
        return err_set(e, ERR_USAGE, "--fork belongs to --against");
    if (against != NULL)
        return verbs_verify_against(request, face, against, fork, ret_exit, e);
    if (request->option[OPTION_MIRROR] != NULL)
        return verbs_verify_mirror(request, face, request->option[OPTION_MIRROR], ret_exit, e);
    verbs_watch(&w, &watch);
    int rc = verbs_open(request, face, STORE_CHECK, 0, &place, &s, &mine);
    if (rc == ERR_DAMAGED)
        return answer_damaged(face, &mine, ret_exit);
    if (rc == 0)
        rc = store_verify(s, &watch, &done, &mine);
    OWN(beyond_release) struct beyond x = {.watch = &watch, .verified = &done};
    if (rc == 0 || rc == ERR_DAMAGED) {
        int more = look_beyond(&x, request, face, &w, s);
        if (more != 0 && (rc == 0 || more != ERR_DAMAGED)) {
            rc = more;
            mine = x.mine;
        }
    }
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    if (rc == ERR_DAMAGED && w.findings == 0)
        return answer_damaged(face, &mine, ret_exit);
    bool uncosigned = rc == 0 && done.policed && !done.cosigned.fulfilled_any;
    const struct policy *policy = store_policy(s);
    *ret_exit = rc != 0 ? VERBS_FAILED : uncosigned ? VERBS_UNCOSIGNED : VERBS_DONE;
    if (face->json != NULL) {
        json_accesses(face->json, &done);
        if (policy != NULL)
            verbs_cosigned_json(face->json, policy, &done.cosigned);
        verbs_json_u64(face->json, "covers", done.covers);
        json_doubtful(face->json, &done);
        verbs_json_u64(face->json, "erased", done.erased);
        verbs_json_lines(face->json, "findings", buf_bytes(&w.lines));
        if (verbs_numbered_tell(&w.numbered, face, e) != 0)
            return e->code;
        verbs_json_u64(face->json, "leaves", done.leaves);
        verbs_json_u64(face->json, "not_held", done.elsewhere);
        json_overruled(face->json, &done);
        verbs_json_u64(face->json, "records", done.records);
        verbs_json_text(face->json, "result", rc != 0 ? "FAILED" : uncosigned ? "UNCOSIGNED" : "VERIFIED");
        verbs_json_u64(face->json, "statements_opened", done.statements_opened);
        return verbs_stamps_verified(s, face, e);
    }
    verbs_say(face,
              "%" PRIu64 " commits, %" PRIu64 " leaves, %" PRIu64 " statements opened, %" PRIu64 " covers checked.",
              done.records, done.leaves, done.statements_opened, done.covers);
    if (done.elsewhere > 0)
        verbs_say(face, "%" PRIu64 " hidden leaves are of compartments that are not looked at here: you do not hold "
                        "them, or named another one.", done.elsewhere);
    say_accesses(face, &done);
    if (done.doubtful > 0)
        verbs_say(face,
                  "DOUBTFUL: %" PRIu64 " leaves from %" PRIu64 " to %" PRIu64
                  " were signed by members who were revoked.",
                  done.doubtful, done.doubtful_first, done.doubtful_last);
    if (done.overruled > 0)
        verbs_say(face,
                  "DOUBTFUL: %" PRIu64 " forms, the first on leaf %" PRIu64
                  ", say yes against a no that they cannot undo: they allow nothing of that.",
                  done.overruled, done.overruled_first);
    int told = verbs_erased_say(s, face, 0, UINT64_MAX, e);
    if (told == 0)
        told = verbs_numbered_tell(&w.numbered, face, e);
    if (told == 0)
        told = verbs_stamps_verified(s, face, e);
    if (told != 0)
        return told;
    if (policy != NULL)
        verbs_cosigned_say(face, policy, &done.cosigned, done.leaves);
    if (uncosigned)
        verbs_say(face, "UNCOSIGNED: the log is whole, but cosigners have not signed it as its policy asks.");
    else if (rc == 0)
        verbs_say(face, "VERIFIED");
    else
        verbs_say(face, "FAILED: %s", mine.text);
    return 0;
}

/* ---- reindex ---- */

struct dumping {
    struct buf text;
};

static int dump_line(void *context, const char *text, struct err *e)
{
    struct dumping *d = context;
    buf_put_text(&d->text, text);
    buf_put_u8(&d->text, '\n');
    return buf_check(&d->text, e);
}

static int dump(struct index *x, const char *path, struct err *e)
{
    struct dumping d = {0};
    int rc = index_dump(x, dump_line, &d, e);
    if (rc == 0)
        rc = file_create(path, buf_bytes(&d.text), 0600, e);
    buf_wipe(&d.text);
    return rc == ERR_REFUSED ? err_set(e, rc, "%s is there already: name another file", path) : rc;
}

int verbs_reindex(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    OWN(store_drop) struct store *s = NULL;
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    struct verbs_place place;
    struct store_watch watch;
    struct index_sums sums;
    char n[VERBS_NUMBER_MAX];
    const char *dump_path = request->option[OPTION_DUMP];
    int rc = dump_path != NULL ? verbs_outside(request, dump_path, e) : 0;
    if (rc != 0)
        return rc;
    if (dump_path != NULL && file_exists(dump_path)) /* before the long work, not after it */
        return err_set(e, ERR_REFUSED, "%s is there already: name another file", dump_path);
    verbs_watch(&w, &watch);
    rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_reindex(s, &watch, e);
    if (rc == 0)
        rc = index_sums(store_index(s), &sums, e);
    if (rc == 0 && dump_path != NULL)
        rc = dump(store_index(s), dump_path, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        verbs_json_u64(face->json, "items", sums.items);
    verbs_say(face, "The index is rebuilt from the log: %s items.", verbs_number(sums.items, n));
    return 0;
}

/* ---- repair ---- */

/* No such folder, or an empty one: nothing is left that could be healed in its place. */
static bool is_gone(const char *root)
{
    OWN(dir_drop) DIR *dir = opendir(root);
    bool any = false;
    for (struct dirent *d; dir != NULL && (d = readdir(dir)) != NULL;)
        any = any || (strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0);
    return dir != NULL ? !any : !file_exists(root);
}

int verbs_repair(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    OWN(verbs_watching_release) struct verbs_watching w = {.face = face};
    OWN(buf_drop) struct buf words = {0};
    struct verbs_place place;
    struct store_watch watch;
    struct err mine = {0};
    if (request->repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    const char *mirror = request->option[OPTION_FROM];
    if (mirror != NULL && is_gone(request->repository))
        return verbs_from_mirror(request, face, mirror, ret_exit, e);
    verbs_watch(&w, &watch);
    verbs_place(request, face, &place);
    int rc = mirror != NULL ? mirror_repair(&place.place, mirror, &watch, &words, &mine)
                            : store_repair(&place.place, NULL, &watch, &words, &mine);
    if (rc != 0 && rc != ERR_DAMAGED)
        return err_set(e, rc, "%s", mine.text);
    *ret_exit = rc == 0 ? VERBS_DONE : VERBS_FAILED;
    if (face->json != NULL) {
        if (rc != 0 && w.findings == 0)
            buf_printf(&w.lines, "%s\n", mine.text);
        verbs_json_lines(face->json, "findings", buf_bytes(&w.lines));
        verbs_json_lines(face->json, "healed", buf_bytes(&words));
        verbs_json_text(face->json, "result", rc == 0 ? "WHOLE" : "FAILED");
        return 0;
    }
    struct cursor c = cursor_of(buf_bytes(&words));
    while (c.left > 0) {
        struct bytes line = cursor_line(&c);
        if (c.failed)
            break;
        verbs_say(face, "  healed: %.*s", (int)line.n, (const char *)line.p);
    }
    if (rc != 0)
        verbs_say(face, "FAILED: %s", mine.text);
    else if (words.n == 0)
        verbs_say(face, "Nothing needed healing. groundwork audit checks what is stored.");
    else
        verbs_say(face,
                  "Healed. Damaged files are kept in quarantine/; run groundwork verify and groundwork audit now.");
    return 0;
}
