#!/bin/sh
# Tests of the scripts: each rule of tidy.py finds what it is for, the catalogue becomes the table it stands for, the
# suite counts truly, and install.sh asks for no more than is missing.
set -eu
cd "$(dirname "$0")"
exec python3 -B -m unittest -v tidy_test catalogue_test runner_test install_test
