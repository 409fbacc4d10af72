#include "cli/cli_internal.h"

#include "base/clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

const char *cli_error_name(int code)
{
    switch (code) {
    case ERR_DAMAGED:
        return "damaged";
    case ERR_USAGE:
        return "usage";
    case ERR_REFUSED:
        return "refused";
    case ERR_ABSENT:
        return "absent";
    case ERR_KEY:
        return "key";
    case ERR_BUSY:
        return "busy";
    case ERR_NEWER:
        return "newer";
    case ERR_STOPPED:
        return "stopped";
    default:
        return "io";
    }
}

/* The line that needs no memory to be said; it takes the place of one that could not be made. */
static void without_memory(const struct cli_output *o)
{
    char line[ERR_TEXT_MAX];
    int n = snprintf(line, sizeof line, "groundwork: %.1000s\n",
                     text_tr("out of memory; close other programs and try again"));
    (void)!write(o->fd, line, n > 0 ? (size_t)n : 0);
}

/* A line beside the answer, after what was said before it. */
static void put_aside(struct cli_face *f, const char *line)
{
    OWN(buf_drop) struct buf text = {0};
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    buf_printf(&text, "groundwork: %s", line);
    if (!text.failed)
        cli_output_line(&f->err, buf_text(&text));
    if (text.failed || f->err.failed == ENOMEM)
        without_memory(&f->err);
}

static void face_say(void *context, const char *line)
{
    struct cli_face *f = context;
    if (f->quiet)
        return;
    cli_meter_clear(&f->meter);
    cli_output_line(&f->out, line);
}

static void face_warn(void *context, const char *line)
{
    put_aside(context, line);
}

static int face_flush(void *context, struct err *e)
{
    struct cli_face *f = context;
    cli_output_flush(&f->out);
    return f->out.failed == 0 ? 0 : err_os(e, ERR_IO, f->out.failed, "the answer could not be written out");
}

static int face_progress(void *context, const struct verbs_progress *p)
{
    struct cli_face *f = context;
    cli_meter_show(&f->meter, p, time_monotonic_ms());
    return cli_process_stopping();
}

static int face_passphrase(void *context, const char *prompt, bool twice, struct buf *ret, struct err *e)
{
    struct cli_face *f = context;
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    return cli_secret_ask(&f->secret, prompt, twice, ret, e);
}

static int face_typed(void *context, const char *prompt, struct buf *ret, struct err *e)
{
    struct cli_face *f = context;
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    return cli_secret_typed(prompt, ret, e);
}

static int face_record(void *context, struct buf *held, struct err *e)
{
    struct cli_face *f = context;
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    return cli_secret_record(&f->verbs, held, e);
}

static int face_reveal(void *context, struct bytes text, struct err *e)
{
    struct cli_face *f = context;
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    return f->out.failed == 0 ? cli_secret_reveal(text, e)
                              : err_os(e, ERR_IO, f->out.failed, "the answer could not be written out");
}

void cli_face_init(struct cli_face *f, bool json)
{
    *f = (struct cli_face){.verbs = {.context = f,
                                     .say = face_say,
                                     .warn = face_warn,
                                     .progress = face_progress,
                                     .passphrase = face_passphrase,
                                     .flush = face_flush,
                                     .typed = face_typed,
                                     .record = face_record,
                                     .reveal = face_reveal}};
    cli_output_init(&f->out, STDOUT_FILENO, isatty(STDOUT_FILENO));
    cli_output_init(&f->err, STDERR_FILENO, true);
    cli_secret_init(&f->secret, -1);
    f->json.to = &f->document;
    if (json) {
        f->verbs.json = &f->json;
        json_object_begin(&f->json);
    }
}

/* A line can be drawn again on a terminal that is not one in name only. */
static bool can_draw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && term[0] != 0 && strcmp(term, "dumb") != 0;
}

void cli_face_set(struct cli_face *f, const struct cli_line *line)
{
    f->quiet = line->given[CLI_QUIET] != NULL;
    cli_secret_init(&f->secret, line->passphrase_fd);
    f->secret.warn = face_warn;
    f->secret.context = f;
    f->verbs.quiet = f->quiet;
    f->verbs.watched = !f->quiet && can_draw();
    f->meter = (struct cli_meter){.on = f->verbs.watched, .fd = STDERR_FILENO};
}

void cli_face_drop(struct cli_face *f)
{
    cli_meter_clear(&f->meter);
    cli_secret_drop(&f->secret);
    cli_output_drop(&f->out);
    cli_output_drop(&f->err);
    buf_drop(&f->document);
}

static void put_verb(struct json_out *j, const char *verb)
{
    if (verb == NULL)
        json_null(j);
    else
        json_string(j, verb);
}

static void put_document(struct cli_face *f, struct buf *text)
{
    buf_put_u8(text, '\n');
    if (text->failed)
        f->out.failed = ENOMEM;
    else
        cli_output_bytes(&f->out, buf_bytes(text));
}

void cli_face_error(struct cli_face *f, const struct err *e, const char *verb, int exit_code)
{
    assert(e->code != ERR_NONE && e->text[0] != 0);
    put_aside(f, e->text);
    if (f->verbs.json == NULL)
        return;
    OWN(buf_drop) struct buf text = {0};
    struct json_out j = {.to = &text};
    json_object_begin(&j);
    json_key(&j, "error");
    json_object_begin(&j);
    json_key(&j, "code");
    json_string(&j, cli_error_name(e->code));
    json_key(&j, "text");
    json_string(&j, e->text);
    json_object_end(&j);
    json_key(&j, "exit");
    json_i64(&j, exit_code);
    json_key(&j, "ok");
    json_bool(&j, false);
    json_key(&j, "verb");
    put_verb(&j, verb);
    json_object_end(&j);
    put_document(f, &text);
}

/* The verb's object was written apart: what stands before it is known only now. */
void cli_face_result(struct cli_face *f, const char *verb, int exit_code)
{
    if (f->verbs.json == NULL)
        return;
    assert(f->json.depth == 1);
    json_object_end(&f->json);
    OWN(buf_drop) struct buf text = {0};
    buf_printf(&text, "{\"exit\":%d,\"ok\":%s,\"result\":", exit_code, exit_code == VERBS_DONE ? "true" : "false");
    buf_put_bytes(&text, buf_bytes(&f->document));
    buf_put_text(&text, ",\"verb\":");
    struct json_out name = {.to = &text};
    put_verb(&name, verb);
    buf_put_u8(&text, '}');
    text.failed = text.failed || f->document.failed;
    put_document(f, &text);
}

int cli_face_finish(struct cli_face *f, int exit_code)
{
    cli_meter_clear(&f->meter);
    cli_output_flush(&f->out);
    if (f->out.failed == 0)
        return exit_code;
    /* Who closed the pipe has read enough, and wants no line about it. */
    if (f->out.failed != EPIPE) {
        struct err e;
        if (exit_code == VERBS_DONE) /* or the person does again what needs no doing */
            (void)err_os(&e, ERR_IO, f->out.failed, "it is done, but the answer could not be written out");
        else
            (void)err_os(&e, ERR_IO, f->out.failed, "the answer could not be written out");
        put_aside(f, e.text);
    }
    return exit_code == VERBS_DONE ? VERBS_ENVIRONMENT : exit_code;
}
