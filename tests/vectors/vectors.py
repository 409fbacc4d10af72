"""The worked vectors of FORMAT.md section 8, from their inputs alone."""
import base64
import json
import struct

import primitives as p


def b64(data):
    return base64.b64encode(data).decode()


def canonical(value):
    """The JSON of FORMAT 5.2, for values with ASCII keys and integers."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def key_id(name, public_key):
    return p.sha256(name.encode(), b"\n\x01", public_key)[:4]


def note(text, name, seed):
    """A C2SP signed note by one Ed25519 key."""
    signed = key_id(name, p.public_of(seed)) + p.sign(seed, text.encode())
    return f"{text}\n\u2014 {name} {b64(signed)}\n".encode()


def entry_of(kind, salt, statement):
    return bytes([kind]) + p.sha256(b"groundwork/commit/v1\n", salt, len(statement).to_bytes(8, "big"), statement)


def claim_digest(secret, name, value):
    """(digest, JSON text) of one claim."""
    text = canonical([name, value])
    salt = p.expand(secret, "groundwork/claim-salt/v1", name.encode())[:16]
    return p.sha256(b"groundwork/claim/v1\n", salt, text.encode()), text


def padded(n):
    step = 64
    if n > 512:
        step = max(1 << (n.bit_length() - 1 - 3), 128)
    return (n + step - 1) // step * step


PADDED = (1, 64, 65, 512, 513, 1000, 1024, 1025, 2048, 2049, 5000, 100000, 1 << 20, (1 << 20) + 1)
SECRET, SEED, PIN = bytes(range(32)), bytes(range(32, 64)), bytes(range(64, 96))
KEY, SALT = bytes(range(96, 128)), bytes(range(128, 160))
ORIGIN, LEAF = "centre.example/log", 7
CLAIMS = [("file", {"mode": 0o644, "mtime": [-1, 500], "type": "file"}), ("name", {"text": "papers/statement 1.txt"}),
          ("object", {"bytes": 3, "sha256": p.sha256(b"abc").hex()})]


def leaf_vectors(v):
    v["leaf.salt"] = p.expand(SECRET, "groundwork/leaf-salt/v1")
    v["leaf.statement-key"] = p.expand(SECRET, "groundwork/statement-key/v1")
    v["leaf.manifest-key"] = p.expand(SECRET, "groundwork/manifest/v1")
    v["leaf.claim-salt.name"] = p.expand(SECRET, "groundwork/claim-salt/v1", b"name")[:16]
    digests, values = [], []
    for name, value in CLAIMS:
        digest, text = claim_digest(SECRET, name, value)
        v[f"claim.{name}"] = digest
        digests.append(digest)
        values.append(text)
    body = {"claims": [b64(d) for d in sorted(digests)], "deposit": 3, "kind": "received", "seq": 0}
    statement = f"groundwork/statement/v1\n{canonical(body)}\n\n".encode()
    stored_values = ("[" + ",".join(values) + "]").encode()
    v["statement.received"] = statement
    v["entry.hidden"] = entry_of(1, v["leaf.salt"], statement)
    head = bytes([1, 0, 0, 0]) + (12).to_bytes(8, "big") + len(statement).to_bytes(4, "big")
    plain = head + len(stored_values).to_bytes(4, "big") + statement + stored_values
    plain = plain.ljust(padded(len(plain)), b"\0")
    v["envelope.bytes"] = len(plain) + p.TAG
    v["envelope.sha256"] = p.sha256(p.seal(v["leaf.statement-key"], 0, PIN + LEAF.to_bytes(8, "big"), plain))
    fields = struct.pack(">QQBHqIQ", 3, 0, 0, 0o644, -1, 500, 3) + p.sha256(b"abc") + b"papers/statement 1.txt"
    plain = bytes([1, 1, 0, 0]) + (12).to_bytes(8, "big") + fields
    plain = plain.ljust(padded(len(plain)), b"\0")
    v["envelope.fields.bytes"] = len(plain) + p.TAG
    v["envelope.fields.sha256"] = p.sha256(p.seal(v["leaf.statement-key"], 0, PIN + LEAF.to_bytes(8, "big"), plain))


def expand_fields(secret, fields):
    """(statement, values) that a received statement was made of: FORMAT 5.4, codec 1; fields without the padding."""
    def number(at, n, signed=False):
        return json_number(int.from_bytes(fields[at:at + n], "big", signed=signed))

    kind = fields[16]
    body = {"deposit": number(0, 8), "kind": "received", "seq": number(8, 8)}
    file = {"mode": number(17, 2), "mtime": [number(19, 8, True), number(27, 4)]}
    path, *target = fields[{0: 71, 3: 25}.get(kind, 31):].decode().split("\0")
    claims = [("name", {"text": path})]
    if kind == 3:
        body["of"] = number(17, 8)
    else:
        claims.insert(0, ("file", file | {"type": ("file", "folder", "link")[kind]}))
    if kind == 2:
        claims[0][1]["target"] = {"text": target[0]}
    if kind == 0:
        claims.append(("object", {"bytes": number(31, 8), "sha256": fields[39:71].hex()}))
    made = [claim_digest(secret, name, value) for name, value in claims]
    body["claims"] = [b64(d) for d in sorted(d for d, _ in made)]
    statement = f"groundwork/statement/v1\n{canonical(body)}\n\n".encode()
    return statement, ("[" + ",".join(text for _, text in made) + "]").encode()


def json_number(n):
    return n if abs(n) < 1 << 53 else str(n)


def log_vectors(v):
    public = p.public_of(SEED)
    v["note.public"] = public
    v["note.key-id"] = key_id(ORIGIN, public)
    v["note.vkey"] = f"{ORIGIN}+{v['note.key-id'].hex()}+{b64(bytes([1]) + public)}".encode()
    body = {"files": [], "kind": "keyring", "time": 1500000000}
    signed = note(f"groundwork/statement/v1\n{canonical(body)}\n", ORIGIN, SEED)
    v["entry.public"] = entry_of(2, b"", signed)
    entries = [v["entry.public"], v["entry.hidden"], entry_of(2, b"", b"abc")]
    hashes = [p.leaf_hash(e) for e in entries]
    v["pin"] = p.sha256(v["entry.public"])
    v["tree.leaf-hash.0"] = hashes[0]
    for n in (0, 1, 2, 3):
        v[f"tree.root.{n}"] = p.merkle_root(hashes[:n])
    for i, h in enumerate(p.merkle_path(hashes, 1)):
        v[f"tree.path.1.{i}"] = h
    v["checkpoint"] = note(f"{ORIGIN}\n3\n{b64(v['tree.root.3'])}\n", ORIGIN, SEED)
    v["signature.journal"] = p.sign(SEED, b"groundwork/journal/v1\0" + p.sha256(b"abc"))


def key_vectors(v):
    v["key.table"] = p.derive(KEY, SALT, "groundwork/table/v1")
    v["key.segment"] = p.derive(KEY, SALT, "groundwork/segment/v1")
    v["key.run"] = p.derive(KEY, SALT, "groundwork/pack/v1")
    v["key.directory"] = p.expand(v["key.run"], "groundwork/directory/v1")
    v["gear.0-3"] = p.expand(KEY, "groundwork/gear/v1", bytes([0]))
    v["gear.252-255"] = p.expand(KEY, "groundwork/gear/v1", bytes([252]))
    v["mac.state"] = p.expand(KEY, "groundwork/state/v1", b"groundwork/state/v1\n")
    for n in PADDED:
        v[f"padded.{n}"] = padded(n)


LATIN = [c + v for c in "bdghjkmnprst" for v in "aeiou"] + ["ya", "ye", "yo", "yu"]
HANGUL = [chr(0xAC00 + 588 * c + 28 * v) for c in (7, 3, 0, 18, 12, 15, 6, 2, 17, 5, 9, 16)
          for v in (0, 5, 20, 8, 13)] + list("야예요유")


def words_of(code, syllables):
    """The six lines of 2.7."""
    text = ""
    for n in range(6):
        data = code[9 * n:9 * n + 9]
        check = int.from_bytes(p.sha256(b"groundwork/line/v1\n", bytes([n + 1]), data)[:2], "big") >> 4
        whole = int.from_bytes(data, "big") << 12 | check
        values = [whole >> 6 * (13 - i) & 63 for i in range(14)]
        text += " ".join(syllables[values[i]] + syllables[values[i + 1]] for i in range(0, 14, 2)) + "\n"
    return text.encode()


def sheet_vectors(v):
    v["recovery.sign"] = p.expand(KEY, "groundwork/recovery-sign/v1")
    v["recovery.receiving"] = p.expand(KEY, "groundwork/recovery-receiving/v1")
    body = bytes([1, 2, 3, 1]) + SECRET[:16] + KEY
    v["share"] = body + p.sha256(b"groundwork/share/v1\n", body)[:2]
    v["words.latin"] = words_of(v["share"], LATIN)
    v["words.hangul"] = words_of(v["share"], HANGUL)
    v["square"] = b"GROUNDWORK/SHEET/1/" + base64.b32encode(v["share"]).rstrip(b"=")


def shown(value):
    """Bytes that are text in JSON's quotes, other bytes in hex, numbers in decimal."""
    if isinstance(value, int):
        return str(value)
    if len(value) > 64 or value.startswith(ORIGIN.encode()):
        return json.dumps(value.decode(), ensure_ascii=False)
    return value.hex()


def lines():
    v = {}
    leaf_vectors(v)
    log_vectors(v)
    key_vectors(v)
    sheet_vectors(v)
    return [f"{name} {shown(value)}" for name, value in v.items()]


if __name__ == "__main__":
    print("\n".join(lines()))
