/* The commands over small files: what they write, and every refusal with its exit code. */
#include "sheet/sheet.h"

#include "base/file.h"
#include "table/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static char folder[] = "/tmp/sheet_testXXXXXX";

static int start(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL || chdir(folder) != 0 ? -1 : 0;
}

static int stop(void **state)
{
    (void)state;
    return chdir("/") == 0 && system("rm -r /tmp/sheet_test??????") == 0 ? 0 : -1;
}

static void put(const char *name, const char *content)
{
    assert_int_equal(file_replace(name, bytes_text(content), 0600, NULL), 0);
}

static int run(const char *command)
{
    static char program[] = "groundwork-match";
    char line[1024], *argv[64] = {program};
    int argc = 1;
    assert_true(strlen(command) < sizeof line);
    strcpy(line, command);
    for (char *word = strtok(line, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    return sheet_main(argc, argv);
}

static void column(const char *path, const char *name, const char *expected)
{
    OWN(table_drop) struct table *t = NULL;
    OWN(buf_drop) struct buf got = {0};
    struct table_row row;
    assert_int_equal(table_open(path, NULL, &t, NULL), 0);
    int at = table_find(t, name);
    assert_true(at >= 0);
    while (table_next(t, &row, NULL) == 1)
        buf_printf(&got, "%.*s;", (int)row.fields[at].n, (const char *)row.fields[at].p);
    assert_string_equal(buf_text(&got), expected);
}

static void usage(void **state)
{
    (void)state;
    put("a.csv", "id,given,dob\n1,A,1970-01-01\n");
    static const char *const wrong[] = {"",
                                        "nonsense",
                                        "link",
                                        "link a.csv",
                                        "link a.csv --id",
                                        "link a.csv --id id --pairs p",
                                        "link --nonsense x",
                                        "link a.csv --id nothere --pairs p --clusters c",
                                        "link a.csv --id id --pairs p --clusters c --threshold 2",
                                        "link a.csv --id id --pairs p --clusters c --threshold x",
                                        "link a.csv a.csv a.csv --id id --pairs p --clusters c",
                                        "pairs a.csv --left x --right id --out o",
                                        "pairs --left id --right id --out o",
                                        "pairs a.csv --left id --out o",
                                        "screen a.csv --name id --out o",
                                        "screen a.csv --list a.csv --out o",
                                        "goods 2701 --on 2017 --direction in",
                                        "goods 27x1 --on 2017-01-01 --direction in",
                                        "goods 2701 --on 2017-01-01 --direction up",
                                        "goods --on 2017-01-01 --direction in"};
    for (size_t i = 0; i < COUNT(wrong); i++)
        assert_int_equal(run(wrong[i]), 2);
    assert_int_equal(run("link b.csv --id id --pairs p --clusters c"), 4);
    put("fields.json", "{\"given\":\"nonsense\"}");
    assert_int_equal(run("link a.csv --id id --pairs p --clusters c --fields fields.json"), 2);
    put("fields.json", "{");
    assert_int_equal(run("link a.csv --id id --pairs p --clusters c --fields fields.json"), 4);
    put("fields.json", "{}");
    assert_int_equal(run("link a.csv --id id --pairs p --clusters c --fields fields.json"), 3);
    assert_int_equal(run("--help"), 0);
    assert_int_equal(run("--help --lang ko"), 0);
    assert_false(file_exists("p"));
}

static void make_people(void)
{
    OWN(buf_drop) struct buf a = {0};
    static const char *const given[] = {"Tamar", "Igor", "Sora",  "Vera", "Omar",
                                        "Lena",  "Jon",  "Petra", "Nuri", "Hedda"};
    static const char *const surname[] = {"Oz",    "Lind", "Moroz", "Abel", "Haddad",
                                          "Kranz", "Soto", "Wey",   "Bril", "Fonda"};
    buf_put_text(&a, "id,true_id,given,surname,dob,place\n");
    for (unsigned i = 0; i < 600; i++) {
        unsigned p = i / 2;
        unsigned luck = p * 2654435761u;
        buf_printf(&a, "r%u,%u,%s,%s%c%c,%u-%02u-%02u,town%u\n", i, p, given[p % 10], surname[p / 10 % 10],
                   'a' + (int)(luck >> 27) % 26, 'a' + (int)(luck >> 10) % 26, 1940 + (luck >> 20) % 50,
                   1 + (luck >> 15) % 12, 1 + (luck >> 5) % 28, (luck >> 12) % 40);
    }
    put("people.csv", buf_text(&a));
}

static void link_people(void **state)
{
    (void)state;
    make_people();
    put("fields.json", "{\"given\":[\"given\"],\"surname\":\"surname\",\"dob\":\"date\",\"place\":\"place\"}");
    assert_int_equal(run("link people.csv --id id --pairs p.csv --clusters c.csv --fields fields.json --review r.csv "
                         "--report rep --threads 2"),
                     0);
    assert_true(file_exists("rep/report.html") && file_exists("rep/weights.svg") && file_exists("rep/clusters.svg"));
    OWN(table_drop) struct table *t = NULL;
    struct table_row row;
    assert_int_equal(table_open("p.csv", NULL, &t, NULL), 0);
    unsigned right = 0, n = 0;
    for (; table_next(t, &row, NULL) == 1; n++)
        right += atoi((const char *)row.fields[0].p + 1) / 2 == atoi((const char *)row.fields[1].p + 1) / 2;
    assert_in_range(n, 295, 305);
    assert_in_range(right, 295, 300);
    /* The same without a column for the answer in sight: it is not guessed as a field. */
    assert_int_equal(run("link people.csv --id id --pairs p2.csv --clusters c2.csv --threads 1"), 0);
    put("decisions.csv", "id_a,id_b,decision,drawn\nr0,r1,different,by lot\nr4,r5,same,by lot\nr6,r7,,by lot\n");
    assert_int_equal(run("link people.csv --id id --pairs p3.csv --clusters c3.csv --decisions decisions.csv"), 0);
    put("decisions.csv", "id_a,id_b,decision\nr0,nobody,same\n");
    assert_int_equal(run("link people.csv --id id --pairs p3.csv --clusters c3.csv --decisions decisions.csv"), 2);
    put("decisions.csv", "id_a,id_b,decision\nr0,r1,perhaps\n");
    assert_int_equal(run("link people.csv --id id --pairs p3.csv --clusters c3.csv --decisions decisions.csv"), 2);
    put("decisions.csv", "id_a,id_b,decision\nr0,r1,same\nr0,r1,different\n");
    assert_int_equal(run("link people.csv --id id --pairs p3.csv --clusters c3.csv --decisions decisions.csv"), 3);
}

static void same_file(const char *a, const char *b)
{
    OWN(buf_drop) struct buf x = {0}, y = {0};
    assert_int_equal(file_read_all(a, 1 << 24, &x, NULL), 0);
    assert_int_equal(file_read_all(b, 1 << 24, &y, NULL), 0);
    assert_int_equal(x.n, y.n);
    assert_memory_equal(x.p, y.p, x.n);
}

/* The first ${rows} rows of people.csv behind its header, and the rest, as two tables. */
static void split_people(unsigned rows)
{
    OWN(buf_drop) struct buf all = {0};
    assert_int_equal(file_read_all("people.csv", 1 << 20, &all, NULL), 0);
    char *header = (char *)all.p, *at = header;
    size_t header_bytes = (size_t)(strchr(at, '\n') - at) + 1;
    for (unsigned i = 0; i <= rows; i++)
        at = strchr(at, '\n') + 1;
    OWN(buf_drop) struct buf early = {0}, late = {0};
    buf_put(&early, header, (size_t)(at - header));
    buf_put(&late, header, header_bytes);
    buf_put(&late, at, all.n - (size_t)(at - header));
    put("early.csv", buf_text(&early));
    put("late.csv", buf_text(&late));
}

static void growing(void **state)
{
    (void)state;
    make_people();
    split_people(501);
    put("decisions.csv", "id_a,id_b,decision\nr0,r1,different\n");
    assert_int_equal(run("link early.csv --id id --pairs p.csv --clusters c.csv --keep kept"), 0);
    assert_int_equal(run("add kept late.csv --id id --pairs p.csv --clusters c.csv --keep grown --threads 3 "
                         "--decisions decisions.csv"),
                     0);
    assert_int_equal(run("link people.csv --id id --pairs p2.csv --clusters c2.csv --model kept --keep grown2 "
                         "--decisions decisions.csv --threads 1"),
                     0);
    same_file("p.csv", "p2.csv");
    same_file("c.csv", "c2.csv");
    same_file("grown", "grown2");
    static const struct {
        const char *command;
        int code;
    } refusals[] = {
        {"add kept --id id --pairs p --clusters c", 2},
        {"add kept late.csv --pairs p --clusters c", 2},
        {"add kept late.csv --id nothere --pairs p --clusters c", 2},
        {"add kept late.csv early.csv --id id --pairs p --clusters c", 2},
        {"add kept late.csv --id id --pairs p --clusters c --threshold 0.5", 2},
        {"add grown late.csv --id id --pairs p --clusters c", 2}, /* its decisions are not named */
        {"add grown late.csv --id id --pairs p --clusters c --decisions decisions.csv", 3}, /* told already */
        {"add nothere late.csv --id id --pairs p --clusters c", 4},
        {"add late.csv late.csv --id id --pairs p --clusters c", 4},
        {"link people.csv --id id --pairs p --clusters c --model late.csv", 4},
        {"link people.csv --id id --pairs p --clusters c --model kept --threshold 0.5", 2},
        {"link people.csv --id id --pairs p --clusters c --model kept --fields fields.json", 2},
        {"link early.csv late.csv --id id --pairs p --clusters c --model kept", 2}};
    for (size_t i = 0; i < COUNT(refusals); i++)
        assert_int_equal(run(refusals[i].command), refusals[i].code);
    assert_false(file_exists("p"));
}

/* Across two tables, later records are of the second one, and may have an id of the first. */
static void growing_across(void **state)
{
    (void)state;
    make_people();
    assert_int_equal(run("link people.csv people.csv --id id --pairs p.csv --clusters c.csv --keep kept"), 0);
    put("more.csv", "id,true_id,given,surname,dob,place\nr900,1,Tamar,Ozaa,1940-01-01,town1\n");
    assert_int_equal(run("add kept more.csv --id id --pairs p.csv --clusters c.csv"), 0);
    assert_int_equal(run("add kept more.csv --id id --pairs p2 --clusters c2"), 3);
    assert_int_equal(run("link people.csv --id id --pairs p2 --clusters c2 --model kept"), 2);
    assert_false(file_exists("p2"));
}

static void pairs(void **state)
{
    (void)state;
    put("pairs.csv", "l,r,schema\nIgor Lind,Lind Igor,Person\nAb Ltd,Ab Limited,Company\n,x,Person\n");
    assert_int_equal(run("pairs pairs.csv --left l --right r --schema schema --out scored.csv"), 0);
    column("scored.csv", "score", "1.000;1.000;0.000;");
    column("scored.csv", "l", "Igor Lind;Ab Ltd;;");
}

static void screening(void **state)
{
    (void)state;
    put("list.csv", "id,name,date_of_birth\nx1,Sora Linn,1980-01-01\nx2,Ignat Moroz,\n");
    put("queries.csv", "who,born\nLinn Sora,1980\nNobody Here,\n,\n");
    assert_int_equal(run("screen queries.csv --name who --birth born --list list.csv --out h.csv"), 0);
    column("h.csv", "entry", "x1;");
    column("h.csv", "birth", "agrees;");
    column("h.csv", "remark", "a name match, not a finding;");
    assert_int_equal(run("screen queries.csv --name who --list list.csv --out h.csv --exhaustive --threshold 0.5"), 0);
    put("known.csv", "query,entry,decision\nLinn Sora,x1,not him\n");
    assert_int_equal(run("screen queries.csv --name who --list list.csv --decisions known.csv --out h.csv"), 0);
    column("h.csv", "entry", "");
    assert_int_equal(run("screen queries.csv --name who --list list.csv --previous list.csv --out h.csv"), 0);
    column("h.csv", "entry", "");
    put("cut.csv", "id,name\nx1,\"Sora");
    assert_int_equal(run("screen queries.csv --name who --list cut.csv --out h2.csv"), 4);
    assert_false(file_exists("h2.csv"));
}

static void goods(void **state)
{
    (void)state;
    assert_int_equal(run("goods 2701 --on 2017-08-20 --direction out"), 0);
    assert_int_equal(run("goods 49 --on 2017-08-20 --direction in"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(usage),          cmocka_unit_test(link_people), cmocka_unit_test(pairs),
        cmocka_unit_test(screening),      cmocka_unit_test(goods),       cmocka_unit_test(growing),
        cmocka_unit_test(growing_across),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
