// SPDX-License-Identifier: Apache-2.0

/// A gRPC status code. Open: a peer may send numbers that have no name here.
public struct StatusCode: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The number on the wire.
    public var rawValue: Int

    /// The code with this number.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Success.
    public static let ok = StatusCode(rawValue: 0)
    /// The caller cancelled the call.
    public static let cancelled = StatusCode(rawValue: 1)
    /// An error about which nothing is known here.
    public static let unknown = StatusCode(rawValue: 2)
    /// The argument is wrong in any state of the service.
    public static let invalidArgument = StatusCode(rawValue: 3)
    /// The deadline passed first.
    public static let deadlineExceeded = StatusCode(rawValue: 4)
    /// The thing asked for is not there.
    public static let notFound = StatusCode(rawValue: 5)
    /// The thing to make is there already.
    public static let alreadyExists = StatusCode(rawValue: 6)
    /// The caller is known and may not do this.
    public static let permissionDenied = StatusCode(rawValue: 7)
    /// A quota or a limit is used up.
    public static let resourceExhausted = StatusCode(rawValue: 8)
    /// The system is not in the state that the call needs.
    public static let failedPrecondition = StatusCode(rawValue: 9)
    /// Given up because of a conflict; the caller may start again.
    public static let aborted = StatusCode(rawValue: 10)
    /// Past the valid range.
    public static let outOfRange = StatusCode(rawValue: 11)
    /// The method is not served.
    public static let unimplemented = StatusCode(rawValue: 12)
    /// Something that must hold does not.
    public static let internalError = StatusCode(rawValue: 13)
    /// The service can't be reached now; the caller may try again.
    public static let unavailable = StatusCode(rawValue: 14)
    /// Data was lost.
    public static let dataLoss = StatusCode(rawValue: 15)
    /// The caller is not known.
    public static let unauthenticated = StatusCode(rawValue: 16)

    /// The name in gRPC's documentation, or the number.
    public var description: String {
        Self.names.indices.contains(rawValue) ? Self.names[rawValue] : "CODE_\(rawValue)"
    }

    private static let names = [
        "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
        "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
        "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
    ]
}
