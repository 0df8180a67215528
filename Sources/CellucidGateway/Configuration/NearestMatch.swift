/// Finds the word a user most likely meant.
enum NearestMatch {
    /// The candidate with the smallest edit distance to a word, the first one of several.
    ///
    /// - Parameters:
    ///   - word: what the user wrote.
    ///   - candidates: what could have been meant.
    ///   - limit: the largest distance that still counts as a typing mistake; nil for any distance.
    /// - Returns: the candidate, or nil when none is near enough.
    static func find(_ word: String, in candidates: [String], within limit: Int? = nil) -> String? {
        var nearest: (candidate: String, distance: Int)?
        for candidate in candidates {
            let distance = editDistance(word, candidate)
            if distance > limit ?? .max { continue }
            if let nearest, nearest.distance <= distance { continue }
            nearest = (candidate, distance)
        }
        return nearest?.candidate
    }

    /// The end of an error message about an unknown word: a suggestion, or nothing when none is near.
    static func suggestion(for word: String, in candidates: [String]) -> String {
        guard let match = find(word, in: candidates, within: max(2, word.utf8.count / 3)) else { return "" }
        return "; did you mean \(match)?"
    }

    /// The distance of two words in bytes: the least number of insertions, deletions, replacements and swaps
    /// of neighbours that make one of the other (Levenshtein with swaps, "optimal string alignment").
    static func editDistance(_ first: String, _ second: String) -> Int {
        let first = Array(first.utf8)
        let second = Array(second.utf8)
        // Row i holds the distances of the first i bytes of one word to every beginning of the other.
        var rows = [Array(0...second.count)]
        for (line, byte) in first.enumerated() {
            let above = rows[line]
            var row = [line + 1]
            for column in second.indices {
                let replaced = above[column] + (byte == second[column] ? 0 : 1)
                var distance = min(replaced, above[column + 1] + 1, row[column] + 1)
                if line > 0, column > 0, byte == second[column - 1], first[line - 1] == second[column] {
                    distance = min(distance, rows[line - 1][column - 1] + 1)
                }
                row.append(distance)
            }
            rows.append(row)
        }
        return rows[first.count][second.count]
    }
}
