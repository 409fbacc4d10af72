#!/bin/sh
# tests/flow/28-package.sh with changes to all files and all lines of its package, and to all files of a second one, of
# one item of a receipt.
export GW_MUTANTS_MORE=1
exec "$(dirname "$0")/../flow/28-package.sh" "$@"
