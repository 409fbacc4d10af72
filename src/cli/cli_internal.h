/*
 * Inside the command line.
 *
 *   main        prepare the process, read the line, call one verb, finish
 *   parse       words into a struct cli_line            nearest    the known name nearest to a mistyped one
 *   place       language, repository, key and folders   process    limits and signals
 *   output      checked lines to a descriptor           meter      progress on a terminal
 *   secret      passphrases from file, descriptor, terminal
 *   face        what a verb speaks through              help       usage, help, and their tables
 *   manual      the same as roff                        completion the same for bash
 */
#ifndef CLI_CLI_INTERNAL_H
#define CLI_CLI_INTERNAL_H

#include "base/bytes.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/cli.h"
#include "verbs/verbs.h"

#include <signal.h>
#include <termios.h>

/* ---- parse ---- */

enum cli_option_name {
    CLI_REPOSITORY,
    CLI_KEY,
    CLI_COMPARTMENT,
    CLI_PASSPHRASE_FD,
    CLI_JSON,
    CLI_LANG,
    CLI_QUIET,
    CLI_HELP,
    CLI_VERSION_ASKED,
    CLI_MANUAL,
    CLI_COMPLETION,
    CLI_OPTIONS,
};
struct cli_option {
    const char *letter; /* "R": -R; or NULL */
    const char *name;   /* "key": --key; or NULL */
    const char *value;  /* "DIR"; NULL for a flag */
    const char *help;   /* catalogue text; NULL: not shown */
};
extern const struct cli_option cli_options[CLI_OPTIONS];

enum cli_action { CLI_RUN, CLI_STATE, CLI_SHOW_HELP, CLI_SHOW_VERSION, CLI_SHOW_MANUAL, CLI_SHOW_COMPLETION };

/* A line that was understood.  It borrows from argv. */
struct cli_line {
    enum cli_action action;
    const struct verb *verb; /* of CLI_RUN, and of CLI_SHOW_HELP about one verb; else NULL */
    const char **arguments;  /* owned: cli_line_drop */
    size_t count;
    const char *option[VERBS_OPTIONS_MAX]; /* as in struct verbs_request */
    const char *given[CLI_OPTIONS];        /* NULL: not given; "" for a flag */
    int passphrase_fd;                     /* -1: not given */
};
void cli_line_drop(struct cli_line *line);
/*
 * cli_parse: ERR_USAGE with a line that names the word and the remedy; ${ret}->verb is then the verb it is about, or
 * NULL.  ERR_IO: no memory.
 */
int cli_parse(int argc, char *const *argv, struct cli_line *ret, struct err *e);
/* cli_parse_early: what must be known to report a line that cannot be understood: --json, and the value of --lang. */
void cli_parse_early(int argc, char *const *argv, bool *ret_json, const char **ret_lang);
const struct verb *cli_verb_named(const char *name);

/* ---- nearest ---- */

/* cli_distance: insertions, deletions, exchanges and swaps of neighbours that turn ${a} into ${b}; bytes. */
size_t cli_distance(const char *a, const char *b);
/* cli_nearest: the name nearest to ${word}, or NULL when none is near enough to be what was meant. */
const char *cli_nearest(const char *word, const char *const *names, size_t count);

/* ---- place ---- */

/* cli_language: of --lang (NULL: not given; else ERR_USAGE for one we do not speak), else of the locale. */
int cli_language(const char *lang, enum text_language *ret, struct err *e);

struct cli_place {
    struct file_path config_folder, state_folder;
    struct file_path runtime_folder; /* the state folder where the session has none */
    struct file_path repository; /* "" when there is none */
    const char *key_path;        /* NULL: the default */
};
/* cli_place_find: from the line, the environment and the folder we stand in.  ERR_USAGE: an empty -R or --key;
 * ERR_IO: a folder that cannot be known or named. */
int cli_place_find(const struct cli_line *line, struct cli_place *ret, struct err *e);

/* ---- process ---- */

/* cli_process_prepare: limits, umask, descriptors 0-2 open, signals.  ERR_IO. */
int cli_process_prepare(struct err *e);
bool cli_process_stopping(void); /* a signal asked for an end */
/* The terminal ${fd} is to be put back to ${was} if a second signal ends the process; -1: no longer. */
void cli_process_terminal(int fd, const struct termios *was);
/* From hold to release no signal asks for an end, except inside a ppoll with ->waiting: so none is overslept. */
struct cli_held {
    sigset_t before, waiting;
};
void cli_process_hold(struct cli_held *ret);
void cli_process_release(struct cli_held *held);

/* ---- output ---- */

/* A descriptor for people.  After a failure nothing more is written and ->failed is errno. */
struct cli_output {
    int fd;
    bool at_once; /* flushed after each line: a terminal, or errors */
    int failed;
    struct buf pending;
};
void cli_output_init(struct cli_output *o, int fd, bool at_once);
void cli_output_drop(struct cli_output *o);
/* cli_output_line: one line, in which nothing can move a cursor: what is not plain text is written as \xNN. */
void cli_output_line(struct cli_output *o, const char *line);
void cli_output_bytes(struct cli_output *o, struct bytes x); /* as it is */
void cli_output_flush(struct cli_output *o);
void cli_clean(const char *text, struct buf *to); /* the text as cli_output_line shows it, appended */
size_t cli_terminal_columns(int fd);              /* of the window, else COLUMNS, else 80; at least 1 */

