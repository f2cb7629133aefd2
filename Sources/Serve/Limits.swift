// SPDX-License-Identifier: Apache-2.0

/// Every limit of the service in one place. Sizes are bytes, times are seconds, unless the name says otherwise.
package enum Limits {
    /// The largest gRPC message a collector may send: a log file of 5 minutes is far smaller.
    package static let requestBytes = 16 << 20
    /// Room for messages on their way in, until they are handed to the pipeline: of all callers, of a collector or admin, of an
    /// analyst or executor, and of a subscriber.
    package static let receivingBytes = 160 << 20
    package static let receivingBytesOfCollector = 64 << 20
    package static let receivingBytesOfAnalyst = 16 << 20
    package static let receivingBytesOfReader = 1 << 20
    /// Answers that peers have not taken: of all callers, and of one, which may be of the largest message.
    package static let unsentBytes = 144 << 20
    package static let unsentBytesOfCaller = 72 << 20
    /// What the flow-control window of one stream may grow to: so much a message without room may send.
    package static let windowBytes = 2 << 20
    /// Descriptors that the service needs beside its connections, and those of each event loop.
    package static let ownDescriptors = 40
    package static let descriptorsPerLoop = 6
    /// Connections below which it is a problem that descriptors leave room for no more.
    package static let fewConnections = 1_000
    /// Failed handshakes that the log tells one by one, and the milliseconds until one more may be told; the others are told in
    /// sum so often.
    package static let toldHandshakes = 10
    package static let toldHandshakeMilliseconds: Int64 = 6_000
    package static let handshakeSumMilliseconds: Int64 = 60_000
    /// What is read of the stream's log at a time when the service starts.
    package static let streamLogReadBytes = 8 << 20
    /// What of the stream's log is written anew at a time to keep it short.
    package static let streamLogCleanBytes = 256 << 10
    /// How much longer than twice what it says the stream's log may be.
    package static let streamLogSlackBytes = 4 << 20
    /// Between two times at which the stream forgets what is over.
    package static let streamExpiryMilliseconds: Int64 = 60_000
    /// Between two looks at the clock for held matches whose time is over, in seconds.
    package static let tickSeconds = 15
    /// Records in one request, over which the rest is refused by name.
    package static let recordsPerRequest = 100_000
    /// Payload bytes that wait for evaluation, over all streams; more makes the streams wait.
    package static let queuedPayloadBytes = 48 << 20
    /// … and of the streams of one caller: the certificates of the same accounts.
    package static let queuedPayloadBytesOfCaller = 24 << 20
    /// Requests that wait for evaluation, over all streams, and of those of one caller.
    package static let queuedRequests = 256
    package static let queuedRequestsOfCaller = 192
    /// The payload of a light request. One of a caller that has none waiting is always taken in, and a thread is kept for
    /// those whose caller has nothing at work.
    package static let lightRequestBytes = 256 << 10
    /// Payload bytes, and records, that a caller has evaluated and stored in its turn while others wait.
    package static let bytesPerTurn = 1 << 20
    package static let recordsPerTurn = 1_000
    /// Evaluated batches that wait for the sequencer, and of those of one caller.
    package static let evaluatedBatches = 64
    package static let evaluatedBatchesOfCaller = 48
    /// KiB that they hold, and those of one caller.
    package static let evaluatedCost = 64 << 10
    package static let evaluatedCostOfCaller = 32 << 10
    /// KiB of a light batch, which is taken in where its caller has none waiting.
    package static let lightEvaluatedCost = 256
    /// What is known of an evaluated record beside its bytes, about.
    package static let evaluatedRecordBytes = 128
    /// Days that a dead letter is kept.
    package static let deadLetterDays = 30
    /// Between two tellings of refusals in the service's log, in seconds.
    package static let refusalLogSeconds = 5
    /// Sources and reasons that one telling names; the refusals of further sources are told in sum by reason.
    package static let refusalLines = 50
    /// Letters, and bytes of them as they were sent, that one call submits again; the answer says where to go on.
    package static let resubmittedLetters = 200
    package static let resubmittedBytes = 64 << 20
    /// Letters that one transaction removes.
    package static let purgedLetters = 1_000
    /// Numbers of letters that one request may name.
    package static let namedLetters = 1_000
    /// Batches that wait for one before them which a slower worker has.
    package static let reorderedBatches = 64
    /// Records that one transaction takes at most: the sequencer's group commit.
    package static let recordsPerCommit = 50_000
    /// … and while several callers submit, so that none waits long for a transaction of another's records.
    package static let recordsPerSharedCommit = 4_000
    /// From a request of another caller on, transactions are short for so long, in milliseconds.
    package static let sharedMilliseconds: Int64 = 10_000
    /// Records of one request that are stored at a time; the acknowledgement leaves when all are.
    package static let recordsPerSlice = 2_000
    /// Requests of one stream between their arrival and their acknowledgement.
    package static let unacknowledgedPerStream = 96
    /// Rejections that one response lists; the counts are always whole.
    package static let rejectionsPerResponse = 100
    /// A collector's label, in UTF-8.
    package static let sourceBytes = 1_024
    /// Alerts that a page of the alert log holds while a subscriber catches up.
    package static let alertPage = 256
    /// The newest alert revisions that are kept in memory for live subscribers.
    package static let alertTail = 1_024
    /// … and those of them that are kept as they go over the wire, too.
    package static let encodedAlerts = 64
    /// `page_size` of a listing: where 0 is asked for, and the most.
    package static let defaultPage = 100
    package static let largestPage = 1_000
    /// An account's name and owner, in UTF-8.
    package static let accountNameBytes = 256
    /// A person's note on an alert, in UTF-8.
    package static let noteBytes = 4_096
    /// Blocks of memory up to this size come from the heap, and so much free room at its end is kept: a request's memory
    /// is then used again by the next one, and not given back to the kernel and cleared by it each time.
    package static let heapBlockBytes = 32 << 20
    package static let heapRoomBytes = 64 << 20
    /// Between two times at which free pages within the heap go back to the system.
    package static let heapTrimSeconds = 5
    /// Rule files of one ValidateRules call.
    package static let rulesPerValidation = 1_000
    /// Bytes of all rule files of one ValidateRules call.
    package static let validationBytes = 4 << 20
    /// Calls that compile rules which do not run, validations and explanations: so many of one
    /// caller's accounts wait; one runs at a time, and callers take turns.
    package static let waitingTrials = 16
    /// Changes of the catalog of one caller's accounts that wait; one runs at a time, and callers take turns.
    package static let waitingChanges = 64
    /// How often a change of the catalog is compiled where others come between.
    static let catalogAttempts = 8
    /// Between two of them, in microseconds.
    static let catalogPauseMicroseconds: UInt32 = 20_000
    /// Free bytes on the data directory's disk below which a check warns.
    static let lowDiskBytes: UInt64 = 1 << 30
    /// Places of damage in the store that are told apart; what is met at further ones is only counted.
    static let damagedPlaces = 100
    /// Records of one ExplainDetection call.
    package static let explainedEvents = 100
    /// Open calls get this long to end when the service stops.
    package static let shutdownGraceSeconds: Int64 = 5
    /// Between two checks of the retention, and what is kept where the configuration says nothing.
    package static let retentionCheckSeconds: Int64 = 3_600
    package static let retentionDays = 365
    /// A clock that says less than this, 2025 in milliseconds since 1970, was never set: what it says counts for nothing.
    package static let earliestClock: Int64 = 1_735_689_600_000

    /// Between two looks at whether the clock was set, in seconds.
    package static let clockCheckSeconds = 60

    /// Days for which revisions of an alert are kept that a later one supersedes, closed and merged alerts from their last
    /// revision, and entries of the audit log, where the configuration says nothing.
    package static let alertRevisionDays = 90
    package static let closedAlertDays = 365
    package static let auditDays = 730
    /// By more than this between two checks the clock was set, and is not believed.
    package static let clockDriftMilliseconds: Int64 = 60_000
    /// … and the most that it may say: a hundred years.
    package static let mostRetentionDays = 36_500
    /// The most evaluation threads, and event loops, that a configuration may ask for.
    package static let mostThreads = 1_024
    /// Accounts that may be onboarded.
    package static let accounts = 10_000
    /// Sets of accounts that certificates cover whose refusals are counted each for itself, for their own status.
    package static let countedScopes = 10_000
    /// Values that one filter of a subscription or listing may name.
    package static let filterValues = 500
    /// Queries over the archive and lists of the certificates of the same accounts that run at once, of
    /// `JournalLimits.queryReaders`, and that wait for their turn; a further one is refused.
    package static let runningQueriesOfCaller = 2
    package static let waitingQueriesOfCaller = 64
    /// The same for look-ups of the status, of one alert or one account, of `JournalLimits.lookupReaders`.
    package static let runningLookupsOfCaller = 1
    package static let waitingLookupsOfCaller = 1_024
    /// The same for pages of the alert and the audit log, of `JournalLimits.feedReaders`: a page for each subscriber that
    /// catches up.
    package static let runningFeedPagesOfCaller = 1
    package static let waitingFeedPagesOfCaller = 65_536
    /// The time after which a query over the archive only completes its page, and the decoded bytes likewise: it may go
    /// over them by the blocks of one page, at most `JournalLimits.searchBlocks`.
    package static let queryTime = Duration.seconds(5)
    package static let queryBytes = 512 << 20
    /// The time and the decoded bytes of a lineage, which is refused beyond.
    package static let lineageTime = Duration.seconds(20)
    package static let lineageBytes = 1 << 30
    /// The value of a look-up, in UTF-8.
    package static let lookupBytes = 2_048
    /// Names of calls that a timeline may be narrowed to, and the bytes of each in UTF-8.
    package static let timelineNames = 100
    package static let namePatternBytes = 256
    /// The latest events of an account that a tally of matches names: of a trial, or of an exception.
    package static let tallyEvents = 20
    /// The latest events over all of a caller's accounts that a tally gives out.
    package static let reportedTallyEvents = 20
    /// The newest alerts that the preview of an exception looks at.
    package static let previewedAlerts = 200
    /// The stored events that the preview of an exception reads again.
    package static let previewedEvents = 500
    /// The alerts that the preview of an exception names.
    package static let previewedAlertIDs = 20
    /// Problems of rules that one status message lists.
    package static let problemsPerError = 20
    /// Audit entries of refused calls that one caller gets at once, and milliseconds until it gets one more.
    package static let auditedRefusalsAtOnce = 20
    package static let auditedRefusalInterval = 60_000
    /// Callers whose refusals are limited each for itself; further ones share a limit.
    package static let auditedCallers = 1_000
    /// Letters of a collector's label in its audit entry.
    package static let auditedSourceLetters = 128
    /// Serial numbers that the audit entry of a new revocation list names.
    package static let auditedSerials = 20
    /// Between two looks at the files of certificates, authorities and revocation lists.
    package static let certificatePollSeconds: Int64 = 5
    /// Between two looks at when certificates end.
    package static let expiryCheckSeconds: Int64 = 3_600
    /// Days before its end on which a certificate is warned of; 0 once it has ended.
    package static let expiryWarningDays = [30, 14, 7, 3, 1, 0]
    /// The same for revocation lists, which are made anew every few days.
    package static let revocationListWarningDays = [1, 0]
    /// Certificates of which it is remembered that they were warned of.
    package static let expiryWarnings = 10_000
    /// Scrapers' connections at once, and how long one may be idle.
    package static let metricsConnections = 16
    package static let metricsIdleSeconds: Int64 = 30
    /// At a restart, how long a new process waits for the old one to let go of the data directory: longer than the old
    /// one's grace period.
    package static let dataDirectoryPatienceMilliseconds = 15_000
    /// Between two notes of the audit log's head in the service's log.
    package static let auditHeadSeconds: Int64 = 60
    /// Audit entries that are read at once for who follows the log.
    package static let auditPage = 256
    /// The version of the protocol between service and executors.
    package static let executorProtocol: UInt32 = 2
    /// How long a call belongs to an executor without a renewal, in milliseconds.
    package static let executorLease: Int64 = 10_000
    /// How long a call waits for an executor to take it before the remediation hears of it, in milliseconds.
    package static let executorPatience: Int64 = 15_000
    /// Calls that one executor has at a time.
    package static let commandsPerExecutor = 8
    /// Executors that may be connected at a time, over all accounts and for one.
    package static let executors = 1_000
    package static let executorsOfAccount = 32
    /// Of the reason that an executor gives for a failure.
    package static let executorMessageCharacters = 2_048
    /// An executor's name for itself, in UTF-8.
    package static let executorNameBytes = 256
    /// Remediations that one page of the alert log may start before the responder reads on.
    package static let respondingPage = 256
    /// Remediations that are at work at a time, in all and in one account; further alerts wait for one to end. An account
    /// with none at work may always start one.
    package static let remediationsUnderWay = 1_024
    package static let remediationsUnderWayOfAccount = 32
    /// Between two looks for room for alerts that wait for some, in milliseconds.
    package static let roomInterval = 100
    /// Commands of one operator's stream that are under way at a time.
    package static let commandsPerStream = 16
    /// How long the responder waits after a failure of the store before it reads on, in seconds.
    package static let responderPauseSeconds = 1.0
    /// The reason of a freeze, in UTF-8.
    package static let freezeReasonBytes = 1_024
    /// Between two looks for remediations that nobody works on, in seconds.
    package static let resumptionSeconds = 300
    /// Between two notes of the responder's place in the alert log, in milliseconds.
    package static let cursorInterval: Int64 = 5_000
    /// Alerts that one remediation answers beside the one that started it.
    package static let alertsPerRemediation = 100
    /// How long after a change came into effect its target may still be seen at work, in milliseconds: AWS takes some
    /// seconds to have it everywhere.
    package static let effectLag: Int64 = 60_000
    /// The most that a policy may let an action do by itself within an hour.
    package static let largestHourlyCap = 10_000
    /// Steps from an alert that was merged to the one that has its matches now.
    package static let mergedAlerts = 16
    /// How long the service's identity in an account is taken for known, in seconds.
    package static let identitySeconds: Int64 = 3_600
    /// Between two tries of the store's upkeep where one failed.
    package static let maintenancePauseSeconds = 1.0
    /// A field that says how an account is reached, in UTF-8.
    package static let connectionBytes = 2_048
    /// Days after its onboarding for which an account's state is learning.
    package static let learningDays = 7
    /// Between two looks at whether the accounts' events still come.
    package static let accountCheckSeconds: Int64 = 60
    /// Between two questions to the trail of an account that is degraded already.
    package static let degradedCheckSeconds: Int64 = 900
    /// Minutes without events after which an account's trail is asked, where the configuration says nothing.
    package static let degradedAfterMinutes = 60
    /// … and the most that it may say: a year.
    package static let mostDegradedAfterMinutes = 525_600
    /// For how long no trail is asked where there were no credentials to ask with.
    package static let credentialsPauseSeconds = 900.0
    /// Findings of one report, and each of their texts in UTF-8.
    package static let findingsPerReport = 1_000
    package static let findingTextBytes = 1_024
}
