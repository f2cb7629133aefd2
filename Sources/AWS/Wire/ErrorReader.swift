// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Reads the errors of AWS's protocols: the query protocol's and S3's XML, and the JSON protocols'.
enum ErrorReader {
    /// The failure that an answer with an error's status tells of. An answer that can't be read, as a proxy's, is an
    /// error with the status as its code.
    static func failure(_ response: HTTPResponse, call: APICall, hiding credentials: Credentials?) -> Failure {
        let read = call.format == .xml ? xml(response) : json(response)
        let requestID = read.requestID ?? header(response, ["x-amzn-requestid", "x-amz-request-id"])
        var error = AWSError(
            kind: .service, code: read.code ?? code(of: response.status),
            message: hidden(read.message ?? "", credentials), status: response.status, requestID: requestID,
            action: call.action)
        if call.service == .s3, response.status == 301 || response.status == 307 || response.status == 400 {
            error.bucketRegion = response.header("x-amz-bucket-region")
        }
        var failure = Failure(error)
        failure.date = response.header("date").flatMap(TimeText.http)
        failure.retryAfter = response.header("retry-after").flatMap(Int.init).map { .seconds(max(0, min($0, 3_600))) }
        return failure
    }

    private struct Read {
        var code: String?
        var message: String?
        var requestID: String?
    }

    private static func xml(_ response: HTTPResponse) -> Read {
        guard let root = try? XMLReader.read(response.body) else { return Read() }
        // S3's root is the error itself; the query protocol wraps it, in some services twice.
        let error = root.name == "Error" ? root : root.child("Error") ?? root.child("Errors")?.child("Error") ?? root
        return Read(
            code: error.value("Code"), message: error.value("Message"),
            requestID: error.value("RequestId") ?? root.value("RequestId"))
    }

    private struct JSONError: Decodable {
        let type: String?
        let message: String?

        private enum Keys: String, CodingKey {
            case type = "__type"
            case code
            case message
            case capitalMessage = "Message"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Keys.self)
            type =
                try? fields.decodeIfPresent(String.self, forKey: .type)
                ?? fields.decodeIfPresent(String.self, forKey: .code)
            message =
                try? fields.decodeIfPresent(String.self, forKey: .message)
                ?? fields.decodeIfPresent(String.self, forKey: .capitalMessage)
        }
    }

    private static func json(_ response: HTTPResponse) -> Read {
        let body = try? JSONDecoder().decode(JSONError.self, from: Data(response.body))
        // `com.amazonaws.sqs#QueueDoesNotExist` in the body, `QueueDoesNotExist:http://…` in the header.
        let name = (body?.type ?? response.header("x-amzn-errortype")).map { text in
            let local = text.split(separator: "#").last ?? ""
            return String(local.split(separator: ":").first ?? "")
        }
        return Read(code: name.flatMap { $0.isEmpty ? nil : $0 }, message: body?.message)
    }

    /// HEAD's answers have no body.
    private static func code(of status: Int) -> String {
        switch status {
        case 301: "PermanentRedirect"
        case 401, 403: "AccessDenied"
        case 404: "NotFound"
        case 429: "TooManyRequestsException"
        case 503: "ServiceUnavailable"
        default: "HTTP\(status)"
        }
    }

    private static func header(_ response: HTTPResponse, _ names: [String]) -> String? {
        for name in names {
            if let value = response.header(name) { return value }
        }
        return nil
    }

    private static func hidden(_ message: String, _ credentials: Credentials?) -> String {
        guard let credentials else { return message }
        var text = message
        for secret in [credentials.secretAccessKey, credentials.sessionToken].compactMap({ $0?.reveal() }) {
            // A stand-in's secret of a letter or two is no secret, and stands in every word.
            guard secret.utf8.count >= AWSLimits.secretBytes else { continue }
            text = text.replacing(secret, with: "<secret>")
        }
        return text
    }
}
