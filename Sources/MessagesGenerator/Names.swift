// SPDX-License-Identifier: Apache-2.0

/// How names of the protos become names of Swift and of protobuf-c.
enum Names {
    /// The package whose types need no prefix in Swift.
    static let homePackage = "trailhound.v1"

    /// Words that are written in capitals in Swift names, where they don't begin the name.
    private static let capitals = ["id": "ID", "ids": "IDs", "ip": "IP", "url": "URL", "uri": "URI"]

    private static let swiftKeywords: Set<String> = [
        "as", "break", "case", "catch", "class", "continue", "default", "defer", "deinit", "do", "else", "enum",
        "extension", "false", "fileprivate", "for", "func", "guard", "if", "import", "in", "init", "inout", "internal",
        "is", "let", "nil", "operator", "private", "protocol", "public", "repeat", "rethrows", "return", "self",
        "static", "struct", "subscript", "super", "switch", "throw", "throws", "true", "try", "typealias", "var",
        "where", "while",
    ]

    /// The words after which protoc-c puts an underscore: C++'s keywords.
    private static let cKeywords: Set<String> = [
        "and", "and_eq", "asm", "auto", "bitand", "bitor", "bool", "break", "case", "catch", "char", "class", "compl",
        "const", "const_cast", "continue", "default", "delete", "do", "double", "dynamic_cast", "else", "enum",
        "explicit", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long", "mutable",
        "namespace", "new", "not", "not_eq", "operator", "or", "or_eq", "private", "protected", "public", "register",
        "reinterpret_cast", "return", "short", "signed", "sizeof", "static", "static_cast", "struct", "switch",
        "template", "this", "throw", "true", "try", "typedef", "typeid", "typename", "union", "unsigned", "using",
        "virtual", "void", "volatile", "wchar_t", "while", "xor", "xor_eq",
    ]

    /// `account_ids` → `accountIDs`, `LOG_FILE` → `logFile`, `SubmitEvents` → `submitEvents`.
    static func lowerCamel(_ name: String) -> String {
        guard name.contains("_") || name == name.lowercased() || name == name.uppercased() else {
            return name.prefix(1).lowercased() + name.dropFirst()
        }
        let words = name.lowercased().split(separator: "_").map(String.init)
        return words.enumerated().map { index, word in
            index == 0 ? word : capitals[word] ?? word.prefix(1).uppercased() + word.dropFirst()
        }.joined()
    }

    /// `message_request` → `MessageRequest`.
    static func upperCamel(_ name: String) -> String {
        name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// The name, in backticks where Swift would take it for a keyword.
    static func escaped(_ name: String) -> String {
        swiftKeywords.contains(name) ? "`\(name)`" : name
    }

    /// The Swift name of a type: its own, longer where Swift reserves it.
    static func type(_ name: String) -> String {
        ["Any", "Protocol", "Self", "Type"].contains(name) ? name + "Message" : name
    }

    /// The Swift namespace of a package: none for the home package, `GrpcHealthV1` for `grpc.health.v1`.
    static func namespace(_ package: String) -> String? {
        package == homePackage ? nil : package.split(separator: ".").map { upperCamel(String($0)) }.joined()
    }

    /// The Swift case of an enum's value, without the enum's name that proto style puts before it.
    static func enumCase(_ value: String, of enumeration: String) -> String {
        let prefix = snake(enumeration).uppercased() + "_"
        return lowerCamel(value.hasPrefix(prefix) ? String(value.dropFirst(prefix.count)) : value)
    }

    /// `AlertStatus` → `alert_status`, as protoc-c splits words: before each capital that follows a small letter.
    static func snake(_ name: String) -> String {
        var result = ""
        var previousIsCapital = true
        for letter in name {
            let isCapital = letter.isUppercase
            if isCapital, !previousIsCapital { result.append("_") }
            result += letter.lowercased()
            previousIsCapital = isCapital
        }
        return result
    }

    /// protoc-c's name of a type: `Trailhound__V1__Alert`.
    static func cType(_ fullName: String) -> String {
        fullName.split(separator: ".").map { $0.prefix(1).uppercased() + camel($0.dropFirst()) }.joined(separator: "__")
    }

    private static func camel(_ name: Substring) -> String {
        var result = ""
        var capitalizeNext = false
        for letter in name {
            if letter == "_" {
                capitalizeNext = true
            } else {
                result += capitalizeNext ? letter.uppercased() : String(letter)
                capitalizeNext = false
            }
        }
        return result
    }

    /// protoc-c's prefix of a type's functions: `trailhound__v1__alert`.
    static func cFunction(_ fullName: String) -> String {
        fullName.split(separator: ".").map { snake(String($0)) }.joined(separator: "__")
    }

    /// protoc-c's name of a field.
    static func cField(_ name: String) -> String {
        let lower = name.lowercased()
        return cKeywords.contains(lower) ? lower + "_" : lower
    }

    /// A name for generated files: `trailhound/v1/alert.proto` → `TrailhoundV1Alert`.
    static func fileStem(_ path: String) -> String {
        path.replacingSuffix(".proto", with: "").split(separator: "/").map { upperCamel(String($0)) }.joined()
    }
}

extension String {
    /// The string with its ending replaced, or as it is where it ends in another way.
    func replacingSuffix(_ suffix: String, with replacement: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + replacement : self
    }
}
