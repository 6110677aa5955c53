/** The ports through which other threads send to one connection. */
import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { FIXED } from './options.js'

/** Where the posted messages go. */
export interface PortTarget {
  isWritable(): boolean
  send(message: unknown): unknown
  /** What `send()` threw for a message, or why it did not even arrive. */
  refused(error: unknown): void
}

/**
 * What waits is left in the ports: their listeners are taken off while the connection is not
 * writable. Once it is again, each port has its turn, a message at a time, since the first of them
 * would else fill the output by itself.
 */
export class SenderPorts {
  readonly #target: PortTarget
  readonly #ports: MessagePort[] = []
  #state: 'listening' | 'paused' | 'closed' = 'paused'
  /** Whose turn it is. */
  #next = 0
  readonly #listener = (message: unknown): void => this.#send(message)

  constructor(target: PortTarget) {
    this.#target = target
    if (target.isWritable()) this.#state = 'listening'
  }

  /** The end to give to another thread. */
  open(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    if (this.#state === 'closed') {
      port1.close()
      return port2
    }
    port1.on('messageerror', (error) => this.#target.refused(error))
    port1.on('close', () => this.#lose(port1))
    this.#ports.push(port1)
    if (this.#state === 'listening') this.#listen(port1)
    // The connection keeps the process alive, or not.
    port1.unref()
    return port2
  }

  pause(): void {
    if (this.#state !== 'listening') return
    this.#state = 'paused'
    for (const port of this.#ports) port.off('message', this.#listener)
  }

  resume(): void {
    if (this.#state !== 'paused' || !this.#target.isWritable()) return
    for (let messages = 0, empty = 0; empty < this.#ports.length; ) {
      if (!this.#target.isWritable()) return
      if (messages === FIXED.messagesPerResume) break
      this.#next = (this.#next + 1) % this.#ports.length
      if (this.#takeFrom(this.#ports[this.#next] as MessagePort)) {
        messages++
        empty = 0
      } else empty++
    }
    if (!this.#target.isWritable()) return
    this.#state = 'listening'
    for (const port of this.#ports) this.#listen(port)
  }

  /** What still waits in them is lost. */
  close(): void {
    this.#state = 'closed'
    for (const port of this.#ports.splice(0)) port.close()
  }

  #takeFrom(port: MessagePort): boolean {
    let received: { message: unknown } | undefined
    try {
      received = receiveMessageOnPort(port)
    } catch (error) {
      this.#target.refused(error)
      return true
    }
    if (received === undefined) return false
    this.#send(received.message)
    return true
  }

  #send(message: unknown): void {
    try {
      this.#target.send(message)
    } catch (error) {
      this.#target.refused(error)
    }
  }

  #listen(port: MessagePort): void {
    port.on('message', this.#listener)
    port.unref()
  }

  #lose(port: MessagePort): void {
    const at = this.#ports.indexOf(port)
    if (at !== -1) this.#ports.splice(at, 1)
  }
}

/** Of a connection that is no more. */
export function closedPort(): MessagePort {
  const { port1, port2 } = new MessageChannel()
  port1.close()
  return port2
}
