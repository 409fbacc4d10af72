#!/bin/sh
# Key file and passphrase are lost: a copy of the repository and two of three sheets give everything back, once.
# timeout: 600
. "$(dirname "$0")/common.sh"
square() {
    python3 - "$1" "$2" <<'PY'
# The square code of an HTML page as a picture: each run of black modules of the path, 8 pixels to a module.
import re, sys
page = open(sys.argv[1], encoding="utf-8").read()
side = int(re.search(r'viewBox="0 0 (\d+) \d+"', page)[1])
rows = [bytearray(b"\xff" * side) for _ in range(side)]
for x, y, n in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\3z", page):
    rows[int(y)][int(x):int(x) + int(n)] = bytes(int(n))
wide = [bytes(v for v in row for _ in range(8)) for row in rows]
open(sys.argv[2], "wb").write(b"P5 %d %d 255\n" % (8 * side, 8 * side) + b"".join(w * 8 for w in wide))
PY
}
python3 "$root/examples/make_centre.py" centre --refused refused >/dev/null
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake centre --from 'A giver' >/dev/null
gw -R archive status | grep -q 'Recovery: no sheets yet' || fail 'status does not warn'

# Sheets go to files of their owner alone, outside the repository, and never into it.
expect 3 'lies in the repository' gw -R archive recovery --out archive/sheets
expect 2 'there are only 2 sheets' gw -R archive recovery --sheets 2 --needed 3
expect 2 'from 1 to 16' gw -R archive recovery --sheets 17
expect 2 'name a folder for the sheets with --out' gw -R archive recovery --json
gw -R archive recovery --sheets 3 --needed 2 --out old >made.txt
grep -q 'Recovery sheets: 3, of which 2 are needed.' made.txt || fail 'recovery does not say what it made'
gw -R archive recovery --sheets 3 --needed 2 --out sheets >/dev/null
[ "$(find sheets -type f -perm 600 | wc -l)" = 6 ] || fail 'the sheets can be read by others'
for n in 1 2 3; do
    mv sheets/*-$n-of-3.txt sheet-$n
    mv sheets/*-$n-of-3.html sheet-$n.html
    mv old/*-$n-of-3.txt old-$n
done
grep -q 'Recovery: 2 of 3 sheets' <<STATUS || fail 'status does not name the sheets'
$(gw -R archive status)
STATUS
gw -R archive verify | grep -q '^VERIFIED$' || fail 'verify, with sheets'
gw -R archive audit --keyless >/dev/null || fail 'audit, with sheets'
gw -R archive note 'written after the sheets' >/dev/null
gw -R archive status | grep -q 'go on the log with' && fail 'the report of the audit is not on the log'
words=$(sed -n 's/^3: \([a-z ]*\)$/\1/p' sheet-1)
[ -n "$words" ] || fail 'a sheet has no third line'
! grep -rqF "$words" archive || fail 'a sheet is in the repository'

# Everything is lost but a copy, a mirror, and the sheets.
gw -R archive mirror mirror >/dev/null || fail 'no mirror'
cp -r archive copy
rm copy/lock
gw init other --origin flow.example/other --key other.key --pack-size 1 >/dev/null
mkdir lost
mv archive config state lost/

# What does not fit is one line, and makes nothing.
tree() { find . -path ./lost -prune -o -print | grep -av '^./out.txt$' | LC_ALL=C sort; }
tree >before
sed 's/^4: .*/4: bado gumi taso neku rite hapo jega/' sheet-2 >mistyped
expect 1 'mistyped: line 4 is mistyped' gw recover copy new sheet-1 mistyped
grep -v '^5:' sheet-2 >short
expect 1 'short: line 5 of its words is missing' gw recover copy new sheet-1 short
expect 1 'passphrase: no recovery sheet is in it' gw recover copy new sheet-1 passphrase
expect 4 '' gw recover copy new sheet-1 nowhere
expect 3 '2 sheets of this set are needed, and 1 given' gw recover copy new sheet-1
expect 3 'are the same sheet, number 1' gw recover copy new sheet-1 sheet-1
expect 3 'are sheets of two sets' gw recover copy new sheet-1 old-2
expect 3 'were replaced by those of set' gw recover copy new old-1 old-2
expect 4 'does not know the sheets' gw recover other new sheet-1 sheet-2
expect 4 'no repository' gw recover refused new sheet-1 sheet-2
expect 3 'is not empty' gw recover copy lost sheet-1 sheet-2
expect 3 'lie in each other' gw recover copy copy/new sheet-1 sheet-2
rm mistyped short
tree >after
grep -avx './mistyped\|./short\|./before\|./after' before >before-same
grep -avx './mistyped\|./short\|./before\|./after\|./before-same' after >after-same
cmp before-same after-same || fail 'what was refused left something behind'

# Two sheets, one by its words and one by its square code, as a camera reads it.
square sheet-3.html square.pgm
if command -v zbarimg >/dev/null; then
    zbarimg -q --raw square.pgm >camera 2>/dev/null || fail 'the square code cannot be read'
    grep -q '^GROUNDWORK/SHEET/1/[A-Z2-7]*$' camera || fail 'the square code says something else'
else
    cp sheet-3 camera
fi
cp -r copy kept
gw recover copy new sheet-1 camera >recovered.txt || fail 'not recovered'
diff -r copy kept >/dev/null || fail 'the copy was written to'
gw -R new verify | grep -q '^VERIFIED$' || fail 'the recovered one does not verify'
gw -R new audit --full | grep -q '^WHOLE$' || fail 'the recovered one is not whole'
gw -R new restore restored --all >/dev/null
python3 "$root/examples/compare_trees.py" centre restored/1/centre --refused refused || fail 'restored otherwise'
expect 0 'zero items taken in' gw -R new intake centre --from 'A giver'
mkdir more
echo 'after the loss' >more/note
gw -R new intake more >/dev/null
gw -R new verify | grep -q '^VERIFIED$' || fail 'the recovered one, written to, does not verify'
gw -R new restore again --all >/dev/null
cmp more/note again/2/more/note || fail 'what was taken in afterwards is otherwise'
gw -R new repair >/dev/null || fail 'repair of the recovered one'
gw -R new reindex >/dev/null || fail 'reindex of the recovered one'
find new -name '*recovering*' | grep -q . && fail 'a draft is left'

