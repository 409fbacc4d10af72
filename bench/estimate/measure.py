#!/usr/bin/env python3
"""measure.py BINARY FOLDER [--seeds N]

The speed and the reference values of groundwork-estimate, on the tables of tests/estimate/tables.h.  CPU is user and
system time of the whole program (start, reading, writing and `left out` fits included), wall is of the same run.
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# LCMCR 0.4.14, K = 10, four seeds: median and 95 % limits.  None: it did not converge there.
LCMCR = {"kosovo": (10393, 8807, 13748), "HIV": (10931, 9357, 13081), "spina": (727, 680, 818),
         "NewOrl": (717, 512, 1077), "NewOrl5": (833, 569, 1361), "hare": (76, 70, 90), "UK": None, "UK5": None,
         "Ned": None, "Ned5": None}


def tables(folder):
    text = (ROOT / "tests/estimate/tables.h").read_text()
    for name, lists, cells in re.findall(r'\{"(\w+)",\s*(\d+),\s*((?:"[^"]*"\s*)+)\}', text):
        words = "".join(re.findall(r'"([^"]*)"', cells)).split()
        path = os.path.join(folder, name + ".csv")
        with open(path, "w") as file:
            file.write(",".join(f"L{j + 1}" for j in range(int(lists))) + ",count\n")
            for history, count in zip(words[::2], words[1::2]):
                file.write(",".join(history) + f",{count}\n")
        yield name, path


def run(binary, path, *options):
    """(the first table of the result, CPU seconds, wall seconds, peak KiB)"""
    result = path + ".json"
    began = time.monotonic()
    child = subprocess.Popen([binary, path, "--json", result, "--linkage", "published", *options],
                             stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    wall = time.monotonic() - began
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        sys.exit(f"{path}: {status}")
    with open(result) as file:
        return json.load(file)["tables"][0], used.ru_utime + used.ru_stime, wall, used.ru_maxrss


def latent(binary, found, seeds):
    for name, path in found.items():
        if name not in LCMCR:
            continue
        for seed in range(1, seeds + 1):
            table, cpu, wall, _ = run(binary, path, "--method", "latent", "--threads", "2", "--seed", str(seed))
            method = table["methods"][0]
            d, v = method["details"], method.get("value")
            line = f"latent {name:8} seed {seed}: cpu {cpu:6.2f} s, wall {wall:6.2f} s, R-hat {d['rhat']}, " \
                   f"ESS {float(d['ess_bulk']):.0f}{', tempered' if d['tempered'] else ''}; "
            if v is None:
                line += "refused: " + " ".join(r["code"] for r in method["reasons"]) + "; modes " + \
                        ", ".join(f"{float(m['n']):.0f} ({float(m['share']):.0%})" for m in d["modes"])
            else:
                got = [float(v[key]) for key in ("n", "low", "high")]
                line += "{:.0f} ({:.0f} - {:.0f})".format(*got)
                if LCMCR[name]:
                    away = [100 * (g / w - 1) for g, w in zip(got, LCMCR[name])]
                    line += "; against LCMCR {:+.1f} % ({:+.1f}, {:+.1f})".format(*away)
                    if abs(away[0]) > 2 or max(map(abs, away[1:])) > 5:
                        line += "  MISSED"
            print(line, flush=True)


def speed(binary, found):
    for seed in range(1, 6):
        table, cpu, _, _ = run(binary, found["kosovo"], "--method", "latent", "--ess", "20000", "--seed", str(seed))
        ess = float(table["methods"][0]["details"]["ess_bulk"])
        print(f"kosovo, seed {seed}: {ess:.0f} effective samples of log N in {cpu:.2f} CPU s = "
              f"{ess / cpu:.0f} per CPU s")
    for name, options in (("Ned5", ("--method", "dga")), ("kosovo", ("--method", "loglinear")),
                          ("UK5", ("--method", "loglinear")), ("UK5", ("--method", "stepwise", "--samples", "1000")),
                          ("Ned5", ("--method", "stepwise", "--samples", "1000"))):
        runs = [run(binary, found[name], *options)[1:] for _ in range(3)]
        cpu, wall, peak = (min(r[i] for r in runs) for i in range(3))
        print(f"{name} {' '.join(options)}: cpu {cpu * 1000:.1f} ms, wall {wall * 1000:.1f} ms, "
              f"peak {peak / 1024:.1f} MiB")


def many(binary, path):
    """All log-linear models of 200 strata, Kosovo with one person more in each: what one costs without the start."""
    lines, strata = pathlib.Path(path).read_text().split(), path + ".strata.csv"
    with open(strata, "w") as file:
        file.write(lines[0] + ",stratum\n")
        for stratum in range(200):
            for number, line in enumerate(lines[1:]):
                history, count = line.rsplit(",", 1)
                file.write(f"{history},{int(count) + stratum * (number == 0)},{stratum}\n")
    one, all_ = (min(run(binary, table, "--method", "loglinear", *options)[1] for _ in range(3))
                 for table, options in ((path, ()), (strata, ("--stratum", "stratum"))))
    print(f"kosovo: 113 models, and each list left out: {(all_ - one) / 199 * 1000:.2f} CPU ms a table")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--seeds", type=int, default=4)
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    found = dict(tables(args.folder))
    speed(args.binary, found)
    many(args.binary, found["kosovo"])
    latent(args.binary, found, args.seeds)


if __name__ == "__main__":
    main()
