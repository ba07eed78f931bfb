import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boxAround, type World, wholeWorld } from './world-box.ts'
import data from './world.json' with { type: 'json' }

const world = data as unknown as World
const codes = [...Object.keys(world.land), ...Object.keys(world.spots)]

test('whatever is asked for is inside what is shown, and what is shown inside the world', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.constantFrom(...codes), { minLength: 1, maxLength: 8 }),
      (some) => {
        const [left, top, width, height] = boxAround(world, some)
        const [wholeLeft, wholeTop, wholeWidth, wholeHeight] = wholeWorld
        expect(left >= wholeLeft && top >= wholeTop).toBe(true)
        expect(left + width <= wholeLeft + wholeWidth + 1).toBe(true)
        expect(top + height <= wholeTop + wholeHeight + 1).toBe(true)
        for (const code of some) {
          const [x0, y0, x1, y1] = world.land[code]?.box ?? [
            ...world.spots[code]!,
            ...world.spots[code]!,
          ]
          expect([code, x0! >= left - 1, y0! >= top - 1]).toEqual([code, true, true])
          expect([code, x1! <= left + width + 1, y1! <= top + height + 1]).toEqual([
            code,
            true,
            true,
          ])
        }
      },
    ),
  )
})

test('nothing asked for shows all; one small country shows its surroundings', () => {
  expect(boxAround(world, [])).toEqual(wholeWorld)
  expect(boxAround(world, ['SG'])[2]).toBe(300)
})
