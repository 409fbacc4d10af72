#!/bin/sh
# Every prefix of the recorded writes, syncs and renames of a mirror being made, with un-synced ones dropped: it stands
# as before or as after, and the next run ends it.
# GW_PREFIX_SAMPLE: only so many states of each recording, spread evenly (all); GW_PREFIX_RANDOM (4), GW_SEED: as in 11.
# timeout: 800
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir papers disk
for i in 1 2 3; do seq 1 $((i * 400)) >papers/n$i; done
head -c 700000 /dev/urandom >papers/noise
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null

# ${whole}: what the mirror says of itself before the run that is recorded.
cat >checker <<'SH'
#!/bin/sh
mirror="$1/disk/m" records=$2 model=$3
export XDG_STATE_HOME="$1/own"
said=$("$GW_PROGRAM" --json verify --mirror "$mirror" 2>/dev/null) && code=0 || code=$?
case "$GW_BEFORE,$code" in
none,[014]) ;;
whole,0) ;;
*) echo "verify --mirror exits $code: $said"; exit 1 ;;
esac
"$GW_PROGRAM" -R "$GW_ARCHIVE" mirror "$mirror" >/dev/null 2>"$1/why" || { cat "$1/why"; exit 1; }
"$GW_PROGRAM" -R "$GW_ARCHIVE" --json verify --mirror "$mirror" >"$1/why" 2>&1 || { cat "$1/why"; exit 1; }
grep -q '"behind":0' "$1/why" || { cat "$1/why"; exit 1; }
find "$mirror" -name '*.part' | grep . && exit 1
[ "$(ls "$mirror/commits" | wc -l)" -eq 1 ] && [ "$(ls "$mirror/open" | wc -l)" -eq 1 ]
SH
chmod +x checker
export GW_PROGRAM="$groundwork" GW_ARCHIVE="$work/archive" GW_BEFORE

for GW_BEFORE in none whole; do
    rm -rf before
    cp -a disk before
    LD_PRELOAD="$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log-$GW_BEFORE" GW_RECORD_ROOTS="$work/disk" \
        "$groundwork" -R "$work/archive" mirror "$work/disk/m"
    "$built/crash/crash-replay" "log-$GW_BEFORE" replayed --root "disk=$work/disk=$work/before" --compare \
        --random "${GW_PREFIX_RANDOM:-4}" --seed "${GW_SEED:-5}" --workers 2 \
        ${GW_PREFIX_SAMPLE:+--sample $GW_PREFIX_SAMPLE} \
        -- ./checker
    head -c 900000 /dev/urandom >papers/more
    gw -R archive intake papers >/dev/null
done
