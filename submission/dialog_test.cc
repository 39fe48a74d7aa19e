#include <gtest/gtest.h>

#include "submission/policy.h"
#include "tests/support/smtp_dialog.h"

namespace ekiden {
namespace {

TEST(SubmissionDialogs, All) {
    for (const std::filesystem::path& file : tests::dialogs_in("submission")) {
        tests::Dialog dialog(file, smtp::Role::submission, [](const Settings& settings) {
            return std::make_unique<submission::SubmissionPolicy>(settings);
        });
        dialog.play();
        if (HasFailure()) break;
    }
}

}  // namespace
}  // namespace ekiden
