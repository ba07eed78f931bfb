/** Who runs this platform, as it presents itself to people, phones and partners. */
export const operator = {
  name: 'Violet Mobile',
  address: 'Violet Mobile Ltd, 1 Example Street, London',
  currency: 'GBP',
  timeZone: 'Europe/London',
} as const
