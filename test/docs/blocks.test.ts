import { expect, test } from 'vitest'
import { faultsOf, programs } from './blocks.js'

test('every TypeScript block compiles, and one that does not is named', { timeout: 60_000 }, () => {
  const list = programs()
  expect(list.map(({ place }) => place)).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^README\.md:/),
      expect.stringMatching(/^docs\/concepts\/dispatch\.md:/),
    ]),
  )
  const wrong = {
    place: 'here:1',
    code: "import { Server } from 'repod'\nnew Server({ prot: 1 })\n",
  }
  expect(faultsOf([...list, wrong])).toEqual([
    expect.stringMatching(/^here:1, line 2: Object literal may only specify known properties/),
  ])
})
