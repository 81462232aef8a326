#include "node/signed_request.hpp"

#include "crypto/envelope.hpp"
#include "crypto/merkle.hpp"
#include "storage/signed_body.hpp"

#include <algorithm>

namespace oaksteel {
namespace {

byte_view bytes_of(std::string_view s) { return {reinterpret_cast<const std::uint8_t*>(s.data()), s.size()}; }

/// A signature on P-256 in a batch of one has a hundred bytes or so.
constexpr std::size_t proof_limit = 1024;
/// By how much a request may be longer than this program would write it: another version may know more.
constexpr std::size_t slack = 512;

} // namespace

std::string sign_request(const request_terms& terms, const requests::any_request& request, const private_key& key,
                         generator& random) {
  const auto text = line_of(request);
  const bool beside = text.size() > operation_request_limit;
  const operation_body body{terms.node, terms.by,  terms.id, terms.time, beside ? "" : text,
                            sha256(bytes_of(beside ? text : ""))};
  signed_record record{encode_body(body), {}};
  record.proof = prove(key, {"operation", terms.node.text}, {record.body}, random).front();
  return hex(encode(record)) + (beside ? ' ' + text : "");
}

expected<signed_request, std::string> read_signed_request(std::string_view line, certificate who) {
  const auto space = std::min(line.find(' '), line.size());
  const auto beside = line.substr(std::min(space + 1, line.size()));
  const auto data = from_hex(line.substr(0, space));
  auto record = data ? decode<signed_record>(*data) : expected<signed_record, std::string>{signed_record{}};
  auto body = record ? decode_body<operation_body>(record->body) : std::nullopt;
  if (!body || body->request.size() > operation_request_limit || record->proof.size() > proof_limit)
    return unexpected{std::string{"the line is no signed request"}};
  for (const auto* name : {&body->node, &body->by, &body->id})
    if (!label_form::valid(name->text))
      return unexpected{std::string{"a name in the signed request is none: node, operator and id have 1 to 32 letters, digits, '-', '_', '.'"}};
  if (who.holder != operator_named(body->by))
    return unexpected{"the command is of operator " + body->by.text + ", and not of him who sends it"};
  if (body->attached != sha256(bytes_of(beside)) || body->request.empty() == beside.empty())
    return unexpected{std::string{"what was signed is not what came with it"}};
  auto request = requests::read_request(beside.empty() ? body->request : beside);
  if (!request)
    return unexpected{request.error()};
  if (body->request.size() > line_of(*request).size() + slack)
    return unexpected{std::string{"the request is longer than what it asks for"}};
  if (!beside.empty() && !std::holds_alternative<requests::verify_mail>(*request))
    return unexpected{std::string{"only mail may stand behind what was signed"}};
  return signed_request{std::move(who), std::move(*record), std::move(*body), std::move(*request)};
}

} // namespace oaksteel
