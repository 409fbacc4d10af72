#!/usr/bin/env python3
"""What this machine can do at best, so that the figures of bench/run can be read as ratios.

usage: bench/floors.py [--json] DIR     (DIR lies on the disk to be measured; 1 GiB is written there and removed)

--json prints one line of JSON, for bench/run.
"""
import json
import mmap
import os
import re
import shutil
import statistics
import subprocess
import sys
import time

MIB = 1 << 20
DISK_MIB = 1024             # bytes written and read for the rates
PIECE_MIB = 64              # written between two fdatasync calls, as one pack is
APPENDS = 200               # for the latency
SMALL_FILES = 5000          # for the time to create one


def sha256_rate():
    """MB/s of one core: libcrypto on messages of 1 MiB."""
    out = subprocess.run(["openssl", "speed", "-mr", "-seconds", "2", "-bytes", str(MIB), "-evp", "sha256"],
                         check=True, capture_output=True, text=True, timeout=60).stdout
    return float(re.search(r"^\+F:\d+:[^:]*:([0-9.]+)", out, re.M).group(1)) / 1e6


def write_rate(path):
    """MB/s of random bytes through the page cache with fdatasync after each piece."""
    piece = os.urandom(PIECE_MIB * MIB)
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    began = time.perf_counter()
    for _ in range(DISK_MIB // PIECE_MIB):
        for at in range(0, len(piece), 8 * MIB):
            os.write(fd, memoryview(piece)[at:at + 8 * MIB])
        os.fdatasync(fd)
    taken = time.perf_counter() - began
    os.close(fd)
    return DISK_MIB * MIB / taken / 1e6


def read_rate(path, flags):
    """MB/s of reading the file in pieces of 8 MiB."""
    fd = os.open(path, os.O_RDONLY | flags)
    piece = mmap.mmap(-1, 8 * MIB)              # aligned, as O_DIRECT asks
    began = time.perf_counter()
    total = 0
    while n := os.readv(fd, [piece]):
        total += n
    taken = time.perf_counter() - began
    os.close(fd)
    return total / taken / 1e6


def append_latency(path):
    """Median milliseconds of appending 4 KiB and fdatasync."""
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    times = []
    for _ in range(APPENDS):
        began = time.perf_counter()
        os.write(fd, b"\1" * 4096)
        os.fdatasync(fd)
        times.append(time.perf_counter() - began)
    os.close(fd)
    return statistics.median(times) * 1e3


def create_time(folder):
    """Microseconds to create, write 4 KiB and close one file, without sync."""
    os.mkdir(folder)
    began = time.perf_counter()
    for i in range(SMALL_FILES):
        with open(os.path.join(folder, str(i)), "wb", buffering=0) as f:
            f.write(b"\1" * 4096)
    taken = time.perf_counter() - began
    shutil.rmtree(folder)
    return taken / SMALL_FILES * 1e6


def measure(folder):
    """Ordered list of (what, figure, unit)."""
    path = os.path.join(folder, "floors.tmp")
    out = [("SHA-256, one core, libcrypto", sha256_rate(), "MB/s")]
    try:
        os.sync()
        out.append(("disk, write 64 MiB + fdatasync", write_rate(path), "MB/s"))
        out.append(("disk, read, O_DIRECT", read_rate(path, os.O_DIRECT), "MB/s"))
        read_rate(path, 0)
        out.append(("page cache, read", read_rate(path, 0), "MB/s"))
        out.append(("append 4 KiB + fdatasync", append_latency(path), "ms"))
    finally:
        if os.path.exists(path):
            os.unlink(path)
    out.append(("create + write 4 KiB + close", create_time(path), "us"))
    return out


def main(words):
    as_json = words[:1] == ["--json"]
    words = words[as_json:]
    if len(words) != 1 or not os.path.isdir(words[0]):
        sys.exit(__doc__.strip())
    found = measure(words[0])
    if as_json:
        print(json.dumps(found))
        return
    for what, figure, unit in found:
        print("%-34s %10.2f %s" % (what, figure, unit))


if __name__ == "__main__":
    main(sys.argv[1:])
