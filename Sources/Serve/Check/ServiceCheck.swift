// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import Journal
import PKI
import Respond

/// What `trailhoundd check` looks at: the store as the service reads it, and what stands around it.
package enum ServiceCheck {
    /// The stored bytes as the service reads them.
    package static var payloads: PayloadChecks {
        var checks = PayloadChecks()
        checks.alert = { (try? AlertCodec.decode($0)) == nil ? "its bytes are no alert" : nil }
        checks.remediation = {
            (try? JournalRemediationStore.remediation($0)) == nil ? "its bytes are no remediation" : nil
        }
        checks.policy = { PolicyBook.isReadable($0) ? nil : "it can't be read" }
        checks.state = { name, value in PolicyBook.isReadable(state: name, value) ? nil : "it can't be read" }
        return checks
    }

    /// Something about a data directory that is no damage of the store and yet will be in the way.
    package struct Remark: Sendable, Hashable {
        package let text: String
        /// It keeps the service from starting, or lets others in.
        package let isError: Bool
    }

    /// Looks at the certificates that the service minted, at who may read the data directory and its keys, and at the room
    /// on its disk.
    package static func remarks(_ directory: String) -> [Remark] {
        modes(directory) + certificates(directory + "/pki") + room(directory)
    }

    private static func modes(_ directory: String) -> [Remark] {
        let guarded = ["", "/journal.sqlite"] + keys(directory + "/pki").map { "/pki/" + $0 }
        return guarded.compactMap { name in
            let path = directory + name
            guard let mode = mode(path), mode & 0o077 != 0 else { return nil }
            let text = "\(path) is open to others: mode \(String(mode & 0o777, radix: 8))"
            return Remark(text: text, isError: name.hasSuffix("-key.pem"))
        }
    }

    private static func keys(_ folder: String) -> [String] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.filter { $0.hasSuffix("-key.pem") }.sorted()
    }

    private static func mode(_ path: String) -> UInt32? {
        var status = stat()
        return stat(path, &status) == 0 ? UInt32(status.st_mode) : nil
    }

    private static func certificates(_ folder: String) -> [Remark] {
        guard PEMFiles.exists(folder) else { return [] }
        var remarks: [Remark] = []
        let now = Int64(Date().timeIntervalSince1970)
        for name in ["ca", "server"] where PEMFiles.exists("\(folder)/\(name).pem") {
            do {
                let certificate = try PEMFiles.certificate(at: "\(folder)/\(name).pem")
                if certificate.notAfter <= now {
                    remarks.append(Remark(text: "\(folder)/\(name).pem has ended", isError: true))
                }
                _ = try PEMFiles.key(at: "\(folder)/\(name)-key.pem")
            } catch { remarks.append(Remark(text: "\(error)", isError: true)) }
        }
        let list = folder + "/crl.pem"
        if PEMFiles.exists(list) {
            do { _ = try PEMFiles.revocationLists(at: list) } catch {
                remarks.append(Remark(text: "\(error)", isError: true))
            }
        }
        return remarks
    }

    private static func room(_ directory: String) -> [Remark] {
        var room = statvfs()
        guard statvfs(directory, &room) == 0 else { return [] }
        let free = UInt64(room.f_bavail) * UInt64(room.f_frsize)
        guard free < Limits.lowDiskBytes else { return [] }
        return [Remark(text: "the disk of \(directory) has only \(free) bytes free", isError: false)]
    }
}
