/* Mirrors as a person meets them: mirror, verify --mirror, repair --from, and what status says of them. */
#include "fixture.h"

#include <fcntl.h>
#include <sys/stat.h>

static int begin(void **state)
{
    int rc = fixture_begin(state);
    struct fixture *f = *state;
    struct chance chance = {31};
    OWN(mem_drop) uint8_t *content = malloc(1500000);
    chance_fill(&chance, content, 1500000);
    scratch_mkdir("papers");
    scratch_file("papers/film", content, 1500000); /* one pack is sealed, one is open */
    assert_int_equal(fixture_run(f, "intake", "papers", "--from", "A giver", NULL), 0);
    assert_int_equal(system("cp -a archive whole && cp -a state seen"), 0);
    return rc;
}

static int heal(void **state)
{
    (void)state;
    assert_int_equal(system("rm -rf archive state stick && cp -a whole archive && cp -a seen state && mkdir stick"), 0);
    return 0;
}

static int keyless(struct fixture *f, int code)
{
    f->with_keys = true;
    assert_int_equal(f->asked, 0);
    return code;
}

static void test_mirror(void **state)
{
    struct fixture *f = *state;
    f->with_keys = false;
    assert_int_equal(keyless(f, fixture_run(f, "mirror", "stick/m", NULL)), 0);
    fixture_went_well(f);
    fixture_said(f, " copied and read again.\nMirror ");
    fixture_said(f, " in stick/m holds 3 commits, ");
    assert_true(f->last.bytes == f->last.bytes_all && f->last.bytes > 1500000);
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    fixture_said(f, "Nothing new to copy.\n");
    assert_int_equal(fixture_run(f, "note", "a remark", NULL), 0);
    assert_int_equal(fixture_json(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_number(f, "files"), 1);
    assert_int_equal(fixture_number(f, "commits"), 4);
    assert_int_equal(strlen(fixture_word(f, "mirror")), 2 * MIRROR_ID);
}

static void test_mirror_refuses(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "archive/m", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "lies in the repository");
    assert_int_equal(fixture_run(f, "mirror", "papers", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "papers holds other files and is no mirror");
    assert_int_equal(fixture_run(f, "mirror", "nowhere/m", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_IO, "/nowhere is not there: connect the disk");
    static const char *const bad[] = {"-1", "3651", "week", ""};
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(fixture_run(f, "mirror", "stick/m", "--remind", bad[i], NULL), VERBS_USAGE);
        fixture_failed(f, ERR_USAGE, "give a number of days");
    }
    assert_int_equal(fixture_run(f, "mirror", "stick/m", "--remind", "3650", NULL), 0);
}

static void test_damage_here(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(truncate("archive/vault/000/000000.pack", 1000), 0);
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), VERBS_FAILED);
    fixture_said(f, "archive/vault/000/000000.pack is shorter than logged\n");
    fixture_said(f, "FAILED: the rest is copied, but what is named above is damaged here");
    assert_int_equal(fixture_json(f, "verify", "--mirror", "stick/m", NULL), VERBS_FAILED);
    assert_string_equal(fixture_word(f, "result"), "FAILED");
    assert_int_equal(fixture_run(f, "verify", "--mirror", "stick/m", NULL), VERBS_FAILED);
    fixture_said(f, "stick/m/vault/000/000000.pack is missing\n");
    fixture_said(f, "FAILED: 1 findings: run groundwork mirror --again");
}

