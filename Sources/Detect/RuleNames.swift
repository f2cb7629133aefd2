// SPDX-License-Identifier: Apache-2.0

import Sigma

/// Rules by what others may call them: their ids, in letters of either case, and their names.
struct RuleNames {
    private let metadata: [SigmaMetadata]
    private var ids: [String: [Int]] = [:]
    private var names: [String: [Int]] = [:]
    private var removed: Set<Int> = []

    init(_ metadata: [SigmaMetadata]) {
        self.metadata = metadata
        for (index, own) in metadata.enumerated() {
            if let id = own.id { ids[id.lowercased(), default: []].append(index) }
            if let name = own.name { names[name, default: []].append(index) }
        }
    }

    /// The first rule that is called so.
    func first(_ text: String) -> Int? {
        let found = [ids[text.lowercased()], names[text]].compactMap { places in
            places?.first { !removed.contains($0) }
        }
        return found.min()
    }

    /// Leaves a rule out of what is found.
    mutating func remove(_ index: Int) { removed.insert(index) }
}

extension SigmaLogSource {
    /// Whether rules for it are about CloudTrail's records. A category without a product and a service, such as
    /// webserver, proxy or dns, is that of other logs.
    var isCloudTrail: Bool {
        guard product ?? "aws" == "aws", service ?? "cloudtrail" == "cloudtrail" else { return false }
        return category == nil || category == "cloudtrail" || service == "cloudtrail"
    }
}

extension Detection {
    /// The key under which it asks for what was seen before or after; nil where it asks for nothing.
    var streamKey: String? {
        if let baseline { return baseline.atMost > 0 ? "rare" : "first_seen" }
        if travel != nil { return "impossible_travel" }
        return unless == nil ? nil : "unless"
    }
}
