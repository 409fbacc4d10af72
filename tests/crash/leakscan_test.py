#!/usr/bin/env python3
"""leakscan_test.py LEAKSCAN: every form of leak is found, at every kind of place, and nothing else is."""
import base64
import pathlib
import random
import subprocess
import sys
import tempfile

SCAN = sys.argv[1]
NAMES = ["Kim Cheol-su of Hoeryong", "김철수", "박영희 (가명)", "e\u0301tienne", "Иванов", "𝒜bcdef"]
DRAW = random.Random(5)
COUNT = 0
FAILED = 0


def tell(good, name):
    global COUNT, FAILED
    COUNT += 1
    FAILED += not good
    print(("ok" if good else "not ok"), COUNT, "-", name, flush=True)


class Place:
    """A repository of random bytes beside some sources."""

    def __init__(self, folder, repository=None, sources=None):
        self.folder = pathlib.Path(folder)
        for name in ("repo/deep/er", "sources/deep"):
            (self.folder / name).mkdir(parents=True)
        self.repository = repository if repository is not None else DRAW.randbytes(50000)
        self.sources = sources if sources is not None else DRAW.randbytes(40000)
        (self.folder / "planted").write_text("\n".join(NAMES) + "\n\n", encoding="utf-8")

    def scan(self):
        (self.folder / "repo/deep/er/pack").write_bytes(self.repository)
        (self.folder / "repo/empty").write_bytes(b"")
        (self.folder / "sources/deep/testimony").write_bytes(self.sources)
        run = subprocess.run([SCAN, *(str(self.folder / name) for name in ("repo", "sources", "planted"))],
                             capture_output=True, check=False)
        return run.returncode, run.stdout.decode("utf-8", "replace") + run.stderr.decode("utf-8", "replace")


def scanned(repository=None, sources=None, change=None):
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder, repository, sources)
        if change:
            change(place)
        return place.scan()


def forms(text):
    raw = text.encode()
    yield "UTF-8", raw
    yield "UTF-16LE", text.encode("utf-16-le")
    yield "UTF-16BE", text.encode("utf-16-be")
    yield "hexadecimal", raw.hex().encode()
    yield "HEXADECIMAL", raw.hex().upper().encode()
    yield "small letters", bytes(c + 32 if 65 <= c <= 90 else c for c in raw)
    for shift in range(3):
        around = b"\xff" * shift + raw + b"\xff" * 3
        yield f"base64 after {shift} bytes", base64.b64encode(around)
        yield f"base64url after {shift} bytes", base64.urlsafe_b64encode(around)


def strings():
    for text in NAMES:
        missed = []
        for name, form in forms(text):
            for at in (0, 777, 50000):
                code, out = scanned(change=lambda p, at=at, form=form: setattr(
                    p, "repository", p.repository[:at] + form + p.repository[at:]))
                if code != 1 or "the planted string" not in out:
                    missed.append(f"{name} at {at}")
        tell(not missed, f"the string {text!a} in every form, at the beginning, within and at the end {missed or ''}")
    code, out = scanned(change=lambda p: (p.folder / f"repo/{NAMES[1]}").write_bytes(b"x"))
    tell(code == 1 and "the name of" in out, "a string in a name")


def windows():
    code, out = scanned()
    tell(code == 0 and "; 0 leaks" in out, "random bytes hold no leak")
    for at in (0, 12345, 39984):
        for to in (0, 101, 49984):
            def plant(p, at=at, to=to):
                p.repository = p.repository[:to] + p.sources[at:at + 16] + p.repository[to + 16:]
            code, out = scanned(change=plant)
            tell(code == 1 and f"byte {to}: 16 bytes as in" in out and f"byte {at}\n" in out,
                 f"16 bytes of byte {at} at byte {to}")

    def plant_short(p):
        p.repository = p.repository[:500] + p.sources[100:115] + bytes([p.sources[115] ^ 1]) + p.repository[516:]
    tell(scanned(change=plant_short)[0] == 0, "15 bytes are none")
    code, out = scanned(change=lambda p: setattr(p, "repository", p.repository + p.sources[5:3005]))
    tell(code == 1 and "3000 bytes as in" in out and "; 1 leaks" in out, "a long run is one leak")
    eight, seven = b"abcdefgh" + b"a" * 8, b"abcdefg" + b"a" * 9
    code, _ = scanned(b"\0" * 99 + eight + b"\1" * 99, b"\2" * 99 + eight + b"\3" * 99)
    tell(code == 1, "eight values are a leak")
    code, _ = scanned(b"a" * 99 + seven, b"a" * 99 + seven + bytes(range(40)))
    tell(code == 0, "seven values are none")
    code, out = scanned(change=lambda p: (p.folder / "sources/Testimony of 1997.txt").write_bytes(b"") or setattr(
        p, "repository", p.repository + b"Testimony of 1997.txt"))
    tell(code == 1 and "as in the name of" in out, "a name of the sources")


def brute(repository, sources):
    def good(text):
        return {text[i:i + 16] for i in range(len(text) - 15) if len(set(text[i:i + 16])) >= 8}
    known = good(sources)
    hits = [i for i in range(len(repository) - 15) if repository[i:i + 16] in known]
    return sum(1 for i, at in enumerate(hits) if i == 0 or hits[i - 1] + 1 != at)


def by_brute_force():
    """Texts over few values share many windows by chance; the runs must be as many as by the plain definition."""
    wrong, seen = 0, 0
    for _ in range(60):
        piece = DRAW.randbytes(64)
        few = [DRAW.choice(piece) for _ in range(9)]
        repository = bytes(DRAW.choice(few) for _ in range(DRAW.randrange(1, 3000)))
        sources = bytes(DRAW.choice(few) for _ in range(200)) + bytes(range(100))
        for _ in range(DRAW.randrange(6)):
            at, size = DRAW.randrange(200), DRAW.randrange(10, 40)
            to = DRAW.randrange(len(repository))
            repository = repository[:to] + sources[at:at + size] + repository[to:]
        wanted = brute(repository, sources)
        seen += wanted
        _, out = scanned(repository, sources)
        wrong += f"; {wanted} leaks" not in out
    tell(wrong == 0 and seen > 50, f"as many as by the definition ({seen} leaks in 60 pairs, {wrong} pairs differ)")


def refusals():
    tell(scanned(repository=b"")[0] == 2, "an empty repository is refused")
    tell(scanned(sources=b"\0" * 1000)[0] == 2, "sources without a window are refused")
    for text, what in ((b"", "no string"), (b"short\n", "a string of 5 bytes"), (b"x" * 1025, "one of 1025 bytes")):
        code, _ = scanned(change=lambda p, text=text: (p.folder / "planted").write_bytes(text))
        tell(code == 2, f"{what} is refused")
    for text, what in ((b"sixsix\n", "a string of 6 bytes"), (b"x" * 1024, "one of 1024 bytes")):
        code, _ = scanned(change=lambda p, text=text: (p.folder / "planted").write_bytes(text))
        tell(code == 0, f"{what} is taken")


strings()
windows()
by_brute_force()
refusals()
print(f"1..{COUNT}")
sys.exit(FAILED != 0)
