#!/bin/sh
# tests/flow/28-package.sh with the changes of a second package, of one item of a receipt.
export GW_MUTANTS_MORE=1
exec "$(dirname "$0")/../flow/28-package.sh" "$@"
