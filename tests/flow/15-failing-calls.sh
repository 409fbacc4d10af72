#!/bin/sh
# The Nth write, sync, open, read, rename, allocation and so on fails under every verb: one line, the right exit code,
# nothing lost, and run again it completes.
# GW_ORDEAL_CASES: how many, evenly over verbs and kinds of failure (75); 0: GW_ORDEAL_EACH of each (all);
# GW_SEED: other ones.
# timeout: 800
. "$(dirname "$0")/common.sh"
exec "$tests/flow/ordeal.py" fail "$groundwork" "$work/ordeal" --total "${GW_ORDEAL_CASES:-75}" \
    --sample "${GW_ORDEAL_EACH:-0}" --seed "${GW_SEED:-1}"
