#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "admin/ekicat/options.h"
#include "admin/ekicat/print.h"

namespace ekiden::ekicat {
namespace {

ipc::QueuedMessage message() {
    ipc::QueuedMessage m{};
    m.queue_id = "3Xv4Gc2kPQz1B";
    m.state = ipc::QueueState::hold;
    m.size = 33;
    m.arrival = m.created = 1'795'286'010'000'000;
    m.sender = "a@example.jp";
    m.client_name = "unknown";
    m.client_address = "192.0.2.1";
    m.helo = "x.test";
    m.protocol = "ESMTP";
    m.recipients = {{"b@example.net", "", "rfc822;b@example.net", 6, false},
                    {"c@example.net", "list@example.jp", "", 0, true}};
    return m;
}

constexpr std::string_view wire = "Subject: x\r\n y\r\n\r\nbody: one\r\n.two\r\n";

std::string printed(const std::vector<std::string>& arguments, std::size_t piece = 1000) {
    setenv("TZ", "UTC", 1);
    tzset();
    Result<Options> options = parse_options(arguments);
    if (!options) return options.error().text;
    std::string out;
    Printer printer(*options, "hold/3Xv4Gc2kPQz1B", [&out](std::string_view text) { out += text; });
    printer.envelope(message());
    for (std::size_t at = 0; at < wire.size(); at += piece) printer.content(wire.substr(at, piece));
    printer.end();
    return out;
}

TEST(Cat, HasPostcatsForm) {
    EXPECT_EQ(printed({}), R"(*** ENVELOPE RECORDS hold/3Xv4Gc2kPQz1B ***
message_size:              33             898               2               8              33               0
message_arrival_time: Sat Nov 21 18:33:30 2026
create_time: Sat Nov 21 18:33:30 2026
named_attribute: log_ident=3Xv4Gc2kPQz1B
named_attribute: rewrite_context=remote
sender: a@example.jp
named_attribute: log_client_name=unknown
named_attribute: log_client_address=192.0.2.1
named_attribute: log_message_origin=unknown[192.0.2.1]
named_attribute: log_helo_name=x.test
named_attribute: log_protocol_name=ESMTP
named_attribute: client_name=unknown
named_attribute: client_address=192.0.2.1
named_attribute: helo_name=x.test
named_attribute: protocol_name=ESMTP
named_attribute: notify_flags=6
named_attribute: dsn_orig_rcpt=rfc822;b@example.net
original_recipient: b@example.net
recipient: b@example.net
original_recipient: list@example.jp
done_recipient: c@example.net
*** MESSAGE CONTENTS hold/3Xv4Gc2kPQz1B ***
Subject: x
 y

body: one
.two
*** HEADER EXTRACTED hold/3Xv4Gc2kPQz1B ***
*** MESSAGE FILE END hold/3Xv4Gc2kPQz1B ***
)");
}

TEST(Cat, PartsAlone) {
    EXPECT_EQ(printed({"-h"}), "Subject: x\n y\n");
    EXPECT_EQ(printed({"-b"}), "\nbody: one\n.two\n");
    EXPECT_EQ(printed({"-bh"}), "Subject: x\n y\n\nbody: one\n.two\n");
    for (std::size_t piece : {1, 2, 3, 7}) EXPECT_EQ(printed({"-bh"}, piece), printed({"-bh"}));
    std::string envelope = printed({"-e"});
    EXPECT_TRUE(envelope.contains("*** MESSAGE CONTENTS hold/3Xv4Gc2kPQz1B ***\n*** HEADER EXTRACTED"));
    EXPECT_FALSE(envelope.contains("Subject"));
}

TEST(Cat, WhatStandsBeforeALine) {
    EXPECT_EQ(printed({"-hd"}), " 78 Subject: x\n 78  y\n");
    EXPECT_EQ(printed({"-hv"}), "regular_text: Subject: x\nregular_text:  y\n");
    EXPECT_EQ(printed({"-hf"}), "hold/3Xv4Gc2kPQz1B: Subject: x\nhold/3Xv4Gc2kPQz1B:  y\n");
    EXPECT_EQ(printed({"-ho"}), "      898 Subject: x\n      910  y\n");
    EXPECT_EQ(printed({"-ho", "-s", "910"}), "      910  y\n");
    std::string all = printed({"-od"});
    EXPECT_TRUE(all.contains("        0  67 message_size:"));
    EXPECT_TRUE(all.contains("      898  77 *** MESSAGE CONTENTS hold/3Xv4Gc2kPQz1B ***\n"));
}

TEST(Cat, Mistakes) {
    for (const std::vector<std::string>& bad :
         std::vector<std::vector<std::string>>{{"-x"}, {"-c"}, {"-s", "far"}, {"-s"}})
        EXPECT_FALSE(parse_options(bad));
    Result<Options> options = parse_options({"-q", "-c", "/etc/x", "ID", "-b"});
    ASSERT_TRUE(options);
    EXPECT_EQ(options->files, (std::vector<std::string>{"ID", "-b"}));
}

}  // namespace
}  // namespace ekiden::ekicat
