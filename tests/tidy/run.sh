#!/bin/sh
# Tests of the scripts: each rule of tidy.py finds what it is for, and the catalogue becomes the table it stands for.
set -eu
cd "$(dirname "$0")"
exec python3 -B -m unittest -v tidy_test catalogue_test
