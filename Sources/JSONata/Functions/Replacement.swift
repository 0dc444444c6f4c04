/// `$replace`
enum Replacement {
    static func replace(
        _ call: Call, _ value: Value, _ pattern: Value, _ replacement: Value, _ limit: Value
    ) throws(Failure) -> Value {
        guard let text = value.string else { return .undefined }
        if let needle = pattern.string, needle.isEmpty { throw Failure("D3010", value: pattern, index: 2) }
        let most = limit.number
        if let most, most < 0 { throw Failure("D3011", value: limit, index: 4) }
        // Step Functions takes 2.5 for 2, JavaScript for 3 (measured in 2026).
        let bound = call.run.options.profile == .stepFunctions ? (most ?? .infinity).rounded(.down) : most ?? .infinity
        guard bound > 0 else { return value }
        if let needle = pattern.string {
            return .text(try replace(call, text, needle, replacement, bound))
        }
        var result = ""
        var position = 0
        var count = 0.0
        let units = RegexText(text)
        var current = try StringFunctions.matches(call, pattern, [value])
        if current.isUndefined { return value }
        while let object = Members(current), count < bound {
            try call.run.tick()
            let start = Int(StringFunctions.member(object, "start").number ?? 0)
            let match = StringFunctions.member(object, "match").string ?? ""
            result += units.slice(position, min(start, units.count))
            result += try substitute(call, current, object, match, replacement)
            try call.run.allocate(result.utf8.count)
            position = min(start + match.utf16.count, units.count)
            count += 1
            guard count < bound else { break }
            current = try StringFunctions.matches(call, StringFunctions.member(object, "next"), [])
        }
        return .text(result + units.slice(position, units.count))
    }

    private static func replace(
        _ call: Call, _ text: String, _ needle: String, _ replacement: Value, _ bound: Double
    ) throws(Failure) -> String {
        let new = try StringFunctions.string(replacement, call.run.numberStyle) ?? "undefined"
        var result = ""
        var start = 0
        var count = 0.0
        while count < bound, let place = TextSearch.find(needle, in: text, from: start) {
            result += TextSearch.slice(text, start, place) + new
            start = place + needle.utf8.count
            count += 1
            try call.run.tick()
            if result.utf8.count > 1 << 20 { try call.run.allocate(result.utf8.count) }
        }
        return result + TextSearch.slice(text, start, text.utf8.count)
    }

    private static func substitute(
        _ call: Call, _ match: Value, _ object: Members, _ text: String, _ replacement: Value
    ) throws(Failure) -> String {
        if let template = replacement.string {
            let groups = StringFunctions.member(object, "groups").itemsOrSelf
            return fill(template, text, groups)
        }
        let result = try Application.apply(
            replacement, [match], input: .json(.null), frame: call.frame, call.run
        ).collapsed()
        guard let new = result.string else { throw Failure("D3012", value: result) }
        return new
    }

    /// Puts the groups in for `$1`, the match for `$0`.
    private static func fill(_ template: String, _ match: String, _ groups: Items) -> String {
        let units = Array(template.unicodeScalars)
        guard units.contains("$") else { return template }
        var result = String.UnicodeScalarView()
        var index = 0
        // As many digits as the number of groups has.
        let maximumDigits = groups.count == 0 ? 1 : String(groups.count).count
        func number(_ count: Int) -> Int? {
            let digits = units[index..<min(index + count, units.count)].prefix { $0.value >= 48 && $0.value <= 57 }
            return digits.isEmpty ? nil : Int(String(String.UnicodeScalarView(digits)))
        }
        while index < units.count {
            guard units[index] == "$" else {
                result.append(units[index])
                index += 1
                continue
            }
            index += 1
            if index < units.count, units[index] == "$" {
                result.append("$")
                index += 1
            } else if index < units.count, units[index] == "0" {
                result.append(contentsOf: match.unicodeScalars)
                index += 1
            } else {
                var group = number(maximumDigits)
                if maximumDigits > 1, let value = group, value > groups.count { group = number(maximumDigits - 1) }
                guard let group else {
                    result.append("$")
                    continue
                }
                if group >= 1, group <= groups.count, let text = groups[group - 1].string {
                    result.append(contentsOf: text.unicodeScalars)
                }
                index += String(group).count
            }
        }
        return String(result)
    }
}
