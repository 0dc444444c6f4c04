import Curl
import Glibc

/// The HTTP client of sfn-run alone: `HTTPBenchmark URL REQUESTS IN_FLIGHT`. Prints requests a second.
let words = CommandLine.arguments
guard words.count == 4, let requests = Int(words[2]), let inFlight = Int(words[3]), inFlight > 0 else {
    print("HTTPBenchmark URL REQUESTS IN_FLIGHT")
    exit(64)
}
let url = words[1]
let client = HTTPClient()
let clock = ContinuousClock()
let start = clock.now
let bad = await withTaskGroup(of: Int.self) { group in
    for worker in 0..<inFlight {
        let share = requests / inFlight + (worker < requests % inFlight ? 1 : 0)
        group.addTask {
            var bad = 0
            for _ in 0..<share {
                let response = try? await client.perform(HTTPRequest("GET", url))
                if response?.status != 200 { bad += 1 }
            }
            return bad
        }
    }
    var bad = 0
    for await failed in group { bad += failed }
    return bad
}
let elapsed = clock.now - start
let seconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) / 1e18
guard bad == 0 else {
    print("\(bad) requests failed")
    exit(1)
}
print(Int(Double(requests) / seconds))
