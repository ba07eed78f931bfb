/** How an eSIM gets onto a drawn phone: its code is scanned, or typed by who has no picture of it. */
import { type Html, html } from '../html.ts'
import { icon } from '../page.ts'
import type { Say } from './words.ts'

export const installForm = (t: Say, n: number): Html =>
  html`<form
    class="add"
    action="/phones/${n}/install"
    data-json="POST"
    data-done="${t('installed')}"
    data-failed="${t('failed')}"
    data-clear
    data-quiet
  >
    ${scanning(t, n)}
    <div class="fld">
      <label for="code-${n}">${t('code')}</label>
      <input
        class="input"
        id="code-${n}"
        name="activationCode"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        placeholder="${t('codeHint')}"
        required
      />
    </div>
    <div class="fld">
      <label for="confirmation-${n}">${t('confirmationCode')}</label>
      <input
        class="input"
        id="confirmation-${n}"
        name="confirmationCode"
        autocomplete="off"
        maxlength="64"
      />
    </div>
    <button class="btn tonal sm block">${icon('plus', 's')}${t('add')}</button>
  </form>`

/** The button of the camera shows where the browser has one. */
const scanning = (t: Say, n: number): Html =>
  html`<div class="scan" data-scan>
    <div class="pair">
      <input
        class="sr"
        type="file"
        id="picture-${n}"
        accept="image/*"
        aria-describedby="scan-${n}"
      />
      <label class="btn tonal sm" for="picture-${n}">${icon('scan', 's')}${t('scan')}</label>
      <button class="btn tonal sm" type="button" data-camera="open" hidden>
        ${icon('camera', 's')}${t('camera')}
      </button>
    </div>
    <p class="caption c3" id="scan-${n}">${t('scanHint')}</p>
    <div class="finder" hidden>
      <video muted playsinline aria-label="${t('cameraView')}"></video>
      <button class="btn quiet sm" type="button" data-camera="stop">${t('cameraStop')}</button>
    </div>
    <p
      class="err"
      role="alert"
      data-no-code="${t('scanNoCode')}"
      data-no-picture="${t('scanNoPicture')}"
      data-no-camera="${t('scanNoCamera')}"
      data-failed="${t('failed')}"
    ></p>
  </div>`
