/**
 * The event loop as the native transport sees it: what keeps it running, and a call in its next turn.
 *
 * The engine's own callback is weak, so a MessagePort, ref'd while somebody holds, keeps the process
 * alive. The next turn comes by `setImmediate`, which keeps it alive too; while nobody holds it
 * comes by the port, for an unref'd immediate waits until something else wakes the loop.
 */
import { MessageChannel } from 'node:worker_threads'

export class LoopHandle {
  readonly #channel = new MessageChannel()
  readonly #turn: () => void
  #holders = 0
  #immediate: NodeJS.Immediate | undefined
  #posted = false

  constructor(turn: () => void) {
    this.#turn = turn
    this.#channel.port1.on('message', this.#onMessage)
    this.#channel.port1.unref()
  }

  hold(): void {
    this.#holders++
    if (this.#holders === 1) this.#channel.port1.ref()
  }

  letGo(): void {
    this.#holders--
    if (this.#holders === 0) this.#channel.port1.unref()
  }

  /** Calls `turn` in the next turn of the loop, once however often it is asked. */
  schedule(): void {
    if (this.#immediate !== undefined || this.#posted) return
    if (this.#holders > 0) {
      this.#immediate = setImmediate(this.#onImmediate)
    } else {
      this.#posted = true
      this.#channel.port2.postMessage(0)
    }
  }

  close(): void {
    clearImmediate(this.#immediate)
    this.#channel.port1.close()
  }

  readonly #onImmediate = (): void => {
    this.#immediate = undefined
    this.#turn()
  }

  readonly #onMessage = (): void => {
    this.#posted = false
    this.#turn()
  }
}
