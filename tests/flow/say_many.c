/*
 * say_many KEY PASSPHRASE REPOSITORY STATE RECORDS NOTES
 *
 * So many records of so many notes each, by one process, each of them derived to its end before the next: what is
 * published goes on from what this process has published, as it does not in a verb that makes one record.
 */
#include "checker.h"

#include <stdio.h>

static void need(int rc, const struct err *e)
{
    if (rc == 0)
        return;
    fprintf(stderr, "say_many: %s\n", e->text);
    exit(1);
}

static void say(struct store *s, unsigned notes, struct err *e)
{
    need(store_draft_begin(s, e), e);
    for (unsigned i = 0; i < notes; i++) {
        char text[32];
        (void)snprintf(text, sizeof text, "note %u of a test", i);
        struct statement st = {.kind = STATEMENT_NOTE, .at_unix_s = 1, .note = {.text = text}};
        need(store_add(s, &st, NULL, NULL, e), e);
    }
    need(store_commit(s, e), e);
    (void)store_ledger(s); /* nothing is owed then */
}

int main(int count, char **words)
{
    static struct checker c;
    struct err e = {0};
    struct store_place place;
    OWN(store_drop) struct store *s = NULL;
    if (count != 7) {
        fprintf(stderr, "usage: say_many KEY PASSPHRASE REPOSITORY STATE RECORDS NOTES\n");
        return 2;
    }
    checker_unlock(&c, words[1], words[2]);
    checker_place(&c, words[3], words[4], &place);
    need(store_open(&place, STORE_WRITE, &s, &e), &e);
    for (long i = strtol(words[5], NULL, 10); i > 0; i--)
        say(s, (unsigned)strtol(words[6], NULL, 10), &e);
    return 0;
}
