#!/bin/sh
# The worked vectors of FORMAT.md: printed, recomputed by other code, and computed by the program that was built.
set -eu
cd "$(dirname "$0")"
exec python3 -B -m unittest -v vectors_test
