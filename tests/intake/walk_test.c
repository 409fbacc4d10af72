/* The walk: everything is met once, in order, opened safely; what cannot be looked at is met too. */
#include "intake/intake_internal.h"

#include "../base/chance.h"
#include "../base/scratch.h"

#include <dlfcn.h>
#include <sys/socket.h>
#include <sys/un.h>

/* ---- what was met ---- */

struct met {
    char *path;
    char *target;
    const char *refused;
    enum statement_type type;
    uint32_t mode;
    struct statement_time mtime;
    uint64_t bytes, first_cookie;
    bool opened;
};
struct walked {
    struct met *list;
    size_t count, room;
    bool set_cookies;
    uint64_t stop_at;                                              /* the visitor ends the walk there */
    void (*meanwhile)(const struct intake_entry *entry, size_t n); /* what else happens to the disk */
};

static char *text_of(struct bytes x)
{
    char *text = calloc(x.n + 1, 1);
    assert_non_null(text);
    if (x.n > 0)
        memcpy(text, x.p, x.n);
    return text;
}

static int meet(void *context, struct intake_entry *entry, struct err *e)
{
    struct walked *w = context;
    if (w->count == w->room) {
        w->room = w->room * 2 + 64;
        w->list = reallocarray(w->list, w->room, sizeof *w->list);
        assert_non_null(w->list);
    }
    assert_int_equal(entry->cookie, UINT64_MAX);
    assert_true(entry->open == NULL || (entry->refused == NULL && entry->type == STATEMENT_FILE));
    if (w->meanwhile != NULL)
        w->meanwhile(entry, w->count);
    w->list[w->count] = (struct met){.path = text_of(entry->path),
                                     .target = text_of(entry->target),
                                     .refused = entry->refused,
                                     .type = entry->type,
                                     .mode = entry->mode,
                                     .mtime = entry->mtime,
                                     .bytes = entry->bytes,
                                     .first_cookie = entry->first_cookie,
                                     .opened = entry->open != NULL};
    if (w->set_cookies)
        entry->cookie = w->count;
    w->count++;
    return w->stop_at == w->count ? err_set(e, ERR_STOPPED, "interrupted") : 0;
}

static void walked_release(struct walked *w)
{
    for (size_t i = 0; i < w->count; i++) {
        free(w->list[i].path);
        free(w->list[i].target);
    }
    free(w->list);
}

static void walk(struct walked *w, const char *argument)
{
    struct err e = {0};
    struct intake_visitor visitor = {meet, w};
    if (intake_walk(&argument, 1, &visitor, &e) != 0)
        fail_msg("%s", e.text);
}

static const struct met *find(const struct walked *w, const char *path)
{
    const struct met *found = NULL;
    for (size_t i = 0; i < w->count; i++)
        if (strcmp(w->list[i].path, path) == 0) {
            assert_null(found); /* once, and never again */
            found = &w->list[i];
        }
    if (found == NULL)
        fail_msg("%s was not met", path);
    return found;
}

static void met_as(const struct walked *w, const char *path, const char *reason, uint64_t bytes)
{
    const struct met *m = find(w, path);
    assert_non_null(m->refused);
    assert_string_equal(m->refused, reason);
    assert_int_equal(m->bytes, bytes);
    assert_true(statement_reason_known(m->refused));
}

/* ---- order ---- */

/* The same walk by the C library's own sorting, appended as lines. */
static int in_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void list_again(const char *path, struct buf *to)
{
    struct stat st;
    struct dirent **names;
    assert_int_equal(lstat(path, &st), 0);
    buf_printf(to, "%s %o %lld %lld\n", path, st.st_mode & 07777, (long long)st.st_mtim.tv_sec,
               (long long)(S_ISREG(st.st_mode) ? st.st_size : 0));
    if (!S_ISDIR(st.st_mode))
        return;
    int n = scandir(path, &names, NULL, in_bytes);
    assert_true(n >= 0);
    for (int i = 0; i < n; i++) {
        char below[PATH_MAX];
        (void)snprintf(below, sizeof below, "%s/%s", path, names[i]->d_name);
        if (strcmp(names[i]->d_name, ".") != 0 && strcmp(names[i]->d_name, "..") != 0)
            list_again(below, to);
        free(names[i]);
    }
    free(names);
}

