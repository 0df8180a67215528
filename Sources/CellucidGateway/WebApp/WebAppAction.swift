/// What `gateway web-app` is asked to do.
enum WebAppAction: Sendable, Equatable {
    /// Fetch the newest build.
    case update(app: String)
    /// Write the current build into a tar file.
    case export(file: String, app: String)
    /// Take a build from a tar file or a folder.
    case load(path: String, app: String)

    /// Reads what follows the command: `update [NAME]`, `export FILE [NAME]` or `import FILE [NAME]`.
    /// - Parameters:
    ///   - operands: the words.
    ///   - base: what relative paths continue.
    /// - Throws: ``StartupError`` with ``ExitCode/usage`` for anything else.
    init(_ operands: [String], base: PathBase) throws(StartupError) {
        let usual = Configuration.WebApp.usualName
        switch operands.first {
        case "update" where operands.count <= 2:
            self = .update(app: operands.count == 2 ? operands[1] : usual)
        case let action? where (action == "export" || action == "import") && (2...3).contains(operands.count):
            guard let path = base.resolve(operands[1]) else {
                throw StartupError(.usage, "web-app \(action): expected a file, got \"\(operands[1])\"")
            }
            let app = operands.count == 3 ? operands[2] : usual
            self = action == "export" ? .export(file: path, app: app) : .load(path: path, app: app)
        default:
            throw StartupError(
                .usage,
                "expected gateway web-app update [NAME], export FILE [NAME] or import FILE [NAME]"
            )
        }
    }

    /// The name of the web app.
    var app: String {
        switch self {
        case .update(let app), .export(_, let app), .load(_, let app): app
        }
    }
}
