#!/bin/bash
# verify.sh PACKAGE [--pin HEX] [--policy FILE] [--all]
#
# Is a package of evidence what the log of its origin says?  By bash, GNU coreutils and openssl (3.0) alone, without a
# network, and without believing anything in the package.  FORMAT 16 says what is checked; groundwork-verify does the
# same in C, and both say the same word.
#
# Every file is hashed; seal, manifests, history of keys, cosigners and time-stamps are always checked.  Of more than
# 200 items 200 are drawn by lot, of which opening and place in the log are checked, and covers of more than 200 leaves
# are not added up; with --all nothing is left out.
#
# Exit: 0 VERIFIED, 1 FAILED, 5 TIME-UNPROVEN, 6 UNCOSIGNED, 2 wrong usage, 4 input or environment.
export LC_ALL=C
unset CDPATH POSIXLY_CORRECT BASH_ENV ENV
set -u
shopt -s dotglob nullglob
PATH=${PATH:-/usr/bin:/bin}
umask 077

SAMPLE=200
TEXT_MAX=1073741824
NAME_PATTERN='^[A-Za-z0-9_-][A-Za-z0-9._-]*$'
N='(0|[1-9][0-9]{0,15})'            # a number up to 2^53
B='([A-Za-z0-9+/]{43}=)'            # base64 of 32 bytes
J='(([^"\\]|\\["\\])*)'             # a JSON text of plain characters
DASH=$'\xe2\x80\x94 '

# The JSON of what is read, each in its one form.
PLACED="\"investigation\":\"[0-9a-f]{32}\""
TIME="\"time\":(-?$N)"
SEALED="^\\{\"claims\":\\[([^]]*)\\],$PLACED,\"kind\":\"sealed\",\"prev\":\"$B\",\"seq\":$N,$TIME\\}$"
SEALED_CLAIM="^\\[\"package\",\\{\"checkpoint\":\\{\"leaves\":$N,\"root\":\"$B\"\\},\"deposits\":\\[(.*)\\],"
SEALED_CLAIM+="\"events\":\\{\"head\":\"$B\",\"number\":$N\\},\"items\":$N,\"tagmanifest\":\"([0-9a-f]{64})\","
SEALED_CLAIM+="\"verifiers\":\\[.*\\],\"withheld\":$N\\}\\]$"
SEALED_DEPOSIT="^\\{\"count\":$N,\"deposit\":$N,\"head\":\"$B\"\\}(,|$)"
FOUNDED_HEAD="^\\{\"compartment\":\"[0-9a-f]{32}\",\"format\":1,\"kind\":\"founded\",\"log\":\"$J\","
FOUNDED_HEAD+="\"member\":\\{\"box\":\"$B\",\"key\":\"$J\",\"receiving\":"
FOUNDED_NEEDED="\"policy\":\\{\"administrators\":$N,\"of\":$N\\}"
PLACE="\"number\":$N,(\"policy\":\"([^\"\\]|\\\\[n\"\\])*\",)?\"prev\":\"$B\""
BY="(\"by\":\\{\"approvals\":\\[[0-9,]*\\],\"proposal\":$N\\},)?"
COSIGNERS="^\\{$BY\"kind\":\"cosigners\",\"number\":$N,\"policy\":\"(([^\"\\]|\\\\[n\"\\])*)\",\"prev\":\"$B\","
COSIGNERS+="$TIME\\}$"
RECOVERY="^\\{$BY\"compartment\":\"[0-9a-f]{32}\",\"epoch\":$N,\"key\":\"$J\",\"kind\":\"recovery\",\"leaves\":$N,"
RECOVERY+="\"needed\":$N,\"number\":$N,\"prev\":\"$B\",\"receiving\":\"$B\",\"root\":\"$B\",\"set\":\"([0-9a-f]{32})\","
RECOVERY+="\"shares\":\\[[^]]*\\],$TIME\\}$"
MEMBERED="^\\{\"box\":\"$B\",\"key\":\"$J\",\"kind\":\"member\",\"number\":$N,\"prev\":\"$B\","
MEMBERED+="\"receiving\":\\[[^]]*\\],(\"replaces\":\"$J\",)?\"roles\":\\[[^]]*\\],\"set\":\"([0-9a-f]{32})\",$TIME\\}$"
ADDED="^\\{\"box\":\"$B\",$BY\"key\":\"$J\",\"kind\":\"added\",\"number\":$N,\"prev\":\"$B\",\"receiving\":\\[[^]]*\\],"
ADDED+="\"role\":\"([a-z]+)\",$TIME\\}$"
ROLE="^\\{$BY\"kind\":\"role\",(\"log\":\"$J\",)?\"name\":\"$J\",\"number\":$N,\"prev\":\"$B\","
ROLE+="\"role\":\"([a-z]+)\",$TIME\\}$"
REVOKED="^\\{$BY(\"doubtful\":$N,)?\"kind\":\"revoked\",(\"log\":\"$J\",)?\"name\":\"$J\",\"number\":$N,"
REVOKED+="\"prev\":\"$B\",\"reason\":\"(left|lost|arrested|stolen|other)\",$TIME\\}$"
PROPOSED="^\\{\"act\":(\\{.*\\}),\"kind\":\"proposed\",\"number\":$N,\"prev\":\"$B\",$TIME\\}$"
APPROVED="^\\{\"commitment\":\"$B\",\"kind\":\"approved\",\"number\":$N,\"prev\":\"$B\",\"proposal\":$N,$TIME\\}$"
RECEIPT="^\\{\"claims\":\\[([^]]*)\\],\"deposit\":$N,$PLACED,\"kind\":\"receipt\",\"number\":$N,\"parts\":$N,"
RECEIPT+="\"prev\":\"$B\",\"seq\":$N,$TIME\\}$"
COVER="^\\{\"count\":$N,\"deposit\":$N,\"first\":$N,\"kind\":\"cover\",\"part\":$N,\"root\":\"$B\",$TIME\\}$"
ROWS="^([1-9][0-9]{0,15}),$N,$N,(file|folder|link|name),([0-9]*),([a-z0-9./]*),([0-9]*),([0-9a-f]*),"
ROWS+="([0-9]*),(-?[0-9]*),([0-9]*),([A-Za-z0-9+/=]+),\"(.*)\"$"

usage() { printf 'verify.sh: %s\nverify.sh PACKAGE [--pin HEX] [--policy FILE] [--all]\n' "$1" >&2; exit 2; }
stop() { printf 'verify.sh: %s\n' "$1" >&2; exit 4; }
fail() { printf 'verify.sh: %s\n' "${1//[[:cntrl:]]/?}" >&2; echo FAILED; exit 1; }

package='' pin='' policy_file='' all=''
while [ $# -gt 0 ]; do
    case $1 in
    --pin | --policy)
        [ $# -gt 1 ] || usage "$1 wants a value"
        if [ "$1" = --pin ]; then pin=$2; else policy_file=$2; fi
        shift
        ;;
    --all) all=yes ;;
    -*) usage "no such option here" ;;
    *)
        [ -z "$package" ] || usage "name one package, not several"
        package=$1
        ;;
    esac
    shift
