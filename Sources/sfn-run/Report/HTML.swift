/// Text for HTML and SVG.
enum HTML {
    /// With nothing that a browser could take for markup, and without control characters.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\n", "\t": result.unicodeScalars.append(scalar)
            default:
                // Control characters, among them those that turn the direction of text.
                let value = scalar.value
                let isControl = value < 0x20 || (0x7F..<0xA0).contains(value) || (0x202A...0x202E).contains(value) || (0x2066...0x2069).contains(value)
                result.unicodeScalars.append(isControl ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }

    /// Cut in the middle of nothing: at most `limit` characters, and a sign that there is more.
    static func short(_ text: String, _ limit: Int) -> String {
        text.unicodeScalars.count <= limit ? text : String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit - 1))) + "…"
    }

    /// A number for people: at most six digits that count.
    static func number(_ value: Double) -> String {
        if value == value.rounded(), abs(value) < 1e15 { return "\(Int64(value))" }
        let magnitude = abs(value)
        var scale = 1.0
        var limit = 100_000.0
        while magnitude < limit, scale < 1e12 {
            scale *= 10
            limit /= 10
        }
        let rounded = (value * scale).rounded() / scale
        return "\(rounded)"
    }

    /// A coordinate.
    static func at(_ value: Double) -> String {
        let rounded = (value * 10).rounded() / 10
        return rounded == rounded.rounded() && abs(rounded) < 1e9 ? "\(Int(rounded))" : "\(rounded)"
    }
}
