// Defaults that depend on this host (myhostname, mydomain) are shown by value, as postconf shows them.
#include "admin/ekiconf/show_main.h"

#include "admin/ekiconf/reading.h"
#include "common/log/logger.h"

namespace ekiden::ekiconf {
namespace {

class Shower {
  public:
    explicit Shower(const Options& options)
        : options_(options), reading_(options, !options.has('d'), false, output_) {}

    Output run() {
        if (output_.status != 0) return std::move(output_);
        if (options_.operands.empty()) {
            for (const std::string& name : reading_.names().all(options_.classes)) show(name);
        } else {
            for (const std::string& name : options_.operands) show_named(name);
        }
        if (output_.status == 0 && !options_.has('d') && !options_.quiet) {
            reading_.names().tell_unused_in_main(output_);
            reading_.names().tell_unused_in_master(output_);
        }
        return std::move(output_);
    }

  private:
    void show_named(const std::string& name) {
        if (!reading_.names().class_of(name)) return output_.warn(name + ": unknown parameter");
        if (!reading_.raw(name))  // Postfix's, which has no default here
            return output_.warn(name + ": parameter has no effect here");
        show(name);
    }

    void show(const std::string& name) {
        if (output_.status != 0 || (options_.has('n') && !reading_.is_set(name))) return;
        std::optional<std::string> value = reading_.raw(name);
        if (!value) return;
        if (options_.has('x') || value == "$system_hostname" || value == "$myhostname_parent") {
            Result<std::string> expanded = reading_.expanded(name);
            if (!expanded) return output_.fail(name + ": " + expanded.error().text);
            value = *expanded;
        }
        if (options_.verbose > 0) output_.err += "ekiconf: " + name + ": " + reading_.origin(name) + "\n";
        print(name, *value);
    }

    void print(const std::string& name, const std::string& value) {
        if (options_.has('j'))
            output_.out +=
                "{\"name\":" + log::json_string(name) + ",\"value\":" + log::json_string(value) + "}\n";
        else if (options_.has('H'))
            output_.out += name + "\n";
        else
            output_.line(options_.has('h') ? value : name + " = " + value, options_.has('f'));
    }

    const Options& options_;
    Output output_;
    Reading reading_;
};

}  // namespace

Output show_main(const Options& options) { return Shower(options).run(); }

}  // namespace ekiden::ekiconf
