#!/bin/sh
# Who had an item, who looked at it, and what the giver takes home: on the log, on paper, and checked by other programs.
# A reader beside a writer, a disk that cannot be written, a spool that is stolen, damaged or taken away; and every
# prefix of the recorded writes of a view and of the commit that takes it over.
# GW_PREFIX_RANDOM: random states of each prefix (2); GW_SEED: other ones; GW_PREFIX_SAMPLE: only so many states of each
# recording, spread evenly (35).
# timeout: 600
. "$(dirname "$0")/common.sh"
built="$(dirname "$groundwork")/tests"
mkdir -p papers/inner
for i in 1 2 3; do seq 1 $((i * 300)) >"papers/inner/n$i"; done
echo 'a letter of the witness Mirae' >papers/letter
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers --from 'Kim Mirae' >/dev/null
waiting() { gw -R archive status --json | json 'd["accesses_waiting"]'; }
accesses() { gw -R archive verify --json | json 'd["accesses"]'; }

# ---- custody
letter=$(gw -R archive items --json | json '[i["item"] for i in d["items"] if i["name"].endswith("letter")][0]')
expect 0 'collected' gw -R archive custody add collected --item papers/letter --date 2026-11-02 --from 'Kim Mirae' \
    --place 'a kitchen'
expect 0 'transferred' gw -R archive custody add transferred --receipt 1 --to 'the archive' --why 'searches in the town'
given=$(gw -R archive custody show papers/letter --json | json 'd["acts"][1]["leaf"]')
expect 0 'returned' gw -R archive custody add returned --item "$letter" --date 2026-11-20T14:05+09:00 --refers "$given"
expect 2 'no act of custody' gw -R archive custody add deleted --item "$letter"
expect 3 'are not all items' gw -R archive custody add viewed --item 0
expect 0 'place: a kitchen' gw -R archive custody show papers/letter
expect 0 'refers to leaf' gw -R archive custody show "$letter"
[ "$(gw -R archive custody show papers/inner/n1 --json | json 'len(d["acts"])')" = 1 ] || fail 'acts of another item'

# ---- what is shown is on record, and one record is enough
gw -R archive show papers/letter --why 'asked by the court' >/dev/null
gw -R archive restore out >/dev/null
[ "$(waiting)" = 2 ] || fail 'a view is not on record'
[ "$(accesses)" = 0 ] || fail 'a view is on the log before a commit'
gw -R archive custody show papers/letter >said.txt
grep -q 'next commit: 2$' said.txt && [ "$(grep -c '^         -  ' said.txt)" = 2 ] ||
    fail "who just saw it: $(cat said.txt)"
[ "$(gw -R archive custody show papers/letter --json | json '[a["leaf"] for a in d["accesses"]]')" = '[None, None]' ] ||
    fail 'what waits has a leaf'
gw -R archive custody show papers/letter --page ahead.html >/dev/null
! grep -qF 'asked by the court' ahead.html || fail 'the page has lines that are not on the log'
gw -R archive show papers/letter --out letter.copy >/dev/null
cmp letter.copy papers/letter || fail 'other bytes'
for i in 1 2 3; do gw -R archive show papers/letter >/dev/null & done
gw -R archive note 'while three read' >/dev/null
wait
gw -R archive note 'takes the rest along' >/dev/null
[ "$(waiting)" = 0 ] && [ "$(accesses)" = 6 ] || fail "$(waiting) wait, $(accesses) are on the log"
gw -R archive custody show papers/letter | grep -qF 'why: asked by the court' || fail 'no reason'
[ "$(gw -R archive custody show papers/inner/n2 --json | json 'len(d["accesses"])')" = 1 ] || fail 'other accesses'

# ---- a stolen spool says nothing without keys
gw -R archive show papers/letter --why 'asked by the court' >/dev/null
grep -rqF -e court -e Mirae -e letter archive/spool && fail 'a spool says what was read'

# ---- nothing can be written: an ordinary view warns, another one is refused
if [ "$(id -u)" = 0 ]; then
    chmod -R a+rX . && chmod 600 passphrase && chown 65534 passphrase && mkdir -m 777 nothing
    nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups env HOME=/nonexistent "$groundwork" "$@"; }
    before=$(find archive -type f -exec cksum {} + | sort | cksum)
    expect 0 'this access is not on record' nobody -R archive show papers/letter
    expect 3 'nothing is shown' nobody -R archive show papers/letter --must-log
    expect 3 'nothing is shown' nobody -R archive restore "$work/nothing" --must-log
    [ "$before" = "$(find archive -type f -exec cksum {} + | sort | cksum)" ] || fail 'something was written'
    [ -z "$(ls nothing)" ] || fail 'something was restored'
    chown 0 passphrase
fi

# ---- damage is named, repair puts it aside and keeps what can be read; a gap is named and is no failure
spool=$(ls archive/spool)
gw -R archive show papers/letter >/dev/null
printf X | dd of="archive/spool/$spool" bs=1 seek=700 conv=notrunc 2>/dev/null
gw -R archive note 'meanwhile' 2>err >/dev/null
grep -qF 'run groundwork repair' err || fail 'damage is not told'
expect 0 'was damaged' gw -R archive repair
ls archive/quarantine/damaged-spool-"$spool"-1 >/dev/null
gw -R archive show papers/letter >/dev/null
rm -r archive/spool
gw -R archive show papers/letter >/dev/null
gw -R archive note 'takes it along' >/dev/null
expect 0 'never came to this log' gw -R archive verify
gw -R archive verify | grep -qx VERIFIED || fail 'a gap is a failure'

