#!/usr/bin/env python3
"""catalogue.py CATALOGUE OUTPUT.c

Turn the text catalogue (pairs of lines `en ...` and `ko ...`, escapes as in C, an empty line between pairs, comment
lines with #) into the C table that src/base/text.h declares, sorted by the bytes of the English sentence.
"""
import re
import sys

SIMPLE_ESCAPES = dict(zip("abfnrtv\\\"'?", b"\a\b\f\n\r\t\v\\\"'?"))
ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.S)


class Malformed(Exception):
    """The catalogue is not what the head of this file says."""


def unescape(text):
    """The text that the inside of a C string literal stands for; bytes that are not UTF-8 come as lone surrogates."""
    out, at = b"", 0
    for match in ESCAPE.finditer(text):
        hexadecimal, octal, short, long, simple = match.groups()
        out += text[at:match.start()].encode()
        at = match.end()
        if short or long:
            out += chr(int(short or long, 16)).encode()
        elif simple:
            if simple not in SIMPLE_ESCAPES:
                raise Malformed(f"unknown escape \\{simple}")
            out += bytes([SIMPLE_ESCAPES[simple]])
        else:
            value = int(hexadecimal, 16) if hexadecimal else int(octal, 8)
            if value > 0xFF:
                raise Malformed(f"{match.group()} is no byte")
            out += bytes([value])
    return (out + text[at:].encode()).decode(errors="surrogateescape")


def sentence(rest):
    """The unescaped text of one line of the catalogue."""
    text = unescape(rest)
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        raise Malformed("a zero byte, or bytes that are not UTF-8")
    return text


def parse(text):
    """[(line number, english, korean)], unescaped, in the order of the file."""
    pairs = []
    english = None
    for number, line in enumerate(text.split("\n"), 1):
        try:
            if line == "" or line.startswith("#"):
                continue
            kind, _, rest = line.partition(" ")
            if kind == "en" and english is None and rest:
                english = (number, sentence(rest))
            elif kind == "ko" and english is not None and rest:
                pairs.append((english[0], english[1], sentence(rest)))
                english = None
            else:
                raise Malformed("expected `en ...`, then `ko ...`")
        except Malformed as reason:
            raise Malformed(f"line {number}: {reason}") from None
    if english is not None:
        raise Malformed(f"line {english[0]}: `en` without `ko`")
    seen = {}
    for number, key, _ in pairs:
        if key in seen:
            raise Malformed(f"line {number}: the same sentence as line {seen[key]}")
        seen[key] = number
    return pairs


def c_literal(text):
    """A C string literal; control characters as three octal digits, which no following digit can lengthen."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif ord(char) < 0x20 or ord(char) == 0x7F:
            out.append(f"\\{ord(char):03o}")
        else:
            out.append(char)
    return '"' + "".join(out) + '"'


def c_table(pairs):
    rows = sorted(pairs, key=lambda pair: pair[1].encode())
    lines = [
        "/* Made from src/base/text_catalogue.txt by scripts/catalogue.py. */",
        '#include "base/text.h"',
        "",
        "const struct text_pair text_table[] = {",
    ]
    lines += [f"    {{{c_literal(english)}, {c_literal(korean)}}}," for _, english, korean in rows] or ["    {0},"]
    lines += ["};", f"const unsigned text_table_count = {len(rows)};", ""]
    return "\n".join(lines)


def main():
    source, target = sys.argv[1:]
    try:
        with open(source, encoding="utf-8") as file:
            table = c_table(parse(file.read()))
    except (Malformed, UnicodeDecodeError) as reason:
        sys.exit(f"{source}: {reason}")
    with open(target, "w", encoding="utf-8") as file:
        file.write(table)


if __name__ == "__main__":
    main()
