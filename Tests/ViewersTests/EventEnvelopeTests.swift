import TestSupport
import Testing

@testable import Viewers

/// What the gateway sees of events.
@Suite struct EventEnvelopeTests {
    private func envelope(_ text: String) throws -> EventEnvelope {
        try EventEnvelope(Array(text.utf8).span)
    }

    @Test func aSelection() throws {
        let cells = (0..<480).map { "\($0 * 173)" }.joined(separator: ", ")
        let envelope = try envelope(
            """
            {"type": "selection", "viewerId": "0123456789abcdef", "viewerToken": "t",
             "cells": [\(cells)], "source": "lasso", "nested": {"viewerId": "no", "type": ["no"]}}
            """
        )
        #expect(envelope.isObject && !envelope.hasNonFiniteNumbers)
        #expect(envelope.viewerID == .text("0123456789abcdef"))
        #expect(!envelope.isHover && envelope.hasViewerToken)
    }

    @Test(
        arguments: [
            ("{\"type\":\"hover\"}", true), ("{\"type\" : \"hov\\u0065r\"}", true),
            ("{\"type\":\"hover\",\"type\":\"click\"}", false), ("{\"type\":\"hovers\"}", false),
            ("{\"type\":[\"hover\"]}", false), ("{\"a\":{\"type\":\"hover\"}}", false), ("{}", false),
            ("\"hover\"", false),
            ("{\"type\":\"\\\\hover\"}", false), ("{\"type\":null}", false),
        ]
    )
    func hovers(json: String, isHover: Bool) throws {
        #expect(try envelope(json).isHover == isHover)
    }

    @Test(arguments: [
        ("{\"viewerToken\":null}", true), ("{\"viewerToken\":\"\"}", true),
        ("{\"viewer\\u0054oken\":1}", true),
        ("{\"x\":{\"viewerToken\":1}}", false), ("{\"viewerTokens\":1}", false), ("{}", false), ("[]", false),
    ])
    func tokens(json: String, hasToken: Bool) throws {
        #expect(try envelope(json).hasViewerToken == hasToken)
    }

    /// The value of a member and what it counts as.
    @Test(
        arguments: [
            ("\"v\"", .text("v")), ("\" v \"", .text(" v ")), ("\"\"", .empty), ("null", .empty),
            ("false", .empty), ("true", .other), ("0", .empty), ("-0", .empty), ("0.000", .empty),
            ("-0e5", .empty), ("1e-999", .empty), ("1", .other), ("-0.5", .other), ("1e999", .other),
            ("NaN", .other), ("-Infinity", .other), ("[]", .empty), ("[ \n\t]", .empty), ("{}", .empty),
            ("{ \r }", .empty), ("[0]", .container), ("[[]]", .container), ("{\"a\":0}", .container),
            ("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", .text("\"\\/\u{8}\u{c}\n\r\t")),
            ("\"\\u0041\\u00e9\"", .text("Aé")),
            ("\"\\u0000\"", .text("\0")), ("\"\\ud83d\\ude00\"", .text("😀")),
            ("\"\\uD83D\\uDE00x\"", .text("😀x")),
            ("\"é☃😀\"", .text("é☃😀")), ("\"\\ud83d\"", .other), ("\"\\ude00\\ud83d\"", .other),
            ("\"\\ud83d\\u0041\"", .other), ("\"\\ud83d\\n\"", .other), ("\"\\ud83dx\"", .other),
        ] as [(String, EventEnvelope.Member)]
    )
    func values(json: String, member: EventEnvelope.Member) throws {
        for text in ["{\"viewerId\":\(json)}", " { \"x\" : [1] , \"viewerId\" : \(json) , \"y\" : {} } "] {
            #expect(try envelope(text).viewerID == member)
        }
    }

    /// Names are compared after their escapes are resolved, and the last one counts.
    @Test(
        arguments: [
            ("{\"viewerId\":1,\"viewerId\":\"b\"}", .text("b")),
            ("{\"viewerId\":\"a\",\"viewerId\":null}", .empty),
            ("{\"viewer\\u0049d\":\"a\"}", .text("a")),
            ("{\"viewerId\":\"a\",\"\\u0076iewerId\":\"b\"}", .text("b")),
            ("{\"viewerid\":\"a\",\"viewerIdx\":1,\"\":2}", .missing),
            ("{\"a\":{\"viewerId\":\"a\"}}", .missing),
            ("{\"viewerId\":\"a\",\"x\":[{\"viewerId\":\"b\"}]}", .text("a")),
        ] as [(String, EventEnvelope.Member)]
    )
    func names(json: String, member: EventEnvelope.Member) throws {
        #expect(try envelope(json).viewerID == member)
    }

    @Test(arguments: ["[]", "[{\"viewerId\":\"a\"}]", "\"{}\"", "1", " null ", "NaN", "[[],[{}]]"])
    func noObjects(json: String) throws {
        let envelope = try envelope(json)
        #expect(!envelope.isObject && envelope.viewerID == .missing && !envelope.isHover)
    }

    // MARK: Numbers that are none

    @Test(arguments: [
        ("NaN", "null"), ("[NaN,Infinity,-Infinity]", "[null,null,null]"),
        (
            "{\"NaN\":NaN,\"x\":\"Infinity \\\" NaN\",\"y\":-1}",
            "{\"NaN\":null,\"x\":\"Infinity \\\" NaN\",\"y\":-1}"
        ),
        ("[\"\\\\\",NaN]", "[\"\\\\\",null]"),
    ])
    func nonFiniteNumbers(json: String, finite: String) throws {
        #expect(try envelope(json).hasNonFiniteNumbers)
        let bytes = EventEnvelope.replacingNonFiniteNumbers(in: Array(json.utf8).span)
        #expect(String(decoding: bytes, as: UTF8.self) == finite)
        #expect(try !envelope(finite).hasNonFiniteNumbers)
    }

    @Test(arguments: ["{\"a\":\"NaN\",\"b\":[-1,\"-Infinity\\\\\"]}", "[]", "\"\\\"Infinity\""])
    func finiteNumbersStay(json: String) throws {
        #expect(try !envelope(json).hasNonFiniteNumbers)
        let bytes = EventEnvelope.replacingNonFiniteNumbers(in: Array(json.utf8).span)
        #expect(String(decoding: bytes, as: UTF8.self) == json)
    }
}

extension EventEnvelope.Member {
    /// Text as tests write it.
    static func text(_ text: String) -> Self { .text(Array(text.utf8)) }
}
