/** A raw peer that also takes the frames apart, as they come and with nothing of the library. */
import { connect, type Socket } from 'node:net'
import { Peer } from '../parity/peer.js'

export class FramePeer extends Peer {
  readonly payloads: Uint8Array[] = []
  #rest: Buffer[] = []
  #size = 0
  /** Bytes that the next frame needs; a header, where its length is not known yet. */
  #needed = 4

  constructor(socket: Socket) {
    super(socket)
    // Behind the one of Peer, which wakes those who wait: they look when both have run.
    socket.on('data', (chunk: Buffer) => this.#push(chunk))
  }

  static join(port: number): Promise<FramePeer> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.off('error', reject)
        resolve(new FramePeer(socket))
      })
    })
  }

  #push(chunk: Buffer): void {
    this.#rest.push(chunk)
    this.#size += chunk.length
    if (this.#size < this.#needed) return
    const bytes = Buffer.concat(this.#rest)
    let at = 0
    for (this.#needed = 4; bytes.length - at >= this.#needed; ) {
      this.#needed = 4 + bytes.readUInt32BE(at)
      if (bytes.length - at < this.#needed) break
      this.payloads.push(bytes.subarray(at + 4, at + this.#needed))
      at += this.#needed
      this.#needed = 4
    }
    this.#rest = [bytes.subarray(at)]
    this.#size = bytes.length - at
  }
}
