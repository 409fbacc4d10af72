#!/bin/sh
# groundwork-estimate built by two compilers, with any number of threads and any width of registers: the same bytes.
set -eu
cd "$(dirname "$0")"
exec python3 -B -m unittest -v same_bytes_test
