#!/bin/sh
# tests/flow/15-failing-calls.sh with every call of each verb, and of allocations some hundreds.
# builds: release san
export GW_ORDEAL_CASES="${GW_ORDEAL_CASES:-0}" GW_SEED="${GW_SEED:-20263}"
case $1 in */san/*) each=25 ;; *) each=250 ;; esac
export GW_ORDEAL_EACH="${GW_ORDEAL_EACH:-$each}"
exec "$(dirname "$0")/../flow/15-failing-calls.sh" "$@"
