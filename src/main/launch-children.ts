/** Keeps the platform's processes running: starts, waits until they answer, restarts, stops. */
import { type ChildProcess, spawn } from 'node:child_process'
import { appendFileSync, closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Log } from '../platform/log.ts'
import { CannotStart } from '../platform/process.ts'

export type Program = { name: string; script: string; env: NodeJS.ProcessEnv }

export type Children = {
  start: (program: Program) => Promise<void>
  restart: (names: readonly string[]) => void
  stop: (names: readonly string[]) => Promise<void>
  killNow: () => void
}

type Child = {
  program: Program
  outFile: string
  process?: ChildProcess
  state: 'starting' | 'running' | 'stopping'
  spoke: boolean // it has answered once
  asked: boolean // its end was wanted, to start it anew
  failures: number
  timer?: NodeJS.Timeout
  lines: string[] // the last of what it wrote to stderr
}

type Care = { log: Log; logFolder: string; changed: (running: Running[]) => void }
type Running = { name: string; pid: number }

const READY_MS_MAX = 60_000
const DRAIN_MS_MAX = 10_000
const BACKOFF_MS_MAX = 30_000
const HEALTHY_MS = 60_000

export const backoffMs = (failures: number): number =>
  Math.min(BACKOFF_MS_MAX, 250 * 2 ** Math.min(failures, 10))

export function openChildren({ log, logFolder, changed }: Care): Children {
  const children = new Map<string, Child>()

  const note = () => {
    const pids = [...children.values()].map(({ program, process }) => ({
      name: program.name,
      pid: process?.pid,
    }))
    changed(pids.filter((one): one is Running => one.pid !== undefined))
  }

  const launch = (child: Child): Promise<void> => {
    const { name } = child.program
    child.lines = []
    child.process = spawnChild(child)
    note()
    const began = Date.now()
    const ended = untilEnded(child.process)
    void ended.then((how) => {
      delete child.process
      if (child.state !== 'running') return
      if (child.asked || Date.now() - began > HEALTHY_MS) child.failures = 0
      const delayMs = child.asked ? 0 : backoffMs(child.failures++)
      if (!child.asked) log.warn(`${name} ended ${how}; it starts again in ${delayMs / 1000} s`)
      child.asked = false
      child.timer = setTimeout(() => {
        launch(child).then(
          () => log.info(`${name} runs again`),
          () => {},
        )
      }, delayMs)
    })
    return untilReady(child, ended)
  }

  return {
    async start(program) {
      const outFile = join(logFolder, `${program.name}.out.log`)
      const fresh = { spoke: false, asked: false, failures: 0, lines: [] }
      const child: Child = { program, outFile, state: 'starting', ...fresh }
      children.set(program.name, child)
      try {
        await launch(child)
        child.spoke = true
        if (child.state === 'starting') child.state = 'running'
      } catch (error) {
        child.state = 'stopping'
        throw error
      }
    },
    restart(names) {
      for (const child of names.map((name) => children.get(name))) {
        if (!child?.process) continue
        child.asked = true
        child.process.kill('SIGTERM')
      }
    },
    async stop(names) {
      const chosen = names.map((name) => children.get(name)).filter((one) => one !== undefined)
      await Promise.all(chosen.map(stopChild))
    },
    killNow() {
      for (const { process } of children.values()) process?.kill('SIGKILL')
    },
  }
}

function spawnChild(child: Child): ChildProcess {
  const { script, env } = child.program
  const out = openSync(child.outFile, 'a', 0o600)
  const spawned = spawn(process.execPath, [script], {
    env,
    stdio: ['ignore', out, 'pipe', 'ipc'],
  })
  closeSync(out)
  if (spawned.stderr) {
    createInterface({ input: spawned.stderr }).on('line', (line) => {
      appendFileSync(child.outFile, `${line}\n`)
      child.lines = [...child.lines.slice(-49), line]
      // Until it first answers only the sentence that explains a failure is for the terminal.
      if (child.spoke) process.stderr.write(`${line}\n`)
    })
  }
  return spawned
}

const untilEnded = (child: ChildProcess): Promise<string> =>
  new Promise((done) => {
    child.once('error', (error) => done(`(${error.message})`))
    // "close" comes after the last of its output.
    child.once('close', (code, signal) => done(signal ? `by ${signal}` : `with code ${code}`))
  })

async function untilReady(child: Child, ended: Promise<string>): Promise<void> {
  const { program, outFile } = child
  const { promise: ready, resolve } = Promise.withResolvers<true>()
  child.process?.on('message', (message: { ready?: boolean }) => {
    if (message?.ready === true) resolve(true)
  })
  const { promise: late, resolve: expire } = Promise.withResolvers<false>()
  const timer = setTimeout(() => expire(false), READY_MS_MAX)
  const outcome = await Promise.race([ready, late, ended])
  clearTimeout(timer)
  if (outcome === true) return
  if (outcome === false) {
    child.process?.kill('SIGKILL')
    const seconds = READY_MS_MAX / 1000
    throw new CannotStart(
      `The ${program.name} was not ready after ${seconds} s; its log is ${outFile}.`,
    )
  }
  const reason = explain(child.lines)
  throw new CannotStart(
    `The ${program.name} ended ${outcome} before it was ready${reason && `: ${reason}`}; ` +
      `its log is ${outFile}.`,
  )
}

/** The line of an error's output that a person wants to read. */
export function explain(lines: readonly string[]): string {
  const spoken = lines.filter(
    (line) => /^\S/.test(line) && !/^(node:|file:|Node\.js v|\}|\^)/.test(line),
  )
  const error = spoken.find((line) => /^\w*Error\b/.test(line)) ?? spoken.at(-1) ?? ''
  return error.replace(/[.;]$/, '')
}

async function stopChild(child: Child): Promise<void> {
  child.state = 'stopping'
  clearTimeout(child.timer)
  const { process } = child
  if (!process) return
  const ended = untilEnded(process)
  if (process.exitCode !== null || process.signalCode !== null) return
  process.kill('SIGTERM')
  const timer = setTimeout(() => process.kill('SIGKILL'), DRAIN_MS_MAX)
  await ended
  clearTimeout(timer)
}
