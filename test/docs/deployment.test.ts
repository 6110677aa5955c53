/** The programs of docs/deployment.md, ended as a service manager ends them. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { blocksOf } from '../../scripts/docs/markdown.mjs'
import { Client } from '../../ts/index.js'
import { TRANSPORTS } from '../support/transports.js'
import { ROOT } from './blocks.js'
import { freePort, Terminal } from './terminals.js'

const PAGE = readFileSync(join(ROOT, 'docs/deployment.md'), 'utf8')
/** Of processes, and on a machine that may be busy. */
const TIMEOUT = { timeout: 30_000 }
const FOLDER = join(ROOT, 'build/deployment')

test.each(TRANSPORTS)(
  'the server of the page stops well at SIGTERM, on %s',
  TIMEOUT,
  async (kind) => {
    const { program, port } = await started('server', kind)
    expect(await program.line()).toMatch(new RegExp(`^${kind}: `))
    const player = new Client()
    await player.connect('127.0.0.1', port)
    player.send({ action: 'say', text: 'hello' })
    const said: unknown[] = []
    for await (const { action, text } of player) {
      said.push([action, text])
      program.terminate()
    }
    expect(said).toEqual([['said', 'hello']])
    expect(player.closeReason?.code).toBe('PEER_CLOSED')
    expect(await program.line()).toBe('stopped')
    await program.ended()
  },
)

test.each(TRANSPORTS)(
  'both workers of the cluster answer, and all end, on %s',
  TIMEOUT,
  async (kind) => {
    const { program, port } = await started('cluster', kind)
    const listens = [await program.line(), await program.line()]
    expect(listens.sort()).toEqual(['worker 1 listens', 'worker 2 listens'])
    const workers = new Set<unknown>()
    // The system chooses the worker: connections are made until each was chosen.
    while (workers.size < 2) {
      await using player = new Client()
      await player.connect('127.0.0.1', port)
      player.send({ action: 'where' })
      const answer = await player[Symbol.asyncIterator]().next()
      workers.add(answer.value?.worker)
    }
    expect([...workers].sort()).toEqual([1, 2])
    program.terminate()
    await program.ended()
  },
)

async function started(name: string, kind: 'native' | 'pure') {
  const block = blocksOf(PAGE).find(({ label }) => label === `${name}.ts`)
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  mkdirSync(FOLDER, { recursive: true })
  const { outputText } = ts.transpileModule(block?.code ?? '', { compilerOptions })
  writeFileSync(join(FOLDER, `${name}-${kind}.js`), outputText)
  const port = await freePort()
  const program = new Terminal(`node ${name}-${kind}.js`, { cwd: FOLDER, kind, port })
  return { program, port }
}