static void list_met(const struct walked *w, struct buf *to)
{
    for (size_t i = 0; i < w->count; i++)
        buf_printf(to, "%s %o %lld %llu\n", w->list[i].path, w->list[i].mode, (long long)w->list[i].mtime.s,
                   (unsigned long long)w->list[i].bytes);
}

static void random_name(struct chance *c, char to[16])
{
    static const char letters[] = "a-.Z \n\x80\xff/"; /* "/" is none: there the name ends */
    size_t n = 0;
    while (n < 12) {
        char letter = letters[chance_below(c, sizeof letters - 1)];
        if (letter == '/')
            break;
        to[n++] = letter;
    }
    (void)snprintf(to + n, 4, "%u", (unsigned)chance_below(c, 10));
}

static void grow_tree(struct chance *c, const char *path, int depth)
{
    for (size_t i = chance_below(c, 8); i > 0; i--) {
        char name[16], below[PATH_MAX];
        random_name(c, name);
        (void)snprintf(below, sizeof below, "%s/%s", path, name);
        size_t kind = chance_below(c, 4);
        struct stat there;
        if (lstat(below, &there) == 0)
            continue;
        if (kind == 0 && depth > 0) {
            scratch_mkdir(below);
            grow_tree(c, below, depth - 1);
            scratch_time(below, (time_t)chance_below(c, 1u << 31), 0);
        } else if (kind == 1)
            (void)symlink("to nowhere", below);
        else
            scratch_file(below, "0123456789", chance_below(c, 11));
    }
}

static void random_trees_are_met_in_order_as_a_second_reading_says(void **state)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        struct chance chance = {seed * 77};
        OWN(walked_release) struct walked w = {0};
        OWN(buf_drop) struct buf expected = {0};
        OWN(buf_drop) struct buf got = {0};
        scratch_mkdir("tree");
        grow_tree(&chance, "tree", 5);
        list_again("tree", &expected);
        walk(&w, "tree");
        list_met(&w, &got);
        assert_string_equal(buf_text(&got), buf_text(&expected));
        scratch_remove("tree");
    }
}

static void a_large_folder_is_met_in_order(void **state)
{
    OWN(walked_release) struct walked w = {0};
    scratch_mkdir("large");
    for (unsigned i = 0; i < 3000; i++) {
        char name[32];
        (void)snprintf(name, sizeof name, "large/%u", i * 7919 % 3000);
        scratch_text(name, "");
    }
    walk(&w, "large");
    assert_int_equal(w.count, 3001);
    for (size_t i = 2; i < w.count; i++)
        assert_true(strcmp(w.list[i - 1].path, w.list[i].path) < 0);
}

/* ---- arguments ---- */

static void an_argument_is_met_under_the_name_it_is_kept_by(void **state)
{
    static const struct {
        const char *argument, *first;
        enum statement_type type;
        size_t count;
    } cases[] = {
        {"here", "here", STATEMENT_FOLDER, 3},         {"./here/", "here", STATEMENT_FOLDER, 3},
        {"here/file", "here/file", STATEMENT_FILE, 1}, {"here/link", "here/link", STATEMENT_LINK, 1},
        {"here/..", "here", STATEMENT_FOLDER, 4},      {"way", "way", STATEMENT_LINK, 1},
        {"way/", "way", STATEMENT_FOLDER, 3}, /* whoever writes the slash means the folder behind the link */
    };
    scratch_mkdir("here");
    scratch_text("here/file", "abc");
    assert_int_equal(symlink("file", "here/link"), 0);
    assert_int_equal(symlink("here", "way"), 0);
    for (size_t i = 0; i < COUNT(cases); i++) {
        OWN(walked_release) struct walked w = {0};
        walk(&w, cases[i].argument);
        assert_int_equal(w.count, cases[i].count);
        assert_string_equal(w.list[0].path, cases[i].first); /* "here/..": its empty path is not met */
        assert_int_equal(w.list[0].type, cases[i].type);
    }
    OWN(walked_release) struct walked w = {0};
    walk(&w, "here");
    assert_string_equal(find(&w, "here/link")->target, "file");
    assert_int_equal(find(&w, "here/link")->bytes, 0);
    assert_false(find(&w, "here/link")->opened);
    assert_true(find(&w, "here/file")->opened);
    assert_int_equal(find(&w, "here/file")->bytes, 3);
}

