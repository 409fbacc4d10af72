#!/bin/sh
# tests/flow/12-flipped-bits.sh with twenty thousand flips, at other places than there.
export GW_FLIPS="${GW_FLIPS:-20000}" GW_SEED="${GW_SEED:-20262}"
exec "$(dirname "$0")/../flow/12-flipped-bits.sh" "$@"
