import Glibc
import LocalJobs

/// Standard output: results only.
func printOutput(_ text: String) {
    if Files.writeAll(Array(text.utf8) + [0x0A], to: STDOUT_FILENO) != 0 { exit(1) }
}

/// Standard output, without a line end of its own.
func printText(_ text: String) {
    if Files.writeAll(Array(text.utf8), to: STDOUT_FILENO) != 0 { exit(1) }
}

/// Standard error: everything else.
func printNote(_ text: String) {
    Files.writeAll(Array(text.utf8) + [0x0A], to: STDERR_FILENO)
}
