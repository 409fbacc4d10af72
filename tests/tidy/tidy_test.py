"""tidy.py: a small tree that keeps every rule has no finding, and each way of breaking one has exactly that finding."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import tidy  # noqa: E402

MUST, _ = tidy.system_words()
SYSTEM = "".join(f"en {words}\nko 시스템: {number}\n\n" for number, words in enumerate(sorted(MUST)))

CLEAN = {
    "layers.txt": """[layers]
base:
low:   base
side:  base
high:  base low
[programs]
tool-one: high
[prefixes]
base:  err_ text_
[headers]
sodium.h: low
unicode/: base
""",
    "Makefile": "all:\n\tscripts/go.sh\n",
    "scripts/go.sh": "#!/bin/sh\n",
    "src/base/meson.build": "base_sources = files('err.c')\n",
    "src/base/err.h": '#include <stddef.h>\nint err_set(void *e, int code, const char *format, ...)'
                      " __attribute__((format(printf, 3, 4)));\n",
    "src/base/err.c": '#include "base/err.h"\n#include <unicode/uchar.h>\n'
                      "int err_set(void *e, int code, const char *format, ...)\n{\n    return code;\n}\n",
    "src/base/text_catalogue.txt": SYSTEM + "en %s of %zu is \\\"bad\\\"\nko %2$zu의 %1$s이(가) 나쁩니다\n",
    "src/low/meson.build": "low_sources = files('low.c', 'inner.c')\n",
    "src/low/low.h": '#include "base/err.h"\nint low_do(void *e);\n',
    "src/low/low_internal.h": "int low_inner(void);\n",
    "src/low/low.c": '#include "low/low.h"\n#include "low/low_internal.h"\n#include "base/err.h"\n#include <sodium.h>\n'
                     'int low_do(void *e)\n{\n    return err_set(e, -1, "%s of %zu "\n'
                     '        "is \\"bad\\"", "a", (size_t)low_inner());\n}\n',
    "src/low/inner.c": '#include "low/low_internal.h"\nint low_inner(void)\n{\n    return 1;\n}\n',
    "src/side/meson.build": "side_sources = files('side.c')\n",
    "src/side/side.h": "int side_do(void);\n",
    "src/side/side.c": '#include "side/side.h"\nint side_do(void)\n{\n    return 2;\n}\n',
    "src/high/meson.build": "high_sources = files('high.c')\n",
    "src/high/high.h": "int high_do(void);\n",
    "src/high/high.c": '#include "high/high.h"\n#include "low/low.h"\nint high_do(void)\n{\n    return low_do(0);\n}\n',
    "src/programs/tool_one.c": '#include "high/high.h"\nint main(void)\n{\n    return high_do();\n}\n',
    "tests/base/meson.build": "base_tests = ['err']\n",
    "tests/base/err_test.c": '#include "base/err.h"\n#include <cmocka.h>\n',
    "tests/low/meson.build": "low_tests = ['low']\nlow_test_helpers = files('fixture.c')\n",
    "tests/low/low_test.c": '#include "low/low_internal.h"\n#include "fixture.h"\n',
    "tests/low/fixture.c": '#include "fixture.h"\n',
    "tests/low/fixture.h": "",
    "tests/side/meson.build": "side_tests = ['side']\n",
    "tests/side/side_test.c": '#include "side/side.h"\n',
    "tests/high/meson.build": "high_tests = ['high']\n",
    "tests/high/high_test.c": '#include "high/high.h"\n',
    "tests/twins.txt": "src/low/inner.c — is tried through low_test.c\n",
}


class TidyTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        for path, text in CLEAN.items():
            self.write(path, text)

    def write(self, path, text):
        target = pathlib.Path(self.folder.name, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def add(self, path, text):
        target = pathlib.Path(self.folder.name, path)
        self.write(path, (target.read_text(encoding="utf-8") if target.exists() else "") + text)

    def replace(self, path, old, new):
        text = pathlib.Path(self.folder.name, path).read_text(encoding="utf-8")
        self.assertIn(old, text)
        self.write(path, text.replace(old, new))

    def findings(self):
        tree = tidy.Tree(self.folder.name)
        return [(name, finding) for name, rule in tidy.RULES.items() for finding in rule(tree)]

    def broken(self, rule, *words):
        """Exactly one finding, of this rule, that says these words."""
        found = self.findings()
        self.assertEqual([name for name, _ in found], [rule], found)
        for word in words:
            self.assertIn(word, found[0][1])

    def build(self):
        """The static libraries of the rooms, as Meson would leave them."""
        libraries = pathlib.Path(self.folder.name, "build/src")
        libraries.mkdir(parents=True)
        for room in ("base", "low", "side", "high"):
            objects = []
            for source in sorted(pathlib.Path(self.folder.name, "src", room).glob("*.c")):
                objects.append(str(libraries / f"{room}_{source.stem}.o"))
                text = "\n".join(line for line in source.read_text().split("\n") if "<" not in line)
                subprocess.run(["gcc", "-x", "c", "-w", f"-I{self.folder.name}/src", "-c", "-", "-o", objects[-1]],
                               input=text, text=True, check=True)
            subprocess.run(["ar", "rcs", str(libraries / f"lib{room}.a"), *objects], check=True)

    def test_clean(self):
        self.assertEqual(self.findings(), [])
        self.build()
        self.assertEqual(self.findings(), [])

    # layers

    def test_include_upwards(self):
        self.add("src/low/inner.c", '#include "high/high.h"\n')
        self.broken("layers", "src/low/inner.c:6", '"high/high.h" is not granted')

    def test_include_sideways(self):
        self.add("src/high/high.c", '#include "side/side.h"\n')
        self.broken("layers", '"side/side.h" is not granted')

    def test_include_in_a_test(self):
        self.add("tests/side/side_test.c", '#include "low/low.h"\n')
        self.broken("layers", "tests/side/side_test.c:2", "not granted")

    def test_include_of_another_rooms_inside(self):
        self.add("src/high/high.c", '#  include "low/low_internal.h"\n')
        self.broken("layers", "the inside of another room")

    def test_include_without_room(self):
        self.add("src/low/inner.c", '#include "low_internal.h"\n')
        self.broken("layers", "no header of a room")

    def test_include_of_nothing(self):
        self.add("src/low/inner.c", '#include "low/nothing.h"\n')
        self.broken("layers", "does not exist")

    def test_program_sees_its_line_only(self):
        self.add("src/programs/tool_one.c", '#include "low/low.h"\n')
        self.broken("layers", "src/programs/tool_one.c", "not granted")

    def test_room_without_a_line(self):
        self.write("src/attic/attic.txt", "")
        self.broken("layers", "src/attic: a room that layers.txt does not name")

    def test_line_without_a_room_or_program(self):
        self.replace("layers.txt", "[programs]\n", "attic: base\n[programs]\n")
        self.broken("layers", "layers.txt: names attic, and there is no src/attic/meson.build")
        self.replace("layers.txt", "attic: base\n[programs]\n", "[programs]\ntool-two: high\n")
        self.broken("layers", "layers.txt: names tool-two, and there is no src/programs/tool_two.c")

    def test_program_without_a_line(self):
        self.write("src/programs/other.c", "")
        self.write("layers.txt", CLEAN["layers.txt"])
        self.assertEqual([name for name, _ in self.findings()], ["layers", "dead"])

    def test_layers_must_be_a_stair(self):
        self.replace("layers.txt", "low:   base", "low:   base high")
        self.broken("layers", "layers.txt:3: low names high, which does not stand above it")

    def test_layers_malformed(self):
        for line in ("nonsense\n", "base: err_\n"):
            with self.subTest(line=line):
                self.write("layers.txt", CLEAN["layers.txt"].replace("[headers]\n", line + "[headers]\n"))
                self.broken("layers", "layers.txt:10")

    # headers

    def test_third_party_header_of_another_room(self):
        for header in ("sodium.h", "unicode/ustring.h"):
            with self.subTest(header=header):
                self.write("src/side/side.c", CLEAN["src/side/side.c"] + f"#include <{header}>\n")
                self.broken("headers", f"<{header}> may be included by")

    def test_unknown_third_party_header(self):
        self.add("src/side/side.c", "#include <curl/curl.h>\n")
        self.broken("headers", "gives it to no room")

    def test_test_header_in_source(self):
        self.add("src/side/side.c", "#include <cmocka.h>\n")
        self.broken("headers", "for tests only")

    # exports, circles

    def test_export_without_prefix(self):
        self.add("src/side/side.c", "int helper(void)\n{\n    return 0;\n}\n")
        self.build()
        self.broken("exports", "src/side: exports helper; its prefixes are side_")

    def test_exported_variable_without_prefix(self):
        self.add("src/base/err.c", "int verbose = 1;\n")
        self.build()
        self.broken("exports", "src/base: exports verbose; its prefixes are err_ text_")

    def test_circle_behind_the_compilers_back(self):
        self.add("src/low/inner.c", "int high_do(void);\nint low_up(void)\n{\n    return high_do();\n}\n")
        self.build()
        self.broken("circles", "src/low: uses high_do of high")

    # twins

    def test_twin_missing(self):
        self.write("tests/twins.txt", "")
        self.broken("twins", "src/low/inner.c: has neither tests/low/inner_test.c")

    def test_twin_excused_and_there(self):
        self.add("tests/twins.txt", "src/low/low.c — forgotten\n")
        self.broken("twins", "src/low/low.c has its test now")

    def test_excuse_without_reason_or_file(self):
        self.add("tests/twins.txt", "src/low/gone.c — moved\n")
        self.broken("twins", "src/low/gone.c does not exist")
        self.write("tests/twins.txt", "src/low/inner.c\n")
        self.assertEqual({name for name, _ in self.findings()}, {"twins"})

    # catalogue

    def test_sentence_missing(self):
        self.replace("src/low/low.c", "is \\\"bad", "is very \\\"bad")
        found = self.findings()
        self.assertEqual([name for name, _ in found], ["catalogue"] * 2)
        self.assertIn("src/low/low.c:7: not in the catalogue: '%s of %zu is very \"bad\"'", found[0][1])
        self.assertIn("nobody says this any more", found[1][1])

    def test_calls_that_say_something(self):
        for call in ('text_tr("fails here")', 'say_line(out, "fails here %d", 1)', 'ui_ask("fails here")',
                     'face->warn(face->context, "fails here")',
                     '(void)err_set(e, rc, many ? "fails here" : "%s of %zu is \\"bad\\"", p, n)',
                     'f(err_set(e, (g(1, 2), 3), "fails here"))'):
            with self.subTest(call=call):
                self.write("src/side/side.c", CLEAN["src/side/side.c"] + f"int f(void)\n{{\n    {call};\n}}\n")
                self.broken("catalogue", "src/side/side.c:8", "not in the catalogue", "fails here")

    def test_functions_and_macros_that_say_something(self):
        for declared, call in (
                ("int tell(int a, const char *b, ...) __attribute__((format(printf, 2, 3)));",
                 'tell(1, "fails here %d")'),
                ("__attribute__((format(printf, 1, 2), cold)) static int tell(const char *b, ...);",
                 'tell("fails here")'),
                ("#define TELL(a, ...) \\\n    (void)err_set(&(a), 1, __VA_ARGS__)", 'TELL(e, "fails here")')):
            with self.subTest(declared=declared):
                code = f"{declared}\nint f(void)\n{{\n    {call};\n}}\n"
                self.write("src/side/side.c", CLEAN["src/side/side.c"] + code)
                self.broken("catalogue", "not in the catalogue", "fails here")

    def test_tables_of_a_room_for_people(self):
        self.replace("layers.txt", "high:  base low\n", "high:  base low\nverbs: base\n")
        self.write("src/verbs/meson.build", "verbs_sources = files('verbs.c')\n")
        self.write("src/verbs/verbs.c", 'static_assert(1, "of no interest here");\nint verbs_t[] = {{"init", "DIR"}, '
                                        '{"show", "ITEM",\n    "fails (if " "at all)"}};\n')
        self.write("tests/verbs/meson.build", "verbs_tests = ['verbs']\n")
        self.write("tests/verbs/verbs_test.c", "")
        self.broken("catalogue", "src/verbs/verbs.c:3: not in the catalogue: 'fails (if at all)'")

    def test_places_of_the_table_of_verbs(self):
        row = '{"init", "DIR", %s, "", 1, 1, false,\n {{"from", "WHO", %s}, {"dry", NULL, "bad"}}, f}'
        table = "const struct verb verbs_table[] = {%s, " + row % ('"fine"', '"bad"') + "};\n"
        for place, say in (("src/side/side.c:8", row % ('"fails"', '"fine"')),
                           ("src/side/side.c:9", row % ('"fine"', '"fails"'))):
            with self.subTest(place=place):
                self.write("src/side/side.c", CLEAN["src/side/side.c"] + "\n" + table % ("\n" + say))
                self.write("src/base/text_catalogue.txt", CLEAN["src/base/text_catalogue.txt"] +
                           "\nen fine\nko 좋음\n\nen bad\nko 나쁨\n")
                self.broken("catalogue", place, "not in the catalogue: 'fails'")

    def test_marked_sentences_and_members_for_people(self):
        marking = CLEAN["src/side/side.c"] + "#define TEXT(literal) literal\n"
        for said in ('const char *a[] = {TEXT("fails")};', 'struct t t = {"DIR", .help = "fa" "ils", .other = "f"};'):
            with self.subTest(said=said):
                self.write("src/side/side.c", marking + said + "\n")
                self.broken("catalogue", "src/side/side.c:7: not in the catalogue: 'fails'")

    def test_what_is_not_for_people(self):
        self.add("src/side/side.c", "void buf_printf(int b, const char *f, ...) __attribute__((format(printf, 2, 3)));"
                                    "\nvoid list(const char *f, va_list v) __attribute__((format(printf, 1, 0)));\n"
                                    'int f(void)\n{\n    buf_printf(b, "%s and so on", p);\n    list(p, v);\n}\n')
        self.assertEqual(self.findings(), [])

    def test_format_macros_are_read(self):
        self.add("src/side/side.c", 'int f(void)\n{\n    err_set(e, 1, "leaf %" PRIu64 " of %" PRIx32, n, m);\n}\n')
        self.broken("catalogue", "'leaf %lu of %x'")

    def test_comments_and_declarations_say_nothing(self):
        self.add("src/side/side.c", '/* err_set(e, 1, "no") */ // text_tr("no")\n'
                                    'const char *text_tr(const char *english);\nint say_x(int a, const char *b);\n')
        self.assertEqual(self.findings(), [])

    def test_sentence_that_is_no_literal(self):
        self.add("src/side/side.c", "int f(void)\n{\n    return err_set(e, 1, format);\n}\n")
        self.broken("catalogue", "src/side/side.c:8: err_set without a literal")

    def test_dead_entry(self):
        self.add("src/base/text_catalogue.txt", "\nen long gone\nko 오래전에 사라짐\n")
        self.broken("catalogue", "nobody says this any more: 'long gone'")
        self.add("src/side/side.c", 'static const char *const unmarked = "long gone";\n')
        self.broken("catalogue", "nobody says this any more: 'long gone'")

    def test_system_words_missing(self):
        self.replace("src/base/text_catalogue.txt", "en No space left on device\n", "en No space left\n")
        self.assertEqual({name for name, _ in self.findings()}, {"catalogue"})

    def test_conversions_differ(self):
        for korean in ("%s %zu개 %d", "%zu의 %s", "%s의 %d", "%1$s의 %zu", "%1$s의 것", "%2$s의 %1$zu", "100% 나쁨"):
            with self.subTest(korean=korean):
                self.write("src/base/text_catalogue.txt", SYSTEM + f"en %s of %zu is \\\"bad\\\"\nko {korean}\n")
                self.broken("catalogue", "the conversions of `en` and `ko` differ")

    def test_korean_is_korean_and_ends_alike(self):
        self.replace("src/base/text_catalogue.txt", "나쁩니다", "나쁩니다\\n")
        self.broken("catalogue", "ends its line")
        self.replace("src/base/text_catalogue.txt", "%2$zu의 %1$s이(가) 나쁩니다\\n", "%s of %zu is bad")
        self.broken("catalogue", "no Korean")

    def test_names_alone_need_no_korean(self):
        self.add("src/side/side.c", 'int f(void)\n{\n    err_set(e, 1, "--origin: log/%s");\n}\n')
        self.add("src/base/text_catalogue.txt", "\nen --origin: log/%s\nko --origin: log/%s\n")
        self.assertEqual(self.findings(), [])

    def test_catalogue_malformed_or_missing(self):
        self.add("src/base/text_catalogue.txt", "\nen alone\n")
        self.broken("catalogue", "without")
        os.remove(os.path.join(self.folder.name, "src/base/text_catalogue.txt"))
        self.broken("catalogue", "is missing")

    def test_conversions(self):
        for text, taken in {"": {}, "100%%": {}, "%d %s": {1: "d", 2: "s"}, "%2$s %1$d": {1: "d", 2: "s"},
                            "%1$s %1$s": {1: "s"}, "%1$s %1$d": None, "%*d": {1: "*", 2: "d"}, "%.80s…": {1: "s"},
                            "%.*s": {1: "*", 2: "s"}, "%-5.3lu": {1: "lu"}, "%m": {}, "%": None, "%y": None,
                            "%s %1$s": None, "%2$.*1$s": {1: "*", 2: "s"}}.items():
            self.assertEqual(tidy.conversions(text), taken, text)

    # form

    def test_line_length(self):
        self.add("src/side/side.c", "/* " + "가" * 114 + " */\n")
        self.assertEqual(self.findings(), [])
        self.add("src/side/side.c", "/* " + "가" * 115 + " */\n")
        self.broken("form", "src/side/side.c:7: 121 columns")

    def test_tab_blank_size(self):
        for text, words in (("\tint x;\n", "a tab"), ("int x; \n", "blanks"), ("x" * ((1 << 20) + 1), "bytes")):
            with self.subTest(words=words):
                self.write("src/side/side.h", CLEAN["src/side/side.h"] + text)
                self.broken("form", "src/side/side.h", words)

    def test_words_for_later(self):
        for word in ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"):
            with self.subTest(word=word):
                self.write("src/side/side.h", CLEAN["src/side/side.h"] + f"/* {word}: later */\n")
                self.broken("form", "promises work for later")
        self.write("src/side/side.h", CLEAN["src/side/side.h"] + "/* /tmp/XXXXXX */\n")
        self.assertEqual(self.findings(), [])

    # dead

    def test_source_in_no_list(self):
        self.replace("src/low/meson.build", ", 'inner.c'", "")
        self.broken("dead", "src/low/inner.c: no meson.build names it")

    def test_test_in_no_list(self):
        self.replace("tests/high/meson.build", "'high'", "")
        self.broken("dead", "tests/high/high_test.c")

    def test_header_nobody_includes(self):
        self.write("src/side/old.h", "")
        self.broken("dead", "src/side/old.h: nobody includes it")

    def test_script_nobody_runs(self):
        self.write("scripts/old.sh", "#!/bin/sh\n")
        self.broken("dead", "scripts/old.sh: nothing runs it")


if __name__ == "__main__":
    unittest.main()
