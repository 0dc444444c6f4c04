import Glibc

/// What standard error is connected to.
struct Terminal {
    /// Whether lines may be drawn again.
    let canRedraw: Bool
    let hasColor: Bool
    let columns: Int
    var rows = 24

    static func standardError(environment: (String) -> String? = { name in getenv(name).map { String(cString: $0) } }) -> Terminal {
        let isTerminal = isatty(STDERR_FILENO) == 1
        let isDumb = environment("TERM") == "dumb" || environment("CI") != nil
        var size = winsize()
        let hasSize = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
        return Terminal(
            canRedraw: isTerminal && !isDumb,
            hasColor: isTerminal && !isDumb && environment("NO_COLOR") == nil,
            columns: hasSize ? Int(size.ws_col) : 100, rows: hasSize && size.ws_row > 0 ? Int(size.ws_row) : 24)
    }
}
