#!/bin/sh
# tests/flow/36-tiles-prefix.sh over every state of its recording, and more of those in which chance drops what was not
# synced.
export GW_PREFIX_SAMPLE="${GW_PREFIX_SAMPLE:-1000000}" GW_PREFIX_RANDOM="${GW_PREFIX_RANDOM:-10}"
exec "$(dirname "$0")/../flow/36-tiles-prefix.sh" "$@"