done
[ -n "$package" ] || usage "name a package"
[ -z "$pin" ] || [[ $pin =~ ^[0-9a-f]{64}$ ]] || usage "--pin: a pin is 64 digits 0 to 9 and a to f"
case $package in /*) ;; *) package=./$package ;; esac
while [ "${package%/}" != "$package" ] && [ "$package" != / ]; do package=${package%/}; done
case $policy_file in '' | /*) ;; *) policy_file=./$policy_file ;; esac
for tool in sha256sum stat mktemp openssl base64 date sort shuf rm od tail; do
    type "$tool" >/dev/null 2>&1 || stop "$tool is needed, and not here"
done
[ -d "$package" ] && [ -r "$package" ] && [ -x "$package" ] || stop "there is no package $package, or it cannot be read"
tmp=$(mktemp -d) || stop "no temporary folder can be made"
trap 'rm -rf -- "$tmp"' EXIT

# ---- bytes ----------------------------------------------------------------------------------------------------------

# slurp PATH MAX [BYTES]: TEXT is the whole file, which has no zero byte.  BYTES: how long it is, where that is known.
slurp() {
    local size=${3-}
    [ -f "$1" ] && [ ! -L "$1" ] || fail "$1: is not there"
    [ -r "$1" ] || stop "$1 cannot be read"
    [ -n "$size" ] || size=$(stat -c %s -- "$1") || stop "$1 cannot be read"
    [ "$size" -le "$2" ] || fail "$1: is longer than it can be"
    TEXT=
    IFS= read -r -d '' TEXT <"$1"
    [ "${#TEXT}" -eq "$size" ] || fail "$1: has a zero byte"
}

declare -A DIGIT
for ((i = 0; i < 64; i++)); do
    x=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/
    DIGIT[${x:i:1}]=$i
done

# unbase64 TEXT: HEX, or false when it is not the one spelling.  What paths share is read once.
declare -A UNBASED=()
unbase64() {
    HEX=${UNBASED[x$1]-}
    [ -z "$HEX" ] || return 0
    unbase64_anew "$1" || return 1
    UNBASED[x$1]=$HEX
}
unbase64_anew() {
    local t=$1 n=${#1} i v part
    HEX=
    ((n % 4 == 0)) || return 1
    for ((i = 0; i + 4 < n; i += 4)); do
        [[ ${t:i:4} =~ ^[A-Za-z0-9+/]{4}$ ]] || return 1
        v=$((DIGIT[${t:i:1}] << 18 | DIGIT[${t:i + 1:1}] << 12 | DIGIT[${t:i + 2:1}] << 6 | DIGIT[${t:i + 3:1}]))
        printf -v part %06x "$v"
        HEX+=$part
    done
    ((n > 0)) || return 0
    t=${t:i:4}
    if [[ $t =~ ^[A-Za-z0-9+/]{4}$ ]]; then
        v=$((DIGIT[${t:0:1}] << 18 | DIGIT[${t:1:1}] << 12 | DIGIT[${t:2:1}] << 6 | DIGIT[${t:3:1}]))
        printf -v part %06x "$v"
    elif [[ $t =~ ^[A-Za-z0-9+/]{3}=$ ]]; then
        v=$((DIGIT[${t:0:1}] << 12 | DIGIT[${t:1:1}] << 6 | DIGIT[${t:2:1}]))
        ((v % 4 == 0)) || return 1
        printf -v part %04x $((v / 4))
    elif [[ $t =~ ^[A-Za-z0-9+/]{2}==$ ]]; then
        v=$((DIGIT[${t:0:1}] << 6 | DIGIT[${t:1:1}]))
        ((v % 16 == 0)) || return 1
        printf -v part %02x $((v / 16))
    else
        return 1
    fi
    HEX+=$part
}

# escape HEX: ESC, for printf.
escape() {
    local h=$1
    ESC=
    while [ ${#h} -ge 16 ]; do
        ESC+="\\x${h:0:2}\\x${h:2:2}\\x${h:4:2}\\x${h:6:2}\\x${h:8:2}\\x${h:10:2}\\x${h:12:2}\\x${h:14:2}"
        h=${h:16}
    done
    while [ -n "$h" ]; do
        ESC+="\\x${h:0:2}"
        h=${h:2}
    done
}

# hash_written: HASH, of what was written to the file for it.  A pipe would cost two processes more for each hash.
hash_written() {
    HASH=$(sha256sum <"$tmp/hashed") || stop "sha256sum does not run"
    HASH=${HASH%% *}
}

# hash_hex HEX: HASH, of these bytes.  The paths of a log share their nodes: each is hashed once.
declare -A HASHED=()
hash_hex() {
    HASH=${HASHED[$1]-}
    [ -z "$HASH" ] || return 0
    escape "$1"
    # shellcheck disable=SC2059
    printf "$ESC" >"$tmp/hashed"
    hash_written
    HASHED[$1]=$HASH
}

# hash_purpose PURPOSE HEX TEXT: HASH of the purpose and a newline, these bytes, and the text.
hash_purpose() {
    escape "$2"
    # shellcheck disable=SC2059
    { printf '%s\n' "$1"; printf "$ESC"; printf %s "$3"; } >"$tmp/hashed"
    hash_written
}

# entry_public STATEMENT, entry_hidden STATEMENT SALT: ENTRY, 33 bytes in hex.
entry_public() {
    local n
    printf -v n %016x "${#1}"
    hash_purpose groundwork/commit/v1 "$n" "$1"
    ENTRY=02$HASH
}
entry_hidden() {
    local n
    printf -v n %016x "${#1}"
    hash_purpose groundwork/commit/v1 "$2$n" "$1"
    ENTRY=01$HASH
}

# unjson TEXT: PLAIN, what a JSON text of plain characters stands for.
unjson() {
    local t=$1
    PLAIN=
    while [[ $t == *\\* ]]; do
        PLAIN+=${t%%\\*}
        t=${t#*\\}
        case $t in
        n*) PLAIN+=$'\n' ;;
        *) PLAIN+=${t:0:1} ;;
        esac
        t=${t:1}
    done
    PLAIN+=$t
}

# ---- the Merkle tree (RFC 6962, RFC 9162 2.1.3.2 and 2.1.4.2) -------------------------------------------------------

leaf_hash() { hash_hex "00$1"; }
node_hash() { hash_hex "01$1$2"; }

# included LEAF_HASH INDEX SIZE ROOT PATH...
included() {
    local h=$1 fn=$2 sn=$(($3 - 1)) root=$4 p
    shift 4
    ((fn <= sn)) || return 1
    for p; do
        ((sn != 0)) || return 1
        if ((fn % 2 == 1 || fn == sn)); then
            node_hash "$p" "$h"
            h=$HASH
            while ((fn % 2 == 0 && fn != 0)); do
                fn=$((fn >> 1)) sn=$((sn >> 1))
            done
        else
            node_hash "$h" "$p"
            h=$HASH
        fi
        fn=$((fn >> 1)) sn=$((sn >> 1))
    done
    ((sn == 0)) && [ "$h" = "$root" ]
}

# extends OLD_SIZE OLD_ROOT SIZE ROOT PATH...
extends() {
    local old=$1 old_root=$2 size=$3 root=$4 fn sn fr sr c
    shift 4
    ((old <= size && old > 0)) || return 1
    if ((old == size)); then
        [ $# -eq 0 ] && [ "$old_root" = "$root" ]
        return
    fi
    [ $# -gt 0 ] || return 1
    ((old & (old - 1))) || set -- "$old_root" "$@"
    fn=$((old - 1)) sn=$((size - 1))
    while ((fn % 2 == 1)); do
        fn=$((fn >> 1)) sn=$((sn >> 1))
    done
    fr=$1 sr=$1
    shift
    for c; do
        ((sn != 0)) || return 1
        if ((fn % 2 == 1 || fn == sn)); then
            node_hash "$c" "$fr"
            fr=$HASH
            node_hash "$c" "$sr"
            sr=$HASH
            while ((fn % 2 == 0 && fn != 0)); do
                fn=$((fn >> 1)) sn=$((sn >> 1))
            done
        else
            node_hash "$sr" "$c"
            sr=$HASH
        fi
        fn=$((fn >> 1)) sn=$((sn >> 1))
    done
    ((sn == 0)) && [ "$fr" = "$old_root" ] && [ "$sr" = "$root" ]
}

# edge_begin, edge_add LEAF_HASH, edge_root: HASH over all that were added.
edge_begin() { EDGE=() EDGE_SIZE=0; }
edge_add() {
    local h=$1 n=$EDGE_SIZE
    while ((n % 2 == 1)); do
        node_hash "${EDGE[-1]}" "$h"
        h=$HASH
        unset 'EDGE[-1]'
        n=$((n >> 1))
    done
    EDGE+=("$h")
    EDGE_SIZE=$((EDGE_SIZE + 1))
}
edge_root() {
    local i
    HASH=${EDGE[-1]}
    for ((i = ${#EDGE[@]} - 2; i >= 0; i--)); do node_hash "${EDGE[i]}" "$HASH"; done
}

# ---- signed notes (C2SP) --------------------------------------------------------------------------------------------

# key_parse VKEY TYPE: KEY_NAME, KEY_ID, KEY_PUBLIC.
key_parse() {
    [[ $1 =~ ^([^+[:space:][:cntrl:]]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$ ]] || return 1
    KEY_NAME=${BASH_REMATCH[1]} KEY_ID=${BASH_REMATCH[2]}
    unbase64 "${BASH_REMATCH[3]}" || return 1
    [ "${HEX:0:2}" = "$2" ] || return 1
    KEY_PUBLIC=${HEX:2}
    hash_purpose "$KEY_NAME" "$HEX" ''
    [ "${HASH:0:8}" = "$KEY_ID" ]
}

# note_split TEXT: NOTE_TEXT, and NOTE_NAME, NOTE_ID, NOTE_SIGNATURE for each line.
note_split() {
    local rest line
    NOTE_NAME=() NOTE_ID=() NOTE_SIGNATURE=()
    [[ $1 == *$'\n\n'* ]] && [[ $1 == *$'\n' ]] || return 1
    NOTE_TEXT=${1%$'\n\n'*}$'\n'
    rest=${1##*$'\n\n'}
    [ -n "$rest" ] || return 1
    while [ -n "$rest" ]; do
        line=${rest%%$'\n'*}
        rest=${rest#*$'\n'}
        [[ $line =~ ^"$DASH"([^ ]+)\ ([A-Za-z0-9+/=]+)$ ]] || return 1
        NOTE_NAME+=("${BASH_REMATCH[1]}")
        unbase64 "${BASH_REMATCH[2]}" || return 1
        [ ${#HEX} -gt 8 ] || return 1
        NOTE_ID+=("${HEX:0:8}")
        NOTE_SIGNATURE+=("${HEX:8}")
    done
    [ ${#NOTE_NAME[@]} -le 16 ]
}

# signed PUBLIC MESSAGE SIGNATURE: by openssl.
signed() {
    [ ${#3} -eq 128 ] || return 1
    escape "302a300506032b6570032100$1"
    # shellcheck disable=SC2059
    printf "$ESC" >"$tmp/key"
    escape "$3"
    # shellcheck disable=SC2059
    printf "$ESC" >"$tmp/signature"
    printf %s "$2" >"$tmp/message"
    openssl pkeyutl -verify -pubin -keyform DER -inkey "$tmp/key" -rawin -in "$tmp/message" -sigfile "$tmp/signature" \
        >/dev/null 2>&1
}

# note_by VKEY: the note that was split has this key's line, which fits, and no other.
note_by() {
    key_parse "$1" 01 && [ ${#NOTE_NAME[@]} -eq 1 ] && [ "${NOTE_NAME[0]}" = "$KEY_NAME" ] &&
        [ "${NOTE_ID[0]}" = "$KEY_ID" ] && signed "$KEY_PUBLIC" "$NOTE_TEXT" "${NOTE_SIGNATURE[0]}"
}

# checkpoint_text: of the note that was split: C_SIZE, C_ROOT; the origin is the log's.
checkpoint_text() {
    [[ $NOTE_TEXT == "$ORIGIN"$'\n'* ]] || return 1
    [[ ${NOTE_TEXT#"$ORIGIN"$'\n'} =~ ^$N$'\n'$B$'\n'$ ]] || return 1
    C_SIZE=${BASH_REMATCH[1]}
    unbase64 "${BASH_REMATCH[2]}" || return 1
    C_ROOT=$HEX
}

# log_lines FROM TO: of the note that was split, LINES by log keys FROM to TO fit; OWN is yes when the last of them is
# among them.
log_lines() {
    local i k
    LINES=0 OWN=
    for ((k = $1; k <= $2; k++)); do
        key_parse "${LOG_KEY[k]}" 01 || return 1
        for ((i = 0; i < ${#NOTE_NAME[@]}; i++)); do
            [ "${NOTE_NAME[i]}" = "$KEY_NAME" ] && [ "${NOTE_ID[i]}" = "$KEY_ID" ] || continue
            signed "$KEY_PUBLIC" "$NOTE_TEXT" "${NOTE_SIGNATURE[i]}" || return 1
            LINES=$((LINES + 1))
            ((k < $2)) || OWN=yes
        done
    done
}

# log_at LEAVES: LOG_NUMBER, of the key that signs the checkpoint of so many leaves.
log_at() {
    LOG_NUMBER=$((${#LOG_KEY[@]} - 1))
    while ((LOG_NUMBER > 0 && LOG_FROM[LOG_NUMBER] > $1)); do LOG_NUMBER=$((LOG_NUMBER - 1)); done
}

# checkpoint_read NOTE: signed by the log key of its size, perhaps by the one before, and by nobody else.
checkpoint_read() {
    note_split "$1" && checkpoint_text || return 1
    log_at "$C_SIZE"
    log_lines $((LOG_NUMBER > 0 ? LOG_NUMBER - 1 : 0)) "$LOG_NUMBER" || return 1
    [ -n "$OWN" ] && [ "$LINES" -eq ${#NOTE_NAME[@]} ] && [ "$LINES" -le 2 ]
}

# hashes TEXT: PATH_HASHES, of lines of base64.
hashes() {
    local rest=$1 line
    PATH_HASHES=()
    while [ -n "$rest" ]; do
        line=${rest%%$'\n'*}
        rest=${rest#*$'\n'}
        [[ $line =~ ^$B$ ]] && unbase64 "$line" || return 1
        PATH_HASHES+=("$HEX")
    done
    [ ${#PATH_HASHES[@]} -le 64 ]
}

# proof_parse TEXT: P_INDEX, PATH_HASHES, P_NOTE (tlog-proof@v1).
proof_parse() {
    local rest=$1
    [[ $rest == $'c2sp.org/tlog-proof@v1\nindex '* ]] && [[ $rest == *$'\n\n'* ]] || return 1
    rest=${rest#$'c2sp.org/tlog-proof@v1\nindex '}
    P_INDEX=${rest%%$'\n'*}
    [[ $P_INDEX =~ ^$N$ ]] || return 1
    rest=${rest#*$'\n'}
    P_NOTE=${rest#*$'\n'$'\n'}
    if [[ $rest == $'\n'* ]]; then
        P_NOTE=${rest#$'\n'}
        PATH_HASHES=()
    else
        hashes "${rest%%$'\n\n'*}"$'\n' || return 1
    fi
    [ -n "$P_NOTE" ]
}

# consistency_parse TEXT: Q_OLD, PATH_HASHES, Q_NOTE (add-checkpoint of tlog-witness).
consistency_parse() {
    local rest=$1
    [[ $rest == 'old '* ]] && [[ $rest == *$'\n\n'* ]] || return 1
    Q_OLD=${rest%%$'\n'*}
    Q_OLD=${Q_OLD#old }
    [[ $Q_OLD =~ ^$N$ ]] || return 1
    rest=${rest#*$'\n'}
    if [[ $rest == $'\n'* ]]; then
        Q_NOTE=${rest#$'\n'}
        PATH_HASHES=()
    else
        Q_NOTE=${rest#*$'\n\n'}
        hashes "${rest%%$'\n\n'*}"$'\n' && [ ${#PATH_HASHES[@]} -le 63 ]
    fi
}

# ---- statements and openings ----------------------------------------------------------------------------------------

# statement_line TEXT: LINE, the JSON of a statement's text.
statement_line() {
    [[ $1 == $'groundwork/statement/v1\n'*$'\n' ]] || return 1
    LINE=${1#$'groundwork/statement/v1\n'}
    LINE=${LINE%$'\n'}
    [[ $LINE != *$'\n'* ]]
}

# signed_statement NOTE LEAF: LINE, signed by a member who may take in, there.
signed_statement() {
    note_split "$1" && statement_line "$NOTE_TEXT" && by_member "$2" || return 1
    [ "$SIGNER_ROLE" = administrator ] || [ "$SIGNER_ROLE" = investigator ]
}

# opening_parse TEXT: O_LEAF, O_SALT, O_CLAIM_SALT, O_CLAIM, O_STATEMENT.
opening_parse() {
    local head rest line
    O_CLAIM_SALT=() O_CLAIM=()
    [[ $1 == *$'\n\n'* ]] || return 1
    head=${1%%$'\n\n'*}$'\n'
    O_STATEMENT=${1#*$'\n\n'}
    [ -n "$O_STATEMENT" ] || return 1
    [[ $head == $'groundwork/opening/v1\n'* ]] || return 1
    rest=${head#*$'\n'}
    line=${rest%%$'\n'*}
    rest=${rest#*$'\n'}
    [[ $line =~ ^leaf\ $N$ ]] || return 1
    O_LEAF=${BASH_REMATCH[1]}
    line=${rest%%$'\n'*}
    rest=${rest#*$'\n'}
    [[ $line =~ ^salt\ ([0-9a-f]{64})$ ]] || return 1
    O_SALT=${BASH_REMATCH[1]}
    while [ -n "$rest" ]; do
        line=${rest%%$'\n'*}
        rest=${rest#*$'\n'}
        [[ $line =~ ^claim\ ([0-9a-f]{32})\ (.+)$ ]] || return 1
        O_CLAIM_SALT+=("${BASH_REMATCH[1]}")
        O_CLAIM+=("${BASH_REMATCH[2]}")
    done
    [ ${#O_CLAIM[@]} -le 8 ]
}

# claims_fit LIST: the claims of the opening are exactly those whose digests the statement lists.
claims_fit() {
    local list=$1 one i last='' made=()
    for ((i = 0; i < ${#O_CLAIM[@]}; i++)); do
        hash_purpose groundwork/claim/v1 "${O_CLAIM_SALT[i]}" "${O_CLAIM[i]}"
        made+=("$HASH")
    done
    i=0
    while [ -n "$list" ]; do
        [[ $list =~ ^\"$B\"(,|$) ]] || return 1
        one=${BASH_REMATCH[1]}
        list=${list#"${BASH_REMATCH[0]}"}
        unbase64 "$one" || return 1
        [[ $HEX > $last ]] || return 1
        last=$HEX
        [[ " ${made[*]} " == *" $HEX "* ]] || return 1
        i=$((i + 1))
    done
    ((i == ${#O_CLAIM[@]} && i > 0))
}

# What a seal says beside the package: what for, which items, to whom.  All of it or nothing; but who it is, perhaps.
use_fit() {
    local text='"([^"\\]|\\.)+"'
    PACKAGE_CLAIM=${O_CLAIM[0]}
    [ ${#O_CLAIM[@]} -gt 1 ] || return 0
    [ ${#O_CLAIM[@]} -eq 4 ] || [ ${#O_CLAIM[@]} -eq 5 ] || return 1
    PACKAGE_CLAIM=${O_CLAIM[2]}
    [[ ${O_CLAIM[0]} =~ ^\[\"for\",\"[a-z-]+\"\]$ && ${O_CLAIM[3]} =~ ^\[\"to\",\"[a-z-]+\"\]$ ]] || return 1
    [[ ${O_CLAIM[1]} =~ ^\[\"items\",\[\[[][0-9,]+\]\]\]$ ]] || return 1
    [ ${#O_CLAIM[@]} -eq 4 ] || [[ ${O_CLAIM[4]} =~ ^\[\"whom\",$text\]$ ]]
}

# ---- the files ------------------------------------------------------------------------------------------------------

declare -A LISTED=() USED=() BYTES=()
FILES=()
walk() {
    local entry name
    for entry in "$package/$1"*; do
        name=${entry##*/}
        [[ $name =~ $NAME_PATTERN ]] && [ ${#name} -le 200 ] || fail "$1$name: no file of a package has such a name"
        if [ -L "$entry" ]; then
            fail "$1$name: a package has only plain files"
        elif [ -f "$entry" ]; then
            LISTED[$1$name]=no
            USED[$1$name]=no
            FILES+=("$1$name")
        elif [ -d "$entry" ] && [ "$2" -lt 3 ]; then
            [ -r "$entry" ] && [ -x "$entry" ] || stop "$1$name cannot be read"
            walk "$1$name/" $(($2 + 1))
        else
            fail "$1$name: a package has only plain files, in few folders"
        fi
    done
}

# measure: BYTES of all that was found, some hundred at a time.
measure() {
    local i path some=() sizes=()
    for path in "${FILES[@]}"; do some+=("$package/$path"); done
    for ((i = 0; i < ${#FILES[@]}; i++)); do
        ((i % 500 != 0)) || mapfile -t -O "$i" sizes < <(stat -c %s -- "${some[@]:i:500}")
        [ -n "${sizes[i]-}" ] || stop "${FILES[i]} cannot be read"
        BYTES[${FILES[i]}]=${sizes[i]}
    done
}

# use PATH: it is in the package, and counts as looked at.
use() {
    [ -n "${USED[$1]-}" ] || fail "$1: is not there"
    USED[$1]=yes
}
# take PATH MAX: TEXT.
take() { use "$1" && slurp "$package/$1" "$2" "${BYTES[$1]}"; }

# manifest NAME PREFIX: its lines ascend, and name files that are there; then all of them are hashed.
manifest() {
    local line path last='' rest
    take "$1" $TEXT_MAX
    [ -z "$TEXT" ] || [[ $TEXT == *$'\n' ]] || fail "$1: is not what it must be"
    while IFS= read -r line; do
        [[ $line =~ ^[0-9a-f]{64}\ \ ([A-Za-z0-9._/-]+)$ ]] || fail "$1: is not what it must be"
        path=${BASH_REMATCH[1]}
        [[ $path > $last ]] || fail "$1: is not what it must be"
        last=$path
        [ -n "${LISTED[$path]-}" ] || fail "$path: is not there"
        case $path in
        tagmanifest-sha256.txt) fail "$path: stands in the wrong manifest" ;;
        data/*) [ "$2" = data ] || fail "$path: stands in the wrong manifest" ;;
        *) [ "$2" = tags ] || fail "$path: stands in the wrong manifest" ;;
        esac
        LISTED[$path]=yes
        [ "$2" = tags ] || DIGEST[$path]=${line%% *}
    done < <(printf %s "$TEXT")
    [ -n "$last" ] || return 0
    (cd -- "$package" && sha256sum --check --strict --status -- "$1") 2>/dev/null ||
        fail "$1: a file has another SHA-256 than it says"
}

# ---- 1. what lies there, and what the seal says of it ---------------------------------------------------------------

walk '' 0
measure
slurp "$package.seal.note" 16777216
opening_parse "$TEXT" || fail ".seal.note: is no opening"
SEAL_LEAF=$O_LEAF SEAL_STATEMENT=$O_STATEMENT
entry_hidden "$O_STATEMENT" "$O_SALT"
SEAL_ENTRY=$ENTRY
note_split "$O_STATEMENT" && statement_line "$NOTE_TEXT" || fail ".seal.note: is no statement"
[[ $LINE =~ $SEALED ]] ||
    fail ".seal.note: is no seal of a package"
SEAL_TIME=${BASH_REMATCH[4]}
claims_fit "${BASH_REMATCH[1]}" && use_fit || fail ".seal.note: its claim does not fit"
[[ $PACKAGE_CLAIM =~ $SEALED_CLAIM ]] ||
    fail ".seal.note: its claim is not what it must be"
S_LEAVES=${BASH_REMATCH[1]} S_ROOT=${BASH_REMATCH[2]} deposits=${BASH_REMATCH[3]} S_EVENT=${BASH_REMATCH[4]}
S_EVENTS=${BASH_REMATCH[5]} S_ITEMS=${BASH_REMATCH[6]} S_TAGS=${BASH_REMATCH[7]} S_WITHHELD=${BASH_REMATCH[8]}
unbase64 "$S_ROOT" || fail ".seal.note: its claim is not what it must be"
S_ROOT=$HEX
unbase64 "$S_EVENT" || fail ".seal.note: its claim is not what it must be"
S_EVENT=$HEX
declare -A D_SAID=() D_HEAD=() D_COUNT=() D_LAST=()
D_LIST=()
last=-1
while [ -n "$deposits" ]; do
    [[ $deposits =~ $SEALED_DEPOSIT ]] ||
        fail ".seal.note: its claim is not what it must be"
    d=${BASH_REMATCH[2]}
    D_SAID[$d]=${BASH_REMATCH[1]}
    deposits=${deposits#"${BASH_REMATCH[0]}"}
    ((d > last)) || fail ".seal.note: its claim is not what it must be"
    last=$d
    unbase64 "${BASH_REMATCH[3]}" || fail ".seal.note: its claim is not what it must be"
    D_HEAD[$d]=$HEX
    D_COUNT[$d]=0
    D_LIST+=("$d")
done
((${#D_LIST[@]} > 0)) || fail ".seal.note: its claim is not what it must be"

# ---- 2. every file, by manifests that the seal names ----------------------------------------------------------------

declare -A DIGEST=()
use tagmanifest-sha256.txt
HASH=$(sha256sum -- "$package/tagmanifest-sha256.txt") || stop "tagmanifest-sha256.txt cannot be read"
HASH=${HASH#\\}
[ "${HASH%% *}" = "$S_TAGS" ] || fail "tagmanifest-sha256.txt: is not the one that the seal names"
manifest tagmanifest-sha256.txt tags
manifest manifest-sha256.txt data
for path in "${!LISTED[@]}"; do
    [ "${LISTED[$path]}" = yes ] || [ "$path" = tagmanifest-sha256.txt ] || fail "$path: stands in no manifest"
done
for path in README.txt bag-info.txt bagit.txt verify.sh; do use "$path"; done

# ---- 3. who signs: the history of keys, and the package's checkpoint ------------------------------------------------

# proven PATH ENTRY: LEAF, where this entry lies under the package's checkpoint.
proven() {
    take "$1" 1056768
    proof_parse "$TEXT" || fail "$1: is no proof"
    LEAF=$P_INDEX
    [ "$P_NOTE" = "$CHECKPOINT" ] || fail "$1: is under another checkpoint than that of the package"
    leaf_hash "$2"
    included "$HASH" "$LEAF" "$SIZE" "$ROOT" "${PATH_HASHES[@]}" || fail "$1: what it proves is not in the log"
    ((LEAF <= LAST_LEAF)) || [ "${3-}" = '' ] || LAST_LEAF=$LEAF
}

LAST_LEAF=0
declare -A M_KEY=() P_ACT=() P_COMMITMENT=() P_SPOKE=() P_BY=()
TURN_NAME=() TURN_FROM=() TURN_ROLE=() LOG_FROM=() LOG_KEY=()
ONE_TIME='' SET='' EARLIER=' ' POLICY=''

# turn NAME LEAF ROLE: from this leaf on; '' for none.
turn() {
    TURN_NAME+=("$1")
    TURN_FROM+=("$2")
    TURN_ROLE+=("$3")
}
# role_at NAME LEAF: FOUND_ROLE, '' for who may sign nothing there.
role_at() {
    local i
    FOUND_ROLE=
    for ((i = ${#TURN_NAME[@]} - 1; i >= 0; i--)); do
        [ "${TURN_NAME[i]}" = "$1" ] && ((TURN_FROM[i] <= $2)) || continue
        FOUND_ROLE=${TURN_ROLE[i]}
        return
    done
}
# administrators LEAF: COUNT, who stand there.
administrators() {
    local m
    COUNT=0
    for m in "${!M_KEY[@]}"; do
        role_at "$m" "$1"
        [ "$FOUND_ROLE" != administrator ] || COUNT=$((COUNT + 1))
    done
}
# by_member LEAF: SIGNER and SIGNER_ROLE, who signed the note that was split, alone.
by_member() {
    SIGNER=${NOTE_NAME[0]}
    [ -n "${M_KEY[$SIGNER]-}" ] && note_by "${M_KEY[$SIGNER]}" || return 1
    role_at "$SIGNER" "$1"
    SIGNER_ROLE=$FOUND_ROLE
    [ -n "$SIGNER_ROLE" ]
}
# fresh VKEY: no event has named this key before.
fresh() {
    key_parse "$1" 01 || return 1
    [[ $EARLIER != *" $KEY_PUBLIC "* ]] || return 1
    EARLIER+="$KEY_PUBLIC "
}
# new_member VKEY LEAF ROLE
new_member() {
    fresh "$1" && [[ $KEY_NAME == "$ORIGIN"/m/* ]] && [ -z "${M_KEY[$KEY_NAME]-}" ] || return 1
    M_KEY[$KEY_NAME]=$1
    turn "$KEY_NAME" "$2" "$3"
}

take proof/keys/000000.statement 1048576
FOUNDED=$TEXT
entry_public "$FOUNDED"
FOUNDED_ENTRY=$ENTRY
hash_hex "$ENTRY"
PIN=$HASH
note_split "$FOUNDED" && statement_line "$NOTE_TEXT" || fail "proof/keys/000000.statement: is no statement"
[[ $LINE =~ $FOUNDED_HEAD ]] || fail "proof/keys/000000.statement: is no founding statement"
member=${BASH_REMATCH[4]}
unjson "${BASH_REMATCH[1]}"
LOG_FROM=(0) LOG_KEY=("$PLAIN")
fresh "${LOG_KEY[0]}" || fail "proof/keys/000000.statement: is no founding statement"
ORIGIN=$KEY_NAME
[[ $LINE =~ $FOUNDED_NEEDED ]] || fail "proof/keys/000000.statement: is no founding statement"
NEEDED=${BASH_REMATCH[1]}
unjson "$member"
note_by "$PLAIN" && new_member "$PLAIN" 0 administrator ||
    fail "proof/keys/000000.statement: its signature fails"
[ -z "$pin" ] || [ "$pin" = "$PIN" ] || fail "this is the log of another repository: its pin is not the one you gave"
take proof/checkpoint 1048576
CHECKPOINT=$TEXT SIZE=$S_LEAVES ROOT=$S_ROOT # by whom it is signed is known when all key events are
proven proof/keys/000000.tlog-proof "$FOUNDED_ENTRY"
((LEAF == 0)) || fail "proof/keys/000000.statement: is not leaf 0"
before=${FOUNDED_ENTRY:2}
last=0
((S_EVENTS <= 65536)) || fail "the seal names more than 65536 key events"

# act_of LINE: ACT, what several administrators agree on: all but place, time and the log key.
act_of() {
    ACT=$1
    [[ ! $ACT =~ ^(.*)\"by\":\{\"approvals\":\[[0-9,]*\],\"proposal\":[0-9]+\},(.*)$ ]] ||
        ACT=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
    [[ ! $ACT =~ ^(.*[\{,])\"log\":\"$J\",(.*)$ ]] || ACT=${BASH_REMATCH[1]}${BASH_REMATCH[4]}
    [[ ! $ACT =~ ^(.*[\{,])\"number\":[0-9]+,(.*)$ ]] || ACT=${BASH_REMATCH[1]}${BASH_REMATCH[2]}
    [[ ! $ACT =~ ^(.*,)\"prev\":\"$B\",(.*)$ ]] || ACT=${BASH_REMATCH[1]}${BASH_REMATCH[3]}
    [[ ! $ACT =~ ^(.*),\"time\":-?[0-9]+\}$ ]] || ACT=${BASH_REMATCH[1]}\}
}

# enough LEAF: the act in LINE has as many administrators behind it as it needs there.
enough() {
    local needed proposal one spoke count=1
    administrators "$1"
    needed=$((NEEDED < COUNT ? NEEDED : COUNT))
    if [[ ! $LINE =~ \"by\":\{\"approvals\":\[([0-9,]*)\],\"proposal\":$N\}, ]]; then
        ((needed <= 1))
        return
    fi
    ((needed > 1)) || return 1
    local approvals=${BASH_REMATCH[1]}
    proposal=${BASH_REMATCH[2]}
    act_of "$LINE"
    [ -n "${P_ACT[$proposal]-}" ] && [ "${P_ACT[$proposal]}" = "$ACT" ] || return 1
    role_at "${P_BY[$proposal]}" "$1"
    [ "$FOUND_ROLE" = administrator ] || return 1
    for one in ${approvals//,/ }; do
        [[ ${P_SPOKE[$proposal]} =~ \ $one:([^\ ]+)\  ]] || return 1
        spoke=${BASH_REMATCH[1]}
        role_at "$spoke" "$1"
        [ "$FOUND_ROLE" = administrator ] || return 1
        count=$((count + 1))
    done
    unset "P_ACT[$proposal]"
    ((count >= needed))
}

# goes NAME LEAF ROLE LOG: a member's next role, and the log key that follows when a writer goes.
goes() {
    local writer=' administrator investigator analyst '
    role_at "$1" "$2"
    [ -n "$FOUND_ROLE" ] && [ "$FOUND_ROLE" != "$3" ] || return 1
    if [[ $writer == *" $FOUND_ROLE "* ]] && [[ -z $3 || $writer != *" $3 "* ]]; then
        [ -n "$4" ] && [ "$1" != "$SIGNER" ] && fresh "$4" && [ "$KEY_NAME" = "$ORIGIN" ] || return 1
        LOG_FROM+=($(($2 + 1)))
        LOG_KEY+=("$4")
    else
        [ -z "$4" ] || return 1
    fi
    turn "$1" $(($2 + 1)) "$3"
    administrators $(($2 + 1))
    ((COUNT >= 1 && COUNT <= 16))
}

# event NUMBER: one key event, by whoever may sign it where it lies.
event() {
    local name note entry key role log
    printf -v name proof/keys/%06d "$1"
    take "$name.statement" 1048576
    note=$TEXT
    entry_public "$note"
    entry=$ENTRY
    proven "$name.tlog-proof" "$entry"
    ((LEAF > last)) || fail "$name.statement: is not the key event of its number"
    last=$LEAF
    note_split "$note" && statement_line "$NOTE_TEXT" || fail "$name.statement: is no statement"
    [[ $LINE =~ $PLACE ]] && [ "${BASH_REMATCH[1]}" = "$1" ] && unbase64 "${BASH_REMATCH[4]}" &&
        [ "$HEX" = "$before" ] ||
        fail "$name.statement: does not follow the key event before"
    before=${entry:2}
    if [[ $LINE =~ $MEMBERED ]]; then
        local replaced=${BASH_REMATCH[7]} set=${BASH_REMATCH[9]} m n=0
        unjson "${BASH_REMATCH[2]}"
        key=$PLAIN
        unjson "$replaced"
        replaced=$PLAIN
        [ -n "$ONE_TIME" ] && [ "$set" = "$SET" ] && note_by "$ONE_TIME" ||
            fail "$name.statement: is not signed by the sheets that replace a member here"
        for m in "${!M_KEY[@]}"; do
            role_at "$m" "$LEAF"
            [ -z "$FOUND_ROLE" ] || n=$((n + 1))
            [ -n "$replaced" ] || [ "$FOUND_ROLE" != administrator ] || key+=" $m"
        done
        [ -n "$replaced" ] || { [ "$n" -eq 1 ] && replaced=${key#* }; }
        key=${key%% *}
        role_at "$replaced" "$LEAF"
        [ "$FOUND_ROLE" = administrator ] || fail "$name.statement: does not say which administrator is replaced"
        ONE_TIME=''
        turn "$replaced" $((LEAF + 1)) ''
        new_member "$key" $((LEAF + 1)) administrator || fail "$name.statement: its key is no new one"
        return
    fi
    by_member "$LEAF" && [ "$SIGNER_ROLE" = administrator ] || fail "$name.statement: is not signed by who may, there"
    if [[ $LINE =~ $PROPOSED ]]; then
        P_ACT[$LEAF]=${BASH_REMATCH[1]}
        P_COMMITMENT[$LEAF]=${entry:2}
        P_BY[$LEAF]=$SIGNER
        P_SPOKE[$LEAF]=" 0:$SIGNER "
        return
    elif [[ $LINE =~ $APPROVED ]]; then
        local commitment=${BASH_REMATCH[1]} proposal=${BASH_REMATCH[4]}
        unbase64 "$commitment" && [ -n "${P_ACT[$proposal]-}" ] && [ "$HEX" = "${P_COMMITMENT[$proposal]}" ] &&
            [[ ${P_SPOKE[$proposal]} != *":$SIGNER "* ]] || fail "$name.statement: approves nothing that waits"
        P_SPOKE[$proposal]+=" $LEAF:$SIGNER "
        return
    fi
    enough "$LEAF" || fail "$name.statement: has not the approvals that it needs"
    if [[ $LINE =~ $COSIGNERS ]]; then
        unjson "${BASH_REMATCH[4]}"
        POLICY=$PLAIN
        [[ $POLICY == "log ${LOG_KEY[-1]}"$'\n'* ]] || fail "$name.statement: the policy is of another log"
    elif [[ $LINE =~ $RECOVERY ]]; then
        SET=${BASH_REMATCH[12]}
        unjson "${BASH_REMATCH[4]}"
        ONE_TIME=$PLAIN
        fresh "$ONE_TIME" || fail "$name.statement: its key is no new one"
    elif [[ $LINE =~ $ADDED ]]; then
        role=${BASH_REMATCH[8]}
        unjson "${BASH_REMATCH[4]}"
        new_member "$PLAIN" $((LEAF + 1)) "$role" || fail "$name.statement: its key is no new one"
    elif [[ $LINE =~ $ROLE ]]; then
        role=${BASH_REMATCH[10]} key=${BASH_REMATCH[6]}
        unjson "${BASH_REMATCH[4]}"
        log=$PLAIN
        unjson "$key"
        goes "$PLAIN" "$LEAF" "$role" "$log" || fail "$name.statement: cannot be, there"
    elif [[ $LINE =~ $REVOKED ]]; then
        key=${BASH_REMATCH[8]}
        unjson "${BASH_REMATCH[6]}"
        log=$PLAIN
        unjson "$key"
        goes "$PLAIN" "$LEAF" '' "$log" || fail "$name.statement: cannot be, there"
    else
        fail "$name.statement: is no key event"
    fi
}
for ((e = 1; e <= S_EVENTS; e++)); do event "$e"; done
[ "$before" = "$S_EVENT" ] || fail "the last key event is not the one that the seal names"
[ -n "$POLICY" ] || POLICY="log ${LOG_KEY[-1]}"$'\nquorum none\n'
checkpoint_read "$CHECKPOINT" || fail "proof/checkpoint: is no checkpoint of this log"
[ "$C_SIZE" = "$SIZE" ] && [ "$C_ROOT" = "$ROOT" ] || fail "proof/checkpoint: is not the one that the seal names"

# ---- 4. the seal itself: signed, and on the log behind everything ---------------------------------------------------

signed_statement "$SEAL_STATEMENT" "$SEAL_LEAF" || fail ".seal.note: is not signed by who signs there"
slurp "$package.seal.tlog-proof" 1056768
proof_parse "$TEXT" || fail ".seal.tlog-proof: is no proof"
path=("${PATH_HASHES[@]}")
sealed_note=$P_NOTE
checkpoint_read "$P_NOTE" || fail ".seal.tlog-proof: has no checkpoint of this log"
sealed_size=$C_SIZE sealed_root=$C_ROOT
leaf_hash "$SEAL_ENTRY"
[ "$P_INDEX" = "$SEAL_LEAF" ] && ((SEAL_LEAF >= SIZE)) &&
    included "$HASH" "$SEAL_LEAF" "$sealed_size" "$sealed_root" "${path[@]}" ||
    fail ".seal.tlog-proof: the seal is not on the log behind what it seals"
slurp "$package.seal.consistency" 1056768
consistency_parse "$TEXT" || fail ".seal.consistency: is no proof"
[ "$Q_OLD" = "$SIZE" ] && [ "$Q_NOTE" = "$sealed_note" ] &&
    extends "$SIZE" "$ROOT" "$sealed_size" "$sealed_root" "${PATH_HASHES[@]}" ||
    fail ".seal.consistency: the seal's log does not go on from that of the package"

# ---- 5. receipts, items, covers, gaps -------------------------------------------------------------------------------

declare -A R_DEPOSIT=()
i=0
for d in "${D_LIST[@]}"; do
    i=$((i + 1))
    printf -v name proof/receipts/%06d "$i"
    take "$name.opening" 16777216
    opening_parse "$TEXT" || fail "$name.opening: is no opening"
    entry_hidden "$O_STATEMENT" "$O_SALT"
    proven "$name.tlog-proof" "$ENTRY" counts
    [ "$LEAF" = "$O_LEAF" ] && signed_statement "$O_STATEMENT" "$LEAF" ||
        fail "$name.opening: is not signed by who signs there"
    [[ $LINE =~ $RECEIPT ]] ||
        fail "$name.opening: is no receipt"
    deposit=${BASH_REMATCH[2]} number=${BASH_REMATCH[3]}
    claims_fit "${BASH_REMATCH[1]}" || fail "$name.opening: its claims do not fit"
    [ "$deposit" = "$d" ] && [ -z "${R_DEPOSIT[$number]-}" ] ||
        fail "$name.opening: is not the receipt of the deposit that the seal names"
    R_DEPOSIT[$number]=$d
done

declare -A STATE=() L_ENTRY=() L_SEQ=() L_DEPOSIT=()
ROW=()
take data/index.csv $TEXT_MAX
head='number,leaf,receipt,type,of,file,bytes,sha256,mode,mtime,mtime_ns,name_base64,name'
[[ $TEXT == "$head"$'\n'* ]] && [[ $TEXT == *$'\n' ]] || fail "data/index.csv: is not what it must be"
last=-1
while IFS= read -r line; do
    [[ $line =~ $ROWS ]] ||
        fail "data/index.csv: is not what it must be"
    ROW+=("$line")
    leaf=${BASH_REMATCH[2]} digest=${BASH_REMATCH[8]}
    [ "${BASH_REMATCH[1]}" -eq ${#ROW[@]} ] && ((leaf > last)) && ((leaf < SIZE)) ||
        fail "data/index.csv: is not what it must be"
    last=$leaf
    [ -n "${R_DEPOSIT[${BASH_REMATCH[3]}]-}" ] || fail "data/index.csv: names a receipt that is not there"
    L_DEPOSIT[$leaf]=${R_DEPOSIT[${BASH_REMATCH[3]}]}
    STATE[$leaf]=opened
    ((leaf <= LAST_LEAF)) || LAST_LEAF=$leaf
    printf -v name proof/items/%06d "${BASH_REMATCH[1]}"
    use "$name.opening"
    use "$name.tlog-proof"
    if [ "${BASH_REMATCH[4]}" = file ]; then
        file=${BASH_REMATCH[6]}
        printf -v name data/items/%06d "${BASH_REMATCH[1]}"
        [[ $file =~ ^$name(\.[a-z0-9]{1,8})?$ ]] || fail "data/index.csv: is not what it must be"
        use "$file"
        [ "${DIGEST[$file]-}" = "$digest" ] || fail "$file: are not the bytes that the index names"
    fi
done < <(printf %s "${TEXT#"$head"$'\n'}")
[ ${#ROW[@]} -eq "$S_ITEMS" ] || fail "data/index.csv: has not as many items as the seal says"

# quote TEXT: QUOTED, as a JSON text.
quote() {
    QUOTED=${1//\\/\\\\}
    QUOTED=\"${QUOTED//\"/\\\"}\"
}
# signed_number TEXT: NUMBER, as JSON writes it.
signed_number() {
    NUMBER=$1
    [ ${#1} -lt 16 ] || { [ "${1#-}" -le 9007199254740991 ] || NUMBER=\"$1\"; }
}

# item INDEX: one row, by its opening.
item() {
    local row=${ROW[$1]} number=$(($1 + 1)) name shown
    [[ $row =~ $ROWS ]]
    local leaf=${BASH_REMATCH[2]} receipt=${BASH_REMATCH[3]} type=${BASH_REMATCH[4]} of=${BASH_REMATCH[5]}
    local file=${BASH_REMATCH[6]} bytes=${BASH_REMATCH[7]} digest=${BASH_REMATCH[8]} mode=${BASH_REMATCH[9]}
    local seconds=${BASH_REMATCH[10]} ns=${BASH_REMATCH[11]} encoded=${BASH_REMATCH[12]} text=${BASH_REMATCH[13]}
    printf -v name proof/items/%06d "$number"
    slurp "$package/$name.opening" 16777216 "${BYTES[$name.opening]}"
    opening_parse "$TEXT" || fail "$name.opening: is no opening"
    entry_hidden "$O_STATEMENT" "$O_SALT"
    L_ENTRY[$leaf]=$ENTRY
    proven "$name.tlog-proof" "$ENTRY"
    [ "$LEAF" = "$O_LEAF" ] && [ "$leaf" = "$LEAF" ] || fail "$name.opening: is not the item of its row"
    [[ $O_STATEMENT == *$'\n\n' ]] && statement_line "${O_STATEMENT%$'\n'}" || fail "$name.opening: is no statement"
    local tail="\"seq\":$N}"
    [ "$type" != name ] || tail="\"of\":$of,$tail"
    [[ $LINE =~ ^\{\"claims\":\[([^]]*)\],\"deposit\":$N,\"kind\":\"received\",$tail$ ]] ||
        fail "$name.opening: is no item"
    [ "${BASH_REMATCH[2]}" = "${R_DEPOSIT[$receipt]}" ] || fail "$name.opening: is not on the receipt of its row"
    L_SEQ[$leaf]=${BASH_REMATCH[3]}
    claims_fit "${BASH_REMATCH[1]}" || fail "$name.opening: its claims do not fit"
    text=${text//\"\"/$'\n'}
    [[ $text != *\"* ]] || fail "data/index.csv: is not what it must be"
    text=${text//$'\n'/\"}
    if [ "$type" = file ]; then
        local ending=''
        [[ ! $text =~ ^.+\.([A-Za-z0-9]{1,8})$ ]] || ending=.${BASH_REMATCH[1],,}
        printf -v shown data/items/%06d "$number"
        [ "$file" = "$shown$ending" ] || fail "$name.opening: is not what its row says"
    fi
    quote "$text"
    printf %s "$text" >"$tmp/text"
    shown=$(base64 -w 0 <"$tmp/text")
    local expect="[\"name\",{\"text\":$QUOTED}]"
    [ "$shown" = "$encoded" ] || expect="[\"name\",{\"bytes\":\"$encoded\",\"text\":$QUOTED}]"
    local claims=("$expect")
    if [ "$type" != name ]; then
        signed_number "$seconds"
        expect="[\"file\",{\"mode\":$mode,\"mtime\":[$NUMBER,$ns],"
        if [ "$type" = link ]; then
            [[ ${O_CLAIM[0]} == "$expect\"target\":{"*"},\"type\":\"link\"}]" ]] ||
                fail "$name.opening: is not what its row says"
            expect=${O_CLAIM[0]}
        else
            expect+="\"type\":\"$type\"}]"
        fi
        claims=("$expect" "${claims[0]}")
    fi
    if [ "$type" = file ]; then
        claims+=("[\"object\",{\"bytes\":$bytes,\"sha256\":\"$digest\"}]")
        [ "${BYTES[$file]}" = "$bytes" ] || fail "$file: are not the bytes that the index names"
    fi
    [ "${claims[*]}" = "${O_CLAIM[*]}" ] && [ ${#claims[@]} -eq ${#O_CLAIM[@]} ] ||
        fail "$name.opening: is not what its row says"
}
sampled=
if [ -n "$all" ] || [ ${#ROW[@]} -le $SAMPLE ]; then
    for ((i = 0; i < ${#ROW[@]}; i++)); do item "$i"; done
else
    sampled=yes
    for i in $(shuf -n $SAMPLE -i 0-$((${#ROW[@]} - 1))); do item "$i"; done
fi

WITHHELD=()
take proof/gaps.csv $TEXT_MAX
[[ $TEXT == $'leaf,commitment,state\n'* ]] && [[ $TEXT == *$'\n' ]] || fail "proof/gaps.csv: is not what it must be"
last=0
while IFS= read -r line; do
    [[ $line =~ ^$N,([0-9a-f]{64}),WITHHELD$ ]] || fail "proof/gaps.csv: is not what it must be"
    leaf=${BASH_REMATCH[1]}
    ((leaf > last)) && [ -z "${STATE[$leaf]-}" ] || fail "proof/gaps.csv: is not what it must be"
    last=$leaf
    STATE[$leaf]=withheld
    L_ENTRY[$leaf]=01${BASH_REMATCH[2]}
    WITHHELD+=("$leaf")
    ((leaf <= LAST_LEAF)) || LAST_LEAF=$leaf
done < <(printf %s "${TEXT#*$'\n'}")
[ ${#WITHHELD[@]} -eq "$S_WITHHELD" ] || fail "proof/gaps.csv: does not withhold as much as the seal says"

# cover NUMBER: it signs for its leaves, each of which is opened or withheld.
last=0
cover() {
    local name leaf count first deposit root adds_up=yes
    printf -v name proof/covers/%06d "$1"
    take "$name.statement" 1048576
    local note=$TEXT
    entry_public "$note"
    proven "$name.tlog-proof" "$ENTRY" counts
    signed_statement "$note" "$LEAF" || fail "$name.statement: is not signed by who signs there"
    [[ $LINE =~ $COVER ]] ||
        fail "$name.statement: is no cover"
    count=${BASH_REMATCH[1]} deposit=${BASH_REMATCH[2]} first=${BASH_REMATCH[3]} root=${BASH_REMATCH[5]}
    ((count > 0 && first + count <= LEAF)) && ((LEAF > last)) && [ -n "${D_SAID[$deposit]-}" ] ||
        fail "$name.statement: is of no deposit that the seal names, or not in order"
    last=$LEAF
    ((count <= SAMPLE)) || [ -z "$sampled" ] || adds_up=
    edge_begin
    for ((leaf = first; leaf < first + count; leaf++)); do
        case ${STATE[$leaf]-} in
        opened)
            [ "${L_DEPOSIT[$leaf]}" = "$deposit" ] || fail "leaf $leaf is not of the deposit that its row says"
            [ -z "${L_SEQ[$leaf]-}" ] || ((L_SEQ[$leaf] == D_COUNT[$deposit])) ||
                fail "leaf $leaf is not the one of its deposit that it says"
            ;;
        withheld) ;;
        *) fail "leaf $leaf is neither in the package nor listed as withheld" ;;
        esac
        STATE[$leaf]=covered
        D_COUNT[$deposit]=$((D_COUNT[$deposit] + 1))
        D_LAST[$deposit]=${L_ENTRY[$leaf]-}
        [ -n "${L_ENTRY[$leaf]-}" ] || adds_up=
        [ -z "$adds_up" ] || { leaf_hash "${L_ENTRY[$leaf]}" && edge_add "$HASH"; }
    done
    [ -n "$adds_up" ] || return 0
    edge_root
    unbase64 "$root" && [ "$HASH" = "$HEX" ] ||
        fail "$name.statement: does not sign for the leaves that the package gives"
}
for ((c = 1; ; c++)); do
    printf -v name proof/covers/%06d.statement "$c"
    [ -n "${USED[$name]-}" ] || break
    cover "$c"
done
for d in "${D_LIST[@]}"; do
    ((D_COUNT[$d] == D_SAID[$d])) || fail "deposit $d: the package ends before it does, by what the seal says"
    head=${D_LAST[$d]}
    [ -z "$head" ] || [ "${head:2}" = "${D_HEAD[$d]}" ] ||
        fail "deposit $d: the package ends before it does, by what the seal says"
done
for leaf in "${!STATE[@]}"; do [ "${STATE[$leaf]}" = covered ] || fail "leaf $leaf lies under no cover"; done

# ---- 6. what others say of the log ----------------------------------------------------------------------------------

# older PATH SIZE ROOT: the package's checkpoint extends that one.
older() {
    take "$1" 1056768
    consistency_parse "$TEXT" || fail "$1: is no proof"
    [ "$Q_OLD" = "$2" ] && [ "$Q_NOTE" = "$CHECKPOINT" ] &&
        extends "$2" "$3" "$SIZE" "$ROOT" "${PATH_HASHES[@]}" ||
        fail "$1: the package's log does not go on from that checkpoint"
}

# policy_read TEXT: P_KEY of each cosigner, P_NEEDED and P_MEMBERS of each group, QUORUM, P_LOGS.
policy_read() {
    local keyword a b rest line
    declare -gA P_KEY=() P_NEEDED=() P_MEMBERS=()
    QUORUM='' P_LOGS=' '
    while IFS= read -r line || [ -n "$line" ]; do
        line=${line%%#*}
        read -r keyword a b rest <<<"$line"
        case $keyword in
        '') ;;
        log) P_LOGS+="$a " ;;
        witness)
            key_parse "$b" 04 && [ -z "${P_KEY[$a]-}${P_NEEDED[$a]-}" ] || return 1
            P_KEY[$a]=$b
            ;;
        group)
            [ -z "${P_KEY[$a]-}${P_NEEDED[$a]-}" ] && [ -n "$rest" ] || return 1
            read -ra members <<<"$rest"
            for m in "${members[@]}"; do [ -n "${P_KEY[$m]-}${P_NEEDED[$m]-}" ] || return 1; done
            case $b in
            any) b=1 ;;
            all) b=${#members[@]} ;;
            esac
            [[ $b =~ ^[1-9][0-9]?$ ]] && ((b <= ${#members[@]})) || return 1
            P_NEEDED[$a]=$b
            P_MEMBERS[$a]=$rest
            ;;
        quorum)
            [ -z "$QUORUM" ] && { [ "$a" = none ] || [ -n "${P_KEY[$a]-}${P_NEEDED[$a]-}" ]; } || return 1
            QUORUM=$a
            ;;
        *) return 1 ;;
        esac
    done <<<"$1"
    [ -n "$QUORUM" ]
}

# met NODE: it has signed, or as many of its group as it takes.
met() {
    local m n=0
    if [ -n "${P_KEY[$1]-}" ]; then
        [ -n "${SIGNED[$1]-}" ]
        return
    fi
    for m in ${P_MEMBERS[$1]}; do
        if met "$m"; then n=$((n + 1)); fi
    done
    ((n >= P_NEEDED[$1]))
}

# cosigners: SIGNED, by whom of the policy that was read the note that was split is signed; COUNT lines fit.
cosigners() {
    local name i time
    declare -gA SIGNED=()
    COUNT=0
    for name in "${!P_KEY[@]}"; do
        key_parse "${P_KEY[$name]}" 04 || return 1
        for ((i = 0; i < ${#NOTE_NAME[@]}; i++)); do
            [ "${NOTE_NAME[i]}" = "$KEY_NAME" ] && [ "${NOTE_ID[i]}" = "$KEY_ID" ] || continue
            [ ${#NOTE_SIGNATURE[i]} -eq 144 ] && [[ ${NOTE_SIGNATURE[i]} == [0-7]* ]] || return 1
            time=$((16#${NOTE_SIGNATURE[i]:0:16}))
            signed "$KEY_PUBLIC" $'cosignature/v1\ntime '"$time"$'\n'"$NOTE_TEXT" "${NOTE_SIGNATURE[i]:16}" || return 1
            [ -z "${SIGNED[$name]-}" ] || return 1
            SIGNED[$name]=yes
            COUNT=$((COUNT + 1))
        done
    done
}

take proof/policy.txt 65536
[ "$TEXT" = "$POLICY" ] || fail "proof/policy.txt: is not the one that the history of keys says"
asked=$POLICY
if [ -n "$policy_file" ]; then
    [ -r "$policy_file" ] || stop "$policy_file cannot be read"
    IFS= read -r -d '' asked <"$policy_file"
    policy_read "$asked" || usage "--policy: $policy_file is no policy"
    [[ $P_LOGS == *" ${LOG_KEY[-1]} "* ]] || fail "the policy that you gave is not for this log"
fi
declare -A SIGNED=()
cosigned=
if [ -n "${USED[proof/cosigned]-}" ]; then
    take proof/cosigned 1048576
    note_split "$TEXT" && checkpoint_text || fail "proof/cosigned: is no checkpoint of this log"
    log_at "$C_SIZE"
    log_lines "$LOG_NUMBER" "$LOG_NUMBER" && [ -n "$OWN" ] && log_lines 0 $((${#LOG_KEY[@]} - 1)) ||
        fail "proof/cosigned: is no checkpoint of this log"
    by_log=$LINES
    policy_read "$POLICY" && cosigners && ((COUNT + by_log == ${#NOTE_NAME[@]})) ||
        fail "proof/cosigned: has a line by nobody of the policy, or one that does not fit"
    cosigned_size=$C_SIZE
    policy_read "$asked" && cosigners || SIGNED=()
    older proof/cosigned.consistency "$C_SIZE" "$C_ROOT"
    ((cosigned_size > LAST_LEAF)) || SIGNED=()
fi
policy_read "$asked" || fail "proof/policy.txt: is no policy"
if [ "$QUORUM" = none ] || met "$QUORUM"; then cosigned=yes; fi

# stamp NAME: by openssl, at the second that it says itself.
stamp() {
    local root line text when
    take "$1.checkpoint" 1048576
    checkpoint_read "$TEXT" || fail "$1.checkpoint: is no checkpoint of this log"
    local size=$C_SIZE
    local old_root=$C_ROOT
    use "$1.tsr"
    take "$1.pem" 65536
    root=${TEXT##*-----BEGIN CERTIFICATE-----}
    printf -- '-----BEGIN CERTIFICATE-----%s' "$root" >"$tmp/root.pem"
    text=$(openssl ts -reply -in "$package/$1.tsr" -text 2>/dev/null) || fail "$1.tsr: is no time-stamp"
    when=
    while IFS= read -r line; do
        case $line in 'Time stamp: '*) when=${line#Time stamp: } ;; esac
    done <<<"$text"
    [[ $when =~ ^([A-Z][a-z][a-z]\ [\ 0-9][0-9]\ [0-9:]{8})(\.[0-9]+)?\ ([0-9]{4})\ GMT$ ]] ||
        fail "$1.tsr: has no time"
    when=$(date -u -d "${BASH_REMATCH[1]} ${BASH_REMATCH[3]} GMT" +%s) || fail "$1.tsr: has no time"
    openssl ts -verify -in "$package/$1.tsr" -data "$package/$1.checkpoint" -CAfile "$tmp/root.pem" \
        -untrusted "$package/$1.pem" -attime "$when" >/dev/null 2>&1 || fail "$1.tsr: does not hold"
    older "$1.consistency" "$size" "$old_root"
    ((size > LAST_LEAF)) || return 0
    stamps=$((stamps + 1))
    line=$(openssl x509 -in "$tmp/root.pem" -noout -fingerprint -sha256 2>/dev/null)
    line=${line##*=}
    printf 'It was there at %s, by a time-stamp under the root certificate %s.\n' "$(date -u -d "@$when" +%FT%TZ)" \
        "${line//:/}"
}
stamps=0
for ((i = 1; i <= 16; i++)); do
    printf -v name proof/time/%06d "$i"
    [ -n "${USED[$name.checkpoint]-}" ] || break
    stamp "$name"
done
for path in "${!USED[@]}"; do [ "${USED[$path]}" = yes ] || fail "$path: belongs to nothing in the package"; done

# ---- the word -------------------------------------------------------------------------------------------------------

printf 'Package of %s: %d items, under a log of %d leaves; sealed on leaf %d, at %s as it claims.\n' "$ORIGIN" \
    "${#ROW[@]}" "$SIZE" "$SEAL_LEAF" "$(date -u -d "@$SEAL_TIME" +%FT%TZ)"
[ -z "$sampled" ] || printf 'Of the items %d were looked at by lot; --all looks at each.\n' "$SAMPLE"
first='' before=''
for leaf in "${WITHHELD[@]}" end; do
    if [ -n "$first" ] && [ "$leaf" != $((before + 1)) ]; then
        printf 'WITHHELD %d-%d\n' "$first" "$before"
        first=''
    fi
    [ -n "$first" ] || first=$leaf
    before=$leaf
done
printf 'Pin: %s\n' "$PIN"
[ -n "$pin" ] || echo 'Compare this pin with one that you got elsewhere: whoever makes a log can make another.'
if [ -z "$cosigned" ]; then
    echo UNCOSIGNED
    exit 6
elif ((stamps == 0)); then
    echo TIME-UNPROVEN
    exit 5
fi
echo VERIFIED
exit 0
