#!/bin/sh
# tests/flow/17-random-lives.sh with twenty lives of up to 50 deposits, and every verb at many more places.
export GW_LIVES="${GW_LIVES:-20}" GW_LIFE_DEPOSITS="${GW_LIFE_DEPOSITS:-50}" GW_LIFE_STATES="${GW_LIFE_STATES:-600}"
export GW_VERB_STATES="${GW_VERB_STATES:-120}" GW_CRASH_RANDOM="${GW_CRASH_RANDOM:-12}" GW_SEED="${GW_SEED:-20265}"
exec "$(dirname "$0")/../flow/17-random-lives.sh" "$@"
