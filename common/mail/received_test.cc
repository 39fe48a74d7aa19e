#include "common/mail/received.h"

#include <gtest/gtest.h>

#include "common/mail/date.h"

namespace ekiden::mail {
namespace {

Received sample() {
    Received received;
    received.helo = "laptop.example";
    received.client_name = "host.example.org";
    received.client_address = "192.0.2.7";
    received.by = "mail.example.jp";
    received.protocol = "ESMTPS";
    received.queue_id = "4Zk1Qw1xyzz9Pf";
    received.recipient = "a@example.net";
    received.utc_seconds = 1795286010;
    return received;
}

TEST(Received, WholeForm) {
    Received received = sample();
    received.tls = ReceivedTls{"TLSv1.3", "TLS_AES_256_GCM_SHA384", 256, 256};
    received.sasl_user = "hanako";
    received.pop_before_smtp = "taro@example.jp";
    EXPECT_EQ(received_field(received),
              "Received: from laptop.example (host.example.org [192.0.2.7])\r\n"
              "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\r\n"
              "\t(Authenticated sender: hanako)\r\n"
              "\t(POP-before-SMTP grant of: taro@example.jp)\r\n"
              "\tby mail.example.jp (Ekiden) with ESMTPS id 4Zk1Qw1xyzz9Pf\r\n"
              "\tfor <a@example.net>; " +
                  print_local_date(1795286010) + "\r\n");
}

TEST(Received, SeveralRecipientsAreNotNamed) {
    Received received = sample();
    received.recipient.clear();
    EXPECT_TRUE(received_field(received).ends_with("id 4Zk1Qw1xyzz9Pf;\r\n\t" + print_local_date(1795286010) +
                                                   "\r\n"));
}

TEST(Received, Ipv6IsAMarkedLiteral) {
    Received received = sample();
    received.helo.clear();
    received.client_name.clear();
    received.client_address = "2001:db8::1";
    EXPECT_TRUE(received_field(received).starts_with(
        "Received: from [IPv6:2001:db8::1] (unknown [IPv6:2001:db8::1])\r\n"));
}

TEST(Received, HostileWordsStayInTheirPlace) {
    Received received = sample();
    received.helo = "a (b)\r\nBcc: x\r\n";
    received.sasl_user = "x) by evil (\\\n";
    received.recipient = "a>\r\nX: <b@c";
    std::string field = received_field(received);
    EXPECT_TRUE(field.starts_with("Received: from a??b???Bcc:?x?? ("));
    EXPECT_NE(field.find("(Authenticated sender: x\\) by evil \\(\\\\?)"), std::string::npos);
    EXPECT_NE(field.find("for <a???X: ?b@c>;"), std::string::npos);
    received.helo = std::string(5000, 'x');
    received.recipient = std::string(5000, 'y');
    field = received_field(received);
    for (std::size_t at = 0, end = 0; (end = field.find("\r\n", at)) != std::string::npos; at = end + 2)
        EXPECT_LE(end - at, 998u);
}

TEST(Received, FromALocalUser) {
    EXPECT_EQ(received_from_user("mail.example.jp", "Ekiden", 1000, "Q1", 0),
              "Received: by mail.example.jp (Ekiden, from userid 1000)\r\n\tid Q1; " + print_local_date(0) +
                  "\r\n");
}

}  // namespace
}  // namespace ekiden::mail
