// SPDX-License-Identifier: Apache-2.0

// Idle subscribers over TLS, each on a connection of its own, and how soon an alert reaches all of them:
//     subscribers-bench [--subscribers N] [--rate N] [--seconds N] …
// Both processes share the machine: the times hold the work of ten thousand clients too.

import BenchKit
import Foundation

let options = Options([
    "--subscribers": "10000", "--rate": "10000", "--seconds": "20", "--rules": "Rules",
    "--service": ".build/release/trailhoundd", "--server-args": "", "--data-dir": "",
])
let bench = SubscribersBench(options)
try await bench.run()
