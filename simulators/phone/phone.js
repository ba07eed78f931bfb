/** Phones on a narrow window: the picked one is shown without loading the page again. */
import '/assets/scan.js'

for (const link of document.querySelectorAll('.pick a')) {
  link.addEventListener('click', (event) => {
    event.preventDefault()
    const picked = new URL(link.href).searchParams.get('phone')
    history.replaceState(null, '', link.href)
    for (const one of document.querySelectorAll('.pick a')) one.removeAttribute('aria-current')
    link.setAttribute('aria-current', 'page')
    for (const phone of document.querySelectorAll('.phone')) {
      phone.classList.toggle('shown', phone.getAttribute('aria-labelledby') === `phone-${picked}`)
    }
  })
}
