// SPDX-License-Identifier: Apache-2.0

/// Types of HTTP/2 frames.
enum FrameType {
    static let data: UInt8 = 0
    static let headers: UInt8 = 1
    static let priority: UInt8 = 2
    static let reset: UInt8 = 3
    static let settings: UInt8 = 4
    static let ping: UInt8 = 6
    static let goAway: UInt8 = 7
    static let windowUpdate: UInt8 = 8
    static let continuation: UInt8 = 9
}

/// Flags of HTTP/2 frames.
enum FrameFlag {
    static let endStream: UInt8 = 1
    static let padded: UInt8 = 8
    static let ack: UInt8 = 1
}
