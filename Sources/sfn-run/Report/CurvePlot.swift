/// Learning curves as a picture: one line each, over the order of their values.
struct CurvePlot {
    let curves: [LearningCurve]
    private var width: Double { 420 }
    private var height: Double { 200 }
    private var left: Double { 58 }
    private var right: Double { 12 }
    private var top: Double { 12 }
    private var bottom: Double { 26 }
    private static let colors = ["#2563eb", "#d97706", "#059669", "#dc2626", "#7c3aed", "#0891b2"]

    var svg: String {
        let values = curves.flatMap(\.values)
        var low = values.min() ?? 0
        var high = values.max() ?? 1
        if low == high {
            low -= 0.5
            high += 0.5
        }
        let longest = max(2, curves.map(\.values.count).max() ?? 2)
        func x(_ index: Int) -> Double { left + (width - left - right) * Double(index) / Double(longest - 1) }
        func y(_ value: Double) -> Double { top + (height - top - bottom) * (1 - (value - low) / (high - low)) }
        var parts = [
            "<svg class=\"plot\" viewBox=\"0 0 \(HTML.at(width)) \(HTML.at(height + 16 * Double(curves.count)))\" role=\"img\" aria-label=\"\(HTML.escape(curves.map(\.name).joined(separator: ", ")))\">"
        ]
        for step in 0...4 {
            let value = low + (high - low) * Double(step) / 4
            let line = HTML.at(y(value))
            parts.append("<line class=\"grid\" x1=\"\(HTML.at(left))\" x2=\"\(HTML.at(width - right))\" y1=\"\(line)\" y2=\"\(line)\"/>")
            parts.append(
                "<text class=\"tick\" text-anchor=\"end\" x=\"\(HTML.at(left - 6))\" y=\"\(HTML.at(y(value) + 4))\">\(HTML.escape(Self.tick(value)))</text>")
        }
        for index in [0, (longest - 1) / 2, longest - 1] {
            parts.append("<text class=\"tick\" text-anchor=\"middle\" x=\"\(HTML.at(x(index)))\" y=\"\(HTML.at(height - 8))\">\(index)</text>")
        }
        for (number, curve) in curves.enumerated() {
            let color = Self.colors[number % Self.colors.count]
            // More points than pixels say nothing more.
            let stride = max(1, curve.values.count / 800)
            let shown = curve.values.indices.filter { $0 % stride == 0 || $0 == curve.values.count - 1 }
            let points = shown.map { "\(HTML.at(x($0))),\(HTML.at(y(curve.values[$0])))" }.joined(separator: " ")
            parts.append("<polyline fill=\"none\" stroke=\"\(color)\" stroke-width=\"1.6\" points=\"\(points)\"/>")
            let line = HTML.at(height + 12 + 16 * Double(number))
            parts.append("<rect x=\"\(HTML.at(left))\" y=\"\(HTML.at(height + 4 + 16 * Double(number)))\" width=\"10\" height=\"10\" fill=\"\(color)\"/>")
            let last = curve.values.last.map { HTML.number($0) } ?? ""
            parts.append(
                "<text class=\"legend\" x=\"\(HTML.at(left + 16))\" y=\"\(line)\">\(HTML.escape(HTML.short(curve.name, 40))): \(last) after \(curve.values.count) values</text>"
            )
        }
        return parts.joined(separator: "\n") + "\n</svg>"
    }

    private static func tick(_ value: Double) -> String { HTML.short(HTML.number(value), 9) }
}
