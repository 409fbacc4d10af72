#!/bin/sh
# tests/flow/03-usr-share.sh with all of /usr/share.
export GW_SHARE_MIB="${GW_SHARE_MIB:-1000000}"
exec "$(dirname "$0")/../flow/03-usr-share.sh" "$@"
