#!/usr/bin/env python3
"""embed.py FILE NAME HEADER OUTPUT.c

Turn a file into the C array NAME, and NAME_bytes, which HEADER declares.
"""
import sys


def main():
    path, name, header, output = sys.argv[1:]
    with open(path, "rb") as f:
        content = f.read()
    lines = [f'#include "{header}"', "", f"const unsigned char {name}[] = {{"]
    for at in range(0, len(content), 20):
        lines.append("    " + ", ".join(f"{byte}" for byte in content[at:at + 20]) + ",")
    lines += ["};", f"const unsigned {name}_bytes = {len(content)};", ""]
    with open(output, "w", encoding="ascii") as f:
        f.write("\n".join(lines))


if __name__ == "__main__":
    main()
