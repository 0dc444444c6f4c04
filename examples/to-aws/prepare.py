"""Makes the table and the topic that order.asl.json uses, where AWS_ENDPOINT_URL points to (else on AWS)."""
import boto3

boto3.client("dynamodb").create_table(
    TableName="orders", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
    AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])
print(boto3.client("sns").create_topic(Name="orders")["TopicArn"])
