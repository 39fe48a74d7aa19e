// router: tells what an address is and where its mail goes, and looks into tables for those who may open no
// files. It reads the configuration's tables and the directory that authd publishes, and writes nothing.
#include <unistd.h>

#include "common/config/name_service.h"
#include "common/log/events.h"
#include "common/process/daemon.h"
#include "common/process/users.h"
#include "common/tables/lookup_order.h"
#include "queue/router/local_users.h"
#include "queue/router/named_tables.h"
#include "queue/router/router.h"

namespace {

using namespace ekiden;

// What belongs to one generation of the configuration.
struct Generation {
    std::shared_ptr<router::Routing> routing;
    std::unique_ptr<router::NamedTables> tables;
};
using GenerationPointer = std::shared_ptr<Generation>;

// Free functions, so that each question keeps the generation it began with.
Task<Result<ipc::RecipientVerdict>> verify(GenerationPointer generation, ipc::VerifyRecipient question) {
    router::Router router(generation->routing);
    Result<ipc::RecipientVerdict> verdict = co_await router.verify(std::move(question));
    if (!verdict) log::emit(events::lookup_failed, "recipient", verdict.error());
    co_return verdict;
}

Task<Result<ipc::Resolution>> resolve(GenerationPointer generation, ipc::ResolveRecipients question) {
    router::Router router(generation->routing);
    Result<ipc::Resolution> resolution = co_await router.resolve(std::move(question));
    co_return resolution;
}

Task<Result<ipc::TableAnswer>> look_up(GenerationPointer generation, ipc::Service asker,
                                       ipc::LookUpTable question) {
    std::string name = question.table;
    tables::Found found = co_await generation->tables->find(asker, std::move(question.table),
                                                            std::move(question.key), question.part);
    if (!found) log::emit(events::lookup_failed, name, found.error());
    if (!found) co_return pass(found);
    ipc::TableAnswer answer{found->has_value(), found->value_or("")};
    co_return answer;
}

Task<Result<ipc::TableAnswer>> look_up_address(GenerationPointer generation, ipc::Service asker,
                                               ipc::LookUpAddress question) {
    router::Routing& routing = *generation->routing;
    const std::string address = routing.complete(question.address);
    Result<ipc::AddressClass> address_class =
        co_await routing.class_of(address.substr(address.rfind('@') + 1));
    if (!address_class) co_return pass(address_class);
    const std::string delimiters = routing.settings()[param::recipient_delimiter];
    const bool site_local = routing.is_site_local(address, *address_class);
    for (const tables::Key& key : tables::virtual_keys(address, delimiters, site_local)) {
        for (const std::string& table : question.tables) {
            ipc::LookUpTable one{table, key.text, key.part};
            Result<ipc::TableAnswer> answer = co_await look_up(generation, asker, std::move(one));
            if (!answer || answer->found) co_return answer;
        }
    }
    co_return ipc::TableAnswer{false, ""};
}

class Program : public process::Program {
  public:
    Result<> open(process::Worker& worker) override {
        Result<router::Owner> owner = virtual_owner(worker);
        if (!owner) return pass(owner);
        virtual_owner_ = *owner;
        if (Result<> made = make_generation(worker); !made) return made;
        // By directory, since what is in it is replaced by rename. A generation that comes later can use what
        // lies below.
        needs_ = generation_->tables->needs();
        std::vector<std::string> folders = needs_.paths;
        folders.push_back(worker.settings()[param::config_directory]);
        std::string published = worker.settings()[param::directory_database];
        folders.push_back(published.substr(0, published.rfind('/')));
        // For the names of system users: useradd puts a new passwd in the place of the old one.
        folders.emplace_back("/etc");
        for (const std::string& folder : folders)
            if (::access(folder.c_str(), F_OK) == 0) worker.paths().read.push_back(folder);
        worker.paths().unix_connections = config::prepare_to_ask_for_users() || needs_.unix_sockets;
        worker.paths().internet_connections = needs_.internet;
        return {};
    }

    void serve(process::Worker& worker) override {
        worker.answer<ipc::VerifyRecipient>([this](ipc::VerifyRecipient question, ipc::Sender) {
            ++questions_;
            return verify(generation_, std::move(question));
        });
        worker.answer<ipc::ResolveRecipients>([this](ipc::ResolveRecipients question, ipc::Sender) {
            ++questions_;
            return resolve(generation_, std::move(question));
        });
        worker.answer<ipc::FindUserName>(
            [](ipc::FindUserName question, ipc::Sender) -> Task<Result<ipc::UserName>> {
                Result<std::string> name = router::name_of_user(question.uid);
                if (!name) co_return pass(name);
                co_return ipc::UserName{std::move(*name)};
            });
        worker.answer<ipc::LookUpTable>([this](ipc::LookUpTable question, ipc::Sender sender) {
            ++questions_;
            return look_up(generation_, sender.service, std::move(question));
        });
        worker.answer<ipc::LookUpAddress>([this](ipc::LookUpAddress question, ipc::Sender sender) {
            ++questions_;
            return look_up_address(generation_, sender.service, std::move(question));
        });
    }

    void reconfigure(process::Worker& worker) override {
        if (Result<> made = make_generation(worker); !made) log::emit(events::reload_refused, made.error());
        router::NamedTables::Needs now = generation_->tables->needs();
        if ((now.unix_sockets && !needs_.unix_sockets) || (now.internet && !needs_.internet))
            log::emit(events::table_trouble,
                      "a socketmap table came with this reload: its lookups fail until the suite is "
                      "restarted, for the router may open no sockets of that kind before");
    }

    std::vector<ipc::NamedValue> counters(process::Worker&) override {
        return {{"questions", std::to_string(questions_)}};
    }

  private:
    Result<> make_generation(process::Worker& worker) {
        auto generation = std::make_shared<Generation>();
        std::vector<config::Finding> findings;
        tables::Source source;
        source.files = &worker.snapshot().files;
        source.loop = &worker.loop();
        auto routing = router::Routing::make(worker.settings(), source, virtual_owner_, findings);
        for (const config::Finding& finding : findings) log::emit(events::table_trouble, format(finding));
        if (!routing) return pass(routing);
        generation->routing = std::move(*routing);
        generation->tables = std::make_unique<router::NamedTables>(worker.snapshot(), source);
        generation_ = std::move(generation);
        return {};
    }

    static Result<router::Owner> virtual_owner(process::Worker& worker) {
        if (!worker.as_root()) return router::Owner{::geteuid(), ::getegid()};
        Result<process::UserIds> owner = process::owner_of(param::virtual_owner, worker.settings());
        if (!owner) return pass(owner);
        return router::Owner{owner->uid, owner->gid};
    }

    GenerationPointer generation_;
    router::NamedTables::Needs needs_;  // of the generation that it was confined for
    router::Owner virtual_owner_{};
    std::uint64_t questions_ = 0;
};

}  // namespace

int main() { return process::run<Program>(ipc::Service::router); }
