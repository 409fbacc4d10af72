#include "fixture_mirror.h"

struct fixture_last fixture_last;

int fixture_mirror(struct fixture *f, bool again)
{
    OWN(store_drop) struct store *s = fixture_open(f, STORE_PUBLIC);
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    struct mirror_wish wish = {.folder = folder.s, .again = again, .anew = true};
    fixture_watch(f, &watch);
    return mirror_make(s, &wish, &watch, &fixture_last.made, &f->e);
}

int fixture_mirror_verify(struct fixture *f, bool beside)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    return mirror_verify(folder.s, beside ? &f->place : NULL, &watch, &fixture_last.verified, &f->e);
}

void fixture_mirror_whole(struct fixture *f)
{
    if (fixture_mirror(f, false) != 0 || fixture_mirror_verify(f, true) != 0)
        fail_msg("%s %s", f->e.text, buf_text(&f->lines));
    assert_string_equal(buf_text(&f->lines), "");
    assert_int_equal(fixture_last.verified.behind + fixture_last.verified.ahead, 0);
}

int fixture_repair_from_mirror(struct fixture *f)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    buf_clear(&f->words);
    return mirror_repair(&f->place, folder.s, &watch, &f->words, &f->e);
}

int fixture_restore(struct fixture *f)
{
    struct store_watch watch;
    struct file_path folder;
    fixture_path(f, "mirror", &folder);
    fixture_watch(f, &watch);
    return mirror_restore(folder.s, f->root.s, &watch, &fixture_last.restored, &f->e);
}
