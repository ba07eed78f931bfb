/** Finds the one-time code in a message, and not a phone number, an amount or a reference. */
const KEYWORD = /code|passcode|pin\b|验证码|驗證碼|校验码|确认码|动态码|代码|コード|c[óo]digo|رمز/i
const NOT_CODES = [
  /https?:\/\/\S+/gi,
  /\+\d[\d ()-]{6,}\d/g, // phone numbers
  /[\p{L}\d]+[-_][\p{L}\d_-]*\d+/gu, // references
  /[£$€¥]\s?[\d.,]+/g,
]
// Not \b: in "验证码123456" the digits touch a letter.
const CODE = /(?<![\d.,:/A-Za-z#])(\d{3})[ \u00a0]?(\d{3})(?![\d.,:/]?\d|[A-Za-z%])/g

export function codeIn(subject: string, text: string): string | undefined {
  const whole = `${subject}\n${text}`
  const bare = NOT_CODES.reduce((so, shape) => so.replaceAll(shape, ' '), whole)
  const found = [...bare.matchAll(CODE)].map((match) => ({
    code: `${match[1]}${match[2]}`,
    at: match.index,
    alone: lineAround(bare, match.index) === match[0],
  }))
  if (found.length === 0) return undefined
  const keywordAt = bare.search(KEYWORD)
  if (keywordAt < 0) return found.find(({ alone }) => alone)?.code
  const alone = found.find((one) => one.alone)
  const near = found.toSorted((a, b) => Math.abs(a.at - keywordAt) - Math.abs(b.at - keywordAt))[0]
  return (alone ?? near)?.code
}

function lineAround(text: string, at: number): string {
  const from = text.lastIndexOf('\n', at) + 1
  const to = text.indexOf('\n', at)
  return text.slice(from, to < 0 ? undefined : to).trim()
}
