#!/bin/sh
# Two other organisations sign the log, by files on a stick.  What is rolled back, forked, replayed, of another log or
# by another key is refused, the forked log by a proof; a crash between signing and answering loses nothing.
# timeout: 120
. "$(dirname "$0")/common.sh"
cheap
cosign=$(dirname "$groundwork")/groundwork-cosign
a() { "$cosign" --folder a "$@"; }
b() { "$cosign" --folder b "$@"; }
export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS=
go build -o checkcosigned "$tests/go/checkcosigned.go" || fail 'the Go checker does not build'

gw init archive --origin flow.example/log --pack-size 1 >/dev/null
key=$(gw -R archive status --json | json 'd["log_key"]')
a init a.example/cosigner >/dev/null
b init b.example/cosigner >/dev/null
ka=$(a key) kb=$(b key)
expect 3 'there is a key already' a init a.example/other

# ---- who is to sign
expect 0 'No cosigners' gw -R archive cosigner list
expect 3 'there are no cosigners yet' gw -R archive cosigner export alpha request
expect 2 'type 4' gw -R archive cosigner add alpha "$key"
expect 0 'From here on 1 of 1 cosigners are to sign.' gw -R archive cosigner add alpha "$ka"
expect 2 'is taken' gw -R archive cosigner add alpha "$kb"
expect 2 "is the cosigner alpha's already" gw -R archive cosigner add beta "$ka"
expect 2 'of 2 cosigners 1 to 2 can be needed' gw -R archive cosigner add beta "$kb" --needed 3
expect 0 'From here on 2 of 2 cosigners are to sign.' gw -R archive cosigner add beta "$kb" --needed 2
expect 6 'UNCOSIGNED' gw -R archive verify

# ---- the first round
gw -R archive cosigner export alpha ask-a >/dev/null
gw -R archive cosigner export beta ask-b >/dev/null
cmp ask-a ask-b || fail 'two cosigners that have signed nothing are asked otherwise'
expect 3 'is there already' gw -R archive cosigner export alpha ask-a
./checkcosigned -request ask-a none "$key" || fail 'Go does not agree with a request from nothing'
expect 3 'is not followed here' a cosign ask-a answer-a
[ ! -e answer-a ] || fail 'a log that is not followed got an answer'
expect 0 'is followed from now on' a follow "$key"
expect 3 'is followed already' a follow "$key"
b follow "$key" >/dev/null
expect 0 'Signed: flow.example/log' a cosign ask-a answer-a
expect 3 'is there already' a cosign ask-a answer-a
expect 0 'Signed' b cosign ask-b answer-b
cp archive/log/checkpoint first
cp -r archive older
cp -r state state-older
expect 0 '1 new' gw -R archive cosigner import ask-a answer-a
expect 6 'The policy is not fulfilled' gw -R archive verify
expect 0 '1 new' gw -R archive cosigner import ask-b answer-b
expect 0 'on the log already' gw -R archive cosigner import ask-b answer-b
expect 0 'The policy is fulfilled.' gw -R archive verify
gw -R archive verify | grep -q '^VERIFIED$' || fail verify
gw -R archive status | grep -qF 'leaves are signed by alpha, beta' || fail 'status does not tell'
./checkcosigned archive/log/cosigned archive/log "$key" 2 "$ka" "$kb" || fail 'Go does not agree with log/cosigned'
./checkcosigned archive/log/cosigned archive/log "$key" 1 "$ka" >/dev/null || fail 'Go does not pass over a key'
./checkcosigned archive/log/checkpoint archive/log "$key" 1 "$ka" >/dev/null && fail 'Go takes the log for a cosigner'
head -c 20 answer-a >short
expect 1 'neither signature lines nor' gw -R archive cosigner import ask-a short

