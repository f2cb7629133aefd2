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
        uint32_t tokens = 0;
        uint64_t version = 0; // of the bytes: no other memory's bytes have it; 0: nothing is remembered here

        /// Whether this very object starts at `start`. Nothing is read from `end` on.
        bool stands_at(const uint8_t *start, const uint8_t *end) const {
            return version != 0 && bytes.size() <= static_cast<size_t>(end - start)
                && std::memcmp(start, bytes.data(), bytes.size()) == 0;
        }
    };

    static constexpr size_t places = 64;
    static constexpr size_t sharing = 4;
    /// The largest object that is remembered.
    static constexpr size_t object_bytes = 4096;
    /// The same of one that was passed over: a longer one is not often met again.
    static constexpr size_t skipped_bytes = 512;

    /// The place of the object that starts at `start`, or where nothing of its bytes is remembered, the place to remember
    /// it in. Objects share places by the bytes from `offset` on; null where too few follow to tell.
    Object *place(const uint8_t *start, const uint8_t *end, size_t offset) {
        if (static_cast<size_t>(end - start) < offset + 24) { return nullptr; }
        if (objects_ == nullptr) { objects_.reset(new Object[places]); }
        uint64_t words[3];
        std::memcpy(words, start + offset, sizeof words);
        const uint64_t mixed = (words[0] ^ (words[1] << 21 | words[1] >> 43) ^ (words[2] << 42 | words[2] >> 22));
        Object *const shared = &objects_[(mixed * UINT64_C(0x9E3779B97F4A7C15)) >> 60 << 2];
        for (Object *object = shared; object < shared + sharing; ++object) {
            if (object->stands_at(start, end)) { return object; }
        }
        return shared + (++replaced_ & (sharing - 1));
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
    std::unique_ptr<Object[]> objects_;
    size_t replaced_ = 0;
    static inline std::atomic<uint64_t> memories_{0};
    uint64_t last_version_ = ++memories_ << 40;
};

} // namespace trailhound

#endif
