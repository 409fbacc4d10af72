#!/usr/bin/env python3
"""Makes a small tree of every odd thing a file system can hold, for tests by root and by an ordinary user.

usage: odd_tree.py OUTDIR [--refused FILE] [--deep LEVELS]    make the tree in OUTDIR, which must be absent or empty

--refused FILE writes the paths that an intake by this user has to refuse, each ended by a zero byte; a folder stands
for all that is below it. Device nodes are made where this user may make them. --deep adds a folder of that many levels.
To remove it as an ordinary user: chmod -R u+rwX OUTDIR, then rm -rf OUTDIR.
Exit 0 done, 2 wrong usage, 4 the tree could not be made.
"""
import argparse
import os
import sys
import unicodedata

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from centre.chance import noise                         # noqa: E402 (the path above comes first)
from centre.plan import Plan, at_time, write_plan       # noqa: E402
from centre.world import MARK                           # noqa: E402

MIB = 1 << 20
NAME_MAX = 255
PATH_MAX = 4096
NOTE = (MARK + "\n").encode()


def sizes(plan):
    """Around every length at which a reader's or a chunker's block may end."""
    plan.file("sizes/0", b"", "size")
    plan.file("sizes/1", b"x", "size")
    for size in (511, 512, 4095, 4096, 4097, 65535, 65536, 65537, MIB - 1, MIB, MIB + 1):
        plan.file("sizes/%d noise" % size, noise("size %d" % size, size), "size")
    for size in (4096, 65537, MIB + 1):
        plan.file("sizes/%d text" % size, (NOTE * (size // len(NOTE) + 1))[:size], "size")
        plan.file("sizes/%d zeros" % size, bytes(size), "size")


def sparse(plan):
    plan.sparse("sparse/middle", [(0, NOTE), (31 * MIB + 5, NOTE), (64 * MIB - 3, b"end")], 64 * MIB, "sparse")
    plan.sparse("sparse/only a hole", [], 3 * MIB, "sparse")
    plan.sparse("sparse/ends in a hole", [(0, NOTE)], 2 * MIB + 1, "sparse")
    plan.sparse("sparse/begins with a hole", [(MIB, NOTE)], MIB + len(NOTE), "sparse")


def names(plan):
    every_byte = bytes(b for b in range(1, 256) if b != ord("/"))
    odd = [b" ", b"  two", b"trailing ", b"trailing.", b"-", b"--help", b"-rf", b"..a", b"...", b".hidden", b"~", b"\\",
           b"back\\slash", b"new\nline", b"\n", b"tab\t", b"return\r", b"\x1b[31mred\x1b[0m", b"bell\x07", b"\x7f",
           b"quote'", b'quote"', b"$(id)", b"`id`", b"a;b|c&d", b"star*", b"what?", b"[a]", b"{a,b}", b"#", b"%s%n",
           b"CON", b"NUL.txt", b"a:b", b"<a>", b"upper", b"UPPER", b"Upper", every_byte, b"x" * NAME_MAX, b"\xff",
           b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf", "증언".encode("cp949"), "증언".encode("utf-16-le"),
           "café".encode("latin-1")]
    odd += [name.encode() for name in ("가" * 85, "\u202egnp.exe", "zero\u200bwidth", "\ufeffbom", "⛵",
                                       "e\u0301\u0323", "ﬁ", "fi", "\u1112\u1161\u11ab\u1100\u1173\u11af")]
    for form in ("NFC", "NFD"):
        odd += [unicodedata.normalize(form, name).encode() for name in ("달그늘 수용소", "é", "Å")]
    for name in odd:
        plan.file(b"names/" + name, NOTE + b"named " + name.hex().encode() + b"\n", "name")
        plan.folder(b"folder names/" + name)
    for n in range(300):
        plan.file("many/%03d" % n, NOTE + b"%d\n" % n, "one of many")


def links(plan):
    plan.file("links/first", NOTE + b"has three names\n", "hard link")
    plan.hard_link("links/second", "links/first", "hard link")
    plan.hard_link("links/elsewhere/third", "links/first", "hard link")
    plan.file("links/empty", b"", "hard link")
    plan.hard_link("links/empty too", "links/empty", "hard link")
    targets = {"to a file": b"first", "to a folder": b"elsewhere", "to nothing": b"/nonexistent/sample",
               "to itself": b"to itself", "to a loop a": b"to a loop b", "to a loop b": b"to a loop a", "up": b"..",
               "here": b".", "to the root": b"/", "to a device": b"/dev/zero", "to a newline": b"new\nline",
               "to raw bytes": b"\xc1\xf5\xbe\xf0",
               "to the longest": b"/".join([b"y" * 255] * 16)[:PATH_MAX - 1], "to a pipe": b"../refused/pipe"}
    for name, target in targets.items():
        plan.link("links/" + name, target, "symbolic link")
    plan.link("links/old", b"first", "symbolic link", at_time(1965, 5, 5, ns=5))
    plan.hard_link("links/to a file too", "links/to a file", "hard link to a symbolic link")


def times(plan):
    moments = [("1901", at_time(1901, 12, 14, 1)),
               ("1969 with nanoseconds", at_time(1969, 12, 31, 23, 59, 59, ns=999999999)),
               ("before 1970", at_time(1955, 3, 1, ns=1)), ("zero", 0), ("one nanosecond", 1),
               ("1979", at_time(1979, 6, 1)),
               ("2038", at_time(2038, 1, 19, 3, 14, 8)), ("2106", at_time(2106, 2, 7, 6, 28, 16, ns=123456789)),
               ("2399", at_time(2399, 12, 31, 23, 59, 59, ns=999999999))]
    for name, moment in moments:
        plan.file("times/" + name, NOTE, "time", mtime_ns=moment)
        plan.folder("folder times/" + name, mtime_ns=moment)


def modes(plan):
    for mode in (0o400, 0o444, 0o500, 0o555, 0o600, 0o640, 0o666, 0o755, 0o777, 0o1644, 0o2755, 0o4755, 0o6755, 0o7777):
        plan.file("modes/%04o" % mode, NOTE, "mode", mode=mode)
    for mode in (0o500, 0o555, 0o700, 0o750, 0o777, 0o1777, 0o2775, 0o7777):
        plan.folder("folder modes/%04o" % mode, mode=mode)
        plan.file("folder modes/%04o/inside" % mode, NOTE, "in a folder of odd mode")


def locked(plan):
    """What an ordinary user cannot read, each in its own way; nothing of it stops root."""
    plan.file("locked/file 0000", NOTE, "unreadable", mode=0)
    plan.file("locked/file 0200", NOTE, "unreadable", mode=0o200)
    plan.file("locked/empty file 0000", b"", "unreadable", mode=0)
    for name, mode in (("folder 0000", 0), ("folder not to be listed", 0o311), ("folder not to be searched", 0o444)):
        plan.folder("locked/" + name, mode=mode)
        plan.file("locked/%s/inside" % name, NOTE, "in a locked folder")
        plan.folder("locked/%s/folder" % name)
        plan.link("locked/%s/link" % name, b"inside", "in a locked folder")


def refused(plan):
    plan.special("refused/pipe", "fifo", "fifo")
    plan.special("refused/pipe 0000", "fifo", "fifo", mode=0)
    plan.special("refused/socket", "socket", "socket")
    if os.geteuid() == 0:
        plan.special("refused/null", "character device", "device", device=(1, 3))
        plan.special("refused/endless", "character device", "device", device=(1, 5))
        plan.special("refused/loop", "block device", "device", device=(7, 0))
    plan.special(b"refused/\xff\xfe pipe\n", "fifo", "fifo")


def folders(plan):
    plan.folder("empty folder")
    plan.folder("only/empty/folders/below")
    plan.folder("empty and times", mtime_ns=at_time(1999, 9, 9, 9, 9, 9, ns=9))
    for n in range(20):
        plan.file("same/%02d" % n, noise("same", 5000), "identical")
        plan.file("same, elsewhere/%02d" % n, noise("same", 5000), "identical", mode=0o600)


def long_path(plan):
    """A path that no system call takes in one piece, with one thing of each kind at its end."""
    end = "long path" + ("/" + "d" * 120) * (PATH_MAX // 121 + 3)
    plan.file(end + "/file", NOTE + b"at the end\n", "beyond PATH_MAX")
    plan.file(end.encode() + b"/\xff" + b"z" * (NAME_MAX - 1), NOTE, "beyond PATH_MAX")
    plan.link(end + "/link", b"file", "beyond PATH_MAX")
    plan.hard_link(end + "/hard link", end + "/file", "beyond PATH_MAX")
    plan.folder(end + "/empty folder")
    plan.special(end + "/pipe", "fifo", "beyond PATH_MAX")
    plan.special(end + "/socket", "socket", "beyond PATH_MAX")


def build(deep=0):
    plan = Plan()
    for part in (sizes, sparse, names, links, times, modes, locked, refused, folders, long_path):
        part(plan)
    if deep:
        path = "deep"
        for _ in range(deep - 1):
            plan.folder(path)
            path += "/d"
        plan.file(path + "/bottom", NOTE, "in a very deep folder")
    return plan


def main():
    parser = argparse.ArgumentParser(description="Makes a tree of odd files.")
    parser.add_argument("outdir")
    parser.add_argument("--refused", metavar="FILE")
    parser.add_argument("--deep", type=int, default=0, metavar="LEVELS")
    args = parser.parse_args()
    try:
        refused_paths, left_out = write_plan(build(args.deep), args.outdir)
        if args.refused:
            with open(args.refused, "wb") as f:
                f.write(b"".join(path + b"\0" for path in refused_paths))
    except OSError as error:
        print("odd_tree: %s" % error, file=sys.stderr)
        return 4
    for path in left_out:
        print("left out, this machine forbids it: %s" % os.fsdecode(path), file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
