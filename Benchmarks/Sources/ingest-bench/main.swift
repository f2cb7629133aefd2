// SPDX-License-Identifier: Apache-2.0

// Durable ingest through the built service, over TLS and with the whole catalog on, beside what one core can parse and
// compress of the same bytes in the same run:
//     ingest-bench [--records N] [--runs N] [--batch N] [--gzip yes] [--streams N] [--data FOLDER] …
// With --prefill N it measures how the rate and the look-ups hold up once N records are stored.

import BenchKit
import Foundation

let options = Options([
    "--records": "1000000", "--runs": "3", "--batch": "1000", "--gzip": "no", "--streams": "1", "--prefill": "0",
    "--data": "../shared/corpora/invictus", "--rules": "Rules", "--service": ".build/release/trailhoundd",
    "--server-args": "", "--data-dir": "",
])
let bench = try IngestBench(options)
try await bench.run()
