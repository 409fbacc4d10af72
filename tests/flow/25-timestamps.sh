#!/bin/sh
# Two authorities stamp a checkpoint; the log grows, certificates expire, files rot, and it still proves when. Every
# answer that is not just that is refused. openssl checks what we write, and stamps what we ask.
# timeout: 120
. "$(dirname "$0")/common.sh"
. "$tests/flow/authority.sh"
import() { gw -R archive timestamp import "$1" --chain "$2"; }
request() { rm -f "$1"; gw -R archive timestamp request --out "$1" >/dev/null; }

authority east 4000 critical,timeStamping
ess=sha1 authority west 200 critical,timeStamping

mkdir papers
seq 1 3000 >papers/numbers
gw init archive --origin flow.example/log --pack-size 1 >/dev/null
gw -R archive intake papers >/dev/null
gw -R archive verify | grep -q '^No time-stamp attests' || fail 'verify does not say that there is none'
gw -R archive status | grep -q 'Time-stamps: none yet' || fail 'status does not say that there is none'

# Asked without a passphrase; the request is what openssl would read, over the checkpoint as a file.
cp archive/log/checkpoint stamped
env -u GROUNDWORK_PASSPHRASE_FILE "$groundwork" -R archive timestamp request --out east.tsq --authority 'The East' \
    </dev/null >out.txt || fail 'request'
gw -R archive timestamp request --out west.tsq >/dev/null
openssl ts -query -in east.tsq -text 2>/dev/null >query.txt
grep -q 'Hash Algorithm: sha256' query.txt && grep -q 'Certificate required: yes' query.txt || fail 'not as RFC 3161'
openssl asn1parse -inform DER -in east.tsq | grep -qi "$(sha256sum stamped | cut -c 1-64)" || fail 'another imprint'
expect 3 'is there already' gw -R archive timestamp request --out west.tsq
expect 3 'name a place outside' gw -R archive timestamp request --out archive/x.tsq
expect 2 '--out FILE' gw -R archive timestamp request
[ "$(ls archive/stamps/asked | wc -l)" -eq 2 ] || fail 'a request that was refused is remembered'

# The log grows before the answers come; both are matched, and neither twice.
seq 1 500 >papers/more
gw -R archive intake papers >/dev/null
stamp east east.tsq east.tsr
stamp west west.tsq west.tsr
cat east/root.pem >two-roots
cat west/root.pem >>two-roots
expect 0 'Asked of The East.' import east.tsr two-roots
expect 0 'says CN=Stamps of west' import west.tsr west/root.pem
expect 3 'no request with its nonce waits here' import east.tsr east/root.pem
[ -z "$(ls archive/stamps/asked)" ] || fail 'an answered request waits still'
gw -R archive verify >out.txt || fail 'verify'
grep -q 'authorities that attest it: 2' out.txt && grep -q 'no later than .*CN=Stamps of east' out.txt ||
    { cat out.txt; fail 'verify does not count the authorities'; }
grep -q WARNING out.txt && fail 'a warning, with two authorities'
# West's certificate expires within a year: it is said, and a newer stamp by either carries it.
expect 0 'WARNING: a certificate under the time-stamp' gw -R archive status

# Each with openssl alone, by the files; and at their own time, whatever is said of now.
for s in archive/stamps/*.tsr; do
    base=${s%.tsr}
    cmp -s "$base.checkpoint" stamped || fail 'another checkpoint was kept'
    openssl x509 -in "$base.pem" -noout || fail 'the chain is no PEM'
    csplit -s -z -f part- "$base.pem" '/BEGIN/' '{*}'
    last=$(ls part-* | tail -1)
    openssl ts -verify -in "$s" -data "$base.checkpoint" -CAfile "$last" -untrusted "$base.pem" >/dev/null 2>&1 ||
        fail "openssl does not verify $s"
    rm part-*
done

# What is not what was asked.
json_leaves() { gw -R archive --json status | json 'd["leaves"]'; }
leaves=$(json_leaves)
request r.tsq
stamp east r.tsq r.tsr
refuses() {
    words=$1
    shift
    expect 1 "$words" import "$@"
    [ "$(json_leaves)" -eq "$leaves" ] || fail "$words: the log has grown"
}
refuses 'was not good when it stamped' r.tsr west/root.pem
openssl x509 -in east/tsa.pem -out nothing-but-the-leaf
refuses 'the root must be among them' r.tsr nothing-but-the-leaf
refuses 'the root must be among them' r.tsr r.tsr
sed '3s/^....../AAAAAA/' east/root.pem >bad-root
refuses 'damaged, or is none' r.tsr bad-root
head -c 400 r.tsr >cut.tsr
refuses 'or a damaged one' cut.tsr east/root.pem
openssl ts -query -data stamped -sha1 -cert -out sha1.tsq 2>/dev/null
stamp east sha1.tsq sha1.tsr
refuses 'no SHA-256' sha1.tsr east/root.pem
openssl ts -query -data stamped -sha256 -cert -out strange.tsq 2>/dev/null
stamp east strange.tsq strange.tsr
expect 3 'no request with its nonce' import strange.tsr east/root.pem
openssl ts -query -data stamped -sha256 -no_nonce -cert -out bare.tsq 2>/dev/null
stamp east bare.tsq bare.tsr
refuses 'no nonce' bare.tsr east/root.pem
openssl ts -query -data stamped -sha512 -cert -out long.tsq 2>/dev/null
stamp east long.tsq rejected.tsr
refuses 'status 2 (rejection)' rejected.tsr east/root.pem
expect 2 '--chain CERTS.pem' gw -R archive timestamp import r.tsr
expect 2 'say request or import' gw -R archive timestamp renew

# Renewed: the newer one carries the older ones, and status is quiet; then one authority is too few.
import r.tsr east/root.pem >/dev/null
gw -R archive status >out.txt
grep -q 'certificate under' out.txt && { cat out.txt; fail 'a renewed stamp is called due'; }
grep -q 'WARNING: only one authority' out.txt || fail 'one authority is not too few'
gw -R archive verify | grep -q '^VERIFIED$' || fail 'verify, renewed'

# A file beside the log that rots, or goes, is told and made again; nothing on the log is.
cp -R archive/stamps kept
first=$(ls archive/stamps/*.tsr | head -1)
printf x >>"$first"
rm "${first%.tsr}.pem"
expect 1 'is not what is on the log: run groundwork repair' gw -R archive verify
grep -q 'pem is missing' out.txt || fail 'a missing file is not told'
gw -R archive repair >/dev/null || fail 'repair'
diff -r kept archive/stamps || fail 'repair makes other files'
gw -R archive verify >/dev/null || fail 'verify, repaired'

# By way of a mirror they come along.
gw -R archive mirror stick >/dev/null
gw -R back repair --from stick >/dev/null || fail 'restore from the mirror'
diff -r -x asked kept back/stamps || fail 'the stamps did not come along'
printf 'flow.example/private\n' >planted
"$(dirname "$groundwork")/tests/crash/leakscan" archive/stamps papers planted || fail 'a leak'

# By the paper (FORMAT 5.8), without the program.
python3 -B "$tests/vectors/reader.py" archive config/groundwork/*.key passphrase read >said || fail "$(cat said)"
grep -q '^VERIFIED ' said || fail "the reader says: $(cat said)"
