/// What a request is signed with.
package struct AWSCredentials: Sendable, Equatable {
    package var accessKeyID: String
    package var secretAccessKey: String
    package var sessionToken: String?
    /// Milliseconds since 1970; nil: they do not expire.
    package var expires: Int64?

    package init(accessKeyID: String, secretAccessKey: String, sessionToken: String? = nil, expires: Int64? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
        self.expires = expires
    }
}
