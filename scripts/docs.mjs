/** Brings the generated pages up to date and builds the site into docs/.vitepress/dist. */
import { tool } from './lib/run.mjs'

tool('vitepress/bin/vitepress.js', ['build', 'docs'])
