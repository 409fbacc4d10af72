#!/bin/sh
# An identity sealed for five keyholders, and opened by three: by the program, step by step on the log; and without it,
# by Debian's age and a page of Python.  Keyholders are named by administrators, shares that are false are named by
# keyholder, a request serves once, new shares replace a keyholder, and what says the name elsewhere is found.
# timeout: 600
. "$(dirname "$0")/common.sh"
unset PYTHONPATH || true
python=/usr/bin/python3 # Debian's, which has python3-cryptography
for i in 1 2 3 4 5 6; do
    age-keygen 2>/dev/null >"key$i"
    age-keygen -y "key$i" >"word$i"
done
record() {
    printf 'contact: +82 2 0000 0000\nname kind=birth script=Hang: 김하늘\nname romanisation=rr: Gim Haneul\n'
    printf 'birth: about 1970\ndocument: passport M00000000\n'
}
export XDG_RUNTIME_DIR="$work/run"
trap 'gw -R "$work/archive" lock >/dev/null 2>&1 || true' EXIT
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive unlock --minutes 60 >/dev/null
five=K-01,K-02,K-03,K-04,K-05
seal() { record | gw -R archive identity seal "$@"; }

# ---- who may hold shares
expect 3 'no keyholder who stands' seal P-0001 --keyholders $five --needed 3 --out shares
[ ! -e shares ] || fail 'a refusal left files'
for i in 1 2 3 4 5; do
    expect 0 'is a keyholder from now on' gw -R archive identity keyholder K-0$i --recipient "$(cat word$i)" \
        --name "Keeper $i"
done
expect 3 'rule keyholder-recipient' gw -R archive identity keyholder K-09 --recipient age1nobody
expect 3 'rule identity-code' gw -R archive identity keyholder Keeper --recipient "$(cat word6)"
expect 2 'say --recipient' gw -R archive identity keyholder K-06

# ---- sealing, and what is refused before anything is written
expect 2 'at most 16' seal P-0001 --keyholders $five,$five,$five,$five --needed 3 --out shares
expect 2 'number from 1 to 16' seal P-0001 --keyholders $five --needed 17 --out shares
expect 2 '1 to all of them' seal P-0001 --keyholders $five --needed 6 --out shares
expect 3 'holds one share' seal P-0001 --keyholders K-01,K-01 --needed 1 --out shares
rm -rf shares
expect 3 'lies in the repository' seal P-0001 --keyholders $five --needed 3 --out archive/shares
expect 2 'no code of a person' seal Haneul --keyholders $five --needed 3 --out shares2
echo 'Gim Haneul' | expect 2 'line 1 is not' gw -R archive identity seal P-0001 --keyholders $five --needed 3 \
    --out shares
expect 2 'nothing stands on standard input' gw -R archive identity seal P-0001 --keyholders $five --needed 3 \
    --out s </dev/null
seq 1 30000 | expect 2 'longer than a record' gw -R archive identity seal P-0001 --keyholders $five --needed 3 --out s
leaves=$(gw -R archive status --json | json 'd["leaves"]')
expect 0 '3 of 5 keyholders' seal P-0001 --keyholders $five --needed 3 --out shares
[ "$(gw -R archive status --json | json 'd["leaves"]')" = $((leaves + 2)) ] || fail 'not two statements'
[ "$(ls shares | wc -l)" = 5 ] || fail 'not five files'
record >record
expect 0 'yours to destroy' gw -R archive identity seal P-0003 --keyholders $five --needed 2 --out other <record

# ---- codes and grades, never names
gw -R archive identity list >list
grep -qF 'P-0001  sealed at leaf' list && grep -qF 'P-0003  sealed at leaf' list || fail 'the list lacks somebody'
gw -R archive identity keyholders >>list
grep -qE 'Haneul|하늘|Keeper' list && fail 'a list says a name'

# ---- asking
request() { gw -R archive identity request "$@" --json | json 'd["leaf"], d["answer"]' | tr -d "(',)"; }
expect 4 'no sealed identity of P-0002' gw -R archive identity request P-0002 --why x --file no.age
set -- $(request P-0001 --why 'the court asks who she is' --file request.age)
leaf=$1 answer=$2
expect 3 'is there already' gw -R archive identity request P-0001 --why x --file request.age
back() { age -d -i "key$1" shares/P-0001-*-"$1"-for-K-0"$1".age | age -r "$2" -o "back$1"; }
for i in 1 3 4; do back $i "$answer"; done

# ---- without the program: any three by age and Python, two by nothing, a false one named
for i in 1 2 3 4 5; do age -d -i key$i shares/P-0001-*-$i-for-K-0$i.age >plain$i; done
age -d -i key2 request.age >plain.request
for set in '1 2 3' '1 3 5' '5 4 2' '2 3 4' '1 2 3 4 5'; do
    "$python" -I "$root/docs/opening.py" plain.request $(for i in $set; do echo plain$i; done) >opened
    grep -qF '김하늘' opened && grep -qF 'passport M00000000' opened || fail "keyholders $set do not open it"
