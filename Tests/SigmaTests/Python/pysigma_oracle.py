# SPDX-License-Identifier: Apache-2.0
"""Evaluates Sigma rules on flat events as pySigma's SQLite backend has it.

Reads a JSON document {"columns": {name: type}, "rules": [yaml], "events": [{column: value}]} from the file named first
and writes {"matches": [[index of an event, ...], ...]} to the file named second, a list for each rule.
"""

import json
import re
import sqlite3
import sys

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)

database = sqlite3.connect(":memory:")
patterns = {}


def regexp(pattern, text):
    if text is None:
        return False
    if pattern not in patterns:
        patterns[pattern] = re.compile(pattern)
    return patterns[pattern].search(str(text)) is not None


database.create_function("REGEXP", 2, regexp, deterministic=True)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


columns = list(job["columns"])
declared = ", ".join(f"{quoted(name)} {job['columns'][name]}" for name in columns)
database.execute(f"CREATE TABLE logs (number INTEGER PRIMARY KEY, {declared})")
database.executemany(
    f"INSERT INTO logs VALUES ({', '.join('?' * (len(columns) + 1))})",
    [[index] + [event.get(name) for name in columns] for index, event in enumerate(job["events"])],
)

# Sigma compares texts without case, and the table has no collation of its own.
backend = sqliteBackend(collate_nocase=True)
found = []
for text in job["rules"]:
    queries = backend.convert(SigmaCollection.from_yaml(text))
    numbers = set()
    for query in queries:
        where = query.split(" WHERE ", 1)[1]
        numbers.update(row[0] for row in database.execute(f"SELECT number FROM logs WHERE {where}"))
    found.append(sorted(numbers))

with open(sys.argv[2], "w", encoding="utf-8") as file:
    json.dump({"matches": found}, file)
