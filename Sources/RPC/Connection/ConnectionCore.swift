// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// What a connection's core tells the server's or client's connection. On the event loop.
protocol ConnectionCoreDelegate: AnyObject {
    /// TLS is up (or there is none): frames may flow.
    func connectionEstablished(peer: PeerCertificate?)
    /// So many bytes came: the peer lives.
    func connectionReceivedBytes(_ count: Int, now: NIODeadline)
    /// So many bytes were handed to the link.
    func connectionSentBytes(_ count: Int)
    /// A header block is unfinished after what has come, or is finished now.
    func connectionHeaderBlock(isOpen: Bool)
    /// The link takes no more bytes, or takes them again.
    func connectionBlocked(_ isBlocked: Bool)
    /// Everything was sent that the link takes now; so many bytes wait for the peer.
    func connectionFlushed(unsent: Int)
    /// The connection is over; streams have been told. `failure` says why it never came up, if it did not.
    func connectionClosed(failure: HandshakeFailure?)
}

/// A connection's bytes: link → TLS → HTTP/2, and HTTP/2 → TLS → link in one write a turn. Server and client alike.
///
/// Sendable because it is confined to its event loop; it crosses threads only to be handed to that loop.
final class ConnectionCore: @unchecked Sendable {
    enum Phase {
        case handshaking
        case established
        case closed
    }

    let scheduler: LoopScheduler
    let session: HTTP2Session
    /// Who runs this connection; let go of at the end, which breaks the circle.
    @exclusivity(unchecked) var delegate: (any ConnectionCoreDelegate)?
    private var link: (any ByteLink)?
    private let tls: TLSSession?
    @exclusivity(unchecked) private(set) var phase = Phase.handshaking
    @exclusivity(unchecked) private var isDirty = false
    private var isClosing = false
    /// What the delegate was told last.
    private var hasOpenBlock = false
    private var isBlocked = false
    /// Close after the next flush, for this reason.
    private var closeRequest: HandshakeFailure??
    let peerAddress: String
    /// Bytes in the buffers of all streams, whoever waits for them.
    @exclusivity(unchecked) var queuedBytes = 0
    /// What streams hold that the peer has not taken.
    @exclusivity(unchecked) private(set) var unsent: UnsentBytes

    init(scheduler: LoopScheduler, link: any ByteLink, session: HTTP2Session, tls: TLSSession?, limits: Limits) {
        self.scheduler = scheduler
        unsent = UnsentBytes(limit: limits.maxConnectionUnsentBytes)
        self.link = link
        self.session = session
        self.tls = tls
        peerAddress = link.peerAddress
    }

    var eventLoop: any EventLoop { scheduler.eventLoop }

    /// The TLS settings that the handshake began with; nil without TLS.
    var tlsContext: TLSContext? { tls?.context }

    /// Begins: a client says hello; without TLS both sides are ready.
    func start() {
        guard let tls else {
            phase = .established
            delegate?.connectionEstablished(peer: nil)
            return markDirty()
        }
        proceed(tls)
    }

    // MARK: In

    func received(_ buffer: ByteBuffer) {
        guard phase != .closed, !isClosing else { return }
        let now = NIODeadline.now()
        session.receivedAt = now
        delegate?.connectionReceivedBytes(buffer.readableBytes, now: now)
        buffer.withUnsafeReadableBytes { bytes in
            guard let tls else { return receivePlain(bytes) }
            tls.feed(bytes) { receiveEncrypted(tls) }
        }
    }

    func receiveTurnEnded() { scheduler.runTurn() }

    func writabilityChanged() {
        guard phase != .closed, link?.isWritable == true else { return }
        markDirty()
    }

    private func receiveEncrypted(_ tls: TLSSession) {
        if phase == .handshaking { proceed(tls) }
        while phase == .established, !isClosing {
            switch tls.read(into: scheduler.readScratch) {
            case .bytes(let count): receivePlain(UnsafeRawBufferPointer(rebasing: scheduler.readScratch[..<count]))
            case .incomplete: return
            case .endOfStream: return close(nil)
            case .failed(let reason): return close(reason)
            }
        }
    }

    private func proceed(_ tls: TLSSession) {
        switch tls.handshake() {
        case .incomplete: markDirty()
        case .failed(let reason): close(reason)
        case .complete:
            phase = .established
            delegate?.connectionEstablished(peer: tls.peerCertificate())
            markDirty()
        }
    }

    private func receivePlain(_ bytes: UnsafeRawBufferPointer) {
        do throws(HTTP2Session.Failure) {
            try session.receive(bytes)
            if session.isHeaderBlockOpen != hasOpenBlock {
                hasOpenBlock = session.isHeaderBlockOpen
                delegate?.connectionHeaderBlock(isOpen: hasOpenBlock)
            }
            // Window updates and acknowledgements may be due even when no stream has anything to say.
            markDirty()
        } catch {
            close(error.isBadPreface ? .notHTTP2 : nil)
        }
    }

