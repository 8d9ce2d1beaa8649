/** A process of its own for each round of each comparison: `node round.js NAME [quick]` prints the round as JSON. */
import { runRound } from './comparison.ts'
import { keepCompany } from './company.ts'
import { comparisons } from './comparisons.ts'

const [name, mode] = process.argv.slice(2)
const comparison = comparisons.find((each) => each.name === name)
if (comparison === undefined) throw new Error(`there is no comparison ${name}`)
await keepCompany()
process.stdout.write(JSON.stringify(await runRound(comparison, mode === 'quick')))
