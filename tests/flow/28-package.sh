#!/bin/sh
# Packages for a court: made whole or not at all, and checked by two programs that share no code.  Every word, and every
# change that needs no key; both say the same of each.
# timeout: 1800
. "$(dirname "$0")/common.sh"
cheap
. "$tests/flow/authority.sh"
verifier=$(dirname "$groundwork")/groundwork-verify
cosign=$(dirname "$groundwork")/groundwork-cosign
cp "$root/src/package/verify.sh" .
out='--for accountability --to international-court'
nobody() { gw -R "$1" protect --receipt "$2" --nobody --why 'made for this test' >/dev/null; }
verify() { "$verifier" "$@"; }
script() { bash verify.sh "$@"; }
# both CODE WORDS PACKAGE [OPTION...]: both programs end so, and say WORDS.
both() {
    code=$1 words=$2
    shift 2
    expect "$code" "$words" verify "$@"
    expect "$code" "$words" script --all "$@"
    expect "$code" "$words" script "$@"
}
import() { gw -R archive timestamp import "$1" --chain "$2"; }
request() { rm -f "$1"; gw -R archive timestamp request --out "$1" >/dev/null; }
round() {
    rm -f ask answer
    gw -R archive cosigner export "$1" ask >/dev/null
    "$cosign" --folder "$1" cosign ask answer >/dev/null
    gw -R archive cosigner import ask answer >/dev/null
}

mkdir -p papers/sub
echo one >papers/one.txt
printf x >'papers/sub/a"b,c \.pdf'
printf two >papers/증언.TXT
printf bad >"$(printf 'papers/bad\377name\nx')"
: >papers/empty
ln -s one.txt papers/link
ln papers/one.txt papers/zz-hard
touch -d '1969-12-31 23:59:58.5 UTC' papers/empty
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
pin=$(gw -R archive status --json | json 'd["pin"]')
gw -R archive intake papers --from 'A giver who is not named' --note 'a remark that stays' >/dev/null
echo later >papers/later.txt
gw -R archive intake papers/later.txt >/dev/null
expect 3 'REFUSED' gw -R archive export plain --receipt 1 $out
nobody archive 1
nobody archive 2

# ---- nobody stamps, nobody cosigns
gw -R archive export plain --receipt 1 $out --whom 'The "Registry", 헤이그' >said || fail 'export'
grep -q '^TIME-UNPROVEN$' said && grep -q "pin  *$pin" said || fail "export says: $(cat said)"
grep -q "verify.sh  *$(sha256sum <verify.sh | cut -c 1-64)" said || fail 'another verify.sh'
grep -q "groundwork-verify  *$(sha256sum <"$verifier" | cut -c 1-64)" said || fail 'another groundwork-verify'
cmp -s plain/verify.sh verify.sh || fail 'verify.sh in the package'
both 5 TIME-UNPROVEN plain
both 5 "$pin" plain/
both 5 TIME-UNPROVEN "$work/plain" --pin "$pin"
both 1 FAILED plain --pin "$(echo "$pin" | tr 0-9a-f 1-9a-f0)"
grep -rqF -e 'A giver' -e 'a remark' plain plain.seal.* && fail 'the giver is in the package'
grep -q '증거 꾸러미' plain/README.txt && grep -q 'package of evidence' plain/README.txt || fail 'both languages'
[ "$(cat plain/data/items/000002)" = bad ] || fail 'an item by its number'
[ "$(ls plain/data/items | wc -l)" -eq 5 ] || fail 'files of items'
[ "$(find plain -name '*[!A-Za-z0-9._-]*' | wc -l)" -eq 0 ] || fail 'names that a file system may refuse'
awk -F, 'NR > 1 && $4 == "file" { print $8 "  " $6 }' plain/data/index.csv >sums
(cd plain && sha256sum --check --status) <sums || fail 'the index does not give the digests'

# ---- refused before anything is written
gw -R archive verify >before.txt
expect 3 'is there already' gw -R archive export plain --receipt 1 $out
expect 2 'or a receipt with --receipt' gw -R archive export new $out
expect 4 'no item is called nothing' gw -R archive export new nothing $out
expect 4 'no receipt 9' gw -R archive export new --receipt 9 $out
expect 3 'name a place outside it' gw -R archive export archive/new --receipt 1 $out
expect 2 'without a slash behind it' gw -R archive export new/ --receipt 1 $out
touch new.seal.note
expect 3 'new.seal.note is there already' gw -R archive export new --receipt 1 $out
rm new.seal.note
gw -R archive verify >after.txt
cmp before.txt after.txt || fail 'a refusal left something on the log'
[ ! -e new ] && [ ! -e new.exporting ] || fail 'a refusal left a folder'

# ---- wrong usage, and what is not there
both 4 '' nowhere
expect 2 '' verify
expect 2 '' script
both 2 '' plain --pin 12
both 2 '' plain --what
both 2 '' plain other

