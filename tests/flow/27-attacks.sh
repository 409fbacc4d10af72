#!/bin/sh
# What an insider, a coerced operator or a thief of the disk tries, each with the very line that tells it.  What takes
# keys and a program of one's own to forge is tried in tests/store/verify_test.c, tests/model/history_test.c and
# tests/cosign/decide_test.c; what is done to a package, in the flow of packages.
# timeout: 200
. "$(dirname "$0")/common.sh"
cheap
cosign=$(dirname "$groundwork")/groundwork-cosign
# told CODE LINE COMMAND...: it exits with CODE, and LINE (a pattern of grep, whole) is among what it says.
told() {
    code=$1 line=$2
    shift 2
    got=0
    "$@" >out.txt 2>&1 || got=$?
    [ "$got" -eq "$code" ] || { cat out.txt >&2; fail "exit $got instead of $code: $*"; }
    grep -qx -- "$line" out.txt || { cat out.txt >&2; fail "no line \"$line\": $*"; }
}
keep() { rm -rf kept; mkdir kept; cp -a archive state kept/; }
back() { rm -rf archive state; cp -a kept/archive kept/state .; }

mkdir papers
for i in 1 2 3 4 5 6 7 8 9; do seq 1 $((i * 40)) >papers/n$i; done
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
gw -R archive note 'the statement that will be disputed' >/dev/null
cp archive/log/checkpoint early
cp -a archive older
cp -a state state-older
gw -R archive note 'another one' >/dev/null
"$cosign" --folder a init a.example/cosigner >/dev/null
"$cosign" --folder a follow "$(gw -R archive status --json | json 'd["log_key"]')" >/dev/null
gw -R archive cosigner add alpha "$("$cosign" --folder a key)" >/dev/null
gw -R archive cosigner export alpha ask >/dev/null
"$cosign" --folder a cosign ask answer >/dev/null
gw -R archive cosigner import ask answer >/dev/null
gw -R archive recovery --sheets 1 --needed 1 --out sheets >/dev/null
cp archive/log/checkpoint late
expect 0 'VERIFIED' gw -R archive verify
keep

# ---- edit: a byte of a stored statement, in one copy of the journal and in both
middle=$(($(stat -c %s archive/a/journal) / 2))
flip() {
    python3 -c 'import sys
f = open(sys.argv[1], "r+b"); f.seek(int(sys.argv[2])); b = f.read(1)
f.seek(int(sys.argv[2])); f.write(bytes([b[0] ^ 1]))' "$1" "$2"
}
flip archive/b/journal "$middle"
told 1 'journal b, record [0-9]*: b/journal at byte [0-9]*: .*' gw -R archive verify
grep -qx 'FAILED: 1 findings: run groundwork repair' out.txt || { cat out.txt >&2; fail 'it is not counted'; }
flip archive/a/journal "$middle"
told 1 'record [0-9]* is bad in both copies: .*' gw -R archive verify
back

# ---- drop: the newest record cut off both journals, as if it had never been
for c in a b; do truncate -s "$(stat -c %s older/$c/journal)" archive/$c/journal; done
told 1 'FAILED: the journal ends with .* records, but .* were committed: this looks like an older copy .*' \
    gw -R archive verify
back

# ---- reorder, back-date: entries of the public log exchanged
python3 - <<'END'
import pathlib
p = sorted(pathlib.Path("archive/log/tile/entries").rglob("*"))[-1]
b = bytearray(p.read_bytes())
b[35:70], b[70:105] = b[70:105], b[35:70]
p.write_bytes(b)
END
told 1 'log/tile/entries/.* is damaged' gw -R archive verify
back

# ---- roll back: yesterday's copy in the place of today's; with its state, too, whoever kept a checkpoint sees it
rm -rf archive
cp -a older archive
told 1 'FAILED: the journal ends with .* records, but .* were committed: this looks like an older copy .*' \
    gw -R archive verify
