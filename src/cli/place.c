#include "cli/cli_internal.h"

#include <errno.h>
#include <pwd.h>

/* A variable that is set to nothing counts as not set. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);
    return value == NULL || value[0] == 0 ? NULL : value;
}

int cli_language(const char *lang, enum text_language *ret, struct err *e)
{
    if (lang != NULL) {
        if (text_language_named(lang, ret) != 0)
            return err_set(e, ERR_USAGE, "--lang %.80s: en and ko are spoken here", lang);
        return 0;
    }
    static const char *const names[] = {"LC_ALL", "LC_MESSAGES", "LANG"};
    *ret = TEXT_ENGLISH;
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = variable(names[i]);
        if (value == NULL)
            continue;
        if (text_language_named(value, ret) != 0)
            *ret = TEXT_ENGLISH;
        break;
    }
    return 0;
}

static const char *home_folder(void)
{
    const char *home = variable("HOME");
    if (home != NULL && home[0] == '/')
        return home;
    const struct passwd *entry = getpwuid(getuid());
    return entry != NULL && entry->pw_dir != NULL && entry->pw_dir[0] == '/' ? entry->pw_dir : NULL;
}

/* The XDG base folders: a relative one is to be ignored (Base Directory Specification 0.8). */
static int own_folder(struct file_path *ret, const char *name, const char *beside_home, struct err *e)
{
    const char *base = variable(name);
    if (base != NULL && base[0] == '/')
        return file_path(ret, e, "%s/groundwork", base);
    const char *home = home_folder();
    if (home == NULL)
        return err_set(e, ERR_IO, "your home folder is not known; set HOME or %s", name);
    return file_path(ret, e, "%s/%s/groundwork", strcmp(home, "/") == 0 ? "" : home, beside_home);
}

static bool is_repository(const char *folder)
{
    static const char *const copies[] = {"a", "b"};
    for (size_t i = 0; i < COUNT(copies); i++) {
        struct file_path journal;
        if (file_path(&journal, NULL, "%s/%s/journal", folder, copies[i]) == 0 && file_exists(journal.s))
            return true;
    }
    return false;
}

/* From the folder we stand in upward; "" when nothing is found, or when that folder has no name. */
static void nearest_repository(struct file_path *ret)
{
    struct file_path at;
    ret->s[0] = 0;
    if (getcwd(at.s, sizeof at.s) == NULL || at.s[0] != '/')
        return;
    for (;;) {
        char *slash = strrchr(at.s, '/');
        if (is_repository(at.s[1] == 0 ? "" : at.s)) {
            *ret = at;
            return;
        }
        if (at.s[1] == 0)
            return;
        slash[slash == at.s] = 0;
    }
}

int cli_place_find(const struct cli_line *line, struct cli_place *ret, struct err *e)
{
    const char *named = line->given[CLI_REPOSITORY], *key = line->given[CLI_KEY];
    if (named != NULL && named[0] == 0)
        return err_set(e, ERR_USAGE, "-R is given nothing; give the repository's folder");
    if (key != NULL && key[0] == 0)
        return err_set(e, ERR_USAGE, "--key is given nothing; give the key file");

    int rc = own_folder(&ret->config_folder, "XDG_CONFIG_HOME", ".config", e);
    if (rc == 0)
        rc = own_folder(&ret->state_folder, "XDG_STATE_HOME", ".local/state", e);
    if (rc != 0)
        return rc;
    const char *runtime = variable("XDG_RUNTIME_DIR");
    if (runtime != NULL && runtime[0] == '/')
        rc = file_path(&ret->runtime_folder, e, "%s/groundwork", runtime);
    else
        ret->runtime_folder = ret->state_folder;
    if (rc != 0)
        return rc;
    ret->key_path = key != NULL ? key : variable("GROUNDWORK_KEY");
    if (named == NULL)
        named = variable("GROUNDWORK_REPO");
    if (named != NULL)
        return file_path(&ret->repository, e, "%s", named);
    nearest_repository(&ret->repository);
    return 0;
}
