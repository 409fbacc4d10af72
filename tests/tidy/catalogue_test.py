"""catalogue.py: what it reads, what it refuses, and that the C compiler reads its table as it was meant."""
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import catalogue  # noqa: E402

READER = r"""
#include "base/text.h"
#include <stdio.h>
int main(void)
{
    for (unsigned i = 0; i < text_table_count; i++)
        printf("%s%c%s%c", text_table[i].en, 0, text_table[i].ko, 0);
    return 0;
}
"""


class CatalogueTest(unittest.TestCase):
    def test_reads_pairs(self):
        text = "# a comment\nen one\nko 하나\n\nen two \\\"%s\\\"\\n\nko 둘 \\\"%s\\\"\\n\n"
        self.assertEqual(catalogue.parse(text), [(2, "one", "하나"), (5, 'two "%s"\n', '둘 "%s"\n')])

    def test_refuses(self):
        for text, words in {
            "ko 하나\n": "line 1",
            "en one\n": "without",
            "en one\nen two\nko 둘\n": "line 2",
            "en one\nko 하나\nko 하나\n": "line 3",
            "en one\nko 하나\n\nen one\nko 둘\n": "line 4: the same sentence as line 1",
            "en \nko 하나\n": "line 1",
            "one\n": "line 1",
            "en one\\q\nko 하나\n": "unknown escape",
            "en one\\400\nko 하나\n": "no byte",
            "en one\\0\nko 하나\n": "zero byte",
            "en one\\xff\nko 하나\n": "not UTF-8",
        }.items():
            with self.subTest(text=text), self.assertRaises(catalogue.Malformed) as caught:
                catalogue.parse(text)
            self.assertIn(words, str(caught.exception))

    def test_escapes_as_the_compiler_does(self):
        self.assertEqual(catalogue.unescape(r"a\n\t\\\"\x41\101\u2014\0"), "a\n\t\\\"AA\u2014\0")

    def compiled(self, pairs):
        """The table as a C program sees it."""
        with tempfile.TemporaryDirectory() as folder:
            reader, table, program = (os.path.join(folder, name) for name in ("reader.c", "table.c", "program"))
            pathlib.Path(reader).write_text(READER)
            pathlib.Path(table).write_text(catalogue.c_table(pairs), encoding="utf-8")
            source = SCRIPTS.parent / "src"
            warnings = ["-Wall", "-Wextra", "-Werror"]
            subprocess.run(["gcc", *warnings, f"-I{source}", reader, table, "-o", program], check=True)
            words = subprocess.run([program], capture_output=True, check=True).stdout.split(b"\0")[:-1]
        return list(zip(words[::2], words[1::2]))

    def test_table_is_sorted_by_bytes_and_exact(self):
        chance = random.Random(1)
        letters = 'aZ09 ?"\\%\n\t\x01\x7f—é가😀'
        keys = {"".join(chance.choices(letters, k=chance.randrange(1, 12))) for _ in range(300)}
        pairs = [(1, key, key[::-1]) for key in keys]
        wanted = sorted((key.encode(), key[::-1].encode()) for key in keys)
        self.assertEqual(self.compiled(pairs), wanted)

    def test_empty_table(self):
        self.assertEqual(self.compiled([]), [])


if __name__ == "__main__":
    unittest.main()
