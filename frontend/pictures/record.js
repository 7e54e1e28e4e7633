// The type of a picture's record, apart from the code that loads first. Exports nothing.

/**
 * What the history stores about a picture, apart from the image itself.
 * @typedef {Object} PictureRecord
 * @property {string} id  sorts by time; set by the history, as are star, width, height and type
 * @property {number} made  milliseconds since 1970; determines the order
 * @property {string} prompt
 * @property {string} [words]  from which the prompt was made
 * @property {Object<string, string>} values  all settings, as in the form
 * @property {string} title  the model's display name
 * @property {string} seed
 * @property {string} price  US dollars
 * @property {number} seconds  to generate it
 * @property {{id: string, place: number, size: number}} [set]  the pictures of one click, and its place among them from 1
 * @property {boolean} [upload]  whether a person brought it
 * @property {string} [tool]  of the editing room that made it, such as "retouch"
 * @property {string[]} [parents]  the ids of the pictures that it was made from, which may have been removed
 * @property {object} [choices]  what was chosen in the room, to choose it again
 * @property {object[]} [strokes]  what was painted in the room
 * @property {0 | 1} star
 * @property {number} [width]  pixels; absent if the browser cannot decode it, as is height
 * @property {number} [height]
 * @property {string} type  such as image/jpeg
 */
