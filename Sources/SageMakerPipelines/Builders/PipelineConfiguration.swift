import JSON

/// What is wrong with a configuration: the first attribute that is missing or unusable is named.
public struct ConfigurationError: Error, Equatable, Sendable, CustomStringConvertible {
    public let description: String
    public init(description: String) { self.description = description }
}

/// One configuration file with sections: Base, Training, Model, Processing, Package, Payload, Registration.
/// A section's own values come before those of Base.
public struct PipelineConfiguration: Sendable {
    public static let sections = ["Base", "Training", "Model", "Processing", "Package", "Payload", "Registration"]
    private let document: JSONObject

    public init(_ json: JSONValue) throws(ConfigurationError) {
        guard case .object(let document) = json else { throw ConfigurationError(description: "found \(json.typeName), expected an object of sections") }
        for (key, value) in document {
            guard Self.sections.contains(Self.short(key)) else {
                throw ConfigurationError(description: "found the section '\(key)', expected one of \(Self.sections.joined(separator: ", "))")
            }
            guard value.object != nil else { throw ConfigurationError(description: "section '\(key)': found \(value.typeName), expected an object") }
        }
        self.document = document
    }

    /// Sections are declared under class names (`BasePipelineConfig`) or short ones (`Base`).
    private static func short(_ name: String) -> String {
        sections.first { name == $0 || name == $0 + "Config" || name == $0 + "PipelineConfig" || name == $0 + "StepConfig" || name == $0 + "BaseConfig" }
            ?? name
    }

    public func has(_ section: String) -> Bool { document.contains { Self.short($0.key) == section } }

    public func section(_ name: String) -> ConfigurationSection {
        let own = document.first { Self.short($0.key) == name }?.value.object ?? JSONObject()
        let base = document.first { Self.short($0.key) == "Base" }?.value.object ?? JSONObject()
        return ConfigurationSection(name: name, own: own, base: base)
    }
}

/// The values of one section, read with their types.
public struct ConfigurationSection: Sendable {
    public let name: String
    let own: JSONObject
    let base: JSONObject

    public subscript(key: String) -> JSONValue? { own[key] ?? base[key] }

    public func string(_ key: String) throws(ConfigurationError) -> String {
        guard let value = self[key], !value.isNull else { throw missing(key) }
        guard let text = value.string, !text.isEmpty else { throw wrong(key, value, "a text") }
        return text
    }

    public func string(_ key: String, default standard: String) throws(ConfigurationError) -> String {
        guard let value = self[key], !value.isNull else { return standard }
        guard let text = value.string else { throw wrong(key, value, "a text") }
        return text
    }

    public func integer(_ key: String, default standard: Int) throws(ConfigurationError) -> Int {
        guard let value = self[key], !value.isNull else { return standard }
        guard let number = value.wholeNumber, let narrow = Int(exactly: number) else { throw wrong(key, value, "an integer") }
        return narrow
    }

    public func bool(_ key: String, default standard: Bool) throws(ConfigurationError) -> Bool {
        guard let value = self[key], !value.isNull else { return standard }
        guard let flag = value.bool else { throw wrong(key, value, "true or false") }
        return flag
    }

    public func strings(_ key: String, default standard: [String]) throws(ConfigurationError) -> [String] {
        guard let value = self[key], !value.isNull else { return standard }
        guard let list = value.array, list.allSatisfy({ $0.string != nil }) else { throw wrong(key, value, "a list of texts") }
        return list.compactMap(\.string)
    }

    /// An `s3://` address, without the slash at its end.
    public func s3(_ key: String) throws(ConfigurationError) -> String {
        var text = try string(key)
        guard text.hasPrefix("s3://") else { throw wrong(key, .string(text), "an address that begins with s3://") }
        while text.hasSuffix("/") { text.removeLast() }
        return text
    }

    /// Every one of `keys` must be there; the first that is not is named.
    public func require(_ keys: [String]) throws(ConfigurationError) {
        for key in keys where self[key].map(\.isNull) ?? true { throw missing(key) }
    }

    /// Models are trained and created in one region; others get them by registration. Base may say another one: it is where
    /// the model is registered.
    func requireHomeRegion() throws(ConfigurationError) {
        guard let region = own["region"], region != "NA", region != "us-east-1" else { return }
        throw wrong("region", region, "NA (us-east-1), where models are trained and created")
    }

    private func missing(_ key: String) -> ConfigurationError {
        ConfigurationError(description: "\(name): the required attribute '\(key)' is missing")
    }

    func wrong(_ key: String, _ value: JSONValue, _ expected: String) -> ConfigurationError {
        ConfigurationError(description: "\(name): '\(key)': found \(value.text()), expected \(expected)")
    }
}
