#!/bin/sh
# tests/flow/10-killed.sh with a thousand kills, at other moments than there.
export GW_KILLS="${GW_KILLS:-1000}" GW_SEED="${GW_SEED:-20260}" GW_KILL_LIMIT_S="${GW_KILL_LIMIT_S:-20000}"
exec "$(dirname "$0")/../flow/10-killed.sh" "$@"
