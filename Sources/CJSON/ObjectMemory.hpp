// SPDX-License-Identifier: Apache-2.0
//
// Objects that were read lately, known again by their bytes: who calls is told in the same words by record after record.
//
// Why the bytes are enough: an object's structure and values follow from its bytes alone, and bytes that begin with those
// of a whole object are that object. One that is known has therefore been checked.

#ifndef TH_OBJECT_MEMORY_HPP
#define TH_OBJECT_MEMORY_HPP

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <vector>

namespace trailhound {

class ObjectMemory {
  public:
    /// What a slot got of an object.
    struct Value {
        uint32_t slot;
        uint32_t offset; // from the object's first byte
        uint32_t length;
        uint8_t kind;
    };

    struct Object {
        std::vector<uint8_t> bytes;
        std::vector<Value> values;
        std::vector<Value> objects; // those of `values` that are objects
        uint32_t tokens = 0;
        uint64_t version = 0; // of the bytes: no other memory's bytes have it; 0: nothing is remembered here

        /// Whether this very object starts at `start`. Nothing is read from `end` on.
        bool stands_at(const uint8_t *start, const uint8_t *end) const {
            return version != 0 && bytes.size() <= static_cast<size_t>(end - start)
                && std::memcmp(start, bytes.data(), bytes.size()) == 0;
        }
    };

    static constexpr size_t places = 128;
    static constexpr size_t sharing = 4;
    /// The largest object that is remembered.
    static constexpr size_t object_bytes = 4096;
    /// The same of one that was passed over: a longer one is not often met again.
    static constexpr size_t skipped_bytes = 512;

    /// Where the words stand by which objects share places: those in which objects of the kind differ. An object goes by
    /// the last of these lists that it is long enough for.
    using Words = std::initializer_list<size_t>;
    explicit ObjectMemory(std::initializer_list<Words> lists) : lists_(lists.begin(), lists.end()) {}

    /// The object that starts at `start`; null where it is not remembered. Nothing is read from `end` on.
    Object *find(const uint8_t *start, const uint8_t *end) {
        if (objects_ == nullptr) { return nullptr; }
        for (auto list = lists_.rbegin(); list != lists_.rend(); ++list) {
            if (static_cast<size_t>(end - start) < list->reach) { continue; }
            Object *const shared = &objects_[list->place(start)];
            for (Object *object = shared; object < shared + sharing; ++object) {
                if (object->stands_at(start, end)) { return object; }
            }
        }
        return nullptr;
    }

    /// The place for an object of so many bytes, which forgets what it had; null where none is for such a one.
    Object *room(const uint8_t *start, size_t length) {
        if (objects_ == nullptr) { objects_.reset(new Object[places]); }
        for (auto list = lists_.rbegin(); list != lists_.rend(); ++list) {
            if (length < list->reach) { continue; }
            Object *const object = &objects_[list->place(start) + (++replaced_ & (sharing - 1))];
            object->version = 0;
            return object;
        }
        return nullptr;
    }

    /// The number of a place.
    uint32_t number(const Object *object) const { return static_cast<uint32_t>(object - objects_.get()); }

    /// Takes an object's bytes up, which had so many tokens.
    void keep(Object &object, const uint8_t *start, size_t length, uint32_t tokens) {
        object.bytes.assign(start, start + length);
        object.tokens = tokens;
        object.version = ++last_version_;
    }

  private:
    static_assert(places / sharing == 1 << 5, "five bits of a hash choose a place");

    struct List {
        std::vector<size_t> words;
        size_t reach; // behind the last of the words

        List(Words offsets) : words(offsets), reach(*(offsets.end() - 1) + sizeof(uint64_t)) {}

        /// The first of the places that objects with these words share.
        size_t place(const uint8_t *start) const {
            uint64_t mixed = 0;
            for (const size_t offset : words) {
                uint64_t word;
                std::memcpy(&word, start + offset, sizeof word);
                mixed = (mixed << 11 | mixed >> 53) ^ word;
            }
            return (mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 59 << 2;
        }
    };

    const std::vector<List> lists_;
    std::unique_ptr<Object[]> objects_;
    size_t replaced_ = 0;
    static inline std::atomic<uint64_t> memories_{0};
    uint64_t last_version_ = ++memories_ << 40;
};

} // namespace trailhound

#endif
