// SPDX-License-Identifier: Apache-2.0

/// Every limit of the transport that a user may move, with its default. Sizes are in bytes.
///
/// The defaults bound what one peer can make this process hold: at most `maxConcurrentStreams` streams of a
/// connection, each with one flow-control window of undelivered messages and one message in the making.
public struct Limits: Sendable, Hashable {
    /// Connections of one server; further ones displace handshakes, and are closed at once where there are none.
    public var maxConnections: Int = 20_000
    /// Connections of one server that come from one IP address; nil for as many as there are. Behind a proxy or an
    /// address translator many clients share one.
    public var maxConnectionsPerAddress: Int?
    /// Connections of one server that are in their handshake at a time. One more closes the oldest of the address that has
    /// most, so that a flood of handshakes displaces itself.
    public var maxHandshakes: Int = 2_000
    /// … and those of them that come from one IP address, or one /64 of IPv6 addresses; one more closes their oldest.
    public var maxHandshakesPerAddress: Int = 500
    /// Streams that may be open on one server, whether their calls run or have a status that the client does not take.
    /// When half of them are, each connection has its share of the others; and every connection may have two (as many as
    /// go `maxConnections` times into half of this number, and at least one), however many others have.
    public var maxCalls: Int = 100_000
    /// Streams that a peer may have open on one connection.
    public var maxConcurrentStreams: Int = 100
    /// Names and values of one request's headers, counted as HTTP/2 does (32 more for each field).
    public var maxHeaderListBytes: Int = 16 * 1024
    /// One received message, after decompression.
    public var maxReceiveMessageBytes: Int = 4 * 1024 * 1024
    /// One sent message, before compression. gRPC's own frame ends at 4 GiB.
    public var maxSendMessageBytes: Int = 64 * 1024 * 1024
    /// Room for messages on their way in, over all connections of a server. A message of more than 64 KiB, or a compressed
    /// one, reserves its length until its handler is done with it, and waits while there is no room. Bytes that come
    /// unasked within the windows may be half as many again.
    public var maxReceivingBytes: Int = 160 * 1024 * 1024
    /// … and of one caller's connections (`ServerConfiguration.share`), where nothing else is said of it.
    public var maxReceivingBytesPerCaller: Int = 64 * 1024 * 1024
    /// The time that a message of those has to come while others wait for room.
    public var receivingPatience: Duration = .seconds(30)
    /// Unfinished and undelivered messages of all streams of one connection.
    public var maxConnectionPendingBytes: Int = 64 * 1024 * 1024
    /// The receive window of a stream, and half that of its connection, until the traffic has shown that it needs more.
    public var initialWindowBytes: Int = 256 * 1024
    /// What a stream's window may grow to, and half of what its connection's may, as the product of bandwidth and delay
    /// is measured.
    public var maxWindowBytes: Int = 8 * 1024 * 1024
    /// A writer suspends while its stream holds more unsent bytes than this.
    public var writeHighWaterBytes: Int = 64 * 1024
    /// … and goes on when the stream holds no more than this.
    public var writeLowWaterBytes: Int = 32 * 1024
    /// What the writers of all streams of one connection may leave unsent. Over it, a writer suspends until its stream has
    /// sent everything: a peer that reads no stream makes this side hold so much and one message of each stream at most,
    /// and a stream that it does read goes on. Half of it lets all go on. The one response of a call that does not stream
    /// is not counted: no writer waits with it.
    public var maxConnectionUnsentBytes: Int = 1024 * 1024
    /// Answers that the peers of all connections of a server have not taken, and those of one caller's connections
    /// (`ServerConfiguration.share`) where nothing else is said of it. Over either the connection is closed whose peer took
    /// bytes longest ago.
    public var maxUnsentBytes: Int = 256 * 1024 * 1024
    public var maxUnsentBytesPerCaller: Int = 128 * 1024 * 1024
    /// From the connection's start to the end of its TLS handshake and HTTP/2 preface.
    public var handshakeTimeout: Duration = .seconds(10)
    /// From a SETTINGS frame of ours to its acknowledgement.
    public var settingsTimeout: Duration = .seconds(10)
    /// From the first frame of a header block to its last.
    public var headersTimeout: Duration = .seconds(10)
    /// From a request's headers to its end, for methods that take one request.
    public var requestTimeout: Duration = .seconds(30)
    /// How long a peer may take no bytes while there are some for it.
    public var sendTimeout: Duration = .seconds(60)
    /// Streams that a client may reset, or make us reset, within a second (rapid reset, CVE-2023-44487, and its relative
    /// CVE-2025-8671).
    public var maxResetsPerSecond: Int = 200
    /// Streams beyond `maxConcurrentStreams` that a peer may open, and have refused, within a second. One that has
    /// acknowledged our SETTINGS may open none.
    public var maxRefusedStreamsPerSecond: Int = 1_000
    /// Frames that may wait for a peer that takes none, beside two for each stream that it may have open: what answers to
    /// frames of its own can pile up to.
    public var maxQueuedFrames: Int = 10_000
    /// PING frames that a peer may send within a second.
    public var maxPingsPerSecond: Int = 20
    /// PINGs of an idle client that come sooner than this after one another are strikes.
    public var minPingInterval: Duration = .seconds(10)
    /// One strike more ends the connection.
    public var maxPingStrikes: Int = 2
    /// SETTINGS frames that a peer may send within a second.
    public var maxSettingsPerSecond: Int = 20
    /// DATA frames without content, and frames that the protocol ignores, within a second.
    public var maxEmptyFramesPerSecond: Int = 500
    /// WINDOW_UPDATE frames that a peer may send within a second, beyond two for each frame of ours that they can be
    /// about.
    public var maxWindowUpdatesPerSecond: Int = 1_000

