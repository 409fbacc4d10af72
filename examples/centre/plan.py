"""A tree as a list of entries, and the writer that makes it, byte for byte and time for time.

Every step goes through a folder descriptor, so that a path may be longer than PATH_MAX.
"""
import calendar
import errno
import hashlib
import os
import socket
import stat
from typing import NamedTuple

FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LINKS = ("link", "hard link of a link")
NS = 10 ** 9
FIRST_DAY = calendar.timegm((2011, 1, 3, 0, 0, 0))
DAYS = 8 * 365


class Entry(NamedTuple):
    path: bytes     # relative to the root, "" is the root itself
    what: str       # folder, file, link, hard link (of a file or of a link), fifo, socket, character or block device
    kind: str       # what a reader would call it, for --list
    data: object    # file: [(offset, bytes)] and `size`; link and hard link: the target; device: (major, minor)
    size: int
    mode: int
    mtime_ns: int


def at_time(*date, ns=0):
    """Nanoseconds since 1970 of (year, month, day, hour, minute, second)."""
    return calendar.timegm(date + (0,) * (6 - len(date))) * NS + ns


def default_time(path):
    """A working hour of the centre's years, drawn from the path, with all nine digits of nanoseconds."""
    draw = int.from_bytes(hashlib.sha256(b"time " + path).digest()[:12], "big")
    day, rest = draw % DAYS, draw // DAYS
    return (FIRST_DAY + day * 86400 + 8 * 3600 + rest % 36000) * NS + (rest // 36000) % NS


class Plan:
    """Collects entries; parents are added by themselves, before their children."""

    def __init__(self):
        self.entries = []
        self.index = {}
        self.folder(b"", kind="the root", mtime_ns=at_time(2019, 11, 8, 17, 0, 0, ns=123456789))

    def add(self, path, what, kind, data, size, mode, mtime_ns):
        raw = path if isinstance(path, bytes) else path.encode()
        if raw and os.path.dirname(raw) not in self.index:
            self.folder(os.path.dirname(raw))
        if raw in self.index:
            raise ValueError("two entries named %r" % raw)
        entry = Entry(raw, what, kind, data, size, mode, default_time(raw) if mtime_ns is None else mtime_ns)
        self.index[raw] = entry
        self.entries.append(entry)

    def folder(self, path, kind="folder", mode=0o755, mtime_ns=None):
        self.add(path, "folder", kind, None, 0, mode, mtime_ns)

    def file(self, path, data, kind, mode=0o644, mtime_ns=None):
        data = data if isinstance(data, bytes) else data.encode()
        self.add(path, "file", kind, [(0, data)], len(data), mode, mtime_ns)

    def sparse(self, path, pieces, size, kind, mode=0o644, mtime_ns=None):
        self.add(path, "file", kind, pieces, size, mode, mtime_ns)

    def link(self, path, target, kind, mtime_ns=None):
        self.add(path, "link", kind, os.fsencode(target), 0, 0o777, mtime_ns)

    def hard_link(self, path, target, kind):
        target = target if isinstance(target, bytes) else target.encode()
        first = self.index[target]
        what = "hard link of a link" if first.what == "link" else "hard link"
        self.add(path, what, kind, target, first.size, first.mode, first.mtime_ns)

    def special(self, path, what, kind, mode=0o644, mtime_ns=None, device=None):
        self.add(path, what, kind, device, 0, mode, mtime_ns)

    def content(self, path):
        """The bytes of a planned file that has no holes."""
        (_, data), = self.index[path if isinstance(path, bytes) else path.encode()].data
        return data

    def digest(self):
        """One SHA-256 over everything the plan would write: the same on every machine."""
        whole = hashlib.sha256()
        for entry in sorted(self.entries):
            for part in (entry.path, repr((entry.what, entry.size, entry.mode, entry.mtime_ns)).encode()):
                whole.update(b"%d:" % len(part) + part)
            pieces = entry.data if entry.what == "file" else [(0, repr(entry.data).encode())]
            for offset, data in pieces:
                whole.update(b"%d+%d:" % (offset, len(data)) + data)
        return whole.hexdigest()


def open_folder(root_fd, path):
    """A descriptor of the folder PATH below ROOT_FD, one component at a time; the caller closes it."""
    fd = os.dup(root_fd)
    for name in path.split(b"/") if path else []:
        below = os.open(name, FOLDER_FLAGS, dir_fd=fd)
        os.close(fd)
        fd = below
    return fd


class Writer:
    """Makes a plan's entries below a root; keeps the descriptor of the folder it last worked in."""

    def __init__(self, root_fd):
        self.root_fd = root_fd
        self.path = b""
        self.fd = os.dup(root_fd)

    def parent(self, entry):
        """(descriptor of the entry's folder, its last name)."""
        folder, name = os.path.split(entry.path)
        if folder == self.path:
            return self.fd, name
        if os.path.dirname(folder) == self.path:        # one step down, which a deep tree is full of
            fd = os.open(os.path.basename(folder), FOLDER_FLAGS, dir_fd=self.fd)
        else:
            fd = open_folder(self.root_fd, folder)
        os.close(self.fd)
        self.fd, self.path = fd, folder
        return fd, name

    def close(self):
        os.close(self.fd)

    def make(self, entry):
        fd, name = self.parent(entry)
        if entry.what == "folder":
            os.mkdir(name, 0o700, dir_fd=fd)
        elif entry.what == "file":
            self.make_file(fd, name, entry)
        elif entry.what == "link":
            os.symlink(entry.data, name, dir_fd=fd)
        elif entry.what in ("hard link", "hard link of a link"):
            self.make_hard_link(fd, name, entry)
        elif entry.what == "fifo":
            os.mkfifo(name, 0o600, dir_fd=fd)
        elif entry.what == "socket":
            self.make_socket(fd, name)
        else:
            kind = stat.S_IFCHR if entry.what == "character device" else stat.S_IFBLK
            os.mknod(name, kind | 0o600, os.makedev(*entry.data), dir_fd=fd)

    @staticmethod
    def make_file(folder_fd, name, entry):
        fd = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=folder_fd)
        with os.fdopen(fd, "wb") as f:
            for offset, data in entry.data:
                f.seek(offset)
                f.write(data)
            f.truncate(entry.size)

    def make_hard_link(self, folder_fd, name, entry):
        target_folder, target_name = os.path.split(entry.data)
        target_fd = open_folder(self.root_fd, target_folder)
        try:
            os.link(target_name, name, src_dir_fd=target_fd, dst_dir_fd=folder_fd, follow_symlinks=False)
        finally:
            os.close(target_fd)

    @staticmethod
    def make_socket(folder_fd, name):
        here = os.open(b".", FOLDER_FLAGS)
        with socket.socket(socket.AF_UNIX) as s:
            try:
                os.fchdir(folder_fd)      # a socket's address holds 107 bytes, hence the bare name
                s.bind(name)
            finally:
                os.fchdir(here)
                os.close(here)

    def settle(self, entry):
        """Mode and time, when nothing will be written in it any more."""
        if entry.path == b"":
            os.fchmod(self.root_fd, entry.mode)
            os.utime(self.root_fd, ns=(entry.mtime_ns, entry.mtime_ns))
            return
        fd, name = self.parent(entry)
        if entry.what not in LINKS:
            os.chmod(name, entry.mode, dir_fd=fd)
        os.utime(name, ns=(entry.mtime_ns, entry.mtime_ns), dir_fd=fd, follow_symlinks=False)

