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

    private var losses: [Double] = []

    /// How much longer the exported machine takes than the pipeline.
    mutating func countSlowdown(_ ratio: Double) { losses.append(ratio) }

    func report() {
        for group in groups { print("\(group.name): \(group.passed) of \(group.total)") }
        if !losses.isEmpty {
            let mean = losses.reduce(0, +) / Double(losses.count)
            let slower = losses.filter { $0 > 1.01 }.count
            print(
                "concurrency lost by export: makespan \(rounded(mean)) in the mean, \(rounded(losses.max() ?? 1)) at most, \(slower) of \(losses.count) graphs above 1.01 (spec 6.3: 1.001, 1.047, 3 of 161)"
            )
        }
        print("pipelines: \(passed) of \(total)")
    }
}
