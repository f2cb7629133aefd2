// SPDX-License-Identifier: Apache-2.0

/// Every limit on what CloudTrail input may be. Sizes are bytes.
package enum CloudTrailLimits {
    /// The largest record. CloudTrail's own limit is 256 KB; four times that leaves room for re-serialised copies.
    package static let recordBytes = 1 << 20

    /// The largest log file as it arrives, plain or gzip.
    package static let logFileBytes = 64 << 20

    /// The largest log file after decompression.
    package static let documentBytes = 64 << 20

    /// From this much output on, a gzip file must keep to `expansionRatio`.
    package static let expansionGrace = 1 << 20

    /// How many bytes of output one byte of gzip may make. CloudTrail's files compress 10:1 to 30:1; a bomb of zeros
    /// reaches DEFLATE's bound of 1,032:1.
    package static let expansionRatio = 200

    /// The largest window of zstd, as a power of two: what level 19 uses, doubled.
    package static let zstdWindowLog: Int32 = 24

    /// How much compressed data is read ahead, and how much decompressed at once.
    package static let decodedChunk = 256 << 10

    /// How deep objects and arrays nest before a walk no longer looks at how their tokens follow each other. What is
    /// deeper is no record.
    static let walkedDepth = 128

    /// How deep log data in Base64 nests: a record of Kinesis with a subscription of CloudWatch Logs is one level.
    static let embeddedDepth = 2

    /// The longest Base64 text of log data: the largest record of Kinesis and Firehose that CloudWatch Logs makes, 1 MiB,
    /// and a third.
    static let embeddedTextBytes = 2 << 20

    /// The most bytes, after decompression, of all Base64 texts in one document that is read as a whole.
    package static let embeddedBytes = 128 << 20

    /// How much of a Base64 text is decompressed at once: many are small.
    static let embeddedChunk = 64 << 10

    /// The longest timestamp before a record on its line.
    static let linePrefixBytes = 40

    /// How far the first key of Firehose's records is looked for.
    static let firstKeyBytes = 512

    /// How deep arrays of documents nest.
    static let nestedArrays = 4

    /// How many bytes behind damage may be read twice until undamaged bytes make up for them.
    static let damageCredit = 16 << 20

    /// How many bytes that begin no value are given on together.
    static let keptJunkBytes = 64 << 10

    /// How much of a decompression buffer is kept for the next file.
    package static let retainedBufferBytes = 8 << 20

    /// The most records that one request or log file may hold.
    package static let recordsPerBatch = 100_000

    /// The longest `eventID`. CloudTrail's are GUIDs of 36 bytes.
    package static let eventIDBytes = 128

    /// The longest `eventTime`.
    package static let eventTimeBytes = 40

    /// The most by which an event's time may lie ahead of its receiver's clock, in milliseconds: an hour, and five
    /// minutes by which clocks differ. CloudTrail writes when a call was made.
    package static let futureMilliseconds: Milliseconds = 65 * 60_000

    /// The longest `eventName` and `eventSource`.
    package static let nameBytes = 256

    /// The longest `awsRegion`.
    package static let regionBytes = 64

    /// The longest value that gets a lookup token. Longer ones are no ARN, key or address that AWS makes.
    package static let tokenBytes = 2_048

    /// The most lookup tokens of a `userIdentity` that are kept for the next record with the same one.
    package static let rememberedIdentityTokens = 16

    /// How much of a text (a user agent, a principal) is kept with an alert.
    package static let keptTextBytes = 2_048
}
