/** What other features may ask of the catalog's rules. */
export { countryOf } from './networks.ts'
export { type Adjustment, offerOf } from './price.ts'
