// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What is wrong with the service's files or surroundings, and goes on being so until somebody mends it: for `status` and
/// the metrics. The log tells each when it comes up.
package final class ServiceProblems: Sendable {
    /// The kinds of problems.
    package enum Name: String, Sendable, CaseIterable {
        /// A revocation list that was there is gone; the last one stays in force.
        case revocationListMissing = "revocation_list_missing"
        /// Certificates or lists in the files can't be used; those before stay in force.
        case certificatesUnusable = "certificates_unusable"
        /// Others than the owner may write into the data directory.
        case dataDirectoryOpen = "data_directory_open"
        /// Fewer connections fit than are configured.
        case fewDescriptors = "few_descriptors"
    }

    /// A problem with its text for a person.
    package struct Problem: Sendable, Hashable {
        package let name: Name
        package let message: String
    }

    private let state = Mutex<[Name: String]>([:])

    package init() {}

    /// All, in the order of their names.
    package var all: [Problem] {
        state.withLock { problems in
            problems.map { Problem(name: $0.key, message: $0.value) }.sorted { $0.name.rawValue < $1.name.rawValue }
        }
    }

    /// There is this problem; nil: there is not.
    package func set(_ name: Name, _ message: String?) { state.withLock { $0[name] = message } }
}
