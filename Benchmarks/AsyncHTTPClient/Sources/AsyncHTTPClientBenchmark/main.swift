import AsyncHTTPClient
import Glibc

/// `AsyncHTTPClientBenchmark URL REQUESTS IN_FLIGHT`: as HTTPBenchmark, on async-http-client.
let words = CommandLine.arguments
guard words.count == 4, let requests = Int(words[2]), let inFlight = Int(words[3]), inFlight > 0 else { exit(64) }
let url = words[1]
let clock = ContinuousClock()
let start = clock.now
let bad = await withTaskGroup(of: Int.self) { group in
    for worker in 0..<inFlight {
        let share = requests / inFlight + (worker < requests % inFlight ? 1 : 0)
        group.addTask {
            var bad = 0
            for _ in 0..<share {
                do {
                    let response = try await HTTPClient.shared.execute(HTTPClientRequest(url: url), timeout: .seconds(30))
                    _ = try await response.body.collect(upTo: 1 << 20)
                    if response.status != .ok { bad += 1 }
                } catch {
                    bad += 1
                }
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
guard bad == 0 else { exit(1) }
print(Int(Double(requests) / seconds))