static void several_arguments_are_met_one_after_another(void **state)
{
    static const char *const arguments[] = {"z", "nowhere", "a"};
    OWN(walked_release) struct walked w = {0};
    struct intake_visitor visitor = {meet, &w};
    scratch_text("z", "");
    scratch_text("a", "");
    assert_int_equal(intake_walk(arguments, 3, &visitor, NULL), 0);
    assert_int_equal(w.count, 3);
    assert_string_equal(w.list[0].path, "z");
    assert_string_equal(w.list[1].refused, "vanished");
    assert_string_equal(w.list[2].path, "a");
}

static void the_folder_that_one_stands_in_has_a_name_when_it_is_refused(void **state)
{
    OWN(walked_release) struct walked w = {0};
    if (!scratch_as_root())
        skip();
    scratch_mkdir("closed");
    assert_int_equal(chdir("closed"), 0);
    assert_int_equal(chmod(".", 0311), 0);
    walk(&w, ".");
    assert_int_equal(chdir(".."), 0);
    met_as(&w, ".", "unreadable", 0);
    assert_int_equal(w.count, 1);
}

/* ---- what is no document, and what may not be read ---- */

static void pipes_sockets_and_devices_are_met_as_refused(void **state)
{
    OWN(walked_release) struct walked w = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "odd/socket"};
    scratch_mkdir("odd");
    assert_int_equal(mkfifo("odd/pipe", 0600), 0);
    OWN(fd_drop) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
    scratch_text("odd/z", "");
    walk(&w, "odd");
    assert_int_equal(w.count, 4);
    met_as(&w, "odd/pipe", "fifo", 0);
    met_as(&w, "odd/socket", "socket", 0);
    walk(&w, "/dev/null");
    met_as(&w, "dev/null", "device", 0);
}

static void what_may_not_be_read_is_met_with_what_its_folder_tells(void **state)
{
    OWN(walked_release) struct walked w = {0};
    if (!scratch_as_root())
        skip();
    scratch_mkdir("t");
    scratch_text("t/file", "secret");
    scratch_mkdir("t/shut");
    scratch_text("t/shut/inner", "x");
    scratch_mkdir("t/names only");
    scratch_text("t/names only/inner", "xy");
    assert_int_equal(chmod("t/file", 0), 0);
    assert_int_equal(chmod("t/shut", 0300), 0);
    assert_int_equal(chmod("t/names only", 0600), 0);
    walk(&w, "t");
    assert_int_equal(w.count, 5);
    met_as(&w, "t/file", "unreadable", 6);
    met_as(&w, "t/shut", "unreadable", 0);
    assert_null(find(&w, "t/names only")->refused);
    met_as(&w, "t/names only/inner", "unreadable", 0);
    assert_int_equal(chmod("t/shut", 0700), 0);
    assert_int_equal(chmod("t/names only", 0700), 0);
}

/* ---- several names of one file ---- */

static void a_further_name_carries_the_cookie_of_the_first(void **state)
{
    OWN(walked_release) struct walked w = {.set_cookies = true};
    scratch_mkdir("l");
    scratch_text("l/a", "one");
    assert_int_equal(link("l/a", "l/c"), 0);
    scratch_mkdir("l/b");
    assert_int_equal(link("l/a", "l/b/inner"), 0);
    scratch_text("l/single", "");
    walk(&w, "l"); /* l, a, b, inner, c, single */
    assert_int_equal(find(&w, "l/a")->first_cookie, UINT64_MAX);
    assert_int_equal(find(&w, "l/b/inner")->first_cookie, 1);
    assert_int_equal(find(&w, "l/c")->first_cookie, 1);
    assert_int_equal(find(&w, "l/single")->first_cookie, UINT64_MAX);
}

