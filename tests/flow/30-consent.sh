#!/bin/sh
# What may leave the house: by what was said of items and of persons, and by nothing else.  Silence is no; every denied
# item is named with its reason; a withdrawal stops the next way out and tells who has what; a package says what for and
# to whom it was made, to both verifiers; and the index, made again from the log, decides the same.
# timeout: 600
. "$(dirname "$0")/common.sh"
verifier=$(dirname "$groundwork")/groundwork-verify
mkdir -p papers
for i in 1 2 3 4 5; do seq 1 $((i * 200)) >"papers/n$i"; done
echo 'the form, signed by Kim Mirae' >papers/form
ln papers/n1 papers/zz-again
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers --from 'Kim Mirae' >/dev/null
out='--for accountability --to un'
# may NAMES: just these files go out, in this order; denied EXPRESSION: of the document, for one use.
may() {
    rm -rf out
    gw -R archive restore out $out >said.txt || fail "restore: $(cat said.txt)"
    got=$(cd out/1/papers && echo *)
    [ "$got" = "$1" ] || fail "went out: $got, instead of: $1"
}
denied() { gw -R archive restore out2 $out --json | json "$1"; rm -rf out2; }
nothing() {
    expect 3 "$1" gw -R archive restore nowhere $out
    [ -z "$(ls nowhere 2>/dev/null)" ] || fail 'something was written'
    expect 3 "$1" gw -R archive export nowhere.package --receipt 1 $out
    [ ! -e nowhere.package ] || fail 'a package was made'
}

# ---- silence
nothing 'nobody has said whose it is'
[ "$(denied 'len(d["denied"]), sorted({x["why"] for x in d["denied"]})')" = "(8, ['not-said'])" ] || fail 'all denied'
gw -R archive protect --receipt 1 --person P-0001 >/dev/null
nothing 'person P-0001 was never asked about share_un'

# ---- names do not belong here
for name in 'Kim Mirae' KIM-MIRAE p-0001 'P-0001;P-0002' ''; do
    expect 2 'no code of a person' gw -R archive consent give "$name" --yes store --by self --language ko
    expect 2 'no code of a person' gw -R archive protect 6 --person "$name"
done
expect 2 'names do not belong here' gw -R archive consent give P-0001 --yes store --by self --language ko \
    --interpreter Mirae
expect 2 'names do not belong here' gw -R archive protect 6 --restriction provider-confidential \
    --provider 'a ministry' --why confidence

# ---- one person, then several on one item, and on one form
gw -R archive consent give P-0001 --yes store,share_un,share_international_court --no publish_named --ask testify \
    --by self --date 2026-11-20 --language ko --interpreter I-0001 --copy --form papers/form >/dev/null
may 'form n1 n2 n3 n4 n5 zz-again'
gw -R archive protect papers/n2 papers/n3 --person P-0002,P-0003 >/dev/null
may 'form n1 n4 n5 zz-again'
grep -q 'papers/n2: person P-0002 was never asked about share_un' said.txt || fail "$(cat said.txt)"
gw -R archive consent give P-0003,P-0002 --yes store,share_un --by guardian --language ko --until 2099-12-31 >/dev/null
may 'form n1 n2 n3 n4 n5 zz-again'
gw -R archive consent give P-0003 --no share_un --by self --language ko >/dev/null
may 'form n1 n4 n5 zz-again'
grep -q 'P-0003 said no to share_un' said.txt || fail "$(cat said.txt)"
gw -R archive protect papers/n3 --not P-0002,P-0003 --why 'it was another valley' >/dev/null
may 'form n1 n3 n4 n5 zz-again'
gw -R archive consent give P-0001 --yes share_un --by self --language ko --until 2020-01-01 >/dev/null
nothing 'held until 2020-01-01'
gw -R archive consent list | grep -q 'P-0001, share_un: EXPIRED after 2020-01-01' || fail 'expired, and not listed'
gw -R archive consent give P-0001 --yes share_un --by next-of-kin --language ko >/dev/null

# ---- each purpose by itself
expect 3 'P-0001 said no to publish_named' gw -R archive restore out2 --for publication --to public
expect 3 'P-0001 is to be asked again about testify' gw -R archive restore out2 --for testimony --to international-court
expect 3 'P-0001 was never asked about share_other_ngo' gw -R archive restore out2 --for documentation --to ngo
expect 2 'There are: --for accountability --to un' gw -R archive restore out2 --for accountability --to public
expect 2 'say both' gw -R archive restore out2 --for accountability
expect 2 'say what for and to whom' gw -R archive export out2 6

