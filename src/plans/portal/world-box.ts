/** Which part of the map is shown: all of what is asked for, with room around it, in one proportion. */
export type World = {
  land: Record<string, { d: string; box: [number, number, number, number] }>
  spots: Record<string, [number, number]>
}
/** Left, top, width, height. */
export type Box = readonly [number, number, number, number]

export const wholeWorld: Box = [0, 110, 2000, 900]
const proportion = 900 / 2000
/** A single small country still shows what it lies in. */
const widthMin = 300

export function boxAround({ land, spots }: World, countries: readonly string[]): Box {
  const corners = countries.flatMap((code) => {
    const box = land[code]?.box
    const spot = spots[code]
    if (box) return [box]
    return spot ? [[...spot, ...spot] as const] : []
  })
  if (corners.length === 0) return wholeWorld
  const left = Math.min(...corners.map(([x]) => x))
  const top = Math.min(...corners.map(([, y]) => y))
  const right = Math.max(...corners.map(([, , x]) => x))
  const bottom = Math.max(...corners.map(([, , , y]) => y))
  const wanted = Math.max((right - left) * 1.12, ((bottom - top) * 1.12) / proportion, widthMin)
  const width = Math.min(wanted, wholeWorld[2])
  const height = width * proportion
  const within = (at: number, low: number, size: number, all: number) =>
    Math.round(Math.min(Math.max(at, low), low + all - size))
  return [
    within((left + right - width) / 2, wholeWorld[0], width, wholeWorld[2]),
    within((top + bottom - height) / 2, wholeWorld[1], height, wholeWorld[3]),
    Math.round(width),
    Math.round(height),
  ]
}
