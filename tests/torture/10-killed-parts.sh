#!/bin/sh
# tests/flow/10-killed.sh with an intake of three parts.
export GW_KILL_SMALL="${GW_KILL_SMALL:-36000}" GW_KILLS="${GW_KILLS:-60}" GW_SEED="${GW_SEED:-20261}"
export GW_KILL_LIMIT_S="${GW_KILL_LIMIT_S:-20000}"
exec "$(dirname "$0")/../flow/10-killed.sh" "$@"