# ---- the second round: it begins where the first ended; a replay of the first is a conflict
gw -R archive note 'something more' >/dev/null
gw -R archive cosigner export alpha ask-a2 >/dev/null
./checkcosigned -request ask-a2 first "$key" || fail 'Go does not agree with the proof of a request'
expect 1 'does not fit the note' gw -R archive cosigner import ask-a2 answer-a
expect 0 'Signed' a cosign ask-a2 answer-a2
expect 3 'not signed' a cosign ask-a replayed
newest=$(cat replayed)
expect 3 "Export again with --old $newest" gw -R archive cosigner import ask-a replayed
sed 's/^old .*/old 0/' ask-a2 >doctored
expect 3 'not signed' a cosign doctored conflicting
expect 0 '1 new' gw -R archive cosigner import ask-a2 answer-a2
expect 0 'is not fulfilled there yet; it is up to' gw -R archive verify
expect 0 '' gw -R archive cosigner export alpha ask-a3 --old "$newest"
# ---- the cosigner's disk goes at any of its calls: nothing is answered that is not noted, and the same request is
# answered once the disk is back
fault=$(dirname "$groundwork")/tests/crash/crash_fault.so
for case in write:1 sync:1 rename:1 sync:2 write:2 sync:3; do
    [ "${groundwork%/san/*}" = "$groundwork" ] || break # a sanitizer must come before any other library
    rm -rf c
    cp -r a c
    rm -f answer-1 answer-2
    got=0
    LD_PRELOAD=$LD_PRELOAD:$fault GW_FAULT_KIND=${case%:*} GW_FAULT_AT=${case#*:} \
        GW_FAULT_FOR=0 GW_FAULT_ROOTS="$work" \
        "$cosign" --folder c cosign ask-a3 answer-1 >out.txt 2>&1 || got=$?
    [ "$got" -eq 4 ] || { cat out.txt >&2; fail "exit $got where ${case%:*} ${case#*:} and all after it fail"; }
    [ ! -s answer-1 ] || fail "answered without its disk: $case"
    expect 0 'Signed' "$cosign" --folder c cosign ask-a3 answer-2
done
expect 0 'Signed' a cosign ask-a3 answer-a3

# ---- a crash between what is noted and what is answered: the same request gets the same answer, without a passphrase
GROUNDWORK_PASSPHRASE_FILE=/nonexistent expect 0 'Signed' a cosign ask-a3 again
cmp answer-a3 again || fail 'the same request got another answer'
rm again
expect 0 '1 new' gw -R archive cosigner import ask-a3 answer-a3

# ---- any older checkpoint, signed or typed from paper; another log's; a later one
gw -R archive status --json >now.json
expect 0 'VERIFIED' gw -R archive verify --against first
expect 0 'VERIFIED' gw -R archive verify --against archive/log/cosigned
printf ' flow.example/log\r\n%s \r\n%s\r\n' "$(json 'd["leaves"]' <now.json)" "$(json 'd["root"]' <now.json)" |
    sed 's/^ //' >paper
expect 0 'The checkpoint is not signed' gw -R archive verify --against paper
sed '2s/.*/3/' paper >wrong
expect 1 'HISTORY WAS REWRITTEN' gw -R archive verify --against wrong
gw init other --origin flow.example/other --key other.key --pack-size 1 >/dev/null
expect 1 'no key that is known here' gw -R archive verify --against other/log/checkpoint
a cosign other/log/checkpoint nothing >/dev/null 2>&1 && fail 'a checkpoint passes for a request'

# ---- printed in words, typed from the page, and held to the log by another program, too
expect 0 'Print one' gw -R archive checkpoint --out printed
grep -h '^[1-6]: [a-z]' printed/checkpoint-*.txt >typed
gw -R archive note 'after the paper' >/dev/null
expect 0 'VERIFIED' gw -R archive verify --against typed
python3 -B "$tests/vectors/paper_checkpoint.py" archive/log typed | grep -q '^VERIFIED' ||
    fail 'the printed words are read otherwise'
sed '3s/: ../: ya/' typed >mistyped
expect 1 'line 3 is mistyped' gw -R archive verify --against mistyped

# ---- rolled back: the older copy cannot come as the present one, and a cosigner would not sign it
mv archive present
mv state state-present
cp -r older archive
cp -r state-older state
expect 1 'older copy' gw -R archive verify --against present/log/cosigned
gw -R archive cosigner export alpha ask-old >/dev/null
expect 3 'not signed' a cosign ask-old answer-old
expect 1 'it is an older copy' gw -R archive cosigner import ask-old answer-old

# ---- forked: the older copy was written on.  Of the same size, and of a larger one, it is a proof
mkdir papers
for i in 1 2 3 4 5 6 7 8 9; do echo $i >papers/$i; done
gw -R archive intake papers >/dev/null
honest() { XDG_STATE_HOME="$work/state-present" gw -R present "$@"; }
expect 1 'HISTORY WAS REWRITTEN' gw -R archive verify --against present/log/cosigned --fork by-log.fork
expect 1 'PROOF OF TWO HISTORIES' a check by-log.fork
expect 1 'PROOF OF TWO HISTORIES' honest verify --against by-log.fork
size=$(a list | sed -n 's/.*signed up to \([0-9]*\) leaves.*/\1/p')
gw -R archive cosigner export alpha ask-fork --old "$size" >/dev/null
expect 1 'PROOF OF TWO HISTORIES' a cosign ask-fork answer-fork
[ ! -e answer-fork ] || fail 'a forked log got an answer'
fork=$(echo a/*.fork)
expect 1 'PROOF OF TWO HISTORIES' b check "$fork"
expect 1 'PROOF OF TWO HISTORIES' honest verify --against "$fork"
a list | grep -q 'TWO HISTORIES' || fail 'list does not tell of the fork'
sed 's/^older \([0-9]\)/older 9\1/' "$fork" >bad.fork
expect 1 'longer or shorter' a check bad.fork
expect 1 'is of the log' gw -R other verify --key other.key --against "$fork"

# ---- the honest one goes on; but a cosigner that holds a proof signs no history of that log any more
rm -r archive state
mv present archive
mv state-present state
gw -R archive note 'the present one' >/dev/null
gw -R archive cosigner export beta ask-b2 >/dev/null
expect 0 'Signed' b cosign ask-b2 answer-b2
expect 0 '1 new' gw -R archive cosigner import ask-b2 answer-b2
gw -R archive cosigner export alpha ask-a4 >/dev/null
expect 1 'has signed two histories' a cosign ask-a4 answer-a4

# ---- groups of groups from a file
cat >policy <<END
# both must sign
witness   alpha $ka
witness beta $kb https://b.example/
group both all alpha beta
quorum both
END
expect 0 'group both 2 alpha beta' gw -R archive cosigner policy policy
expect 3 'is this already' gw -R archive cosigner policy policy
expect 3 'groups of its own' gw -R archive cosigner remove beta
gw -R archive verify | grep -q '^VERIFIED$' || fail 'verify, by a policy from a file'

# ---- a cosigner with a program that is not ours
gw -R archive cosigner export beta ask-g --old 0 >/dev/null
./checkcosigned -cosign ask-g gamma.example/cosigner >gamma || fail 'the Go cosigner does not sign'
sed 1d gamma >answer-g
expect 3 'no signature in the answer' gw -R archive cosigner import ask-g answer-g
sed "s|^witness beta|witness gamma $(head -1 gamma)\n&|" policy >policy-g
gw -R archive cosigner policy policy-g >/dev/null
expect 0 '1 new' gw -R archive cosigner import ask-g answer-g
gw -R archive verify | grep -q 'leaves are signed by gamma, at 2023-11-14T22:13:20Z' || fail 'a cosignature by Go'
exit 0
