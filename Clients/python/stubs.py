# SPDX-License-Identifier: Apache-2.0
"""Makes the Python classes of the contract from Protos/, and a channel to the service."""

import argparse
import sys
from importlib import resources
from pathlib import Path

import grpc
from grpc_tools import protoc

HERE = Path(__file__).resolve().parent
PROTOS = HERE.parent.parent / "Protos"
GENERATED = HERE / "generated"


def generate():
    """Runs protoc where the protos are newer than what it made the last time."""
    sources = sorted(PROTOS.glob("trailhound/v1/*.proto"))
    done = GENERATED / "done"
    if not done.exists() or done.stat().st_mtime < max(source.stat().st_mtime for source in sources):
        GENERATED.mkdir(exist_ok=True)
        well_known = str(resources.files("grpc_tools") / "_proto")
        options = [
            "protoc",
            f"-I{PROTOS}",
            f"-I{well_known}",
            f"--python_out={GENERATED}",
            f"--grpc_python_out={GENERATED}",
        ]
        if protoc.main(options + [str(source) for source in sources]) != 0:
            sys.exit("protoc failed")
        done.touch()
    sys.path.insert(0, str(GENERATED))


def arguments(description):
    """The options that every client has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--server", default="localhost:7443", help="host and port of the service")
    parser.add_argument("--pki", type=Path, default=Path("pki"), help="folder with ca.pem and the client's certificate")
    parser.add_argument("--identity", default="admin", help="NAME.pem and NAME-key.pem in it (default: %(default)s)")
    parser.add_argument("--plaintext", action="store_true", help="no TLS; for a service on this machine only")
    return parser


def visible(text):
    """What others wrote, on one line and without commands to the terminal."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)


def channel(options):
    """Opens a connection, with a certificate on both sides."""
    limits = [("grpc.max_send_message_length", 64 << 20), ("grpc.max_receive_message_length", 64 << 20)]
    if options.plaintext:
        return grpc.insecure_channel(options.server, limits)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=(options.pki / "ca.pem").read_bytes(),
        private_key=(options.pki / f"{options.identity}-key.pem").read_bytes(),
        certificate_chain=(options.pki / f"{options.identity}.pem").read_bytes(),
    )
    return grpc.secure_channel(options.server, credentials, limits)


generate()
