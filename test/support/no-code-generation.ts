/** Begins every file of the project "interpreted": a flag that got lost on its way would run the same tests twice. */
import { codeMayBeGenerated } from './code-generation.ts'

if (codeMayBeGenerated)
  throw new Error('this process may generate code: it lacks --disallow-code-generation-from-strings')
