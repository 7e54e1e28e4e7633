// The pictures of before, small, newest first, as far as anybody scrolls. Knows no server.

/**
 * @param {HTMLElement} list  of thumbnails
 * @param {{page: (wanted: object) => Promise<object[]>, thumb: (id: string) => Promise<Blob>, open: (record: object) => void, leave: () => void}} from
 */
export function addGallery(list, { page, thumb, open, leave }) {
  const limit = 60
  const end = document.createElement("li")
  // Of several moments at once, the last one counts: on a busy machine the end comes near meanwhile.
  const near = new IntersectionObserver(moments => moments.at(-1).isIntersecting && more(), { rootMargin: "600px" })
  let records = []
  let filter = {}
  let rest = false // whether there may be more of them
  let turn = 0 // of the last filter; what an earlier one finds comes too late

  list.replaceChildren(end)

  async function more() {
    near.unobserve(end)
    const mine = turn
    const last = records.at(-1)?.id
    const found = await page({ ...filter, before: last, limit })
    if (mine !== turn || last !== records.at(-1)?.id) return
    draw([...records, ...found], found.length === limit)
  }

  /** What stays is not touched, so that neither the focus nor the place is lost. */
  function draw(all, isMore) {
    const ids = new Set(all.map(({ id }) => id))
    const entries = new Map([...list.children].map(entry => [entry.record?.id, entry]))
    for (const [id, entry] of entries) if (id && !ids.has(id)) takeAway(entry)
    let next = end
    for (const record of all.toReversed()) {
      const entry = entries.get(record.id) ?? item(record)
      if (entry.nextSibling !== next) next.before(entry)
      entry.record = record
      entry.classList.toggle("starred", Boolean(record.star))
      next = entry
    }
    records = all
    rest = isMore
    near.unobserve(end)
    if (rest) near.observe(end)
  }

  function item(record) {
    const entry = document.createElement("li")
    const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy" })
    const button = Object.assign(document.createElement("button"), { type: "button", className: "thumb", onclick: () => open(entry.record) })
    button.setAttribute("aria-label", record.prompt.slice(0, 200))
    button.append(image)
    entry.append(button)
    if (record.width) entry.style.setProperty("--ratio", record.width / record.height)
    thumb(record.id).then(blob => { if (blob) image.src = URL.createObjectURL(blob) })
    return entry
  }

  function takeAway(entry) {
    const beside = entry.nextSibling.firstChild ?? entry.previousSibling?.firstChild
    if (entry.contains(document.activeElement)) beside ? beside.focus() : leave()
    URL.revokeObjectURL(entry.querySelector("img").src)
    entry.remove()
  }

  const place = id => records.findIndex(record => record.id === id)

  return {
    /** Show what fits the filter, from the newest on; how many, or undefined if another one overtook it. */
    async show(wanted) {
      const mine = ++turn
      const same = JSON.stringify(wanted) === JSON.stringify(filter)
      const enough = same ? Math.max(limit, records.length) : limit
      filter = wanted
      const found = await page({ ...filter, limit: enough })
      if (mine !== turn) return undefined
      draw(found, found.length === enough)
      return records.length
    },
    /** Put the focus on the picture, else on the first one; whether there is any. */
    focus(id) {
      const entry = [...list.children].find(({ record }) => record?.id === id) ?? list.firstChild
      entry.firstChild?.focus()
      return entry !== end
    },
    /** The record as it is now; undefined if it is not on show. */
    find: id => records[place(id)],
    /** The record so many steps further; undefined at either end, or if it is not on show. */
    async beside(id, step) {
      if (rest && place(id) + step === records.length) await more()
      return place(id) < 0 ? undefined : records[place(id) + step]
    },
  }
}
