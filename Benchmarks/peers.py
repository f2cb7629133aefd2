# SPDX-License-Identifier: Apache-2.0
"""What others reach on the same rules and records, on one core:

    peers.py RECORDS.json RULES_FOLDER...

Prints a line `NAME SECONDS RECORDS RULES MATCHES` for each: pySigma's SQLite backend, whose queries run over a table of
the flattened records, and rules as Python functions over parsed events, as Panther has them. What counts is everything
from a record's JSON to its matches, as it does here: parsing, flattening, inserting, asking. Converting the rules does not.
"""

import json
import pathlib
import re
import sqlite3
import sys
import time

from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.conditions import (
    ConditionAND, ConditionFieldEqualsValueExpression, ConditionNOT, ConditionOR, ConditionValueExpression,
)
from sigma.types import (
    SigmaBool, SigmaCasedString, SigmaCIDRExpression, SigmaCompareExpression, SigmaExists, SigmaFieldReference,
    SigmaNull, SigmaNumber, SigmaRegularExpression, SigmaString, SpecialChars,
)


def texts(value):
    """The values of a field as texts; arrays fan out."""
    if isinstance(value, list):
        for element in value:
            yield from texts(element)
    elif isinstance(value, bool):
        yield "true" if value else "false"
    elif isinstance(value, dict):
        yield json.dumps(value, separators=(",", ":"))
    elif value is not None:
        yield str(value)


def get(value, keys, at=0):
    """What a path leads to: a list of values, flat."""
    if isinstance(value, list):
        return [found for element in value for found in get(element, keys, at)]
    if at == len(keys):
        return list(texts(value))
    if isinstance(value, dict) and keys[at] in value:
        return get(value[keys[at]], keys, at + 1)
    return []


class Functions:
    """Makes a Python function of a rule's condition, as a detection engineer would write it."""

    def __init__(self):
        self.constants = {"get": get, "re": re}

    def constant(self, value):
        name = f"k{len(self.constants)}"
        self.constants[name] = value
        return name

    def source(self, node):
        if isinstance(node, ConditionAND):
            return "(" + " and ".join(self.source(part) for part in node.args) + ")"
        if isinstance(node, ConditionOR):
            return "(" + " or ".join(self.source(part) for part in node.args) + ")"
        if isinstance(node, ConditionNOT):
            return f"(not {self.source(node.args[0])})"
        if isinstance(node, ConditionFieldEqualsValueExpression):
            keys = self.constant(tuple(node.field.split(".")))
            return self.test(f"get(event, {keys})", node.value)
        raise NotImplementedError(type(node))

    def test(self, values, value):
        if isinstance(value, SigmaNull):
            return f"(not {values})"
        if isinstance(value, SigmaExists):
            return f"(bool({values}) is {bool(value)})"
        if isinstance(value, SigmaRegularExpression):
            return f"any({self.constant(re.compile(str(value.regexp)))}.search(v) for v in {values})"
        if isinstance(value, (SigmaCIDRExpression, SigmaCompareExpression)):
            raise NotImplementedError(type(value))
        if isinstance(value, SigmaFieldReference):
            other = self.constant(tuple(value.field.split(".")))
            return f"any(v.lower() in [w.lower() for w in get(event, {other})] for v in {values})"
        if isinstance(value, (SigmaNumber, SigmaBool)):
            text = str(value).lower()
            return f"({self.constant(text)} in {values})"
        if isinstance(value, SigmaString):
            if not value.contains_special():
                return f"any(v.lower() == {self.constant(str(value).lower())} for v in {values})"
            pattern = ""
            for part in value.s:
                if isinstance(part, str):
                    pattern += re.escape(part)
                else:
                    pattern += ".*" if part == SpecialChars.WILDCARD_MULTI else "."
            flags = re.S if isinstance(value, SigmaCasedString) else re.S | re.I
            return f"any({self.constant(re.compile(pattern, flags))}.fullmatch(v) for v in {values})"
        raise NotImplementedError(type(value))

    def function(self, rule):
        sources = [self.source(condition.parsed) for condition in rule.detection.parsed_condition]
        scope = dict(self.constants)
        code = f"def rule(event):\n    return {' or '.join(sources)}\n"
        exec(compile(code, str(rule.title), "exec"), scope)
        return scope["rule"]


def rules(folders):
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*.yml")):
            try:
                collection = SigmaCollection.from_yaml(path.read_text(encoding="utf-8"))
                for rule in collection.rules:
                    if hasattr(rule, "detection"):
                        rule.detection.parsed_condition[0].parsed
                        yield rule
            except Exception:  # pylint: disable=broad-except
                continue  # A rule that pySigma does not take.


def flatten(path, value, places, columns):
    """Puts the values of a record into its columns; of an array the first one counts."""
    place = places.get(path)
    if place is not None and columns[place] is None:
        columns[place] = next(texts(value), None)
    if isinstance(value, dict):
        for key, member in value.items():
            flatten(f"{path}.{key}" if path else key, member, places, columns)
    elif isinstance(value, list):
        for element in value:
            if isinstance(element, dict):
                flatten(path, element, places, columns)


def sqlite(all_rules, lines):
    backend = sqliteBackend(collate_nocase=True)
    queries, fields = [], set()
    for rule in all_rules:
        try:
            converted = backend.convert_rule(rule)
            names = set(backend.required_fields(rule))
        except Exception:  # pylint: disable=broad-except
            continue  # What the backend can't say.
        queries.append([query.split(" WHERE ", 1)[1] for query in converted])
        fields |= names
    fields = sorted(fields)
    database = sqlite3.connect(":memory:")
    patterns = {}

    def regexp(pattern, text):
        found = patterns.get(pattern)
        if found is None:
            found = patterns[pattern] = re.compile(pattern)
        return text is not None and found.search(text) is not None

    database.create_function("REGEXP", 2, regexp, deterministic=True)
    quoted = ['"' + name.replace('"', '""') + '"' for name in fields]
    database.execute(f"CREATE TABLE logs (number INTEGER PRIMARY KEY, {', '.join(name + ' TEXT' for name in quoted)})")
    start = time.process_time()
    places = {name: place for place, name in enumerate(fields)}

    def row(number, line):
        columns = [None] * len(fields)
        flatten("", json.loads(line), places, columns)
        return [number] + columns

    insert = f"INSERT INTO logs VALUES ({', '.join('?' * (len(fields) + 1))})"
    database.executemany(insert, (row(number, line) for number, line in enumerate(lines)))
    matches = 0
    for query in queries:
        found = set()
        for where in query:
            found.update(database.execute(f"SELECT number FROM logs WHERE {where}"))
        matches += len(found)
    report("pySigma-SQLite", start, len(lines), len(queries), matches)


def python(all_rules, lines):
    functions = []
    for rule in all_rules:
        try:
            functions.append(Functions().function(rule))
        except Exception:  # pylint: disable=broad-except
            continue  # What only a hand could write.
    start = time.process_time()
    matches = 0
    for line in lines:
        event = json.loads(line)
        matches += sum(1 for function in functions if function(event))
    report("Panther-style", start, len(lines), len(functions), matches)


def report(name, start, records, count, matches):
    print(name, time.process_time() - start, records, count, matches, flush=True)


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:
        events = json.load(file)["Records"]
    loaded = list(rules(sys.argv[2:]))
    lines = [json.dumps(event) for event in events]
    python(loaded, lines[:3_000])
    sqlite(loaded, lines)
