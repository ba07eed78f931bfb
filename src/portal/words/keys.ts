/** Every key a page may ask for: exactly those of the English catalog. */
import type en from './en.json'

export type WordKey = keyof typeof en
