"""The stack's alarms: they watch what is logged, and their messages arrive."""

import pytest

from conftest import ROOT
from synthesised.conftest import every, only

pytestmark = pytest.mark.slow


def test_every_alarm_emails_the_owner(all_options):
    (topic,) = every(all_options, "AWS::SNS::Topic")
    subscription = only(all_options, "AWS::SNS::Subscription")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "owner@example.com")
    alarms = every(all_options, "AWS::CloudWatch::Alarm")
    assert [each["AlarmActions"] for each in alarms.values()] == [[{"Ref": topic}]] * 3


def test_cloudwatch_may_publish_to_every_alarms_topic(all_options):
    """A topic policy replaces the default one, which let it."""
    topics = {
        action["Ref"]
        for alarm in every(all_options, "AWS::CloudWatch::Alarm").values()
        for action in alarm["AlarmActions"]
    }
    (policy,) = every(all_options, "AWS::SNS::TopicPolicy").values()
    (allowed,) = [
        each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"
    ]
    assert [{"Ref": each} for each in topics] == policy["Topics"] == [allowed["Resource"]]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert allowed["Condition"] == {
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
    }


def test_the_alarms_watch_logged_metrics(template):
    source = (ROOT / "chalicelib/record.py").read_text()
    function = [{"Name": "function", "Value": {"Ref": "APIHandler"}}]
    errors, *others = every(template, "AWS::CloudWatch::Alarm").values()
    watched = [each["MetricStat"]["Metric"] for each in errors["Metrics"] if "MetricStat" in each]
    keys = ("Namespace", "MetricName", "Dimensions")
    watched += [{key: alarm[key] for key in keys} for alarm in others]
    own = [each for each in watched if each["Namespace"] == "Easel"]
    assert [each["MetricName"] for each in own] == ["Errors", "BudgetSpent", "Unauthorized"]
    for metric in own:
        assert f'"Name": "{metric["MetricName"]}"' in source
        assert metric["Dimensions"] == function
    assert '"Namespace": "Easel", "Dimensions": [["function"]]' in source
    lambdas = [each for each in watched if each["Namespace"] == "AWS/Lambda"]
    assert [each["MetricName"] for each in lambdas] == ["Errors", "Throttles"]


def test_alarms_on_five_errors_one_rejected_request_or_a_hundred_wrong_codes(template):
    errors, *others = every(template, "AWS::CloudWatch::Alarm").values()
    for alarm, threshold in zip((errors, *others), (5, 1, 100), strict=True):
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (threshold, 1)
        assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
        assert alarm["TreatMissingData"] == "notBreaching"
    (expression,) = [each for each in errors["Metrics"] if "Expression" in each]
    assert expression["Expression"] == "handled + crashed + throttled"
    summed = [each["MetricStat"] for each in errors["Metrics"] if "MetricStat" in each]
    assert {(each["Period"], each["Stat"]) for each in summed} == {(300, "Sum")}
    assert {(alarm["Period"], alarm["Statistic"]) for alarm in others} == {(300, "Sum")}
