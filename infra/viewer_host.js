// A CloudFront Function. API Gateway needs its own name in Host, so the website's goes here.

function handler(event) {
  const request = event.request
  request.headers["x-forwarded-host"] = { value: request.headers.host.value }
  return request
}
