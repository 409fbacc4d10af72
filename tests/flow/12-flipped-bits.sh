#!/bin/sh
# Single flipped bits at random places of vault, ledger and keyring, every copy counted: all are told, and healed where
# a second copy exists.  GW_FLIPS: how many (500); GW_SEED: other places.
# timeout: 800
. "$(dirname "$0")/common.sh"
mkdir source
for i in 1 2 3 4 5 6 7 8 9; do seq 1 $((i * 300)) >source/n$i; done
head -c 1500000 /dev/urandom >source/noise
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake source/n1 source/n2 source/noise >/dev/null
gw -R archive note 'one remark' >/dev/null
gw -R archive intake source >/dev/null
key=$(ls config/groundwork/*.key)
"$(dirname "$groundwork")/tests/flow/flip_check" archive state/groundwork "$key" "$GROUNDWORK_PASSPHRASE_FILE" \
    "${GW_FLIPS:-500}" "${GW_SEED:-3}"