# ---- of nobody, said; and in confidence
gw -R archive protect papers/n5 --not P-0001 --why 'an official gazette' >/dev/null
may 'form n1 n3 n4 zz-again'
expect 2 'say why' gw -R archive protect papers/n5 --nobody
gw -R archive protect papers/n5 --nobody --why 'an official gazette' >/dev/null
may 'form n1 n3 n4 n5 zz-again'
gw -R archive protect papers/n5 --restriction provider-confidential --why 'Article 54(3)(e)' >/dev/null
may 'form n1 n3 n4 zz-again'
grep -q 'no provider is named' said.txt || fail "$(cat said.txt)"
expect 3 'given in confidence' gw -R archive export nowhere papers/n5 $out
gw -R archive protect papers/n5 --restriction provider-confidential --provider S-0001 --why 'as agreed' >/dev/null
expect 3 'the provider S-0001 was never asked' gw -R archive restore nowhere --item papers/n5 $out
gw -R archive consent give S-0001 --yes store,share_un --by self --language en >/dev/null
may 'form n1 n3 n4 n5 zz-again'
gw -R archive protect papers/n1 --level closed --why 'he is looked for' >/dev/null
may 'form n3 n4 n5' # the further name has the same bytes
gw -R archive protect papers/n1 --level ordinary --why 'he is abroad' >/dev/null

# ---- a package says what for and to whom; what is denied is withheld in it
gw -R archive export package --receipt 1 $out --whom 'The "office", 제네바' --json >made.json || fail "$(cat made.json)"
[ "$(json '[x["name"] for x in d["denied"]]' <made.json)" = "['papers/n2']" ] || fail "$(cat made.json)"
expect 5 TIME-UNPROVEN "$verifier" package
expect 5 TIME-UNPROVEN bash package/verify.sh --all package
"$verifier" package | grep -q '^WITHHELD' || fail 'what is left out is not listed as withheld'
grep -rqE 'P-000|S-000|I-000' package package.seal.* && fail 'a code of a person is in the package'
seal=$(json 'd["seal"]' <made.json)
gw -R archive restore court --item papers/n1 --for accountability --to un --whom 'a clerk' >/dev/null
gw -R archive consent show P-0001 >said.txt
grep -q ' -  .*restored, un for accountability (on the log with the next commit)$' said.txt &&
    grep -q 'a clerk' said.txt || fail "what has just gone out: $(cat said.txt)"
gw -R archive consent show P-0001 --json | json '[g["whom"] for g in d["given_out"] if g["leaf"] is None]' |
    grep -qxF "['a clerk']" || fail 'what has just gone out, for programs'
grep -q "$seal .*package, un for accountability" said.txt && grep -q 'The "office", 제네바' said.txt ||
    fail "$(cat said.txt)"
gw -R archive consent show P-0002 >said.txt
grep -q 'Nothing of it has gone out' said.txt && fail 'n2 went out earlier'
grep -q package said.txt && fail 'the package holds nothing of hers'

# ---- within the house nothing is asked; it is on record
gw -R archive restore inside >/dev/null
[ "$(ls inside/1/papers | wc -l)" -eq 7 ] || fail 'work within the house is asked'
gw -R archive show papers/n2 >/dev/null

# ---- she takes it back: the next way out is denied, and who has what is told
gw -R archive consent withdraw P-0001 --by self --why 'my brother was taken' >said.txt
grep -q "$seal .*package, un for accountability" said.txt && grep -q 'Tell these recipients' said.txt ||
    fail "$(cat said.txt)"
may 'n5'
grep -q 'P-0001 has withdrawn share_un' said.txt || fail "$(cat said.txt)"
[ "$(denied 'sorted({x["why"] for x in d["denied"]})')" = "['withdrawn']" ] || fail 'denied for another reason'
her_items=$(gw -R archive consent withdraw P-0003 --by self --scopes testify --json | json 'd["items"]')
[ "$her_items" = '[[8, 8]]' ] || fail 'her items'