static void a_name_whose_cookie_stays_unset_leaves_the_next_to_be_the_first(void **state)
{
    OWN(walked_release) struct walked w = {0};
    scratch_mkdir("l");
    scratch_text("l/a", "one");
    assert_int_equal(link("l/a", "l/b"), 0);
    walk(&w, "l");
    assert_int_equal(find(&w, "l/b")->first_cookie, UINT64_MAX);
}

/* Other bytes, another time, or other permissions: what was read under the first name is not this file. */
static void change_between_the_names(const struct intake_entry *entry, size_t n)
{
    (void)n;
    if (!bytes_equal(entry->path, bytes_text("l/f")))
        return;
    (void)usleep(20000); /* the file system's clock must be seen to go on */
    scratch_text("l/a", "two"); /* as long as before */
    scratch_time("l/c", 1000000000, 0);
    assert_int_equal(chmod("l/e", 0600), 0);
}

static void a_further_name_of_what_changed_since_is_a_file_of_its_own(void **state)
{
    OWN(walked_release) struct walked w = {.set_cookies = true, .meanwhile = change_between_the_names};
    scratch_mkdir("l");
    for (const char *name = "ace"; *name != 0; name++) {
        char first[8], second[8], third[8];
        (void)snprintf(first, sizeof first, "l/%c", *name);
        (void)snprintf(second, sizeof second, "l/x%c", *name);
        (void)snprintf(third, sizeof third, "l/y%c", *name);
        scratch_text(first, "one");
        assert_int_equal(chmod(first, 0644), 0);
        assert_int_equal(link(first, second), 0);
        assert_int_equal(link(first, third), 0);
    }
    scratch_text("l/f", "between");
    walk(&w, "l"); /* l, a, c, e, f, xa, xc, xe, ya, yc, ye */
    for (size_t i = 5; i <= 7; i++) {
        assert_int_equal(w.list[i].first_cookie, UINT64_MAX);
        assert_true(w.list[i].opened);
        assert_int_equal(w.list[i + 3].first_cookie, i); /* of what was read last */
    }
    scratch_remove("l");
}

/* ---- more names than a folder may have ---- */

static unsigned endless; /* names that reading a folder still gives */

struct dirent *readdir(DIR *dir)
{
    static struct dirent one = {.d_name = "n"};
    struct dirent *(*real)(DIR * dir);
    *(void **)&real = dlsym(RTLD_NEXT, "readdir64");
    if (endless == 0)
        return real(dir);
    endless--;
    return &one;
}

static void fill_the_folder(const struct intake_entry *entry, size_t n)
{
    (void)n;
    endless = bytes_equal(entry->path, bytes_text("full/a")) ? INTAKE_FOLDER_NAMES_MAX + 1 : 0;
}

static void a_folder_with_too_many_names_is_refused_and_the_walk_goes_on(void **state)
{
    OWN(walked_release) struct walked w = {.meanwhile = fill_the_folder};
    scratch_mkdir("full");
    scratch_text("full/a", "");
    scratch_mkdir("full/b");
    scratch_text("full/c", "");
    walk(&w, "full");
    assert_int_equal(w.count, 4);
    met_as(&w, "full/b", "large", 0);
    assert_null(find(&w, "full/c")->refused);
    assert_int_equal(endless, 0);
}

/* ---- a disk that does not hold still ---- */

static void change_what_comes(const struct intake_entry *entry, size_t n)
{
    if (n != 1)
        return;
    assert_int_equal(unlink("m/b"), 0);
    assert_int_equal(unlink("m/c"), 0);
    assert_int_equal(mkfifo("m/c", 0600), 0);
    assert_int_equal(rename("m/d", "away"), 0);
    assert_int_equal(symlink("/etc", "m/d"), 0);
    scratch_text("m/e", "new"); /* not met: it was not there when the folder was looked at */
}

