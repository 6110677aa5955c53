const repod = require('repod')
const play = require('./play.cjs')

play(repod)
