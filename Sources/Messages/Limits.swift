// SPDX-License-Identifier: Apache-2.0

/// The bounds of decoding. The transport bounds a message's size on the wire; these bound what it unfolds to.
package enum MessageLimits {
    /// Memory that any message may unfold to, however short it is on the wire.
    package static let arenaBytesAlways = 1 << 20
    /// Memory that a message may unfold to for each of its bytes on the wire, beyond `arenaBytesAlways`.
    ///
    /// Two bytes on the wire can make an empty element of a repeated field, which takes a structure of hundreds of
    /// bytes: without this bound a 4 MiB message would take a gigabyte. Records and log files take little more than 1.
    package static let arenaBytesPerWireByte = 8
    /// The longest message that is decoded at all: protobuf's own limit, 2 GiB - 1.
    package static let wireBytes = Int(Int32.max)
    /// Stack memory that decoding and encoding use before they turn to the heap. Swift takes up to 1 KiB from the stack.
    static let stackChunkBytes = 1024
    /// The first heap chunk where nothing better is known; each further one is twice as large.
    static let heapChunkBytes = 4 << 10
    /// Where the doubling of heap chunks ends.
    static let heapChunkBytesMost = 256 << 10
}
