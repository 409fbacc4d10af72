#!/bin/sh
# selftest.sh RECORDER REPLAY TOY: does the crash machinery catch what it is there to catch?
# A program that keeps its promises must pass in every state; each one that breaks them must be caught.
set -eu
recorder=$(realpath "$1")
replay=$(realpath "$2")
toy=$(realpath "$3")
python=${PYTHON:-/usr/bin/python3}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
count=0
failed=0

# tell true|false NAME: one line in the form that the suite counts.
tell() {
    count=$((count + 1))
    if "$1"; then
        echo "ok $count - $2"
    else
        failed=$((failed + 1))
        echo "not ok $count - $2"
    fi
}

# record PROGRAM [WORD...]: run it beside a fresh folder "box"; the recording is $work/log.
record() {
    rm -rf "$work/box" "$work/log" "$work/states"
    mkdir "$work/box"
    (
        cd "$work"
        export GW_RECORD_ROOTS="$work/box" GW_RECORD_LOG="$work/log" GW_RECORD_SKIP='*-shm'
        LD_PRELOAD=$recorder exec "$@" >"$work/printed"
    )
}

# replayed: the exit code of a replay with the checker of the toy.
replayed() {
    code=0
    "$replay" "$work/log" "$work/states" --root "box=$work/box=$work/nothing" "$@" -- sh "$here/toy_check.sh" \
        >"$work/replay.out" 2>&1 || code=$?
}

# expect CODE TEXT HABIT: the exit code, and a text in what the replay or the checker said.
expect() {
    cat "$work/states/failed.why" >>"$work/replay.out" 2>/dev/null || true
    good=false
    if [ "$code" -eq "$1" ] && grep -q "$2" "$work/replay.out"; then
        good=true
    fi
    tell "$good" "$3"
    "$good" || sed "s/^/# exit $code instead of $1, or not \"$2\": /" "$work/replay.out"
}

mkdir "$work/nothing"
for habit in good moved; do
    record "$toy" "$habit" box
    replayed --compare --random 5
    expect 0 ' 0 failed' "$habit"
    tell "$(grep -q 'kept 3' "$work/printed" && echo true || echo false)" "$habit prints as it would alone"
done
record "$toy" no-file-sync box
replayed --compare
expect 1 'is not whole' no-file-sync
record "$toy" late-file-sync box
replayed --compare
expect 1 'is not whole' late-file-sync
for habit in no-folder-sync late-folder-sync moved-unsynced; do
    record "$toy" "$habit" box
    replayed --compare
    expect 1 'was promised, and is not there' "$habit"
done
record "$toy" in-place box
replayed --compare
expect 1 'is not whole' in-place

record "$toy" map box
replayed
expect 1 'shared writable mmap' map
record "$toy" stream box
replayed
expect 1 'fopen for writing' stream
record "$toy" syscall box
replayed --compare
expect 1 'differs from what the log leads to' syscall

# Many threads and a child: the order in the log is the order in which things happened.
for round in 1 2 3; do
    record "$toy" bustle box
    code=0
    "$replay" "$work/log" --compare --root "box=$work/box=$work/nothing" >"$work/replay.out" 2>&1 || code=$?
    expect 0 'names as recorded' "bustle, round $round"
done

# The same seed meets the same states; a sample is as large as asked; a checker that hangs or lies is caught.
record "$toy" good box
replayed --seed 7 --sample 20
first=$(cat "$work/replay.out")
expect 0 ' 20 checked, 0 failed' sample
replayed --seed 7 --sample 20
tell "$([ "$first" = "$(cat "$work/replay.out")" ] && echo true || echo false)" 'a seed meets the same states'
code=0
"$replay" "$work/log" "$work/states" --root "box=$work/box=$work/nothing" --timeout 1 -- sh -c 'sleep 30' \
    >"$work/replay.out" 2>&1 || code=$?
expect 1 'took longer than 1 s' timeout
code=0
"$replay" "$work/log" "$work/states" --root "box=$work/box=$work/nothing" --serve -- \
    sh -c 'while read -r line; do echo ok; done' >"$work/replay.out" 2>&1 || code=$?
expect 0 ' 0 failed' serve
code=0
"$replay" "$work/log" "$work/states" --root "box=$work/box=$work/nothing" --serve -- \
    sh -c 'read -r line; echo ok; read -r line; echo lost a letter' >"$work/replay.out" 2>&1 || code=$?
expect 1 'the checker says: lost a letter' serve

# known JOURNAL SYNCHRONOUS CODE TEXT: what SQLite publishes about these settings is what the replay finds.
known() {
    record "$python" "$here/known.py" write "$1" "$2"
    code=0
    "$replay" "$work/log" "$work/states" --root "box=$work/box=$work/nothing" --compare --random 5 --serve -- \
        "$python" "$here/known.py" check >"$work/replay.out" 2>&1 || code=$?
    expect "$3" "$4" "SQLite, journal $1, synchronous $2"
}
known wal full 0 ' 0 failed'
known wal normal 1 'a commit is lost'
known delete extra 0 ' 0 failed'
known delete full 1 'a commit is lost'
known delete off 1 'the database is damaged'

# A recording that is cut short is refused.
head -c 1000 "$work/log" >"$work/short"
code=0
"$replay" "$work/short" --list >"$work/replay.out" 2>&1 || code=$?
expect 4 'is cut short' 'short recording'

echo "1..$count"
[ "$failed" -eq 0 ]
