#!/usr/bin/env python3
"""opening.py REQUEST SHARE...

Open one sealed identity without Groundwork: docs/opening.md.  REQUEST and each SHARE are the plain texts that `age -d`
gave.  Needs python3-cryptography and nothing else; works on a computer that is never online.
"""
import base64
import hashlib
import json
import sys

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand


def times(a, b):
    """In GF(256) by the polynomial 0x11d."""
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = a << 1 ^ (0x11D if a & 0x80 else 0)
        b >>= 1
    return product


def divided(a, b):
    return next(x for x in range(256) if times(x, b) == a)


def joined(shares):
    """Lagrange's value at 0, byte by byte; shares: {number: 32 bytes}."""
    secret = bytearray(32)
    for i, value in shares.items():
        factor = 1
        for k in shares:
            if k != i:
                factor = times(factor, divided(k, k ^ i))
        for at in range(32):
            secret[at] ^= times(factor, value[at])
    return bytes(secret)


def share_of(path, request):
    text = open(path, "rb").read()
    fields = dict(line.split(" ", 1) for line in text.decode().splitlines()[1:])
    number = int(fields["share"].split()[0])
    holder = request["holders"][number - 1]
    if hashlib.sha256(text).hexdigest() != holder["sha256"]:
        sys.exit(f"FALSE SHARE: {path} is not what {holder['keyholder']} was given")
    return number, bytes.fromhex(fields["value"])


def main():
    request = json.load(open(sys.argv[1], encoding="utf-8"))
    shares = dict(share_of(path, request) for path in sys.argv[2:])
    if len(shares) < request["needed"]:
        sys.exit(f"{len(shares)} shares are here, and {request['needed']} are needed")
    shares = dict(sorted(shares.items())[:request["needed"]])
    key = HKDF(SHA256(), 32, bytes.fromhex(request["b"]), b"groundwork/identity-key/v1\0").derive(joined(shares))
    if HKDFExpand(SHA256(), 32, b"groundwork/identity-check/v1\0").derive(key).hex() != request["check"]:
        sys.exit("the shares do not give the key")
    bound = f"groundwork/identity-sealed/v1\n{request['pin']}\n{request['person']}\n".encode()
    record = AESGCM(key).decrypt(bytes(12), base64.b64decode(request["sealed"]), bound)
    sys.stdout.write(record.rstrip(b"\0").decode())


if __name__ == "__main__":
    main()
