#include "storage/share_file.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"
#include "crypto/shares.hpp"

#include <botan/hex.h>

#include <algorithm>
#include <charconv>

namespace oaksteel {
namespace {

using wiped_text = Botan::secure_vector<std::uint8_t>;

constexpr std::string_view format_name = "oaksteel share 2";
/// Numbers of a share have at most two digits: a set has at most 16 shares.
constexpr std::size_t number_digits = 2;

class share_writer {
public:
  explicit share_writer(wiped_text& out) : out_(out) {}

  void line(std::string_view key, std::string_view value) {
    add(key);
    add(" = \"");
    add(value);
    add("\"\n");
  }
  void line(std::string_view key, unsigned number) {
    add(key);
    add(" = " + std::to_string(number) + '\n');
  }
  void line(std::string_view key, byte_view data) {
    add(key);
    add(" = \"");
    const auto at = out_.size();
    out_.resize(at + data.size() * 2);
    Botan::hex_encode(reinterpret_cast<char*>(out_.data() + at), data.data(), data.size(), false);
    add("\"\n");
  }

private:
  void add(std::string_view s) { out_.insert(out_.end(), s.begin(), s.end()); }

  wiped_text& out_;
};

/// Takes one line after another. The first that is wrong ends it: everything asked for later is nothing.
class share_reader {
public:
  explicit share_reader(byte_view text) : text_(text) {}

