#!/bin/sh
# Prefixes of the recorded writes, syncs, renames and removals of an erasure, with un-synced ones dropped: it opens,
# verifies and audits in full, with or without what is erased, and goes on from there.
# GW_PREFIX_SAMPLE: only so many states, spread evenly (60); GW_PREFIX_RANDOM (2), GW_SEED: as in 11.
# timeout: 800
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir source
for i in 1 2 3; do seq 1 $((i * 300)) >source/n$i; done
export XDG_STATE_HOME="$work/st"
cheap
key="$work/keys/key" # it is written anew: each state has its own
mkdir keys
gw init repo --origin flow.example/log --pack-size 1 --key "$key" >/dev/null
gw -R repo --key "$key" intake source >/dev/null
cp -a keys keys-before
cp -a repo before
cp -a st/groundwork state-before
LD_PRELOAD="$built/crash/crash_recorder.so${LD_PRELOAD:+:$LD_PRELOAD}" GW_RECORD_LOG="$work/log" \
    GW_RECORD_ROOTS="$work/repo:$work/st/groundwork:$work/keys" GW_RECORD_SKIP='main.db*' \
    "$groundwork" -R "$work/repo" --key "$key" erase source/n2 --why 'she asked for it' >said
grep -q '^ERASED' said || fail 'it was not erased'
"$built/crash/crash-replay" log replayed --root "repo=$work/repo=$work/before" \
    --root "state=$work/st/groundwork=$work/state-before" --root "keys=$work/keys=$work/keys-before" --compare \
    --random "${GW_PREFIX_RANDOM:-2}" --seed "${GW_SEED:-5}" --workers 2 --serve --sample "${GW_PREFIX_SAMPLE:-60}" \
    -- "$built/flow/state_check" "$work/keys-before/key" "$GROUNDWORK_PASSPHRASE_FILE" source
gw -R repo --key "$key" verify | grep -q '^VERIFIED$' || fail verify
