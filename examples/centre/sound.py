"""Sound and film: tones as WAV, and a container whose body nothing compresses."""
import struct

from centre.chance import Chance, noise
from centre.world import MARK

RATE = 8000


def chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def wav(code, seconds, note):
    """A slow tune of triangle waves in integers, 16-bit mono."""
    chance = Chance("tune " + code)
    samples = bytearray()
    for _ in range(seconds * 2):
        period, loud = chance.between(10, 60), chance.between(2000, 9000)
        for n in range(RATE // 2):
            phase = n % period
            level = 4 * phase - period if 2 * phase < period else 3 * period - 4 * phase
            fade = min(n, RATE // 2 - n, 400)
            samples += struct.pack("<h", loud * level * fade // (period * 400))
    info = chunk(b"ICMT", ("%s; %s" % (MARK, note)).encode() + b"\0")
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
    body = b"WAVE" + chunk(b"fmt ", form) + chunk(b"LIST", b"INFO" + info) + chunk(b"data", bytes(samples))
    return b"RIFF" + struct.pack("<I", len(body)) + body


def box(kind, data):
    return struct.pack(">I", len(data) + 8) + kind + data


def film(code, size):
    """The outside of an MP4 (brand, a note, a body); no player will show it, no compressor will shrink it."""
    note = ("%s; %s" % (MARK, code)).encode()
    return box(b"ftyp", b"isom\0\0\2\0isommp42") + box(b"free", note) + box(b"mdat", noise("film " + code, size))
