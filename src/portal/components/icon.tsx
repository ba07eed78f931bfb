/** Violet's own line icons on a 24 grid; they carry no meaning of their own, the word beside them
 * does. */
import { cx } from './cx.ts'

const paths = {
  back: <path d="m15 18-6-6 6-6" />,
  next: <path d="m9 18 6-6-6-6" />,
  down: <path d="m6 9.500 6 6 6-6" />,
  help: (
    <>
      <circle cx="12" cy="12" r="9" />
      <path d="M9.6 9.4a2.5 2.5 0 0 1 4.8.9c0 1.7-2.4 2.1-2.4 3.5" />
      <path d="M12 17h.01" />
    </>
  ),
  check: <path d="m5 12.5 4.5 4.5L19 7.5" />,
  cross: <path d="M6.500 6.500l11 11M17.500 6.500l-11 11" />,
  warn: (
    <>
      <path d="M12 4 2.800 19.500h18.400z" />
      <path d="M12 10v4M12 17h.01" />
    </>
  ),
  info: (
    <>
      <circle cx="12" cy="12" r="8.500" />
      <path d="M12 11v5M12 8h.01" />
    </>
  ),
  download: <path d="M12 4v11M7.500 11 12 15.500 16.500 11M5 20h14" />,
  phone: (
    <>
      <rect x="7" y="2.800" width="10" height="18.400" rx="2.400" />
      <path d="M11 18h2" />
    </>
  ),
  card: (
    <>
      <rect x="3" y="5.500" width="18" height="13" rx="2" />
      <path d="M3 10h18" />
    </>
  ),
  copy: (
    <>
      <rect x="9" y="9" width="11" height="11" rx="2" />
      <path d="M15 9V6a2 2 0 0 0-2-2H6a2 2 0 0 0-2 2v7a2 2 0 0 0 2 2h3" />
    </>
  ),
  home: <path d="M4 10.5 12 4l8 6.5V19a1 1 0 0 1-1 1h-4.5v-6h-5v6H5a1 1 0 0 1-1-1z" />,
  statement: (
    <>
      <path d="M6 3.5h12v17l-3-1.8-3 1.8-3-1.8-3 1.8z" />
      <path d="M9.5 8.5h5M9.5 12.5h5" />
    </>
  ),
  chat: <path d="M20 11.5a7.5 7.5 0 0 1-11 6.6L4 19.5l1.4-4.4A7.5 7.5 0 1 1 20 11.5z" />,
  person: (
    <>
      <circle cx="12" cy="8" r="4" />
      <path d="M4.5 20c1-4 4-5.5 7.5-5.5s6.500 1.5 7.500 5.500" />
    </>
  ),
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  topUp: (
    <>
      <circle cx="12" cy="12" r="8.500" />
      <path d="M12 8v8M8 12h8" />
    </>
  ),
  adjust: (
    <>
      <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="17" r="2" />
    </>
  ),
  sim: (
    <>
      <path d="M6 3.500h8.500L19 8v12.500H6a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z" />
      <rect x="8.500" y="11" width="7" height="6" rx="1" />
      <path d="M12 11v6M8.500 14h7" />
    </>
  ),
  more: <path d="M5.500 12h.01M12 12h.01M18.500 12h.01" strokeWidth="2.600" />,
  search: (
    <>
      <circle cx="10.500" cy="10.500" r="6" />
      <path d="m15 15 5 5" />
    </>
  ),
  globe: (
    <>
      <circle cx="12" cy="12" r="8.500" />
      <path d="M3.500 12h17M12 3.500c2.400 2.300 3.600 5.100 3.600 8.500" />
      <path d="M15.600 12c0 3.400-1.200 6.200-3.600 8.500" />
      <path d="M12 3.500c-2.400 2.300-3.600 5.100-3.600 8.500s1.200 6.200 3.600 8.500" />
    </>
  ),
  sun: (
    <>
      <circle cx="12" cy="12" r="4" />
      <path d="M12 3v2M12 19v2M3 12h2M19 12h2M5.600 5.600 7 7M17 17l1.400 1.400" />
      <path d="M18.400 5.600 17 7M7 17l-1.400 1.400" />
    </>
  ),
  moon: <path d="M19.500 14.200A8 8 0 0 1 9.800 4.500a8 8 0 1 0 9.700 9.700z" />,
  spinner: <path d="M12 3.500a8.500 8.500 0 1 0 8.500 8.500" />,
  mail: (
    <>
      <rect x="3" y="5.500" width="18" height="13" rx="2" />
      <path d="m3.500 7.500 8.500 6 8.500-6" />
    </>
  ),
  laptop: (
    <>
      <rect x="5" y="5" width="14" height="10" rx="1.500" />
      <path d="M2.500 19h19" />
    </>
  ),
  key: (
    <>
      <circle cx="8" cy="15.500" r="4.500" />
      <path d="m11.300 12.300 8.200-8.300M15.500 8l2.800 2.800" />
    </>
  ),
  file: (
    <>
      <path d="M7 3.500h7L18.500 8v12.500H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z" />
      <path d="M14 3.500V8h4.500" />
    </>
  ),
} as const

export type IconName = keyof typeof paths

type IconProps = { name: IconName; size?: 's' | 'xs'; className?: string | undefined }

export function Icon({ name, size, className }: IconProps) {
  const mirrored = name === 'back' || name === 'next'
  return (
    <svg
      className={cx('i', size, mirrored && 'flip', className)}
      viewBox="0 0 24 24"
      aria-hidden="true"
    >
      {paths[name]}
    </svg>
  )
}

/** Two strokes meeting on a flat base: a V that survives 16 px and a fax. */
export function BrandMark({ size = 24 }: { size?: number }) {
  return (
    <svg viewBox="0 0 24 24" width={size} height={size} aria-hidden="true">
      <path d="M2.500 4h6L12 13.200 15.500 4h6L14.600 20.500H9.400z" fill="currentColor" />
    </svg>
  )
}
