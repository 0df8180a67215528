/// A small but complete export folder with known content.
public struct ExportFixture: Sendable {
    /// The bytes of every file, by its path in the folder.
    public var files: [String: [UInt8]] = [:]

    /// Makes the content; nothing is written yet.
    /// - Parameters:
    ///   - id: the dataset's id.
    ///   - name: the dataset's name.
    ///   - cells: number of cells, at least 1.
    ///   - genes: names of the genes, as they stand in file names.
    public init(
        id: String = "fixture",
        name: String = "Fixture",
        cells: Int = 1000,
        genes: [String] = ["CD3D", "MS4A1"]
    ) {
        files["dataset_identity.json"] = Self.identity(id, name, cells: cells, genes: genes.count)
        files["obs_manifest.json"] = Self.observations(cells: cells)
        files["var_manifest.json"] = Self.variables(cells: cells, genes)
        files["points_2d.bin"] = Self.floats(2 * cells) { Float($0 % 17) / 8 - 1 }
        files["points_3d.bin.gz"] = Self.storedGzip(Self.floats(3 * cells) { Float($0 % 19) / 9 - 1 })
        files["obs/n_counts.values.f32"] = Self.floats(cells) { Float($0 * 7 % 1009) }
        files["obs/cluster.codes.u8"] = (0..<cells).map { UInt8($0 % 3) }
        files["obs/cluster.outliers.f32"] = Self.floats(cells) { Float($0 % 100) / 100 }
        for (index, gene) in genes.enumerated() {
            files["var/\(gene).values.f32"] = Self.floats(cells) {
                $0 % (index + 3) == 0 ? Float($0 % 11) : 0
            }
        }
    }

    /// Writes all files into the folder `name` of `directory`, or into `directory` itself when it is empty.
    public func write(_ name: String = "", in directory: TemporaryDirectory) {
        for (path, bytes) in files { directory.write(name.isEmpty ? path : "\(name)/\(path)", bytes) }
    }

    /// `data` as a gzip file (RFC 1952) whose deflate blocks are stored as they are.
    public static func storedGzip(_ data: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]
        var start = 0
        repeat {
            let count = min(0xffff, data.count - start)
            let isLast: UInt8 = start + count == data.count ? 1 : 0
            result += [isLast] + littleEndian(UInt16(count)) + littleEndian(~UInt16(count))
            result += data[start..<(start + count)]
            start += count
        } while start < data.count
        return result + littleEndian(checksum(data)) + littleEndian(UInt32(data.count))
    }

    /// Bytes that no coding makes smaller, the same for the same seed.
    public static func noise(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var state = seed
        let words = (0..<(count + 7) / 8).map { _ -> UInt64 in
            // SplitMix64.
            state &+= 0x9e37_79b9_7f4a_7c15
            var word = state
            word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
            word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
            return (word ^ (word >> 31)).littleEndian
        }
        return words.withUnsafeBytes { Array($0.prefix(count)) }
    }

    // MARK: Documents

    private static func identity(_ id: String, _ name: String, cells: Int, genes: Int) -> [UInt8] {
        let text = """
            {"version": 2, "id": "\(id)", "name": "\(name)", "description": "made for a test",
             "created_at": "2025-01-01T00:00:00Z", "cellucid_data_version": "0.0.9",
             "stats": {"n_cells": \(cells), "n_genes": \(genes), "n_obs_fields": 2, "n_categorical_fields": 1,
                       "n_continuous_fields": 1, "has_connectivity": false},
             "embeddings": {"available_dimensions": [2], "default_dimension": 2, "files": {"2d": "points_2d.bin"}}}

            """
        return Array(text.utf8)
    }

    private static func observations(cells: Int) -> [UInt8] {
        let text = """
            {"_format": "compact_v1", "n_points": \(cells), "centroid_outlier_quantile": 0.95,
             "latent_key": "latent_space", "compression": null,
             "_obsSchemas": {
               "continuous": {"pathPattern": "obs/{key}.values.f32", "ext": "f32", "dtype": "float32",
                              "quantized": false},
               "categorical": {"codesPathPattern": "obs/{key}.codes.{ext}",
                               "outlierPathPattern": "obs/{key}.outliers.f32", "outlierExt": "f32",
                               "outlierDtype": "float32", "outlierQuantized": false}},
             "_continuousFields": [["n_counts"]],
             "_categoricalFields": [["cluster", ["a", "b", "c"], "uint8", 255, {"2": []}]]}

            """
        return Array(text.utf8)
    }

    private static func variables(cells: Int, _ genes: [String]) -> [UInt8] {
        let fields = genes.map { "[\"\($0)\"]" }.joined(separator: ", ")
        let text = """
            {"_format": "compact_v1", "n_points": \(cells), "var_gene_id_column": "index", "compression": null,
             "quantization": null,
             "_varSchema": {"kind": "continuous", "pathPattern": "var/{key}.values.f32", "ext": "f32",
                            "dtype": "float32", "quantized": false},
             "fields": [\(fields)]}

            """
        return Array(text.utf8)
    }

    // MARK: Bytes

    private static func floats(_ count: Int, _ value: (Int) -> Float) -> [UInt8] {
        (0..<count).flatMap { littleEndian(value($0).bitPattern) }
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    /// CRC-32 as in RFC 1952 section 8.
    private static func checksum(_ data: [UInt8]) -> UInt32 {
        var register: UInt32 = 0xffff_ffff
        for byte in data {
            register ^= UInt32(byte)
            for _ in 0..<8 { register = register & 1 == 0 ? register >> 1 : register >> 1 ^ 0xedb8_8320 }
        }
        return ~register
    }
}
