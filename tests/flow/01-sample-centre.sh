#!/bin/sh
# The sample centre is taken in, accounted for, proved, given back; nothing of it can be read from the disk.
# timeout: 600
. "$(dirname "$0")/common.sh"
python3 "$root/examples/make_centre.py" centre --refused refused >/dev/null
python3 "$root/examples/make_centre.py" --planted >planted

gw init archive --origin flow.example/log >init.txt
gw -R archive intake centre --from 'A giver' --note '첫 번째 기탁' --json >receipt.json
json 'd["seen"]["files"], d["seen"]["bytes"]' <receipt.json >seen
python3 - centre >counted <<'PY'
import os, stat, sys
files = size = 0
for folder, folders, names in os.walk(os.fsencode(sys.argv[1])):
    for name in names + [f for f in folders if os.path.islink(os.path.join(folder, f))]:
        st = os.lstat(os.path.join(folder, name))
        files += 1
        size += st.st_size if stat.S_ISREG(st.st_mode) else 0
print((files, size))
PY
cmp seen counted || fail "the receipt does not reconcile: $(cat seen) on it, $(cat counted) in the folder"
json '[sum(d[k][x] for k in ("taken","duplicate","already","refused")) == d["seen"][x] for x in ("files","bytes")]' \
    <receipt.json | grep -qF '[True, True]' || fail 'the sums of the receipt do not agree'
entries=$(gw -R archive receipt 1 --json | json 'sum(e.get("type") != "folder" for e in d["entries"])')
[ "$entries" = "$(json 'd["seen"]["files"]' <receipt.json)" ] || fail 'not every file stands on the receipt'

expect 0 'zero items taken in' gw -R archive intake centre --from 'A giver'
gw -R archive receipt 2 >/dev/null 2>&1 && fail 'the second intake made a receipt'

gw -R archive verify | grep -q '^VERIFIED$' || fail verify
gw -R archive audit --full | grep -q '^WHOLE$' || fail audit
gw -R archive audit --keyless | grep -q '^WHOLE$' || fail 'keyless audit'
gw -R archive items --json >items-before.json
gw -R archive receipt 1 >receipt-before.txt
gw -R archive reindex --dump dump-1
gw -R archive reindex --dump dump-2
cmp dump-1 dump-2 || fail 'two rebuilds of the index differ'
gw -R archive items --json >items-after.json
gw -R archive receipt 1 >receipt-after.txt
cmp items-before.json items-after.json || fail 'the rebuilt index lists other items'
cmp receipt-before.txt receipt-after.txt || fail 'the rebuilt index gives another receipt'

gw -R archive restore restored --all
python3 "$root/examples/compare_trees.py" centre restored/1/centre --refused refused || fail 'restored otherwise'

rm -f dump-1 dump-2
scan="$(dirname "$groundwork")/tests/crash/leakscan"
"$scan" archive centre planted || fail 'something readable lies in the repository'

# An ordinary reader with another program agrees: the checkpoint, every entry, tile and proof.
export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS=
go build -o checklog "$tests/go/checklog.go" || fail 'the Go checker does not build'
key=$(gw -R archive status --json | json 'd["log_key"]')
for leaf in 5 50 400; do gw -R archive show "#$leaf" --proof "proof-$leaf" >/dev/null; done
./checklog archive/log "$key" proof-5 proof-50 proof-400 || fail 'Go does not agree'
cp -r archive/log other
printf 'x' | dd of=other/tile/0/000 bs=1 seek=77 conv=notrunc 2>/dev/null
./checklog other "$key" >/dev/null && fail 'the Go checker passes a changed tile'

# A wrong passphrase opens nothing.
(umask 077; echo 'not the passphrase' >wrong)
GROUNDWORK_PASSPHRASE_FILE=$work/wrong expect 4 'passphrase does not open' gw -R archive items
exit 0
