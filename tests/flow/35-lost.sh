#!/bin/sh
# What was lost for good and is taken in again is stored again, and never told to be here already.
# timeout: 120
. "$(dirname "$0")/common.sh"

whole() { # REPOSITORY FILE: each item of that name that can be had is the file, and one can
    rm -rf given
    gw -R "$1" restore given --all >restored 2>&1 || true
    found=$(find given -name "$(basename "$2")" -type f)
    [ -n "$found" ] || fail "$2 did not come back: $(cat restored)"
    for one in $found; do
        cmp "$one" "$2" || fail "$one differs"
    done
}

head -c 6000000 /dev/urandom >source
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake source >/dev/null

# Whole packs: three, of which parity brings back two.
rm archive/vault/000/00000[123].pack
expect 1 'of 6000000 are lost: source' gw -R archive repair
(cat source; seq 1 1000) >longer
expect 0 'taken in:                    1 files' gw -R archive intake longer
whole archive longer
expect 0 'duplicates:                  1 files' gw -R archive intake source
whole archive source
expect 0 'Nothing new' gw -R archive intake source
cp source other
expect 0 'duplicates:                  1 files' gw -R archive intake other --from 'somebody else'
whole archive other

# Sectors: one row in three packs.
gw init spoilt --origin flow.example/log --pack-size 1 >/dev/null
gw -R spoilt intake source >/dev/null
for pack in 1 2 3; do
    dd if=/dev/zero of=spoilt/vault/000/00000$pack.pack bs=16384 seek=7 count=1 conv=notrunc 2>/dev/null
done
expect 1 'pack 2: 1 sectors are lost' gw -R spoilt repair
expect 0 'duplicates:                  1 files' gw -R spoilt intake source
whole spoilt source
expect 0 'Nothing new' gw -R spoilt intake source
[ -e spoilt/quarantine/000002.lost ] || fail 'nothing says that pack 2 is lost in part'

# What comes back from a mirror is trusted again, and verified.
gw init fresh --origin flow.example/log --pack-size 1 >/dev/null
gw -R fresh intake source >/dev/null
gw -R fresh mirror stick >/dev/null
rm fresh/vault/000/00000[123].pack
expect 1 'are lost' gw -R fresh repair
expect 0 'Healed' gw -R fresh repair --from stick
[ -z "$(find fresh/quarantine -name '*.lost')" ] || fail 'a pack that is whole is marked as lost'
expect 0 'Nothing new' gw -R fresh intake source

# Damage that is known and that nobody repaired yet: what is taken in again does not lean on it.
for who in 'audit --keyless' 'audit --full' 'restore seen --all'; do
    rm -rf hurt seen
    gw init hurt --origin flow.example/log --pack-size 1 >/dev/null
    gw -R hurt intake source >/dev/null
    for pack in 1 2 3; do
        dd if=/dev/zero of=hurt/vault/000/00000$pack.pack bs=16384 seek=7 count=1 conv=notrunc 2>/dev/null
    done
    expect 0 'Nothing new' gw -R hurt intake source
    gw -R hurt $who >said 2>&1 && fail "$who finds nothing: $(cat said)"
    expect 1 'Found damaged, and not repaired since:' gw -R hurt status
    expect 0 'duplicates:                  1 files' gw -R hurt intake source
    expect 0 'taken in:                    1 files' gw -R hurt intake longer
    expect 1 'are lost' gw -R hurt repair
    whole hurt source
    whole hurt longer
    expect 0 'Nothing new' gw -R hurt intake source
    gw -R hurt status | grep -q 'Found damaged' && fail 'what was repaired is called damaged'
done

# A copy that is whole says nothing of the one that is not.
gw init copied --origin flow.example/log --pack-size 1 >/dev/null
gw -R copied intake source >/dev/null
cp -a copied elsewhere
for pack in 1 2 3; do
    dd if=/dev/zero of=copied/vault/000/00000$pack.pack bs=16384 seek=7 count=1 conv=notrunc 2>/dev/null
done
expect 1 'FAILED' gw -R copied audit --keyless
expect 0 'WHOLE' gw -R elsewhere audit --full
expect 0 'duplicates:                  1 files' gw -R copied intake source

for repository in archive spoilt fresh hurt; do
    expect 0 'VERIFIED' gw -R $repository verify
done
expect 0 'WHOLE' gw -R fresh audit --full
