/** A heap of sticks; in turn each takes one, two or three; who takes the last one has lost. */
export type ToServer = { action: 'sit'; name: string } | { action: 'take'; sticks: number }

export type ToClient =
  | { action: 'alone' }
  | { action: 'turn'; sticks: number; who: string; yours: boolean }
  | { action: 'over'; winner: string; why: string }

export const PORT = Number(process.env['PORT'] ?? 5071)
