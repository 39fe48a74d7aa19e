#include "common/process/privileges.h"

#include <array>

namespace ekiden::process {
namespace {

using ipc::Service;

// clang-format off
constexpr auto table = std::to_array<Row>({
    {.service = Service::logger, .program = "logger", .log_name = "postlogd", .owner = &param::log_owner,
     .unix_datagrams = true, .reloads_in_place = true, .single = true},
    {.service = Service::smtpd, .program = "smtpd", .log_name = "smtpd", .owner = &param::mail_owner,
     .empty_root = true, .speaks_tls = true},
    {.service = Service::submission, .program = "submission", .log_name = "submission/smtpd", .owner = &param::submission_owner,
     .empty_root = true, .speaks_tls = true},
    {.service = Service::pop3_front, .program = "pop3d", .log_name = "pop3d", .owner = &param::login_owner,
     .empty_root = true, .speaks_tls = true},
    {.service = Service::pop3_session, .program = "pop3d-session", .log_name = "pop3d-session", .owner = &param::virtual_owner},
    {.service = Service::authd, .program = "authd", .log_name = "authd", .owner = &param::auth_owner,
     .reloads_in_place = true, .single = true, .admin_socket = "auth"},
    {.service = Service::manager, .program = "manager", .log_name = "qmgr", .owner = &param::queue_owner,
     .reloads_in_place = true, .single = true, .admin_socket = "queue"},
    {.service = Service::router, .program = "router", .log_name = "router", .owner = &param::router_owner,
     .reloads_in_place = true, .single = true},
    {.service = Service::relay, .program = "relay", .log_name = "smtp", .owner = &param::relay_owner,
     .empty_root = true, .internet = true},
    {.service = Service::resolver, .program = "resolver", .log_name = "resolver", .owner = &param::dns_owner,
     .empty_root = true, .internet = true, .single = true},
    {.service = Service::pickup, .program = "pickup", .log_name = "pickup", .owner = &param::queue_owner,
     .reloads_in_place = true, .single = true, .admin_socket = "mailq", .open_to_users = true},
    {.service = Service::local_delivery, .program = "local-delivery", .log_name = "virtual", .owner = nullptr,
     .children = true, .single = true},
    {.service = Service::pam_helper, .program = "pam-helper", .log_name = "authd", .owner = nullptr,
     .single = true, .foreign_code = true, .only_with = &param::system_accounts},
    {.service = Service::session_starter, .program = "session-starter", .log_name = "pop3d-session", .owner = nullptr,
     .single = true, .foreign_code = true, .only_with = &param::system_accounts},
});
// clang-format on

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
