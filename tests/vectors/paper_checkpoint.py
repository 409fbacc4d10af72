#!/usr/bin/env python3
"""paper_checkpoint.py LOG PAPER

Hold a public log (C2SP tlog-tiles, 33-byte entries) to a checkpoint typed from paper, by FORMAT.md 3.5 and 3.6, with
nothing of src/.  Ends with VERIFIED, or with a traceback.
"""
import base64
import pathlib
import re
import sys

import primitives as p
import reader
import sheets


def read_paper(text):
    square = re.search(r"GROUNDWORK/CHECKPOINT/1/([A-Z2-7]{87})", text.upper())
    if square:
        code = base64.b32decode(square[1] + "=")
    else:
        lines = dict(re.findall(r"^([1-6]): *(.*)$", text, re.M))
        code = b"".join(sheets.read_line(n, lines[str(n)]) for n in range(1, 7))
    reader.need(code[0] == 0xC1 and p.sha256(b"groundwork/checkpoint/v1\n", code[:52])[:2] == code[52:], "its check")
    return code[1:12], int.from_bytes(code[12:20], "big"), code[20:52]


def entries_of(log):
    """The entries of the log, in order: full bundles, then the partial one."""
    folder = pathlib.Path(log, "tile", "entries")
    bundles = {}
    for path in folder.rglob("*"):
        if path.is_file():
            name = str(path.relative_to(folder)).split(".p/")
            bundles[int(name[0].replace("x", "").replace("/", ""))] = path.read_bytes()
    for n in sorted(bundles):
        data = bundles[n]
        for at in range(0, len(data), 35):
            reader.need(data[at:at + 2] == b"\0\x21", "an entry of 33 bytes")
            yield data[at + 2:at + 35]


def root_of(hashes):
    """RFC 6962 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    if not hashes:
        return p.sha256(b"")
    half = 1
    while half * 2 < len(hashes):
        half *= 2
    return p.sha256(b"\1", root_of(hashes[:half]), root_of(hashes[half:]))


def main(log, paper):
    pin, leaves, root = read_paper(pathlib.Path(paper).read_text())
    entries = list(entries_of(log))
    reader.need(len(entries) >= leaves, "as many leaves")
    reader.need(root_of([p.sha256(b"\0", entry) for entry in entries[:leaves]]) == root, "the root on the paper")
    print(f"VERIFIED {leaves} of {len(entries)} leaves, pin {pin.hex()}...")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
