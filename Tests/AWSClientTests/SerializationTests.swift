import AWSClient
import Curl
import JSON
import LocalServers
import Testing

/// botocore writes the same requests, for random parameters of many operations of all five protocols.
@Suite struct SerializationTests {
    private static let services = [
        "s3", "cloudfront", "route53", "ec2", "sns", "sqs", "iam", "sts", "rds", "lambda", "batch", "dynamodb", "glue",
        "stepfunctions", "apigateway", "emr-serverless", "sagemaker", "ecs", "athena", "elbv2", "cloudwatch", "autoscaling",
        "s3control", "kinesis", "eks", "bedrock-runtime", "events", "codebuild", "emr", "secretsmanager", "logs", "ses",
        "cloudformation", "elasticache", "redshift", "iot", "kms", "ssm", "cognito-idp", "mediaconvert",
    ]

    @Test func requestsAreThoseOfBotocore() throws {
        guard let output = LocalServer.output(ofPython: "sample_requests.py", ["7", "12"] + Self.services) else { return }
        var compared = 0
        for line in output.split(separator: 0x0A) {
            let sample = try JSONValue(parsing: Array(line))
            compared += 1
            check(sample)
        }
        #expect(compared > 300)
    }

    private func check(_ sample: JSONValue) {
        let service = sample["service"]?.string ?? ""
        let operation = sample["operation"]?.string ?? ""
        let place = "\(service):\(operation) \(sample["input"]?.text() ?? "")"
        let request: HTTPRequest
        do {
            request = try localClient("http://127.0.0.1:1").request(of: AWSCall(service, operation, sample["input"] ?? .null))
        } catch {
            Issue.record("\(place): \(error)")
            return
        }
        #expect(request.method == sample["method"]?.string, "\(place)")
        let target = request.url.dropFirst("http://127.0.0.1:1".count)
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let theirs = (sample["path"]?.string ?? "").split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        #expect(String(parts[0]) == String(theirs[0]), "\(place)")
        var expected = (sample["query"]?.array ?? []).map { ($0[0]?.string ?? "") + "=" + ($0[1]?.string ?? "") }
        if theirs.count > 1 { expected += pairs(String(theirs[1])) }
        #expect(pairs(parts.count > 1 ? String(parts[1]) : "").sorted() == expected.sorted(), "\(place)")
        for header in sample["headers"]?.array ?? [] {
            guard let name = header[0]?.string, !["content-type", "x-amzn-query-mode"].contains(name.lowercased()) else { continue }
            #expect(request.headers.first(name) == header[1]?.string, "\(name) \(place)")
        }
        body(request.body, Base64.decode(sample["body"]?.string ?? "") ?? [], sample["protocol"]?.string ?? "", place)
    }

    private func pairs(_ query: String) -> [String] {
        query.split(separator: "&").map { pair in
            let text = URLEncoding.decode(pair.map { $0 == "+" ? " " : String($0) }.joined())
            return text.contains("=") ? text : text + "="
        }
    }

    private func body(_ ours: [UInt8], _ theirs: [UInt8], _ wireProtocol: String, _ place: String) {
        switch wireProtocol {
        case "query", "ec2":
            let expected = ((try? JSONValue(parsing: theirs))?.array ?? []).map { ($0[0]?.string ?? "") + "=" + ($0[1]?.string ?? "") }
            let text = String(decoding: ours, as: UTF8.self)
            let got = text.split(separator: "&").map { URLEncoding.decode(String($0)) }
            #expect(got.sorted() == expected.sorted(), "\(place)")
        case "rest-xml":
            guard let mine = XMLReader.read(ours), let other = XMLReader.read(theirs) else {
                #expect(ours == theirs, "\(place)")
                return
            }
            #expect(shown(mine) == shown(other), "\(place)")
        default:
            guard let mine = try? JSONValue(parsing: ours), let other = try? JSONValue(parsing: theirs) else {
                // An operation without parameters may send an empty object or nothing.
                if ours == Array("{}".utf8) && theirs.isEmpty || ours.isEmpty && theirs == Array("{}".utf8) { return }
                #expect(ours == theirs, "\(place)")
                return
            }
            #expect(mine == other, "\(place)")
        }
    }

    private func shown(_ node: XMLNode) -> String {
        let attributes = node.attributes.map { " \($0.name)=\($0.value)" }.sorted().joined()
        return "<\(node.name)\(attributes)>" + (node.children.isEmpty ? node.text : node.children.map(shown).joined()) + "</>"
    }
}
