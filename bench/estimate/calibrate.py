#!/usr/bin/env python3
"""calibrate.py BINARY FOLDER [--tables N] [--picture FILE.svg] [--series NAME]

Simulate tables with a known number of persons from each family of models, estimate each table with every method, and
count how often what it says holds: the truth lies within the 95 % limits or, where the result is called a lower bound,
not below its lower limit.  Beside it stand how many were called so, and in how many of those the limits would have been
right without it.  "together" is from the lowest lower to the highest upper limit of all methods, as the program's last
line has it.  Writes FOLDER/coverage.csv and the picture (FOLDER/coverage.svg); exits 1 when a method misses its bar
(90 % of those not refused) on its own family.  --series names the seeds: the gates were chosen on the series "tune".

  independent   two lists, independent                                    for Chapman
  mixed         four lists, persons who are easy or hard to see on all    for Chao, which must lie below the truth
  pairs         four lists, independent but for the pairs 12 and 34       for log-linear models, stepwise, graphs
  drawn         four lists, classes as latent classes suppose them: drawn from the method's own prior
  classes       four lists, two classes of persons, one seen well and one badly   for latent classes
"""
import argparse
import csv
import json
import math
import os
import random
import subprocess
import sys

PERSONS = 3000
BAR = .90
OWN = {"independent": ("chapman",), "mixed": ("chao",), "pairs": ("loglinear", "stepwise", "dga"),
       "drawn": ("latent",), "classes": ("latent",)}
METHODS = ("chapman", "chao", "loglinear", "stepwise", "dga", "latent", "together")


def logistic(x):
    return 1 / (1 + math.exp(-x))


def independent(dice):
    a, b = dice.uniform(.15, .45), dice.uniform(.15, .45)
    return lambda: (dice.random() < a, dice.random() < b)


def mixed(dice):
    base = [dice.uniform(-2, -1) for _ in range(4)]

    def person():
        ease = dice.gauss(0, 1)
        return tuple(dice.random() < logistic(b + ease) for b in base)
    return person


def pairs(dice):
    main = [dice.uniform(-1.5, -.7) for _ in range(4)]
    both = {(0, 1): dice.uniform(.5, 1.2), (2, 3): dice.uniform(.5, 1.2)}
    cells = [tuple(cell >> j & 1 for j in range(4)) for cell in range(16)]
    weights = [math.exp(sum(m for m, on in zip(main, c) if on) + sum(v for (i, j), v in both.items() if c[i] and c[j]))
               for c in cells]
    return lambda: dice.choices(cells, weights)[0]


def drawn(dice):
    """Sticks Beta(1, alpha), alpha Gamma(1/4, 1/4), lists uniform in each of ten classes."""
    alpha, left, weights = dice.gammavariate(.25, 4), 1, []
    for k in range(10):
        stick = 1 - dice.random() ** (1 / max(alpha, 1e-9)) if k < 9 else 1
        weights.append(left * stick)
        left *= 1 - stick
    reach = [[dice.random() for _ in range(4)] for _ in weights]

    def person():
        return tuple(dice.random() < p for p in dice.choices(reach, weights)[0])
    return person


def classes(dice):
    share = dice.uniform(.35, .65)
    reach = [[dice.uniform(.25, .55) for _ in range(4)], [dice.uniform(.05, .2) for _ in range(4)]]

    def person():
        return tuple(dice.random() < p for p in reach[dice.random() < share])
    return person


def simulate(family, tables, path, series):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        for number in range(tables):
            dice = random.Random(f"{family} {series} {number}")
            person, counts = globals()[family](dice), {}
            for _ in range(PERSONS):
                history = tuple(int(on) for on in person())
                counts[history] = counts.get(history, 0) + 1
            if number == 0:
                out.writerow([f"L{j}" for j in range(len(history))] + ["table", "count"])
            for history, count in sorted(counts.items()):
                if any(history):
                    out.writerow([*history, f"{number:04}", count])


def estimate(binary, folder, family, tables, series):
    table, result = os.path.join(folder, f"{family}.csv"), os.path.join(folder, f"{family}.json")
    simulate(family, tables, table, series)
    command = [binary, table, "--stratum", "table", "--samples", "200", "--threads", "2", "--linkage", "simulated",
               "--json", result]
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 3):
        sys.exit(f"{family}: exit {done.returncode}")
    with open(result) as file:
        return json.load(file)["tables"]


