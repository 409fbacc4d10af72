#include "fixture.h"

#include <ftw.h>

/* ---- the face ---- */

static void line_put(struct buf *to, const char *line)
{
    assert_null(strchr(line, '\n'));
    assert_true(unicode_valid(bytes_text(line)));
    buf_put_text(to, line);
    buf_put_u8(to, '\n');
}

static void say(void *context, const char *line)
{
    struct fixture *f = context;
    line_put(&f->said, line);
    if (f->saying != NULL)
        f->saying(f);
}

static void warn(void *context, const char *line)
{
    line_put(&((struct fixture *)context)->warned, line);
}

static int progress(void *context, const struct verbs_progress *p)
{
    struct fixture *f = context;
    assert_true(p->files_all == 0 || p->files <= p->files_all);
    f->last = *p;
    return f->progress != NULL ? f->progress(p) : 0;
}

static int passphrase(void *context, const char *prompt, bool twice, struct buf *ret, struct err *e)
{
    struct fixture *f = context;
    assert_true(f->asked < COUNT(f->passphrase));
    const char *answer = f->passphrase[f->asked];
    f->asked_twice[f->asked++] = twice;
    line_put(&f->prompts, prompt);
    buf_put_text(ret, answer != NULL ? answer : FIXTURE_PASSPHRASE);
    return buf_check(ret, e);
}

static int typed(void *context, const char *prompt, struct buf *ret, struct err *e)
{
    return passphrase(context, prompt, false, ret, e);
}

static int record(void *context, struct buf *held, struct err *e)
{
    const struct fixture *f = context;
    const char *text = f->record != NULL ? f->record : "";
    assert_true(strlen(text) <= held->room);
    (void)e;
    buf_put_text(held, text);
    return 0;
}

static int reveal(void *context, struct bytes text, struct err *e)
{
    struct fixture *f = context;
    buf_put_bytes(&f->revealed, text);
    return buf_check(&f->revealed, e);
}

static int flush(void *context, struct err *e)
{
    struct fixture *f = context;
    return f->flush != NULL ? f->flush(context, e) : 0;
}

/* ---- running ---- */

static const struct verb *verb_named(const char *name)
{
    for (size_t i = 0; i < verbs_count; i++)
        if (strcmp(verbs_table[i].name, name) == 0)
            return &verbs_table[i];
    fail_msg("no verb is called %s", name);
    return NULL;
}

enum { WORDS_MAX = 16 };

static void take_words(const struct verb *verb, va_list words, const char *arguments[WORDS_MAX],
                       struct verbs_request *q)
{
    for (const char *word; (word = va_arg(words, const char *)) != NULL;) {
        size_t k = 0;
        if (strncmp(word, "--", 2) != 0) {
            assert_true(q->count < WORDS_MAX);
            arguments[q->count++] = word;
            continue;
        }
        while (verb->options[k].name != NULL && strcmp(verb->options[k].name, word + 2) != 0)
            k++;
        assert_non_null(verb->options[k].name);
        q->option[k] = verb->options[k].value != NULL ? va_arg(words, const char *) : "";
    }
    assert_in_range(q->count, verb->arguments_min, verb->arguments_max);
}

static void forget(struct fixture *f)
{
    buf_clear(&f->said);
    buf_clear(&f->revealed);
    buf_clear(&f->warned);
    buf_clear(&f->prompts);
    buf_clear(&f->document);
    json_drop(&f->json);
    f->e = (struct err){0};
    f->asked = 0;
    f->last = (struct verbs_progress){0};
}

static int run(struct fixture *f, bool json, va_list words)
{
    const char *arguments[WORDS_MAX];
    struct json_out out = {.to = &f->document};
    struct verbs_face face = {.context = f,
                              .say = say,
                              .warn = warn,
                              .progress = progress,
                              .passphrase = passphrase,
                              .json = json ? &out : NULL,
                              .watched = f->watched,
                              .quiet = f->quiet,
                              .flush = flush,
                              .typed = typed,
                              .record = record,
                              .reveal = reveal};
    struct verbs_request q = {.arguments = arguments,
                              .compartment = f->compartment,
                              .repository = f->repository,
                              .key_path = f->key_path,
                              .config_folder = "config",
                              .state_folder = "state",
                              .runtime_folder = "run",
                              .identity = f->with_keys ? &f->identity : NULL};
    const char *name = va_arg(words, const char *);
    forget(f);
    f->exit_code = VERBS_DONE;
    if (json)
        json_object_begin(&out);
    if (strcmp(name, "") == 0)
        f->rc = verbs_state(&q, &face, &f->exit_code, &f->e);
    else {
        const struct verb *verb = verb_named(name);
        take_words(verb, words, arguments, &q);
        f->rc = verb->run(&q, &face, &f->exit_code, &f->e);
    }
    if (json)
        json_object_end(&out);
    if (json && f->rc == 0) {
        assert_int_equal(f->said.n, 0);
        assert_true(json_canonical(buf_bytes(&f->document)));
        assert_int_equal(json_parse(buf_bytes(&f->document), &f->json, NULL), 0);
    }
    if (f->rc != 0) {
        assert_true(f->e.text[0] != 0); /* no failure without words */
        f->exit_code = verbs_exit(f->rc);
    }
    return f->exit_code;
}

