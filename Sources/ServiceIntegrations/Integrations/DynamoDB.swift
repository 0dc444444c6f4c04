/// `arn:aws:states:::dynamodb:getItem`, `putItem`, `updateItem`, `deleteItem`
extension OptimizedService {
    package static let dynamoDB = OptimizedService(
        "dynamodb", service: "dynamodb",
        ErrorNaming(prefix: "DynamoDB", base: "AmazonDynamoDBException", label: "AmazonDynamoDBv2"),
        [
            "getItem": OptimizedAction("getItem"), "putItem": OptimizedAction("putItem"),
            "updateItem": OptimizedAction("updateItem"), "deleteItem": OptimizedAction("deleteItem"),
        ])
}
