import { verdictSuite } from './suite.js'

// `codegen` is of the environment: this file has a process of its own.
verdictSuite('native, all by bytes', { transport: 'native', codegen: false }, 0)
