#!/usr/bin/env python3
"""Prints the literals that the tests in this folder hold.

Made with Python's `cryptography` (OpenSSL underneath) and hashlib only; nothing here calls oaksteel or Botan.
Run once with Python 3.11 and cryptography 48; the C++ tests hold what it printed. Signatures are random, so a
second run prints other proofs, which check as well.
"""
import hashlib, hmac, struct
from cryptography.hazmat.primitives import hashes, serialization, cmac
from cryptography.hazmat.primitives.asymmetric import ec, rsa, padding, utils
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.kbkdf import KBKDFCMAC, Mode, CounterLocation
from cryptography.hazmat.primitives.kdf.x963kdf import X963KDF

DER, SPKI, PKCS8 = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PrivateFormat.PKCS8
POINT = (serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
sha = lambda b: hashlib.sha256(b).digest()
def show(name, value): print(f"{name} = {value.hex() if isinstance(value, (bytes, bytearray)) else value}")
def mac(key, data):
    c = cmac.CMAC(algorithms.AES(key)); c.update(data); return c.finalize()

# --- tokens (EP-21) ---
def derive(key, label, context):
    return KBKDFCMAC(algorithm=algorithms.AES, mode=Mode.CounterMode, length=32, rlen=4, llen=4,
                     location=CounterLocation.BeforeFixed, label=label, context=context, fixed=None).derive(key)
master = bytes(range(32))
for label, context in ((b"test", b"VE"), (b"commit", b"VE"), (b"registration", b"VE"), (b"token", b"VE|4711|202603"),
                       (b"token", b"x" * 40)):
    show(f"derive {label.decode()} {context.decode()}", derive(master, label, context))
mail = b"1|VE|4711|20260302|17|1100|53113"
tag = int.from_bytes(mac(derive(master, b"token", b"VE|4711|202603"), mail)[:8], "big")
for digits in (4, 6, 18): show(f"mail token {digits}", str(tag % 10**digits).zfill(digits))
# A piece whose token starts with zeros.
for count in range(10000):
    data = b"1|VE|4711|20260302|%d|1100|53113" % count
    t = int.from_bytes(mac(derive(master, b"token", b"VE|4711|202603"), data)[:8], "big") % 10**6
    if t < 1000: show(f"mail token of piece {count}", str(t).zfill(6)); break
for side in (b"commit", b"committed"):
    show("commit code", mac(derive(master, b"commit", b"VE"), b"oaksteel/1/%s|M0000001|VE/1" % side))
show("registration token", mac(derive(master, b"registration", b"VE"), b"1|VE|12345678|PC-1|4711|DE|20260302"))
ecb = Cipher(algorithms.AES(derive(master, b"test", b"VE")), modes.ECB()).encryptor()
block = ecb.update(b"OAKSTEEL01234567") + ecb.finalize()
show("test tokens", "".join(str(int.from_bytes(block[i:i + 8], "big") % 10**8).zfill(8) for i in (0, 8)))
show("check value", mac(derive(master, b"check", b""), bytes(16))[:8])

# --- HMAC_DRBG (SP 800-90A, 10.1.2) ---
def drbg(seed, pieces):
    k, v = bytes(32), b"\x01" * 32
    def update(k, v, data):
        for mark in (b"\x00", b"\x01") if data else (b"\x00",):
            k = hmac.digest(k, v + mark + data, "sha256"); v = hmac.digest(k, v, "sha256")
        return k, v
    k, v = update(k, v, seed)
    for n in pieces:
        out = b""
        while len(out) < n: v = hmac.digest(k, v, "sha256"); out += v
        k, v = update(k, v, b"")
        yield out[:n]
field = lambda b: struct.pack(">I", len(b)) + b
seed = sha(field(struct.pack(">Q", 42)) + field(struct.pack(">I", 1)) + field(b"oak/O00000001") + field(struct.pack(">Q", 7)))
for out in drbg(seed, (20, 64)): show("seeded 42 1 oak/O00000001 7", out)

# --- agreement (RFC 5903, 8.1) ---
i = 0xC88F01F510D9AC3F70A292DAA2316DE544E9AAB8AFE84049C62A9C57862D1433
r = 0xC6EF9C5D78AE012A011164ACB397CE2088685D8F06BF9BE0B283AB46476BEE53
I, R = ec.derive_private_key(i, ec.SECP256R1()), ec.derive_private_key(r, ec.SECP256R1())
z = I.exchange(ec.ECDH(), R.public_key())
assert z.hex() == "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"
show("I", I.public_key().public_bytes(*POINT)); show("R", R.public_key().public_bytes(*POINT))
show("agreed", X963KDF(hashes.SHA256(), 32, b"oaksteel/1/session").derive(z))

# --- suites ---
own = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())  # RFC 6979, A.2.5
spki, name = own.public_key().public_bytes(DER, SPKI), sha(own.public_key().public_bytes(DER, SPKI))
show("p256 pkcs8", own.private_bytes(DER, PKCS8, serialization.NoEncryption())); show("p256 spki", spki)
show("p256 compressed", bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200") + own.public_key().public_bytes(
    serialization.Encoding.X962, serialization.PublicFormat.CompressedPoint))
