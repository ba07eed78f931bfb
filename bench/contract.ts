/** What a module in this folder exports to be run by `npm run bench`. */
export type Options = {
  /** Each bench says what it counts in: usage records, sessions, lines. */
  rows: number | undefined
  rounds: number
  /** A moving line on the standard error: what is happening now, and how far it is. */
  progress: (part: number, text: string) => void
}
export type Mark = { ratio: string; atLeast?: number; atMost?: number; stretch?: number }
export type Result = {
  /** Absolute figures drift between machines: read them beside each other, not alone. */
  figures: Record<string, number>
  /** Each the median over the rounds of one run. */
  ratios: Record<string, number>
  marks: Mark[]
  table: string[][]
}
/** What a module in this folder exports as `bench`. It throws when an invariant breaks. */
export type Bench = { name: string; summary: string; run(options: Options): Promise<Result> }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
