#include "checker.h"

#include "base/text.h"

#include <stdio.h>

void checker_unlock(struct checker *c, const char *key_path, const char *passphrase_file)
{
    OWN(buf_wipe) struct buf passphrase = {0};
    struct err e = {0};
    int rc = verbs_start(&e);
    if (rc == 0)
        rc = file_read_all(passphrase_file, 4096, &passphrase, &e);
    while (passphrase.n > 0 && passphrase.p[passphrase.n - 1] == '\n')
        passphrase.n--;
    if (rc == 0)
        rc = keyring_identity_load(key_path, buf_bytes(&passphrase), &c->identity, &e);
    if (rc != 0) {
        fprintf(stderr, "%s\n", e.text);
        exit(4);
    }
    snprintf(c->key_path, sizeof c->key_path, "%s", key_path);
}

void checker_place(struct checker *c, const char *repository, const char *state, struct store_place *ret)
{
    *ret = (struct store_place){.root = repository,
                                .key_path = c->key_path,
                                .state_folder = state,
                                .config_folder = state,
                                .identity = &c->identity};
}

static void heard(void *context, const char *line)
{
    struct checker *c = context;
    buf_put_text(&c->said, line);
    buf_put_u8(&c->said, '\n');
}

static int onward(void *context, const struct verbs_progress *p)
{
    (void)context, (void)p;
    return 0;
}

int checker_verb(struct checker *c, const char *name, const char *repository, const char *state, const char *argument,
                 struct err *e)
{
    struct verbs_face face = {.context = c, .say = heard, .warn = heard, .progress = onward};
    struct verbs_request request = {.arguments = &argument,
                                    .count = argument != NULL,
                                    .repository = repository,
                                    .key_path = c->key_path,
                                    .config_folder = state,
                                    .state_folder = state,
                                    .identity = &c->identity};
    buf_clear(&c->said);
    for (size_t i = 0; i < verbs_count; i++)
        if (strcmp(verbs_table[i].name, name) == 0) {
            int code = 0;
            int rc = verbs_table[i].run(&request, &face, &code, e);
            return rc == 0 ? code : 100 + verbs_exit(rc);
        }
    abort();
}

static void found(void *context, const char *line)
{
    struct checker *c = context;
    c->findings++;
    buf_put_text(&c->said, line);
    buf_put_u8(&c->said, '\n');
}

static int open_and_check(struct checker *c, const char *repository, const char *state, bool audit, struct err *e)
{
    OWN(store_drop) struct store *s = NULL;
    struct store_place place;
    struct store_verified verified;
    struct store_audited audited;
    struct store_watch watch = {.finding = found, .context = c};
    checker_place(c, repository, state, &place);
    c->findings = 0;
    buf_clear(&c->said);
    int rc = store_open(&place, STORE_CHECK, &s, e);
    if (rc == 0)
        rc = store_verify(s, &watch, &verified, e);
    if (rc == 0 && audit)
        rc = store_audit(s, true, 0, &watch, &audited, e);
    return rc;
}

int checker_whole(struct checker *c, const char *repository, const char *state, struct err *e)
{
    return open_and_check(c, repository, state, true, e);
}

int checker_verified(struct checker *c, const char *repository, const char *state, struct err *e)
{
    return open_and_check(c, repository, state, false, e);
}
