"""The stack's alarms: on failures, on requests above the budget, and on guessed access codes."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions


def add(stack: Stack, function: str, email: str) -> None:
    """Adds the alarms of the function with this name. They mail to `email`, unless it is ""."""
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
        add_alarm(stack, "ErrorsAlarm", errors, 5, "Easel had 5 or more errors in 5 minutes."),
        add_alarm(
            stack, "BudgetAlarm", rejected, 1, "Easel rejected a request: it exceeds the budget."
        ),
        add_alarm(
            stack,
            "UnauthorizedAlarm",
            unauthorized,
            100,
            "Easel rejected 100 or more access codes in 5 minutes: someone may be guessing.",
        ),
    ]
    if email:
        topic = add_topic(stack, email)
        for each in alarms:
            each.add_alarm_action(actions.SnsAction(topic))


def five_minute_sum(namespace: str, name: str, dimensions: dict[str, str]) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dimensions,
        statistic="Sum",
        period=Duration.minutes(5),
    )


def add_alarm(
    stack: Stack, id: str, metric: cloudwatch.IMetric, threshold: int, description: str
) -> cloudwatch.Alarm:
    return cloudwatch.Alarm(
        stack,
        id,
        metric=metric,
        threshold=threshold,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        evaluation_periods=1,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description=description,
    )


def add_topic(stack: Stack, email: str) -> sns.Topic:
    """Its policy replaces the default one, which lets CloudWatch publish, so it must allow that
    itself."""
    topic = sns.Topic(stack, "Alarms", enforce_ssl=True)
    topic.add_subscription(subscriptions.EmailSubscription(email))
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
            actions=["sns:Publish"],
            resources=[topic.topic_arn],
            conditions={"StringEquals": {"aws:SourceAccount": stack.account}},
        )
    )
    return topic
