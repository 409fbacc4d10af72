#!/usr/bin/env python3
"""test.py all|tidy|fuzz|torture [--seconds N] [FILTER...]

Run the tests that the build folders hold, print one line for each, and at the very end `N passed, N failed`.
A test program counts once per cmocka case, everything else once.  FILTER: only tests whose name contains it.

  tidy      the rules of scripts/tidy.py over this tree
  script    tests/*/run.sh, the tests of what is not C; they run Python's unittest
  unit      build/san: every tests/<room>/*_test.c, under the address and undefined-behaviour sanitizers
  tsan      build/tsan: those that a room lists as <room>_tsan_tests, under the thread sanitizer
  flow      tests/flow/NN-*.sh BINARY WORKDIR; exit 0 passed, 77 skipped.
            A line `# builds: release san` says under which builds it is run (default release),
            `# timeout: SECONDS` how long it may take
  fuzz      build/fuzz: each target on its corpus (fuzz/corpus/NAME, and what earlier runs found)
  torture   tests/torture/*.sh, as flows

Logs of everything are in build/log.  Each test works in a folder of its own outside the tree, where an ordinary user
may be let in; those of what failed stay until the next run, and build/work leads to them.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
FOLDERS = {"release": BUILD, "san": BUILD / "san"}
UNIT_TIMEOUT_S = 600
FLOW_TIMEOUT_S = 900
TORTURE_TIMEOUT_S = 6 * 3600
FUZZ_SECONDS_IN_TEST = 3
FUZZ_MEMORY_MIB = 2048
TAIL_LINES = 40
SKIPPED = 77
IN_MEMORY, IN_MEMORY_BYTES = "/dev/shm", 8 << 30

# What takes longest is started first, so that at the end no processor waits for another: ten seconds of one and more.
LONGEST_FIRST = (
    "flow 28-package.release", "flow 60-estimate.release", "flow 26-custody.release", "flow 18-members-prefix.release",
    "unit estimate.latent", "script examples", "flow 15-failing-calls.release", "flow 10-killed.release",
    "unit verify.package", "tsan store.write", "flow 31-compartments.san", "flow 17-random-lives.release",
    "tsan vault.vault_get", "flow 20-read-by-format.release", "unit store.write", "tsan vault.vault_parity_write",
)

SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:halt_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:exitcode=66",
}


class Tally:
    """What passed and what failed, printed as it becomes known."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def line(self, kind, name, passed, failed, seconds, cpu_s, detail=""):
        self.passed += passed
        self.failed += failed
        status = "FAIL" if failed else "ok" if passed else "skip"
        cases = f"{passed + failed} cases, " if passed + failed > 1 else ""
        print(f"{status:4} {kind:6} {name} ({cases}{seconds:.1f} s, cpu {cpu_s:.1f} s)", flush=True)
        if detail:
            print("".join(f"     | {line}\n" for line in detail.rstrip("\n").split("\n")), end="", flush=True)

    def end(self):
        summary = f"{self.passed} passed, {self.failed} failed"
        (BUILD / "summary").write_text(summary + "\n")
        print(summary)
        return 1 if self.failed else 0


