// How: modules speak with the user through one function; it answers what is hidden with the password, what is
// shown with the name, and overhears the rest. PAM frees what it is answered.
#include "authd/pam/pam_check.h"

#include <security/pam_appl.h>

#include <cstdlib>
#include <cstring>

namespace ekiden::pam {
namespace {

using ipc::SystemAnswer;
using ipc::SystemVerdict;

extern "C" int converse(int count, const pam_message** messages, pam_response** answers, void* data) {
    const auto& question = *static_cast<const ipc::CheckSystemPassword*>(data);
    if (count <= 0 || count > PAM_MAX_NUM_MSG) return PAM_CONV_ERR;
    auto* made =
        static_cast<pam_response*>(std::calloc(static_cast<std::size_t>(count), sizeof(pam_response)));
    if (made == nullptr) return PAM_BUF_ERR;
    for (int i = 0; i < count; ++i) {
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_OFF)
            made[i].resp = strndup(question.password.reveal().data(), question.password.reveal().size());
        if (messages[i]->msg_style == PAM_PROMPT_ECHO_ON) made[i].resp = strdup(question.user.c_str());
    }
    *answers = made;
    return PAM_SUCCESS;
}

// authd delays failures itself, and counts them.
extern "C" void no_delay(int, unsigned, void*) {}

SystemAnswer answer_of(int status, std::string why) {
    SystemAnswer answer{};
    switch (status) {
        case PAM_AUTH_ERR:
        case PAM_USER_UNKNOWN:
        case PAM_MAXTRIES:
        case PAM_ACCT_EXPIRED:
        case PAM_NEW_AUTHTOK_REQD:
        case PAM_PERM_DENIED:
        case PAM_CRED_INSUFFICIENT: answer.verdict = SystemVerdict::wrong; break;
        default: answer.verdict = SystemVerdict::undecided;
    }
    answer.why = std::move(why);
    return answer;
}

}  // namespace

SystemAnswer check(const std::string& service, const ipc::CheckSystemPassword& question) {
    if (question.password.reveal().empty()) return answer_of(PAM_AUTH_ERR, "empty password");
    pam_conv conversation{converse, const_cast<ipc::CheckSystemPassword*>(&question)};
    pam_handle_t* handle = nullptr;
    int status = pam_start(service.c_str(), question.user.c_str(), &conversation, &handle);
    if (status != PAM_SUCCESS) return answer_of(PAM_SYSTEM_ERR, "PAM cannot be used");
    pam_set_item(handle, PAM_RHOST, question.client_address.c_str());
    pam_set_item(handle, PAM_TTY, "ekiden");
    pam_set_item(handle, PAM_FAIL_DELAY, reinterpret_cast<const void*>(&no_delay));
    status = pam_authenticate(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    if (status == PAM_SUCCESS) status = pam_acct_mgmt(handle, PAM_SILENT | PAM_DISALLOW_NULL_AUTHTOK);
    SystemAnswer answer = answer_of(status, pam_strerror(handle, status));
    const void* name = nullptr;
    if (status == PAM_SUCCESS && pam_get_item(handle, PAM_USER, &name) == PAM_SUCCESS && name != nullptr) {
        answer.verdict = SystemVerdict::right;
        answer.user = static_cast<const char*>(name);
    }
    pam_end(handle, status);
    return answer;
}

}  // namespace ekiden::pam