static void what_happens_meanwhile_is_met_as_it_is_then(void **state)
{
    OWN(walked_release) struct walked w = {.meanwhile = change_what_comes};
    scratch_mkdir("m");
    scratch_text("m/a", "");
    scratch_text("m/b", "");
    scratch_text("m/c", "");
    scratch_mkdir("m/d");
    scratch_text("m/d/inner", "");
    walk(&w, "m");
    assert_int_equal(w.count, 5);
    met_as(&w, "m/b", "vanished", 0);
    met_as(&w, "m/c", "fifo", 0);
    assert_int_equal(find(&w, "m/d")->type, STATEMENT_LINK);
}

static void take_the_folder_away(const struct intake_entry *entry, size_t n)
{
    if (n == 1)
        scratch_remove("v/gone");
}

static void names_in_a_folder_that_vanished_are_met_as_vanished(void **state)
{
    OWN(walked_release) struct walked w = {.meanwhile = take_the_folder_away};
    scratch_mkdir("v");
    scratch_mkdir("v/gone");
    scratch_text("v/gone/a", "");
    scratch_text("v/gone/b", "");
    scratch_text("v/z", "");
    walk(&w, "v");
    assert_int_equal(w.count, 5);
    met_as(&w, "v/gone/a", "vanished", 0);
    met_as(&w, "v/gone/b", "vanished", 0);
    assert_null(find(&w, "v/z")->refused);
}

/* ---- deep trees ---- */

enum { DEEP = 400, MOVED_AT = 10 };

static void go_down(size_t levels, const char *name)
{
    for (size_t i = 0; i < levels; i++) {
        assert_int_equal(mkdir(name, 0755), 0);
        assert_int_equal(chdir(name), 0);
    }
}

static void go_up(size_t levels)
{
    for (size_t i = 0; i < levels; i++)
        assert_int_equal(chdir(".."), 0);
}

static void go_up_and_remove(size_t levels, const char *name)
{
    for (size_t i = 0; i < levels; i++) {
        assert_int_equal(chdir(".."), 0);
        assert_int_equal(rmdir(name), 0);
    }
}

static void deeper_than_descriptors_reach_and_all_the_way_back(void **state)
{
    OWN(walked_release) struct walked w = {0};
    go_down(DEEP, "d");
    for (size_t i = 0; i < DEEP; i++) {
        scratch_text("z", "after");
        assert_int_equal(chdir(".."), 0);
    }
    walk(&w, "d");
    assert_int_equal(w.count, 2 * DEEP);
    for (size_t i = 0; i < w.count; i++)
        assert_null(w.list[i].refused);
    assert_string_equal(w.list[w.count - 1].path, "d/z");
}

static void move_a_folder_above(const struct intake_entry *entry, size_t n)
{
    if (n == DEEP - 1)
        assert_int_equal(rename("d/d/d/d/d/d/d/d/d/d", "elsewhere"), 0);
}

static void what_lay_above_a_folder_that_was_moved_is_met_as_vanished(void **state)
{
    OWN(walked_release) struct walked w = {.meanwhile = move_a_folder_above};
    size_t vanished = 0;
    go_down(DEEP, "d");
    for (size_t i = 0; i < DEEP; i++) {
        scratch_text("z", "after");
        assert_int_equal(chdir(".."), 0);
    }
    walk(&w, "d");
    assert_int_equal(w.count, 2 * DEEP); /* every name, once */
    for (size_t i = 0; i < w.count; i++)
        vanished += w.list[i].refused != NULL;
    assert_int_equal(vanished, MOVED_AT - 1);
    met_as(&w, "d/z", "vanished", 0);
}

static int count_only(void *context, struct intake_entry *entry, struct err *e)
{
    struct met *last = context;
    last->bytes++;
    if (entry->refused != NULL) {
        last->refused = entry->refused;
        last->first_cookie = entry->path.n;
    }
    return 0;
}

