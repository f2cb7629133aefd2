// SPDX-License-Identifier: Apache-2.0

/// Splits documents into the byte ranges of their records, without reading a field and without copying.
///
/// Where fields are wanted too, `RecordExtractor.open` and `next` do both in the same pass.
public final class RecordSplitter {
    private let extractor = RecordExtractor(FieldSet().compile())

    public init() {}

    /// Calls `body` for each element of the document's records: its place, and whether it is an object. Everything is
    /// checked; an error can come after records were handed out.
    public func split(
        _ document: UnsafeRawBufferPointer, form: RecordExtractor.DocumentForm = .recordsObject,
        _ body: (_ place: Range<Int>, _ isObject: Bool) -> Void
    ) throws(JSONError) {
        try extractor.open(document, form: form)
        while true {
            switch try extractor.next() {
            case .record(let place): body(place, true)
            case .notAnObject(let place): body(place, false)
            case .end: return
            }
        }
    }
}