class Run:
    """One program, run to its end or its time limit in a work folder of its own, output kept in a log."""

    running = set()  # their processes, each the leader of a session
    ending = False   # no further one is started
    lock = threading.Lock()  # over both

    def __init__(self, kind, name, command, timeout_s, environment=None, start_in=None):
        self.kind, self.name, self.command, self.timeout_s = kind, name, command, timeout_s
        self.work = (BUILD / "work").resolve() / kind / name
        self.start_in = start_in or self.work
        self.log = BUILD / "log" / kind / f"{name}.log"
        self.environment = environment or {}
        self.code, self.seconds, self.cpu_s = None, 0.0, 0.0

    def clean_environment(self):
        """This process's environment without what would steer Groundwork, with a home of the test's own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GROUNDWORK_", "XDG_", "LC_"))}
        own = {"HOME": str(self.work / "home"), "LANG": "C.UTF-8", "TMPDIR": str(self.work)}
        return {**kept, **own, **SANITIZERS, **self.environment}

    def start(self):
        (self.work / "home").mkdir(parents=True)
        self.log.parent.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with open(self.log, "wb") as log:
            with Run.lock:
                if Run.ending:
                    return self
                process = subprocess.Popen(self.command, cwd=self.start_in, env=self.clean_environment(), stdout=log,
                                           stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True)
                Run.running.add(process)
            self.code, self.cpu_s = wait_and_stop(process, self.timeout_s)
            Run.running.discard(process)
            if self.code is None:
                log.write(f"\nstopped after {self.timeout_s} seconds\n".encode())
        self.seconds = time.monotonic() - began
        if self.code in (0, SKIPPED):
            remove(self.work)
        return self

    def cases(self):
        """(passed, failed)"""
        return COUNT[self.kind](self)

    def output(self):
        return self.log.read_text(errors="replace")

    def tail(self):
        ending = "no end" if self.code is None else f"exit {self.code}"
        shown = self.output().rstrip("\n").split("\n")[-TAIL_LINES:]
        return "\n".join(shown + [f"{ending}; log: {self.log.relative_to(ROOT)}"])


def remove(folder):
    """rm knows trees that are deeper than any path may be long."""
    subprocess.run(["rm", "-rf", "--", str(folder)], check=False)


def place_for_work():
    """In memory where there is much of it: what programs sync by the thousand makes a disk wait, and shows nothing."""
    if "TMPDIR" not in os.environ and os.access(IN_MEMORY, os.W_OK | os.X_OK):
        room = os.statvfs(IN_MEMORY)
        if room.f_bavail * room.f_frsize >= IN_MEMORY_BYTES:
            return IN_MEMORY
    return None


def fresh_work_folder():
    link = BUILD / "work"
    if link.is_symlink():
        remove(os.readlink(link))
        link.unlink()
    folder = tempfile.mkdtemp(prefix="groundwork-test-", dir=place_for_work())
    os.chmod(folder, 0o755)
    link.symlink_to(folder)


def wait_and_stop(process, timeout_s):
    """(exit code, None when time was up; processor seconds).  Nothing that the test left running outlives it."""
    late = threading.Event()

    def too_late():
        late.set()
        stop_group(process)

    timer = threading.Timer(timeout_s, too_late)
    timer.start()
    # The process stays a zombie, and its number nobody else's, until its session has been ended.
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    timer.cancel()
    timer.join()
    stop_group(process)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return None if late.is_set() else process.returncode, used.ru_utime + used.ru_stime


def stop_group(process):
    """End all of the session that the process leads."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def stop_everything(number, _):
    """The suite was interrupted: so is all that it runs."""
    with Run.lock:
        Run.ending = True
    for process in list(Run.running):
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os._exit(128 + number)


def cmocka_cases(run):
    """(passed, failed) from cmocka's TAP.  A program that ends badly, or runs nothing, has failed at least once."""
    lines = run.output().split("\n")
    passed = sum(1 for line in lines if re.match(r"ok \d+ - ", line))
    failed = sum(1 for line in lines if re.match(r"not ok \d+ - ", line))
    skipped = sum(1 for line in lines if re.match(r"not ok \d+ # SKIP", line))
    if failed == 0 and (run.code != 0 or passed + skipped == 0):
        failed = 1
    return passed, failed


def whole_case(run):
    return run.code == 0, run.code not in (0, SKIPPED)


def fuzz_case(run):
    return run.code == 0, run.code != 0


def unittest_cases(run):
    """(passed, failed) from what Python's unittest prints, once or several times."""
    ran = sum(int(n) for n in re.findall(r"^Ran (\d+) tests?", run.output(), re.M))
    skipped = sum(int(n) for n in re.findall(r"skipped=(\d+)", run.output()))
    failed = sum(int(n) for n in re.findall(r"(?:failures|errors)=(\d+)", run.output()))
    passed = max(ran - skipped - failed, 0)
    return passed, failed or int(run.code != 0 or passed == 0)


COUNT = {"script": unittest_cases, "unit": cmocka_cases, "tsan": cmocka_cases, "flow": whole_case, "fuzz": fuzz_case,
         "torture": whole_case}


def in_parallel(runs, tally):
    """Start all and report what has ended.  One more at once than there are processors: some wait for the disk."""
    place = {name: i for i, name in enumerate(LONGEST_FIRST)}
    runs = sorted(runs, key=lambda run: place.get(f"{run.kind} {run.name}", len(place)))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() + 1) as pool:
        for done in concurrent.futures.as_completed([pool.submit(Run.start, run) for run in runs]):
            run = done.result()
            passed, failed = run.cases()
            tally.line(run.kind, run.name, passed, failed, run.seconds, run.cpu_s, run.tail() if failed else "")


def tidy_tests(wanted, tally):
    sys.path.insert(0, str(ROOT / "scripts"))
    import tidy

    tree = tidy.Tree(ROOT)
    for name, rule in tidy.RULES.items():
        if wanted(f"tidy {name}"):
            began, used = time.monotonic(), sum(os.times()[:4])
            findings = rule(tree)
            seconds, cpu_s = time.monotonic() - began, sum(os.times()[:4]) - used
            tally.line("tidy", name, not findings, bool(findings), seconds, cpu_s, "\n".join(findings))


