/// The parts of an absolute URL that redirects and queries need.
struct URLParts: Equatable {
    var scheme: String
    /// With port, as written.
    var authority: String
    /// Empty or from `/` on.
    var path: String
    /// Without `?`; nil where there is none.
    var query: String?

    /// nil unless `http://host…` or `https://host…`. A fragment is dropped.
    init?(_ text: String) {
        var rest = Substring(text)
        if let hash = rest.firstIndex(of: "#") { rest = rest[..<hash] }
        guard let colon = rest.firstIndex(of: ":") else { return nil }
        scheme = rest[..<colon].lowercased()
        rest = rest[rest.index(after: colon)...]
        guard scheme == "http" || scheme == "https", rest.hasPrefix("//") else { return nil }
        rest = rest.dropFirst(2)
        let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
        authority = String(rest[..<end])
        guard !authority.isEmpty else { return nil }
        rest = rest[end...]
        if let mark = rest.firstIndex(of: "?") {
            path = String(rest[..<mark])
            query = String(rest[rest.index(after: mark)...])
        } else {
            path = String(rest)
            query = nil
        }
    }

    var text: String { "\(scheme)://\(authority)\(path.isEmpty ? "/" : path)" + (query.map { "?" + $0 } ?? "") }

    /// Where a `Location` header leads from here (RFC 3986 section 5, dot segments left to the server).
    func resolving(_ location: String) -> URLParts? {
        if let absolute = URLParts(location) { return absolute }
        if location.hasPrefix("//") { return URLParts(scheme + ":" + location) }
        guard !hasScheme(location) else { return nil }
        var base = "\(scheme)://\(authority)"
        if location.hasPrefix("/") { return URLParts(base + location) }
        if location.hasPrefix("?") { return URLParts(base + path + location) }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        base += folder + location
        return URLParts(base)
    }

    private func hasScheme(_ text: String) -> Bool {
        guard let colon = text.firstIndex(of: ":") else { return false }
        return text[..<colon].allSatisfy { $0.isLetter || $0.isNumber || "+-.".contains($0) }
    }

    func hasSameOrigin(as other: URLParts) -> Bool { scheme == other.scheme && authority.lowercased() == other.authority.lowercased() }
}