def together(methods):
    """As the program's last line: a lower bound where one of them is; Chao's is not part of it."""
    given = [m for m in methods if m["status"] != "refused" and m["method"] != "chao"]
    if not given:
        return {"method": "together", "status": "refused"}
    low = min(float(m["value"]["low"]) for m in given)
    high = max(limits(m)[1] for m in given)
    bound = any(m["status"] == "lower-bound" for m in given)
    value = {"n": math.sqrt(low * high), "low": low, "high": high}
    return {"method": "together", "status": "lower-bound" if bound else "estimated", "value": value}


def limits(method):
    """Those that it would have without the gates."""
    return float(method["value"]["low"]), float(method["value"]["high"])


EMPTY = {"estimated": 0, "held": 0, "refused": 0, "bounds": 0, "in_vain": 0, "too_low": 0, "too_high": 0,
         "ratio": 0}


def tally(tables):
    """method -> counts as in EMPTY; too_low and too_high are those that do not hold"""
    found = {}
    for table in tables:
        for method in table["methods"] + [together(table["methods"])]:
            counts = found.setdefault(method["method"], dict(EMPTY))
            if method["status"] == "refused":
                counts["refused"] += 1
                continue
            low, high = limits(method)
            bound = method["status"] == "lower-bound"
            counts["estimated"] += 1
            counts["ratio"] += float(method["value"]["n"]) / PERSONS
            counts["too_high"] += low > PERSONS
            counts["too_low"] += not bound and high < PERSONS
            counts["held"] += low <= PERSONS and (bound or PERSONS <= high)
            counts["bounds"] += bound
            counts["in_vain"] += bound and low <= PERSONS <= high
    return found


def draw(rows, path):
    height = 82 + 22 * len(rows)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{height}" font-family="sans-serif" '
             'font-size="13">', f'<rect width="780" height="{height}" fill="#fff"/>',
             '<text x="16" y="24" font-weight="bold">How often what is said holds: within the 95 % limits, or not '
             'below an "at least"</text>',
             '<text x="16" y="44">point: holds; arrow: called a lower bound; blue: a method on its own family</text>']
    for share in (0, .5, .9, .95, 1):
        x = 300 + 400 * share
        colour = "#d55e00" if share == .9 else "#ddd"
        lines.append(f'<line x1="{x}" y1="58" x2="{x}" y2="{height - 22}" stroke="{colour}"/>')
        lines.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{share:.0%}</text>')
    for i, row in enumerate(rows):
        y, share = 74 + 22 * i, row["held"] / max(1, row["estimated"])
        colour = "#0072b2" if row["own"] else "#999"
        lines.append(f'<text x="290" y="{y + 4}" text-anchor="end">{row["family"]}: {row["method"]}</text>')
        lines.append(f'<circle cx="{300 + 400 * share:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        if row["bounds"] > 0:
            x = 300 + 400 * row["bounds"] / max(1, row["estimated"])
            lines.append(f'<path d="M{x - 4:.1f} {y - 5}l7 5l-7 5" fill="none" stroke="{colour}"/>')
        lines.append(f'<text x="712" y="{y + 4}">{row["held"]}/{row["estimated"]}</text>')
    with open(path, "w") as file:
        file.write("\n".join(lines + ["</svg>"]) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--picture")
    parser.add_argument("--series", default="judge")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    rows, missed = [], []
    for family, own in OWN.items():
        found = tally(estimate(args.binary, args.folder, family, args.tables, args.series))
        for method in METHODS:
            if method not in found:
                continue
            counts = found[method]
            ratio = f"{counts.pop('ratio') / max(1, counts['estimated']):.3f}"
            rows.append({"family": family, "method": method, "own": int(method in own), **counts, "mean_ratio": ratio})
            print("{family:12} {method:10} holds {held:3} of {estimated:3}, called a lower bound {bounds:3} (in vain "
                  "{in_vain:3}), refused {refused:3}, too low {too_low}, too high {too_high}, mean estimate / "
                  "truth {mean_ratio}{mark}".format(mark="  *" if method in own else "", **rows[-1]), flush=True)
            if method in own and counts["held"] < BAR * counts["estimated"]:
                missed.append(f"{family}: {method}")
    with open(os.path.join(args.folder, "coverage.csv"), "w", newline="") as file:
        out = csv.DictWriter(file, rows[0])
        out.writeheader()
        out.writerows(rows)
    draw(rows, args.picture or os.path.join(args.folder, "coverage.svg"))
    if missed:
        sys.exit("below 90 %: " + ", ".join(missed))


if __name__ == "__main__":
    main()
