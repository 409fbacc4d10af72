#!/usr/bin/env python3
"""fault_test.py FAULT: does crash_fault.so fail the calls that it is asked to fail, and no others?"""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FAULT = str(pathlib.Path(sys.argv.pop(1)).resolve())

# Prints for each call what became of it: a number, or the name of the error.
PROGRAM = r"""
import errno, os, sys
box = sys.argv[1]
def tell(call, *words):
    try:
        got = call(*words)
        print(got if isinstance(got, int) else 0)
    except OSError as error:
        print(errno.errorcode[error.errno])
    except MemoryError:
        print("MemoryError")
inside = os.open(box + "/inside", os.O_RDWR | os.O_CREAT, 0o600)
outside = os.open(box + "-outside", os.O_RDWR | os.O_CREAT, 0o600)
def write(fd, n): return os.write(fd, b"x" * n)
for step in sys.argv[2].split():
    fd = {"i": inside, "o": outside}.get(step[-1])
    word = step[:-1]
    if word.isdigit(): tell(write, fd, int(word))
    elif word == "sync": tell(os.fsync, fd)
    elif word == "cut": tell(os.ftruncate, fd, 3)
    elif word == "read": tell(lambda: len(os.pread(fd, 4, 0)))
    elif step == "rename": tell(os.rename, box + "/inside", box + "/renamed")
    elif step == "remove": tell(os.unlink, box + "/renamed")
    elif step == "mkdir": tell(os.mkdir, box + "/folder")
    elif step == "open": tell(lambda: os.close(os.open(box + "/another", os.O_RDWR | os.O_CREAT, 0o600)))
"""


class Fault(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.box = os.path.realpath(self.folder.name) + "/box"
        self.report = self.box + "-report"
        os.mkdir(self.box)

    def tearDown(self):
        self.folder.cleanup()

    def run_steps(self, kind, at, steps, for_calls=1, **more):
        env = {**os.environ, "LD_PRELOAD": FAULT, "GW_FAULT_KIND": kind, "GW_FAULT_AT": str(at),
               "GW_FAULT_FOR": str(for_calls), "GW_FAULT_ROOTS": self.box, "GW_FAULT_REPORT": self.report, **more}
        if os.path.exists(self.report):
            os.unlink(self.report)
        done = subprocess.run([sys.executable, "-c", PROGRAM, self.box, steps], env=env, capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.split()

    def told(self):
        return [line.strip() for line in pathlib.Path(self.report).read_text().splitlines()]

    def test_counts_what_is_inside(self):
        self.assertEqual(self.run_steps("write", 0, "5i 5o 5i 5o 5i"), ["5"] * 5)
        self.assertEqual(self.told(), ["count 3"])

    def test_one_fails_alone_or_with_all_that_follow(self):
        self.assertEqual(self.run_steps("write", 2, "5i 5o 5i 5o 5i"), ["5", "5", "EIO", "5", "5"])
        self.assertEqual(self.told(), [f"fails write {self.box}/inside", "count 3"])
        self.assertEqual(self.run_steps("write", 2, "5i 5i 5i 5o 5i", 0), ["5", "EIO", "EIO", "5", "EIO"])
        self.assertEqual(self.run_steps("write", 1, "5i 5i 5i", 2), ["EIO", "EIO", "5"])
        self.assertEqual(self.run_steps("write", 1, "5i", GW_FAULT_ERRNO="28"), ["ENOSPC"])

    def test_each_kind(self):
        steps = "5i synci cuti readi open mkdir rename remove"
        good = ["5", "0", "0", "3", "0", "0", "0", "0"]
        for place, kind in enumerate(["write", "sync", "truncate", "read", "open", "folder", "rename", "unlink"]):
            with self.subTest(kind):
                self.tearDown()
                self.setUp()
                at = 2 if kind == "open" else 1  # the program opened its file before
                got = self.run_steps(kind, at, steps)
                self.assertEqual(got[place], "EIO")
                if kind not in ("write", "rename"):  # what follows depends on these
                    self.assertEqual(got[:place] + got[place + 1:][:1], good[:place] + [
                        "4" if kind == "truncate" else g for g in good[place + 1:][:1]])

    def test_short_writes(self):
        self.assertEqual(self.run_steps("short", 1, "10i 10i 1i"), ["5", "10", "1"])

    def test_interrupted(self):
        self.assertEqual(self.run_steps("interrupt", 1, "10i"), ["10"])  # Python asks again
        self.assertEqual(self.told(), [f"fails write {self.box}/inside", "count 2"])

    def test_a_disk_that_fills_up(self):
        self.assertEqual(self.run_steps("full", 13, "10i 10i 10i 10o open mkdir"),
                         ["10", "2", "ENOSPC", "10", "ENOSPC", "ENOSPC"])
        self.assertEqual(os.path.getsize(self.box + "/inside"), 12)

    def test_bytes_that_are_there_need_no_room(self):
        pathlib.Path(self.box + "/inside").write_bytes(b"y" * 20)
        self.assertEqual(self.run_steps("full", 1, "10i 10i 10i"), ["10", "10", "ENOSPC"])

    def test_what_follows_a_failed_sync_is_told(self):
        self.run_steps("sync", 2, "5i synci 5i synci 5o readi 5i synci rename")
        inside = f"{self.box}/inside"
        self.assertEqual(self.told(), [f"fails fsync {inside}", f"after write {inside}", f"after fsync {inside}",
                                       f"after rename {self.box}/renamed", "count 3"])

    def test_memory_and_threads(self):
        self.run_steps("memory", 0, "5i")
        count = int(self.told()[-1].split()[1])
        self.assertGreater(count, 100)
        thread = ("import threading\nt = threading.Thread(target=print)\n"
                  "try:\n t.start()\nexcept RuntimeError: print('none')")
        env = {**os.environ, "LD_PRELOAD": FAULT, "GW_FAULT_KIND": "thread", "GW_FAULT_AT": "1"}
        done = subprocess.run([sys.executable, "-c", thread], env=env, capture_output=True, text=True)
        self.assertEqual(done.stdout, "none\n", done.stderr)

    def test_a_wrong_request_is_refused(self):
        for name, value in (("GW_FAULT_KIND", "weather"), ("GW_FAULT_AT", "x"), ("GW_FAULT_ROOTS", "relative")):
            env = {**os.environ, "LD_PRELOAD": FAULT, "GW_FAULT_KIND": "write", name: value}
            self.assertEqual(subprocess.run(["/bin/true"], env=env, capture_output=True).returncode, 125)


if __name__ == "__main__":
    # The words that the suite counts.
    result = unittest.main(exit=False, verbosity=0).result
    bad = len(result.failures) + len(result.errors)
    for number in range(1, result.testsRun + 1):
        print(f"{'not ok' if number <= bad else 'ok'} {number} - fault")
    sys.exit(bad != 0)
