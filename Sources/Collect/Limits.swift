// SPDX-License-Identifier: Apache-2.0

import CloudTrail

/// Every limit on what a collector takes, holds and waits for.
package enum CollectLimits {
    // Messages

    /// The largest message. SQS's own limit is 1 MiB.
    package static let messageBytes = 1 << 20

    /// How many SNS envelopes may be around a notification.
    package static let envelopes = 3

    /// The most objects that one message may name.
    package static let objectsPerMessage = 10_000

    /// Messages that one collector holds at the same time.
    package static let messagesHeld = 40

    /// Messages that one call receives; SQS gives no more.
    package static let messagesPerCall = 10

    /// For how long a received message is hidden from other collectors, unless it is asked for longer in time.
    package static let visibility: Duration = .seconds(120)

    /// A held message's visibility is asked for anew when it has less than this left.
    package static let visibilityMargin: Duration = .seconds(60)

    /// SQS hides no message for longer than twelve hours in all; one that is held nearly so long is given up.
    package static let custody: Duration = .seconds(11 * 3_600)

    /// How long one call waits for messages.
    package static let receiveWait: Duration = .seconds(20)

    /// The shortest and the longest time that a message is hidden whose object can't be read now.
    package static let retryPause: Duration = .seconds(15)
    package static let longestRetryPause: Duration = .seconds(900)

    /// How long deletions are gathered, and how many one call takes.
    package static let deletionLinger: Duration = .milliseconds(100)
    package static let deletionsPerCall = 10

    // Log files

    /// The largest log file as it is stored; the service takes requests of 16 MiB.
    package static let logFileBytes = 15 << 20

    /// Log files between the beginning of their download and their acknowledgement. With `logFileBytes` it bounds
    /// the collector's memory.
    package static let filesInFlight = 8

    /// How long after the oldest log file under way the newest may have been delivered, in milliseconds. With the quarter
    /// of an hour that CloudTrail takes to deliver an event it stays well below the hour by which an event may be late.
    package static let span: Milliseconds = 20 * 60_000

    /// How many of these may be history's: live ones go first.
    package static let historicalFilesInFlight = 2

    /// History waits while the service has more batches than this in its queues.
    package static let historicalQueue = 8

    /// Between two looks at whether history may go on.
    package static let historicalPause: Duration = .seconds(1)

    /// The longest that SQS keeps a message. Beside a queue, history leaves the files of so many days until the queue
    /// has been caught up with: they may be in it, and are live.
    package static let queueRetentionDays = 14

    // Listing

    /// Between the beginnings of two passes over the recent days.
    package static let pollInterval: Duration = .seconds(60)

    /// Days that each pass lists: today's folder and those before it.
    package static let recentDays = 2

    /// Days that the deep passes list. CloudTrail retries deliveries for 30 days.
    package static let lateDays = 31

    /// Between two deep passes, and between two looks for new accounts and regions.
    package static let deepInterval: Duration = .seconds(3_600)

    /// Files that were written longer than this before the collector's first start are history, for a backfill.
    package static let startMarginSeconds = 86_400.0

    /// Names of log files that are remembered: 8 bytes each on disk, some 24 in memory.
    package static let seenNames = 8_000_000

    /// Log files of one day that are brought into order at a time: some 200 bytes each.
    package static let orderedFiles = 200_000

    /// Folders of one bucket: accounts times regions times kinds.
    package static let folders = 100_000

    /// Days that one backfill may span: ten years.
    package static let backfillDays = 3_660

    /// How often a backfill tries the days in which something could not be read.
    package static let backfillPasses = 3

    // Aside

    /// Files in the folder of what was set aside; beyond them messages stay in the queue.
    package static let asideFiles = 10_000

    // Reports

    /// Between two reports of what a running collector has done.
    package static let reportInterval: Duration = .seconds(10)

    /// A collector that has nothing new to report says so after as many intervals.
    package static let quietIntervals = 6

    /// Names that one sentence tells, and folders that are looked into for them.
    package static let namesTold = 10
    package static let foldersTold = 10

    // Trouble

    /// The first and the longest pause after a failure of the queue or the bucket.
    package static let firstPause: Duration = .seconds(1)
    package static let longestPause: Duration = .seconds(30)

    // Validation

    /// Between two validations of the digests, and how far back each looks.
    package static let validationInterval: Duration = .seconds(3_600)
    package static let validationHours = 6

    /// Chains (accounts times regions) that a running collector validates.
    package static let validatedFolders = 10_000
}
