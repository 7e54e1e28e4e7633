"""The API without HTTP, in travelling order: query -> values -> body -> answer -> image.

catalogue   which models are on offer; find(name)
model       what a model is: query -> values
parameters  the kinds of value: text -> value in range
stability   Stability AI's dialects: values -> body, answer -> image
bedrock     body -> answer: the one call to AWS
errors      every way to fail, each with its HTTP status
"""
