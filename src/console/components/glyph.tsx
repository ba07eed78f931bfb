/** Line icons only the console needs, on the portal's 24 grid; the word beside them carries the
 * meaning. */
import { cx } from '../../portal/components/cx.ts'

const paths = {
  review: (
    <path
      d="M4 13.500V6a1 1 0 0 1 1-1h14a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H5
      a1 1 0 0 1-1-1zm0 0h4.500l1.500 2.500h4l1.500-2.500H20"
    />
  ),
  attention: (
    <>
      <circle cx="12" cy="12" r="8.500" />
      <path d="M12 7.500v5.500M12 16.200h.01" />
    </>
  ),
  ticket: (
    <path
      d="M4 6.500h16v3.700a1.900 1.900 0 0 0 0 3.600v3.700H4v-3.700
      a1.900 1.900 0 0 0 0-3.600zM14 7v2M14 11v2M14 15v2"
    />
  ),
  refund: (
    <>
      <rect x="3" y="5.500" width="18" height="13" rx="2" />
      <path d="M3 10h18M7 15h3" />
    </>
  ),
  reject: (
    <>
      <circle cx="12" cy="12" r="8.500" />
      <path d="m6 6 12 12" />
    </>
  ),
  people: (
    <>
      <circle cx="9" cy="8.500" r="3.500" />
      <path
        d="M2.800 19.500c.7-3.600 3.200-5 6.200-5s5.500 1.400 6.200 5
        M15.500 5.300a3.500 3.500 0 0 1 0 6.400M17.300 14.900
        c2.100.5 3.500 1.900 4 4.600"
      />
    </>
  ),
  policy: (
    <>
      <path d="M4 7h9M17 7h3M4 17h3M11 17h9" />
      <circle cx="15" cy="7" r="2" />
      <circle cx="9" cy="17" r="2" />
    </>
  ),
  chart: <path d="M4 4v15a1 1 0 0 0 1 1h15M7.500 14.500l3.500-4 3 2.500 5-6" />,
  audit: (
    <>
      <path d="M7 3.500h7L18.500 8v12.500H7a1 1 0 0 1-1-1v-15a1 1 0 0 1 1-1z" />
      <path d="M9.500 12h6M9.500 16h6" />
    </>
  ),
  key: (
    <>
      <circle cx="8" cy="15.500" r="4" />
      <path d="m11 12.500 8.500-8.500M16 7.500l3 3" />
    </>
  ),
  menu: <path d="M4 7h16M4 12h16M4 17h16" />,
  list: (
    <path
      d="M8.500 6.500H20M8.500 12H20M8.500 17.500H20M4.500 6.500h.01M4.500 12
      h.01M4.500 17.500h.01"
    />
  ),
} as const

export type GlyphName = keyof typeof paths

export function Glyph({ name, size = 's' }: { name: GlyphName; size?: 's' | 'xs' }) {
  return (
    <svg className={cx('i', size)} viewBox="0 0 24 24" aria-hidden="true">
      {paths[name]}
    </svg>
  )
}
