"""The CloudFormation stack: the API with its budget, log and alarms, and the website."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from chalice.cdk import Chalice
from constructs import Construct

from infra import gateway, results
from infra.options import Options
from infra.website import Website, log_group

ROOT = Path(__file__).parent.parent
POLICY = ROOT / ".chalice/policy.json"

RUNTIME = "python3.13"  # whichever Python packages the API; its boto3 has every call we make


class Easel(Stack):
    """Easel's stack. No name collides with another stack's: CloudFormation names the resources, and
    those that it cannot name carry the region. All of them are deleted with the stack."""

    def __init__(self, scope: Construct, id: str, options: Options) -> None:
        super().__init__(scope, id, description="Easel: a website that turns words into pictures")
        website = Website(self, "Website")
        # Redirects and URLs lead to /files/, which only CloudFront serves.
        has_results = options.cloudfront and not options.api_domain
        self.results = results.add_bucket(self) if has_results else None
        domain = options.api_domain or self.add_api(options)
        if options.cloudfront:
            distribution = website.add_distribution(domain, self.results)
            site = f"https://{distribution.distribution_domain_name}/"
            self.add_outputs(
                WebsiteUrl=site,
                ApiUrl=f"{site}api/",
                BucketName=website.bucket.bucket_name,
                DistributionId=distribution.distribution_id,
            )
        else:
            distribution = None
            gateway.serve_files(self, self.api, website.bucket)
            site = f"https://{domain}/api/"  # the stage is `api`, and so is the page's address
            self.add_outputs(WebsiteUrl=site, ApiUrl=site, BucketName=website.bucket.bucket_name)
        website.publish(distribution)

    def add_api(self, options: Options) -> str:
        """Adds the Chalice app with its budget and alarms. Returns its domain name."""
        self.chalice = Chalice(self, "Api", source_dir=str(ROOT))
        self.handler: Any = self.chalice.get_resource("APIHandler")
        self.api: Any = self.chalice.get_resource("RestAPI")
        table = self.add_table()
        log = log_group(self, "Log")
        self.configure_function(options, table, log)
        self.set_policy(options, table, log)
        # Without a version, SAM adds a second stage, `Stage`, which has no limits
        # (aws/serverless-application-model#191).
        self.api.add_override("Properties.OpenApiVersion", "2.0")
        gateway.set_limits(self.api, options.cloudfront)
        gateway.set_errors(self.api, has_results=bool(self.results))
        self.add_alarms(options)
        self.add_outputs(
            DailyBudgetUsd=f"{options.daily_budget_usd:.2f}",
            Access="code" if options.access_code_sha256 else "open",
        )
        return f"{self.api.ref}.execute-api.{self.region}.{self.url_suffix}"

    def add_table(self) -> dynamodb.Table:
        return dynamodb.Table(
            self,
            "Budget",
            partition_key=dynamodb.Attribute(name="day", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute="expires",
            removal_policy=RemovalPolicy.DESTROY,
        )

    def configure_function(
        self, options: Options, table: dynamodb.Table, log: logs.LogGroup
    ) -> None:
        self.handler.add_override("Properties.Runtime", RUNTIME)
        self.handler.add_override(
            "Properties.LoggingConfig", {"LogFormat": "JSON", "LogGroup": log.log_group_name}
        )
        variables = {
            "MODELS": options.models,
            "PROMPT_MODEL": options.prompt_model,
            "BEDROCK_REGION": options.bedrock_region,
            "ACCESS_CODE_SHA256": options.access_code_sha256,
            "BUDGET_TABLE": table.table_name,
            "DAILY_BUDGET_USD": f"{options.daily_budget_usd:.2f}",
        }
        if self.results:
            variables["RESULTS_BUCKET"] = self.results.bucket_name
            variables["MODEL_TIMEOUT_SECONDS"] = str(results.MODEL_TIMEOUT_SECONDS)
            self.handler.add_override("Properties.Timeout", results.FUNCTION_TIMEOUT_SECONDS)
        self.handler.add_override("Properties.Environment.Variables", variables)

    def set_policy(self, options: Options, table: dynamodb.Table, log: logs.LogGroup) -> None:
        """Sets the policy of `chalice deploy`, narrowed to the models on offer and this log group,
        plus the table and the results."""
        statements = json.loads(POLICY.read_text())["Statement"]
        statements = [each for each in statements if each["Sid"] != "WriteLogs"]
        statements = offered_only(statements, options.bedrock_ids)
        for each in statements:
            if each["Sid"] in ("MakeImages", "WritePrompts"):
                each["Resource"] = [
                    arn.replace("us-west-2:", f"{options.bedrock_region}:").replace(
                        ":*:", f":{self.account}:"
                    )
                    for arn in each["Resource"]
                ]
        statements += [
            {
                "Sid": "WriteLog",
                "Effect": "Allow",
                "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                "Resource": log.log_group_arn,
            },
            {
                "Sid": "UpdateBudget",
                "Effect": "Allow",
                "Action": ["dynamodb:GetItem", "dynamodb:UpdateItem"],
                "Resource": table.table_arn,
            },
        ]
        if self.results:
            statements.append(results.statement(self.results))
        if options.endpoints:
            statements += endpoint_statements(list(options.endpoints))
        document = {"Version": "2012-10-17", "Statement": statements}
        policies = [{"PolicyName": "Easel", "PolicyDocument": document}]
        role: Any = self.chalice.get_resource("ApiHandlerRole")
        role.add_override("Properties.Policies", policies)

    def add_alarms(self, options: Options) -> None:
        """Adds alarms on failures, on requests above the budget, and on guessed access codes."""
        function = self.handler.ref
        dimensions, lambdas = {"function": function}, {"FunctionName": function}
        errors = cloudwatch.MathExpression(
            expression="handled + crashed + throttled",  # a missing value counts as zero
            label="Errors",
            period=Duration.minutes(5),
            using_metrics={
                "handled": five_minute_sum("Easel", "Errors", dimensions),
                "crashed": five_minute_sum("AWS/Lambda", "Errors", lambdas),
                "throttled": five_minute_sum("AWS/Lambda", "Throttles", lambdas),
            },
        )
        rejected = five_minute_sum("Easel", "BudgetSpent", dimensions)
        unauthorized = five_minute_sum("Easel", "Unauthorized", dimensions)
        alarms = [
            add_alarm(self, "ErrorsAlarm", errors, 5, "Easel had 5 or more errors in 5 minutes."),
            add_alarm(
                self, "BudgetAlarm", rejected, 1, "Easel rejected a request: it exceeds the budget."
            ),
            add_alarm(
                self,
                "UnauthorizedAlarm",
                unauthorized,
                100,
                "Easel rejected 100 or more access codes in 5 minutes: someone may be guessing.",
            ),
        ]
        if options.alarm_email:
            topic = self.add_topic(options.alarm_email)
            for each in alarms:
                each.add_alarm_action(actions.SnsAction(topic))

    def add_topic(self, email: str) -> sns.Topic:
        """Its policy replaces the default one, which lets CloudWatch publish, so it must allow
        that itself."""
        topic = sns.Topic(self, "Alarms", enforce_ssl=True)
        topic.add_subscription(subscriptions.EmailSubscription(email))
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic

    def add_outputs(self, **outputs: str) -> None:
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def offered_only(statements: list[dict[str, Any]], ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """The statements without the models that are not on offer, and without those left empty. An
    ARN ends with the model's id, or with `us.` and the id."""
    narrowed = []
    for each in statements:
        if each["Action"] == "bedrock:InvokeModel":
            offered = [
                arn for arn in each["Resource"] if arn.split("/")[-1].removeprefix("us.") in ids
            ]
            each = each | {"Resource": offered}
        narrowed += [each] if each["Resource"] else []
    return narrowed


def endpoint_statements(arns: list[str]) -> list[dict[str, Any]]:
    """The permissions for Bedrock Marketplace, which calls SageMaker on the caller's behalf (AWS's
    managed policy AmazonBedrockMarketplaceAccess, version 3)."""
    via_bedrock = {"StringEquals": {"aws:CalledViaLast": "bedrock.amazonaws.com"}}
    return [
        {
            "Sid": "MakeImagesOnEndpoints",
            "Effect": "Allow",
            "Action": "bedrock:InvokeModel",
            "Resource": arns,
        },
        {
            "Sid": "InvokeEndpoints",
            "Effect": "Allow",
            "Action": "sagemaker:InvokeEndpoint",
            "Resource": arns,
            "Condition": via_bedrock,
        },
    ]


def five_minute_sum(namespace: str, name: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=Duration.minutes(5),
    )


def add_alarm(
    scope: Construct, id: str, metric: cloudwatch.IMetric, threshold: int, description: str
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        scope,
        id,
        metric=metric,
        threshold=threshold,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )
