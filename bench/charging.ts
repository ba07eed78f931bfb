/** A million usage records from a file to committed charges, against one function call a record and a raw COPY. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { importUsage } from '../src/usage/import-steps.ts'
import { defaultMapping } from '../src/usage/mapping.ts'
import { type Bench, median, type Options } from './contract.ts'
import { runLimit } from './charging/limit.ts'
import { prepareNaive, runNaive } from './charging/naive.ts'
import {
  openWorld,
  proveWorld,
  seedLines,
  usageOf,
  type World,
  writeUsage,
} from './charging/world.ts'

const naiveRecords = 20_000

export async function takeFile(
  world: World,
  { count, lines, before: slot }: { count: number; lines: number; before: number },
  onProgress: (part: number) => void = () => undefined,
) {
  const path = join(world.folder, 'usage.csv')
  await writeUsage(path, { count, lines, before: slot })
  const since = new Date()
  const startedAt = performance.now()
  const before = world.cpuUs()
  const outcome = await importUsage(world.app, path, {
    mapping: defaultMapping,
    onProgress: ({ charged }) => onProgress(charged / count),
  })
  const seconds = (performance.now() - startedAt) / 1000
  const after = world.cpuUs()
  const nodeUs = (after.node - before.node) / count
  const serverUs = (after.server - before.server) / count
  rmSync(path)
  if (
    'refused' in outcome ||
    outcome.charged !== count ||
    outcome.rejected + outcome.repeated > 0
  ) {
    throw new Error(`not every record was charged: ${JSON.stringify(outcome)}`)
  }
  return { perSecond: count / seconds, seconds, since, nodeUs, serverUs }
}

type Row = Record<
  'design' | 'naive' | 'limit' | 'nodeUs' | 'cpuUs' | 'naiveUs' | 'toNaive' | 'toLimit',
  number
>

async function measure(count: number, lines: number, { rounds, progress }: Options, from: number) {
  const world = await openWorld()
  try {
    progress(from, `${lines} lines are made`)
    await seedLines(world, 0, lines)
    const rows: Row[] = []
    let before = 0
    const perLine = Math.ceil(count / lines)
    for (let round = 0; round <= rounds; round += 1) {
      const at = (part: number) => from + ((round + part) / (rounds + 1)) * 0.5
      const what = round === 0 ? 'warm-up' : `round ${round} of ${rounds}`
      const size = round === 0 ? Math.max(1, Math.floor(count / 10)) : count
      const own = await takeFile(world, { count: size, lines, before }, (part) =>
        progress(at(part * 0.5), `${lines} lines, ${what}: file`),
      )
      progress(at(0.6), `${lines} lines, ${what}: raw COPY`)
      const limit = await runLimit(world, own.since)
      progress(at(0.8), `${lines} lines, ${what}: a call a record`)
      if (round === 0) await prepareNaive(world)
      const usages = Array.from({ length: Math.min(naiveRecords, count) }, (_, n) => {
        const line = (n * 7919) % lines
        return usageOf(
          9_000_000_000 + round * naiveRecords + n,
          line,
          5000 + round * 500 + Math.floor(n / lines),
        )
      })
      const naive = await runNaive(world, usages)
      before += perLine
      const { perSecond: design, nodeUs, serverUs } = own
      if (round > 0) {
        rows.push({
          design,
          naive: naive.perSecond,
          limit: count / limit.seconds,
          nodeUs,
          cpuUs: nodeUs + serverUs,
          naiveUs: naive.cpuUs,
          toNaive: design / naive.perSecond,
          toLimit: (design * limit.seconds) / count,
        })
      }
    }
    await proveWorld(world, Math.max(1, Math.floor(count / 10)) + rounds * count)
    const of = (name: keyof Row) => median(rows.map((row) => row[name]))
    return {
      design: of('design'),
      naive: of('naive'),
      limit: of('limit'),
      nodeUs: of('nodeUs'),
      cpuUs: of('cpuUs'),
      naiveUs: of('naiveUs'),
      toNaive: of('toNaive'),
      toLimit: of('toLimit'),
    }
  } finally {
    await world.close()
  }
}

const whole = (value: number) => Math.round(value).toLocaleString('en')

export const bench: Bench = {
  name: 'charging',
  summary:
    'a file of usage, a tenth of it paid from credit, exactly once; against a call a record and a raw COPY',
  async run(options) {
    const count = options.rows ?? 1_000_000
    const many = await measure(count, count, options, 0)
    const few = await measure(count, Math.max(1, Math.floor(count / 10)), options, 0.5)
    return {
      figures: {
        manyLinesPerSecond: many.design,
        fewLinesPerSecond: few.design,
        callPerRecordPerSecond: Math.max(many.naive, few.naive),
        copyPerSecond: many.limit,
        nodeMicrosecondsPerRecord: many.nodeUs,
        cpuMicrosecondsPerRecordManyLines: many.cpuUs,
        cpuMicrosecondsPerRecordFewLines: few.cpuUs,
        cpuMicrosecondsPerCall: many.naiveUs,
      },
      ratios: {
        toCallPerRecord: Math.min(many.toNaive, few.toNaive),
        toCopy: Math.min(many.toLimit, few.toLimit),
        toCallPerRecordFewLines: few.toNaive,
        toCallPerRecordManyLines: many.toNaive,
        toCopyFewLines: few.toLimit,
        toCopyManyLines: many.toLimit,
        cpuOfCallToCpuManyLines: many.naiveUs / many.cpuUs,
        cpuOfCallToCpuFewLines: few.naiveUs / few.cpuUs,
      },
      marks: [
        { ratio: 'toCallPerRecord', atLeast: 15, stretch: 25 },
        { ratio: 'toCopy', atLeast: 0.3, stretch: 0.5 },
      ],
      table: [
        ['', 'records/s', 'to a call', 'to COPY', 'CPU µs', 'of it Node'],
        ...[
          { name: `${whole(count)} lines`, one: many },
          { name: `${whole(count / 10)} lines`, one: few },
        ].flatMap(({ name, one }) => [
          [
            `file, ${name}`,
            whole(one.design),
            one.toNaive.toFixed(1),
            one.toLimit.toFixed(2),
            one.cpuUs.toFixed(1),
            one.nodeUs.toFixed(1),
          ],
          [
            '  a call a record, 16 connections',
            whole(one.naive),
            '1.0',
            '',
            one.naiveUs.toFixed(1),
            '',
          ],
          ['  raw COPY of the same rows', whole(one.limit), '', '1.00', '', ''],
        ]),
      ],
    }
  },
}
