#!/bin/sh
# Every command that the README shows, in its order, as it stands there: the English ones and the Korean ones.
# timeout: 300
. "$(dirname "$0")/common.sh"
mkdir bin
ln -s "$groundwork" bin/groundwork
ln -s "$(dirname "$groundwork")/groundwork-cosign" bin/groundwork-cosign
PATH="$work/bin:$PATH"
# The indented lines that begin with the program's name, or copy a file, before and behind the last heading.
sed '/^## 한국어/,$d' "$root/README.md" | sed -n 's/^    \(groundwork .*\|cp .*\)/\1/p' >english
sed '1,/^## 한국어/d' "$root/README.md" | sed -n 's/^    \(groundwork .*\)/\1/p' >korean
[ "$(wc -l <english)" -ge 10 ] && [ "$(wc -l <korean)" -ge 5 ] || fail 'the README shows too few commands'

# story COMMANDS FOLDER: in a place of its own, where FOLDER is what is to be taken in.
story() {
    mkdir "story-$1"
    cd "story-$1"
    export XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"
    mkdir -p "$2/more"
    for i in 1 2 3 4 5 6 7 8; do seq 1 $((i * 100)) >"$2/statement $i.txt"; done
    export GROUNDWORK_COSIGN="$PWD/friends"
    groundwork-cosign init friends.example/cosigner >/dev/null
    while read -r command <&3; do
        case $command in # what the others do meanwhile
        *' cosigner add '*)
            groundwork-cosign follow "$(groundwork -R archive status --json | json 'd["log_key"]')" >/dev/null
            command=$(printf '%s\n' "$command" | sed "s| KEY | $(groundwork-cosign key) |") ;;
        *' member add '*) command="$command --confirm '$(sed -n 's/^  Fingerprint: //p' said.txt)'" ;;
        *' member revoke '*)
            key=$(groundwork -R archive member list --json | json 'd["members"][-1]["key"]')
            command=$(printf '%s\n' "$command" | sed "s| KEY | $key |; s| LEAF$| 3|") ;;
        *' cosigner import '*) groundwork-cosign cosign ask answer >/dev/null || fail 'not cosigned' ;;
        esac
        sh -c "$command" >said.txt 2>&1 || { cat said.txt >&2; fail "README: $command"; }
    done 3<"../$1"
    cd ..
}
story english papers
LANG=ko_KR.UTF-8 story korean 폴더
cmp "story-korean/폴더/statement 3.txt" "story-korean/되찾은곳/1/폴더/statement 3.txt" || fail 'restored otherwise'
