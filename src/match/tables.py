#!/usr/bin/env python3
"""tables.py UNIHAN_READINGS.txt > script_table.c

Make the table of scripts again from the Unicode character database (Unihan_Readings of Debian's unicode-data: kHangul
for Korean readings of Chinese characters, kMandarin) and from ICU's transliteration of single letters (uconv of
Debian's icu-devtools), on which Cyrillic and Arabic as written here take precedence.
"""
import subprocess
import sys
import unicodedata

CYRILLIC = dict(zip("абвгдеёжзийклмнопрстуфхцчшщъыьэюяєіїґўјљњћђџѓќѕ",
                    "a b v g d e yo zh z i i k l m n o p r s t u f kh ts ch sh shch - y - e yu ya ye i yi g u j lj nj "
                    "c dj dz gj kj dz".split()))
ARABIC = dict(zip("ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةىپچژگکیھہےڤ",
                  "a b t th j h kh d dh r z s sh s d t z - gh f q k l m n h u y - a a u i y a a p ch zh g k y h h e v"
                  .split()))
OWN = {letter: "" if latin == "-" else latin for table in (CYRILLIC, ARABIC) for letter, latin in table.items()}
OWN["ı"] = "i"


def lower(char):
    return char.lower() if len(char.lower()) == 1 else char


def letters():
    for code in range(0xAA, 0x3130):
        char = chr(code)
        if 0x1100 <= code < 0x1200 or unicodedata.category(char)[0] not in "LMN":
            continue
        yield char


def latin_rows():
    chars = list(letters())
    text = "\n".join(chars) + "\n"
    command = ["uconv", "-f", "utf-8", "-t", "utf-8", "-x", "Any-Latin; Latin-ASCII; Lower"]
    lines = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.split("\n")
    for char, line in zip(chars, lines):
        latin = OWN.get(lower(char), "".join(c for c in line if c.isascii() and c.isalnum()))[:6]
        if latin or unicodedata.category(char)[0] == "M" or lower(char) in OWN:
            yield ord(char), latin


def plain(reading):
    flat = unicodedata.normalize("NFD", reading.replace("ü", "v").replace("ǖ", "v").replace("ǘ", "v")
                                 .replace("ǚ", "v").replace("ǜ", "v"))
    return "".join(c for c in flat if c.isascii()).replace("v", "u")


def in_common_sets(char):
    for codec in ("gb2312", "big5"):
        try:
            char.encode(codec)
            return True
        except UnicodeEncodeError:
            pass
    return False


def han_rows(path):
    hangul, mandarin = {}, {}
    for line in open(path, encoding="utf-8"):
        parts = line.rstrip("\n").split("\t")
        if len(parts) != 3 or parts[1] not in ("kHangul", "kMandarin"):
            continue
        code = int(parts[0][2:], 16)
        if code > 0xFFFF:
            continue
        if parts[1] == "kHangul":
            words = [word.split(":") for word in parts[2].split()]
            words.sort(key=lambda word: "N" in word[1], reverse=True)  # readings in names come first
            hangul[code] = [word[0] for word in words][:2]
        else:
            mandarin[code] = plain(parts[2].split()[0])
    for code in sorted(hangul | mandarin):
        if code in hangul or in_common_sets(chr(code)):
            yield code, [ord(c) for c in (hangul.get(code, []) + ["\0", "\0"])[:2]], mandarin.get(code, "")


def columns(rows):
    line = "   "
    for row in rows:
        if len(line) + len(row) + 1 > 118:
            print(line)
            line = "   "
        line += " " + row
    print(line)


def main():
    print("/*\n * Made by tables.py from the Unicode character database 15.0 and ICU 72; read tables.py instead.\n */")
    print('#include "match/match_internal.h"\n')
    latin = list(latin_rows())
    print("const struct match_latin match_latin_table[] = {")
    columns([f'{{0x{code:04X}, "{text}"}},' for code, text in latin])
    print("};\nconst unsigned match_latin_count = COUNT(match_latin_table);\n")
    han = list(han_rows(sys.argv[1]))
    print("const struct match_han match_han_table[] = {")
    columns([f'{{0x{code:04X}, {{0x{h[0]:04X}, 0x{h[1]:04X}}}, "{m}"}},' for code, h, m in han])
    print("};\nconst unsigned match_han_count = COUNT(match_han_table);")


if __name__ == "__main__":
    main()
