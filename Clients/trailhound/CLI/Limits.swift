// SPDX-License-Identifier: Apache-2.0

/// Every limit of the command-line client.
package enum Limits {
    // Output

    /// Bytes of standard output that are collected before they are written.
    package static let outputBuffer = 64 * 1024
    /// A terminal that says it is narrower than this many columns isn't believed.
    package static let narrowestTerminal = 20
    /// The columns assumed of a terminal that doesn't tell.
    package static let assumedTerminalWidth = 80
    /// The width of a title on a line of `alerts tail` that no terminal bounds.
    package static let widestTitle = 4096
    /// How many of the newest alerts a shortened id is looked for among.
    package static let resolvedAlerts = 10_000
    /// Time between two drawings of the progress bar.
    package static let progressInterval = Duration.milliseconds(100)
    /// Rejections that `submit` shows for each reason.
    package static let shownRejectionsPerReason = 3
    /// Rejections that `submit -o json` lists in all.
    package static let listedRejections = 1000

    // Files

    /// How deep folders are followed.
    package static let folderDepth = 64
    /// Bytes read from a file at once.
    package static let readChunk = 256 * 1024
    /// Bytes of a cursor.
    package static let cursor = 1024

    // Submission

    /// A log file of at most this many bytes is sent as it is; a larger one is split into records first. It leaves
    /// room for the rest of the message below gRPC's usual limit of 4 MiB.
    package static let wholeFile: UInt64 = 3 * 1024 * 1024
    /// A compressed log file that says it holds more than this is decompressed and split here, so that no single
    /// request asks too much of the service.
    package static let wholeFileDecompressed: UInt64 = 16 * 1024 * 1024
    /// A gzip file of at most this many bytes can't hold more than the service reads, as long as it expands as log files do.
    package static let wholeCompressedFile: UInt64 = 256 * 1024
    /// How many times a larger one expands: CloudTrail's 10 to 30 times. Where its trailer says otherwise, it has several
    /// members or is damaged.
    package static let usualExpansion: ClosedRange<UInt64> = 3...100
    /// No byte of DEFLATE stands for more bytes than this: a trailer that says so is none.
    package static let deflateBound: UInt64 = 1032
    /// Records in one request.
    package static let recordsPerBatch = 500
    /// Bytes of records in one request, unless a single record is larger.
    package static let bytesPerBatch = 512 * 1024
    /// Bytes of a record that most stay below: the room for the one that fills a batch.
    package static let usualRecord = 16 * 1024
    /// The largest record that is sent. Far above CloudTrail's own 256 KB, so that it is the service that refuses a
    /// record and names its reason; together with a full batch of others it stays below the limit of a message.
    package static let record = 2500 * 1024
    /// Bytes of the label that tells the service where records came from.
    package static let sourceLabel = 1024
    /// Streams that `submit` may open.
    package static let streams = 64
    /// Requests in flight on one stream.
    package static let windowRequests = 96
    /// Bytes in flight on one stream.
    package static let windowBytes = 6 * 1024 * 1024
    /// How long after the oldest file that several streams have under way the newest of them may have been delivered,
    /// in milliseconds. With the quarter of an hour that CloudTrail takes to deliver an event it stays well below the hour
    /// by which an event may be late.
    package static let submitSpan: Int64 = 20 * 60_000

    // Collection

    /// Between two looks at the onboarded accounts, and at whether what is recorded of one has changed.
    package static let onboardedInterval = Duration.seconds(60)
    package static let changeInterval = Duration.seconds(5)

    /// The first and the longest pause before a source is tried again that could not be collected from.
    package static let firstSourcePause = Duration.seconds(5)
    package static let longestSourcePause = Duration.seconds(300)

    /// Findings of one report, and the characters of each one's detail.
    package static let findingsPerReport = 500
    package static let findingDetail = 250

    // Connections

    /// How long a connection may take to be made, TLS included.
    package static let connectTimeout = Duration.seconds(10)
    /// A service that has been silent for so long is asked whether it still lives, and has so long to answer.
    package static let keepaliveInterval = Duration.seconds(30)
    package static let keepaliveTimeout = Duration.seconds(20)
    /// How long a call that only asks may take.
    package static let callTimeout = Duration.seconds(30)
    /// How long one call may take that submits dead letters again, or removes them.
    package static let resubmissionTimeout = Duration.seconds(600)
    /// The largest answer: a dead letter has up to 16 MiB of bytes.
    package static let answerBytes = 18 << 20
    /// How long the verification of an account may take: some thirty calls to AWS, each with its retries.
    package static let verificationTimeout = Duration.seconds(300)
    /// The first and the longest pause before a connection is tried again.
    package static let firstBackoff = Duration.milliseconds(100)
    package static let longestBackoff = Duration.seconds(5)
    /// How long `submit` and `alerts tail` go on trying without any success, unless told otherwise.
    package static let reconnectSeconds = 120
    /// Items that a list command shows unless told otherwise.
    package static let listed = 100
    /// Items that a list command asks for at once.
    package static let pageSize: UInt32 = 1000

    // Executors

    /// The version of the protocol between service and executors.
    package static let executorProtocol: UInt32 = 2
    /// How long a command is an executor's own, in milliseconds, until the service has said it.
    package static let assumedLease: Int64 = 10_000
    /// The least pause between two renewals of leases, in milliseconds.
    package static let shortestRenewal: Int64 = 100
    /// Results that an executor remembers until the service confirms them.
    package static let rememberedResults = 1_000
    /// A connection that lasted so long counts as a good one: the next loss is answered at once.
    package static let executorStableSeconds = 30
}
