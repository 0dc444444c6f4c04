/// Where a service's requests go and what they are signed for.
package struct Endpoint: Sendable, Equatable {
    package var scheme: String
    /// With port.
    package var host: String
    /// Of a configured endpoint, without a slash at its end.
    package var basePath: String
    package var signingRegion: String
    /// Configured, not AWS's own: nothing is put before its host name.
    package var isOverridden: Bool

    package init?(override url: String, region: String) {
        var rest = Substring(url)
        guard let separator = rest.firstRange(of: "://") else { return nil }
        scheme = rest[..<separator.lowerBound].lowercased()
        guard scheme == "http" || scheme == "https" else { return nil }
        rest = rest[separator.upperBound...]
        let end = rest.firstIndex(of: "/") ?? rest.endIndex
        host = String(rest[..<end])
        var path = rest[end...]
        while path.hasSuffix("/") { path = path.dropLast() }
        basePath = String(path)
        guard !host.isEmpty else { return nil }
        signingRegion = region
        isOverridden = true
    }

    package init(_ model: ServiceModel, region: String, table: AWSTable = .shared) {
        let partition = table.partition(ofRegion: region)
        scheme = "https"
        basePath = ""
        isOverridden = false
        host = "\(model.endpointPrefix).\(region).\(partition.dnsSuffix)"
        signingRegion = region
        if let fixed = model.fixedEndpoints[partition.name] {
            if !fixed.host.isEmpty { host = fixed.host }
            signingRegion = fixed.region
        }
    }

    /// A server on this machine.
    package var isLocal: Bool {
        ["localhost", "127.0.0.1", "[::1]"].contains { host == $0 || host.hasPrefix($0 + ":") }
            || host.split(separator: ":").first?.hasSuffix(".localhost") == true
    }

    package func url(_ target: String, prefix: String = "") -> String {
        "\(scheme)://\(isOverridden ? "" : prefix)\(host)\(basePath)\(target)"
    }
}