# ---- one item: the rest of its deposit is withheld, and listed
gw -R archive export single papers/zz-hard $out --json >single.json
[ "$(json 'd["withheld"], d["items"], d["word"]' <single.json)" = "(7, 2, 'TIME-UNPROVEN')" ] ||
    fail "$(cat single.json)"
both 5 'WITHHELD 5-8' single
verify single --json >json.txt || true
python3 - "$pin" json.txt <<'PY' || fail 'the document of groundwork-verify'
import json, sys
d = json.load(open(sys.argv[2]))
assert d["word"] == "TIME-UNPROVEN" and d["exit"] == 5 and d["pin"] == sys.argv[1], d
assert sum(b - a + 1 for a, b in d["withheld"]) == 7 and d["items"] == 2, d
PY
# ---- more than 200: by lot, unless all are asked for
mkdir many
for i in $(seq 201); do echo "$i" >many/$i; done
gw -R archive intake many >/dev/null
nobody archive latest
gw -R archive export lots --receipt latest $out >/dev/null
expect 5 'Of the items 200 were looked at by lot' script lots
expect 5 '' verify lots
echo more >>lots/data/items/000150
expect 1 'has another SHA-256' script lots

# ---- of several deposits
gw -R archive export several papers/later.txt papers/sub --receipt 1 $out >/dev/null || fail 'several deposits'
both 5 '' several

# ---- who is to cosign has not signed; then one has; then stamps come
mkdir sheets
gw -R archive recovery --sheets 2 --needed 1 --out sheets >/dev/null
for who in alpha beta; do
    "$cosign" --folder $who init $who.example/cosigner >/dev/null
    "$cosign" --folder $who follow "$(gw -R archive status --json | json 'd["log_key"]')" >/dev/null
    gw -R archive cosigner add $who "$("$cosign" --folder $who key)" --needed 1 >/dev/null
done
gw -R archive export unsigned --receipt 2 $out >/dev/null
both 6 UNCOSIGNED unsigned
echo '# nobody' >none
printf 'log %s\nquorum none\n' "$(gw -R archive status --json | json 'd["log_key"]')" >>none
both 5 TIME-UNPROVEN unsigned --policy none
round alpha
gw -R archive export cosigned --receipt 2 $out >/dev/null
both 5 TIME-UNPROVEN cosigned
printf 'log %s\nwitness b %s\nquorum b\n' "$(gw -R archive status --json | json 'd["log_key"]')" \
    "$("$cosign" --folder beta key)" >wanted
both 6 UNCOSIGNED cosigned --policy wanted
gw init other --origin other.example/log --key other.key --pack-size 1 >/dev/null
printf 'log %s\nquorum none\n' "$(gw -R other status --json | json 'd["log_key"]')" >foreign
both 1 FAILED cosigned --policy foreign
echo 'quorum' >nonsense
both 2 '' cosigned --policy nonsense
authority east 4000 critical,timeStamping
ess=sha1 authority west 200 critical,timeStamping
for who in east west; do
    request $who.tsq
    stamp $who $who.tsq $who.tsr
    cat $who/tsa.pem $who/root.pem >$who.chain
    import $who.tsr $who.chain >/dev/null
done
round beta
gw -R archive export older --receipt 2 $out >/dev/null
gw -R archive note 'between two packages' >/dev/null
gw -R archive export whole --receipt 2 $out >said || fail 'export of what is all proven'
both 0 VERIFIED whole
both 0 VERIFIED older
script whole | grep -q "$(openssl x509 -in east/root.pem -noout -fingerprint -sha256 | sed 's/.*=//;s/://g')" ||
    fail 'the root of a stamp'
gw -R archive export whole-single papers/link $out >/dev/null
both 0 VERIFIED whole-single

# ---- several members: each seals with her own key, and after one has gone the log has another
gw init group --origin group.example/log --pack-size 1 --administrators 2 >/dev/null
ask() {
    gw -R group member request $1.request --json >asked
    json 'd["key_file"]' <asked >$1.file
    json 'd["key"]' <asked >$1.key
    json 'd["fingerprint"]' <asked >$1.words
}
as() { who=$1; shift; gw --key "$(cat $who.file)" -R group "$@"; }
gw -R group intake papers >/dev/null
nobody group 1
ask second
ask third
gw -R group member add second.request --role administrator --confirm "$(cat second.words)" >/dev/null
gw -R group member add third.request --role investigator --confirm "$(cat third.words)" >/dev/null
as second adopt >/dev/null
proposal=$(gw -R group member list --json | json 'd["proposals"][0]["leaf"]')
as second member approve "$proposal" >/dev/null
as third adopt >/dev/null
as third intake many >/dev/null
as third protect --receipt latest --nobody --why 'made for this test' >/dev/null
as third export by-third papers/one.txt many/7 $out >/dev/null
both 5 TIME-UNPROVEN by-third
gw -R group member revoke "$(cat third.key)" --reason left >/dev/null
proposal=$(gw -R group member list --json | json 'd["proposals"][0]["leaf"]')
as second member approve "$proposal" >/dev/null
gw -R group export after papers/one.txt many/7 $out >/dev/null
both 5 TIME-UNPROVEN after
both 5 TIME-UNPROVEN by-third
gw -R group note 'under the next key' >/dev/null
as second export later many/7 $out >/dev/null
both 5 TIME-UNPROVEN later