static void test_verify(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "a remark", NULL), 0);
    f->with_keys = false;
    assert_int_equal(keyless(f, fixture_run(f, "verify", "--mirror", "stick/m", NULL)), 0);
    fixture_said(f, "  Of: tests.example/log, pin ");
    fixture_said(f, "  It is 1 commits behind the repository: groundwork mirror copies them.\nVERIFIED\n");
    assert_int_equal(fixture_json(f, "verify", "--mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_number(f, "behind"), 1);
    assert_int_equal(fixture_number(f, "ahead"), 0);
    assert_string_equal(fixture_word(f, "result"), "VERIFIED");
    f->repository = NULL; /* elsewhere */
    assert_int_equal(fixture_run(f, "verify", "--mirror", "stick/m", NULL), 0);
    fixture_not_said(f, "behind");
    assert_int_equal(fixture_run(f, "verify", "--mirror", "papers", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "papers is no mirror");
    assert_int_equal(fixture_run(f, "verify", NULL), VERBS_ENVIRONMENT);
    fixture_failed(f, ERR_ABSENT, "no repository here");
    f->repository = "archive";
}

static void test_repair_from(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(truncate("archive/vault/000/000000.pack", 1000), 0);
    assert_int_equal(system("rm -r archive/parity"), 0);
    assert_int_equal(fixture_run(f, "repair", NULL), VERBS_FAILED);
    assert_int_equal(fixture_run(f, "repair", "--from", "stick/m", NULL), 0);
    fixture_said(f, "  healed: pack 0 healed from the mirror\n");
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    /* Nothing of it is left. */
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(system("rm -rf archive"), 0);
    f->with_keys = false;
    assert_int_equal(keyless(f, fixture_run(f, "repair", "--from", "stick/m", NULL)), 0);
    fixture_said(f, "archive was made again from the mirror: tests.example/log, ");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
}

/* A pack that is bad in the only mirror at hand takes nothing else along. */
static void test_repair_from_a_damaged_mirror(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_run(f, "mirror", "stick/good", NULL), 0);
    assert_int_equal(truncate("stick/m/vault/000/000000.pack", 1000), 0);
    assert_int_equal(system("rm -rf archive"), 0);
    assert_int_equal(fixture_run(f, "repair", "--from", "stick/m", NULL), VERBS_FAILED);
    fixture_said(f, "stick/m/vault/000/000000.pack is shorter than logged\n");
    fixture_said(f, "FAILED: what is named above is damaged in this mirror, and was left out");
    assert_int_equal(fixture_run(f, "verify", NULL), 0);
    assert_int_equal(fixture_run(f, "repair", "--from", "stick/good", NULL), 0);
    assert_int_equal(fixture_run(f, "audit", NULL), 0);
    assert_int_equal(system("rm -rf archive"), 0);
    assert_int_equal(fixture_json(f, "repair", "--from", "stick/m", NULL), VERBS_FAILED);
    assert_string_equal(fixture_word(f, "result"), "FAILED");
}

static void test_mirror_anew(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    fixture_said(f, "WARNING: stick/m is on the same disk as the repository, and is lost with it: use another disk.\n");
    assert_int_equal(system("rm -rf stick/m"), 0);
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), VERBS_REFUSED);
    fixture_failed(f, ERR_REFUSED, "the mirror that was made in stick/m is not there: is the disk connected?");
    assert_int_equal(fixture_run(f, "mirror", "stick/m", "--anew", NULL), 0);
}

/* What a clock that went wrong noted silences nothing. */
static void test_status_of_a_later_time(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(system("python3 - <<'PY'\n"
                            "import glob, re\n"
                            "name = glob.glob('state/*.mirrors')[0]\n"
                            "text = open(name).read()\n"
                            "text = re.sub(r'(mirror \\w+ \\d+ \\d+ )(\\d+)',\n"
                            "              lambda m: m[1] + str(int(m[2]) + 2 * 86400), text)\n"
                            "open(name, 'w').write(text)\n"
                            "PY"),
                     0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "  WARNING: no mirror is younger than 7 days: run groundwork mirror DEST.\n");
    assert_int_equal(system("echo damaged >$(ls state/*.mirrors)"), 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_not_said(f, "WARNING");
}

static void test_status(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "  WARNING: this computer has made no mirror: run groundwork mirror DEST, on another disk.\n");
    assert_int_equal(fixture_run(f, "mirror", "stick/m", NULL), 0);
    assert_int_equal(fixture_run(f, "note", "a remark", NULL), 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_not_said(f, "WARNING");
    fixture_said(f, "/stick/m, 1 commits behind\n");
    /* Eight days ago. */
    assert_int_equal(system("python3 - <<'PY'\n"
                            "import glob, re\n"
                            "name = glob.glob('state/*.mirrors')[0]\n"
                            "text = open(name).read()\n"
                            "text = re.sub(r'(mirror \\w+ \\d+ \\d+ )(\\d+)',\n"
                            "              lambda m: m[1] + str(int(m[2]) - 8 * 86400), text)\n"
                            "open(name, 'w').write(text)\n"
                            "PY"),
                     0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_said(f, "  WARNING: no mirror is younger than 7 days: run groundwork mirror DEST.\n");
    assert_int_equal(fixture_json(f, "status", NULL), 0);
    assert_int_equal(fixture_number(f, "mirrors_warn_days"), 7);
    assert_non_null(strstr(buf_text(&f->document), "\"age_days\":8"));
    assert_int_equal(fixture_run(f, "mirror", "stick/m2", "--remind", "0", NULL), 0);
    assert_int_equal(fixture_run(f, "status", NULL), 0);
    fixture_not_said(f, "WARNING");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_mirror, heal),
        cmocka_unit_test_setup(test_mirror_refuses, heal),
        cmocka_unit_test_setup(test_damage_here, heal),
        cmocka_unit_test_setup(test_verify, heal),
        cmocka_unit_test_setup(test_repair_from, heal),
        cmocka_unit_test_setup(test_status, heal),
        cmocka_unit_test_setup(test_repair_from_a_damaged_mirror, heal),
        cmocka_unit_test_setup(test_mirror_anew, heal),
        cmocka_unit_test_setup(test_status_of_a_later_time, heal),
    };
    return cmocka_run_group_tests(tests, begin, fixture_end);
}
