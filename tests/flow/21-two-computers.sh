#!/bin/sh
# What the README says of other computers, older copies, foreign keys, second writers: each is one line, and safe.
# timeout: 300
. "$(dirname "$0")/common.sh"
cheap
mkdir papers
seq 1 5000 >papers/first
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
key=$(echo config/groundwork/*.key)
cp -r archive older
cp archive/log/checkpoint checkpoint-then
seq 1 6000 >papers/second
gw -R archive intake papers >/dev/null
cp archive/log/checkpoint checkpoint-now

# An older copy in the present one's place is refused on the computer that saw the newer one, by every verb that opens.
mv archive present
mv older archive
expect 1 'older copy' gw -R archive intake papers
expect 1 'older copy' gw -R archive verify
expect 1 'older copy' gw -R archive restore nowhere
[ ! -e nowhere ] || fail 'a refused restore made its folder'

# Nor is it adopted unless that is said, and then it says what is lost; and the key file must not have seen more.
leaves=$(gw -R present status --json | json 'd["leaves"]')
expect 3 "this computer has seen $leaves leaves" gw -R archive adopt
expect 3 'adopt --older' gw -R archive adopt checkpoint-then
expect 1 'older copy' gw -R archive verify
cp -r state kept-state
cp -r archive back
expect 0 'leaves that this computer had seen are not in this copy.' gw -R back adopt --older
expect 0 '' gw -R back note 'gone back'
gw -R back verify | grep -q '^VERIFIED$' || fail 'what was gone back to does not verify'
expect 3 'adopt --older' gw -R archive adopt
for i in 1 2 3 4 5 6 7 8; do gw -R back note "another history $i" >/dev/null; done
rm -r state
mv kept-state state
expect 1 'two histories' gw -R back adopt
expect 1 'two histories' gw -R back adopt --older
rm -r back
mv archive older
mv present archive
gw -R archive verify | grep -q '^VERIFIED$' || fail 'the present one no longer verifies'

# Another computer: it reads and checks, but writes nothing before it is told to trust what it sees.
export XDG_CONFIG_HOME="$work/elsewhere/config" XDG_STATE_HOME="$work/elsewhere/state"
cp -r archive copy
expect 4 'no key file' gw -R copy items
export GROUNDWORK_KEY="$work/$key"
gw -R copy verify | grep -q '^VERIFIED$' || fail 'a copy does not verify elsewhere'
expect 3 'adopt' gw -R copy intake papers
cp checkpoint-now forged
printf 'x' | dd of=forged bs=1 seek=25 conv=notrunc 2>/dev/null
expect 1 '' gw -R copy adopt forged
expect 1 'older copy' gw -R older adopt checkpoint-now
gw -R copy adopt checkpoint-then >/dev/null || fail 'a checkpoint that it extends is refused'
expect 0 'zero items taken in' gw -R copy intake papers
gw -R copy restore restored >/dev/null
[ ! -e restored/1/papers/second ] || fail 'receipt 1 cannot hold the second file'
cmp papers/second restored/2/papers/second || fail 'restored otherwise'

# A key file of another repository, and a repository in the place of another.
XDG_CONFIG_HOME="$work/config" gw init other --origin flow.example/other --key "$work/other.key" >/dev/null
expect 4 'another repository' gw -R copy items --key "$work/other.key"
expect 4 'another repository' gw -R other items

# A second writer is told who holds the lock; one that waits goes on when the first has ended.
mkfifo gate
python3 - copy/lock gate <<'PY' &
import fcntl, os, struct, sys
F_OFD_SETLK = 37
fd = os.open(sys.argv[1], os.O_RDWR)
fcntl.fcntl(fd, F_OFD_SETLK, struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
open(sys.argv[2], "w").close()
open(sys.argv[2]).read()
PY
: <gate
expect 4 'another writer is at work (process ' gw -R copy note 'not now'
gw -R copy intake papers --wait >waited.txt &
waiting=$!
sleep 1
kill -0 $waiting 2>/dev/null || fail 'it did not wait'
: >gate
wait $waiting || fail 'it did not go on'
grep -qF 'zero items taken in' waited.txt || fail 'it waited for something else'
wait
