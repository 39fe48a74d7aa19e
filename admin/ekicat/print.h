#pragma once
// A queued message in postcat's form: envelope records, content line by line with LF, markers between them.
//
// A message of ours stands in a database and has no records; the numbers that -d shows are those of Postfix's
// record types, and the offsets of -o count from the first record on, an envelope record as long as its text
// and CRLF, the content as it stands in the spool.
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "admin/ekicat/options.h"
#include "common/ipc/messages/queue.h"

namespace ekiden::ekicat {

class Printer {
  public:
    // `name`: what the markers call it, "deferred/4jXBVP5Cktz1bYcM". `put` gets the output, piece by piece.
    Printer(const Options& options, std::string name, std::function<void(std::string_view)> put)
        : options_(options), name_(std::move(name)), put_(std::move(put)) {}

    void envelope(const ipc::QueuedMessage& message);
    // The next octets of the content, in wire form (or with LF alone), cut anywhere.
    void content(std::string_view octets);
    void end();

  private:
    void record(char type, const std::string& text);
    void line(char type, std::string_view text, std::size_t octets);
    void content_line(std::string_view text, std::size_t octets);
    void marker(char type, std::string_view what);

    const Options& options_;
    std::string name_;
    std::function<void(std::string_view)> put_;
    std::string rest_;  // of a line whose end has not come yet
    std::uint64_t offset_ = 0;
    bool in_header_ = true;
    bool first_line_ = true;
};

// The envelope's records as pairs of type and text, "sender: a@b".
std::vector<std::pair<char, std::string>> records_of(const ipc::QueuedMessage& message);

}  // namespace ekiden::ekicat
