/// The files `~/.aws/config` and `~/.aws/credentials`.
package struct SharedConfig: Sendable, Equatable {
    package typealias Section = [String: String]
    /// By profile name, both files together: the credentials file wins.
    package var profiles: [String: Section] = [:]
    package var ssoSessions: [String: Section] = [:]
    /// `[services NAME]`: by service, its settings.
    package var services: [String: [String: Section]] = [:]

    package init(config: String, credentials: String) {
        for (header, section) in Self.sections(config) {
            let words = header.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
            let name = words.dropFirst().joined(separator: " ")
            switch words.first {
            case "profile": profiles[name, default: [:]].merge(section.plain) { $1 }
            case "sso-session": ssoSessions[name, default: [:]].merge(section.plain) { $1 }
            case "services": services[name, default: [:]].merge(section.nested) { $1 }
            case "default" where words.count == 1: profiles["default", default: [:]].merge(section.plain) { $1 }
            default: break
            }
        }
        for (header, section) in Self.sections(credentials) { profiles[header, default: [:]].merge(section.plain) { $1 } }
    }

    private struct ParsedSection {
        var plain: Section = [:]
        var nested: [String: Section] = [:]
    }

    private static func sections(_ text: String) -> [(String, ParsedSection)] {
        var result: [(String, ParsedSection)] = []
        var parent: String?
        for raw in text.split(omittingEmptySubsequences: true, whereSeparator: \.isNewline) {
            let line = trimmed(raw)
            guard !line.isEmpty, !line.hasPrefix("#"), !line.hasPrefix(";") else { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                result.append((trimmed(line[line.index(after: line.startIndex)..<end]), ParsedSection()))
                parent = nil
                continue
            }
            guard !result.isEmpty, let equals = line.firstIndex(of: "=") else { continue }
            let key = trimmed(line[..<equals]).lowercased()
            var value = trimmed(line[line.index(after: equals)...])
            for comment in [" #", " ;", "\t#", "\t;"] {
                if let range = value.firstRange(of: comment) { value = trimmed(value[..<range.lowerBound]) }
            }
            let last = result.count - 1
            if let first = raw.first, first == " " || first == "\t", let parent {
                result[last].1.nested[parent, default: [:]][key] = value
            } else {
                result[last].1.plain[key] = value
                parent = value.isEmpty ? key : nil
            }
        }
        return result
    }

    private static func trimmed(_ text: some StringProtocol) -> String {
        var part = Substring(text)
        while let first = part.first, first.isWhitespace { part = part.dropFirst() }
        while let last = part.last, last.isWhitespace { part = part.dropLast() }
        return String(part)
    }
}
