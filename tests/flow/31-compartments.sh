#!/bin/sh
# Several compartments in one repository: who holds one reads and searches it; who does not learns from the whole disk,
# her own keys and her own index no more than FORMAT lists; and whoever loses one reads nothing that comes after.
# builds: release san
# timeout: 500
. "$(dirname "$0")/common.sh"
mkdir -p papers secret later
printf 'what everybody here may read\n' >papers/open.txt
printf 'NEEDLE-CONTENT-ONE of a witness\n' >'secret/NEEDLE-NAME-ONE.txt'
seq 1 4000 >secret/numbers.txt
printf 'NEEDLE-CONTENT-TWO came later\n' >'later/NEEDLE-NAME-TWO.txt'
gw init archive --origin centre.example/log --pack-size 1 >/dev/null
gw -R archive intake papers --from 'A giver' >/dev/null

ask() { # ask NAME: her key file and the name of her key, in files
    gw -R archive member request $1.request --json >asked
    json 'd["key_file"]' <asked >$1.file
    json 'd["key"]' <asked >$1.key
    json 'd["fingerprint"]' <asked >$1.words
}
as() { who=$1; shift; gw --key "$(cat $who.file)" -R archive "$@"; }
in_it() { gw -R archive --compartment 'NEEDLE-CALLED names' "$@"; }
for who in second third; do
    ask $who
    gw -R archive member add $who.request --role investigator --confirm "$(cat $who.words)" >/dev/null
    as $who adopt >/dev/null
done

# ---- one more
expect 4 'no compartment called NEEDLE-CALLED names' in_it items
expect 3 'rule signer-role' as second compartment new 'not hers to make'
expect 0 'you alone hold it' gw -R archive compartment new 'NEEDLE-CALLED names'
expect 3 'already' gw -R archive compartment new 'NEEDLE-CALLED names'
expect 3 'already' gw -R archive compartment new main
expect 2 'one line' gw -R archive compartment new "$(printf 'two\nlines')"
expect 2 'empty' gw -R archive compartment new ''
in_it intake secret --from 'NEEDLE-GIVER' --note 'NEEDLE-NOTE' >taken
grep -q 'Receipt 1' taken || { cat taken; fail 'receipts of a compartment are numbered by themselves'; }
in_it items | grep -q NEEDLE-NAME-ONE || fail 'its holder does not see it'
gw -R archive items | grep -q NEEDLE && fail 'the other compartment shows it'
gw -R archive --compartment main items | grep -q open.txt || fail 'the first compartment is called main'
in_it investigation new 'NEEDLE-INQUIRY' >/dev/null
in_it restore back --all >/dev/null
cmp back/1/secret/numbers.txt secret/numbers.txt || fail 'what comes back is something else'
gw -R archive intake papers later --from 'A giver' >said
grep -q 'already' said || true
gw -R archive set-aside 2 --reason 'not for this compartment' >/dev/null

# ---- checks look at all that is held, and say what is not
expect 0 'VERIFIED' gw -R archive verify
grep -q 'hidden leaves are of compartments' out.txt && fail 'its holder is told of leaves that are not hers'
expect 0 'WHOLE' gw -R archive audit
expect 0 'WHOLE' gw -R archive audit --keyless
expect 0 'VERIFIED' as second verify
grep -q 'hidden leaves are of compartments' out.txt || fail 'nothing is said of what she does not hold'
expect 0 'WHOLE' as second audit
expect 0 '' gw -R archive status

# ---- who does not hold it: all of the disk, with her keys and everything that her program writes
as second items >listed
as second reindex --dump dumped >/dev/null
as second compartment list >>listed
expect 4 'no compartment called' as second --compartment 'NEEDLE-CALLED names' items
id=$(gw -R archive compartment list --json | json 'd["compartments"][1]["id"]')
expect 4 'no compartment called' as second --compartment "$id" items
python3 - archive "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" listed dumped <<'EOF'
import base64, pathlib, sys
needles = [b"NEEDLE", "NEEDLE".encode("utf-16-le"), b"4E4545444C45", b"4e4545444c45", b"TkVFRExF", b"5FRURMR"]
for root in map(pathlib.Path, sys.argv[1:]):
    for path in [root] if root.is_file() else [p for p in root.rglob("*") if p.is_file()]:
        where = str(path).encode() + b"\n" + path.read_bytes()
        for needle in needles:
            if needle in where and path.name not in ("dumped", "listed"):
                sys.exit(f"{path} holds {needle}")
        if b"ONE" in path.read_bytes() and path.name in ("dumped", "listed"):
            sys.exit(f"{path} tells of the other compartment")
