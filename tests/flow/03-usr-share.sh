#!/bin/sh
# A real tree that nobody made for us: this machine's own /usr/share.
# timeout: 900
. "$(dirname "$0")/common.sh"
export GROUNDWORK_PASSPHRASE_FILE
gw init archive --origin flow.example/log >/dev/null
gw -R archive intake /usr/share --json >receipt.json
json 'all(sum(d[k][x] for k in ("taken","duplicate","already","refused")) == d["seen"][x] for x in ("files","bytes"))' \
    <receipt.json | grep -q True || fail 'the sums of the receipt do not agree'
files=$(find /usr/share ! -type d | wc -l)
[ "$(json 'd["seen"]["files"]' <receipt.json)" = "$files" ] || fail "not every one of $files files was seen"
expect 0 'zero items taken in' gw -R archive intake /usr/share
gw -R archive verify | grep -q '^VERIFIED$' || fail verify
gw -R archive audit --full | grep -q '^WHOLE$' || fail audit
gw -R archive restore restored --all
: >refused
python3 "$root/examples/compare_trees.py" /usr/share restored/1/usr/share --refused refused || fail 'restored otherwise'
rm -rf archive restored
