#!/bin/sh
# Every test program of build/san over all the places of which `make test` takes some (tests/base/thorough.h).
# It takes only those that ask: the others do in `make test` all that they can.
set -eu
tests=$(cd "$(dirname "$0")/.." && pwd)
built=$(cd "$(dirname "$1")" && pwd)/san/tests
cd "$2"
export GW_THOROUGH=1
count=0
for source in $(grep -l 'base/thorough\.h' "$tests"/*/*_test.c "$tests"/*/fixture*.h); do
    case $source in *_test.c) ;; *) continue ;; esac
    room=$(basename "$(dirname "$source")")
    "$built/${room}_$(basename "$source" .c)"
    count=$((count + 1))
done
[ "$count" -gt 0 ]
