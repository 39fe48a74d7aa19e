#pragma once
// The other processes as a dialogue test scripts them: a virtual mailbox domain example.jp, a relay domain
// relay.example, logins, grants, tables, and failures on demand. What was committed is kept for the test to
// look at.
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/smtp/backend.h"
#include "common/text/ascii.h"

namespace ekiden::tests {

class ScriptedHouse final : public smtp::Backend {
  public:
    std::set<std::string> known{"a@example.jp", "b@example.jp", "postmaster@mail.example.jp"};
    std::map<std::string, std::string> passwords;  // login → password, for PLAIN and LOGIN
    std::map<std::string, std::string> grants;     // address → login
    std::map<std::string, std::string> tables;     // "table key" → value
    std::map<std::string, ipc::DnsAnswer> names;   // "PTR name" → answer
    std::set<std::string> failing;                 // router, authd, manager, storage, over_limit
    std::uint32_t connections = 1, rate = 1;
    std::vector<ipc::Commit> committed;
    std::vector<std::string> told;  // one-way messages by name
    std::vector<std::string> asked;

    Task<Result<ipc::RecipientVerdict>> ask(ipc::VerifyRecipient question) override {
        asked.push_back("verify " + question.recipient);
        if (failing.contains("router")) co_return temporary("router is not running");
        std::string domain = question.recipient.substr(question.recipient.rfind('@') + 1);
        ipc::RecipientVerdict verdict{ipc::AddressClass::remote, true, 0, ""};
        if (domain == "relay.example") verdict.address_class = ipc::AddressClass::relay;
        if (domain == "example.jp" || domain == "mail.example.jp") {
            verdict.address_class = ipc::AddressClass::virtual_mailbox;
            verdict.known = known.contains(text::to_lower(question.recipient));
            verdict.code = 550;
            verdict.text = "5.1.1 <" + question.recipient +
                           ">: Recipient address rejected: User unknown in virtual mailbox table";
        }
        co_return verdict;
    }
    Task<Result<ipc::TableAnswer>> ask(ipc::LookUpTable question) override {
        auto found = tables.find(question.table + " " + question.key);
        if (found == tables.end()) co_return ipc::TableAnswer{false, ""};
        co_return ipc::TableAnswer{true, found->second};
    }
    // Tables as the router asks them are its own test's matter.
    Task<Result<ipc::TableAnswer>> ask(ipc::LookUpAddress question) override {
        for (const std::string& table : question.tables)
            if (auto found = tables.find(table + " " + question.address); found != tables.end())
                co_return ipc::TableAnswer{true, found->second};
        co_return ipc::TableAnswer{false, ""};
    }
    Task<Result<ipc::DnsAnswer>> ask(ipc::DnsQuery question) override {
        auto found = names.find(question.domain);
        if (found != names.end()) co_return found->second;
        co_return ipc::DnsAnswer{ipc::DnsStatus::nxdomain, false, false, "", 0, {}, ""};
    }
    Task<Result<ipc::Mechanisms>> ask(ipc::ListMechanisms) override {
        if (failing.contains("authd")) co_return temporary("authd is not running");
        co_return ipc::Mechanisms{{"PLAIN", "LOGIN"}, false};
    }
    Task<Result<ipc::AuthAnswer>> ask(ipc::AuthStart question) override {
        if (failing.contains("authd")) co_return temporary("authd is not running");
        if (question.mechanism == "LOGIN") co_return proceed("Username:");
        if (!question.initial_response) co_return proceed("");
        co_return check_plain(question.initial_response->reveal());
    }
    Task<Result<ipc::AuthAnswer>> ask(ipc::AuthContinue question) override {
        std::string said(question.response.reveal());
        if (last_challenge_ == "Username:") {
            login_user_ = said;
            co_return proceed("Password:");
        }
        if (last_challenge_ == "Password:") co_return check(login_user_, said);
        co_return check_plain(said);
    }
    Task<Result<ipc::GrantVerdict>> ask(ipc::CheckGrant question) override {
        asked.push_back("grant " + question.address);
        if (failing.contains("authd")) co_return temporary("authd is not running");
        ipc::GrantVerdict verdict{};
        auto grant = grants.find(question.address);
        if (grant == grants.end()) co_return verdict;
        verdict.user = grant->second;
        verdict.over_limit = failing.contains("over_limit");
        verdict.sender_refused = question.sender != grant->second;
        verdict.granted = !verdict.sender_refused && !verdict.over_limit;
        co_return verdict;
    }
    Task<Result<ipc::SenderVerdict>> ask(ipc::CheckSenderOwner question) override {
        co_return ipc::SenderVerdict{question.login == question.sender};
    }
    Task<Result<ipc::ClientCounts>> ask(ipc::CountClient) override {
        co_return ipc::ClientCounts{connections, rate};
    }
    void tell(ipc::AuthCancel) override { told.emplace_back("auth_cancel"); }
    void tell(ipc::ClientGone) override { told.emplace_back("client_gone"); }
    Task<Result<ipc::QueueIds>> ask(ipc::ReserveIds question) override {
        if (failing.contains("manager")) co_return temporary("manager is not running");
        ipc::QueueIds ids;
        for (unsigned i = 0; i < question.count; ++i) ids.ids.push_back("4bQ" + std::to_string(++last_id_));
        co_return ids;
    }
    Task<Result<ipc::ContentFile>> ask(ipc::OpenContent) override {
        if (failing.contains("storage")) co_return temporary("Insufficient system storage");
        file_.reset(memfd_create("content", MFD_CLOEXEC));
        if (failing.contains("full disk")) file_.reset(::open("/dev/full", O_WRONLY | O_CLOEXEC));
        co_return ipc::ContentFile{OwnedFd(fcntl(file_.get(), F_DUPFD_CLOEXEC, 0))};
    }
    Task<Result<ipc::Committed>> ask(ipc::Commit question) override {
        if (failing.contains("commit")) co_return temporary("the queue cannot write");
        if (failing.contains("storage")) co_return temporary("Insufficient system storage");
        if (question.in_file) question.content = written();
        ipc::Committed committed_as{question.queue_id};
        committed.push_back(std::move(question));
        co_return committed_as;
    }
    void tell(ipc::AbandonContent) override { told.emplace_back("abandon_content"); }

