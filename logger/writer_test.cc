#include "logger/writer.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace ekiden::logger {
namespace {

const ipc::Sender sender{ipc::Service::smtpd, 0, 1, 4711, "ekiden/smtpd"};

TEST(Form, PostfixsLine) {
    setenv("TZ", "UTC", 1);
    tzset();
    Form form{"mail", false};
    ipc::LogLine line{6, 1'763'740'800'000'000, "connect", "connect from a[192.0.2.1]",
                      "{\"event\":\"connect\"}"};
    EXPECT_EQ(form.print(line, sender),
              "Nov 21 16:00:00 mail ekiden/smtpd[4711]: connect from a[192.0.2.1]\n");
}

TEST(Form, Json) {
    Form form{"mail", true};
    ipc::LogLine line{6, 1'763'740'800'000'005, "connect", "x", "{\"event\":\"connect\"}"};
    EXPECT_EQ(form.print(line, sender),
              "{\"event\":\"connect\",\"time\":\"2025-11-21T16:00:00.000005Z\",\"host\":\"mail\","
              "\"program\":\"ekiden/smtpd\",\"pid\":4711,\"level\":6}\n");
}

TEST(Form, ALineStaysOneLineWhoeverSendsIt) {
    Form form{"mail", false};
    ipc::LogLine line{6, 0, "connect", "a\nfake ekiden/authd[1]: login failed", "{\"event\":\"x\"}\n{}"};
    EXPECT_EQ(form.print(line, sender).find('\n'), form.print(line, sender).size() - 1);
    form.json = true;
    EXPECT_EQ(form.print(line, sender).find('\n'), form.print(line, sender).size() - 1);
}

}  // namespace
}  // namespace ekiden::logger
