"""The API without HTTP, in travelling order: query -> values -> body -> answer -> image.

access      may this caller spend?
catalogue   which models are on offer; find(name)
model       what a model is: query -> values
parameters  the kinds of value: text -> value in range
stability   Stability AI's dialects: values -> body, answer -> image
budget      reserve and give back money: what today may still cost
bedrock     body -> answer: the one call to AWS
openai      the same for OpenAI's clients: their JSON -> query, image -> their JSON
record      the one line that the log keeps
errors      every way to fail, each with its HTTP status
"""
