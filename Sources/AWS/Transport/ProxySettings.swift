// SPDX-License-Identifier: Apache-2.0

/// The proxies that the environment names, and for which hosts. A value: what it is asked, it answers by itself.
///
/// The variables and their meaning are curl's: HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY, each in lower case too,
/// which goes first.
package struct ProxySettings: Sendable, Hashable {
    /// One proxy.
    package struct Proxy: Sendable, Hashable {
        /// The protocol that is spoken with it.
        package enum Kind: Sendable, Hashable {
            case http
            case socks
        }

        package let kind: Kind
        package let host: String
        package let port: Int
        /// The user's name and password, where the address has them.
        package let user: String?
        package let password: Secret?
    }

    private let proxies: [String: String]
    private let exceptions: [String]

    /// Reads the variables.
    package init(environment: [String: String]) {
        func variable(_ name: String) -> String? {
            let value = environment[name.lowercased()] ?? environment[name.uppercased()]
            return value.flatMap { $0.isEmpty ? nil : $0 }
        }
        let all = variable("all_proxy")
        proxies = [
            "https": variable("https_proxy") ?? all, "http": variable("http_proxy") ?? all,
        ].compactMapValues { $0 }
        exceptions = (variable("no_proxy") ?? "").split(whereSeparator: { $0 == "," || $0.isWhitespace }).map {
            $0.lowercased()
        }
    }

    /// Whether no variable is set.
    package var isEmpty: Bool { proxies.isEmpty }

    /// The proxy for an address; nil where it is reached without one.
    ///
    /// - Throws: where the variable that is in force can't be understood.
    package func proxy(for url: URLAuthority) throws(TransportError) -> Proxy? {
        guard let text = proxies[url.scheme], !isException(url) else { return nil }
        guard let proxy = Self.read(text) else {
            throw TransportError(
                .invalidURL,
                "the environment's proxy for \(url.scheme):// is no http:// or socks5:// address of a proxy")
        }
        return proxy
    }

    /// Metadata services answer for the machine that asks: through a proxy they would answer for the proxy's.
    private func isException(_ url: URLAuthority) -> Bool {
        if url.host.hasPrefix("169.254.") || url.host.hasPrefix("fd00:ec2:") { return true }
        return exceptions.contains { Self.matches($0, url) }
    }

    private static func matches(_ exception: String, _ url: URLAuthority) -> Bool {
        if exception == "*" { return true }
        if let slash = exception.firstIndex(of: "/") {
            guard let network = IPv4(exception[..<slash]), let host = IPv4(url.host[...]),
                let bits = Int(exception[exception.index(after: slash)...]), (0...32).contains(bits)
            else { return false }
            return bits == 0 || network.value >> UInt32(32 - bits) == host.value >> UInt32(32 - bits)
        }
        var name = exception[...]
        if let colon = name.lastIndex(of: ":"), let port = Int(name[name.index(after: colon)...]),
            name.firstIndex(of: ":") == colon || name.hasPrefix("[")
        {
            guard port == url.port else { return false }
            name = name[..<colon]
        }
        while name.hasPrefix("*") || name.hasPrefix(".") { name = name.dropFirst() }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        return !name.isEmpty && (url.host == name || url.host.hasSuffix("." + name))
    }

    /// `[http://][USER[:PASSWORD]@]HOST[:PORT][/]`
    private static func read(_ text: String) -> Proxy? {
        var rest = text[...]
        var kind = Proxy.Kind.http
        if let mark = rest.firstRange(of: "://") {
            switch rest[..<mark.lowerBound].lowercased() {
            case "http": break
            case "socks5", "socks5h", "socks": kind = .socks
            default: return nil
            }
            rest = rest[mark.upperBound...]
        }
        var user: String?
        var password: Secret?
        if let at = rest.lastIndex(of: "@") {
            let parts = rest[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = parts.first.map { PercentEncoding.decode(String($0)) }
            password = Secret(parts.count == 2 ? PercentEncoding.decode(String(parts[1])) : "")
            rest = rest[rest.index(after: at)...]
        }
        let scheme = kind == .http ? "http" : "socks"
        guard let authority = URLAuthority("\(scheme)://\(rest)", defaultPort: kind == .http ? 80 : 1_080) else {
            return nil
        }
        return Proxy(kind: kind, host: authority.host, port: authority.port, user: user, password: password)
    }

    /// An IPv4 address as a number.
    private struct IPv4 {
        let value: UInt32

        init?(_ text: Substring) {
            let parts = text.split(separator: ".", omittingEmptySubsequences: false).map { UInt8($0) }
            guard parts.count == 4 else { return nil }
            var value: UInt32 = 0
            for part in parts {
                guard let part else { return nil }
                value = value << 8 | UInt32(part)
            }
            self.value = value
        }
    }
}

/// Scheme, host and port of a URL.
package struct URLAuthority: Sendable, Hashable, CustomStringConvertible {
    package let scheme: String
    /// In lower case; an IPv6 address without its brackets.
    package let host: String
    package let port: Int

    /// Reads the beginning of a URL; nil where it has no host.
    ///
    /// - Parameter defaultPort: the port where none is given; nil for the scheme's own.
    package init?(_ url: String, defaultPort: Int? = nil) {
        guard let mark = url.firstRange(of: "://") else { return nil }
        scheme = url[..<mark.lowerBound].lowercased()
        var rest = url[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        var port = defaultPort ?? (scheme == "http" ? 80 : 443)
        if let colon = rest.lastIndex(of: ":"), !rest[colon...].contains("]") {
            guard let given = UInt16(rest[rest.index(after: colon)...]) else { return nil }
            port = Int(given)
            rest = rest[..<colon]
        }
        if rest.hasPrefix("["), rest.hasSuffix("]") { rest = rest.dropFirst().dropLast() }
        guard !rest.isEmpty, rest.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }) else { return nil }
        host = rest.lowercased()
        self.port = port
    }

    package var description: String { (host.contains(":") ? "[\(host)]" : host) + ":\(port)" }
}
