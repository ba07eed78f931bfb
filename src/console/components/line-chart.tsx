/** Series over days as lines: ink first, the others dashed; the axis starts at zero and ends at
 * a round number. */
import { useLayoutEffect, useRef, useState } from 'react'

export type Series = {
  key: string
  label: string
  values: readonly number[]
  dash?: string
  colour: string
}

type LineChartProps = {
  days: readonly string[]
  series: readonly Series[]
  label: string
  dayText: (day: string) => string
}

const height = 240
const inset = { left: 34, right: 8, top: 10, bottom: 26 }

/** The smallest of 1, 2, 5 × 10ⁿ steps that shows the most in four steps; counts are whole. */
export function axisSteps(most: number): number[] {
  const rough = Math.max(1, most) / 4
  const scale = 10 ** Math.floor(Math.log10(rough))
  const step = Math.max(
    1,
    [1, 2, 5, 10].map((each) => each * scale).find((each) => each >= rough) ?? 1,
  )
  const count = Math.max(1, Math.ceil(most / step))
  return Array.from({ length: count + 1 }, (_, at) => at * step)
}

function useWidth() {
  const ref = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(640)
  useLayoutEffect(() => {
    const element = ref.current
    if (!element) return
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  return { ref, width }
}

export function LineChart({ days, series, label, dayText }: LineChartProps) {
  const { ref, width } = useWidth()
  const steps = axisSteps(Math.max(...series.flatMap(({ values }) => values), 1))
  const top = steps.at(-1) ?? 1
  const x = (at: number) =>
    inset.left + (at / Math.max(1, days.length - 1)) * (width - inset.left - inset.right)
  const y = (value: number) => inset.top + (1 - value / top) * (height - inset.top - inset.bottom)
  const every = Math.max(1, Math.ceil(days.length / Math.max(2, Math.floor(width / 110))))
  return (
    <div ref={ref} className="linechart">
      <svg width={width} height={height} role="img" aria-label={label}>
        {steps.map((step) => (
          <g key={step}>
            <line x1={inset.left} x2={width} y1={y(step)} y2={y(step)} stroke="var(--line)" />
            <text x={inset.left - 8} y={y(step) + 4} textAnchor="end">
              {step}
            </text>
          </g>
        ))}
        {days.map(
          (day, at) =>
            at % every === 0 && (
              <text key={day} x={x(at)} y={height - 6} textAnchor={at === 0 ? 'start' : 'middle'}>
                {dayText(day)}
              </text>
            ),
        )}
        {[...series].reverse().map(({ key, values, dash, colour }) => (
          <polyline
            key={key}
            points={values.map((value, at) => `${x(at)},${y(value)}`).join(' ')}
            fill="none"
            stroke={colour}
            strokeWidth={dash ? 1.5 : 2}
            strokeDasharray={dash}
            strokeLinejoin="round"
          />
        ))}
      </svg>
    </div>
  )
}

export function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul className="legendline">
      {series.map(({ key, label, dash, colour }) => (
        <li key={key}>
          <svg width="20" height="8" aria-hidden="true">
            <line
              x1="0"
              x2="20"
              y1="4"
              y2="4"
              stroke={colour}
              strokeWidth="2"
              strokeDasharray={dash}
            />
          </svg>
          {label}
        </li>
      ))}
    </ul>
  )
}
