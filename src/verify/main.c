#include "verify/verify.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "base/unicode.h"
#include "model/policy.h"

#include <stdio.h>

enum { EXIT_USAGE = 2, EXIT_ENVIRONMENT = 4 };

struct typed {
    const char *package, *pin, *policy, *lang;
    bool json, help;
};

static const char *word_of(enum verify_word word)
{
    switch (word) {
    case VERIFY_VERIFIED: return "VERIFIED";
    case VERIFY_TIME_UNPROVEN: return "TIME-UNPROVEN";
    case VERIFY_UNCOSIGNED: return "UNCOSIGNED";
    case VERIFY_FAILED: break;
    }
    return "FAILED";
}

static void help(FILE *to)
{
    (void)fprintf(to, "%s\n\n",
                  text_tr("groundwork-verify PACKAGE [--pin HEX] [--policy FILE] [--json]: is a package what the log "
                          "of its origin says?"));
    (void)fprintf(to, "  %s\n  %s\n  %s\n  %s\n\n", text_tr("--pin HEX      the pin of the log, got elsewhere"),
                  text_tr("--policy FILE  who must have cosigned, got elsewhere; else by what the log says itself"),
                  text_tr("--json         one JSON document instead of lines"),
                  text_tr("--lang LANG    en or ko"));
    (void)fprintf(to, "%s\n",
                  text_tr("The files of the seal lie beside PACKAGE. Nothing is written, no network is used. Exit: 0 "
                          "VERIFIED, 1 FAILED, 5 TIME-UNPROVEN, 6 UNCOSIGNED, 2 wrong usage, 4 input or environment."));
}

/* LC_ALL and so on as POSIX orders them; English for others. */
static int choose_language(const char *named, struct err *e)
{
    enum text_language language = TEXT_ENGLISH;
    const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    if (named != NULL && text_language_named(named, &language) != 0)
        return err_set(e, ERR_USAGE, "--lang: %s is neither en nor ko", named);
    for (size_t i = 0; named == NULL && i < COUNT(variables); i++) {
        const char *value = getenv(variables[i]);
        if (value == NULL || value[0] == 0)
            continue;
        (void)text_language_named(value, &language);
        break;
    }
    text_choose(language);
    return 0;
}

static int take_apart(int argc, char **argv, struct typed *t, struct err *e)
{
    const struct {
        const char *name, **to;
    } valued[] = {{"--pin", &t->pin}, {"--policy", &t->policy}, {"--lang", &t->lang}};
    for (int i = 1; i < argc; i++) {
        size_t k = 0;
        while (k < COUNT(valued) && strcmp(argv[i], valued[k].name) != 0)
            k++;
        if (k < COUNT(valued) && i + 1 == argc)
            return err_set(e, ERR_USAGE, "%s wants a value", argv[i]);
        if (k < COUNT(valued))
            *valued[k].to = argv[++i];
        else if (strcmp(argv[i], "--json") == 0)
            t->json = true;
        else if (strcmp(argv[i], "--help") == 0)
            t->help = true;
        else if (argv[i][0] == '-')
            return err_set(e, ERR_USAGE, "no such option here: %s", argv[i]);
        else if (t->package != NULL)
            return err_set(e, ERR_USAGE, "name one package, not several");
        else
            t->package = argv[i];
    }
    return 0;
}

/* ---- what was found ---- */

static void say_outside(const struct verify_found *f)
{
    OWN(buf_drop) struct buf shown = {0};
    char time[TIME_TEXT_MAX], hex[2 * CRYPT_HASH + 1];
    if (f->cosigners > 0) {
        (void)printf(text_tr("Cosigned by %u of %u, on a checkpoint that holds all of it."), f->cosigned_by,
                     f->cosigners);
        (void)putchar('\n');
    }
    for (size_t i = 0; i < f->stamps; i++) {
        buf_clear(&shown);
        unicode_display(bytes_text(f->stamp[i].name), &shown);
        time_text(time, f->stamp[i].by_unix_s);
        hex_put(hex, f->stamp[i].root.b, CRYPT_HASH);
        (void)printf(text_tr("It was there at %s, by the time-stamp of %s; its root certificate has the SHA-256 %s."),
                     time, buf_text(&shown), hex);
        (void)putchar('\n');
    }
}

static void say(const struct typed *t, const struct verify_found *f)
{
    char time[TIME_TEXT_MAX], hex[2 * CRYPT_HASH + 1];
    hex_put(hex, f->pin.b, CRYPT_HASH);
    time_text(time, f->sealed_unix_s);
    (void)printf(text_tr("Package of %s: %llu items, %llu files of %llu bytes, under a log of %llu leaves."), f->origin,
                 (unsigned long long)f->items, (unsigned long long)f->files, (unsigned long long)f->bytes,
                 (unsigned long long)f->leaves);
    (void)putchar('\n');
    (void)printf(text_tr("Sealed on leaf %llu, at %s as it claims; %llu key events behind the first were followed."),
                 (unsigned long long)f->seal_leaf, time, (unsigned long long)f->events);
    (void)putchar('\n');
    say_outside(f);
    for (size_t i = 0; i < f->withheld_ranges; i++)
        (void)printf("WITHHELD %llu-%llu\n", (unsigned long long)f->withheld[i].first,
                     (unsigned long long)f->withheld[i].last);
    (void)printf("%s%s\n", text_tr("Pin: "), hex);
    if (t->pin == NULL)
        (void)puts(text_tr("Compare this pin with one that you got elsewhere: whoever makes a log can make another."));
    (void)puts(word_of(f->word));
}

