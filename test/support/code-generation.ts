/** Whether this process may make code from strings: the project "interpreted" of vitest.config.ts may not. */
export const codeMayBeGenerated: boolean = mayBeGenerated()

function mayBeGenerated(): boolean {
  try {
    new Function('')
    return true
  } catch {
    return false
  }
}
