/** What other features may ask of the catalog's rules. */
export { coverageOf } from './coverage.ts'
export { countryOf } from './networks.ts'
export { type Adjustment, discounted, type Offer, offerOf, percentOffFor } from './price.ts'
