/** What other features may ask of add-ons. */
export { daysOf, type Running, unusedOf } from './addon.ts'
