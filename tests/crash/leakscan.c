/*
 * leakscan.c: is anything of the sources to be found in a repository's directory?
 *
 * leakscan REPOSITORY SOURCES PLANTED
 *
 * A leak is, anywhere in a file or in a name under REPOSITORY,
 *   - one of the strings in PLANTED (one per line), as it is, in ASCII small letters, in UTF-16 of either byte order,
 *     in hexadecimal, or in base64 at any of its three alignments;
 *   - any 16 bytes in a row that also stand in a file or name under SOURCES, if at least 8 of their values differ.
 * The search is exact.  Each leak is one line: where it lies, and where it comes from; bytes in a row are one leak.
 *
 * Exit: 0 none, 1 leaks, 2 wrong usage (also: nothing to look for, or nowhere to look), 4 environment.
 */
#include "files.h"
#include "leak.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

typedef void text_taker(void *context, const struct text *text);

/* Every file under ${root}, and the name of each from there on. */
static void each_text(const struct file_list *list, const char *root, text_taker *taker, void *context)
{
    for (size_t i = 0; i < list->count; i++) {
        const char *name = list->paths[i] + strlen(root);
        struct text text = {.where = list->paths[i], .is_name = true, .bytes = (const uint8_t *)name};
        text.size_bytes = strlen(name);
        taker(context, &text);
        text.is_name = false;
        text.size_bytes = list->sizes_bytes[i];
        text.bytes = files_map(list->paths[i], text.size_bytes);
        if (text.bytes != NULL)
            taker(context, &text);
        files_unmap(text.bytes, text.size_bytes);
    }
}

struct scan {
    struct leak_strings *strings;
    struct leak_windows *windows;
    uint64_t n_string_leaks;
};

static void take_source(void *context, const struct text *text)
{
    leak_windows_source(((struct scan *)context)->windows, text);
}

static void take_repository(void *context, const struct text *text)
{
    struct scan *scan = context;
    scan->n_string_leaks += leak_strings_search(scan->strings, text);
    leak_windows_suspect(scan->windows, text);
}

static void take_source_again(void *context, const struct text *text)
{
    leak_windows_confirm(((struct scan *)context)->windows, text);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        die(PLAIN_USAGE, "usage: leakscan REPOSITORY SOURCES PLANTED");
    const char *repository = argv[1];
    const char *sources = argv[2];
    struct file_list ours = files_under(&repository, 1);
    struct file_list theirs = files_under(&sources, 1);
    struct scan scan = {.strings = leak_strings_read(argv[3]), .windows = leak_windows_new(theirs.total_bytes)};
    each_text(&theirs, sources, take_source, &scan);
    if (ours.total_bytes == 0 || leak_windows_count(scan.windows) == 0 || leak_strings_count(scan.strings) == 0)
        die(PLAIN_USAGE, "there is nothing to look for, or nowhere to look");
    each_text(&ours, repository, take_repository, &scan);
    each_text(&theirs, sources, take_source_again, &scan);
    uint64_t n_leaks = scan.n_string_leaks + leak_windows_report(scan.windows);
    printf("leakscan: %zu files, %" PRIu64 " bytes; %zu strings, %" PRIu64 " windows of %zu sources; %" PRIu64
           " leaks\n",
           ours.count, ours.total_bytes, leak_strings_count(scan.strings), leak_windows_count(scan.windows),
           theirs.count, n_leaks);
    leak_windows_free(scan.windows);
    leak_strings_free(scan.strings);
    files_release(&ours);
    files_release(&theirs);
    return n_leaks == 0 ? PLAIN_DONE : PLAIN_FAILED;
}
