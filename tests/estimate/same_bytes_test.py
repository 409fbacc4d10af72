"""The result file and the pictures are a function of table and options.

The rooms whose numbers must be the same everywhere are compiled anew by clang, with the arguments src/meson.build gives
them, and linked with the rest of the build: what it writes is held to what the built program writes.
"""
import concurrent.futures
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = ROOT / "build"
ROOMS = ("estimate", "chart", "report")
CLANG = "clang-14"
FEW = ("--samples", "50", "--ess", "400")  # what is compared is bits, of which few draws have as many


def tables(folder):
    """name -> path of those in tables.h"""
    found = {}
    for name, lists, cells in re.findall(r'\{"(\w+)",\s*(\d+),\s*((?:"[^"]*"\s*)+)\}',
                                         (ROOT / "tests/estimate/tables.h").read_text()):
        words = "".join(re.findall(r'"([^"]*)"', cells)).split()
        lines = [",".join(f"L{j + 1}" for j in range(int(lists))) + ",count"]
        lines += [",".join(history) + "," + count for history, count in zip(words[::2], words[1::2])]
        found[name] = os.path.join(folder, name + ".csv")
        pathlib.Path(found[name]).write_text("\n".join(lines) + "\n")
    return found


def build_with_clang(folder):
    def compile_one(source):
        made = os.path.join(folder, source.parent.name + "_" + source.stem + ".o")
        optimize = "-O3" if source.parent.name == "estimate" else "-O2"
        subprocess.run([CLANG, "-std=gnu17", optimize, "-fPIE", "-ffp-contract=off", "-D_GNU_SOURCE", "-w",
                        "-I", ROOT / "src", "-c", source, "-o", made], check=True)
        return made

    sources = [source for room in ROOMS for source in sorted((ROOT / "src" / room).glob("*.c"))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = list(pool.map(compile_one, sources + [ROOT / "src/programs/groundwork_estimate.c"]))
    program = os.path.join(folder, "groundwork-estimate")
    rest = [BUILD / "src" / f"lib{room}.a" for room in ("table", "crypt", "base")]
    subprocess.run([CLANG, "-pie", "-o", program, *objects, "-Wl,--start-group", *rest, "-Wl,--end-group",
                    "-l:libicuuc.so", "-lexpat", "-lcrypto", "-lsodium", "-lgfshare", "-lm", "-lpthread"], check=True)
    return program


class SameBytes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.tables = tables(cls.folder)
        cls.gcc = BUILD / "groundwork-estimate"

    def written(self, program, table, *options):
        """The hash of each file in the report, and of what was said."""
        report = tempfile.mkdtemp(dir=self.folder)
        done = subprocess.run([program, self.tables[table], "--linkage", "published", "--report", report, *options],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        if b"does not have" in done.stderr:
            return None
        self.assertIn(done.returncode, (0, 3), done.stderr)
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in pathlib.Path(report).iterdir()}
        self.assertIn("result.json", files)
        return files, done.returncode, done.stdout.replace(report.encode(), b"")

    def test_threads_and_registers(self):
        for table, options in (("kosovo", FEW), ("spina", FEW)):
            want = self.written(self.gcc, table, "--threads", "2", "--instructions", "plain", *options)
            for varied in (("--threads", "1"), ("--threads", "8"), ("--instructions", "avx2"),
                           ("--instructions", "avx512")):
                with self.subTest(table=table, varied=varied):
                    got = self.written(self.gcc, table, *varied, *options)
                    if got is None:
                        self.skipTest("this processor has no such registers")
                    self.assertEqual(got, want)

    def test_compilers(self):
        if shutil.which(CLANG) is None:
            self.skipTest(f"there is no {CLANG}")
        clang = build_with_clang(self.folder)
        for table, *options in (("kosovo",), ("NewOrl5", "--method", "dga", "--method", "stepwise"), ("Artificial3",)):
            want = self.written(self.gcc, table, "--threads", "2", *options, *FEW)
            for registers in ("plain", "avx2", "avx512"):
                with self.subTest(table=table, registers=registers):
                    got = self.written(clang, table, "--threads", "2", "--instructions", registers, *options, *FEW)
                    if got is None:
                        self.skipTest("this processor has no such registers")
                    self.assertEqual(got, want)

        # The ladders of tempering cost most: once, with all that could make a difference at once.
        tempered = ("--method", "latent", "--tempered", "--classes", "2", *FEW)
        self.assertEqual(self.written(clang, "spina", "--threads", "1", "--instructions", "plain", *tempered),
                         self.written(self.gcc, "spina", "--threads", "8", *tempered))


if __name__ == "__main__":
    unittest.main()
