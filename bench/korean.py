#!/usr/bin/env python3
"""korean.py GROUNDWORK_MATCH [WORKDIR]

Scores attested Korean names: hangul and Chinese characters against the spelling that the person uses (korean.csv), and
as many hard negatives, in which one syllable of the given name is another one with another first consonant.  Every
third row is held apart: the lowest threshold at which the others have a precision of 0.98 is used once on it.  Prints
both, and what is held apart by the set it came from.
"""
import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
PRECISION = .98
WIDE = {2, 3, 6, 7, 12, 17, 20}     # medials before which r and n may fall away


def initial(syllable):
    """The first consonant, those that the initial-sound rule exchanges taken as one, lax ones with their fellows."""
    code = ord(syllable) - 0xAC00
    first, medial = code // 588, code % 588 // 28
    if first in (2, 5) or first == 11 and medial in WIDE:
        return "r"
    return {0: "k", 1: "k", 15: "k", 3: "t", 4: "t", 16: "t", 7: "p", 8: "p", 17: "p", 9: "s", 10: "s",
            12: "c", 13: "c", 14: "c"}.get(first, first)


def pairs():
    rows = list(csv.DictReader(open(os.path.join(HERE, "korean.csv"), encoding="utf-8")))
    for number, row in enumerate(rows):
        held, name = number % 3 == 2, row["hangul"]
        part = row["source"][:4] if row["source"][:4] in ("19th", "21st") else "others"
        yield held, 1, row["hangul"], row["latin"], part
        if row["hanja"]:
            yield held, 1, row["hanja"], row["latin"], part
        others = [other["hangul"][-1] for other in rows[number + 1:] + rows[:number]]
        others = [syllable for syllable in others if initial(syllable) != initial(name[-1])]
        for syllable in others[:2]:
            yield held, 0, name[:-1] + syllable, row["latin"], part


def measure(rows, threshold):
    right = sum(same for score, same in rows if score >= threshold)
    taken, same = sum(score >= threshold for score, _ in rows), sum(same for _, same in rows)
    return right / taken if taken else 0, right / same


def main():
    work = tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None)
    made = list(pairs())
    table, out = os.path.join(work, "pairs.csv"), os.path.join(work, "scored.csv")
    with open(table, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("left", "right"), *(pair[2:4] for pair in made)])
    subprocess.run([sys.argv[1], "pairs", table, "--left", "left", "--right", "right", "--out", out], check=True)
    scores = [float(row["score"]) for row in csv.DictReader(open(out, encoding="utf-8"))]
    tuned = [(score, pair[1]) for score, pair in zip(scores, made) if not pair[0]]
    best = min((t / 1000 for t in range(500, 1001, 5) if measure(tuned, t / 1000)[0] >= PRECISION), default=1)
    parts = {"held apart": None, "held apart, 19th assembly": "19th", "held apart, 21st assembly": "21st",
             "held apart, others": "others"}
    sets = [("tuned on", tuned)]
    for name, part in parts.items():
        sets.append((name, [(score, pair[1]) for score, pair in zip(scores, made)
                            if pair[0] and part in (None, pair[4])]))
    for name, rows in sets:
        precision, recall = measure(rows, best)
        print(f"{name}: {sum(s for _, s in rows)} attested pairs and {sum(1 - s for _, s in rows)} hard negatives, "
              f"threshold {best:.3f}: precision {precision:.4f}, recall {recall:.4f}")
    if os.environ.get("VERBOSE"):
        for score, pair in zip(scores, made):
            if not pair[0] and (score >= best) != pair[1]:
                print(score, *pair[1:4])


if __name__ == "__main__":
    main()
