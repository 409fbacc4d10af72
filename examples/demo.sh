#!/bin/sh
# demo.sh GROUNDWORK WORKDIR: the whole story that works today, on the sample centre, told as it happens.
set -eu
examples=$(cd "$(dirname "$0")" && pwd)
groundwork=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
rm -rf "$2"
mkdir -p "$2"
cd "$2"
umask 022
export XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state" GROUNDWORK_PASSPHRASE_FILE="$PWD/passphrase"
unset GROUNDWORK_KEY GROUNDWORK_REPO
( umask 077; echo 'three quiet words for the sample' > passphrase )

tell() { printf '\n\033[1m%s\033[0m\n' "$*"; }
[ -t 1 ] || tell() { printf '\n%s\n' "$*"; }
# As a shell would take it again.
typed() {
    for word; do
        case $word in
        *[!A-Za-z0-9_./:,=+@-]* | '') printf " '%s'" "$(printf %s "$word" | sed "s/'/'\\\\''/g")" ;;
        *) printf ' %s' "$word" ;;
        esac
    done
    echo
}
# expect CODE WORDS...: a command that ends otherwise ends the story.  A pipe has the exit code of its last part, so
# that of groundwork is kept in a file.
expect() {
    expected=$1
    shift
    printf '  $ groundwork'; typed "$@"
    { code=0; "$groundwork" "$@" || code=$?; echo "$code" >code; } | sed 's/^/    /'
    code=$(cat code)
    if [ "$code" -ne "$expected" ]; then
        echo "    It ended with $code instead of $expected: this must not happen." >&2
        exit 1
    fi
}
run() { expect 0 "$@"; }

tell "1. A documentation centre that never was (everything here is fictional) keeps its work in a folder."
python3 "$examples/make_centre.py" centre --refused refused
python3 "$examples/make_centre.py" --list | sed 's/^/    /' | tail -12

tell "2. It makes a repository. The private keys go into a file outside it, under a passphrase. The packs are small, for so is
the sample."
run init archive --origin centre.example/log --pack-size 1

tell "3. It takes the folder in. Every file is accounted for; what is no document is refused with the reason."
cd "$PWD"
run -R archive intake centre --from "Sample Documentation Centre" --note "first hand-over"
echo "  The giver takes a page of paper home: sums, digest, the log in words; nobody is named on it."
run -R archive receipt 1 --page receipt.html

tell "4. Taken in again, nothing is added."
run -R archive intake centre --from "Sample Documentation Centre"

tell "5. Nothing readable is left on the disk: no name, no sentence of the centre is found in the repository."
python3 "$examples/make_centre.py" --planted > planted
if LC_ALL=C grep -rqFf planted archive; then
    echo "    A planted text was found: this must not happen."; exit 1
fi
echo "    $(wc -l < planted) planted names and sentences looked for, none found."

tell "6. Everything stored is checked against the signed log, and the log against itself."
run -R archive audit --full
run -R archive verify

tell "7. Everything is given back, and compared with the folder: bytes, names, times, modes, links."
run -R archive restore restored --all
python3 "$examples/compare_trees.py" centre restored/1/centre --refused refused && echo "    The same, to the byte."
echo "  That everything was given back is on record. So is what was done with the papers themselves."
run -R archive custody add transferred --receipt 1 --to "the archive" --date 2026-11-27
run -R archive custody show --receipt 1

tell "8. One bit is flipped on the disk, and it shows."
python3 - archive <<'PY'
import glob, sys
name = sorted(glob.glob(sys.argv[1] + "/a/journal"))[0]
with open(name, "r+b") as f:
    f.seek(5000); b = f.read(1); f.seek(5000); f.write(bytes([b[0] ^ 4]))
PY
expect 1 -R archive verify
tell "9. A whole pack of stored bytes is lost, too. The second copy heals the log, parity the pack."
rm "$(find archive/vault -name '*.pack' | sort | head -n 1)"
run -R archive repair
run -R archive verify

