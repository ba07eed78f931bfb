/** What every feature says of closing, in one place: the erasure performs it, and a test holds the catalog against it. */
import { closing as addons } from '../addons/closing.ts'
import { closing as esim } from '../esim/closing.ts'
import { closing as ledger } from '../ledger/closing.ts'
import { closing as lines } from '../lines/closing.ts'
import { closing as notices } from '../notices/closing.ts'
import { closing as payments } from '../payments/closing.ts'
import { closing as plans } from '../plans/closing.ts'
import { closing as platform } from '../platform/closing.ts'
import { closing as policy } from '../policy/closing.ts'
import { closing as porting } from '../porting/closing.ts'
import { closing as renewals } from '../renewals/closing.ts'
import { closing as staff } from '../staff/closing.ts'
import { closing as subscribers } from '../subscribers/closing.ts'
import { closing as tickets } from '../tickets/closing.ts'
import { closing as usage } from '../usage/closing.ts'
import type { Closing } from '../values/closing.ts'
import { closing as closure } from './closing.ts'

export const closings: Readonly<Record<string, Closing>> = {
  subscribers,
  lines,
  esim,
  usage,
  renewals,
  addons,
  porting,
  payments,
  ledger,
  tickets,
  notices,
  closure,
  plans,
  policy,
  staff,
  platform,
}
