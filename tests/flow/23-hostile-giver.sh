#!/bin/sh
# What a giver's folder, or the folder that is restored to, can be made to do: nothing happens outside, nothing is
# overwritten, no name reaches the terminal as more than a name.
# timeout: 300
. "$(dirname "$0")/common.sh"
mkdir -p papers/inner outside
echo outside >outside/kept
seq 1 100 >papers/inner/one
ln -s ../../outside papers/inner/away
ln -s . papers/inner/round
esc=$(printf '\033')
printf x >"papers/${esc}]0;title${esc}[2Jname"
printf x >"$(printf 'papers/left\342\200\256txt.exe')"
gw init archive --origin flow.example/log --pack-size 1 >/dev/null

# A file that does not come to rest is no evidence: it is refused by name, and the others are taken in.
head -c 30000000 /dev/zero >papers/growing
(exec 3>>papers/growing; while [ -e papers/growing ]; do printf more >&3; done) 2>/dev/null & # makes no other
grower=$!
gw -R archive intake papers >first.txt
mv papers/growing grown
kill $grower 2>/dev/null || true
wait $grower 2>/dev/null || true
rm grown
grep -qF 'papers/growing: it changed while it was read' first.txt || fail 'a file that grew was taken in'
gw -R archive items --json | json 'any(i["name"] == "papers/growing" for i in d["items"])' | grep -q False ||
    fail 'what changed is an item'

# Links are taken in as links: what they lead to is not.
gw -R archive items --json | json 'any("kept" in i["name"] for i in d["items"])' | grep -q False ||
    fail 'it was followed'

# Names are shown, and do no more.
gw -R archive receipt 1 >shown.txt
gw -R archive show 'no such item' >>shown.txt 2>&1 || true
! LC_ALL=C grep -q "$esc" shown.txt || fail 'a name reaches the terminal raw'
! LC_ALL=C grep -q "$(printf '\342\200\256')" shown.txt || fail 'a name turns the line around'
grep -qF '\x1b]0;title' shown.txt || fail 'the name is not shown'

# A repository does not take itself in, from above or from inside.
expect 3 'holds the repository' gw -R archive intake "$work"
expect 3 'lies in the repository' gw -R archive intake archive/log

# Restoring goes where it was told: a link that lies in the way leads nowhere, and nothing is overwritten.
mkdir -p restored/1
ln -s "$work/outside" restored/1/papers
expect 1 '' gw -R archive restore restored
[ "$(ls outside)" = kept ] || fail 'something was restored through a link'
rm restored/1/papers
mkdir -p restored/1/papers/inner
echo mine >restored/1/papers/inner/one
expect 1 'nothing is overwritten' gw -R archive restore restored
[ "$(cat restored/1/papers/inner/one)" = mine ] || fail 'it was overwritten'
[ "$(readlink restored/1/papers/inner/away)" = ../../outside ] || fail 'the link was not restored as one'
rm -r restored
gw -R archive restore restored >/dev/null
diff -r --no-dereference papers restored/1/papers || fail 'restored otherwise'
