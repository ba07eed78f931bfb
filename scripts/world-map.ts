/**
 * Makes src/plans/portal/world.json, the outlines of the coverage map, from Natural Earth's 1:110m countries (public
 * domain) as `npm pack world-atlas@2.0.2` brings them: node scripts/world-map.ts countries-110m.json
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Arc = [number, number][]
type Geometry = { type: 'Polygon' | 'MultiPolygon'; arcs: never; properties: { name: string } }
type Topology = {
  transform: { scale: [number, number]; translate: [number, number] }
  arcs: Arc[]
  objects: { countries: { geometries: Geometry[] } }
}

const width = 2000
/** What the file calls otherwise than CLDR does; an empty code is drawn as land and sold nowhere. */
const codes: Record<string, string> = {
  'United States of America': 'US',
  'Dem. Rep. Congo': 'CD',
  Congo: 'CG',
  'Dominican Rep.': 'DO',
  'Falkland Is.': 'FK',
  'Fr. S. Antarctic Lands': 'TF',
  "Côte d'Ivoire": 'CI',
  'Central African Rep.': 'CF',
  'Eq. Guinea': 'GQ',
  eSwatini: 'SZ',
  Palestine: 'PS',
  Myanmar: 'MM',
  'W. Sahara': 'EH',
  'Solomon Is.': 'SB',
  'Bosnia and Herz.': 'BA',
  Macedonia: 'MK',
  'S. Sudan': 'SS',
  Turkey: 'TR',
  'Trinidad and Tobago': 'TT',
  'N. Cyprus': '',
  Somaliland: '',
  Kosovo: 'XK',
}
/** Too small for the outlines: degrees east and north. */
const small: Record<string, [number, number]> = {
  AD: [1.5, 42.5],
  AG: [-61.8, 17.1],
  AS: [-170.7, -14.3],
  AW: [-70, 12.5],
  BB: [-59.5, 13.2],
  BH: [50.5, 26],
  BM: [-64.8, 32.3],
  CK: [-159.8, -21.2],
  CW: [-69, 12.2],
  FO: [-7, 62],
  GG: [-2.6, 49.5],
  GI: [-5.35, 36.1],
  GP: [-61.5, 16.2],
  HK: [114.2, 22.3],
  IM: [-4.5, 54.2],
  JE: [-2.1, 49.2],
  KY: [-81.2, 19.3],
  LI: [9.5, 47.1],
  MC: [7.4, 43.7],
  MO: [113.5, 22.2],
  MT: [14.4, 35.9],
  MU: [57.5, -20.3],
  MV: [73.5, 3.2],
  PF: [-149.5, -17.6],
  SC: [55.5, -4.6],
  SG: [103.8, 1.35],
  SM: [12.4, 43.9],
  TO: [-175.2, -21.2],
  WS: [-172, -13.8],
}

/** Natural Earth I (Patterson, Šavrič), in units of the map. */
function project([east, north]: readonly [number, number]): [number, number] {
  const lambda = (east * Math.PI) / 180
  const phi = (north * Math.PI) / 180
  const p2 = phi * phi
  const p4 = p2 * p2
  const x =
    lambda * (0.8707 - 0.131979 * p2 + p4 * (-0.013791 + p4 * (0.003971 * p2 - 0.001529 * p4)))
  const y = phi * (1.007226 + p2 * (0.015085 + p4 * (-0.044475 + 0.028874 * p2 - 0.005916 * p4)))
  const scale = width / (2 * Math.PI * 0.8707)
  return [Math.round(width / 2 + x * scale), Math.round(top - y * scale)]
}
const top = 640

function codeOf(name: string, names: ReadonlyMap<string, string>): string {
  const code = codes[name] ?? names.get(name)
  assert(code !== undefined, `no code for ${name}`)
  return code
}

