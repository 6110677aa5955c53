/** The programs of docs/porting-from-python.md: either server with either client. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { blocksOf } from '../../scripts/docs/markdown.mjs'
import { TRANSPORTS } from '../support/transports.js'
import { ROOT } from './blocks.js'
import { freePort, listening, Terminal } from './terminals.js'

const PAGE = readFileSync(join(ROOT, 'docs/porting-from-python.md'), 'utf8')
const COMMANDS = {
  Python: { server: 'python -u server.py', client: 'python -u client.py' },
  Node: { server: 'node server.js', client: 'node client.js' },
}

/** Python takes its time to start on a busy machine. */
const TIMEOUT = { timeout: 30_000 }

const combinations = (['Python', 'Node'] as const).flatMap((server) =>
  (['Python', 'Node'] as const).flatMap((client) =>
    TRANSPORTS.map((kind) => ({ server, client, kind })),
  ),
)

test.each(combinations)(
  'a $server server, a $client client; Node on $kind',
  TIMEOUT,
  async (who) => {
    const port = await freePort()
    const cwd = join(ROOT, `build/porting/${who.server}-${who.client}-${who.kind}`)
    writePrograms(cwd, port)
    const stage = { cwd, kind: who.kind, port }
    const server = new Terminal(COMMANDS[who.server].server, stage)
    await listening(port)
    const client = new Terminal(COMMANDS[who.client].client, stage)
    expect(await client.line()).toBe('hello')
    await client.ended()
    server.press('C')
    await server.ended()
  },
)

/** Inside the package, so that `repod` is found; on a port that nobody else uses. */
function writePrograms(folder: string, port: number): void {
  mkdirSync(folder, { recursive: true })
  const compilerOptions = { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext }
  const labelled = blocksOf(PAGE).flatMap(({ label, code }) =>
    label === undefined ? [] : [{ label, code: code.replace('5071', String(port)) }],
  )
  expect(labelled.map(({ label }) => label).sort()).toEqual(
    ['client.py', 'client.ts', 'server.py', 'server.ts'].sort(),
  )
  for (const { label, code } of labelled) {
    const isTypeScript = label.endsWith('.ts')
    const text = isTypeScript ? ts.transpileModule(code, { compilerOptions }).outputText : code
    writeFileSync(join(folder, label.replace(/\.ts$/, '.js')), text)
  }
}
