import JSON

/// How a CSV file is written: ReaderConfig's CSVDelimiter, CSVHeaderLocation, CSVHeaders.
struct CSVFormat {
    let delimiter: UInt8
    /// nil: the first row has them.
    let headers: [String]?

    init(_ config: JSONValue) throws(JobFailure) {
        let name = config["CSVDelimiter"]?.string ?? "COMMA"
        let known: [String: Character] = ["COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "SPACE": " ", "TAB": "\t"]
        guard let character = known[name], let byte = character.asciiValue else {
            throw JobFailure(ItemReader.failed, "The CSVDelimiter '\(name)' is not supported")
        }
        delimiter = byte
        headers = config["CSVHeaderLocation"]?.string == "GIVEN" ? (config["CSVHeaders"]?.array ?? []).map { $0.string ?? $0.text() } : nil
    }

    init(headers: [String]) {
        delimiter = UInt8(ascii: ",")
        self.headers = headers
    }
}

/// The rows of a CSV file (RFC 4180) as objects of texts: missing columns are "", further ones are dropped.
struct CSVRows: ItemRows {
    private let stream: ByteStream
    private let delimiter: UInt8
    /// The headers with their columns, in the order of a row's members.
    private let columns: [(header: String, index: Int)]

    init(_ stream: ByteStream, _ format: CSVFormat) throws(JobFailure) {
        self.stream = stream
        delimiter = format.delimiter
        let headers: [String]
        if let given = format.headers {
            headers = given
        } else {
            headers = try Self.record(stream, delimiter) ?? []
        }
        if Set(headers.map { Array($0.utf8) }).count != headers.count {
            throw JobFailure(ItemReader.failed, "CSV headers cannot contain duplicates.")
        }
        columns = HashOrder.of(headers).map { (headers[$0], $0) }
    }

    mutating func next() throws(JobFailure) -> JSONValue? {
        guard let fields = try Self.record(stream, delimiter) else { return nil }
        var row = JSONObject()
        for (header, index) in columns { row[header] = .string(index < fields.count ? fields[index] : "") }
        return .object(row)
    }

    /// The fields of the next line that is not empty; nil at the end.
    static func record(_ stream: ByteStream, _ delimiter: UInt8) throws(JobFailure) -> [String]? {
        while let byte = stream.peek(), byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { _ = stream.next() }
        guard stream.peek() != nil else { return nil }
        var fields: [String] = []
        var field: [UInt8] = []
        var isQuoted = false
        while true {
            guard let byte = stream.next() else {
                if isQuoted { throw JobFailure(ItemReader.failed, "\(stream.name): a quoted CSV field has no end") }
                break
            }
            if isQuoted {
                if byte != UInt8(ascii: "\"") {
                    field.append(byte)
                } else if stream.peek() == UInt8(ascii: "\"") {
                    field.append(byte)
                    _ = stream.next()
                } else {
                    isQuoted = false
                }
            } else if byte == delimiter {
                fields.append(String(decoding: field, as: UTF8.self))
                field.removeAll(keepingCapacity: true)
            } else if byte == UInt8(ascii: "\n") {
                break
            } else if byte == UInt8(ascii: "\r"), stream.peek() == UInt8(ascii: "\n") {
                continue
            } else if byte == UInt8(ascii: "\""), field.isEmpty {
                isQuoted = true
            } else {
                field.append(byte)
            }
        }
        fields.append(String(decoding: field, as: UTF8.self))
        return fields
    }
}

/// The order in which Java's HashMap gives its keys: a row of the service is such a map (recorded for the headers `0,True,{}`,
/// which come as `0`, `{}`, `True`).
enum HashOrder {
    /// The places of these keys, first to last.
    static func of(_ keys: [String]) -> [Int] {
        // A table of 16 places, doubled as soon as three quarters are taken.
        var places = 16
        while keys.count > places / 4 * 3 { places *= 2 }
        let hashes = keys.map { key in
            let hash = key.utf16.reduce(UInt32(0)) { $0 &* 31 &+ UInt32($1) }
            return Int(hash ^ (hash >> 16)) & (places - 1)
        }
        return keys.indices.sorted { (hashes[$0], $0) < (hashes[$1], $1) }
    }
}