  private:
    ipc::AuthAnswer proceed(std::string challenge) {
        last_challenge_ = challenge;
        return {ipc::AuthState::proceed, 7, std::move(challenge), "", "", ""};
    }
    ipc::AuthAnswer check(const std::string& user, const std::string& password) const {
        auto found = passwords.find(user);
        if (found == passwords.end() || found->second != password)
            return {ipc::AuthState::failure, 7, "", "", "", "wrong password"};
        return {ipc::AuthState::success, 7, "", user, "", ""};
    }
    ipc::AuthAnswer check_plain(std::string_view said) const {
        std::size_t first = said.find('\0');
        std::size_t second = said.find('\0', first + 1);
        if (first != 0 || second == std::string_view::npos ||
            said.find('\0', second + 1) != std::string_view::npos)
            return {ipc::AuthState::malformed, 7, "", "", "", "not PLAIN"};
        return check(std::string(said.substr(1, second - 1)), std::string(said.substr(second + 1)));
    }
    std::string written() const {
        std::string content(static_cast<std::size_t>(lseek(file_.get(), 0, SEEK_END)), '\0');
        ssize_t octets = pread(file_.get(), content.data(), content.size(), 0);
        content.resize(octets > 0 ? static_cast<std::size_t>(octets) : 0);
        return content;
    }
    std::string last_challenge_, login_user_;
    unsigned last_id_ = 0;
    OwnedFd file_;
};

}  // namespace ekiden::tests
