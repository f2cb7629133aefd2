// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Reads the files that credentials are configured in.
package struct ConfigurationFiles: Sendable {
    private let read: @Sendable (String) throws -> [UInt8]?

    /// Takes a reader, which returns nil for a file that does not exist.
    package init(read: @escaping @Sendable (String) throws -> [UInt8]?) { self.read = read }

    /// The files of this machine.
    package static let system = ConfigurationFiles { path in
        guard let file = fopen(path, "rb") else {
            guard errno == ENOENT || errno == ENOTDIR else {
                throw CredentialsError(.invalid, "\(path) can't be opened")
            }
            return nil
        }
        defer { fclose(file) }
        // One byte more than is taken tells a file that is too large.
        let room = AWSLimits.configurationFileBytes + 1
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = fread(buffer.baseAddress, 1, room, file)
        }
        guard ferror(file) == 0 else { throw CredentialsError(.invalid, "\(path) can't be read") }
        guard bytes.count < room else {
            throw CredentialsError(.invalid, "\(path) is larger than a configuration file should be")
        }
        return bytes
    }

    /// The text of a file, or nil when there is no such file.
    func text(_ path: String) throws -> String? {
        let bytes: [UInt8]?
        do {
            bytes = try read(path)
        } catch let error as CredentialsError {
            throw error
        } catch {
            throw CredentialsError(.invalid, "\(path) can't be read")
        }
        // Editors of other systems put a byte-order mark before the text.
        return bytes.map { bytes in
            String(decoding: bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes[3...] : bytes[...], as: UTF8.self)
        }
    }
}

/// AWS's shared config or credentials file: sections of settings.
///
/// Source: "Format of the shared config and credentials files" in the AWS SDKs and tools reference.
package struct SharedConfiguration: Sendable, Hashable {
    /// The settings of each profile; names of settings are in lower case.
    package private(set) var profiles: [String: [String: String]] = [:]
    /// The settings of each `[sso-session NAME]` of the config file.
    package private(set) var sessions: [String: [String: String]] = [:]

    /// The section that a line belongs to.
    private enum Section {
        case profile(String)
        case session(String)
    }

    /// Reads a file. What is no setting is skipped, as AWS's own tools do.
    ///
    /// - Parameter isConfig: In the config file a profile's section is `[profile NAME]`, but for `[default]`; in the
    ///   credentials file it is `[NAME]`.
    package init(_ text: String, isConfig: Bool) {
        var section: Section?
        for line in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            // Indented lines are settings nested in one, which no credential is in.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            if first == "[" {
                section = Self.section(line, isConfig: isConfig)
                if case .profile(let name)? = section, profiles[name] == nil { profiles[name] = [:] }
                continue
            }
            guard let section, let equals = line.firstIndex(of: "=") else { continue }
            let name = line[..<equals].trimmingBlanks().lowercased()
            let value = Self.value(line[line.index(after: equals)...])
            switch section {
            case .profile(let profile): profiles[profile, default: [:]][name] = value
            case .session(let session): sessions[session, default: [:]][name] = value
            }
        }
    }

    /// Settings of the credentials file win over those of the config file.
    package mutating func merge(_ other: SharedConfiguration) {
        for (name, settings) in other.profiles {
            profiles[name, default: [:]].merge(settings) { _, new in new }
        }
        sessions.merge(other.sessions) { _, new in new }
    }

    private static func section(_ line: Substring, isConfig: Bool) -> Section? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        var name = line[line.index(after: line.startIndex)..<end].trimmingBlanks()
        if isConfig, name != "default" {
            let kinds = ["profile", "sso-session"]
            guard let kind = kinds.first(where: name.hasPrefix), let blank = name.dropFirst(kind.count).first,
                blank.isWhitespace
            else { return nil }
            name = unquoted(name.dropFirst(kind.count).trimmingBlanks())
            guard !name.isEmpty else { return nil }
            return kind == "profile" ? .profile(name) : .session(name)
        }
        name = unquoted(name)
        return name.isEmpty ? nil : .profile(name)
    }

    private static func unquoted(_ name: String) -> String {
        if name.count >= 2, let quote = name.first, quote == "\"" || quote == "'", name.last == quote {
            return String(name.dropFirst().dropLast())
        }
        return name
    }

    /// A comment after a value begins with a blank and a `#` or `;`.
    private static func value(_ text: Substring) -> String {
        var previous: Character = " "
        var end = text.endIndex
        for index in text.indices {
            if text[index] == "#" || text[index] == ";", previous.isWhitespace {
                end = index
                break
            }
            previous = text[index]
        }
        return text[..<end].trimmingBlanks()
    }
}
