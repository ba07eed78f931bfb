/** One line with all the records of a file, against the same number spread over many lines. */
import { takeFile } from './charging.ts'
import { fillLine, openWorld, proveWorld, seedLines } from './charging/world.ts'
import { type Bench, median } from './contract.ts'

const lines = 50_000

export const bench: Bench = {
  name: 'charging-hot',
  summary: 'a file with one hot line, against the same file spread over many; no slower',
  async run({ rows, rounds, progress }) {
    const count = rows ?? 200_000
    const world = await openWorld()
    try {
      progress(0, 'lines are made')
      await seedLines(world, 0, lines)
      await fillLine(world, 0)
      const pairs: { hot: number; uniform: number }[] = []
      let before = 0
      // The hot line's records follow each other in time, far behind those of the others.
      let hotBefore = 20_000
      for (let round = 0; round <= rounds; round += 1) {
        const at = (part: number) => (round + part) / (rounds + 1)
        const uniform = await takeFile(world, { count, lines, before }, (part) =>
          progress(at(part / 2), `round ${round}: many lines`),
        )
        before += Math.ceil(count / lines)
        const hot = await takeFile(world, { count, lines: 1, before: hotBefore }, (part) =>
          progress(at(0.5 + part / 2), `round ${round}: one line`),
        )
        hotBefore += count
        if (round > 0) pairs.push({ hot: hot.perSecond, uniform: uniform.perSecond })
      }
      await proveWorld(world, 2 * (rounds + 1) * count)
      const hotToUniform = median(pairs.map(({ hot, uniform }) => hot / uniform))
      const figures = {
        hotPerSecond: median(pairs.map(({ hot }) => hot)),
        uniformPerSecond: median(pairs.map(({ uniform }) => uniform)),
      }
      return {
        figures,
        ratios: { hotToUniform },
        marks: [{ ratio: 'hotToUniform', atLeast: 1 }],
        table: [
          ['', 'records/s', 'to many lines'],
          [
            'one line',
            Math.round(figures.hotPerSecond).toLocaleString('en'),
            hotToUniform.toFixed(2),
          ],
          [`${lines} lines`, Math.round(figures.uniformPerSecond).toLocaleString('en'), '1.00'],
        ],
      }
    } finally {
      await world.close()
    }
  },
}