# ---- the disk goes at any of its calls: under its name a package is whole, or not at all
fault=$(dirname "$groundwork")/tests/crash/crash_fault.so
for case in write:1 write:12 write:40 write:70 sync:1 sync:2 sync:5 rename:1 rename:3 rename:5 rename:7 rename:9 \
    rename:11 rename:12 rename:13; do
    rm -rf new new.* repository state-then
    cp -r archive repository
    cp -r state state-then
    got=0
    LD_PRELOAD=$LD_PRELOAD:$fault GW_FAULT_KIND=${case%:*} GW_FAULT_AT=${case#*:} \
        GW_FAULT_FOR=0 GW_FAULT_ROOTS="$work" XDG_STATE_HOME="$work/state-then" \
        gw -R repository export new --receipt 2 $out >out.txt 2>&1 || got=$?
    if [ -e new ]; then
        verify new >out.txt || [ $? -eq 5 ] || fail "half a package where $case and all after it fail"
    else
        [ "$got" -ne 0 ] || fail "exit 0 and no package where $case and all after it fail"
        rm -rf new.seal.*
        XDG_STATE_HOME="$work/state-then" gw -R repository export new --receipt 2 $out >out.txt 2>&1 ||
            fail "not exported again after $case: $(cat out.txt)"
        [ ! -e new.exporting ] || fail 'a draft stays'
        verify new >out.txt || [ $? -eq 5 ] || fail "a package that is not whole after $case"
    fi
done
rm -rf new new.* repository

# ---- programs that are not ours (docs/verifiers.md)
export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS=
go build -o checkpackage "$tests/go/checkpackage.go" || fail 'the Go checker does not build'
key=$(gw -R archive status --json | json 'd["log_key"]')
proof() { bash "$tests/flow/proof.sh" "$key" "$@"; }
for p in plain single several cosigned whole whole-single; do
    ./checkpackage $p "$key" || fail "Go does not agree with $p"
    (cd $p && sha256sum --check --strict --status manifest-sha256.txt tagmanifest-sha256.txt) || fail 'sha256sum'
done
cp -r plain changed
for e in note tlog-proof consistency; do cp plain.seal.$e changed.seal.$e; done
sed -i 's/^claim ./claim g/' changed/proof/items/000001.opening
./checkpackage changed "$key" >/dev/null && fail 'the Go checker passes a changed opening'
expect 0 IN proof whole/proof/items/000001.tlog-proof whole/proof/items/000001.opening
expect 0 IN proof whole/proof/keys/000001.tlog-proof whole/proof/keys/000001.statement
expect 0 IN proof whole/proof/covers/000001.tlog-proof whole/proof/covers/000001.statement
expect 0 IN proof whole.seal.tlog-proof whole.seal.note
expect 1 'NOT IN' proof whole/proof/items/000001.tlog-proof whole/proof/receipts/000001.opening
expect 1 'NOT SIGNED' bash "$tests/flow/proof.sh" "$(gw -R other status --json | json 'd["log_key"]')" \
    whole.seal.tlog-proof whole.seal.note
for t in whole/proof/time/*.tsr; do
    t=${t%.tsr}
    csplit -s -f cert- "$t.pem" '/BEGIN/' '{*}'
    at=$(openssl ts -reply -in "$t.tsr" -text 2>/dev/null | sed -n 's/^Time stamp: //p')
    openssl ts -verify -in "$t.tsr" -data "$t.checkpoint" -CAfile "$(ls cert-* | tail -n 1)" -untrusted "$t.pem" \
        -attime "$(date -u -d "$at" +%s)" >/dev/null 2>&1 || fail 'openssl ts does not agree'
    rm cert-*
done

# ---- changes to a package where everything is proven; GW_MUTANTS_MORE=1: to all of it, and one that withholds
mutants() {
    python3 -B "$tests/flow/mutants.py" --verifier "$verifier" --script verify.sh "$@" || fail "changes to $1"
}
if [ -z "${GW_MUTANTS_MORE:-}" ]; then
    mutants whole --older older --files 1 --lines 2 --random 40
else
    mutants whole --older older --lines 1000000 --random 100
    mutants whole-single --lines 1 --random 30
fi

# ---- the repository is as it was, but for the seals
gw -R archive verify | grep -qE '^(VERIFIED|UNCOSIGNED)' || fail 'verify'
[ "$(gw -R archive export again --receipt 2 $out --json | json 'd["withheld"]')" = 0 ] || fail 'again'
exit 0
