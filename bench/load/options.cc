#include "bench/load/options.h"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>

namespace ekiden::load {

namespace {

[[noreturn]] void refuse(const std::string& what) {
    std::fprintf(
        stderr,
        "ekiload: %s\nusage: ekiload smtp|pop3|idle|sink|disk|handshakes [--name value ...]; the names stand "
        "in bench/load/options.h\n",
        what.c_str());
    std::exit(64);
}

template <class Number>
void read_number(const std::string& name, const std::string& text, Number& into) {
    auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
    if (error != std::errc{} || end != text.data() + text.size() || into < 0)
        refuse("--" + name + " wants a number");
}

}  // namespace

Options parse_options(int argc, char** argv) {
    Options o;
    if (argc < 2) refuse("which mode?");
    o.mode = argv[1];
    std::map<std::string, bool*> flags{{"tls", &o.tls}, {"remove", &o.remove}, {"silent", &o.silent}};
    std::map<std::string, int*> ints{
        {"port", &o.port}, {"connections", &o.connections}, {"sources", &o.sources}, {"seconds", &o.seconds}};
    std::map<std::string, long*> longs{
        {"count", &o.count}, {"each", &o.each}, {"size", &o.size}, {"users", &o.users}};
    std::map<std::string, std::string*> texts{{"protocol", &o.protocol},
                                              {"address", &o.address},
                                              {"from", &o.from},
                                              {"to", &o.to},
                                              {"user", &o.user},
                                              {"password", &o.password},
                                              {"sink", &o.sink},
                                              {"folder", &o.folder},
                                              {"certificate", &o.certificate},
                                              {"key", &o.key}};
    for (int i = 2; i < argc; ++i) {
        if (std::strncmp(argv[i], "--", 2) != 0) refuse(std::string("what is ") + argv[i]);
        std::string name = argv[i] + 2;
        if (auto flag = flags.find(name); flag != flags.end()) {
            *flag->second = true;
            continue;
        }
        if (++i == argc) refuse("--" + name + " wants a value");
        std::string value = argv[i];
        if (name == "watch") {
            o.watch.push_back(value);
        } else if (auto number = ints.find(name); number != ints.end()) {
            read_number(name, value, *number->second);
        } else if (auto large = longs.find(name); large != longs.end()) {
            read_number(name, value, *large->second);
        } else if (auto text = texts.find(name); text != texts.end()) {
            *text->second = value;
        } else {
            refuse("unknown option --" + name);
        }
    }
    if (o.each < 1 || o.users < 1 || o.connections < 1 || o.count < 1) refuse("counts begin at 1");
    return o;
}

std::string numbered(const std::string& pattern, long number) {
    std::string text;
    for (char c : pattern) {
        if (c == '%')
            text += std::to_string(number);
        else
            text += c;
    }
    return text;
}

}  // namespace ekiden::load
