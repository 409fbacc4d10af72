#!/bin/sh
# Prefixes of the recorded writes, syncs and renames of three publications by one process, whose full tiles are written
# in their places, with un-synced ones dropped: each opens, verifies and audits in full, and goes on from there.
# GW_PREFIX_SAMPLE: only so many states, spread evenly (100); GW_PREFIX_RANDOM (2), GW_SEED: as in 11.
# timeout: 800
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir source
for i in 1 2 3; do seq 1 $((i * 300)) >source/n$i; done
export GROUNDWORK_KEY="$work/key" XDG_STATE_HOME="$work/st"
gw init repo --origin flow.example/log --pack-size 1 >/dev/null
cp -a repo repo-before
cp -a st/groundwork state-before
LD_PRELOAD="$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log" GW_RECORD_ROOTS="$work/repo:$work/st/groundwork" \
    GW_RECORD_SKIP='main.db*' "$built/flow/say_many" "$work/key" "$GROUNDWORK_PASSPHRASE_FILE" "$work/repo" \
    "$work/st/groundwork" 3 300
[ -e repo/log/tile/0/002 ] || fail 'no tile was filled'
"$built/crash/crash-replay" log replayed --root "repo=$work/repo=$work/repo-before" \
    --root "state=$work/st/groundwork=$work/state-before" --compare \
    --random "${GW_PREFIX_RANDOM:-2}" --seed "${GW_SEED:-5}" --workers 2 --serve --sample "${GW_PREFIX_SAMPLE:-100}" \
    -- "$built/flow/state_check" "$work/key" "$GROUNDWORK_PASSPHRASE_FILE" source
gw -R repo verify | grep -q '^VERIFIED$' || fail verify
