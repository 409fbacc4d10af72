#!/bin/sh
# Repositories that earlier programs made (tests/golden/) open unchanged: whole, each item as it was, read without our
# code too; nothing is written by looking; and they can be written on.
# timeout: 200
. "$(dirname "$0")/common.sh"
sums() {
    find "$1" -type f -not -name lock -not -path '*/index/*' -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
}
for packed in "$tests"/golden/*.tar.gz; do
    name=$(basename "$packed" .tar.gz)
    tar -xf "$packed"
    export XDG_CONFIG_HOME="$work/$name/config" XDG_STATE_HOME="$work/$name/state"
    export GROUNDWORK_PASSPHRASE_FILE="$work/$name/passphrase"
    chmod 600 "$name/passphrase"
    here="$name/archive"
    before=$(sums "$here")
    code=0
    gw -R "$here" verify >said || code=$?
    [ "$code" -eq 0 ] || [ "$code" -eq 6 ] || { cat said >&2; fail "$name: verify ends with $code"; }
    grep -q '^VERIFIED$\|^UNCOSIGNED' said || fail "$name does not verify"
    expect 0 'WHOLE' gw -R "$here" audit
    after=$(sums "$here")
    [ "$before" = "$after" ] || fail "$name was written to by looking"
    gw -R "$here" restore "$name/restored" --all >/dev/null
    (cd "$name/restored" && sha256sum --quiet -c ../sums) || fail "$name: an item is not what it was"
    gw -R "$here" reindex --dump "$name/rebuilt" >/dev/null
    key=$(ls "$name"/config/groundwork/*.key)
    python3 -B "$tests/vectors/reader.py" "$here" "$key" "$name/passphrase" "$name/by-format" >/dev/null ||
        fail "$name: the second reader does not read it"
    printf 'what came later\n' >"$name/later"
    gw -R "$here" intake "$name/later" >/dev/null
    gw -R "$here" note 'written by a later program' >/dev/null
    gw -R "$here" verify >said || [ $? -eq 6 ] || { cat said >&2; fail "$name: written on, it does not verify"; }
    expect 0 'WHOLE' gw -R "$here" audit
    gw -R "$here" recovery --sheets 1 --needed 1 --out "$name/new-sheets" >/dev/null
    expect 0 '' gw -R "$here" mirror "$name/stick"
    expect 0 'VERIFIED' gw verify --mirror "$name/stick"
done
