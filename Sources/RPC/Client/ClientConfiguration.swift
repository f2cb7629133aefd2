// SPDX-License-Identifier: Apache-2.0

/// Where a client finds its server.
public enum ClientTarget: Sendable, Hashable, CustomStringConvertible {
    /// A host name or address and a port.
    case tcp(host: String, port: Int)
    /// A socket in the file system.
    case unix(path: String)

    /// As `:authority` names it.
    public var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix: "localhost"
        }
    }

    var host: String? {
        switch self {
        case .tcp(let host, _): host
        case .unix: nil
        }
    }
}

/// How long a client waits between attempts to connect, as gRPC's connection backoff.
public struct BackoffConfiguration: Sendable, Hashable {
    /// After the first failure.
    public var initial: Duration = .seconds(1)
    /// Each wait is so much longer than the one before.
    public var multiplier: Double = 1.6
    /// No wait is longer.
    public var maximum: Duration = .seconds(120)
    /// Each wait is up to this part longer or shorter, by chance.
    public var jitter: Double = 0.2

    /// gRPC's defaults.
    public init() {}

    /// The wait after so many failures in a row (1 or more); `random` lies in -1 … 1.
    package func wait(afterFailures failures: Int, random: Double) -> Duration {
        var wait = initial
        for _ in 1..<max(1, min(failures, 64)) {
            wait = min(maximum, wait * multiplier)
        }
        return wait * (1 + jitter * random)
    }
}

/// How a client calls.
public struct ClientConfiguration: Sendable {
    /// The server. `:authority` names it, whichever address a call goes to.
    public var target: ClientTarget
    /// Further addresses of the same service.
    public var alternatives: [ClientTarget] = []
    /// How calls are spread over the addresses.
    public var loadBalancing = LoadBalancing.pickFirst
    /// nil: plain text.
    public var tls: TLSConfiguration?
    /// Its limits.
    public var limits = Limits()
    /// When a silent server is asked whether it still lives.
    public var keepalive = KeepaliveConfiguration(interval: nil, timeout: .seconds(20), withoutCalls: false)
    /// How long a TCP connection may take to come up.
    public var connectTimeout: Duration = .seconds(20)
    /// The waits between attempts to connect.
    public var backoff = BackoffConfiguration()
    /// Named to the server before the library's own name.
    public var userAgent: String?
    /// What every call passes through, the first one first.
    public var interceptors: [any ClientInterceptor] = []

    /// A client of this server, with defaults for the rest.
    public init(target: ClientTarget, tls: TLSConfiguration? = nil) {
        self.target = target
        self.tls = tls
    }
}

/// What a single call may set.
public struct CallOptions: Sendable {
    /// Custom metadata for the server.
    public var metadata: Metadata
    /// The call fails with DEADLINE_EXCEEDED after so long; nil for never.
    public var timeout: Duration?
    /// Wait for a connection rather than fail with UNAVAILABLE while there is none.
    public var waitsForReady: Bool
    /// Compress the requests with gzip.
    public var compresses: Bool
    /// Send the call again after failures that allow it; for unary calls.
    public var retry: RetryPolicy?

    /// Options with these defaults.
    public init(
        metadata: Metadata = Metadata(), timeout: Duration? = nil, waitsForReady: Bool = false,
        compresses: Bool = false, retry: RetryPolicy? = nil
    ) {
        self.metadata = metadata
        self.timeout = timeout
        self.waitsForReady = waitsForReady
        self.compresses = compresses
        self.retry = retry
    }
}

/// When a unary call is sent again.
public struct RetryPolicy: Sendable, Hashable {
    /// Attempts in all.
    public var maxAttempts: Int = 4
    /// The waits between attempts: each is a random part of it.
    public var backoff: BackoffConfiguration = {
        var backoff = BackoffConfiguration()
        backoff.initial = .milliseconds(100)
        backoff.maximum = .seconds(5)
        backoff.multiplier = 2
        return backoff
    }()
    /// The codes that allow it.
    public var codes: Set<StatusCode> = [.unavailable]

    /// Four attempts, for UNAVAILABLE.
    public init() {}
}

/// Something that every call of a client passes through.
public protocol ClientInterceptor: Sendable {
    /// Before the call: may change its options, or throw to refuse it.
    func prepare(_ method: MethodDescriptor, _ options: inout CallOptions) async throws
    /// Once for each call that `prepare` has seen, when it has its status, or could not start; `error` is nil for OK. It
    /// may be called on an event loop, and so must not block.
    func finished(_ method: MethodDescriptor, error: RPCError?)
}

extension ClientInterceptor {
    /// Changes nothing.
    public func prepare(_ method: MethodDescriptor, _ options: inout CallOptions) async throws {}
    /// Does nothing.
    public func finished(_ method: MethodDescriptor, error: RPCError?) {}
}
