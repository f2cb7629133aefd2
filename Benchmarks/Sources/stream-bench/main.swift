// SPDX-License-Identifier: Apache-2.0

// What the stream remembers, on one core: a million live groups of a correlation, each of another user, through the
// service's own evaluator and state; then as many events more, each in one of these groups.
//     stream-bench [--groups N] [--condition "lt: 20"]
// With --sessions instead a flood of sessions whose makers nobody knows, with a rule that asks what their actors did before.
//     stream-bench --sessions N

import BenchKit

let options = Options(["--groups": "1000000", "--condition": "gte: 20", "--sessions": "0"])
if options.number("--sessions") > 0 {
    try SessionBench(sessions: options.number("--sessions")).run()
} else {
    try StreamBench(groups: Int(options["--groups"]) ?? 1_000_000, condition: options["--condition"]).run()
}
