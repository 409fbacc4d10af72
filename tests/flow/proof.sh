#!/bin/bash
# proof.sh VKEY PROOF OPENING|STATEMENT: is this leaf in the log?  Thirty lines over openssl and coreutils.
set -eu
export LC_ALL=C
hex() { od -An -v -tx1 | tr -d ' \n'; }
sha() { sed 's/../\\x&/g' <<<"$1" | { read -r e; printf "$e"; } | openssl dgst -sha256 -binary | hex; }
verdict() { echo "$1"; [ "$1" = IN ]; exit; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
if [[ $3 == *.statement ]]; then
    cat <"$3" >"$tmp/s"; salt='' kind=02
else
    sed '1,/^$/d' "$3" >"$tmp/s"; salt=$(sed -n 's/^salt //p' "$3" | head -n 1) kind=01
fi
n=$(printf %016x "$(stat -c %s "$tmp/s")")
entry=$kind$(sha "$(printf 'groundwork/commit/v1\n' | hex)$salt$n$(hex <"$tmp/s")")
sed '1,/^$/d' "$2" >"$tmp/checkpoint"
sed '/^$/,$d' "$tmp/checkpoint" >"$tmp/text"
mapfile -t line <"$tmp/text"
(echo 302a300506032b6570032100; cut -d+ -f3- <<<"$1" | base64 -d | tail -c 32 | hex) | tr -d '\n' |
    sed 's/../\\x&/g' | { read -r e || true; printf "$e"; } >"$tmp/key"
tail -n 1 "$tmp/checkpoint" | cut -d' ' -f3 | base64 -d | tail -c 64 >"$tmp/signature"
openssl pkeyutl -verify -pubin -keyform DER -inkey "$tmp/key" -rawin -in "$tmp/text" -sigfile "$tmp/signature" \
    >/dev/null 2>&1 || verdict 'NOT SIGNED'
fn=$(sed -n 's/^index //p' "$2") sn=$((line[1] - 1)) h=$(sha "00$entry")
for p in $(sed '1,2d;/^$/,$d' "$2"); do
    p=$(base64 -d <<<"$p" | hex)
    if ((fn % 2 || fn == sn)); then
        h=$(sha "01$p$h")
        until ((fn % 2 || fn == 0)); do fn=$((fn / 2)) sn=$((sn / 2)); done
    else h=$(sha "01$h$p"); fi
    fn=$((fn / 2)) sn=$((sn / 2))
done
((sn == 0)) && [ "$h" = "$(base64 -d <<<"${line[2]}" | hex)" ] && verdict IN || verdict 'NOT IN'
