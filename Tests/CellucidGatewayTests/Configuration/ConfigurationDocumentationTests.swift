import FoundationEssentials
import Testing

@testable import CellucidGateway

/// The texts for users, which must say what the table of options says.
@Suite struct ConfigurationDocumentationTests {
    private static func text(of path: String) throws -> String {
        try String(contentsOf: ConfigurationFixture.packageFolder.appending(path: path), encoding: .utf8)
    }

    @Test func exampleFileHasTheDefaults() throws {
        let file = ConfigurationFixture.packageFolder.appending(path: "config/gateway.example.json5").path
        let configuration = try ConfigurationFixture.configuration(["--config", file])
        var expected = ConfigurationFixture.defaults
        expected.roots = [
            RootOption(name: nil, path: "/data/exports"),
            RootOption(name: "atlas", path: "/data/2025-03-01-atlas-export"),
        ]
        expected.stateDirectoryIsExplicit = true
        #expect(configuration == expected)
    }

    @Test func exampleFileHasEveryKey() throws {
        let text = try Self.text(of: "config/gateway.example.json5")
        for key in ConfigurationOption.all.compactMap({ $0.setting?.fileKey }) {
            let last = key.split(separator: ".").last ?? ""
            #expect(text.contains("\n  \(last):") || text.contains("\n    \(last):"), "\(key)")
        }
    }

    @Test func manualHasEveryOption() throws {
        let lines = try Self.text(of: "docs/configuration.md").split(separator: "\n")
        for option in ConfigurationOption.all {
            let row = try #require(
                lines.first { $0.hasPrefix("| `\(option.flag) ") || $0.hasPrefix("| `\(option.flag)`") },
                "\(option.flag)"
            )
            if let name = option.environmentName { #expect(row.contains("| `\(name)` |")) }
            if let letter = option.letter { #expect(row.contains("`-\(letter)")) }
            guard let setting = option.setting else { continue }
            if let key = setting.fileKey { #expect(row.contains("| `\(key)` |")) }
            let value = setting.report(ConfigurationFixture.defaults)
            switch value {
            case .string(let text) where setting.defaultText == nil: #expect(row.contains("| `\(text)` |"))
            case .integer, .boolean: #expect(row.contains("| `\(value?.compactText ?? "")` |"))
            default: break
            }
            if let range = setting.expected.firstMatch(of: /\d+ to \d+/) {
                #expect(row.contains(range.output))
            }
        }
    }

    @Test func manualHasEveryExitCode() throws {
        let text = try Self.text(of: "docs/configuration.md")
        for code in ExitCode.allCases { #expect(text.contains("\n| \(code.rawValue) | ")) }
    }

    @Test func helpTextHasEveryOptionAndFitsTheTerminal() {
        let lines = HelpText.text.split(separator: "\n", omittingEmptySubsequences: false)
        for option in ConfigurationOption.all {
            let beginning = "  " + (option.letter.map { "-\($0), " } ?? "    ") + option.flag
            let matches = lines.filter { line in
                line.hasPrefix(beginning)
                    && [" ", "["].contains(line.dropFirst(beginning.count).first ?? " ")
            }
            #expect(matches.count == 1, "\(option.flag)")
        }
        for line in lines {
            #expect(line.count <= 80, "\(line)")
            #expect(!line.hasSuffix(" "), "\(line)")
        }
        for code in ExitCode.allCases { #expect(lines.contains("  \(code.rawValue)  \(code.summary)")) }
        #expect(HelpText.text.hasSuffix(")\n"))
    }

    @Test func tableHasNoNameTwice() {
        let options = ConfigurationOption.all
        #expect(Set(options.map(\.name)).count == options.count)
        let keys = options.compactMap { $0.setting?.fileKey }
        #expect(Set(keys).count == keys.count)
    }
}