    // MARK: Out

    /// Something is to be sent at the end of this turn.
    func markDirty() {
        guard !isDirty, phase != .closed else { return }
        isDirty = true
        scheduler.markDirty(self)
    }

    /// Sends what there is while the link takes it.
    func flush() {
        isDirty = false
        guard phase != .closed, let link else { return }
        if phase == .handshaking {
            if let output = tls?.takeOutput() { put(output, on: link) }
            if let closeRequest { close(closeRequest) }
            return
        }
        var sent = 0
        while link.isWritable {
            let gathered = gather()
            guard gathered > 0 else { break }
            send(UnsafeRawBufferPointer(rebasing: scheduler.writeScratch[..<gathered]), over: link)
            sent += gathered
            if sent >= FixedLimits.maxFlushBytes {
                markDirty()
                break
            }
        }
        if link.isWritable == isBlocked {
            isBlocked.toggle()
            delegate?.connectionBlocked(isBlocked)
        }
        delegate?.connectionFlushed(unsent: isBlocked ? queuedBytes + link.bufferedBytes : queuedBytes)
        if let closeRequest {
            close(closeRequest)
        } else if session.isFinished {
            close(session.hasSettings ? nil : .notHTTP2)
        }
    }

    /// Closes at the end of this turn. From where HTTP/2 is at work, which `close` must not be called from.
    func closeSoon(_ failure: HandshakeFailure?) {
        closeRequest = .some(failure)
        markDirty()
    }

    /// Copies frames into the scratch buffer up to a chunk.
    private func gather() -> Int {
        var gathered = 0
        let scratch = scheduler.writeScratch
        while gathered < FixedLimits.flushChunkBytes, let frames = session.nextOutput() {
            guard let base = scratch.baseAddress, let source = frames.baseAddress,
                gathered + frames.count <= scratch.count
            else { break }
            (base + gathered).copyMemory(from: source, byteCount: frames.count)
            gathered += frames.count
        }
        return gathered
    }

    private func send(_ bytes: UnsafeRawBufferPointer, over link: any ByteLink) {
        if let tls {
            tls.lendOutput(&scheduler.outputBuffer)
            guard tls.write(bytes) else { return close(nil) }
            guard var output = tls.takeOutput() else { return }
            transmit(&output, over: link)
        } else {
            var output = ByteBuffer()
            swap(&output, &scheduler.outputBuffer)
            output.writeBytes(bytes)
            transmit(&output, over: link)
        }
    }

    /// Sends the output, and keeps its memory for the next flush. Mostly the socket takes everything at once, and the
    /// memory is free again; what waits in the link must not hold much more memory than it has bytes.
    private func transmit(_ output: inout ByteBuffer, over link: any ByteLink) {
        if output.readableBytes < output.capacity / 4 {
            put(ByteBuffer(bytes: output.readableBytesView), on: link)
        } else {
            put(output, on: link)
        }
        swap(&output, &scheduler.outputBuffer)
        scheduler.outputBuffer.clear()
    }

    private func put(_ bytes: ByteBuffer, on link: any ByteLink) {
        delegate?.connectionSentBytes(bytes.readableBytes)
        link.send(bytes)
    }

    // MARK: End

    /// Closes the link after what is ready to go. `failure`: why the connection never came up, if it did not.
    func close(_ failure: HandshakeFailure?) {
        guard phase != .closed, !isClosing else { return }
        isClosing = true
        if let link {
            if phase == .established, link.isWritable {
                let gathered = gather()
                if gathered > 0 {
                    send(UnsafeRawBufferPointer(rebasing: scheduler.writeScratch[..<gathered]), over: link)
                }
            }
            tls?.close()
            if let output = tls?.takeOutput() { put(output, on: link) }
        }
        finish(failure)
    }

    /// The link is gone.
    func linkClosed() {
        guard phase != .closed else { return }
        finish(phase == .handshaking ? .refusedByPeer : nil)
    }

    private func finish(_ failure: HandshakeFailure?) {
        phase = .closed
        let link = self.link
        self.link = nil
        session.closeAllStreams(.cancel)
        // Counted before the peer can see it.
        delegate?.connectionClosed(failure: failure)
        if failure == .displaced { link?.abort() } else { link?.close() }
        delegate = nil
        session.delegate = nil
    }

    // MARK: Writers

    /// A stream's writers have left so many bytes more in its buffer, or it holds so many fewer.
    func unsentChanged(by count: Int) {
        guard unsent.change(by: count) else { return }
        var stream = session.streams.first
        while let open = stream {
            stream = open.next
            open.connectionHasRoom()
        }
    }

    // MARK: Buffers

    /// An empty buffer for a stream's output.
    func takeBuffer() -> ByteBuffer { scheduler.takeBuffer() }

    /// Takes back a buffer that nobody else holds.
    func recycle(_ buffer: consuming ByteBuffer) { scheduler.recycle(buffer) }
}
