// SPDX-License-Identifier: Apache-2.0

// Fills a journal with synthetic records and prints what the store costs as it grows:
//     journal-bench [RECORDS] [DIRECTORY]
// Only commits are timed: making the blocks is the workers' part. "cpu" is of the writing thread.

import CloudTrail
import Foundation
import Journal

let arguments = CommandLine.arguments
let bench = Bench(
    total: arguments.count > 1 ? Int(arguments[1]) ?? 10_000_000 : 10_000_000,
    directory: arguments.count > 2 ? arguments[2] : NSTemporaryDirectory() + "journal-bench",
    workload: try Workload())
try bench.run()
