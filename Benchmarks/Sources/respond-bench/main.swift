// SPDX-License-Identifier: Apache-2.0

// From a record that a detection matches to a stolen key that is seen to be Inactive, through the built service and over
// IAM's wire protocol, with moto as AWS:
//     respond-bench [--runs N] [--pause MILLISECONDS] [--patience SECONDS] …
// The pause between two keys leaves the service as many calls a second as it allows itself in an account: 15 to IAM.

import BenchKit
import Foundation
import ServiceKit

let options = Options([
    "--runs": "200", "--pause": "600", "--patience": "60", "--rules": "Rules",
    "--service": ".build/release/trailhoundd",
    "--server-args": "",
    "--python": ".venv/bin/python", "--data-dir": "",
])
await benchmark { try await RespondBench(options).run() }
