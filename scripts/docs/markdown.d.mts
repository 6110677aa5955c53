export interface Block {
  /** Of its opening fence, from 1. */
  readonly line: number
  readonly language: string
  /** `server.ts` of a fence that ends in `[server.ts]`. */
  readonly label: string | undefined
  readonly code: string
}

export function blocksOf(page: string): Block[]
export function filled(page: string, name: string, contents: string): string
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string
export function prose(comment: string): string
