#pragma once
// A resolver for tests: answers from a table, fails where it is told to, counts.
#include <map>
#include <set>

#include "common/dns/client.h"
#include "common/dns/name.h"

namespace ekiden::dns {

class FakeResolver final : public Resolver {
  public:
    void mx(const std::string& name, unsigned preference, const std::string& exchange) {
        const std::string number{static_cast<char>(preference >> 8U), static_cast<char>(preference & 255U)};
        add(name, Type::mx, number + *name_to_wire(exchange));
    }
    void address(const std::string& name, std::string_view address) {
        const net::IpAddress parsed = *net::IpAddress::parse(address);
        add(name, parsed.v6() ? Type::aaaa : Type::a, std::string(parsed.octets()));
    }
    void ptr(std::string_view address, const std::string& name) {
        add(net::IpAddress::parse(address)->reverse_name(), Type::ptr, *name_to_wire(name));
    }
    void add(const std::string& name, Type type, std::string rdata) {
        names.insert(name);
        table[{name, type}].push_back(std::move(rdata));
    }
    void fail(const std::string& name, Type type) { failing.insert({name, type}); }

    Task<Result<Answer>> resolve(std::string name, Type type) override {
        ++questions;
        if (failing.contains({name, type})) co_return temporary("no answer");
        Answer answer;
        answer.canonical_name = name;
        answer.existence = names.contains(name) ? Existence::no_data : Existence::no_name;
        auto found = table.find({name, type});
        if (found != table.end()) {
            answer.existence = Existence::found;
            answer.rdata = found->second;
        }
        co_return answer;
    }

    int questions = 0;

  private:
    std::set<std::string> names;
    std::map<std::pair<std::string, Type>, std::vector<std::string>> table;
    std::set<std::pair<std::string, Type>> failing;
};

}  // namespace ekiden::dns
