// Clients for Node.js: reads one order a line from stdin, prints one result a line.
import { createInterface } from "node:readline"
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { DallEAPIWrapper } from "@langchain/openai"
import { generateImage } from "ai"
import OpenAI from "openai"

const CLIENTS = { openai, aiSdk, langchain }

// Waits before a retry take a moment, except for orders with a key; time limits of requests are
// longer and stay.
let waits = []
let isPatient = false
const wait = globalThis.setTimeout
globalThis.setTimeout = (callback, milliseconds, ...rest) => {
  if (milliseconds < 1_000 || milliseconds > 10_000) return wait(callback, milliseconds, ...rest)
  waits.push(milliseconds / 1_000)
  return wait(callback, isPatient ? milliseconds : 10, ...rest)
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await result(JSON.parse(line))))
}

async function result({ client, ...order }) {
  waits = []
  isPatient = Boolean(order.key)
  try {
    return { images: await CLIENTS[client](order), waits }
  } catch (error) {
    const { status, statusCode, lastError } = error
    return { status: status ?? statusCode ?? lastError?.statusCode, error: String(error), waits }
  }
}

async function openai({ url, prompt, n, key, format }) {
  const client = new OpenAI({ baseURL: url, apiKey: "any" })
  const headers = key ? { "Idempotency-Key": key } : {}
  const { data } = await client.images.generate({ prompt, n, response_format: format }, { headers })
  return data.map(image => image.url ?? image.b64_json)
}

async function aiSdk({ url, prompt, n }) {
  const provider = createOpenAICompatible({ name: "easel", baseURL: url })
  const { images } = await generateImage({ model: provider.imageModel("stable-image-core"), prompt, n })
  return images.map(image => image.base64)
}

async function langchain({ url, prompt, n, format = "b64_json" }) {
  const tool = new DallEAPIWrapper({ baseUrl: url, apiKey: "any", n, dallEResponseFormat: format })
  const images = await tool.invoke(prompt)
  return n === 1 ? [images] : images.map(image => image.image_url.url ?? image.image_url)
}
