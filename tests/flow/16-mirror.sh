#!/bin/sh
# A mirror on another disk: made, killed while it is made, grown, damaged; the repository healed from it, lost and made
# again from it, and everything restored as it was given; what is left of a pack that is whole nowhere.
# timeout: 400
. "$(dirname "$0")/common.sh"
cheap
mkdir papers stick
for i in 1 2 3 4 5; do seq 1 $((i * 2000)) >papers/n$i; done
head -c 5000000 /dev/urandom >papers/noise
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive status | grep -q 'WARNING: this computer has made no mirror' || fail 'status does not warn'
gw -R archive intake papers >/dev/null
verified() { gw -R archive verify --mirror stick/m | grep -q '^VERIFIED$' || fail "$1: the mirror does not verify"; }

# Without a passphrase; killed at some moments, and gone on.
for wait in 0.002 0.004 0.008 0.012 0.02; do
    env -u GROUNDWORK_PASSPHRASE_FILE timeout --foreground -s KILL "$wait" "$groundwork" -R archive mirror stick/m \
        </dev/null >/dev/null 2>&1 || true
done
env -u GROUNDWORK_PASSPHRASE_FILE "$groundwork" -R archive mirror stick/m </dev/null >out.txt || fail 'mirror'
verified 'first'
expect 0 'Nothing new to copy.' gw -R archive mirror stick/m
gw -R archive status | grep -q 'WARNING' && fail 'status warns of a fresh mirror'

# No private key, and nothing that is in the clear elsewhere.
for key in config/groundwork/*.key; do
    grep '^sealed' "$key" >sealed
    grep -r -q -F -f sealed stick && fail 'the key file is in the mirror'
done
leakscan="$(dirname "$groundwork")/tests/crash/leakscan"
printf 'flow.example/private\n' >planted
"$leakscan" stick papers planted || fail 'a leak'

# Names that every file system takes.
find stick | LC_ALL=C grep -q '[^a-z0-9./-]' && fail 'a name that some file system refuses'

# It grows by what is new, and only by that.
find stick/m/vault stick/m/journal -type f | sort | xargs sha256sum >before
head -c 3000000 /dev/urandom >papers/later
gw -R archive audit >/dev/null || fail 'audit'
gw -R archive intake papers >/dev/null
gw -R archive status | grep -q 'go on the log with' && fail 'the report of the audit is not on the log'
expect 0 'commits behind the repository' gw -R archive verify --mirror stick/m
gw -R archive mirror stick/m >/dev/null
sha256sum --quiet -c before || fail 'a file of the mirror was written again'
verified 'grown'

# By the paper (FORMAT 11), without the program.
python3 - archive stick/m <<'PY' || fail 'it is not what FORMAT.md says'
import hashlib, pathlib, re, sys
archive, mirror = map(pathlib.Path, sys.argv[1:])
files = {str(p.relative_to(mirror)): p.read_bytes() for p in mirror.rglob("*") if p.is_file()}
read = lambda name: (archive / name).read_bytes()
head = files.pop("mirror").decode()
assert re.fullmatch(r"groundwork/mirror/v1\npin [0-9a-f]{64}\nid [0-9a-f]{32}\n", head)
pieces = sorted(n for n in files if n.startswith("journal/"))
journal = b"".join(files.pop(n) for n in pieces)
assert journal == read("a/journal")[64:]
next_record = 0
for name in pieces:
    folder, first, last = re.fullmatch(r"journal/(\d{3})/(\d{9})-(\d{9})", name).groups()
    assert int(first) == next_record and int(folder) == int(first) // 1000
    next_record = int(last) + 1
assert files.pop(f"commits/{next_record:09}.checkpoint") == read("log/checkpoint")
for name, content in files.items():
    kind = name.split("/")[0]
    if kind == "vault":
        assert content == read(name)
    elif kind == "open":
        pack, sectors = re.fullmatch(r"open/(\d{6})-(\d{5}).pack", name).groups()
        assert content == read(f"b/open/{pack}.pack") and len(content) == 16384 * int(sectors)
    else:
        of, digest = re.fullmatch(r"(keys/.*)\.([0-9a-f]{16})", name).groups()
        assert content == read("a/" + of) and hashlib.sha256(content).hexdigest()[:16] == digest
assert len(files) == len(list((archive / "vault").rglob("*.pack"))) + 3
PY

# Beside no repository at all, with nothing but the program.
(cd stick && env -u XDG_STATE_HOME -u XDG_CONFIG_HOME HOME=/nonexistent "$groundwork" verify --mirror m) |
    grep -q '^VERIFIED$' || fail 'it does not verify elsewhere'

# Damage that the repository cannot heal alone: more packs than parity brings back, and both copies of what has two.
cp -a archive kept
rm archive/vault/000/000001.pack archive/vault/000/000003.pack
for file in archive/vault/000/000000.pack archive/vault/000/000002.pack archive/*/journal archive/*/keys/*/table-*; do
    printf 'xxxx' | dd of="$file" bs=1 seek=500 conv=notrunc 2>/dev/null