# ---- on paper
gw -R archive receipt 1 --page receipt.html --language en >/dev/null
gw -R archive receipt 1 --page receipt-ko.html --language ko >/dev/null
gw -R archive custody show papers/letter --page custody.html >/dev/null
grep -qF -e Mirae -e letter -e papers receipt.html receipt-ko.html && fail 'a receipt names somebody or something'
grep -qF 'a kitchen' custody.html || fail 'a chain without its place'
for page in receipt receipt-ko; do
    sed -n '/<pre>/,/<\/pre>/p' $page.html | sed 's/<[^>]*>//g' >words
    expect 0 VERIFIED gw -R archive verify --against words
done

# ---- the digest on the receipt, by the public log alone and other code
cat >digest.py <<'PY'
import hashlib, pathlib, re, sys
page, log = pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2])
h = lambda b: hashlib.sha256(b).digest()
def root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return h(b"\1" + root(hashes[:k]) + root(hashes[k:]))
entries = b"".join(p.read_bytes() for p in sorted((log / "tile/entries").glob("000*"), key=lambda p: p.name)
                   if p.is_file()) or b"".join(p.read_bytes() for p in (log / "tile/entries/000.p").iterdir())
entries = [entries[i + 2:i + 35] for i in range(0, len(entries), 35)]
runs = [tuple(map(int, r)) for r in re.findall(r"Leaves of a part</th><td><code>(\d+) - (\d+)<", page)]
said = re.search(r"Digest of what was taken in</th><td><code>([0-9a-f]{64})<", page)[1]
covers = [root([h(b"\0" + entries[i]) for i in range(a, b + 1)]) for a, b in runs]
assert root([h(b"\0" + c) for c in covers]).hex() == said, "the digest"
PY
python3 digest.py receipt.html archive/log || fail 'the digest of the receipt is not that of the log'
python3 -B "$tests/vectors/reader.py" archive config/groundwork/*.key passphrase read >said || fail "$(cat said)"

# ---- every prefix of a view, and of the commit that takes it over
cheap
export GROUNDWORK_KEY="$work/key" XDG_STATE_HOME="$work/st"
gw init repo --origin flow.example/log --pack-size 1 >/dev/null
gw -R repo intake papers/letter >/dev/null
cat >checker <<'SH'
#!/bin/sh
# A view that was shown is on the log or in the spool; once a writer and a reader went on, the numbers have no gap.
export XDG_STATE_HOME="$1/own"
mkdir -p "$1/own" && cp -a "$1/state" "$1/own/groundwork"
number() { python3 -c 'import json,sys; print(json.load(sys.stdin)["result"][sys.argv[1]])' "$1"; }
bad() { echo "$1"; cat "$2" 2>/dev/null; exit 1; }
run() { "$GW_PROGRAM" -R "$folder/repo" "$@"; }
folder=$1
shown=0
grep -q '^Item ' "$folder/printed" && shown=1
run status --json >"$folder/out" 2>&1 || [ $? -eq 1 ] || bad status "$folder/out"
waits=$(number accesses_waiting <"$folder/out")
run note 'goes on' >"$folder/out" 2>&1 || bad note "$folder/out"
grep -q repair "$folder/out" && bad 'a crash looks like damage' "$folder/out"
run show 1 >/dev/null 2>&1 || run show letter >"$folder/out" 2>&1 || run show papers/letter >"$folder/out" 2>&1 ||
    bad show "$folder/out"
run note 'and on' >"$folder/out" 2>&1 || bad note "$folder/out"
run verify --json >"$folder/out" 2>&1 || bad verify "$folder/out"
had=$(number accesses <"$folder/out")
[ "$(number access_gaps <"$folder/out")" = '[]' ] || bad gaps "$folder/out"
[ $((had - 1)) -ge $((GW_HAD + shown)) ] && [ $((had - 1)) -le $((GW_HAD + 1)) ] || bad "$had after $waits waited"
SH
chmod +x checker
export GW_PROGRAM="$groundwork" GW_HAD=0
replay() { # NAME WORDS...: recorded, and replayed
    name=$1
    shift
    rm -rf repo-before state-before
    cp -a repo repo-before
    cp -a st/groundwork state-before
    LD_PRELOAD="$LD_PRELOAD:$built/crash/crash_recorder.so" GW_RECORD_LOG="$work/log-$name" \
        GW_RECORD_ROOTS="$work/repo:$work/st/groundwork" GW_RECORD_SKIP='main.db*' \
        "$groundwork" -R "$work/repo" "$@" >/dev/null
    "$built/crash/crash-replay" "log-$name" replayed --root "repo=$work/repo=$work/repo-before" \
        --root "state=$work/st/groundwork=$work/state-before" --compare --random "${GW_PREFIX_RANDOM:-2}" \
        --seed "${GW_SEED:-5}" --workers 2 --sample "${GW_PREFIX_SAMPLE:-35}" -- ./checker
}
replay first-view show papers/letter
GW_HAD=1
replay second-view show papers/letter
GW_HAD=2
replay taken-over note 'takes both along'
