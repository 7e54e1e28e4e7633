"""The API without HTTP, in the order of a request: query -> values -> body -> answer -> image.

access      checks the caller's access code
catalogue   which models are on offer; find(name)
model       what a model is: query -> values
parameters  the kinds of value: text or a file -> value in range
images      what an image file says about itself; png reads masks
stability   Stability AI's dialects: values -> body, answer -> image; the models are in
            stable_image, image_services and stable_diffusion_xl
budget      reserves and refunds money: one DynamoDB item a day
bedrock     body -> answer: the calls to AWS
prompt      words in any language -> a prompt in English: a text model's body and answer
results     keeps one answer for each idempotency key: one S3 object each
idempotency between HTTP and results
query       a request -> its query
form        a form (multipart/form-data) -> its fields
openai      OpenAI's images API: its JSON -> query, image -> its JSON
edits       OpenAI's image edits: a form or JSON -> the fields of a generation
connection  which errors mean that a request never left
record      the log line of a request
log         writes log lines; a broken stream breaks no answer
errors      every error, each with its HTTP status
"""