done
expect 1 '2 shares are here, and 3 are needed' "$python" -I "$root/docs/opening.py" plain.request plain1 plain5
sed '/^value/s/[0-9a-f]$/x/;s/x$/0/' plain3 >bent
cmp -s bent plain3 && sed '/^value/s/0$/1/' plain3 >bent
expect 1 'not what K-03 was given' "$python" -I "$root/docs/opening.py" plain.request plain1 bent plain5

# ---- with it: each step on the log, and nothing before its time
opened() { gw -R archive identity open "$leaf" back1 back3 back4 --why 'to answer the court'; }
expect 3 '0 of the 3 keyholders' opened
age -r "$answer" -o false3 bent
expect 3 'FALSE SHARE: what came as the share of K-03' gw -R archive identity approve "$leaf" back1 false3 --why x
expect 3 'for somebody else' gw -R archive identity approve "$leaf" shares/P-0001-*-1-for-K-01.age --why 'letters'
expect 3 'no whole file of age' gw -R archive identity approve "$leaf" back1 "$work/word1" --why 'letters'
age -d -i key1 other/P-0003-*-1-for-K-01.age | age -r "$answer" -o stranger
expect 3 'the request is for P-0001' gw -R archive identity approve "$leaf" stranger --why 'letters'
expect 0 '2 of 3 keyholders have approved' gw -R archive identity approve "$leaf" back1 back3 --why 'letters'
expect 3 'K-03 has approved it already' gw -R archive identity approve "$leaf" back3 --why 'letters'
expect 3 '2 of the 3 keyholders' opened
expect 0 'K-04 approved' gw -R archive identity approve "$leaf" back4 --why 'by telephone'
expect 3 '2 shares of keyholders who approved' gw -R archive identity open "$leaf" back1 back3 --why 'to answer'
opened >opened
grep -qF '김하늘' opened && grep -qF 'Gim Haneul' opened || fail 'it does not open'
grep -qF P-0003 opened && fail 'another record'
expect 3 'has served already' opened
expect 0 'it has served' gw -R archive identity list

# ---- another keyholder: new shares by three old ones, without the record
set -- $(request P-0001 --why 'K-02 leaves' --file request2.age)
leaf=$1 answer=$2
for i in 1 3 4; do rm back$i; back $i "$answer"; done
gw -R archive identity keyholder K-06 --recipient "$(cat word6)" >/dev/null
gw -R archive identity keyholder K-02 --gone --why 'she moved' >/dev/null
gw -R archive identity approve "$leaf" back1 back3 back4 --why 'at the meeting' >/dev/null
expect 3 'K-02 is no keyholder' gw -R archive identity reshare "$leaf" back1 back3 back4 --why x --needed 2 \
    --keyholders K-01,K-02,K-06 --out new
expect 0 'still open it' gw -R archive identity reshare "$leaf" back1 back3 back4 --why 'K-02 moved' --needed 2 \
    --keyholders K-01,K-05,K-06 --out new
expect 3 'has served already' gw -R archive identity open "$leaf" back1 back3 back4 --why x
set -- $(request P-0001 --why 'to look for leaks' --file request3.age)
leaf=$1 answer=$2
age -d -i key6 request3.age >plain.request
age -d -i key6 new/P-0001-*-3-for-K-06.age >plain6
age -d -i key5 new/P-0001-*-2-for-K-05.age >plain5
"$python" -I "$root/docs/opening.py" plain.request plain5 plain6 >opened
grep -qF 'Gim Haneul' opened || fail 'new shares do not open it'
rm back1
back 1 "$answer"
expect 3 'of other shares' gw -R archive identity approve "$leaf" back1 --why x
age -r "$answer" -o back5 plain5
age -r "$answer" -o back6 plain6

# ---- restricted: for whoever holds the compartment of names, each look on the log
plain='name script=Hang: 박바다'
expect 4 'no compartment called names' sh -c "echo '$plain' | '$groundwork' -R archive identity add P-0007"
gw -R archive compartment new names >/dev/null
echo "$plain" | gw -R archive identity add P-0007 >said || fail 'a restricted identity was not taken'
grep -qF '박바다' said && fail 'taking it shows it'
expect 2 'no code of a person' sh -c "echo '$plain' | '$groundwork' -R archive identity add Somebody"
expect 2 'say what for' gw -R archive identity show P-0007
expect 4 'no restricted identity of P-0008' gw -R archive identity show P-0008 --why x
gw -R archive identity show P-0007 --why 'the doctor asks' >shown
grep -qF '박바다' shown || fail 'a restricted identity is not shown'
gw -R archive identity list >list
grep -qF 'P-0007  restricted' list && grep -qF 'P-0001  sealed' list || fail 'the list lacks a grade'
grep -qF '박바다' list && fail 'a list says a name'
gw -R archive --compartment main identity list | grep -qF P-0007 && fail 'it is listed in the first compartment'
expect 0 VERIFIED gw -R archive verify

