// SPDX-License-Identifier: Apache-2.0

package import Messages
package import RPC

extension RPCError {
    private static let badRequestURL = "type.googleapis.com/google.rpc.BadRequest"

    /// An error that names the fields at fault, in a google.rpc.BadRequest inside a google.rpc.Status.
    ///
    /// - Parameters:
    ///   - code: The status code; INVALID_ARGUMENT as a rule.
    ///   - message: What is wrong, in a sentence.
    ///   - violations: The fields by their path in the request, for example `payload.records`, each with what is wrong
    ///     with it.
    package init(
        _ code: StatusCode, _ message: String, violations: [GoogleRpc.BadRequest.FieldViolation],
        cause: (any Error)? = nil
    ) {
        let badRequest = GoogleRpc.BadRequest(fieldViolations: violations)
        let status = GoogleRpc.Status(
            code: Int32(clamping: code.rawValue), message: message,
            details: [
                GoogleProtobuf.AnyMessage(typeURL: Self.badRequestURL, value: Bytes(badRequest.encodedBytes()))
            ])
        self.init(code, message, details: status.encodedBytes(), cause: cause)
    }

    /// INVALID_ARGUMENT for one field.
    package static func invalidArgument(_ field: String, _ description: String) -> RPCError {
        RPCError(
            .invalidArgument, "\(field): \(description)", violations: [.init(field: field, description: description)])
    }

    /// What bytes that are no message of the expected type end a call with.
    init(_ error: MessageError) {
        switch error.reason {
        case .invalidUTF8:
            let field = error.name.split(separator: ".").last.map(String.init) ?? error.name
            self.init(
                .invalidArgument, error.description, violations: [.init(field: field, description: "not UTF-8")],
                cause: error)
        case .malformed, .unfoldsTooLarge, .tooLong:
            self.init(.invalidArgument, error.description, cause: error)
        }
    }

    /// The google.rpc.Status that came with the error; nil where there is none or it can't be read.
    package var richStatus: GoogleRpc.Status? {
        guard !details.isEmpty else { return nil }
        return try? GoogleRpc.Status(decoding: details)
    }

    /// The fields at fault, where the peer named some. At most `ContractLimits.fieldViolations`.
    package var fieldViolations: [GoogleRpc.BadRequest.FieldViolation] {
        let found = (richStatus?.details ?? []).lazy.filter { $0.typeURL == Self.badRequestURL }
            .compactMap { any in any.value.withUnsafeBytes { try? GoogleRpc.BadRequest(decoding: $0) } }
            .flatMap(\.fieldViolations)
        return Array(found.prefix(ContractLimits.fieldViolations))
    }
}