    /// All limits at their defaults.
    public init() {}
}

/// Limits that nobody needs to move: they shape buffers, not promises.
enum FixedLimits {
    /// The plain text that one TLS record carries at most.
    static let tlsRecordBytes = 16 * 1024
    /// Plain text gathered before it is encrypted: whole records, so that bulk data makes full ones.
    static let flushChunkBytes = 64 * 1024
    /// Room after the chunk for the frame that starts within it: nghttp2's largest header block is 64 KiB.
    static let flushSlackBytes = 96 * 1024
    /// Output handed to a link in one flush before the link is asked again whether it takes more.
    static let maxFlushBytes = 256 * 1024
    /// Buffers that an event loop keeps for reuse.
    static let pooledBuffers = 64
    /// A larger buffer is given back to the allocator rather than kept.
    static let pooledBufferBytes = 64 * 1024
    /// Rounds of newly readied jobs that one turn of an event loop runs before sockets get their turn again.
    static let jobRoundsPerTurn = 8
    /// Freed blocks of nghttp2's that an event loop keeps for those to come: the largest, and how many of a size.
    static let keptBlockBytes = 520
    static let keptBlocks = 256
    /// What a message may allocate by its length alone, before its bytes have come. A longer one reserves its room.
    static let messageReserveBytes = 64 * 1024
    /// Between two looks of a connection that waits for room at whose messages are overdue.
    static let overdueInterval = Duration.seconds(1)
    /// Unsent bytes of a connection below which, and differences from what is counted within which, it is not counted anew.
    static let countedUnsentBytes = 16 * 1024
    /// Bytes between two in-process ends that wait for the receiver.
    static let inProcessWindowBytes = 256 * 1024
    /// What a server's socket reads at a time: little until there is more, since each connection keeps its buffer.
    static let minReceiveBytes = 2 * 1024
    static let maxReceiveBytes = 64 * 1024
    /// A header block so many times as long as the limit ends its connection: decoding it is work that nobody wants.
    static let headerListFactor = 8
    /// CONTINUATION frames of one header block (CVE-2024-27316).
    static let maxContinuations = 8
    /// WINDOW_UPDATE frames for each frame of content sent: one for the stream, one for the connection.
    static let windowUpdatesPerFrame: Int32 = 2
    /// WINDOW_UPDATEs that frames sent earlier have paid for at most.
    static let maxWindowUpdateCredit: Int32 = 100_000
    /// The soonest that the network is measured again, while the estimate grows; and the latest, once it is steady.
    static let minMeasureInterval = Duration.milliseconds(100)
    static let maxMeasureInterval = Duration.seconds(10)
    /// … once so small a part of a window has come.
    static let measuredWindowPart = 8
    /// Most requests that are no gRPC are answered at their end, so that what is wrong with them as HTTP/2 is found; or
    /// once so much of their body has come.
    static let refusedBodyBytes = 64 * 1024
    /// How long a closing connection may take to send what it has.
    static let closeFlushTimeout: Duration = .seconds(1)
    /// A name is looked up again no sooner than this after its addresses have all failed …
    static let minResolveInterval = Duration.seconds(5)
    /// … and so often while they have not.
    static let resolveInterval = Duration.seconds(60)
    /// gRPC allows eight digits in a timeout.
    static let timeoutDigits = 8
}
