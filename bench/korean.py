#!/usr/bin/env python3
"""korean.py GROUNDWORK_MATCH [WORKDIR]

Scores attested Korean names: hangul and Chinese characters against the spelling that the person uses (korean.csv), and
as many hard negatives, in which one syllable of the given name is another one with another first consonant.  Every
third row is held apart: the threshold is chosen on the others and used once on it.  Prints both.
"""
import csv
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
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
        yield held, 1, row["hangul"], row["latin"]
        yield held, 1, row["hanja"], row["latin"]
        others = [other["hangul"][-1] for other in rows[number + 1:] + rows[:number]]
        others = [syllable for syllable in others if initial(syllable) != initial(name[-1])]
        for syllable in others[:2]:
            yield held, 0, name[:-1] + syllable, row["latin"]


def measure(rows, threshold):
    right = sum(same for score, same in rows if score >= threshold)
    taken, same = sum(score >= threshold for score, _ in rows), sum(same for _, same in rows)
    return right / taken if taken else 0, right / same


def main():
    work = tempfile.mkdtemp(dir=sys.argv[2] if len(sys.argv) > 2 else None)
    made = list(pairs())
    table, out = os.path.join(work, "pairs.csv"), os.path.join(work, "scored.csv")
    with open(table, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("left", "right"), *(pair[2:] for pair in made)])
    subprocess.run([sys.argv[1], "pairs", table, "--left", "left", "--right", "right", "--out", out], check=True)
    scores = [float(row["score"]) for row in csv.DictReader(open(out, encoding="utf-8"))]
    tuned = [(score, pair[1]) for score, pair in zip(scores, made) if not pair[0]]
    held = [(score, pair[1]) for score, pair in zip(scores, made) if pair[0]]
    best = max((t / 1000 for t in range(500, 1001, 5)), key=lambda t: min(measure(tuned, t)))
    for name, rows in (("tuned on", tuned), ("held apart", held)):
        precision, recall = measure(rows, best)
        print(f"{name}: {sum(s for _, s in rows)} attested pairs and {sum(1 - s for _, s in rows)} hard negatives, "
              f"threshold {best:.3f}: precision {precision:.4f}, recall {recall:.4f}")
    if os.environ.get("VERBOSE"):
        for score, pair in zip(scores, made):
            if not pair[0] and (score >= best) != pair[1]:
                print(score, *pair[1:])


if __name__ == "__main__":
    main()