done
expect 1 '' gw -R archive repair
expect 0 'healed: ' gw -R archive repair --from stick/m
gw -R archive verify | grep -q '^VERIFIED$' || fail 'healed, and does not verify'
gw -R archive audit --full | grep -q '^WHOLE$' || fail 'healed, and is not whole'
gw -R archive mirror stick/m >/dev/null

# Everything is lost but mirror, key file and passphrase; on a computer that never saw it.
rm -rf archive kept state
expect 0 'was made again from the mirror' gw -R archive repair --from stick/m
gw -R archive adopt >/dev/null
gw -R archive verify | grep -q '^VERIFIED$' || fail 'made again, and does not verify'
gw -R archive audit --full | grep -q '^WHOLE$' || fail 'made again, and is not whole'
gw -R archive restore restored --all >/dev/null
mkdir together
cp -a restored/1/papers restored/2/papers together/ 2>/dev/null || true
diff -r papers together/papers || fail 'restored otherwise'
gw -R archive note 'it goes on' >/dev/null
gw -R archive mirror stick/m >/dev/null
verified 'gone on'

# A pack that was open when it was mirrored, sealed since, and lost: with too little parity and with none.
for parity in 16+2 none; do
    rm -rf grown stick/g given back
    mkdir given
    gw init grown --origin flow.example/grown --pack-size 1 --parity "$parity" >/dev/null
    head -c 700000 /dev/urandom >given/first
    gw -R grown intake given/first >/dev/null
    gw -R grown mirror stick/g >/dev/null
    head -c 2000000 /dev/urandom >given/second
    gw -R grown intake given/second >/dev/null
    rm -f grown/vault/000/00000[01].pack grown/parity/000/*.p0
    # Nothing heals it: what comes later is mirrored all the same, and what the mirror has of it stays there.
    head -c 300000 /dev/urandom >given/third
    gw -R grown intake given/third >/dev/null
    expect 1 'the mirror goes on without it' gw -R grown mirror stick/g
    expect 1 'vault/000/000000.pack is missing' gw -R grown verify --mirror stick/g
    expect 1 'pack 0 healed in part: ' gw -R grown repair --from stick/g
    expect 1 '' gw -R grown restore back --all
    find back -name first | xargs cmp given/first || fail "$parity: what the mirror has did not come back"
    # A repository out of it has as much.
    rm -rf grown back
    expect 1 'is missing in the mirror' gw -R grown repair --from stick/g
    gw -R grown adopt --older >/dev/null
    expect 1 '' gw -R grown restore back --all
    for name in first third; do
        find back -name $name | xargs cmp given/$name || fail "$parity: $name is not in what was made of the mirror"
    done
done

# A disk that is full, and one that may not be written.
if [ "$(id -u)" -eq 0 ] && mkdir small && mount -t tmpfs -o size=2m none small 2>/dev/null; then
    trap 'umount "$work/small"' EXIT
    expect 4 'has room for' gw -R archive mirror small/m
    mount -o remount,size=20m small
    gw -R archive mirror small/m >/dev/null
    mount -o remount,ro small
    gw -R archive note 'one more' >/dev/null
    expect 4 'read-only' gw -R archive mirror small/m
fi
