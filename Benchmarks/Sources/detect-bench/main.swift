// SPDX-License-Identifier: Apache-2.0

// Detection on one core: records a second of processor time through the service's own evaluator, with the whole catalog
// and the public rules on, beside simdjson's DOM parse and zstd over the same bytes in the same run:
//     detect-bench [--records N] [--rounds N] [--data FOLDER] [--rules FOLDER] [--public-rules FOLDER]
//                  [--compare no] [--only STAGE]
// `--compare no` leaves out the peers and the cost against the number of rules; `--only` runs the stage of a number and
// nothing else, for a profiler.

import BenchKit

let options = Options([
    "--records": "30000", "--rounds": "15", "--data": "../shared/corpora/invictus", "--rules": "Rules",
    "--public-rules": "../shared/corpora/sigma/rules", "--compare": "yes", "--only": "",
])
try DetectBench(options).run()
