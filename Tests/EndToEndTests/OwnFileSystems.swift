import TestSupport

/// Commands that give a gateway file systems of its own (mount namespaces), to be put before its command line.
enum OwnFileSystems {
    /// Whether processes may have such here; a line on the output says so when they may not.
    static let areAllowed: Bool = {
        let result = try? ChildProcess.run("unshare", ["-r", "-m", "mount", "-t", "tmpfs", "none", "/mnt"])
        if result?.ending == .exit(0) { return true }
        print("skipped: some tests of folders need a mount namespace: \(result?.error ?? "no unshare")")
        return false
    }()

    /// Does a shell's `script` with file systems of its own and then becomes the gateway.
    static func after(_ script: String) -> [String] {
        ["unshare", "-r", "-m", "sh", "-c", "set -e; \(script); exec \"$@\"", "sh"]
    }

    /// Becomes a gateway that can only read `folder`, which must be there.
    static func readOnly(_ folder: String) -> [String] {
        after("mount --bind \(folder) \(folder); mount -o remount,bind,ro \(folder)")
    }
}