static void put_number(struct json_out *j, const char *key, uint64_t v)
{
    json_key(j, key);
    json_u64(j, v);
}

static void put_stamps(struct json_out *j, const struct verify_found *f)
{
    OWN(buf_drop) struct buf shown = {0};
    json_key(j, "timestamps");
    json_array_begin(j);
    for (size_t i = 0; i < f->stamps; i++) {
        buf_clear(&shown);
        unicode_display(bytes_text(f->stamp[i].name), &shown);
        json_object_begin(j);
        json_key(j, "authority");
        json_string(j, buf_text(&shown));
        json_key(j, "no_later_than");
        json_i64(j, f->stamp[i].by_unix_s);
        json_key(j, "root_sha256");
        json_hex(j, bytes_of(f->stamp[i].root.b, CRYPT_HASH));
        json_object_end(j);
    }
    json_array_end(j);
}

static void put_found(struct json_out *j, const struct verify_found *f)
{
    put_number(j, "bytes", f->bytes);
    put_number(j, "cosigned_by", f->cosigned_by);
    put_number(j, "cosigners", f->cosigners);
    put_number(j, "exit", f->word);
    put_number(j, "files", f->files);
    put_number(j, "items", f->items);
    put_number(j, "key_events", f->events);
    put_number(j, "leaves", f->leaves);
    json_key(j, "origin");
    json_string(j, f->origin);
    json_key(j, "pin");
    json_hex(j, bytes_of(f->pin.b, CRYPT_HASH));
    put_number(j, "seal", f->seal_leaf);
    json_key(j, "sealed");
    json_i64(j, f->sealed_unix_s);
    put_stamps(j, f);
    json_key(j, "withheld");
    json_array_begin(j);
    for (size_t i = 0; i < f->withheld_ranges; i++) {
        json_array_begin(j);
        json_u64(j, f->withheld[i].first);
        json_u64(j, f->withheld[i].last);
        json_array_end(j);
    }
    json_array_end(j);
}

/* ${failed}: NULL, or why. */
static int document(const struct verify_found *f, const char *failed, struct err *e)
{
    OWN(buf_drop) struct buf text = {0}, shown = {0};
    struct json_out j = {.to = &text};
    json_object_begin(&j);
    if (failed == NULL)
        put_found(&j, f);
    else {
        unicode_display(bytes_text(failed), &shown);
        json_key(&j, "error");
        json_string(&j, buf_text(&shown));
        put_number(&j, "exit", VERIFY_FAILED);
    }
    json_key(&j, "word");
    json_string(&j, word_of(failed == NULL ? f->word : VERIFY_FAILED));
    json_object_end(&j);
    buf_put_u8(&text, '\n');
    int rc = buf_check(&text, e);
    if (rc == 0)
        (void)fwrite(text.p, 1, text.n, stdout);
    return rc;
}

/* *ret: the exit code of what was found. */
static int act(const struct typed *t, int *ret, struct err *e)
{
    OWN(verify_found_release) struct verify_found found = {0};
    OWN(buf_drop) struct buf policy = {0};
    struct hash pin;
    struct verify_request request = {.package = t->package};
    if (t->pin != NULL && hex_get(bytes_text(t->pin), pin.b, CRYPT_HASH) != 0)
        return err_set(e, ERR_USAGE, "--pin: a pin is 64 digits 0 to 9 and a to f");
    if (t->pin != NULL)
        request.pin = &pin;
    int rc = t->policy != NULL ? file_read_all(t->policy, POLICY_BYTES_MAX, &policy, e) : 0;
    if (rc == 0 && t->policy != NULL) {
        OWN(mem_drop) struct policy *p = calloc(1, sizeof *p);
        rc = p == NULL ? err_memory(e) : policy_parse(buf_bytes(&policy), p, e);
    }
    if (rc != 0)
        return rc == ERR_DAMAGED ? err_set(e, ERR_USAGE, "--policy: %s is no policy", t->policy) : rc;
    request.policy = buf_bytes(&policy);
    rc = verify_package(&request, &found, e);
    *ret = rc == 0 ? (int)found.word : rc == ERR_DAMAGED ? VERIFY_FAILED : EXIT_ENVIRONMENT;
    if (rc == ERR_DAMAGED && t->json)
        return document(NULL, e->text, e);
    if (rc != 0)
        return rc;
    if (t->json)
        return document(&found, NULL, e);
    say(t, &found);
    return 0;
}

int verify_main(int argc, char **argv)
{
    struct typed t = {0};
    struct err e = {0};
    int code = EXIT_ENVIRONMENT;
    (void)choose_language(NULL, NULL);
    int rc = crypt_start(&e);
    if (rc == 0)
        rc = take_apart(argc, argv, &t, &e);
    if (rc == 0)
        rc = choose_language(t.lang, &e);
    if (rc == 0 && (t.help || t.package == NULL)) {
        help(t.help ? stdout : stderr);
        return t.help ? 0 : EXIT_USAGE;
    }
    if (rc == 0)
        rc = act(&t, &code, &e);
    if (fflush(stdout) != 0 && rc == 0)
        rc = err_set(&e, ERR_IO, "cannot write to the output");
    if (rc == 0)
        return code;
    (void)fprintf(stderr, "groundwork-verify: %s\n", e.text);
    if (rc == ERR_DAMAGED)
        (void)puts("FAILED");
    return rc == ERR_USAGE ? EXIT_USAGE : rc == ERR_DAMAGED ? VERIFY_FAILED : EXIT_ENVIRONMENT;
}
