/** The add-ons Violet comes with, checked as they are read. */
import addons from './catalog/addons.json' with { type: 'json' }
import { addonDocument, type AddonDocument } from './addon.ts'

const currency = 'GBP'

export function catalogAddons(): { addonId: string; document: AddonDocument }[] {
  return addons.map(({ addonId, price, kind, ...rest }) => {
    const document: AddonDocument = {
      ...rest,
      kind: kind as AddonDocument['kind'],
      price: { amount: price, currency },
    }
    addonDocument.parse(document)
    return { addonId, document }
  })
}
