import TestSupport
import Testing

@testable import HTTP

/// Heads that were damaged at random, always in the same way.
@Suite struct RequestParserMutationTests {
    private static let interesting: [[UInt8]] = [
        "\r\n", "\n", "\r", " ", "\t", ":", "\u{0}", "/", "?", "#", "%", "%2e", "..", ".", "[", "]", "@", ",",
        "Host: h\r\n", "Content-Length: 1\r\n", "HTTP/1.1", "\u{7f}", "\u{80}", "http://",
    ].map { Array($0.utf8) }

    private func mutated(_ original: [UInt8], _ generator: inout SeededNumbers) -> [UInt8] {
        var bytes = original
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            let place = Int.random(in: 0...bytes.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: bytes.insert(UInt8.random(in: 0...255, using: &generator), at: place)
            case 1: if place < bytes.count { bytes[place] = UInt8.random(in: 0...255, using: &generator) }
            case 2: if place < bytes.count { bytes.remove(at: place) }
            case 3:
                let piece = Self.interesting[Int.random(in: 0..<Self.interesting.count, using: &generator)]
                bytes.insert(contentsOf: piece, at: place)
            default:
                let end = min(bytes.count, place + Int.random(in: 0...8, using: &generator))
                bytes.insert(contentsOf: bytes[place..<end], at: place)
            }
        }
        return bytes
    }

    @Test func damagedHeadsAreReadTheSameInAllPieces() {
        var generator = SeededNumbers(seed: 2026)
        let originals = RequestParserTests.good.map { Array($0.text.utf8) }
        var counts = (parsed: 0, refused: 0, incomplete: 0)
        var parser = RequestParser()
        let head = RequestHead()
        for index in 0..<2000 {
            let bytes = mutated(originals[index % originals.count], &generator)
            let whole = RequestFixture.parse(bytes)
            #expect(RequestFixture.parse(bytes, ends: 0...bytes.count) == whole)
            let cut = Int.random(in: 0...bytes.count, using: &generator)
            parser.reset()
            #expect(RequestFixture.parse(bytes, ends: [cut, bytes.count], &parser, head) == whole)
            switch whole {
            case .parsed(let request):
                counts.parsed += 1
                #expect(request.length <= bytes.count)
                #expect(!request.path.utf8.contains(0))
                #expect(request.fields.allSatisfy { !$0.contains("\r") && !$0.contains("\n") })
            case .refused: counts.refused += 1
            case .incomplete: counts.incomplete += 1
            }
        }
        #expect(counts.parsed > 100)
        #expect(counts.refused > 100)
        #expect(counts.incomplete > 0)
    }
}