function namesOfRegions(): Map<string, string> {
  const display = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  // Codes that were given up have the names of those that replaced them.
  const all = letters
    .flatMap((a) => letters.map((b) => a + b))
    .filter((code) => Intl.getCanonicalLocales(`und-${code}`)[0] === `und-${code}`)
  return new Map(all.flatMap((code) => (display.of(code) ? [[display.of(code)!, code]] : [])))
}

/** Points of every arc in degrees (TopoJSON: quantised, each a step from the one before). */
function degreesOf({ transform, arcs }: Topology): [number, number][][] {
  const { scale, translate } = transform
  return arcs.map((arc) => {
    let [x, y] = [0, 0]
    return arc.map(([dx, dy]) => {
      x += dx
      y += dy
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]]
    })
  })
}

/** A ring over the 180th meridian goes on east of it instead of jumping to the other side of the map. */
function unwrapped(points: readonly [number, number][]): [number, number][] {
  let turn = 0
  const whole = points.map(([east, north], at): [number, number] => {
    const step = at === 0 ? 0 : east - points[at - 1]![0]
    if (step > 180) turn -= 360
    if (step < -180) turn += 360
    return [east + turn, north]
  })
  const middle = whole.reduce((sum, [east]) => sum + east, 0) / whole.length
  const back = middle < -180 || (middle < 0 && whole.some(([east]) => east < -180)) ? 360 : 0
  return whole.map(([east, north]) => [east + back, north])
}

function ringOf(indexes: readonly number[], arcs: readonly [number, number][][]) {
  const points = indexes.flatMap((index, at) => {
    const arc = index < 0 ? arcs[~index]!.toReversed() : arcs[index]!
    return at === 0 ? arc : arc.slice(1)
  })
  const drawn = unwrapped(points).map(project)
  return drawn.filter(
    ([x, y], at) => at === 0 || x !== drawn[at - 1]![0] || y !== drawn[at - 1]![1],
  )
}

type Point = [number, number]
const areaOf = (ring: readonly Point[]) =>
  Math.abs(
    ring.reduce((sum, [x, y], at) => {
      const [nextX, nextY] = ring[(at + 1) % ring.length]!
      return sum + x * nextY - nextX * y
    }, 0),
  ) / 2

function pathOf(ring: readonly Point[]): string {
  const [[x0, y0], ...rest] = ring as [Point, ...Point[]]
  let [x, y] = [x0, y0]
  const steps = rest.map(([toX, toY]) => {
    const step = `${toX - x} ${toY - y}`
    ;[x, y] = [toX, toY]
    return step
  })
  return `M${x0} ${y0}l${steps.join(' ')}z`.replaceAll(' -', '-')
}

function boxOf(ring: readonly Point[]) {
  const xs = ring.map(([x]) => x)
  const ys = ring.map(([, y]) => y)
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)]
}

const [file] = process.argv.slice(2)
assert(file, 'usage: node scripts/world-map.ts countries-110m.json')
const topology = JSON.parse(readFileSync(file, 'utf8')) as Topology
const arcs = degreesOf(topology)
const names = namesOfRegions()
const land: Record<string, { d: string; box: number[] }> = {}
for (const { type, arcs: own, properties } of topology.objects.countries.geometries) {
  if (properties.name === 'Antarctica') continue
  const code = codeOf(properties.name, names)
  const polygons = (type === 'Polygon' ? [own] : own) as number[][][]
  const rings = polygons
    .flatMap((polygon) => polygon.map((ring) => ringOf(ring, arcs)))
    .filter((ring) => ring.length > 3)
  const [largest] = rings.toSorted((a, b) => areaOf(b) - areaOf(a))
  assert(largest, `${properties.name} has no outline`)
  const d = rings.map(pathOf).join('')
  land[code] = { d: (land[code]?.d ?? '') + d, box: boxOf(largest) }
}
const spots = Object.fromEntries(Object.entries(small).map(([code, at]) => [code, project(at)]))
const world = { source: 'Natural Earth 1:110m, public domain', width, height: 1000, land, spots }
const target = join(import.meta.dirname, '../src/plans/portal/world.json')
writeFileSync(target, `${JSON.stringify(world)}\n`)
