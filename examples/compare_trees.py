#!/usr/bin/env python3
"""Compares two trees: names as bytes, types, contents, sizes, times (nanoseconds), modes, link targets, empty folders.

usage: compare_trees.py A B [--refused FILE]    one line for each difference
       compare_trees.py --digest A              one SHA-256 over all that would be compared

FILE holds paths relative to A, each ended by a zero byte, that must be absent in B with all that is below them.
The trees' own folders are compared as well. Hard links are compared by content only; owners are not compared.
Paths may be longer than PATH_MAX and of any depth: every step is one name below an open folder.
Exit 0 no difference, 1 differences, 2 wrong usage, 4 a tree cannot be read.
"""
import argparse
import hashlib
import os
import signal
import stat
import sys

BLOCK = 1 << 20
FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
TYPES = {stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "link", stat.S_IFIFO: "fifo",
         stat.S_IFSOCK: "socket", stat.S_IFCHR: "character device", stat.S_IFBLK: "block device"}
TREE_OWN = b"."


def type_of(status):
    return TYPES[stat.S_IFMT(status.st_mode)]


def shown(path):
    """A path on one line: bytes that are no UTF-8, control characters and the backslash as escapes, a long path cut."""
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode()
                   for c in path.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace"))
    return text if len(text) <= 300 else "%s...(%d bytes)...%s" % (text[:120], len(path), text[-120:])


def names_in(fd):
    """The names in the folder as bytes; listdir() of the bare descriptor would decode them by the locale."""
    return sorted(os.listdir(b"/proc/self/fd/%d" % fd))


class Folder:
    """
    Where a walk stands: one descriptor, however deep; the way up is `..`, checked to be the folder we came from.
    Only where `..` may not be asked (a folder that can be listed but not searched) is the upper descriptor kept.
    """

    def __init__(self, path):
        self.fd = os.open(path, FOLDER_FLAGS)
        self.above = []

    def down(self, name):
        fd = os.open(name, FOLDER_FLAGS, dir_fd=self.fd)
        here = os.fstat(self.fd)
        kept = None
        try:
            os.stat(b"..", dir_fd=fd)
            os.close(self.fd)
        except PermissionError:
            kept = self.fd
        self.above.append(((here.st_dev, here.st_ino), kept))
        self.fd = fd

    def up(self):
        came_from, kept = self.above.pop()
        fd = os.open(b"..", FOLDER_FLAGS, dir_fd=self.fd) if kept is None else kept
        here = os.fstat(fd)
        os.close(self.fd)
        self.fd = fd
        if (here.st_dev, here.st_ino) != came_from:
            raise OSError("a folder was moved while it was compared")

    def status(self, name):
        return os.stat(name, dir_fd=self.fd, follow_symlinks=False)


def blocks(folder, name):
    fd = os.open(name, FILE_FLAGS, dir_fd=folder.fd)
    with os.fdopen(fd, "rb", buffering=0) as f:
        while True:
            block = f.read(BLOCK)
            if not block:
                return
            yield block


