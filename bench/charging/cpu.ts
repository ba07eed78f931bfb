/** CPU time of this process and of PostgreSQL's: it survives a noisy machine better than the clock does. Linux only. */
import { readdirSync, readFileSync } from 'node:fs'

// USER_HZ, fixed for user space on Linux (proc(5)).
const tickUs = 10_000

/** Microseconds so far of the server `pid` with its processes, those that ended included; 0 elsewhere. */
export function serverCpuUs(pid: number): number {
  if (process.platform !== 'linux') return 0
  let ticks = 0
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'utf8')
      const fields = text
        .slice(text.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number)
      const [, parent] = fields
      const own = fields[11]! + fields[12]!
      if (Number(name) === pid) ticks += own + fields[13]! + fields[14]!
      else if (parent === pid) ticks += own
    } catch {
      // It ended meanwhile; its parent counts it.
    }
  }
  return ticks * tickUs
}

export function ownCpuUs(): number {
  const { user, system } = process.cpuUsage()
  return user + system
}
