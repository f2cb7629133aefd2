// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// A revision of an alert as subscribers get it: encoded by the first that sends it, and lent to the others. It goes with
/// the revision's place in `AlertTail`, and before that when enough newer ones have come.
package final class EncodedAlert: Sendable {
    private enum State {
        case unmade
        /// With the links into the console for this role.
        case made(ByteBuffer, consoleRole: String)
        /// Nothing is kept any more.
        case retired
    }

    private let state = Mutex(State.unmade)

    /// Not encoded yet.
    package init() {}

    /// The bytes of a response, with links for the role; nil where they have to be made.
    package func bytes(consoleRole: String) -> ByteBuffer? {
        state.withLock { state in
            guard case .made(let bytes, consoleRole) = state else { return nil }
            return bytes
        }
    }

    /// Keeps bytes that were made, for others; not of a revision that is old already.
    package func keep(_ bytes: ByteBuffer, consoleRole: String) {
        state.withLock { state in
            if case .retired = state { return }
            state = .made(bytes, consoleRole: consoleRole)
        }
    }

    /// Lets go of the bytes.
    package func retire() { state.withLock { $0 = .retired } }
}
