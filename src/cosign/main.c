#include "cosign/cosign_internal.h"

#include "base/text.h"

#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    size_t arguments;
    cosign_run *run;
    const char *help;
} commands[] = {
    {"init", 1, cosign_init, TEXT("init NAME                 make a key; NAME is public, like other.example/cosigner")},
    {"key", 0, cosign_key, TEXT("key                       print the key to be given to logs")},
    {"follow", 1, cosign_follow, TEXT("follow KEY                follow the log with this verification key")},
    {"turn", 2, cosign_turn, TEXT("turn KEY CHECKPOINT       the log goes on under this key: follow it there")},
    {"cosign", 2, cosign_cosign, TEXT("cosign REQUEST ANSWER     sign a log's request, if it extends what was signed")},
    {"list", 0, cosign_list, TEXT("list                      the logs that are followed, and how far they are signed")},
    {"checkpoint", 2, cosign_checkpoint,
     TEXT("checkpoint ORIGIN FILE    write the newest checkpoint that was signed for this log")},
    {"check", 1, cosign_check,
     TEXT("check FILE.fork           is it the proof that a log has signed two histories?")},
};

static int exit_code(int rc)
{
    switch (rc) {
    case 0:
        return 0;
    case ERR_DAMAGED:
        return 1;
    case ERR_USAGE:
        return 2;
    case ERR_REFUSED:
        return 3;
    default:
        return 4;
    }
}

static void help(FILE *to)
{
    (void)fprintf(to, "%s\n\n",
                  text_tr("groundwork-cosign [--folder FOLDER] COMMAND ...: sign the checkpoints of other people's "
                          "logs, and never two histories"));
    for (size_t i = 0; i < COUNT(commands); i++)
        (void)fprintf(to, "  %s\n", text_tr(commands[i].help));
    (void)fprintf(to, "\n%s\n%s\n",
                  text_tr("FOLDER holds the key and what was signed. Without --folder: GROUNDWORK_COSIGN, else "
                          "groundwork-cosign below XDG_STATE_HOME or ~/.local/state."),
                  text_tr("Exit: 0 done, 1 a check failed, 2 wrong usage, 3 refused, 4 input, output or environment."));
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

static int default_folder(struct file_path *to, struct err *e)
{
    const char *own = getenv("GROUNDWORK_COSIGN"), *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (own != NULL && own[0] != 0)
        return file_path(to, e, "%s", own);
    if (state != NULL && state[0] == '/')
        return file_path(to, e, "%s/groundwork-cosign", state);
    if (home != NULL && home[0] != 0)
        return file_path(to, e, "%s/.local/state/groundwork-cosign", home);
    return err_set(e, ERR_USAGE, "name a folder with --folder: HOME is not set");
}

struct typed {
    const char *folder, *lang, *word[1 + COSIGN_ARGUMENTS_MAX];
    size_t words;
    bool help;
};

static int take_apart(int argc, char **argv, struct typed *t, struct err *e)
{
    for (int i = 1; i < argc; i++) {
        bool folder = strcmp(argv[i], "--folder") == 0, lang = strcmp(argv[i], "--lang") == 0;
        if ((folder || lang) && i + 1 == argc)
            return err_set(e, ERR_USAGE, "%s wants a value", argv[i]);
        if (folder)
            t->folder = argv[++i];
        else if (lang)
            t->lang = argv[++i];
        else if (strcmp(argv[i], "--help") == 0)
            t->help = true;
        else if (argv[i][0] == '-')
            return err_set(e, ERR_USAGE, "no such option here: %s", argv[i]);
        else if (t->words == COUNT(t->word))
            return err_set(e, ERR_USAGE, "more than %d arguments", COSIGN_ARGUMENTS_MAX);
        else
            t->word[t->words++] = argv[i];
    }
    return 0;
}

static int act(const struct typed *t, struct err *e)
{
    struct file_path folder;
    size_t i = 0;
    while (i < COUNT(commands) && strcmp(commands[i].name, t->word[0]) != 0)
        i++;
    if (i == COUNT(commands))
        return err_set(e, ERR_USAGE, "no such command: %s; --help lists them", t->word[0]);
    if (t->words != commands[i].arguments + 1)
        return err_set(e, ERR_USAGE, "usage: groundwork-cosign %s", text_tr(commands[i].help));
    int rc = t->folder != NULL ? file_path(&folder, e, "%s", t->folder) : default_folder(&folder, e);
    if (rc != 0)
        return rc;
    struct cosign_line line = {.folder = folder.s, .argument = {t->word[1], t->word[2]}};
    rc = commands[i].run(&line, e);
    if (fflush(stdout) != 0 && rc == 0)
        rc = err_set(e, ERR_IO, "cannot write to the output");
    return rc;
}

int cosign_main(int argc, char **argv)
{
    const struct rlimit none = {0, 0};
    struct typed t = {.words = 0};
    struct err e = {0};
    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none); /* no image of the key is to be left on a disk */
    (void)choose_language(NULL, NULL);
    int rc = crypt_start(&e);
    if (rc == 0)
        rc = take_apart(argc, argv, &t, &e);
    if (rc == 0)
        rc = choose_language(t.lang, &e);
    if (rc == 0 && (t.help || t.words == 0)) {
        help(t.help ? stdout : stderr);
        return t.help ? 0 : 2;
    }
    if (rc == 0)
        rc = act(&t, &e);
    if (rc != 0)
        (void)fprintf(stderr, COSIGN_PROGRAM ": %s\n", e.text);
    return exit_code(rc);
}
