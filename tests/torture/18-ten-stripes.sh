#!/bin/sh
# Ten stripes of packs of the default size: sectors go bad at random all over them, 0.05 % under 16+2 and 0.5 % under
# 16+4, then two whole packs of each stripe, then bursts of 5 % of a stripe inside two of its packs.  All of it heals,
# and what is restored is the source.  Needs three times 11 GiB on the disk; PACK_MIB=8 makes it 1.4 GiB each.
# timeout: 3600
. "$(dirname "$0")/../flow/common.sh"
pack_mib=${PACK_MIB:-64}
mkdir source
python3 - "$pack_mib" <<'PY'
import os, sys
# Nothing compresses these, and ten stripes and a little are full of them.
left, i = 161 * int(sys.argv[1]) << 20, 0
while left > 0:
    with open(f"source/{i:03}", "wb") as f:
        for _ in range(min(left, 128 << 20) >> 20):
            f.write(os.urandom(1 << 20))
    left -= 128 << 20
    i += 1
PY
damage() {
    python3 - "$repository" "$1" <<'PY'
import glob, os, random, sys
root, program = sys.argv[1:]
random.seed(program)
SECTOR = 16384
packs = sorted(glob.glob(f"{root}/vault/*/*.pack"))
whole = max(os.path.getsize(n) for n in packs) // SECTOR
stripes = [packs[s * 16:s * 16 + 16] + sorted(glob.glob(f"{root}/parity/*/{s:06}-*.p?")) for s in range(10)]
assert all(os.path.getsize(n) == whole * SECTOR for n in packs[:160]), "ten stripes are not full"
def spoil(name, sector, count=1):
    with open(name, "r+b") as f:
        f.seek(sector * SECTOR)
        f.write(os.urandom(SECTOR * count))
def scatter(share):
    for stripe in stripes:
        for name in stripe:
            for sector in range(whole):
                if random.random() < share:
                    spoil(name, sector)
def burst(share):
    for stripe in stripes:
        first, second = random.sample(stripe, 2)
        n = int(len(stripe) * whole * share / 2)
        for name in (first, second):
            spoil(name, random.randrange(whole - n), n)
exec(program)
PY
}
heal() {
    damage "$2"
    expect 1 'run groundwork repair' gw -R "$repository" audit --keyless
    expect 0 'healed by parity' gw -R "$repository" repair
    rm -rf "$repository"/quarantine/*
    gw -R "$repository" audit --full | grep -q '^WHOLE$' || fail "$1: it is not whole"
    echo "$repository, $1: healed"
}
for shape in 16+2 16+4; do
    repository=archive-$shape
    gw init "$repository" --origin torture.example/log --pack-size "$pack_mib" --parity "$shape" >/dev/null
    gw -R "$repository" intake source >/dev/null
    if [ "$shape" = 16+2 ]; then
        heal 'sectors at random' 'scatter(0.0005)'
    else
        heal 'sectors at random' 'scatter(0.005)'
    fi
    heal 'two packs of each stripe' 'for s in stripes:
    for name in random.sample(s[:16], 2): os.remove(name)'
    heal 'bursts' 'burst(0.05)'
    gw -R "$repository" restore restored --all >/dev/null
    diff -r source restored/1/source || fail 'restored otherwise'
    rm -rf "$repository" restored
done
