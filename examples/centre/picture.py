"""Pictures without any library: a raster of grey values, and small writers of PNG, GIF, BMP, TIFF and JPEG."""
import struct
import zlib

from centre.chance import Chance
from centre.pack import zlib_stream
from centre.world import MARK

# A 5 x 7 letter is seven rows of five bits.
GLYPHS = {c: bytes.fromhex(h) for c, h in zip("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/ ", """
0E11111F111111 1E11111E11111E 0E11101010110E 1E11111111111E 1F10101E10101F 1F10101E101010 0E11101713110F
1111111F111111 0E04040404040E 0702020202120C 11121418141211 1010101010101F 111B1515111111 11191915131311
0E11111111110E 1E11111E101010 0E11111115120D 1E11111E141211 0F10100E01011E 1F040404040404 1111111111110E
11111111110A04 11111115151B11 11110A040A1111 11110A04040404 1F01020408101F 0E11131519110E 040C040404040E
0E11010204081F 1F02040201110E 02060A121F0202 1F101E0101110E 0608101E11110E 1F010204080808 0E11110E11110E
0E11110F01020C 0000001F000000 01010204081010 00000000000000""".split())}
# The five syllables of the Korean mark, 12 x 12, drawn by hand.
SYLLABLES = {
    "가": "000 002 7E2 022 022 043 042 082 102 202 002 002",
    "공": "000 3F8 008 008 040 040 FFF 000 1F8 204 204 1F8",
    "의": "000 1E2 212 212 212 1E2 002 002 FFA 002 002 002",
    "견": "000 7C2 04E 042 08E 102 202 002 100 100 100 1FE",
    "본": "108 108 1F8 108 1F8 040 040 FFF 000 100 100 1FE",
}


