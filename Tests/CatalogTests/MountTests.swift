import Testing

@testable import Catalog

@Suite struct MountTests {
    @Test(arguments: [
        ("pbmc", "pbmc"),
        ("PBMC_3k-v1.2", "PBMC_3k-v1.2"),
        ("my data", "my_data"),
        ("a  b//c", "a_b_c"),
        ("_hidden", "hidden"),
        ("-x", "x"),
        ("...", "dataset"),
        ("", "dataset"),
        ("数据", "dataset"),
        ("données", "donn_es"),
        ("run.", "run"),
        ("run..", "run"),
        ("run ", "run_"),
        ("assets", "assets-1"),
        ("index.html", "index.html-1"),
        ("_cellucid", "cellucid"),
        ("_gateway", "gateway"),
        ("datasets.json", "datasets.json-1"),
        ("Assets", "Assets"),
        ("CON", "CON-1"),
        ("con.txt", "con-1.txt"),
        ("Lpt9", "Lpt9-1"),
        ("com1.a.b", "com1-1.a.b"),
        ("COM0", "COM0"),
        ("console", "console"),
        ("mine", "mine-1"),
    ])
    func mapping(name: String, mount: String) {
        #expect(MountName.mapped(name, reservedMounts: ["mine"]) == mount)
        #expect(MountName.isValid(mount, reservedMounts: ["mine"]))
        #expect(MountName.isValid(name, reservedMounts: ["mine"]) == (name == mount))
    }

    @Test func lengthIsCut() {
        let longest = String(repeating: "a", count: 180)
        #expect(MountName.isValid(longest))
        #expect(!MountName.isValid(longest + "a"))
        #expect(MountName.mapped(longest + "a") == longest)
        let dotAtTheCut = String(repeating: "a", count: 179) + ".b"
        #expect(MountName.mapped(dotAtTheCut) == String(repeating: "a", count: 179))
        let twins = MountAssignment.mounts(for: [longest + "a", longest + "b"], reservedMounts: [])
        #expect(twins == [longest, String(repeating: "a", count: 178) + "-2"])
    }

    @Test(arguments: MountName.reserved)
    func reservedNamesAreNeverMounts(name: String) {
        #expect(MountAssignment.mounts(for: [name], reservedMounts: []).allSatisfy { MountName.isValid($0) })
    }

    @Test(arguments: [
        (["a", "b"], ["a", "b"]),
        (["a b", "a_b"], ["a_b-2", "a_b"]),
        (["a b", "a  b", "a_b"], ["a_b-2", "a_b-3", "a_b"]),
        (["x", "x", "x-2"], ["x", "x-3", "x-2"]),
        (["assets", "assets-1"], ["assets-1-2", "assets-1"]),
        (["é", "ü"], ["dataset", "dataset-2"]),
    ])
    func collisions(names: [String], mounts: [String]) {
        #expect(MountAssignment.mounts(for: names, reservedMounts: []) == mounts)
    }

    @Test(
        arguments: [
            ("/data/cells", nil, "/data/cells"),
            ("cells", nil, "cells"),
            ("lab=/data/cells", "lab", "/data/cells"),
            ("lab=a=b", "lab", "a=b"),
            ("./a=b", nil, "./a=b"),
            ("/data/x=y", nil, "/data/x=y"),
        ] as [(String, String?, String)]
    )
    func rootArguments(argument: String, name: String?, path: String) throws {
        let root = try Root(argument: argument)
        #expect(root.name == name)
        #expect(root.path == path)
    }

    @Test(arguments: ["", "lab=", "assets=/data", "con=/data", "a.=/data"])
    func badRootArguments(argument: String) {
        #expect(throws: CatalogError.self) { try Root(argument: argument) }
    }

    @Test(arguments: [
        ("/data/cells", "cells"), ("/data/cells/", "cells"), ("/data/cells//", "cells"), ("cells", "cells"),
        ("/", "dataset"), ("/usr/bin/..", "usr"),
    ])
    func directoryNames(path: String, name: String) {
        #expect(Root(path: path).directoryName == name)
    }
}
