#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "admin/ekiden/upgrade_text.h"
#include "common/config/check.h"

namespace ekiden::admin {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Settings settings_with(const RawValues& values) {
    std::vector<Problem> problems;
    return Settings::lenient(values, {}, problems);
}

TEST(UpgradeMain, RenamesInPlace) {
    struct Case {
        const char *before, *after;
        std::size_t changes;
    };
    const Case cases[] = {
        {"", "", 0},
        {"a = b\n#smtpd_use_tls = yes\n", "a = b\n#smtpd_use_tls = yes\n", 0},
        {"# one\nsmtpd_use_tls = yes\nz = 1", "# one\nsmtpd_tls_security_level = may\nz = 1\n", 1},
        {"smtpd_use_tls=yes\nsmtpd_enforce_tls=YES\n",
         "#smtpd_use_tls=yes\nsmtpd_tls_security_level = encrypt\n", 2},
        {"smtp_use_tls = no\n", "#smtp_use_tls = no\n", 1},
        {"smtp_tls_security_level = dane\nsmtp_use_tls = yes\n",
         "smtp_tls_security_level = dane\n#smtp_use_tls = yes\n", 1},
        {"smtp_use_tls = no\nsmtp_use_tls = yes\n", "#smtp_use_tls = no\nsmtp_tls_security_level = may\n", 1},
        {"smtp_use_tls = $x\n", "smtp_use_tls = $x\n", 0},
        {"virtual_maps = hash:/a,\n# comment\n  hash:/b\nx = y\n",
         "virtual_alias_maps = hash:/a,  hash:/b\n# comment\nx = y\n", 1},
        {"virtual_alias_maps =\nvirtual_maps = hash:/a,\n  hash:/b\n",
         "virtual_alias_maps =\n#virtual_maps = hash:/a,\n#  hash:/b\n", 1},
    };
    for (const Case& each : cases) {
        Upgraded upgraded = upgrade_main_cf(each.before);
        EXPECT_EQ(upgraded.content, each.after);
        EXPECT_EQ(upgraded.changes.size(), each.changes) << each.before;
        Upgraded again = upgrade_main_cf(upgraded.content);
        EXPECT_EQ(again.content, upgraded.content);
        EXPECT_THAT(again.changes, IsEmpty());
    }
    EXPECT_THAT(upgrade_main_cf("\nsmtpd_use_tls = yes\n").changes,
                ElementsAre("line 2: smtpd_use_tls is now smtpd_tls_security_level = may"));
}

std::string all_but(std::string_view left_out) {
    std::string text;
    for (std::string_view program :
         {"authd", "manager", "router", "relay", "resolver", "local-delivery", "pickup", "logger"})
        if (program != left_out)
            text += std::string(program) + " unix - - n - 1 " + std::string(program) + "\n";
    return text;
}

TEST(UpgradeMaster, AddsWhatIsMissing) {
    Settings settings = settings_with({});
    EXPECT_THAT(upgrade_master_cf(all_but(""), settings).changes, IsEmpty());
    EXPECT_EQ(upgrade_master_cf(all_but(""), settings).content, all_but(""));
    for (const char* program :
         {"authd", "manager", "router", "relay", "resolver", "local-delivery", "pickup", "logger"}) {
        Upgraded upgraded = upgrade_master_cf(all_but(program), settings);
        EXPECT_THAT(upgraded.changes, ElementsAre(HasSubstr(program)));
        EXPECT_TRUE(upgraded.content.starts_with(all_but(program)));
        EXPECT_THAT(upgrade_master_cf(upgraded.content, settings).changes, IsEmpty()) << program;
    }
    // A name that something else has.
    Upgraded taken = upgrade_master_cf(all_but("relay") + "relay unix - - n - - mine\n", settings);
    EXPECT_THAT(taken.changes,
                ElementsAre("added: relay           unix  -       -      y      -      1       relay"));
}

TEST(UpgradeMaster, SomeAreNeededWithOthers) {
    std::string with_pop3 = all_but("") + "110 inet n - y - 1 pop3d\n";
    EXPECT_THAT(upgrade_master_cf(with_pop3, settings_with({})).changes,
                ElementsAre(HasSubstr("pop3d-session")));
    EXPECT_THAT(upgrade_master_cf(all_but(""), settings_with({{"system_accounts", "yes"}})).changes,
                ElementsAre(HasSubstr("pam-helper"), HasSubstr("session-starter")));
}

TEST(UpgradeMaster, TakesPostfixLines) {
    std::string before =
        "# service type\n"
        "smtp      inet  n       -       y       -       -       smtpd\n"
        "pickup    unix  n       -       y       60      1       pickup\n"
        "cleanup   unix  n       -       y       -       0       cleanup\n"
        "qmgr      unix  n       -       n       300     1\n"
        "# in between\n"
        "   qmgr -v\n"
        "smtp      unix  -       -       y       -       -       smtp\n"
        "relay     unix  -       -       y       -       -       smtp\n"
        "        -o syslog_name=postfix/$service_name\n"
        "maildrop  unix  -       n       n       -       -       pipe flags=DRXhu user=vmail "
        "argv=/usr/bin/maildrop\n"
        "mine      unix  -       n       n       -       -       something\n";
    Settings settings = settings_with({});
    Upgraded upgraded = upgrade_master_cf(before, settings);
    EXPECT_TRUE(
        upgraded.content.starts_with("# service type\n"
                                     "smtp      inet  n       -       y       -       -       smtpd\n"
                                     "pickup    unix  n       -       y       60      1       pickup\n"
                                     "#cleanup   unix  n       -       y       -       0       cleanup\n"
                                     "qmgr      unix  n       -       n       300     1\n"
                                     "# in between\n"
                                     "   manager -v\n"
                                     "smtp      unix  -       -       y       -       -       relay\n"
                                     "#relay     unix  -       -       y       -       -       smtp\n"
                                     "#        -o syslog_name=postfix/$service_name\n"
                                     "maildrop  unix  -       n       n       -       -       pipe "
                                     "flags=DRXhu user=vmail argv=/usr/bin/maildrop\n"
                                     "mine      unix  -       n       n       -       -       something\n"
                                     "authd           unix "))
        << upgraded.content;
    EXPECT_THAT(upgrade_master_cf(upgraded.content, settings).changes, IsEmpty());
    EXPECT_EQ(upgraded.changes.size(), 4u + 5u);
}

}  // namespace
}  // namespace ekiden::admin
