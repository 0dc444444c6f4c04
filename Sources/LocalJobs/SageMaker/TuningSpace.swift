import JSON

/// The hyperparameters that a tuning job varies.
struct TuningSpace: Sendable {
    enum Range: Sendable {
        case continuous(Double, Double, scaling: String)
        case integer(Double, Double, scaling: String)
        case categorical([String])
    }
    let ranges: [(name: String, range: Range)]

    /// `{"ContinuousParameterRanges": [{"Name", "MinValue", "MaxValue", "ScalingType"}], "IntegerParameterRanges", "CategoricalParameterRanges"}`
    init(_ value: JSONValue) {
        var ranges: [(String, Range)] = []
        func bounds(_ entry: JSONValue) -> (String, Double, Double, String)? {
            func number(_ key: String) -> Double? { entry[key]?.string.flatMap { Double($0) } ?? entry[key]?.number }
            guard let name = entry["Name"]?.string, let low = number("MinValue"), let high = number("MaxValue"), low <= high else { return nil }
            return (name, low, high, entry["ScalingType"]?.string ?? "Auto")
        }
        for entry in value["ContinuousParameterRanges"]?.array ?? [] {
            if let (name, low, high, scaling) = bounds(entry) { ranges.append((name, .continuous(low, high, scaling: scaling))) }
        }
        for entry in value["IntegerParameterRanges"]?.array ?? [] {
            if let (name, low, high, scaling) = bounds(entry) { ranges.append((name, .integer(low, high, scaling: scaling))) }
        }
        for entry in value["CategoricalParameterRanges"]?.array ?? [] {
            let values = (entry["Values"]?.array ?? []).compactMap(\.string)
            if let name = entry["Name"]?.string, !values.isEmpty { ranges.append((name, .categorical(values))) }
        }
        self.ranges = ranges
    }

    /// The value at a place from 0 to 1.
    func text(_ range: Range, at place: Double) -> String {
        switch range {
        case .continuous(let low, let high, let scaling): return "\(Self.scaled(low, high, scaling, place))"
        case .integer(let low, let high, let scaling):
            // Each integer has the same share of 0...1.
            let value = scaling == "Logarithmic" ? Self.scaled(low, high, scaling, place).rounded() : (low + place * (high - low + 1)).rounded(.down)
            return Int64(exactly: min(max(value, low), high).rounded()).map(String.init) ?? "\(value)"
        case .categorical(let values): return values[min(values.count - 1, Int(place * Double(values.count)))]
        }
    }

    private static func scaled(_ low: Double, _ high: Double, _ scaling: String, _ place: Double) -> Double {
        switch scaling {
        case "Logarithmic" where low > 0: return min(max(exponential(logarithm(low) + place * (logarithm(high) - logarithm(low))), low), high)
        case "ReverseLogarithmic" where high < 1 && low >= 0:
            let (a, b) = (logarithm(1 - low), logarithm(1 - high))
            return min(max(1 - exponential(a + place * (b - a)), low), high)
        default: return low + place * (high - low)
        }
    }

    /// All combinations, the last range varying fastest; ranges of numbers give their integers, or ten steps.
    var grid: [[Double]] {
        var points: [[Double]] = [[]]
        for (_, range) in ranges {
            let steps: Int
            switch range {
            case .categorical(let values): steps = values.count
            case .integer(let low, let high, _): steps = min(100, Int(high - low) + 1)
            case .continuous: steps = 10
            }
            points = points.flatMap { point in (0..<steps).map { point + [(Double($0) + 0.5) / Double(steps)] } }
            if points.count > 10_000 { return points }
        }
        return points
    }

    /// A point that depends on the seed alone, so that a restarted engine draws it again.
    func random(_ seed: UInt64) -> [Double] {
        var state = seed
        return ranges.map { _ in
            // SplitMix64
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return Double((z ^ (z >> 31)) >> 11) / Double(UInt64(1) << 53)
        }
    }
}
