#include "crypto/self_test.hpp"

#include "crypto/envelope.hpp"
#include "crypto/shares.hpp"
#include "crypto/token.hpp"

#include <botan/hex.h>
#include <botan/mac.h>

namespace oaksteel {

namespace {

bytes from_hex(std::string_view hex) { return Botan::hex_decode(hex.data(), hex.size()); }
byte_view view(std::string_view text) { return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}; }
secret secret_from(std::string_view hex) { return secret{byte_view{from_hex(hex)}}; }

/// The bytes 00 to 1f.
constexpr std::string_view counting = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

bool sha256_holds() {
  return sha256(view("abc")).hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
}

bool hmac_holds() {
  const auto mac = Botan::MessageAuthenticationCode::create_or_throw("HMAC(SHA-256)");
  const auto key = view("Jefe"), message = view("what do ya want for nothing?");
  mac->set_key(key.data(), key.size());
  mac->update(message.data(), message.size());
  const auto tag = mac->final();
  return same_bytes(tag, from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
}

// The nonce stands in front of what seal_under gives, so that opening is the part with a published answer.
bool gcm_holds() {
  const auto key = secret_from("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const auto sealed = from_hex("cafebabefacedbaddecaf888"
                               "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590d"
                               "bb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece0f4e1768cddf8853bb2d551b");
  const auto associated = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const auto plain = open_under(key, sealed, associated);
  auto damaged = sealed;
  damaged.back() ^= 1;
  return plain && !open_under(key, damaged, associated) &&
         same_bytes(reveal(*plain), from_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a31"
                                             "8a721c3c0c9595"
                                      "6809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"));
}

bool cmac_holds() {
  const auto key = secret_from("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
  const auto message = from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e5130c81c46a35ce411");
  return same_bytes(tag_under(key, message), from_hex("aaf3d8f1de5640c232f5b169b9c911e6"));
}

bool derivation_holds() {
  const auto derived = token_engine{}.derive(secret_from(counting), key_use::test, "VE");
  return same_bytes(reveal(derived), from_hex("37ab04e6061830131dd5e8733039dd00e91350c9dd22ce0ee2c467ce7827c525"));
}

// "Reseed", then the second of two requests, as the vectors of the validation program are made.
bool hmac_drbg_holds() {
  const auto drbg = hmac_drbg();
  for (const auto& input : {from_hex("06032cd5eed33f39265f49ecb142c511da9aff2af71203bffaf34a9ca5bd9c0d"
                                     "0e66f71edc43e42a45ad3c6fc6cdc4df"),
                            from_hex("01920a4e669ed3a85ae8a33b35a74ad7fb2a6bb4cf395ce00334a9c9a5a5d552")})
    drbg->add_entropy(input.data(), input.size());
  drbg->random_vec(128);
  return same_bytes(drbg->random_vec(128),
                    from_hex("76fc79fe9b50beccc991a11b5635783a83536add03c157fb30645e611c2898bb2b1bc21500020920"
                             "8cd506cb28da2a51bdb03826aaf2bd2335d576d519160842e7158ad0949d1a9ec3e66ea1b1a064b0"
                             "05de914eac2e9d4f2d72a8616a80225422918250ff66a41bd2f864a6a38cc5b6499dc43f7f2bd09e"
                             "1e0f8f5885935124"));
}

/// A good signature is good, and over another message it is not.
bool verifies(suite_id suite, std::string_view spki, std::string_view message, std::string_view other,
              std::string_view signature) {
  const auto key = public_key::parse(suite, from_hex(spki));
  const auto made = from_hex(signature);
  return key && key->verify(view(message), made) && !key->verify(view(other), made);
}

bool ecdsa_holds() {
  return verifies(
      suite_id::p256,
      "3059301306072a8648ce3d020106082a8648ce3d0301070342000460fed4ba255a9d31c961eb74c6356d68c049b8923b61fa"
      "6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299",
      "sample", "Sample",
      "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e9"
      "00dbb9aff4064dc4ab2f843acda8");
}

bool pss_holds() {
  return verifies(
      suite_id::rsa3072,
      "308201a2300d06092a864886f70d01010105000382018f003082018a0282018100c6fe23792566023c265287c5ac6f71541c"
      "0994d11d059ee6403986efa21c24b51bd91d8862f9df79a4e328e3e27c83df260b25a9b43420affc44b51e8d7525b6f29c37"
      "2a405104732007527a62ed82fac73f4892a80e09682a41a58cd347017f3be7d801334f92d9321aafd53b51bffabfc752cfcc"
      "ae0b1ee03bdaff9e428cc1c117f1ac96b4fe23f8c23e6381186a66fd59289339ae55c4bcdadbff84abdaa532240d4e1d28b2"
      "d0481dadd3b246557ca8fe18092817730b39e6ee378ffcc85b19ffdc916a9b991a6b66d4a9c7bab5f5e7a3722101142e7a41"
      "08c15d573b15289e07e46eaea07b42c2abcba330e99554b4656165bb4c0db2b6393a07eca575c51a93c4e15bdb0f74790944"
      "7e3efe34c67ca8954b530e56a20a1b6d84d45ed1bcd3aa58ec06f184ee5857aaa819e1cca9a26f4e28d6b977d33916db9896"
      "d252d1afa762e287cb0d384cc75bfe53f4e922d02dd0a481c042e2d306b4b3c189371e575b25e0005a164cf69dd0976e4d5b"
      "e476806ea6be6084e71ab4f5ac5c1b12030203010001",
      "Test", "test",
      "22915cfa1d7dd30f50b4c0e4cee42c5f0aa1b7a6644f8a11e611b2db042b122af8211ffc1dc220b435d8919cf64d715b54ff"
      "8a762f702b365cbdab455509b97d9b310011467d4186647b957e2efa404aed3b84840529bdef7746348385a1c6a2ecdb88d1"
      "cc2b40b36c346386739c39d2815938e463a35348426f17d32d633b873d6124d8b49a726743af7c0e56d63394155b63089c63"
      "ed8897f8af2a2260d33499afab11c911faa754ced5acdac2de571f39c2768716e4308244a99d1e65da7061d2feb8ec8b4e51"
      "7bd5e19cac626698479ab2019257cf83ad7b641db2345b38006d63f84b41772b90037778389cc30ed6aba6af212d9326792a"
      "f746d7bca9211fa344fdc2798a490aed3a2840620c2a85e3d9b9c38f2330072663e16dd26bc414c7d68f6b11d2cd3e0387c1"
      "834c5e2262a9e2dc1bf7c0108b4e2052566c7a941ef6b38c8687fd7abe6add2b745c2c2d680ae3e5646ce2e717ef9899c7f3"
      "fb1e3088e8c0587d86546f752771819595a7a3d422820ceaa12e3ee671a456dac673");
}

bool shares_hold() {
  const secret first = secret_from("6465666768696a6b6c6d6e6f707172730203004101e4ebaf12674ec12f9727ce0da34657e784"
                                     "045fe99d4d4bf138eb083f11a9b96245821b4c250d7ca5aeca15be2666cc6a16763d699ebafa"
                                     "abe3bdf9fffabfe8a441345cd65978c535");
  const secret third = secret_from("6465666768696a6b6c6d6e6f707172730203004103d331063a7a235305f725559258bbd6df1d"
                                     "69240af7259b730323699cea1db83a594228b732929623f89cb30e276b2d46a45e68901a1e29"
                                     "9b5467b49c9b612538575fe22cba44d6bb");
  const secret fifth = secret_from("6465666768696a6b6c6d6e6f70717273020300410537106b6a1c55e2885840c3528010827633"
                                     "d90004ded043a1b9bcc5e355ebf06c26205b65797078dea2bfd2c2a4b268b1c68b7ca0829b50"
                                     "3e0a9a72e1ee20f1249fe5cc59768f458c");
  const auto whole = combine({&fifth, &first, &third});
  if (!whole || !same_bytes(reveal(*whole), from_hex(counting)) || combine({&first, &third}))
    return false;
  const auto drbg = hmac_drbg();
  drbg->add_entropy(from_hex(counting).data(), 32);
  const auto made = split(*whole, 2, 3, *drbg);
  const auto again = combine({&made[2], &made[0]});
  return again && same_bytes(reveal(*again), reveal(*whole));
}

} // namespace

const std::vector<known_answer>& known_answers() {
  static const std::vector<known_answer> list{
      {"SHA-256 (FIPS 180-4, example of one block)", sha256_holds},
      {"HMAC-SHA-256 (RFC 4231, test case 2)", hmac_holds},
      {"AES-256-GCM (McGrew and Viega, GCM specification, test case 16)", gcm_holds},
      {"CMAC-AES-256 (SP 800-38B, D.3, example 11)", cmac_holds},
      {"key derivation in counter mode (SP 800-108, 5.1; computed with OpenSSL's KBKDF)", derivation_holds},
      {"HMAC_DRBG (SP 800-90A, 10.1.2; CAVS 14.3, HMAC_DRBG.rsp, SHA-256, no prediction resistance)",
       hmac_drbg_holds},
      {"ECDSA P-256 verification (RFC 6979, A.2.5)", ecdsa_holds},
      {"RSA-PSS 3072 verification (Wycheproof, rsa_pss_3072_sha256_mgf1_32, case 3)", pss_holds},
      {"shares (draft-mcgrew-tss-03; computed with another implementation)", shares_hold},
  };
  return list;
}

std::optional<std::string> wrong_answer(const std::vector<known_answer>& answers) {
  for (const auto& one : answers)
    try {
      if (!one.holds())
        return one.name + " gives a wrong answer";
    } catch (const std::exception& e) {
      return one.name + " gives no answer: " + e.what();
    }
  return std::nullopt;
}

} // namespace oaksteel
