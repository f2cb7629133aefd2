// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// What a process holds of the machine's memory.
public enum ResidentMemory {
    /// In bytes; of this process where no other is named. 0 for a process that is gone.
    public static func bytes(of process: Int32 = getpid()) -> Int {
        let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8)
        let pages = text?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * Int(getpagesize())
    }
}
