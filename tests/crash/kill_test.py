#!/usr/bin/env python3
"""Tests of kill.py: a command that keeps its promises passes, each bad one is caught, nothing is left running."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time

KILL = pathlib.Path(__file__).resolve().parent / "kill.py"
SETUP = "rm -rf box; mkdir box"
GOOD = """for i in 1 2 3 4 5 6 7 8; do
    echo "letter $i" >box/new; sleep 0.01; mv box/new box/letter$i; echo "kept $i"
done"""
EARLY = GOOD.replace('mv box/new box/letter$i; echo "kept $i"', 'echo "kept $i"; sleep 0.01; mv box/new box/letter$i')
TORN = """for i in 1 2 3 4 5 6 7 8; do
    printf letter >box/letter$i; sleep 0.01; echo " $i" >>box/letter$i; echo "kept $i"
done"""
LEFT = "sleep 300 & echo $! >>left; " + GOOD
CHECK = """for f in box/letter*; do
    [ ! -e "$f" ] || grep -qx "letter ${f#box/letter}" "$f" || { echo "$f is not whole"; exit 1; }
done
while read -r word n; do
    [ -e "box/letter$n" ] || { echo "letter $n was promised"; exit 1; }
done <"$GW_PRINTED" """
COUNT = 0
FAILED = 0


def tell(good, name, out=""):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not good
    print(("ok" if good else "not ok"), COUNT, "-", name, flush=True)
    if not good:
        print("".join(f"# {line}\n" for line in out.split("\n")), end="", flush=True)


def killed(count, seed, run, check=CHECK, *more):
    command = [sys.executable, KILL, str(count), str(seed), "--setup", SETUP, "--run", run, "--check", check, *more]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.returncode, done.stdout


def main():
    code, out = killed(60, 1, GOOD)
    tell(code == 0 and "50 of 60 rounds" in out and "60 of 60 rounds" in out, "a good command passes", out)
    moments = int(out.split("60 of 60 rounds, ")[1].split()[0]) if code == 0 else 0
    tell(30 <= moments <= 60, f"most rounds are killed before their end ({moments} of 60)", out)
    code, out = killed(60, 1, EARLY)
    tell(code == 1 and "was promised" in out and "of seed 1: killed after" in out, "an early promise is caught", out)
    code, out = killed(60, 2, TORN)
    tell(code == 1 and "is not whole" in out, "a half-written file is caught", out)
    code, out = killed(5, 3, LEFT)
    left = [int(line) for line in pathlib.Path("left").read_text().split()]
    deadline = time.monotonic() + 5
    while any(map(is_running, left)) and time.monotonic() < deadline:
        time.sleep(0.05)
    tell(code == 0 and len(left) >= 3 and not any(map(is_running, left)), "nothing is left running", out)
    tell(killed(1, 1, "exit 3")[0] == 4, "a command that fails unkilled is no crash")
    tell(killed(1, 1, GOOD, "exit 1")[0] == 4, "nor is a check that fails without one")
    code, out = killed(1, 1, "sleep 9", CHECK, "--timeout", "0.2")
    tell(code == 4 and "took longer" in out, "a command that hangs is ended", out)
    code, out = killed(1000, 1, GOOD, CHECK, "--limit", "0.5")
    tell(code == 1 and "only" in out, "too slow is a failure", out)
    tell(killed(0, 1, GOOD)[0] == 2, "no rounds are wrong usage")


def is_running(pid):
    """What is dead, but not yet collected by its parent, does not run."""
    try:
        return "State:\tZ" not in pathlib.Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


with tempfile.TemporaryDirectory() as folder:
    os.environ["TMPDIR"] = folder
    os.chdir(folder)
    main()
    print(f"1..{COUNT}")
    os.chdir("/")
sys.exit(FAILED != 0)