# Others agree: by FORMAT.md with the new key file, by FORMAT.md with two sheets alone, and Go over the log.
python3 -B "$tests/vectors/reader.py" new config/groundwork/*.key passphrase read-1 >/dev/null || fail 'read otherwise'
python3 -B "$tests/vectors/sheets.py" copy read-2 sheet-2 camera >/dev/null || fail 'sheets are read otherwise'
python3 "$root/examples/compare_trees.py" centre read-2/1/centre --refused refused || fail 'the sheets give otherwise'
export PATH="/usr/lib/go-1.19/bin:$PATH" GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE="$work/gocache" GOFLAGS=
go build -o checklog "$tests/go/checklog.go" || fail 'the Go checker does not build'
./checklog new/log "$(gw -R new status --json | json 'd["log_key"]')" || fail 'Go does not agree'

# The sheets are spent, and the lost key signs nothing more; on an older copy both still work, and say so nowhere.
gw -R new status | grep -q 'These sheets are spent' || fail 'status does not say that they are spent'
expect 3 'are spent' gw recover new newer sheet-1 sheet-2
expect 4 'was replaced with recovery sheets at leaf' gw -R new items --key lost/config/groundwork/*.key
XDG_STATE_HOME=$work/lost/state gw -R lost/archive verify --key lost/config/groundwork/*.key |
    grep -q '^VERIFIED$' || fail 'the lost one'
(umask 077; echo 'not the passphrase' >wrong)
GROUNDWORK_PASSPHRASE_FILE=$work/wrong expect 4 'passphrase does not open' gw -R new items
expect 3 'is there already' gw recover copy newer sheet-1 sheet-2
expect 3 'move it away first' gw recover copy newer sheet-1 sheet-2 --key "$work/another.key"

# The same from the mirror alone.
(
    export XDG_CONFIG_HOME="$work/there/config" XDG_STATE_HOME="$work/there/state"
    expect 3 'were replaced by those of set' gw recover mirror there/new old-1 old-2
    [ ! -e there ] || fail 'what was refused left something behind'
    mkdir there
    for wait in 0.05 0.1 0.15 0.2 0.25 0.3; do # killed at some moments, and gone on
        [ -e there/new ] ||
            timeout --foreground -s KILL "$wait" "$groundwork" recover mirror there/new sheet-3 sheet-2 \
                >/dev/null 2>&1 || true
    done
    [ -e there/new ] || gw recover mirror there/new sheet-3 sheet-2 >/dev/null || fail 'not recovered from the mirror'
    rmdir there/new.recovering 2>/dev/null || true
    [ "$(echo there/new*)" = there/new ] || fail 'a draft is left'
    gw -R there/new verify | grep -q '^VERIFIED$' || fail 'recovered from the mirror, it does not verify'
    gw -R there/new restore there/back --all >/dev/null
    python3 "$root/examples/compare_trees.py" centre there/back/1/centre --refused refused || fail 'restored otherwise'
    rm -r mirror-2 2>/dev/null || true
    gw -R there/new mirror mirror-2 >/dev/null || fail 'what was recovered is not mirrored'
    gw verify --mirror mirror-2 >/dev/null || fail 'its mirror is not whole'
)

# New sheets by the new member, typed in line by line; the first answer is mistyped and asked for again.
gw -R new recovery --sheets 1 --needed 1 --out single >single.txt
grep -q 'One sheet is enough' single.txt || fail '1 of 1 is not said plainly'
grep -q 'This one sheet is enough' single/*.txt || fail 'the sheet does not say so'
{
    echo 'bado gumi taso neku rite hapo jega'
    sed -n 's/^[1-6]: \([a-z ]*\)$/\1/p' single/*.txt
} >typed
typing() { # a terminal, on which each question for a line is answered by the next line of the file
    python3 - "$@" <<'PY'
import os, pty, re, sys
answers = open(sys.argv[1], encoding="utf-8").read().splitlines()
child, terminal = pty.fork()
if child == 0:
    os.execv(sys.argv[2], sys.argv[2:])
seen, asked = b"", 0
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if len(re.findall(rb"line [1-6]: ", seen)) > asked and asked < len(answers):
        os.write(terminal, answers[asked].encode() + b"\n")
        asked += 1
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
PY
}
mkdir elsewhere
(
    export XDG_CONFIG_HOME="$work/elsewhere/config" XDG_STATE_HOME="$work/elsewhere/state"
    expect 4 'no terminal to type sheets on' setsid -w "$groundwork" recover new third
    typing typed "$groundwork" recover new third >third.txt || { cat third.txt; fail 'not recovered by typing'; }
    grep -q 'line 1 is mistyped' third.txt || fail 'a mistyped line is not told'
    gw -R third verify | grep -q '^VERIFIED$' || fail 'twice recovered, it does not verify'
    gw -R third restore thrice --all >/dev/null
    python3 "$root/examples/compare_trees.py" "$work/centre" thrice/1/centre --refused "$work/refused" ||
        fail 'restored otherwise'
)

# Sheets without files come to the terminal.
gw -R new recovery | grep -c '^[1-6]: [a-z ]*$' >count
[ "$(cat count)" = 18 ] || fail 'three sheets have eighteen lines'
