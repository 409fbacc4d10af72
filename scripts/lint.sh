#!/bin/sh
# lint.sh: gcc's analyzer and clang-tidy over src/.  Exit 1 when one of them finds something.
# A finding that is wrong is justified where it stands: a diagnostic pragma, or NOLINT(check): reason.
set -eu
cd "$(dirname "$0")/.."
code=0
ninja -C build/analyzer -j "$(nproc)" -k 0 --quiet || code=1
ninja -C build/clang -j "$(nproc)" -k 0 --quiet || code=1
find src -name '*.c' | sort | xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/clang --quiet 2>build/clang/lint.err ||
    code=1
grep 'error:' build/clang/lint.err || true
[ "$code" -eq 0 ] && echo "No findings." || echo "There are findings." >&2
exit "$code"
