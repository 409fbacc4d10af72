#include "cli/cli_internal.h"

#include <stdio.h>

static int run_verb(struct cli_face *f, const struct cli_line *line, int *ret_exit, struct err *e)
{
    struct cli_place place = {0};
    int rc = cli_place_find(line, &place, e);
    if (rc != 0)
        return rc;
    struct verbs_request request = {
        .arguments = line->arguments,
        .count = line->count,
        .repository = place.repository.s[0] != 0 ? place.repository.s : NULL,
        .compartment = line->given[CLI_COMPARTMENT],
        .key_path = place.key_path,
        .config_folder = place.config_folder.s,
        .state_folder = place.state_folder.s,
        .runtime_folder = place.runtime_folder.s,
    };
    memcpy(request.option, line->option, sizeof request.option);
    if (line->action == CLI_STATE)
        return verbs_state(&request, &f->verbs, ret_exit, e);
    if (line->verb->needs_repository && request.repository == NULL)
        return err_set(e, ERR_ABSENT, "no repository here: make one with groundwork init, or name one with -R");
    return line->verb->run(&request, &f->verbs, ret_exit, e);
}

static int show(struct cli_face *f, const struct cli_line *line, struct err *e)
{
    OWN(buf_drop) struct buf text = {0};
    switch (line->action) {
    case CLI_SHOW_HELP:
        cli_help(line->verb, cli_terminal_columns(STDOUT_FILENO), &text);
        break;
    case CLI_SHOW_MANUAL:
        cli_manual(&text);
        break;
    case CLI_SHOW_COMPLETION:
        cli_completion(&text);
        break;
    default:
        buf_put_text(&text, "groundwork " CLI_VERSION "\n");
        break;
    }
    if (buf_check(&text, e) != 0)
        return ERR_IO;
    cli_output_bytes(&f->out, buf_bytes(&text));
    return 0;
}

/* A line that was not understood: what is wrong with it, and how it is written. */
static int report_usage(struct cli_face *f, const struct cli_line *line, const struct err *e, int rc)
{
    int exit_code = verbs_exit(rc);
    OWN(buf_drop) struct buf usage = {0}, text = {0};
    cli_face_error(f, e, line->verb != NULL ? line->verb->name : NULL, exit_code);
    if (rc == ERR_USAGE) {
        cli_usage(line->verb, &usage);
        buf_printf(&text, text_tr("usage: %s"), buf_text(&usage));
        cli_output_line(&f->err, buf_text(&text));
    }
    return exit_code;
}

static int act(struct cli_face *f, const struct cli_line *line)
{
    struct err e = {0};
    int exit_code = VERBS_DONE;
    bool runs = line->action == CLI_RUN || line->action == CLI_STATE;
    const char *verb = line->action == CLI_RUN ? line->verb->name : NULL;
    int rc = runs ? run_verb(f, line, &exit_code, &e) : show(f, line, &e);
    if (rc != 0) {
        exit_code = verbs_exit(rc);
        cli_face_error(f, &e, verb, exit_code);
    } else if (runs)
        cli_face_result(f, verb, exit_code);
    return exit_code;
}

static int begin(struct err *e)
{
    int rc = cli_process_prepare(e);
    return rc == 0 ? verbs_start(e) : rc;
}

int cli_main(int argc, char **argv)
{
    bool json;
    const char *lang;
    enum text_language language;
    struct err e = {0};
    cli_parse_early(argc, argv, &json, &lang);
    if (cli_language(lang, &language, NULL) != 0)
        (void)cli_language(NULL, &language, NULL);
    text_choose(language);

    int rc = begin(&e);
    OWN(cli_face_drop) struct cli_face face;
    OWN(cli_line_drop) struct cli_line line = {0};
    cli_face_init(&face, json);
    if (rc == 0)
        rc = cli_parse(argc, argv, &line, &e);
    if (rc == 0)
        rc = cli_language(line.given[CLI_LANG], &language, &e);
    if (rc != 0)
        return cli_face_finish(&face, report_usage(&face, &line, &e, rc));
    cli_face_set(&face, &line);
    return cli_face_finish(&face, act(&face, &line));
}
