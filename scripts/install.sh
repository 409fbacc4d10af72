#!/bin/sh
# install.sh build|test|bench|lint...
# Bring this machine what the named kinds of work need: Debian packages by apt, and the pinned npm package whose C
# amalgamation is compiled.  Does nothing, and asks no network, when nothing is missing.
# Exit 4, with the one line a person must run, when it may not install.
set -eu
cd "$(dirname "$0")/.."

build_packages="gcc libc6-dev meson ninja-build pkg-config python3 libssl-dev libsodium-dev libicu-dev libzstd-dev
    libexpat1-dev libisal-dev libgfshare-dev libqrencode-dev"
test_packages="libcmocka-dev golang-1.19-go golang-golang-x-mod-dev util-linux clang-14 libclang-rt-14-dev
    zbar-tools openssl age python3-cryptography"
bench_packages="restic borgbackup openssl"
lint_packages="clang-14 clang-tidy-14"
npm_packages="ca-certificates nodejs npm"

refuse() {
    printf '%s\n' "$1" >&2
    exit 4
}

installed() {
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

command -v dpkg-query >/dev/null && command -v apt-get >/dev/null ||
    refuse "This needs Debian 12 (dpkg-query and apt-get are not here)."

# The same packages with the same hashes: npm leaves its own copy of the lock in node_modules.
hashes() {
    grep -o '"integrity": *"[^"]*"' "$1"
}
npm_done() {
    [ -f node_modules/.package-lock.json ] || return 1
    [ "$(hashes package-lock.json)" = "$(hashes node_modules/.package-lock.json)" ]
}

wanted=
for kind in "$@"; do
    case $kind in
    build) wanted="$wanted $build_packages" ;;
    test) wanted="$wanted $test_packages" ;;
    bench) wanted="$wanted $bench_packages" ;;
    lint) wanted="$wanted $lint_packages" ;;
    *) refuse "install.sh: no such kind of work: $kind" ;;
    esac
done
if ! npm_done && ! { command -v node && command -v npm; } >/dev/null; then
    wanted="$wanted $npm_packages"
fi

missing=
for package in $wanted; do
    installed "$package" || missing="$missing $package"
done
if [ -n "$missing" ]; then
    if [ "$(id -u)" -eq 0 ]; then
        as_root=
    elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
        as_root="sudo -n"
    else
        refuse "Packages are missing.  As root, run:
apt-get update && apt-get install --no-install-recommends$missing"
    fi
    echo "Installing:$missing"
    $as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null &&
        $as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends $missing </dev/null ||
        refuse "apt could not install:$missing"
fi

if ! npm_done; then
    echo "Fetching the pinned npm package"
    # Node knows its own list of authorities only; an organisation's own stands in the system's.
    system_authorities=/etc/ssl/certs/ca-certificates.crt
    if [ -z "${NODE_EXTRA_CA_CERTS:-}" ] && [ -f "$system_authorities" ]; then
        export NODE_EXTRA_CA_CERTS="$system_authorities"
    fi
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null ||
        refuse "npm ci failed: the package registry could not be reached, or a hash in package-lock.json did not match."
fi
