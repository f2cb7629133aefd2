// SPDX-License-Identifier: Apache-2.0

import Detect
import Foundation
import Testing

@Suite struct FileTreeTests {
    @Test func filesAreFoundInOrder() throws {
        let folder = try TemporaryFolder()
        for name in ["b/2.yml", "a.yml", "b/1.yaml", "c.txt", ".hidden/x.yml", "b/.y.yml"] {
            try folder.write(name, "")
        }
        let (files, skipped) = try FileTree.files(below: folder.path, suffixes: [".yml", ".yaml"], limit: 10)
        #expect(files.map(\.name) == ["a.yml", "b/1.yaml", "b/2.yml"])
        #expect(files.map(\.path) == files.map { folder.path + "/" + $0.name })
        #expect(skipped.isEmpty)
    }

    @Test func aFileIsItself() throws {
        let folder = try TemporaryFolder()
        try folder.write("x.odd", "text")
        let (files, _) = try FileTree.files(below: folder.path + "/x.odd", suffixes: [".yml"], limit: 10)
        #expect(files.map(\.name) == ["x.odd"])
        #expect(try FileTree.read(files[0].path, limit: 4) == Array("text".utf8))
        #expect(throws: FileTree.Failure.self) { try FileTree.read(files[0].path, limit: 3) }
    }

    @Test func linksDoNotLeadOut() throws {
        let (folder, outside) = (try TemporaryFolder(), try TemporaryFolder())
        try outside.write("secret.yml", "")
        try folder.write("..data/real.yml", "")
        try folder.link("inside.yml", to: folder.path + "/..data/real.yml")
        try folder.link("outside.yml", to: outside.path + "/secret.yml")
        try folder.link("folder", to: outside.path)
        try folder.link("dangling.yml", to: folder.path + "/nothing")
        try folder.link("loop", to: folder.path)
        let (files, skipped) = try FileTree.files(below: folder.path, suffixes: [".yml"], limit: 100)
        #expect(files.map(\.name) == ["inside.yml"])
        #expect(
            skipped.map { $0.path.dropFirst(folder.path.count + 1) }
                == ["dangling.yml", "folder", "loop", "outside.yml"])
    }

    @Test func limitsAndErrors() throws {
        let folder = try TemporaryFolder()
        for number in 0..<5 { try folder.write("\(number).yml", "") }
        let deep = (0...DetectLimits.folderDepth).map { "\($0)" }.joined(separator: "/")
        try folder.write(deep + "/x.yml", "")
        let (files, skipped) = try FileTree.files(below: folder.path, suffixes: [".yml"], limit: 3)
        #expect(files.count == 3)
        #expect(skipped.count == 2)
        #expect(throws: FileTree.Failure.self) {
            try FileTree.files(below: folder.path + "/nowhere", suffixes: [], limit: 1)
        }
        #expect(throws: FileTree.Failure.self) { try FileTree.read(folder.path, limit: 1_000) }
        #expect(throws: FileTree.Failure.self) { try FileTree.read("/dev/zero", limit: 1_000) }
    }
}
