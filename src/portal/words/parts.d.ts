/** The build cuts each catalog in two: what the first view says, and the rest. */
declare module '*.json?first' {
  const words: object
  export default words
}
declare module '*.json?rest' {
  const words: object
  export default words
}
