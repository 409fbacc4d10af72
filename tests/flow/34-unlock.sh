#!/bin/sh
# Keys held unlocked for a while: no passphrase is asked for, nothing of it is on disk, and `lock` ends it at once.
# timeout: 120
. "$(dirname "$0")/common.sh"
export XDG_RUNTIME_DIR="$work/run"
trap 'gw -R "$work/archive" lock >/dev/null 2>&1 || true' EXIT
mkdir papers
seq 1 2000 >papers/first
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
expect 0 'Nothing was unlocked.' gw -R archive lock
expect 2 'a number from 1 to 1440' gw -R archive unlock --minutes 0
expect 2 'a number from 1 to 1440' gw -R archive unlock --minutes 1441
echo 'not the passphrase' >wrong
chmod 600 wrong
expect 4 'does not open' env GROUNDWORK_PASSPHRASE_FILE="$work/wrong" "$groundwork" -R archive unlock
[ ! -e run ] || [ -z "$(find run -type s)" ] || fail 'keys are held by who does not know the passphrase'

# Without a passphrase, everything goes on; what reads it anew still asks.
expect 0 'unlocked for 30 minutes' gw -R archive unlock
expect 0 '' gw -R archive unlock --minutes 5
unset GROUNDWORK_PASSPHRASE_FILE
expect 0 'Receipt 1' setsid "$groundwork" -R archive intake papers
expect 0 'first' setsid "$groundwork" -R archive items
expect 0 'unlocked for 5 more minutes' gw -R archive status
expect 4 'no terminal to ask on' setsid "$groundwork" -R archive passphrase
left=$(gw -R archive status --json | json 'd["agent_seconds"]')
[ "$left" -gt 0 ] && [ "$left" -le 300 ] || fail "$left seconds left"

# One process, for one user: locked memory, no core, nothing of ours open, and no other user's business.
socket=$(find run -type s)
[ "$(stat -c %a "$socket")" = 600 ] && [ "$(stat -c %a run/groundwork)" = 700 ] || fail 'others may reach the socket'
agent=$(pgrep -n -f "^$groundwork -R archive unlock --minutes 5")
[ "$(sed -n 's/^VmLck:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$agent/status")" -ge 64 ] || fail 'its memory is not locked'
[ "$(awk '/Max core file size/ {print $5 $6}' "/proc/$agent/limits")" = 00 ] || fail 'it may leave a core'
if [ "$(id -u)" = 0 ]; then
    chmod 711 "$work" run run/groundwork
    chmod 666 "$socket"
    ! setpriv --reuid=65534 --clear-groups python3 -c '
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1])
s.send(b"k")
sys.exit(0 if s.recv(65536) else 1)' "$work/$socket" 2>/dev/null || fail 'another user got the keys'
    chmod 700 run/groundwork
fi

# At once; by an end of the process; by the passing of time, which the unit tests of agent/ leave to the kernel's clock.
expect 0 'the keys are wiped' gw -R archive lock
[ -z "$(find run -type s)" ] || fail 'its socket is still there'
for i in 1 2 3 4 5 6 7 8 9 10; do [ -e "/proc/$agent/exe" ] || break; sleep 0.1; done
[ ! -e "/proc/$agent/exe" ] || fail 'it is still there'
expect 4 'no terminal to ask on' setsid "$groundwork" -R archive items
GROUNDWORK_PASSPHRASE_FILE="$work/passphrase" gw -R archive unlock >/dev/null
kill "$(pgrep -n -f "^$groundwork -R archive unlock")"
for i in 1 2 3 4 5 6 7 8 9 10; do [ -n "$(find run -type s)" ] || break; sleep 0.1; done
expect 4 'no terminal to ask on' setsid "$groundwork" -R archive items

# It gives what the key file is now: gone back to an older copy, it goes back with it.
export GROUNDWORK_PASSPHRASE_FILE="$work/passphrase"
cp -r archive older
gw -R archive note 'later' >/dev/null
gw -R archive passphrase --passphrase-fd 3 3<<END >/dev/null
a passphrase of the tests
another one of the tests
END
echo 'another one of the tests' >passphrase
gw -R archive unlock >/dev/null
rm -r archive
mv older archive
expect 0 'Adopted' gw -R archive adopt --older
unset GROUNDWORK_PASSPHRASE_FILE
expect 0 '' setsid "$groundwork" -R archive note 'gone back'
gw -R archive verify | grep -q '^VERIFIED$' || fail 'it does not verify'
expect 0 'the keys are wiped' gw -R archive lock
