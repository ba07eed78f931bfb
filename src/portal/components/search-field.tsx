/** The search field: its label is its placeholder, and a glass stands before it. */
import { Icon } from './icon.tsx'

type SearchProps = { label: string; value: string; onChange: (value: string) => void }

export function SearchField({ label, value, onChange }: SearchProps) {
  return (
    <div className="search">
      <Icon name="search" size="s" />
      <input
        type="search"
        className="input"
        aria-label={label}
        placeholder={label}
        value={value}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
