"""compare_trees.py finds each kind of difference, says it in one line, and finds nothing where nothing is."""
import os
import unittest

from tools import TreeTest, lines, run

NS = 10 ** 9


class CompareTest(TreeTest):
    def setUp(self):
        self.a, self.b = self.path("a %s" % self.id()), self.path("b %s" % self.id())
        for root in (self.a, self.b):
            self.make(root)

    @staticmethod
    def make(root):
        os.makedirs(os.path.join(root, "folder/empty"))
        for name, data in (("one", b"some bytes"), ("two", b"x" * 3_000_000), ("folder/three", b""),
                           ("한글 이름", b"k")):
            with open(os.path.join(root, name), "wb") as f:
                f.write(data)
        os.link(os.path.join(root, "one"), os.path.join(root, "linked"))
        os.symlink("one", os.path.join(root, "link"))
        os.mkfifo(os.path.join(root, "pipe"))
        CompareTest.settle(root)

    @staticmethod
    def settle(root):
        """The same times everywhere, so that a test sees only the difference that it made."""
        for folder, folders, files in os.walk(root, topdown=False):
            for name in folders + files:
                os.utime(os.path.join(folder, name), ns=(0, 5 * NS + 7), follow_symlinks=False)
        os.utime(root, ns=(0, 5 * NS + 7))

    def b_path(self, name):
        return os.path.join(self.b, name)

    def differs(self, *expected, settle=True, more=()):
        """The one line for each difference made in B, and the same number of lines the other way round."""
        if settle:
            self.settle(self.b)
        code, out, errors = run("compare_trees.py", self.a, self.b, *more)
        self.assertEqual((code, errors), (1, b""))
        self.assertEqual(sorted(lines(out)), sorted(expected))
        code, _, _ = run("compare_trees.py", self.b, self.a, *more)
        self.assertEqual(code, 1)
        digests = {run("compare_trees.py", "--digest", tree)[1] for tree in (self.a, self.b)}
        self.assertEqual(len(digests), 2)

    def write(self, name, data, at=0):
        with open(self.b_path(name), "r+b") as f:
            f.seek(at)
            f.write(data)

    def test_same(self):
        self.assertEqual(run("compare_trees.py", self.a, self.b), (0, b"", b""))
        self.assertEqual(run("compare_trees.py", "--digest", self.a), run("compare_trees.py", "--digest", self.b))

    def test_content(self):
        self.write("two", b"y", 2_345_678)
        self.differs("two: contents differ from byte 2345678")

    def test_content_seen_through_both_names_of_a_hard_link(self):
        self.write("one", b"S")
        self.differs("one: contents differ from byte 0", "linked: contents differ from byte 0")

    def test_size(self):
        os.truncate(self.b_path("two"), 2_999_999)
        self.differs("two: 3000000 bytes in A, 2999999 bytes in B", "two: contents differ from byte 2999999")

    def test_a_hole_is_content(self):
        os.truncate(self.b_path("folder/three"), 4)
        self.differs("folder/three: 0 bytes in A, 4 bytes in B", "folder/three: contents differ from byte 0")

    def test_a_broken_hard_link_is_no_difference(self):
        os.unlink(self.b_path("linked"))
        with open(self.b_path("linked"), "wb") as f:
            f.write(b"some bytes")
        self.settle(self.b)
        self.assertEqual(run("compare_trees.py", self.a, self.b), (0, b"", b""))

    def test_names(self):
        os.rename(self.b_path("한글 이름"), self.b_path("다른 이름"))
        self.differs("한글 이름: only in A", "다른 이름: only in B")

    def test_names_are_bytes(self):
        os.rename(os.fsencode(self.b_path("one")), os.fsencode(self.b) + b"/\xff\\\n")
        self.differs("one: only in A", "\\xff\\\\\\n: only in B")

    def test_empty_folder(self):
        os.rmdir(self.b_path("folder/empty"))
        self.differs("folder/empty: only in A")

    def test_type(self):
        os.unlink(self.b_path("pipe"))
        os.mkdir(self.b_path("pipe"))
        self.differs("pipe: fifo in A, folder in B")

    def test_link_target(self):
        os.unlink(self.b_path("link"))
        os.symlink("two", self.b_path("link"))
        self.differs("link: link to one in A, to two in B")

    def test_modes(self):
        os.chmod(self.b_path("two"), 0o4711)
        os.chmod(self.b_path("folder"), 0o700)
        os.chmod(self.b_path("pipe"), 0o600)
        expected = ["two: mode %04o in A, 4711 in B" % self.mode("two"),
                    "folder: mode %04o in A, 0700 in B" % self.mode("folder"),
                    "pipe: mode %04o in A, 0600 in B" % self.mode("pipe")]
        self.differs(*expected)

    def mode(self, name):
        return os.stat(os.path.join(self.a, name)).st_mode & 0o7777

    def test_times_to_the_nanosecond(self):
        expected = []
        for name in ("two", "folder", "link", "pipe", "."):
            os.utime(self.b_path(name), ns=(0, 5 * NS + 8), follow_symlinks=False)
            expected.append("%s: time 5000000007 ns in A, 5000000008 ns in B" % name)
        self.differs(*expected, settle=False)

    def test_refused(self):
        listed = self.path("listed")
        with open(listed, "wb") as f:
            f.write(b"pipe\0folder\0")
        os.unlink(self.b_path("pipe"))
        self.differs("folder: refused, but in B", more=("--refused", listed))
        for name in ("folder/three", "folder/empty", "folder"):
            (os.unlink if name == "folder/three" else os.rmdir)(self.b_path(name))
        self.settle(self.b)
        self.assertEqual(run("compare_trees.py", self.a, self.b, "--refused", listed), (0, b"", b""))
        with open(listed, "ab") as f:
            f.write(b"never\0")
        self.assertEqual(run("compare_trees.py", self.a, self.b, "--refused", listed),
                         (1, b"never: listed as refused, but not in A\n", b""))

    def test_a_tree_that_is_not_there(self):
        self.assertEqual(run("compare_trees.py", self.a, self.path("nowhere"))[0], 4)

    def test_wrong_usage(self):
        for args in ((), (self.a,), ("--digest", self.a, self.b), ("--digest", self.a, "--refused", "f")):
            self.assertEqual(run("compare_trees.py", *args)[0], 2, args)


if __name__ == "__main__":
    unittest.main()
