/** What every process does alike: leave with its parent, say in one sentence why it cannot start. */
import { readFileSync } from 'node:fs'
import { flushCompileCache } from 'node:module'

/** An expected reason not to start: one sentence at the terminal, exit code 2, no stack. */
export class CannotStart extends Error {
  override name = 'CannotStart'
}

/** Ends this process when the launcher that spawned it is gone; nothing when started by hand. */
export function exitWithParent(): void {
  if (process.connected === undefined) return
  // Ctrl-C reaches the whole group; the launcher decides the order and sends SIGTERM.
  process.on('SIGINT', () => {})
  const leave = () => {
    // Nobody reads the pipes any more, so a last log line must not become a crash.
    process.stdout.on('error', () => {})
    process.stderr.on('error', () => {})
    process.kill(process.pid, 'SIGTERM')
    setTimeout(() => process.exit(1), 4000).unref()
  }
  if (!process.connected) return leave()
  process.once('disconnect', leave)
  process.channel?.unref()
}

/** Tells the launcher that this process answers now. */
export function announceReady(url?: string): void {
  // The compiled code is of use to the next start even if this process is killed.
  flushCompileCache()
  process.send?.(url === undefined ? { ready: true } : { ready: true, url })
}

/** Runs a program's main function and turns its failure into a sentence and an exit code. */
export async function runMain(main: () => Promise<number | void>): Promise<void> {
  try {
    const code = await main()
    if (typeof code === 'number') process.exitCode = code
  } catch (error) {
    const expected = error instanceof CannotStart
    const text = expected ? error.message : error instanceof Error ? error.stack : String(error)
    process.stderr.write(`${text}\n`)
    process.exit(expected ? 2 : 1)
  }
}

/** Whether a process runs; a zombie nobody reaped counts as gone. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  if (process.platform !== 'linux') return true
  const state = processStat(pid)?.[0]
  return state !== undefined && state !== 'Z' && state !== 'X'
}

/** When a process began, in the kernel's ticks: with the pid it names one for good (Linux only). */
export function startTicks(pid: number): string | undefined {
  return processStat(pid)?.[19]
}

// proc(5): the command's name may hold spaces and brackets, so count after its last bracket.
function processStat(pid: number): string[] | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}
