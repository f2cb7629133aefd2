// SPDX-License-Identifier: Apache-2.0

import Synchronization

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The calls to S3 that read a bucket.
package final class S3: Sendable {
    private let client: AWSClient
    /// Where buckets turned out to be, when that is not the client's region.
    private let regions = Mutex<[String: String]>([:])

    /// Calls with `client`; a bucket of another region is followed there.
    package init(_ client: AWSClient) { self.client = client }

    /// An object as a listing shows it.
    package struct ObjectSummary: Sendable, Hashable {
        /// The whole key.
        package let key: String
        /// The size in bytes.
        package let size: Int
        /// When it was written.
        package let lastModified: Date?
        /// The entity tag, with its quotes.
        package let etag: String
    }

    /// One page of a listing.
    package struct Listing: Sendable, Hashable {
        /// The objects, in the order of their keys' bytes.
        package let objects: [ObjectSummary]
        /// The prefixes that a delimiter folded.
        package let commonPrefixes: [String]
        /// Continues the listing; nil at its end.
        package let continuation: String?
    }

    /// What is known of an object beside its content.
    package struct Metadata: Sendable, Hashable {
        /// The size in bytes.
        package let size: Int
        /// The entity tag, with its quotes.
        package let etag: String?
        /// The `x-amz-meta-` headers, without that prefix and in lower case.
        package let user: [String: String]
        /// The KMS key that encrypts it, if one does.
        package let kmsKeyID: String?
    }

    /// One page of a bucket's objects whose keys begin with `prefix`.
    ///
    /// - Parameter startAfter: Lists keys behind this one. A file that comes late under a key before it is not seen.
    package func listObjects(
        bucket: String, prefix: String = "", startAfter: String? = nil, continuation: String? = nil,
        delimiter: String? = nil, maxKeys: Int = 1_000
    ) async throws -> Listing {
        var call = APICall(.s3, "ListObjectsV2", format: .xml)
        call.method = "GET"
        call.bucket = bucket
        // Keys may hold what XML can't: S3 encodes them when asked to.
        call.query = [
            QueryItem("list-type", "2"), QueryItem("encoding-type", "url"), QueryItem("prefix", prefix),
            QueryItem("max-keys", String(maxKeys)),
        ]
        if let startAfter { call.query.append(QueryItem("start-after", startAfter)) }
        if let continuation { call.query.append(QueryItem("continuation-token", continuation)) }
        if let delimiter { call.query.append(QueryItem("delimiter", delimiter)) }
        let response = try await send(call)
        let root: XMLElement
        do throws(XMLError) {
            root = try XMLReader.read(response.body)
        } catch {
            throw client.unreadable("at byte \(error.offset): \(error.message)", call, response)
        }
        return Self.listing(root)
    }

    private static func listing(_ root: XMLElement) -> Listing {
        let isEncoded = root.value("EncodingType") == "url"
        let decode: (String) -> String = { text in
            isEncoded ? PercentEncoding.decode(text.replacing("+", with: "%20")) : text
        }
        let objects = root.children.filter { $0.name == "Contents" }.map { item in
            ObjectSummary(
                key: decode(item.value("Key") ?? ""), size: item.value("Size").flatMap(Int.init) ?? 0,
                lastModified: item.value("LastModified").flatMap(TimeText.iso8601), etag: item.value("ETag") ?? "")
        }
        let prefixes = root.children.filter { $0.name == "CommonPrefixes" }.compactMap { $0.value("Prefix") }
        let isTruncated = root.value("IsTruncated") == "true"
        return Listing(
            objects: objects, commonPrefixes: prefixes.map(decode),
            continuation: isTruncated ? root.value("NextContinuationToken") : nil)
    }

    /// All objects whose keys begin with `prefix`, page by page, to `each`.
    package func forEachPage(
        bucket: String, prefix: String, startAfter: String? = nil, _ each: ([ObjectSummary]) async throws -> Void
    ) async throws {
        var continuation: String?
        for _ in 0..<AWSLimits.pages {
            let page = try await listObjects(
                bucket: bucket, prefix: prefix, startAfter: startAfter, continuation: continuation)
            try await each(page.objects)
            guard let next = page.continuation, next != continuation else { return }
            continuation = next
        }
        throw AWSError(
            kind: .response, code: "TooManyPages", message: "the pages don't end", action: "s3:ListObjectsV2")
    }

    /// An object's content, of `limit` bytes at most; a larger one is the error `ResponseTooLarge`, without reading on.
    package func getObject(bucket: String, key: String, limit: Int) async throws -> (body: [UInt8], metadata: Metadata)
    {
        var call = APICall(.s3, "GetObject", format: .xml)
        call.method = "GET"
        call.bucket = bucket
        call.path = "/" + PercentEncoding.encode(key, keepingSlashes: true)
        call.responseLimit = limit
        call.timeout = AWSLimits.objectTimeout
        let response = try await send(call)
        return (response.body, Self.metadata(response, size: response.body.count))
    }

    /// What is known of an object, without its content.
    package func headObject(bucket: String, key: String) async throws -> Metadata {
        var call = APICall(.s3, "HeadObject", format: .xml)
        call.method = "HEAD"
        call.bucket = bucket
        call.path = "/" + PercentEncoding.encode(key, keepingSlashes: true)
        let response = try await send(call)
        return Self.metadata(response, size: response.header("content-length").flatMap(Int.init) ?? 0)
    }

    private static func metadata(_ response: HTTPResponse, size: Int) -> Metadata {
        let prefix = "x-amz-meta-"
        var user: [String: String] = [:]
        for header in response.headers {
            let name = header.name.lowercased()
            if name.hasPrefix(prefix) { user[String(name.dropFirst(prefix.count))] = header.value }
        }
        return Metadata(
            size: size, etag: response.header("etag"), user: user,
            kmsKeyID: response.header("x-amz-server-side-encryption-aws-kms-key-id"))
    }

    /// Sends a call to where its bucket is. S3 names that region when it is asked in a wrong one.
    private func send(_ call: APICall) async throws -> HTTPResponse {
        var call = call
        let bucket = call.bucket ?? ""
        call.region = regions.withLock { $0[bucket] }
        do {
            return try await client.send(call)
        } catch let error as AWSError {
            guard let region = error.bucketRegion, region != call.region, EndpointResolver.isRegion(region) else {
                throw error
            }
            regions.withLock { $0[bucket] = region }
            call.region = region
            return try await client.send(call)
        }
    }
}