EOF

# ---- granted: all that is in it, from then on also to read what was there before
expect 3 'rule compartment-held' gw -R archive compartment revoke 'NEEDLE-CALLED names' "$(cat second.key)"
expect 2 'no member' gw -R archive compartment grant 'NEEDLE-CALLED names' nobody
expect 0 'reads "NEEDLE-CALLED names"' gw -R archive compartment grant 'NEEDLE-CALLED names' "$(cat second.key)"
expect 3 'rule compartment-held' gw -R archive compartment grant 'NEEDLE-CALLED names' "$(cat second.key)"
as second --compartment 'NEEDLE-CALLED names' items | grep -q NEEDLE-NAME-ONE || fail 'granted, and not read'
as second --compartment 'NEEDLE-CALLED names' note 'said in it' >/dev/null
expect 0 'VERIFIED' as second verify
cp -r archive before
cp "$(cat second.file)" second.before

# ---- revoked: other keys for what comes after; what was there she may have kept, and that is said
expect 0 'may have kept' gw -R archive compartment revoke 'NEEDLE-CALLED names' "$(cat second.key)"
in_it intake later --from 'NEEDLE-GIVER' >/dev/null
expect 4 'no compartment called' as second --compartment 'NEEDLE-CALLED names' items
as second items | grep -q open.txt || fail 'she lost the first compartment too'
expect 0 'VERIFIED' gw -R archive verify
expect 0 'WHOLE' gw -R archive audit
gw --key "$(cat second.file)" -R before --compartment 'NEEDLE-CALLED names' restore kept --all >/dev/null 2>&1 || true
expect 3 'compartment-self' gw -R archive compartment revoke 'NEEDLE-CALLED names' \
    "$(gw -R archive member list --json | json 'd["members"][0]["key"]')"

# ---- a member who held it is revoked altogether: each compartment that was hers turns
gw -R archive compartment grant 'NEEDLE-CALLED names' "$(cat third.key)" >/dev/null
as third --compartment 'NEEDLE-CALLED names' items | grep -q NEEDLE-NAME-TWO || fail 'granted, and not read'
gw -R archive member revoke "$(cat third.key)" --reason arrested >/dev/null
gw -R archive compartment list --json | json '[c["turn_due"] for c in d["compartments"]]' >due
grep -q True due && fail 'a compartment waits for new keys although its holder revoked her'
in_it note 'after she went' >/dev/null
expect 0 'VERIFIED' gw -R archive verify

# ---- who withdraws, withdraws in every compartment in which something is said of her, and in no other
gw -R archive consent give P-0041 --yes share_un --by self --language ko >/dev/null
in_it consent give P-0041,P-0042 --yes share_un --by self --language ko >/dev/null
gw -R archive consent withdraw P-0041,P-0042 --by self >said
[ "$(grep -c 'withdrew' said)" = 2 ] || fail 'not said in both compartments'
gw -R archive consent withdraw P-0043 --by self >said
[ "$(grep -c 'withdrew' said)" = 1 ] || fail 'a code is told to a compartment that knew nothing of it'
in_it consent withdraw P-0042 --by self --json | json 'len(d["others"])' >said
[ "$(cat said)" = 1 ] || fail 'what was said of her in the first compartment was not withdrawn again'
for who in P-0041 P-0042; do
    in_it consent show $who | grep 'share_un' | grep -q withdrawn || fail "$who may go out of the other compartment"
done
expect 0 'VERIFIED' gw -R archive verify

