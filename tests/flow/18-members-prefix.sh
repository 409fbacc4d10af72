#!/bin/sh
# Prefixes of the recorded writes, syncs and renames of a member being added and of one being revoked, with
# un-synced ones dropped: it opens, verifies and audits in full, as before or as after, and goes on from there.
# GW_PREFIX_SAMPLE: only so many states of each recording, spread evenly (60); GW_PREFIX_RANDOM (2), GW_SEED: as in 11.
# timeout: 800
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir source
for i in 1 2 3; do seq 1 $((i * 300)) >source/n$i; done
export XDG_STATE_HOME="$work/st"
gw init repo --origin flow.example/log --pack-size 1 --key "$work/key" >/dev/null
gw -R repo --key "$work/key" intake source >/dev/null
gw -R repo --key "$work/her" member request request --json >asked
words=$(json 'd["fingerprint"]' <asked)
her=$(json 'd["key"]' <asked)
export GROUNDWORK_KEY="$work/key"

replay() { # replay NAME WORDS...: the command recorded, and each state that a crash may leave of it looked at
    name=$1
    shift
    rm -rf before state-before replayed
    cp -a repo before
    cp -a st/groundwork state-before
    LD_PRELOAD="$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log-$name" \
        GW_RECORD_ROOTS="$work/repo:$work/st/groundwork" GW_RECORD_SKIP='main.db*' "$groundwork" -R "$work/repo" "$@"
    "$built/crash/crash-replay" "log-$name" replayed --root "repo=$work/repo=$work/before" \
        --root "state=$work/st/groundwork=$work/state-before" --compare \
        --random "${GW_PREFIX_RANDOM:-2}" --seed "${GW_SEED:-5}" --workers 2 --serve \
        --sample "${GW_PREFIX_SAMPLE:-60}" \
        -- "$built/flow/state_check" "$work/key" "$GROUNDWORK_PASSPHRASE_FILE" source
}
replay added member add request --role investigator --confirm "$words"
replay revoked member revoke "$her" --reason stolen --doubtful-from 3
gw -R repo verify | grep -q '^VERIFIED$' || fail verify
