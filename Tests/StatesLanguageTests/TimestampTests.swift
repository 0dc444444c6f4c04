import StatesLanguage
import Testing

@Suite struct TimestampTests {
    @Test func timesAreReadAndWritten() {
        #expect(Timestamp(iso8601: "2016-12-05T21:29:29Z")?.iso8601 == "2016-12-05T21:29:29.000Z")
        #expect(Timestamp(iso8601: "2016-12-05T21:29:29.1239+02:30")?.iso8601 == "2016-12-05T18:59:29.123Z")
        #expect(Timestamp(milliseconds: -1).iso8601 == "1969-12-31T23:59:59.999Z")
        #expect(Timestamp(milliseconds: 951_782_400_000).iso8601 == "2000-02-29T00:00:00.000Z")
    }

    @Test(arguments: [
        "2016-12-05T21:29:29", "2016-12-05 21:29:29Z", "2016-12-05t21:29:29Z", "2016-12-05T21:29:29z", "2016-12-05T25:29:29Z",
        "2016-02-30T21:29:29Z", "2016-12-05T21:29Z", "", "2016-12-05T21:29:29.Z",
    ])
    func otherSpellingsAreRefused(_ text: String) {
        #expect(Timestamp(iso8601: text) == nil)
    }
}
