// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Collect
import Contract
import Messages

/// One run of the collector: the stream to the service, and beside it the collection from every source, each on its own.
package final class CollectRun: Sendable {
    /// What was asked for.
    package struct Plan: Sendable {
        /// The only source; nil for those that onboarding recorded.
        package var source: CollectSource?
        /// The days of the history, as folders write them; nil for none.
        package var days: [String]?
        /// The folder of the collector's state.
        package var state: String
        package var visibility: Duration
        package var interval: Duration
        /// End when there is nothing left to do.
        package var isOnce: Bool
        /// Validate the digests of what is collected.
        package var validates: Bool
        /// Time between two reports of progress.
        package var reportInterval = CollectLimits.reportInterval

        /// True for a run that ends by itself.
        var ends: Bool { isOnce || days != nil && source?.queueURL == nil }
    }

    /// What has been done.
    package let report: CollectReport
    let plan: Plan
    let sink: ServiceSink
    let aside: AsideFolder
    let permits = Permits()
    let gauges = QueueGauges()
    /// The places that onboarding recorded, looked up anew.
    private let entries = SourceRegistry()
    private let client: AWSClient
    private let session: Session
    private let voice: CollectVoice
    private let lock: StateLock?

    /// - Throws: a `Failure` where the state's folder can't be used.
    package init(_ plan: Plan, client: AWSClient, session: Session, voice: CollectVoice) throws {
        self.plan = plan
        self.client = client
        self.session = session
        self.voice = voice
        report = voice.report()
        sink = ServiceSink(session: session, report: report)
        do {
            // Several collectors of one queue need nothing that is kept; a listing's memory is one collector's.
            let needsMemory = plan.source.map { $0.bucket != nil } ?? true
            lock = needsMemory ? try StateLock(folder: plan.state) : nil
            aside = try AsideFolder(path: plan.state + "/aside")
        } catch {
            throw Failure("\(error)")
        }
    }

    /// Collects until the task is cancelled, or everything is done where that can be.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask { [sink] in
                try await sink.run()
                return false
            }
            group.addTask { [self] in
                try await reportProgress()
                return false
            }
            group.addTask { [self] in
                if let source = plan.source {
                    voice.note("collecting from \(source.text)")
                    let state = "\(plan.state)/\(source.bucket ?? "")"
                    try await SourceCollection(source, of: self, client: client, state: state).run()
                } else {
                    try await collectOnboarded()
                }
                return true
            }
            defer { group.cancelAll() }
            while let isWork = try await group.next(), !isWork {}
        }
    }

    // MARK: Onboarded accounts

    private func collectOnboarded() async throws {
        let tally = OnboardedTally()
        try await withThrowingTaskGroup(of: Void.self) { group in
            var told: Set<String> = []
            var isFirst = true
            while true {
                do {
                    let sources = try await onboarded()
                    for account in sources.without where told.insert(account).inserted {
                        let text =
                            "account \(account): neither a bucket nor a queue is recorded: trailhound account update "
                            + "\(account) --bucket NAME or --queue URL"
                        report.trouble(text)
                        tally.fail(text)
                    }
                    for entry in entries.replace(sources.entries) {
                        voice.note("collecting for \(entry.text)")
                        group.addTask { [self] in try await collect(entry.place, tally) }
                    }
                } catch let error as Failure where !isFirst {
                    // The service is away for a while: what is collected already goes on.
                    report.trouble(error.message)
                }
                guard !plan.ends else { break }
                isFirst = false
                // Accounts that are onboarded meanwhile are collected too.
                try await Task.sleep(for: Limits.onboardedInterval)
            }
            try await group.waitForAll()
        }
        try tally.check()
    }

    private func onboarded() async throws -> OnboardedSources {
        let accounts = try await session.call(AccountService.listAccounts, ListAccountsRequest()).accounts
        guard !accounts.isEmpty else {
            throw Failure("no account is onboarded: trailhound account onboard ACCOUNT --bucket NAME")
        }
        let sources = OnboardedSources(accounts)
        guard !sources.entries.isEmpty else {
            throw Failure(
                "no onboarded account has a bucket or a queue: trailhound account update ACCOUNT --bucket NAME")
        }
        return sources
    }

    /// Collects from one place for as long as it is recorded; its failures are told and stop no other.
    private func collect(_ place: CollectSource, _ tally: OnboardedTally) async throws {
        var pause = Limits.firstSourcePause
        var attempt = 0
        while let entry = entries.entry(place) {
            let access = entry.access[attempt % entry.access.count]
            attempt += 1
            do {
                let isChanged = try await collect(entry, access)
                guard isChanged else { return tally.succeed() }
                attempt = 0
                continue
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                try Task.checkCancellation()
                let explained = CollectCommand.explained(error)
                let text = "\(entry.text): \((explained as? Failure)?.message ?? "\(explained)")"
                report.trouble(text)
                if plan.ends {
                    // Another account's role may be let in where this one's is not.
                    let isOver = attempt >= entry.access.count || !((error as? AWSError)?.needsMending ?? false)
                    if isOver { return tally.fail(text) }
                    continue
                }
            }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, Limits.longestSourcePause)
        }
    }

    /// Collects from a source until it is done, or what is recorded of it has changed: true then.
    private func collect(_ entry: OnboardedSources.Entry, _ access: OnboardedSources.Access) async throws -> Bool {
        let collection = SourceCollection(
            entry.source, of: self, client: client(access), state: state(of: entry.source))
        if plan.ends {
            try await collection.run()
            return false
        }
        return try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await collection.run()
                return false
            }
            group.addTask { [entries] in
                while entries.entry(entry.place) == entry { try await Task.sleep(for: Limits.changeInterval) }
                return true
            }
            defer { group.cancelAll() }
            return try await group.next() ?? false
        }
    }

    private func client(_ access: OnboardedSources.Access) -> AWSClient {
        let base = client.with(region: access.region.isEmpty ? nil : access.region)
        guard !access.roleARN.isEmpty else { return base }
        return base.assuming(
            STS.RoleRequest(
                roleARN: access.roleARN, sessionName: "trailhound-collector",
                externalID: access.externalID.isEmpty ? nil : access.externalID))
    }

    /// A bucket's trails have a memory each, by their prefixes.
    private func state(of source: CollectSource) -> String {
        let prefix = source.keyPrefix.isEmpty ? "" : "+" + PercentEncoding.encode(source.keyPrefix)
        return "\(plan.state)/\(source.bucket ?? "")\(prefix)"
    }

    // MARK: Progress

    /// Reports again and again: at every interval where something has changed, else more seldom.
    private func reportProgress() async throws {
        var last: CollectTotals?
        var quiet = 0
        while true {
            try await Task.sleep(for: plan.reportInterval)
            let totals = report.totals
            quiet += 1
            guard totals != last || quiet >= CollectLimits.quietIntervals else { continue }
            (last, quiet) = (totals, 0)
            voice.progress(await progress(totals))
        }
    }

    private func progress(_ totals: CollectTotals) async -> CollectProgress {
        let newest = await sink.newestEvent(totals.accounts)
        return CollectProgress(
            totals, messages: await gauges.waiting(),
            newestEventAge: newest.map { Int(max(0, SystemClock.now().milliseconds - $0) / 1_000) })
    }
}
