// SPDX-License-Identifier: Apache-2.0

/// An element of an XML answer: its name without a prefix, its text, its children. Attributes are not kept, since no
/// answer that Trailhound reads has any that matter.
package struct XMLElement: Sendable, Hashable {
    /// The local name.
    package let name: String
    /// The text directly inside, entities resolved. Only white space around children is dropped.
    package internal(set) var text: String
    /// The elements inside, in order.
    package internal(set) var children: [XMLElement]

    /// The first child of that name.
    package func child(_ name: String) -> XMLElement? {
        children.first { $0.name == name }
    }

    /// The text at a path of names below this element, or nil when there is no such element.
    package func value(_ path: String...) -> String? {
        var current = self
        for name in path {
            guard let next = current.child(name) else { return nil }
            current = next
        }
        return current.text
    }

    /// The children of the child `list` that are named `item`; none when there is no such list.
    package func items(_ list: String, _ item: String = "member") -> [XMLElement] {
        child(list)?.children.filter { $0.name == item } ?? []
    }
}

/// Why an answer is no XML, or none that is taken.
package struct XMLError: Error, Sendable, Hashable {
    /// What is wrong.
    package let message: String
    /// Where, in bytes from the start.
    package let offset: Int
}
