/* Time-stamps of outside authorities: asking, taking the answer, and what is said of those that are kept. */
#include "verbs/verbs_internal.h"

#include <assert.h>
#include <inttypes.h>

enum { OPTION_OUT, OPTION_AUTHORITY, OPTION_CHAIN };
enum { SECONDS_OF_A_DAY = 86400, RENEW_DAYS = 365, AUTHORITIES_WISHED = 2, AUTHORITY_MAX = 256 };

/* ---- what is said of them ---- */

static uint64_t days_since(int64_t at_unix_s)
{
    int64_t now = time_now_unix_s();
    return now > at_unix_s ? (uint64_t)(now - at_unix_s) / SECONDS_OF_A_DAY : 0;
}

static const struct store_stamp *newest(const struct store_stamps *x)
{
    return x->count == 0 ? NULL : &x->list[x->count - 1];
}

/* A clock is a claim, and nothing is decided by it: this is only said. */
static bool is_due(const struct store_stamps *x, const struct store_stamp *stamp)
{
    return time_now_unix_s() + (int64_t)RENEW_DAYS * SECONDS_OF_A_DAY >= stamp->until_unix_s &&
           !store_stamp_renewed(x, stamp);
}

static uint64_t count_due(const struct store_stamps *x)
{
    uint64_t due = 0;
    for (size_t i = 0; i < x->count; i++)
        due += is_due(x, &x->list[i]);
    return due;
}

static void json_stamps(struct json_out *j, const struct store_stamps *x)
{
    uint64_t leaves = 0;
    size_t authorities = store_stamps_newest(x, &leaves);
    json_key(j, "timestamps");
    json_object_begin(j);
    verbs_json_u64(j, "asked", x->asked);
    verbs_json_u64(j, "authorities", authorities);
    verbs_json_u64(j, "due", count_due(x));
    json_key(j, "last");
    if (newest(x) != NULL)
        json_i64(j, newest(x)->by_unix_s);
    else
        json_null(j);
    verbs_json_u64(j, "leaves", leaves);
    verbs_json_u64(j, "stamps", x->count);
    json_object_end(j);
}

static void warn_authorities(const struct verbs_face *face, const struct store_stamps *x)
{
    uint64_t leaves = 0;
    size_t authorities = store_stamps_newest(x, &leaves);
    if (authorities < AUTHORITIES_WISHED)
        verbs_say(face, "  WARNING: only one authority attests the newest stamped checkpoint: ask a second one that "
                        "does not depend on the first");
}

static void say_proven(const struct verbs_face *face, const struct store_stamps *x)
{
    uint64_t leaves = 0;
    size_t authorities = store_stamps_newest(x, &leaves);
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX], root[2 * CRYPT_HASH + 1];
    OWN(buf_drop) struct buf shown = {0};
    if (x->count == 0) {
        verbs_say(face, "No time-stamp attests when this was there: groundwork timestamp request asks for one.");
        return;
    }
    verbs_say(face, "Time-stamps: the newest stamped checkpoint has %s leaves; authorities that attest it: %zu",
              verbs_number(leaves, n), authorities);
    for (size_t i = 0; i < x->count; i++)
        if (x->list[i].leaves == leaves) {
            time_text(when, x->list[i].by_unix_s);
            hex_put(root, x->list[i].pinned.b, CRYPT_HASH);
            verbs_say(face, "  there no later than %s: %s, under the root %s", when,
                      verbs_shown(bytes_text(x->list[i].name), &shown), root);
        }
    warn_authorities(face, x);
}

int verbs_stamps_verified(struct store *s, const struct verbs_face *face, struct err *e)
{
    OWN(store_stamps_release) struct store_stamps x = {0};
    int rc = store_stamps(s, &x, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL)
        json_stamps(face->json, &x);
    else
        say_proven(face, &x);
    return 0;
}

static void say_due(const struct verbs_face *face, const struct store_stamps *x, const struct store_stamp *stamp)
{
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX];
    OWN(buf_drop) struct buf shown = {0};
    if (!is_due(x, stamp))
        return;
    time_text(when, stamp->until_unix_s);
    const char *name = verbs_shown(bytes_text(stamp->name), &shown);
    if (time_now_unix_s() > stamp->until_unix_s)
        verbs_say(face,
                  "  WARNING: a certificate under the time-stamp over %s leaves expired on %s, and no newer stamp "
                  "carries it: %s",
                  verbs_number(stamp->leaves, n), when, name);
    else
        verbs_say(face,
                  "  WARNING: a certificate under the time-stamp over %s leaves expires on %s: run groundwork "
                  "timestamp request before: %s",
                  verbs_number(stamp->leaves, n), when, name);
}

int verbs_stamps_status(struct store *s, const struct verbs_face *face, struct err *e)
{
    OWN(store_stamps_release) struct store_stamps x = {0};
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX];
    int rc = store_stamps(s, &x, e);
    if (rc != 0)
        return rc;
    if (face->json != NULL) {
        json_stamps(face->json, &x);
        return 0;
    }
    if (x.count == 0)
        verbs_say(face, "  Time-stamps: none yet. groundwork timestamp request asks an authority for one.");
    else {
        const struct store_stamp *last = newest(&x);
        assert(last != NULL);
        time_text(when, last->by_unix_s);
        verbs_say(face, "  Time-stamps: the last one is over %s leaves, of %s, %" PRIu64 " days ago",
                  verbs_number(last->leaves, n), when, days_since(last->by_unix_s));
        warn_authorities(face, &x);
    }
    if (x.asked > 0)
        verbs_say(face, "    requests that wait for their answers: %s", verbs_number(x.asked, n));
    for (size_t i = 0; i < x.count; i++)
        say_due(face, &x, &x.list[i]);
    return 0;
}

