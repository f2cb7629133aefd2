// SPDX-License-Identifier: Apache-2.0

/// Answers that come in pages.
enum Paging {
    /// All items of all pages.
    ///
    /// - Parameters:
    ///   - action: The operation, as IAM policies name it, for the error.
    ///   - page: Gives a page and the token of the next one. An empty token, or the same again, ends it: a service that
    ///     repeats itself has nothing more to say.
    /// - Throws: What `page` throws, and `TooManyPages` after `AWSLimits.pages`.
    static func all<Item>(
        _ action: String, _ page: (_ token: String?) async throws -> (items: [Item], next: String?)
    ) async throws -> [Item] {
        var items: [Item] = []
        var token: String?
        for _ in 0..<AWSLimits.pages {
            let (more, next) = try await page(token)
            items += more
            guard let next, !next.isEmpty, next != token else { return items }
            token = next
        }
        throw AWSError(kind: .response, code: "TooManyPages", message: "the pages don't end", action: action)
    }
}
