import Glibc

enum DefinitionFiles {
    /// nil: there is no such file.
    static func bytes(of path: String) -> [UInt8]? {
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = fread(&buffer, 1, buffer.count, file)
            guard count > 0 else { return bytes }
            bytes.append(contentsOf: buffer[..<count])
        }
    }
}

/// How many definitions passed which check.
struct PipelineTally {
    private(set) var passed = 0
    private(set) var total = 0
    private var groups: [(name: String, passed: Int, total: Int)] = []

    private func rounded(_ ratio: Double) -> Double { (ratio * 10_000).rounded() / 10_000 }

    mutating func count(_ isGood: Bool) {
        total += 1
        if isGood { passed += 1 }
    }

    mutating func count(_ group: String, _ isGood: Bool) {
        let index = groups.firstIndex { $0.name == group } ?? groups.count
        if index == groups.count { groups.append((group, 0, 0)) }
        groups[index].total += 1
        if isGood { groups[index].passed += 1 }
    }

    private var slowdowns: [Double] = []

    /// How much longer the exported machine takes, if every step takes its type's median.
    mutating func countSlowdown(_ ratio: Double) { slowdowns.append(ratio) }

    func report() {
        for group in groups { print("\(group.name): \(group.passed) of \(group.total)") }
        if !slowdowns.isEmpty {
            let mean = slowdowns.reduce(0, +) / Double(slowdowns.count)
            print("exported machines take \(rounded(mean)) times as long in the mean, \(rounded(slowdowns.max() ?? 1)) at most")
        }
        print("pipelines: \(passed) of \(total)")
    }
}
