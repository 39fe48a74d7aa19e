// Reading is as the C library does it: options in one word, arguments joined or apart, `--` ends them.
#include "admin/ekisuper/options.h"

#include <algorithm>
#include <array>
#include <utility>

#include "common/text/ascii.h"

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

    Result<> option(char letter, const std::string& value) {
        switch (letter) {
            case 'c': options.config = value; return {};
            case 'p': options.temporary = true; return {};
            case 's':
            case 'S': options.structure = true; return {};
            case 'v': options.verbose = true; return {};
            case 'd': return take(letter, {QueueVerb::remove}, value);
            case 'e': return take(letter, {QueueVerb::expire}, value);
            case 'f': return take(letter, {QueueVerb::expire, QueueVerb::release}, value);
            case 'h': return take(letter, {QueueVerb::hold}, value);
            case 'H': return take(letter, {QueueVerb::release}, value);
            case 'r': return take(letter, {QueueVerb::requeue}, value);
            default: return malformed(std::string("invalid option -- '") + letter + "'");
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
    constexpr std::string_view with_value = "cdefhHr";
    Parser parser(next_line);
    std::size_t i = 0;
    for (; i < arguments.size(); ++i) {
        const std::string& word = arguments[i];
        if (word == "--") {
            ++i;
            break;
        }
        if (word.size() < 2 || word[0] != '-') break;
        for (std::size_t at = 1; at < word.size(); ++at) {
            std::string value;
            bool takes = with_value.contains(word[at]);
            if (takes) value = word.substr(at + 1);
            if (takes && value.empty()) {
                if (i + 1 == arguments.size())
                    return malformed(std::string("option requires an argument -- '") + word[at] + "'");
                value = arguments[++i];
            }
            Result<> taken = parser.option(word[at], value);
            if (!taken) return pass(taken);
            if (takes) break;
        }
    }
    for (; i < arguments.size(); ++i) {
        Result<std::uint8_t> queue = queue_named(arguments[i]);
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
