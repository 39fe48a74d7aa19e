// Reading is as the C library does it: options in one word, arguments joined or apart, `--` ends them.
#include "admin/ekisuper/options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/text/ascii.h"
#include "common/text/option_reader.h"

namespace ekiden::ekisuper {
namespace {

using ipc::QueueVerb;

constexpr std::size_t ids_limit = 10'000'000;

// Reports come in this order, and the work is done in it.
constexpr std::array order_of_work = {QueueVerb::requeue, QueueVerb::remove, QueueVerb::expire,
                                      QueueVerb::hold, QueueVerb::release};

Result<std::uint8_t> queue_named(const std::string& name) {
    static constexpr std::pair<std::string_view, ipc::QueueState> queues[] = {
        {"incoming", ipc::QueueState::incoming},
        {"active", ipc::QueueState::active},
        {"deferred", ipc::QueueState::deferred},
        {"hold", ipc::QueueState::hold}};
    for (const auto& [known, state] : queues)
        if (name == known) return ipc::bit_of(state);
    return malformed("invalid directory name: " + text::printable(name, 60));
}

class Parser {
  public:
    explicit Parser(const std::function<std::optional<std::string>()>& next_line) : next_line_(next_line) {
        for (QueueVerb verb : order_of_work) orders_.push_back({verb, {}});
    }

    Result<> option(const text::Option& given) {
        const auto& [letter, value] = given;
        switch (letter) {
            case 'c': options.config = value; return {};
            case 'p': options.temporary = true; return {};
            case 's':
            case 'S': options.structure = true; return {};
            case 'd': return take(letter, {QueueVerb::remove}, value);
            case 'e': return take(letter, {QueueVerb::expire}, value);
            case 'f': return take(letter, {QueueVerb::expire, QueueVerb::release}, value);
            case 'h': return take(letter, {QueueVerb::hold}, value);
            case 'H': return take(letter, {QueueVerb::release}, value);
            case 'r': return take(letter, {QueueVerb::requeue}, value);
            default: options.verbose = true; return {};  // -v
        }
    }

    Result<Options> end() {
        for (Order& order : orders_)
            if (order.all || !order.ids.empty() || std::ranges::count(asked_, order.verb) > 0)
                options.orders.push_back(std::move(order));
        if (options.orders.empty() && !options.structure && !options.temporary)
            options.structure = options.temporary = true;
        return std::move(options);
    }

    Options options;

  private:
    Result<> take(char letter, const std::vector<QueueVerb>& verbs, const std::string& value) {
        std::vector<std::string> ids{value};
        if (value == "-") {
            Result<> read = read_ids(letter, ids);
            if (!read) return read;
        }
        for (Order& order : orders_) {
            if (std::ranges::count(verbs, order.verb) == 0) continue;
            asked_.push_back(order.verb);
            if (value == "ALL")
                order.all = true;
            else
                order.ids.insert(order.ids.end(), ids.begin(), ids.end());
        }
        return {};
    }

    Result<> read_ids(char letter, std::vector<std::string>& ids) {
        if (std::exchange(input_read_, true))
            return malformed(std::string("-") + letter + " -: standard input can be read once only");
        ids.clear();
        while (std::optional<std::string> line = next_line_()) {
            std::string_view id = text::trim(*line);
            if (id.empty()) continue;
            if (ids.size() == ids_limit) return malformed("too many queue ids");
            ids.emplace_back(id);
        }
        return {};
    }

    const std::function<std::optional<std::string>()>& next_line_;
    std::vector<Order> orders_;
    std::vector<QueueVerb> asked_;
    bool input_read_ = false;
};

}  // namespace

Result<Options> parse_options(const std::vector<std::string>& arguments,
                              const std::function<std::optional<std::string>()>& next_line) {
    Parser parser(next_line);
    text::OptionReader reader(arguments, "c:d:e:f:h:H:pr:sSv");
    while (std::optional<Result<text::Option>> given = reader.next()) {
        if (!*given) return pass(*given);
        if (Result<> taken = parser.option(**given); !taken) return pass(taken);
    }
    for (const std::string& name : reader.rest()) {
        Result<std::uint8_t> queue = queue_named(name);
        if (!queue) return pass(queue);
        parser.options.queues = static_cast<std::uint8_t>(parser.options.queues | *queue);
    }
    return parser.end();
}

std::string_view reported(ipc::QueueVerb verb) {
    switch (verb) {
        case QueueVerb::requeue: return "Requeued";
        case QueueVerb::remove: return "Deleted";
        case QueueVerb::expire: return "Force-expired";
        case QueueVerb::hold: return "Placed on hold";
        case QueueVerb::release: return "Released from hold";
        case QueueVerb::flush: return "Flushed";
    }
    return "";
}

}  // namespace ekiden::ekisuper