class Raster:
    """Grey values, 0 black to 255 white, row by row."""

    def __init__(self, width, height, ground=255):
        self.width, self.height = width, height
        self.bytes = bytearray([ground]) * (width * height)

    def dot(self, x, y, value=0):
        if 0 <= x < self.width and 0 <= y < self.height:
            self.bytes[y * self.width + x] = value

    def box(self, x, y, w, h, value=0):
        for i in range(w):
            self.dot(x + i, y, value)
            self.dot(x + i, y + h - 1, value)
        for j in range(h):
            self.dot(x, y + j, value)
            self.dot(x + w - 1, y + j, value)

    def bitmap(self, x, y, rows, columns, scale):
        for j, row in enumerate(rows):
            for i in range(columns):
                if row >> (columns - 1 - i) & 1:
                    for k in range(scale * scale):
                        self.dot(x + i * scale + k % scale, y + j * scale + k // scale)

    def text(self, x, y, text, scale=1):
        for c in text.upper():
            if c in SYLLABLES:
                self.bitmap(x, y - 2 * scale, [int(row, 16) for row in SYLLABLES[c].split()], 12, scale)
                x += 13 * scale
            else:
                self.bitmap(x, y, GLYPHS.get(c, GLYPHS[" "]), 5, scale)
                x += 6 * scale

    def mark(self):
        self.text(4, self.height - 12, MARK)


def plan_of_a_camp(code, width=320, height=240):
    """What a witness drew: a fence, blocks, a gate, no scale."""
    chance = Chance("plan " + code)
    r = Raster(width, height)
    r.box(8, 20, width - 16, height - 44)
    r.box(11, 23, width - 22, height - 50, 96)
    for n in range(chance.between(6, 14)):
        x, y = chance.between(20, width - 80), chance.between(30, height - 70)
        r.box(x, y, chance.between(20, 60), chance.between(10, 30))
        r.text(x + 2, y + 2, str(n + 1))
    r.text(8, 6, "PLAN " + code)
    r.mark()
    return r


def snapshot(code, width=200, height=152):
    """A picture with tones everywhere, as a camera makes them: hills, sky and grain."""
    chance = Chance("snapshot " + code)
    r = Raster(width, height)
    hill = [chance.between(40, 90)]
    while len(hill) < width:
        hill.append(min(120, max(20, hill[-1] + chance.between(-2, 2))))
    tilt, grain = chance.between(1, 3), chance.between(2, 9)
    for y in range(height):
        for x in range(width):
            tone = 225 - y // tilt if y < hill[x] else 120 - (y - hill[x]) // 2 + (x * 3 % 11)
            r.bytes[y * width + x] = max(0, min(255, tone + (x * x * 7 + y * y * 13 + x * y) % grain))
    for y in range(height - 16, height):
        r.bytes[y * width:(y + 1) * width] = b"\xff" * width
    r.mark()
    return r


def scanned_page(code, lines, width=248, height=351):
    """A typed page at small size: what of it is ASCII can be read, the rest are strokes."""
    chance = Chance("scan " + code)
    r = Raster(width, height, 244)
    for n, line in enumerate(lines[:22]):
        r.text(12 + chance.below(2), 16 + 14 * n, line[:36])
    r.box(150, height - 60, 70, 24, 128)
    r.mark()
    return r


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(raster, note):
    rows = b"".join(b"\0" + raster.bytes[y * raster.width:(y + 1) * raster.width] for y in range(raster.height))
    header = struct.pack(">IIBBBBB", raster.width, raster.height, 8, 0, 0, 0, 0)
    text = chunk(b"iTXt", b"Comment\0\0\0\0\0" + ("%s; %s" % (MARK, note)).encode())
    pixels = chunk(b"IDAT", zlib_stream(rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + text + pixels + chunk(b"IEND", b"")


def bmp(raster):
    stride = (raster.width + 3) // 4 * 4
    rows = b"".join(bytes(raster.bytes[y * raster.width:(y + 1) * raster.width]).ljust(stride, b"\0")
                    for y in reversed(range(raster.height)))
    palette = b"".join(bytes([n, n, n, 0]) for n in range(256))
    start = 14 + 40 + len(palette)
    info = struct.pack("<IiiHHIIiiII", 40, raster.width, raster.height, 1, 8, 0, len(rows), 2835, 2835, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + info + palette + rows


def gif(raster, note):
    """GIF 89a whose LZW never looks back: it clears its table before that would ask for codes wider than 8 bits."""
    out = bytearray(b"GIF89a" + struct.pack("<HHBBB", raster.width, raster.height, 0xF6, 0, 0))
    out += b"".join(bytes([2 * n, 2 * n, 2 * n]) for n in range(128))
    comment = ("%s; %s" % (MARK, note)).encode()[:255]
    out += b"\x21\xFE" + bytes([len(comment)]) + comment + b"\0"
    out += b"," + struct.pack("<HHHHB", 0, 0, raster.width, raster.height, 0) + b"\x07"
    codes = []
    for n, value in enumerate(raster.bytes):
        if n % 120 == 0:
            codes.append(128)
        codes.append(value >> 1)
    bits = b"".join(pack_codes(codes + [129], 8))
    for at in range(0, len(bits), 255):
        block = bits[at:at + 255]
        out += bytes([len(block)]) + block
    return bytes(out + b"\0;")


def pack_codes(codes, width):
    held = count = 0
    for code in codes:
        held |= code << count
        count += width
        while count >= 8:
            yield bytes([held & 255])
            held >>= 8
            count -= 8
    if count:
        yield bytes([held])


def tiff(raster, note):
    """One uncompressed strip of 8-bit grey, little-endian."""
    description = ("%s; %s" % (MARK, note)).encode() + b"\0"
    pixels = bytes(raster.bytes)
    at_text = 8 + len(pixels)
    at_directory = (at_text + len(description) + 1) // 2 * 2
    tags = [(256, 4, 1, raster.width), (257, 4, 1, raster.height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1),
            (270, 2, len(description), at_text), (273, 4, 1, 8), (277, 3, 1, 1), (278, 4, 1, raster.height),
            (279, 4, 1, len(pixels))]
    directory = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + b"\0\0\0\0"
    body = b"II*\0" + struct.pack("<I", at_directory) + pixels + description
    return body.ljust(at_directory, b"\0") + directory


# -- JPEG: baseline, grey, one quantiser, and Huffman tables of one length each (4 bits for DC, 8 for AC) --

COSINES = [4096, 4017, 3784, 3406, 2896, 2276, 1567, 799]       # round(4096 cos(k pi / 16))
QUANT = 12
AC_SYMBOLS = [0x00, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]
AC_CODE = {symbol: code for code, symbol in enumerate(AC_SYMBOLS)}


def cosine(k):
    k %= 32
    if k > 16:
        k = 32 - k
    return COSINES[k] if k < 8 else 0 if k == 8 else -COSINES[16 - k]


DCT = [[(2896 if u == 0 else 4096) * cosine((2 * x + 1) * u) // 4096 for x in range(8)] for u in range(8)]


def zigzag():
    order = sorted(range(64), key=lambda i: (i // 8 + i % 8, i // 8 if (i // 8 + i % 8) % 2 else i % 8))
    return order


ZIGZAG = zigzag()


def transform(block):
    """The quantised two-dimensional DCT of 64 values of -128 .. 127, in integers."""
    rows = [[sum(DCT[u][x] * block[8 * y + x] for x in range(8)) for u in range(8)] for y in range(8)]
    out = []
    for i in ZIGZAG:
        v, u = divmod(i, 8)
        total = sum(DCT[v][y] * rows[y][u] for y in range(8))
        scale = 4 * 4096 * 4096 * QUANT
        out.append((abs(total) + scale // 2) // scale * (1 if total >= 0 else -1))
    return out


class JpegBits:
    def __init__(self):
        self.out, self.held, self.count = bytearray(), 0, 0

    def put(self, value, count):
        self.held = self.held << count | value
        self.count += count
        while self.count >= 8:
            self.count -= 8
            byte = self.held >> self.count & 255
            self.out += bytes([byte, 0]) if byte == 255 else bytes([byte])
        self.held &= (1 << self.count) - 1

    def amount(self, value):
        size = abs(value).bit_length()
        if size:
            self.put(value if value > 0 else value + (1 << size) - 1, size)

    def block(self, values, dc_before):
        change = values[0] - dc_before
        self.put(abs(change).bit_length(), 4)
        self.amount(change)
        run = 0
        last = max((i for i in range(1, 64) if values[i]), default=0)
        for value in values[1:last + 1]:
            if value == 0:
                run += 1
                continue
            while run > 15:
                self.put(AC_CODE[0xF0], 8)
                run -= 16
            self.put(AC_CODE[run << 4 | abs(value).bit_length()], 8)
            self.amount(value)
            run = 0
        if last < 63:
            self.put(AC_CODE[0x00], 8)


def segment(marker, data):
    return bytes([255, marker]) + struct.pack(">H", len(data) + 2) + data


def jpeg(raster, note):
    """Width and height must be multiples of 8."""
    bits, dc = JpegBits(), 0
    for y in range(0, raster.height, 8):
        for x in range(0, raster.width, 8):
            block = [raster.bytes[(y + j) * raster.width + x + i] - 128 for j in range(8) for i in range(8)]
            values = transform(block)
            bits.block(values, dc)
            dc = values[0]
    bits.put(127, 7)
    dc_lengths = bytes([0, 0, 0, 12] + [0] * 12) + bytes(range(12))
    ac_lengths = bytes([0] * 7 + [len(AC_SYMBOLS)] + [0] * 8) + bytes(AC_SYMBOLS)
    return (b"\xff\xd8" + segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
            + segment(0xFE, ("%s; %s" % (MARK, note)).encode()) + segment(0xDB, b"\0" + bytes([QUANT]) * 64)
            + segment(0xC0, struct.pack(">BHHB", 8, raster.height, raster.width, 1) + b"\x01\x11\0")
            + segment(0xC4, b"\0" + dc_lengths) + segment(0xC4, b"\x10" + ac_lengths)
            + segment(0xDA, b"\x01\x01\0\0\x3f\0") + bytes(bits.out) + b"\xff\xd9")
