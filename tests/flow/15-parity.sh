#!/bin/sh
# Packs and parity files are lost, cut, overwritten and spoiled sector by sector: what the code covers comes back, is
# verified and restored; what it does not cover is named, and everything else is restored.
# timeout: 600
. "$(dirname "$0")/common.sh"
cheap
mkdir papers
for i in 1 2 3 4 5 6 7 8 9 10; do head -c 2300000 /dev/urandom >papers/noise$i; done
seq 1 60000 >papers/lines
mkdir later
head -c 2500000 /dev/urandom >later/noise

expect 2 'give 16+2, 32+2, 16+4 or none' gw init archive --origin flow.example/log --parity 3+1
[ ! -e archive ] || fail 'a refused shape left something'

# damage PROGRAM: a few lines of Python over the stripes' files: packs(s), parity(s), lose(f), sectors(f), spoil(f, i).
damage() {
    python3 - "$repository" "$1" <<'PY'
import glob, os, random, sys
root, program = sys.argv[1:]
random.seed(program)
SECTOR = 16384
def packs(stripe):
    names = [f"{root}/vault/000/{n:06}.pack" for n in range(stripe * 16, stripe * 16 + 16)]
    return [n for n in names if os.path.exists(n) and os.path.getsize(n) == 64 * SECTOR]
def parity(stripe):
    return sorted(glob.glob(f"{root}/parity/000/{stripe:06}-*.p?"))
def files(stripe):
    return packs(stripe) + parity(stripe)
def lose(name):
    os.remove(name)
def sectors(name):
    return os.path.getsize(name) // SECTOR
def spoil(name, sector, count=1):
    with open(name, "r+b") as f:
        f.seek(sector * SECTOR)
        f.write(random.randbytes(SECTOR * count))
def cut(name, n):
    os.truncate(name, n)
exec(program)
PY
}
whole() {
    gw -R "$repository" verify | grep -q '^VERIFIED$' || fail "$1: it does not verify"
    gw -R "$repository" audit --full | grep -q '^WHOLE$' || fail "$1: it is not whole"
    rm -rf restored
    gw -R "$repository" restore restored --all >/dev/null
    diff -r papers restored/1/papers || fail "$1: restored otherwise"
    diff -r later restored/2/later || fail "$1: restored otherwise"
}
heal() {
    damage "$2"
    expect 1 'run groundwork repair' gw -R "$repository" audit --keyless
    expect 0 "$3" gw -R "$repository" repair
    whole "$1"
    expect 0 'Nothing needed healing' gw -R "$repository" repair </dev/null
}

for shape in 16+2 16+4; do
    repository=archive-$shape
    gw init "$repository" --origin flow.example/log --pack-size 1 --parity "$shape" >/dev/null
    gw -R "$repository" intake papers >/dev/null
    expect 0 "Parity: $shape; 2 of 2 stripes have all their files" gw -R "$repository" status
    gw -R "$repository" intake later >/dev/null
    expect 0 "Parity: $shape; 2 of 2 stripes have all their files" gw -R "$repository" status
    [ "$(ls "$repository"/parity/000/000001-*.p0 | wc -l)" -eq 1 ] || fail 'replaced parity is still there'
    whole 'untouched'
    heal 'two packs' 'lose(packs(0)[3]); cut(packs(0)[11], 70000)' 'pack 3 healed by parity'
    heal 'a pack and its parity' 'lose(packs(1)[0]); lose(parity(1)[0])' 'made anew from the packs under it'
    heal 'the parity' 'lose(parity(0)[0]); spoil(parity(0)[0], 0, sectors(parity(0)[0]))' 'p1 made anew'
    heal 'overwritten' 'spoil(packs(0)[15], 0, 64); spoil(packs(1)[2], 0, 64)' 'pack 15 healed by parity'
    heal 'bursts' 'spoil(packs(0)[6], 10, 4); spoil(packs(0)[7], 11, 4); spoil(parity(1)[1], 62, 4)' 'healed'
done
# Every row of every stripe loses as many sectors as there are parity files, in files of its own.
heal 'sectors' 'for s in 0, 1:
    for row in range(64):
        for name in random.sample(files(s), 4):
            spoil(name, row)' 'healed by parity'
expect 0 'stripes_whole":2' gw -R "$repository" status --json

# The log says what was healed, and quarantine/ has what was damaged.
[ -e "$repository/quarantine/000003.pack" ] || fail 'the damaged file was not kept'
gw -R "$repository" audit --keyless | grep -q 'parity files' || fail 'parity is not audited without keys'

# More than the code covers: what is lost is named by item and bytes, everything else is restored, nothing is made up.
gw -R "$repository" mirror mirror >/dev/null
damage 'lose(packs(0)[1]); lose(packs(0)[2]); lose(packs(0)[3]); lose(packs(0)[4]); lose(packs(0)[5])
for name in packs(0) + parity(0): spoil(name, 40)'
expect 1 'more than parity brings back' gw -R "$repository" repair
cp out.txt repaired.txt
grep -q '^  healed: ' repaired.txt && fail 'it says to have healed where nothing can be'
expect 1 '' gw -R "$repository" audit --full
python3 - <<'PY' || fail 'the items that are named are not those that are lost'
import re
named = re.findall(r"item (\d+): bytes (\d+) to (\d+) of (\d+) are lost: (\S+)", open("repaired.txt").read())
audited = set(re.findall(r"item (\d+):", open("out.txt").read()))
assert named and {n[0] for n in named} == audited, (named, audited)
assert all(int(a) <= int(b) < int(n) for _, a, b, n, _ in named), named
open("lost", "w").writelines(n[4] + "\n" for n in named)
PY
rm -rf restored
gw -R "$repository" restore restored --all >/dev/null 2>&1 && fail 'a restore without everything succeeded'
for name in papers/*; do
    if grep -qx "$name" lost; then
        [ ! -e "restored/1/$name" ] || fail "$name was restored, and is lost"
    else
        cmp "$name" "restored/1/$name" || fail "$name was not restored"
    fi
done
diff -r later restored/2/later || fail 'what is not damaged was restored otherwise'

# A mirror heals the rest, and an index that was made meanwhile, of what could be read, is made again.
rm -r "$repository/index"
expect 1 'more than parity brings back' gw -R "$repository" repair
expect 0 'pack 3 healed from the mirror' gw -R "$repository" repair --from mirror
whole 'healed from the mirror'

# Without parity a damaged pack stays damaged, and is named.
gw init bare --origin flow.example/log --pack-size 1 --parity none >/dev/null
gw -R bare intake papers >/dev/null
[ ! -e bare/parity ] || fail 'parity nobody asked for'
expect 0 'Parity: none' gw -R bare status
repository=bare
damage 'spoil(packs(0)[2], 5)'
expect 1 'pack 2 is damaged and no good copy is here' gw -R bare repair
