#include "common/process/privileges.h"

#include <array>

namespace ekiden::process {
namespace {

using ipc::Service;

//                service                program           log name     owner                     root   inet
//                udgram fork   tls    in place
constexpr auto table = std::to_array<Row>({
    {Service::logger, "logger", "postlogd", &param::log_owner, false, false, true, false, false, true},
    {Service::smtpd, "smtpd", "smtpd", &param::mail_owner, true, false, false, false, true, false},
    {Service::submission, "submission", "submission/smtpd", &param::submission_owner, true, false, false,
     false, true, false},
    {Service::pop3_front, "pop3d", "pop3d", &param::login_owner, true, false, false, false, true, false},
    {Service::pop3_session, "pop3d-session", "pop3d-session", &param::virtual_owner, false, false, false,
     false, false, false},
    {Service::authd, "authd", "authd", &param::auth_owner, false, false, false, false, false, true},
    {Service::manager, "manager", "qmgr", &param::queue_owner, false, false, false, false, false, true},
    {Service::router, "router", "router", &param::router_owner, false, false, false, false, false, true},
    {Service::relay, "relay", "smtp", &param::relay_owner, true, true, false, false, false, false},
    {Service::resolver, "resolver", "resolver", &param::dns_owner, true, true, false, false, false, false},
    {Service::local_delivery, "local-delivery", "virtual", nullptr, false, false, false, true, false, false},
});

}  // namespace

std::span<const Row> rows() { return table; }

const Row* row_of_program(std::string_view program) {
    for (const Row& row : table)
        if (row.program == program) return &row;
    return nullptr;
}

const Row& row_of(Service service) {
    for (const Row& row : table)
        if (row.service == service) return row;
    return table.front();  // master and admin have no row; nobody asks
}

}  // namespace ekiden::process
