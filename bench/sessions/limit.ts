/** The limit: what the disk takes to make one page safe, since nothing is answered before it is. */
import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { World } from '../charging/world.ts'
import { summed } from './load.ts'

const seconds = 2
const page = Buffer.alloc(8192, 1)
const pages = 2048

/** One page after another into a file of its own beside the database's, as the log is written. */
export function runLimit({ folder }: Pick<World, 'folder'>) {
  const path = join(folder, 'synced')
  const file = openSync(path, 'w')
  try {
    writeSync(file, Buffer.alloc(page.length * pages))
    fsyncSync(file)
    const tookMs: number[] = []
    const startedAt = performance.now()
    const end = startedAt + seconds * 1000
    for (let at = 0; performance.now() < end; at = (at + 1) % pages) {
      const writtenAt = performance.now()
      writeSync(file, page, 0, page.length, at * page.length)
      fdatasyncSync(file)
      tookMs.push(performance.now() - writtenAt)
    }
    return summed(tookMs, performance.now() - startedAt)
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
