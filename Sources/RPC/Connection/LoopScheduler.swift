// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix

/// Runs the tasks of calls on an event loop, and flushes connections once a turn.
///
/// A socket's read turn ends with `runTurn`: it runs every job that the read made ready (handlers and their
/// continuations), then flushes each connection that has output. So the answers to all calls of one read leave in one
/// write, and nothing changes threads.
///
/// Sendable because all state but `eventLoop` is touched on the event loop only: `enqueue` is the one method that
/// may be called elsewhere, and it hops first.
final class LoopScheduler: TaskExecutor, @unchecked Sendable {
    let eventLoop: any EventLoop
    /// Its place among the schedulers of its group.
    let index: Int
    /// Memory for bytes on their way out, lent to one connection at a time.
    @exclusivity(unchecked) var outputBuffer = ByteBuffer()
    /// Plain text of one TLS record on its way in.
    let readScratch: UnsafeMutableRawBufferPointer
    /// Frames on their way out, before encryption.
    let writeScratch: UnsafeMutableRawBufferPointer

    // Unchecked: no access of these overlaps another; the arrays are swapped out before what they hold is run.
    @exclusivity(unchecked) private var jobs: [UnownedJob] = []
    @exclusivity(unchecked) private var runningJobs: [UnownedJob] = []
    @exclusivity(unchecked) private var calls: [ServerStream] = []
    @exclusivity(unchecked) private var runningCalls: [ServerStream] = []
    @exclusivity(unchecked) private var dirty: [ConnectionCore] = []
    @exclusivity(unchecked) private var flushing: [ConnectionCore] = []
    /// Buffers of streams that are over, for those to come. The loop's and not a connection's, which may be idle for hours.
    @exclusivity(unchecked) private var buffers: [ByteBuffer] = []
    private let memory = SessionMemory()
    @exclusivity(unchecked) private var isTurnScheduled = false
    @exclusivity(unchecked) private var isRunning = false

    init(eventLoop: any EventLoop, index: Int = 0) {
        self.eventLoop = eventLoop
        self.index = index
        readScratch = .allocate(byteCount: FixedLimits.tlsRecordBytes, alignment: 16)
        // One frame may start just below the chunk's end.
        writeScratch = .allocate(
            byteCount: FixedLimits.flushChunkBytes + FixedLimits.flushSlackBytes, alignment: 16)
    }

    deinit {
        readScratch.deallocate()
        writeScratch.deallocate()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        if eventLoop.inEventLoop {
            jobs.append(job)
            scheduleTurn()
        } else {
            eventLoop.execute {
                self.jobs.append(job)
                self.scheduleTurn()
            }
        }
    }

    /// Remembers that the connection has output. On the event loop.
    func markDirty(_ connection: ConnectionCore) {
        dirty.append(connection)
        scheduleTurn()
    }

    /// Puts a call in the line of those whose handlers run at the end of this turn. On the event loop.
    func ready(_ call: ServerStream) {
        calls.append(call)
        scheduleTurn()
    }

    /// Runs what is ready and flushes. On the event loop; a nested call does nothing.
    func runTurn() {
        guard !isRunning else { return }
        isRunning = true
        if !calls.isEmpty {
            swap(&calls, &runningCalls)
            for index in runningCalls.indices { runningCalls[index].runNow() }
            runningCalls.removeAll(keepingCapacity: true)
        }
        for _ in 0..<FixedLimits.jobRoundsPerTurn {
            guard !jobs.isEmpty else { break }
            swap(&jobs, &runningJobs)
            let executor = asUnownedTaskExecutor()
            // By index: an iterator would share the array, and the next line would have to copy it.
            for index in runningJobs.indices { runningJobs[index].runSynchronously(on: executor) }
            runningJobs.removeAll(keepingCapacity: true)
        }
        if !dirty.isEmpty {
            swap(&dirty, &flushing)
            for index in flushing.indices { flushing[index].flush() }
            flushing.removeAll(keepingCapacity: true)
        }
        isRunning = false
        if !jobs.isEmpty || !dirty.isEmpty || !calls.isEmpty { scheduleTurn() }
    }

    private func scheduleTurn() {
        guard !isTurnScheduled, !isRunning else { return }
        isTurnScheduled = true
        eventLoop.execute {
            self.isTurnScheduled = false
            self.runTurn()
        }
    }

    // MARK: Memory

    /// What sessions on this event loop get their memory from. On the event loop.
    func sessionMemory() -> SessionMemory {
        memory.serveThisThread()
        return memory
    }

    /// An empty buffer for a stream's output. On the event loop.
    func takeBuffer() -> ByteBuffer { buffers.popLast() ?? ByteBuffer() }

    /// Takes back a buffer that nobody else holds. On the event loop.
    func recycle(_ buffer: consuming ByteBuffer) {
        guard buffers.count < FixedLimits.pooledBuffers, buffer.capacity > 0,
            buffer.capacity <= FixedLimits.pooledBufferBytes
        else { return }
        buffer.rewind()
        buffers.append(buffer)
    }
}

extension ByteBuffer {
    /// Forgets the bytes, as `clear` does, but touches no memory, and keeps it even where another value shares it.
    mutating func rewind() {
        moveReaderIndex(to: 0)
        moveWriterIndex(to: 0)
    }
}

/// The schedulers of an event loop group, one for each of its loops.
final class LoopSchedulers: Sendable {
    /// Those of the process's shared group, which its clients share.
    static let singleton = LoopSchedulers(group: MultiThreadedEventLoopGroup.singleton)

    let all: [LoopScheduler]

    init(group: any EventLoopGroup) {
        all = group.makeIterator().enumerated().map { LoopScheduler(eventLoop: $1, index: $0) }
    }

    /// The scheduler of a loop of the group.
    func scheduler(of eventLoop: any EventLoop) -> LoopScheduler {
        for scheduler in all where scheduler.eventLoop === eventLoop { return scheduler }
        return LoopScheduler(eventLoop: eventLoop)
    }
}
