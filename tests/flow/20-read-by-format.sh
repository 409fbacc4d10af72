#!/bin/sh
# A repository is read, checked and given back by FORMAT.md alone: tests/vectors/reader.py shares no line with src/.
# timeout: 600
. "$(dirname "$0")/common.sh"
reader() { python3 -B "$tests/vectors/reader.py" "$@"; }
python3 "$root/examples/make_centre.py" centre --refused refused >/dev/null
mkdir -p more/empty
seq 1 300000 >more/long
cp more/long more/same
ln more/long more/further
ln -s long more/link
: >more/nothing
head -c 3500000 /dev/urandom >more/noise
printf x >"$(printf 'more/not utf-8 \377, a line\nand \302\240a backslash \\')"
printf y >"$(printf 'more/\341\204\222\341\205\241\341\206\253')"

gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake centre --from 'A giver' --note '첫 번째 기탁' >/dev/null
gw -R archive intake more >/dev/null
gw -R archive note 'between two deposits' >/dev/null
reader archive config/groundwork/*.key passphrase read >said || fail 'FORMAT.md does not describe this repository'
grep -q '^VERIFIED ' said || fail "the reader says: $(cat said)"
python3 "$root/examples/compare_trees.py" centre read/1/centre --refused refused || fail 'the centre was read otherwise'
python3 "$root/examples/compare_trees.py" more read/2/more || fail 'the second deposit was read otherwise'

# It is no lenient reader: a changed bit anywhere ends it.
gw init small --origin flow.example/small --pack-size 1 --key "$work/small.key" >/dev/null
gw -R small --key "$work/small.key" intake more >/dev/null
# Two cosigners have signed it, one of them twice.
cosign=$(dirname "$groundwork")/groundwork-cosign
for who in a b; do
    "$cosign" --folder $who init $who.example/cosigner >/dev/null
    "$cosign" --folder $who follow "$(gw -R small status --json | json 'd["log_key"]')" >/dev/null
    gw -R small --key "$work/small.key" cosigner add $who "$("$cosign" --folder $who key)" >/dev/null
done
round() {
    rm -f answer
    "$cosign" --folder $1 cosign ask answer >/dev/null
    gw -R small --key "$work/small.key" cosigner import ask answer >/dev/null
}
gw -R small cosigner export a ask >/dev/null
round a
round b
rm ask
gw -R small cosigner export a ask >/dev/null
round a
round b
flip() {
    python3 - "$1" <<'PY'
import sys
with open(sys.argv[1], "r+b") as f:
    middle = f.seek(0, 2) // 2
    f.seek(middle)
    byte = f.read(1)
    f.seek(middle)
    f.write(bytes([byte[0] ^ 16]))
PY
}
reader small small.key passphrase read-small >/dev/null || fail 'the small one is not read'
for file in small/a/journal small/b/journal small/vault/000/000000.pack small/b/open/*.pack small/a/keys/*/segment-1 \
    small/b/keys/*/table-* small/a/keys/log/* small/log/checkpoint small/log/cosigned small/log/tile/0/000.p/*; do
    [ "$file" != 'small/b/open/*.pack' ] || continue # the last pack came out full: none is open
    cp -p "$file" kept
    flip "$file"
    rm -rf read-small
    ! reader small small.key passphrase read-small >/dev/null 2>&1 || fail "$file: a flip is not seen"
    cp -p kept "$file"
done
