// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail
import Synchronization

/// Collects by a queue of notifications: receives messages, delivers the log files that each names, and deletes it once
/// the service has acknowledged them all. Any number of collectors can share a queue.
///
/// A message stays hidden from the others while work on it goes on. Where a file can't be read now, its message is
/// hidden for a while and comes again; where it never can, the message goes aside. Backpressure: while as many messages
/// are held as may be, none is received; what slows the service therefore slows this.
package final class QueueCollector: Sendable {
    /// How to collect.
    package struct Settings: Sendable {
        /// For how long each asking hides a message.
        package var visibility = CollectLimits.visibility
        /// How long one call waits for messages.
        package var wait = CollectLimits.receiveWait
        /// End when the queue gives nothing and nothing is held.
        package var endsWhenEmpty = false
        /// Leave what is poison in the queue, whose redrive policy moves it on; otherwise it is deleted once it is in
        /// the folder. nil asks the queue whether it has such a policy.
        package var leavesPoison: Bool?

        package init() {}
    }

    private let queue: SQS
    private let delivery: FileDelivery
    private let aside: AsideFolder
    private let report: CollectReport
    private let settings: Settings
    private let deletions: Deletions
    private let ledger: Mutex<MessageLedger>
    /// The log files that this run could not read, where it ends with the queue.
    private let unread = Mutex(UnreadFiles())
    /// The messages that this run has left in the queue; asked for only where the run ends with the queue.
    private let left = Mutex<Set<String>>([])
    /// What was held when the queue first had no more to give, and is held still; nil before that.
    private let backlog = Mutex<Set<String>?>(nil)
    private let clock: AWSClock
    private let observe: @Sendable (ObjectLocation) -> Void

    /// - Parameter observe: Hears of each log file that a message names.
    package init(
        queue: SQS, delivery: FileDelivery, aside: AsideFolder, report: CollectReport,
        settings: Settings = Settings(), clock: AWSClock = .system,
        observe: @escaping @Sendable (ObjectLocation) -> Void = { _ in }
    ) {
        self.queue = queue
        self.delivery = delivery
        self.aside = aside
        self.report = report
        self.settings = settings
        self.clock = clock
        self.observe = observe
        deletions = Deletions(queue: queue, report: report)
        ledger = Mutex(MessageLedger(visibility: settings.visibility))
    }

    /// Whether everything has been dealt with that was in the queue when this began. What other collectors of the queue
    /// hold is not known here.
    package var isCaughtUp: Bool { backlog.withLock { $0?.isEmpty ?? false } }

    /// Collects until the task is cancelled, or the queue is empty where that was asked for.
    ///
    /// - Throws: `AWSError` where the queue can't be received from at the first call, `SinkError` where the service
    ///   takes nothing, `UnreadFiles` where log files can't be read and the run ends with the queue, and
    ///   `CancellationError`.
    package func run() async throws {
        let leavesPoison = try await decideOnPoison()
        do {
            try await withThrowingTaskGroup(of: Void.self) { group in
                let custody = Task { await self.keepHidden() }
                defer { custody.cancel() }
                try await receive(leavesPoison: leavesPoison, &group)
            }
        } catch {
            await giveBack()
            throw error
        }
        let unread = unread.withLock { $0 }
        if unread.count > 0 { throw unread }
    }

    /// Messages that wait in the queue, hidden ones included; nil where it can't be asked.
    package func waiting() async -> Int? {
        guard let attributes = try? await queue.attributes() else { return nil }
        return Self.waiting(attributes)
    }

    private static func waiting(_ attributes: [String: String]) -> Int {
        let count = { (name: String) in attributes["ApproximateNumberOfMessages" + name].flatMap { Int($0) } ?? 0 }
        return count("") + count("NotVisible")
    }

    private func decideOnPoison() async throws -> Bool {
        if let leavesPoison = settings.leavesPoison { return leavesPoison }
        let attributes = try await queue.attributes()
        return attributes["RedrivePolicy"].map { !$0.isEmpty } ?? false
    }

    private func receive(leavesPoison: Bool, _ group: inout ThrowingTaskGroup<Void, any Error>) async throws {
        var pauses = Pauses()
        var hasReceived = false
        while true {
            // Whole batches cost a tenth of the calls.
            while held > CollectLimits.messagesHeld - CollectLimits.messagesPerCall { try await group.next() }
            try Task.checkCancellation()
            let messages: [SQS.Message]
            do {
                messages = try await queue.receiveMessages(
                    max: CollectLimits.messagesPerCall, wait: settings.wait, visibility: settings.visibility)
            } catch let error as AWSError {
                guard hasReceived || error.isTransient else { throw error }
                report.trouble("\(error)")
                try await clock.sleep(pauses.pause())
                continue
            }
            hasReceived = true
            pauses.reset()
            let now = clock.instant()
            ledger.withLock { ledger in for message in messages { ledger.take(message.receiptHandle, at: now) } }
            if messages.count < CollectLimits.messagesPerCall {
                let handles = ledger.withLock { $0.handles }
                backlog.withLock { backlog in if backlog == nil { backlog = Set(handles) } }
            }
            report.count { $0.received += messages.count }
            for message in messages { group.addTask { try await self.handle(message, leavesPoison: leavesPoison) } }
            guard settings.endsWhenEmpty, messages.isEmpty else { continue }
            if held > 0 {
                try await group.next()
            } else if try await isEmpty() {
                return try await group.waitForAll()
            } else {
                try await clock.sleep(.milliseconds(200))
            }
        }
    }

    /// Whether nothing is in the queue, hidden messages included: some may be another collector's that died. What is
    /// left to a redrive policy is hidden, and not waited for.
    private func isEmpty() async throws -> Bool {
        Self.waiting(try await queue.attributes()) <= left.withLock { $0.count }
    }

    private var held: Int { ledger.withLock { $0.count } }

    private func handle(_ message: SQS.Message, leavesPoison: Bool) async throws {
        switch Notification(message.body) {
        case .nothing: break
        case .poison(let reason):
            return await setAside(message, reason, isLeft: leavesPoison)
        case .objects(let objects):
            for object in objects {
                observe(object)
                switch try await delivery.deliver(object, lane: .live) {
                case .delivered: break
                case .retry(let reason): return await postpone(message, reason)
                case .blocked(let reason):
                    // A run that ends does not wait for who mends it: it tells the reason at its end.
                    if settings.endsWhenEmpty, left.withLock({ $0.insert(message.messageID).inserted }) {
                        unread.withLock { $0.add(reason) }
                    }
                    return await postpone(message, reason)
                case .poison(let reason):
                    return await setAside(message, "\(object): \(reason)", isLeft: leavesPoison)
                }
            }
        }
        await deletions.delete(message.receiptHandle)
        settle(message)
    }

    private func settle(_ message: SQS.Message) {
        ledger.withLock { $0.settle(message.receiptHandle) }
        backlog.withLock { _ = $0?.remove(message.receiptHandle) }
    }

    /// Hides the message for longer with each time that it comes, and leaves it.
    private func postpone(_ message: SQS.Message, _ reason: String) async {
        report.trouble(reason)
        let doubled = CollectLimits.retryPause * (1 << min(max(message.receiveCount - 1, 0), 6))
        settle(message)
        try? await queue.changeVisibility(
            message.receiptHandle, to: min(doubled, CollectLimits.longestRetryPause))
    }

    private func setAside(_ message: SQS.Message, _ reason: String, isLeft: Bool) async {
        do {
            try aside.put(
                AsideFolder.Item(
                    at: EventTime.format(Milliseconds(clock.now().timeIntervalSince1970 * 1_000)), reason: reason,
                    source: message.messageID, body: message.body))
        } catch {
            // It is nowhere but in the queue, so there it stays.
            return await postpone(message, "message \(message.messageID) can't be set aside: \(error)")
        }
        report.count { $0.aside += 1 }
        report.trouble("message \(message.messageID) set aside: \(reason)")
        if isLeft {
            if settings.endsWhenEmpty { left.withLock { _ = $0.insert(message.messageID) } }
        } else {
            await deletions.delete(message.receiptHandle)
        }
        settle(message)
    }

    /// Hides what is held for longer, as long as this runs.
    private func keepHidden() async {
        let pause = max(settings.visibility / 8, .milliseconds(100))
        while !Task.isCancelled {
            try? await clock.sleep(pause)
            let due = ledger.withLock { $0.due(at: clock.instant()) }
            for handle in due where !Task.isCancelled {
                let now = clock.instant()
                do {
                    try await queue.changeVisibility(handle, to: settings.visibility)
                    ledger.withLock { $0.extended(handle, at: now) }
                } catch {
                    report.trouble("a message could not be kept hidden: \(error)")
                }
            }
        }
    }

    /// Makes what is still held visible to others at once.
    private func giveBack() async {
        let handles = ledger.withLock { $0.handles }
        guard !handles.isEmpty else { return }
        let queue = queue
        // The task is cancelled already, and these calls are to be made all the same.
        await Task {
            await withTaskGroup(of: Void.self) { group in
                for handle in handles { group.addTask { try? await queue.changeVisibility(handle, to: .zero) } }
            }
        }.value
    }
}
