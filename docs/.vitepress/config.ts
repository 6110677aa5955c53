import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'

/** The site needs nothing from the network, neither to be built nor to be read. */
export default defineConfig({
  title: 'repod',
  description: 'Game networking for Node',
  lang: 'en',
  lastUpdated: false,
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    sidebar: [
      { text: 'Getting started', link: '/getting-started' },
      {
        text: 'Concepts',
        items: [
          { text: 'Threads', link: '/concepts/threads' },
          { text: 'Dispatch', link: '/concepts/dispatch' },
          { text: 'Backpressure', link: '/concepts/backpressure' },
        ],
      },
      {
        text: 'Reference',
        items: [
          { text: 'Limits', link: '/limits' },
          { text: 'Errors', link: '/errors' },
          { text: 'Wire format', link: '/wire-format' },
          { text: 'API', link: '/api/', collapsed: false, items: apiPages() },
        ],
      },
      {
        text: 'In practice',
        items: [
          { text: 'Porting from Python', link: '/porting-from-python' },
          { text: 'Deployment', link: '/deployment' },
        ],
      },
    ],
  },
})

/** In the order of their index, which is generated with them. */
function apiPages(): { text: string; link: string }[] {
  const index = readFileSync(new URL('../api/index.md', import.meta.url), 'utf8')
  const files = [...index.matchAll(/\]\(\.\/([\w-]+)\.md#/g)].map(([, file]) => file)
  return [...new Set(files)].map((file) => {
    const page = readFileSync(new URL(`../api/${file}.md`, import.meta.url), 'utf8')
    return { text: /^# (.+)$/m.exec(page)?.[1] ?? '', link: `/api/${file}` }
  })
}
