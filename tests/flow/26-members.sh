#!/bin/sh
# A founder, a second administrator and an investigator, all under one account: nobody decides alone, one is arrested,
# what comes after is under new keys, a cosigner goes along, and two other programs read all of it.
# timeout: 300
. "$(dirname "$0")/common.sh"
reader() { python3 -B "$tests/vectors/reader.py" "$@"; }
cosign=$(dirname "$groundwork")/groundwork-cosign
c() { "$cosign" --folder cosigner "$@"; }
export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS=
go build -o checklog "$tests/go/checklog.go" || fail 'the Go checker does not build'
go build -o checkcosigned "$tests/go/checkcosigned.go" || fail 'the Go checker does not build'
mkdir papers more
seq 1 60000 >papers/first
head -c 2000000 /dev/urandom >papers/noise
seq 1 9 >more/second

gw init archive --origin flow.example/log --pack-size 1 --administrators 2 >said
grep -qF 'Administrators: 2 must agree' said || fail 'init does not say who decides'
founder=$(ls config/groundwork/*.key)
key=$(gw -R archive status --json | json 'd["log_key"]')
gw -R archive intake papers --from 'A giver' >/dev/null

# ---- joining: a request from what is public, the fingerprint by another way
ask() { # ask NAME: her key file and the name of her key, in files
    gw -R archive member request $1.request --json >asked
    json 'd["key_file"]' <asked >$1.file
    json 'd["key"]' <asked >$1.key
    json 'd["fingerprint"]' <asked >$1.words
}
for who in second investigator; do ask $who; done
expect 3 'another key' gw -R archive member add second.request --role administrator \
    --confirm "$(cat investigator.words)"
# One administrator stands: as many as there are decide.
expect 0 'Done, at leaf' gw -R archive member add second.request --role administrator --confirm "$(cat second.words)" \
    --name 'A second person'
as() { who=$1; shift; gw --key "$(cat $who.file)" -R archive "$@"; }
expect 3 'adopt' as second note 'not seen yet'
as second adopt >/dev/null
# Two stand now: neither of them alone.
expect 0 'Nothing has changed yet' gw -R archive member add investigator.request --role investigator \
    --confirm "$(cat investigator.words)" --name 'A third person'
proposal=$(gw -R archive member list --json | json 'd["proposals"][0]["leaf"]')
expect 4 'no key event' as investigator items
expect 0 'Nothing has changed yet' gw -R archive member approve "$proposal"
expect 0 'Done, at leaf' as second member approve "$proposal"
expect 3 'no proposal that waits' as second member approve "$proposal"
as investigator adopt >/dev/null
expect 3 'rule signer-role' as investigator member revoke "$(cat second.key)" --reason other
as investigator intake more --from 'Her giver' >/dev/null
expect 0 '' as investigator receipt latest
gw -R archive member list | grep -qF 'person' && fail 'a name where everyone reads it'
gw -R archive member list --names | grep -qF 'A third person' || fail 'no name for who has the keys'
gw -R archive verify | grep -q '^VERIFIED$' || fail verify

# ---- a cosigner, named by both administrators
c init a.example/cosigner >/dev/null
c follow "$key" >/dev/null
gw -R archive cosigner add alpha "$(c key)" >said
proposal=$(sed -n 's/^Proposed at leaf \([0-9]*\):.*/\1/p' said)
expect 0 'Done, at leaf' as second member approve "$proposal"
cosigned() {
    rm -f ask answer
    gw -R archive cosigner export alpha ask >/dev/null
    "$@" cosign ask answer >/dev/null && gw -R archive cosigner import ask answer >/dev/null
}
cosigned c || fail 'not cosigned'
gw -R archive verify | grep -qF 'The policy is fulfilled' || fail 'the policy is not fulfilled'
gw -R archive mirror mirror >/dev/null

# ---- arrested: what she signed from a leaf on is doubtful, and what comes after is not for her
cp -r archive before
leaf=$(as investigator receipt latest --json | json 'd["receipt"]["deposit"]' 2>/dev/null || echo 10)
expect 0 'Nothing has changed yet' gw -R archive member revoke "$(cat investigator.key)" --reason arrested \
    --doubtful-from "$leaf"
proposal=$(gw -R archive member list --json | json 'd["proposals"][-1]["leaf"]')
expect 0 'nothing takes that back' as second member approve "$proposal"
expect 4 'revoked at leaf' as investigator items
gw -R archive member show "$(cat investigator.key)" | grep -qF "DOUBTFUL from leaf $leaf on" || fail 'not doubtful'
mkdir later
echo 'a secret that came later' >later/third
gw -R archive intake later --from 'Another giver' >/dev/null
as second note 'the second one goes on' >/dev/null
for who in '' second; do
    if [ -n "$who" ]; then as $who verify >said; else gw -R archive verify >said; fi
    grep -q '^VERIFIED$' said || fail "verify as the ${who:-founder}"
done
gw -R archive audit | grep -q WHOLE || fail audit
# Her old keys over the new repository: the boxes are gone, and what she kept of the old one does not open the new.
cp -r archive stolen
rm -rf stolen/a/keys stolen/b/keys
cp -r before/a/keys stolen/a/keys
cp -r before/b/keys stolen/b/keys
! gw --key "$(cat investigator.file)" -R stolen items >/dev/null 2>&1 || fail 'old boxes open what came after'

# ---- the log has a new key: cosigner, Go and Python follow it
new=$(gw -R archive status --json | json 'd["log_key"]')
[ "$new" != "$key" ] || fail 'the log key is the old one'
rm -f ask answer
gw -R archive cosigner export alpha ask >/dev/null
expect 1 '' c cosign ask answer
[ ! -e answer ] || fail 'signed under a key that is not followed'
gw -R archive cosigner turn turned >/dev/null
sed 's/^flow.example/flow.exampel/' turned >forged
expect 1 '' c turn "$new" forged

expect 0 'under its new key' c turn "$new" turned
cosigned c || fail 'not cosigned after the turn'
gw -R archive verify | grep -qF 'The policy is fulfilled' || fail 'the policy is not fulfilled after the turn'
./checklog archive/log "$new" || fail 'Go does not agree with the log'
./checkcosigned archive/log/cosigned archive/log "$new" 1 "$(c key)" || fail 'Go does not agree with log/cosigned'
gw -R archive verify --against turned | grep -q VERIFIED || fail 'the turning checkpoint'
cp before/log/checkpoint older
gw -R archive verify --against older | grep -q VERIFIED || fail 'a checkpoint of the old key'
reader archive "$founder" passphrase read >said || fail "FORMAT.md does not describe this: $(cat said)"
cmp papers/noise read/1/papers/noise || fail 'the first deposit was read otherwise'
cmp later/third read/3/later/third || fail 'the third deposit was read otherwise'
reader archive "$(cat second.file)" passphrase read-second >/dev/null || fail 'the second member does not read it'

# ---- a mirror across the turn, and the repository out of it
gw -R archive mirror mirror >/dev/null
gw -R archive verify --mirror mirror | grep -q VERIFIED || fail 'the mirror'
gw -R fromit repair --from mirror >/dev/null || fail 'the repository out of the mirror'
gw -R fromit verify | grep -q '^VERIFIED$' || fail 'what came out of the mirror'

# ---- the page for the wall
gw -R archive member drill --out wall >/dev/null
[ "$(wc -l <wall/drill.txt)" -le 60 ] || fail 'more than a page'
grep -qF "member approve LEAF" wall/drill.txt || fail 'the drill does not say that two decide'
grep -qF 'person' wall/drill.txt && { grep -qF 'A third person' wall/drill.txt && fail 'a name on the wall'; }
LANG=ko_KR.UTF-8 gw -R archive --lang ko member drill | grep -q '체포' || fail 'the drill in Korean'

# ---- sheets across all of this: they replace one of two
gw -R archive recovery --sheets 1 --needed 1 --out sheets >said
proposal=$(sed -n 's/^Proposed at leaf \([0-9]*\):.*/\1/p' said)
expect 0 'Done, at leaf' as second member approve "$proposal"
sheet=$(ls sheets/*.txt)
export XDG_CONFIG_HOME="$work/config2" XDG_STATE_HOME="$work/state2"
expect 3 '--replaces' gw recover archive again "$sheet"
expect 0 '' gw recover archive again "$sheet" --replaces "$(cat second.key)"
gw -R again verify | grep -q '^VERIFIED$' || fail 'what was recovered'
gw -R again note 'hers again' >/dev/null
gw -R again verify | grep -q '^VERIFIED$' || fail 'after recovery'
