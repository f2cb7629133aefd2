// SPDX-License-Identifier: Apache-2.0
//
// Objects that were read lately, known again by their bytes: who calls is told in the same words by record after record.
//
// Why the bytes are enough: an object's structure and values follow from its bytes alone, and bytes that begin with those
// of a whole object are that object. One that is known has therefore been checked.

#ifndef TH_OBJECT_MEMORY_HPP
#define TH_OBJECT_MEMORY_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

namespace trailhound {

/// How many objects a memory has.
constexpr size_t remembered_objects = 128;
/// The largest object that is remembered.
constexpr size_t remembered_bytes = 4096;
/// The same of one that was passed over: a longer one is not often met again.
constexpr size_t skipped_bytes = 512;

/// An object that is remembered, and what the slots got of it.
struct RememberedObject {
    struct Value {
        uint32_t slot;
        uint32_t offset; // from the object's first byte
        uint32_t length;
        uint8_t kind;
    };

    std::vector<uint8_t> bytes;
    std::vector<Value> values;
    std::vector<Value> objects; // those of `values` that are objects
    uint32_t tokens = 0;
    uint64_t mixed = 0;   // the words that it goes by
    uint64_t version = 0; // of the bytes: no other memory's bytes have it; 0: nothing is remembered here

    /// Whether this very object starts at `start`. Nothing is read from `end` on.
    bool stands_at(const uint8_t *start, const uint8_t *end) const {
        return version != 0 && bytes.size() <= static_cast<size_t>(end - start)
            && std::memcmp(start, bytes.data(), bytes.size()) == 0;
    }

    /// Takes the bytes up.
    void keep(const uint8_t *start, size_t length, uint32_t token_count) {
        static std::atomic<uint64_t> versions{0};
        bytes.assign(start, start + length);
        tokens = token_count;
        version = versions.fetch_add(1, std::memory_order_relaxed) + 1;
    }
};

/// The words by which objects share places: those in which objects of the kind differ.
template <size_t... offsets> struct Words {
    /// Behind the last of them.
    static constexpr size_t reach = std::max({offsets...}) + sizeof(uint64_t);

    static uint64_t mixed(const uint8_t *start) {
        uint64_t state = 0;
        ((state = (state << 11 | state >> 53) ^ load(start + offsets)), ...);
        return state * UINT64_C(0x9E3779B97F4A7C15);
    }

  private:
    static uint64_t load(const uint8_t *at) {
        uint64_t word;
        std::memcpy(&word, at, sizeof word);
        return word;
    }
};

/// Remembers objects by lists of words, of which the first reaches farthest. An object goes by the first list that it is
/// long enough for.
template <typename... Lists> class ObjectMemory {
  public:
    /// The object that starts at `start`; null where it is not remembered. Nothing is read from `end` on.
    RememberedObject *find(const uint8_t *start, const uint8_t *end) const {
        RememberedObject *found = nullptr;
        if (objects_ == nullptr) { return found; }
        (void)(... || ((found = find<Lists>(start, end)) != nullptr));
        return found;
    }

    /// The place for an object of so many bytes, which forgets what it had; null where none is for such a one.
    RememberedObject *room(const uint8_t *start, size_t length) {
        if (objects_ == nullptr) { objects_.reset(new RememberedObject[remembered_objects]); }
        uint64_t mixed = 0;
        const bool has_words = (... || (length >= Lists::reach && ((mixed = Lists::mixed(start)), true)));
        if (!has_words) { return nullptr; }
        RememberedObject *const object = shared(mixed) + (++replaced_ & (sharing - 1));
        object->mixed = mixed;
        object->version = 0;
        return object;
    }

    /// The number of a place.
    uint32_t number(const RememberedObject *object) const { return static_cast<uint32_t>(object - objects_.get()); }

  private:
    static constexpr size_t sharing = 4;
    static_assert(remembered_objects / sharing == 1 << 5, "five bits of a hash choose a place");

    /// The first of the places that objects with these words share.
    RememberedObject *shared(uint64_t mixed) const { return &objects_[mixed >> 59 << 2]; }

    template <typename List> RememberedObject *find(const uint8_t *start, const uint8_t *end) const {
        if (static_cast<size_t>(end - start) < List::reach) { return nullptr; }
        const uint64_t mixed = List::mixed(start);
        RememberedObject *const first = shared(mixed);
        for (RememberedObject *object = first; object < first + sharing; ++object) {
            if (object->mixed == mixed && object->stands_at(start, end)) { return object; }
        }
        return nullptr;
    }

    std::unique_ptr<RememberedObject[]> objects_;
    size_t replaced_ = 0;
};

} // namespace trailhound

#endif
