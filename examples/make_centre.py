#!/usr/bin/env python3
"""Makes the fictional documentation centre, byte for byte and time for time the same on every machine.

usage: make_centre.py OUTDIR [--refused FILE]   make the tree in OUTDIR, which must be absent or empty
       make_centre.py --list                    what kinds of file it has, and how many of each
       make_centre.py --planted                 names and sentences that occur in it, one a line, as raw bytes
       make_centre.py --doubles                 pairs of person codes that are one person
       make_centre.py --digest                  one SHA-256 over everything it would write

--refused FILE writes the paths that an intake by this user has to refuse, each ended by a zero byte.
Exit 0 done, 2 wrong usage, 4 the tree could not be made.
"""
import argparse
import collections
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from centre import planted, tree            # noqa: E402 (the path above comes first)
from centre.plan import write_plan          # noqa: E402


def list_kinds(plan):
    counts, sizes = collections.Counter(), collections.Counter()
    for entry in plan.entries:
        counts[entry.kind] += 1
        sizes[entry.kind] += entry.size if entry.what == "file" else 0
    for kind in sorted(counts):
        print("%5d  %9d bytes  %s" % (counts[kind], sizes[kind], kind))
    folders = sum(e.what == "folder" for e in plan.entries)
    print("%5d  %9d bytes  in all, besides %d folders" % (len(plan.entries) - folders, sum(sizes.values()), folders))


def make(plan, folder, refused_file):
    refused, left_out = write_plan(plan, folder)
    for path in left_out:
        print("left out, this machine forbids it: %s" % os.fsdecode(path), file=sys.stderr)
    if refused_file:
        with open(refused_file, "wb") as f:
            f.write(b"".join(path + b"\0" for path in refused))


def main():
    parser = argparse.ArgumentParser(description="Makes a fictional documentation centre.")
    parser.add_argument("outdir", nargs="?")
    parser.add_argument("--refused", metavar="FILE")
    shows = parser.add_mutually_exclusive_group()
    for name in ("list", "planted", "doubles", "digest"):
        shows.add_argument("--" + name, action="store_true")
    args = parser.parse_args()
    shown = args.list or args.planted or args.doubles or args.digest
    if bool(args.outdir) == bool(shown) or (args.refused and not args.outdir):
        parser.error("name either OUTDIR or one thing to show")
    plan, world = tree.build()
    if args.outdir:
        try:
            make(plan, args.outdir, args.refused)
        except OSError as error:
            print("make_centre: %s" % error, file=sys.stderr)
            return 4
    elif args.list:
        list_kinds(plan)
    elif args.planted:
        sys.stdout.buffer.write(b"".join(piece + b"\n" for piece in planted.planted(world)))
    elif args.doubles:
        print("\n".join("%s %s" % pair for pair in world.doubles))
    else:
        print(plan.digest())
    return 0


if __name__ == "__main__":
    sys.exit(main())
