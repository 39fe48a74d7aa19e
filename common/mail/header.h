#pragma once
// A scanner over the header section of a message (RFC 5322 §2.2): where it ends, which fields it holds, what
// the mail system itself must know of them. It works on views of content in wire form (CRLF; a lone LF is
// also taken as a line end), copies only what it returns, is linear in the header's length and decodes
// nothing.
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ekiden::mail {

struct Field {
    std::string_view name;   // as written, without the colon and blanks before it
    std::string_view value;  // after the colon, folds included, without the last line end
    std::string_view whole;  // from the first octet of the name to the last line end included
};

// Walks the fields one by one. The header ends at the first blank line, at the end of the content, or before
// a line that is neither a field nor the continuation of one (mbox "From " lines at the very top are
// skipped).
class FieldReader {
  public:
    explicit FieldReader(std::string_view content);
    // Nothing when the header has ended; then fields_end() and body_start() are final.
    std::optional<Field> next();
    // Offset just after the last field.
    std::size_t fields_end() const { return position_; }
    // Offset of the body's first octet: after the blank line where there is one.
    std::size_t body_start() const;

  private:
    std::string_view content_;
    std::size_t position_ = 0;
};

// A field's value with folds removed (RFC 5322 §2.2.3) and blanks trimmed.
std::string unfold(std::string_view value);

// The value of the first field of that name, unfolded; names are compared without case.
std::optional<std::string> first_value(std::string_view content, std::string_view name);

// What intake and delivery want to know, found in one pass.
struct HeaderSummary {
    std::size_t fields_end = 0;
    std::size_t body_start = 0;
    unsigned received = 0;   // hops: the number of Received: fields (RFC 5321 §6.3)
    std::string message_id;  // first Message-ID with its angle brackets; empty when there is none
    std::string from;        // first From, unfolded; at most 998 octets
    bool has_date = false;   // RFC 6409 §8: what submission adds when it is missing
    bool has_message_id = false;
    bool has_from = false;
    bool has_to_or_cc = false;
    bool has_bcc = false;
    std::vector<std::string> delivered_to;  // at most 1000
};
HeaderSummary scan_header(std::string_view content);

// The content without the fields of those names (Bcc: before a message leaves, Return-Path: at final
// delivery).
std::string remove_fields(std::string_view content, std::span<const std::string_view> names);

}  // namespace ekiden::mail
