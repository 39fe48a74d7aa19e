#include "admin/ekiconf/show_master.h"

#include <array>

#include "admin/ekiconf/reading.h"
#include "admin/ekiconf/service_pattern.h"
#include "common/log/logger.h"

namespace ekiden::ekiconf {
namespace {

struct Request {
    std::string text;
    ServicePattern pattern;
    bool matched = false;
};

// {"service":"smtp","type":"inet", as members of an object without its end.
std::string json_head(const MasterEntry& entry) {
    return "{\"service\":" + log::json_string(entry.name()) + ",\"type\":" + log::json_string(entry.type());
}

std::string json_member(std::string_view name, std::string_view value) {
    return "," + log::json_string(name) + ":" + log::json_string(value);
}

class Shower {
  public:
    explicit Shower(const Options& options)
        : options_(options), fold_(options.has('f')), reading_(options, true, true, output_) {}

    Output run() {
        if (output_.status != 0 || !read_requests()) return std::move(output_);
        for (const MasterEntry& entry : reading_.services()) {
            entry_ = &entry;
            for (Request& request : requests_)
                if (request.pattern.fits(entry) && show(request.pattern)) request.matched = true;
        }
        if (output_.status != 0) return std::move(output_);
        for (const Request& request : requests_)
            if (!request.matched && !options_.operands.empty())
                output_.warn("unmatched request: \"" + request.text + "\"");
        if (!options_.quiet) reading_.names().tell_unused_in_master(output_);
        return std::move(output_);
    }

  private:
    bool read_requests() {
        std::size_t most = options_.mode == 'M' ? 2 : 3;
        for (const std::string& text : options_.operands) {
            auto pattern = parse_pattern(text, 1, most);
            if (!pattern) {
                output_.fail(options_.mode == 'M'   ? "-M option requires service_name[/type]"
                             : options_.mode == 'F' ? "-F option requires service_name[/type[/field]]"
                                                    : "-P option requires service_name[/type[/parameter]]");
                return false;
            }
            Result<std::optional<std::size_t>> field =
                options_.mode == 'F' ? parse_field(pattern->third) : std::optional<std::size_t>();
            if (!field) {
                output_.fail(field.error().text);
                return false;
            }
            requests_.push_back({text, *pattern});
        }
        if (requests_.empty()) requests_.push_back({"*", {"*", "*"}});
        return true;
    }

    // False where the entry has nothing of that name.
    bool show(const ServicePattern& pattern) {
        overrides_ = entry_->overrides();
        if (options_.mode == 'M') {
            show_entry();
        } else if (options_.mode == 'F') {
            for (std::size_t i = 0; i < std::size(field_names); ++i)
                if (pattern.third == "*" || pattern.third == field_names[i]) show_field(i);
        } else if (pattern.third == "*") {
            for (const auto& [name, value] : overrides_) show_parameter(name, value);
            return !overrides_.empty();
        } else {
            auto found = overrides_.find(pattern.third);
            if (found == overrides_.end()) return false;
            show_parameter(found->first, found->second);
        }
        return true;
    }

    void show_entry() {
        if (!options_.has('j')) {
            output_.out += print_entry(*entry_, fold_, expansion()) + "\n";
            return;
        }
        std::string object = json_head(*entry_);
        for (std::size_t i = 2; i < command_field; ++i)
            object += json_member(field_names[i], entry_->words[i]);
        output_.out += object + json_member("command", print_command(*entry_, 0, false, expansion())) + "}\n";
    }

    void show_field(std::size_t field) {
        std::string name = entry_->path() + "/" + std::string(field_names[field]);
        std::string before = options_.has('h') ? "" : name + " = ";
        if (fold_ && before.size() + entry_->words[field].size() > line_limit)
            before += "\n" + std::string(indent, ' ');
        std::string value = field == command_field ? print_command(*entry_, before.size(), fold_, expansion())
                                                   : entry_->words[field];
        if (options_.has('j'))
            output_.out += json_head(*entry_) + json_member("field", field_names[field]) +
                           json_member("value", value) + "}\n";
        else
            output_.out += (options_.has('H') ? name : before + value) + "\n";
    }

    void show_parameter(const std::string& name, const std::string& raw) {
        std::string value = options_.has('x') ? expanded(raw) : raw;
        std::string path = entry_->path() + "/" + name;
        if (options_.has('j'))
            output_.out +=
                json_head(*entry_) + json_member("parameter", name) + json_member("value", value) + "}\n";
        else if (options_.has('H'))
            output_.out += path + "\n";
        else
            output_.line(options_.has('h') ? value : path + " = " + value, fold_);
    }

    Expand expansion() {
        if (!options_.has('x')) return {};
        return [this](const std::string& setting) { return expanded(setting); };
    }

    std::string expanded(const std::string& text) {
        Result<std::string> result = reading_.expand(text, &overrides_);
        if (result) return *result;
        if (output_.status == 0) output_.fail(entry_->path() + ": " + result.error().text);
        return "";
    }

    const Options& options_;
    const bool fold_;
    Output output_;
    Reading reading_;
    std::vector<Request> requests_;
    const MasterEntry* entry_ = nullptr;
    RawValues overrides_;
};

}  // namespace

Output show_master(const Options& options) { return Shower(options).run(); }

}  // namespace ekiden::ekiconf
