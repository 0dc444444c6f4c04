/// `arn:aws:states:::s3:getObject`, `listObjectsV2`, `putObject`: what item readers and result writers call,
/// written here so that a Task may call them as well.
extension OptimizedService {
    package static let s3 = OptimizedService(
        "s3", service: "s3", ErrorNaming(prefix: "S3", base: "AmazonS3Exception", label: "Amazon S3"),
        [
            "getObject": OptimizedAction("getObject"), "listObjectsV2": OptimizedAction("listObjectsV2"),
            "putObject": OptimizedAction("putObject"),
        ])
}
