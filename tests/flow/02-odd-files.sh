#!/bin/sh
# A tree of everything odd, as root and as an ordinary user: reconciled, given back, taken in once.
# timeout: 600
. "$(dirname "$0")/common.sh"
chmod 755 . # the ordinary user works below, and perhaps may not enter the folder that the tree lies in
cp -R "$root/examples" examples
cp "$groundwork" program
tree() {
    mkdir -p "$1"
    [ "$1" = user ] && chown 65534:65534 user
    as="$2" who=$1
    run() {
        $as env HOME="$work/$who" XDG_CONFIG_HOME="$work/$who/config" XDG_STATE_HOME="$work/$who/state" "$@"
    }
    cd "$who"
    cp ../passphrase .
    [ "$1" = user ] && chown 65534:65534 passphrase
    export GROUNDWORK_PASSPHRASE_FILE="$work/$who/passphrase"
    run python3 "$work/examples/odd_tree.py" odd --refused refused
    run "$work/program" init archive --origin flow.example/log >/dev/null
    run "$work/program" -R archive intake odd --json >receipt.json
    json 'd["refused"]["files"] > 0 and
        all(sum(d[k][x] for k in ("taken","duplicate","already","refused")) == d["seen"][x]
            for x in ("files","bytes"))' <receipt.json | grep -q True || fail "$who: the sums do not agree"
    run "$work/program" -R archive receipt 1 --json >entries.json
    json 'sum(e.get("type") != "folder" for e in d["entries"]) == d["seen"]["files"]' <entries.json | grep -q True ||
        fail "$who: not every name stands on the receipt"
    expect 0 'zero items taken in' run "$work/program" -R archive intake odd
    expect 3 '' run "$work/program" -R archive intake odd --strict
    run "$work/program" -R archive verify | grep -q '^VERIFIED$' || fail "$who: verify"
    run "$work/program" -R archive audit --full | grep -q '^WHOLE$' || fail "$who: audit"
    run "$work/program" -R archive restore restored --all
    run python3 "$work/examples/compare_trees.py" odd restored/1/odd --refused refused ||
        fail "$who: restored otherwise"
    chmod -R u+rwX odd restored 2>/dev/null || true
    cd ..
}
tree root ''
[ "$(id -u)" -eq 0 ] || exit 0
tree user 'setpriv --reuid=65534 --regid=65534 --clear-groups'