# ---- leaks: what says the name elsewhere, in any form and case
mkdir papers
printf 'statement of GIM HANEUL, taken at home' >papers/one
printf '\343\204\200 nothing\n' >papers/two
printf 'x\xae\x40\x55\xd5\x98\xb2' | tail -c 5 >papers/utf16 # not the name
/usr/bin/python3 -c 'import unicodedata; print(unicodedata.normalize("NFD", "증인 김하늘 씀"))' >papers/three
/usr/bin/python3 -c 'import sys; sys.stdout.buffer.write("김하늘".encode("utf-16-be"))' >papers/four
cp papers/two 'papers/letter of gim haneul'
gw -R archive intake papers --from 'the sister of Gim Haneul' >/dev/null
gw -R archive note 'nothing here' >/dev/null
gw -R archive identity approve "$leaf" back5 back6 --why 'agreed' >/dev/null
gw -R archive --compartment names note 'asked of Gim Haneul' >/dev/null
gw -R archive identity leaks "$leaf" back5 back6 --why 'before the package goes out' >leaks
grep -qF 'In the compartment' leaks || fail 'no leak is told of another compartment'
item() { gw -R archive items --json | json "[i['item'] for i in d['items'] if i['name'].endswith('$1')][0]"; }
for name in one three four; do
    grep -qF "item $(item "$name"): in its bytes" leaks || fail "a leak in $name is not found"
done
grep -qF "item $(item haneul): in its name" leaks || fail 'a name of a file is not found'
grep -qF 'statement "deposit" says' leaks || fail 'the giver is not found'
grep -qE "item ($(item two)|$(item utf16)):" leaks && fail 'a leak that is none'
grep -qF '6 places' leaks || fail "$(cat leaks)"
grep -qE 'Haneul|하늘' leaks && fail 'the list of leaks says the name'

# ---- and all of it stands
gw -R archive verify | grep -qx VERIFIED || fail 'verify'
gw -R archive reindex >/dev/null
gw -R archive identity list | grep -qF 'sealed at leaf' || fail 'the index made again lacks it'
python3 -B "$tests/vectors/reader.py" archive config/groundwork/*.key passphrase read >said || fail "$(cat said)"

# ---- where two administrators decide, both say who holds shares, and one of them that she no more does
gw init two --origin flow.example/log --pack-size 1 --administrators 2 >/dev/null
gw -R two --key second.key member request second.request --json >asked
json 'd["fingerprint"]' <asked >words
gw -R two member add second.request --role administrator --confirm "$(cat words)" >/dev/null
first() { gw -R two identity keyholder K-01 "$@"; }
second() { XDG_STATE_HOME="$work/state2" gw -R two --key second.key identity keyholder K-01 "$@"; }
XDG_STATE_HOME="$work/state2" gw -R two --key second.key adopt >/dev/null
expect 0 '1 of 2 administrators' first --recipient "$(cat word1)"
expect 0 '1 of 2 administrators' first --recipient "$(cat word1)"
record | expect 3 'K-01 is no keyholder' gw -R two identity seal P-0001 --keyholders K-01 --needed 1 --out two.shares
expect 0 '1 of 2 administrators' second --recipient "$(cat word2)" # another one: both must say the same
expect 0 '1 of 2 administrators' first --recipient "$(cat word1)"
expect 0 'is a keyholder from now on' second --recipient "$(cat word1)"
record | expect 0 '1 of 1 keyholders' gw -R two identity seal P-0001 --keyholders K-01 --needed 1 --out two.shares
expect 0 'holds shares no more' first --gone --why 'her house was searched'
record | expect 3 'K-01 is no keyholder' gw -R two identity seal P-0002 --keyholders K-01 --needed 1 --out two.shares
# what one of two said is not enough afterwards either, when one alone is left to decide
expect 0 '1 of 2 administrators' gw -R two identity keyholder K-02 --recipient "$(cat word1)"
key=$(gw -R two member list --json | json 'd["members"][1]["key"]')
leaf=$(gw -R two member role "$key" investigator | sed -n 's/^Proposed at leaf \([0-9]*\):.*/\1/p')
XDG_STATE_HOME="$work/state2" gw -R two --key second.key member approve "$leaf" >/dev/null
record | expect 3 'K-02 is no keyholder' gw -R two identity seal P-0002 --keyholders K-02 --needed 1 --out two.shares
expect 0 'is a keyholder from now on' gw -R two identity keyholder K-02 --recipient "$(cat word1)"
gw -R two verify | grep -qx VERIFIED || fail 'verify of two'
