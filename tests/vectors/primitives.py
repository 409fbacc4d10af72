"""What FORMAT.md section 1 names, from Python's standard library and, where that ends, from Debian's shared libraries.

Nothing here is taken from src/: this is the second reading of the format, to be held against the first.
"""
import ctypes
import hashlib
import hmac

TAG = 16


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def expand(key, purpose, context=b""):
    """HKDF-Expand (RFC 5869), 32 bytes: info is the purpose, a zero byte, the context."""
    return hmac.new(key, purpose.encode() + b"\0" + context + b"\x01", hashlib.sha256).digest()


def derive(key, salt, purpose):
    """HKDF (RFC 5869): extract with the salt, then expand."""
    return expand(hmac.new(salt, key, hashlib.sha256).digest(), purpose)


def leaf_hash(entry):
    return sha256(b"\x00", entry)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def merkle_root(hashes):
    """RFC 6962 section 2.1 over leaf hashes, as the text defines it."""
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return node_hash(merkle_root(hashes[:split]), merkle_root(hashes[split:]))


def merkle_path(hashes, index):
    """RFC 6962 section 2.1.1: the hashes that lead from a leaf to the root, the lowest first."""
    if len(hashes) == 1:
        return []
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    if index < split:
        return merkle_path(hashes[:split], index) + [merkle_root(hashes[split:])]
    return merkle_path(hashes[split:], index - split) + [merkle_root(hashes[:split])]


# ---- AES-256-GCM and Ed25519, by libcrypto --------------------------------------------------------------------------

_crypto = ctypes.CDLL("libcrypto.so.3")
for _name in ("EVP_aes_256_gcm", "EVP_CIPHER_CTX_new", "EVP_PKEY_new_raw_public_key", "EVP_PKEY_new_raw_private_key",
              "EVP_MD_CTX_new"):
    getattr(_crypto, _name).restype = ctypes.c_void_p
ED25519 = 1087
SET_TAG, GET_TAG = 0x11, 0x10


class Damaged(Exception):
    """Stored bytes are not what the format says they are."""


def _pointer(value):
    return ctypes.c_void_p(value)


def _gcm(key, nonce, aad, data, tag):
    """(data run through GCM, tag) to encrypt when ${tag} is None; else the plaintext, or Damaged."""
    encrypt = int(tag is None)
    context = _pointer(_crypto.EVP_CIPHER_CTX_new())
    out, n = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
    try:
        iv = bytes(4) + nonce.to_bytes(8, "big")
        assert _crypto.EVP_CipherInit_ex(context, _pointer(_crypto.EVP_aes_256_gcm()), None, key, iv, encrypt) == 1
        assert _crypto.EVP_CipherUpdate(context, None, ctypes.byref(n), aad, len(aad)) == 1
        assert _crypto.EVP_CipherUpdate(context, out, ctypes.byref(n), data, len(data)) == 1
        if encrypt:
            assert _crypto.EVP_CipherFinal_ex(context, ctypes.create_string_buffer(16), ctypes.byref(n)) == 1
            tag = ctypes.create_string_buffer(TAG)
            assert _crypto.EVP_CIPHER_CTX_ctrl(context, GET_TAG, TAG, tag) == 1
            return out.raw[:len(data)] + tag.raw
        assert _crypto.EVP_CIPHER_CTX_ctrl(context, SET_TAG, TAG, ctypes.create_string_buffer(tag, TAG)) == 1
        if _crypto.EVP_CipherFinal_ex(context, ctypes.create_string_buffer(16), ctypes.byref(n)) != 1:
            raise Damaged("a tag does not fit")
        return out.raw[:len(data)]
    finally:
        _crypto.EVP_CIPHER_CTX_free(context)


def seal(key, nonce, aad, plain):
    return _gcm(key, nonce, aad, plain, None)


def open_sealed(key, nonce, aad, sealed):
    if len(sealed) < TAG:
        raise Damaged("shorter than a tag")
    return _gcm(key, nonce, aad, sealed[:-TAG], sealed[-TAG:])


def verify(public_key, message, signature):
    key = _pointer(_crypto.EVP_PKEY_new_raw_public_key(ED25519, None, public_key, ctypes.c_size_t(len(public_key))))
    context = _pointer(_crypto.EVP_MD_CTX_new())
    try:
        return (_crypto.EVP_DigestVerifyInit(context, None, None, None, key) == 1 and
                _crypto.EVP_DigestVerify(context, signature, ctypes.c_size_t(len(signature)), message,
                                         ctypes.c_size_t(len(message))) == 1)
    finally:
        _crypto.EVP_MD_CTX_free(context)
        _crypto.EVP_PKEY_free(key)


def public_of(seed):
    key = _pointer(_crypto.EVP_PKEY_new_raw_private_key(ED25519, None, seed, ctypes.c_size_t(len(seed))))
    out, n = ctypes.create_string_buffer(32), ctypes.c_size_t(32)
    assert _crypto.EVP_PKEY_get_raw_public_key(key, out, ctypes.byref(n)) == 1
    _crypto.EVP_PKEY_free(key)
    return out.raw


def sign(seed, message):
    key = _pointer(_crypto.EVP_PKEY_new_raw_private_key(ED25519, None, seed, ctypes.c_size_t(len(seed))))
    context = _pointer(_crypto.EVP_MD_CTX_new())
    out, n = ctypes.create_string_buffer(64), ctypes.c_size_t(64)
    assert _crypto.EVP_DigestSignInit(context, None, None, None, key) == 1
    assert _crypto.EVP_DigestSign(context, out, ctypes.byref(n), message, ctypes.c_size_t(len(message))) == 1
    _crypto.EVP_MD_CTX_free(context)
    _crypto.EVP_PKEY_free(key)
    return out.raw


# ---- Argon2id and sealed boxes, by libsodium; zstd ------------------------------------------------------------------

_sodium = ctypes.CDLL("libsodium.so.23")
_zstd = ctypes.CDLL("libzstd.so.1")
_zstd.ZSTD_decompress.restype = ctypes.c_size_t
ARGON2ID13 = 2


def argon2id(passphrase, salt, passes, memory_kib):
    out = ctypes.create_string_buffer(32)
    done = _sodium.crypto_pwhash(out, ctypes.c_ulonglong(32), passphrase, ctypes.c_ulonglong(len(passphrase)), salt,
                                 ctypes.c_ulonglong(passes), ctypes.c_size_t(memory_kib * 1024), ARGON2ID13)
    assert done == 0
    return out.raw


def box_open(seed, context, box):
    """What a sealed box holds behind the hash of its context."""
    secret = hashlib.sha512(seed).digest()[:32]
    public, out = ctypes.create_string_buffer(32), ctypes.create_string_buffer(len(box))
    assert _sodium.crypto_scalarmult_base(public, secret) == 0
    if _sodium.crypto_box_seal_open(out, box, ctypes.c_ulonglong(len(box)), public, secret) != 0:
        raise Damaged("a box does not open")
    plain = out.raw[:len(box) - 48]
    if plain[:32] != sha256(context):
        raise Damaged("a box is for another context")
    return plain[32:]


def unzstd(data, size):
    out = ctypes.create_string_buffer(size + 1)
    got = _zstd.ZSTD_decompress(out, ctypes.c_size_t(size + 1), data, ctypes.c_size_t(len(data)))
    if got != size:
        raise Damaged("a frame does not decompress")
    return out.raw[:size]