other = ec.derive_private_key(5, ec.SECP384R1()); show("p384 spki", other.public_key().public_bytes(DER, SPKI))
big = rsa.generate_private_key(65537, 3072); pub = big.public_key()
show("rsa pkcs8", big.private_bytes(DER, PKCS8, serialization.NoEncryption())); show("rsa spki", pub.public_bytes(DER, SPKI))
show("rsa wrapped", pub.encrypt(bytes(range(32)), padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)))
show("rsa signature", big.sign(b"sample", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))
show("rsa signature, short salt", big.sign(b"sample", padding.PSS(padding.MGF1(hashes.SHA256()), 20), hashes.SHA256()))
show("rsa2048 spki", rsa.generate_private_key(65537, 2048).public_key().public_bytes(DER, SPKI))
show("rsa e3 spki", rsa.generate_private_key(3, 3072).public_key().public_bytes(DER, SPKI))

# --- envelopes ---
nonce = lambda n: bytes(8) + struct.pack(">I", n)
e = ec.derive_private_key(i, ec.SECP256R1()); point = e.public_key().public_bytes(*POINT)
kek = X963KDF(hashes.SHA256(), 32, point + name).derive(e.exchange(ec.ECDH(), own.public_key()))
batch_key = sha(b"batch key")
wrapped = point + AESGCM(kek).encrypt(bytes(12), batch_key, None)
header = b"\x02" + name + struct.pack(">IH", 3, len(wrapped)) + wrapped
show("sealed", header + AESGCM(batch_key).encrypt(nonce(3), b"a master key", header + b"VE/1"))

leaf, node = lambda b: sha(b"\x00" + b), lambda a, b: sha(b"\x01" + a + b)
leaves = [leaf(b) for b in (b"one", b"two", b"three")]
root = node(node(leaves[0], leaves[1]), leaves[2])
statement = b"oaksteel/1/key\x00\x02" + name + b"\x02VE" + struct.pack(">I", 3) + root
rr, ss = utils.decode_dss_signature(own.sign(statement, ec.ECDSA(hashes.SHA256())))
signature = rr.to_bytes(32, "big") + ss.to_bytes(32, "big")
for n, path in enumerate(([leaves[1], leaves[2]], [leaves[0], leaves[2]], [node(leaves[0], leaves[1])])):
    show(f"proof {n}", b"\x02" + name + struct.pack(">IIB", n, 3, len(path)) + b"".join(path) + struct.pack(">H", 64) + signature)

# --- shares (draft-mcgrew-tss-03; the field of AES) ---
def times(a, b):
    p = 0
    while b: p ^= a * (b & 1); a = (a << 1) ^ (0x11B if a & 0x80 else 0); b >>= 1
    return p
def share(x, coefficients):  # coefficients[j]: bytes, the secret first
    out = bytes(len(coefficients[0]))
    for c in reversed(coefficients): out = bytes(times(o, x) ^ b for o, b in zip(out, c))
    return bytes([x]) + out
whole = bytes(range(32)) + sha(bytes(range(32)))
coefficients = [whole, (sha(b"a") + sha(b"b")), (sha(b"c") + sha(b"d"))]
for x in (1, 2, 3, 4, 5):
    s = bytes(range(100, 116)) + bytes([2, 3]) + struct.pack(">H", len(whole) + 1) + share(x, coefficients)
    show(f"share {x}", s + sha(s)[:8])

# --- enrolment (EP-8) ---
def fields(*all): return b"".join(struct.pack(">I", len(x)) + x for x in all)
seen = [bytes(range(32)), b"O00000001", b"oak-1", b"M00000002", b"\x11" * 32]
for side in (b"B", b"S"):
    said = side + fields(b"oaksteel/1/enrolment", *seen, b"\x22" * 32, b"\x30\x31\x32")
    show(f"enrolment proof {side.decode()}", hmac.new(b"ABCDEFGHIJKLMNOPQRST", said, hashlib.sha256).digest())
show("order", fields(b"oaksteel/1/set-secure-box-id", *seen))
show("package", fields(b"oaksteel/1/package", b"M00000001", b"O00000001", b"VE", b"S00000001", b"S00000002", sha(b"package")))
