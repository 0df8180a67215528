import Testing

@testable import Bytes

@Suite struct BytesKeyTests {
    @Test func equalPartsAreEqualKeys() {
        let first = Array("/mount/file".utf8)
        let second = Array("xxmountyy".utf8)
        let left = BytesKey(first, 1..<6)
        let right = BytesKey(second, 2..<7)
        #expect(left == right)
        #expect(left.hashValue == right.hashValue)
        #expect(left == BytesKey("mount"))
        #expect(left.hashValue == BytesKey("mount").hashValue)
        #expect(left == BytesKey(copying: left.span))
    }

    @Test(arguments: ["", "moun", "mounts", "Mount", "mounT", "mount\u{0}"])
    func othersDiffer(text: String) {
        #expect(BytesKey("mount") != BytesKey(text))
    }

    @Test func aDictionaryFindsThem() {
        var table: [BytesKey: Int] = [:]
        for index in 0..<1000 { table[BytesKey("name-\(index)")] = index }
        for index in 0..<1000 {
            let path = Array("/name-\(index)/points.bin".utf8)
            let end = 6 + "\(index)".utf8.count
            #expect(table[BytesKey(path, 1..<end)] == index)
            #expect(table[BytesKey(path, 0..<end)] == nil)
        }
    }

    @Test func emptyPartsAreEqual() {
        #expect(BytesKey([], 0..<0) == BytesKey([1, 2], 1..<1))
        #expect(BytesKey([1, 2], 1..<1) == BytesKey(""))
    }
}
