/** The usage ring: what is left, in ink; amber when little is left, hatched when the line is
 * suspended. */
import type { ReactNode } from 'react'

type RingProps = {
  size: number
  /** Share left, 0 to 1; undefined for unlimited (no arc). */
  left: number | undefined
  state?: 'normal' | 'low' | 'suspended'
  children: ReactNode
}

export function Ring({ size, left, state = 'normal', children }: RingProps) {
  const stroke = size > 100 ? 13 : size > 68 ? 8 : 7
  const radius = (size - stroke) / 2
  const round = 2 * Math.PI * radius
  const arc = Math.max(0, Math.min(1, left ?? 0)) * round
  const centre = size / 2
  const circle = { cx: centre, cy: centre, r: radius, fill: 'none', strokeWidth: stroke }
  return (
    <div className="usage-ring" style={{ width: size, height: size }}>
      <svg width={size} height={size} viewBox={`0 0 ${size} ${size}`} aria-hidden="true">
        {state === 'suspended' ? (
          <circle {...circle} stroke="var(--data-6)" strokeDasharray="3 5" />
        ) : (
          <circle {...circle} stroke="var(--track)" />
        )}
        {state !== 'suspended' && arc > 0 && (
          <circle
            {...circle}
            stroke={state === 'low' ? 'var(--warn)' : 'var(--data-1)'}
            strokeLinecap={left === 1 ? 'butt' : 'round'}
            strokeDasharray={`${arc} ${round}`}
            transform={`rotate(-90 ${centre} ${centre})`}
          />
        )}
      </svg>
      <div>{children}</div>
    </div>
  )
}
