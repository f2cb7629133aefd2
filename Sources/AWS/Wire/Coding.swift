// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// The XML of the query protocol, and the JSON protocols.
extension AWSClient {
    /// Calls an operation of the query protocol, which STS and IAM speak. Returns the element `…Result`, or the root
    /// where an operation has no result.
    func query(
        _ service: Service, _ operation: String, version: String, _ parameters: [QueryItem] = [],
        isSigned: Bool = true
    ) async throws -> XMLElement {
        var call = APICall(service, operation, format: .xml)
        call.headers = [Header("content-type", "application/x-www-form-urlencoded; charset=utf-8")]
        let items = [QueryItem("Action", operation), QueryItem("Version", version)] + parameters
        call.body = Array(CanonicalRequest.queryString(items).utf8)
        call.isSigned = isSigned
        let root = try await xml(call).root
        return root.child(operation + "Result") ?? root
    }

    /// Sends a call whose answer is XML.
    func xml(_ call: APICall) async throws -> (root: XMLElement, response: HTTPResponse) {
        let response = try await send(call)
        do throws(XMLError) {
            return (try XMLReader.read(response.body), response)
        } catch {
            throw unreadable("at byte \(error.offset): \(error.message)", call, response)
        }
    }

    /// Calls an operation of a JSON protocol.
    ///
    /// - Parameter target: The operation's name with the service's prefix, for the header `x-amz-target`.
    func json<Output: Decodable>(
        _ service: Service, _ operation: String, target: String, version: String, _ input: some Encodable,
        timeout: Duration = AWSLimits.attemptTimeout, region: String? = nil, host: String? = nil,
        as output: Output.Type
    ) async throws -> Output {
        var call = APICall(service, operation, format: .json)
        call.headers = [
            Header("content-type", "application/x-amz-json-\(version)"), Header("x-amz-target", target),
        ]
        call.timeout = timeout
        call.region = region
        call.host = host
        do {
            call.body = Array(try JSONEncoder().encode(input))
        } catch {
            throw AWSError(
                kind: .request, code: "InvalidArgument", message: "an argument can't be written as JSON",
                action: call.action)
        }
        let response = try await send(call)
        // Some operations answer with nothing where they have nothing to say.
        let body = response.body.isEmpty ? Array("{}".utf8) : response.body
        do {
            return try JSONDecoder().decode(Output.self, from: Data(body))
        } catch {
            throw unreadable("it is not the JSON that the operation answers with", call, response)
        }
    }

    /// The error for an answer without a part that it must have.
    func unreadable(_ message: String, _ call: APICall, _ response: HTTPResponse) -> AWSError {
        AWSError(
            kind: .response, code: "UnreadableResponse", message: "the answer can't be read: \(message)",
            status: response.status,
            requestID: response.header("x-amzn-requestid") ?? response.header("x-amz-request-id"),
            action: call.action)
    }

    /// The text at a path of an answer, which must be there.
    func required(_ element: XMLElement, _ path: String..., action: String) throws -> String {
        var current = element
        for name in path {
            guard let next = current.child(name) else {
                throw AWSError(
                    kind: .response, code: "UnreadableResponse",
                    message: "the answer has no \(path.joined(separator: "."))", action: action)
            }
            current = next
        }
        return current.text
    }
}
