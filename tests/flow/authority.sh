# Authorities of time-stamps (RFC 3161) by openssl, for flows; read behind common.sh.

# authority NAME DAYS USAGE...: a root and a certificate under it, in NAME/; USAGE is its extended key usage.
authority() {
    a=$1 days=$2
    shift 2
    mkdir "$a"
    cat >"$a/config" <<CONFIG
[req]
distinguished_name = name
prompt = no
[name]
CN = $a.example
[root]
basicConstraints = critical,CA:true
keyUsage = critical,keyCertSign
[stamps]
basicConstraints = critical,CA:false
keyUsage = critical,digitalSignature
extendedKeyUsage = $*
[tsa]
default_tsa = this
[this]
serial = $work/$a/serial
signer_cert = $work/$a/tsa.pem
certs = $work/$a/root.pem
signer_key = $work/$a/tsa.key
signer_digest = sha256
default_policy = 1.3.6.1.4.1.54321.1
digests = sha1, sha256
accuracy = secs:1, millisecs:500
ess_cert_id_alg = ${ess:-sha256}
CONFIG
    for k in root tsa; do openssl ecparam -genkey -name prime256v1 -noout -out "$a/$k.key"; done
    openssl req -x509 -new -key "$a/root.key" -days 7300 -config "$a/config" -extensions root -out "$a/root.pem"
    openssl req -new -key "$a/tsa.key" -config "$a/config" -subj "/CN=Stamps of $a" -out "$a/tsa.csr"
    openssl x509 -req -in "$a/tsa.csr" -CA "$a/root.pem" -CAkey "$a/root.key" -set_serial 7 -days "$days" \
        -extfile "$a/config" -extensions stamps -out "$a/tsa.pem" 2>/dev/null
    echo 01 >"$a/serial"
}
# stamp NAME REQUEST ANSWER
stamp() { openssl ts -reply -config "$1/config" -queryfile "$2" -out "$3" 2>/dev/null || fail "$1 does not stamp"; }
