#!/usr/bin/env python3
"""reader.py REPOSITORY KEY_FILE PASSPHRASE_FILE OUT [COMPARTMENT]

Read a repository by FORMAT.md alone, with nothing of src/: open the key file and the keyring, hold journal, log,
covers, numbering and packs to what they must be, open every statement, and write every item under OUT/<receipt>/<path>.
COMPARTMENT is the id of another one than the first, in hex.  Section numbers are those of FORMAT.md.  Ends with
VERIFIED and the counts, or with a traceback at the first byte that is not as the format says.
"""
import base64
import json
import math
import os
import pathlib
import re
import struct
import sys
import unicodedata

import primitives as p
import vectors

SECTOR, NO_MANIFEST = 16384, (1 << 64) - 1


def need(condition, what):
    if not condition:
        raise p.Damaged(what)


def un64(text):
    return base64.b64decode(text, validate=True)


def sector_hashes(data):
    return [p.leaf_hash(data[i:i + SECTOR]) for i in range(0, len(data), SECTOR)]


def times(a, b):
    """In GF(2^8) modulo x^8 + x^4 + x^3 + x^2 + 1."""
    product = 0
    for i in range(8):
        product ^= (a << i) if b >> i & 1 else 0
    for i in range(14, 7, -1):
        product ^= (0x11d << (i - 8)) if product >> i & 1 else 0
    return product


def parity_of(packs, shape, file):
    """The sum of the packs, each times its coefficient."""
    total = 0
    for i, pack in enumerate(packs):
        inverse = next(x for x in range(1, 256) if times(x, (shape["packs"] + file) ^ i) == 1)
        total ^= int.from_bytes(pack.translate(bytes(times(inverse, x) for x in range(256))), "big")
    return total.to_bytes(len(packs[0]), "big")


