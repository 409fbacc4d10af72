#!/bin/sh
# tests/flow/26-mutations.sh with a thousand mutations of each kind of file, others than there.
export GW_MUTATIONS="${GW_MUTATIONS:-1000}" GW_SEED="${GW_SEED:-20261}"
exec "$(dirname "$0")/../flow/26-mutations.sh" "$@"
