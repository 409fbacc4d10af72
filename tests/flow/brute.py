#!/usr/bin/env python3
"""What a key file opens in copies of a repository, by trying every key on everything.

    brute.py KEY-FILE PASSPHRASE-FILE COPY...     prints the leaves whose statements open, one in each line

Nothing is believed and nothing is left out: every file below a copy whose name tells what it may be is tried under
every key that was found in any copy, whatever the log says of it.  It shares no line with src/.
"""

import pathlib
import struct
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "vectors"))
import primitives as p  # noqa: E402
import reader  # noqa: E402


def files(copies, *words):
    """Contents of all files with such a word in their names, each content once."""
    seen = {}
    for copy in copies:
        for path in sorted(pathlib.Path(copy).rglob("*")):
            if path.is_file() and any(word in path.name for word in words):
                data = path.read_bytes()
                seen[p.sha256(data)] = data
    return list(seen.values())


def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (p.Damaged, ValueError, OSError, struct.error, IndexError, AssertionError):
        return None


def epoch_keys(keys, copies):
    seeds = [keys["box"]] + [seed for holding in keys["holdings"].values() for _, seed in holding]
    found = set()
    for data in files(copies, "wrap-", "keys-a-", "keys-b-"):
        for seed in seeds:
            found.add(attempt(p.box_open, seed, keys["pin"] + data[:64], data[64:-68]))
    return found - {None}


def table_keys(keys, copies, epochs):
    """Every 32 bytes of a table that may be a key: more than it holds does no harm."""
    found = set()
    for data in files(copies, "table-", "keys-a-", "keys-b-"):
        body = data[64:-68]
        for epoch in epochs:
            key = p.derive(epoch, body[:32], "groundwork/table/v1")
            plain = attempt(p.open_sealed, key, 0, keys["pin"] + data[:64], body[32:])
            if plain is not None:
                found.update(plain[at:at + 32] for at in range(0, len(plain) - 31, 4))
    return found


def journals(copies):
    for copy in copies:
        for number, name in enumerate("ab"):
            records = attempt(reader.read_journal, pathlib.Path(copy) / name / "journal", number)
            if records is not None:
                yield records


def blocks_of(data):
    """(first leaf, count, salt, sealed) from the bytes of blocks back to back."""
    at = 0
    while at + 48 <= len(data):
        first, count, zero = struct.unpack(">QII", data[at:at + 16])
        end = at + 48 + 32 * count + p.TAG
        if zero != 0 or count == 0 or count > 16384 or end > len(data):
            return
        yield data[at:at + 16], first, count, data[at + 16:at + 48], data[at + 48:end]
        at = end


def all_blocks(copies):
    seen = {}
    for data in files(copies, "segment-", "keys-a-", "keys-b-"):
        for block in blocks_of(data[64:]):
            seen[block] = None
    for records in journals(copies):
        for r in records:
            section, at = r[4], 0
            while at + 24 + 48 <= len(section):
                count = struct.unpack(">I", section[at + 32:at + 36])[0]
                end = at + 24 + 48 + 32 * count + p.TAG
                for block in blocks_of(section[at + 24:end]):
                    seen[block] = None
                at = end
    return list(seen)


def secrets_of(keys, copies, tried):
    found = {}
    for start, first, count, salt, sealed in all_blocks(copies):
        for key in tried:
            block_key = p.derive(key, salt, "groundwork/segment/v1")
            plain = attempt(p.open_sealed, block_key, 0, keys["pin"] + start, sealed)
            if plain is not None:
                for i in range(count):
                    found.setdefault(first + i, set()).add(plain[32 * i:32 * i + 32])
    return found


def main(key_file, passphrase_file, *copies):
    passphrase = pathlib.Path(passphrase_file).read_text().split("\n")[0]
    keys = reader.open_key_file(key_file, passphrase)
    epochs = epoch_keys(keys, copies)
    tried = table_keys(keys, copies, epochs) | epochs
    secrets = secrets_of(keys, copies, tried)
    opened = set()
    for records in journals(copies):
        for r in records:
            for i, sealed in enumerate(reader.listed(r[2], r["hidden"])):
                leaf = r["first"] + i
                for secret in secrets.get(leaf, set()) | tried:
                    key = p.expand(secret, "groundwork/statement-key/v1")
                    if attempt(p.open_sealed, key, 0, keys["pin"] + struct.pack(">Q", leaf), sealed) is not None:
                        opened.add(leaf)
                        break
    print("\n".join(str(leaf) for leaf in sorted(opened)))


if __name__ == "__main__":
    main(*sys.argv[1:])
