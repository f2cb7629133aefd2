// SPDX-License-Identifier: Apache-2.0
import Messages
import Testing

@Test func roundTrip() throws {
    let request = SubmitEventsRequest(
        sequence: 7, source: "s3://b\u{0}ucket/key", payload: .records(RecordBatch(records: [Bytes("{}"), Bytes(), Bytes("{\"a\":1}")])))
    let back = try SubmitEventsRequest(decoding: request.encodedBytes())
    #expect(back == request)
}
