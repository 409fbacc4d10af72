"""Deflate, zlib and ZIP, written here so that the bytes do not depend on the zlib a machine happens to have.

The compressor is greedy LZ77 with the fixed Huffman code of RFC 1951: not the smallest, always the same.
"""
import struct
import zlib

WINDOW = 32768
MATCH_MIN, MATCH_MAX = 3, 258


def code_table(starts):
    """RFC 1951 3.2.5: (first value, extra bits) of each code, from the number of codes that share a count of bits."""
    table, value = [], starts[0]
    for extra, codes in starts[1]:
        for _ in range(codes):
            table.append((value, extra))
            value += 1 << extra
    return table


LENGTHS = code_table((3, [(0, 8), (1, 4), (2, 4), (3, 4), (4, 4), (5, 4)]))[:28] + [(258, 0)]
DISTANCES = code_table((1, [(0, 4)] + [(n, 2) for n in range(1, 14)]))


def reverse(code, bits):
    return int(format(code, "0%db" % bits)[::-1], 2)


def fixed_code(symbol):
    """RFC 1951 3.2.6: the fixed code of a literal or length symbol as (bits in stream order, count)."""
    if symbol < 144:
        return reverse(0x30 + symbol, 8), 8
    if symbol < 256:
        return reverse(0x190 + symbol - 144, 9), 9
    if symbol < 280:
        return reverse(symbol - 256, 7), 7
    return reverse(0xC0 + symbol - 280, 8), 8


SYMBOLS = [fixed_code(s) for s in range(286)]


def length_code(length):
    index = max(i for i, (first, _) in enumerate(LENGTHS) if first <= length)
    first, extra = LENGTHS[index]
    bits, count = SYMBOLS[257 + index]
    return bits | (length - first) << count, count + extra


def distance_codes():
    """For each distance code: its first distance, its bits and the count of its extra bits."""
    return [(first, reverse(i, 5), extra) for i, (first, extra) in enumerate(DISTANCES)]


LENGTH_CODES = [None] * MATCH_MIN + [length_code(n) for n in range(MATCH_MIN, MATCH_MAX + 1)]
DISTANCE_CODES = distance_codes()


def distance_code(distance):
    low, high = 0, len(DISTANCE_CODES)
    while high - low > 1:
        middle = (low + high) // 2
        if DISTANCE_CODES[middle][0] <= distance:
            low = middle
        else:
            high = middle
    first, bits, extra = DISTANCE_CODES[low]
    return bits | (distance - first) << 5, 5 + extra


class Bits:
    def __init__(self):
        self.out = bytearray()
        self.held = 0
        self.count = 0

    def put(self, value, count):
        self.held |= value << self.count
        self.count += count
        if self.count >= 64:
            whole = self.count // 8
            self.out += (self.held & ((1 << 8 * whole) - 1)).to_bytes(whole, "little")
            self.held >>= 8 * whole
            self.count -= 8 * whole

    def bytes(self):
        return bytes(self.out) + self.held.to_bytes((self.count + 7) // 8, "little")


def match_length(data, a, b):
    limit = min(MATCH_MAX, len(data) - b)
    n = MATCH_MIN
    while n + 16 <= limit and data[a + n:a + n + 16] == data[b + n:b + n + 16]:
        n += 16
    while n < limit and data[a + n] == data[b + n]:
        n += 1
    return n


def deflate(data):
    """DATA as one final block of fixed Huffman codes."""
    bits = Bits()
    bits.put(0b011, 3)
    seen = {}
    at, end = 0, len(data)
    while at < end:
        key = data[at:at + MATCH_MIN]
        back = seen.get(key, -1) if len(key) == MATCH_MIN else -1
        seen[key] = at
        if back < 0 or at - back > WINDOW:
            bits.put(*SYMBOLS[data[at]])
            at += 1
            continue
        length = match_length(data, back, at)
        bits.put(*LENGTH_CODES[length])
        bits.put(*distance_code(at - back))
        at += length
    bits.put(*SYMBOLS[256])
    return bits.bytes()


def zlib_stream(data):
    return b"\x78\x01" + deflate(data) + struct.pack(">I", zlib.adler32(data))


def dos_time(year, month, day, hour, minute):
    return (hour << 11 | minute << 5) | ((year - 1980) << 9 | month << 5 | day) << 16


def zip_file(members, comment=b"", when=(2016, 3, 4, 9, 30)):
    """A ZIP of (name, bytes) pairs; a member named `mimetype` is stored, as ODF and HWPX ask, the others deflated."""
    out, directory = bytearray(), bytearray()
    stamp = dos_time(*when)
    for name, data in members:
        raw = name.encode()
        method = 0 if name == "mimetype" else 8
        body = data if method == 0 else deflate(data)
        common = struct.pack("<HHHIIIIHH", 20, 0x800, method, stamp, zlib.crc32(data),
                             len(body), len(data), len(raw), 0)
        directory += b"PK\x01\x02" + struct.pack("<H", 0x314) + common
        directory += struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, len(out)) + raw
        out += b"PK\x03\x04" + common + raw + body
    end = struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(directory), len(out), len(comment))
    return bytes(out + directory + b"PK\x05\x06" + end + comment)
