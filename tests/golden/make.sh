#!/bin/sh
# make.sh BINARY NAME: a small repository that uses what the format has, to be kept for ever as
# tests/golden/NAME.tar.gz: archive, state, key files, passphrase, and the sums of what restore must give.  Made once
# for each version of the format; every later program must open it unchanged (tests/flow/29-golden.sh).  What is in it
# is fiction.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
groundwork=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
name=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"
cd "$work/$name"
tests=$(dirname "$here")
. "$tests/flow/authority.sh"
fail() { echo "$*" >&2; exit 1; }
(umask 077; echo 'a passphrase that everybody knows' >passphrase)
export GROUNDWORK_PASSPHRASE_FILE="$PWD/passphrase" LANG=C.UTF-8
export XDG_CONFIG_HOME="$PWD/config" XDG_STATE_HOME="$PWD/state"
gw() { "$groundwork" "$@" >/dev/null; }
cosign() { "$(dirname "$groundwork")/groundwork-cosign" --folder "$work/cosigner" "$@"; }
does() { "$groundwork" "$1" --help >/dev/null 2>&1; }

mkdir papers papers/안
seq 1 2000 >papers/numbers
cp papers/numbers 'papers/a copy'
printf '증언 하나\n' >papers/안/증언.txt
printf 'not UTF-8\n' >"papers/$(printf 'n\377me')"
ln papers/numbers papers/linked
ln -s numbers papers/link
head -c 100000 /dev/zero | openssl enc -aes-128-ctr -K 00112233445566778899aabbccddeeff -iv 0 2>/dev/null >papers/noise

gw init archive --origin golden.example/log --pack-size 1
gw -R archive intake papers --from 'A giver' --note 'in a box'
seq 1 3000 >papers/more
gw -R archive intake papers --from 'A giver'
gw -R archive note '메모'
printf 'by mistake\n' >mistake
gw -R archive intake mistake
gw -R archive set-aside 3 --reason 'the wrong file'
cosign init cosigner.example/c >/dev/null
cosign follow "$("$groundwork" -R archive status --json | sed 's/.*"log_key":"\([^"]*\)".*/\1/')" >/dev/null
gw -R archive cosigner add alpha "$(cosign key)"
gw -R archive cosigner export alpha ask
cosign cosign ask answer >/dev/null
gw -R archive cosigner import ask answer
work_was=$work; work=$PWD authority east 36500 critical,timeStamping; work=$work_was
gw -R archive timestamp request --out ask.tsq
openssl ts -reply -config east/config -queryfile ask.tsq -out answer.tsr 2>/dev/null
cat east/tsa.pem east/root.pem >chain.pem
gw -R archive timestamp import answer.tsr --chain chain.pem
gw -R archive recovery --sheets 3 --needed 2 --out sheets
if does investigation; then
    gw -R archive investigation new 'The harbour'
    gw -R archive note 'of the harbour' --investigation 'The harbour'
fi
if does custody; then
    gw -R archive custody add transferred --receipt 1 --from 'A giver' --to 'The archive' --date 2026-11-20
    gw -R archive show papers/numbers
fi
if does member; then
    mkdir other-config other-state
    hers() { XDG_CONFIG_HOME="$PWD/other-config" XDG_STATE_HOME="$PWD/other-state" "$groundwork" -R archive "$@"; }
    hers member request her.request >asked
    gw -R archive member add her.request --role investigator --name 'A second person' \
        --confirm "$(sed -n 's/^ *Fingerprint: *//p' asked)"
    hers adopt >/dev/null
    hers note 'by her' >/dev/null
    her=$("$groundwork" -R archive member list | sed -n 's/.*\(golden[^ ]*\).*investigator.*/\1/p')
    gw -R archive member revoke "$her" --reason left --doubtful-from 10
    gw -R archive note 'after she left'
fi
if does erase; then
    gw -R archive consent give P-0001,P-0002 --yes store,share_un --by self --language ko
    gw -R archive protect papers/numbers --person P-0001
    gw -R archive protect papers/noise --person P-0002
    gw -R archive consent withdraw P-0002 --by self
    gw -R archive hold place papers/noise --ground court-order --why 'order 7'
    gw -R archive compartment new inner
    printf 'of the second compartment\n' >inner
    gw -R archive --compartment inner intake inner
    age-keygen -o keeper 2>/dev/null
    gw -R archive identity keyholder K-01 --recipient "$(age-keygen -y keeper)"
    echo 'name: Nobody At All' | gw -R archive identity seal P-0001 --keyholders K-01 --needed 1 --out shares
    seq 1 4000 >papers/withdrawn
    gw -R archive intake papers/withdrawn
    gw -R archive erase papers/withdrawn --why 'the giver asked for it'
    gw -R archive note 'after it'
fi
gw -R archive verify || [ $? -eq 6 ]
gw -R archive audit
gw -R archive restore restored --all
(cd restored && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum) >sums
rm -rf papers mistake inner restored ask answer ask.tsq answer.tsr chain.pem east asked her.request sheets/*.html
cd ..
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime=@0 -cf - "$name" | gzip -9n >"$here/$name.tar.gz"
ls -l "$here/$name.tar.gz"
