"""PDF 1.4 by hand: Latin text in a standard font, Korean by an unembedded CID font, pages as images."""
from centre.pack import zlib_stream
from centre.world import MARK

PAGE_LINES = 52


class Objects:
    """The numbered objects of one PDF and their cross-reference table."""

    def __init__(self):
        self.bodies = []

    def add(self, body):
        self.bodies.append(body if isinstance(body, bytes) else body.encode("latin-1"))
        return len(self.bodies)

    def reserve(self):
        return self.add(b"")

    def fill(self, number, body):
        self.bodies[number - 1] = body.encode("latin-1")

    def stream(self, data, extra="", pressed=True):
        if pressed:
            data = zlib_stream(data)
            extra += " /Filter /FlateDecode"
        head = "<< /Length %d%s >>\nstream\n" % (len(data), extra)
        return self.add(head.encode("latin-1") + data + b"\nendstream")

    def file(self, root, info):
        out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
        offsets = []
        for number, body in enumerate(self.bodies, 1):
            offsets.append(len(out))
            out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        start = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
        out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
        out += b"trailer\n<< /Size %d /Root %d 0 R /Info %d 0 R >>\n" % (len(offsets) + 1, root, info)
        return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


TO_UNICODE = b"""/CIDInit /ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def
/CMapName /Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000> <FFFF>
endcodespacerange
"""


def to_unicode():
    """The codes are UCS-2 already, so each high byte maps to itself; a block holds at most 100 ranges."""
    ranges = ["<%02X00> <%02XFF> <%02X00>" % (h, h, h) for h in range(256) if not 0xD8 <= h <= 0xDF]
    blocks = [ranges[n:n + 100] for n in range(0, len(ranges), 100)]
    body = "\nendbfrange\n".join("%d beginbfrange\n" % len(b) + "\n".join(b) for b in blocks)
    tail = "\nendbfrange\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
    return TO_UNICODE + (body + tail).encode()


def latin_string(line):
    """LINE for the standard font, or None where it has letters that the font lacks."""
    try:
        raw = line.encode("cp1252")
    except UnicodeEncodeError:
        return None
    return b"(" + raw.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)") + b")"


def page_stream(lines):
    out = [b"BT 14 TL 60 790 Td"]
    for line in lines:
        latin = latin_string(line)
        wide = b"<" + line.encode("utf-16-be").hex().encode() + b">"
        out.append((b"/F1 10 Tf " + latin if latin is not None else b"/F2 10 Tf " + wide) + b" Tj T*")
    return b"\n".join(out + [b"ET"])


def add_latin_font(objects):
    return objects.add("<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>")


def add_korean_font(objects, named_codes):
    """
    A font that the reader's machine has to have, with codes in UCS-2.  NAMED_CODES true refers to a code table that the
    reading program must have too, as old office programs did; false gives only the map to Unicode, which any program
    can read the text by, though few will draw it.
    """
    descriptor = objects.add("<< /Type /FontDescriptor /FontName /HYGoThic-Medium /Flags 4 /FontBBox [0 -200 1000 900] "
                             "/ItalicAngle 0 /Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>")
    collection, codes = ("Korea1", "UniKS-UCS2-H") if named_codes else ("Identity", "Identity-H")
    cid = objects.add("<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYGoThic-Medium /CIDSystemInfo << /Registry "
                      "(Adobe) /Ordering (%s) /Supplement 0 >> /DW 1000 /W [1 95 500] /FontDescriptor %d 0 R >>"
                      % (collection, descriptor))
    unicode_map = objects.stream(to_unicode())
    return objects.add("<< /Type /Font /Subtype /Type0 /BaseFont /HYGoThic-Medium /Encoding /%s "
                       "/DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>" % (codes, cid, unicode_map))


def finish(objects, pages, page_numbers, title):
    objects.fill(pages, "<< /Type /Pages /Count %d /Kids [%s] >>" % (
        len(page_numbers), " ".join("%d 0 R" % n for n in page_numbers)))
    root = objects.add("<< /Type /Catalog /Pages %d 0 R >>" % pages)
    label = (b"\xfe\xff" + ("%s; %s" % (title, MARK)).encode("utf-16-be")).hex()
    info = objects.add("<< /Title <%s> /Producer (sample centre) /CreationDate (D:20160304093000Z) >>" % label)
    return objects.file(root, info)


def pdf_text(title, text, pressed=True, named_codes=False):
    """TEXT, line by line; PRESSED false leaves the page streams readable as they are."""
    objects = Objects()
    pages = objects.reserve()
    fonts = "/F1 %d 0 R /F2 %d 0 R" % (add_latin_font(objects), add_korean_font(objects, named_codes))
    lines = text.split("\n")
    numbers = []
    for at in range(0, len(lines), PAGE_LINES):
        content = objects.stream(page_stream(lines[at:at + PAGE_LINES]), pressed=pressed)
        numbers.append(objects.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources "
                                   "<< /Font << %s >> >> /Contents %d 0 R >>" % (pages, fonts, content)))
    return finish(objects, pages, numbers, title)


def pdf_scan(title, rasters):
    """Pages that are pictures only, as a scanner makes them."""
    objects = Objects()
    pages = objects.reserve()
    numbers = []
    for raster in rasters:
        image = objects.stream(bytes(raster.bytes), " /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace "
                               "/DeviceGray /BitsPerComponent 8" % (raster.width, raster.height))
        content = objects.stream(b"q 595 0 0 842 0 0 cm /Im1 Do Q", pressed=False)
        numbers.append(objects.add("<< /Type /Page /Parent %d 0 R /MediaBox [0 0 595 842] /Resources << /XObject "
                                   "<< /Im1 %d 0 R >> >> /Contents %d 0 R >>" % (pages, image, content)))
    return finish(objects, pages, numbers, title)
