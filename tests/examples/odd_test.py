"""The odd tree: complete, repeatable, and comparable, as root and as an ordinary user, however deep it goes."""
import os
import stat
import unittest

from tools import TreeTest, run

ROOT = os.geteuid() == 0
UNREADABLE = {b"locked/file 0000", b"locked/file 0200", b"locked/empty file 0000", b"locked/folder 0000",
              b"locked/folder not to be listed", b"locked/folder not to be searched/inside",
              b"locked/folder not to be searched/folder", b"locked/folder not to be searched/link"}


def walk(fd, path=b""):
    """(path, status) of everything, each step one name below an open folder."""
    for name in map(os.fsencode, os.listdir(fd)):
        try:
            status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        except PermissionError:
            continue
        yield path + name, status
        if stat.S_ISDIR(status.st_mode):
            try:
                below = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=fd)
            except PermissionError:
                continue
            yield from walk(below, path + name + b"/")
            os.close(below)


class OddTest(TreeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.a, cls.b, cls.list = cls.path("a"), cls.path("b"), cls.path("refused")
        for root in (cls.a, cls.b):
            code, _, errors = run("odd_tree.py", root, "--refused", cls.list)
            assert code == 0, errors
        fd = os.open(cls.a, os.O_RDONLY | os.O_DIRECTORY)
        cls.found = dict(walk(fd))
        os.close(fd)
        with open(cls.list, "rb") as f:
            cls.refused = set(f.read().split(b"\0")[:-1])

    def test_every_type(self):
        kinds = {stat.S_IFMT(s.st_mode) for s in self.found.values()}
        expected = {stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFSOCK}
        self.assertLessEqual(expected, kinds)
        for path, status in self.found.items():
            special = stat.S_IFMT(status.st_mode) not in (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK)
            self.assertLessEqual(special, path in self.refused, path)

    def test_every_oddity(self):
        names = {os.path.basename(path) for path in self.found}
        for name in (b"..a", b"-rf", b"\xff", b"\n", "가".encode() * 85, b"UPPER", b"upper"):
            self.assertIn(name, names)
        every_byte = set(b"".join(names))
        self.assertEqual(every_byte, set(range(1, 256)) - {ord("/")})
        self.assertGreater(max(map(len, self.found)), 4096)
        sizes = {s.st_size for s in self.found.values()}
        self.assertLessEqual({0, 1, 4096, 64 << 20}, sizes)
        self.assertTrue(any(s.st_nlink == 3 for s in self.found.values() if stat.S_ISREG(s.st_mode)))
        times = [s.st_mtime_ns for s in self.found.values()]
        self.assertLess(min(times), -(2 ** 30) * 10 ** 9)
        self.assertGreater(max(times), 2 ** 32 * 10 ** 9)
        modes = {stat.S_IMODE(s.st_mode) for s in self.found.values()}
        self.assertLessEqual({0, 0o4755, 0o1777, 0o444}, modes)
        sparse = self.found[b"sparse/middle"]
        self.assertLess(sparse.st_blocks * 512, sparse.st_size // 8)

    def test_the_list_of_refusals(self):
        self.assertEqual(UNREADABLE & self.refused, set() if ROOT else UNREADABLE)
        for path in self.refused - UNREADABLE:
            self.assertNotIn(stat.S_IFMT(self.found[path].st_mode), (stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK))

    def test_two_trees_compare_equal(self):
        if ROOT:
            self.assertEqual(run("compare_trees.py", self.a, self.b), (0, b"", b""))
        digests = {run("compare_trees.py", "--digest", tree) for tree in (self.a, self.b)}
        self.assertEqual(len(digests), 1)

    def test_the_unreadable_is_never_taken_for_equal(self):
        if ROOT:
            self.skipTest("nothing is unreadable for root; the run as nobody tests this")
        code, out, _ = run("compare_trees.py", self.a, self.b)
        self.assertEqual((code, len(out.splitlines())), (1, len(UNREADABLE)))

    def test_a_difference_beyond_path_max_is_found(self):
        changed = self.path("changed")
        self.succeeds("odd_tree.py", changed)
        fd = os.open(changed, os.O_RDONLY | os.O_DIRECTORY)
        path = next(p for p in self.found if len(p) > 4096 and p.endswith(b"/file"))
        for name in path.split(b"/")[:-1]:
            below = os.open(name, os.O_RDONLY | os.O_DIRECTORY, dir_fd=fd)
            os.close(fd)
            fd = below
        os.chmod("file", 0o600, dir_fd=fd)
        os.close(fd)
        code, out, _ = run("compare_trees.py", self.a, changed)
        self.assertEqual(code, 1)
        self.assertEqual(sum(b"long path" in line and line.endswith(b"/file: mode 0644 in A, 0600 in B")
                             for line in out.splitlines()), 1)

    def test_deeper_than_a_process_has_descriptors(self):
        deep = self.path("deep")
        self.succeeds("odd_tree.py", deep, "--deep", "1100")
        code, out, errors = run("compare_trees.py", deep, deep)
        self.assertEqual((code, len(out.splitlines()), errors), (0, 0, b"") if ROOT else (1, len(UNREADABLE), b""))
        self.assertNotEqual(*(run("compare_trees.py", "--digest", root)[1] for root in (self.a, deep)))
        code, out, _ = run("compare_trees.py", self.a, deep)
        self.assertEqual((code, b"deep: only in B" in out.splitlines()), (1, True))


if __name__ == "__main__":
    unittest.main()