# ---- holds: place, list, release
gw -R archive hold place papers/n1 papers/n4 --ground court-order --why 'order 12/2026' --json >held.json
hold=$(json 'd["leaf"]' <held.json)
expect 0 "a hold stands over it: leaf $hold" gw -R archive protect papers/n4
expect 2 'say the ground' gw -R archive hold place papers/n1 --ground because --why x
expect 2 'say why' gw -R archive hold place papers/n1 --ground other
expect 3 'is no hold' gw -R archive hold release 6 --why 'x'
expect 0 'is released' gw -R archive hold release "$hold" --why 'lifted by order 31/2026'
expect 3 'released already' gw -R archive hold release "$hold" --why 'lifted by order 31/2026'
[ "$(gw -R archive hold list --json | json '[(x["leaf"], x["released"] is not None) for x in d["holds"]]')" = \
    "[($hold, True)]" ] || fail 'the list of holds'

# ---- all of it is on the log: the index made again decides the same, and nobody reads codes from the disk
gw -R archive verify >/dev/null || fail 'verify'
gw -R archive restore before $out --json >before.json
gw -R archive reindex --dump dump1 >/dev/null
gw -R archive restore after $out --json >after.json
cmp before.json after.json || fail 'the index decides otherwise when it is made again'
gw -R archive reindex --dump dump2 >/dev/null
cmp dump1 dump2 || fail 'another index'
grep -q '^consents person="P-0001"' dump1 || fail 'the dump has no consents'
grep -rqaE 'P-000[1-3]|S-0001|Mirae|gazette' archive && fail 'a code can be read without keys'

# ---- a member who may not: an analyst withdraws, and does not consent; she places a hold, and does not release it
gw -R archive member request analyst.request --json >asked
key=$(json 'd["key_file"]' <asked)
gw -R archive member add analyst.request --role analyst --confirm "$(json 'd["fingerprint"]' <asked)" >/dev/null
her() { gw --key "$key" -R archive "$@"; }
her adopt >/dev/null
expect 3 'signer-role' her consent give P-0001 --yes share_un,store --by self --language ko
expect 3 'signer-role' her protect papers/n1 --nobody --why 'none'
expect 3 'signer-role' her protect papers/n1 --level ordinary --why 'none'
expect 0 '' her consent withdraw P-0002 --by self
expect 0 '' her hold place papers/n1 --ground exonerating --why 'says he was elsewhere'
hold=$(her hold list --json | json 'd["holds"][-1]["leaf"]')
expect 3 'signer-role' her hold release "$hold" --why 'mine'
gw -R archive verify >/dev/null || fail 'verify at the end'

# ---- beside a writer: it stands at once, is on the log with the next write, and is read there by the format alone
gw -R archive consent give P-0001 --yes store,share_un --by self --language ko >/dev/null
gw -R archive consent give P-0002,P-0003 --yes store,share_un --by self --language ko >/dev/null
may_go() { gw -R archive restore "$1" --item papers/n4 $out >said.txt 2>&1; }
may_go b1 || fail "before: $(cat said.txt)"
mkfifo hold
python3 -c 'import fcntl
with open("archive/lock", "r+") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    open("held", "w").close()
    open("hold").read()' &
until [ -e held ]; do sleep 0.05; done
expect 4 'another writer is at work' gw -R archive note 'it waits'
expect 0 'This stands now, and goes on the log with the next write' \
    gw -R archive consent withdraw P-0001 --by self --scopes share_un
expect 0 'This stands now' her consent withdraw P-0002 --by guardian
may_go b2 && fail 'it went out beside the log'
grep -q 'P-0001 has withdrawn share_un (it stands, and is not on the log yet)' said.txt || fail "$(cat said.txt)"
expect 0 'go on the log with the next commit: 2' gw -R archive status
grep -rqaE 'P-000[1-3]|withdrawn' archive/waiting && fail 'what waits can be read without keys'
gw -R archive verify >/dev/null || fail 'verify while something waits'
: >hold
wait
gw -R archive note 'the next write' >/dev/null
[ -z "$(find archive/waiting -type f)" ] || fail 'it waits still'
may_go b3 && fail 'it went out by the log'
grep -q 'P-0001 has withdrawn share_un (leaf' said.txt || fail "$(cat said.txt)"
gw -R archive verify >/dev/null || fail 'verify'
gw -R archive reindex --dump dump3 >/dev/null
[ "$(grep -c '^waited ' dump3)" = 2 ] || fail 'what waited, and is on the log'
python3 -B "$tests/vectors/reader.py" archive "$(gw -R archive status --json | json 'd["key_file"]')" passphrase read \
    >said.txt || fail "$(cat said.txt)"
exit 0
