#!/usr/bin/env python3
"""calibrate.py BINARY FOLDER [--tables N] [--picture FILE.svg]

Simulate tables with a known number of persons from each family of models, estimate each table with every method, and
count how often the 95 % limits hold the truth.  "together" is from the lowest lower to the highest upper limit of all
methods, as the program's last line has it.  Writes FOLDER/coverage.csv and the picture (FOLDER/coverage.svg); exits 1
when a method misses its bar on its own family (90 %).

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


def simulate(family, tables, path):
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        for number in range(tables):
            dice = random.Random(f"{family} {number}")
            person, counts = globals()[family](dice), {}
            for _ in range(PERSONS):
                history = tuple(int(on) for on in person())
                counts[history] = counts.get(history, 0) + 1
            if number == 0:
                out.writerow([f"L{j}" for j in range(len(history))] + ["table", "count"])
            for history, count in sorted(counts.items()):
                if any(history):
                    out.writerow([*history, f"{number:04}", count])


def estimate(binary, folder, family, tables):
    table, result = os.path.join(folder, f"{family}.csv"), os.path.join(folder, f"{family}.json")
    simulate(family, tables, table)
    command = [binary, table, "--stratum", "table", "--samples", "200", "--threads", "2", "--linkage", "simulated",
               "--json", result]
    done = subprocess.run(command, stdout=subprocess.DEVNULL)
    if done.returncode not in (0, 3):
        sys.exit(f"{family}: exit {done.returncode}")
    with open(result) as file:
        return json.load(file)["tables"]


def together(methods):
    values = [m["value"] for m in methods if m["status"] == "estimated"]
    if not values:
        return {"method": "together", "status": "refused"}
    low, high = (pick(float(v[key]) for v in values) for pick, key in ((min, "low"), (max, "high")))
    value = {"n": math.sqrt(low * high), "low": low, "high": high}
    return {"method": "together", "status": "estimated", "value": value}


def tally(tables):
    """method -> (estimated, held, refused, mean of estimate over truth)"""
    found = {}
    for table in tables:
        for method in table["methods"] + [together(table["methods"])]:
            n, held, refused, ratio = found.get(method["method"], (0, 0, 0, 0))
            if method["status"] == "refused":
                found[method["method"]] = (n, held, refused + 1, ratio)
                continue
            value = {key: float(text) for key, text in method["value"].items()}
            bound = method["status"] == "lower-bound"
            inside = value["low"] <= PERSONS and (bound or PERSONS <= value["high"])
            found[method["method"]] = (n + 1, held + inside, refused, ratio + value["n"] / PERSONS)
    return found


def draw(rows, path):
    height = 60 + 22 * len(rows)
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" width="780" height="{height}" font-family="sans-serif" '
             'font-size="13">', f'<rect width="780" height="{height}" fill="#fff"/>',
             '<text x="16" y="24" font-weight="bold">How often the 95 % limits hold the truth</text>']
    for share in (0, .5, .9, .95, 1):
        x = 300 + 400 * share
        colour = "#d55e00" if share == .9 else "#ddd"
        lines.append(f'<line x1="{x}" y1="36" x2="{x}" y2="{height - 22}" stroke="{colour}"/>')
        lines.append(f'<text x="{x}" y="{height - 6}" text-anchor="middle">{share:.0%}</text>')
    for i, row in enumerate(rows):
        y, share = 52 + 22 * i, row["held"] / max(1, row["estimated"])
        colour = "#0072b2" if row["own"] else "#999"
        lines.append(f'<text x="290" y="{y + 4}" text-anchor="end">{row["family"]}: {row["method"]}</text>')
        lines.append(f'<circle cx="{300 + 400 * share:.1f}" cy="{y}" r="5" fill="{colour}"/>')
        lines.append(f'<text x="712" y="{y + 4}">{row["held"]}/{row["estimated"]}</text>')
    with open(path, "w") as file:
        file.write("\n".join(lines + ["</svg>"]) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("binary")
    parser.add_argument("folder")
    parser.add_argument("--tables", type=int, default=200)
    parser.add_argument("--picture")
    args = parser.parse_args()
    os.makedirs(args.folder, exist_ok=True)
    rows, missed = [], []
    for family, own in OWN.items():
        found = tally(estimate(args.binary, args.folder, family, args.tables))
        for method in METHODS:
            if method not in found:
                continue
            n, held, refused, ratio = found[method]
            rows.append({"family": family, "method": method, "own": int(method in own), "estimated": n, "held": held,
                         "refused": refused, "mean_ratio": f"{ratio / max(1, n):.3f}"})
            print("{family:12} {method:10} held {held:3} of {estimated:3}, refused {refused:3}, mean estimate / truth "
                  "{mean_ratio}{own}".format(**{**rows[-1], "own": "  *" if method in own else ""}), flush=True)
            if method in own and held < BAR * n:
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
