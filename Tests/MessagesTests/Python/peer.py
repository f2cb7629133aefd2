# SPDX-License-Identifier: Apache-2.0
"""Python's protobuf as the other end of the tests.

    peer.py SET fill SEED   writes for each message type a line "NAME HEX": a message with every field filled
    peer.py SET same        reads lines "NAME HEX HEX"; writes for each whether both encode the same message
    peer.py SET again       reads lines "NAME HEX"; writes for each the message in Python's encoding

SET is a file with the FileDescriptorSet.
"""

import random
import sys

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory


def load(path):
    files = descriptor_pb2.FileDescriptorSet()
    with open(path, "rb") as file:
        files.ParseFromString(file.read())
    pool = descriptor_pool.DescriptorPool()
    names = []

    def walk(prefix, messages):
        for message in messages:
            name = f"{prefix}.{message.name}"
            names.append(name)
            walk(name, message.nested_type)

    for file in files.file:
        pool.Add(file)
        walk(file.package, file.message_type)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(name)) for name in names}


def value(field, chance):
    kind = field.type
    if kind == field.TYPE_STRING:
        return "".join(chance.choice("aé漢🐕\0 \n\"") for _ in range(chance.randrange(1, 40)))
    if kind == field.TYPE_BYTES:
        return chance.randbytes(chance.randrange(1, 300))
    if kind == field.TYPE_BOOL:
        return True
    if kind == field.TYPE_ENUM:
        return chance.choice([1, 2, 1000, -1])
    bits = 31 if kind in (field.TYPE_INT32, field.TYPE_UINT32) else 63
    number = chance.getrandbits(chance.randrange(1, bits + 1)) or 1
    signed = kind in (field.TYPE_INT32, field.TYPE_INT64)
    return -number if signed and chance.random() < 0.5 else number


def fill(message, chance):
    chosen = {oneof.name: chance.choice(oneof.fields).name for oneof in message.DESCRIPTOR.oneofs}
    for field in message.DESCRIPTOR.fields:
        oneof = field.containing_oneof
        if oneof is not None and chosen[oneof.name] != field.name:
            continue
        if field.is_repeated:
            target = getattr(message, field.name)
            for _ in range(chance.randrange(1, 4)):
                if field.type == field.TYPE_MESSAGE:
                    fill(target.add(), chance)
                else:
                    target.append(value(field, chance))
        elif field.type == field.TYPE_MESSAGE:
            target = getattr(message, field.name)
            target.SetInParent()
            fill(target, chance)
        else:
            setattr(message, field.name, value(field, chance))


def main():
    classes = load(sys.argv[1])
    if sys.argv[2] == "fill":
        chance = random.Random(int(sys.argv[3]))
        for name, cls in classes.items():
            message = cls()
            fill(message, chance)
            print(name, message.SerializeToString().hex() or "-")
        return
    for line in sys.stdin:
        name, *encodings = line.split()
        messages = [classes[name].FromString(bytes.fromhex(text.strip("-"))) for text in encodings]
        if sys.argv[2] == "same":
            print(name, "same" if messages[0] == messages[1] else "different")
        else:
            print(name, messages[0].SerializeToString().hex() or "-")


main()
