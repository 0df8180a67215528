import Bytes

/// What a `Range` field asks for, applied to a representation (RFC 9110 section 14).
public enum RangeOutcome: Sendable, Equatable {
    /// Everything: there is no usable range.
    case whole
    /// One part.
    case single(Range<UInt64>)
    /// Several parts, in the order asked for.
    case multiple([Range<UInt64>])
    /// Nothing that is asked for exists: 416.
    case unsatisfiable
}

/// The `Range` field.
public enum ByteRange {
    /// Takes a field value apart.
    /// - Parameters:
    ///   - value: the field's value; anything malformed, or another unit than bytes, gives `.whole`.
    ///   - size: bytes of the representation.
    ///   - maximumRanges: more parts than that give `.whole`, as do parts that add up to more than the size: a
    ///     client that asks so has nothing good in mind (RFC 9110 section 14.2).
    /// - Returns: what to send; parts in the order asked for, neighbours that overlap joined.
    public static func parse(_ value: Span<UInt8>, size: UInt64, maximumRanges: Int = 16) -> RangeOutcome {
        guard value.count > 6, value.extracting(0..<6).equalsIgnoringCase("bytes="),
            !ASCII.isOptionalWhitespace(value[6])
        else { return .whole }
        var earlier: [Range<UInt64>] = []
        var latest: Range<UInt64>?
        var specifiers = 0
        var isOverLimit = false
        var start = 6
        while start <= value.count {
            let end = value.firstOffset(of: UInt8(ascii: ","), from: start) ?? value.count
            let member = value.extracting(start..<end).trimmed()
            start = end + 1
            if member.isEmpty { continue }
            specifiers += 1
            switch specifier(member, size: size) {
            case .malformed: return .whole
            case .nothing: continue
            case .range(let range):
                guard let last = latest else {
                    latest = range
                    continue
                }
                if range.lowerBound >= last.lowerBound, range.lowerBound < last.upperBound {
                    latest = last.lowerBound..<max(last.upperBound, range.upperBound)
                } else if earlier.count + 1 >= maximumRanges {
                    isOverLimit = true
                } else {
                    earlier.append(last)
                    latest = range
                }
            }
        }
        if specifiers == 0 || isOverLimit { return .whole }
        guard let latest else { return .unsatisfiable }
        if earlier.isEmpty { return .single(latest) }
        earlier.append(latest)
        var total: UInt64 = 0
        for range in earlier {
            let (sum, overflow) = total.addingReportingOverflow(range.upperBound - range.lowerBound)
            guard !overflow, sum <= size else { return .whole }
            total = sum
        }
        return .multiple(earlier)
    }

    private enum Specifier {
        case malformed
        case nothing
        case range(Range<UInt64>)
    }

    /// One `first-last`, `first-` or `-length`.
    private static func specifier(_ text: Span<UInt8>, size: UInt64) -> Specifier {
        guard let dash = text.firstOffset(of: UInt8(ascii: "-")) else { return .malformed }
        let before = text.extracting(0..<dash)
        let after = text.extracting((dash + 1)..<text.count)
        if before.isEmpty {
            guard let length = decimal(after) else { return .malformed }
            return length == 0 || size == 0 ? .nothing : .range((size - min(size, length))..<size)
        }
        guard let first = decimal(before) else { return .malformed }
        var last = UInt64.max
        if !after.isEmpty {
            guard let given = decimal(after), given >= first else { return .malformed }
            last = given
        }
        return first >= size ? .nothing : .range(first..<(min(last, size - 1) + 1))
    }

    /// A number; one beyond 64 bits is as good as the largest.
    private static func decimal(_ digits: Span<UInt8>) -> UInt64? {
        if digits.isEmpty { return nil }
        var value: UInt64 = 0
        for index in 0..<digits.count {
            guard ASCII.isDigit(digits[index]) else { return nil }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(UInt64(digits[index] - 0x30))
            value = overflow || carry ? .max : sum
            if overflow || carry {
                for rest in index..<digits.count where !ASCII.isDigit(digits[rest]) { return nil }
                return .max
            }
        }
        return value
    }
}
