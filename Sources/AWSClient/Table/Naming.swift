/// Names as AWS's Java SDK forms them, which is how Step Functions spells what its SDK integrations take and give.
package enum Naming {
    /// `DBInstanceIdentifier` → `DbInstanceIdentifier`, `ETag` → `ETag`, `startDate` → `StartDate`.
    package static func member(_ name: String) -> String { capitalized(uncapitalized(name)) }

    /// `DynamoDB` → `DynamoDb`, `Secrets Manager` → `SecretsManager`, `SFN` → `Sfn`.
    package static func pascalCase(_ name: String) -> String {
        words(name).map { capitalized($0.lowercased()) }.joined()
    }

    /// `NoSuchKey` → `NoSuchKeyException`, `LimitExceededFault` → `LimitExceededException`.
    package static func exception(_ shape: String) -> String {
        if shape.hasSuffix("Fault") { return pascalCase(String(shape.dropLast(5))) + "Exception" }
        if shape.hasSuffix("Exception") { return pascalCase(shape) }
        return pascalCase(shape) + "Exception"
    }

    package static func capitalized(_ name: String) -> String { name.prefix(1).uppercased() + name.dropFirst() }

    /// The leading capitals but the last before a small letter become small: `DBInstance` → `dbInstance`.
    static func uncapitalized(_ name: String) -> String {
        var bytes = Array(name.utf8)
        func isUpper(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x41 && bytes[index] <= 0x5A }
        func isLower(_ index: Int) -> Bool { index < bytes.count && bytes[index] >= 0x61 && bytes[index] <= 0x7A }
        var index = 0
        while index < bytes.count {
            if isUpper(index) { bytes[index] += 0x20 }
            index += 1
            if !isUpper(index) || isLower(index + 1) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Words at changes from small to capital letters, before the last capital of several, after digits, and at signs.
    static func words(_ name: String) -> [String] {
        let bytes = Array(name.utf8)
        func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
        func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
        func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
        var words: [String] = []
        var word: [UInt8] = []
        func close() {
            if !word.isEmpty { words.append(String(decoding: word, as: UTF8.self)) }
            word = []
        }
        for (index, byte) in bytes.enumerated() {
            guard isUpper(byte) || isLower(byte) || isDigit(byte) else {
                close()
                continue
            }
            if let last = word.last {
                let next = index + 1 < bytes.count ? bytes[index + 1] : 0
                let startsWord =
                    isLower(last) && isUpper(byte) && (isUpper(next) || isLower(next) || isDigit(next))
                    || isUpper(last) && isUpper(byte) && isLower(next)
                    || isDigit(last) && !isDigit(byte)
                    || isVersion(bytes, index, last)
                if startsWord { close() }
            }
            word.append(byte)
        }
        close()
        return words
    }

    /// The `v` of `Testv4` and the `V` of `testV4` begin a word.
    private static func isVersion(_ bytes: [UInt8], _ index: Int, _ last: UInt8) -> Bool {
        guard index + 1 < bytes.count, bytes[index + 1] >= 0x30, bytes[index + 1] <= 0x39, index >= 2 else { return false }
        let before = bytes[index - 2...index - 1]
        if bytes[index] == UInt8(ascii: "v") { return before.allSatisfy { !($0 >= 0x61 && $0 <= 0x7A) } }
        if bytes[index] == UInt8(ascii: "V") { return before.allSatisfy { !($0 >= 0x41 && $0 <= 0x5A) } }
        return false
    }
}
