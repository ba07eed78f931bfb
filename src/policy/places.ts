/** On which line of a JSON text each value stands, and which names are written twice: what JSON.parse does not say. */

/** What is to be said of a value. */
export type Finding = { path: string; message: string }

/** A member or an element as findings name it: `rules.etfRule.variants[0]`. */
export function pathOf(parts: readonly PropertyKey[]): string {
  const text = parts.map((part) =>
    typeof part === 'number'
      ? `[${part}]`
      : /^\w+$/.test(String(part))
        ? `.${String(part)}`
        : `["${String(part)}"]`,
  )
  return text.join('').replace(/^\./, '') || 'the document'
}

export type Places = {
  lines: ReadonlyMap<string, number>
  /** `JSON.parse` would keep the last of them in silence. */
  twice: readonly { path: string; line: number }[]
}
type Frame = { isArray: boolean; at: number; name: string | undefined }

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g
/** No policy is as deep; deeper values are on the line of what holds them. */
const depthMax = 12

/** Of a text that `JSON.parse` takes. */
export function placesIn(text: string): Places {
  const lines = new Map<string, number>()
  const twice: { path: string; line: number }[] = []
  const stack: Frame[] = []
  let line = 1
  let seen = 0
  const here = () => pathOf(stack.map(({ isArray, at, name }) => (isArray ? at : (name ?? ''))))
  const note = () => {
    if (stack.length > depthMax) return
    const path = here()
    if (lines.has(path)) twice.push({ path, line })
    lines.set(path, line)
  }
  for (const { 0: token, index } of text.matchAll(tokens)) {
    line += text.slice(seen, index).split('\n').length - 1
    seen = index
    const top = stack.at(-1)
    if (token === ':') continue
    if (token === '}' || token === ']') {
      stack.pop()
      continue
    }
    if (token === ',' && top) {
      top.at += 1
      top.name = undefined
      continue
    }
    if (top && !top.isArray && top.name === undefined) {
      top.name = JSON.parse(token) as string
      note()
      continue
    }
    if (top?.isArray) note()
    if (token === '{' || token === '[')
      stack.push({ isArray: token === '[', at: 0, name: undefined })
  }
  return { lines, twice }
}

/** The line of a value, or of what it should stand in. */
export function lineOf({ lines }: Places, path: string): number {
  for (let rest = path; rest !== ''; rest = rest.replace(/(^|\.)\w+$|\[[^\]]*\]$|^[^.[]+$/, '')) {
    const line = lines.get(rest)
    if (line !== undefined) return line
  }
  return 1
}

/** Where `JSON.parse` gave up; its message names the place, or says that the text ended. */
export function lineOfSyntaxError(text: string, message: string): number {
  const [, position] = /at position (\d+)/.exec(message) ?? []
  return text.slice(0, position === undefined ? undefined : Number(position)).split('\n').length
}
