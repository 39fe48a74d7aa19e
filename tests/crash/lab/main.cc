// crashlab: makes states that a crash or a failing call may leave, lets the queue recover from each, and
// prints what was promised before and found after. tests/support/crashlab.py runs it and has the answers
// judged.
//
//   crashlab kill SEED EXTRA PART PARTS EVERY [STATE]
//     SIGKILL at each call, then at one of the recovery's
//   crashlab fail SEED EXTRA PART PARTS EVERY [STATE]
//     each call fails once in each way that fits it
//   crashlab record SEED EXTRA FILE
//     writes the history of one scenario
//   crashlab cut SEED EXTRA PART PARTS VARIANTS FILE [STATE]
//     loss of power at each point of it
//
// SEED and EXTRA make the scenario (script.h). Of the states, those with STATE % PARTS == PART are made, and
// of these one of EVERY; with STATE only that one.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>

#include "tests/crash/lab/modes.h"

namespace {

using namespace ekiden::crash;

std::uint64_t number(std::span<char*> words, std::size_t place) {
    if (place >= words.size()) throw std::invalid_argument("too few arguments");
    return std::strtoull(words[place], nullptr, 10);
}

int run(std::span<char*> words) {
    if (words.size() < 4) throw std::invalid_argument("usage: see the head of tests/crash/lab/main.cc");
    std::string mode = words[1];
    Script script = make_script(number(words, 2), static_cast<int>(number(words, 3)));
    Workshop workshop(script);
    if (mode == "record") {
        if (words.size() < 5) throw std::invalid_argument("record into which file?");
        record(workshop, words[4]);
        return 0;
    }
    Choice choice{number(words, 2), number(words, 4), number(words, 5), {}, {}};
    std::size_t last = mode == "cut" ? 8 : 7;
    if (words.size() > last) choice.only = number(words, last);
    if (mode == "cut") {
        if (words.size() < 8) throw std::invalid_argument("which recording?");
        cut(workshop, choice, number(words, 6), words[7]);
        return 0;
    }
    choice.every = number(words, 6);
    if (mode == "kill")
        kill_each(workshop, choice);
    else if (mode == "fail")
        fail_each(workshop, choice);
    else
        throw std::invalid_argument("unknown mode " + mode);
    return 0;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run({words, static_cast<std::size_t>(count)});
    } catch (const std::exception& failure) {
        fmt::print(stderr, "crashlab: {}\n", failure.what());
        return 1;
    }
}
