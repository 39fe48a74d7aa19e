#include "tests/crash/lab/disk.h"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>

namespace ekiden::crash {
namespace {

bool happens(std::mt19937_64& random, double chance) {
    return std::uniform_real_distribution<double>(0, 1)(random) < chance;
}

// Of n versions beyond the first: the last one with that chance, else any.
std::size_t some_version(std::mt19937_64& random, std::size_t n, double chance) {
    return happens(random, chance) ? n : std::uniform_int_distribution<std::size_t>(0, n)(random);
}

void overlay(std::string& content, std::size_t offset, std::string_view data) {
    if (content.size() < offset + data.size()) content.resize(offset + data.size());
    std::ranges::copy(data, content.begin() + static_cast<std::ptrdiff_t>(offset));
}

// `data` from `offset`, as far as it lies within the sector from `begin` to `end`.
void overlay_within(std::string& content, std::size_t offset, std::string_view data, std::size_t begin,
                    std::size_t end) {
    std::size_t from = std::max(offset, begin), to = std::min(offset + data.size(), end);
    if (from < to) overlay(content, from, data.substr(from - offset, to - from));
}

std::string garbage(std::mt19937_64& random, std::size_t size) {
    std::string octets(size, '\0');
    for (char& c : octets) c = static_cast<char>(random());
    return octets;
}

}  // namespace

void Disk::add_root(const std::string& path, Inode inode) {
    roots_[path] = inode;
    nodes_[inode].directory = true;
}

void Disk::change_name(Inode directory, Name change) {
    auto it = nodes_.find(directory);
    if (it == nodes_.end() || !it->second.directory) throw std::logic_error("a name in an unknown directory");
    it->second.changes.push_back(std::move(change));
}

void Disk::apply(const Change& change) {
    last_written_ = 0;
    switch (change.what) {
        case Change::What::make:
            nodes_[change.inode] = Node{};
            nodes_[change.inode].directory = change.offset == 1;
            break;
        case Change::What::write:
            nodes_.at(change.inode).unflushed.push_back({false, change.offset, change.data});
            last_written_ = change.inode;
            break;
        case Change::What::resize:
            nodes_.at(change.inode).unflushed.push_back({true, change.offset, {}});
            break;
        case Change::What::flush: flush(nodes_.at(change.inode)); break;
        case Change::What::enter: change_name(change.directory, {++order_, change.name, change.inode}); break;
        case Change::What::remove: change_name(change.directory, {++order_, change.name, 0}); break;
        case Change::What::rename: {
            const std::vector<Name>& changes = nodes_.at(change.directory).changes;
            Inode moved = 0;
            for (const Name& each : changes)
                if (each.name == change.name) moved = each.inode;
            if (moved == 0) moved = nodes_.at(change.directory).names.at(change.name);
            std::size_t entered = ++order_;
            change_name(change.inode, {entered, change.data, moved});
            change_name(change.directory, {++order_, change.name, 0, entered});
            break;
        }
        case Change::What::report: break;
    }
}

void Disk::flush(Node& node) {
    for (const Write& write : std::exchange(node.unflushed, {})) {
        if (write.resize)
            node.durable.resize(static_cast<std::size_t>(write.offset));
        else
            overlay(node.durable, static_cast<std::size_t>(write.offset), write.data);
    }
    for (const Name& change : std::exchange(node.changes, {})) {
        if (change.inode == 0)
            node.names.erase(change.name);
        else
            node.names[change.name] = change.inode;
        if (change.after != 0) settle_rename(change.after);
    }
}

// The old name of a rename is durably gone: then the new one is durably there.
void Disk::settle_rename(std::size_t order) {
    for (auto& [inode, node] : nodes_) {
        auto it = std::ranges::find(node.changes, order, &Name::order);
        if (it == node.changes.end()) continue;
        node.names[it->name] = it->inode;
        node.changes.erase(it);
        return;
    }
}

std::string Disk::file(const Node& node, const Loss& loss, std::mt19937_64& random) const {
    if (loss.data == Loss::Part::none) return node.durable;
    if (loss.data == Loss::Part::random) return at_random(node, loss, random);
    std::string content = node.durable;
    bool last = last_written_ != 0 && &nodes_.at(last_written_) == &node;
    for (std::size_t i = 0; i < node.unflushed.size(); ++i) {
        const Write& write = node.unflushed[i];
        std::string_view data = write.data;
        if (loss.torn && last && i + 1 == node.unflushed.size())
            data = data.substr(0, data.size() / 2 / loss.sector * loss.sector);
        if (write.resize)
            content.resize(static_cast<std::size_t>(write.offset));
        else
            overlay(content, static_cast<std::size_t>(write.offset), data);
    }
    return content;
}

std::string Disk::at_random(const Node& node, const Loss& loss, std::mt19937_64& random) {
    std::vector<std::size_t> sizes{node.durable.size()};
    for (const Write& write : node.unflushed) {
        std::size_t offset = static_cast<std::size_t>(write.offset);
        sizes.push_back(write.resize ? offset : std::max(sizes.back(), offset + write.data.size()));
    }
    std::size_t size = sizes[some_version(random, sizes.size() - 1, loss.chance)];
    std::string content = node.durable;
    content.resize(std::max(size, content.size()));
    for (std::size_t begin = 0; begin < size; begin += loss.sector) {
        std::size_t end = begin + loss.sector;
        std::vector<const Write*> here;
        for (const Write& write : node.unflushed) {
            std::size_t offset = static_cast<std::size_t>(write.offset);
            bool touches = write.resize ? offset < end : offset < end && offset + write.data.size() > begin;
            if (touches) here.push_back(&write);
        }
        std::size_t version = some_version(random, here.size(), loss.chance);
        if (version == 0 && begin >= node.durable.size() && loss.garbage)
            overlay_within(content, begin, garbage(random, loss.sector), begin, std::min(end, size));
        for (std::size_t i = 0; i < version; ++i) {
            std::size_t offset = static_cast<std::size_t>(here[i]->offset);
            if (here[i]->resize)
                overlay_within(content, offset,
                               std::string(content.size() - std::min(offset, content.size()), '\0'), begin,
                               end);
            else
                overlay_within(content, offset, here[i]->data, begin, end);
        }
    }
    content.resize(size);
    return content;
}

Disk::Names Disk::names(const Loss& loss, std::mt19937_64& random) const {
    Names result;
    struct Pending {
        Inode directory;
        const Name* change;
    };
    std::vector<Pending> pending;
    std::set<std::size_t> open;
    for (const auto& [inode, node] : nodes_) {
        if (!node.directory) continue;
        result[inode] = node.names;
        for (const Name& change : node.changes) {
            pending.push_back({inode, &change});
            open.insert(change.order);
        }
    }
    if (loss.names == Loss::Part::none) return result;
    std::ranges::sort(pending, {}, [](const Pending& p) { return p.change->order; });
    std::set<std::pair<Inode, std::string>> stopped;  // later changes of this name are not there either
    for (const auto& [directory, change] : pending) {
        bool possible = !stopped.contains({directory, change->name}) &&
                        !(change->after != 0 && open.contains(change->after));
        if (!possible || (loss.names == Loss::Part::random && !happens(random, loss.chance))) {
            stopped.insert({directory, change->name});
            continue;
        }
        open.erase(change->order);
        if (change->inode == 0)
            result[directory].erase(change->name);
        else
            result[directory][change->name] = change->inode;
    }
    return result;
}

Image Disk::image(const Loss& loss, std::mt19937_64& random) const {
    Image image;
    Names there = names(loss, random);
    std::map<Inode, std::string> contents;  // two names of a file show the same
    std::function<void(const std::string&, Inode)> walk = [&](const std::string& path, Inode directory) {
        image[path];
        for (const auto& [name, inode] : there[directory]) {
            const Node& node = nodes_.at(inode);
            if (node.directory) {
                walk(path + name + "/", inode);
                continue;
            }
            if (!contents.contains(inode)) contents[inode] = file(node, loss, random);
            image[path + name] = contents[inode];
        }
    };
    for (const auto& [path, inode] : roots_) walk(path, inode);
    return image;
}

}  // namespace ekiden::crash
