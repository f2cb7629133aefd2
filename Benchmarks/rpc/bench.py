#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""h2load against three echo servers over TLS, in one run: ours on one event loop, gRPC C++'s callback API, and a bare
nghttp2 + OpenSSL + epoll loop as the limit.

    bench.py --ours PROGRAM --grpc PROGRAM --bare PROGRAM [--rounds N] [--seconds N] [--only NAME,…]

Servers take turns in rounds, and medians are told, because machines are noisy. Each server runs on the first core and
h2load on the second. A run counts only if every call succeeded and as many bytes of body came back as had gone. CPU is
what the server's process spent, kernel included; it is the steadier figure where other programs run beside.
"""
import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile

CLIENT_CORE, SERVER_CORE = 1, 0
# Connections, and calls at once on each.
CONNECTIONS, STREAMS = 8, 32
MESSAGES_PER_STREAM = 1000
HEADERS = ["-H", "content-type: application/grpc", "-H", "te: trailers"]


def message(size):
    return b"\0" + size.to_bytes(4, "big") + b"x" * size


# name: (path, body, messages in it, calls of the warm-up, what is counted)
SCENARIOS = {
    "unary 10 B": ("Unary", message(10), 1, 5000, "calls"),
    # Ours with a handler that may wait, and so has a task of its own; the others as before.
    "unary 10 B, a task for each call": ("UnaryInTask", message(10), 1, 5000, "calls"),
    "unary 64 kB": ("Unary", message(64 * 1024), 1, 500, "calls"),
    "stream of 1,000 × 10 B": (
        "Chat", message(10) * MESSAGES_PER_STREAM, MESSAGES_PER_STREAM, 64, "messages"),
}


class Server:
    def __init__(self, name, program, folder, paths=None):
        self.name = name
        self.paths = paths or {}
        self.process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), program, folder + "/cert.pem", folder + "/key.pem"],
            stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def cpu_seconds(self):
        with open(f"/proc/{self.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def url(self, path):
        """Where this server has the method."""
        return f"https://127.0.0.1:{self.port}/bench.Echo/{self.paths.get(path, path)}"

    def check(self, path, body_file):
        """One call by a client that shows its trailers: gRPC's status must come, and be OK."""
        shown = subprocess.run(
            ["nghttp", "-v", "-d", body_file, *HEADERS, self.url(path)],
            capture_output=True, text=True, check=True).stdout
        if "grpc-status: 0" not in re.sub(r"\x1b\[[0-9;]*m", "", shown):
            sys.exit(f"{self.name}: no grpc-status 0 came with the answer to {path}")

    def load(self, path, body_file, body_bytes, calls):
        """Runs so many calls; returns seconds and the server's CPU seconds."""
        before = self.cpu_seconds()
        output = subprocess.run(
            ["taskset", "-c", str(CLIENT_CORE), "h2load", "-t", "1", "-c", str(CONNECTIONS), "-m", str(STREAMS),
             "-n", str(calls), "-d", body_file, *HEADERS, self.url(path)],
            capture_output=True, text=True, check=True).stdout
        cpu = self.cpu_seconds() - before
        succeeded = int(re.search(r"(\d+) succeeded", output).group(1))
        ok = int(re.search(r"status codes: (\d+) 2xx", output).group(1))
        data = int(re.search(r"\((\d+)\) data", output).group(1))
        if (succeeded, ok, data) != (calls, calls, calls * body_bytes):
            sys.exit(f"{self.name}: {succeeded} of {calls} calls succeeded, {data} of {calls * body_bytes} bytes came")
        number, unit = re.search(r"finished in ([\d.]+)(s|ms|us|m)\b", output).groups()
        return float(number) * {"s": 1, "ms": 1e-3, "us": 1e-6, "m": 60}[unit], cpu


def mint(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-nodes", "-days", "2", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", folder + "/key.pem", "-out", folder + "/cert.pem"], check=True, capture_output=True)


def measure(servers, name, folder, options):
    path, body, messages, warm_up, unit = SCENARIOS[name]
    body_file = os.path.join(folder, "body")
    with open(body_file, "wb") as file:
        file.write(body)
    calls = {}
    for server in servers:
        server.check(path, body_file)
        server.load(path, body_file, len(body), warm_up)
        seconds, _ = server.load(path, body_file, len(body), warm_up)
        calls[server] = max(CONNECTIONS * STREAMS, round(warm_up / seconds * options.seconds))
    rates = {server: [] for server in servers}
    costs = {server: [] for server in servers}
    for _ in range(options.rounds):
        for server in servers:
            seconds, cpu = server.load(path, body_file, len(body), calls[server])
            rates[server].append(calls[server] * messages / seconds)
            costs[server].append(cpu / calls[server] / messages * 1e6)
    print(f"\n{name}: {CONNECTIONS} connections × {STREAMS} calls at once, {options.rounds} rounds, medians (least – most)")
    for server in servers:
        rate, cost = rates[server], costs[server]
        print(f"  {server.name:22} {statistics.median(rate):11,.0f} {unit}/s ({min(rate):,.0f} – {max(rate):,.0f})"
              f"   {statistics.median(cost):7.2f} µs CPU each ({min(cost):.2f} – {max(cost):.2f})")
    ours, grpc, bare = (statistics.median(rates[server]) for server in servers)
    ours_cpu, grpc_cpu, bare_cpu = (statistics.median(costs[server]) for server in servers)
    print(f"  ours is {ours / grpc:.2f} × gRPC C++ and {100 * ours / bare:.0f} % of the bare server; by CPU "
          f"{grpc_cpu / ours_cpu:.2f} × and {100 * bare_cpu / ours_cpu:.0f} %", flush=True)


def main():
    parser = argparse.ArgumentParser()
    for name in ("ours", "grpc", "bare"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", default="", help="unary 10 B, unary 64 kB, stream: what a name begins with")
    options = parser.parse_args()
    with open("/proc/cpuinfo") as file:
        model = re.search(r"model name\s*: (.*)", file.read()).group(1)
    print(f"{model}, {os.cpu_count()} cores; the server on one core, h2load on another; TLS 1.3")
    with tempfile.TemporaryDirectory() as folder:
        mint(folder)
        servers = []
        try:
            for name, program, paths in (
                    ("ours, one event loop", options.ours, None),
                    ("gRPC C++, callbacks", options.grpc, {"UnaryInTask": "Unary"}),
                    ("bare nghttp2 + epoll", options.bare, {"UnaryInTask": "Unary"})):
                servers.append(Server(name, program, folder, paths))
            for name in SCENARIOS:
                if not options.only or any(name.startswith(start) for start in options.only.split(",")):
                    measure(servers, name, folder, options)
        finally:
            for server in servers:
                server.process.kill()
                server.process.wait()


if __name__ == "__main__":
    main()
