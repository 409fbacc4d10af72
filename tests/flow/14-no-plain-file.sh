#!/bin/sh
# A pipe, or a link, in the place of any file of the repository: told by a check, healed where there is a second copy,
# and nobody waits at it.
# timeout: 900
. "$(dirname "$0")/common.sh"
cheap
mkdir papers
for i in 1 2 3; do seq 1 $((i * 2000)) >papers/n$i; done
head -c 1200000 /dev/urandom >papers/noise
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
cp -a archive whole
cp -a state seen
gw() { timeout -k 1 60 "$groundwork" "$@"; }

open=$(ls whole/b/open)
tile=$(cd whole && find log/tile -type f | head -n 1)
try() {
    kind=$1 name=$2
    rm -rf archive state
    cp -a whole archive
    cp -a seen state
    if [ "$kind" = pipe ]; then
        rm -f "archive/$name"
        mkfifo "archive/$name"
    else
        rm -f elsewhere
        mv "archive/$name" elsewhere
        ln -s "$work/elsewhere" "archive/$name"
    fi
    checked=0
    gw -R archive verify >out.txt 2>&1 || checked=$?
    if [ "$checked" -eq 0 ]; then expect 1 'FAILED' gw -R archive audit --keyless; fi
    [ "$checked" -le 1 ] || { cat out.txt >&2; fail "$kind for $name: verify exits $checked"; }
    expect 0 'papers/n2' gw -R archive items
    expect 0 '' gw -R archive repair
    expect 0 'VERIFIED' gw -R archive verify
    expect 0 'WHOLE' gw -R archive audit
    expect 0 '' gw -R archive note "after $name"
}
for name in a/journal b/journal "vault/000/$open" "b/open/$open" $(cd whole/a && ls -d keys/*/* | sed 's,^,a/,') \
    $(cd whole && find vault/000/000000.pack parity -type f) log/checkpoint "$tile" \
    index/main.db index/main.db-wal index/main.db-shm; do
    try pipe "$name"
done
for name in a/journal "b/open/$open" log/checkpoint index/main.db; do try link "$name"; done

# A sealed pack, and nothing to heal it by: everything else goes on, and it is named.
rm -rf archive state
cp -a whole archive
cp -a seen state
rm -r archive/vault/000/000000.pack archive/parity
mkfifo archive/vault/000/000000.pack
expect 1 'pack 0, copy a: ' gw -R archive audit --keyless
expect 1 'needs a mirror' gw -R archive repair
expect 0 '' gw -R archive note 'goes on'
