#!/usr/bin/env node
/** The command `repod`. Exit codes: 0, 1 where what was demanded is not there, 2 for a wrong call. */
import process from 'node:process'
import { diagnose, formatDiagnosis, packageVersion } from './doctor.js'

const USAGE = `repod doctor [--require-native]   which transport would load, and why; exits with 1
                                  where native is demanded and is not there
repod --version                   the version of the package
repod --help                      this text
`

process.exitCode = main(process.argv.slice(2))

function main(args: readonly string[]): number {
  const [command, ...flags] = args
  switch (command) {
    case 'doctor':
      return doctor(flags)
    case '--version':
      process.stdout.write(`${packageVersion()}\n`)
      return 0
    case '--help':
      process.stdout.write(USAGE)
      return 0
    default:
      return refuse(command === undefined ? 'no command' : `no command ${command}`)
  }
}

function doctor(flags: readonly string[]): number {
  const unknown = flags.find((flag) => flag !== '--require-native')
  if (unknown !== undefined) return refuse(`doctor takes no ${unknown}`)
  const diagnosis = diagnose(flags.includes('--require-native'))
  process.stdout.write(formatDiagnosis(diagnosis))
  return diagnosis.ok ? 0 : 1
}

function refuse(why: string): number {
  process.stderr.write(`repod: ${why}\n\n${USAGE}`)
  return 2
}
