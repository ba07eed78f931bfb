/** Text fields: label above, one hint, the error next to the field it belongs to. */
import { type HTMLInputTypeAttribute, type ReactNode, useEffect, useId, useRef } from 'react'
import { Icon } from './icon.tsx'

type FieldProps = {
  label: string
  value: string
  onChange: (value: string) => void
  hint?: string | undefined
  error?: string | undefined
  required?: boolean
}

type TextFieldProps = FieldProps & {
  type?: HTMLInputTypeAttribute
  inputMode?: 'text' | 'email' | 'tel' | 'numeric' | 'decimal' | 'search'
  autoComplete?: string
  autoFocus?: boolean
  maxLength?: number
  rows?: number
  placeholder?: string
}

export function FieldError({ id, children }: { id?: string; children: ReactNode }) {
  return (
    <p className="err" id={id} role="alert">
      <Icon name="warn" size="s" />
      <span>{children}</span>
    </p>
  )
}

function useFieldFocus(error: string | undefined, autoFocus: boolean | undefined) {
  const ref = useRef<HTMLElement>(null)
  useEffect(() => {
    if (error || autoFocus) ref.current?.focus()
  }, [error, autoFocus])
  return ref
}

export function TextField(props: TextFieldProps) {
  const { label, value, onChange, hint, error, rows } = props
  const id = useId()
  const ref = useFieldFocus(error, props.autoFocus)
  const described = [hint && `${id}h`, error && `${id}e`].filter(Boolean).join(' ')
  const attributes = {
    id,
    value,
    className: 'input',
    required: props.required,
    maxLength: props.maxLength,
    autoComplete: props.autoComplete,
    inputMode: props.inputMode,
    placeholder: props.placeholder,
    'aria-invalid': error ? true : undefined,
    'aria-describedby': described || undefined,
  }
  return (
    <div className="fld">
      <label htmlFor={id}>{label}</label>
      {rows ? (
        <textarea
          {...attributes}
          ref={ref as React.RefObject<HTMLTextAreaElement>}
          rows={rows}
          onChange={(event) => onChange(event.target.value)}
        />
      ) : (
        <input
          {...attributes}
          ref={ref as React.RefObject<HTMLInputElement>}
          type={props.type ?? 'text'}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
      {hint && (
        <span className="hint" id={`${id}h`}>
          {hint}
        </span>
      )}
      {error && <FieldError id={`${id}e`}>{error}</FieldError>}
    </div>
  )
}

type SelectProps = FieldProps & { options: readonly (readonly [string, string])[]; empty?: string }

export function SelectField({ label, value, onChange, options, empty, hint, error }: SelectProps) {
  const id = useId()
  return (
    <div className="fld">
      <label htmlFor={id}>{label}</label>
      <select
        id={id}
        className="input"
        value={value}
        aria-invalid={error ? true : undefined}
        onChange={(event) => onChange(event.target.value)}
      >
        {empty !== undefined && <option value="">{empty}</option>}
        {options.map(([key, text]) => (
          <option key={key} value={key}>
            {text}
          </option>
        ))}
      </select>
      {hint && <span className="hint">{hint}</span>}
      {error && <FieldError>{error}</FieldError>}
    </div>
  )
}
