#!/usr/bin/env python3
"""mutants.py PACKAGE --verifier PROGRAM --script FILE [--older SEAL] [--files N] [--lines N] [--random N] [--seed S]

Change a package in every way that needs no key, one at a time, and let both verifiers look at it: each must say FAILED
and exit with 1, both of them, and neither may crash or take long.  PACKAGE untouched must pass, with one word by both.

For each file, those of the seal included (of one folder and ending at most --files, by lot): a bit flipped, first and
last bytes and half of it cut off, all of it, a byte added, removed, renamed, duplicated, replaced by a link, its
content swapped with the next file's.  For each line of those that are text (at most --lines of one file, by lot): a
character changed, removed, doubled, swapped with the next.  For each note: a further signature line.  Then what
somebody does who makes manifests anew: a key event left out, the last gap, the last item, a file added, another file's
bytes.  --older: the files of a seal of an earlier package over the same items.
"""
import argparse
import concurrent.futures
import hashlib
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

TIMEOUT_S = 120
SEAL = (".seal.note", ".seal.tlog-proof", ".seal.consistency")
BINARY = ("data/items/", ".tsr")


class Package:
    """All files of a package and its seal, by path: "" and an ending for those of the seal."""

    def __init__(self, files):
        self.files = dict(files)
        self.links = {}

    @staticmethod
    def read(path):
        files = {p.relative_to(path).as_posix(): p.read_bytes() for p in path.rglob("*") if p.is_file()}
        files.update({ending: pathlib.Path(str(path) + ending).read_bytes() for ending in SEAL})
        return Package(files)

    def copy(self):
        return Package(self.files)

    def write(self, path):
        path.mkdir(parents=True)
        for name, content in list(self.files.items()) + list(self.links.items()):
            to = pathlib.Path(str(path) + name) if name in SEAL else path / name
            to.parent.mkdir(parents=True, exist_ok=True)
            if name in self.links:
                to.symlink_to(content)
            else:
                to.write_bytes(content)

    def with_file(self, name, content):
        other = self.copy()
        other.files[name] = content
        return other

    def without(self, name):
        other = self.copy()
        del other.files[name]
        return other

    def manifests(self):
        """The same with manifests that fit; the seal stays."""
        def lines(names):
            return "".join(f"{hashlib.sha256(other.files[n]).hexdigest()}  {n}\n" for n in sorted(names)).encode()
        other = self.copy()
        inside = [n for n in other.files if n not in SEAL]
        other.files["manifest-sha256.txt"] = lines(n for n in inside if n.startswith("data/"))
        other.files["tagmanifest-sha256.txt"] = lines(
            n for n in inside if not n.startswith("data/") and n != "tagmanifest-sha256.txt")
        return other


def flip(content, at, bit):
    return content[:at] + bytes([content[at] ^ 1 << bit]) + content[at + 1:]


def is_text(name):
    return not (name.startswith(BINARY[0]) or name.endswith(BINARY[1]))


def some_of_each_kind(whole, chance, most):
    """Names; a kind is a folder and an ending, and each file of the seal is one."""
    kinds = {}
    for name in sorted(whole.files):
        kind = name if name in SEAL else (os.path.dirname(name), os.path.splitext(name)[1])
        kinds.setdefault(kind, []).append(name)
    return {name for names in kinds.values() for name in chance.sample(names, min(most, len(names)))}


