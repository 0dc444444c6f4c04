/// The regular expressions of botocore's model of Step Functions, each as a function: there are few, and no Foundation.
enum TextPattern {
    static let all: [String: @Sendable (String) -> Bool] = [
        #"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"#: { isAlias($0) },
        "[!-~]+": { !$0.isEmpty && $0.utf8.allSatisfy { (0x21...0x7E).contains($0) } },
        #"\p{ASCII}*"#: { $0.utf8.allSatisfy { $0 < 0x80 } },
    ]

    /// Letters, digits, `_`, `-` and `.`, not digits alone.
    private static func isAlias(_ name: String) -> Bool {
        let isDigit: (UInt8) -> Bool = { (0x30...0x39).contains($0) }
        let others = Set("_-.".utf8)
        return name.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || isDigit($0) || others.contains($0) } && !name.utf8.allSatisfy(isDigit)
    }
}
