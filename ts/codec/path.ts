/** A key or an index on the way to a value; undefined: the container itself, nothing inside it. */
export type Step = string | number | bigint | undefined

/** Characters of one key that a message quotes. */
const MAX_KEY_SHOWN = 64

/** `players[3].name`; the message itself has no path, so it is called that. */
export function pathOf(steps: readonly Step[]): string {
  let path = ''
  for (const step of steps) {
    if (step === undefined) break
    if (typeof step !== 'string') path += `[${step}]`
    else if (!/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step)) path += `[${quoted(step)}]`
    else path += path === '' ? shortened(step) : `.${shortened(step)}`
  }
  return path === '' ? 'the message' : path
}

function quoted(key: string): string {
  return JSON.stringify(shortened(key))
}

function shortened(key: string): string {
  return key.length <= MAX_KEY_SHOWN ? key : `${key.slice(0, MAX_KEY_SHOWN)}…`
}
