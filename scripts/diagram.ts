/** Draws the states of a closure into docs/architecture.md, from the code. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { diagram } from '../src/closure/transitions.ts'

const path = join(import.meta.dirname, '../docs/architecture.md')
const marks = ['<!-- states: npm run diagram -->', '<!-- end of states -->'] as const
const text = readFileSync(path, 'utf8')
const [from, to] = marks.map((mark) => text.indexOf(mark)) as [number, number]
if (from < 0 || to < from) throw new Error(`${path} has lost its marks`)
writeFileSync(path, `${text.slice(0, from)}${marks[0]}\n${diagram()}\n${text.slice(to)}`)
