#!/bin/sh
# A life of some deposits, cut short anywhere; and every verb, cut short anywhere: what was not synced is kept, lost,
# torn or mixed, and each state is one of FORMAT 7.3.
# GW_LIVES: how many lives (1) of at most GW_LIFE_DEPOSITS (8); GW_LIFE_STATES: states of each (20);
# GW_VERB_STATES: states of each verb (2); GW_CRASH_RANDOM: random states of each prefix (3); GW_SEED: other ones.
# timeout: 800
. "$(dirname "$0")/common.sh"
"$tests/flow/ordeal.py" deposits "$groundwork" "$work/lives" --runs "${GW_LIVES:-1}" --most "${GW_LIFE_DEPOSITS:-8}" \
    --sample "${GW_LIFE_STATES:-20}" --random "${GW_CRASH_RANDOM:-3}" --seed "${GW_SEED:-1}"
"$tests/flow/ordeal.py" crash "$groundwork" "$work/verbs" --sample "${GW_VERB_STATES:-2}" \
    --random "${GW_CRASH_RANDOM:-3}" --seed "${GW_SEED:-1}"
