/** What server and players of the chat say to each other. */
export type ToServer =
  | { action: 'join'; name: string; room: string }
  | { action: 'go'; room: string }
  | { action: 'say'; text: string }

export type ToClient =
  | { action: 'entered'; room: string; people: readonly string[] }
  | { action: 'came'; name: string }
  | { action: 'went'; name: string }
  | { action: 'said'; name: string; text: string }
  | { action: 'refused'; why: string }

export const PORT = Number(process.env['PORT'] ?? 5071)
