"""The centre: the same everywhere, as large as promised, coherent, marked as fictional, and of valid files."""
import contextlib
import csv
import email
import functools
import io
import mailbox
import os
import re
import stat
import struct
import sys
import unittest
from unittest import mock
import wave
import xml.etree.ElementTree
import zipfile
import zlib

from tools import HERE, TreeTest, lines, run

import make_centre
from centre import tree
from centre.world import MARK

MARKS = [MARK.encode(), MARK.encode("cp949"), b"FICTIONAL SAMPLE", MARK.encode("utf-16-be").hex().encode()]

KINDS = """testimony, Korean, UTF-8|testimony, Korean, CP949|testimony, Korean, UTF-8 with BOM|testimony, English
interview notes|consent|letter|PDF, English|PDF, Korean|PDF, scanned|DOCX|ODT|HWPX|XLSX of 2,000 cases|CSV|PNG|JPEG|GIF
BMP|TIFF|WAV|film|EML|MBOX|ZIP|exact duplicate|near duplicate|NFD|CP949 bytes|255 bytes|deep|empty file|empty folder
broken|sparse|hard link|symbolic link|FIFO|socket|unreadable|older than 1980""".replace("\n", "|").split("|")


planned_once = functools.cache(tree.build)


def shown(*args):
    """(exit code, output, errors) of make_centre.py in this process: to plan the tree takes most of its time."""
    out, errors = io.TextIOWrapper(io.BytesIO()), io.TextIOWrapper(io.BytesIO())
    with mock.patch.multiple(sys, argv=["make_centre.py", *args], stdout=out, stderr=errors), \
            mock.patch.object(tree, "build", planned_once):
        code = make_centre.main()
    for stream in (out, errors):
        stream.flush()
    return code, out.buffer.getvalue(), errors.buffer.getvalue()


def walk(root):
    """(path relative to ROOT as bytes, status) of everything below."""
    root = os.fsencode(root)
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            yield os.path.relpath(path, root), os.lstat(path)


