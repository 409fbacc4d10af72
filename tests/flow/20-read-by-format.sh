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
for file in archive/a/journal archive/b/journal archive/vault/000/000000.pack archive/b/open/*.pack \
    archive/a/keys/*/segment-1 archive/b/keys/*/table-* archive/log/checkpoint archive/log/tile/0/000; do
    cp -p "$file" kept
    flip "$file"
    ! reader archive config/groundwork/*.key passphrase "read-$$" >/dev/null 2>&1 || fail "$file: a flip is not seen"
    cp -p kept "$file"
    rm -rf "read-$$"
done
