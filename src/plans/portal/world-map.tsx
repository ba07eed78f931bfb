/** The coverage map: the plan's countries in ink, the chosen one in violet; small ones are dots. Drawn, not fetched as tiles. */
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { TextButton } from '../../portal/components/button.tsx'
import { cx } from '../../portal/components/cx.ts'
import { useWords } from '../../portal/words.tsx'
import { type Box, boxAround, type World, wholeWorld } from './world-box.ts'

type Props = {
  included: readonly string[]
  selected: string | undefined
  onChoose: (country: string) => void
}

export function WorldMap({ included, selected, onChoose }: Props) {
  const { t } = useWords()
  const [whole, setWhole] = useState(false)
  const world = useQuery({
    queryKey: ['world'],
    queryFn: async () => (await import('./world.json')).default as unknown as World,
    staleTime: Number.POSITIVE_INFINITY,
  })
  const shown = selected === undefined ? included : [...included, selected]
  const box = !world.data || whole ? wholeWorld : boxAround(world.data, shown)
  return (
    <figure className="mt-5">
      <svg
        className="world"
        viewBox={box.join(' ')}
        role="img"
        aria-label={t('coverage.map', { count: included.length })}
      >
        {world.data && <Shapes world={world.data} {...{ included, selected, onChoose, box }} />}
      </svg>
      <TextButton onClick={() => setWhole(!whole)}>
        {t(whole ? 'coverage.zoomed' : 'coverage.whole')}
      </TextButton>
    </figure>
  )
}

type ShapesProps = Props & { world: World; box: Box }

function Shapes({ world, included, selected, onChoose, box }: ShapesProps) {
  const own = new Set(included)
  const look = (code: string) => cx(own.has(code) && 'in', code === selected && 'on')
  // Touch and mouse only: the list below is the same for everybody.
  const choose = (code: string) => (code ? () => onChoose(code) : undefined)
  const radius = box[2] / 130
  return (
    <>
      {Object.entries(world.land).map(([code, { d }]) => (
        <path key={code} d={d} className={look(code) || undefined} onClick={choose(code)} />
      ))}
      {Object.entries(world.spots).map(([code, [x, y]]) =>
        own.has(code) || code === selected ? (
          <circle
            key={code}
            cx={x}
            cy={y}
            r={radius}
            className={look(code) || undefined}
            onClick={choose(code)}
          />
        ) : null,
      )}
    </>
  )
}
