/** Radio groups that start empty, and the tick that is never ticked for anyone. */
import { type ReactNode, useId } from 'react'
import { cx } from './cx.ts'
import { FieldError } from './field.tsx'
import { Icon } from './icon.tsx'

export type Choice<Key extends string = string> = {
  key: Key
  label: ReactNode
  detail?: ReactNode
  /** Why this one can't be chosen; it is still shown. */
  notAllowed?: string | undefined
  end?: ReactNode
}

type ChoicesProps<Key extends string> = {
  legend: ReactNode
  hideLegend?: boolean
  choices: readonly Choice<Key>[]
  value: Key | undefined
  onChange: (key: Key) => void
  error?: string | undefined
}

export function Choices<Key extends string>(props: ChoicesProps<Key>) {
  const { legend, hideLegend, choices, value, onChange, error } = props
  const name = useId()
  return (
    <fieldset aria-describedby={error ? `${name}e` : undefined}>
      <legend className={hideLegend ? 'sr-only' : 'strong mb-2.5'}>{legend}</legend>
      <div className={cx('choices', error && 'error')}>
        {choices.map((choice) => (
          <label className="choice" key={choice.key}>
            <input
              type="radio"
              name={name}
              value={choice.key}
              checked={value === choice.key}
              disabled={choice.notAllowed !== undefined}
              onChange={() => onChange(choice.key)}
            />
            <span className="min-w-0">
              <span className="mid block">{choice.label}</span>
              {(choice.notAllowed ?? choice.detail) && (
                <span className="caption c2 block">{choice.notAllowed ?? choice.detail}</span>
              )}
            </span>
            {choice.end}
          </label>
        ))}
      </div>
      {error && (
        <div className="mt-2">
          <FieldError id={`${name}e`}>{error}</FieldError>
        </div>
      )}
    </fieldset>
  )
}

type SegmentedProps<Key extends string> = {
  legend: string
  options: readonly (readonly [Key, string])[]
  value: Key | undefined
  onChange: (key: Key) => void
}

export function Segmented<Key extends string>(props: SegmentedProps<Key>) {
  const name = useId()
  return (
    <fieldset>
      <legend className="sr-only">{props.legend}</legend>
      <div className="seg">
        {props.options.map(([key, text]) => (
          <label key={key}>
            <input
              type="radio"
              name={name}
              checked={props.value === key}
              onChange={() => props.onChange(key)}
            />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  )
}

type TickProps = { checked: boolean; onChange: (checked: boolean) => void; children: ReactNode }

export function Tick({ checked, onChange, children }: TickProps) {
  return (
    <label className="tick">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      <span className="box">
        <Icon name="check" size="xs" />
      </span>
      <span>{children}</span>
    </label>
  )
}
