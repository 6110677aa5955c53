import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { TRANSPORTS } from '../support/transports.js'

const README = new URL('../../README.md', import.meta.url)
/** Inside the package: the game imports `repod` as its users do, from what was built. */
const FOLDER = new URL('../../build/readme/', import.meta.url)

test.each(TRANSPORTS)('the game that opens the README runs as it stands, on %s', async (kind) => {
  const [, game = ''] = /^```ts\n(.*?)^```$/ms.exec(readFileSync(README, 'utf8')) ?? []
  expect(game.trimEnd().split('\n').length).toBeLessThanOrEqual(24)
  mkdirSync(FOLDER, { recursive: true })
  const path = fileURLToPath(new URL(`game-${kind}.js`, FOLDER))
  const options = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  writeFileSync(path, ts.transpileModule(game, { compilerOptions: options }).outputText)

  const child = spawn(process.execPath, [path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, REPOD_TRANSPORT: kind },
  })
  const exit = once(child, 'exit')
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  expect(line).toMatch(/^\d+ is at 1$/)
  child.kill()
  expect(await exit).toEqual([null, 'SIGTERM'])
})
