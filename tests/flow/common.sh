# What every flow begins with: `. "$(dirname "$0")/common.sh"`.  Arguments: BINARY WORKDIR.
set -eu
tests=$(cd "$(dirname "$0")/.." && pwd)
root=$(dirname "$tests")
groundwork=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
rm -rf "$2"
mkdir -p "$2"
cd "$2"
work=$PWD
umask 022
export XDG_CONFIG_HOME="$work/config" XDG_STATE_HOME="$work/state" LANG=C.UTF-8
export GROUNDWORK_PASSPHRASE_FILE="$work/passphrase"
unset GROUNDWORK_KEY GROUNDWORK_REPO LC_ALL XDG_RUNTIME_DIR || true
(umask 077; echo 'a passphrase of the tests' >passphrase)

fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }
gw() { "$groundwork" "$@"; }
# cheap: from here on a passphrase is stretched as little as libsodium allows: for flows of many commands.  What is
# sealed so opens only so, and not by other programs.  A sanitizer must be the first of all libraries: no change there.
cheap() {
    case $groundwork in
    */san/*) export LD_PRELOAD= ;;
    *) export LD_PRELOAD="$(dirname "$groundwork")/tests/crash/crash_cheap.so" ;;
    esac
}
# expect CODE WORDS COMMAND...: it exits with CODE and says WORDS (a fixed string; "" for any) in one line.
expect() {
    code=$1 words=$2
    shift 2
    got=0
    "$@" >out.txt 2>&1 || got=$?
    [ "$got" -eq "$code" ] || { cat out.txt >&2; fail "exit $got instead of $code: $*"; }
    [ -z "$words" ] || grep -qF -- "$words" out.txt || { cat out.txt >&2; fail "does not say \"$words\": $*"; }
}
json() {
    python3 -c 'import json,sys; d=json.load(sys.stdin)["result"]; print(eval("(" + sys.argv[1] + ")", {"d": d}))' "$1"
}