static void folders_are_nested_as_deep_as_is_allowed_and_no_deeper(void **state)
{
    static const char *const argument = "d";
    struct met counted = {0};
    struct intake_visitor visitor = {count_only, &counted};
    go_down(INTAKE_DEPTH_MAX, "d");
    go_up(INTAKE_DEPTH_MAX);
    assert_int_equal(intake_walk(&argument, 1, &visitor, NULL), 0);
    assert_int_equal(counted.bytes, INTAKE_DEPTH_MAX);
    assert_null(counted.refused);
    for (size_t i = 0; i < INTAKE_DEPTH_MAX; i++)
        assert_int_equal(chdir("d"), 0);
    assert_int_equal(mkdir("e", 0755), 0);
    go_up(INTAKE_DEPTH_MAX);
    counted = (struct met){0};
    assert_int_equal(intake_walk(&argument, 1, &visitor, NULL), 0);
    assert_int_equal(counted.bytes, INTAKE_DEPTH_MAX + 1);
    assert_string_equal(counted.refused, "loop");
    assert_int_equal(counted.first_cookie, 2 * INTAKE_DEPTH_MAX + 1); /* d/d/.../d/e */
    for (size_t i = 0; i < INTAKE_DEPTH_MAX; i++)
        assert_int_equal(chdir("d"), 0);
    assert_int_equal(rmdir("e"), 0);
    go_up_and_remove(INTAKE_DEPTH_MAX, "d");
}

static void a_path_is_as_long_as_is_allowed_and_no_longer(void **state)
{
    static const char *const argument = "p";
    enum { LEVELS = 4095 };
    char name[256], last[256];
    struct err e = {0};
    struct met counted = {0};
    struct intake_visitor visitor = {count_only, &counted};
    memset(name, 'n', 255);
    memset(last, 'l', 255);
    name[255] = last[255] = 0;
    scratch_mkdir("p");
    assert_int_equal(chdir("p"), 0);
    go_down(LEVELS, name);
    last[254] = 0; /* "p", LEVELS times "/nnn...", "/lll..." */
    assert_int_equal(1 + LEVELS * 256 + 255, STATEMENT_PATH_MAX);
    scratch_text(last, "");
    go_up(LEVELS + 1);
    assert_int_equal(intake_walk(&argument, 1, &visitor, &e), 0);
    assert_int_equal(counted.bytes, LEVELS + 2);
    assert_int_equal(chdir("p"), 0);
    for (size_t i = 0; i < LEVELS; i++)
        assert_int_equal(chdir(name), 0);
    assert_int_equal(unlink(last), 0);
    last[254] = 'l';
    scratch_text(last, "");
    go_up(LEVELS + 1);
    assert_int_equal(chdir("p"), 0);
    scratch_text("q", "what comes after it is met all the same");
    assert_int_equal(chdir(".."), 0);
    counted = (struct met){0};
    assert_int_equal(intake_walk(&argument, 1, &visitor, &e), 0);
    assert_int_equal(counted.bytes, LEVELS + 3);
    assert_string_equal(counted.refused, "loop");
    assert_int_equal(counted.first_cookie, 1 + LEVELS * 256); /* the path of its folder */
}

/* ---- the visitor, traces, measuring ---- */

static void the_visitors_own_error_ends_the_walk(void **state)
{
    static const char *const argument = "s";
    scratch_mkdir("s");
    scratch_text("s/a", "");
    scratch_mkdir("s/b");
    scratch_text("s/b/c", "");
    for (size_t at = 1; at <= 4; at++) {
        OWN(walked_release) struct walked w = {.stop_at = at};
        struct intake_visitor visitor = {meet, &w};
        struct err e = {0};
        assert_int_equal(intake_walk(&argument, 1, &visitor, &e), ERR_STOPPED);
        assert_int_equal(w.count, at);
        assert_string_equal(e.text, "interrupted");
    }
}

