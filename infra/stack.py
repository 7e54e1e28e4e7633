"""Easel on AWS, in one stack: the API with its budget, log and alarms, and the website."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from chalice.cdk import Chalice
from constructs import Construct

from infra.options import Options
from infra.website import Website, log_group

ROOT = Path(__file__).parent.parent
POLICY = ROOT / ".chalice/policy.json"

RUNTIME = "python3.13"  # whatever Python packages; its boto3 has every call that we make


class Easel(Stack):
    """Every part is named by CloudFormation, so that nothing collides, and goes with the stack."""

    def __init__(self, scope: Construct, id: str, options: Options) -> None:
        super().__init__(scope, id, description="Easel: words in, a picture out")
        domain = options.api_domain or self.add_api(options)
        website = Website(self, "Website", domain)
        self.tell(
            WebsiteUrl=f"https://{website.distribution.distribution_domain_name}/",
            ApiUrl=f"https://{domain}/api/",
            BucketName=website.bucket.bucket_name,
            DistributionId=website.distribution.distribution_id,
        )

    def add_api(self, options: Options) -> str:
        """The Chalice app with its budget and alarms; the domain where it answers."""
        self.chalice = Chalice(self, "Api", source_dir=str(ROOT))
        self.handler: Any = self.chalice.get_resource("APIHandler")
        table = self.add_table()
        log = log_group(self, "Log")
        self.configure(options, table, log)
        self.permit(options, table, log)
        self.throttle()
        self.add_alarms(options)
        self.tell(
            DailyBudgetUsd=f"{options.daily_budget_usd:.2f}",
            Access="code" if options.access_code_sha256 else "open",
        )
        api = self.chalice.get_resource("RestAPI").ref
        return f"{api}.execute-api.{self.region}.{self.url_suffix}"

    def add_table(self) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Budget",
            partition_key=dynamodb.Attribute(name="day", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires",
            removal_policy=RemovalPolicy.DESTROY,
        )

    def configure(self, options: Options, table: dynamodb.Table, log: logs.LogGroup) -> None:
        self.handler.add_override("Properties.Runtime", RUNTIME)
        self.handler.add_override(
            "Properties.LoggingConfig", {"LogFormat": "JSON", "LogGroup": log.log_group_name}
        )
        variables = {
            "MODELS": options.models,
            "BEDROCK_REGION": options.bedrock_region,
            "ACCESS_CODE_SHA256": options.access_code_sha256,
            "BUDGET_TABLE": table.table_name,
            "DAILY_BUDGET_USD": f"{options.daily_budget_usd:.2f}",
        }
        self.handler.add_override("Properties.Environment.Variables", variables)

    def permit(self, options: Options, table: dynamodb.Table, log: logs.LogGroup) -> None:
        """`chalice deploy`'s policy, with the log and the table by name, and no others."""
        text = POLICY.read_text().replace("us-west-2", options.bedrock_region)
        statements = [each for each in json.loads(text)["Statement"] if each["Sid"] != "WriteLogs"]
        statements += [
            {
                "Sid": "WriteLog",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": log.log_group_arn,
            },
            {
                "Sid": "KeepBudget",
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
                "Resource": table.table_arn,
            },
        ]
        if options.endpoints:
            statements += call_endpoints(list(options.endpoints))
        document = {"Version": "2012-10-17", "Statement": statements}
        policies = [{"PolicyName": "Easel", "PolicyDocument": document}]
        role: Any = self.chalice.get_resource("ApiHandlerRole")
        role.add_override("Properties.Policies", policies)

    def throttle(self) -> None:
        """At most 20 requests a second, 40 at once: a stranger's loop ends here, unpaid."""
        every = {"HttpMethod": "*", "ResourcePath": "/*"}
        limits = {"ThrottlingRateLimit": 20, "ThrottlingBurstLimit": 40}
        api: Any = self.chalice.get_resource("RestAPI")
        api.add_override("Properties.MethodSettings", [every | limits])

    def add_alarms(self, options: Options) -> None:
        """One on errors, the API's own and Lambda's; one when the budget turns people away."""
        function = self.handler.ref
        own = {"function": function}
        errors = cloudwatch.MathExpression(
            expression="FILL(told, 0) + FILL(crashed, 0)",
            label="Errors",
            period=Duration.minutes(5),
            using_metrics={
                "told": total("Easel", "Errors", own),
                "crashed": total("AWS/Lambda", "Errors", {"FunctionName": function}),
            },
        )
        refused = total("Easel", "BudgetSpent", own)
        alarms = [
            alarm(self, "ErrorsAlarm", errors, 5, "Easel failed five times in five minutes."),
            alarm(
                self, "BudgetAlarm", refused, 1, "Today's budget is spent: Easel refuses people."
            ),
        ]
        if options.alarm_email:
            topic = sns.Topic(self, "Alarms", enforce_ssl=True)
            topic.add_subscription(subscriptions.EmailSubscription(options.alarm_email))
            for each in alarms:
                each.add_alarm_action(actions.SnsAction(topic))

    def tell(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def call_endpoints(arns: list[str]) -> list[dict[str, Any]]:
    """Bedrock Marketplace calls SageMaker on the caller's behalf (AWS's managed policy
    AmazonBedrockMarketplaceAccess, version 3)."""
    via_bedrock = {"StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}}
    return [
        {
            "Sid": "MakeImagesOnEndpoints",
            "Effect": "Allow",
            "Action": "bedrock:InvokeModel",
            "Resource": arns,
        },
        {
            "Sid": "CallEndpoints",
            "Effect": "Allow",
            "Action": "sagemaker:InvokeEndpoint",
            "Resource": arns,
            "Condition": via_bedrock,
        },
    ]


def total(namespace: str, name: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=Duration.minutes(5),
    )


def alarm(
    scope: Construct, id: str, metric: cloudwatch.IMetric, threshold: int, about: str
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        id,
        metric=metric,
        threshold=threshold,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=about,
    )
