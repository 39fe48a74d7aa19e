#include <gtest/gtest.h>

#include "smtpd/policy.h"
#include "tests/support/smtp_dialog.h"

namespace ekiden {
namespace {

TEST(SmtpDialogs, All) {
    for (const std::filesystem::path& file : tests::dialogs_in("smtp")) {
        tests::Dialog dialog(file, smtp::Role::transfer,
                             [](const Settings&) { return std::make_unique<smtpd::TransferPolicy>(); });
        dialog.play();
        if (HasFailure()) break;
    }
}

}  // namespace
}  // namespace ekiden