int fixture_run(struct fixture *f, ...)
{
    va_list words;
    va_start(words, f);
    int code = run(f, false, words);
    va_end(words);
    return code;
}

int fixture_json(struct fixture *f, ...)
{
    va_list words;
    va_start(words, f);
    int code = run(f, true, words);
    va_end(words);
    return code;
}

/* ---- looking ---- */

static const struct json_node *node_at(const struct fixture *f, const char *path)
{
    char copy[128], *rest = copy, *part;
    const struct json_node *node = json_root(f->json);
    (void)snprintf(copy, sizeof copy, "%s", path);
    while ((part = strsep(&rest, ".")) != NULL)
        node = json_is_array(node) ? json_at(node, strtoul(part, NULL, 10)) : json_get(node, part);
    if (node == NULL)
        fail_msg("%s is not in %s", path, buf_text((struct buf *)(uintptr_t)&f->document));
    return node;
}

uint64_t fixture_number(const struct fixture *f, const char *path)
{
    uint64_t v = 0;
    assert_true(json_get_u64(node_at(f, path), &v));
    return v;
}

const char *fixture_word(const struct fixture *f, const char *path)
{
    return json_text(node_at(f, path));
}

static bool holds(const struct buf *lines, const char *words)
{
    return lines->n > 0 && memmem(lines->p, lines->n, words, strlen(words)) != NULL;
}

static void show(const struct fixture *f)
{
    print_error("exit %d, %s\nsaid:\n%.*s\nbeside:\n%.*s\n", f->exit_code, f->e.text, (int)f->said.n,
                (const char *)f->said.p, (int)f->warned.n, (const char *)f->warned.p);
}

void fixture_said(const struct fixture *f, const char *words)
{
    if (holds(&f->said, words))
        return;
    show(f);
    fail_msg("it does not say \"%s\"", words);
}

void fixture_not_said(const struct fixture *f, const char *words)
{
    if (!holds(&f->said, words))
        return;
    show(f);
    fail_msg("it says \"%s\"", words);
}

void fixture_warned(const struct fixture *f, const char *words)
{
    if (holds(&f->warned, words))
        return;
    show(f);
    fail_msg("it does not warn \"%s\"", words);
}

void fixture_failed(const struct fixture *f, int rc, const char *words)
{
    if (f->rc == rc && strstr(f->e.text, words) != NULL)
        return;
    show(f);
    fail_msg("%d and not %d, or it does not say \"%s\"", f->rc, rc, words);
}

void fixture_went_well(const struct fixture *f)
{
    if (f->rc == 0 && f->exit_code == 0 && f->warned.n == 0)
        return;
    show(f);
    fail_msg("it did not go well");
}

/* ---- a folder as one digest ---- */

static struct buf digested;

static int digest_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
    (void)kind, (void)at;
    OWN(buf_drop) struct buf content = {0};
    struct hash h = {{0}};
    if (S_ISREG(st->st_mode)) {
        assert_int_equal(file_read_all(path, SIZE_MAX, &content, NULL), 0);
        crypt_sha256(buf_bytes(&content), &h);
    }
    OWN(buf_drop) struct buf line = {0};
    buf_printf(&line, "%s %o %lld %lld.%09ld ", path, st->st_mode, (long long)st->st_size,
               (long long)st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
    buf_put(&line, h.b, CRYPT_HASH);
    crypt_sha256(buf_bytes(&line), &h);
    for (size_t i = 0; i < CRYPT_HASH; i++) /* in any order: a sum */
        digested.p[i] = (uint8_t)(digested.p[i] + h.b[i]);
    return 0;
}

void fixture_digest(const char *folder, struct hash *ret)
{
    digested = (struct buf){.p = ret->b, .n = CRYPT_HASH};
    memset(ret->b, 0, CRYPT_HASH);
    assert_int_equal(nftw(folder, digest_one, 16, FTW_PHYS), 0);
}

/* ---- beginning and end ---- */

int fixture_begin(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    assert_int_equal(verbs_start(&f->e), 0);
    scratch_begin();
    f->key_path = "keys/own.key";
    scratch_mkdir("keys");
    if (fixture_run(f, "init", "archive", "--origin", "tests.example/log", "--pack-size", "1", NULL) != 0)
        fail_msg("%s", f->e.text);
    f->repository = "archive";
    assert_int_equal(keyring_identity_load(f->key_path, bytes_text(FIXTURE_PASSPHRASE), &f->identity, &f->e), 0);
    f->with_keys = true;
    *state = f;
    return 0;
}

int fixture_end(void **state)
{
    struct fixture *f = *state;
    forget(f);
    buf_drop(&f->said);
    buf_drop(&f->revealed);
    buf_drop(&f->warned);
    buf_drop(&f->prompts);
    buf_drop(&f->document);
    keyring_identity_drop(&f->identity);
    free(f);
    scratch_end();
    return 0;
}
