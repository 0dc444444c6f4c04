import JSON
import Testing

@testable import LocalJobs

@Suite struct ConfigurationTests {
    @Test func everyMistakeIsNamedAtItsPlace() throws {
        let text = """
            {"functions": {"a": {"python": "x", "node": "y"}, "b": 7, "c": {"command": []}, "d": {"url": "ftp://x"},
              "e": {"command": ["ls"], "timeout": -1, "memory": "big", "tiemout": 3}, "f/g": {}},
             "buckets": {"b": 1}, "services": {"mode": "mars"}, "limits": {"maxConcurrency": 0}, "colour": 1}
            """
        let (_, diagnostics) = Configuration.parse(try JSONValue(parsing: text), folder: "/tmp")
        #expect(
            diagnostics.map(\.description) == [
                "/colour: unknown member, expected one of functions, activities, images, services, buckets, connections, limits, data, region, account, store",
                "/functions/a: says python and node, expected one of them",
                "/functions/b: found 7, expected an object such as {\"python\": \"functions/b.py:handler\"}",
                "/functions/c/command: found an array, expected a list of texts that is not empty",
                "/functions/d/url: found \"ftp://x\", expected an http:// or https:// URL",
                "/functions/e/tiemout: unknown member, expected one of python, node, command, url, runtime, handler, path, timeout, memory, concurrency, environment, venv, interpreter, description",
                "/functions/e/timeout: found -1, expected seconds, above 0 and at most 604800",
                "/functions/e/memory: found \"big\", expected an integer from 16 to 1048576",
                "/functions/f~1g: says no way to run, expected one of python, node, command, url",
                "/services/mode: found \"mars\", expected \"local\" or \"aws\"",
                "/buckets/b: found 1, expected the path of a folder",
                "/limits/maxConcurrency: found 0, expected an integer from 1 to 100000",
            ])
    }

    @Test func pathsAreSeenFromTheFile() throws {
        let text = """
            {"functions": {"a": {"python": "../f/x.py:go", "venv": ".venv"}, "b": "g/h.js:run"},
             "buckets": {"data": "./d"}, "data": "/var/x",
             "images": {"*scikit-learn*": ["python3"], "*": {"packages": ["numpy"]}},
             "services": {"region": "eu-west-1", "dynamodb": {"endpoint": "http://localhost:8000"}, "sagemaker": "aws"},
             "activities": {"w": ["./work"]}}
            """
        let configuration = Configuration.parse(try JSONValue(parsing: text), folder: "/home/me/p").configuration
        #expect(configuration.functions["a"]?.runner == .python(root: "/home/me/f", handler: "x.go"))
        #expect(configuration.functions["a"]?.interpreter == "/home/me/p/.venv/bin/python3")
        #expect(configuration.functions["b"]?.runner == .node(root: "/home/me/p/g", handler: "h.run"))
        #expect(configuration.buckets["data"] == "/home/me/p/d")
        #expect(configuration.dataDirectory == "/var/x")
        #expect(configuration.images.map(\.pattern) == ["*scikit-learn*", "*"])
        #expect(configuration.images[0].matches("683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1"))
        #expect(!configuration.images[0].matches("xgboost"))
        #expect(configuration.services.region == "eu-west-1")
        #expect(configuration.services.endpoints["dynamodb"] == "http://localhost:8000")
        #expect(configuration.services.mode(of: "sagemaker") == .aws)
        #expect(configuration.services.mode(of: "lambda") == .local)
        #expect(configuration.activities["w"]?.command == ["./work"])
    }

    @Test func aFileThatIsNoneGivesOneSentence() {
        let (_, diagnostics) = Configuration.read(file: "/no/such/sfn-run.json")
        #expect(diagnostics.map(\.description) == ["/: cannot read /no/such/sfn-run.json: No such file or directory"])
    }
}