def is_device(entry):
    return entry.what in ("character device", "block device")


def write_plan(plan, folder):
    """
    Makes PLAN in FOLDER, which must be absent or empty.
    Returns (refused, left_out): the paths this user's intake must refuse, and the devices this machine forbids to make.
    """
    os.makedirs(folder, exist_ok=True)
    if os.listdir(folder):
        raise FileExistsError(errno.EEXIST, "the folder is not empty; name a new one", folder)
    root_fd = os.open(folder, FOLDER_FLAGS)
    writer = Writer(root_fd)
    made, left_out = [], []
    old_umask = os.umask(0o077)
    try:
        for entry in plan.entries:
            if entry.path == b"":
                made.append(entry)
                continue
            try:
                writer.make(entry)
            except PermissionError:
                if not is_device(entry):
                    raise
                left_out.append(entry.path)
                continue
            made.append(entry)
        for entry in reversed(made):    # a folder after all that it holds
            writer.settle(entry)
        refused = find_refused(writer, made)
    finally:
        os.umask(old_umask)
        writer.close()
        os.close(root_fd)
    return refused, left_out


def find_refused(writer, made):
    """The paths that cannot be evidence or that this user cannot read; what lies below such a folder is not named."""
    refused = set()
    for entry in made:
        if entry.path and not below_any(entry.path, refused) and not readable(writer, entry):
            refused.add(entry.path)
    return sorted(refused)


def below_any(path, folders):
    while path:
        path = os.path.dirname(path)
        if path in folders:
            return True
    return False


def readable(writer, entry):
    if entry.what in ("fifo", "socket", "character device", "block device"):
        return False
    fd, name = writer.parent(entry)
    flags = os.O_PATH if entry.what in LINKS else os.O_RDONLY
    try:
        os.close(os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=fd))
    except PermissionError:
        return False
    return True
