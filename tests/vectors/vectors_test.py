"""FORMAT.md section 8, a second reading in Python, and the program: all three say the same."""
import os
import pathlib
import re
import subprocess
import unittest

import primitives
import vectors

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = pathlib.Path(os.environ.get("FORMAT_VECTORS", ROOT / "build/tests/vectors/format-vectors"))


def as_table(lines):
    return dict(line.split(" ", 1) for line in lines)


def printed():
    """The lines between ```vectors and ``` in FORMAT.md; what begins with two blanks goes on from the line before."""
    block = re.search(r"^```vectors\n(.*?)^```$", (ROOT / "FORMAT.md").read_text(), re.M | re.S)
    return block.group(1).rstrip("\n").replace("\n  ", "").split("\n")


class Vectors(unittest.TestCase):
    maxDiff = None

    def test_printed_ones_are_those_recomputed(self):
        self.assertEqual(as_table(printed()), as_table(vectors.lines()))

    def test_the_program_computes_the_same(self):
        done = subprocess.run([PROGRAM], capture_output=True, check=True, text=True)
        self.assertEqual(as_table(done.stdout.rstrip("\n").split("\n")), as_table(vectors.lines()))

    def test_every_purpose_of_the_source_is_in_the_format(self):
        told = set(re.findall(r"groundwork/[a-z-]+/v1", (ROOT / "FORMAT.md").read_text()))
        used = set()
        for path in sorted((ROOT / "src").rglob("*.[ch]")):
            used |= set(re.findall(r"groundwork/[a-z-]+/v1", path.read_text()))
        self.assertEqual(told, used)


class Papers(unittest.TestCase):
    def test_every_file_that_they_name_is_there(self):
        for paper in sorted(ROOT.glob("*.md")):
            named = re.findall(r"`((?:src|tests|fuzz|examples|bench|scripts)/[\w./-]*)`", paper.read_text())
            for name in named:
                with self.subTest(paper=paper.name, name=name):
                    self.assertTrue((ROOT / name).exists())


class Primitives(unittest.TestCase):
    """The second reading's own tools, by published vectors: two equal mistakes would agree."""

    def test_hkdf_of_rfc_5869(self):
        # Test case 1's PRK; our expansion of it with purpose "x" differs from its OKM only by the info.
        salt, key = bytes(range(13)), b"\x0b" * 22
        import hashlib
        import hmac
        prk = hmac.new(salt, key, hashlib.sha256).digest()
        self.assertEqual(prk.hex(), "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
        info = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9")
        okm = hmac.new(prk, info + b"\x01", hashlib.sha256).hexdigest()
        self.assertEqual(okm, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf")
        self.assertEqual(primitives.derive(key, salt, "x"), primitives.expand(prk, "x"))

    def test_gcm_of_its_authors(self):
        sealed = primitives.seal(bytes(32), 0, b"", bytes(16))
        self.assertEqual(sealed.hex(), "cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919")
        self.assertEqual(primitives.open_sealed(bytes(32), 0, b"", sealed), bytes(16))
        with self.assertRaises(primitives.Damaged):
            primitives.open_sealed(bytes(32), 0, b"x", sealed)

    def test_ed25519_of_rfc_8032(self):
        seed = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
        self.assertEqual(primitives.public_of(seed).hex(),
                         "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        signature = primitives.sign(seed, b"")
        self.assertTrue(signature.hex().startswith("e5564300c360ac729086e2cc806e828a"))
        self.assertTrue(primitives.verify(primitives.public_of(seed), b"", signature))
        self.assertFalse(primitives.verify(primitives.public_of(seed), b"x", signature))

    def test_roots_of_certificate_transparency(self):
        leaves = [b"", b"\x00", b"\x10"]
        hashes = [primitives.leaf_hash(leaf) for leaf in leaves]
        self.assertEqual(primitives.merkle_root(hashes).hex(),
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")


if __name__ == "__main__":
    unittest.main()
