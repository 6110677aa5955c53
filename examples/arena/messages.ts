/** What server and players say to each other. */
import type { Intent } from './world.js'

export type ToServer = { action: 'join'; name: string } | ({ action: 'input' } & Input)

/** Numbered, so that a player sees in the next state which of its inputs the server has used. */
export interface Input extends Intent {
  readonly seq: number
}

export type ToClient = { action: 'welcome'; id: number } | ({ action: 'state' } & State)

export interface State {
  readonly tick: number
  readonly sparks: readonly SparkState[]
  readonly embers: readonly { readonly x: number; readonly y: number }[]
}

export interface SparkState {
  readonly id: number
  readonly x: number
  readonly y: number
  readonly glow: number
  readonly score: number
  readonly seq: number
}
