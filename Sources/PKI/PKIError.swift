// SPDX-License-Identifier: Apache-2.0

internal import CPKI

/// Why a certificate or key could not be made, read or written.
package struct PKIError: Error, Equatable, Sendable, CustomStringConvertible {
    /// One line for a person.
    package var description: String

    /// An error with its text.
    package init(_ description: String) {
        self.description = description
    }

    /// An error of OpenSSL: what failed, and the reason that OpenSSL's error queue gives, which is emptied.
    static func openSSL(_ what: String) -> PKIError {
        let code = ERR_peek_last_error()
        ERR_clear_error()
        guard code != 0, let reason = ERR_reason_error_string(code) else { return PKIError("\(what) failed") }
        return PKIError("\(what) failed: \(String(cString: reason))")
    }
}

/// The pointer that an OpenSSL function returned, or an error where it returned none.
func checked<Pointer>(_ pointer: Pointer?, _ what: String) throws(PKIError) -> Pointer {
    guard let pointer else { throw PKIError.openSSL(what) }
    return pointer
}

/// Throws where an OpenSSL function did not return success (1, or a positive length).
func checked(_ status: Int32, _ what: String) throws(PKIError) {
    guard status > 0 else { throw PKIError.openSSL(what) }
}
