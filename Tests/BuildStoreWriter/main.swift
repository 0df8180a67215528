// Uses a store in a process of its own, so that tests can interrupt it, limit it, or run several at a time.
//
//     build-store-writer commit DIRECTORY SEED COUNT    commits COUNT builds, each followed by an added file
//     build-store-writer open DIRECTORY                 says what is in the store
import Glibc
import WebApp

func path(_ text: String) -> AssetPath {
    guard let path = AssetPath(text) else { fatalError(text) }
    return path
}

/// Commits a build whose content depends on `number`.
func commit(_ store: BuildStore, _ number: Int) throws(BuildStoreError) {
    let staged = try store.stage()
    let page =
        "<meta name=\"cellucid-web-build-id\" content=\"\(number)\"><script src=\"assets/js/0.js\"></script>"
    try staged.add(.index, Array(page.utf8))
    for file in 0..<8 {
        let content = String(repeating: "let value\(file) = \(number);\n", count: 400 << (file % 4))
        try staged.add(path("assets/js/\(file).js"), Array(content.utf8))
    }
    let build = try staged.commit(
        origin: "https://example.org",
        buildID: "\(number)",
        isInventoried: false,
        fetchedSeconds: 1_700_000_000
    )
    _ = try store.add(to: build, path("assets/added/\(number).js"), Array("let added = \(number);".utf8))
}

do throws(BuildStoreError) {
    let arguments = CommandLine.arguments
    guard arguments.count > 2 else { fatalError("usage: see the source") }
    let store = try BuildStore(directory: arguments[2])
    switch arguments[1] {
    case "commit":
        let seed = Int(arguments[3]) ?? 0
        for number in 0..<(Int(arguments[4]) ?? 1) { try commit(store, seed + number) }
        print("committed")
    default:
        if let problem = store.writeProblem { print("read only:", problem.kind, problem) }
        let contents = try store.open()
        for damage in contents.damages { print("damage:", damage) }
        print("current:", contents.current?.manifest.buildID ?? "none")
        print("previous:", contents.previous?.manifest.buildID ?? "none")
        if contents.current != nil {
            do throws(BuildStoreError) {
                _ = try store.stage()
                print("can stage")
            } catch { print("cannot stage:", error.kind, error) }
        }
    }
} catch {
    print("failed:", error.kind, error)
    exit(1)
}
