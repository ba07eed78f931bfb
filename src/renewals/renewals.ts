/** What other features may ask of plans on lines, and of lines side by side. */
export {
  beginsUntil,
  nextBegin,
  type Peer,
  percentOffAt,
  stranded,
  takesCompanions,
} from './peers.ts'
export { priceAt } from './renewal.ts'
