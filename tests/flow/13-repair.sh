#!/bin/sh
# Damage to one copy of everything that has two, healed by the built program, with a passphrase file of one line.
# timeout: 300
. "$(dirname "$0")/common.sh"
cheap
[ "$(wc -l <passphrase)" -eq 1 ] || fail 'the passphrase file has more than one line'
mkdir papers
for i in 1 2 3 4 5; do seq 1 $((i * 2000)) >papers/n$i; done
head -c 1500000 /dev/urandom >papers/noise
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
gw -R archive note 'one remark' >/dev/null

flip() {
    python3 - "$1" <<'PY'
import os, sys
with open(sys.argv[1], "r+b") as f:
    f.seek(os.path.getsize(sys.argv[1]) // 2)
    byte = f.read(1)
    f.seek(-1, os.SEEK_CUR)
    f.write(bytes([byte[0] ^ 8]))
PY
}
whole() {
    gw -R archive verify | grep -q '^VERIFIED$' || fail "$1: it does not verify"
    gw -R archive audit --full | grep -q '^WHOLE$' || fail "$1: it is not whole"
}
heal() {
    name=$1
    shift
    expect 0 '' gw -R archive repair
    for words in "$@"; do
        grep -qF -- "$words" out.txt || { cat out.txt >&2; fail "$name: repair does not say \"$words\""; }
    done
    whole "$name"
    expect 0 'Nothing needed healing' gw -R archive repair </dev/null
}

heal 'nothing' 'Nothing needed healing'
table=$(ls archive/a/keys/*/table-* | tail -n 1)
segment=$(ls archive/b/keys/*/segment-* | tail -n 1)
open=$(ls archive/b/open/*.pack)
for file in archive/a/journal archive/b/journal "$table" "$segment" "$open" "archive/vault/000/$(basename "$open")" \
    archive/log/checkpoint; do
    flip "$file"
    if [ "$file" = "$open" ] || [ "$(dirname "$file")" = archive/vault/000 ]; then
        expect 1 'FAILED' gw -R archive audit --keyless
    else
        expect 1 'FAILED' gw -R archive verify
    fi
    heal "$file" 'healed: '
done

# The index is derived: checks tell of it, write nothing, and do without it; other verbs would rebuild it.
rm -f archive/index/main.db-wal archive/index/main.db-shm
printf x | dd of=archive/index/main.db bs=1 seek=50 conv=notrunc 2>/dev/null
cp archive/index/main.db damaged
expect 1 'the index is damaged (' gw -R archive verify
expect 1 'the index is damaged (' gw -R archive audit --full
grep -q '^6 items' out.txt || { cat out.txt >&2; fail 'not every item was looked at'; }
cmp damaged archive/index/main.db || fail 'a check wrote the index'
heal 'index' 'healed: the index was rebuilt'

# All of it at once.
for file in archive/b/journal "$table" "$segment" "$open" archive/log/checkpoint; do flip "$file"; done
heal 'all at once' 'journal' 'table-' 'segment-' 'pack '
gw -R archive restore restored --all >/dev/null
diff -r papers restored/1/papers || fail 'restored otherwise'
