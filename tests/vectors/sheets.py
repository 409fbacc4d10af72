#!/usr/bin/env python3
"""sheets.py REPOSITORY OUT SHEET...

Read a repository with its recovery sheets alone, by FORMAT.md 2.6 and 2.7, with nothing of src/: each SHEET is a text
file with the six lines of one sheet, in either kind of letters, or with the text of its square code.  Every item is
written under OUT/<receipt>/<path>.  Ends with VERIFIED, or with a traceback.
"""
import base64
import pathlib
import re
import sys
import unicodedata

import primitives as p
import reader
import vectors


def read_line(number, text):
    """The nine bytes of one line of words (2.7)."""
    text = re.sub(r"[\s-]", "", unicodedata.normalize("NFC", text)).lower()
    letters, size = (vectors.HANGUL, 1) if text and text[0] in vectors.HANGUL else (vectors.LATIN, 2)
    values = [letters.index(text[i:i + size]) for i in range(0, len(text), size)]
    reader.need(len(values) == 14, "a line of 14 syllables")
    whole = sum(v << 6 * (13 - i) for i, v in enumerate(values))
    data, check = (whole >> 12).to_bytes(9, "big"), whole & 0xFFF
    digest = p.sha256(b"groundwork/line/v1\n", bytes([number]), data)
    reader.need(digest.hex()[:3] == f"{check:03x}", "a line's check")
    return data


def read_sheet(text):
    """(k, n, index, set, share) of one sheet."""
    square = re.search(r"GROUNDWORK/SHEET/1/([A-Z2-7]{87})", text.upper())
    if square:
        code = base64.b32decode(square[1] + "=")
    else:
        lines = dict(re.findall(r"^([1-6]): *(.*)$", text, re.M))
        code = b"".join(read_line(n, lines[str(n)]) for n in range(1, 7))
    reader.need(code[0] == 1 and p.sha256(b"groundwork/share/v1\n", code[:52])[:2] == code[52:], "a sheet's check")
    return code[1], code[2], code[3], code[4:20], code[20:52], p.sha256(code[:52])


def multiply(a, b):
    """In GF(2^8) with the polynomial 11d."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if multiply(a, b) == 1)


def join(shares):
    """The value at 0 of the polynomials through {x: 32 bytes} (Lagrange)."""
    secret = bytearray(32)
    for x, share in shares.items():
        factor = 1
        for other in shares:
            if other != x:
                factor = multiply(factor, multiply(other, inverse(other ^ x)))
        for i in range(32):
            secret[i] ^= multiply(factor, share[i])
    return bytes(secret)


def keys_of(repository, sheets):
    said = repository.sheets
    for k, n, index, of, share, digest in sheets:
        reader.need((k, n, of.hex()) == (said["needed"], len(said["shares"]), said["set"]), "a sheet of this set")
        reader.need(reader.un64(said["shares"][index - 1]) == digest, "a share's hash")
    secret = join({index: share for _, _, index, _, share, _ in sheets[:said["needed"]]})
    sign = p.expand(secret, "groundwork/recovery-sign/v1")
    receive = p.expand(secret, "groundwork/recovery-receiving/v1")
    reader.need(p.public_of(sign) == reader.parse_vkey(said["key"])[1], "the one-time key")
    return {"pin": repository.pin, "compartment": bytes.fromhex(said["compartment"]), "reader": said["key"],
            "member": list(repository.members.values())[-1]["key"],
            "receiving": [(said["epoch"], receive)], "box": receive}


def main(root, out, *paths):
    sheets = [read_sheet(pathlib.Path(path).read_text()) for path in paths]
    repository = reader.Repository(root, lambda r: keys_of(r, sheets))
    items = repository.restore(out)
    print(f"VERIFIED {len(repository.records)} records, {len(repository.entries)} leaves, {items} items")


if __name__ == "__main__":
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
