#!/bin/sh
# Tests of the sample centre, the odd tree and the comparison of trees; root runs the odd tree a second time as nobody.
# Works on a copy, because nobody may not be let into the folder this is in.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-/usr/bin/python3}
work=$(mktemp -d)
clean() {
    chmod -R u+rwX "$work"
    rm -rf "$work"
}
trap clean EXIT
trap 'exit 1' HUP INT TERM

chmod 755 "$work"
mkdir -p "$work/tests" "$work/scratch"
cp -R "$here/../../examples" "$work/"
cp -R "$here" "$work/tests/"
chmod -R a+rX "$work"
export TMPDIR="$work/scratch"
cd "$work/tests/examples"

"$python" -B -m unittest -v centre_test compare_test odd_test
if [ "$(id -u)" = 0 ]; then
    mkdir "$work/nobody"
    chown 65534:65534 "$work/nobody"
    TMPDIR="$work/nobody" setpriv --reuid=65534 --regid=65534 --clear-groups "$python" -B -m unittest -v odd_test
fi
