// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// What operators changed about detections, over what the rules' authors set: everywhere, and for single accounts.
/// A value; the service keeps it in its journal and compiles it into a `DetectionPlan`.
package struct Tuning: Sendable, Equatable {
    /// What is changed of one detection; nil leaves what is set further out.
    package struct Setting: Sendable, Equatable {
        /// Whether it runs. True for one that is off by default is an opt-in.
        package var enabled: Bool?
        /// What its alerts are worth here.
        package var severity: Severity?
        /// Whether it is on trial: its matches are counted and shown, and make no alert.
        package var onTrial: Bool?

        package init(enabled: Bool? = nil, severity: Severity? = nil, onTrial: Bool? = nil) {
            (self.enabled, self.severity, self.onTrial) = (enabled, severity, onTrial)
        }

        /// Whether nothing is changed.
        package var isEmpty: Bool { self == Setting() }

        /// What is set here, else what is set there.
        func over(_ outer: Setting) -> Setting {
            Setting(
                enabled: enabled ?? outer.enabled, severity: severity ?? outer.severity,
                onTrial: onTrial ?? outer.onTrial)
        }
    }

    /// How a detection stands in an account.
    package struct Standing: Sendable, Equatable {
        package let isEnabled: Bool
        package let severity: Severity
        package let isOnTrial: Bool
    }

    /// For all accounts, by detection.
    package private(set) var everywhere: [String: Setting] = [:]
    /// For single accounts, by detection.
    package private(set) var accounts: [AccountID: [String: Setting]] = [:]
    /// In the order in which they were made.
    package private(set) var exceptions: [DetectionException] = []

    package init() {}

    /// What is set of a detection: everywhere where no account is named.
    package func setting(_ detectionID: String, in account: AccountID? = nil) -> Setting {
        (account.map { accounts[$0] ?? [:] } ?? everywhere)[detectionID] ?? Setting()
    }

    /// Sets what is changed of a detection.
    package mutating func set(_ setting: Setting, of detectionID: String, in account: AccountID? = nil) {
        let value = setting.isEmpty ? nil : setting
        guard let account else {
            everywhere[detectionID] = value
            return
        }
        accounts[account, default: [:]][detectionID] = value
        if accounts[account]?.isEmpty == true { accounts[account] = nil }
    }

    /// Adds an exception, in place of one of the same id.
    package mutating func add(_ exception: DetectionException) {
        remove(exception: exception.id)
        exceptions.append(exception)
    }

    /// Puts an exception in the place of the one of the same id; nothing where there is none.
    package mutating func replace(_ exception: DetectionException) {
        guard let place = exceptions.firstIndex(where: { $0.id == exception.id }) else { return }
        exceptions[place] = exception
    }

    /// Takes an exception back. Returns whether there was one.
    @discardableResult
    package mutating func remove(exception id: String) -> Bool {
        let before = exceptions.count
        exceptions.removeAll { $0.id == id }
        return exceptions.count < before
    }

    /// How a detection stands in an account, or where no account says otherwise.
    package func standing(of detection: Detection, in account: AccountID? = nil) -> Standing {
        var setting = everywhere[detection.id] ?? Setting()
        if let account, let own = accounts[account]?[detection.id] { setting = own.over(setting) }
        return Standing(
            isEnabled: setting.enabled ?? detection.enabledByDefault, severity: setting.severity ?? detection.severity,
            isOnTrial: setting.onTrial ?? false)
    }

    /// The accounts in which a detection stands otherwise.
    package func accounts(tuning detectionID: String) -> [AccountID] {
        accounts.filter { $0.value[detectionID] != nil }.keys.sorted()
    }

    /// Whether somebody switched a detection on by hand: in an account, or for those that say nothing else.
    func isSwitchedOn(_ detectionID: String, in account: AccountID?) -> Bool {
        let own = account.flatMap { accounts[$0]?[detectionID]?.enabled }
        return own ?? everywhere[detectionID]?.enabled ?? false
    }

    /// Whether somebody switched a detection on by hand anywhere.
    func isSwitchedOnAnywhere(_ detectionID: String) -> Bool {
        isSwitchedOn(detectionID, in: nil) || accounts.values.contains { $0[detectionID]?.enabled == true }
    }

    /// Whether a detection runs anywhere.
    func runsAnywhere(_ detection: Detection) -> Bool {
        standing(of: detection).isEnabled || accounts.values.contains { $0[detection.id]?.enabled == true }
    }
}
