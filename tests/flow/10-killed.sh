#!/bin/sh
# kill -9 at random moments of an intake: what is left verifies, keeps its promises, and is completed by running again.
# GW_KILLS: how many (60); GW_SEED: other moments; GW_KILL_LIMIT_S: seconds for all of them; GW_KILL_SMALL: so many
# small files more (0), 16384 of which make a part.  exec: what is killed is what is waited for, and no shell before it.
# timeout: 800
. "$(dirname "$0")/common.sh"
cheap
check="$(dirname "$groundwork")/tests/flow/state_check"
python3 - <<'PY'
import os, random
r = random.Random(11)
for i in range(90):
    folder = f"source/f{i % 7}"
    os.makedirs(folder, exist_ok=True)
    n = r.choice([0, 10, 700, 5000, 70000, 400000])
    with open(f"{folder}/n{i}", "wb") as f:
        f.write(r.randbytes(n) if i % 3 else b"the same words again and again %d\n" % (i % 5) * (n // 30))
for i in range(int(os.environ.get("GW_KILL_SMALL", 0))):
    folder = f"source/s{i // 1000}"
    os.makedirs(folder, exist_ok=True)
    with open(f"{folder}/n{i}", "wb") as f:
        f.write(r.randbytes(r.choice([1, 30, 200])))
PY
mkdir -p first/state
export XDG_STATE_HOME="$work/unused" GROUNDWORK_KEY="$work/key"
gw init first/repo --origin flow.example/log --pack-size 1 >/dev/null
cp unused/groundwork/*.state first/state/
ln -s "$work/live/state" state-link
mkdir -p live-state && rm -rf unused && mkdir unused && ln -s "$work/live/state" unused/groundwork
"$tests/crash/kill.py" "${GW_KILLS:-60}" "${GW_SEED:-7}" --limit "${GW_KILL_LIMIT_S:-3600}" \
    --setup 'rm -rf live && cp -a first live' \
    --run "exec '$groundwork' -R live/repo intake source" \
    --check "cp \"\$GW_PRINTED\" live/printed && '$check' '$work/key' '$GROUNDWORK_PASSPHRASE_FILE' source live 0 kill"