def trailer_of(members):
    """Roots of each 512 leaves of each member, then the leaves; both parts end with a sector."""
    leaves = [sector_hashes(data) for data in members]
    pieces = b"".join(p.merkle_root(m[i:i + 512]) for m in leaves for i in range(0, len(m), 512))
    rest = b"".join(h for m in leaves for h in m)
    return b"".join(part + bytes(-len(part) % SECTOR) for part in (pieces, rest))


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        need(self.at + n <= len(self.data), "it ends too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def u(self, n):
        return int.from_bytes(self.take(n), "big")

    def left(self):
        return len(self.data) - self.at


# ---- notes and statements: 5.2, 5.6 ---------------------------------------------------------------------------------


def parse_vkey(text):
    """(name, public key) of a verification key."""
    name, key_id, key = text.split("+", 2)  # a name has no plus, base64 may
    key = un64(key)
    need(key[0] == 1 and len(key) == 33 and vectors.key_id(name, key[1:]).hex() == key_id, "a verification key")
    return name, key[1:]


def open_note(note, *vkeys):
    """The text of a note that these keys, each once and in this order, and no others have signed."""
    text, _, signatures = note.decode().rpartition("\n\n")
    text += "\n"
    need(signatures.endswith("\n") and signatures.count("\n") == len(vkeys), "a note's lines")
    for line, vkey in zip(signatures.split("\n"), vkeys):
        name, public = parse_vkey(vkey)
        prefix = f"\u2014 {name} "
        need(line.startswith(prefix), "a note's lines")
        signed = un64(line[len(prefix):])
        need(signed[:4] == vectors.key_id(name, public), "a key id")
        need(p.verify(public, text.encode(), signed[4:]), "a note's signature")
    return text


def note_signer(note):
    """The name in the one signature line."""
    line = note.decode().rpartition("\n\n")[2]
    need(line.startswith("\u2014 ") and line.count("\n") == 1, "a note's lines")
    return line[2:].rpartition(" ")[0]


WRITERS = ("administrator", "investigator", "analyst")
ABOUT_COMPARTMENTS = ("compartment", "granted", "ungranted")
BY_ADMINISTRATORS = ("recovery", "cosigners", "added", "role", "revoked", "proposed", "approved", "named",
                     "keyholder", *ABOUT_COMPARTMENTS)
BY_INVESTIGATORS = ("cover", "investigation", "deposit", "part", "receipt", "set-aside",
                    "erased", "erasing", "answered",
                    "identity", "identity-sealed", "identity-shares", "identity-access")


def may_sign(role, kind):
    """The table of 5.7."""
    if kind in BY_ADMINISTRATORS:
        return role == "administrator"
    return role in WRITERS[:2] if kind in BY_INVESTIGATORS else role in WRITERS


def body_of(text):
    head, line, end = text.split("\n")
    need(head == "groundwork/statement/v1" and end == "", "a statement's first line")
    body = json.loads(line)
    need(vectors.canonical(body) == line, "canonical JSON")
    return body


def read_checkpoint(note, *vkeys):
    origin, size, root, end = open_note(note, *vkeys).split("\n")
    need(end == "" and all(origin == parse_vkey(vkey)[0] for vkey in vkeys), "a checkpoint")
    return int(size), un64(root)


def cosigners_of(policy, log):
    """{signature line's beginning: public key} of a policy in its one form (12.1)."""
    lines, names, found = policy.split("\n"), set(), {}
    need(lines[0] == f"log {log}" and lines[-1] == "" and lines[-2].startswith("quorum "), "a policy's log and quorum")
    for line in lines[1:-2]:
        kind, name, *words = line.split(" ")
        need(kind in ("witness", "group") and name not in names | {"none"}, "a policy's names")
        names.add(name)
        if kind == "group":
            need(1 <= int(words[0]) <= len(words) - 1 and set(words[1:]) < names, "a policy's group")
            continue
        signer, key_id, key = words[0].split("+", 2)
        key = un64(key)
        need(key[0] == 4 and p.sha256(f"{signer}\n".encode() + key)[:4].hex() == key_id, "a cosigner's key")
        found[signer, key_id] = key[1:]
    need(lines[-2][7:] in names | {"none"} and len(found) <= 15, "a policy's quorum")
    return found


def cosignatures(note, cosigners):
    """(text, the log's line, {signer: line}) of a note that others have signed too (12.2)."""
    text, _, lines = note.rpartition("\n\n")
    first, *rest = lines.splitlines(keepends=True)
    found = {}
    for line in rest:
        dash, name, signature = line.rstrip("\n").split(" ")
        signed = un64(signature)
        who = (name, signed[:4].hex())
        need(dash == "\u2014" and who in cosigners and who not in found and len(signed) == 76, "a cosigner's line")
        message = f"cosignature/v1\ntime {int.from_bytes(signed[4:12], 'big')}\n{text}\n"
        need(p.verify(cosigners[who], message.encode(), signed[12:]), "a cosignature")
        found[who] = line
    need(found, "a cosignature at least")
    return text + "\n\n", first, found


def recovery_set(pin, body):
    """The id of a set of sheets (2.6), from their statement."""
    public = parse_vkey(body["key"])[1] + un64(body["receiving"])
    counts = bytes([body["needed"], len(body["shares"])])
    return p.sha256(b"groundwork/recovery-set/v1\n" + pin + body["leaves"].to_bytes(8, "big") + un64(body["root"]) +
                    public + counts)[:16].hex()


def name_bytes(value):
    return un64(value["bytes"]) if "bytes" in value else value["text"].encode()


# ---- the journal: 3.1 to 3.4 ----------------------------------------------------------------------------------------


def read_journal(path, copy):
    """[record as a dictionary] of one copy."""
    data = pathlib.Path(path).read_bytes()
    head = b"GWJOURN\n" + struct.pack(">IIII", 1, 0, 0, copy) + bytes(8)
    need(data[:64] == head + p.sha256(head), "a journal's header")
    at, records, before = 64, [], bytes(32)
    while at < len(data):
        size = int.from_bytes(data[at + 8:at + 16], "big")
        whole = data[at:at + size]
        c = Cursor(whole)
        need(c.take(8) == b"GWRECORD" and c.u(8) == size == len(whole), "a record's head")
        r = {"number": c.u(8), "first": c.u(8), "hidden": c.u(4), "public": c.u(4), "all": whole}
        need(c.take(32) == before and r["number"] == len(records), "a record's place")
        for kind in range(1, 7):
            need(c.u(4) == kind and c.u(4) == 0, "a section")
            r[kind] = c.take(c.u(8))
        r["signature"] = c.take(64)
        need(c.u(8) == size and c.take(8) == b"GWRECEND" and c.left() == 0, "a record's end")
        before = p.sha256(whole)
        records.append(r)
        at += size
    return records


def listed(section, count):
    """The ${count} length-prefixed statements of a section."""
    c = Cursor(section)
    found = [c.take(c.u(4)) for _ in range(count)]
    need(c.left() == 0, "a section of statements")
    return found


def act_of(body):
    """What administrators agree on: an event without its place and the log key."""
    return {k: v for k, v in body.items() if k not in ("by", "log", "number", "prev", "time")}


# ---- the keyring: 2.3 to 2.5 ----------------------------------------------------------------------------------------


def open_key_file(path, passphrase):
    text = pathlib.Path(path).read_bytes()
    clear, _, sealed = text.rpartition(b"sealed ")
    head, member, pin, kdf, end = clear.decode().split("\n")
    need((head, end, member[:7], pin[:4]) == ("groundwork/key/v1", "", "member ", "pin "), "its lines")
    word, name, passes, kib, salt = kdf.split(" ")
    need((word, name) == ("kdf", "argon2id"), "its kdf line")
    key = p.argon2id(unicodedata.normalize("NFC", passphrase).encode(), bytes.fromhex(salt), int(passes), int(kib))
    c = Cursor(p.open_sealed(key, 0, clear, un64(sealed.strip())))
    version = c.u(1)
    need(version in (1, 2), "its version")
    k = {"member": member[7:], "pin": bytes.fromhex(pin[4:]), "origin": c.take(c.u(2)).decode()}
    k["sign"], k["box"], k["state"], holdings = c.take(32), c.take(32), c.take(32), {}
    for _ in range(1 if version == 1 else c.u(1)):
        compartment = c.take(16)
        holdings[compartment] = [(c.u(8), c.take(32)) for _ in range(2 if version == 1 else c.u(1))]
    k["compartment"] = next(iter(holdings))
    k["receiving"], k["holdings"] = holdings[k["compartment"]], holdings
    c.take(40)
    need(c.left() == 0, "its body")
    need(p.public_of(k["sign"]) == parse_vkey(k["member"])[1], "its signing key")
    k["reader"] = k["member"]
    return k


def open_signed(data, mark, keys):
    """(head, what lies between head and signature) of a table, wrap or log key."""
    signers = [parse_vkey(vkey) for vkey in keys["signers"]]
    public = next((key for name, key in signers if data[-68:-64] == vectors.key_id(name, key)), None)
    need(public is not None, "a keyring file's signer")
    need(p.verify(public, b"groundwork/keyring/v1\0" + data[:-64], data[-64:]), "a keyring file's signature")
    features = int.from_bytes(data[12:16], "big")
    need(features == 0 or (features < 8 and mark == b"GWTABLE\n"), "a keyring file's features")
    need(data[:12] == mark + struct.pack(">I", 1) and data[56:64] == bytes(8), "a keyring file's head")
    return data[:64], data[64:-68]


def open_by_any(seeds, context, box):
    for seed in seeds:
        try:
            return p.box_open(seed, context, box)
        except p.Damaged:
            pass
    raise p.Damaged("no seed opens the box")


def open_keyring(root, keys, named):
    """The table's keys, and every leaf's secret; ${named}: the files that statements name."""
    folder, comp, pin = root / "a/keys", keys["compartment"].hex(), keys["pin"]
    for name, (size, digest) in named.items():
        for copy in "ab":
            data = (root / copy / "keys" / name).read_bytes()
            need(len(data) == size and p.sha256(data).hex() == digest, f"keys/{name}")
    reader = vectors.key_id(*parse_vkey(keys["reader"])).hex()
    wraps = [re.fullmatch(rf"{comp}/wrap-(\d+)-{reader}(-\d+)?", name) for name in named]
    epoch = max(int(m[1]) for m in wraps if m)
    wraps = [m[0] for m in wraps if m and int(m[1]) == epoch]
    need(len(wraps) == 1, "the one wrap for this reader")
    head, box = open_signed((folder / wraps[0]).read_bytes(), b"GWWRAPS\n", keys)
    epoch_key = open_by_any([seed for _, seed in keys["receiving"]], pin + head, box)
    head, box = open_signed((folder / f"log/{keys['log_number']}-{reader}").read_bytes(), b"GWLOGKY\n", keys)
    log_seed = p.box_open(keys["box"], pin + head, box)
    version = max(int(name.rsplit("-", 1)[1]) for name in named if name.startswith(f"{comp}/table-"))
    head, body = open_signed((folder / comp / f"table-{version}").read_bytes(), b"GWTABLE\n", keys)
    table_key = p.derive(epoch_key, body[:32], "groundwork/table/v1")
    c = Cursor(p.open_sealed(table_key, 0, pin + head, body[32:]))
    table = {"index": c.take(32), "pack": c.take(32), "chunk": c.take(32), "log": log_seed}
    table["segments"] = [(c.u(8), c.u(8), c.take(32)) for _ in range(c.u(4))]
    table["turns"] = [(c.u(8), c.u(4), c.take(32)) for _ in range(c.u(4))] if head[15] & 1 else []
    table["called"] = c.take(c.u(1)).decode() if head[15] & 2 else "main"
    table["rewritten"] = dict((c.u(8), c.u(8)) for _ in range(c.u(4))) if head[15] & 4 else {}
    need(not any(c.take(c.left())) and len(c.data) % 1024 == 0, "the table's end")
    return table


def open_secrets(root, keys, table, blocks):
    """{leaf: secret}, from the segments, which must be what the journal's blocks make."""
    secrets, comp = {}, keys["compartment"]
    for number, first, key in table["segments"]:
        times = table["rewritten"].get(number, 0)
        head = b"GWSEGMT\n" + struct.pack(">II", 1, 0) + comp + struct.pack(">QQ", number, times) + bytes(16)
        want = head + b"".join(block for n, block in blocks if n == number)
        if times > 0:  # statements name it, and it was held to them; what the journal has of it is dead
            want = (root / "a/keys" / comp.hex() / f"segment-{number}-{times}").read_bytes()
            need(want[:64] == head, "a rewritten segment's head")
        for copy in "ab" if len(want) > 64 and times == 0 else "":  # one that no leaf came to has no file
            need((root / copy / "keys" / comp.hex() / f"segment-{number}").read_bytes() == want, "a segment")
        c, count = Cursor(want), 0
        c.take(64)
        while c.left():
            start = c.take(16)
            leaf, n, zero = struct.unpack(">QII", start)
            need(zero == 0 and leaf >= first, "a block")
            block_key = p.derive(key, c.take(32), "groundwork/segment/v1")
            plain = p.open_sealed(block_key, 0, keys["pin"] + start, c.take(32 * n + p.TAG))
            for i in range(n):
                secrets[leaf + i] = plain[32 * i:32 * i + 32]
            count += n
        need(count <= 16384, "a segment's length")
    return secrets


# ---- the vault: 4 ---------------------------------------------------------------------------------------------------


class Vault:
    def __init__(self, root, keys, table, runs):
        self.root, self.bound = root, keys["pin"] + keys["compartment"]
        self.pack_keys = [(0, 0, table["pack"]), *table["turns"]]
        self.runs, self.opened = [], {}
        number = 0
        for pack, first, sectors in runs:
            plain, key = self.run_plain(pack, first, sectors)
            directory, records, first_record = struct.unpack(">IIQ", plain[-16:])
            need(first_record == number, "a run's first record")
            head, content = self.record(plain, directory, directory + 20 + 4 * records + p.TAG)
            need(head[0] == 3 and struct.unpack(">Q", head[12:])[0] == first_record, "a directory's head")
            directory_key = p.expand(key, "groundwork/directory/v1")
            offsets = p.open_sealed(directory_key, 0, head + self.bound, content)
            end = directory + 20 + len(content)
            need(not any(plain[end:-16]), "zeros behind the directory")
            self.runs.append((first_record, records, (pack, first, sectors),
                              [*struct.unpack(f">{records}I", offsets), directory]))
            number += records

    def pack_path(self, pack):
        return self.root / "vault" / f"{pack // 1000:03}" / f"{pack:06}.pack"

    def run_plain(self, pack, first, sectors):
        with open(self.pack_path(pack), "rb") as f:
            f.seek(first * SECTOR)
            data = f.read(sectors * SECTOR)
        pack_key = [key for at, sector, key in self.pack_keys if (at, sector) <= (pack, first)][-1]
        key = p.derive(pack_key, data[:32], "groundwork/pack/v1")
        aad = self.bound + pack.to_bytes(8, "big")
        return b"".join(p.open_sealed(key, first + i, aad, data[max(i * SECTOR, 32):(i + 1) * SECTOR])
                        for i in range(sectors)), key

    @staticmethod
    def record(plain, at, end):
        head = plain[at:at + 20]
        need(head[2:4] == bytes(2) and int.from_bytes(head[8:12], "big") == end - at - 20, "a record's length")
        return head, plain[at + 20:end]

    def read(self, number, kind, key, nonce):
        """The content of one record."""
        low, high = 0, len(self.runs)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if self.runs[middle][0] <= number else (low, middle)
        first, count, place, offsets = self.runs[low]
        need(first <= number < first + count, "a record's run")
        if place not in self.opened:
            self.opened = {place: self.run_plain(*place)[0]}
        i = number - first
        head, sealed = self.record(self.opened[place], offsets[i], offsets[i + 1])
        need(head[0] == kind and int.from_bytes(head[12:], "big") == number, "a record's head")
        content, size = p.open_sealed(key, nonce, head + self.bound, sealed), int.from_bytes(head[4:8], "big")
        content = p.unzstd(content, size) if head[1] == 1 else content
        need(len(content) == size, "a record's size")
        return content

    def frames(self, key, record):
        """(bytes, digest, [(record, size, key, digest)]) of a manifest."""
        c = Cursor(self.read(record, 2, key, 0))
        need(c.u(1) == 1, "a manifest's version")
        form, size, digest = c.u(1), c.u(8), c.take(32)
        if form == 1:
            shared, number, frame_key = c.u(1), c.u(8), c.take(32)
            c.take(8 if shared else 0)
            need(c.left() == 0, "a manifest's end")
            return size, digest, [(number, size, frame_key, digest)]
        need(form == 2, "a manifest's form")
        count, each, parts = c.u(4), c.u(4), c.u(4)
        refs = c.take(c.left())
        if parts > 1:
            numbers = struct.unpack(f">{parts - 1}Q", refs)
            pieces = [self.read(n, 2, key, i + 1) for i, n in enumerate(numbers)]
            need(all(len(x) == 85 * each for x in pieces[:-1]), "a manifest's parts")
            refs = b"".join(pieces)
        need(len(refs) == 85 * count, "a manifest's references")
        frames = []
        for i in range(count):
            number, n, shared, holder, frame_key, frame_digest = struct.unpack(">QIBQ32s32s", refs[85 * i:85 * i + 85])
            need(shared in (0, 1) and (shared or holder == 0), "a frame reference")
            frames.append((number, n, frame_key, frame_digest))
        return size, digest, frames

    def write(self, key, record, want, to):
        """Every byte of an object to ${to}; ${want}: its size and digest."""
        size, digest, frames = self.frames(key, record)
        need((size, digest) == want, "an object's digest")
        whole, done = p.hashlib.sha256(), 0
        for number, n, frame_key, frame_digest in frames:
            plain = self.read(number, 1, frame_key, 0)
            need(len(plain) == n and p.sha256(plain) == frame_digest, "a frame's digest")
            whole.update(plain)
            done += n
            to.write(plain)
        need(done == size and whole.digest() == digest, "an object's bytes")


# ---- all of it ------------------------------------------------------------------------------------------------------


class Repository:
    """${keys_of}: from the repository, whose log has been read, to the keys that open it."""

    def __init__(self, root, keys_of):
        self.root = pathlib.Path(root)
        self.records = read_journal(self.root / "a/journal", 0)
        second = read_journal(self.root / "b/journal", 1)
        need([r["all"] for r in self.records] == [r["all"] for r in second], "the second copy of the journal")
        self.entries, self.public, self.hidden = [], [], []
        self.blocks, self.runs = [], []
        self.read_log()
        self.read_public()
        self.keys = keys_of(self)
        need(self.pin == self.keys["pin"], "the pin")
        self.keys["signers"], self.keys["log_number"] = [m["key"] for m in self.members.values()], len(self.logs)
        mine = self.keys["compartment"]
        need(self.keys["member"] in self.keys["signers"], "the member")
        need(all(comp in self.held for comp in self.compartments), "a block's compartment")
        need(mine in self.held, "a compartment that there is")
        self.hidden = [(leaf, sealed) for leaf, sealed, comp in self.hidden if comp == mine]
        self.blocks = [block for comp, *block in self.blocks if comp == mine]
        span = self.founded.get("parity", {"packs": 32})["packs"] << 27
        self.runs = [run for run in self.runs if run[0] // span == list(self.held).index(mine)]
        self.table = open_keyring(self.root, self.keys, self.key_files)
        need(p.public_of(self.table["log"]) == parse_vkey(self.logs[-1][1])[1], "the log key")
        self.secrets = open_secrets(self.root, self.keys, self.table, self.blocks)
        need(not self.erased & set(self.secrets), "no secret of what is erased")
        self.statements = {leaf: self.open_hidden(leaf, sealed) for leaf, sealed in self.hidden
                           if leaf not in self.erased}
        self.check_places()
        self.check_packs()
        self.check_parity()
        self.check_tiles()

    def read_log(self):
        """Sections, signatures, checkpoints; leaf 0 held to the pin of the key file."""
        first = listed(self.records[0][3], self.records[0]["public"])[0]
        self.founded = body_of(open_note(first, body_of(first.decode().rpartition("\n\n")[0] + "\n")["member"]["key"]))
        self.pin, self.compartments = p.sha256(vectors.entry_of(2, b"", first)), set()
        self.logs = [(0, self.founded["log"])]  # (leaves, key): believed when the events are read
        for r in self.records:
            need(r["first"] == len(self.entries), "a record's first leaf")
            entries = [r[1][i:i + 33] for i in range(0, len(r[1]), 33)]
            need([e[0] for e in entries] == [1] * r["hidden"] + [2] * r["public"], "kinds of entries")
            message = b"groundwork/journal/v1\0" + p.sha256(r["all"][:-80])
            leaf = len(self.entries)
            need(p.verify(parse_vkey(self.log_of(leaf))[1], message, r["signature"]), "a record's signature")
            self.entries += entries
            comp = r[4][:16] if r["hidden"] else None
            self.hidden += [(leaf + i, s, comp) for i, s in enumerate(listed(r[2], r["hidden"]))]
            self.public += [(leaf + r["hidden"] + i, s, r) for i, s in enumerate(listed(r[3], r["public"]))]
            c = Cursor(r[4])
            while c.left():
                need(c.take(16) == comp, "the one compartment of a record")
                number, start = c.u(8), c.take(16)
                self.compartments.add(comp)
                self.blocks.append((comp, number, start + c.take(32 + 32 * int.from_bytes(start[8:12], "big") + p.TAG)))
            c = Cursor(r[5])
            self.runs += [(c.u(8), c.u(4), c.u(4)) for _ in range(c.u(4))]
            need(c.left() == 0, "extents")
            for at, statement, of in self.public:
                if of is r and at > 0:
                    body = body_of(statement.decode().rpartition("\n\n")[0] + "\n")
                    if body["kind"] in ("revoked", "role") and "log" in body:
                        self.logs.append((at + 1, body["log"]))
            r["logs"] = list(dict.fromkeys([self.log_of(leaf), self.log_of(len(self.entries))]))
            size, root = read_checkpoint(r[6], *r["logs"])
            need(size == len(self.entries), "a checkpoint's size")
        # The last root covers all; the ones before are roots of its beginnings, recomputed one by one.
        self.hashes = [p.leaf_hash(e) for e in self.entries]
        for r in self.records:
            size, root = read_checkpoint(r[6], *r["logs"])
            need(p.merkle_root(self.hashes[:size]) == root, "a checkpoint's root")

    def log_of(self, leaves):
        """The log key of a tree of so many leaves."""
        return [key for start, key in self.logs if start <= leaves][-1]

    def logs_at(self, leaves):
        """Who signed the checkpoint of a record that ends there."""
        return next(r["logs"] for r in self.records if r["first"] + r["hidden"] + r["public"] == leaves)

    def role(self, name, leaf):
        """What a member may sign as at a leaf; None: nothing."""
        m = self.members.get(name)
        roles = [role for start, role in m["roles"] if start <= leaf] if m and leaf <= m["until"] else []
        return roles[-1] if roles else None

    def standing(self, leaf, *roles):
        return [name for name in self.members if self.role(name, leaf) in (roles or WRITERS + ("keyholder", "auditor"))]

    def signer(self, leaf, note, kind):
        """The key of the member who signed, who may do so at this leaf (5.7)."""
        name = note_signer(note)
        role = self.role(name, leaf)
        need(kind == "founded" or may_sign(role, kind), f"{name}, who signs {kind} as {role}")
        return self.members[name]["key"]

    def member_add(self, leaf, vkey, role):
        name, public = parse_vkey(vkey)
        before, _, tail = name.rpartition("/m/")
        need(before == self.founded["origin"] and len(tail) == 8 and name not in self.members, "a member's name")
        self.fresh(public)
        self.members[name] = {"key": vkey, "roles": [(leaf, role)], "until": math.inf}

    def fresh(self, public):
        need(public not in self.known, "a key that comes back")
        self.known.add(public)

    def turned(self, leaf, body, signer):
        """A member in another role, or in none."""
        name, now = body["name"], self.role(body["name"], leaf)
        role = body["role"] if body["kind"] == "role" else None
        need(now is not None and role != now, "the member of an event")
        goes = now in WRITERS and role not in WRITERS
        need(goes == ("log" in body) and not (goes and name == signer), "a log key where a writer goes")
        if goes:
            need(parse_vkey(body["log"])[0] == self.founded["origin"], "a log key's name")
            self.fresh(parse_vkey(body["log"])[1])
        for holders in self.held.values():
            if goes or role is None:
                holders.discard(name)
        if now not in WRITERS and role in WRITERS:
            next(iter(self.held.values())).add(name)
        if role is None:
            need(body["reason"] in ("left", "lost", "arrested", "stolen", "other"), "a reason")
            need(body.get("doubtful", 0) <= leaf, "what is doubtful")
            self.members[name]["until"] = leaf
        else:
            self.members[name]["roles"].append((leaf + 1, role))
        need(0 < len(self.standing(leaf + 1, "administrator")) <= 16, "administrators that remain")

    def agreed(self, leaf, body):
        """An act has the approvals that it needs."""
        administrators = self.standing(leaf, "administrator")
        needed = min(self.founded["policy"]["administrators"], len(administrators))
        need(("by" in body) == (needed > 1), "approvals where they are needed")
        if needed <= 1:
            return
        proposal = self.proposals[body["by"]["proposal"]]
        approvals = body["by"]["approvals"]
        need(not proposal["done"] and proposal["act"] == act_of(body), "what was proposed")
        spoke = [proposal["by"][at] for at in [body["by"]["proposal"], *approvals]]
        need(approvals == sorted(set(approvals)) and len(set(spoke)) == len(spoke) >= needed, "enough approvals")
        need(all(name in administrators for name in spoke), "administrators who approved")
        proposal["done"] = True

    def held_event(self, leaf, body, signer):
        """Who holds a compartment (18.1)."""
        comp = bytes.fromhex(body["compartment"])
        if body["kind"] == "compartment":
            need(comp not in self.held and len(self.held) < 64, "a new compartment")
            self.held[comp] = {signer}
            return
        holders = self.held[comp]
        if body["kind"] == "granted":
            need(self.role(body["to"], leaf) in WRITERS and body["to"] not in holders, "to whom it is granted")
            holders.add(body["to"])
        else:
            others = [c for c, h in self.held.items() if c != comp and body["from"] in h]
            need(body["from"] in holders and others and body["from"] != signer, "from whom it is taken")
            holders.remove(body["from"])

    def key_event(self, leaf, note, body, r):
        """One event of the history of keys (5.7), which follows from the one before."""
        self.events += 1
        need(body["number"] == self.events and un64(body["prev"]) == self.last_event, "a key event's place")
        self.last_event = self.entries[leaf][1:]
        kind, signer = body["kind"], note_signer(note)
        if kind in ("added", "role", "revoked", "cosigners", "recovery", *ABOUT_COMPARTMENTS):
            self.agreed(leaf, body)
        if kind == "member":
            need(body["set"] == self.sheets["set"], "the sheets that replace a member")
            self.sheets["spent"] = True
            replaced = [body["replaces"]] if "replaces" in body else self.standing(leaf)
            need(len(replaced) == 1 and self.role(replaced[0], leaf) == "administrator", "whom sheets replace")
            self.members[replaced[0]]["until"] = leaf
            self.member_add(leaf + 1, body["key"], "administrator")
            for holders in self.held.values():
                holders.discard(replaced[0])
                holders.add(parse_vkey(body["key"])[0])
        elif kind in ABOUT_COMPARTMENTS:
            self.held_event(leaf, body, signer)
        elif kind == "cosigners":
            self.cosigners = cosigners_of(body["policy"], self.log_of(leaf))
        elif kind == "added":
            self.member_add(leaf + 1, body["key"], body["role"])
            if body["role"] in WRITERS:
                next(iter(self.held.values())).add(parse_vkey(body["key"])[0])
            need(len(self.standing(leaf + 1, "administrator")) <= 16, "administrators")
        elif kind in ("role", "revoked"):
            self.turned(leaf, body, signer)
        elif kind == "proposed":
            self.proposals[leaf] = {"act": act_of(body["act"]), "by": {leaf: signer}, "done": False,
                                    "commitment": self.entries[leaf][1:]}
        elif kind == "approved":
            proposal = self.proposals[body["proposal"]]
            need(un64(body["commitment"]) == proposal["commitment"] and not proposal["done"], "a proposal that waits")
            need(signer not in proposal["by"].values(), "an approval of one's own")
            proposal["by"][leaf] = signer
        if kind == "recovery":
            self.fresh(parse_vkey(body["key"])[1])
            self.sheets = dict(body, spent=False)
        said = body["act"] if kind == "proposed" else body
        if said["kind"] == "recovery" and "by" not in said:
            before = self.records[r["number"] - 1]
            need((said["leaves"], un64(said["root"])) == read_checkpoint(before[6], *before["logs"]),
                 "the checkpoint that sheets name")
        if said["kind"] == "recovery":
            need(recovery_set(self.pin, said) == said["set"], "the id of a set of sheets")
        numbers = struct.pack(">QQIIQ", self.events, leaf, 0, len(note), 0)
        beside = b"GWEVENT\n" + struct.pack(">II", 1, 0) + bytes(16) + numbers + note
        for copy in "ab":
            need((self.root / copy / f"keys/history/{self.events}").read_bytes() == beside,
                 "a key event beside the journal")

    def read_public(self):
        self.key_files, self.packs, self.covered, self.stripes = {}, {}, set(), {}
        founder, self.sheets = self.founded["member"]["key"], {"spent": True}
        self.held = {bytes.fromhex(self.founded["compartment"]): {parse_vkey(founder)[0]}}
        self.members = {parse_vkey(founder)[0]: {"key": founder, "roles": [(0, "administrator")], "until": math.inf}}
        self.known, self.proposals = {parse_vkey(founder)[1], parse_vkey(self.founded["log"])[1]}, {}
        self.events, self.last_event = 0, self.entries[0][1:]
        self.cosigners, self.cosigned, self.erased = {}, {}, set()
        for leaf, note, r in self.public:
            need(vectors.entry_of(2, b"", note) == self.entries[leaf], "a public entry")
            kind = body_of(note.decode().rpartition("\n\n")[0] + "\n")["kind"]
            need(kind != "member" or not self.sheets["spent"], "sheets that are not spent")
            body = body_of(open_note(note, self.sheets["key"] if kind == "member" else self.signer(leaf, note, kind)))
            if body["kind"] in ("recovery", "member", "cosigners", "added", "role", "revoked", "proposed", "approved",
                                *ABOUT_COMPARTMENTS):
                self.key_event(leaf, note, body, r)
            elif body["kind"] == "keyring":
                for f in body["files"]:
                    self.key_files.pop(f["name"], None)
                    if not f.get("removed"):
                        self.key_files[f["name"]] = (f["bytes"], f["sha256"])
            elif body["kind"] == "packs":
                self.packs.update({x["pack"]: x for x in body["packs"]})
            elif body["kind"] == "parity":
                self.stripes.update({x["stripe"]: x for x in body["stripes"]})
            elif body["kind"] == "cover":
                first, end = body["first"], body["first"] + body["count"]
                need(r["first"] <= first and end <= r["first"] + r["hidden"], "a cover's reach")
                need(p.merkle_root(self.hashes[first:end]) == un64(body["root"]), "a cover's root")
                self.covered |= set(range(first, end))
            elif body["kind"] == "repaired":
                need(all(isinstance(name, str) for name in body["files"]), "the names of what was healed")
            elif body["kind"] == "audited":
                need(0 < len(body["audits"]) <= 64, "how many audits are told of at once")
                for x in body["audits"]:
                    need(set(x) == {"at", "findings", "first", "grade", "last", "leaves"}, "the report of an audit")
                    need(x["first"] <= x["last"] and x["grade"] in ("full", "keyless"), "what an audit held to the log")
            elif body["kind"] == "cosigned":
                text, own, lines = cosignatures(body["checkpoint"], self.cosigners)
                size, root = read_checkpoint((text + own).encode(), self.log_of(int(text.split("\n")[1])))
                need(size <= r["first"] and p.merkle_root(self.hashes[:size]) == root, "a cosigned checkpoint")
                before = self.cosigned.get(size, ("", {}))[1]
                self.cosigned[size] = text + own, {**before, **{k: v for k, v in lines.items() if k not in before}}
            elif body["kind"] == "erased":
                gone = {at for first, last in body["leaves"] for at in range(first, last + 1)}
                need(not gone & self.erased and max(gone) < body["by"]["proposal"] < leaf, "what may be erased")
                need(all(self.entries[at][0] == 1 for at in gone), "hidden leaves")
                self.erased |= gone
            elif body["kind"] == "timestamped":
                self.timestamped(leaf, note, body)
            else:
                need(body["kind"] == "founded" and leaf == 0, "a kind of statement")

    def timestamped(self, leaf, note, body):
        """FORMAT 5.8, but for what is signed in the response: openssl reads that, in tests/flow/25-timestamps.sh."""
        need(set(body) == {"accuracy", "authority", "chain", "checkpoint", "kind", "leaves", "pinned", "policy",
                           "response", "root", "sha256", "stamped", "time"}, "a time-stamp's fields")
        response, checkpoint = un64(body["response"]), body["checkpoint"].encode()
        certificates = [un64("".join(block.partition("-----END")[0].split("\n")))
                        for block in body["chain"].split("-----BEGIN CERTIFICATE-----")[1:]]
        need(p.sha256(response).hex() == body["sha256"], "a response's SHA-256")
        need(p.sha256(certificates[0]).hex() == body["authority"], "an authority's certificate")
        need(p.sha256(certificates[-1]).hex() == body["pinned"], "the pinned root")
        need(p.sha256(checkpoint) in response, "what a response is over")
        leaves, root = read_checkpoint(checkpoint, *self.logs_at(body["leaves"]))
        need(leaves == body["leaves"] <= leaf and root == un64(body["root"]), "a stamped checkpoint")
        need(root == p.merkle_root(self.hashes[:leaves]), "the root of a stamped checkpoint")
        for suffix, content in (("statement", note), ("tsr", response), ("pem", body["chain"].encode()),
                                ("checkpoint", checkpoint)):
            need((self.root / f"stamps/{leaf:09}.{suffix}").read_bytes() == content, "a time-stamp's file")

    def open_hidden(self, leaf, sealed):
        """(body, {claim: value}, manifest record) of a hidden leaf, held to its entry."""
        secret = self.secrets[leaf]
        key = p.expand(secret, "groundwork/statement-key/v1")
        plain = p.open_sealed(key, 0, self.keys["pin"] + leaf.to_bytes(8, "big"), sealed)
        c = Cursor(plain)
        need(c.take(1) == b"\1", "an envelope's head")
        codec, zero, manifest = c.u(1), c.u(2), c.u(8)
        need(codec in (0, 1) and zero == 0, "an envelope's head")
        if codec == 1:
            fields = plain[12:].rstrip(b"\0")
            need(len(plain) == vectors.padded(12 + len(fields)), "an envelope's padding")
            statement, values = vectors.expand_fields(secret, fields)
        else:
            n, m = c.u(4), c.u(4)
            statement, values = c.take(n), c.take(m)
            need(len(plain) == vectors.padded(20 + n + m) and not any(plain[c.at:]), "an envelope's padding")
        salt = p.expand(secret, "groundwork/leaf-salt/v1")
        need(vectors.entry_of(1, salt, statement) == self.entries[leaf], "a hidden entry")
        if statement.endswith(b"\n\n"):
            body = body_of(statement[:-1].decode())
            need(body["kind"] == "received" and leaf in self.covered, "an unsigned statement")
        else:
            kind = body_of(statement.decode().rpartition("\n\n")[0] + "\n")["kind"]
            body = body_of(open_note(statement, self.signer(leaf, statement, kind)))
        claims = json.loads(values)
        need(vectors.canonical(claims).encode() == values, "canonical claims")
        digests = sorted(vectors.claim_digest(secret, name, value)[0] for name, value in claims)
        need([vectors.b64(d) for d in digests] == body["claims"], "the digests of claims")
        return body, dict(claims), manifest

    def check_places(self):
        nowhere = (0, bytes(32))
        chains = {}
        for leaf, (body, claims, _) in self.statements.items():
            if body["kind"] == "received":
                continue
            if "waited" in body:  # FORMAT 17.5
                need(set(body) == {"claims", "kind", "time", "waited"} and body["waited"] not in chains, "what waited")
                forbids = body["kind"] == "withdrawn" or "yes" not in claims["consent"]["answers"].values()
                need(body["kind"] in ("consent", "withdrawn") and forbids, "what may wait")
                chains[body["waited"]] = None
                continue
            access = body["kind"] == "accessed"
            chain = body["device" if access else "investigation"]
            seq, before = chains.get(chain, nowhere)
            if access:
                need(body["seq"] >= seq and (body["seq"] > seq or un64(body["prev"]) == before), "an access's place")
                need(claims["act"] in ("shown", "read", "restored", "exported"), "an access's act")
            else:
                gone = un64(body["prev"]) in (self.entries[at][1:] for at in self.erased)
                need((body["seq"] == seq and un64(body["prev"]) == before) or (gone and body["seq"] > seq),
                     "a statement's place")
            if access or (body["kind"] == "custody" and "items" in body):
                last = -2
                for first, end in body["items"]:
                    items = (i in self.erased or (i in self.statements and self.statements[i][0]["kind"] == "received")
                             for i in range(first, end + 1))
                    need(last + 1 < first <= end < leaf and (any(items) if access else all(items)), "items")
                    last = end
            if "refers" in body:
                refers = body["refers"]
                need(un64(refers["commitment"]) == self.entries[refers["leaf"]][1:], "what is referred to")
            chains[chain] = body["seq"] + 1, self.entries[leaf][1:]

    def check_packs(self):
        for number, pack in self.packs.items():
            open_copy = self.root / "b/open" / f"{number:06}.pack"
            vault = Vault.pack_path(self, number)
            for path in [vault] if pack["sealed"] else [vault, open_copy]:
                data = path.read_bytes()
                need(len(data) == pack["sectors"] * SECTOR, "a pack's length")
                sectors = [p.leaf_hash(data[i:i + SECTOR]) for i in range(0, len(data), SECTOR)]
                need(p.merkle_root(sectors) == un64(pack["root"]), "a pack's root")
            need(pack["sealed"] == (pack["sectors"] == self.founded["pack_sectors"]), "a sealed pack")

    def check_parity(self):
        """Every parity file, byte for byte, out of the packs under it (4.6)."""
        sealed = [n for n in sorted(self.packs) if self.packs[n]["sealed"]]
        shape = self.founded.get("parity")
        need(shape is not None or not self.stripes, "parity that was not founded")
        want, left, whole = {}, sealed, 1 << 27
        for number, stripe in sorted(self.stripes.items()):
            under, left = left[:stripe["packs"]], left[stripe["packs"]:]
            need(under == list(range(number * shape["packs"], number * shape["packs"] + stripe["packs"])), "a stripe")
            more = left and left[0] // shape["packs"] // whole == number // whole
            need(stripe["packs"] == shape["packs"] or not more, "a stripe that is not full before the next")
            files = [Vault.pack_path(self, n).read_bytes() for n in under]
            files += [parity_of(files, shape, j) for j in range(shape["files"])]
            trailer = trailer_of(files)
            for j, root in enumerate(stripe["roots"]):
                data = files[len(under) + j]
                need(p.merkle_root(sector_hashes(data)) == un64(root), "the root of a parity file")
                want[f"{number // 1000:03}/{number:06}-{stripe['packs']:02}.p{j}"] = data + trailer
            need(len(stripe["roots"]) == shape["files"], "the parity files of a stripe")
            need(p.merkle_root(sector_hashes(trailer)) == un64(stripe["trailer"]), "the root of a trailer")
        need(shape is None or left == [], "packs without parity")
        found = {str(f.relative_to(self.root / "parity")): f.read_bytes()
                 for f in (self.root / "parity").rglob("*") if f.is_file()}
        need(found == want, "the parity files")

    def check_tiles(self):
        """Every file of log/, byte for byte (3.5)."""
        want, level, hashes = {"checkpoint": self.records[-1][6]}, 0, self.hashes
        bundle = [b"\x00\x21" + e for e in self.entries]
        rows = [("tile/entries", bundle)]
        while hashes:
            rows.append((f"tile/{level}", hashes))
            hashes = [p.merkle_root(hashes[i:i + 256]) for i in range(0, len(hashes) // 256 * 256, 256)]
            level += 1
        for folder, row in rows:
            for n in range(0, (len(row) + 255) // 256):
                part = row[256 * n:256 * n + 256]
                digits = f"{n:0{(len(str(n)) + 2) // 3 * 3}}"
                groups = [digits[i:i + 3] for i in range(0, len(digits), 3)]
                name = "/".join([folder] + [f"x{g}" for g in groups[:-1]] + groups[-1:])
                want[name if len(part) == 256 else f"{name}.p/{len(part)}"] = b"".join(part)
        if self.cosigned:  # of one signer the first line, in the order in which they came
            note, lines = self.cosigned[max(self.cosigned)]
            want["cosigned"] = (note + "".join(lines.values())).encode()
        found = {str(f.relative_to(self.root / "log")): f.read_bytes()
                 for f in (self.root / "log").rglob("*") if f.is_file()}
        need(found == want, "the public log")

    # ---- giving back ----

    def restore(self, out):
        receipts = {body["deposit"]: body["number"] for body, _, _ in self.statements.values()
                    if body["kind"] == "receipt"}
        vault, folders, placed = Vault(self.root, self.keys, self.table, self.runs), [], {}
        for leaf, (body, claims, manifest) in self.statements.items():
            if body["kind"] != "received":
                continue
            path = os.path.join(os.fsencode(out), b"%d" % receipts[body["deposit"]], name_bytes(claims["name"]))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            placed[leaf] = path
            if "of" in body:
                os.link(placed[body["of"]], path)
                continue
            f = claims["file"]
            when = f["mtime"][0] * 10**9 + f["mtime"][1]
            if f["type"] == "link":
                os.symlink(name_bytes(f["target"]), path)
                os.utime(path, ns=(when, when), follow_symlinks=False)
            elif f["type"] == "folder":
                os.makedirs(path, exist_ok=True)
                folders.append((path, f["mode"], when))
            else:
                want = (claims["object"]["bytes"], bytes.fromhex(claims["object"]["sha256"]))
                with open(path, "xb") as to:
                    vault.write(p.expand(self.secrets[leaf], "groundwork/manifest/v1"), manifest, want, to)
                os.chmod(path, f["mode"])
                os.utime(path, ns=(when, when))
        for path, mode, when in reversed(folders):
            os.chmod(path, mode)
            os.utime(path, ns=(when, when))
        return len(placed)


def main(root, key_file, passphrase_file, out, compartment=None):
    passphrase = pathlib.Path(passphrase_file).read_text().split("\n")[0]
    keys = open_key_file(key_file, passphrase)
    if compartment is not None:
        keys["compartment"] = bytes.fromhex(compartment)
        keys["receiving"] = keys["holdings"].get(keys["compartment"], keys["receiving"])
    repository = Repository(root, lambda _: keys)
    items = repository.restore(out)
    print(f"VERIFIED {len(repository.records)} records, {len(repository.entries)} leaves, {items} items")


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6):
        sys.exit(__doc__)
    main(*sys.argv[1:])
