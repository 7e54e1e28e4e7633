"""The CloudFormation stack: the API with its budget and log, the alarms, and the website."""

import json
from pathlib import Path
from typing import Any

from aws_cdk import CfnOutput, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_logs as logs
from chalice.cdk import Chalice
from constructs import Construct

from infra import alarms, gateway, results
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
        alarms.add(self, self.handler.ref, options.alarm_email)
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
