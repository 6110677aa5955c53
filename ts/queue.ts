/** First in, first out, in a ring that doubles when it is full: no element is ever moved to shift. */
export class Queue<T> {
  #slots: (T | undefined)[] = new Array(SMALLEST)
  #head = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  push(value: T): void {
    if (this.#length === this.#slots.length) this.#grow()
    this.#slots[(this.#head + this.#length) & (this.#slots.length - 1)] = value
    this.#length++
  }

  shift(): T | undefined {
    if (this.#length === 0) return undefined
    const value = this.#slots[this.#head]
    this.#slots[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#slots.length - 1)
    this.#length--
    // A burst must not pin its memory for as long as the game runs.
    if (this.#length === 0 && this.#slots.length > KEPT) this.#slots = new Array(SMALLEST)
    if (this.#length === 0) this.#head = 0
    return value
  }

  #grow(): void {
    const { length } = this.#slots
    const slots: (T | undefined)[] = new Array(length * 2)
    for (let at = 0; at < length; at++) slots[at] = this.#slots[(this.#head + at) & (length - 1)]
    this.#slots = slots
    this.#head = 0
  }
}

/** Slots, powers of two. */
const SMALLEST = 16
const KEPT = 4_096
