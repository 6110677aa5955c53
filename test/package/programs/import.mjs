import * as repod from 'repod'
import play from './play.cjs'

await play(repod)
