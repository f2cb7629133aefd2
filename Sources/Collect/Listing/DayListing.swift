// SPDX-License-Identifier: Apache-2.0

import AWS
import CloudTrail

/// A log file that a listing found. Files compare by the time of their delivery, those of one time by their keys.
package struct ListedFile: Hashable, Sendable, Comparable {
    package let delivered: Milliseconds
    package let key: String
    /// The place of its folder among those that were listed.
    package let folder: Int

    package init(delivered: Milliseconds, key: String, folder: Int) {
        self.delivered = delivered
        self.key = key
        self.folder = folder
    }

    package static func < (left: ListedFile, right: ListedFile) -> Bool {
        (left.delivered, left.key) < (right.delivered, right.key)
    }
}

/// The earliest of many files, at most so many. A value without I/O.
package struct EarliestFiles {
    private var files: [ListedFile] = []
    private let previous: ListedFile?
    private let limit: Int
    /// Whether there are later ones.
    package private(set) var isCut = false

    /// - Parameter previous: only what comes after it is taken.
    package init(after previous: ListedFile?, limit: Int = CollectLimits.orderedFiles) {
        self.previous = previous
        self.limit = max(1, limit)
    }

    package mutating func insert(_ file: ListedFile) {
        if let previous, file <= previous { return }
        files.append(file)
        if files.count >= 2 * limit { cut() }
    }

    /// The files in order.
    package mutating func take() -> [ListedFile] {
        cut()
        defer { files = [] }
        return files
    }

    private mutating func cut() {
        files.sort()
        guard files.count > limit else { return }
        files.removeSubrange(limit...)
        isCut = true
    }
}

/// The log files of one day in the order of their delivery, over all folders: what happened at one time in several regions
/// and accounts comes to the service at about one time, and so no correlation takes it for late.
///
/// The folders are listed whole before the first file is given; where a day has more files than memory is given to, they
/// are listed again for the next part.
struct DayListing {
    let s3: S3
    let bucket: String
    let folders: [TrailFolder]
    let day: String
    private var last: ListedFile?
    private var isDone = false

    init(s3: S3, bucket: String, folders: [TrailFolder], day: String) {
        self.s3 = s3
        self.bucket = bucket
        self.folders = folders
        self.day = day
    }

    /// The next files in order; nil when all were given.
    ///
    /// - Parameters:
    ///   - isWanted: whether a file with records is to be given.
    ///   - onOther: is told of an object that is no log file by its name.
    ///   - goesOn: is told of a folder that can't be listed. Whether the others shall be listed all the same.
    mutating func next(
        where isWanted: (S3.ObjectSummary) -> Bool, onOther: (S3.ObjectSummary) -> Void = { _ in },
        onFailure goesOn: (Int, AWSError) throws -> Bool
    ) async throws -> [ListedFile]? {
        guard !isDone else { return nil }
        let start = EventTime.parse(day.replacing("/", with: "-") + "T00:00:00Z") ?? 0
        var earliest = EarliestFiles(after: last)
        for (index, folder) in folders.enumerated() {
            do {
                try await s3.forEachPage(bucket: bucket, prefix: folder.prefix + day + "/") { page in
                    for object in page {
                        guard let name = LogFileName(key: object.key) else {
                            // The console makes a folder as an empty object.
                            if !object.key.hasSuffix("/") { onOther(object) }
                            continue
                        }
                        guard name.kind.hasRecords, isWanted(object) else { continue }
                        earliest.insert(
                            ListedFile(delivered: name.delivered ?? start, key: object.key, folder: index))
                    }
                }
            } catch let error as AWSError {
                guard try goesOn(index, error) else { break }
            }
        }
        let files = earliest.take()
        last = files.last
        isDone = !earliest.isCut
        return files.isEmpty ? nil : files
    }
}
