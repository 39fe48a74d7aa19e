#pragma once
// A table that never holds more than its capacity: the entry not touched for longest gives way. Everything
// that strangers can make grow here stands in one of these.
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace ekiden::authd {

template <class Value>
class BoundedTable {
  public:
    explicit BoundedTable(std::size_t capacity) : capacity_(capacity == 0 ? 1 : capacity) {}

    // nullptr where there is none. Does not count as a touch.
    Value* find(std::string_view key) {
        auto place = index_.find(std::string(key));
        return place == index_.end() ? nullptr : &place->second->second;
    }
    // The entry, made by Value{} where there is none; it is now the last to give way.
    Value& touch(std::string_view key) {
        auto place = index_.find(std::string(key));
        if (place != index_.end()) {
            entries_.splice(entries_.end(), entries_, place->second);
            return place->second->second;
        }
        if (entries_.size() >= capacity_) {
            index_.erase(entries_.front().first);
            entries_.pop_front();
        }
        entries_.emplace_back(std::string(key), Value{});
        index_.emplace(std::string(key), std::prev(entries_.end()));
        return entries_.back().second;
    }
    void erase(std::string_view key) {
        auto place = index_.find(std::string(key));
        if (place == index_.end()) return;
        entries_.erase(place->second);
        index_.erase(place);
    }
    template <class Predicate>
    void erase_if(Predicate&& doomed) {
        for (auto entry = entries_.begin(); entry != entries_.end();) {
            auto next = std::next(entry);
            if (doomed(entry->first, entry->second)) {
                index_.erase(entry->first);
                entries_.erase(entry);
            }
            entry = next;
        }
    }
    std::size_t size() const { return entries_.size(); }

  private:
    std::size_t capacity_;
    std::list<std::pair<std::string, Value>> entries_;  // untouched for longest first
    std::unordered_map<std::string, typename std::list<std::pair<std::string, Value>>::iterator> index_;
};

}  // namespace ekiden::authd
