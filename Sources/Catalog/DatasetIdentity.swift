internal import FoundationEssentials

/// What the catalogue takes from a `dataset_identity.json`.
struct DatasetIdentity: Sendable, Hashable {
    /// The text of `id`, or `nil` when it is missing or falsy.
    let id: String?
    /// The text of `name`, or `nil` when it is missing or falsy.
    let name: String?
    /// `stats.n_cells`, when it is a non-negative integer.
    let cells: Int?
    /// `stats.n_genes`, when it is a non-negative integer.
    let genes: Int?

    /// Reads a whole document.
    ///
    /// - Throws: `InvalidDocument` when it is not a JSON object.
    init(json: [UInt8]) throws(InvalidDocument) {
        let document: IdentityDocument
        do {
            document = try JSONDecoder().decode(IdentityDocument.self, from: Data(json))
        } catch {
            throw InvalidDocument(json)
        }
        id = document.id
        name = document.name
        cells = document.cells
        genes = document.genes
    }
}

/// The shape of the document; every value may be missing or of another type.
private struct IdentityDocument: Decodable {
    private enum Key: String, CodingKey { case id, name, stats }
    private enum StatisticsKey: String, CodingKey {
        case cells = "n_cells"
        case genes = "n_genes"
    }

    let id: String?
    let name: String?
    let cells: Int?
    let genes: Int?

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        id = try? container.decode(ScalarText.self, forKey: .id).text
        name = try? container.decode(ScalarText.self, forKey: .name).text
        let statistics = try? container.nestedContainer(keyedBy: StatisticsKey.self, forKey: .stats)
        func count(_ key: StatisticsKey) -> Int? {
            guard let count = try? statistics?.decode(Int.self, forKey: key), count >= 0 else { return nil }
            return count
        }
        cells = count(.cells)
        genes = count(.genes)
    }
}

/// A JSON scalar as the text that Python's `str()` makes of it, or `nil` when Python calls it false.
///
/// A whole number written with a fraction (`1.0`) loses it, because the decoder does not show the spelling.
private struct ScalarText: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let string = try? value.decode(String.self) {
            text = string.isEmpty ? nil : string
        } else if let boolean = try? value.decode(Bool.self) {
            text = boolean ? "True" : nil
        } else if let integer = try? value.decode(Int64.self) {
            text = integer == 0 ? nil : String(integer)
        } else if let number = try? value.decode(Double.self) {
            text = number == 0 ? nil : String(number)
        } else {
            text = nil
        }
    }
}
