#!/bin/sh
# tests/flow/11-every-prefix.sh over a larger intake, which fills several packs, and with more of its states in
# which chance drops what was not synced.
export GW_PREFIX_FILES="${GW_PREFIX_FILES:-40}" GW_PREFIX_NOISE="${GW_PREFIX_NOISE:-4000000}"
export GW_PREFIX_RANDOM="${GW_PREFIX_RANDOM:-40}" GW_SEED="${GW_SEED:-20261}"
exec "$(dirname "$0")/../flow/11-every-prefix.sh" "$@"