rm -rf state
cp -a state-older state
expect 0 'VERIFIED' gw -R archive verify
told 1 'FAILED: the checkpoint has [0-9]* leaves and the journal only [0-9]*: this is an older copy of the repository' \
    gw -R archive verify --against late

# ---- fork: the older copy goes on by itself; two checkpoints of one log are the proof
for i in 1 2 3 4; do gw -R archive note "something else $i" >/dev/null; done
gw -R archive intake papers --from 'another giver' >/dev/null
told 1 'FAILED: HISTORY WAS REWRITTEN: the first .* leaves of this log do not have the root .* and ask for help' \
    gw -R archive verify --against late --fork proof.fork
told 1 "groundwork-cosign: PROOF OF TWO HISTORIES, if that key is the log's: no one history holds both" \
    "$cosign" --folder a check proof.fork
gw -R archive cosigner add alpha "$("$cosign" --folder a key)" >/dev/null
gw -R archive cosigner export alpha forked --old "$("$cosign" --folder a list |
    sed -n 's/.*signed up to \([0-9]*\) leaves.*/\1/p')" >/dev/null
told 1 'groundwork-cosign: PROOF OF TWO HISTORIES: the log flow.example/log has signed two checkpoints .*' \
    "$cosign" --folder a cosign forked nothing
back

# ---- a cosignature replayed: under another origin, and over another checkpoint of the same log
gw init other --origin flow.example/other --key other.key --pack-size 1 >/dev/null
other() { GROUNDWORK_KEY=other.key "$groundwork" -R other "$@"; }
other cosigner add alpha "$("$cosign" --folder a key)" >/dev/null
other cosigner export alpha ask-other >/dev/null
told 1 'groundwork: the signature by "a.example/cosigner" does not fit the note' other cosigner import ask-other answer
told 1 'groundwork: no key that is known here has signed the note' other cosigner import ask answer
gw -R archive note 'later' >/dev/null
gw -R archive cosigner export alpha ask-later >/dev/null
told 1 'groundwork: the signature by "a.example/cosigner" does not fit the note' \
    gw -R archive cosigner import ask-later answer
back

# ---- key events: one forged beside the journal, one left out, one in another's place
flip archive/a/keys/history/1 200
flip archive/b/keys/history/1 200
told 1 'archive/a/keys/history/1 is damaged' gw -R archive verify
back
rm archive/a/keys/history/2 archive/b/keys/history/2
told 1 'archive/b/keys/history/2 is missing' gw -R archive verify
back
for c in a b; do cp archive/$c/keys/history/1 archive/$c/keys/history/2; done
told 1 'archive/a/keys/history/2 is damaged' gw -R archive verify
back

# ---- the keyring of another repository: its table, its wraps, its boxes of the log key, in the places of ours
swap() { # swap FROM TO...: FROM in the place of each TO, in both copies
    from=$1
    shift
    for to in "$@"; do cp "other/a/keys/$from" "archive/a/keys/$to"; cp "other/b/keys/$from" "archive/b/keys/$to"; done
}
under() { (cd "$1/a/keys" && ls -d $2); }
table=$(under other '*/table-*' | tail -1)
swap "$table" $(under archive '*/table-*')
told 4 'groundwork: .*/table-[0-9]*: it is signed by another.*' gw -R archive verify
back
swap "$(under other '*/wrap-1-*' | head -1)" $(under archive '*/wrap-*')
told 4 'groundwork: .*/wrap-.*: it is signed by another.*' gw -R archive verify
back
swap "$(under other 'log/*' | head -1)" $(under archive 'log/*')
told 4 'groundwork: .*/log/1-.*: it is signed by another.*' gw -R archive verify
back

# ---- and what was never touched is still whole
expect 0 'VERIFIED' gw -R archive verify
expect 0 'WHOLE' gw -R archive audit
expect 0 'VERIFIED' gw -R archive verify --against early
