// SPDX-License-Identifier: Apache-2.0

import CJSON

/// Every limit of this module.
public enum JSONLimits {
    /// The deepest nesting of objects and arrays. CloudTrail's records stay far below it.
    public static let depth = TH_JSON_MAX_DEPTH
    /// The largest document in bytes.
    public static let documentBytes = 1 << 30
    /// The longest path of a field in bytes.
    public static let pathBytes = 512
    /// The most keys in one path.
    public static let pathKeys = 24
    /// The most objects of a record's member that are remembered.
    public static let rememberedObjects = Int(TH_JSON_REMEMBERED)
    /// The most fields in one set.
    public static let fields = 16_384
}