def built_tests(folder):
    """[(name, what Meson says of it)] of the unit tests that it made in ${folder}."""
    listing = folder / "meson-info/intro-tests.json"
    tests = json.loads(listing.read_text()) if listing.exists() else []
    return [(f"{test['suite'][0].split(':')[-1]}.{test['name']}", test) for test in tests]


def without_randomised_addresses():
    """The thread sanitizer of gcc 12 fails on kernels that spread addresses widely: prefix its programs with this."""
    prefix = ["setarch", "-R"]
    works = shutil.which("setarch") and subprocess.run(prefix + ["true"], capture_output=True).returncode == 0
    return prefix if works else []


def thread_environment():
    suppressions = ROOT / "tests/tsan.supp"
    extra = f":suppressions={suppressions}" if suppressions.exists() else ""
    return {"TSAN_OPTIONS": SANITIZERS["TSAN_OPTIONS"] + extra}


def unit_tests(kind, folder, wanted, prefix=(), environment=None):
    runs = []
    for name, test in built_tests(folder):
        if wanted(f"{kind} {name}"):
            settings = {"CMOCKA_MESSAGE_OUTPUT": "TAP", **test["env"], **(environment or {})}
            runs.append(Run(kind, name, [*prefix, *test["cmd"]], UNIT_TIMEOUT_S, settings, test["workdir"] or folder))
    return runs


def script_tests(wanted):
    return [Run("script", path.parent.name, [str(path)], FLOW_TIMEOUT_S)
            for path in sorted((ROOT / "tests").glob("*/run.sh")) if wanted(f"script {path.parent.name}")]


def script_setting(path, word, default):
    match = re.search(rf"^# {word}: *(.*)$", path.read_text(), re.M)
    return match.group(1).split() if match else [default]


def scripts(kind, pattern, default_timeout_s, wanted):
    runs = []
    for path in sorted((ROOT / "tests").glob(pattern)):
        for build in script_setting(path, "builds", "release"):
            name = f"{path.stem}.{build}"
            if not wanted(f"{kind} {name}"):
                continue
            timeout_s = int(script_setting(path, "timeout", default_timeout_s)[0])
            run = Run(kind, name, [str(path), str(FOLDERS[build] / "groundwork")], timeout_s)
            run.command.append(str(run.work))
            runs.append(run)
    return runs


def fuzz_tests(seconds, seed, wanted):
    """A few seconds in `all` say that nothing known came back, so they start from a fixed seed; searching is `fuzz`."""
    runs = []
    for program in sorted((BUILD / "fuzz").glob("*_fuzz")):
        name = program.name.removesuffix("_fuzz")
        if not wanted(f"fuzz {name}"):
            continue
        found, findings, given = BUILD / "corpus" / name, BUILD / "findings", ROOT / "fuzz/corpus" / name
        found.mkdir(parents=True, exist_ok=True)
        findings.mkdir(exist_ok=True)
        command = [str(program), f"-seed={seed}", f"-max_total_time={seconds}", f"-rss_limit_mb={FUZZ_MEMORY_MIB}",
                   "-timeout=20", "-print_final_stats=1", f"-artifact_prefix={findings}/{name}-", str(found)]
        command += [str(given)] if given.is_dir() else []
        runs.append(Run("fuzz", name, command, seconds + 120))
    return runs


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["all", "tidy", "fuzz", "torture"])
    parser.add_argument("filters", nargs="*")
    parser.add_argument("--seconds", type=int, default=FUZZ_SECONDS_IN_TEST)
    asked = parser.parse_args()

    def wanted(name):
        return not asked.filters or any(word in name for word in asked.filters)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop_everything)
    BUILD.mkdir(exist_ok=True)
    fresh_work_folder()
    tally = Tally()
    if asked.what in ("all", "tidy"):
        tidy_tests(wanted, tally)
    runs = []
    if asked.what == "all":
        runs += script_tests(wanted)
        runs += unit_tests("unit", BUILD / "san", wanted)
        runs += unit_tests("tsan", BUILD / "tsan", wanted, without_randomised_addresses(), thread_environment())
        runs += scripts("flow", "flow/[0-9]*-*.sh", FLOW_TIMEOUT_S, wanted)
    if asked.what in ("all", "fuzz"):
        runs += fuzz_tests(asked.seconds, 1 if asked.what == "all" else 0, wanted)
    if asked.what == "torture":
        runs += scripts("torture", "torture/*.sh", TORTURE_TIMEOUT_S, wanted)
    in_parallel(runs, tally)
    return tally.end()


if __name__ == "__main__":
    sys.exit(main())
