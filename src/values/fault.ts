/** What a gateway throws: the outside world failed, and whether the thing asked for may have happened all the same. */
export class Fault extends Error {
  readonly outcome: 'not-done' | 'unknown'
  readonly partner: string

  constructor(partner: string, outcome: 'not-done' | 'unknown', message: string) {
    super(`${partner}: ${message}`)
    this.name = 'Fault'
    this.partner = partner
    this.outcome = outcome
  }
}
