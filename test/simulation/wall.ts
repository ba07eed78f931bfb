/** The clock on the wall and the dice of the language, as code inside of a world sees them: those of the world. */
import { worldNow } from './node.ts'

const RealDate = Date
const realNow = Date.now.bind(Date)
const realChance = Math.random.bind(Math)

const now = () => worldNow()?.nowMs ?? realNow()

/** For libraries that ask the system for the time: sign-in codes and sessions end by the world's days. */
export function moveWall(): void {
  if (Date !== RealDate) return
  RealDate.now = now
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given: unknown[], wanted) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, wanted) as object,
  })
  let drawn = 0
  Math.random = () => worldNow()?.chance.roll('language', (drawn += 1)) ?? realChance()
}
