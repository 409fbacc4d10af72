#!/bin/sh
# Random mutations of every kind of file that ledger and keyring keep, what is derived among them: verify tells each.
# GW_MUTATIONS: how many of each kind (120); GW_SEED: others.
# timeout: 300
. "$(dirname "$0")/common.sh"
. "$tests/flow/authority.sh"
cosign=$(dirname "$groundwork")/groundwork-cosign
authority east 4000 critical,timeStamping

mkdir papers
for i in 1 2 3 4 5 6 7 8 9; do seq 1 $((i * 30)) >papers/n$i; done
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
"$cosign" --folder a init a.example/cosigner >/dev/null
gw -R archive cosigner add alpha "$("$cosign" --folder a key)" >/dev/null
"$cosign" --folder a follow "$(gw -R archive status --json | json 'd["log_key"]')" >/dev/null
gw -R archive recovery --sheets 1 --needed 1 --out sheets >/dev/null
gw -R archive cosigner export alpha ask >/dev/null
"$cosign" --folder a cosign ask answer >/dev/null
gw -R archive cosigner import ask answer >/dev/null
gw -R archive timestamp request --out ask.tsq >/dev/null
stamp east ask.tsq answer.tsr
cat east/tsa.pem east/root.pem >east/chain.pem
gw -R archive timestamp import answer.tsr --chain east/chain.pem >/dev/null
gw -R archive note 'one remark' >/dev/null
key=$(ls config/groundwork/*.key)
"$(dirname "$groundwork")/tests/flow/mutate_check" archive state/groundwork "$key" "$GROUNDWORK_PASSPHRASE_FILE" \
    "${GW_MUTATIONS:-120}" "${GW_SEED:-11}"
