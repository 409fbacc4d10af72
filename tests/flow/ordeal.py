#!/usr/bin/env python3
"""ordeal.py fail|full|crash|deposits BINARY WORK [OPTION...]: what verbs leave when the machine fails under them.

Each ROW of the table below is one verb over one world: a repository, what this computer remembers of it, its key.

  fail    the Nth write, sync, open, read, rename, folder, unlink, truncation, allocation, mapping or thread fails, for
          each N, alone and with all that follow; writes are cut short and calls interrupted
  full    the disk has room for N bytes
  crash   the verb is recorded and every prefix of what it did to its files is looked at, with unsynced changes kept,
          lost, torn and mixed (tests/crash/README.md)
  deposits  the same over a whole life: 1 to 50 deposits by chance, remarks between them, in one recording

After each: no signal, no sanitizer's report, an exit code that the row allows, a line that says what failed; nothing
was written after a failed sync; the repository verifies and is whole (unless the row begins with damage); whatever a
printed receipt names is restored as it was given; the same command, run again, completes; and then all of it is there.

  --row NAME     only these rows (repeatable)      --kind NAME    only these kinds of failure (repeatable)
  --sample N     N cases of each row and kind, or states of each recording (all)
  --total N      N cases in all, evenly over rows and kinds
  --seed S       of chance (1)                     --workers N      cases at a time (2)
  --random N     random states of each prefix (crash, deposits; 2)
  --runs N       recordings (deposits; 1)          --most N         deposits of one (50)
  --keep-going   count failures, do not end at the first
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import threading

PASSPHRASE, NEXT_PASSPHRASE = "a passphrase of the tests", "another passphrase of the tests"
POLICY = "witness friends c0.example/cosigner+7c1d7b0a+BCCCi/XFvcrLaEhjM2wgL7VZnaSL5VlmFXQhcHBb7Kn3\nquorum none\n"
FAILING = ["write", "sync", "open", "read", "rename", "folder", "unlink", "truncate", "memory", "map", "thread"]
HARMLESS = ["short", "interrupt"]  # what every program must live with
ALONE_ONLY = {"thread"}
FOREIGN = "another or a damaged repository", "was changed"  # what a disk that cannot be read must not be called
# Synced by several threads at once: of these the others may be under way when one fails.
TOGETHER = [re.compile(r"fdatasync \S*/[ab]/journal$"), re.compile(r"fdatasync \S*/log/new-\d+$")]
REPORTS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer")
RUN_LIMIT_S = 120
LINE_EVERY = 100


class Wrong(Exception):
    """What a case shows that may not be."""


class Row:
    """
    One verb over one world.  words: what is typed; {case} is the case's folder.  done: exit codes of the command when
    it is run again.  may: exit codes when something failed under it.  whole: the repository is without damage before,
    so it must be after a failure too.  sources: what the command takes in.  passphrases: what the key may open with.
    outside: where calls fail, if not in repository, state and settings.  after: words that must succeed in the end.
    """

    def __init__(self, name, world, words, done=(0,), may=(0, 4), whole=True, sources=None, passphrases=None,
                 finish=None, outside=(), after=None):
        self.name, self.world, self.words, self.done, self.may = name, world, words, done, may
        self.whole, self.sources, self.finish = whole, sources, finish
        self.passphrases = passphrases or [PASSPHRASE]
        self.outside, self.after = outside, after


REPOSITORY = ["-R", "{case}/repo"]
CHECKS = (0, 1, 4)
EVERYWHERE = ("{case}/repo", "{case}/state", "{case}/config", "{case}/mirror")
# A verb more is a line more.  Readers may tell of a disk that fails (1) where writers may only end (4).
ROWS = [
    Row("init", "nothing", ["init", "{case}/repo", "--origin", "ordeal.example/log", "--pack-size", "1"], done=(0, 3),
        may=(0, 3, 4)),
    Row("intake", "one", [*REPOSITORY, "intake", "sources/second"], sources="second"),
    Row("intake-source", "one", [*REPOSITORY, "intake", "sources/second"], sources="second",
        outside=("sources/second",)),
    Row("intake-after", "pending", [*REPOSITORY, "intake", "sources/third"], sources="third"),
    Row("note", "one", [*REPOSITORY, "note", "a remark"]),
    Row("note-after", "pending", [*REPOSITORY, "note", "a remark"]),
    Row("set-aside", "two", [*REPOSITORY, "set-aside", "2", "--reason", "a mistake"], done=(0, 3)),
    Row("restore", "two", [*REPOSITORY, "restore", "{case}/restored"], may=(0, 1, 4), finish="restored",
        outside=("{case}/restored",)),
    Row("reindex", "two", [*REPOSITORY, "reindex"]),
    Row("repair", "hurt", [*REPOSITORY, "repair"], whole=False, may=(0, 1, 4)),
    Row("repair-nothing", "two", [*REPOSITORY, "repair"], may=(0, 1, 4)),
    Row("repair-from", "hurt", [*REPOSITORY, "repair", "--from", "{case}/mirror"], whole=False, may=(0, 1, 4)),
    Row("mirror", "two", [*REPOSITORY, "mirror", "{case}/mirror"], outside=EVERYWHERE,
        after=["verify", "--mirror", "{case}/mirror"]),
    Row("recovery", "one", [*REPOSITORY, "recovery", "--sheets", "1", "--needed", "1", "--out", "{case}/sheets"],
        done=(0, 3), may=(0, 3, 4)),
    Row("cosigner", "one", [*REPOSITORY, "cosigner", "policy", "policy"], done=(0, 3), may=(0, 3, 4)),
    Row("passphrase", "one", [*REPOSITORY, "passphrase"], passphrases=[PASSPHRASE, NEXT_PASSPHRASE], done=(0, 4)),
    Row("adopt", "forgotten", [*REPOSITORY, "adopt"]),
    Row("verify", "pending", [*REPOSITORY, "verify"], may=CHECKS),
    Row("audit", "two", [*REPOSITORY, "audit", "--full"], may=CHECKS),
    Row("status", "two", [*REPOSITORY, "status"], may=CHECKS),
    Row("items", "behind", [*REPOSITORY, "items"], may=CHECKS),
]


class Ordeal:
    def __init__(self, binary, work, plain_binary=None):
        self.binary, self.work = pathlib.Path(binary).resolve(), pathlib.Path(work).resolve()
        build = self.binary.parent.parent if self.binary.parent.name in ("san", "tsan") else self.binary.parent
        self.plain_binary = build / "groundwork"
        self.crash = build / "tests/crash"
        needed = subprocess.run(["ldd", self.binary], capture_output=True, text=True, check=True).stdout
        self.sanitizer = next((w for w in needed.split() if w.startswith("/") and "libasan" in w), None)
        self.lock = threading.Lock()

    # --- running the program ---

    def environment(self, case, passphrase, binary=None, fault=None):
        preload = [str(self.crash / "crash_cheap.so")]
        kept = {k: v for k, v in os.environ.items()
                if not k.startswith(("GROUNDWORK_", "XDG_", "LC_", "GW_", "LD_"))}
        own = {"HOME": f"{case}/home", "LANG": "C.UTF-8", "XDG_CONFIG_HOME": f"{case}/config",
               "XDG_STATE_HOME": f"{case}/state", "GROUNDWORK_PASSPHRASE_FILE": str(passphrase)}
        if fault is not None:
            preload.append(str(self.crash / "crash_fault.so"))
            own.update(fault)
        if self.sanitizer and binary == self.binary:
            preload.insert(2 if fault and fault["GW_FAULT_KIND"] == "memory" else 0, self.sanitizer)
            own["ASAN_OPTIONS"] = ("detect_leaks=1:halt_on_error=1:verify_asan_link_order=0:"
                                   "allocator_may_return_null=1")
            own["UBSAN_OPTIONS"] = "halt_on_error=1:print_stacktrace=1"
        return {**kept, **own, "LD_PRELOAD": " ".join(preload)}

    def run(self, case, words, passphrase=None, fault=None, extra=None, binary=None):
        binary = binary or self.plain_binary
        command = [str(binary), *[w.format(case=case) for w in words]]
        env = self.environment(case, passphrase or self.passphrase_file(0), binary, fault)
        if extra:
            env.update({k: v for k, v in extra.items() if k != "LD_PRELOAD"})
            env["LD_PRELOAD"] = " ".join([env["LD_PRELOAD"], extra.get("LD_PRELOAD", "")]).strip()
        return subprocess.run(command, cwd=self.work, env=env, capture_output=True, stdin=subprocess.DEVNULL,
                              timeout=RUN_LIMIT_S)

    def passphrase_file(self, number):
        """0: the first passphrase, then the next one; 1: the other way round; 2: the first alone."""
        return self.work / f"passphrase-{number}"

    # --- the worlds ---

    def prepare(self):
        shutil.rmtree(self.work, ignore_errors=True)
        (self.work / "worlds").mkdir(parents=True)
        for number, lines in enumerate(([PASSPHRASE, NEXT_PASSPHRASE], [NEXT_PASSPHRASE, PASSPHRASE], [PASSPHRASE])):
            with open(os.open(self.passphrase_file(number), os.O_WRONLY | os.O_CREAT, 0o600), "w") as f:
                f.write("\n".join(lines) + "\n")
        chance = random.Random(5)
        (self.work / "policy").write_text(POLICY)
        for name, noise in (("first", 1_200_000), ("second", 300_000), ("third", 900_000)):
            folder = self.work / "sources" / name
            (folder / "inner").mkdir(parents=True)
            (folder / "noise").write_bytes(chance.randbytes(noise))
            for i in range(4):
                (folder / "inner" / f"n{i}").write_bytes(b"words of %s, %d\n" % (name.encode(), i) * (60 * i))
            (folder / "same").write_bytes((folder / "inner" / "n2").read_bytes())
            (folder / "shared").write_bytes(b"what every giver has\n" * 40)
            os.symlink("inner/n1", folder / "link")
        for name, make in (("nothing", None), ("one", self.make_one), ("two", self.make_two),
                           ("pending", self.make_pending), ("behind", self.make_behind), ("hurt", self.make_hurt),
                           ("forgotten", self.make_forgotten)):
            world = self.world(name)
            for below in ("home", "config", "state"):
                (world / below).mkdir(parents=True)
            if make:
                make(world)

    def world(self, name):
        return self.work / "worlds" / name

    def must(self, case, words, **more):
        done = self.run(case, words, **more)
        if done.returncode != 0:
            raise SystemExit(f"a world could not be made: {words}: {done.stderr.decode()}")
        return done

    def copy(self, origin, world):
        shutil.rmtree(world)
        subprocess.run(["cp", "-a", self.world(origin), world], check=True)

    def make_one(self, world):
        self.must(world, ROWS[0].words)
        self.must(world, [*REPOSITORY, "intake", "sources/first"])
        self.must(world, [*REPOSITORY, "note", "one"])

    def make_two(self, world):
        self.copy("one", world)
        self.must(world, [*REPOSITORY, "intake", "sources/second"])

    def make_pending(self, world):
        """The record of an intake stands in copy a alone: what follows the commit is still to be done."""
        self.copy("one", world)
        fault = {"GW_FAULT_KIND": "write", "GW_FAULT_AT": "1", "GW_FAULT_ROOTS": f"{world}/repo/b/journal"}
        done = self.run(world, [*REPOSITORY, "intake", "sources/second"], fault=fault)
        if done.returncode != 4:
            raise SystemExit(f"a world could not be made: {done.stderr.decode()}")

    def make_behind(self, world):
        """An index that is a record behind."""
        self.copy("two", world)
        for file in (world / "repo/index").iterdir():
            file.unlink()
        for file in (self.world("one") / "repo/index").iterdir():
            shutil.copy(file, world / "repo/index")

    def make_hurt(self, world):
        self.copy("two", world)
        self.must(world, [*REPOSITORY, "mirror", "{case}/mirror"])
        repo = world / "repo"
        flip(repo / "a/journal")
        flip(sorted(repo.glob("a/keys/*/table-*"))[-1])
        flip(sorted(repo.glob("b/keys/*/segment-*"))[-1])
        flip(sorted(repo.glob("b/open/*.pack"))[-1])
        (repo / "log/checkpoint").unlink()
        for file in (repo / "index").iterdir():
            file.write_bytes(b"x" * 5000)

    def make_forgotten(self, world):
        self.copy("two", world)
        shutil.rmtree(world / "state")
        (world / "state").mkdir()

    # --- looking at what is left ---

    def check(self, case, passphrase, words, lines):
        done = self.run(case, [*REPOSITORY, *words], passphrase=passphrase)
        text = (done.stdout + done.stderr).decode(errors="replace")
        if done.returncode != 0 or not all(line in text.splitlines() for line in lines):
            raise Wrong(f"{' '.join(words)} exits {done.returncode}: {text.strip()}")

    def opening(self, row, case):
        """The passphrase file that opens the key: of a change of passphrase, the old one or the new."""
        if len(row.passphrases) == 1:
            return self.passphrase_file(0)
        for number in range(len(row.passphrases)):
            if self.run(case, [*REPOSITORY, "items"], passphrase=self.passphrase_file(number)).returncode == 0:
                return self.passphrase_file(number)
        raise Wrong("the key file opens with neither passphrase")

    def held(self, row, case, passphrase, printed, complete):
        """Every receipt can be restored, and what is there is what was given."""
        out = case / "out"
        shutil.rmtree(out, ignore_errors=True)
        receipts = sorted(int(n) for n in re.findall(r"^ +(\d+)  .*files", self.run(
            case, [*REPOSITORY, "receipt"], passphrase=passphrase).stdout.decode(), re.M)) or self.numbers(
                case, passphrase)
        missing = set(printed) - set(receipts)
        if missing:
            raise Wrong(f"receipt {missing} was printed, and is not there")
        for number in receipts:
            self.check(case, passphrase, ["restore", str(out), "--receipt", str(number)], [])
        there = {path.relative_to(out): path for path in out.rglob("*") if path.is_symlink() or path.is_file()}
        for path, real in there.items():
            if not same(real, self.work / pathlib.Path(*path.parts[1:])):
                raise Wrong(f"{path} is restored otherwise than it was given")
        wanted = {"nothing": [], "one": ["first"], "pending": ["first"]}.get(row.world, ["first", "second"])
        if row.sources and (complete or (printed and not row.outside)):
            wanted = [*wanted, row.sources]
        names = {pathlib.Path(*path.parts[1:]) for path in there}
        for source in wanted:
            for path in (self.work / "sources" / source).rglob("*"):
                if (path.is_symlink() or path.is_file()) and path.relative_to(self.work) not in names:
                    raise Wrong(f"{path.relative_to(self.work)} was taken in, and is not restored")
        shutil.rmtree(out, ignore_errors=True)

    def numbers(self, case, passphrase):
        done = self.run(case, [*REPOSITORY, "items", "--json"], passphrase=passphrase)
        if done.returncode != 0:
            raise Wrong(f"items exits {done.returncode}: {done.stderr.decode()}")
        return sorted({item["receipt"] for item in json.loads(done.stdout)["result"]["items"]})

    def again(self, row, case, passphrase, power_failed):
        """
        The same command, run again, completes.  What a restore had written and not synced when the power failed is
        told and not overwritten: then its folder is to be thrown away first.
        """
        done = self.run(case, row.words, passphrase=passphrase)
        if power_failed and row.finish and done.returncode == 1 and b"something is there already" in done.stderr:
            shutil.rmtree(case / row.finish)
            done = self.run(case, row.words, passphrase=passphrase)
        if done.returncode not in row.done:
            raise Wrong(f"run again, it exits {done.returncode}: {done.stderr.decode()}")

    def examine(self, row, case, printed, power_failed=False):
        """After a failure or a crash: whole, kept, completed, and whole again."""
        exists = (case / "repo/a/journal").exists()
        if row.world != "nothing" or exists:
            passphrase = self.opening(row, case)
            if row.whole:
                self.check(case, passphrase, ["verify"], ["VERIFIED"])
                self.check(case, passphrase, ["audit", "--full"], ["WHOLE"])
                self.held(row, case, passphrase, printed, False)
        else:
            passphrase = self.passphrase_file(0)
        self.again(row, case, passphrase, power_failed)
        passphrase = self.opening(row, case)
        if row.world == "forgotten" or row.words[-1] in ("verify", "status"):
            self.check(case, passphrase, ["note", "goes on"], [])
        self.check(case, passphrase, ["verify"], ["VERIFIED"])
        self.check(case, passphrase, ["audit", "--full"], ["WHOLE"])
        self.held(row, case, passphrase, printed, True)
        if row.after:
            self.check(case, passphrase, row.after, [])
        if row.finish and not self.finished(row, case):
            raise Wrong(f"{row.finish} is not complete")

    def finished(self, row, case):
        restored = case / row.finish
        return all(same(restored / number / "sources" / source / path.relative_to(self.work / "sources" / source), path)
                   for number, source in (("1", "first"), ("2", "second"))
                   for path in (self.work / "sources" / source).rglob("*") if path.is_file())


def same(one, other):
    if one.is_symlink() or other.is_symlink():
        return one.is_symlink() and other.is_symlink() and os.readlink(one) == os.readlink(other)
    return one.is_file() and other.is_file() and one.read_bytes() == other.read_bytes()


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 8
    path.write_bytes(content)


# --- failures -----------------------------------------------------------------------------------------------------

class Case:
    """The Nth call of a kind fails, alone (for_calls 1) or with all that follow (0)."""

    def __init__(self, row, kind, at, for_calls, as_json):
        self.row, self.kind, self.at, self.for_calls, self.as_json = row, kind, at, for_calls, as_json

    def __str__(self):
        return (f"{self.row.name}: {self.kind} {self.at}{'' if self.for_calls else ' and on'}"
                f"{' --json' if self.as_json else ''}")


class Failing:
    def __init__(self, ordeal, request):
        self.o, self.request = ordeal, request
        self.local = threading.local()
        self.slots = iter(range(1000))
        self.wrong = []
        self.counts = {}

    def lay(self, row):
        if not hasattr(self.local, "case"):
            with self.o.lock:
                self.local.case = self.o.work / f"case-{next(self.slots)}"
        case = self.local.case
        shutil.rmtree(case, ignore_errors=True)
        subprocess.run(["cp", "-a", self.o.world(row.world), case], check=True)
        return case

    def fault(self, row, case, kind, at, for_calls):
        roots = [f"{case}/repo", f"{case}/state", f"{case}/config"]
        if row.outside:
            roots = [r.format(case=case) if r.startswith("{") else str(self.o.work / r) for r in row.outside]
        report = case / "report"
        return report, {"GW_FAULT_KIND": kind, "GW_FAULT_AT": str(at), "GW_FAULT_FOR": str(for_calls),
                        "GW_FAULT_ROOTS": ":".join(roots), "GW_FAULT_REPORT": str(report)}

    def count(self, row, kind):
        """How many calls of this kind a run that nothing disturbs makes."""
        case = self.lay(row)
        report, fault = self.fault(row, case, kind, 0, 1)
        done = self.o.run(case, row.words, fault=fault, binary=self.o.binary)
        if done.returncode not in row.done:
            raise SystemExit(f"{row.name} does not succeed undisturbed: {done.stderr.decode()}")
        return int(re.search(r"^count (\d+)", report.read_text(), re.M).group(1))

    def start(self):
        """How many allocations are made before any verb: libcrypto 3.0 does not survive starting without memory."""
        case = self.lay(ROWS[0])
        report, fault = self.fault(ROWS[0], case, "memory", 0, 1)
        self.o.run(case, ["--version"], fault=fault, binary=self.o.binary)
        return int(re.search(r"^count (\d+)", report.read_text(), re.M).group(1))

    def cases(self, row, kind, sample):
        count = self.count(row, kind)
        draw = random.Random(f"{self.request.seed} {row.name} {kind}")
        ways = (1, 0) if kind in FAILING and kind not in ALONE_ONLY else (0,) if kind == "full" else (1,)
        first = self.start() if kind == "memory" else 0
        numbers = [(at, way) for way in ways for at in range(first + 1 if way == 0 else 1, count + 1)]
        if sample and len(numbers) > sample:
            numbers = draw.sample(numbers, sample)
        self.counts[row.name, kind] = (count, len(numbers))
        return [Case(row, kind, at, way, draw.random() < 0.3) for at, way in numbers]

    def chosen(self, rows, kinds):
        """Pairs of row and kind, and how many cases of each."""
        pairs = [(row, kind) for row in rows for kind in kinds]
        if not self.request.total:
            return [(pair, self.request.sample) for pair in pairs]
        random.Random(self.request.seed).shuffle(pairs)
        each, more = divmod(self.request.total, len(pairs))
        return [(pair, each + (i < more)) for i, pair in enumerate(pairs) if each + (i < more) > 0]

    def judge(self, c):
        row, case = c.row, self.lay(c.row)
        words = [*row.words, "--json"] if c.as_json else row.words
        report, fault = self.fault(row, case, c.kind, c.at, c.for_calls)
        try:
            done = self.o.run(case, words, fault=fault, binary=self.o.binary)
        except subprocess.TimeoutExpired:
            raise Wrong("it does not end") from None
        told = report.read_text() if report.exists() else ""
        report.unlink(missing_ok=True)
        text = done.stderr.decode(errors="replace")
        try:
            self.judge_run(c, done, text, told)
            if c.kind == "full":
                self.judge_full(row, case)
            self.o.examine(row, case, self.printed(c, done))
        except Wrong as wrong:
            raise Wrong(f"{wrong}\n  it had exited {done.returncode}: {text.strip()}\n  {told.strip()}") from None

    def judge_full(self, row, case):
        """Who only looks needs no room."""
        if not row.whole or not (case / "repo/a/journal").exists():
            return
        _, fault = self.fault(row, case, "full", 1, 0)
        for words, line in ((["verify"], "VERIFIED"), (["audit", "--full"], "WHOLE")):
            done = self.o.run(case, [*REPOSITORY, *words], passphrase=self.o.opening(row, case), fault=fault)
            if done.returncode != 0 or line not in done.stdout.decode().splitlines():
                raise Wrong(f"on the full disk {words[0]} exits {done.returncode}: {done.stderr.decode()}")

    @staticmethod
    def printed(c, done):
        """The receipts that it promised."""
        if not c.as_json:
            return [int(n) for n in re.findall(rb"^Receipt (\d+), .*\n", done.stdout, re.M)]
        if done.returncode != 0 or not done.stdout:
            return []
        number = (json.loads(done.stdout)["result"] or {}).get("receipt")
        return [number] if isinstance(number, int) else []

    @staticmethod
    def judge_run(c, done, text, told):
        allowed = set(c.row.done) if c.kind in HARMLESS else set(c.row.may) | ({1} if c.kind == "read" else set())
        if done.returncode < 0:
            raise Wrong(f"it ends by signal {-done.returncode}")
        if any(word in text for word in REPORTS):
            raise Wrong("a sanitizer reports")
        if done.returncode not in allowed:
            raise Wrong(f"it exits {done.returncode}")
        lines = text.splitlines()
        if done.returncode not in (0, 1) and not lines:
            raise Wrong("it says nothing")
        if any(not line.startswith("groundwork: ") or len(line) < 20 for line in lines):
            raise Wrong("a line that is none for a person")
        if c.kind == "full" and done.returncode == 4 and "space" not in text:
            raise Wrong("it does not say that the disk is full")
        if c.kind != "full" and any(words in text for words in FOREIGN):
            raise Wrong("it calls what cannot be read another's")
        if c.kind in HARMLESS and lines and c.row.world in ("nothing", "one", "two"):
            raise Wrong("it tells of what is harmless")
        after = [line for line in told.splitlines() if line.startswith("after ") and "/index/" not in line]
        failed = re.search("^fails (.*)", told, re.M)
        kind = next((kind for kind in TOGETHER if failed and kind.search(failed.group(1))), None)
        after = [line for line in after if kind is None or not kind.search(line)]
        if after and "/index" not in failed.group():
            raise Wrong("it wrote on after a sync had failed")
        if c.as_json and done.returncode != 0 and done.stdout:
            document = json.loads(done.stdout)
            if document["exit"] != done.returncode or document["ok"]:
                raise Wrong("its document tells otherwise than its exit")

    def all(self, rows, kinds):
        every = [c for (row, kind), sample in self.chosen(rows, kinds) for c in self.cases(row, kind, sample)]
        with concurrent.futures.ThreadPoolExecutor(self.request.workers) as pool:
            futures = {pool.submit(self.judge, c): c for c in every}
            for number, future in enumerate(concurrent.futures.as_completed(futures), 1):
                if number % LINE_EVERY == 0:
                    print(f"{number} of {len(every)} cases, {len(self.wrong)} wrong", flush=True)
                try:
                    future.result()
                except Wrong as wrong:
                    self.wrong.append(futures[future])
                    print(f"WRONG {futures[future]}: {wrong}", flush=True)
                    if not self.request.keep_going:
                        pool.shutdown(cancel_futures=True)
                        break
        for (row, kind), (count, tried) in self.counts.items():
            print(f"{row:16} {kind:10} {count:8} calls, {tried:6} cases")
        print(f"{len(every)} cases, {len(self.wrong)} wrong")
        return 1 if self.wrong else 0


# --- crashes ------------------------------------------------------------------------------------------------------

def recorded(o, log, case):
    return {"LD_PRELOAD": str(o.crash / "crash_recorder.so"), "GW_RECORD_LOG": str(log), "GW_RECORD_ROOTS": str(case),
            "GW_RECORD_SKIP": "*-shm"}


def replay(o, request, log, roots, checker):
    """Lay each state, ask the checker; its own exit code."""
    command = [str(o.crash / "crash-replay"), str(log), str(o.work / "replayed"), "--compare", "--random",
               str(request.random), "--seed", str(request.seed), "--workers", str(request.workers), "--serve"]
    for root in roots:
        command += ["--root", root]
    if request.sample:
        command += ["--sample", str(request.sample)]
    cheap = {**os.environ, "LD_PRELOAD": str(o.crash / "crash_cheap.so")}
    code = subprocess.run([*command, "--", *checker], cwd=o.work, env=cheap, check=False).returncode
    if code == 1:
        print((o.work / "replayed/failed.why").read_text(errors="replace"))
    return code


def record(o, row, request):
    """Record the verb, then have every crash looked at by this program, which is started anew as the checker."""
    case, log = o.work / "recorded", o.work / "log"
    for leftover in (case, o.work / "before", o.work / "replayed"):
        shutil.rmtree(leftover, ignore_errors=True)
    log.unlink(missing_ok=True)
    subprocess.run(["cp", "-a", o.world(row.world), case], check=True)
    subprocess.run(["cp", "-a", case, o.work / "before"], check=True)
    done = o.run(case, row.words, extra=recorded(o, log, case))
    if done.returncode not in row.done:
        raise SystemExit(f"{row.name} does not succeed under the recorder: {done.stderr.decode()}")
    print(f"{row.name}: ", end="", flush=True)
    return replay(o, request, log, [f"case={case}={o.work / 'before'}"],
                  [sys.executable, __file__, "serve", str(o.binary), str(o.work), "--row", row.name])


def deposits(o, request, number):
    """One life: folders by chance, taken in one after the other, some of them twice, remarks between them."""
    chance = random.Random(f"{request.seed} {number}")
    count = chance.randint(1, request.most)
    case, before, log, source = o.work / "life", o.work / "life-before", o.work / "log", o.work / "source"
    for leftover in (case, before, source, o.work / "replayed"):
        shutil.rmtree(leftover, ignore_errors=True)
    log.unlink(missing_ok=True)
    for below in ("home", "config", "state"):
        (case / below).mkdir(parents=True)
    o.must(case, ["init", "{case}/repo", "--origin", "life.example/log", "--pack-size", "1"])
    subprocess.run(["cp", "-a", case, before], check=True)
    given = []
    for i in range(count):
        folder = source / f"d{i:02}"
        folder.mkdir(parents=True)
        for n in range(chance.choice([0, 1, 1, 2, 3, 9])):
            size = chance.choice([0, 1, 100, 511, 5000, 60_000, 250_000])
            noise = chance.random() < 0.6
            (folder / f"n{n}").write_bytes(chance.randbytes(size) if noise else b"as before " * (size // 10))
        given.append(folder.relative_to(o.work))
        o.must(case, [*REPOSITORY, "intake", str(chance.choice(given) if chance.random() < 0.1 else given[-1])],
               extra=recorded(o, log, case))
        if chance.random() < 0.2:
            o.must(case, [*REPOSITORY, "note", f"behind {i}"], extra=recorded(o, log, case))
    print(f"{count} deposits: ", end="", flush=True)
    key = next((case / "config/groundwork").glob("*.key"))
    roots = [f"{name}={case}/{below}={before}/{below}"
             for name, below in (("repo", "repo"), ("state", "state/groundwork"), ("config", "config"))]
    checker = o.plain_binary.parent / "tests/flow/state_check"
    return replay(o, request, log, roots, [str(checker), str(key), str(o.passphrase_file(2)), "source"])


def serve(o, row):
    for line in sys.stdin:
        folder = pathlib.Path(line.split("\t")[0])
        printed = (folder / "printed").read_bytes() if (folder / "printed").exists() else b""
        try:
            o.examine(row, folder / "case", [int(n) for n in re.findall(rb"^Receipt (\d+), .*\n", printed, re.M)],
                      power_failed=True)
            print("ok", flush=True)
        except Wrong as wrong:
            print(str(wrong).replace("\n", " | "), flush=True)


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("what", choices=["fail", "full", "crash", "deposits", "serve"])
    parser.add_argument("binary")
    parser.add_argument("work")
    parser.add_argument("--row", action="append")
    parser.add_argument("--kind", action="append")
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--total", type=int, default=0)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--most", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--random", type=int, default=2)
    parser.add_argument("--keep-going", action="store_true")
    request = parser.parse_args()
    rows = [row for row in ROWS if not request.row or row.name in request.row]
    o = Ordeal(request.binary, request.work)
    if request.what == "serve":
        return serve(o, rows[0])
    o.prepare()
    if request.what == "deposits":
        return max(deposits(o, request, number) for number in range(request.runs))
    if request.what == "crash":
        return max(record(o, row, request) for row in rows)
    kinds = ["full"] if request.what == "full" else FAILING + HARMLESS
    return Failing(o, request).all(rows, [k for k in kinds if not request.kind or k in request.kind])


if __name__ == "__main__":
    sys.exit(main())