/* ---- asking ---- */

static void say_asked(const struct verbs_face *face, const struct store_asked *asked, const char *out)
{
    char n[VERBS_NUMBER_MAX], root[2 * CRYPT_HASH + 1];
    hex_put(root, asked->root.b, CRYPT_HASH);
    if (face->json != NULL) {
        verbs_json_text(face->json, "file", out);
        verbs_json_u64(face->json, "leaves", asked->leaves);
        verbs_json_hash(face->json, "root", &asked->root);
    }
    verbs_say(face, "Request over the checkpoint of %s leaves, root %s, in %s", verbs_number(asked->leaves, n), root,
              out);
    verbs_say(face, "Send that file to the authority. When its answer is here: groundwork timestamp import ANSWER "
                    "--chain CERTIFICATES");
}

static int authority_check(const char *name, struct err *e)
{
    return name == NULL || strlen(name) <= AUTHORITY_MAX
               ? 0
               : err_set(e, ERR_USAGE, "--authority: a name has at most %d bytes", AUTHORITY_MAX);
}

static int ask(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf der = {0}, held = {0};
    const char *out = request->option[OPTION_OUT], *name = NULL;
    struct verbs_place place;
    struct store_asked asked;
    if (out == NULL || request->count != 1 || request->option[OPTION_CHAIN] != NULL)
        return err_set(e, ERR_USAGE, "give a file for the request: groundwork timestamp request --out FILE.tsq");
    int rc = authority_check(request->option[OPTION_AUTHORITY], e);
    if (rc == 0)
        rc = verbs_text("--authority", request->option[OPTION_AUTHORITY], &held, &name, e);
    if (rc == 0)
        rc = verbs_outside(request, out, e);
    if (rc == 0 && file_exists(out)) /* before anything is remembered */
        rc = err_set(e, ERR_REFUSED, "%s is there already: name another file", out);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_PUBLIC, 0, &place, &s, e);
    if (rc == 0)
        rc = store_stamp_ask(s, name, &der, &asked, e);
    if (rc != 0)
        return rc;
    rc = file_create(out, buf_bytes(&der), 0644, e);
    if (rc != 0)
        (void)store_stamp_unask(s, &asked, NULL);
    else
        say_asked(face, &asked, out);
    return rc;
}

/* ---- the answer ---- */

static void say_taken(const struct verbs_face *face, const struct store_stamp *stamp, struct buf *asked_of)
{
    char n[VERBS_NUMBER_MAX], when[TIME_TEXT_MAX], until[TIME_TEXT_MAX], hex[2 * CRYPT_HASH + 1];
    OWN(buf_drop) struct buf shown = {0};
    time_text(when, stamp->by_unix_s);
    time_text(until, stamp->until_unix_s);
    hex_put(hex, stamp->pinned.b, CRYPT_HASH);
    if (face->json != NULL) {
        struct json_out *j = face->json;
        verbs_json_hash(j, "authority", &stamp->authority);
        verbs_json_u64(j, "leaf", stamp->leaf);
        verbs_json_u64(j, "leaves", stamp->leaves);
        json_key(j, "no_later_than");
        json_i64(j, stamp->by_unix_s);
        verbs_json_hash(j, "pinned", &stamp->pinned);
        json_key(j, "until");
        json_i64(j, stamp->until_unix_s);
    }
    if (asked_of->n > 0)
        verbs_say(face, "Asked of %s.", verbs_shown(buf_bytes(asked_of), &shown));
    verbs_say(face, "%s leaves were there no later than %s, says %s.", verbs_number(stamp->leaves, n), when,
              verbs_shown(bytes_text(stamp->name), &shown));
    verbs_say(face, "Its certificates are good until %s. The root's SHA-256, to be compared with what the authority "
                    "publishes: %s",
              until, hex);
    verbs_say(face, "It is leaf %" PRIu64 " of the log; the same as files lies in stamps/ of the repository.",
              stamp->leaf);
}

static int import(const struct verbs_request *request, const struct verbs_face *face, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    OWN(buf_drop) struct buf response = {0}, chain = {0}, asked_of = {0};
    const char *certificates = request->option[OPTION_CHAIN];
    struct verbs_place place;
    struct store_stamp stamp;
    if (request->count != 2 || certificates == NULL || request->option[OPTION_OUT] != NULL ||
        request->option[OPTION_AUTHORITY] != NULL)
        return err_set(e, ERR_USAGE,
                       "give the answer and the authority's certificates: groundwork timestamp import ANSWER.tsr "
                       "--chain CERTS.pem");
    int rc = file_read_all(request->arguments[1], CRYPT_STAMP_BYTES_MAX, &response, e);
    if (rc == 0)
        rc = file_read_all(certificates, CRYPT_STAMP_CHAIN_MAX, &chain, e);
    if (rc == 0)
        rc = verbs_open(request, face, STORE_WRITE, 0, &place, &s, e);
    if (rc == 0)
        rc = store_stamp_take(s, buf_bytes(&response), buf_bytes(&chain), &stamp, &asked_of, e);
    if (rc == 0)
        say_taken(face, &stamp, &asked_of);
    return rc;
}

int verbs_timestamp(const struct verbs_request *request, const struct verbs_face *face, int *ret_exit, struct err *e)
{
    (void)ret_exit;
    if (strcmp(request->arguments[0], "request") == 0)
        return ask(request, face, e);
    if (strcmp(request->arguments[0], "import") == 0)
        return import(request, face, e);
    return err_set(e, ERR_USAGE, "timestamp %s: say request or import", request->arguments[0]);
}
