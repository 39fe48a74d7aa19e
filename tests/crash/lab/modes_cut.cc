// Loss of power: states from a recording.
#include <fmt/format.h>

#include <functional>
#include <random>
#include <stdexcept>
#include <unordered_set>
#include <vector>

#include "tests/crash/lab/modes.h"
#include "tests/crash/lab/recording.h"

namespace ekiden::crash {
namespace {

std::uint64_t digest(const Image& image, std::size_t reports) {
    std::uint64_t sum = reports;
    std::hash<std::string> hash;
    for (const auto& [path, content] : image)
        for (std::uint64_t each : {hash(path), hash(content)})
            sum = (sum ^ each) * 0x9e3779b97f4a7c15 + (sum >> 29);
    return sum;
}

Loss loss_at_random(std::mt19937_64& random) {
    auto one_of = [&](std::initializer_list<double> values) {
        return values.begin()[std::uniform_int_distribution<std::size_t>(0, values.size() - 1)(random)];
    };
    Loss loss{.data = Loss::Part::random, .names = Loss::Part::random};
    loss.sector = one_of({0, 1}) > 0 ? 4096 : 512;
    loss.chance = one_of({0.1, 0.5, 0.8, 0.95});
    loss.garbage = one_of({0, 1, 1, 0}) > 0;
    if (one_of({0, 0, 1}) > 0) loss.names = Loss::Part::all;
    return loss;
}

std::string say(const Loss& loss) {
    auto word = [](Loss::Part part) {
        return part == Loss::Part::none ? "none" : part == Loss::Part::all ? "all" : "some";
    };
    return fmt::format("unflushed data: {}, names: {}{}, sectors of {}, chance {}", word(loss.data),
                       word(loss.names), loss.torn ? ", torn" : "", loss.sector, loss.chance);
}

std::vector<Loss> losses(std::mt19937_64& random, std::uint64_t variants) {
    using Part = Loss::Part;
    std::vector<Loss> all{{Part::none, Part::none},
                          {Part::all, Part::all},
                          {Part::none, Part::all},
                          {Part::all, Part::none},
                          {Part::all, Part::all, true}};
    for (std::uint64_t i = 0; i < variants; ++i) all.push_back(loss_at_random(random));
    return all;
}

}  // namespace

void record(Workshop& workshop, const std::string& file) {
    Recorder recorder(workshop.root(), workshop.ledger());
    recorder.add_root("spool/");
    recorder.add_root("mail/");
    Ending ending = run_traced([&] { workshop.play_here(); }, changing_calls(), recorder);
    if (!ending.exited || ending.code != 0)
        throw std::runtime_error(fmt::format("the scenario ended with {}", ending.code));
    recorder.take().save(file);
}

void cut(Workshop& workshop, const Choice& choice, std::uint64_t variants, const std::string& file) {
    Recording recording = Recording::load(file);
    Disk disk;
    for (const auto& [path, inode] : recording.roots) disk.add_root(path, inode);
    std::vector<std::string> reports;
    std::unordered_set<std::uint64_t> seen;
    std::uint64_t number = 0;
    for (std::size_t point = 0; point < recording.changes.size(); ++point) {
        const Change& change = recording.changes[point];
        disk.apply(change);
        if (change.what == Change::What::report)
            reports.push_back(change.data.substr(0, change.data.size() - 1));
        std::mt19937_64 random(choice.seed * 1'000'003 + point);
        for (const Loss& loss : losses(random, variants)) {
            Image image = disk.image(loss, random);
            if (!seen.insert(digest(image, reports.size())).second) continue;
            ++number;
            if (!choice.wants(number)) continue;
            workshop.fill(image);
            for (const std::string& line : reports) workshop.note(line);
            workshop.note("crash");
            workshop.recover_apart();
            workshop.print(number, fmt::format("power lost after change {} of {}; {}", point + 1,
                                               recording.changes.size(), say(loss)));
        }
    }
}

}  // namespace ekiden::crash
