// SPDX-License-Identifier: Apache-2.0

import Foundation
import Yams

extension ServiceConfiguration {
    /// Takes the settings of a YAML file: one mapping whose keys are the names of the command's options.
    ///
    /// Throws for a file that can't be read, a key that is not known and a value of the wrong type, each by name.
    package mutating func read(file path: String) throws(ConfigurationError) {
        let text: String
        do { text = try String(contentsOfFile: path, encoding: .utf8) } catch {
            throw ConfigurationError("--config: can't read \(path)")
        }
        let node: Node?
        do { node = try Yams.compose(yaml: text) } catch { throw ConfigurationError("\(path): \(error)") }
        guard let node else { return }
        guard let settings = node.mapping else { throw ConfigurationError("\(path): has to be a mapping of settings") }
        for (key, value) in settings {
            guard let name = key.string else { throw ConfigurationError("\(path): a key that is no text") }
            try set(name, Setting(path: path, name: name, line: key.mark?.line ?? 0, node: value))
        }
    }

    private mutating func set(_ name: String, _ value: Setting) throws(ConfigurationError) {
        switch name {
        case "data-dir": dataDirectory = try value.text()
        case "log-level": logLevel = try value.text()
        case "log-format": logFormat = try value.text()
        case "listen": try listen(on: value.text())
        case "rules": rules = try value.text()
        case "placeholders": placeholders = try value.text()
        case "geoip-city": geoCity = try value.text()
        case "geoip-asn": geoNetwork = try value.text()
        case "certificate": certificate = try value.text()
        case "key": key = try value.text()
        case "client-ca": clientCA = try value.text()
        case "crl": revocationList = try value.text()
        case "metrics": try serveMetrics(on: value.text())
        case "retention-days": retentionDays = try value.number()
        case "alert-revision-days": alertRevisionDays = try value.number()
        case "closed-alert-days": closedAlertDays = try value.number()
        case "audit-days": auditDays = try value.number()
        case "degraded-after-minutes": degradedAfterMinutes = try value.number()
        case "workers": workers = try value.number()
        case "event-loops": eventLoops = try value.number()
        case "plaintext": isPlaintext = try value.flag()
        default: throw value.failure("is no setting")
        }
    }
}

/// One value of the file, and where it stands.
private struct Setting {
    let path: String
    let name: String
    let line: Int
    let node: Node

    func text() throws(ConfigurationError) -> String {
        guard let text = node.string else { throw failure("has to be a text") }
        return text
    }

    func number() throws(ConfigurationError) -> Int {
        guard let number = node.int, number >= 1 else { throw failure("has to be a number of 1 or more") }
        return number
    }

    func flag() throws(ConfigurationError) -> Bool {
        guard let flag = node.bool else { throw failure("has to be true or false") }
        return flag
    }

    func failure(_ problem: String) -> ConfigurationError {
        ConfigurationError("\(path):\(line): \(name) \(problem)")
    }
}
