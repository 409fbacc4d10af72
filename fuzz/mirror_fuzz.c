/*
 * A hostile mirror, and hostile notes of mirrors.  The first byte chooses: 0, the rest is the head; 1, the notes; 2, a
 * piece of the journal, the only one of a mirror; 3, the length of a piece (u32), the piece, and a commit.
 *
 * Held: what is read is written again to the same bytes; a record that is read lies in the piece where it stood, and a
 * mirror is nobody's unless its first record says whose.
 */
#include "base/file.h"
#include "fuzz.h"
#include "mirror/mirror_internal.h"

#include <stdio.h>
#include <sys/stat.h>

static struct file_path folder, piece, commit;
static const struct hash pin = {{0xab}};

static void remove_all(void)
{
    static const char *const names[] = {"journal/000/000000000-000000003", "commits/000000004.checkpoint"};
    static const char *const folders[] = {"journal/000", "journal", "commits", ""};
    struct file_path path;
    for (size_t i = 0; i < COUNT(names); i++)
        if (file_path(&path, NULL, "%s/%s", folder.s, names[i]) == 0)
            (void)unlink(path.s);
    for (size_t i = 0; i < COUNT(folders); i++)
        if (file_path(&path, NULL, "%s/%s", folder.s, folders[i]) == 0)
            (void)rmdir(path.s);
}

static void folder_make(const char *name)
{
    struct file_path path;
    must(file_path(&path, NULL, "%s/%s", folder.s, name) == 0 && mkdir(path.s, 0700) == 0);
}

int LLVMFuzzerInitialize(int *count, char ***arguments)
{
    (void)count;
    (void)arguments;
    must(crypt_start(NULL) == 0);
    const char *where = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    must(file_path(&folder, NULL, "%s/mirror-fuzz-XXXXXX", where) == 0);
    must(mkdtemp(folder.s) != NULL && atexit(remove_all) == 0);
    folder_make("journal");
    folder_make("journal/000");
    folder_make("commits");
    must(file_path(&piece, NULL, "%s/journal/000/000000000-000000003", folder.s) == 0);
    must(file_path(&commit, NULL, "%s/commits/000000004.checkpoint", folder.s) == 0);
    return 0;
}

static void put(const char *path, struct bytes content)
{
    FILE *out = fopen(path, "wb");
    must(out != NULL && fwrite(content.p, 1, content.n, out) == content.n && fclose(out) == 0);
}

static void head(struct bytes text)
{
    OWN(buf_drop) struct buf again = {0};
    struct hash of;
    uint8_t id[MIRROR_ID];
    if (mirror_head_parse(text, &of, id, NULL) != 0)
        return;
    mirror_head(&of, id, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

static void notes(struct bytes text)
{
    OWN(mirror_notes_drop) struct mirror_notes *n = calloc(1, sizeof *n);
    OWN(buf_drop) struct buf again = {0};
    must(n != NULL);
    if (mirror_notes_parse(text, &pin, n, NULL) != 0)
        return;
    mirror_notes_put(n, &pin, &again);
    must(bytes_equal(buf_bytes(&again), text));
}

static void read_pieces(struct bytes content)
{
    OWN(ledger_pieces_drop) struct ledger_pieces *p = NULL;
    size_t at = 0;
    must(ledger_pieces_open(folder.s, &p, NULL) == 0);
    for (uint64_t number = 0; number < 4; number++) {
        struct ledger_record r;
        if (ledger_pieces_record(p, NULL, number, NULL, &r, NULL) != 0)
            return;
        must(r.number == number && r.all.n <= content.n - at && memcmp(r.all.p, content.p + at, r.all.n) == 0);
        at += r.all.n;
    }
}

static int each(void *context, const struct ledger_record *r, struct err *e)
{
    (void)context;
    (void)r;
    (void)e;
    return 0;
}

static void open_mirror(void)
{
    OWN(mirror_drop) struct mirror *m = NULL;
    if (mirror_open(folder.s, &m, NULL) != 0)
        return;
    must(m->has_founded && !m->has_head);
    must(!m->has_commit || m->records == 4);
    if (m->has_commit)
        (void)mirror_walk(m, each, NULL, NULL);
}

static void both(struct bytes content)
{
    struct cursor c = cursor_of(content);
    uint32_t n = cursor_u32(&c);
    if (c.failed || n > c.left)
        return;
    put(piece.s, cursor_take(&c, n));
    put(commit.s, cursor_rest(&c));
    open_mirror();
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    if (n == 0)
        return 0;
    const struct bytes rest = bytes_of(p + 1, n - 1);
    switch (p[0]) {
    case 0:
        head(rest);
        break;
    case 1:
        notes(rest);
        break;
    case 2:
        put(piece.s, rest);
        (void)unlink(commit.s);
        read_pieces(rest);
        open_mirror();
        break;
    case 3:
        both(rest);
        break;
    default:
        break;
    }
    return 0;
}