def file_mutants(whole, chosen, chance):
    names = sorted(whole.files)
    for i, name in enumerate(names):
        if name not in chosen:
            continue
        content = whole.files[name]
        n = len(content)
        if n > 0:
            for at in {0, n - 1, chance.randrange(n)}:
                yield f"{name}: bit of byte {at}", whole.with_file(name, flip(content, at, chance.randrange(8)))
            yield f"{name}: without its last byte", whole.with_file(name, content[:-1])
            yield f"{name}: without its first byte", whole.with_file(name, content[1:])
            if n > 1:
                yield f"{name}: half of it", whole.with_file(name, content[:n // 2])
                yield f"{name}: emptied", whole.with_file(name, b"")
        yield f"{name}: a byte more", whole.with_file(name, content + b"\n")
        yield f"{name}: a zero byte more", whole.with_file(name, content + b"\0")
        yield f"{name}: a zero byte inside", whole.with_file(name, content[:n // 2] + b"\0" + content[n // 2:])
        yield f"{name}: removed", whole.without(name)
        if name not in SEAL:
            moved = whole.without(name)
            moved.files[name + "x"] = content
            yield f"{name}: renamed", moved
            yield f"{name}: doubled", whole.with_file(name + ".2", content)
            link = whole.without(name)
            link.links[name] = "/dev/null" if n == 0 else os.path.abspath(__file__)
            yield f"{name}: a link", link
        other = names[(i + 1) % len(names)]
        if whole.files[other] != content:
            swapped = whole.with_file(name, whole.files[other])
            swapped.files[other] = content
            yield f"{name}: swapped with {other}", swapped


def line_mutants(whole, chosen, chance, lines_max):
    """At most lines_max lines of one file, drawn by lot, but always all of those of proofs and of the seal."""
    for name in sorted(n for n in chosen if is_text(n)):
        lines = whole.files[name].splitlines(keepends=True)
        chosen = range(len(lines))
        if len(lines) > lines_max:
            chosen = sorted(chance.sample(chosen, lines_max))
        for i in chosen:
            def put(*new, i=i):
                return whole.with_file(name, b"".join(lines[:i] + list(new) + lines[i + 1:]))
            line = lines[i]
            at = chance.randrange(len(line))
            character = bytes([chance.choice(b"abcdefghijklmnopqrstuvwxyz0123456789")])
            while character == line[at:at + 1]:
                character = bytes([chance.choice(b"abcdefghijklmnopqrstuvwxyz0123456789")])
            yield f"{name}, line {i + 1}: changed", put(line[:at] + character + line[at + 1:])
            yield f"{name}, line {i + 1}: removed", put()
            yield f"{name}, line {i + 1}: doubled", put(line, line)
            if i + 1 < len(lines) and lines[i + 1] != line:
                yield (f"{name}, line {i + 1}: swapped",
                       whole.with_file(name, b"".join(lines[:i] + [lines[i + 1], line] + lines[i + 2:])))


def note_mutants(whole):
    stranger = "\u2014 stranger.example/key ".encode() + b"AAAA" * 23 + b"\n"
    for name, content in sorted(whole.files.items()):
        if "\u2014 ".encode() in content and is_text(name):
            yield f"{name}: signed by a stranger too", whole.with_file(name, content + stranger)
            if name not in SEAL:
                yield (f"{name}: signed by a stranger too, and in the manifest",
                       whole.with_file(name, content + stranger).manifests())


def forged(whole, chosen, older):
    """What needs no key, but somebody who makes the manifests anew."""
    last = {}
    for name in sorted(whole.files):
        kind = name.rsplit("/", 1)[0]
        last[kind] = name.rsplit(".", 1)[0]
    for kind, name in sorted(last.items()):
        if kind.startswith("proof/"):
            fewer = whole.copy()
            for n in [n for n in fewer.files if n.startswith(name + ".")]:
                del fewer.files[n]
            yield f"{name}: left out, with new manifests", fewer.manifests()
    for name in ("data/index.csv", "proof/gaps.csv"):
        lines = whole.files[name].splitlines(keepends=True)
        if len(lines) > 1:
            yield f"{name}: its last row left out", whole.with_file(name, b"".join(lines[:-1])).manifests()
    for name in sorted(chosen):
        if name not in SEAL and "manifest" not in name:
            longer = whole.with_file(name, whole.files[name] + b"\n")
            yield f"{name}: a byte more, with new manifests", longer.manifests()
    yield "a file added", whole.with_file("data/items/999999", b"planted")
    yield "a file added, with new manifests", whole.with_file("data/items/999999", b"planted").manifests()
    yield "a tag file added, with new manifests", whole.with_file("proof/note.txt", b"planted").manifests()
    yield "a name with a newline", whole.with_file("data/items/a\nb", b"planted")
    yield "a hidden file", whole.with_file(".hidden", b"planted")
    if older:
        replayed = whole.copy()
        replayed.files.update({ending: pathlib.Path(older + ending).read_bytes() for ending in SEAL})
        yield "an older seal", replayed
        for ending in SEAL:
            yield f"{ending} of an older seal", whole.with_file(ending, pathlib.Path(older + ending).read_bytes())


def random_mutants(whole, chance, count):
    """Several random changes of bytes at once, in one file or in two."""
    names = sorted(n for n in whole.files if whole.files[n])
    for k in range(count):
        other = whole.copy()
        for name in chance.sample(names, chance.choice((1, 1, 2))):
            content = bytearray(other.files[name])
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(content))
                act = chance.randrange(3)
                if act == 0:
                    content[at] ^= chance.randint(1, 255)
                elif act == 1:
                    content[at:at] = bytes(chance.randrange(256) for _ in range(chance.randint(1, 8)))
                else:
                    del content[at:at + chance.randint(1, 8)]
                content = content or bytearray(b"\0")
            other.files[name] = bytes(content)
        if other.files != whole.files:
            yield f"random {k}", other


def look(command):
    """Exit code and last line."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=TIMEOUT_S,
                              check=False)
    except subprocess.TimeoutExpired:
        return "took too long", ""
    lines = done.stdout.decode(errors="replace").strip().split("\n")
    return done.returncode, lines[-1]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("package", type=pathlib.Path)
    parser.add_argument("--verifier", required=True)
    parser.add_argument("--script", required=True)
    parser.add_argument("--older")
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--files", type=int, default=1000)
    parser.add_argument("--lines", type=int, default=5)
    parser.add_argument("--seed", type=int, default=20261127)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    whole = Package.read(given.package)
    scratch = pathlib.Path(tempfile.mkdtemp(dir="."))

    def judge(numbered):
        number, (name, package) = numbered
        path = scratch / f"{number}" / given.package.name
        package.write(path)
        found = [look([given.verifier, str(path)]), look(["bash", given.script, "--all", str(path)])]
        shutil.rmtree(path.parent)
        return name, found

    bad = 0
    _, passed = judge((0, ("untouched", whole)))
    if passed[0] != passed[1] or passed[0][0] not in (0, 5, 6):
        print(f"untouched: {passed}")
        bad += 1
    chosen = some_of_each_kind(whole, chance, given.files)
    mutants = [*file_mutants(whole, chosen, chance), *line_mutants(whole, chosen, chance, given.lines),
               *note_mutants(whole), *forged(whole, chosen, given.older),
               *random_mutants(whole, chance, given.random)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, found in pool.map(judge, enumerate(mutants, 1)):
            if found != [(1, "FAILED")] * 2:
                bad += 1
                print(f"{name}: groundwork-verify {found[0]}, verify.sh {found[1]}")
    shutil.rmtree(scratch)
    print(f"{len(mutants)} mutants, {bad} judged wrongly; untouched: {passed[0]}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
