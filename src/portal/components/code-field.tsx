/** The six-digit code: one input behind six boxes, so paste, autofill and screen readers just work.
 * */
import { useEffect, useId, useRef } from 'react'
import { cx } from './cx.ts'
import { FieldError } from './field.tsx'

type CodeFieldProps = {
  label: string
  value: string
  onChange: (code: string) => void
  error?: string | undefined
  autoFocus?: boolean
}

export function CodeField({ label, value, onChange, error, autoFocus }: CodeFieldProps) {
  const id = useId()
  const ref = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (autoFocus || error) ref.current?.focus()
  }, [autoFocus, error])
  return (
    <div className="grid gap-2">
      <div className={cx('code', error && 'wrong')}>
        <input
          ref={ref}
          aria-label={label}
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? id : undefined}
          value={value}
          inputMode="numeric"
          autoComplete="one-time-code"
          pattern="[0-9]*"
          onChange={(event) => onChange(event.target.value.replace(/\D/g, '').slice(0, 6))}
        />
        {[0, 1, 2, 3, 4, 5].map((at) => (
          <span key={at} aria-hidden="true" className={at === value.length ? 'cur' : undefined}>
            {value[at]}
          </span>
        ))}
      </div>
      {error && <FieldError id={id}>{error}</FieldError>}
    </div>
  )
}
