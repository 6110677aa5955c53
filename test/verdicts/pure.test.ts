import { verdictSuite } from './suite.js'

verdictSuite('pure', { transport: 'pure' }, 0)
