#!/bin/sh
# tests/flow/16-full-disk.sh with a hundred places for each verb, at other places than there.
export GW_ORDEAL_CASES="${GW_ORDEAL_CASES:-0}" GW_ORDEAL_EACH="${GW_ORDEAL_EACH:-100}" GW_SEED="${GW_SEED:-20264}"
exec "$(dirname "$0")/../flow/16-full-disk.sh" "$@"
