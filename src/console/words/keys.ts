/** Every key a page of the console may ask for: exactly those of its English catalog. */
import type en from './en.json'

export type ConsoleKey = keyof typeof en