class CentreTest(TreeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = cls.path("centre")
        code, _, errors = run("make_centre.py", cls.root, "--refused", cls.path("refused"))
        assert code == 0, errors
        cls.found = dict(walk(cls.root))

    def read(self, path):
        with open(os.path.join(os.fsencode(self.root), path), "rb") as f:
            return f.read()

    def files(self, ending="", broken=False):
        """(path, contents) of the files whose names end so; the folder of broken ones only if asked for."""
        for path, status in self.found.items():
            if stat.S_ISREG(status.st_mode) and status.st_mode & 0o400 and path.lower().endswith(ending.encode()):
                if broken or not path.startswith(b"11 "):
                    yield path, self.read(path)

    def shows(self, option):
        code, out, errors = shown(option)
        self.assertEqual((code, errors), (0, b""), option)
        return out

    # -- the same everywhere --

    def test_two_runs_are_identical(self):
        again = self.path("again")
        self.succeeds("make_centre.py", again, TZ="Asia/Seoul", LC_ALL="C", PYTHONHASHSEED="77")
        locked = b"" if os.geteuid() == 0 else b"13 not evidence/locked.txt: cannot be read: Permission denied\n"
        self.assertEqual(run("compare_trees.py", self.root, again), (1 if locked else 0, locked, b""))
        digests = {self.succeeds("compare_trees.py", "--digest", tree) for tree in (self.root, again)}
        self.assertEqual(len(digests), 1)
        print("tree digest", digests.pop().decode().strip())

    def test_the_digest_is_the_one_on_record(self):
        with open(os.path.join(HERE, "centre.sha256"), encoding="ascii") as f:
            self.assertEqual(self.succeeds("make_centre.py", "--digest").decode().strip(), f.read().strip())

    # -- as large as promised --

    def test_counts(self):
        files = [s for s in self.found.values() if stat.S_ISREG(s.st_mode)]
        self.assertGreaterEqual(len(files), 400)
        self.assertTrue(8e6 <= sum(s.st_blocks * 512 for s in files) <= 20e6)
        text = self.shows("--list").decode()
        for kind in KINDS:
            self.assertIn(kind, text)
        total = int(lines(text.encode())[-1].split()[0])
        self.assertEqual(total, sum(not stat.S_ISDIR(s.st_mode) for s in self.found.values()))

    def test_every_odd_thing_is_there(self):
        modes = [s.st_mode for s in self.found.values()]
        for is_kind in (stat.S_ISFIFO, stat.S_ISSOCK, stat.S_ISLNK):
            self.assertTrue(any(map(is_kind, modes)), is_kind.__name__)
        names = [os.path.basename(path) for path in self.found]
        self.assertEqual(max(map(len, names)), 255)
        self.assertTrue(any(b"\n" in n for n in names))
        self.assertTrue(any(n.startswith(b"-") for n in names))
        self.assertTrue(any(n != n.decode("utf-8", "replace").encode() for n in names))
        self.assertTrue(any(s.st_nlink > 1 and stat.S_ISREG(s.st_mode) for s in self.found.values()))
        self.assertTrue(any(s.st_size > 2 * 512 * s.st_blocks for s in self.found.values()), "no sparse file")
        self.assertTrue(any(s.st_mtime_ns < 315532800 * 10 ** 9 for s in self.found.values()))
        self.assertTrue(any(s.st_mtime_ns % 1000 for s in self.found.values()))
        self.assertTrue(any(stat.S_ISDIR(s.st_mode) and not os.listdir(os.path.join(os.fsencode(self.root), p))
                            for p, s in self.found.items()))

    def test_what_must_be_refused(self):
        with open(self.path("refused"), "rb") as f:
            refused = f.read().split(b"\0")[:-1]
        expected = [b"13 not evidence/pipe", b"13 not evidence/socket"]
        if os.geteuid() != 0:
            expected.insert(0, b"13 not evidence/locked.txt")
        self.assertEqual(refused, expected)

    # -- coherent --

    def table(self, name):
        rows = list(csv.reader(io.StringIO(self.read(b"05 \xed\x91\x9c sheets/" + name).decode("utf-8-sig"))))
        self.assertEqual(rows[-1], [MARK])
        return [dict(zip(rows[0], row)) for row in rows[1:-1]]

    def test_tables_agree_with_each_other_and_with_the_testimonies(self):
        cases, persons = self.table(b"cases.csv"), self.table(b"persons.csv")
        places = {p["place"] for p in self.table(b"places.csv")}
        self.assertEqual((len(cases), len(persons)), (2000, 1500))
        by_code = {p["person"]: p for p in persons}
        self.assertEqual((len(by_code), len({c["case"] for c in cases})), (1500, 2000))
        named = {c["victim"] for c in cases} | {c["alleged_perpetrator"] for c in cases} - {""}
        self.assertEqual(named, set(by_code))
        told = {}
        for path, data in self.files(".txt"):
            if path.startswith(b"02 "):
                code = re.search(rb"T-\d{4}", path).group().decode()
                told[code] = told.get(code, b"") + data
        for case in cases:
            self.assertLessEqual(case["earliest"], case["latest"])
            self.assertIn(case["place_code"], places)
            self.assertIn(case["victim_as_written"], list(by_code[case["victim"]].values())[1:5])
            self.assertLess(int(by_code[case["victim"]]["born"]), int(case["earliest"][:4]))
            self.assertIn(("[%s]" % case["case"]).encode(), told[case["testimony"]])
            self.assertEqual(case["involvement"] == "", case["alleged_perpetrator"] == "")

    def test_doubles_are_pairs_of_persons(self):
        pairs = [line.split() for line in lines(self.shows("--doubles"))]
        codes = {p["person"] for p in self.table(b"persons.csv")}
        self.assertGreaterEqual(len(pairs), 50)
        self.assertTrue(all(a != b and a in codes and b in codes for a, b in pairs))

    def test_planted_pieces_occur(self):
        pieces = self.shows("--planted").split(b"\n")[:-1]
        self.assertGreaterEqual(len(pieces), 20)
        self.assertEqual(len(set(pieces)), len(pieces))
        everything = b"\0".join([*self.found, *(data for _, data in self.files())])
        for piece in pieces:
            self.assertGreaterEqual(len(piece), 8)
            self.assertIn(piece, everything)
        names = b"\0".join(self.found)
        self.assertGreaterEqual(sum(piece in names for piece in pieces), 10)
        self.assertTrue(any(piece.isascii() for piece in pieces) and any(not piece.isascii() for piece in pieces))

    # -- marked as fictional --

    def test_every_document_is_marked(self):
        for path, data in self.files():
            if not data or path.lower().endswith(b".bmp"):      # in a BMP the mark is drawn
                continue
            if data.startswith(b"PK"):
                with zipfile.ZipFile(io.BytesIO(data)) as z:
                    data += b"".join(z.read(name) for name in z.namelist())
            self.assertTrue(any(mark in data for mark in MARKS), path)

    # -- valid files --

    def test_zip_based_files(self):
        must_hold = {".docx": "word/document.xml", ".xlsx": "xl/workbook.xml", ".odt": "content.xml",
                     ".hwpx": "Contents/section0.xml", ".zip": "README.txt"}
        for ending, member in must_hold.items():
            count = 0
            for path, data in self.files(ending):
                with zipfile.ZipFile(io.BytesIO(data)) as z:
                    self.assertIsNone(z.testzip(), path)
                    self.assertIn(member, z.namelist())
                    for name in z.namelist():
                        if name.endswith((".xml", ".rels", ".hpf")):
                            xml.etree.ElementTree.fromstring(z.read(name))
                count += 1
            self.assertGreater(count, 0, ending)

    def test_the_workbook_holds_the_tables(self):
        (_, data), = self.files(".xlsx")
        main = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
        with zipfile.ZipFile(io.BytesIO(data)) as z:
            sheets = [xml.etree.ElementTree.fromstring(z.read("xl/worksheets/sheet%d.xml" % n)) for n in (1, 2, 3)]
        rows = [len(sheet.findall(".//%srow" % main)) for sheet in sheets]
        self.assertEqual(rows, [2002, 1502, 32])    # a heading, the rows, the mark

    def test_pdfs(self):
        seen = 0
        for path, data in self.files(".pdf"):
            self.check_pdf(path, data)
            seen += 1
        self.assertGreater(seen, 60)

    def check_pdf(self, path, data):
        start = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", data).group(1))
        self.assertTrue(data[start:].startswith(b"xref\n0 "), path)
        count = int(data[start + 7:].split(b"\n", 1)[0])
        table = data[data.index(b"\n", start + 5) + 1:]
        for number in range(1, count):
            entry = table[20 * number:20 * number + 20]
            self.assertRegex(entry, rb"^\d{10} 00000 n \n$")
            self.assertTrue(data[int(entry[:10]):].startswith(b"%d 0 obj\n" % number), path)
        for match in re.finditer(rb"/Length (\d+)([^\n]*)>>\nstream\n", data):
            body = data[match.end():match.end() + int(match.group(1))]
            self.assertTrue(data[match.end() + len(body):].startswith(b"\nendstream"), path)
            if b"/FlateDecode" in match.group(2):
                zlib.decompress(body)

    def test_pngs(self):
        for path, data in self.files(".png"):
            at, pixels = 8, b""
            while at < len(data):
                size, kind = struct.unpack(">I4s", data[at:at + 8])
                body = data[at + 8:at + 8 + size]
                self.assertEqual(data[at + 8 + size:at + 12 + size], struct.pack(">I", zlib.crc32(kind + body)), path)
                if kind == b"IHDR":
                    width, height = struct.unpack(">II", body[:8])
                pixels += body if kind == b"IDAT" else b""
                at += 12 + size
            self.assertEqual((kind, len(zlib.decompress(pixels))), (b"IEND", (width + 1) * height))

    def test_jpegs_decode_to_all_their_blocks(self):
        for path, data in self.files(".jpg"):
            at, tables = 2, {}
            while data[at + 1] != 0xDA:
                size, = struct.unpack(">H", data[at + 2:at + 4])
                body = data[at + 4:at + 2 + size]
                if data[at + 1] == 0xC0:
                    height, width = struct.unpack(">HH", body[1:5])
                if data[at + 1] == 0xC4:
                    tables[body[0]] = body[17:]
                at += 2 + size
            start = at + 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
            self.assertEqual(data[-2:], b"\xff\xd9", path)
            scan = data[start:-2].replace(b"\xff\x00", b"\xff")
            blocks, left = count_blocks(scan, tables[0], tables[16])
            self.assertEqual((blocks, left < 8), (width * height // 64, True), path)

    def test_gifs_bmps_and_tiffs(self):
        for path, data in self.files(".gif"):
            width, height = struct.unpack("<HH", data[6:10])
            self.assertEqual(len(gif_pixels(data)), width * height, path)
        for path, data in self.files(".bmp"):
            size, start = struct.unpack("<I4xI", data[2:14])
            width, height = struct.unpack("<ii", data[18:26])
            self.assertEqual((size, len(data) - start), (len(data), (width + 3) // 4 * 4 * height), path)
        for path, data in self.files(".tif"):
            directory, = struct.unpack("<I", data[4:8])
            count, = struct.unpack("<H", data[directory:directory + 2])
            self.assertEqual(len(data), directory + 2 + 12 * count + 4, path)

    def test_sounds_and_film(self):
        for path, data in self.files(".wav"):
            with wave.open(io.BytesIO(data)) as w:
                self.assertGreaterEqual(w.getnframes(), 3 * w.getframerate(), path)
        films = list(self.files(".mp4"))
        self.assertEqual(len(films), 2)     # the second is a hard link
        self.assertGreater(len(zlib.compress(films[0][1])), 2_900_000)

    def test_mails(self):
        for path, data in self.files(".eml"):
            mail = email.message_from_bytes(data)
            self.assertEqual(mail.defects, [], path)
            self.assertTrue(any(part.get_content_type() == "text/plain" for part in mail.walk()))
        (path, _), = self.files(".mbox")
        with contextlib.closing(mailbox.mbox(os.path.join(self.root, os.fsdecode(path)), create=False)) as box:
            self.assertEqual(len(box), 18)

    def test_broken_files_are_broken(self):
        broken = dict(self.files(broken=True))
        for name in (b"cut stick.zip", b"cut notes.docx"):
            with self.assertRaises(zipfile.BadZipFile):
                zipfile.ZipFile(io.BytesIO(broken["11 깨진 것 broken/".encode() + name]))
        for name in (b"cut letter.pdf", b"wrong offsets.pdf", b"noise.pdf"):
            with self.assertRaises((AssertionError, AttributeError)):
                self.check_pdf(name, broken["11 깨진 것 broken/".encode() + name])
        self.assertFalse(broken["11 깨진 것 broken/cut photo.jpg".encode()].endswith(b"\xff\xd9"))

    # -- refusals --

    def test_a_folder_that_is_not_empty_is_refused(self):
        code, _, errors = shown(self.root)
        self.assertEqual(code, 4)
        self.assertIn(b"not empty", errors)

    def test_wrong_usage(self):
        for args in ((), ("--list", "--digest"), ("x", "--list"), ("--list", "--refused", "f")):
            self.assertEqual(run("make_centre.py", *args)[0], 2, args)


def count_blocks(scan, dc_symbols, ac_symbols):
    """Reads the entropy-coded blocks: DC codes have 4 bits, AC codes 8. Returns (blocks, bits left over)."""
    bits, at, blocks = "".join(format(b, "08b") for b in scan), 0, 0
    while len(bits) - at >= 8:
        size = dc_symbols[int(bits[at:at + 4], 2)]
        at += 4 + size
        n = 1
        while n < 64:
            symbol = ac_symbols[int(bits[at:at + 8], 2)]
            at += 8 + (symbol & 15)
            if symbol == 0:
                break
            n += (symbol >> 4) + 1
        assert n <= 64
        blocks += 1
    return blocks, len(bits) - at


def gif_pixels(data):
    """The LZW stream of the first image, by the book: 7-bit pixels, codes growing from 8 bits."""
    at = 13 + 3 * 128
    while data[at:at + 1] == b"!":
        at += 2
        while data[at]:
            at += data[at] + 1
        at += 1
    at += 11
    stream = b""
    while data[at]:
        stream += data[at + 1:at + 1 + data[at]]
        at += data[at] + 1
    held, table, width, last, out, at = int.from_bytes(stream, "little"), [], 8, None, bytearray(), 0
    bits = [int(b) for b in reversed(format(held, "0%db" % (8 * len(stream))))]
    while True:
        code = sum(bit << i for i, bit in enumerate(bits[at:at + width]))
        at += width
        if code == 128:
            table, width, last = [bytes([n]) for n in range(128)] + [b"", b""], 8, None
            continue
        if code == 129:
            return out
        entry = table[code] if code < len(table) else last + last[:1]
        out += entry
        if last is not None:
            table.append(last + entry[:1])
        if len(table) == 1 << width and width < 12:
            width += 1
        last = entry


if __name__ == "__main__":
    unittest.main()
