// SPDX-License-Identifier: Apache-2.0

import TrailhoundCLI

/// The program `trailhound`. What it does is in the library, where tests reach it.
@main
enum Main {
    static func main() async {
        await Program.main()
    }
}
