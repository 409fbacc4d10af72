#!/usr/bin/env python3
"""kill.py COUNT SEED --setup COMMAND --run COMMAND --check COMMAND

Kill a command at COUNT random moments, and check what it leaves.  Each COMMAND is one for the shell, run in the current
folder.  First, setup, run and check are done three times without killing, which also measures how long the run takes.
Then, COUNT times: setup; run, in a process group that is killed (kill -9) at a moment between its beginning and
a little after its usual end; check.

The environment of all three holds GW_ROUND, the number of the round, and GW_PRINTED, a file with what the run printed
to its standard output before it was killed: only complete lines count as printed.

Exit: 0 every check passed, 1 one did not (what it saw is left as it is), 2 wrong usage, 4 the command fails unkilled.
"""
import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

PLAIN_RUNS = 3
AFTER_THE_END = 1.1
LINE_EVERY = 50


class Rounds:
    def __init__(self, request, printed):
        self.request, self.printed = request, printed
        self.began = time.monotonic()
        self.killed = 0

    def environment(self, number):
        return {**os.environ, "GW_ROUND": str(number), "GW_PRINTED": self.printed}

    def start(self, command, number, stdout=None):
        return subprocess.Popen(command, shell=True, env=self.environment(number), stdin=subprocess.DEVNULL,
                                stdout=stdout, start_new_session=True)

    def finish(self, command, number, stdout=None):
        """Run to the end; whatever it left running goes too."""
        process = self.start(command, number, stdout)
        try:
            return process.wait(self.request.timeout)
        except subprocess.TimeoutExpired:
            print(f"round {number}: took longer than {self.request.timeout} s: {command}", flush=True)
            return None
        finally:
            end_group(process)

    def must_finish(self, command, number, stdout=None):
        code = self.finish(command, number, stdout)
        if code != 0:
            print(f"round {number}: exit {code} without being killed: {command}", flush=True)
            sys.exit(4)

    def plain(self, number):
        """How long the run takes when nobody disturbs it."""
        self.must_finish(self.request.setup, number)
        with open(self.printed, "wb") as printed:
            began = time.monotonic()
            self.must_finish(self.request.run, number, printed)
            seconds = time.monotonic() - began
        self.must_finish(self.request.check, number)
        return seconds

    def killed_at(self, number, moment):
        """Kill the run ${moment} seconds after its start; False where it had ended by itself."""
        with open(self.printed, "wb") as printed:
            process = self.start(self.request.run, number, printed)
            try:
                code = process.wait(moment)
            except subprocess.TimeoutExpired:
                end_group(process)
                return True
            end_group(process)
        if code != 0:
            print(f"round {number}: exit {code} without being killed: {self.request.run}", flush=True)
            sys.exit(4)
        return False

    def check(self, number, moment):
        if self.finish(self.request.check, number) == 0:
            return
        print(f"round {number} of seed {self.request.seed}: killed after {moment:.6f} s, and the check fails; "
              f"{self.printed} holds what was printed", flush=True)
        sys.exit(1)

    def report(self, number):
        seconds = time.monotonic() - self.began
        print(f"{number} of {self.request.count} rounds, {self.killed} killed before their end, {seconds:.0f} s",
              flush=True)

    def all(self):
        usual = sorted(self.plain(-i) for i in range(PLAIN_RUNS))[PLAIN_RUNS // 2]
        print(f"the run takes {usual:.3f} s", flush=True)
        draw = random.Random(self.request.seed)
        for number in range(1, self.request.count + 1):
            if time.monotonic() - self.began > self.request.limit:
                print(f"only {number - 1} of {self.request.count} rounds within {self.request.limit} s", flush=True)
                sys.exit(1)
            moment = draw.uniform(0, usual * AFTER_THE_END)
            self.must_finish(self.request.setup, number)
            self.killed += self.killed_at(number, moment)
            self.check(number, moment)
            if number % LINE_EVERY == 0 or number == self.request.count:
                self.report(number)


def end_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--setup", required=True)
    parser.add_argument("--run", required=True)
    parser.add_argument("--check", required=True)
    parser.add_argument("--timeout", type=float, default=120, help="seconds for one command")
    parser.add_argument("--limit", type=float, default=3600, help="seconds for all; more is a failure")
    request = parser.parse_args()
    if request.count < 1:
        parser.error("COUNT must be at least 1")
    handle, printed = tempfile.mkstemp(prefix="printed-")
    os.close(handle)
    Rounds(request, printed).all()
    os.unlink(printed)  # after a failure it stays, as the rest does


if __name__ == "__main__":
    main()
