// SPDX-License-Identifier: Apache-2.0

/// The files to submit, cut into batches as the streams ask for them. Reading happens here, one batch at a time, so
/// what is in memory is what the streams have in flight.
package actor BatchSource {
    private var files: ArraySlice<InputFile>
    private var current: FileBatches?

    package init(_ files: [InputFile]) { self.files = files[...] }

    /// The next item, nil when every file is done with.
    package func next() -> BatchItem? {
        while true {
            if let item = current?.next() { return item }
            guard let file = files.popFirst() else {
                current = nil
                return nil
            }
            current = FileBatches(file)
        }
    }
}
