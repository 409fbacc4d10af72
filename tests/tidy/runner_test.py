"""test.py: what passes is counted, what fails in any way is never taken for passed, and the last line says so."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"

GOOD = "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b'"


class RunnerTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(SCRIPTS, self.root / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
        (self.root / "layers.txt").write_text("[layers]\n")
        (self.root / "tests").mkdir()

    def script(self, path, *lines):
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("\n".join(("#!/bin/sh", *lines, "")))
        target.chmod(0o755)
        return str(target)

    def unit(self, **programs):
        tests = [{"name": name, "suite": ["groundwork:room"], "env": {}, "workdir": None,
                  "cmd": [self.script(f"build/{name}", *lines)]} for name, lines in programs.items()]
        listing = self.root / "build/san/meson-info/intro-tests.json"
        listing.parent.mkdir(parents=True)
        listing.write_text(json.dumps(tests))

    def run_all(self, *words):
        done = subprocess.run([sys.executable, "-B", str(self.root / "scripts/test.py"), "all", *words],
                              env={**os.environ, "TMPDIR": str(self.root)}, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout.rstrip("\n").split("\n")

    def test_counts_cases(self):
        self.unit(good=[GOOD], mixed=[GOOD, "echo 'not ok 3 - c'; echo 'not ok 4 # SKIP d'; exit 1"])
        code, lines = self.run_all("unit")
        told = sorted(line for line in lines if line.startswith(("ok ", "FAIL ")))
        self.assertTrue(told[0].startswith("FAIL unit   room.mixed (3 cases,"), lines)
        self.assertTrue(told[1].startswith("ok   unit   room.good (2 cases,"), lines)
        self.assertEqual((code, lines[-1]), (1, "4 passed, 1 failed"))
        self.assertEqual((self.root / "build/summary").read_text(), "4 passed, 1 failed\n")

    def test_processor_seconds_are_those_of_all_that_it_started(self):
        self.unit(busy=["sh -c 'i=0; while [ $i -lt 400000 ]; do i=$((i + 1)); done'", GOOD])
        line = self.run_all("unit")[1][0]
        self.assertGreater(float(re.search(r"cpu ([0-9.]+) s\)", line).group(1)), 0.05, line)

    def test_all_good(self):
        self.unit(good=[GOOD])
        self.assertEqual(self.run_all("unit")[0], 0)

    def test_bad_ends_fail(self):
        self.unit(crash=[GOOD, "kill -SEGV $$"], code=[GOOD, "exit 3"], empty=["exit 0"],
                  absent=["exec /nowhere/program"])
        code, lines = self.run_all("unit")
        self.assertEqual([line.split()[0] for line in lines if line.split()[1:2] == ["unit"]], ["FAIL"] * 4)
        self.assertEqual((code, lines[-1]), (1, "4 passed, 4 failed"))

    def test_output_of_what_failed_is_shown(self):
        self.unit(sad=["echo the reason", "exit 1"])
        self.assertIn("     | the reason", self.run_all("unit")[1])

    def test_flows_under_their_builds(self):
        self.script("tests/flow/10-last.sh", 'exit 0')
        self.script("tests/flow/02-first.sh", "# builds: release san", 'echo "$1" >> "$OUT"', '[ -d "$2" ]',
                    '[ "$(pwd -P)" = "$(cd "$2" && pwd -P)" ]', "[ -z \"$GROUNDWORK_KEY\" ]")
        self.script("tests/flow/03-skips.sh", "exit 77")
        self.script("tests/flow/helper.sh", "exit 1")
        out = self.root / "out"
        os.environ.update(OUT=str(out), GROUNDWORK_KEY="key")
        self.addCleanup(os.environ.pop, "OUT")
        self.addCleanup(os.environ.pop, "GROUNDWORK_KEY")
        code, lines = self.run_all("flow")
        self.assertEqual(sorted(line.split()[:3] for line in lines[:-1]), [
            ["ok", "flow", "02-first.release"], ["ok", "flow", "02-first.san"], ["ok", "flow", "10-last.release"],
            ["skip", "flow", "03-skips.release"]])
        self.assertEqual((code, lines[-1]), (0, "3 passed, 0 failed"))
        self.assertEqual(sorted(out.read_text().split()), [str(self.root.resolve() / "build/groundwork"),
                                                           str(self.root.resolve() / "build/san/groundwork")])

    def test_a_flow_that_does_not_end_is_ended_with_what_it_started(self):
        self.script("tests/flow/01-hangs.sh", "# timeout: 1", f"( sleep 4; touch {self.root}/late ) &", "wait")
        code, lines = self.run_all("flow")
        self.assertEqual((code, lines[-1]), (1, "0 passed, 1 failed"))
        self.assertIn("     | stopped after 1 seconds", lines)
        time.sleep(4)
        self.assertFalse((self.root / "late").exists())

    def test_an_interrupted_suite_leaves_nothing_running(self):
        self.script("tests/flow/01-long.sh", f"touch {self.root}/begun",
                    f"( sleep 3; touch {self.root}/late ) &", "wait")
        suite = subprocess.Popen([sys.executable, "-B", str(self.root / "scripts/test.py"), "all", "flow"],
                                 env={**os.environ, "TMPDIR": str(self.root)}, stdout=subprocess.DEVNULL)
        while not (self.root / "begun").exists() and suite.poll() is None:
            time.sleep(0.05)
        suite.terminate()
        self.assertEqual(suite.wait(), 128 + 15)
        time.sleep(3.5)
        self.assertFalse((self.root / "late").exists())

    def test_work_folders_stay_only_where_something_failed(self):
        self.script("tests/flow/01-good.sh", 'mkdir -m 0 "$2/locked"')
        self.script("tests/flow/02-bad.sh", 'touch "$2/clue"; exit 1')
        self.run_all("flow")
        work = self.root / "build/work/flow"
        self.assertEqual(sorted(os.listdir(work)), ["02-bad.release"])
        self.assertTrue((work / "02-bad.release/clue").exists())
        before = work.resolve()
        self.run_all("nothing")
        self.assertFalse(before.exists())

    def test_scripts_count_what_unittest_says(self):
        self.script("tests/one/run.sh", "echo Ran 5 tests in 1s",
                    "echo 'FAILED (failures=1, errors=1, skipped=1)'", "exit 1")
        self.script("tests/two/run.sh", "echo Ran 2 tests in 1s; echo OK; echo Ran 1 test in 1s; echo OK")
        self.script("tests/mute/run.sh", "exit 0")
        self.assertEqual(self.run_all("script")[1][-1], "5 passed, 3 failed")

    def test_fuzz_targets(self):
        self.script("build/fuzz/good_fuzz", 'for last; do :; done; [ -d "$last" ]')
        self.script("build/fuzz/bad_fuzz", "exit 77")
        (self.root / "fuzz/corpus/good").mkdir(parents=True)
        code, lines = self.run_all("fuzz", "--seconds", "1")
        self.assertEqual((code, lines[-1]), (1, "1 passed, 1 failed"))

    def test_tidy_findings_are_shown(self):
        self.script("scripts/unused.sh")
        code, lines = self.run_all("tidy")
        self.assertIn("     | scripts/unused.sh: nothing runs it", lines)
        self.assertEqual(code, 1)


if __name__ == "__main__":
    unittest.main()
