#include "sendmail/deliver.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "common/config/check.h"
#include "common/mail/address_list.h"
#include "common/maildrop/ekidrop.h"
#include "common/maildrop/user_list.h"
#include "sendmail/caller.h"
#include "sendmail/complain.h"
#include "sendmail/header_recipients.h"
#include "sendmail/input.h"

namespace ekiden::sendmail {
namespace {

constexpr std::size_t header_limit = 512 * 1024;  // octets of a header that -t looks at

// Where an address may hold what an envelope may not.
std::string clean(std::string text) {
    for (char& c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
    return text;
}

class Delivery {
  public:
    Delivery(const Options& options, const Settings& settings)
        : options_(options),
          settings_(settings),
          input_([](char* buffer,
                    std::size_t size) { return static_cast<long>(read(STDIN_FILENO, buffer, size)); },
                 line_endings(), options.dot_ends) {}

    void run() {
        check_user();
        fill_envelope();
        std::string header;
        if (options_.recipients_from_header) header = read_header();
        if (envelope_.recipients.empty())
            fail(options_.recipients_from_header
                     ? "No recipient addresses found in message header"
                     : "Recipient addresses must be specified on the command line or via the -t option");
        if (envelope_.recipients.size() > maildrop::limits::recipients)
            fail(fmt::format("more than {} recipients", maildrop::limits::recipients));
        std::size_t octets = 0;
        for (const maildrop::Recipient& each : envelope_.recipients) {
            check_length(each.address);
            octets += each.address.size() + 4;
        }
        if (octets > maildrop::limits::all_recipients)
            fail("the recipients' addresses are too long together");
        hand_in(options_.verify ? probe_message() : std::move(header));
    }

  private:
    // As Postfix has it: whose message it is stands in front.
    [[noreturn]] void fail(const std::string& text) const {
        throw Fatal{fmt::format("{}({}): {}", envelope_.sender, getuid(), text)};
    }
    void check_length(const std::string& address) const {
        if (address.size() > maildrop::limits::address)
            fail(fmt::format("an address of more than {} octets", maildrop::limits::address));
    }

    LineEndings line_endings() const {
        const std::string& text = settings_[param::sendmail_fix_line_endings];
        if (text == "always") return LineEndings::always;
        if (text == "strict") return LineEndings::strict;
        if (text == "never") return LineEndings::never;
        throw Fatal{fmt::format("invalid {} value: {}", param::sendmail_fix_line_endings.name, text)};
    }

    // ekidrop decides; this says it more kindly.
    void check_user() const {
        std::string user = login_name().value_or("unknown");
        Result<bool> may =
            maildrop::user_is_listed(param::authorized_submit_users.name,
                                     settings_[param::authorized_submit_users], user, config::read_file);
        if (!may) throw Fatal{may.error().text};
        if (!*may) throw Fatal{fmt::format("User {}({}) is not allowed to submit mail", user, getuid())};
    }

    void fill_envelope() {
        take_sender();
        take_verp();
        envelope_.full_name = clean(options_.full_name ? *options_.full_name : full_name());
        envelope_.full_name.resize(std::min(envelope_.full_name.size(), maildrop::limits::full_name));
        envelope_.envelope_id = options_.envelope_id;
        envelope_.return_content = options_.return_content;
        envelope_.body = options_.body;
        envelope_.gateway = options_.gateway;
        // A second -v asks for talk, not for a report.
        if (options_.verify)
            envelope_.trace = maildrop::Trace::verify;
        else if (options_.verbose == 1)
            envelope_.trace = maildrop::Trace::report;
        for (const std::string& word : options_.words) {
            std::vector<mail::ListedAddress> found = mail::addresses_in(word);
            if (found.empty()) add_recipient("");  // Postfix sends it to empty_address_recipient
            for (const mail::ListedAddress& each : found) add_recipient(each.address.print());
        }
    }

    void take_sender() {
        if (options_.sender) {
            std::vector<mail::ListedAddress> found = mail::addresses_in(*options_.sender);
            if (!found.empty()) envelope_.sender = clean(found.front().address.print());
            if (found.size() > 1) warn("-f option specified malformed sender: " + clean(*options_.sender));
        } else {
            std::optional<std::string> name = login_name();
            if (!name) throw Fatal{fmt::format("no login name found for user ID {}", getuid())};
            envelope_.sender = clean(*name);
        }
        check_length(envelope_.sender);
    }

    void take_verp() {
        if (!options_.verp) return;
        std::string delimiters =
            options_.verp->empty() ? settings_[param::default_verp_delimiters] : *options_.verp;
        const std::string& possible = settings_[param::verp_delimiter_filter];
        if (delimiters.size() != 2 || delimiters.find_first_not_of(possible) != std::string::npos)
            throw Fatal{"-V requires two characters from " + possible};
        if (envelope_.sender.empty()) fail("-V option requires non-null sender address");
        envelope_.verp = delimiters;
    }

    void add_recipient(std::string address) {
        envelope_.recipients.push_back({clean(std::move(address)), options_.notify});
    }

    // The header section as it came; its recipients are added.
    std::string read_header() {
        std::string header;
        while (std::optional<std::string> line = input_.next()) {
            header += *line;
            if (header.size() > header_limit)
                fail("unable to extract recipients: message header length exceeds safety limit");
            bool whole = line->ends_with('\n');
            if (whole && std::exchange(line_begun_, false)) continue;
            if (!line_begun_ && !is_header_line(*line, header.size() == line->size())) break;
            line_begun_ = !whole;
        }
        for (std::string& address : recipients_in(header, maildrop::limits::recipients))
            add_recipient(std::move(address));
        return header;
    }

    // With -bv nothing is read; the report shows this header.
    std::string probe_message() const {
        std::string text = envelope_.sender.empty() ? "" : fmt::format("From: {}\n", envelope_.sender);
        text += "Subject: probe\nTo:";
        for (std::size_t i = 0; i < options_.words.size(); ++i)
            text += fmt::format("{}\t{}", i == 0 ? "" : ",\n", clean(options_.words[i]));
        return text + "\n";
    }

    void hand_in(std::string content) {
        Result<maildrop::Ekidrop> ekidrop = maildrop::Ekidrop::start(settings_[param::command_directory]);
        if (!ekidrop) fail(ekidrop.error().text);
        std::uint64_t octets = 0;
        bool wanted = ekidrop->write(maildrop::print(envelope_));
        for (bool more = true; wanted && more;) {
            std::optional<std::string> line;
            if (!options_.verify) line = input_.next();
            more = line.has_value();
            if (line) content += *line;
            if (more && content.size() < maildrop::limits::record / 2) continue;
            octets += content.size();
            wanted = ekidrop->write_content(std::exchange(content, ""));
        }
        if (input_.error()) fail(input_.error()->text);
        if (wanted) ekidrop->write(maildrop::end_record(envelope_.recipients.size(), octets));
        std::string trouble = ekidrop->finish();
        if (!trouble.empty()) fail(trouble);
        if (envelope_.trace != maildrop::Trace::none)
            fmt::print("Mail Delivery Status Report will be mailed to <{}>.\n", envelope_.sender);
    }

    const Options& options_;
    const Settings& settings_;
    Input input_;
    maildrop::Envelope envelope_;
    bool line_begun_ = false;  // a piece of a long header line was read
};

}  // namespace

void deliver(const Options& options, const Settings& settings) { Delivery(options, settings).run(); }

}  // namespace ekiden::sendmail