static void looking_leaves_the_time_of_access_alone(void **state)
{
    struct stat is;
    OWN(walked_release) struct walked w = {0};
    scratch_mkdir("q");
    scratch_mkdir("q/r");
    scratch_text("q/r/file", "x");
    scratch_time("q/r/file", 1000000000, 0);
    scratch_time("q/r", 1000000000, 0);
    scratch_time("q", 1000000000, 0);
    walk(&w, "q");
    assert_int_equal(w.count, 3);
    static const char *const names[] = {"q", "q/r", "q/r/file"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(lstat(names[i], &is), 0);
        assert_int_equal(is.st_atim.tv_sec, 1000000000);
    }
    walk(&w, "/usr/share/doc/base-files"); /* another's folder is looked at all the same */
    assert_null(find(&w, "usr/share/doc/base-files")->refused);
}

static bool stop_at_last(void *context)
{
    unsigned *left = context;
    return --*left == 0;
}

static void measuring_counts_what_a_walk_meets_and_opens_no_file(void **state)
{
    static const char *const argument = "n";
    OWN(walked_release) struct walked w = {.set_cookies = true};
    uint64_t names = 0, bytes = 0;
    scratch_mkdir("n");
    scratch_text("n/a", "12345");
    assert_int_equal(link("n/a", "n/b"), 0);
    scratch_text("n/may not be read", "678");
    assert_int_equal(chmod("n/may not be read", 0), 0);
    assert_int_equal(mkfifo("n/pipe", 0600), 0);
    assert_int_equal(symlink("a", "n/link"), 0);
    unsigned left = 1000;
    struct intake_stopping stopping = {stop_at_last, &left};
    assert_int_equal(intake_measure(&argument, 1, &stopping, &names, &bytes, NULL), 0);
    assert_int_equal(left, 1000 - names);
    left = 3;
    uint64_t untouched = names;
    assert_int_equal(intake_measure(&argument, 1, &stopping, &names, &bytes, NULL), ERR_STOPPED);
    assert_int_equal(names, untouched);
    walk(&w, "n");
    assert_int_equal(names, w.count);
    assert_int_equal(names, 6);
    assert_int_equal(bytes, 8); /* each file once, by what the folder tells */
}

static int setup(void **state)
{
    scratch_begin_quick();
    return 0;
}

static int teardown(void **state)
{
    scratch_end();
    return 0;
}

#define IN_SCRATCH(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCRATCH(random_trees_are_met_in_order_as_a_second_reading_says),
        IN_SCRATCH(a_large_folder_is_met_in_order),
        IN_SCRATCH(an_argument_is_met_under_the_name_it_is_kept_by),
        IN_SCRATCH(several_arguments_are_met_one_after_another),
        IN_SCRATCH(the_folder_that_one_stands_in_has_a_name_when_it_is_refused),
        IN_SCRATCH(pipes_sockets_and_devices_are_met_as_refused),
        IN_SCRATCH(what_may_not_be_read_is_met_with_what_its_folder_tells),
        IN_SCRATCH(a_further_name_carries_the_cookie_of_the_first),
        IN_SCRATCH(a_name_whose_cookie_stays_unset_leaves_the_next_to_be_the_first),
        IN_SCRATCH(a_folder_with_too_many_names_is_refused_and_the_walk_goes_on),
        IN_SCRATCH(a_further_name_of_what_changed_since_is_a_file_of_its_own),
        IN_SCRATCH(what_happens_meanwhile_is_met_as_it_is_then),
        IN_SCRATCH(names_in_a_folder_that_vanished_are_met_as_vanished),
        IN_SCRATCH(deeper_than_descriptors_reach_and_all_the_way_back),
        IN_SCRATCH(what_lay_above_a_folder_that_was_moved_is_met_as_vanished),
        IN_SCRATCH(folders_are_nested_as_deep_as_is_allowed_and_no_deeper),
        IN_SCRATCH(a_path_is_as_long_as_is_allowed_and_no_longer),
        IN_SCRATCH(the_visitors_own_error_ends_the_walk),
        IN_SCRATCH(looking_leaves_the_time_of_access_alone),
        IN_SCRATCH(measuring_counts_what_a_walk_meets_and_opens_no_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
