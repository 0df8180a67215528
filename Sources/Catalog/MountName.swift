/// The rules for mounts: the URL segments under which datasets are served.
///
/// A mount matches `[A-Za-z0-9][A-Za-z0-9._-]{0,179}`, does not end with a dot, is no device name of Windows
/// (a browser there could not save files under it) and is not a path of the gateway itself.
public enum MountName {
    /// The longest mount, in bytes.
    public static let maximumLength = 180

    /// Path segments that mean something else at the root of the URL space.
    public static let reserved: Set<String> = [
        "assets", "_cellucid", "_gateway", "index.html", "favicon.ico", "site.webmanifest",
        "browserconfig.xml", "datasets.json", "cellucid-web-assets.json", "robots.txt",
    ]

    private static let deviceNames: Set<String> = {
        let numbered = (1...9).flatMap { ["com\($0)", "lpt\($0)"] }
        return Set(["con", "prn", "aux", "nul"] + numbered)
    }()

    /// Whether `name` can be a mount as it stands.
    public static func isValid(_ name: String, reservedMounts: Set<String> = []) -> Bool {
        hasMountCharacters(name.utf8) && name.utf8.last != UInt8(ascii: ".") && !isDeviceName(name)
            && !reserved.contains(name) && !reservedMounts.contains(name)
    }

    /// The mount for `name`: itself when it is valid, else the nearest valid one.
    ///
    /// Runs of other characters become `_`, leading characters up to the first letter or digit and trailing
    /// dots go, the length is cut, nothing left is `dataset`, and reserved names get `-1`. Different names
    /// can map to the same mount; `MountAssignment` tells those apart.
    public static func mapped(_ name: String, reservedMounts: Set<String> = []) -> String {
        guard !isValid(name, reservedMounts: reservedMounts) else { return name }
        var bytes: [UInt8] = []
        var isReplacing = false
        for byte in name.utf8 {
            let isAllowed = isMountCharacter(byte)
            if isAllowed || !isReplacing { bytes.append(isAllowed ? byte : UInt8(ascii: "_")) }
            isReplacing = !isAllowed
        }
        bytes = Array(bytes.drop { !isAlphanumeric($0) }.prefix(maximumLength))
        while bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
        let mapped = bytes.isEmpty ? "dataset" : String(decoding: bytes, as: UTF8.self)
        guard !isValid(mapped, reservedMounts: reservedMounts) else { return mapped }
        return firstFree(number: 1, of: mapped) { isValid($0, reservedMounts: reservedMounts) }
    }

    /// The first of `name-number`, `name-(number + 1)`, … that `isFree`, shortened to fit.
    /// - Parameters:
    ///   - number: where to begin.
    ///   - name: a valid mount.
    ///   - isFree: whether a name may be taken; it must come to be true.
    /// - Returns: a valid mount.
    public static func firstFree(number: Int, of name: String, _ isFree: (String) -> Bool) -> String {
        var number = number
        while true {
            let candidate = numbered(name, number)
            if isFree(candidate) { return candidate }
            number += 1
        }
    }

    /// Whether the bytes match the pattern of mounts, leaving aside the names that are taken.
    static func hasMountCharacters(_ bytes: some Collection<UInt8>) -> Bool {
        guard let first = bytes.first, isAlphanumeric(first) else { return false }
        return bytes.count <= maximumLength && bytes.allSatisfy(isMountCharacter)
    }

    private static func numbered(_ name: String, _ number: Int) -> String {
        let suffix = "-\(number)"
        // Windows looks at a device name only up to its first dot, so `con.txt-1` would still be one.
        if isDeviceName(name), let dot = name.firstIndex(of: ".") {
            return String((name[..<dot] + suffix + name[dot...]).prefix(maximumLength))
        }
        return name.prefix(maximumLength - suffix.utf8.count) + suffix
    }

    private static func isDeviceName(_ name: String) -> Bool {
        deviceNames.contains(name.prefix { $0 != "." }.lowercased())
    }

    private static func isMountCharacter(_ byte: UInt8) -> Bool {
        isAlphanumeric(byte) || byte == UInt8(ascii: ".") || byte == UInt8(ascii: "_")
            || byte == UInt8(ascii: "-")
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
