/** Which phones can take an eSIM, as their makers say: a help to find one's own; the EID on the phone decides. */

/** `from` names the first models of lines that have it ever since, `only` single models. */
export type Maker = { maker: string; from: readonly string[]; only: readonly string[] }

export const makers: readonly Maker[] = [
  { maker: 'Apple', from: ['iPhone XR', 'iPhone XS', 'iPhone SE (2020)'], only: [] },
  {
    maker: 'Samsung',
    from: ['Galaxy S20', 'Galaxy Z Flip', 'Galaxy Z Fold2', 'Galaxy A54'],
    only: ['Galaxy Fold', 'Galaxy Note20', 'Galaxy A35'],
  },
  { maker: 'Google', from: ['Pixel 4'], only: ['Pixel 3', 'Pixel 3a'] },
  { maker: 'Xiaomi', from: ['Xiaomi 13'], only: ['Xiaomi 12T Pro'] },
  { maker: 'Huawei', from: [], only: ['P40', 'P40 Pro', 'Mate 40 Pro'] },
  { maker: 'Honor', from: ['Magic4 Pro'], only: ['Honor 90', 'Honor 200'] },
  { maker: 'Oppo', from: ['Find X5'], only: ['Find X3 Pro', 'Find N2 Flip'] },
  { maker: 'OnePlus', from: ['OnePlus 11'], only: ['OnePlus Open'] },
  { maker: 'Sony', from: ['Xperia 1 IV', 'Xperia 5 IV', 'Xperia 10 IV'], only: [] },
  { maker: 'Motorola', from: ['Razr (2019)', 'Edge 40'], only: [] },
  { maker: 'Nokia', from: [], only: ['G60', 'X30', 'XR21'] },
  { maker: 'Fairphone', from: ['Fairphone 4'], only: [] },
]

const fold = (text: string) => text.toLowerCase().replaceAll(/[^a-z0-9]/g, '')

/** The makers, and of each the models, that fit what was typed; a maker's name brings all of its models. */
export function findPhones(query: string): Maker[] {
  const wanted = fold(query)
  if (query.trim() === '') return [...makers]
  if (wanted === '') return []
  return makers.flatMap((one) => {
    const name = fold(one.maker)
    if (name.includes(wanted)) return [one]
    const fits = (model: string) => fold(model).includes(wanted) || fold(name + model) === wanted
    const [from, only] = [one.from.filter(fits), one.only.filter(fits)]
    return from.length + only.length > 0 ? [{ ...one, from, only }] : []
  })
}
