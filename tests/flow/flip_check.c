/*
 * flip_check REPOSITORY STATE KEY PASSPHRASE COUNT SEED
 *
 * COUNT single bits at random places of vault, ledger and keyring (every copy counted) are flipped, one at a time: each
 * must be told by verify or by a full audit.  Each twentieth is then healed by repair where a second copy exists, after
 * which everything must verify; repair adds to the log, so what was before is brought back for the next flip.  Exit 1
 * with a line for each flip that passed unnoticed.
 */
#include "checker.h"
#include "../crash/flip.h"

#include <stdio.h>
#include <sys/wait.h>

enum { HEAL_EACH = 20, FOLDERS = 4 };

static bool noticed(struct checker *c, const char *repository, const char *state)
{
    struct err e = {0};
    return checker_whole(c, repository, state, &e) != 0;
}

/* A sealed pack has one copy: its damage is told, and cannot be healed from here. */
static bool has_second_copy(const char *path, const char *repository)
{
    struct file_path open;
    const char *name = strrchr(path, '/');
    if (strstr(path, "/vault/") == NULL)
        return true;
    return file_path(&open, NULL, "%s/b/open%s", repository, name) == 0 && file_exists(open.s);
}

/* ${to} becomes what ${from} is. */
static void bring(const char *from, const char *to)
{
    const char *const commands[2][5] = {{"rm", "-rf", "--", to, NULL}, {"cp", "-aT", from, to, NULL}};
    for (int i = 0; i < 2; i++) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            (void)execvp(commands[i][0], (char *const *)(uintptr_t)commands[i]);
            _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
            abort();
    }
}

static bool healed(struct checker *c, const char *repository, const char *state)
{
    struct err e = {0};
    int code = checker_verb(c, "repair", repository, state, NULL, &e);
    if (code == 0 && !noticed(c, repository, state))
        return true;
    printf("repair: exit %d: %s\n%s\n", code, e.text, buf_text(&c->said));
    return false;
}

int main(int count, char **words)
{
    static struct checker c;
    if (count != 7) {
        fprintf(stderr, "usage: flip_check REPOSITORY STATE KEY PASSPHRASE COUNT SEED\n");
        return 2;
    }
    const char *repository = words[1], *state = words[2];
    size_t flips = strtoul(words[5], NULL, 10), unnoticed = 0, unhealed = 0, tried = 0;
    checker_unlock(&c, words[3], words[4]);
    if (noticed(&c, repository, state)) {
        printf("the repository is not whole before the first flip\n%s", buf_text(&c.said));
        return 1;
    }
    static struct file_path folder[FOLDERS];
    static const char *const names[FOLDERS] = {"a", "b", "log", "vault"};
    const char *roots[FOLDERS];
    for (int i = 0; i < FOLDERS; i++) {
        (void)file_path(&folder[i], NULL, "%s/%s", repository, names[i]);
        roots[i] = folder[i].s;
    }
    struct file_list files = files_under(roots, FOLDERS);
    struct flip *list = calloc(flips, sizeof *list);
    flip_draw(&files, strtoull(words[6], NULL, 10), list, flips);
    for (size_t i = 0; i < flips; i++) {
        char line[FILE_PATH_MAX + 64];
        flip_line(&files, &list[i], line, sizeof line);
        flip_do(&files, &list[i]);
        bool seen = noticed(&c, repository, state);
        if (!seen) {
            unnoticed++;
            printf("unnoticed: %s\n", line);
        } else if (i % HEAL_EACH == 0 && has_second_copy(line, repository)) {
            static struct file_path kept[2];
            (void)file_path(&kept[0], NULL, "%s.flipped", repository);
            (void)file_path(&kept[1], NULL, "%s.flipped", state);
            bring(repository, kept[0].s);
            bring(state, kept[1].s);
            tried++;
            if (!healed(&c, repository, state)) {
                unhealed++;
                printf("not healed: %s\n", line);
            }
            bring(kept[0].s, repository);
            bring(kept[1].s, state);
        }
        flip_undo(&files, &list[i]);
    }
    printf("%zu flips: %zu unnoticed; %zu of %zu healed\n", flips, unnoticed, tried - unhealed, tried);
    return unnoticed > 0 || unhealed > 0;
}
