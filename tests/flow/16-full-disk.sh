#!/bin/sh
# The disk has room for N bytes more, for many N, under every verb: it is said, checks still work, nothing is lost, and
# with room again it completes.
# GW_ORDEAL_CASES: how many (34); 0: GW_ORDEAL_EACH of each verb; GW_SEED: other ones.
# timeout: 800
. "$(dirname "$0")/common.sh"
exec "$tests/flow/ordeal.py" full "$groundwork" "$work/ordeal" --total "${GW_ORDEAL_CASES:-34}" \
    --sample "${GW_ORDEAL_EACH:-0}" --seed "${GW_SEED:-1}"