class Comparison:
    def __init__(self, a, b, refused):
        self.a, self.b = Folder(a), Folder(b)
        self.refused = refused
        self.met = set()
        self.differences = 0

    def say(self, path, text):
        self.differences += 1
        print("%s: %s" % (shown(path), text))

    def run(self):
        """Walks both trees at once, a folder only where both have it."""
        self.attributes(TREE_OWN, os.fstat(self.a.fd), os.fstat(self.b.fd))
        waiting = [(b"", self.names(b""))]
        while waiting:
            path, names = waiting[-1]
            if not names:
                waiting.pop()
                if waiting:
                    self.a.up()
                    self.b.up()
                continue
            name, in_a, in_b = names.pop()
            below = path + b"/" + name if path else name
            if self.entry(below, name, in_a, in_b) and self.enter(below, name):
                waiting.append((below, self.names(below)))
        for path in sorted(self.refused - self.met):
            self.say(path, "listed as refused, but not in A")
        return self.differences

    def names(self, path):
        """The names of both folders as a stack, first name on top."""
        a, b = names_in(self.a.fd), names_in(self.b.fd)
        in_a, in_b = set(a), set(b)
        return [(name, name in in_a, name in in_b) for name in sorted(in_a | in_b, reverse=True)]

    def enter(self, path, name):
        try:
            self.a.down(name)
        except OSError as error:
            self.say(path, "cannot be entered in A: %s" % error.strerror)
            return False
        try:
            self.b.down(name)
        except OSError as error:
            self.a.up()
            self.say(path, "cannot be entered in B: %s" % error.strerror)
            return False
        return True

    def entry(self, path, name, in_a, in_b):
        """Compares one name of both folders; true where both have a folder to walk."""
        if path in self.refused and in_a:
            self.met.add(path)
            if in_b:
                self.say(path, "refused, but in B")
            return False
        if not (in_a and in_b):
            self.say(path, "only in %s" % ("A" if in_a else "B"))
            return False
        try:
            a, b = self.a.status(name), self.b.status(name)
        except OSError as error:
            self.say(path, "cannot be looked at: %s" % error.strerror)
            return False
        if type_of(a) != type_of(b):
            self.say(path, "%s in A, %s in B" % (type_of(a), type_of(b)))
            return False
        self.attributes(path, a, b)
        if type_of(a) == "file":
            self.content(path, name)
        elif type_of(a) == "link":
            self.target(path, name)
        elif "device" in type_of(a) and a.st_rdev != b.st_rdev:
            self.say(path, "device %#x in A, %#x in B" % (a.st_rdev, b.st_rdev))
        return type_of(a) == "folder"

    def attributes(self, path, a, b):
        if stat.S_IMODE(a.st_mode) != stat.S_IMODE(b.st_mode):
            self.say(path, "mode %04o in A, %04o in B" % (stat.S_IMODE(a.st_mode), stat.S_IMODE(b.st_mode)))
        if a.st_mtime_ns != b.st_mtime_ns:
            self.say(path, "time %d ns in A, %d ns in B" % (a.st_mtime_ns, b.st_mtime_ns))
        if type_of(a) == "file" and a.st_size != b.st_size:
            self.say(path, "%d bytes in A, %d bytes in B" % (a.st_size, b.st_size))

    def content(self, path, name):
        try:
            at = first_difference(self.a, self.b, name)
        except OSError as error:
            self.say(path, "cannot be read: %s" % error.strerror)
            return
        if at is not None:
            self.say(path, "contents differ from byte %d" % at)

    def target(self, path, name):
        a, b = (os.readlink(name, dir_fd=folder.fd) for folder in (self.a, self.b))
        if a != b:
            self.say(path, "link to %s in A, to %s in B" % (shown(a), shown(b)))


def first_difference(a, b, name):
    """The offset of the first byte that differs, a missing one included, or None."""
    at = 0
    in_b = blocks(b, name)
    for block in blocks(a, name):
        other = next(in_b, b"")
        if block != other:
            same = next((i for i, (x, y) in enumerate(zip(block, other)) if x != y), min(len(block), len(other)))
            return at + same
        at += len(block)
    return at if next(in_b, b"") else None


def describe(folder, name, status):
    """What of an entry goes into the digest besides its path."""
    kind, held = type_of(status), b""
    if kind == "file":
        whole = hashlib.sha256()
        try:
            for block in blocks(folder, name):
                whole.update(block)
            held = whole.digest()
        except PermissionError:
            held = b"unreadable"
    elif kind == "link":
        held = os.readlink(name, dir_fd=folder.fd)
    size = status.st_size if kind == "file" else status.st_rdev if "device" in kind else 0
    return repr((kind, stat.S_IMODE(status.st_mode), status.st_mtime_ns, size, held)).encode()


def tree_digest(path):
    folder, whole = Folder(path), hashlib.sha256()
    whole.update(describe(folder, b".", os.fstat(folder.fd)))
    waiting = [(b"", names_in(folder.fd)[::-1])]
    while waiting:
        path, names = waiting[-1]
        if not names:
            waiting.pop()
            if waiting:
                folder.up()
            continue
        name = names.pop()
        below = path + b"/" + name if path else name
        try:
            status = folder.status(name)
        except PermissionError:
            whole.update(b"%d:" % len(below) + below + b"unreadable")
            continue
        for part in (below, describe(folder, name, status)):
            whole.update(b"%d:" % len(part) + part)
        if type_of(status) == "folder":
            try:
                folder.down(name)
            except PermissionError:
                whole.update(b"unreadable")
                continue
            waiting.append((below, names_in(folder.fd)[::-1]))
    return whole.hexdigest()


def main():
    parser = argparse.ArgumentParser(description="Compares two trees.")
    parser.add_argument("trees", nargs="+", metavar="TREE")
    parser.add_argument("--refused", metavar="FILE")
    parser.add_argument("--digest", action="store_true")
    args = parser.parse_args()
    if len(args.trees) != (1 if args.digest else 2) or (args.digest and args.refused):
        parser.error("name two trees, or one with --digest")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.stdout.reconfigure(encoding="utf-8")
    try:
        if args.digest:
            print(tree_digest(args.trees[0]))
            return 0
        refused = set()
        if args.refused:
            with open(args.refused, "rb") as f:
                refused = {path for path in f.read().split(b"\0") if path}
        return 1 if Comparison(*args.trees, refused).run() else 0
    except OSError as error:
        print("compare_trees: %s" % error, file=sys.stderr)
        return 4


if __name__ == "__main__":
    sys.exit(main())
