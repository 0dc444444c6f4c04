import CAWSTable
import JSON
import Synchronization

/// The APIs of all AWS services, from the table that `scripts/make-aws-table` wrote. A service is read when it is first asked for.
package final class AWSTable: Sendable {
    package static let shared = AWSTable()

    package struct Partition: Sendable {
        package let name: String
        package let dnsSuffix: String
    }

    package let partitions: [Partition]
    private let places: [String: (offset: Int, length: Int)]
    private let read = Mutex<[String: ServiceModel]>([:])

    private init() {
        let table = Self.bytes
        let magic = Array("AWST1\n".utf8)
        var places: [String: (offset: Int, length: Int)] = [:]
        var partitions: [Partition] = []
        if table.starts(with: magic), let end = table.dropFirst(magic.count).firstIndex(of: 0x0A),
            let head = try? JSONValue(parsing: Array(table[magic.count..<end]))
        {
            for (name, place) in head["services"]?.object ?? JSONObject() {
                guard let offset = place[0]?.wholeNumber, let length = place[1]?.wholeNumber else { continue }
                places[name] = (end + 1 + Int(offset), Int(length))
            }
            partitions = (head["partitions"]?.array ?? []).compactMap {
                guard let name = $0[0]?.string, let suffix = $0[1]?.string else { return nil }
                return Partition(name: name, dnsSuffix: suffix)
            }
        }
        self.places = places
        self.partitions = partitions
    }

    private static var bytes: UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: caws_table_bytes(), count: caws_table_size())
    }

    /// Names as Step Functions writes them after `aws-sdk:`: `dynamodb`, `sfn`, `cloudwatchlogs`.
    package var serviceNames: [String] { places.keys.sorted() }

    /// nil: no such service.
    package func service(_ name: String) -> ServiceModel? {
        let key = name.lowercased()
        return read.withLock { read in
            if let known = read[key] { return known }
            let table = Self.bytes
            guard let place = places[key], place.offset + place.length <= table.count,
                let json = try? JSONValue(parsing: Array(table[place.offset..<place.offset + place.length])),
                let model = ServiceModel(json)
            else { return nil }
            read[key] = model
            return model
        }
    }

    /// The DNS suffix and name of the partition that a region belongs to.
    package func partition(ofRegion region: String) -> Partition {
        let prefixes = [
            ("cn-", "aws-cn"), ("us-gov-", "aws-us-gov"), ("us-isob-", "aws-iso-b"), ("us-isof-", "aws-iso-f"),
            ("eu-isoe-", "aws-iso-e"), ("us-iso-", "aws-iso"), ("eusc-", "aws-eusc"),
        ]
        let name = prefixes.first { region.hasPrefix($0.0) }?.1 ?? "aws"
        return partitions.first { $0.name == name } ?? Partition(name: "aws", dnsSuffix: "amazonaws.com")
    }
}
