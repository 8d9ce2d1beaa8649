/** Classes of refusals: a row a class and form, by the verifier's own words from Linux 5.10 to 7.3. */
import { memoryRules } from './memory-rules.ts'
import { permissionRules } from './permission-rules.ts'
import { programRules } from './program-rules.ts'
import type { Rule } from './rule.ts'

/** The first row that matches counts. */
export const rules: readonly Rule[] = [...permissionRules, ...memoryRules, ...programRules]