# ---- by FORMAT.md, without our code: both of them
file=$(ls "$XDG_CONFIG_HOME"/groundwork/????????????????.key)
for at in 0 1; do
    which=$(gw -R archive compartment list --json | json "d['compartments'][$at]['id']")
    python3 -B "$tests/vectors/reader.py" archive "$file" passphrase by-format-$at "$which" >said ||
        fail 'the second reader does not read it'
done
cmp by-format-1/1/secret/numbers.txt secret/numbers.txt || fail 'the second reader reads something else'
find by-format-0 | grep -q NEEDLE-NAME-ONE && fail 'the second reader mixes them up'

# ---- sheets open every compartment, and a mirror holds them all
gw -R archive recovery --sheets 2 --needed 2 --out sheets >/dev/null
gw -R archive mirror stick >/dev/null
expect 0 '' gw -R archive verify --mirror stick
gw -R archive mirror stick >/dev/null
gw -R archive reindex --dump one >/dev/null
in_it reindex --dump two >/dev/null
grep -q NEEDLE one && fail 'the index of the first compartment tells of the other'
printf 'a passphrase of the tests\n' >"$XDG_CONFIG_HOME/new" && chmod 600 "$XDG_CONFIG_HOME/new"
mv "$XDG_CONFIG_HOME" gone
mv "$XDG_STATE_HOME" gone.state
founder=$(gw -R archive member list --json | json 'd["members"][0]["key"]')
gw recover stick again sheets/*.txt --replaces "$founder" >said || { cat said; fail 'recover'; }
expect 0 'VERIFIED' gw -R again verify
gw -R again --compartment 'NEEDLE-CALLED names' restore all --all >/dev/null
cmp all/1/secret/numbers.txt secret/numbers.txt || fail 'the sheets do not bring the compartment back'
find all -name 'NEEDLE-NAME-TWO.txt' | grep -q . || fail 'the sheets do not bring back what came later'
gw -R again --compartment 'NEEDLE-CALLED names' note 'by the new member' >/dev/null
expect 0 'WHOLE' gw -R again audit

# ---- two administrators: neither makes or grants one alone; the name is said by who makes it, and to nobody else
rm -rf "$XDG_CONFIG_HOME" "$XDG_STATE_HOME"
gw init pair --origin pair.example/log --administrators 2 >/dev/null
gw -R pair member request other.request --json >asked
json 'd["key_file"]' <asked >other.file
json 'd["key"]' <asked >other.key
gw -R pair member add other.request --role administrator --confirm "$(json 'd["fingerprint"]' <asked)" >/dev/null
other() { gw --key "$(cat other.file)" -R pair "$@"; }
other adopt >/dev/null
gw -R pair compartment new 'NEEDLE-OF-TWO' >said
grep -q 'Proposed at leaf' said || fail 'one of two makes a compartment alone'
leaf=$(sed -n 's/^Proposed at leaf \([0-9]*\):.*/\1/p' said)
expect 0 '1 of 2' gw -R pair compartment new 'NEEDLE-OF-TWO' --proposal "$leaf"
other member approve "$leaf" >/dev/null
expect 0 'you alone hold it' gw -R pair compartment new 'NEEDLE-OF-TWO' --proposal "$leaf"
grep -rq NEEDLE pair && fail 'the name lies in the open'
gw -R pair compartment grant 'NEEDLE-OF-TWO' "$(cat other.key)" >said
leaf=$(sed -n 's/^Proposed at leaf \([0-9]*\):.*/\1/p' said)
expect 4 'no compartment called' other --compartment 'NEEDLE-OF-TWO' items
other member approve "$leaf" >/dev/null
id=$(gw -R pair compartment list --json | json 'd["compartments"][1]["id"]')
expect 4 'no key boxed' other --compartment "$id" items
gw -R pair --compartment 'NEEDLE-OF-TWO' note 'whoever holds it writes, and then she reads' >/dev/null
expect 0 '' other --compartment 'NEEDLE-OF-TWO' items
expect 0 'VERIFIED' other verify
echo whole