/* ---- meter ---- */

enum { CLI_METER_SAMPLES = 32 };
/* What the line shows. */
struct cli_meter_view {
    struct verbs_progress done;
    uint64_t bytes_per_s; /* 0: not known yet */
    int64_t left_s;       /* -1: not known */
};
/* cli_meter_line: the fullest form that fits ${columns}, appended; nothing when not even the shortest fits. */
void cli_meter_line(const struct cli_meter_view *view, size_t columns, struct buf *to);

struct cli_meter_sample {
    uint64_t at_ms;
    uint64_t files, bytes;
};
struct cli_meter {
    bool on;
    int fd;
    bool drawn;
    uint64_t drawn_ms; /* when; 0: never */
    struct cli_meter_sample sample[CLI_METER_SAMPLES];
    size_t samples; /* ever taken; the newest CLI_METER_SAMPLES are kept */
};
/* cli_meter_view_at: take the sample of ${now_ms} and say what it means. */
void cli_meter_view_at(struct cli_meter *m, const struct verbs_progress *p, uint64_t now_ms,
                       struct cli_meter_view *ret);
void cli_meter_show(struct cli_meter *m, const struct verbs_progress *p, uint64_t now_ms);
void cli_meter_clear(struct cli_meter *m);

/* ---- secret ---- */

enum { CLI_SECRET_BYTES_MAX = 1024 };
struct cli_secret {
    int fd;                   /* lines come from here; -1: not opened, or none */
    bool owned;               /* we opened it */
    char name[FILE_PATH_MAX]; /* for lines about it */
    unsigned lines;           /* read so far */
    bool opened;
    void (*warn)(void *context, const char *line);
    void *context;
};
/* cli_secret_init: ${fd} from --passphrase-fd, or -1. */
void cli_secret_init(struct cli_secret *s, int fd);
void cli_secret_drop(struct cli_secret *s);
/*
 * cli_secret_ask: the next line of --passphrase-fd or GROUNDWORK_PASSPHRASE_FILE; when there is neither, or it gave
 * its last line before, the terminal, twice when ${twice}.  Appended to ${ret}, which the caller wipes.
 * ERR_IO: nowhere to ask, unreadable; ERR_USAGE: too long; ERR_KEY: the two differ; ERR_STOPPED.
 * cli_secret_typed: a line of the terminal that is no passphrase, whatever gives those.
 */
int cli_secret_ask(struct cli_secret *s, const char *prompt, bool twice, struct buf *ret, struct err *e);
int cli_secret_typed(const char *prompt, struct buf *ret, struct err *e);
/*
 * cli_secret_record: standard input to its end, read into ${held} and nowhere else, at most the room it has.  What lies
 * there as a file is the person's own, and she is warned of it.  ERR_USAGE: longer, or empty; ERR_IO; ERR_STOPPED.
 * cli_secret_reveal: ${text} to standard output, from where it lies.  ERR_IO.
 */
int cli_secret_record(const struct verbs_face *face, struct buf *held, struct err *e);
int cli_secret_reveal(struct bytes text, struct err *e);

/* ---- face ---- */

struct cli_face {
    struct cli_output out, err;
    struct cli_meter meter;
    struct cli_secret secret;
    bool quiet;
    struct buf document; /* the verb's object */
    struct json_out json;
    struct verbs_face verbs; /* what the verb is given; its context is this struct */
};
void cli_face_init(struct cli_face *f, bool json);
void cli_face_set(struct cli_face *f, const struct cli_line *line); /* what the line says about speaking */
void cli_face_drop(struct cli_face *f);
/* cli_face_error: the one place where an error is rendered: a line, and the document with --json. */
void cli_face_error(struct cli_face *f, const struct err *e, const char *verb, int exit_code);
/* cli_face_result: close the verb's document, if there is one, and print it. */
void cli_face_result(struct cli_face *f, const char *verb, int exit_code);
/* cli_face_finish: write what is pending; returns ${exit_code}, or VERBS_ENVIRONMENT when the answer was lost. */
int cli_face_finish(struct cli_face *f, int exit_code);
const char *cli_error_name(int code); /* "io"; for programs */

/* ---- help, manual, completion ---- */

struct cli_term {
    const char *term, *help; /* help: catalogue text */
};
extern const struct cli_term cli_environment[]; /* ended by a NULL term, as the next */
extern const struct cli_term cli_exits[];
void cli_usage(const struct verb *verb, struct buf *to); /* "groundwork intake PATH... [--from WHO]"; NULL: any verb */
void cli_help(const struct verb *verb, size_t columns, struct buf *to); /* NULL: of the program */
void cli_manual(struct buf *to);
void cli_completion(struct buf *to);
void cli_option_text(const struct cli_option *o, struct buf *to); /* "-q, --quiet" */
const char *cli_summary(void); /* what the program is, one line, in the chosen language */

#endif
