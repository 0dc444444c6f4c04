extension String {
    /// A hash that is the same in every process and version (FNV-1a), for short indexes: it finds the candidates, and
    /// the text itself decides.
    var contentHash: Int64 {
        var copy = self
        return copy.withUTF8 { bytes in
            var hash: UInt64 = 0xcbf2_9ce4_8422_2325
            for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            return Int64(bitPattern: hash)
        }
    }
}
