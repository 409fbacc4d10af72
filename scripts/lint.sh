#!/bin/sh
# lint.sh: clang-tidy over src/, by the commands of build/clang.  Exit 1 when it finds something.
# A finding that is wrong is justified where it stands: NOLINT(check): reason.
set -eu
cd "$(dirname "$0")/.."
find src -name '*.c' | sort | xargs -P "$(nproc)" -n 4 clang-tidy-14 -p build/clang --quiet 2>build/clang/lint.log || {
    grep -h 'error:' build/clang/lint.log || true
    echo "clang-tidy has findings" >&2
    exit 1
}
echo "clang-tidy: no findings"
