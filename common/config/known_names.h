#pragma once
// Names of Postfix parameters that are not in our catalogue, so that an administrator who brings a main.cf
// along is told which lines do nothing here (harmless) and which ask for something that is not there (refused
// when set).
#include <optional>
#include <string_view>

namespace ekiden::config {

enum class Foreign {
    heeded,    // read by a program, although its name cannot be a row of the catalogue
    harmless,  // names paths, tools or details of Postfix's own that have no counterpart; told as a warning
    unsupported,  // would change what happens to mail: an error unless its value is empty or `no`
};

struct ForeignName {
    std::string_view name;
    Foreign kind;
    std::string_view instead;  // what to do, or empty
};

// Nothing for names that are not Postfix's, or that are in our catalogue. The result's name is the one asked
// for: a view of it.
std::optional<ForeignName> find_foreign(std::string_view name);

// What a program of Postfix's master.cf is called here: `instead` is our program that does its work, empty
// where the service is not needed. Null for names that are not Postfix's.
struct ForeignProgram {
    std::string_view name;
    std::string_view instead;
};
const ForeignProgram* find_foreign_program(std::string_view command);

}  // namespace ekiden::config
