import Glibc
import TestSupport

/// A dataset that exists in numbered versions: every file of a version has the number in it.
struct CatalogueVersions {
    /// The files that are looked at.
    static let files = ["dataset_identity.json", "obs_manifest.json", "points_2d.bin"]

    /// Bytes of the points file, which are more than a gateway keeps in memory.
    private let pointsBytes: Int

    init(pointsBytes: Int = 400_000) { self.pointsBytes = pointsBytes }

    /// The content of `file` in version `number`, which is from 1 to 250.
    func content(_ file: String, _ number: Int) -> [UInt8] {
        switch file {
        case "points_2d.bin": [UInt8](repeating: UInt8(number), count: pointsBytes)
        case "dataset_identity.json":
            Array(
                "{\"version\": 2, \"id\": \"cells\", \"name\": \"version \(number)\", \"of\": \(number)}".utf8
            )
        default:
            Array(
                "{\"_format\": \"compact_v1\", \"n_points\": 4, \"fill\": \"\(Self.filling(number))\", \"of\": \(number)}"
                    .utf8
            )
        }
    }

    /// Writes all files of a version into the folder `name`.
    func write(_ number: Int, _ name: String, in folder: TemporaryDirectory) {
        for file in Self.files { folder.write("\(name)/\(file)", content(file, number)) }
    }

    /// The version that `body` is of, if it is one of `numbers` and whole.
    func number(of body: [UInt8], _ file: String, among numbers: ClosedRange<Int>) -> Int? {
        let number: Int
        if file == "points_2d.bin" {
            number = Int(body.first ?? 0)
        } else {
            guard let colon = body.lastIndex(of: UInt8(ascii: " ")) else { return nil }
            number = Int(String(decoding: body[(colon + 1)...].dropLast(), as: UTF8.self)) ?? 0
        }
        return numbers.contains(number) && body == content(file, number) ? number : nil
    }

    /// Enough text to make the manifest several packets long.
    private static func filling(_ number: Int) -> String {
        String(repeating: "\(number % 10)", count: 20_000)
    }
}
