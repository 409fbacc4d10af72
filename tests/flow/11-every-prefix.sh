#!/bin/sh
# Every prefix of the recorded writes, syncs and renames of a small intake, with un-synced ones dropped.
# GW_PREFIX_FILES: how many files (6); GW_PREFIX_NOISE: bytes of one that nothing compresses (300000), packs have a MiB;
# GW_PREFIX_RANDOM: random states of each prefix (2); GW_SEED: other ones; GW_PREFIX_SAMPLE: only so many states, spread
# evenly (all).
# timeout: 800
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir -p source/inner
for i in $(seq "${GW_PREFIX_FILES:-6}"); do seq 1 $((i * 400)) >source/inner/n$i; done
head -c "${GW_PREFIX_NOISE:-300000}" /dev/urandom >source/noise
cp source/inner/n3 source/same
export GROUNDWORK_KEY="$work/key" XDG_STATE_HOME="$work/st"
gw init repo --origin flow.example/log --pack-size 1 >/dev/null
cp -a repo repo-before
cp -a st/groundwork state-before
LD_PRELOAD="$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log" GW_RECORD_ROOTS="$work/repo:$work/st/groundwork" \
    GW_RECORD_SKIP='main.db*' "$groundwork" -R "$work/repo" intake source
"$built/crash/crash-replay" log replayed --root "repo=$work/repo=$work/repo-before" \
    --root "state=$work/st/groundwork=$work/state-before" --compare \
    --random "${GW_PREFIX_RANDOM:-2}" --seed "${GW_SEED:-5}" --workers 2 --serve \
    ${GW_PREFIX_SAMPLE:+--sample $GW_PREFIX_SAMPLE} \
    -- "$built/flow/state_check" "$work/key" "$GROUNDWORK_PASSPHRASE_FILE" source