  /// The value between the quotes, where it lies.
  std::optional<byte_view> quoted(std::string_view key) {
    if (!begins(key, " = \""))
      return std::nullopt;
    const auto rest = text_.subspan(at_);
    const auto end = std::find(rest.begin(), rest.end(), '"');
    const auto length = static_cast<std::size_t>(end - rest.begin());
    if (length + 1 >= rest.size() || rest[length + 1] != '\n')
      return wrong(key);
    at_ += length + 2;
    return rest.first(length);
  }
  std::optional<std::string> text(std::string_view key) {
    const auto value = quoted(key);
    return value ? std::optional{std::string{value->begin(), value->end()}} : std::nullopt;
  }
  /// From 1, without a leading zero.
  unsigned number(std::string_view key) {
    if (!begins(key, " = "))
      return 0;
    const auto* from = reinterpret_cast<const char*>(text_.data()) + at_;
    const auto* to = from + std::min(number_digits, text_.size() - at_);
    unsigned n = 0;
    const auto [end, error] = std::from_chars(from, to, n);
    const auto digits = static_cast<std::size_t>(end - from);
    if (error != std::errc{} || n == 0 || *from == '0' || at_ + digits >= text_.size()
        || text_[at_ + digits] != '\n') {
      wrong(key);
      return 0;
    }
    at_ += digits + 1;
    return n;
  }
  /// Pairs of small hex digits, at least one, decoded into wiped memory.
  std::optional<wiped_text> hex(std::string_view key) {
    const auto value = quoted(key);
    if (!value)
      return std::nullopt;
    const auto digit = [](std::uint8_t c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    if (value->empty() || value->size() % 2 != 0 || !std::all_of(value->begin(), value->end(), digit)) {
      wrong(key);
      return std::nullopt;
    }
    wiped_text data(value->size() / 2);
    Botan::hex_decode(data.data(), reinterpret_cast<const char*>(value->data()), value->size(), false);
    return data;
  }
  /// A value that has a text of its own, such as a box id.
  template <class T>
  T named(std::string_view key) {
    const auto value = text(key);
    auto parsed = value ? T::parse(*value) : std::nullopt;
    if (value && !parsed)
      wrong(key);
    return parsed.value_or(T{});
  }

  byte_view read() const { return text_.first(at_); }
  void end() {
    if (!problem_ && at_ != text_.size())
      problem_ = "there is more after the last line";
  }
  const std::optional<std::string>& problem() const { return problem_; }

private:
  bool begins(std::string_view key, std::string_view then) {
    if (problem_)
      return false;
    ++line_;
    const auto size = key.size() + then.size();
    const auto rest = text_.subspan(at_);
    if (rest.size() < size || !std::equal(key.begin(), key.end(), rest.begin())
        || !std::equal(then.begin(), then.end(), rest.begin() + static_cast<std::ptrdiff_t>(key.size()))) {
      wrong(key);
      return false;
    }
    at_ += size;
    return true;
  }
  std::nullopt_t wrong(std::string_view key) {
    if (!problem_)
      problem_ = "line " + std::to_string(line_) + " is not `" + std::string{key} + "` as it was written";
    return std::nullopt;
  }

  byte_view text_;
  std::size_t at_ = 0;
  unsigned line_ = 0;
  std::optional<std::string> problem_;
};

bytes public_bytes(const std::optional<wiped_text>& data) {
  return data ? bytes{data->begin(), data->end()} : bytes{};
}

share_terms read_terms(share_reader& in) {
  share_terms t;
  t.log = in.named<digest>("log");
  t.set = in.named<share_set_id>("set");
  t.of = in.text("for").value_or("");
  t.box = in.named<box_id>("box");
  t.custodian = in.named<label>("custodian");
  t.index = in.number("index");
  t.count = in.number("count");
  t.threshold = in.number("threshold");
  return t;
}

/// What no box writes, though each line by itself is well formed.
std::optional<std::string> nonsense(const share_terms& t) {
  if (t.of != domain_share_purpose && !box_id::parse(t.of))
    return "`for` is neither a box nor " + std::string{domain_share_purpose};
  if (t.count > share_limit || t.index > t.count)
    return "`index` and `count` name no share of a set";
  if (t.threshold > t.count)
    return "`threshold` is more than there are shares";
  return std::nullopt;
}

} // namespace

std::string share_file_name(std::string_view of) {
  return std::string{of} + ".share";
}

secret share_text(const share_terms& terms, const secret& share, const private_key& key, generator& random) {
  wiped_text text;
  share_writer out{text};
  out.line("format", format_name);
  out.line("log", terms.log.hex());
  out.line("set", terms.set.text());
  out.line("for", terms.of);
  out.line("box", terms.box.text());
  out.line("custodian", terms.custodian.text);
  out.line("index", terms.index);
  out.line("count", terms.count);
  out.line("threshold", terms.threshold);
  out.line("share", byte_view{reveal(share)});
  out.line("key", byte_view{key.public_part().spki()});
  out.line("signature", byte_view{key.sign(text, random)});
  out.line("checksum", byte_view{sha256(text).value});
  return secret{std::move(text)};
}

expected<share_file, std::string> parse_share(const secret& text) {
  const byte_view whole{reveal(text)};
  share_reader in{whole};
  share_file file;
  if (const auto format = in.text("format"); format && *format != format_name)
    return unexpected{"the format is not " + std::string{format_name}};
  file.terms = read_terms(in);
  if (auto share = in.hex("share"))
    file.share = secret{std::move(*share)};
  file.terms.key = public_bytes(in.hex("key"));
  const auto signed_lines = in.read();
  const auto signature = public_bytes(in.hex("signature"));
  const auto summed_lines = in.read();
  const auto checksum = in.named<digest>("checksum");
  in.end();
  if (in.problem())
    return unexpected{*in.problem()};
  if (checksum != sha256(summed_lines))
    return unexpected{std::string{"the checksum is not that of the lines above it"}};
  if (auto why = nonsense(file.terms))
    return unexpected{*why};
  const auto key = public_key::parse(suite_id::p256, file.terms.key);
  file.signature_valid = key && key->verify(signed_lines, signature);
  return file;
}

std::optional<refusal> not_of_set(const share_file& file, const share_set& set, const digest& salt,
                                  const std::vector<share_plan>& shares) {
  const auto& terms = file.terms;
  if (set.key != terms.key)
    return refusal::share_forged;
  if (terms.index > shares.size()
      || shares[terms.index - 1] != share_plan{terms.custodian, share_commitment(salt, file.share)})
    return refusal::share_wrong;
  return std::nullopt;
}

} // namespace oaksteel