tell "10. Three sheets of paper for three people. Two of them, with a copy, replace a lost key; one alone tells nothing."
run -R archive recovery --sheets 3 --needed 2 --out sheets
sed 's/^/    | /' sheets/*-1-of-3.txt | head -32

tell "11. Friends in another city sign the log, by files on a stick. A second history could not be shown any more."
cosign=$(dirname "$groundwork")/groundwork-cosign
friends() {
    printf '  $ groundwork-cosign'; typed "$@"
    "$cosign" --folder friends "$@" >said
    sed 's/^/    /' said
}
friends init friends.example/cosigner
run -R archive cosigner add friends "$("$cosign" --folder friends key)"
friends follow "$("$groundwork" -R archive status --json | sed 's/.*"log_key":"\([^"]*\)".*/\1/')"
run -R archive cosigner export friends ask
friends cosign ask answer
run -R archive cosigner import ask answer
friends checkpoint centre.example/log kept-by-friends

tell "12. What is committed is copied to another disk, as it is: encrypted, and without private keys."
run -R archive mirror stick
run verify --mirror stick

tell "13. Office and laptop are gone, and the key file with them. Two sheets and the stick give all of it back."
mkdir lost
mv archive config state lost/
run recover stick archive sheets/*-1-of-3.txt sheets/*-3-of-3.txt
run -R archive verify
run -R archive restore again --all
python3 "$examples/compare_trees.py" centre again/1/centre --refused refused && echo "    The same, to the byte."

tell "14. The friends kept a checkpoint. It tells, without any key, that nothing before it was changed."
run -R archive verify --against kept-by-friends

tell "15. A court asks for one statement. Nothing goes out of which nobody said whose it is, and what she allows."
statement=$("$groundwork" -R archive items | sed -n 's/^ *\([0-9]*\) .*file.*\.txt$/\1/p' | head -1)
expect 3 -R archive export package "$statement" --for accountability --to international-court
run -R archive protect "$statement" --person P-0001
run -R archive consent give P-0001 --yes store,share_international_court --ask testify --by self --language ko --copy

tell "16. Now it goes: as a package, which the court checks with a program of its own choice."
run -R archive export package "$statement" --for accountability --to international-court --whom "the court's registry"
verified() {
    expected=$1
    shift
    printf '  $'; typed "$@"
    { code=0; "$@" 2>&1 || code=$?; echo "$code" >code; } | tail -n 6 | sed 's/^/    /'
    [ "$(cat code)" -eq "$expected" ] || { echo "    It ended otherwise: this must not happen." >&2; exit 1; }
}
cp "$(dirname "$groundwork")/groundwork-verify" "$(dirname "$groundwork")/verify.sh" .
verified 5 ./groundwork-verify package
verified 5 bash verify.sh --all package

tell "17. On the way one bit of it is flipped. Both see it."
python3 - package <<'PY'
import glob, sys
name = glob.glob(sys.argv[1] + "/data/items/*")[0]
with open(name, "r+b") as f:
    b = f.read(1); f.seek(0); f.write(bytes([b[0] ^ 1]))
PY
verified 1 ./groundwork-verify package
verified 1 bash verify.sh --all package

tell "18. The witness takes her consent back. Nothing of hers goes out any more, and who is to be told is listed."
run -R archive consent withdraw P-0001 --by self
expect 3 -R archive export again "$statement" --for accountability --to international-court

tell "19. Who she is stands apart, for those who must know, and each look is on the log. Everywhere else she is a code."
run -R archive compartment new names
printf 'name script=Hang: 없는 사람\nbirth: about 1970\n' | run -R archive identity add P-0001
run -R archive identity show P-0001 --why "the doctor asks"

tell "20. She asks that it be destroyed. First what goes, what stays, and who has it already; then it is done, for good."
run -R archive erase --person P-0001
run -R archive erase --person P-0001 --why "she asked for it"
run -R archive --compartment names erase --person P-0001 --why "she asked for it"
expect 4 -R archive show "$statement"
run -R archive mirror stick
run -R archive status
run -R archive verify

tell "The end. It lies in $PWD. To look around, in a shell:"
cat <<END
    cd '$PWD'
    export XDG_CONFIG_HOME="\$PWD/config" XDG_STATE_HOME="\$PWD/state" GROUNDWORK_PASSPHRASE_FILE="\$PWD/passphrase"
    '$groundwork' -R archive status
END
