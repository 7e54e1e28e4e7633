// Where the picture lies on the stage: zoom and place. Knows no DOM.

const closest = 16 // pixels of the stage for one of the picture

/**
 * The view in which all of an area is seen.
 * @param {{width: number, height: number}} stage
 * @param {{left: number, up: number, width: number, height: number}} area  in pixels of the picture; `left` and `up` lie beside it
 * @returns {{zoom: number, x: number, y: number}}  pixels of the stage for one of the picture, and the place of its corner
 */
export function fitView(stage, { left, up, width, height }, margin) {
  const zoom = Math.max(0.01, Math.min((stage.width - 2 * margin) / width, (stage.height - 2 * margin) / height))
  return { zoom, x: (stage.width - width * zoom) / 2 + left * zoom, y: (stage.height - height * zoom) / 2 + up * zoom }
}

/** The view nearer or farther, with the same point of the picture under `point`; never farther than `whole`. */
export function zoomView(view, factor, point, whole) {
  const zoom = Math.min(Math.max(view.zoom * factor, whole.zoom), Math.max(closest, whole.zoom))
  if (zoom === whole.zoom) return whole
  const change = zoom / view.zoom
  return { zoom, x: point.x - (point.x - view.x) * change, y: point.y - (point.y - view.y) * change }
}

/** The view moved, with some of the picture kept in the middle of the stage. */
export function moveView({ zoom, x, y }, across, down, stage, picture) {
  const keep = (place, length, side) => Math.min(Math.max(place, length / 2 - side * zoom), length / 2)
  return { zoom, x: keep(x + across, stage.width, picture.width), y: keep(y + down, stage.height, picture.height) }
}

/** The point of the picture under a point of the stage. */
export const toPicture = ({ zoom, x, y }, point) => [(point.x - x) / zoom, (point.y - y) / zoom]
