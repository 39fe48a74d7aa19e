// docs/ipc.md holds a table of all messages and one of who may say them. Both are made here from the code;
// the test fails when the page says something else, and EKIDEN_WRITE_DOCS=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "common/ipc/messages/all.h"
#include "common/ipc/senders.h"

namespace ekiden::ipc {
namespace {

constexpr std::string_view begin_mark = "<!-- made from the code: begin -->\n";
constexpr std::string_view end_mark = "<!-- made from the code: end -->\n";

template <class T>
std::string type_name() {
    if constexpr (std::is_same_v<T, bool>)
        return "yes/no";
    else if constexpr (std::is_same_v<T, std::string>)
        return "text";
    else if constexpr (std::is_same_v<T, Secret>)
        return "secret";
    else if constexpr (std::is_same_v<T, OwnedFd>)
        return "descriptor";
    else if constexpr (std::is_enum_v<T>)
        return "choice";
    else if constexpr (std::is_integral_v<T>)
        return std::is_signed_v<T> ? "integer" : "number";
    else
        return "";
}

struct Fields {
    std::string text;
    template <class T>
    void add(std::string_view name, const T&, const std::string& type) {
        text += fmt::format("{}{} ({})", text.empty() ? "" : ", ", name, type);
    }
    template <class T>
    void operator()(std::string_view name, const T& value) {
        if constexpr (requires { typename T::value_type; } && !std::is_same_v<T, std::string>) {
            using Item = typename T::value_type;
            bool list = requires(T& items) { items.pop_back(); };
            add(name, value, (list ? "list of " : "optional ") + inner<Item>());
        } else {
            add(name, value, inner<T>());
        }
    }
    template <class T>
    static std::string inner() {
        std::string simple = type_name<T>();
        if (!simple.empty()) return simple;
        if constexpr (std::is_class_v<T> && !std::is_same_v<T, std::string> && !std::is_same_v<T, Secret> &&
                      !std::is_same_v<T, OwnedFd>) {
            Fields parts;
            T value{};
            T::visit(value, parts);
            return "{" + parts.text + "}";
        }
        return simple;
    }
};

template <class M>
std::string reply_of() {
    if constexpr (requires { typename M::Reply; })
        return std::string(M::Reply::name);
    else
        return "";
}

template <class M>
std::string row() {
    M message{};
    Fields fields;
    M::visit(message, fields);
    return fmt::format("| {} | {} | {} |\n", M::name, fields.text, reply_of<M>());
}

template <std::size_t... I>
std::string rows(std::index_sequence<I...>) {
    return (row<std::tuple_element_t<I, AllMessages>>() + ...);
}

std::string tables() {
    std::string text = "| message | fields | reply |\n|---|---|---|\n";
    text += rows(std::make_index_sequence<std::tuple_size_v<AllMessages>>());
    text += "\n| sender | receiver | message |\n|---|---|---|\n";
    for (const Permission& each : permissions())
        text += fmt::format("| {} | {} | {} |\n", name_of(each.sender), name_of(each.receiver), each.message);
    return text;
}

std::string read(const std::string& path) {
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

TEST(Document, ListsEveryMessageAsItIs) {
    const std::string path = "docs/ipc.md";
    std::string page = read(path);
    std::size_t begin = page.find(begin_mark), end = page.find(end_mark);
    ASSERT_NE(begin, std::string::npos) << path << " lacks its marks";
    ASSERT_NE(end, std::string::npos);
    begin += begin_mark.size();
    std::string fresh = page.substr(0, begin) + tables() + page.substr(end);
    if (std::getenv("EKIDEN_WRITE_DOCS")) std::ofstream(path) << fresh;
    EXPECT_EQ(page.substr(begin, end - begin), tables())
        << "EKIDEN_WRITE_DOCS=1 build/dev/tests/ipc_test writes docs/ipc.md anew";
}

}  // namespace
}  // namespace ekiden::ipc
