/**
 * Other defaults for a whole run of tests: `REPOD_TEST_DEFAULTS='{"codegen":false}'`. For suites
 * that must pass whatever the memory and the means of the environment are.
 */
import { CHOICE_OPTIONS, NUMBER_OPTIONS } from '../../ts/options.js'

const given = process.env['REPOD_TEST_DEFAULTS']
if (given !== undefined) {
  for (const [name, value] of Object.entries(JSON.parse(given) as Record<string, unknown>)) {
    const specs: Record<string, object | undefined> = { ...NUMBER_OPTIONS, ...CHOICE_OPTIONS }
    const spec = specs[name]
    if (spec === undefined) throw new Error(`REPOD_TEST_DEFAULTS: ${name} is no option`)
    Object.assign(spec, { server: value, client: value })
  }
}
