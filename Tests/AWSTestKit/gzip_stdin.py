# SPDX-License-Identifier: Apache-2.0
"""Compresses standard input, as CloudTrail compresses its files."""

import gzip
import sys

sys.stdout.buffer.write(gzip.compress(sys.stdin.buffer.read()))
