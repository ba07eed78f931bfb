/** The pay page's card form: groups the digits while they are typed, and fills in a test card. */
const number = document.getElementById('number')
const expiry = document.getElementById('expiry')
const name = document.getElementById('name')

/** Formats what was typed and keeps the caret behind the digit it was behind. */
function format(input, shape) {
  const before = input.value.slice(0, input.selectionStart ?? input.value.length)
  const count = before.replaceAll(/\D/g, '').length
  input.value = shape(input.value.replaceAll(/\D/g, ''))
  let caret = 0
  for (let seen = 0; caret < input.value.length && seen < count; caret += 1) {
    if (/\d/.test(input.value[caret])) seen += 1
  }
  input.setSelectionRange(caret, caret)
}

const inFours = (digits) => digits.slice(0, 19).replaceAll(/(\d{4})(?=\d)/g, '$1 ')
const monthYear = (digits) =>
  digits.length > 2 ? `${digits.slice(0, 2)}/${digits.slice(2, 4)}` : digits

number.addEventListener('input', () => format(number, inFours))
expiry.addEventListener('input', (event) => {
  if (!event.inputType?.startsWith('delete')) format(expiry, monthYear)
})

for (const button of document.querySelectorAll('[data-card]')) {
  button.addEventListener('click', () => {
    number.value = button.dataset.card
    expiry.value ||= `12/${String(new Date().getFullYear() + 4).slice(2)}`
    name.value ||= 'Lin Example'
    for (const input of [number, expiry, name]) {
      input.removeAttribute('aria-invalid')
      document.getElementById(`${input.id}-error`)?.remove()
    }
    const pay = document.querySelector('form.card .btn.primary')
    pay.focus({ preventScroll: true })
    pay.scrollIntoView({ block: 'nearest' })
  })
}
