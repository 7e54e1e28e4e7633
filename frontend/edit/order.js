// What is sent: the model, its values and its pictures, within its limits. Knows no DOM of the page and no server.
import { fitPicture, maxBytes } from "./encode.js"
import { createMask } from "./mask.js"
import { fit } from "./sizes.js"
import { orderValues, pictureOf } from "./tools.js"

/**
 * @param {object} choice  the tool and the way of tools.js, the values, the picture and, for some, a second picture, the
 *   strokes and how the picture grows
 * @returns {Promise<object>}  the order, without number and draft
 */
export async function createOrder({ tool, way, values, picture, other, strokes, growth }) {
  const taken = pictureOf(way)
  const size = growth ?? fit(picture.width, picture.height, taken)
  const bytes = way.other ? maxBytes / 2 : maxBytes
  const images = { [taken.name]: await fitPicture(picture, size, bytes) }
  if (tool.paints) images.mask = await createMask(strokes, picture)
  if (way.other) images[way.other] = await fitPicture(other, fit(other.width, other.height, taken), bytes)
  const { left, right, up, down } = growth ?? {}
  const sides = growth ? { left: `${left}`, right: `${right}`, up: `${up}`, down: `${down}` } : {}
  return { tool: tool.name, model: way.model.name, values: orderValues(way, { ...values, ...sides }), images, price_usd: way.model.price_usd }
}
