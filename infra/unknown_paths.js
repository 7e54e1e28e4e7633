// A CloudFront Function. Before it come the constants files, headers and page.

function handler(event) {
  const request = event.request
  if (request.uri === "/" || files.includes(request.uri)) return request
  return {
    statusCode: 404,
    statusDescription: "Not Found",
    headers: Object.fromEntries(
      Object.entries(headers).map(([name, value]) => [name.toLowerCase(), { value }])
    ),
    body: page,
  }
}
