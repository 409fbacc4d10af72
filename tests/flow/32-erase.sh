#!/bin/sh
# A witness asks for it and her papers are erased: what is destroyed opens by no key that is there, all else stays, old
# proofs hold, and wherever it was cut off it is finished.
# timeout: 900
. "$(dirname "$0")/common.sh"
brute() { python3 -B "$tests/flow/brute.py" "$@"; }
opens() { # LEAF KEY COPY...: is it among what this key file opens there?
    leaf=$1 key=$2
    shift 2
    brute "$key" passphrase "$@" >opened
    grep -qx "$leaf" opened
}
leaf_of() { gw -R "$1" items --json | json "[i['item'] for i in d['items'] if i['name'] == '$2'][0]"; }

mkdir -p hers theirs
head -c 300000 /dev/urandom >hers/statement.bin
echo 'where she lived, and who her brother is' >hers/letter.txt
cp hers/statement.bin theirs/copy.bin
echo 'a paper of somebody else' >theirs/other.txt
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake hers --from 'the witness' >/dev/null
gw -R archive intake theirs --from 'an archive' >/dev/null
gw -R archive checkpoint >kept
gw -R archive mirror disk >/dev/null
key=$(ls config/groundwork/*.key)
for n in 1 2; do gw -R archive protect --receipt $n --nobody --why 'a gazette' >/dev/null; done
gw -R archive export early hers/letter.txt --for accountability --to un >/dev/null # given out before
cp "$key" old.key
cp -r archive before
letter=$(leaf_of archive hers/letter.txt)
statement=$(leaf_of archive hers/statement.bin)

# Shown first, and nothing done; then done, and said where it is not.
gw -R archive restore taken --item "$letter" >/dev/null
expect 0 'Nothing was done' gw -R archive erase hers/letter.txt hers/statement.bin
grep -qF 'theirs/copy.bin' out.txt || fail 'what stays with the same bytes is not shown'
grep -q '^  [0-9]*  GIVEN OUT' out.txt || fail 'the package that went out is not shown'
grep -q '^  -  GIVEN OUT' out.txt || fail 'what was restored just now is not shown'
expect 0 ERASED gw -R archive erase hers/letter.txt hers/statement.bin --why 'she asked for it'
grep -qF 'the mirror in' out.txt || fail 'the mirror from before is not named'
! grep -qF 'another copy' out.txt || fail 'records of what was erased are called those of another copy'
expect 4 '' gw -R archive show hers/letter.txt
expect 4 "$letter was erased, by leaf" gw -R archive show "$letter"
expect 4 "$letter was erased, by leaf" gw -R archive restore nowhere --item "$letter"
expect 4 "$letter was erased, by leaf" gw -R archive export nowhere "$letter" --for accountability --to un
expect 4 "$letter was erased, by leaf" gw -R archive custody show "$letter"
expect 4 "$letter was erased, by leaf" gw -R archive hold place "$letter" --ground other --why w
expect 4 "$letter was erased, by leaf" gw -R archive protect "$letter" --nobody --why 'a gazette'
mkdir named
echo 'of somebody else' >"named/$letter"
(cd named && gw -R ../archive intake "$letter" >/dev/null)
expect 4 "$letter was erased, by leaf" gw -R archive erase "$letter"
expect 4 '' gw -R archive restore nowhere --item "$letter"
expect 0 VERIFIED gw -R archive verify
grep -qF 'ERASED: lea' out.txt || fail 'not shown as erased'
expect 0 WHOLE gw -R archive audit
expect 0 '' gw -R archive verify --against kept
gw -R archive restore out >/dev/null
cmp out/2/theirs/copy.bin theirs/copy.bin || fail 'what others gave too is gone'
cmp out/2/theirs/other.txt theirs/other.txt || fail 'what others gave is gone'
[ ! -e out/1/hers/letter.txt ] || fail 'it was restored'
expect 0 'Destroyed here' gw -R archive status
python3 -B "$tests/vectors/reader.py" archive "$key" passphrase read >said || fail 'FORMAT.md does not describe it'

# A package from before proves what it proved; a later one says that something is not in it.
gw -R archive export late --receipt 2 --for accountability --to un >/dev/null
for package in early late; do
    expect 5 TIME-UNPROVEN "$(dirname "$groundwork")/groundwork-verify" $package
    expect 5 TIME-UNPROVEN bash "$root/src/package/verify.sh" --all $package
done

# By every key on everything, in copies from before and after: nothing of it.  With the old key file: all of it.
cp -r archive after
other=$(leaf_of archive theirs/other.txt)
! opens "$letter" "$key" before after disk || fail 'the letter opens by the present key file'
! grep -qx "$statement" opened || fail 'the statement opens by the present key file'
grep -qx "$other" opened || fail 'what lives does not open: the attempt is none'
opens "$letter" old.key before || fail 'the old key file should open the old copy: the attempt is none'
! opens "$letter" old.key after || fail 'the old key file opens it after the erasure'

# A mirror that was brought up to it gives a repository back, without what is erased.
gw -R archive mirror disk >/dev/null
expect 0 'Destroyed here' gw -R archive status
! grep -qF 'the mirror in' out.txt || fail 'the mirror is named although it was brought up to it'
expect 0 '' gw -R again repair --from disk
cp -r state state-kept
expect 0 '' gw -R again adopt
expect 0 VERIFIED gw -R again verify
gw -R again restore out-again >/dev/null
cmp out-again/2/theirs/copy.bin theirs/copy.bin || fail 'the mirror lost what lives'
rm -rf state again
mv state-kept state
# Damage of a segment that was written anew is healed from its other copy.
for file in archive/a/keys/*/segment-1-1; do printf x | dd of="$file" bs=1 seek=100 conv=notrunc status=none; done
expect 1 '' gw -R archive verify
expect 0 '' gw -R archive repair
expect 0 VERIFIED gw -R archive verify

# Everything that is on a receipt; its number stays.
expect 0 ERASED gw -R archive erase --receipt 1 --why 'all of it'
expect 0 ERASED gw -R archive receipt 1
expect 0 VERIFIED gw -R archive verify
gw -R archive intake hers --from 'the witness' >/dev/null # the stick brings it back, as a new item
expect 0 VERIFIED gw -R archive verify
expect 0 '' gw -R archive show hers/letter.txt

# Killed at any moment: never damage, and the next one who writes finishes it.
for delay in 0.02 0.1 0.2 0.35 0.5 0.7 1.0; do
    echo "paper of $delay" >paper
    gw -R archive intake paper >/dev/null
    "$groundwork" -R archive erase paper --why 'she asked' >/dev/null 2>&1 &
    pid=$!
    sleep $delay
    kill -9 $pid 2>/dev/null || true
    wait $pid 2>/dev/null || true
    expect 0 VERIFIED gw -R archive verify
    gw -R archive note 'life goes on' >/dev/null 2>&1
    expect 0 VERIFIED gw -R archive verify
    ! gw -R archive status | grep -qF 'ERASE PENDING' || fail "not finished ($delay)"
    rm -f paper
done

# Where two persons must agree, one alone asks and does nothing; withdrawn, it is not done.
gw init pair --origin flow.example/pair --pack-size 1 --erase-persons 2 --key "$work/first.key" >/dev/null
echo 'hers' >paper
gw -R pair --key "$work/first.key" intake paper >/dev/null
gw -R pair member request join --key "$work/second.key" >/dev/null
words=$(gw -R pair member request join2 --key "$work/third.key" --json | json 'd["fingerprint"]')
gw -R pair --key "$work/first.key" member add join2 --role investigator --confirm "$words" >/dev/null
expect 0 'erase approve' gw -R pair --key "$work/first.key" erase paper --why 'she asked'
asked=$(gw -R pair --key "$work/first.key" erase list --json | json 'd["requests"][0]["leaf"]')
expect 3 'erased-approvals' gw -R pair --key "$work/first.key" erase finish "$asked"
expect 3 'another member' gw -R pair --key "$work/first.key" erase approve "$asked"
gw -R pair --key "$work/third.key" adopt >/dev/null
paper=$(gw -R pair --key "$work/first.key" items --json | json "d['items'][0]['item']")
cp -r pair pair-before
opens "$paper" first.key pair-before || fail 'it does not open before: the attempt is none'
expect 0 ERASED gw -R pair --key "$work/third.key" erase approve "$asked"
expect 0 VERIFIED gw -R pair --key "$work/first.key" verify
gw -R pair status | grep -qF 'can still open copies from before' || fail 'who has not come since is not named'
gw -R pair --key "$work/first.key" note 'she is back' >/dev/null
! gw -R pair status | grep -qF 'can still open copies from before' || fail 'she came back and is named still'
for key in first.key third.key; do
    ! opens "$paper" $key pair-before pair || fail "it opens by the present $key"
done
expect 0 VERIFIED gw -R pair --key "$work/first.key" verify

# A person: what is linked to her alone goes, and who she is; what is about somebody else too stays, and is shown.
for i in 1 2 3; do echo "page $i" >"page$i"; done
gw init persons --origin flow.example/persons --pack-size 1 --key "$work/persons.key" >/dev/null
persons() { gw -R persons --key "$work/persons.key" "$@"; }
persons intake page1 page2 page3 >/dev/null
persons protect page1 page2 --person P-0001 >/dev/null
persons protect page2 page3 --person P-0002 >/dev/null
age-keygen 2>/dev/null >keeper
persons identity keyholder K-01 --recipient "$(age-keygen -y keeper)" >/dev/null
for who in P-0001 P-0002; do
    printf 'name: Somebody Else\n' |
        persons identity seal $who --keyholders K-01 --needed 1 --out shares-$who >/dev/null
    persons identity request $who --why 'the court asks' --file request-$who >/dev/null
done
expect 2 'no code of a person' persons erase --person 'Somebody Else'
expect 4 'nothing here is linked to P-0009' persons erase --person P-0009
expect 0 'item about others too' persons erase --person P-0001
grep -qF 'who a person is' out.txt || fail 'her identity is not among what goes'
expect 0 ERASED persons erase --person P-0001 --why 'she asked for it'
expect 4 '' persons show page1
expect 0 '' persons show page2
expect 0 VERIFIED persons verify
persons identity list >list
grep -qF P-0001 list && fail 'her identity is listed still'
grep -qF P-0002 list || fail 'the identity of somebody else is gone'
expect 4 'no sealed identity of P-0001' persons identity request P-0001 --why w --file request-again
asked=$(persons items --json | json 'len(d["items"])')
[ "$asked" = 2 ] || fail "$asked items are left"
persons consent show P-0001 >said || fail 'what she allowed cannot be read any more'

# In a compartment of its own, by one who holds two: her key file forgets for both, and both open.
gw init rooms --origin flow.example/rooms --pack-size 1 --key "$work/rooms.key" >/dev/null
rooms() { gw -R rooms --key "$work/rooms.key" "$@"; }
echo 'in the first' >first
echo 'in the second' >second
rooms intake first >/dev/null
rooms compartment new inner >/dev/null
rooms --compartment inner intake second >/dev/null
cp -r rooms rooms-before
second=$(rooms --compartment inner items --json | json "d['items'][0]['item']")
cp rooms.key rooms-old.key
expect 0 ERASED rooms --compartment inner erase second --why 'she asked for it'
cp -r rooms rooms-after
! opens "$second" rooms.key rooms-before rooms-after || fail 'it opens by the present key file'
opens "$second" rooms-old.key rooms-before || fail 'it does not open by the old key file: the attempt is none'
expect 0 VERIFIED rooms verify
expect 0 '' rooms show first
rooms note 'life goes on' >/dev/null
rooms --compartment inner note 'here too' >/dev/null
expect 0 VERIFIED rooms verify
# What one compartment's records bring up to date again brings nothing back of the other's.
expect 0 ERASED rooms erase first --why 'she asked for it'
for room in inner main; do # each reads the whole journal again, and sweeps before that
    rooms --compartment $room reindex >/dev/null
    expect 0 VERIFIED rooms verify
    grep -qF PENDING out.txt && fail "reading for $room, a segment that was destroyed came back from the journal"
    rooms status | grep -qF 'ERASE PENDING' && fail 'an erasure is called pending that was done'
done
expect 4 'the key file is an old copy' gw -R rooms --key "$work/rooms-old.key" items

# While a hold stands nothing of it is destroyed; the refusal is on the log, and stays there.
echo 'held' >held
gw -R archive intake held >/dev/null
gw -R archive hold place "$(leaf_of archive held)" --ground court-order --why 'order 7' >said
expect 3 'a hold stands' gw -R archive erase held --why 'she asked'
expect 0 '' gw -R archive show held
expect 0 'REFUSED while a hold stood' gw -R archive erase list
expect 0 VERIFIED gw -R archive verify

# Where a time must pass, it must.
gw init slow --origin flow.example/slow --pack-size 1 --erase-days 7 --key "$work/slow.key" >/dev/null
gw -R slow --key "$work/slow.key" intake paper >/dev/null
expect 0 'When the time is over' gw -R slow --key "$work/slow.key" erase paper --why 'she asked'
asked=$(gw -R slow --key "$work/slow.key" erase list --json | json 'd["requests"][0]["leaf"]')
expect 3 'erased-waiting' gw -R slow --key "$work/slow.key" erase finish "$asked"
expect 0 '' gw -R slow --key "$work/slow.key" erase withdraw "$asked"
expect 3 'no request' gw -R slow --key "$work/slow.key" erase finish "$asked"
