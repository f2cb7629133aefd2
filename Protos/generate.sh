#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Writes the code that is generated from the .proto files: protobuf-c's in Sources/CMessages, the Swift types in
# Sources/Messages/Generated, the services in Sources/Contract/Generated, and the generator's own reader of descriptors
# in Sources/CDescriptor.
#
#   Protos/generate.sh           regenerates in place
#   Protos/generate.sh --check   regenerates into a temporary folder and fails where the committed files differ
#
# GENERATOR names a built protoc-gen-trailhound. Without it the one in .build is used, release before debug, where it is
# newer than its sources; otherwise it is built.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
check=false
case "${1:-}" in
    "") ;;
    --check) check=true ;;
    *) echo "usage: $0 [--check]" >&2; exit 2 ;;
esac

for tool in protoc protoc-c; do
    command -v "$tool" >/dev/null || { echo "$0: $tool is missing; run: make deps" >&2; exit 1; }
done

# Where protoc keeps google/protobuf/*.proto: beside its own prefix.
includes="$(dirname "$(dirname "$(command -v protoc)")")/include"
[ -f "$includes/google/protobuf/timestamp.proto" ] || includes=/usr/include

fresh() {
    [ -x "$1" ] && [ -z "$(find "$root/Sources/MessagesGenerator" "$root/Sources/CDescriptor" -newer "$1" -type f)" ]
}
generator=${GENERATOR:-}
if [ -z "$generator" ]; then
    for configuration in release debug; do
        candidate="$root/.build/$configuration/protoc-gen-trailhound"
        if fresh "$candidate"; then generator=$candidate; break; fi
    done
fi
if [ -z "$generator" ]; then
    (cd "$root" && swift build --product protoc-gen-trailhound >&2)
    generator="$root/.build/debug/protoc-gen-trailhound"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
out="$work/out"
mkdir -p "$out/Sources/CMessages/include" "$work/own"

cd "$root/Protos"
protos=$(find . -name '*.proto' | sed 's|^\./||' | LC_ALL=C sort)
# shellcheck disable=SC2086 # the list is meant to be split
protoc -I. -I"$includes" --include_imports --include_source_info --descriptor_set_out="$work/set.pb" $protos
"$generator" strings-as-bytes "$work/set.pb" "$work/bytes.pb"
# shellcheck disable=SC2086
protoc-c --descriptor_set_in="$work/bytes.pb" --c_out="$work" \
    google/protobuf/any.proto google/protobuf/timestamp.proto $protos

# What the generator itself reads descriptors with.
protoc-c -I"$includes" --c_out="$work/own" google/protobuf/descriptor.proto

# Headers go below include/, sources beside it.
(cd "$work" && find . -path ./own -prune -o -name '*.pb-c.[ch]' -print | sed 's|^\./||') | while read -r file; do
    case "$file" in
        *.h) target="$out/Sources/CMessages/include/$file" ;;
        *) target="$out/Sources/CMessages/$file" ;;
    esac
    mkdir -p "$(dirname "$target")"
    mv "$work/$file" "$target"
done
"$generator" generate "$work/set.pb" "$out"

own="$root/Sources/CDescriptor"
own_files="descriptor.pb-c.c include/google/protobuf/descriptor.pb-c.h"
folders="Sources/CMessages Sources/Messages/Generated Sources/Contract/Generated"
if $check; then
    for file in $own_files; do
        if ! cmp -s "$work/own/google/protobuf/$(basename "$file")" "$own/$file"; then
            echo "Sources/CDescriptor/$file is not what this protoc-c writes; run: make proto" >&2
            exit 1
        fi
    done
    for folder in $folders; do
        if ! diff -ru "$root/$folder" "$out/$folder" >"$work/diff"; then
            head -n 40 "$work/diff" >&2
            echo "$folder does not match the .proto files; run: make proto" >&2
            exit 1
        fi
    done
    echo "the generated code matches the .proto files"
else
    for folder in $folders; do
        rm -rf "${root:?}/$folder"
        mkdir -p "$root/$folder"
        cp -R "$out/$folder/." "$root/$folder/"
    done
    # Only where it changed, because a newer file has the generator built again.
    for file in $own_files; do
        made="$work/own/google/protobuf/$(basename "$file")"
        cmp -s "$made" "$own/$file" || cp "$made" "$own/$file"
    done
    echo "generated: $folders Sources/CDescriptor"
fi
