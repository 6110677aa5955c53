import { verdictSuite } from './suite.js'

verdictSuite('native, shapes by the tape', { transport: 'native' }, 0.5)
