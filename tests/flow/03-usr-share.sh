#!/bin/sh
# A real tree that nobody made for us: this machine's own /usr/share, of its folders those that come first by name and
# have room in GW_SHARE_MIB (60).
# timeout: 900
. "$(dirname "$0")/common.sh"
set --
left=${GW_SHARE_MIB:-60}
for folder in /usr/share/*; do
    [ -d "$folder" ] && [ ! -L "$folder" ] || continue
    size=$(du -sm "$folder" | cut -f 1)
    [ "$size" -le "$left" ] || continue
    left=$((left - size))
    set -- "$@" "$folder"
done
[ $# -gt 0 ] || fail 'nothing was chosen'
export GROUNDWORK_PASSPHRASE_FILE
gw init archive --origin flow.example/log >/dev/null
gw -R archive intake "$@" --json >receipt.json
json 'all(sum(d[k][x] for k in ("taken","duplicate","already","refused")) == d["seen"][x] for x in ("files","bytes"))' \
    <receipt.json | grep -q True || fail 'the sums of the receipt do not agree'
files=$(find "$@" ! -type d | wc -l)
[ "$(json 'd["seen"]["files"]' <receipt.json)" = "$files" ] || fail "not every one of $files files was seen"
expect 0 'zero items taken in' gw -R archive intake "$@"
gw -R archive verify | grep -q '^VERIFIED$' || fail verify
gw -R archive audit --full | grep -q '^WHOLE$' || fail audit
gw -R archive restore restored --all
: >refused
for folder; do
    python3 "$root/examples/compare_trees.py" "$folder" "restored/1$folder" --refused refused ||
        fail "$folder: restored otherwise"
done
rm -rf archive restored
