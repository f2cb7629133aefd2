# SPDX-License-Identifier: Apache-2.0
"""HTTP/2 over TLS, frame by frame, for what no gRPC client sends."""

import socket
import ssl
import struct

import hpack
from hyperframe.frame import DataFrame, HeadersFrame, PingFrame, SettingsFrame, WindowUpdateFrame

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
PATIENCE_SECONDS = 10


class Peer:
    """A connection with the certificate of `name`."""

    def __init__(self, service, name="admin", source=None, window=None):
        tls = ssl.create_default_context(cafile=service.pki / "ca.pem")
        tls.load_cert_chain(service.pki / f"{name}.pem", service.pki / f"{name}-key.pem")
        tls.set_alpn_protocols(["h2"])
        raw = socket.create_connection(("127.0.0.1", service.port), PATIENCE_SECONDS, source and (source, 0))
        self.socket = tls.wrap_socket(raw, server_hostname="localhost")
        self.encoder = hpack.Encoder()
        settings = SettingsFrame(0)
        if window is not None:
            settings.settings = {SettingsFrame.INITIAL_WINDOW_SIZE: window}
        self.socket.sendall(PREFACE + settings.serialize())

    def send(self, *frames):
        self.socket.sendall(b"".join(frame.serialize() for frame in frames))

    def is_up(self):
        """Whether the service's SETTINGS came."""
        self.socket.settimeout(PATIENCE_SECONDS)
        try:
            return self.frame()[0] == 4
        except (OSError, EOFError):
            return False

    def open_call(self, stream, path, encoding=None):
        """Sends the headers of a gRPC call that goes on."""
        fields = [(":method", "POST"), (":scheme", "https"), (":path", path), (":authority", "localhost")]
        fields += [("content-type", "application/grpc"), ("te", "trailers")]
        fields += [("grpc-encoding", encoding)] if encoding else []
        frame = HeadersFrame(stream, self.encoder.encode(fields))
        frame.flags.add("END_HEADERS")
        self.send(frame)

    def begin_message(self, stream, size, part):
        """Sends the first `part` bytes of a message that is said to have `size`; returns how many the service took."""
        self.windows = {0: 65_535, stream: 65_535}
        self.send(DataFrame(stream, b"\x00" + struct.pack(">I", size)))
        self.windows = {number: room - 5 for number, room in self.windows.items()}
        sent = 0
        while sent < part:
            count = min(16_384, part - sent, *self.windows.values())
            if count <= 0:
                if not self.wait_for_room(stream):
                    break
                continue
            self.send(DataFrame(stream, bytes(count)))
            sent += count
            self.windows = {number: room - count for number, room in self.windows.items()}
        return sent

    def wait_for_room(self, stream):
        """Reads a frame and books what it grants; False where the stream or the connection ended, or nothing came."""
        try:
            kind, flags, number, body = self.frame()
        except (OSError, EOFError):
            return False
        if kind == 8 and number in self.windows:
            self.windows[number] += struct.unpack(">I", body)[0] & 0x7FFFFFFF
        if kind == 6 and not flags & 1:
            answer = PingFrame(0, body)
            answer.flags.add("ACK")
            self.send(answer)
        if kind == 4 and not flags & 1:
            answer = SettingsFrame(0)
            answer.flags.add("ACK")
            self.send(answer)
            for place in range(0, len(body), 6):
                key, value = struct.unpack(">HI", body[place:place + 6])
                if key == SettingsFrame.INITIAL_WINDOW_SIZE:
                    self.windows[stream] += value - 65_535
        return kind not in (3, 7) and not (kind == 1 and flags & 1)

    def frame(self):
        head = self.exactly(9)
        length = int.from_bytes(head[:3], "big")
        return head[3], head[4], int.from_bytes(head[5:9], "big") & 0x7FFFFFFF, self.exactly(length)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            if not part:
                raise EOFError
            data += part
        return data

    def widen(self, stream=0, by=1 << 28):
        self.send(WindowUpdateFrame(stream, by))

    def ended_within(self, seconds):
        """Reads on, and tells whether the service ended the connection or sent GOAWAY in that time."""
        self.socket.settimeout(seconds)
        try:
            while True:
                if self.frame()[0] == 7:
                    return True
        except (TimeoutError, socket.timeout):
            return False
        except (OSError, EOFError):
            return True

    def close(self):
        self.socket.close()
